/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * pieces.h - what waits out of order: places and acknowledgements. The bytes wait in libnids' queue, or, where that has
 * no room, here.
 *
 * Pieces never overlap. Neighbours with the same acknowledgement are one. Pieces belong to their list. All pieces of a
 * list wait in the same place.
 */
#ifndef SMTPSCAN_STREAM_PIECES_H
#define SMTPSCAN_STREAM_PIECES_H

#include "types.h"

struct piece {
	struct piece *previous, *next;
	uint64_t offset;
	uint64_t size;
	uint64_t acked;
	uint64_t since;    /* the connection's packet it came with: so long the hole before it has been there */
	uint32_t segments; /* that it came in */
	uint8_t *data;     /* its bytes; NULL: libnids has them */
};

struct pieces {
	struct piece *first, *last;
	uint32_t count;
	uint32_t segments;
	size_t bytes;
};

/* pieces_add - a piece that overlaps none, AT its place; BEHIND is what pieces_behind says of it. data: its bytes, when
 * they are to be kept here; NULL: libnids has them. */
struct piece_place {
	uint64_t offset, acked, now;
};
void pieces_add(struct pieces *pieces, struct piece *behind, struct piece_place at, const uint8_t *data, size_t size);
/* pieces_take - the first SIZE octets of the first piece are gone. */
void pieces_take(struct pieces *pieces, size_t size);
/* pieces_remove - the first piece is gone; its bytes, when they were kept here, are the caller's (g_free). */
uint8_t *pieces_remove(struct pieces *pieces);
/* pieces_behind - the first piece that ends behind OFFSET, or NULL. */
struct piece *pieces_behind(const struct pieces *pieces, uint64_t offset);
/* pieces_free - forgets all of them. */
void pieces_free(struct pieces *pieces);

#endif
