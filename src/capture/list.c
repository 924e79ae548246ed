/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * list.c - finds the captures that the arguments mean. See capture_list in capture.h.
 *
 * Files named by the user are taken without a check. In a folder, a regular file is taken when its (decompressed)
 * content begins like a capture, also one of another program, or when its name is that of a capture: opening it then
 * reports what is wrong with it. A symbolic link to such a file is taken, too, unless the file itself is found in the
 * folder; links to folders are not followed.
 */
#include "capture.h"

#include <errno.h>
#include <fts.h>
#include <string.h>
#include <sys/stat.h>

#include "format.h"
#include "hash.h"
#include "source.h"

/* Octets of each file in a folder that are examined. */
#define FOLDER_HEAD 4096

/* named_like_capture - NAME.pcap, NAME.pcapng.gz and similar. */
static bool named_like_capture(const char *name)
{
	static const char *const compressed[] = { ".gz", ".xz", ".zst", ".bz2", ".lz4" };
	static const char *const captures[] = { ".pcap", ".pcapng", ".cap" };
	size_t size = strlen(name);
	for (size_t i = 0; i < G_N_ELEMENTS(compressed); i++)
		if (g_str_has_suffix(name, compressed[i])) {
			size -= strlen(compressed[i]);
			break;
		}
	for (size_t i = 0; i < G_N_ELEMENTS(captures); i++) {
		size_t length = strlen(captures[i]);
		if (size > length && g_ascii_strncasecmp(name + size - length, captures[i], length) == 0)
			return true;
	}
	return false;
}

bool capture_begins_like(const char *path)
{
	struct capture_stream *stream = capture_stream_open(path, NULL);
	if (!stream)
		return false;
	const struct span head = capture_stream_head(stream, FOLDER_HEAD);
	bool is = capture_format_of(head) != CAPTURE_FORMAT_NONE;
	if (!is) {
		const struct foreign *foreign = capture_format_foreign(head);
		is = foreign && foreign->kind == FOREIGN_CAPTURE;
	}
	capture_stream_close(stream);
	return is;
}

/* by_entry_name - compares numbers in names by value (NAME2 before NAME10, as in rotated recordings), in any locale. */
static int by_entry_name(const FTSENT **a, const FTSENT **b)
{
	int order = strverscmp((*a)->fts_name, (*b)->fts_name);
	return order != 0 ? order : strcmp((*a)->fts_name, (*b)->fts_name);
}

static bool fail_list(GError **error, const char *path, int code, const char *words)
{
	if (error && !*error)
		g_set_error(error, G_FILE_ERROR, (gint)g_file_error_from_errno(code), "%s: %s", path, words);
	return false;
}

/* The captures found in a folder: paths, and the file of each. */
struct found {
	GPtrArray *paths;
	GArray *files; /* struct file, one for each path of this folder */
};

struct file {
	dev_t device;
	ino_t inode;
	bool link;
};

/* add_capture - adds a file if it is, or should be, a capture; link: it is a symbolic link. */
static void add_capture(const struct found *found, const FTSENT *entry, bool link)
{
	struct stat status;
	struct file file = { .link = link };
	const bool there = stat(entry->fts_path, &status) == 0;
	if (entry->fts_name[0] == '.' || (there && !S_ISREG(status.st_mode)) ||
		!(named_like_capture(entry->fts_name) || (there && capture_begins_like(entry->fts_path))))
		return;
	if (there) {
		file.device = status.st_dev;
		file.inode = status.st_ino;
	}
	g_ptr_array_add(found->paths, g_strdup(entry->fts_path));
	g_array_append_val(found->files, file);
}

static guint file_hash(gconstpointer file)
{
	return hash_number(&((const struct file *)file)->inode);
}

static gboolean file_equal(gconstpointer a, gconstpointer b)
{
	const struct file *x = a, *y = b;
	return x->device == y->device && x->inode == y->inode;
}

/* drop_links - removes links to files that were found by their own name, or by an earlier link. */
static void drop_links(const struct found *found)
{
	GHashTable *seen = g_hash_table_new(file_hash, file_equal);
	const guint before = found->paths->len - found->files->len;
	const struct file *files = (const struct file *)(const void *)found->files->data;
	for (guint i = 0; i < found->files->len; i++)
		if (!files[i].link)
			g_hash_table_add(seen, (gpointer)&files[i]);
	guint kept = before;
	for (guint i = 0; i < found->files->len; i++) {
		gpointer path = found->paths->pdata[before + i];
		const bool twice = files[i].link && files[i].inode != 0 && !g_hash_table_add(seen, (gpointer)&files[i]);
		if (twice)
			g_free(path);
		else
			found->paths->pdata[kept++] = path;
	}
	found->paths->len = kept;
	g_hash_table_destroy(seen);
}

/* take_listed - handles one entry of the folder. */
static bool take_listed(FTS *walk, FTSENT *entry, const struct found *found, GError **error)
{
	switch (entry->fts_info) {
	case FTS_DNR:
	case FTS_ERR:
	case FTS_NS:
		return fail_list(error, entry->fts_path, entry->fts_errno, g_strerror(entry->fts_errno));
	case FTS_D:
		if (entry->fts_level > FTS_ROOTLEVEL && entry->fts_name[0] == '.')
			fts_set(walk, entry, FTS_SKIP);
		return true;
	case FTS_F:
	case FTS_SL:
		add_capture(found, entry, entry->fts_info == FTS_SL);
		return true;
	default: /* leaving a folder, devices */
		return true;
	}
}

static bool list_folder(char *folder, GPtrArray *paths, GError **error)
{
	char *const roots[] = { folder, NULL };
	guint before = paths->len;
	FTS *walk = fts_open(roots, FTS_PHYSICAL | FTS_COMFOLLOW | FTS_NOCHDIR, by_entry_name);
	if (!walk)
		return fail_list(error, folder, errno, g_strerror(errno));
	const struct found found = { paths, g_array_new(FALSE, FALSE, sizeof(struct file)) };
	bool good = true;
	FTSENT *entry;
	while ((entry = fts_read(walk)))
		good = take_listed(walk, entry, &found, error) && good;
	fts_close(walk);
	drop_links(&found);
	g_array_unref(found.files);
	if (good && paths->len == before)
		return fail_list(error, folder, ENOENT, "no capture in this folder");
	return good;
}

bool capture_list(char **arguments, GPtrArray *paths, GError **error)
{
	GError *first = NULL;
	bool good = true;
	for (; *arguments; arguments++) {
		struct stat status;
		if (stat(*arguments, &status) == 0 && S_ISDIR(status.st_mode))
			good = list_folder(*arguments, paths, &first) && good;
		else
			g_ptr_array_add(paths, g_strdup(*arguments));
	}
	if (first)
		g_propagate_error(error, first);
	return good;
}
