/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * gather.c - gathers the pieces of one record. Usually its segments follow each other, so the pieces go to memory that
 * all connections share and that stays in the processor's cache. When another connection needs this memory first, the
 * pieces move to memory of their side, once per record.
 */
#include "parts.h"

#include <string.h>

/* move - frees the shared memory: moves its pieces to their side. */
static void move(struct gather *shared)
{
	struct side *side = shared->owner;
	if (side && !side->record)
		side->record = g_byte_array_new();
	if (side)
		g_byte_array_append(side->record, shared->octets, (guint)shared->size);
	shared->owner = NULL;
	shared->size = 0;
}

bool gather_begun(struct tls *tls, const struct side *side)
{
	return (side->record && side->record->len > 0) || keys_gather(tls->keys)->owner == side;
}

struct span gather_add(struct tls *tls, struct side *side, struct span piece)
{
	struct gather *shared = keys_gather(tls->keys);
	if (side->record && side->record->len > 0) {
		g_byte_array_append(side->record, piece.data, (guint)piece.size);
		return span_of(side->record->data, side->record->len);
	}
	if (shared->owner != side)
		move(shared);
	g_assert(piece.size <= sizeof shared->octets - shared->size);
	shared->owner = side;
	memcpy(shared->octets + shared->size, piece.data, piece.size);
	shared->size += piece.size;
	return span_of(shared->octets, shared->size);
}

void gather_drop(struct tls *tls, struct side *side)
{
	struct gather *shared = tls->keys ? keys_gather(tls->keys) : NULL;
	if (shared && shared->owner == side) {
		shared->owner = NULL;
		shared->size = 0;
	}
	if (side->record)
		g_byte_array_set_size(side->record, 0);
}
