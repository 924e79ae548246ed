/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * file.c - see file.h.
 */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <stdlib.h>
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

int file_temporary(const char *directory)
{
	if (!directory)
		directory = g_get_tmp_dir();
	int fd = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (fd >= 0 || errno == EMFILE || errno == ENFILE)
		return fd;
	char *name = g_build_filename(directory, "smtpscan-XXXXXX", NULL); /* a file system without O_TMPFILE */
	fd = mkostemp(name, O_CLOEXEC);
	if (fd >= 0)
		unlink(name);
	g_free(name);
	return fd;
}
