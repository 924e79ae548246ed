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
