/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * gzip.h - gzip, by zlib. Private to source.c.
 *
 * libarchive reads gzip, too, but when a file is cut or damaged it does not return the last 64 KiB before that: of most
 * captures nothing is left.
 */
#ifndef SMTPSCAN_CAPTURE_GZIP_H
#define SMTPSCAN_CAPTURE_GZIP_H

#include <sys/types.h>

#include "types.h"

struct gzip;

/* gzip_source - up to `size` octets of the compressed file; 0 at its end, -1 when it can't be read. */
typedef ssize_t gzip_source(void *context, void *to, size_t size);

struct gzip *gzip_new(gzip_source *source, void *context);
void gzip_free(struct gzip *gzip);

/* gzip_read - up to `size` decompressed octets; 0 at the end. -1 when the file is damaged (gzip_error has the reason)
 * or can't be read (gzip_error is NULL). */
ssize_t gzip_read(struct gzip *gzip, void *to, size_t size);
const char *gzip_error(const struct gzip *gzip);
/* gzip_ended - is the error that the file ended in the middle of a member? Everything before was returned. */
bool gzip_ended(const struct gzip *gzip);

#endif
