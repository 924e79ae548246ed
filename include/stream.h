/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * stream.h - segments of one connection become two ordered byte streams. The only stage that knows libnids.
 *
 * libnids orders the segments and calls back; it is handed packets in one canonical form (raw IPv4 with a fresh
 * 40-byte header, a number as source address, an injected handshake), because what it does with real headers loses
 * data: see stream/nids.c. libnids keeps its state in globals, so there is one reassembly a process.
 *
 * Offsets count from 0 in each direction. A byte is delivered once; of several copies the first one captured wins.
 */
#ifndef SMTPSCAN_STREAM_H
#define SMTPSCAN_STREAM_H

#include "packet.h"
#include "types.h"

struct stream; /* one connection inside libnids */

/* Calls are synchronous, within stream_segment and stream_flush. `acked`: see flow.h. conflict: a copy of bytes seen
 * before differs from the first one and is not used. */
struct stream_sink {
	void (*bytes)(void *user, enum direction direction, const uint8_t *data, size_t size, uint64_t acked);
	/* given_up: the octets may still come, but there is no room to wait for them. */
	void (*gap)(void *user, enum direction direction, uint64_t size, bool given_up);
	void (*fin)(void *user, enum direction direction);
	void (*conflict)(void *user, enum direction direction, uint64_t offset, struct span bytes);
};

/* Where the two directions begin. */
struct stream_start {
	bool known[2];         /* false: the first segment or acknowledgement tells */
	uint32_t first_seq[2]; /* sequence number of the byte at offset 0 */
	bool live;             /* a gap is told after a few dozen packets: somebody waits for what is behind it */
	bool one_sided;        /* no packet of `missing` will come: what is acknowledged of it is a gap at once */
	enum direction missing;
};

/* What a segment did to the connection. */
enum stream_event {
	STREAM_OPEN,
	STREAM_CLOSING,       /* both sides have sent FIN; bytes or the last acknowledgements are still missing */
	STREAM_CLOSED,        /* both sides have closed, everything is delivered and acknowledged */
	STREAM_RESET,         /* a valid reset, and everything before it is delivered */
	STREAM_RESET_PENDING, /* a reset that seems valid, but bytes before it are missing: they may be late */
	STREAM_RESET_REVOKED, /* its sender went on: the reset before was none */
	STREAM_RESET_INVALID  /* a reset outside the window: ignored */
};

/* reassembly_init - sets libnids up. Call once. Returns false with a sentence on standard error when it refuses. */
bool reassembly_init(void);
void reassembly_exit(void);

/* reassembly_pass - every segment of the input, of this share of the connections or another: how far back copies are
 * compared does not depend on the share. */
void reassembly_pass(const struct segment *segment);

struct stream *stream_new(const struct stream_start *start, const struct stream_sink *sink, void *user);
/* stream_segment - takes one segment of the connection, sent in `direction`. */
enum stream_event stream_segment(struct stream *stream, enum direction direction, const struct segment *segment);
/* stream_begins_at - is SEQ the sequence number of the SYN this direction began with? */
bool stream_begins_at(const struct stream *stream, enum direction direction, uint32_t seq);
/* stream_offset - a sequence number as an offset; negative when it lies before the start. */
int64_t stream_offset(const struct stream *stream, enum direction direction, uint32_t seq);
/* stream_reset_by - did this direction's sender reset the connection? */
bool stream_reset_by(const struct stream *stream, enum direction direction);
/* stream_closing - have both sides sent FIN (of a one-sided connection: the one that is seen)? */
bool stream_closing(const struct stream *stream);
/* stream_waits - is anything held until octets come that are missing? */
bool stream_waits(const struct stream *stream);
/* stream_hurry - what is missing of that is not waited for any longer: it is a gap; given_up: for lack of room. */
void stream_hurry(struct stream *stream, bool given_up);
/* stream_flush - nothing more will come: holes are skipped as gaps, everything that was held is delivered. */
void stream_flush(struct stream *stream);
/* stream_buffered - bytes held for this stream, its own memory included. */
size_t stream_buffered(const struct stream *stream);
void stream_free(struct stream *stream);

#endif
