/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * extract.c - files under --extract DIR, named by their SHA-256. A file is stored whole or not at all.
 *
 * A file is written under a temporary name in DIR and renamed when it is complete, so a killed run leaves no incomplete
 * file under a final name. Names consist of a hash and an extension from kind.c; nothing from the capture gets into a
 * path. A file that already has the name is compared, not trusted. Files may be malware: they get mode 0600. DIR is
 * opened once, and all access goes through its descriptor. Thousands of files may be in progress, so each is open only
 * while its buffer is written.
 *
 * index.jsonl in DIR has a line for each file of each mail; all workers append to it. When the disk is full, no worker
 * stores any more, and this is reported once.
 */
#include "mime.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"
#include "text.h"

#define BUFFER_SIZE (16 * 1024)
#define INDEX "index.jsonl"

struct extract_file {
	const char *directory;
	char *name;              /* its final name, while it waits for the decision to keep it; else NULL */
	struct mail_part *about; /* ... and its part; NULL: the mail itself */
	char temporary[64];
	bool made; /* the temporary file exists */
	int error;
	size_t used;
	uint8_t buffer[BUFFER_SIZE];
};

static int directory_fd = -1;
static unsigned long counter;

/* Shared by the workers: the disk is full. */
static bool full_alone, *full = &full_alone;

void mail_share(void)
{
	void *shared = mmap(NULL, sizeof *full, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared != MAP_FAILED)
		full = shared;
}

/* trouble - an error message; NULL when it was already reported that the disk is full. */
static char *trouble(const char *directory, const char *name, int error)
{
	if (error != ENOSPC && error != EDQUOT)
		return g_strdup_printf("can't write %s/%s: %s", directory, name, g_strerror(error));
	if (__atomic_exchange_n(full, true, __ATOMIC_RELAXED))
		return NULL;
	return g_strdup_printf("can't write %s/%s: %s: nothing more is extracted", directory, name, g_strerror(error));
}

struct extract_file *extract_begin(const char *directory, char **error)
{
	if (__atomic_load_n(full, __ATOMIC_RELAXED))
		return NULL;
	if (directory_fd < 0)
		directory_fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (directory_fd < 0) {
		*error = g_strdup_printf("can't open folder %s: %s", directory, g_strerror(errno));
		return NULL;
	}
	struct extract_file *file = g_new(struct extract_file, 1);
	file->directory = directory;
	file->name = NULL;
	file->about = NULL;
	file->made = false;
	file->used = 0;
	file->error = 0;
	return file;
}

/* open_temporary - opens the temporary file; creates it the first time, under a free name. Returns -1 with file->error
 * set.
 */
static int open_temporary(struct extract_file *file)
{
	const int flags = O_WRONLY | O_NOFOLLOW | O_CLOEXEC;
	int fd;
	if (file->made)
		fd = openat(directory_fd, file->temporary, flags | O_APPEND);
	else
		do {
			snprintf(file->temporary, sizeof file->temporary, ".smtpscan-%ld-%lu.part", (long)getpid(),
				counter++);
			fd = openat(directory_fd, file->temporary, flags | O_CREAT | O_EXCL, 0600);
		} while (fd < 0 && errno == EEXIST);
	if (fd < 0)
		file->error = errno;
	else
		file->made = true;
	return fd;
}

static void write_out(struct extract_file *file, const uint8_t *data, size_t size)
{
	int fd = file->error == 0 ? open_temporary(file) : -1;
	if (fd >= 0 && file_write(fd, data, size) < size)
		file->error = errno;
	if (fd >= 0 && close(fd) != 0 && file->error == 0)
		file->error = errno;
}

/* unmake - deletes the temporary file. */
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

/* is_stored - is a file with this name and the same content already there? A link does not count. */
static bool is_stored(const struct extract_file *file, const char *name)
{
	static uint8_t ours[BUFFER_SIZE], theirs[BUFFER_SIZE];
	const int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
	struct stat status;
	int there = openat(directory_fd, name, flags);
	if (there < 0)
		return false;
	int fd = openat(directory_fd, file->temporary, flags);
	bool same = fd >= 0 && fstat(there, &status) == 0 && S_ISREG(status.st_mode);
	for (ssize_t size = 1; same && size > 0;) {
		size = file_read(fd, ours, sizeof ours);
		same = size >= 0 && file_read(there, theirs, sizeof theirs) == size &&
		       memcmp(ours, theirs, (size_t)size) == 0;
	}
	if (fd >= 0)
		close(fd);
	close(there);
	return same;
}

/* name_file - renames the temporary file. Returns the path; NULL with *error as for extract_end. */
static char *name_file(struct extract_file *file, struct arena *arena, const char *name, char **error)
{
	if (file->error == 0 && is_stored(file, name))
		unmake(file);
	else if (file->error == 0 && renameat(directory_fd, file->temporary, directory_fd, name) != 0)
		file->error = errno;
	if (file->error != 0) {
		unmake(file);
		*error = trouble(file->directory, name, file->error);
		return NULL;
	}
	char *path = arena_take(arena, strlen(file->directory) + strlen(name) + 2);
	sprintf(path, "%s%s%s", file->directory, g_str_has_suffix(file->directory, "/") ? "" : "/", name);
	return path;
}

char *extract_end(struct extract_file *file, struct arena *arena, const char *hash, const char *extension, char **error)
{
	char *path = NULL;
	if (hash) {
		char *name = g_strconcat(hash, extension, NULL);
		write_out(file, file->buffer, file->used);
		path = name_file(file, arena, name, error);
		g_free(name);
	} else {
		unmake(file);
	}
	g_free(file);
	return path;
}

/* --- files that wait until it is known whether their mail is kept --- */

void extract_wait(struct extract_file *file, struct mail *mail, struct mail_part *about, const char *extension)
{
	write_out(file, file->buffer, file->used);
	file->name = g_strconcat(about ? about->sha256 : mail->sha256, extension, NULL);
	file->about = about;
	if (!mail->waiting)
		mail->waiting = g_ptr_array_new();
	g_ptr_array_add(mail->waiting, g_realloc(file, offsetof(struct extract_file, buffer)));
}

/* end_waiting - ends one waiting file. */
static void end_waiting(struct extract_file *file, struct mail *mail, bool keep)
{
	char *error = NULL, *path = keep ? name_file(file, mail->arena, file->name, &error) : NULL;
	if (!keep)
		unmake(file);
	if (file->about) {
		file->about->path = path;
		file->about->stored = path;
	} else {
		mail->path = path;
	}
	if (error)
		mail_lost(mail, error);
	g_free(file->name);
	g_free(file);
}

void extract_finish(struct mail *mail, const char *directory, bool keep)
{
	if (!mail->waiting)
		return;
	for (guint i = 0; i < mail->waiting->len; i++)
		end_waiting(mail->waiting->pdata[i], mail, keep);
	g_ptr_array_free(g_steal_pointer(&mail->waiting), TRUE);
	if (keep)
		extract_index(mail, directory);
}

/* --- the index --- */

/* put_member - appends a member to a JSON object; text is UTF-8. */
static void put_member(GString *line, const char *key, const char *text)
{
	if (!text)
		return;
	g_string_append_printf(line, "%s\"%s\":\"", line->str[line->len - 1] == '{' ? "" : ",", key);
	for (; *text; text = g_utf8_next_char(text)) {
		const gunichar c = g_utf8_get_char(text);
		if (c == '"' || c == '\\')
			g_string_append_printf(line, "\\%c", (char)c);
		else if (text_is_hidden(c))
			g_string_append_printf(line, "\\u%04x", c);
		else
			g_string_append_unichar(line, c);
	}
	g_string_append_c(line, '"');
}

/* put_file - appends one line of the index. */
static void put_file(
	GString *lines, const struct mail *mail, const char *hash, const char *path, const struct mail_part *part)
{
	const char *slash = strrchr(path, '/');
	g_string_append_c(lines, '{');
	put_member(lines, "sha256", hash);
	put_member(lines, "file", slash ? slash + 1 : path);
	put_member(lines, "name", part ? part->filename : NULL);
	put_member(lines, "part", part ? part->number : NULL);
	put_member(lines, "mail", mail->sha256);
	put_member(lines, "message_id", part ? NULL : mail->message_id);
	g_string_append(lines, "}\n");
}

/* open_index - opens it to append, with a lock, so that run/index.c does not replace it with the sorted one meanwhile.
 */
static int open_index(void)
{
	for (;;) {
		struct stat status;
		int fd = openat(directory_fd, INDEX, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
		if (fd < 0 || flock(fd, LOCK_SH) != 0 || fstat(fd, &status) != 0 || status.st_nlink > 0)
			return fd;
		close(fd);
	}
}

void extract_index(struct mail *mail, const char *directory)
{
	GString *lines = g_string_new(NULL);
	if (mail->path)
		put_file(lines, mail, mail->sha256, mail->path, NULL);
	for (guint i = 0; i < mail->parts->len; i++) {
		const struct mail_part *part = mail->parts->pdata[i];
		if (part->path)
			put_file(lines, mail, part->sha256, part->path, part);
	}
	int fd = lines->len > 0 ? open_index() : -1;
	/* one call, so that lines of several workers do not mix */
	ssize_t written = fd >= 0 ? write(fd, lines->str, lines->len) : -1;
	int error = written < 0 ? errno : written < (ssize_t)lines->len ? ENOSPC : 0;
	if (lines->len > 0 && error != 0) {
		char *words = trouble(directory, INDEX, error);
		if (words)
			mail_lost(mail, words);
	}
	if (fd >= 0)
		close(fd);
	g_string_free(lines, TRUE);
}

void extract_exit(void)
{
	if (directory_fd >= 0)
		close(directory_fd);
	directory_fd = -1;
}
