/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * test_segments.c - how octets were cut into segments makes no difference. Every dialogue of dialogues.txt, changed at
 * random, gives the same transcript fed line by line, byte by byte, and joined.
 *
 * What may differ is not in a transcript: the time and packet of a record, and the evidence of an alert about bytes
 * that waited, which shows what was there by then. Where a dialogue makes no sense any more, as replies to what nobody
 * sent, nobody can say what belongs together: a few of these (DIFFERENT_MOST) may differ in more.
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

#define CHANGED 6000
#define DIFFERENT_MOST 40
#define CHANGES_MOST 3

static const char *path;

/* What is put in somewhere. */
static const char *const extra[] = { "C gap 3", "S gap 3", "C gap 40", "S gap 40", "C fin", "S fin", "c: \\n.\\n",
	"c: .\\r\\n", "C: .", "S: 250 ok", "S: 354 go", "C: QUIT", "S: 500 no", "C: RSET", "one-sided down",
	"one-sided up" };

/* pick - one of the lines. */
static char *pick(GRand *random, const GPtrArray *lines)
{
	return lines->pdata[g_rand_int_range(random, 0, (gint32)lines->len)];
}

/* other_line - the line, sent knowing what it did not know or the other way round, with another line end, or cut. */
static char *other_line(GRand *random, const char *line)
{
	const char *text = strchr(line, ':');
	if (!text)
		return g_strdup(line);
	switch (g_rand_int_range(random, 0, 3)) {
	case 0:
		return g_strdup_printf("%c%s%s", line[0], line[1] == '+' ? "" : "+", text);
	case 1:
		return g_strdup_printf("%c%.*s%s%s", g_ascii_tolower(line[0]), (int)(text - line - 1), line + 1, text,
			g_rand_boolean(random) ? "\\n" : "");
	default:
		return strchr(line, '\\') ? g_strdup(line)
					  : g_strndup(line, strlen(line) - (size_t)g_rand_int_range(
										   random, 0, (gint32)strlen(text)));
	}
}

/* change - something in the lines, or about their order. */
static void change(GRand *random, GPtrArray *lines, const GPtrArray *all)
{
	guint i = (guint)g_rand_int_range(random, 0, (gint32)lines->len);
	switch (g_rand_int_range(random, 0, 6)) {
	case 0:
		g_ptr_array_remove_index(lines, i);
		break;
	case 1:
		g_ptr_array_insert(lines, (gint)i, g_strdup(pick(random, lines)));
		break;
	case 2:
		g_ptr_array_insert(lines, (gint)i, g_strdup(pick(random, all)));
		break;
	case 3:
		g_ptr_array_insert(
			lines, (gint)i, g_strdup(extra[g_rand_int_range(random, 0, (gint32)G_N_ELEMENTS(extra))]));
		break;
	case 4: {
		char *moved = g_ptr_array_steal_index(lines, i);
		g_ptr_array_insert(lines, (gint)MIN(i + 1, lines->len), moved);
		break;
	}
	default: {
		char *other = other_line(random, lines->pdata[i]);
		g_free(lines->pdata[i]);
		lines->pdata[i] = other;
	}
	}
}

/* text_of - the lines, without what comes after a side's end: no stream has such octets. */
static char *text_of(const GPtrArray *lines)
{
	bool closed[2] = { false, false };
	GString *text = g_string_new(NULL);
	for (guint i = 0; i < lines->len; i++) {
		const char *line = lines->pdata[i];
		bool down = g_ascii_toupper(line[0]) == 'S';
		if (strcmp(line, "decrypted") == 0)
			closed[UP] = closed[DOWN] = false;
		bool sent = strchr("CcSs", line[0]) && strchr(":+ ", line[1]);
		if (sent && closed[down])
			continue;
		closed[down] |= sent && strcmp(line + 1, " fin") == 0;
		g_string_append_printf(text, "%s\n", line);
	}
	return g_string_free(text, FALSE);
}

/* differs - does the transcript depend on how the octets came? */
static bool differs(const struct dialogue *d, const char *text)
{
	bool found = false;
	char *whole = transcript_run(text, &d->options, WHOLE);
	for (enum pieces pieces = WHOLE + 1; pieces < PIECES_COUNT && !found; pieces++) {
		char *other = transcript_run(text, &d->options, pieces);
		found = strcmp(whole, other) != 0;
		g_free(other);
	}
	g_free(whole);
	return found;
}

/* add_lines - of a dialogue, without comments. */
static void add_lines(GPtrArray *lines, const char *text)
{
	char **all = g_strsplit(text, "\n", -1);
	for (char **line = all; *line; line++)
		if (**line && **line != '#')
			g_ptr_array_add(lines, g_strdup(*line));
	g_strfreev(all);
}

static void segments_make_no_difference(void **state)
{
	GPtrArray *dialogues = dialogues_load(path), *all = g_ptr_array_new_with_free_func(g_free);
	GRand *random = g_rand_new_with_seed(5321);
	unsigned different = 0;
	for (guint i = 0; i < dialogues->len; i++)
		add_lines(all, ((struct dialogue *)dialogues->pdata[i])->text);
	for (unsigned n = 0; n < CHANGED; n++) {
		const struct dialogue *d = dialogues->pdata[n % dialogues->len];
		GPtrArray *lines = g_ptr_array_new_with_free_func(g_free);
		add_lines(lines, d->text);
		for (int left = g_rand_int_range(random, 1, CHANGES_MOST + 1); left > 0 && lines->len > 1; left--)
			change(random, lines, all);
		char *text = text_of(lines);
		if (differs(d, text) && ++different > DIFFERENT_MOST)
			print_error("one too many: %s\n%s\n", d->name, text);
		g_free(text);
		g_ptr_array_unref(lines);
	}
	print_message("%u of %u differ\n", different, CHANGED);
	assert_in_range(different, 0, DIFFERENT_MOST);
	g_rand_free(random);
	g_ptr_array_unref(all);
	g_ptr_array_unref(dialogues);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(segments_make_no_difference) };
	path = argv[argc - 1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
