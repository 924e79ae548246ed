/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * kept.c - see kept.h. kept_span maps the file into memory.
 */
#include "kept.h"

#include <errno.h>
#include <glib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "file.h"

#define FIRST_SIZE 4096

struct kept {
	struct kept_budget *budget;
	uint64_t limit;
	const char *directory;
	uint8_t *memory; /* octets after those in the file */
	size_t used, room;
	uint64_t file_size; /* octets in the file */
	int fd;             /* of the file; -1: none */
	int failed;         /* errno of an error, after which no more is kept */
	bool beyond;        /* the limit was exceeded */
	void *map;          /* of the file; NULL */
};

struct kept *kept_new(struct kept_budget *budget, uint64_t limit, const char *directory)
{
	struct kept *kept = g_new0(struct kept, 1);
	kept->budget = budget;
	kept->limit = limit;
	kept->directory = directory;
	kept->fd = -1;
	return kept;
}

static void set_room(struct kept *kept, size_t room)
{
	kept->budget->memory_used += room - kept->room;
	kept->memory = g_realloc(kept->memory, room);
	kept->room = room;
}

/* kept_open - opens the file. Returns false with errno set. */
static bool kept_open(struct kept *kept)
{
	if (kept->budget->files_used == kept->budget->files) {
		errno = EMFILE;
		return false;
	}
	kept->fd = file_temporary(kept->directory);
	kept->budget->files_used += kept->fd >= 0;
	return kept->fd >= 0;
}

/* kept_spill - moves what is in memory to the file. When that fails, no more is kept; if there is no file yet, what is
 * in memory stays. */
static void kept_spill(struct kept *kept)
{
	size_t done = 0;
	if (kept->fd >= 0 || kept_open(kept))
		done = file_write(kept->fd, kept->memory, kept->used);
	if (done < kept->used)
		kept->failed = errno;
	if (kept->failed && kept->file_size == 0)
		return;
	kept->file_size += done;
	kept->used = 0;
	if (kept->room != KEPT_BUFFER)
		set_room(kept, KEPT_BUFFER);
}

/* kept_make_room - for at least one octet more in memory. */
static void kept_make_room(struct kept *kept)
{
	const struct kept_budget *budget = kept->budget;
	size_t room = kept->room == 0 ? FIRST_SIZE : kept->room * 2;
	bool over = room > KEPT_BUFFER && budget->memory_used + room - kept->room > budget->memory_total;
	if (kept->file_size > 0 || room > budget->memory_each || over)
		kept_spill(kept);
	else
		set_room(kept, room);
}

static void unmap(struct kept *kept)
{
	if (kept->map)
		munmap(kept->map, kept->file_size);
	kept->map = NULL;
}

void kept_add(struct kept *kept, struct span data)
{
	unmap(kept);
	kept->beyond = kept->beyond || data.size > kept->limit - kept_size(kept);
	data.size = (size_t)MIN(data.size, kept->limit - kept_size(kept));
	while (data.size > 0 && !kept->failed) {
		if (kept->used == kept->room)
			kept_make_room(kept);
		if (kept->failed)
			return;
		size_t size = MIN(data.size, kept->room - kept->used);
		memcpy(kept->memory + kept->used, data.data, size);
		kept->used += size;
		data = span_from(data, size);
	}
}

ssize_t kept_read(const struct kept *kept, uint64_t offset, void *buffer, size_t size)
{
	if (offset < kept->file_size) {
		ssize_t got;
		do
			got = pread(kept->fd, buffer, MIN(size, kept->file_size - offset), (off_t)offset);
		while (got < 0 && errno == EINTR);
		return got;
	}
	offset -= kept->file_size;
	if (offset >= kept->used)
		return 0;
	size = MIN(size, kept->used - (size_t)offset);
	memcpy(buffer, kept->memory + offset, size);
	return (ssize_t)size;
}

struct span kept_span(struct kept *kept)
{
	if (kept->file_size == 0)
		return span_of(kept->memory, kept->used);
	if (!kept->map) {
		if (kept->used > 0)
			kept_spill(kept);
		void *map = mmap(NULL, kept->file_size, PROT_READ, MAP_PRIVATE, kept->fd, 0);
		kept->map = map == MAP_FAILED ? NULL : map;
		if (!kept->map)
			kept->failed = errno;
	}
	return span_of(kept->map, kept->map ? kept->file_size : 0);
}

uint64_t kept_size(const struct kept *kept)
{
	return kept->file_size + kept->used;
}

bool kept_whole(const struct kept *kept)
{
	return !kept->failed && !kept->beyond;
}

int kept_failed(const struct kept *kept)
{
	return kept->failed;
}

size_t kept_memory(const struct kept *kept)
{
	return sizeof *kept + kept->room;
}

void kept_free(struct kept *kept)
{
	if (!kept)
		return;
	unmap(kept);
	if (kept->fd >= 0) {
		close(kept->fd);
		kept->budget->files_used--;
	}
	kept->budget->memory_used -= kept->room;
	g_free(kept->memory);
	g_free(kept);
}
