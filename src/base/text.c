/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * text.c - see text.h.
 */
#include "text.h"

#include <arpa/inet.h>
#include <string.h>
#include <unistd.h>

#include "file.h"
#include "octets.h"

#define UTF8_STEP 16 /* octets that are read one by one after one that is not ASCII */

bool text_is_hidden(uint32_t c)
{
	return c < ' ' || (c >= 0x7f && c <= 0x9f) || c == 0x61c || c == 0x200e || c == 0x200f ||
	       (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

size_t text_utf8(const void *data, size_t size)
{
	const char *text = data, *at = text, *end = text + size;
	while ((at += octets_ascii(at, (size_t)(end - at))) < end) {
		const char *from = at;
		/* a character that the step cuts is looked at again from its beginning */
		g_utf8_validate_len(from, MIN((size_t)(end - from), UTF8_STEP), &at);
		if (at == from)
			break;
	}
	return (size_t)(at - text);
}

char *text_shown(const char *text)
{
	GString *shown = g_string_new(NULL);
	while (*text) {
		const gunichar c = g_utf8_get_char_validated(text, -1);
		const bool valid = c != (gunichar)-1 && c != (gunichar)-2;
		const char *next = valid ? g_utf8_next_char(text) : text + 1;
		if (!valid || (text_is_hidden(c) && c < 0x80))
			g_string_append_printf(shown, "\\x%02x", (uint8_t)*text);
		else if (text_is_hidden(c))
			g_string_append_printf(shown, "\\u{%x}", c);
		else
			g_string_append_len(shown, text, next - text);
		text = next;
	}
	return g_string_free(shown, FALSE);
}

const char *address_text(const struct address *address, char text[static ADDRESS_TEXT_MAX])
{
	_Static_assert(ADDRESS_TEXT_MAX == INET6_ADDRSTRLEN, "room for every address");
	return inet_ntop(address->family == 6 ? AF_INET6 : AF_INET, address->octets, text, ADDRESS_TEXT_MAX);
}

void say(const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	char *sentence = g_strdup_vprintf(format, arguments), *shown = text_shown(sentence);
	va_end(arguments);
	char *line = g_strconcat("smtpscan: ", shown, "\n", NULL);
	file_write(STDERR_FILENO, line, strlen(line));
	g_free(line);
	g_free(shown);
	g_free(sentence);
}
