/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * test_session.c - every dialogue of dialogues.txt gives its transcript, fed line by line, byte by byte, and joined.
 *
 * test_session FILE runs; test_session --update FILE prints the file anew with what the program says now, to be read
 * before it replaces the old one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "dialogues/dialogues.h"
#include "kits/transcript.h"

static void gives_its_transcript(void **state)
{
	static const char *const names[] = { "whole", "byte by byte", "joined" };
	struct dialogue *d = *state;
	for (enum pieces pieces = WHOLE; pieces < PIECES_COUNT; pieces++) {
		char *transcript = transcript_run(d->text, &d->options, pieces);
		if (strcmp(transcript, d->expected) != 0)
			print_error("%s, %s:\n%s", d->name, names[pieces], transcript);
		assert_string_equal(transcript, d->expected);
		g_free(transcript);
	}
}

static void print_anew(const GPtrArray *dialogues)
{
	for (guint i = 0; i < dialogues->len; i++) {
		const struct dialogue *d = g_ptr_array_index(dialogues, i);
		char *transcript = transcript_run(d->text, &d->options, WHOLE);
		printf("== %s\n%s--\n%s\n", d->header, d->text, transcript);
		g_free(transcript);
	}
}

int main(int argc, char **argv)
{
	GPtrArray *dialogues = dialogues_load(argv[argc - 1]);
	if (argc > 2) {
		print_anew(dialogues);
		return 0;
	}
	struct CMUnitTest *tests = g_new0(struct CMUnitTest, dialogues->len);
	for (guint i = 0; i < dialogues->len; i++) {
		struct dialogue *d = g_ptr_array_index(dialogues, i);
		tests[i] =
			(struct CMUnitTest){ .name = d->name, .test_func = gives_its_transcript, .initial_state = d };
	}
	int failed = _cmocka_run_group_tests("session", tests, dialogues->len, NULL, NULL);
	g_free(tests);
	g_ptr_array_unref(dialogues);
	return failed;
}
