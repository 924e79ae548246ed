/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * history.h - the bytes seen last, over all streams, in one ring of fixed size: what retransmissions are compared with.
 *
 * A direction of a stream keeps the place of its newest chunk; each chunk knows the one before it. Old chunks are
 * overwritten without notice: what is no longer here can't be compared. libnids is lent the next free place as its
 * buffer, so that storing a byte costs no copy of its own.
 *
 * How far memory reaches is counted in octets of the input, whoever's they are (history_pass), so that it is the same
 * in every worker, whatever its share of the connections. The ring has room for as many, each stored once.
 */
#ifndef SMTPSCAN_STREAM_HISTORY_H
#define SMTPSCAN_STREAM_HISTORY_H

#include "types.h"

#define HISTORY_SIZE (2 * 1024 * 1024)
#define HISTORY_CHUNK_MAX 65536 /* octets that fit where history_room points */
#define HISTORY_REACH (HISTORY_SIZE - 2 * HISTORY_CHUNK_MAX)

/* history_pass - so many octets of payload are in the next segment of the input. */
void history_pass(size_t size);
/* history_room - where the octets of the next chunk go: room for HISTORY_CHUNK_MAX. Valid until the next commit. */
uint8_t *history_room(void);
/* history_commit - SIZE octets stand there now: they are the bytes at OFFSET of the direction whose place is *newest
 * (0 at first). */
void history_commit(uint64_t *newest, uint64_t offset, size_t size);
/* history_store - the same for bytes that are somewhere else. */
void history_store(uint64_t *newest, uint64_t offset, const uint8_t *data, size_t size);
/* history_differs - is one of these bytes known to have been another one? */
bool history_differs(uint64_t newest, uint64_t offset, const uint8_t *data, size_t size);

#endif
