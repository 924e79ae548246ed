/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * expected.c - see expected.h.
 */
#include "expected.h"
#include "hash.h"
#include "text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define WHOLE_SUFFIX ".jsonl"
#define SUBSET_SUFFIX ".subset.jsonl"
#define DEPTH_MAX 64 /* depth of folders that are searched for unused files */

struct expected {
	const struct options *options;
	GHashTable *met; /* names of inputs */
	char *name;
	uint64_t differences;
};

struct expected *expected_new(const struct options *options)
{
	struct expected *expected = g_new0(struct expected, 1);
	expected->options = options;
	expected->met = g_hash_table_new_full(hash_text, g_str_equal, g_free, NULL);
	return expected;
}

void expected_free(struct expected *expected)
{
	if (!expected)
		return;
	g_hash_table_unref(expected->met);
	g_free(expected->name);
	g_free(expected);
}

uint64_t expected_differences(const struct expected *expected)
{
	return expected->differences;
}

/* below - the path relative to a folder; NULL when it is not below the folder. */
static const char *below(const char *path, const char *folder)
{
	size_t size = strlen(folder);
	while (size > 1 && folder[size - 1] == G_DIR_SEPARATOR)
		size--;
	if (strncmp(path, folder, size) != 0 || path[size] != G_DIR_SEPARATOR)
		return NULL;
	return path + size + strspn(path + size, G_DIR_SEPARATOR_S);
}

static const char *stored_name(void *context, const char *input)
{
	struct expected *expected = context;
	const char *name = NULL;
	for (char **argument = expected->options->captures; *argument && !name; argument++)
		if (strcmp(*argument, input) != 0)
			name = below(input, *argument);
	g_free(expected->name);
	expected->name = name ? g_strdup(name) : g_path_get_basename(input);
	return expected->name;
}

/* expected_path - free with g_free. */
static char *expected_path(const struct expected *expected, const char *name, const char *suffix)
{
	char *file = g_strconcat(name, suffix, NULL),
	     *path = g_build_filename(expected->options->check_dir, file, NULL);
	g_free(file);
	return path;
}

/* load - a file as text; NULL when it does not exist or, reported, can't be read. */
static char *load(const struct expected *expected, const char *name, const char *suffix)
{
	char *path = expected_path(expected, name, suffix), *text = NULL;
	GError *error = NULL;
	if (!g_file_get_contents(path, &text, NULL, &error) &&
		!g_error_matches(error, G_FILE_ERROR, G_FILE_ERROR_NOENT))
		say("%s", error->message);
	g_clear_error(&error);
	g_free(path);
	return text;
}

static char *find_expected(void *context, const char *name, bool *subset)
{
	struct expected *expected = context;
	if (!g_hash_table_add(expected->met, g_strdup(name)))
		say("--check: more than one capture is called %s", name);
	char *text = load(expected, name, SUBSET_SUFFIX);
	*subset = text;
	return text ? text : load(expected, name, WHOLE_SUFFIX);
}

static bool store_expected(void *context, const char *name, const char *lines, bool subset)
{
	char *path = expected_path(context, name, subset ? SUBSET_SUFFIX : WHOLE_SUFFIX),
	     *folder = g_path_get_dirname(path);
	GError *error = NULL;
	bool good = g_mkdir_with_parents(folder, 0777) == 0 || writer_complain(folder);
	if (good && !g_file_set_contents(path, lines, -1, &error)) {
		say("%s", error->message);
		g_error_free(error);
		good = false;
	}
	g_free(folder);
	g_free(path);
	return good;
}

struct view *expected_view(struct expected *expected, struct writer *writer)
{
	const struct view_check_options options = {
		.expected = { .name = stored_name,
			.find = find_expected,
			.store = store_expected,
			.context = expected },
		.update = expected->options->update,
		.most = expected->options->differences,
		.differences = &expected->differences,
	};
	return view_check_new(&options, writer_sink, writer);
}

/* ---- expected files without a capture ---- */

/* is_used - is there a capture for this expected file? */
static bool is_used(const struct expected *expected, const char *name)
{
	const char *suffix = g_str_has_suffix(name, SUBSET_SUFFIX) ? SUBSET_SUFFIX : WHOLE_SUFFIX;
	char *capture = g_strndup(name, strlen(name) - strlen(suffix));
	const bool used = g_hash_table_contains(expected->met, capture);
	g_free(capture);
	return used;
}

/* collect - collects the expected files below a folder that have no capture. */
static void collect(const struct expected *expected, const char *below_dir, unsigned depth, GPtrArray *names)
{
	char *folder = g_build_filename(expected->options->check_dir, below_dir, NULL);
	GDir *dir = depth < DEPTH_MAX ? g_dir_open(folder, 0, NULL) : NULL;
	for (const char *entry; dir && (entry = g_dir_read_name(dir));) {
		char *path = g_build_filename(folder, entry, NULL);
		char *name = *below_dir ? g_build_filename(below_dir, entry, NULL) : g_strdup(entry);
		if (g_file_test(path, G_FILE_TEST_IS_DIR) && !g_file_test(path, G_FILE_TEST_IS_SYMLINK))
			collect(expected, name, depth + 1, names);
		else if (g_str_has_suffix(entry, WHOLE_SUFFIX) && !is_used(expected, name))
			g_ptr_array_add(names, g_strdup(name));
		g_free(name);
		g_free(path);
	}
	if (dir)
		g_dir_close(dir);
	g_free(folder);
}

void expected_unused(struct expected *expected, struct writer *writer)
{
	for (char **argument = expected->options->captures; *argument; argument++)
		if (!g_file_test(*argument, G_FILE_TEST_IS_DIR))
			return;
	GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
	collect(expected, "", 0, names);
	g_ptr_array_sort(names, text_order);
	for (guint i = 0; i < names->len; i++) {
		const char *name = names->pdata[i], words[] = ": no capture has these expected records\n";
		writer_put(writer, name, strlen(name));
		writer_put(writer, words, sizeof words - 1);
	}
	expected->differences += names->len;
	g_ptr_array_unref(names);
}
