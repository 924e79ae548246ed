/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * writer.c - see writer.h.
 */
#include "writer.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "file.h"
#include "text.h"

#define BUFFER_SIZE (256 * 1024)
#define LARGE_SIZE (64 * 1024) /* larger pieces are not copied */

struct writer {
	int fd;
	bool failed;
	char *name;
	size_t used;
	uint8_t buffer[BUFFER_SIZE];
};

bool writer_complain(const char *name)
{
	say("%s: %s", name, g_strerror(errno));
	return false;
}

struct writer *writer_open(const char *path)
{
	int fd = path ? open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666) : STDOUT_FILENO;
	if (fd < 0) {
		writer_complain(path);
		return NULL;
	}
	return writer_new(fd, path ? path : "standard output");
}

struct writer *writer_new(int fd, const char *name)
{
	struct writer *writer = g_malloc(sizeof *writer);
	writer->fd = fd;
	writer->failed = false;
	writer->name = g_strdup(name);
	writer->used = 0;
	return writer;
}

/* write_all - writes without the buffer. */
static bool write_all(struct writer *writer, const uint8_t *data, size_t size)
{
	if (!writer->failed && file_write(writer->fd, data, size) < size) {
		writer->failed = true;
		if (errno != EPIPE) /* the reader has closed the pipe, as head(1) does */
			writer_complain(writer->name);
	}
	return !writer->failed;
}

bool writer_flush(struct writer *writer)
{
	size_t used = writer->used;
	writer->used = 0;
	return write_all(writer, writer->buffer, used);
}

bool writer_put(struct writer *writer, const void *data, size_t size)
{
	if ((size > BUFFER_SIZE - writer->used || size >= LARGE_SIZE) && !writer_flush(writer))
		return false;
	if (size >= LARGE_SIZE)
		return write_all(writer, data, size);
	memcpy(writer->buffer + writer->used, data, size);
	writer->used += size;
	return !writer->failed;
}

bool writer_sink(void *context, const void *octets, size_t size)
{
	return writer_put(context, octets, size);
}

bool writer_close(struct writer *writer)
{
	if (!writer)
		return true;
	bool good = writer_flush(writer);
	if (close(writer->fd) != 0 && good)
		good = writer_complain(writer->name);
	g_free(writer->name);
	g_free(writer);
	return good;
}

void writer_drop(struct writer *writer)
{
	if (!writer)
		return;
	close(writer->fd);
	g_free(writer->name);
	g_free(writer);
}
