/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * pieces.c - see pieces.h. A list searched from its end: what is new most often belongs there.
 */
#include "pieces.h"

#include <glib.h>

void pieces_add(struct pieces *pieces, struct piece *behind, uint64_t offset, size_t size, uint64_t acked, uint64_t now)
{
	struct piece *before = behind ? behind->previous : pieces->last;
	pieces->bytes += size;
	if (before && before->offset + before->size == offset && before->acked == acked) {
		before->size += size;
		return;
	}
	if (behind && offset + size == behind->offset && behind->acked == acked) {
		behind->offset = offset;
		behind->size += size;
		behind->since = now;
		return;
	}
	struct piece *piece = g_new(struct piece, 1);
	*piece = (struct piece){
		.offset = offset, .size = size, .acked = acked, .since = now, .previous = before, .next = behind
	};
	*(before ? &before->next : &pieces->first) = piece;
	*(piece->next ? &piece->next->previous : &pieces->last) = piece;
	pieces->count++;
}

void pieces_take(struct pieces *pieces, size_t size)
{
	struct piece *piece = pieces->first;
	piece->offset += size;
	piece->size -= size;
	pieces->bytes -= size;
	if (piece->size > 0)
		return;
	*(piece->next ? &piece->next->previous : &pieces->last) = NULL;
	pieces->first = piece->next;
	pieces->count--;
	g_free(piece);
}

struct piece *pieces_behind(const struct pieces *pieces, uint64_t offset)
{
	struct piece *piece = pieces->last, *found = NULL;
	while (piece && piece->offset + piece->size > offset) {
		found = piece;
		piece = piece->previous;
	}
	return found;
}

void pieces_free(struct pieces *pieces)
{
	while (pieces->first)
		pieces_take(pieces, (size_t)pieces->first->size);
}
