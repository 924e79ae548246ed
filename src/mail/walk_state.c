/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * walk_state.c - allocates, measures and frees the state of the MIME parser. Freed states are used again.
 */
#include <string.h>

#include "walk.h"

#define FREE_MAX 128
#define KEPT_MAX (16 * 1024) /* octets of header memory that a free walk may keep */

static struct walk *free_walks;
static unsigned free_count;

struct walk *walk_new(struct parts *parts)
{
	struct walk *walk = free_walks;
	if (walk) {
		free_walks = walk->next;
		free_count--;
	} else
		walk = g_new0(struct walk, 1);
	memset(walk, 0, offsetof(struct walk, entity));
	walk->parts = parts;
	walk->prefix = "";
	walk->scratch = (struct arena){ .at = (char *)walk->scratch_first, .left = sizeof walk->scratch_first };
	walk->place = PLACE_START;
	block_begin(&walk->top, false);
	walk->block.used = walk->block.stray_size = walk->block.fields.count = 0; /* it begins with the first part */
	return walk;
}

struct walk *walk_inner(const struct walk *walk, const char *number)
{
	struct walk *inner = walk_new(walk->parts);
	inner->prefix = number;
	inner->depth = walk->depth + (unsigned)walk->level_count + 1;
	inner->encoded = walk->encoded + 1;
	inner->in_message = walk->in_message || walk->messages > 0 || walk->entity.message;
	inner->damaged = walk->damaged;
	inner->top_done = true;
	block_begin(&inner->block, false);
	if (walk->entity.multipart) {
		level_add(inner, &walk->entity, &inner->scratch);
		inner->place = PLACE_OUTSIDE;
		inner->blank_before = true;
	}
	return inner;
}

uint64_t walk_lost(const struct walk *walk)
{
	const struct octet_sums *sums = &walk->sums;
	uint64_t sum = sums->header + sums->parts + sums->lines + sums->outside + sums->overflow;
	return walk->fed > sum ? walk->fed - sum : sum - walk->fed;
}

size_t walk_memory(const struct walk *walk)
{
	size_t size = sizeof *walk + block_memory(&walk->top) + block_memory(&walk->block) +
		      walk->level_count * sizeof *walk->levels;
	for (size_t i = 0; i < walk->level_count; i++)
		size += (walk->levels[i].part ? part_memory(walk->levels[i].part) : 0) +
			(walk->levels[i].prose ? WALK_PROSE_MAX : 0);
	if (walk->sniffed)
		size += walk->sniffed->len;
	if (walk->place == PLACE_BODY && walk->leaf.part)
		size += part_memory(walk->leaf.part);
	if (walk->place == PLACE_BODY && walk->leaf.folder)
		size += folder_memory(walk->leaf.folder);
	if (walk->place == PLACE_BODY && walk->leaf.opaque)
		size += opaque_memory(walk->leaf.opaque);
	if (walk->place == PLACE_BODY && walk->leaf.inner)
		size += walk_memory(walk->leaf.inner);
	return size;
}

static void destroy(struct walk *walk)
{
	block_clear(&walk->top);
	block_clear(&walk->block);
	g_free(walk->levels);
	g_free(walk);
}

void walk_free(struct walk *walk)
{
	arena_release(&walk->scratch, &(struct arena){ 0 });
	if (free_count >= FREE_MAX || walk->top.room > KEPT_MAX || walk->block.room > KEPT_MAX) {
		destroy(walk);
		return;
	}
	walk->next = free_walks;
	free_walks = walk;
	free_count++;
}

void walk_exit(void)
{
	while (free_walks) {
		struct walk *walk = free_walks;
		free_walks = walk->next;
		destroy(walk);
	}
	free_count = 0;
}
