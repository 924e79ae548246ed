/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * delivery.c - see delivery.h.
 */
#include "delivery.h"

#include <glib.h>

#include "history.h"
#include "stream.h"

void delivery_kept(struct stream *stream, enum direction direction)
{
	const struct piece *first;
	struct pieces *held = &stream->half[direction].held;
	while ((first = held->first) && first->data && first->offset == stream->link.expected[direction]) {
		const struct piece piece = *first;
		pieces_remove(held);
		stream->direct_acked = piece.acked;
		stream->stored = true;
		nids_link_feed(&stream->link, direction, piece.offset, piece.data, (size_t)piece.size);
		stream->stored = false;
		g_free(piece.data);
	}
}

void delivery_skip(struct stream *stream, enum direction direction, uint64_t offset)
{
	uint64_t expected = stream->link.expected[direction];
	if (offset <= expected)
		return;
	outbox_gap(&stream->outbox, direction, offset - expected, stream->giving_up);
	nids_link_skip(&stream->link, direction, offset);
	delivery_kept(stream, direction);
	/* libnids must have delivered what was next in order. */
	g_assert(gap_end(&stream->half[direction]) > stream->link.expected[direction]);
}

/* deliver_bytes - passes on bytes that are next in order, with the acknowledgement of their sender. */
static void deliver_bytes(
	struct stream *stream, enum direction direction, const uint8_t *data, size_t size, uint64_t acked)
{
	/* One-sided: the acknowledged bytes of the missing side came before these. */
	if (stream->one_sided && stream->missing != direction)
		delivery_skip(stream, stream->missing, acked);
	stream->link.expected[direction] += size;
	stream->half[direction].progress = stream->packets;
	outbox_bytes(&stream->outbox, direction, data, size, acked);
}

void delivery_bytes(struct nids_link *link, enum direction direction, const uint8_t *data, size_t size)
{
	struct stream *stream = (struct stream *)link;
	struct half *half = &stream->half[direction];

	if (gap_end(half) != link->expected[direction]) {
		if (!stream->stored)
			history_commit(&half->newest, link->expected[direction], size);
		deliver_bytes(stream, direction, data, size, stream->direct_acked);
		return;
	}
	link->queued[direction]--;
	while (size > 0) {
		struct piece *piece = half->held.first;
		size_t part = piece->size < size ? (size_t)piece->size : size;
		uint64_t acked = piece->acked;
		pieces_take(&half->held, part);
		deliver_bytes(stream, direction, data, part, acked);
		data += part;
		size -= part;
	}
}

void delivery_fin(struct stream *stream, enum direction direction, bool last)
{
	struct half *half = &stream->half[direction];
	if (!half->fin_seen || half->fin_put || stream->link.expected[direction] < half->fin)
		return;
	if (!half->fin_acked && !last)
		return;
	half->fin_put = true;
	outbox_fin(&stream->outbox, direction);
}

/* skip_acked - skips missing bytes that were acknowledged long ago. Not when bytes were delivered lately: a capture may
 * have all acknowledgements ahead of the data. */
static void skip_acked(struct stream *stream, enum direction direction)
{
	struct half *half = &stream->half[direction];
	uint64_t acked = half->acked_before[PATIENCE_STEPS - 1];
	while (stream->link.expected[direction] < acked) {
		uint64_t since = half->held.first ? half->held.first->since : half->progress;
		if (stream->packets - since < PATIENCE)
			break;
		delivery_skip(stream, direction, MIN(acked, gap_end(half)));
	}
	delivery_fin(stream, direction, false);
}

/* gap_first - the direction whose gap came first: a client waits for the banner, a server for a command. */
static enum direction gap_first(const struct stream *stream)
{
	return stream->link.expected[DOWN] == 0 ? DOWN : UP;
}

void delivery_impatient(struct stream *stream)
{
	for (enum direction d = UP; d <= DOWN; d++) {
		struct half *half = &stream->half[d];
		for (int i = PATIENCE_STEPS - 1; i > 0; i--)
			half->acked_before[i] = half->acked_before[i - 1];
		half->acked_before[0] = half->acked;
	}
	enum direction first = gap_first(stream);
	skip_acked(stream, first);
	skip_acked(stream, direction_other(first));
}

/* ---- the end ---- */

/* flush_next - the direction whose next held bytes were sent first, according to the acknowledgements. */
static enum direction flush_next(const struct stream *stream)
{
	const struct piece *up = first_held(stream, UP), *down = first_held(stream, DOWN);
	if (!up || !down)
		return up ? UP : DOWN;
	if (gap_first(stream) == DOWN)
		return DOWN;
	/* The client's bytes come first unless they were sent in answer to the server's. */
	return up->acked > stream->link.expected[DOWN] && down->acked <= stream->link.expected[UP] ? DOWN : UP;
}

/* flush_tail - reports bytes after the last ones seen as a gap, when an acknowledgement or the FIN proves that they
 * were sent. */
static void flush_tail(struct stream *stream, enum direction direction)
{
	struct half *half = &stream->half[direction];
	uint64_t expected = stream->link.expected[direction];
	uint64_t end = half->fin_seen ? half->fin : MAX(half->acked, half->highest);
	/* One more than all bytes seen: the acknowledgement of a FIN that is not in the capture. */
	if (!half->fin_seen && end == expected + 1)
		end = expected;
	delivery_skip(stream, direction, end);
	delivery_fin(stream, direction, true);
}

/* skip_gaps - delivers all held pieces, with gaps between them. */
static void skip_gaps(struct stream *stream)
{
	while (stream_holds(stream)) {
		enum direction d = flush_next(stream);
		delivery_skip(stream, d, gap_end(&stream->half[d]));
	}
}

bool stream_waits(const struct stream *stream)
{
	return stream_holds(stream) || outbox_waits(&stream->outbox);
}

void stream_hurry(struct stream *stream, bool given_up)
{
	stream->giving_up = given_up;
	skip_gaps(stream);
	enum direction first = gap_first(stream);
	for (unsigned i = 0; i < 2; i++) {
		enum direction d = i == 0 ? first : direction_other(first);
		if (outbox_waits(&stream->outbox))
			delivery_skip(stream, d, stream->half[d].acked);
		delivery_fin(stream, d, false);
	}
	stream->giving_up = false;
}

void stream_flush(struct stream *stream)
{
	skip_gaps(stream);
	enum direction first = gap_first(stream);
	flush_tail(stream, first);
	flush_tail(stream, direction_other(first));
	outbox_flush(&stream->outbox);
}
