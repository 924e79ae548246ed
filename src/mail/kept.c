/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * kept.c - see kept.h. The file is mapped into memory for reading.
 */
#include "kept.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "file.h"

#define FIRST_SIZE 4096
#define BUFFER_SIZE (16 * 1024) /* octets that wait to be written to the file */

struct kept {
	const char *directory;
	uint8_t *memory; /* octets that are not in the file yet */
	size_t used, room;
	size_t written; /* octets in the file */
	int fd;         /* -1: none */
	bool lost;      /* something could not be kept */
	void *map;
};

static size_t memory_total; /* of all */
static unsigned files_open;

struct kept *kept_new(const char *directory)
{
	struct kept *kept = g_new0(struct kept, 1);
	kept->directory = directory ? directory : g_get_tmp_dir();
	kept->fd = -1;
	return kept;
}

/* open_file - opens a temporary file without a name. Returns -1 on error. */
static int open_file(const char *directory)
{
	int fd = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (fd >= 0 || errno == EMFILE || errno == ENFILE)
		return fd;
	char *name = g_build_filename(directory, "smtpscan-XXXXXX", NULL);
	fd = mkostemp(name, O_CLOEXEC);
	if (fd >= 0)
		unlink(name);
	g_free(name);
	return fd;
}

/* spill - moves what is in memory to the file. Returns false on error. */
static bool spill(struct kept *kept)
{
	if (kept->fd < 0 && files_open < KEPT_FILES_MAX) {
		kept->fd = open_file(kept->directory);
		files_open += kept->fd >= 0;
	}
	if (kept->fd < 0 || file_write(kept->fd, kept->memory, kept->used) < kept->used)
		return false;
	kept->written += kept->used;
	kept->used = 0;
	if (kept->room > BUFFER_SIZE) {
		memory_total -= kept->room - BUFFER_SIZE;
		kept->room = BUFFER_SIZE;
		kept->memory = g_realloc(kept->memory, kept->room);
	}
	return true;
}

/* make_room - makes room in memory for at least one more octet. Returns false when there is none. */
static bool make_room(struct kept *kept)
{
	size_t room = MIN(kept->room ? kept->room * 2 : FIRST_SIZE, KEPT_MEMORY_MAX);
	/* everyone may have a buffer; more only within KEPT_MEMORY_TOTAL */
	bool more = room > kept->room && (room <= BUFFER_SIZE || memory_total + room - kept->room <= KEPT_MEMORY_TOTAL);
	if (kept->fd >= 0 ? kept->room > 0 : !more)
		return kept->used > 0 && spill(kept);
	memory_total += room - kept->room;
	kept->memory = g_realloc(kept->memory, room);
	kept->room = room;
	return true;
}

void kept_add(struct kept *kept, struct span data)
{
	if (kept->map) {
		munmap(kept->map, kept->written);
		kept->map = NULL;
	}
	kept->lost = kept->lost || data.size > KEPT_MAX - kept->written - kept->used;
	while (data.size > 0 && !kept->lost) {
		if (kept->used == kept->room && !make_room(kept)) {
			kept->lost = true;
			return;
		}
		size_t size = MIN(data.size, kept->room - kept->used);
		memcpy(kept->memory + kept->used, data.data, size);
		kept->used += size;
		data = (struct span){ data.data + size, data.size - size };
	}
}

struct span kept_span(struct kept *kept)
{
	if (kept->fd < 0)
		return (struct span){ kept->memory, kept->used };
	if (!kept->map) {
		if (!spill(kept))
			kept->lost = true;
		void *map = mmap(NULL, kept->written, PROT_READ, MAP_PRIVATE, kept->fd, 0);
		kept->map = map == MAP_FAILED ? NULL : map;
		kept->lost = kept->lost || !kept->map;
	}
	return (struct span){ kept->map, kept->map ? kept->written : 0 };
}

size_t kept_size(const struct kept *kept)
{
	return kept->written + kept->used;
}

bool kept_whole(const struct kept *kept)
{
	return !kept->lost;
}

size_t kept_memory(const struct kept *kept)
{
	return sizeof *kept + kept->room;
}

void kept_free(struct kept *kept)
{
	if (kept->map)
		munmap(kept->map, kept->written);
	if (kept->fd >= 0) {
		close(kept->fd);
		files_open--;
	}
	memory_total -= kept->room;
	g_free(kept->memory);
	g_free(kept);
}
