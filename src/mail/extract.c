/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * extract.c - files under --extract DIR: named by their SHA-256, whole or not there.
 *
 * A file is written under a temporary name in DIR and renamed when it is complete, so a killed run leaves no half file
 * under a final name. Names are made here, from hashes and a table of extensions; nothing from the wire gets into a
 * path. All goes through a descriptor of DIR, which is opened once. Thousands of files may be begun at a time, so none
 * is open but while a full buffer is written to it.
 */
#include "mime.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"

#define BUFFER_SIZE (16 * 1024)

struct extract_file {
	const char *directory;
	char temporary[64];
	bool made; /* it is there, under its temporary name */
	int error;
	size_t used;
	uint8_t buffer[BUFFER_SIZE];
};

static int directory_fd = -1;
static unsigned long counter;

struct extract_file *extract_begin(const char *directory, char **error)
{
	if (directory_fd < 0)
		directory_fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (directory_fd < 0) {
		*error = g_strdup_printf("can't open folder %s: %s", directory, g_strerror(errno));
		return NULL;
	}
	struct extract_file *file = g_new(struct extract_file, 1);
	file->directory = directory;
	file->made = false;
	file->used = 0;
	file->error = 0;
	return file;
}

/* open_file - makes the file at the first time, under a name that is free. Returns -1 with file->error set. */
static int open_file(struct extract_file *file)
{
	const int flags = O_WRONLY | O_NOFOLLOW | O_CLOEXEC;
	int fd;
	if (file->made)
		fd = openat(directory_fd, file->temporary, flags | O_APPEND);
	else
		do {
			snprintf(file->temporary, sizeof file->temporary, ".smtpscan-%ld-%lu.part", (long)getpid(),
				counter++);
			fd = openat(directory_fd, file->temporary, flags | O_CREAT | O_EXCL, 0666);
		} while (fd < 0 && errno == EEXIST);
	if (fd < 0)
		file->error = errno;
	else
		file->made = true;
	return fd;
}

static void write_out(struct extract_file *file, const uint8_t *data, size_t size)
{
	int fd = file->error == 0 ? open_file(file) : -1;
	if (fd >= 0 && file_write(fd, data, size) < size)
		file->error = errno;
	if (fd >= 0 && close(fd) != 0 && file->error == 0)
		file->error = errno;
}

/* unmake - a file that was begun and is not wanted. */
static void unmake(const struct extract_file *file)
{
	if (file->made)
		unlinkat(directory_fd, file->temporary, 0);
}

void extract_write(struct extract_file *file, struct span data)
{
	if (data.size > BUFFER_SIZE - file->used) {
		write_out(file, file->buffer, file->used);
		file->used = 0;
	}
	if (data.size >= BUFFER_SIZE) {
		write_out(file, data.data, data.size);
		return;
	}
	memcpy(file->buffer + file->used, data.data, data.size);
	file->used += data.size;
}

/* is_stored - is the content there already? Only a file of our making is taken for it. */
static bool is_stored(const char *name)
{
	struct stat status;
	return fstatat(directory_fd, name, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(status.st_mode);
}

char *extract_end(struct extract_file *file, struct arena *arena, const char *hash, const char *extension, char **error)
{
	char *path = NULL;
	if (hash != NULL)
		write_out(file, file->buffer, file->used);
	bool keep = hash != NULL && file->error == 0;
	if (hash != NULL) {
		char *name = g_strconcat(hash, extension, NULL);
		if (keep && !is_stored(name)) {
			keep = renameat(directory_fd, file->temporary, directory_fd, name) == 0;
			if (!keep)
				file->error = errno;
		} else
			unmake(file);
		path = arena_take(arena, strlen(file->directory) + strlen(name) + 2);
		sprintf(path, "%s%s%s", file->directory, g_str_has_suffix(file->directory, "/") ? "" : "/", name);
		if (!keep) {
			*error = g_strdup_printf("can't write %s: %s", path, g_strerror(file->error));
			path = NULL;
			unmake(file);
		}
		g_free(name);
	} else
		unmake(file);
	g_free(file);
	return path;
}

void extract_exit(void)
{
	if (directory_fd >= 0)
		close(directory_fd);
	directory_fd = -1;
}
