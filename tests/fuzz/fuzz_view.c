/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * fuzz_view.c - lines that may be records, into every view. The output must be valid UTF-8, contain no terminal
 * controls, and not end a block of the page.
 */
#include <glib.h>
#include <string.h>

#include "view.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define WIDTH 40

static bool append(void *context, const void *octets, size_t size)
{
	g_string_append_len(context, octets, (gssize)size);
	return true;
}

static const char *name_of(void *context, const char *input)
{
	return input;
}

/* find - the lines themselves are expected, whole or as a subset. */
static char *find(void *context, const char *name, bool *subset)
{
	const GString *lines = context;
	*subset = lines->len % 2;
	return g_strdup(lines->str);
}

static bool store(void *context, const char *name, const char *lines, bool subset)
{
	g_assert(*lines == '\0' || lines[strlen(lines) - 1] == '\n');
	return true;
}

/* feed - every line into a view, and to its end. */
static void feed(struct view *view, const GString *lines)
{
	const char *at = lines->str, *end = at + lines->len;
	while (at < end) {
		const char *feed = memchr(at, '\n', (size_t)(end - at)), *next = feed ? feed + 1 : end;
		view_line(view, at, (size_t)(next - at));
		view_picks(at, (size_t)(next - at), "1");
		at = next;
	}
	view_end(view);
}

/* check_text - only colours (SGR) may reach a terminal, and only when they are asked for. */
static void check_text(const GString *out, bool colour)
{
	g_assert(g_utf8_validate(out->str, (gssize)out->len, NULL));
	for (const char *at = out->str, *end = at + out->len; at < end; at++) {
		if (colour && *at == '\033') {
			g_assert(at[1] == '[');
			at += 2 + strspn(at + 2, "0123456789;");
			g_assert(*at == 'm');
		} else {
			g_assert((uint8_t)*at >= ' ' || *at == '\n');
		}
	}
}

/* check_page - no block of data has a < in it: there are as many as in the page of no records. */
static void check_page(const GString *out)
{
	static size_t brackets;
	size_t count = 0;
	g_assert(g_utf8_validate(out->str, (gssize)out->len, NULL));
	for (size_t i = 0; i < out->len; i++)
		count += out->str[i] == '<';
	if (brackets == 0)
		brackets = count;
	g_assert(count == brackets);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	GString *lines = g_string_new_len((const char *)data, (gssize)size), *out = g_string_new(NULL);
	uint64_t differences = 0;
	for (enum view_format format = VIEW_TEXT; format <= VIEW_MAILS; format++) {
		const struct view_options options = {
			.format = format, .width = size % 2 ? WIDTH : 0, .colour = size & 4
		};
		g_string_truncate(out, 0);
		feed(view_text_new(&options, append, out), lines);
		check_text(out, options.colour);
	}
	g_string_truncate(out, 0);
	struct view *report = view_report_new("version", "command", append, out);
	view_report_capture(report, lines->str, size, size & 2 ? lines->str : NULL);
	feed(report, lines);
	check_page(out);
	const struct view_check_options check = {
		.expected = { name_of, find, store, lines },
		.update = size & 8 ? (size & 16 ? VIEW_UPDATE_SUBSET : VIEW_UPDATE_WHOLE) : VIEW_UPDATE_NONE,
		.most = 5,
		.differences = &differences,
	};
	g_string_truncate(out, 0);
	feed(view_check_new(&check, append, out), lines);
	check_text(out, false);
	g_string_free(lines, TRUE);
	g_string_free(out, TRUE);
	return 0;
}
