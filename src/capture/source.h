/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * source.h - the octets of a capture file, decompressed: a file, a FIFO or standard input. Private to
 * src/capture.
 *
 * The head can be examined before anything is read; reading begins with it. A read returns the octets that are there,
 * so it never waits for more of a live pipe than was requested.
 */
#ifndef SMTPSCAN_CAPTURE_SOURCE_H
#define SMTPSCAN_CAPTURE_SOURCE_H

#include <glib.h>
#include <sys/types.h>

#include "types.h"

/* Octets that can be examined before reading. */
#define STREAM_HEAD_MAX (16 * 1024)

struct capture_stream;

/* capture_stream_open - "-" is standard input. NULL and *error (which names the file) when it can't be opened or its
 * compressed beginning is damaged. */
struct capture_stream *capture_stream_open(const char *path, GError **error);
void capture_stream_close(struct capture_stream *stream);

/* capture_stream_head - the first octets, at least `want` if the file has as many. Valid until the next read. */
struct span capture_stream_head(struct capture_stream *stream, size_t want);

/* capture_stream_amend - replaces octets of the head, which must have been returned by capture_stream_head, before it
 * is read. */
void capture_stream_amend(struct capture_stream *stream, size_t offset, struct span octets);

/* capture_stream_read - up to `size` octets; 0 at the end, -1 when it can't be read or is damaged (see
 * capture_stream_error; errno is EINTR after a signal). */
ssize_t capture_stream_read(struct capture_stream *stream, void *to, size_t size);

/* capture_stream_ahead - another stream, of what this one will hand out: `pending` first, which it has handed out
 * already, then what comes. That goes to a file without a name in this folder and is handed out by this one all the
 * same. NULL with errno when that can't be; once for a stream. It ends early, with an error, when the file can't be
 * written, and without one when a pipe sends nothing for a while. It does not outlive this one.
 * capture_stream_over - was the end of this one read? */
struct capture_stream *capture_stream_ahead(struct capture_stream *stream, struct span pending, const char *directory);
bool capture_stream_over(const struct capture_stream *stream);

/* capture_stream_error - the error, without the name of the file; NULL: none. */
const char *capture_stream_error(const struct capture_stream *stream);

/* capture_stream_ended - did the file just end, perhaps too early for its compression? False after any other error. */
bool capture_stream_ended(const struct capture_stream *stream);

bool capture_stream_compressed(const struct capture_stream *stream);
/* capture_stream_position - octets of the (compressed) file read so far, and its size; 0: not known. */
void capture_stream_position(const struct capture_stream *stream, uint64_t *position, uint64_t *size);

/* capture_stream_file - a number that identifies a regular file and its present content (by size and time of change);
 * 0: a pipe. *changed: the file was changed or replaced since it was opened. */
uint64_t capture_stream_file(const struct capture_stream *stream, bool *changed);

#endif
