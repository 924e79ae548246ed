/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * history.c - see history.h. One static ring. Addresses in it only grow (modulo HISTORY_SIZE they are an index), so a
 * stale address shows by its distance from the head.
 */
#include "history.h"

#include <assert.h>
#include <string.h>

#define CACHE_LINE 64u
#define AHEAD_MAX 2048u   /* octets to prefetch for the next chunk: usually those of a segment */
#define HISTORY_STEPS 256 /* chunks searched for one comparison */

struct history_chunk {
	uint64_t offset;
	uint64_t passed; /* value of `passed` when it was stored */
	uint32_t size;
	uint32_t back; /* distance to the previous chunk of the direction; 0: none */
};

/* With room for a chunk of the largest size that begins just before the end. */
static _Alignas(struct history_chunk) uint8_t ring[HISTORY_SIZE + sizeof(struct history_chunk) + HISTORY_CHUNK_MAX];
static uint64_t head = HISTORY_SIZE; /* address of the next chunk; 0 is none */
static uint64_t passed;              /* size of the chunks of all segments of the input so far */

/* room_of - size of a chunk with this much data. */
static uint64_t room_of(size_t size)
{
	return sizeof(struct history_chunk) + (size + _Alignof(struct history_chunk) - 1) /
						      _Alignof(struct history_chunk) * _Alignof(struct history_chunk);
}

void history_pass(size_t size)
{
	passed += room_of(size);
}

static struct history_chunk *chunk_at(uint64_t address)
{
	return (struct history_chunk *)(void *)(ring + address % HISTORY_SIZE);
}

uint8_t *history_room(void)
{
	return (uint8_t *)(chunk_at(head) + 1);
}

void history_commit(uint64_t *newest, uint64_t offset, size_t size)
{
	assert(size <= HISTORY_CHUNK_MAX);
	const uint64_t room = room_of(size);
	const uint64_t back = head - *newest <= HISTORY_SIZE ? head - *newest : 0;
	*chunk_at(head) = (struct history_chunk){
		.offset = offset, .passed = passed, .size = (uint32_t)size, .back = (uint32_t)back
	};
	*newest = head;
	/* A chunk may extend beyond the end of the ring, but not begin there: the next one begins at the start. */
	const bool wraps = head % HISTORY_SIZE + room >= HISTORY_SIZE;
	head = wraps ? (head / HISTORY_SIZE + 1) * HISTORY_SIZE : head + room;
	/* The ring is larger than the processor's cache: prefetch the place of the next chunk. */
	const uint64_t ahead = room < AHEAD_MAX ? room : AHEAD_MAX;
	for (uint64_t i = 0; i < ahead; i += CACHE_LINE)
		__builtin_prefetch((uint8_t *)chunk_at(head) + i, 1);
}

void history_store(uint64_t *newest, uint64_t offset, const uint8_t *data, size_t size)
{
	while (size > 0) {
		size_t part = size < HISTORY_CHUNK_MAX ? size : HISTORY_CHUNK_MAX;
		memcpy(history_room(), data, part);
		history_commit(newest, offset, part);
		offset += part;
		data += part;
		size -= part;
	}
}

bool history_differs(uint64_t newest, uint64_t offset, const uint8_t *data, size_t size)
{
	uint64_t address = newest;
	/* The ring holds the addresses of the last HISTORY_SIZE octets; those before are overwritten. */
	for (unsigned step = 0; step < HISTORY_STEPS && address != 0 && head - address <= HISTORY_SIZE; step++) {
		const struct history_chunk *chunk = chunk_at(address);
		if (passed - chunk->passed > HISTORY_REACH)
			return false;
		uint64_t from = chunk->offset > offset ? chunk->offset : offset;
		uint64_t chunk_end = chunk->offset + chunk->size;
		uint64_t to = chunk_end < offset + size ? chunk_end : offset + size;
		if (from < to) {
			const uint8_t *kept = (const uint8_t *)(chunk + 1) + (from - chunk->offset);
			if (memcmp(kept, data + (from - offset), to - from) != 0)
				return true;
			if (from == offset && to == offset + size)
				return false;
		}
		address = chunk->back > 0 ? address - chunk->back : 0;
	}
	return false;
}
