/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * stream.c - checks the segments of one connection before libnids gets them (see stream.h).
 *
 * Per direction this keeps: the offset expected next (in the link), what the peer has acknowledged, the pieces that are
 * out of order, and the offset of the FIN. Only the new parts of a segment go to libnids, which calls back with bytes
 * in order. When libnids has no room for pieces that must wait, they wait here, with the same result. Missing bytes
 * become a gap when nothing more will come, or when there is no memory to wait any longer (stream_hurry). With live
 * input they also become a gap when the peer acknowledged them some PATIENCE packets ago, and they have been missing
 * for as long (delivery.h). The cost of a segment is bounded, whatever a forged acknowledgement claims.
 */
#include "stream.h"

#include <glib.h>

#include "delivery.h"
#include "history.h"

#define WAITING_BYTES_MAX (8 * 1024 * 1024) /* in order, but waiting for the other direction: see order.h */
#define HELD_BYTES_MAX (16 * 1024 * 1024)   /* out of order, per direction; beyond that the first gap is skipped */
/* The same limit for the number of pieces and segments queued, per direction: these, and one more for each
 * HELD_SEGMENT_SIZE octets. Inserting one walks over those after it, so many tiny ones would be slow. */
#define HELD_PIECES_MAX 4096
#define HELD_SEGMENTS_MAX 10240
#define HELD_SEGMENT_SIZE 1024
#define HELD_OVERHEAD 128                      /* memory of libnids and of the piece besides the bytes */
#define AHEAD_MAX (INT64_C(1) << 28)           /* bytes further ahead are outside of any window */
#define ACK_AHEAD_MAX (INT64_C(1) << 30)       /* the largest possible window */
#define RESET_AHEAD_MAX (INT64_C(1024) * 1024) /* a reset further ahead is forged */

/* ---- taking segments ---- */

/* feed_link - feeds a new piece; after: the held piece after it. */
static void feed_link(struct stream *stream, enum direction direction, struct piece *after, uint64_t offset,
	const uint8_t *data, size_t size, uint64_t acked)
{
	struct half *half = &stream->half[direction];
	if (offset != stream->link.expected[direction]) {
		const struct piece_place at = { offset, acked, stream->packets };
		const struct piece *first = half->held.first;
		bool keep = first ? first->data != NULL : !nids_link_may_queue(&stream->link);
		pieces_add(&half->held, after, at, keep ? data : NULL, size);
		history_store(&half->newest, offset, data, size);
		if (keep)
			return;
	}
	stream->direct_acked = acked;
	nids_link_feed(&stream->link, direction, offset, data, size);
	if (half->held.first)
		delivery_kept(stream, direction);
	g_assert(gap_end(half) > stream->link.expected[direction]);
}

/* feed_new - feeds the parts of [from, to) that are neither delivered nor held. */
static void feed_new(struct stream *stream, enum direction direction, uint64_t from, uint64_t to, const uint8_t *data,
	uint64_t acked)
{
	const uint8_t *origin = data - from;
	for (;;) {
		/* Feeding a part can deliver held pieces after it. */
		from = MAX(from, stream->link.expected[direction]);
		if (from >= to)
			return;
		struct piece *piece = pieces_after(&stream->half[direction].held, from);
		uint64_t free_end = piece ? MIN(to, piece->offset) : to;
		uint64_t next = piece ? piece->offset + piece->size : to;
		if (from < free_end)
			feed_link(stream, direction, piece, from, origin + from, (size_t)(free_end - from), acked);
		from = next;
	}
}

static bool holds_too_much(const struct stream *stream, enum direction direction)
{
	const struct pieces *held = &stream->half[direction].held;
	size_t more = held->bytes / HELD_SEGMENT_SIZE;
	return held->bytes > HELD_BYTES_MAX || held->count > HELD_PIECES_MAX + more ||
	       held->segments > HELD_SEGMENTS_MAX + more;
}

/* take_payload - takes the captured octets of a segment, which begin at OFFSET. */
static void take_payload(struct stream *stream, enum direction direction, int64_t offset, const uint8_t *data,
	size_t size, uint64_t acked)
{
	struct half *half = &stream->half[direction];
	const struct span whole = { data, size };
	uint64_t expected = stream->link.expected[direction];

	if (offset < 0) {
		/* Octets before the start of the stream; a keep-alive has one of them. */
		if ((uint64_t)-offset >= size) {
			stream->ignored += size > 1;
			return;
		}
		data += -offset;
		size -= (size_t)-offset;
		offset = 0;
	}
	uint64_t from = (uint64_t)offset, to = from + size;
	if (half->fin_seen && to > half->fin && !half->fin_acked)
		half->fin_seen = false; /* its sender goes on: it was forged */
	if (half->fin_seen && to > half->fin)
		to = MAX(half->fin, from);
	const bool outside = (int64_t)from - (int64_t)expected > AHEAD_MAX;
	stream->ignored += outside || to <= from;
	if (to <= from || outside)
		return;
	half->highest = MAX(half->highest, to);
	if (G_LIKELY(from == expected && !half->held.first)) { /* the usual case: next in order, and nothing waits */
		feed_link(stream, direction, NULL, from, data, (size_t)(to - from), acked);
		return;
	}

	/* A keep-alive sends the last octet again, with any value, when all are acknowledged. */
	bool keep_alive = whole.size == 1 && from + 1 == expected && (half->acked >= expected || stream->one_sided);
	bool differs = (from < expected || half->held.first) && !keep_alive &&
		       history_differs(half->newest, from, data, (size_t)(to - from));
	feed_new(stream, direction, from, to, data, acked);
	if (differs)
		stream->outbox.sink->conflict(stream->outbox.user, direction, from, whole);
	stream->giving_up = true;
	while (holds_too_much(stream, direction))
		delivery_skip(stream, direction, gap_end(half));
	stream->giving_up = false;
}

/* confirm_fin - the peer acknowledged exactly the FIN before octets that were seen, and has everything before it: those
 * octets were forged, or it would have acknowledged them, too. */
RARE static void confirm_fin(struct stream *stream, enum direction direction)
{
	struct half *half = &stream->half[direction];
	half->fin = half->highest = half->fin_below - 1;
	half->fin_seen = true;
	half->fin_below = 0;
	stream->ignored += half->held.segments;
}

/* take_ack - takes the acknowledgement of a segment. Returns it as an offset of the other direction. */
static uint64_t take_ack(struct stream *stream, enum direction direction, uint32_t ack)
{
	enum direction to = direction_other(direction);
	struct half *half = &stream->half[direction], *other = &stream->half[to];

	if (!other->known) {
		other->known = true;
		other->first_seq = ack;
	}
	int64_t offset = offset_of(stream, to, ack);
	if (G_UNLIKELY(other->fin_below > 0) && offset == (int64_t)other->fin_below &&
		other->acked < other->fin_below && stream->link.expected[to] + 1 == other->fin_below)
		confirm_fin(stream, to);
	if (other->fin_seen && offset > (int64_t)other->fin) {
		other->fin_acked |= offset == (int64_t)other->fin + 1;
		other->fin_seen = other->fin_acked; /* else it acknowledges more: the FIN was forged */
		offset = other->fin_acked ? (int64_t)other->fin : offset;
	}
	uint64_t furthest = MAX(other->highest, stream->link.expected[to]);
	if (offset >= 0 && (uint64_t)offset <= furthest + ACK_AHEAD_MAX) {
		half->sent_ack = (uint64_t)offset;
		other->acked = MAX(other->acked, half->sent_ack);
	}
	return half->sent_ack;
}

/* take_fin - takes a FIN at OFFSET. The one that is acknowledged counts, else the lowest one; one before bytes already
 * seen does not count, unless none of them is acknowledged, but it is. */
static void take_fin(struct stream *stream, enum direction direction, int64_t offset)
{
	struct half *half = &stream->half[direction], *other = &stream->half[direction_other(direction)];
	bool known = half->fin_seen && (half->fin_acked || offset >= (int64_t)half->fin);
	if (!known && offset < (int64_t)half->highest && offset >= (int64_t)stream->link.expected[direction])
		half->fin_below = (uint64_t)offset + 1;
	if (known || offset < (int64_t)half->highest)
		return;
	half->fin_seen = true;
	half->fin = (uint64_t)offset;
	/* It may have been acknowledged before it was captured. */
	half->fin_acked = half->acked == half->fin + 1;
	half->acked = MIN(half->acked, half->fin);
	other->sent_ack = MIN(other->sent_ack, half->fin);
	for (int i = 0; i < PATIENCE_STEPS; i++)
		half->acked_before[i] = MIN(half->acked_before[i], half->fin);
}

/* take_reset - takes a RST with this sequence number; returns false when it is not valid. Its receiver accepts only the
 * exact number that it expects, which the capture may not show. */
RARE static bool take_reset(struct stream *stream, enum direction direction, uint32_t seq)
{
	struct half *half = &stream->half[direction];
	uint64_t expected = stream->link.expected[direction], highest = MAX(half->highest, expected);
	int64_t offset = half->known ? offset_of(stream, direction, seq) : 0;

	/* The RST for data to a closed socket has the acknowledgement number of that data. */
	if (offset < (int64_t)MIN(half->acked, expected) || offset > (int64_t)highest + RESET_AHEAD_MAX)
		return false;
	half->reset_seen = true;
	half->reset = MAX((uint64_t)offset, highest);
	if (half->fin_seen && half->reset > half->fin)
		half->reset = half->fin;
	return true;
}

/* both_over - have both sides closed or reset, and was everything before that delivered? */
static bool both_over(const struct stream *stream)
{
	for (enum direction d = UP; d <= DOWN; d++) {
		const struct half *half = &stream->half[d];
		if ((!half->fin_seen && !half->reset_seen) ||
			stream->link.expected[d] < (half->fin_seen ? half->fin : half->reset))
			return false;
	}
	return !stream_holds(stream) && !outbox_waits(&stream->outbox);
}

/* event - the state of the connection after a segment. */
static enum stream_event event(struct stream *stream)
{
	bool pending = false;
	for (enum direction d = UP; d <= DOWN; d++) {
		struct half *half = &stream->half[d];
		if (!half->reset_seen)
			continue;
		/* Its sender sent more, or closed elsewhere. */
		if (half->highest > half->reset || (half->fin_seen && half->fin != half->reset)) {
			half->reset_seen = false;
			return STREAM_RESET_REVOKED;
		}
		pending = true;
	}
	if (pending)
		return both_over(stream) ? STREAM_CLOSED : STREAM_RESET_PENDING;
	if (!stream_closing(stream))
		return STREAM_OPEN;
	return stream->outbox.fin_delivered[UP] && stream->outbox.fin_delivered[DOWN] ? STREAM_CLOSED : STREAM_CLOSING;
}

enum stream_event stream_segment(struct stream *stream, enum direction direction, const struct segment *segment)
{
	struct half *half = &stream->half[direction];
	bool syn = (segment->flags & TCP_SYN) != 0;

	if (segment->flags & TCP_RST)
		return take_reset(stream, direction, segment->seq) ? event(stream) : STREAM_RESET_INVALID;
	if (!half->known) {
		half->known = true;
		half->first_seq = segment->seq + syn;
	}
	if (stream->one_sided && direction == stream->missing)
		stream->one_sided = false;

	uint64_t acked = half->sent_ack;
	if (segment->flags & TCP_ACK) {
		acked = take_ack(stream, direction, segment->ack);
		delivery_fin(stream, direction_other(direction), false);
	}
	int64_t offset = offset_of(stream, direction, segment->seq + syn);
	if (segment->captured > 0)
		take_payload(stream, direction, offset, segment->payload, segment->captured, acked);
	if (segment->captured < segment->length && offset >= 0 && !half->fin_seen)
		half->highest = MAX(half->highest, (uint64_t)offset + segment->length);
	if (segment->flags & TCP_FIN)
		take_fin(stream, direction, offset + segment->length);
	delivery_fin(stream, direction, false);
	if (++stream->packets % PATIENCE_STEP == 0 && stream->live)
		delivery_impatient(stream);
	if (stream->outbox.held > WAITING_BYTES_MAX)
		stream_hurry(stream, true);
	return event(stream);
}

bool stream_reset_by(const struct stream *stream, enum direction direction)
{
	return stream->half[direction].reset_seen;
}

void stream_compare(struct stream *stream, enum direction direction, const struct segment *segment)
{
	const uint32_t first = segment->seq + ((segment->flags & TCP_SYN) != 0);
	const uint64_t expected = stream->link.expected[direction];
	const int64_t offset = offset_of(stream, direction, first);
	if (offset < 0 || (uint64_t)offset >= expected)
		return;
	const struct span whole = { segment->payload, segment->captured };
	const size_t size = MIN(whole.size, (size_t)(expected - (uint64_t)offset));
	if (history_differs(stream->half[direction].newest, (uint64_t)offset, whole.data, size))
		stream->outbox.sink->conflict(stream->outbox.user, direction, (uint64_t)offset, whole);
}

uint64_t stream_ignored(const struct stream *stream)
{
	return stream->ignored;
}

bool stream_closing(const struct stream *stream)
{
	if (stream->one_sided)
		return stream->half[direction_other(stream->missing)].fin_seen;
	return stream->half[UP].fin_seen && stream->half[DOWN].fin_seen;
}

bool stream_begins_at(const struct stream *stream, enum direction direction, uint32_t seq)
{
	return stream->half[direction].known && stream->half[direction].first_seq == seq + 1;
}

int64_t stream_offset(const struct stream *stream, enum direction direction, uint32_t seq)
{
	return stream->half[direction].known ? offset_of(stream, direction, seq) : 0;
}

/* ---- creation and release ---- */

void reassembly_pass(const struct segment *segment)
{
	history_pass(segment->captured);
}

struct stream *stream_new(const struct stream_start *start, const struct stream_sink *sink, void *user)
{
	struct stream *stream = g_new0(struct stream, 1);
	stream->outbox.sink = sink;
	stream->outbox.user = user;
	stream->live = start->live;
	stream->one_sided = start->one_sided;
	stream->missing = start->missing;
	for (enum direction d = UP; d <= DOWN; d++) {
		stream->half[d].known = start->known[d];
		stream->half[d].first_seq = start->first_seq[d];
	}
	return stream;
}

size_t stream_buffered(const struct stream *stream)
{
	size_t size = sizeof *stream + stream->outbox.held;
	for (enum direction d = UP; d <= DOWN; d++)
		size += stream->half[d].held.bytes + stream->half[d].held.segments * (size_t)HELD_OVERHEAD;
	return size;
}

void stream_free(struct stream *stream)
{
	if (!stream)
		return;
	nids_link_release(&stream->link);
	outbox_free(&stream->outbox);
	for (enum direction d = UP; d <= DOWN; d++)
		pieces_free(&stream->half[d].held);
	g_free(stream);
}

bool reassembly_init(void)
{
	static const struct nids_owner owner = { .bytes = delivery_bytes };
	return nids_open(&owner);
}

void reassembly_exit(void)
{
	nids_close();
}
