/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * history.h - the latest bytes of all streams, in one ring of fixed size, to compare retransmissions with.
 *
 * A direction of a stream keeps the address of its newest chunk; each chunk links to the one before it. New chunks
 * overwrite the oldest: overwritten bytes can't be compared any more. libnids uses the next free place as its buffer,
 * so storing a byte needs no extra copy.
 *
 * How far back bytes are compared is counted in octets of the whole input (history_pass), so that it is the same in
 * every worker, whatever its share of the connections. The ring has room for as many, each stored once.
 */
#ifndef SMTPSCAN_STREAM_HISTORY_H
#define SMTPSCAN_STREAM_HISTORY_H

#include "types.h"

#define HISTORY_SIZE (2 * 1024 * 1024)
#define HISTORY_CHUNK_MAX 65536 /* octets that fit where history_room points */
#define HISTORY_REACH (HISTORY_SIZE - 2 * HISTORY_CHUNK_MAX)

/* history_pass - the next segment of the input has so many octets of payload. */
void history_pass(size_t size);
/* history_room - where the octets of the next chunk go: room for HISTORY_CHUNK_MAX. Valid until the next commit. */
uint8_t *history_room(void);
/* history_commit - SIZE octets were written to history_room: they are the bytes at OFFSET of the direction whose newest
 * chunk is *newest (0 at first). */
void history_commit(uint64_t *newest, uint64_t offset, size_t size);
/* history_store - the same for bytes that are elsewhere. */
void history_store(uint64_t *newest, uint64_t offset, const uint8_t *data, size_t size);
/* history_differs - does one of these bytes differ from the stored one? */
bool history_differs(uint64_t newest, uint64_t offset, const uint8_t *data, size_t size);

#endif
