/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * yenc.c - see yenc.h. An octet is written as itself plus 42; behind a '=', plus 64 more. A line that begins with "=y"
 * is a control line. Checksums are not compared; the number of octets is.
 */
#include "yenc.h"

#include <string.h>

#define SHIFT 42
#define ESCAPED_SHIFT 64
#define LONGER 2 /* octets that a line may be longer than said, by an escaped octet at its end and by its CR */

/* keyword_number - the value of "key=number" in the line; 0 when there is none. */
static uint64_t keyword_number(const char *line, const char *key)
{
	const char *at = strstr(line, key);
	return at ? g_ascii_strtoull(at + strlen(key), NULL, 10) : 0;
}

struct yenc *yenc_new(struct span line, struct span *name)
{
	static const char begin[] = "=ybegin ", naming[] = " name=";
	char *text = g_strndup((const char *)line.data, line.size);
	struct yenc *yenc = NULL;
	const char *named = strstr(text, naming);
	uint64_t length = keyword_number(text, " line=");
	bool genuine = g_str_has_prefix(text, begin) && named && length > 0 && length <= YENC_LINE_MAX;
	if (genuine) {
		size_t from = (size_t)(named - text) + strlen(naming);
		*name = span_from(line, from);
		text[from] = '\0'; /* a name may look like a number */
		yenc = g_new0(struct yenc, 1);
		yenc->line = (size_t)length;
		yenc->expected = keyword_number(text, " size=");
		yenc->piece = keyword_number(text, " part=") > 0;
		yenc->start = true;
	}
	g_free(text);
	return yenc;
}

/* take_control - an octet of a control line. */
static void take_control(struct yenc *yenc, uint8_t octet)
{
	if (octet == '\n') {
		yenc->ended = memcmp(yenc->word, "=yend", YENC_CONTROL_MAX) == 0;
		yenc->control = false;
		yenc->start = true;
	} else if (yenc->control_size < YENC_CONTROL_MAX)
		yenc->word[yenc->control_size++] = (char)octet;
}

/* yenc_octet - an octet of the file, or of a line end. Returns whether *out is set. */
static bool yenc_octet(struct yenc *yenc, uint8_t octet, uint8_t *out)
{
	if (octet == '\r' || octet == '\n') {
		yenc->start = yenc->start || octet == '\n';
		yenc->escaped = false;
		return false;
	}
	if (yenc->escaped && yenc->start && octet == 'y') {
		memcpy(yenc->word, "=y", 2);
		yenc->control_size = 2;
		yenc->control = true;
		yenc->escaped = false;
		return false;
	}
	if (!yenc->escaped && octet == '=') {
		yenc->escaped = true;
		return false;
	}
	*out = (uint8_t)(octet - SHIFT - (yenc->escaped ? ESCAPED_SHIFT : 0));
	yenc->escaped = yenc->start = false;
	return true;
}

/* decode_octets - decodes octets of the file. Returns the number of octets used. */
static size_t decode_octets(struct yenc *yenc, struct span in, mime_sink sink, void *context)
{
	uint8_t out[YENC_STEP];
	size_t size = 0, used = 0;
	while (used < in.size && !yenc->ended) {
		uint8_t octet = in.data[used++];
		if (yenc->control)
			take_control(yenc, octet);
		else
			size += yenc_octet(yenc, octet, out + size);
		if (size == sizeof out || (size > 0 && (used == in.size || yenc->ended))) {
			sink(context, span_of(out, size));
			yenc->decoded += size;
			size = 0;
		}
	}
	return used;
}

/* prove - looks whether the octets kept so far are a line of the file: first there may be the line "=ypart". A line
 * that is shorter than the first line says must be the only one. */
static void prove(struct yenc *yenc)
{
	static const char part[] = "=ypart ", end[] = "=y";
	const struct span kept = yenc_kept(yenc);
	size_t from = 0, next = kept.size;
	if (kept.size >= 2 && memcmp(kept.data, end, 2) == 0) {
		size_t size = MIN(kept.size, sizeof part - 1);
		yenc->refused = memcmp(kept.data, part, size) != 0;
		mime_line_end(kept, 0, &from);
		if (yenc->refused || kept.data[from - 1] != '\n')
			return;
	} else if (kept.size < 2 && *kept.data == *end)
		return;
	size_t stop = from < kept.size ? mime_line_end(kept, from, &next) : from;
	bool whole = next > from && kept.data[next - 1] == '\n';
	size_t behind = kept.size - next;
	const size_t size = stop - from;
	bool last = behind >= 2 && memcmp(kept.data + next, end, 2) == 0;
	yenc->proved =
		whole && (last ? size <= yenc->line + LONGER : size >= yenc->line && size <= yenc->line + LONGER);
	bool full = kept.size == sizeof yenc->kept || size > yenc->line + LONGER;
	bool wrong = whole && behind > 0 && (behind >= 2 || kept.data[next] != *end);
	yenc->refused = !yenc->proved && (full || wrong);
}

struct span yenc_kept(const struct yenc *yenc)
{
	return span_of(yenc->kept, yenc->kept_size);
}

size_t yenc_feed(struct yenc *yenc, struct span in, mime_sink sink, void *context)
{
	size_t used = 0;
	while (!yenc->proved && !yenc->refused && used < in.size) {
		yenc->kept[yenc->kept_size++] = in.data[used++];
		prove(yenc);
		if (yenc->proved)
			decode_octets(yenc, yenc_kept(yenc), sink, context);
	}
	if (yenc->proved && !yenc->ended)
		used += decode_octets(yenc, span_from(in, used), sink, context);
	return used;
}

bool yenc_whole(const struct yenc *yenc)
{
	bool said = memcmp(yenc->word, "=yend", YENC_CONTROL_MAX) == 0;
	return said && !yenc->piece && yenc->decoded == yenc->expected;
}
