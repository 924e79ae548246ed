/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * fragment.c - IP fragments become datagrams. See fragment.h.
 *
 * A datagram has one block of memory: a bit for each 8 octets (fragment offsets are multiples of 8), then the octets.
 * The table owns the datagrams; the queue has them in the order of their first fragments, so the oldest is at its head.
 * The block of a complete datagram moves to `released`; its key stays for a short time, so that a fragment that was
 * captured twice does not begin a new datagram, to be mixed with a later one of the same identifier.
 */
#include "fragment.h"

#include <glib.h>
#include <stdlib.h>
#include <string.h>

#include "hash.h"

#define UNIT 8u
#define UNITS ((FRAGMENT_DATAGRAM_MAX + UNIT) / UNIT)
#define BITMAP (UNITS / 8)
/* How long duplicate fragments of a complete datagram are expected. */
#define DUPLICATE_TIME (NANOSECONDS_PER_SECOND / 10)
/* Blocks grow in steps of this size, so that a usual datagram needs few. */
#define BLOCK_STEP 4096u

struct partial {
	struct fragment_key key;
	GList link; /* in the queue */
	int64_t first, done;
	uint8_t *block; /* NULL: complete, returned at the time `done` */
	uint32_t room;  /* octets in the block */
	uint32_t end;   /* end of the fragments so far */
	uint32_t total; /* octets of the datagram; 0: not known yet */
	uint32_t units; /* units received */
	uint32_t count; /* fragments received */
	uint32_t wire_size;
	uint8_t next;
	bool tcp;  /* the first fragment is there, with a TCP header */
	bool used; /* its octets were of use, though it was discarded */
	uint8_t vlan_count;
	uint16_t vlan[DECODE_VLAN_MAX];
};

struct fragments {
	GHashTable *table;
	GQueue queue;
	GPtrArray *released;
	GQueue discarded; /* ... whose octets are still to be handed on, and their memory */
	size_t discarded_memory;
	uint32_t unit; /* of the first of these: where the next octets may begin */
	size_t memory;
	uint64_t conflicts;
	uint64_t lost; /* fragments of datagrams that were discarded */
};

static guint fragment_key_hash(gconstpointer key)
{
	return (guint)hash_octets(key, sizeof(struct fragment_key));
}

static gboolean fragment_key_equal(gconstpointer a, gconstpointer b)
{
	return memcmp(a, b, sizeof(struct fragment_key)) == 0;
}

static void partial_free(gpointer pointer)
{
	struct partial *partial = pointer;
	g_free(partial->block);
	g_free(partial);
}

struct fragments *fragments_new(void)
{
	struct fragments *fragments = g_new0(struct fragments, 1);
	fragments->table = g_hash_table_new_full(fragment_key_hash, fragment_key_equal, NULL, partial_free);
	fragments->released = g_ptr_array_new_with_free_func(g_free);
	return fragments;
}

static size_t memory_of(const struct partial *partial)
{
	return sizeof *partial + (partial->block ? BITMAP + partial->room : 0);
}

/* free_discarded - frees the first of the discarded datagrams. */
static void free_discarded(struct fragments *fragments)
{
	struct partial *partial = g_queue_peek_head_link(&fragments->discarded)->data;
	fragments->discarded_memory -= memory_of(partial);
	g_queue_unlink(&fragments->discarded, &partial->link);
	partial_free(partial);
	fragments->unit = 0;
}

void fragments_free(struct fragments *fragments)
{
	while (fragments->discarded.head)
		free_discarded(fragments);
	g_hash_table_destroy(fragments->table);
	g_ptr_array_free(fragments->released, TRUE);
	g_free(fragments);
}

/* lost_with - how many fragments are lost with a datagram. */
static uint32_t lost_with(const struct partial *partial)
{
	return partial->block ? partial->count : 0;
}

static void discard(struct fragments *fragments, struct partial *partial)
{
	fragments->lost += lost_with(partial);
	fragments->memory -= memory_of(partial);
	g_queue_unlink(&fragments->queue, &partial->link);
	if (!partial->tcp || !partial->block) {
		g_hash_table_remove(fragments->table, &partial->key);
		return;
	}
	g_hash_table_steal(fragments->table, &partial->key);
	g_queue_push_tail_link(&fragments->discarded, &partial->link);
	fragments->discarded_memory += memory_of(partial);
	while (fragments->discarded_memory > FRAGMENT_MEMORY)
		free_discarded(fragments);
}

/* too_old - in either direction: the clock of a capture may have been set back. */
static bool too_old(const struct partial *partial, int64_t now)
{
	if (!partial->block)
		return llabs(now - partial->done) > DUPLICATE_TIME;
	int64_t limit = partial->key.source.family == 4 ? FRAGMENT_TIMEOUT_IPV4 : FRAGMENT_TIMEOUT_IPV6;
	return llabs(now - partial->first) > limit;
}

/* discard_for_room - discards datagrams that are too old, and the oldest ones while there is too much memory. `keep` is
 * never discarded. */
static void discard_for_room(struct fragments *fragments, int64_t now, const struct partial *keep)
{
	GList *link;
	while ((link = g_queue_peek_head_link(&fragments->queue)) && link->data != keep &&
		(fragments->memory > FRAGMENT_MEMORY || too_old(link->data, now)))
		discard(fragments, link->data);
}

/* find_datagram - the datagram that a fragment belongs to, or a new one. */
static struct partial *find_datagram(struct fragments *fragments, const struct fragment *fragment)
{
	struct partial *partial = g_hash_table_lookup(fragments->table, &fragment->key);
	if (partial && too_old(partial, fragment->time)) {
		discard(fragments, partial);
		partial = NULL;
	}
	if (!partial) {
		partial = g_new0(struct partial, 1);
		partial->key = fragment->key;
		partial->first = fragment->time;
		partial->link.data = partial;
		partial->block = g_malloc0(BITMAP);
		fragments->memory += memory_of(partial);
		g_queue_push_tail_link(&fragments->queue, &partial->link);
		g_hash_table_insert(fragments->table, &partial->key, partial);
	}
	return partial;
}

static void grow_block(struct fragments *fragments, struct partial *partial, uint32_t end)
{
	uint32_t room = (end + BLOCK_STEP - 1) / BLOCK_STEP * BLOCK_STEP;
	if (room <= partial->room)
		return;
	partial->block = g_realloc(partial->block, BITMAP + room);
	fragments->memory += room - partial->room;
	partial->room = room;
}

/* copy_new - copies the octets that are new and compares the others; false when any differ. */
static bool copy_new(struct partial *partial, uint32_t offset, const struct cursor *octets)
{
	uint8_t *to = partial->block + BITMAP;
	bool same = true;
	for (uint32_t at = 0; at < octets->captured; at += UNIT) {
		uint32_t size = MIN(UNIT, octets->captured - at), unit = (offset + at) / UNIT;
		uint8_t bit = (uint8_t)(1u << unit % 8);
		if (partial->block[unit / 8] & bit) {
			same = same && memcmp(to + offset + at, octets->data + at, size) == 0;
			continue;
		}
		partial->block[unit / 8] |= bit;
		partial->units++;
		memcpy(to + offset + at, octets->data + at, size);
	}
	return same;
}

/* hand_out_datagram - returns the complete datagram; its block is valid until fragments_release. */
static void hand_out_datagram(
	struct fragments *fragments, struct partial *partial, int64_t now, struct datagram *datagram)
{
	datagram->octets = (struct cursor){ partial->block + BITMAP, partial->total, partial->total };
	datagram->next = partial->next;
	datagram->wire_size = partial->wire_size;
	fragments->memory -= memory_of(partial);
	g_ptr_array_add(fragments->released, partial->block);
	partial->block = NULL;
	partial->done = now;
	fragments->memory += memory_of(partial);
}

enum decode_result fragments_add(
	struct fragments *fragments, const struct fragment *fragment, struct datagram *datagram)
{
	uint32_t size = fragment->octets.captured, end = fragment->offset + size;
	if (size == 0 || end > FRAGMENT_DATAGRAM_MAX || (fragment->more && size % UNIT != 0))
		return DECODE_MALFORMED;
	discard_for_room(fragments, fragment->time, NULL);
	struct partial *partial = find_datagram(fragments, fragment);
	if (!partial->block)
		return DECODE_FRAGMENT;
	/* Two different ends, or octets after the end: one fragment is forged, and the first one counts. */
	bool beyond = partial->total != 0 && (end > partial->total || (!fragment->more && end != partial->total));
	if (beyond || (!fragment->more && end < partial->end)) {
		fragments->conflicts++;
		return DECODE_MALFORMED;
	}
	grow_block(fragments, partial, end);
	discard_for_room(fragments, fragment->time, partial);
	if (!copy_new(partial, fragment->offset, &fragment->octets))
		fragments->conflicts++;
	partial->wire_size += fragment->wire_size;
	partial->count++;
	partial->end = MAX(partial->end, end);
	if (fragment->offset == 0) {
		partial->next = fragment->next;
		partial->tcp = fragment->tcp;
		partial->vlan_count = fragment->vlan_count;
		for (unsigned i = 0; i < fragment->vlan_count; i++)
			partial->vlan[i] = fragment->vlan[i];
	}
	if (!fragment->more)
		partial->total = end;
	if (partial->total != 0 && partial->units == (partial->total + UNIT - 1) / UNIT) {
		hand_out_datagram(fragments, partial, fragment->time, datagram);
		return DECODE_SEGMENT;
	}
	return DECODE_FRAGMENT;
}

void fragments_release(struct fragments *fragments)
{
	g_ptr_array_set_size(fragments->released, 0);
}

void fragments_expire(struct fragments *fragments, int64_t now)
{
	if (fragments->queue.head)
		discard_for_room(fragments, now, NULL);
}

void fragments_discard(struct fragments *fragments)
{
	while (fragments->queue.head)
		discard(fragments, fragments->queue.head->data);
}

static bool has_unit(const struct partial *partial, uint32_t unit)
{
	return partial->block[unit / 8] & 1u << unit % 8;
}

bool fragments_discarded(const struct fragments *fragments)
{
	return fragments->discarded.head;
}

bool fragments_remains(struct fragments *fragments, struct remains *remains)
{
	for (; fragments->discarded.head; free_discarded(fragments)) {
		const struct partial *partial = fragments->discarded.head->data;
		const uint32_t units = (partial->end + UNIT - 1) / UNIT;
		uint32_t from = fragments->unit;
		while (from < units && !has_unit(partial, from))
			from++;
		uint32_t to = from;
		while (to < units && has_unit(partial, to))
			to++;
		if (from == to)
			continue;
		fragments->unit = to;
		const uint32_t offset = from * UNIT, size = MIN(to * UNIT, partial->end) - offset;
		*remains = (struct remains){ .key = &partial->key,
			.vlan_count = partial->vlan_count,
			.vlan = partial->vlan,
			.wire_size = from == 0 ? partial->wire_size : 0,
			.offset = offset,
			.octets = { partial->block + BITMAP + offset, size, size },
			.last = offset + size == partial->total };
		return true;
	}
	return false;
}

void fragments_used(struct fragments *fragments)
{
	struct partial *partial = fragments->discarded.head->data;
	fragments->lost -= partial->used ? 0 : partial->count;
	partial->used = true;
}

void fragments_skip(struct fragments *fragments)
{
	free_discarded(fragments);
}

uint64_t fragments_lost(const struct fragments *fragments)
{
	uint64_t count = fragments->lost;
	for (const GList *link = fragments->queue.head; link; link = link->next)
		count += lost_with(link->data);
	return count;
}

uint64_t fragments_conflicts(const struct fragments *fragments)
{
	return fragments->conflicts;
}
