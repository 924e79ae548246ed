/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * guard.h - test inputs that end at an unreadable page: reading one octet too far is a crash, with or without a
 * sanitizer.
 */
#ifndef SMTPSCAN_TESTS_GUARD_H
#define SMTPSCAN_TESTS_GUARD_H

#include <assert.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Maximum size of an input. */
#define GUARD_ROOM (256 * 1024)

/* guarded - a copy of the input whose end is the end of readable memory; valid until the next call. */
static inline const uint8_t *guarded(const void *data, size_t size)
{
	static uint8_t *room;
	assert(size <= GUARD_ROOM);
	if (room == NULL) {
		size_t page = (size_t)sysconf(_SC_PAGESIZE);
		room = mmap(NULL, GUARD_ROOM + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		assert(room != MAP_FAILED && mprotect(room + GUARD_ROOM, page, PROT_NONE) == 0);
	}
	uint8_t *copy = room + GUARD_ROOM - size;
	if (size != 0)
		memcpy(copy, data, size);
	return copy;
}

#endif
