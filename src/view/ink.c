/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * ink.c - text for a terminal: colours, columns, and no control characters from outside.
 */
#include <stdarg.h>
#include <string.h>

#include "private.h"

#define SHOWN_ROOM 16 /* octets of "<U+10FFFF>" */

static const char *const style_codes[] = {
	[STYLE_PLAIN] = "",
	[STYLE_HEAD] = "1",
	[STYLE_FAINT] = "2",
	[STYLE_CLIENT] = "36",
	[STYLE_SERVER] = "32",
	[STYLE_ERROR] = "33",
	[STYLE_CONTENT] = "35",
	[STYLE_HIGH] = "1;97;41",
	[STYLE_MEDIUM] = "1;33",
	[STYLE_LOW] = "33",
};

bool ink_is_plain(gunichar c)
{
	if (c == ' ')
		return true;
	switch (g_unichar_type(c)) {
	case G_UNICODE_CONTROL:
	case G_UNICODE_FORMAT: /* marks of direction, characters without width */
	case G_UNICODE_SURROGATE:
	case G_UNICODE_PRIVATE_USE:
	case G_UNICODE_UNASSIGNED:
	case G_UNICODE_LINE_SEPARATOR:
	case G_UNICODE_PARAGRAPH_SEPARATOR:
	case G_UNICODE_SPACE_SEPARATOR: /* looks like a space */
		return false;
	default:
		/* The Hangul fillers are invisible letters. */
		return c != 0x115f && c != 0x1160 && c != 0x3164 && c != 0xffa0;
	}
}

/* character_shown - one character as it is shown, and its width in columns. Returns the next one; invalid UTF-8 is
 * taken octet by octet.
 */
static const char *character_shown(const char *at, char text[static SHOWN_ROOM], unsigned *columns)
{
	gunichar c = g_utf8_get_char_validated(at, -1);
	const bool valid = c != (gunichar)-1 && c != (gunichar)-2;
	if (!valid) {
		g_snprintf(text, SHOWN_ROOM, "\\x%02x", (uint8_t)*at);
		*columns = 4;
		return at + 1;
	}
	if (!ink_is_plain(c)) {
		*columns = (unsigned)g_snprintf(text, SHOWN_ROOM, "<U+%04X>", c);
		return g_utf8_next_char(at);
	}
	text[g_unichar_to_utf8(c, text)] = '\0';
	*columns = g_unichar_iszerowidth(c) ? 0 : g_unichar_iswide(c) ? 2 : 1;
	return g_utf8_next_char(at);
}

static void start(struct ink *ink, enum style style)
{
	if (ink->colour && *style_codes[style])
		g_string_append_printf(ink->out, "\033[%sm", style_codes[style]);
}

static void stop(struct ink *ink, enum style style)
{
	if (ink->colour && *style_codes[style])
		g_string_append(ink->out, "\033[0m");
}

void ink_newline(struct ink *ink)
{
	g_string_append_c(ink->out, '\n');
	ink->column = 0;
}

void ink_to(struct ink *ink, unsigned column)
{
	do {
		g_string_append_c(ink->out, ' ');
		ink->column++;
	} while (ink->column < column);
}

/* width_of - the width of the word that begins here, in columns, up to `most`. */
static unsigned width_of(const char *at, unsigned most)
{
	char text[SHOWN_ROOM];
	unsigned width = 0, columns;
	while (*at && *at != ' ' && width <= most) {
		at = character_shown(at, text, &columns);
		width += columns;
	}
	return width;
}

/* go_on_below - the line is full: continues on the next one. */
static void go_on_below(struct ink *ink, enum style style, unsigned indent)
{
	stop(ink, style);
	ink_newline(ink);
	ink_to(ink, indent);
	start(ink, style);
}

void ink_text(struct ink *ink, enum style style, unsigned indent, const char *text)
{
	char octets[SHOWN_ROOM];
	unsigned columns;
	bool word = true; /* a word begins here */
	if (!text)
		return;
	indent = ink->width > 0 ? MIN(indent, ink->width / 2) : indent;
	start(ink, style);
	while (*text) {
		const unsigned room = ink->width > ink->column ? ink->width - ink->column : 0;
		if (ink->width > 0 && word && *text != ' ' && ink->column > indent) {
			unsigned width = width_of(text, ink->width);
			if (width > room && width <= ink->width - indent)
				go_on_below(ink, style, indent);
		}
		word = *text == ' ';
		text = character_shown(text, octets, &columns);
		if (ink->width > 0 && ink->column + columns > ink->width) {
			go_on_below(ink, style, indent);
			if (word) /* lines do not begin with a space */
				continue;
		}
		g_string_append(ink->out, octets);
		ink->column += columns;
	}
	stop(ink, style);
}

void ink_words(struct ink *ink, enum style style, unsigned indent, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	char *text = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	ink_text(ink, style, indent, text);
	g_free(text);
}

void ink_cut(struct ink *ink, enum style style, const char *text)
{
	char octets[SHOWN_ROOM];
	unsigned columns;
	if (!text || !*text || (ink->width > 0 && ink->column >= ink->width))
		return;
	start(ink, style);
	while (*text) {
		const char *next = character_shown(text, octets, &columns);
		/* The last column is for the ellipsis. */
		if (ink->width > 0 && ink->column + columns >= ink->width) {
			g_string_append(ink->out, "…");
			ink->column = ink->width;
			break;
		}
		g_string_append(ink->out, octets);
		ink->column += columns;
		text = next;
	}
	stop(ink, style);
}
