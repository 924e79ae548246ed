/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * spool.c - see spool.h. Octets are taken from `memory`, which is refilled from the file, or from the pipe when the
 * file is empty. So the order is: memory, file, what could not be written to the file (`rest`), pipe.
 */
#include "spool.h"
#include "file.h"
#include "text.h"

#include <errno.h>
#include <glib.h>
#include <string.h>
#include <unistd.h>

#define READ_SIZE (256 * 1024)    /* octets read from a pipe at a time */
#define MEMORY_SIZE (1024 * 1024) /* kept in memory, unless one piece is larger */

struct spool {
	uint8_t *memory; /* MEMORY_SIZE or more */
	size_t start, end, room;
	size_t wanted; /* size of the piece that spool_peek could not return yet */
	int file;      /* -1: not made yet */
	uint64_t file_start, file_end;
	bool failed; /* nothing more is written to the file */
	GByteArray *rest;
};

struct spool *spool_new(void)
{
	struct spool *spool = g_new0(struct spool, 1);
	spool->file = -1;
	spool->rest = g_byte_array_new();
	return spool;
}

void spool_free(struct spool *spool)
{
	if (!spool)
		return;
	if (spool->file >= 0)
		close(spool->file);
	g_free(spool->memory);
	g_byte_array_unref(spool->rest);
	g_free(spool);
}

/* spool_make_room - makes room for this many octets in memory, including those in use. */
static void spool_make_room(struct spool *spool, size_t size)
{
	size_t used = spool->end - spool->start;
	if (spool->start + size <= spool->room)
		return;
	if (size > spool->room) {
		spool->room = MAX(size, MEMORY_SIZE);
		uint8_t *memory = g_malloc(spool->room);
		if (used > 0)
			memcpy(memory, spool->memory + spool->start, used);
		g_free(spool->memory);
		spool->memory = memory;
	} else if (used > 0) {
		memmove(spool->memory, spool->memory + spool->start, used);
	}
	spool->start = 0;
	spool->end = used;
}

/* fail_spool - writing failed; what is in the file can still be read. */
static bool fail_spool(struct spool *spool)
{
	if (!spool->failed)
		say("can't use a temporary file, only memory: %s", g_strerror(errno));
	spool->failed = true;
	return false;
}

/* spool_open - an unlinked file. */
static bool spool_open(struct spool *spool)
{
	if (spool->file < 0)
		spool->file = file_temporary(NULL);
	return spool->file >= 0 || fail_spool(spool);
}

/* to_file - appends to the file. After a partial write (disk full) nothing counts as written. */
static bool to_file(struct spool *spool, const uint8_t *data, size_t size)
{
	size_t done = 0;
	while (done < size) {
		ssize_t written = pwrite(spool->file, data + done, size - done, (off_t)(spool->file_end + done));
		if (written < 0 && errno != EINTR)
			return fail_spool(spool);
		done += written > 0 ? (size_t)written : 0;
	}
	spool->file_end += size;
	return true;
}

/* has_more - is there more after what is in memory? */
static bool has_more(const struct spool *spool)
{
	return spool->file_end > spool->file_start || spool->rest->len > 0;
}

bool spool_full(const struct spool *spool)
{
	const size_t used = spool->end - spool->start;
	return used + READ_SIZE > MEMORY_SIZE && used >= spool->wanted;
}

enum spool_got spool_receive(struct spool *spool, int fd)
{
	static uint8_t block[READ_SIZE];
	const size_t used = spool->end - spool->start;
	const bool fits = !spool_full(spool);
	const bool memory = !has_more(spool) && (fits || spool->failed || !spool_open(spool));
	if (memory) /* grows with what came, not with what is said to come */
		spool_make_room(spool, MAX(used + READ_SIZE, fits ? MIN(spool->wanted, 2 * used) : 2 * used));
	ssize_t got;
	do
		got = read(fd, memory ? spool->memory + spool->end : block, READ_SIZE);
	while (got < 0 && errno == EINTR);
	if (got < 0 && errno == EAGAIN)
		return SPOOL_NONE;
	if (got <= 0)
		return SPOOL_CLOSED;
	if (memory)
		spool->end += (size_t)got;
	else if (spool->failed || !to_file(spool, block, (size_t)got))
		g_byte_array_append(spool->rest, block, (guint)got);
	return SPOOL_GOT;
}

/* spool_refill - moves more octets into memory. Returns false when there are none, or they can't be read. */
static bool spool_refill(struct spool *spool, size_t size)
{
	const uint64_t filed = spool->file_end - spool->file_start;
	if (!has_more(spool))
		return false;
	spool_make_room(spool, MAX(MAX(size, MEMORY_SIZE), spool->end - spool->start + spool->rest->len));
	uint8_t *to = spool->memory + spool->end;
	if (filed == 0) {
		memcpy(to, spool->rest->data, spool->rest->len);
		spool->end += spool->rest->len;
		g_byte_array_set_size(spool->rest, 0);
		return true;
	}
	ssize_t got = pread(spool->file, to, (size_t)MIN(spool->room - spool->end, filed), (off_t)spool->file_start);
	if (got <= 0)
		return (got < 0 && errno == EINTR) || fail_spool(spool);
	spool->end += (size_t)got;
	spool->file_start += (uint64_t)got;
	return true;
}

/* has - are so many octets there, wherever? */
static bool has(const struct spool *spool, size_t size)
{
	return spool->end - spool->start + (spool->file_end - spool->file_start) + spool->rest->len >= size;
}

const uint8_t *spool_peek(struct spool *spool, size_t size)
{
	while (spool->end - spool->start < size) {
		spool->wanted = size;
		if (!has(spool, size) || !spool_refill(spool, size))
			return NULL;
	}
	spool->wanted = 0;
	return spool->memory + spool->start;
}

void spool_take(struct spool *spool, size_t size)
{
	spool->start += size;
	if (spool->start < spool->end)
		return;
	spool->start = spool->end = 0;
	if (spool->room > MEMORY_SIZE) { /* it was enlarged for one large piece */
		g_clear_pointer(&spool->memory, g_free);
		spool->room = 0;
	}
	if (spool->file >= 0 && spool->file_start == spool->file_end) {
		spool->file_start = spool->file_end = 0;
		if (ftruncate(spool->file, 0) != 0)
			fail_spool(spool);
	}
}
