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

bool text_is_hidden(uint32_t c)
{
	return c < ' ' || (c >= 0x7f && c <= 0x9f) || c == 0x61c || c == 0x200e || c == 0x200f ||
	       (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

bool text_listed(const char *text, const char *const *list, size_t count)
{
	for (size_t i = 0; text && i < count; i++)
		if (*text == *list[i] && strcmp(text, list[i]) == 0)
			return true;
	return false;
}

int text_order(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

size_t text_character(const void *data, size_t size)
{
	const uint8_t *octets = data, first = *octets;
	/* what may follow the first octet: RFC 3629, section 4 */
	const uint8_t low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
	const uint8_t high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
	const size_t length = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
	if (first < 0x80)
		return first != 0;
	if (first < 0xc2 || first > 0xf4 || size < length || octets[1] < low || octets[1] > high)
		return 0;
	for (size_t i = 2; i < length; i++)
		if ((octets[i] & 0xc0) != 0x80)
			return 0;
	return length;
}

size_t text_utf8(const void *data, size_t size)
{
	const uint8_t *text = data;
	size_t at = 0, length = 1;
	while (length > 0 && (at += octets_ascii(text + at, size - at)) < size)
		do
			at += length = text_character(text + at, size - at);
		while (length > 0 && at < size && text[at] >= 0x80);
	return at;
}

/* text_shown - the text with hidden characters, and octets that are not UTF-8, escaped as \xNN or \u{N}. */
static char *text_shown(const char *text)
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
	if (address->family == 6)
		return inet_ntop(AF_INET6, address->octets, text, ADDRESS_TEXT_MAX);
	char *to = text; /* inet_ntop calls sprintf */
	for (int i = 0; i < 4; i++) {
		const unsigned octet = address->octets[i];
		if (octet >= 100)
			*to++ = (char)('0' + octet / 100);
		if (octet >= 10)
			*to++ = (char)('0' + octet / 10 % 10);
		*to++ = (char)('0' + octet % 10);
		*to++ = i < 3 ? '.' : '\0';
	}
	return text;
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
