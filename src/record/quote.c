/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * quote.c - see quote.h. A text is read once: sixteen octets are copied and examined at a time, and what can't stay is
 * written over.
 */
#include "quote.h"

#include <string.h>

#include "octets.h"
#include "text.h"

#define REPLACEMENT 0xfffd

static bool ascii_only;

void quote_ascii(bool only)
{
	ascii_only = only;
}

/* odd16 - which of these octets are not copied as they are: all but printable ASCII, quotes, backslashes. As signed
 * numbers, the first are the lowest when one is added. */
static inline octets16 odd16(octets16 octets)
{
	const octets16 odd = (octets16)((octets16_signed)(octets + 1) <= ' ');
	return odd | (octets16)((octets == '"') | (octets == '\\'));
}

size_t quote_plain(struct span text)
{
	size_t at = 0;
	for (; text.size - at >= sizeof(octets16); at += sizeof(octets16)) {
		const octets16 odd = odd16(octets16_at(text.data + at));
		if (octets16_any(odd))
			return at + octets16_first(odd);
	}
	/* the zeros behind the last octets are odd, too */
	return at + octets16_first(odd16(octets16_short(text.data + at, text.size - at)));
}

/* put_plain - copies the octets before the first odd one. Returns how many. */
static inline size_t put_plain(char *to, const uint8_t *text, size_t size)
{
	size_t at = 0;
	for (; size - at >= sizeof(octets16); at += sizeof(octets16)) {
		const octets16 octets = octets16_at(text + at), odd = odd16(octets);
		memcpy(to + at, &octets, sizeof octets);
		if (octets16_any(odd))
			return at + octets16_first(odd);
	}
	const octets16 octets = octets16_short(text + at, size - at);
	memcpy(to + at, &octets, sizeof octets);
	return at + octets16_first(odd16(octets));
}

/* put_unit - writes \uXXXX. Returns the end. */
static char *put_unit(char *to, unsigned unit)
{
	*to++ = '\\';
	*to++ = 'u';
	for (int shift = 12; shift >= 0; shift -= 4)
		*to++ = "0123456789abcdef"[unit >> shift & 15];
	return to;
}

/* put_escaped - writes a character as \uXXXX, or two of them. Returns the end. */
static char *put_escaped(char *to, uint32_t c)
{
	if (c > 0xffff)
		return put_unit(put_unit(to, 0xd800 + ((c - 0x10000) >> 10)), 0xdc00 + (c & 0x3ff));
	return put_unit(to, c);
}

/* must_be_escaped - a character of more than one octet. Those that are hidden begin with one of three octets. */
static bool must_be_escaped(const uint8_t *at)
{
	const bool suspect = *at == 0xc2 || *at == 0xd8 || *at == 0xe2;
	return ascii_only || (suspect && text_is_hidden(g_utf8_get_char((const char *)at)));
}

/* put_character - writes a character that is not ASCII, or U+FFFD for NUL or an octet that is not UTF-8. Returns the
 * end. *size: of the character in the text. */
static char *put_character(char *to, const uint8_t *at, size_t left, size_t *size, bool *exact)
{
	*size = text_character(at, left);
	if (*size == 0) {
		*size = 1;
		*exact = false;
		return ascii_only ? put_unit(to, REPLACEMENT) : to + g_unichar_to_utf8(REPLACEMENT, to);
	}
	if (must_be_escaped(at))
		return put_escaped(to, g_utf8_get_char((const char *)at));
	for (size_t i = 0; i < *size; i++)
		*to++ = (char)at[i];
	return to;
}

/* put_odd - writes a character that is not copied with others. Returns the end. */
static inline char *put_odd(char *to, const uint8_t *at, size_t left, size_t *size, bool *exact)
{
	/* clang-format off */
	static const char letters[] = { ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r', ['"'] = '"',
		['\\'] = '\\' };
	/* clang-format on */
	const char letter = *at < sizeof letters ? letters[*at] : '\0';
	*size = 1;
	if (letter) {
		to[0] = '\\';
		to[1] = letter;
		return to + 2;
	}
	return *at == '\0' || *at >= 0x80 ? put_character(to, at, left, size, exact) : put_unit(to, *at);
}

char *quote(char *to, struct span text, bool *exact)
{
	const uint8_t *at = text.data;
	size_t left = text.size;
	for (size_t size; size = put_plain(to, at, left), size < left;) {
		to += size;
		do {
			at += size;
			left -= size;
			to = put_odd(to, at, left, &size, exact);
		} while (size < left && at[size] >= 0x80);
		at += size;
		left -= size;
	}
	return to + left;
}
