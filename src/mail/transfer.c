/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * transfer.c - transfer encodings, over a range that is there as a whole.
 *
 * GMime decodes uuencode; the begin line is found here. Base64 is our own: GMime's needed half of the time of a large
 * mail, ends at the first padding, loses what is not padded, and does not say what was no base64 at all. So is
 * quoted-printable: GMime's goes octet by octet, with 1.3 (an umlaut in every third word) to 5 times (only line ends)
 * as many instructions, and loses an escape that was cut off.
 */
#include "mime.h"

#include <gmime/gmime.h>
#include <string.h>

#define BASE64_LINE_MAX 10000           /* a longer line behind padding is no base64 */
#define UUENCODE_SEARCH_MAX (64 * 1024) /* octets before the begin line */

#define NO_RANK 64
static uint8_t ranks[256]; /* value of a base64 character; NO_RANK for others */

enum mime_encoding mime_encoding_find(struct span value)
{
	static const struct {
		const char *name;
		enum mime_encoding encoding;
	} names[] = {
		{ "7bit", MIME_IDENTITY },
		{ "8bit", MIME_IDENTITY },
		{ "binary", MIME_IDENTITY },
		{ "7-bit", MIME_IDENTITY },
		{ "8-bit", MIME_IDENTITY },
		{ "7bits", MIME_IDENTITY },
		{ "8bits", MIME_IDENTITY },
		{ "base64", MIME_BASE64 },
		{ "quoted-printable", MIME_QUOTED_PRINTABLE },
		{ "x-uuencode", MIME_UUENCODE },
		{ "uuencode", MIME_UUENCODE },
		{ "x-uue", MIME_UUENCODE },
		{ "uue", MIME_UUENCODE },
	};
	if (value.size == 0)
		return MIME_IDENTITY;
	const char *at = (const char *)value.data, *end = at + value.size;
	while (at < end && (g_ascii_isspace(*at) || *at == '"'))
		at++;
	size_t size = 0;
	while (at + size < end && !g_ascii_isspace(at[size]) && at[size] != '"' && at[size] != ';' && at[size] != '(' &&
		at[size] != '\0')
		size++;
	if (size == 0)
		return MIME_IDENTITY;
	for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
		if (strlen(names[i].name) == size && mime_same(at, names[i].name, size))
			return names[i].encoding;
	return MIME_UNKNOWN;
}

void mime_decode_init(void)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	memset(ranks, NO_RANK, sizeof ranks);
	for (uint8_t i = 0; i < NO_RANK; i++)
		ranks[(uint8_t)alphabet[i]] = i;
}

/* base64_line - where the line at `at` ends if it is base64; NULL if it is something else. */
static const uint8_t *base64_line(const uint8_t *at, const uint8_t *end)
{
	for (const uint8_t *from = at; at < end && *at != '\n' && *at != '\r'; at++)
		if (at - from >= BASE64_LINE_MAX || (ranks[*at] == NO_RANK && *at != '='))
			return NULL;
	return at;
}

/* What base64 gives, and the characters of a quartet that are there already. */
struct base64 {
	uint8_t out[MIME_STEP + 3];
	size_t used;
	uint32_t bits;
	unsigned have;
};

/* base64_quartets - decodes as long as nothing stands in or between quartets. Returns where it stopped. */
static const uint8_t *base64_quartets(struct base64 *base64, const uint8_t *at, const uint8_t *end)
{
	uint8_t *out = base64->out + base64->used, *limit = base64->out + MIME_STEP;
	for (; end - at >= 4 && out < limit; at += 4, out += 3) {
		uint32_t a = ranks[at[0]], b = ranks[at[1]], c = ranks[at[2]], d = ranks[at[3]];
		if ((a | b | c | d) & NO_RANK)
			break;
		uint32_t bits = a << 18 | b << 12 | c << 6 | d;
		out[0] = (uint8_t)(bits >> 16);
		out[1] = (uint8_t)(bits >> 8);
		out[2] = (uint8_t)bits;
	}
	base64->used = (size_t)(out - base64->out);
	return at;
}

/* base64_take - 4 characters are three octets, 3 are two, 2 are one. */
static void base64_take(struct base64 *base64)
{
	uint32_t bits = base64->bits << (6 * (4 - base64->have));
	for (unsigned i = 1; i < base64->have; i++)
		base64->out[base64->used++] = (uint8_t)(bits >> (24 - 8 * i));
	base64->bits = 0;
	base64->have = 0;
}

/* decode_base64 - some clients pad in the middle; what follows the padding and is no base64 (the footer of a mailing
 * list) is left alone. */
static const char *decode_base64(struct span in, mime_sink sink, void *context)
{
	static struct base64 base64;
	const uint8_t *at = in.data, *end = at + in.size,
		      *line = at; /* up to there nothing else than base64 was seen */
	const char *trouble = NULL;
	while (at < end) {
		if (base64.have == 0)
			at = base64_quartets(&base64, at, end);
		if (base64.used >= MIME_STEP) {
			sink(context, span_of(base64.out, base64.used), (size_t)(at - in.data));
			base64.used = 0;
		}
		if (at == end)
			break;
		uint8_t c = *at++;
		if (ranks[c] != NO_RANK) {
			base64.bits = base64.bits << 6 | ranks[c];
			if (++base64.have == 4)
				base64_take(&base64);
		} else if (c == '=') {
			base64_take(&base64);
			while (at < end && (*at == '=' || *at <= ' '))
				at++;
			if (at < end && at >= line && (line = base64_line(at, end)) == NULL) {
				trouble = "text behind the end of base64";
				line = at = end;
			}
		} else if (c > ' ')
			trouble = "characters that are not base64";
	}
	if (base64.have == 1 && trouble == NULL)
		trouble = "base64 ends in the middle of an octet";
	base64_take(&base64);
	sink(context, span_of(base64.out, base64.used), (size_t)(at - in.data));
	base64.used = 0;
	return trouble;
}

/* quoted_escape - what stands behind a '='; at most 3 octets into out. Returns how many; *at moves on. A soft line
 * break is nothing, and so is one that was cut off at the end; what is no escape stays as it is. */
static size_t quoted_escape(uint8_t *out, const uint8_t **at, const uint8_t *end)
{
	const uint8_t *from = *at;
	size_t size = MIN((size_t)(end - from), 2);
	int high = size == 2 ? g_ascii_xdigit_value((char)from[0]) : -1,
	    low = size == 2 ? g_ascii_xdigit_value((char)from[1]) : -1;
	*at = from + (size > 0 && *from == '\n' ? 1 : size);
	if (high >= 0 && low >= 0) {
		*out = (uint8_t)(high << 4 | low);
		return 1;
	}
	if (size == 0 || *from == '\n' || (*from == '\r' && (size == 1 || from[1] == '\n')))
		return 0;
	*out = '=';
	memcpy(out + 1, from, size);
	return size + 1;
}

static void decode_quoted_printable(struct span in, mime_sink sink, void *context)
{
	static uint8_t out[MIME_STEP + 3];
	const uint8_t *at = in.data, *end = at + in.size;
	size_t used = 0;
	while (at < end) {
		size_t plain = MIN((size_t)(end - at), MIME_STEP - used);
		const uint8_t *equals = memchr(at, '=', plain);
		if (equals != NULL)
			plain = (size_t)(equals - at);
		memcpy(out + used, at, plain);
		used += plain;
		at += plain;
		if (equals != NULL) {
			at++;
			used += quoted_escape(out + used, &at, end);
		}
		if (used >= MIME_STEP) {
			sink(context, span_of(out, used), (size_t)(at - in.data));
			used = 0;
		}
	}
	sink(context, span_of(out, used), in.size);
}

/* copy - octets that are not encoded. */
static void copy(struct span in, mime_sink sink, void *context)
{
	for (size_t at = 0; at < in.size; at += MIME_STEP) {
		size_t step = MIN(in.size - at, MIME_STEP);
		sink(context, span_of(in.data + at, step), at + step);
	}
}

/* uuencode_begin - the begin line: "begin", an octal mode, a name. Returns false when there is none. */
static bool uuencode_begin(struct span in, struct span *name, size_t *after)
{
	size_t at = 0, limit = MIN(in.size, UUENCODE_SEARCH_MAX);
	while (at < limit) {
		const uint8_t *lf = memchr(in.data + at, '\n', in.size - at);
		size_t end = lf != NULL ? (size_t)(lf - in.data) : in.size;
		size_t next = end + (lf != NULL);
		if (end > at && in.data[end - 1] == '\r')
			end--;
		if (end - at > 6 && memcmp(in.data + at, "begin ", 6) == 0) {
			size_t mode = at + 6;
			while (mode < end && in.data[mode] >= '0' && in.data[mode] <= '7')
				mode++;
			if (mode > at + 6 && mode < end && in.data[mode] == ' ') {
				*name = span_of(in.data + mode + 1, end - mode - 1);
				*after = next;
				return true;
			}
		}
		at = next;
	}
	return false;
}

char *mime_uuencode_name(struct arena *arena, struct span in)
{
	struct span name;
	size_t after;
	return uuencode_begin(in, &name, &after) && name.size > 0 ? mime_unfold(arena, name, NULL) : NULL;
}

static const char *decode_uuencode(struct span in, mime_sink sink, void *context)
{
	static uint8_t out[MIME_STEP];
	struct span name;
	size_t at;
	if (!uuencode_begin(in, &name, &at)) {
		copy(in, sink, context);
		return "no begin line in uuencode";
	}
	int state = 0;
	guint32 save = 0;
	for (; at < in.size; at += MIME_STEP) {
		size_t step = MIN(in.size - at, MIME_STEP);
		size_t size = g_mime_encoding_uudecode_step(in.data + at, step, out, &state, &save);
		sink(context, span_of(out, size), at + step);
	}
	return (state & GMIME_UUDECODE_STATE_END) == 0 ? "uuencode without its end" : NULL;
}

const char *mime_decode(enum mime_encoding encoding, struct span in, mime_sink sink, void *context)
{
	switch (encoding) {
	case MIME_BASE64:
		return decode_base64(in, sink, context);
	case MIME_QUOTED_PRINTABLE:
		decode_quoted_printable(in, sink, context);
		return NULL;
	case MIME_UUENCODE:
		return decode_uuencode(in, sink, context);
	case MIME_IDENTITY:
	case MIME_UNKNOWN:
		copy(in, sink, context);
		return NULL;
	}
	g_assert_not_reached();
}
