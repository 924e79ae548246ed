/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * arena.c - see arena.h.
 */
#include "arena.h"

#include <stdint.h>

#define BLOCK_SIZE 8192
#define LIST_FIRST 4
#define ALONE_MIN (BLOCK_SIZE / 4) /* larger things get a block of their own, so that little is wasted */

struct arena_block {
	struct arena_block *next;
	uint64_t data[];
};

void *arena_more(struct arena *arena, size_t size)
{
	size_t room = size >= ALONE_MIN ? size : BLOCK_SIZE;
	struct arena_block *block = g_malloc(sizeof *block + room);
	block->next = arena->blocks;
	arena->blocks = block;
	if (room > size) {
		arena->at = (char *)block->data + size;
		arena->left = room - size;
	}
	return block->data;
}

void arena_release(struct arena *arena, const struct arena *mark)
{
	while (arena->blocks != mark->blocks) {
		struct arena_block *block = arena->blocks;
		arena->blocks = block->next;
		g_free(block);
	}
	*arena = *mark;
}

/* arena_add - a list has room for 4, 8, 16, ... elements, so its length shows when it is full. */
void arena_add(struct arena *arena, GPtrArray *list, void *element)
{
	unsigned room = list->len < LIST_FIRST ? LIST_FIRST : 2 * list->len;
	if (list->len == 0) {
		list->pdata = arena_take(arena, room * sizeof *list->pdata);
	} else if (list->len >= LIST_FIRST && (list->len & (list->len - 1)) == 0) {
		void *more = arena_take(arena, room * sizeof *list->pdata);
		list->pdata = memcpy(more, list->pdata, list->len * sizeof *list->pdata);
	}
	list->pdata[list->len++] = element;
}

GString *arena_text(struct arena *arena, const void *text, size_t size)
{
	GString *string = arena_take(arena, sizeof *string);
	*string = (GString){ arena_copy(arena, text, size), size, size + 1 };
	return string;
}

char *arena_string(struct arena *arena, GString *string)
{
	char *copy = arena_copy(arena, string->str, string->len);
	g_string_free(string, TRUE);
	return copy;
}
