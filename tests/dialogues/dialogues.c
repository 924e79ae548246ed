/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * dialogues.c - reads tests/dialogues/dialogues.txt. See dialogues.h.
 */
#include "dialogues.h"

#include <string.h>

static void free_dialogue(void *data)
{
	struct dialogue *d = data;
	g_free(d->name);
	g_free(d->text);
	g_free(d->expected);
	g_free(d->header);
	g_free(d);
}

static struct dialogue *new_dialogue(const char *header)
{
	struct dialogue *d = g_new0(struct dialogue, 1);
	char **words = g_strsplit(header, " ", -1);
	d->header = g_strdup(header);
	d->name = g_strdup(words[0]);
	for (char **word = words + 1; *word; word++) {
		d->options.strict |= strcmp(*word, "strict") == 0;
		d->options.midstream |= strcmp(*word, "midstream") == 0;
		d->options.implicit_tls |= strcmp(*word, "implicit-tls") == 0;
		d->options.early_pipeline |= strcmp(*word, "early-pipeline") == 0;
	}
	g_strfreev(words);
	return d;
}

/* finish - what was collected belongs to the dialogue */
static void finish(struct dialogue *d, GString *text, GString *expected)
{
	if (!d)
		return;
	d->text = g_strdup(text->str);
	d->expected = g_strdup(expected->str);
	g_string_truncate(text, 0);
	g_string_truncate(expected, 0);
}

GPtrArray *dialogues_load(const char *path)
{
	char *all;
	if (!g_file_get_contents(path, &all, NULL, NULL))
		g_error("%s can't be read", path);
	GPtrArray *dialogues = g_ptr_array_new_with_free_func(free_dialogue);
	GString *text = g_string_new(NULL), *expected = g_string_new(NULL), *into = text;
	struct dialogue *d = NULL;
	char **lines = g_strsplit(all, "\n", -1);
	for (char **line = lines; *line; line++) {
		if (g_str_has_prefix(*line, "== ")) {
			finish(d, text, expected);
			d = new_dialogue(*line + 3);
			g_ptr_array_add(dialogues, d);
			into = text;
		} else if (strcmp(*line, "--") == 0) {
			into = expected;
		} else if (d && **line) {
			g_string_append_printf(into, "%s\n", *line);
		}
	}
	finish(d, text, expected);
	g_strfreev(lines);
	g_free(all);
	g_string_free(text, TRUE);
	g_string_free(expected, TRUE);
	return dialogues;
}
