/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * stream.h - turns the segments of one connection into two ordered byte streams. The only stage that uses libnids.
 *
 * libnids orders the segments and calls back. It gets packets in one canonical form (raw IPv4 with a new 40-byte
 * header, a connection number as source address, an injected handshake), because it loses data with the real headers:
 * see stream/nids.c. libnids keeps its state in globals, so a process has one reassembly.
 *
 * Offsets count from 0 in each direction. A byte is delivered once; of several copies the first captured one counts.
 */
#ifndef SMTPSCAN_STREAM_H
#define SMTPSCAN_STREAM_H

#include "packet.h"
#include "types.h"

struct stream; /* one connection inside libnids */

/* Calls are synchronous, within stream_segment, stream_hurry and stream_flush. `acked`: see flow.h. conflict: a later
 * copy of bytes differs from the first one and is not used. */
struct stream_sink {
	void (*bytes)(void *user, enum direction direction, const uint8_t *data, size_t size, uint64_t acked);
	/* given_up: the octets may still arrive, but there is no memory to wait for them. */
	void (*gap)(void *user, enum direction direction, uint64_t size, bool given_up);
	void (*fin)(void *user, enum direction direction);
	void (*conflict)(void *user, enum direction direction, uint64_t offset, struct span bytes);
};

/* Where the two directions begin. */
struct stream_start {
	bool known[2];         /* false: the first segment or acknowledgement decides */
	uint32_t first_seq[2]; /* sequence number of the byte at offset 0 */
	bool live;             /* the input is live: a gap is reported after a few dozen packets */
	bool one_sided;        /* no packet of `missing` will come: what is acknowledged of it is a gap at once */
	enum direction missing;
};

/* What state the segment left the connection in. */
enum stream_event {
	STREAM_OPEN,
	STREAM_CLOSING,       /* both sides have sent FIN; bytes or the last acknowledgements are still missing */
	STREAM_CLOSED,        /* both sides have closed, everything is delivered and acknowledged */
	STREAM_RESET_PENDING, /* a reset that seems valid: bytes before it may arrive late, or show that it was not */
	STREAM_RESET_REVOKED, /* its sender sent more, so the reset was not valid */
	STREAM_RESET_INVALID  /* a reset outside the window: ignored */
};

/* reassembly_init - starts libnids. Call once. Returns false, with a message on standard error, when libnids fails. */
bool reassembly_init(void);
void reassembly_exit(void);

/* reassembly_pass - takes every segment of the input, also those of other shares of the connections: so how far back
 * copies are compared does not depend on the share. */
void reassembly_pass(const struct segment *segment);

struct stream *stream_new(const struct stream_start *start, const struct stream_sink *sink, void *user);
/* stream_segment - takes one segment of the connection, sent in `direction`. */
enum stream_event stream_segment(struct stream *stream, enum direction direction, const struct segment *segment);
/* stream_begins_at - is SEQ the sequence number of the SYN that opened this direction? */
bool stream_begins_at(const struct stream *stream, enum direction direction, uint32_t seq);
/* stream_offset - a sequence number as an offset; negative when it lies before the start. */
int64_t stream_offset(const struct stream *stream, enum direction direction, uint32_t seq);
/* stream_reset_by - did the sender of this direction reset the connection? */
bool stream_reset_by(const struct stream *stream, enum direction direction);
/* stream_compare - reports a conflict when the bytes of a segment differ from those that were delivered in their place;
 * uses none of them. */
void stream_compare(struct stream *stream, enum direction direction, const struct segment *segment);
/* stream_ignored - number of segments whose data was not used, because it lies before the start of the stream or
 * further ahead than any window. */
uint64_t stream_ignored(const struct stream *stream);
/* stream_closing - have both sides sent FIN (of a one-sided connection: the one that is seen)? */
bool stream_closing(const struct stream *stream);
/* stream_waits - are segments held until missing octets arrive? */
bool stream_waits(const struct stream *stream);
/* stream_hurry - stops waiting for missing octets: reports them as a gap and delivers what was held. given_up: for lack
 * of memory. */
void stream_hurry(struct stream *stream, bool given_up);
/* stream_flush - nothing more will come: reports missing octets as gaps and delivers everything that was held. */
void stream_flush(struct stream *stream);
/* stream_buffered - bytes held for this stream, its own memory included. */
size_t stream_buffered(const struct stream *stream);
void stream_free(struct stream *stream);

#endif
