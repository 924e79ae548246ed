/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * cursor.h - bounds-checked reading of packets. Private to the decoder.
 *
 * A cursor is a position in a packet: from `data` on, `captured` octets were captured of `length` on the wire; captured
 * is never more than length. Headers of known size are taken from it; there is never a pointer beyond the captured
 * octets.
 */
#ifndef SMTPSCAN_PACKET_CURSOR_H
#define SMTPSCAN_PACKET_CURSOR_H

#include "bytes.h"
#include "packet.h"

struct cursor {
	const uint8_t *data;
	uint32_t captured, length;
};

/* cursor_take - moves past the next `size` octets and returns them; NULL when they were not captured (cursor_short has
 * the reason). */
static inline const uint8_t *cursor_take(struct cursor *c, uint32_t size)
{
	if (c->captured < size)
		return NULL;
	const uint8_t *at = c->data;
	c->data += size;
	c->captured -= size;
	c->length -= size;
	return at;
}

/* cursor_peek - the octet at an offset; -1: not captured. */
static inline int cursor_peek(const struct cursor *c, uint32_t offset)
{
	return offset < c->captured ? c->data[offset] : -1;
}

/* cursor_short - why `size` octets can't be taken: cut by the snap length, or the packet is too short. */
static inline enum decode_result cursor_short(const struct cursor *c, uint32_t size)
{
	return size <= c->length ? DECODE_TRUNCATED : DECODE_MALFORMED;
}

/* cursor_limit - a header says that `length` octets follow: any after that are padding, any missing were cut. */
static inline void cursor_limit(struct cursor *c, uint32_t length)
{
	c->length = length;
	if (c->captured > length)
		c->captured = length;
}

#endif
