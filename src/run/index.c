/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * index.c - sorts DIR/index.jsonl (--extract), because workers append to it in any order. Duplicate lines, from
 * analysing a capture again, are removed.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"
#include "private.h"
#include "text.h"

#define INDEX "index.jsonl"

/* write_index - writes the lines to a new file, and renames it over the old one. */
static bool write_index(const char *path, char **lines, guint count)
{
	char *hidden = g_strconcat(path, ".XXXXXX", NULL);
	int fd = g_mkstemp_full(hidden, O_WRONLY | O_CLOEXEC, 0600);
	bool good = fd >= 0;
	for (guint i = 0; i < count && good; i++) {
		const size_t size = strlen(lines[i]);
		if (i > 0 && strcmp(lines[i], lines[i - 1]) == 0)
			continue;
		good = file_write(fd, lines[i], size) == size && file_write(fd, "\n", 1) == 1;
	}
	good = fd >= 0 && close(fd) == 0 && good && rename(hidden, path) == 0;
	if (!good)
		writer_complain(path);
	if (!good && fd >= 0)
		unlink(hidden);
	g_free(hidden);
	return good;
}

/* lock - locks the file, so that no line is added before it is replaced. Returns -1 when there is none. */
static int lock(const char *path)
{
	for (;;) {
		struct stat status;
		int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
		if (fd < 0 || flock(fd, LOCK_EX) != 0 || fstat(fd, &status) != 0 || status.st_nlink > 0)
			return fd;
		close(fd);
	}
}

bool index_sort(const char *folder)
{
	char *path = g_build_filename(folder, INDEX, NULL), *text = NULL;
	bool good = true;
	int fd = lock(path);
	if (fd >= 0 && g_file_get_contents(path, &text, NULL, NULL)) {
		g_strchomp(text);
		char **lines = g_strsplit(text, "\n", 0);
		const guint count = g_strv_length(lines);
		qsort(lines, count, sizeof *lines, text_order);
		good = write_index(path, lines, count);
		g_strfreev(lines);
	}
	if (fd >= 0)
		close(fd);
	g_free(text);
	g_free(path);
	return good;
}
