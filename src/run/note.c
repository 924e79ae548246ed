/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * note.c - messages for the user when an input gave less than expected: packets that could not be decoded, or that were
 * lost when it was captured; filters that matched nothing. One line each; the stats record has the same numbers.
 */
#include "private.h"

#define MUCH 10 /* more than one packet in this many is reported in any case */

/* lost - packets not decoded that may belong to a mail. */
static uint64_t lost(const struct input_stats *stats)
{
	uint64_t count = 0;
	for (int i = 0; i < DECODE_RESULT_COUNT; i++)
		if (decode_result_words[i])
			count += stats->not_decoded[i];
	return count;
}

static uint64_t segments(const struct input_stats *stats)
{
	uint64_t count = stats->packets;
	for (int i = 0; i < DECODE_RESULT_COUNT; i++)
		count -= stats->not_decoded[i];
	return count;
}

/* append_reasons - ": 3 of link type 220 (...), 2 encrypted". */
static void append_reasons(GString *text, const struct input_stats *stats)
{
	const char *between = ": ";
	if (stats->unknown[0]) {
		g_string_append_printf(text, ": %s", stats->unknown);
		between = ", ";
	}
	for (int i = 0; i < DECODE_RESULT_COUNT; i++) {
		const bool named = stats->unknown[0] && (i == DECODE_LINK_UNKNOWN || i == DECODE_UNKNOWN);
		if (!decode_result_words[i] || stats->not_decoded[i] == 0 || named)
			continue;
		g_string_append_printf(
			text, "%s%" G_GUINT64_FORMAT " %s", between, stats->not_decoded[i], decode_result_words[i]);
		between = ", ";
	}
}

char *note_undecoded(const char *name, const struct input_stats *stats)
{
	const uint64_t count = lost(stats);
	if (count == 0 || (stats->sessions != 0 && count <= stats->packets / MUCH))
		return NULL;
	GString *text = g_string_new(NULL);
	g_string_printf(text, "%s: %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT " packets could not be decoded", name,
		count, stats->packets);
	append_reasons(text, stats);
	return g_string_free(text, FALSE);
}

char *note_dropped(const char *name, const struct input_stats *stats)
{
	if (stats->dropped == 0)
		return NULL;
	return g_strdup_printf("%s: the program that captured it says that it lost %" G_GUINT64_FORMAT " packets", name,
		stats->dropped);
}

char *note_filtered(const char *name, const struct options *options, const struct input_stats *stats)
{
	if (stats->filtered == 0 || segments(stats) != 0)
		return NULL;
	GString *text = g_string_new(NULL);
	const struct selection *selection = &options->selection;
	const struct {
		bool given;
		const char *option;
	} filters[] = {
		{ options->bpf != NULL, "--filter" },
		{ selection->networks != NULL, "--host" },
		{ selection->after != 0, "--after" },
		{ selection->before != 0, "--before" },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(filters); i++)
		if (filters[i].given)
			g_string_append_printf(text, "%s%s", text->len ? " and " : "", filters[i].option);
	char *sentence =
		g_strdup_printf("%s: %s let no TCP segment through, and left out %" G_GUINT64_FORMAT " packets", name,
			text->str, stats->filtered);
	g_string_free(text, TRUE);
	return sentence;
}
