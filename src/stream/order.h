/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * order.h - delivers two ordered streams to the sink so that bytes come before their answer in the other direction.
 *
 * Bytes that acknowledge bytes of the other direction are delivered after those, or after the gap in their place, even
 * when packets were captured a little out of order or are missing. Bytes that must wait are kept here, at most
 * OUTBOX_BYTES_MAX; missing bytes always become a gap in the end (stream.c), so nothing waits for ever.
 */
#ifndef SMTPSCAN_STREAM_ORDER_H
#define SMTPSCAN_STREAM_ORDER_H

#include "stream.h"

#define OUTBOX_BYTES_MAX (16 * 1024 * 1024)

struct outbox_entry;

struct outbox {
	const struct stream_sink *sink;
	void *user;
	uint64_t delivered[2]; /* octets of bytes and gaps, by direction */
	bool fin_delivered[2];
	struct {
		struct outbox_entry *first, *last;
	} waiting[2];
	uint64_t arrivals; /* number of entries so far */
	size_t held;       /* memory */
};

void outbox_bytes(struct outbox *outbox, enum direction direction, const uint8_t *data, size_t size, uint64_t acked);
void outbox_gap(struct outbox *outbox, enum direction direction, uint64_t size, bool given_up);
void outbox_fin(struct outbox *outbox, enum direction direction);
/* outbox_waits - is there anything that was not delivered yet? */
bool outbox_waits(const struct outbox *outbox);
/* outbox_flush - delivers everything. */
void outbox_flush(struct outbox *outbox);
/* outbox_free - frees what waits. */
void outbox_free(struct outbox *outbox);

#endif
