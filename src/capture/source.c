/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * source.c - reads the octets of a capture file, decompressed. See source.h.
 *
 * There are three sources: the descriptor itself or, when the first octets are those of a compressed file, zlib (gzip)
 * or libarchive (other compressions: its filters, with one raw entry). `head` holds the octets that were examined, and
 * reads begin with them; the first octets of a compressed file are in `raw`. The stream owns the descriptor (but not
 * standard input) and the decompressor.
 */
#include "source.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "capture.h"
#include "file.h"
#include "gzip.h"
#include "hash.h"
#include "memory.h"

/* Octets of a compressed file that are read at once. */
#define COMPRESSED_BLOCK (256 * 1024)
/* The longest magic number. */
#define MAGIC_SIZE 6
/* A pipe that sends nothing for so long, in milliseconds, is live: nobody waits for its end. */
#define AHEAD_SILENCE 2000
/* Octets that are read ahead. */
#define AHEAD_MAX (UINT64_C(64) << 30)

struct capture_stream {
	int fd;
	uint64_t position, size;
	uint64_t file;      /* as capture_stream_file says, when it was opened */
	const char *method; /* of compression; NULL: none */
	struct gzip *gzip;  /* one of these two when compressed */
	struct archive *archive;
	uint8_t *raw; /* the first octets of the compressed file */
	size_t raw_size, raw_taken;
	uint8_t *compressed;  /* COMPRESSED_BLOCK octets, lent to libarchive */
	const uint8_t *block; /* decompressed octets in libarchive's memory, not yet returned */
	size_t block_left;
	/* what was read ahead is handed out first */
	bool is_file, over;         /* over: its end was read */
	int ahead;                  /* a file with it; < 0: none */
	off_t ahead_from, ahead_to; /* in that file */
	uint8_t *rest;              /* behind that */
	size_t rest_size, rest_taken;
	struct capture_stream *of; /* it reads ahead of this one */
	size_t head_size, head_taken;
	char *error;
	uint8_t head[STREAM_HEAD_MAX];
};

static const struct compression {
	const char *name;
	const char *magic;
	size_t size;
	int (*support)(struct archive *archive); /* NULL: zlib */
} compressions[] = {
	{ "gzip", "\x1f\x8b\x08", 3, NULL }, { "xz", "\3757zXZ\0", 6, archive_read_support_filter_xz },
	{ "zstd", "\x28\xb5\x2f\xfd", 4, archive_read_support_filter_zstd },
	{ "bzip2", "BZh", 3, archive_read_support_filter_bzip2 },
	{ "lz4", "\x04\x22\x4d\x18", 4, archive_read_support_filter_lz4 },
	{ "lz4", "\x02\x21\x4c\x18", 4, archive_read_support_filter_lz4 }, /* its legacy frames */
};

static struct capture_stream *capture_stream_new(void)
{
	struct capture_stream *stream = g_malloc(sizeof *stream);
	memset(stream, 0, offsetof(struct capture_stream, head));
	stream->fd = stream->ahead = -1;
	return stream;
}

/* take_from - what is left of octets in memory. */
static ssize_t take_from(const uint8_t *octets, size_t all, size_t *taken, void *to, size_t size)
{
	size = MIN(size, all - *taken);
	memcpy(to, octets + *taken, size);
	*taken += size;
	return (ssize_t)size;
}

/* read_descriptor - read(2), counting the octets. EINTR is returned, so that a signal can end the wait for a live
 * pipe. */
static ssize_t read_descriptor(struct capture_stream *stream, void *to, size_t size)
{
	ssize_t got = read(stream->fd, to, size);
	if (got > 0)
		stream->position += (uint64_t)got;
	else if (got < 0 && !stream->error)
		stream->error = g_strdup(g_strerror(errno));
	return got;
}

/* read_raw - octets of the compressed file: its head first, then from the descriptor. */
static ssize_t read_raw(struct capture_stream *stream, void *to, size_t size)
{
	if (stream->raw_taken == stream->raw_size)
		return read_descriptor(stream, to, size);
	return take_from(stream->raw, stream->raw_size, &stream->raw_taken, to, size);
}

/* feed_archive - libarchive's read callback. */
static la_ssize_t feed_archive(struct archive *archive, void *context, const void **block)
{
	struct capture_stream *stream = context;
	*block = stream->compressed;
	ssize_t got = read_raw(stream, stream->compressed, COMPRESSED_BLOCK);
	if (got < 0)
		archive_set_error(archive, errno, "%s", stream->error);
	return got;
}

/* damaged - sets the error to the reason that zlib or libarchive gives. Returns -1. */
static ssize_t damaged(struct capture_stream *stream, const char *words)
{
	const bool memory = stream->archive && archive_errno(stream->archive) == ENOMEM;
	if (!stream->error) {
		stream->error = memory ? g_strdup_printf("not enough memory to decompress %s data: see --memory",
						 stream->method)
				       : g_strdup_printf("damaged %s data (%s)", stream->method,
						 words ? words : "no reason given");
		errno = EIO;
	}
	return -1;
}

static ssize_t feed_gzip(void *context, void *to, size_t size)
{
	return read_raw(context, to, size);
}

/* read_archive - decompressed octets, as many as libarchive has. */
static ssize_t read_archive(struct capture_stream *stream, void *to, size_t size)
{
	while (stream->block_left == 0) {
		const void *block;
		la_int64_t offset;
		int status = archive_read_data_block(stream->archive, &block, &stream->block_left, &offset);
		if (status == ARCHIVE_EOF)
			return 0;
		if (status < ARCHIVE_WARN)
			return damaged(stream, archive_error_string(stream->archive));
		stream->block = block;
	}
	if (size > stream->block_left)
		size = stream->block_left;
	memcpy(to, stream->block, size);
	stream->block += size;
	stream->block_left -= size;
	return (ssize_t)size;
}

/* store_ahead - octets that were read ahead: in the file, or, when it can't be written, in memory. */
static bool store_ahead(struct capture_stream *stream, const void *octets, size_t size)
{
	if (stream->ahead == stream->fd || file_write(stream->ahead, octets, size) == size) {
		stream->ahead_to += (off_t)size;
		return true;
	}
	stream->rest = g_memdup2(octets, size);
	stream->rest_size = size;
	return false;
}

/* is_silent - a pipe that sends nothing. A compressed one is not live, and its decompressor must not be interrupted. */
static bool is_silent(const struct capture_stream *stream)
{
	struct pollfd pipe = { .fd = stream->fd, .events = POLLIN };
	return !stream->is_file && !stream->method && poll(&pipe, 1, AHEAD_SILENCE) == 0;
}

static ssize_t read_source(struct capture_stream *stream, void *to, size_t size);

/* read_ahead - of the other stream. */
static ssize_t read_ahead(struct capture_stream *stream, void *to, size_t size)
{
	struct capture_stream *of = stream->of;
	if (of->head_taken == of->head_size && (of->ahead_to - of->ahead_from > (off_t)AHEAD_MAX || is_silent(of)))
		return 0;
	ssize_t got = of->head_taken < of->head_size ? take_from(of->head, of->head_size, &of->head_taken, to, size)
						     : read_source(of, to, size);
	of->over = got == 0 || (got < 0 && errno != EINTR);
	if (got <= 0 || store_ahead(of, to, (size_t)got))
		return got;
	stream->error = g_strdup(g_strerror(errno));
	return -1;
}

/* read_stored - what was read ahead. */
static ssize_t read_stored(struct capture_stream *stream, void *to, size_t size)
{
	const off_t left = stream->ahead_to - stream->ahead_from;
	ssize_t got = pread(stream->ahead, to, left < (off_t)size ? (size_t)left : size, stream->ahead_from);
	if (got > 0)
		stream->ahead_from += got;
	else if (!stream->error)
		stream->error = g_strdup(got < 0 ? g_strerror(errno) : "the temporary file is cut");
	return got > 0 ? got : -1;
}

/* read_source - octets from libarchive, zlib or the descriptor. */
static ssize_t read_source(struct capture_stream *stream, void *to, size_t size)
{
	if (stream->of)
		return read_ahead(stream, to, size);
	if (stream->archive)
		return read_archive(stream, to, size);
	if (!stream->gzip)
		return read_descriptor(stream, to, size);
	ssize_t got = gzip_read(stream->gzip, to, size);
	return got < 0 ? damaged(stream, gzip_error(stream->gzip)) : got;
}

/* start_archive - opens the compressed file with libarchive. */
static bool start_archive(struct capture_stream *stream, int (*support)(struct archive *archive))
{
	struct archive_entry *entry;
	stream->compressed = g_malloc(COMPRESSED_BLOCK);
	stream->archive = archive_read_new();
	if (!stream->archive)
		memory_gone();
	/* Without the library of a filter, libarchive would run a program instead: then it returns a warning. */
	if (support(stream->archive) == ARCHIVE_OK && archive_read_support_format_raw(stream->archive) == ARCHIVE_OK &&
		archive_read_support_format_empty(stream->archive) == ARCHIVE_OK &&
		archive_read_open(stream->archive, stream, NULL, feed_archive, NULL) == ARCHIVE_OK &&
		archive_read_next_header(stream->archive, &entry) > ARCHIVE_FAILED)
		return true;
	damaged(stream, archive_error_string(stream->archive));
	return false;
}

/* start_decompression - the octets read so far become the decompressor's input; the head will be its output. */
static bool start_decompression(struct capture_stream *stream, const struct compression *how)
{
	stream->method = how->name;
	stream->raw = g_memdup2(stream->head, stream->head_size);
	stream->raw_size = stream->head_size;
	stream->head_size = 0;
	if (how->support)
		return start_archive(stream, how->support);
	stream->gzip = gzip_new(feed_gzip, stream);
	return true;
}

static const struct compression *find_compression(struct span head)
{
	for (size_t i = 0; i < G_N_ELEMENTS(compressions); i++)
		if (head.size >= compressions[i].size &&
			memcmp(head.data, compressions[i].magic, compressions[i].size) == 0)
			return &compressions[i];
	return NULL;
}

struct span capture_stream_head(struct capture_stream *stream, size_t want)
{
	while (stream->head_size < MIN(want, STREAM_HEAD_MAX) && !stream->error) {
		uint8_t *to = stream->head + stream->head_size;
		size_t room = STREAM_HEAD_MAX - stream->head_size;
		ssize_t got = read_source(stream, to, room);
		if (got <= 0)
			break;
		stream->head_size += (size_t)got;
	}
	return span_of(stream->head, stream->head_size);
}

void capture_stream_amend(struct capture_stream *stream, size_t offset, struct span octets)
{
	g_assert(stream->head_taken == 0 && offset + octets.size <= stream->head_size);
	memcpy(stream->head + offset, octets.data, octets.size);
}

ssize_t capture_stream_read(struct capture_stream *stream, void *to, size_t size)
{
	if (stream->head_taken < stream->head_size)
		return take_from(stream->head, stream->head_size, &stream->head_taken, to, size);
	if (stream->ahead_from < stream->ahead_to)
		return read_stored(stream, to, size);
	if (stream->rest_taken < stream->rest_size)
		return take_from(stream->rest, stream->rest_size, &stream->rest_taken, to, size);
	return read_source(stream, to, size);
}

struct capture_stream *capture_stream_ahead(struct capture_stream *stream, struct span pending, const char *directory)
{
	if (stream->ahead >= 0) {
		errno = EBUSY;
		return NULL;
	}
	if (stream->is_file && !stream->method) { /* it is where it can be read again */
		stream->ahead = stream->fd;
		stream->ahead_from = stream->ahead_to = lseek(stream->fd, 0, SEEK_CUR);
	} else {
		stream->ahead = file_temporary(directory);
	}
	if (stream->ahead < 0)
		return NULL;
	struct capture_stream *ahead = capture_stream_new();
	ahead->of = stream;
	ahead->rest = g_memdup2(pending.data, pending.size);
	ahead->rest_size = pending.size;
	return ahead;
}

bool capture_stream_over(const struct capture_stream *stream)
{
	return stream->over;
}

/* file_number - a number for the file as it is now: a hash of device, inode, size and time of the last change. The
 * workers of a run have the same hash. */
static uint64_t file_number(const struct stat *status)
{
	const uint64_t words[] = { status->st_dev, status->st_ino, (uint64_t)status->st_size,
		(uint64_t)status->st_mtim.tv_sec, (uint64_t)status->st_mtim.tv_nsec };
	return S_ISREG(status->st_mode) ? hash_octets(words, sizeof words) : 0;
}

/* open_descriptor - opens the file, or standard input; fails with EISDIR for a folder. */
static int open_descriptor(const char *path, struct stat *status)
{
	int fd = capture_is_stdin(path) ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0 || fstat(fd, status) < 0)
		return -1;
	if (S_ISDIR(status->st_mode)) {
		if (fd != STDIN_FILENO)
			close(fd);
		errno = EISDIR;
		return -1;
	}
	return fd;
}

struct capture_stream *capture_stream_open(const char *path, GError **error)
{
	const char *name = capture_title(path);
	struct stat status;
	int fd = open_descriptor(path, &status);
	if (fd < 0) {
		g_set_error(
			error, G_FILE_ERROR, (gint)g_file_error_from_errno(errno), "%s: %s", name, g_strerror(errno));
		return NULL;
	}
	struct capture_stream *stream = capture_stream_new();
	stream->fd = fd;
	stream->is_file = S_ISREG(status.st_mode);
	stream->file = file_number(&status);
	if (stream->is_file) {
		stream->size = (uint64_t)status.st_size;
		(void)posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	}
	const struct compression *how = find_compression(capture_stream_head(stream, MAGIC_SIZE));
	if (stream->error || (how && !start_decompression(stream, how))) {
		g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_IO, "%s: %s", name, stream->error);
		capture_stream_close(stream);
		return NULL;
	}
	return stream;
}

void capture_stream_close(struct capture_stream *stream)
{
	if (!stream)
		return;
	gzip_free(stream->gzip);
	if (stream->archive)
		archive_read_free(stream->archive);
	if (stream->ahead >= 0 && stream->ahead != stream->fd)
		close(stream->ahead);
	if (stream->fd > STDIN_FILENO)
		close(stream->fd);
	g_free(stream->rest);
	g_free(stream->raw);
	g_free(stream->compressed);
	g_free(stream->error);
	g_free(stream);
}

uint64_t capture_stream_file(const struct capture_stream *stream, bool *changed)
{
	struct stat status;
	const uint64_t number = fstat(stream->fd, &status) == 0 ? file_number(&status) : stream->file;
	*changed = number != stream->file;
	return number;
}

const char *capture_stream_error(const struct capture_stream *stream)
{
	return stream->error;
}

bool capture_stream_ended(const struct capture_stream *stream)
{
	return !stream->error || (stream->gzip && gzip_ended(stream->gzip));
}

bool capture_stream_compressed(const struct capture_stream *stream)
{
	return stream->method != NULL;
}

void capture_stream_position(const struct capture_stream *stream, uint64_t *position, uint64_t *size)
{
	*position = stream->position;
	*size = stream->size;
}
