/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * order.c - see order.h.
 */
#include "order.h"

#include <glib.h>
#include <string.h>

enum entry_kind { ENTRY_BYTES, ENTRY_GAP, ENTRY_GIVEN_UP, ENTRY_FIN };

struct outbox_entry {
	struct outbox_entry *next;
	enum entry_kind kind;
	uint64_t size, acked;
	uint64_t arrival;
	uint8_t data[];
};

/* tell - to the sink. */
static void tell(struct outbox *outbox, enum direction direction, const struct outbox_entry *entry, const uint8_t *data)
{
	outbox->told[direction] += entry->size;
	switch (entry->kind) {
	case ENTRY_BYTES:
		outbox->sink->bytes(outbox->user, direction, data, (size_t)entry->size, entry->acked);
		break;
	case ENTRY_GAP:
	case ENTRY_GIVEN_UP:
		outbox->sink->gap(outbox->user, direction, entry->size, entry->kind == ENTRY_GIVEN_UP);
		break;
	case ENTRY_FIN:
		outbox->fin_told[direction] = true;
		outbox->sink->fin(outbox->user, direction);
		break;
	}
}

/* may_go - has everything been told that its sender had seen? */
static bool may_go(const struct outbox *outbox, enum direction direction, const struct outbox_entry *entry)
{
	return entry->kind != ENTRY_BYTES || entry->acked <= outbox->told[direction_other(direction)];
}

/* tell_first - the first that waits. */
static void tell_first(struct outbox *outbox, enum direction direction)
{
	struct outbox_entry *entry = outbox->waiting[direction].first;
	outbox->waiting[direction].first = entry->next;
	if (!entry->next)
		outbox->waiting[direction].last = NULL;
	outbox->held -= sizeof *entry + (entry->kind == ENTRY_BYTES ? (size_t)entry->size : 0);
	tell(outbox, direction, entry, entry->data);
	g_free(entry);
}

/* tell_earliest - the first that waits in either direction. */
static void tell_earliest(struct outbox *outbox)
{
	const struct outbox_entry *up = outbox->waiting[UP].first, *down = outbox->waiting[DOWN].first;
	tell_first(outbox, !down || (up && up->arrival < down->arrival) ? UP : DOWN);
}

/* tell_ready - everything that need not wait any more. */
static void tell_ready(struct outbox *outbox)
{
	const struct outbox_entry *first;
	for (bool told = true; told;) {
		told = false;
		for (enum direction d = UP; d <= DOWN; d++)
			while ((first = outbox->waiting[d].first) && may_go(outbox, d, first)) {
				tell_first(outbox, d);
				told = true;
			}
		/* Each waits for the other: the acknowledgements make no sense. */
		if (!told && outbox->waiting[UP].first && outbox->waiting[DOWN].first) {
			tell_earliest(outbox);
			told = true;
		}
	}
}

static void put(struct outbox *outbox, enum direction direction, struct outbox_entry like, const uint8_t *data)
{
	if (!outbox->waiting[direction].first && may_go(outbox, direction, &like)) {
		tell(outbox, direction, &like, data);
		if (outbox->waiting[direction_other(direction)].first)
			tell_ready(outbox);
		return;
	}
	size_t size = like.kind == ENTRY_BYTES ? (size_t)like.size : 0;
	struct outbox_entry *entry = g_malloc(sizeof *entry + size);
	*entry = like;
	entry->arrival = outbox->arrivals++;
	if (size > 0)
		memcpy(entry->data, data, size);
	*(outbox->waiting[direction].last ? &outbox->waiting[direction].last->next
					  : &outbox->waiting[direction].first) = entry;
	outbox->waiting[direction].last = entry;
	outbox->held += sizeof *entry + size;
	tell_ready(outbox);
	while (outbox->held > OUTBOX_BYTES_MAX)
		tell_earliest(outbox);
}

void outbox_bytes(struct outbox *outbox, enum direction direction, const uint8_t *data, size_t size, uint64_t acked)
{
	/* Most often nothing waits, and nothing is waited for. */
	if (G_LIKELY(!outbox_waits(outbox) && acked <= outbox->told[direction_other(direction)])) {
		outbox->told[direction] += size;
		outbox->sink->bytes(outbox->user, direction, data, size, acked);
		return;
	}
	put(outbox, direction, (struct outbox_entry){ .kind = ENTRY_BYTES, .size = size, .acked = acked }, data);
}

void outbox_gap(struct outbox *outbox, enum direction direction, uint64_t size, bool given_up)
{
	enum entry_kind kind = given_up ? ENTRY_GIVEN_UP : ENTRY_GAP;
	put(outbox, direction, (struct outbox_entry){ .kind = kind, .size = size }, NULL);
}

void outbox_fin(struct outbox *outbox, enum direction direction)
{
	put(outbox, direction, (struct outbox_entry){ .kind = ENTRY_FIN }, NULL);
}

bool outbox_waits(const struct outbox *outbox)
{
	return outbox->waiting[UP].first || outbox->waiting[DOWN].first;
}

void outbox_flush(struct outbox *outbox)
{
	while (outbox_waits(outbox)) {
		tell_earliest(outbox);
		tell_ready(outbox);
	}
}

void outbox_free(struct outbox *outbox)
{
	for (enum direction d = UP; d <= DOWN; d++)
		while (outbox->waiting[d].first) {
			struct outbox_entry *entry = outbox->waiting[d].first;
			outbox->waiting[d].first = entry->next;
			g_free(entry);
		}
}
