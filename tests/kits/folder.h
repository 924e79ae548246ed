/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * folder.h - a folder of its own for a test that writes files.
 */
#ifndef SMTPSCAN_TESTS_FOLDER_H
#define SMTPSCAN_TESTS_FOLDER_H

#include <glib/gstdio.h>

/* folder_new - an empty folder; NULL when there can be none. End it with folder_remove. */
static inline char *folder_new(void)
{
	return g_dir_make_tmp("smtpscan-test-XXXXXX", NULL);
}

/* folder_remove - removes a folder with all that is in it, and frees its path. */
static inline void folder_remove(char *path)
{
	GDir *dir = g_dir_open(path, 0, NULL);
	for (const char *name; dir && (name = g_dir_read_name(dir));) {
		char *child = g_build_filename(path, name, NULL);
		if (!g_file_test(child, G_FILE_TEST_IS_SYMLINK) && g_file_test(child, G_FILE_TEST_IS_DIR)) {
			folder_remove(child);
			continue;
		}
		g_unlink(child);
		g_free(child);
	}
	if (dir)
		g_dir_close(dir);
	g_rmdir(path);
	g_free(path);
}

#endif
