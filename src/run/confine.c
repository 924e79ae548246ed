/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * confine.c - see confine.h.
 */
#include "confine.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "capture.h"
#include "run.h"
#include "text.h"

/* Address space of a worker beyond --memory, which limits only what is buffered: decompressors, decoders and rules need
 * more. */
#define MEMORY_FACTOR 2
#define MEMORY_BESIDE (UINT64_C(512) * 1024 * 1024)
#define FILE_SIZE_MAX (UINT64_C(1) << 30) /* of a temporary file, when no output option needs larger ones */
#define DESCRIPTORS_FIRST 10              /* above the fixed numbers */
#define DATA_FIXED 3
#define CONTROL_FIXED 4

void confine_begin(const struct options *options)
{
	sandbox_harden();
	if (options->no_sandbox) {
		if (options->verbose)
			say("sandbox: off");
		return;
	}
	const unsigned parts = sandbox_parts();
#ifdef __SANITIZE_ADDRESS__
	const unsigned expected = 0;
#else
	const unsigned expected = SANDBOX_ALL;
#endif
	if (!options->quiet && (parts & expected) != expected)
		say("sandbox: not in force:%s%s (--no-sandbox suppresses this message)",
			parts & SANDBOX_FILES ? "" : " files (this kernel has no Landlock)",
			parts & SANDBOX_CALLS ? "" : " system calls (this build or kernel has no seccomp)");
	if (options->verbose)
		say("sandbox: in force:%s%s", parts & SANDBOX_FILES ? " files" : "",
			parts & SANDBOX_CALLS ? " system calls" : "");
}

char *confine_temp(void)
{
	char *folder = g_build_filename(g_get_tmp_dir(), "smtpscan-XXXXXX", NULL);
	if (!g_mkdtemp_full(folder, 0700))
		g_clear_pointer(&folder, g_free);
	return folder;
}

/* close_between - closes these descriptors, first and last included. */
static void close_between(int first, int last)
{
	if (first > last || close_range((unsigned)first, (unsigned)last, 0) == 0)
		return;
	for (int fd = (int)MIN(sysconf(_SC_OPEN_MAX) - 1, last); fd >= first; fd--)
		close(fd);
}

/* close_others - closes all descriptors but standard input and error and the worker's two. Those of other workers are
 * closed first, even when there are too few descriptors for the rest, because a worker ends only when all copies of its
 * socket are closed. */
static void close_others(int *data, int *control)
{
	const int low = MIN(*data, *control), high = MAX(*data, *control);
	close_between(STDERR_FILENO + 1, low - 1);
	close_between(low + 1, high - 1);
	close_between(high + 1, INT_MAX);
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null >= 0)
		dup2(null, STDOUT_FILENO);
	int apart = fcntl(*data, F_DUPFD_CLOEXEC, DESCRIPTORS_FIRST);
	int other = fcntl(*control, F_DUPFD_CLOEXEC, DESCRIPTORS_FIRST);
	if (apart < 0 || other < 0)
		return;
	dup3(apart, DATA_FIXED, O_CLOEXEC);
	dup3(other, CONTROL_FIXED, O_CLOEXEC);
	*data = DATA_FIXED;
	*control = CONTROL_FIXED;
	close_between(CONTROL_FIXED + 1, INT_MAX);
}

/* is_read_once - is a capture standard input or a pipe? */
static bool is_read_once(const GPtrArray *captures)
{
	bool once = false;
	for (guint i = 0; i < captures->len; i++)
		once |= capture_is_stdin(captures->pdata[i]) ||
			!g_file_test(captures->pdata[i], G_FILE_TEST_IS_REGULAR);
	return once;
}

void confine_worker(const struct options *options, const GPtrArray *captures, const char *temp, int *data, int *control)
{
	close_others(data, control);
	if (options->no_sandbox)
		return;
	GPtrArray *read = g_ptr_array_new(), *write = g_ptr_array_new();
	for (guint i = 0; i < captures->len; i++)
		if (!capture_is_stdin(captures->pdata[i]))
			g_ptr_array_add(read, captures->pdata[i]);
	if (temp)
		g_ptr_array_add(write, (gpointer)temp);
	if (options->mail.extract_dir)
		g_ptr_array_add(write, (gpointer)options->mail.extract_dir);
	const uint64_t memory = flow_memory_limit(&options->flow);
	const bool keeps = options->mail.extract_dir || options->mbox || options->mail.raw ||
			   (options->embedded_keys && is_read_once(captures)); /* it may be read ahead for its keys */
	const struct sandbox_grants grants = { .read = read,
		.write = write,
		.memory = MEMORY_FACTOR * memory + MEMORY_BESIDE,
		.file_size = keeps ? 0 : FILE_SIZE_MAX };
	sandbox_enter(&grants);
	g_ptr_array_free(read, TRUE);
	g_ptr_array_free(write, TRUE);
}

void confine_viewer(const struct options *options, const GPtrArray *captures)
{
	GPtrArray *read = g_ptr_array_new(), *write = g_ptr_array_new();
	for (guint i = 0; options->report && i < captures->len; i++)
		g_ptr_array_add(read, captures->pdata[i]);
	for (char **path = options->captures; options->check_dir && *path; path++)
		g_ptr_array_add(read, *path);
	if (options->check_dir)
		g_ptr_array_add(options->update ? write : read, options->check_dir);
	const struct sandbox_grants grants = { .read = read, .write = write };
	if (!options->no_sandbox)
		sandbox_enter(&grants);
	g_ptr_array_free(read, TRUE);
	g_ptr_array_free(write, TRUE);
}

void confine_reader(const struct options *options, const GPtrArray *files)
{
	const struct sandbox_grants grants = { .read = (GPtrArray *)files };
	if (!options->no_sandbox)
		sandbox_enter(&grants);
}

bool confine_ask(
	const struct options *options, const GPtrArray *files, sandbox_work work, void *context, GByteArray *answer)
{
	const struct sandbox_grants grants = { .read = (GPtrArray *)files };
	return sandbox_ask(!options->no_sandbox, &grants, work, context, answer);
}

/* ---- the captures in folders ---- */

/* answer_paths - answers with the paths, each with a NUL, then an octet: could everything be read? */
static void answer_paths(void *context, GByteArray *answer)
{
	GPtrArray *captures = g_ptr_array_new_with_free_func(g_free);
	GError *error = NULL;
	const uint8_t good = capture_list(context, captures, &error);
	if (!good)
		say("%s", error->message);
	g_clear_error(&error);
	for (guint i = 0; i < captures->len; i++)
		g_byte_array_append(answer, captures->pdata[i], (guint)strlen(captures->pdata[i]) + 1);
	g_byte_array_append(answer, &good, 1);
	g_ptr_array_unref(captures);
}

/* search_captures - finds the captures that the arguments mean in a separate process, because files in folders are
 * opened to see what they are. */
static bool search_captures(const struct options *options, GPtrArray *captures)
{
	GPtrArray *places = g_ptr_array_new();
	GByteArray *answer = g_byte_array_new();
	for (char **path = options->captures; *path; path++)
		g_ptr_array_add(places, *path);
	bool good = confine_ask(options, places, answer_paths, options->captures, answer);
	if (!good)
		say("the process that looks for captures did not finish");
	for (guint at = 0; at + 1 < answer->len;) {
		char *path = g_strndup((const char *)answer->data + at, answer->len - at);
		at += (guint)strlen(path) + 1;
		g_ptr_array_add(captures, path);
	}
	good = good && answer->len > 0 && answer->data[answer->len - 1];
	g_byte_array_unref(answer);
	g_ptr_array_free(places, TRUE);
	return good;
}

bool run_captures(const struct options *options, GPtrArray *captures)
{
	bool folders = false;
	confine_begin(options);
	for (char **path = options->captures; *path; path++)
		folders |= g_file_test(*path, G_FILE_TEST_IS_DIR);
	if (folders)
		return search_captures(options, captures);
	for (char **path = options->captures; *path; path++)
		g_ptr_array_add(captures, g_strdup(*path));
	return true;
}
