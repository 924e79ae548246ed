/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * delivery.h - the state of a connection's two streams; how its bytes, gaps and FINs reach the sink. Private to this
 * stage.
 */
#ifndef SMTPSCAN_STREAM_DELIVERY_H
#define SMTPSCAN_STREAM_DELIVERY_H

#include "nids.h"
#include "order.h"
#include "pieces.h"

#define PATIENCE_STEP 16 /* packets of the connection between two checks of the acknowledgements */
#define PATIENCE_STEPS 4 /* ... so missing bytes are waited for during 48 to 64 packets */
#define PATIENCE (PATIENCE_STEP * (PATIENCE_STEPS - 1))

/* The members that every segment needs come first, as in struct connection. */
struct half {
	uint32_t first_seq; /* of the byte at offset 0 */
	bool known;         /* is first_seq known? */
	bool fin_seen, fin_put, fin_acked, reset_seen;
	uint64_t highest;  /* offset after the last byte seen */
	uint64_t acked;    /* highest offset that the peer acknowledged */
	uint64_t sent_ack; /* the last acknowledgement this direction sent, as an offset of the other one */
	uint64_t progress; /* packet of the connection at which bytes were last delivered */
	uint64_t newest;   /* address of the newest chunk, see history.h */
	struct pieces held;
	uint64_t fin;                          /* offset of the FIN, when fin_seen */
	uint64_t fin_below;                    /* ... of one before octets that were seen, and one more; 0: none */
	uint64_t reset;                        /* offset of the RST, when reset_seen */
	uint64_t acked_before[PATIENCE_STEPS]; /* earlier values of acked, newest first */
};

struct stream {
	struct nids_link link; /* must be first: delivery_bytes casts it to the stream */
	uint64_t direct_acked; /* acknowledgement of the piece that is being fed */
	bool stored;           /* the history has that piece already */
	uint64_t packets;
	bool live;
	uint64_t ignored; /* segments whose data is not used, see stream_ignored */
	bool giving_up;   /* gaps reported now are given up for lack of memory */
	bool one_sided;
	enum direction missing;
	struct outbox outbox;
	struct half half[2];
};

/* offset_of - a sequence number as the stream offset nearest to the expected one. */
static inline int64_t offset_of(const struct stream *stream, enum direction direction, uint32_t seq)
{
	uint64_t expected = stream->link.expected[direction];
	return (int64_t)expected + (int32_t)(seq - (stream->half[direction].first_seq + (uint32_t)expected));
}

/* gap_end - offset of the first bytes after the current gap; UINT64_MAX when nothing is held. */
static inline uint64_t gap_end(const struct half *half)
{
	return half->held.first ? half->held.first->offset : UINT64_MAX;
}

/* fin_is_passed - was the FIN acknowledged, and everything before it delivered? What is held then lies behind it:
 * forged. */
static inline bool fin_is_passed(const struct stream *stream, enum direction direction)
{
	const struct half *half = &stream->half[direction];
	return half->fin_acked && stream->link.expected[direction] >= half->fin;
}

/* first_held - the first piece that is held and may still be delivered; NULL: none. */
static inline const struct piece *first_held(const struct stream *stream, enum direction direction)
{
	return fin_is_passed(stream, direction) ? NULL : stream->half[direction].held.first;
}

/* stream_holds - are there pieces out of order? */
static inline bool stream_holds(const struct stream *stream)
{
	return first_held(stream, UP) || first_held(stream, DOWN);
}

/* delivery_bytes - libnids delivers bytes: those of the piece that is being fed, or of queued pieces. */
void delivery_bytes(struct nids_link *link, enum direction direction, const uint8_t *data, size_t size);
/* delivery_kept - feeds pieces that libnids had no room for and that are now next in order. */
void delivery_kept(struct stream *stream, enum direction direction);
/* delivery_skip - reports the bytes up to OFFSET as a gap. */
RARE void delivery_skip(struct stream *stream, enum direction direction, uint64_t offset);
/* delivery_fin - reports the FIN once everything before it is delivered, and its receiver has it: a forged one may not
 * reach it. last: nothing more will come. */
void delivery_fin(struct stream *stream, enum direction direction, bool last);
/* delivery_impatient - with live input, every PATIENCE_STEP packets: skips bytes that were acknowledged a few dozen
 * packets ago and are still missing. */
void delivery_impatient(struct stream *stream);

#endif
