/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * inside.c - the decrypted stream: passes its octets, gaps and end to the sink, with acknowledgements converted to
 * offsets of the decrypted stream.
 *
 * Gaps before the first decrypted octet of either direction wait for it: until then it is not certain that the keys are
 * right.
 */
#include "parts.h"

void inside_lose(struct tls *tls, enum direction direction, uint64_t size)
{
	struct side *side = &tls->side[direction];
	if (!tls->within) {
		side->unread += size;
		return;
	}
	side->inside += size;
	marks_add(&side->marks, side->offset, side->inside);
	tls->sink->gap(tls->context, direction, size);
}

/* begin_inside - the first octets come: reports the gaps before them. */
static void begin_inside(struct tls *tls)
{
	tls->within = true;
	for (enum direction d = UP; d <= DOWN; d++)
		if (tls->side[d].unread > 0)
			inside_lose(tls, d, tls->side[d].unread);
}

void inside_bytes(struct tls *tls, enum direction direction, const struct sealed *record, struct span content)
{
	struct side *side = &tls->side[direction];
	if (content.size == 0)
		return;
	if (!tls->within)
		begin_inside(tls);
	const struct marks *other = &tls->side[direction_other(direction)].marks;
	side->inside += content.size;
	marks_add(&side->marks, record->at + RECORD_HEADER_SIZE + record->payload.size, side->inside);
	tls->sink->bytes(tls->context, direction, content, marks_inside(other, record->acked));
}

void inside_close(struct tls *tls, enum direction direction)
{
	if (tls->within)
		tls->sink->close(tls->context, direction);
}
