/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * writer.c - see writer.h. A text is read once: sixteen octets are copied and examined at a time, and what can't stay
 * as it is is written over.
 */
#include "writer.h"

#include "octets.h"
#include "text.h"

#define REPLACEMENT 0xfffd
#define NUMBER_MAX 20    /* digits of UINT64_MAX */
#define CHARACTER_MAX 12 /* octets that a character can become: \ud83d\ude00 */
_Static_assert(WRITER_SPARE >= CHARACTER_MAX + sizeof(octets16), "room behind a character for the next octets");

struct writer writer;

static bool ascii_only;

void writer_ascii(bool only)
{
	ascii_only = only;
}

/* use - what is between the end of the line and the end of its memory is room. */
static void use(GString *line, size_t used)
{
	writer.to = line->str + used;
	writer.end = line->str + line->allocated_len - 1;
}

void writer_begin(GString *line)
{
	assert(!writer.line);
	writer.line = line;
	writer.depth = 0;
	use(line, line->len);
	writer_room(0);
}

void writer_end(void)
{
	value_leave(0);
	g_string_set_size(writer.line, (gsize)(writer.to - writer.line->str));
	writer.line = NULL;
}

void writer_end_line(void)
{
	value_leave(0);
	writer.to[-1] = '\n';
	writer_end();
}

void writer_grow(size_t size)
{
	const size_t used = (size_t)(writer.to - writer.line->str);
	g_string_set_size(writer.line, used + MAX(used, size));
	use(writer.line, used);
}

/* ---- text ---- */

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

/* must_be_escaped - a character of more than one octet. Hidden ones begin with one of three octets. */
static bool must_be_escaped(const uint8_t *at)
{
	return ascii_only ||
	       ((*at == 0xc2 || *at == 0xd8 || *at == 0xe2) && text_is_hidden(g_utf8_get_char((char *)at)));
}

/* put_character - writes a character that is not ASCII, or U+FFFD for NUL or an octet that is not UTF-8: then *exact is
 * false. Returns its size in the text. */
static size_t put_character(const uint8_t *at, size_t left, bool *exact)
{
	const size_t size = text_character(at, left);
	char *to = writer.to;
	if (size == 0) {
		*exact = false;
		writer.to = ascii_only ? put_unit(to, REPLACEMENT) : to + g_unichar_to_utf8(REPLACEMENT, to);
		return 1;
	}
	if (must_be_escaped(at))
		to = put_escaped(to, g_utf8_get_char((const char *)at));
	else
		for (size_t i = 0; i < size; i++)
			*to++ = (char)at[i];
	writer.to = to;
	return size;
}

/* put_odd - writes a character that is not copied with others. Returns its size in the text. */
static inline size_t put_odd(const uint8_t *at, size_t left, bool *exact)
{
	static const char letters[] = {
		['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r', ['"'] = '"', ['\\'] = '\\'
	};
	const char letter = *at < sizeof letters ? letters[*at] : '\0';
	char *to = writer.to;
	if (letter) {
		to[0] = '\\';
		to[1] = letter;
		writer.to = to + 2;
		return 1;
	}
	if (*at == '\0' || *at >= 0x80)
		return put_character(at, left, exact);
	writer.to = put_unit(to, *at);
	return 1;
}

/* odd16 - which of these octets are not copied as they are: all but printable ASCII, quotes, backslashes. As signed
 * numbers, the first are the lowest when one is added. */
static inline octets16 odd16(octets16 octets)
{
	const octets16 odd = (octets16)((octets16_signed)(octets + 1) <= ' ');
	return odd | (octets16)((octets == '"') | (octets == '\\'));
}

/* put_plain - copies the octets before the first odd one. Returns how many. */
static inline size_t put_plain(const uint8_t *at, size_t left)
{
	char *to = writer.to;
	size_t done = 0;
	for (; left - done >= sizeof(octets16); done += sizeof(octets16)) {
		const octets16 octets = octets16_at(at + done), odd = odd16(octets);
		memcpy(to + done, &octets, sizeof octets);
		if (octets16_any(odd)) {
			done += octets16_first(odd);
			writer.to = to + done;
			return done;
		}
	}
	/* the zeros behind the last octets are odd, too */
	const octets16 octets = octets16_short(at + done, left - done);
	memcpy(to + done, &octets, sizeof octets);
	done += octets16_first(odd16(octets));
	writer.to = to + done;
	return done;
}

/* put_quoted - the text in quotes. Returns false when it is not exact. */
static bool put_quoted(const uint8_t *at, size_t left)
{
	bool exact = true;
	*writer_room(left + 4) = '"';
	writer.to++;
	for (size_t size; size = put_plain(at, left), size < left;) {
		at += size;
		left -= size;
		do {
			size = put_odd(at, left, &exact);
			at += size;
			left -= size;
			writer_room(left + 4);
		} while (left > 0 && *at >= 0x80);
	}
	*writer.to++ = '"';
	return exact;
}

void value_key(const char *key)
{
	put_quoted((const uint8_t *)key, strlen(key));
	*writer.to++ = ':';
}

bool value_text(struct span octets)
{
	const bool exact = put_quoted(octets.data, octets.size);
	*writer.to++ = ',';
	return exact;
}

void value_base64(struct span octets)
{
	gint state = 0, save = 0;
	char *to = writer_room((octets.size / 3 + 1) * 4 + 8);
	*to++ = '"';
	to += g_base64_encode_step(octets.data, octets.size, FALSE, to, &state, &save);
	to += g_base64_encode_close(FALSE, to, &state, &save);
	*to++ = '"';
	*to++ = ',';
	writer.to = to;
}

/* ---- numbers ---- */

static const char pairs[] = "00010203040506070809101112131415161718192021222324252627282930313233343536373839"
			    "40414243444546474849505152535455565758596061626364656667686970717273747576777879"
			    "8081828384858687888990919293949596979899";

/* put_pair - writes a number below 100 in two digits, which end here. Returns where they begin. */
static inline char *put_pair(char *end, unsigned number)
{
	*--end = pairs[number * 2 + 1];
	*--end = pairs[number * 2];
	return end;
}

char *writer_digits(char *end, uint64_t number, unsigned digits)
{
	for (; digits >= 2; digits -= 2, number /= 100)
		end = put_pair(end, number % 100);
	if (digits > 0)
		*--end = (char)('0' + number % 10);
	return end;
}

void value_number(uint64_t number)
{
	char digits[2 * NUMBER_MAX] = { 0 }, *const end = digits + NUMBER_MAX, *first = end;
	for (; number >= 100; number /= 100)
		first = put_pair(first, number % 100);
	first = writer_digits(first, number, number >= 10 ? 2 : 1);
	memcpy(writer_room(NUMBER_MAX + 1), first, NUMBER_MAX);
	writer.to += end - first;
	*writer.to++ = ',';
}
