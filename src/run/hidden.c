/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * hidden.c - see hidden.h.
 */
#include "hidden.h"

#include <fcntl.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* lock_new - locks a hidden file, so that no other run removes it as stale. Returns false when one just did. */
static bool lock_new(int fd)
{
	struct stat status;
	return flock(fd, LOCK_EX) != 0 || fstat(fd, &status) != 0 || status.st_nlink > 0;
}

struct writer *hidden_open(const char *path, char **hidden)
{
	char *folder = g_path_get_dirname(path), *name = g_path_get_basename(path);
	int fd = -1;
	do {
		if (fd >= 0) {
			close(fd);
			g_free(*hidden);
		}
		*hidden = g_strdup_printf("%s/.%s.XXXXXX", folder, name);
		fd = g_mkstemp_full(*hidden, O_WRONLY | O_CLOEXEC, 0666);
	} while (fd >= 0 && !lock_new(fd));
	if (fd < 0) {
		writer_complain(*hidden);
		g_clear_pointer(hidden, g_free);
	}
	g_free(folder);
	g_free(name);
	return fd < 0 ? NULL : writer_new(fd, path);
}

bool hidden_close(char **hidden, const char *path, bool good)
{
	if (!*hidden)
		return good;
	good = good && (g_rename(*hidden, path) == 0 || writer_complain(path));
	if (!good)
		g_unlink(*hidden);
	g_clear_pointer(hidden, g_free);
	return good;
}

/* is_hidden_name - .NAME.jsonl.XXXXXX, as hidden_open makes it? */
static bool is_hidden_name(const char *name)
{
	static const char end[] = ".jsonl.XXXXXX";
	const size_t size = strlen(name), tail = strlen(end);
	return name[0] == '.' && size > tail && strncmp(name + size - tail, end, strlen(".jsonl.")) == 0;
}

void hidden_clear(const char *folder)
{
	GDir *entries = g_dir_open(folder, 0, NULL);
	const char *name;
	while (entries && (name = g_dir_read_name(entries))) {
		if (!is_hidden_name(name))
			continue;
		char *path = g_build_filename(folder, name, NULL);
		int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
		if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
			g_unlink(path);
		if (fd >= 0)
			close(fd);
		g_free(path);
	}
	if (entries)
		g_dir_close(entries);
}
