/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * arena.h - memory for many small things that are given back together.
 *
 * Taking is an addition, and nothing is given back alone. A mail has an arena for its strings and lists: with malloc
 * they took as long as the hashes.
 */
#ifndef SMTPSCAN_ARENA_H
#define SMTPSCAN_ARENA_H

#include <glib.h>
#include <string.h>

struct arena_block;

/* Zeroed, or begun with memory of the owner's: { .at = memory, .left = size }. */
struct arena {
	char *at;
	size_t left;
	struct arena_block *blocks;
};

/* arena_more - size octets (a multiple of 8) when the present block has not enough. */
void *arena_more(struct arena *arena, size_t size);
/* arena_release - gives back all that was taken since the mark, which is a copy of the arena. */
void arena_release(struct arena *arena, const struct arena *mark);

/* arena_take - size octets, aligned for any pointer, not initialised. */
static inline void *arena_take(struct arena *arena, size_t size)
{
	size = (size + 7) & ~(size_t)7;
	if (size > arena->left)
		return arena_more(arena, size);
	void *memory = arena->at;
	arena->at += size;
	arena->left -= size;
	return memory;
}

/* arena_copy - text[0..size), terminated. */
static inline char *arena_copy(struct arena *arena, const char *text, size_t size)
{
	char *copy = arena_take(arena, size + 1);
	if (size > 0)
		memcpy(copy, text, size);
	copy[size] = '\0';
	return copy;
}

/* arena_text - text[0..size) as a GString that is only read. */
GString *arena_text(struct arena *arena, const void *text, size_t size);

/* arena_add - adds to a list whose memory is the arena's; zeroed: empty. It is read like any GPtrArray; GLib must not
 * change it. */
void arena_add(struct arena *arena, GPtrArray *list, void *element);

/* arena_string - what is in string, which is freed. */
char *arena_string(struct arena *arena, GString *string);

#endif
