/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * mbox.c - the mboxrd writer of mbox.h: a mail passes through one small buffer, whatever its size.
 */
#include "mbox.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "file.h"

#define BUFFER_SIZE (64 * 1024) /* a longer line is handled in pieces */
#define SENDER_MAX 320
#define FIELDS_MIN 2

/* ---- the format ---- */

/* A mail that is being written. */
struct format {
	mbox_put put;
	void *context;
	bool failed;
};

static void put_octets(struct format *format, const void *data, size_t size)
{
	format->failed = format->failed || !format->put(format->context, data, size);
}

/* clean_sender - the path without brackets, with only characters that every reader accepts. */
static void clean_sender(const char *sender, char address[static SENDER_MAX + 1])
{
	size_t size = 0;
	for (; sender && *sender && size < SENDER_MAX; sender++)
		if (*sender != '<' && *sender != '>')
			address[size++] = g_ascii_isgraph(*sender) ? *sender : '_';
	address[size] = '\0';
}

/* put_separator - the From_ line: "From sender Thu Jan  1 00:00:00 1970", UTC. */
static void put_separator(struct format *format, const char *sender, int64_t time)
{
	time_t seconds = (time_t)(time / NANOSECONDS_PER_SECOND);
	struct tm moment;
	char date[64];
	gmtime_r(&seconds, &moment);
	asctime_r(&moment, date);
	char *line = g_strdup_printf("From %s %s", *sender ? sender : "MAILER-DAEMON", date);
	put_octets(format, line, strlen(line));
	g_free(line);
}

/* put_missing_header - adds fields that name the origin to a mail with less than two header fields: formail joins such
 * a mail to the one before, and other readers take its text as a header. */
static bool put_missing_header(struct format *format, struct mail *mail, const char *sender, uint8_t *buffer)
{
	ssize_t got = mail_content(mail, 0, buffer, BUFFER_SIZE);
	if (got < 0)
		return false;
	size_t fields = mail_fields(span_of(buffer, (size_t)got));
	if (fields >= FIELDS_MIN)
		return true;
	bool begins = fields > 0 || got == 0 || buffer[0] == '\r' || buffer[0] == '\n';
	char *lines = g_strdup_printf(
		"Return-Path: <%s>\nX-Content-SHA256: %s\n%s", sender, mail->sha256, begins ? "" : "\n");
	put_octets(format, lines, strlen(lines));
	g_free(lines);
	return true;
}

/* put_mail_line - a line or a piece of one; begins: it is the first piece. */
static void put_mail_line(struct format *format, const uint8_t *line, size_t size, bool begins)
{
	size_t quotes = 0;
	while (begins && quotes < size && line[quotes] == '>')
		quotes++;
	if (begins && size - quotes >= 5 && memcmp(line + quotes, "From ", 5) == 0)
		put_octets(format, ">", 1);
	put_octets(format, line, size);
}

/* put_mail - writes the content line by line. Returns false when it can't be read. */
static bool put_mail(struct format *format, struct mail *mail, uint8_t *buffer)
{
	uint64_t offset = 0;
	size_t filled = 0;
	bool begins = true;
	for (;;) {
		ssize_t got = mail_content(mail, offset, buffer + filled, BUFFER_SIZE - filled);
		if (got < 0)
			return false;
		offset += (uint64_t)got;
		filled += (size_t)got;
		if (filled == 0)
			break;
		size_t at = 0;
		const uint8_t *lf;
		while (at < filled && (lf = memchr(buffer + at, '\n', filled - at))) {
			size_t end = (size_t)(lf - buffer), size = end - at;
			put_mail_line(format, buffer + at, size - (size > 0 && lf[-1] == '\r'), begins);
			put_octets(format, "\n", 1);
			begins = true;
			at = end + 1;
		}
		bool last = got == 0;
		if (last || (at == 0 && filled == BUFFER_SIZE)) {
			/* the end of the content, or a line longer than the buffer: its last octet may be the CR of a
			 * CRLF */
			size_t size = filled - at - !last;
			put_mail_line(format, buffer + at, size, begins);
			begins = false;
			at += size;
		}
		memmove(buffer, buffer + at, filled - at);
		filled -= at;
	}
	if (!begins)
		put_octets(format, "\n", 1);
	put_octets(format, "\n", 1);
	return true;
}

bool mbox_format(struct mail *mail, const char *sender, int64_t time, mbox_put to, void *context)
{
	struct format format = { .put = to, .context = context };
	uint8_t *buffer = g_malloc(BUFFER_SIZE);
	char address[SENDER_MAX + 1];
	clean_sender(sender, address);
	put_separator(&format, address, time);
	bool read = put_missing_header(&format, mail, address, buffer) && put_mail(&format, mail, buffer);
	g_free(buffer);
	return read && !format.failed;
}

/* ---- the file ---- */

struct mbox {
	int fd, error;
	bool open;          /* a mail is being written: the file is locked */
	struct stat before; /* its status at that time */
};

struct mbox *mbox_open(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
	if (fd < 0)
		return NULL;
	struct mbox *mbox = g_new0(struct mbox, 1);
	mbox->fd = fd;
	return mbox;
}

static void begin_mbox(struct mbox *mbox)
{
	mbox->open = true;
	mbox->error = 0;
	mbox->before.st_mode = 0;
	int status;
	do
		status = flock(mbox->fd, LOCK_EX);
	while (status != 0 && errno == EINTR);
	if (status != 0 || fstat(mbox->fd, &mbox->before) != 0)
		mbox->error = errno;
}

void mbox_write(struct mbox *mbox, const void *data, size_t size)
{
	if (!mbox->open)
		begin_mbox(mbox);
	if (mbox->error == 0 && file_write(mbox->fd, data, size) < size)
		mbox->error = errno;
}

bool mbox_end(struct mbox *mbox, bool whole)
{
	if (!mbox->open)
		return true;
	const bool undo = (!whole || mbox->error != 0) && S_ISREG(mbox->before.st_mode);
	if (undo && ftruncate(mbox->fd, mbox->before.st_size) != 0 && mbox->error == 0)
		mbox->error = errno;
	flock(mbox->fd, LOCK_UN);
	mbox->open = false;
	errno = mbox->error;
	return mbox->error == 0;
}

bool mbox_close(struct mbox *mbox)
{
	bool closed = close(mbox->fd) == 0;
	g_free(mbox);
	return closed;
}
