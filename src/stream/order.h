/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * order.h - two streams, each in order, are told to the sink in an order that makes sense: cause before effect.
 *
 * Bytes that were sent in answer to bytes of the other direction (their acknowledgement says so) are told behind those,
 * or behind the gap in their place. Captures recorded a little out of order, and holes, would turn that around. What
 * has to wait is kept here, at most OUTBOX_BYTES_MAX of it; a gap is always told in the end (stream.c), so nothing
 * waits for ever.
 */
#ifndef SMTPSCAN_STREAM_ORDER_H
#define SMTPSCAN_STREAM_ORDER_H

#include "stream.h"

#define OUTBOX_BYTES_MAX (16 * 1024 * 1024)

struct outbox_entry;

struct outbox {
	const struct stream_sink *sink;
	void *user;
	uint64_t told[2]; /* bytes and gaps, by direction */
	bool fin_told[2];
	struct {
		struct outbox_entry *first, *last;
	} waiting[2];
	uint64_t arrivals; /* entries so far */
	size_t held;       /* memory */
};

void outbox_bytes(struct outbox *outbox, enum direction direction, const uint8_t *data, size_t size, uint64_t acked);
void outbox_gap(struct outbox *outbox, enum direction direction, uint64_t size, bool given_up);
void outbox_fin(struct outbox *outbox, enum direction direction);
/* outbox_waits - is there anything that was not told yet? */
bool outbox_waits(const struct outbox *outbox);
/* outbox_flush - tells everything. */
void outbox_flush(struct outbox *outbox);
/* outbox_free - forgets what waits. */
void outbox_free(struct outbox *outbox);

#endif
