/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * replay.c - a fuzz target without a fuzzer: replay FILE-OR-FOLDER... runs it with every file, sorted by name, then
 * with an empty input. So seeds and past crashes are tests of every build. A file that can't be read is an error, and
 * so is a folder without files.
 */
#include <glib.h>

#include "fuzz.h"

static unsigned count;

static bool replay_file(const char *path)
{
	char *data;
	gsize size;
	if (!g_file_get_contents(path, &data, &size, NULL)) {
		fprintf(stderr, "%s: can't be read\n", path);
		return false;
	}
	uint8_t *copy = fuzz_copy((const uint8_t *)data, size);
	g_free(data);
	LLVMFuzzerTestOneInput(copy, size);
	free(copy);
	count++;
	return true;
}

static int by_name(gconstpointer a, gconstpointer b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* replay - a file, or the files of a folder; folders in it are skipped. */
static bool replay(const char *path)
{
	GDir *dir = g_dir_open(path, 0, NULL);
	if (!dir)
		return replay_file(path);
	GPtrArray *files = g_ptr_array_new_with_free_func(g_free);
	for (const char *name; (name = g_dir_read_name(dir));) {
		char *file = g_build_filename(path, name, NULL);
		if (g_file_test(file, G_FILE_TEST_IS_REGULAR))
			g_ptr_array_add(files, file);
		else
			g_free(file);
	}
	g_dir_close(dir);
	g_ptr_array_sort(files, by_name);
	bool good = files->len > 0;
	for (guint i = 0; i < files->len; i++)
		good = replay_file(files->pdata[i]) && good;
	g_ptr_array_unref(files);
	return good;
}

int main(int argc, char **argv)
{
	bool good = argc > 1;
	for (int i = 1; i < argc; i++)
		good = replay(argv[i]) && good;
	LLVMFuzzerTestOneInput((const uint8_t *)"", 0);
	printf("%u inputs\n", count);
	return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
