/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * pieces.h - pieces of a stream that are out of order: their offsets and acknowledgements. Their bytes wait in libnids'
 * queue or, when that has no room, here.
 *
 * Pieces never overlap. Adjacent pieces with the same acknowledgement are merged. The list owns its pieces. The bytes
 * of all pieces of a list are in libnids, or all are here.
 */
#ifndef SMTPSCAN_STREAM_PIECES_H
#define SMTPSCAN_STREAM_PIECES_H

#include "types.h"

struct piece {
	struct piece *previous, *next;
	uint64_t offset;
	uint64_t size;
	uint64_t acked;
	uint64_t since;    /* packet of the connection that it came with: since then the bytes before it are missing */
	uint32_t segments; /* number of segments that it came in */
	uint8_t *data;     /* its bytes; NULL: libnids has them */
};

struct pieces {
	struct piece *first, *last;
	uint32_t count;
	uint32_t segments;
	size_t bytes;
};

/* pieces_add - adds a piece that overlaps none; after: the result of pieces_after for its offset. data: its bytes, to
 * be kept here; NULL: libnids has them. */
struct piece_place {
	uint64_t offset, acked, now;
};
void pieces_add(struct pieces *pieces, struct piece *after, struct piece_place at, const uint8_t *data, size_t size);
/* pieces_take - removes the first SIZE octets of the first piece. */
void pieces_take(struct pieces *pieces, size_t size);
/* pieces_remove - removes the first piece; its bytes, when they were kept here, now belong to the caller (g_free). */
uint8_t *pieces_remove(struct pieces *pieces);
/* pieces_after - the first piece that ends after OFFSET, or NULL. */
struct piece *pieces_after(const struct pieces *pieces, uint64_t offset);
/* pieces_free - frees all of them. */
void pieces_free(struct pieces *pieces);

#endif
