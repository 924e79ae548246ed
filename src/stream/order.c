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

/* deliver_entry - passes an entry to the sink. */
static void deliver_entry(
	struct outbox *outbox, enum direction direction, const struct outbox_entry *entry, const uint8_t *data)
{
	outbox->delivered[direction] += entry->size;
	switch (entry->kind) {
	case ENTRY_BYTES:
		outbox->sink->bytes(outbox->user, direction, data, (size_t)entry->size, entry->acked);
		break;
	case ENTRY_GAP:
	case ENTRY_GIVEN_UP:
		outbox->sink->gap(outbox->user, direction, entry->size, entry->kind == ENTRY_GIVEN_UP);
		break;
	case ENTRY_FIN:
		outbox->fin_delivered[direction] = true;
		outbox->sink->fin(outbox->user, direction);
		break;
	}
}

/* may_go - was everything delivered that its sender had received? */
static bool may_go(const struct outbox *outbox, enum direction direction, const struct outbox_entry *entry)
{
	return entry->kind != ENTRY_BYTES || entry->acked <= outbox->delivered[direction_other(direction)];
}

/* deliver_first - the first waiting entry of a direction. */
static void deliver_first(struct outbox *outbox, enum direction direction)
{
	struct outbox_entry *entry = outbox->waiting[direction].first;
	outbox->waiting[direction].first = entry->next;
	if (!entry->next)
		outbox->waiting[direction].last = NULL;
	outbox->held -= sizeof *entry + (entry->kind == ENTRY_BYTES ? (size_t)entry->size : 0);
	deliver_entry(outbox, direction, entry, entry->data);
	g_free(entry);
}

/* deliver_earliest - the first waiting entry of both directions. */
static void deliver_earliest(struct outbox *outbox)
{
	const struct outbox_entry *up = outbox->waiting[UP].first, *down = outbox->waiting[DOWN].first;
	deliver_first(outbox, !down || (up && up->arrival < down->arrival) ? UP : DOWN);
}

/* deliver_ready - all entries that need not wait any more. */
static void deliver_ready(struct outbox *outbox)
{
	const struct outbox_entry *first;
	for (bool delivered = true; delivered;) {
		delivered = false;
		for (enum direction d = UP; d <= DOWN; d++)
			while ((first = outbox->waiting[d].first) && may_go(outbox, d, first)) {
				deliver_first(outbox, d);
				delivered = true;
			}
		/* Each waits for the other: the acknowledgements contradict each other. */
		if (!delivered && outbox->waiting[UP].first && outbox->waiting[DOWN].first) {
			deliver_earliest(outbox);
			delivered = true;
		}
	}
}

static void put_entry(struct outbox *outbox, enum direction direction, struct outbox_entry like, const uint8_t *data)
{
	if (!outbox->waiting[direction].first && may_go(outbox, direction, &like)) {
		deliver_entry(outbox, direction, &like, data);
		if (outbox->waiting[direction_other(direction)].first)
			deliver_ready(outbox);
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
	deliver_ready(outbox);
	while (outbox->held > OUTBOX_BYTES_MAX)
		deliver_earliest(outbox);
}

void outbox_bytes(struct outbox *outbox, enum direction direction, const uint8_t *data, size_t size, uint64_t acked)
{
	/* The usual case: nothing waits, and this need not wait. */
	if (G_LIKELY(!outbox_waits(outbox) && acked <= outbox->delivered[direction_other(direction)])) {
		outbox->delivered[direction] += size;
		outbox->sink->bytes(outbox->user, direction, data, size, acked);
		return;
	}
	put_entry(outbox, direction, (struct outbox_entry){ .kind = ENTRY_BYTES, .size = size, .acked = acked }, data);
}

void outbox_gap(struct outbox *outbox, enum direction direction, uint64_t size, bool given_up)
{
	enum entry_kind kind = given_up ? ENTRY_GIVEN_UP : ENTRY_GAP;
	put_entry(outbox, direction, (struct outbox_entry){ .kind = kind, .size = size }, NULL);
}

void outbox_fin(struct outbox *outbox, enum direction direction)
{
	put_entry(outbox, direction, (struct outbox_entry){ .kind = ENTRY_FIN }, NULL);
}

bool outbox_waits(const struct outbox *outbox)
{
	return outbox->waiting[UP].first || outbox->waiting[DOWN].first;
}

void outbox_flush(struct outbox *outbox)
{
	while (outbox_waits(outbox)) {
		deliver_earliest(outbox);
		deliver_ready(outbox);
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
