/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * store.c - see store.h. A store continues in a file when it exceeds MAIL_MEMORY_MAX, or all stores together exceed
 * MAIL_MEMORY_TOTAL. The file has no name.
 */
#include "store.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "file.h"
#include "mail.h"

#define BLOCK_MIN 4096          /* the first octets */
#define BUFFER_SIZE (16 * 1024) /* octets that wait to be written to the file */

struct store {
	uint64_t limit;
	const char *temp_dir;
	uint8_t *memory; /* octets after the first file_size */
	size_t used, room;
	uint64_t file_size; /* octets that are in the file */
	int fd;             /* of the file; -1: none */
	bool failed;        /* no more is kept */
};

static size_t memory_total;

struct store *store_new(uint64_t limit, const char *temp_dir)
{
	struct store *store = g_new(struct store, 1);
	*store = (struct store){ .limit = limit, .temp_dir = temp_dir ? temp_dir : g_get_tmp_dir(), .fd = -1 };
	return store;
}

/* open_temporary - opens a file without a name for reading and writing. Returns -1 with errno set. */
static int open_temporary(const char *directory)
{
	int fd = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (fd < 0 && errno != EMFILE && errno != ENFILE) {
		char *name = g_build_filename(directory, "smtpscan-XXXXXX", NULL);
		fd = mkostemp(name, O_CLOEXEC);
		if (fd >= 0)
			unlink(name);
		g_free(name);
	}
	return fd;
}

static void set_room(struct store *store, size_t room)
{
	memory_total += room - store->room;
	store->memory = g_realloc(store->memory, room);
	store->room = room;
}

/* spill - moves what is in memory to the file. When that fails, no more is kept; if there is no file yet, what is in
 * memory stays. */
static void spill(struct store *store)
{
	size_t done = 0;
	if (store->fd < 0)
		store->fd = open_temporary(store->temp_dir);
	if (store->fd >= 0)
		done = file_write(store->fd, store->memory, store->used);
	store->failed = done < store->used;
	if (store->failed && store->file_size == 0)
		return;
	store->file_size += done;
	store->used = 0;
	if (store->room != BUFFER_SIZE)
		set_room(store, BUFFER_SIZE);
}

/* make_room - makes room for at least one more octet. */
static void make_room(struct store *store)
{
	size_t room = store->room == 0 ? BLOCK_MIN : store->room * 2;
	if (store->file_size > 0 || room > MAIL_MEMORY_MAX ||
		(room > BUFFER_SIZE && memory_total + room > MAIL_MEMORY_TOTAL))
		spill(store);
	else
		set_room(store, room);
}

bool store_add(struct store *store, struct span piece, char **error)
{
	bool before = store->failed;
	piece.size = (size_t)MIN(piece.size, store->limit - store_size(store));
	while (piece.size > 0 && !store->failed) {
		if (store->used == store->room)
			make_room(store);
		if (store->failed)
			break;
		size_t size = MIN(piece.size, store->room - store->used);
		memcpy(store->memory + store->used, piece.data, size);
		store->used += size;
		piece = (struct span){ piece.data + size, piece.size - size };
	}
	if (store->failed && !before)
		*error = g_strdup_printf("a mail is not kept beyond its first %" G_GUINT64_FORMAT
					 " octets: can't write a temporary file: %s",
			store_size(store), g_strerror(errno));
	return !store->failed;
}

ssize_t store_read(const struct store *store, uint64_t offset, void *buffer, size_t size)
{
	if (offset < store->file_size) {
		ssize_t got;
		do
			got = pread(store->fd, buffer, MIN(size, store->file_size - offset), (off_t)offset);
		while (got < 0 && errno == EINTR);
		return got;
	}
	offset -= store->file_size;
	if (offset >= store->used)
		return 0;
	size = MIN(size, store->used - (size_t)offset);
	memcpy(buffer, store->memory + offset, size);
	return (ssize_t)size;
}

uint64_t store_size(const struct store *store)
{
	return store->file_size + store->used;
}

size_t store_memory(const struct store *store)
{
	return sizeof *store + store->room;
}

void store_free(struct store *store)
{
	if (!store)
		return;
	memory_total -= store->room;
	if (store->fd >= 0)
		close(store->fd);
	g_free(store->memory);
	g_free(store);
}
