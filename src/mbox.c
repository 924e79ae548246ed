/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * mbox.c - the mboxrd writer of mbox.h: a mail passes through two small buffers, whatever its size.
 */
#include "mbox.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "mime.h"

#define BUFFER_SIZE (64 * 1024) /* a longer line is looked at in pieces */
#define SENDER_MAX 320
#define FIELDS_MIN 2

struct mbox {
	int fd, error;
	size_t used;
	uint8_t out[BUFFER_SIZE], in[BUFFER_SIZE];
};

struct mbox *mbox_open(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
	if (fd < 0)
		return NULL;
	struct mbox *mbox = g_new(struct mbox, 1);
	mbox->fd = fd;
	mbox->error = 0;
	mbox->used = 0;
	return mbox;
}

static void flush(struct mbox *mbox)
{
	size_t done = 0;
	while (done < mbox->used && mbox->error == 0) {
		ssize_t written = write(mbox->fd, mbox->out + done, mbox->used - done);
		if (written > 0)
			done += (size_t)written;
		else if (written < 0 && errno != EINTR)
			mbox->error = errno;
	}
	mbox->used = 0;
}

static void put(struct mbox *mbox, const void *data, size_t size)
{
	const uint8_t *from = data;
	while (size > 0) {
		if (mbox->used == BUFFER_SIZE)
			flush(mbox);
		size_t step = MIN(size, BUFFER_SIZE - mbox->used);
		memcpy(mbox->out + mbox->used, from, step);
		mbox->used += step;
		from += step;
		size -= step;
	}
}

/* clean_sender - the path without its brackets, in characters that every reader takes. */
static void clean_sender(const char *sender, char address[static SENDER_MAX + 1])
{
	size_t size = 0;
	for (; sender != NULL && *sender != '\0' && size < SENDER_MAX; sender++)
		if (*sender != '<' && *sender != '>')
			address[size++] = g_ascii_isgraph(*sender) ? *sender : '_';
	address[size] = '\0';
}

/* put_separator - the From_ line: "From sender Thu Jan  1 00:00:00 1970", UTC. */
static void put_separator(struct mbox *mbox, const char *sender, int64_t time)
{
	time_t seconds = (time_t)(time / NANOSECONDS_PER_SECOND);
	struct tm moment;
	char date[64];
	gmtime_r(&seconds, &moment);
	asctime_r(&moment, date);
	char *line = g_strdup_printf("From %s %s", *sender != '\0' ? sender : "MAILER-DAEMON", date);
	put(mbox, line, strlen(line));
	g_free(line);
}

static bool never(const void *context, size_t at, size_t end)
{
	return false;
}

/* put_missing_header - formail takes what has less than two header fields for a piece of the mail before, and without
 * any readers take text for a header: such a mail gets fields that say where it comes from. */
static bool put_missing_header(struct mbox *mbox, struct mail *mail, const char *sender)
{
	ssize_t got = mail_content(mail, 0, mbox->in, BUFFER_SIZE);
	if (got < 0)
		return false;
	struct mime_block block;
	GArray *fields = g_array_new(FALSE, FALSE, sizeof(struct mime_field));
	mime_header_read(fields, span_of(mbox->in, (size_t)got), 0, never, NULL, &block);
	g_array_free(fields, TRUE);
	if (block.count >= FIELDS_MIN)
		return true;
	bool begins = block.count > 0 || got == 0 || mbox->in[0] == '\r' || mbox->in[0] == '\n';
	char *lines = g_strdup_printf(
		"Return-Path: <%s>\nX-Content-SHA256: %s\n%s", sender, mail->sha256, begins ? "" : "\n");
	put(mbox, lines, strlen(lines));
	g_free(lines);
	return true;
}

/* put_line - a line or a piece of one; begins: it is the line's first. */
static void put_line(struct mbox *mbox, const uint8_t *line, size_t size, bool begins)
{
	size_t quotes = 0;
	while (begins && quotes < size && line[quotes] == '>')
		quotes++;
	if (begins && size - quotes >= 5 && memcmp(line + quotes, "From ", 5) == 0)
		put(mbox, ">", 1);
	put(mbox, line, size);
}

/* put_content - the content line by line. Returns false when it can't be read. */
static bool put_content(struct mbox *mbox, struct mail *mail)
{
	uint64_t offset = 0;
	size_t filled = 0;
	bool begins = true;
	for (;;) {
		ssize_t got = mail_content(mail, offset, mbox->in + filled, BUFFER_SIZE - filled);
		if (got < 0)
			return false;
		offset += (uint64_t)got;
		filled += (size_t)got;
		if (filled == 0)
			break;
		size_t at = 0;
		const uint8_t *lf;
		while (at < filled && (lf = memchr(mbox->in + at, '\n', filled - at)) != NULL) {
			size_t end = (size_t)(lf - mbox->in), size = end - at;
			put_line(mbox, mbox->in + at, size - (size > 0 && lf[-1] == '\r'), begins);
			put(mbox, "\n", 1);
			begins = true;
			at = end + 1;
		}
		bool last = got == 0;
		if (last || (at == 0 && filled == BUFFER_SIZE)) {
			/* the end of the content, or a line longer than the buffer: its last octet may be the CR of a
			 * CRLF */
			size_t size = filled - at - !last;
			put_line(mbox, mbox->in + at, size, begins);
			begins = false;
			at += size;
		}
		memmove(mbox->in, mbox->in + at, filled - at);
		filled -= at;
	}
	if (!begins)
		put(mbox, "\n", 1);
	put(mbox, "\n", 1);
	return true;
}

bool mbox_append(struct mbox *mbox, struct mail *mail, const char *sender, int64_t time)
{
	struct stat before;
	while (flock(mbox->fd, LOCK_EX) != 0)
		if (errno != EINTR)
			return false;
	bool known = fstat(mbox->fd, &before) == 0;
	mbox->error = known ? 0 : errno;
	char address[SENDER_MAX + 1];
	clean_sender(sender, address);
	put_separator(mbox, address, time);
	if (!put_missing_header(mbox, mail, address) || !put_content(mbox, mail))
		mbox->error = errno;
	flush(mbox);
	if (mbox->error != 0 && known && S_ISREG(before.st_mode) && ftruncate(mbox->fd, before.st_size) != 0)
		mbox->error = errno;
	flock(mbox->fd, LOCK_UN);
	errno = mbox->error;
	return mbox->error == 0;
}

bool mbox_close(struct mbox *mbox)
{
	bool closed = close(mbox->fd) == 0;
	g_free(mbox);
	return closed;
}
