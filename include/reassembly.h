/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * reassembly.h - segments of one connection become two ordered byte streams. The only stage that knows libnids.
 *
 * libnids orders the segments and calls back; it is handed packets in one canonical form (raw IPv4 with a fresh
 * 40-byte header, the stream's number as source address, an injected handshake), because what it does with real
 * headers loses data: see reassembly.c. libnids keeps its state in globals, so there is one reassembly a process.
 */
#ifndef SMTPSCAN_REASSEMBLY_H
#define SMTPSCAN_REASSEMBLY_H

#include "decode.h"
#include "types.h"

struct stream; /* one connection inside libnids */

struct stream_sink {
	void (*bytes)(void *user, enum direction direction, const uint8_t *data, size_t size, uint64_t acked);
	void (*gap)(void *user, enum direction direction, uint64_t size);
	void (*fin)(void *user, enum direction direction);
	void (*conflict)(void *user, enum direction direction, uint64_t offset, struct span bytes);
};

/* reassembly_init - sets libnids up. Call once. Returns false with a sentence on standard error when it refuses. */
bool reassembly_init(void);
void reassembly_exit(void);

struct stream *stream_new(const struct stream_sink *sink, void *user);
/* stream_segment - takes one segment of the connection, sent in `direction`. Returns true when the segment was a
 * reset inside the window: the connection is over. */
bool stream_segment(struct stream *stream, enum direction direction, const struct segment *segment);
/* stream_flush - nothing more will come: holes are skipped as gaps, everything that was held is delivered. */
void stream_flush(struct stream *stream);
/* stream_buffered - bytes held for this stream. */
size_t stream_buffered(const struct stream *stream);
void stream_free(struct stream *stream);

#endif
