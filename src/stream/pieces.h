/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * pieces.h - what waits in libnids' queue, in order: places and acknowledgements, not the bytes.
 *
 * Pieces never overlap. Neighbours with the same acknowledgement are one. Pieces belong to their list.
 */
#ifndef SMTPSCAN_STREAM_PIECES_H
#define SMTPSCAN_STREAM_PIECES_H

#include "types.h"

struct piece {
	struct piece *previous, *next;
	uint64_t offset;
	uint64_t size;
	uint64_t acked;
	uint64_t since; /* the connection's packet it came with: so long the hole before it has been there */
};

struct pieces {
	struct piece *first, *last;
	uint32_t count;
	size_t bytes;
};

/* pieces_add - a piece that overlaps none; BEHIND is what pieces_behind says of its place. */
void pieces_add(
	struct pieces *pieces, struct piece *behind, uint64_t offset, size_t size, uint64_t acked, uint64_t now);
/* pieces_take - the first SIZE octets of the first piece are gone. */
void pieces_take(struct pieces *pieces, size_t size);
/* pieces_behind - the first piece that ends behind OFFSET, or NULL. */
struct piece *pieces_behind(const struct pieces *pieces, uint64_t offset);
/* pieces_free - forgets all of them. */
void pieces_free(struct pieces *pieces);

#endif
