/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * writer.h - octets into a file or to standard output, through a buffer. Private to the jobs.
 *
 * Not stdio: a signal in the middle of a write must lose nothing. What goes wrong is said once, on standard error.
 */
#ifndef SMTPSCAN_RUN_WRITER_H
#define SMTPSCAN_RUN_WRITER_H

#include "types.h"

struct writer;

/* writer_open - path NULL: standard output. Returns NULL, said, when the file can't be made. */
struct writer *writer_open(const char *path);
/* writer_new - for a descriptor, which it closes; the name is for people. */
struct writer *writer_new(int fd, const char *name);
/* writer_put, writer_flush - return false, said, when it can't be written, now or before. */
bool writer_put(struct writer *writer, const void *data, size_t size);
bool writer_flush(struct writer *writer);
/* writer_close - flushes. Returns false, said, when what was written did not get there. NULL is fine. */
bool writer_close(struct writer *writer);
/* writer_drop - closes it without a word, and writes nothing more. NULL is fine. */
void writer_drop(struct writer *writer);
/* writer_complain - says what errno says of a file. Returns false. */
bool writer_complain(const char *name);

#endif
