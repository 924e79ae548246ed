/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * mime_decode.c - transfer encodings, by GMime, over a range that is there as a whole.
 *
 * What GMime leaves out is done here: base64 that goes on behind its padding or ends without it, trailing rubbish in
 * quoted-printable, the begin line of uuencode, and saying what was no base64 at all.
 */
#include "mime.h"

#include <gmime/gmime.h>
#include <string.h>

#define BASE64_LINE_MAX 10000           /* a longer line behind padding is no base64 */
#define UUENCODE_SEARCH_MAX (64 * 1024) /* octets before the begin line */

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
	const char *at = (const char *)value.data, *end = at + value.size;
	while (at < end && (g_ascii_isspace(*at) || *at == '"'))
		at++;
	size_t size = 0;
	while (at + size < end && !g_ascii_isspace(at[size]) && strchr("\";(", at[size]) == NULL)
		size++;
	if (size == 0)
		return MIME_IDENTITY;
	for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
		if (strlen(names[i].name) == size && g_ascii_strncasecmp(names[i].name, at, size) == 0)
			return names[i].encoding;
	return MIME_UNKNOWN;
}

/* visible - octets that are not white space. */
static size_t visible(struct span in)
{
	size_t count = 0;
	for (size_t i = 0; i < in.size; i++)
		count += in.data[i] > ' ';
	return count;
}

/* goes_on - is the next line base64? */
static bool goes_on(struct span in)
{
	for (size_t i = 0; i < in.size && in.data[i] != '\n' && in.data[i] != '\r'; i++)
		if (i >= BASE64_LINE_MAX || (!g_ascii_isalnum(in.data[i]) && strchr("+/=", in.data[i]) == NULL))
			return false;
	return true;
}

/* base64_block - decodes up to the padding. *garbage: octets that are neither base64 nor space; *odd: a last character
 * that is too little for an octet. */
static void base64_block(struct span in, mime_sink sink, void *context, size_t *garbage, bool *odd)
{
	static uint8_t out[MIME_STEP];
	int state = 0;
	guint32 save = 0;
	size_t decoded = 0, seen = visible(in);
	for (size_t at = 0; at < in.size; at += MIME_STEP) {
		size_t step = MIN(in.size - at, MIME_STEP);
		size_t size = g_mime_encoding_base64_decode_step(in.data + at, step, out, &state, &save);
		sink(context, span_of(out, size));
		decoded += size;
	}
	*garbage += seen - (decoded / 3 * 4 + (size_t)state);
	*odd = state == 1;
	if (state > 1) {
		size_t size = g_mime_encoding_base64_decode_step((const uint8_t *)"=", 1, out, &state, &save);
		sink(context, span_of(out, size));
	}
}

/* decode_base64 - some clients pad in the middle; what follows the padding and is no base64 (the footer of a mailing
 * list) is left alone. */
static const char *decode_base64(struct span in, mime_sink sink, void *context)
{
	size_t garbage = 0;
	bool odd = false;
	while (in.size > 0) {
		const uint8_t *pad = memchr(in.data, '=', in.size);
		size_t size = pad != NULL ? (size_t)(pad - in.data) : in.size;
		base64_block(span_of(in.data, size), sink, context, &garbage, &odd);
		while (size < in.size && (in.data[size] == '=' || g_ascii_isspace(in.data[size])))
			size++;
		in = span_of(in.data + size, in.size - size);
		if (in.size > 0 && !goes_on(in))
			return "text behind the end of base64";
	}
	return garbage > 0 ? "characters that are not base64" : odd ? "base64 ends in the middle of an octet" : NULL;
}

static void decode_quoted_printable(struct span in, mime_sink sink, void *context)
{
	static uint8_t out[MIME_STEP + 4];
	int state = 0;
	guint32 save = 0;
	for (size_t at = 0; at < in.size; at += MIME_STEP) {
		size_t step = MIN(in.size - at, MIME_STEP);
		size_t size = g_mime_encoding_quoted_decode_step(in.data + at, step, out, &state, &save);
		sink(context, span_of(out, size));
	}
	/* GMime drops what may be an escape that was cut off; a soft break at the very end is one */
	if (state == 2 && save != '\r') {
		uint8_t rest[2] = { '=', (uint8_t)save };
		sink(context, span_of(rest, 2));
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

char *mime_uuencode_name(struct span in)
{
	struct span name;
	size_t after;
	return uuencode_begin(in, &name, &after) && name.size > 0 ? mime_unfold(name, NULL) : NULL;
}

static const char *decode_uuencode(struct span in, mime_sink sink, void *context)
{
	static uint8_t out[MIME_STEP];
	struct span name;
	size_t at;
	if (!uuencode_begin(in, &name, &at)) {
		sink(context, in);
		return "no begin line in uuencode";
	}
	int state = 0;
	guint32 save = 0;
	for (; at < in.size; at += MIME_STEP) {
		size_t step = MIN(in.size - at, MIME_STEP);
		size_t size = g_mime_encoding_uudecode_step(in.data + at, step, out, &state, &save);
		sink(context, span_of(out, size));
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
		sink(context, in);
		return NULL;
	}
	g_assert_not_reached();
}
