/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * yenc.c - see yenc.h. An octet is written as itself plus 42; behind a '=', plus 64 more. A line that begins with "=y"
 * is a control line. Checksums are not compared; the number of octets is.
 */
#include "yenc.h"

#include <string.h>

#define SHIFT 42
#define ESCAPED_SHIFT 64

/* number - the value of "key=number" in the line; 0 when there is none. */
static uint64_t number(const char *line, const char *key)
{
	const char *at = strstr(line, key);
	return at ? g_ascii_strtoull(at + strlen(key), NULL, 10) : 0;
}

bool yenc_begin(struct yenc *yenc, struct span line, struct span *name)
{
	static const char begin[] = "=ybegin ", naming[] = " name=";
	char *text = g_strndup((const char *)line.data, line.size);
	const char *named = strstr(text, naming);
	bool genuine = g_str_has_prefix(text, begin) && named && number(text, " line=") > 0;
	if (genuine) {
		size_t from = (size_t)(named - text) + strlen(naming);
		*name = span_of(line.data + from, line.size - from);
		text[from] = '\0'; /* a name may look like a number */
		*yenc = (struct yenc){
			.expected = number(text, " size="), .piece = number(text, " part=") > 0, .start = true
		};
	}
	g_free(text);
	return genuine;
}

/* take_control - an octet of a control line. */
static void take_control(struct yenc *yenc, uint8_t octet)
{
	if (octet == '\n') {
		yenc->ended = memcmp(yenc->line, "=yend", YENC_CONTROL_MAX) == 0;
		yenc->control = false;
		yenc->start = true;
	} else if (yenc->control_size < YENC_CONTROL_MAX)
		yenc->line[yenc->control_size++] = (char)octet;
}

/* take_octet - an octet of the file, or of a line end. Returns whether *out is set. */
static bool take_octet(struct yenc *yenc, uint8_t octet, uint8_t *out)
{
	if (octet == '\r' || octet == '\n') {
		yenc->start = yenc->start || octet == '\n';
		yenc->escaped = false;
		return false;
	}
	if (yenc->escaped && yenc->start && octet == 'y') {
		memcpy(yenc->line, "=y", 2);
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

size_t yenc_feed(struct yenc *yenc, struct span in, mime_sink sink, void *context)
{
	uint8_t out[YENC_STEP];
	size_t size = 0, used = 0;
	while (used < in.size && !yenc->ended) {
		uint8_t octet = in.data[used++];
		if (yenc->control)
			take_control(yenc, octet);
		else
			size += take_octet(yenc, octet, out + size);
		if (size == sizeof out || (size > 0 && (used == in.size || yenc->ended))) {
			sink(context, span_of(out, size));
			yenc->decoded += size;
			size = 0;
		}
	}
	return used;
}

bool yenc_whole(const struct yenc *yenc)
{
	bool said = memcmp(yenc->line, "=yend", YENC_CONTROL_MAX) == 0;
	return said && !yenc->piece && yenc->decoded == yenc->expected;
}
