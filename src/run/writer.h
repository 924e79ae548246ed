/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * writer.h - writes to a file or standard output through a buffer. Private to this stage.
 *
 * Not stdio, because a signal during a write must not lose octets. The first error is reported on standard error.
 */
#ifndef SMTPSCAN_RUN_WRITER_H
#define SMTPSCAN_RUN_WRITER_H

#include "types.h"

struct writer;

/* writer_open - path NULL: standard output. Returns NULL, reported, when the file can't be made. */
struct writer *writer_open(const char *path);
/* writer_new - for a descriptor, which it closes; the name is for messages. */
struct writer *writer_new(int fd, const char *name);
/* writer_put, writer_flush - return false, reported, when a write fails or has failed before. */
bool writer_put(struct writer *writer, const void *data, size_t size);
/* writer_sink - the same; context: the writer. */
bool writer_sink(void *context, const void *octets, size_t size);
bool writer_flush(struct writer *writer);
/* writer_close - flushes and closes. Returns false, reported, on a write error. NULL is allowed. */
bool writer_close(struct writer *writer);
/* writer_drop - closes without writing or reporting anything. NULL is allowed. */
void writer_drop(struct writer *writer);
/* writer_complain - reports errno for a file. Returns false. */
bool writer_complain(const char *name);

#endif
