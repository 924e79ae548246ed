/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * pieces.c - see pieces.h. A list that is searched from its end, because new pieces usually belong there.
 */
#include "pieces.h"

#include <glib.h>
#include <string.h>

/* piece_grow - adds SIZE octets to a piece, before or after its own. */
static void piece_grow(struct piece *piece, bool in_front, const uint8_t *data, size_t size)
{
	size_t old = (size_t)piece->size;
	piece->size += size;
	piece->segments++;
	if (!data)
		return;
	piece->data = g_realloc(piece->data, old + size);
	if (in_front)
		memmove(piece->data + size, piece->data, old);
	memcpy(piece->data + (in_front ? 0 : old), data, size);
}

void pieces_add(struct pieces *pieces, struct piece *after, struct piece_place at, const uint8_t *data, size_t size)
{
	struct piece *before = after ? after->previous : pieces->last;
	pieces->bytes += size;
	pieces->segments++;
	if (before && before->offset + before->size == at.offset && before->acked == at.acked) {
		piece_grow(before, false, data, size);
		return;
	}
	if (after && at.offset + size == after->offset && after->acked == at.acked) {
		piece_grow(after, true, data, size);
		after->offset = at.offset;
		after->since = at.now;
		return;
	}
	struct piece *piece = g_new(struct piece, 1);
	*piece = (struct piece){
		.offset = at.offset, .acked = at.acked, .since = at.now, .previous = before, .next = after
	};
	piece_grow(piece, false, data, size);
	*(before ? &before->next : &pieces->first) = piece;
	*(piece->next ? &piece->next->previous : &pieces->last) = piece;
	pieces->count++;
}

uint8_t *pieces_remove(struct pieces *pieces)
{
	struct piece *piece = pieces->first;
	uint8_t *data = piece->data;
	*(piece->next ? &piece->next->previous : &pieces->last) = NULL;
	pieces->first = piece->next;
	pieces->bytes -= (size_t)piece->size;
	pieces->segments -= piece->segments;
	pieces->count--;
	g_free(piece);
	return data;
}

void pieces_take(struct pieces *pieces, size_t size)
{
	struct piece *piece = pieces->first;
	piece->offset += size;
	piece->size -= size;
	pieces->bytes -= size;
	if (piece->size == 0)
		pieces_remove(pieces);
}

struct piece *pieces_after(const struct pieces *pieces, uint64_t offset)
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
		g_free(pieces_remove(pieces));
}
