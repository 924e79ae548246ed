/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * file.h - complete writes and reads on a file descriptor.
 */
#ifndef SMTPSCAN_FILE_H
#define SMTPSCAN_FILE_H

#include <stddef.h>
#include <sys/types.h>

/* file_write - writes all octets, also when signals interrupt it. Returns the number written: fewer than size with
 * errno set. */
size_t file_write(int fd, const void *octets, size_t size);

/* file_read - reads `size` octets, or up to the end of the file. Returns the number read; -1 with errno set on
 * error. */
ssize_t file_read(int fd, void *octets, size_t size);

/* file_temporary - a file without a name in this folder (NULL: g_get_tmp_dir), for reading and writing. Returns its
 * descriptor; -1 with errno set. */
int file_temporary(const char *directory);

#endif
