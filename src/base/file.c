/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * file.c - see file.h.
 */
#include "file.h"

#include <errno.h>
#include <unistd.h>

size_t file_write(int fd, const void *octets, size_t size)
{
	size_t done = 0;
	while (done < size) {
		ssize_t written = write(fd, (const char *)octets + done, size - done);
		if (written < 0 && errno != EINTR)
			break;
		done += written > 0 ? (size_t)written : 0;
	}
	return done;
}

ssize_t file_read(int fd, void *octets, size_t size)
{
	size_t done = 0;
	while (done < size) {
		ssize_t got = read(fd, (char *)octets + done, size - done);
		if (got < 0 && errno != EINTR)
			return -1;
		if (got == 0)
			break;
		done += got > 0 ? (size_t)got : 0;
	}
	return (ssize_t)done;
}
