/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * line_ends.c - see line_ends.h.
 */
#include "line_ends.h"

#include <string.h>

#define PIECE 1024 /* octets that are converted at once */

/* cr_line - takes a line that ends in CR alone from the beginning of the octets. Returns false when there is none. */
static bool cr_line(struct span *octets, struct span *line)
{
	const uint8_t *cr = memchr(octets->data, '\r', octets->size);
	if (!cr)
		return false;
	*line = span_of(octets->data, (size_t)(cr - octets->data));
	*octets = span_of(cr + 1, octets->size - line->size - 1);
	return octets->size > 0 && octets->data[0] != '\n';
}

static bool is_field_line(struct span line)
{
	size_t value;
	return block_field_name(line, &value) > 0;
}

/* ends_in_cr - do the octets before the first LF begin with two lines of a header, or one and an empty line, that end
 * in CR alone? One CR may be a stray one inside of a field. */
static bool ends_in_cr(struct span octets)
{
	struct span first, second;
	return cr_line(&octets, &first) && cr_line(&octets, &second) && is_field_line(first) &&
	       (second.size == 0 || is_field_line(second));
}

/* convert_ends - passes on octets with LF for each CR that stands alone. */
static void convert_ends(struct line_ends *ends, struct walk *walk, struct span in)
{
	uint8_t out[PIECE + 1];
	while (in.size > 0) {
		size_t used = 0, size = 0;
		for (; used < in.size && size < PIECE; used++) {
			if (ends->after_cr)
				out[size++] = in.data[used] == '\n' ? '\r' : '\n';
			ends->after_cr = in.data[used] == '\r';
			if (!ends->after_cr)
				out[size++] = in.data[used];
		}
		if (size > 0)
			walk_feed(walk, span_of(out, size));
		in = span_from(in, used);
	}
}

static void pass_on(struct line_ends *ends, struct walk *walk, struct span in)
{
	if (ends->kind == ENDS_CR)
		convert_ends(ends, walk, in);
	else if (in.size > 0)
		walk_feed(walk, in);
}

/* decide_ends - the beginning is there, up to the first LF or as much as is looked at. */
static void decide_ends(struct line_ends *ends, struct span beginning)
{
	const uint8_t *lf = memchr(beginning.data, '\n', beginning.size);
	const size_t size = lf ? (size_t)(lf - beginning.data) + 1 : beginning.size;
	ends->kind = ends_in_cr(span_of(beginning.data, MIN(size, LINE_ENDS_MAX))) ? ENDS_CR : ENDS_USUAL;
}

void line_ends_feed(struct line_ends *ends, struct walk *walk, struct span in)
{
	if (G_LIKELY(ends->kind == ENDS_USUAL)) {
		walk_feed(walk, in);
		return;
	}
	if (ends->kind == ENDS_CR) {
		convert_ends(ends, walk, in);
		return;
	}
	const uint8_t *cr = ends->beginning ? NULL : memchr(in.data, '\r', in.size);
	if (cr && (size_t)(cr - in.data) + 1 < in.size && cr[1] == '\n') { /* nearly always */
		ends->kind = ENDS_USUAL;
		walk_feed(walk, in);
		return;
	}
	if (!ends->beginning && memchr(in.data, '\n', MIN(in.size, LINE_ENDS_MAX))) {
		decide_ends(ends, in);
		pass_on(ends, walk, in);
		return;
	}
	if (!ends->beginning)
		ends->beginning = g_byte_array_new();
	g_byte_array_append(ends->beginning, in.data, (guint)in.size);
	if (ends->beginning->len >= LINE_ENDS_MAX || memchr(in.data, '\n', in.size))
		line_ends_flush(ends, walk);
}

void line_ends_flush(struct line_ends *ends, struct walk *walk)
{
	GByteArray *beginning = g_steal_pointer(&ends->beginning);
	if (beginning) {
		const struct span octets = span_of(beginning->data, beginning->len);
		decide_ends(ends, octets);
		pass_on(ends, walk, octets);
		g_byte_array_unref(beginning);
	}
	if (ends->after_cr)
		walk_feed(walk, span_of("\n", 1));
	ends->after_cr = false;
}
