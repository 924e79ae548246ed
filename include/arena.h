/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * arena.h - an allocator for many small things that are freed together.
 *
 * An allocation is one addition, and nothing is freed alone. A mail has an arena for its strings and lists: with malloc
 * they took as much time as the hashes.
 */
#ifndef SMTPSCAN_ARENA_H
#define SMTPSCAN_ARENA_H

#include <glib.h>
#include <string.h>

struct arena_block;

/* Zeroed, or with a first block that the owner provides: { .at = memory, .left = size }. */
struct arena {
	char *at;
	size_t left;
	struct arena_block *blocks;
};

/* arena_more - size octets (a multiple of 8) from a new block, when the current one has not enough. */
void *arena_more(struct arena *arena, size_t size);
/* arena_release - frees everything allocated since the mark, which is a copy of the arena made then. */
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

/* arena_copy - a copy of text[0..size), with a NUL after it. */
static inline char *arena_copy(struct arena *arena, const char *text, size_t size)
{
	char *copy = arena_take(arena, size + 1);
	if (size > 0)
		memcpy(copy, text, size);
	copy[size] = '\0';
	return copy;
}

/* arena_text - a copy of text[0..size) as a GString, which must not be changed. */
GString *arena_text(struct arena *arena, const void *text, size_t size);

/* arena_add - appends to a list whose memory is in the arena (zeroed: an empty list). Read it like any GPtrArray, but
 * call no GLib function that changes it. */
void arena_add(struct arena *arena, GPtrArray *list, void *element);

/* arena_string - a copy of the string's text; frees the string. */
char *arena_string(struct arena *arena, GString *string);

#endif
