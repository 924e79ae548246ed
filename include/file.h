/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * file.h - what every stage that writes does with a file descriptor.
 */
#ifndef SMTPSCAN_FILE_H
#define SMTPSCAN_FILE_H

#include <stddef.h>
#include <sys/types.h>

/* file_write - all of it, whatever signals come. Returns how many octets were written: fewer than size with errno set.
 */
size_t file_write(int fd, const void *octets, size_t size);

/* file_read - until there are `size` octets, or the end. Returns how many; -1 with errno set when it can't be read. */
ssize_t file_read(int fd, void *octets, size_t size);

#endif
