/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * outputs.c - protects the evidence: no file is opened for writing that is an input or looks like a capture.
 *
 * Files are compared by device and inode, so that links and different spellings of a path are the same file; a file
 * that does not exist yet is compared by its folder and its name. Only regular files are checked, not terminals, pipes
 * and /dev/null. What --extract and --resume write in their folders has generated names.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "capture.h"
#include "confine.h"
#include "file.h"
#include "run.h"
#include "text.h"

#define LINKS_MAX 40 /* symbolic links that are followed, as by the kernel */

/* A file that is read or written. */
struct known {
	char *words; /* what reads or writes it, for the message */
	char *path;
	dev_t device;
	ino_t inode;
	char *name; /* of a file that does not exist: device and inode are those of its folder; else NULL */
	bool open;  /* standard input or output: it has no path */
};

static bool is_same(const struct known *a, const struct known *b)
{
	return a->device == b->device && a->inode == b->inode && g_strcmp0(a->name, b->name) == 0;
}

static void known_clear(gpointer data)
{
	struct known *known = data;
	g_free(known->words);
	g_free(known->path);
	g_free(known->name);
}

/* link_target - the target of a symbolic link, as a path; NULL when it is not one. */
static char *link_target(const char *path)
{
	char *target = g_file_read_link(path, NULL);
	if (!target || g_path_is_absolute(target))
		return target;
	char *folder = g_path_get_dirname(path), *whole = g_build_filename(folder, target, NULL);
	g_free(folder);
	g_free(target);
	return whole;
}

/* look_at_absent - fills in a file that does not exist yet; follows links to it. Returns false when its folder does not
 * exist. */
static bool look_at_absent(struct known *known)
{
	char *path = g_strdup(known->path), *next;
	struct stat status;
	for (unsigned i = 0; i < LINKS_MAX && (next = link_target(path)); i++) {
		g_free(path);
		path = next;
	}
	char *folder = g_path_get_dirname(path);
	const bool there = stat(folder, &status) == 0;
	if (there) {
		known->device = status.st_dev;
		known->inode = status.st_ino;
		known->name = g_path_get_basename(path);
	}
	g_free(folder);
	g_free(path);
	return there;
}

/* identify - fills in the identity of a file. Returns false when it need not be checked. */
static bool identify(struct known *known)
{
	struct stat status;
	if (stat(known->path, &status) != 0)
		return look_at_absent(known);
	known->device = status.st_dev;
	known->inode = status.st_ino;
	return S_ISREG(status.st_mode);
}

static void add_known(GArray *list, char *words, const char *path)
{
	struct known known = { .words = words, .path = g_strdup(path) };
	if (identify(&known))
		g_array_append_val(list, known);
	else
		known_clear(&known);
}

/* add_descriptor - standard input or output, if it is a file. */
static void add_descriptor(GArray *list, int fd, const char *words)
{
	struct stat status;
	if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode))
		return;
	const struct known known = { g_strdup(words), g_strdup(words), status.st_dev, status.st_ino, NULL, true };
	g_array_append_val(list, known);
}

static GArray *inputs_of(const struct options *options, const GPtrArray *inputs)
{
	GArray *list = g_array_new(FALSE, FALSE, sizeof(struct known));
	g_array_set_clear_func(list, known_clear);
	for (guint i = 0; i < inputs->len; i++)
		if (capture_is_stdin(inputs->pdata[i]))
			add_descriptor(list, STDIN_FILENO, capture_title(inputs->pdata[i]));
		else
			add_known(
				list, g_strdup(options->merge ? "an output to merge" : "a capture"), inputs->pdata[i]);
	for (guint i = 0; i < options->files->len; i++) {
		const struct named_file *file = &g_array_index(options->files, struct named_file, i);
		if (file->role == FILE_READ)
			add_known(list, g_strdup_printf("--%s", file->option), file->path);
	}
	return list;
}

static GArray *outputs_of(const struct options *options)
{
	GArray *list = g_array_new(FALSE, FALSE, sizeof(struct known));
	g_array_set_clear_func(list, known_clear);
	for (guint i = 0; i < options->files->len; i++) {
		const struct named_file *file = &g_array_index(options->files, struct named_file, i);
		if (file->role == FILE_WRITTEN)
			add_known(list, g_strdup_printf("--%s", file->option), file->path);
	}
	if (!options->output_file && !options->resume_dir)
		add_descriptor(list, STDOUT_FILENO, "standard output");
	return list;
}

/* is_records - is the file the output of an earlier run, the usual case? Its first octets are only compared, so no
 * separate process is needed. No capture begins like that, whatever its format. */
static bool is_records(const char *path)
{
	static const char *const firsts[] = { "{\"timestamp\":\"", "{\"pcap_filename\":\"" };
	char begin[sizeof "{\"pcap_filename\":\""] = "";
	const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	const bool read = fd >= 0 && file_read(fd, begin, sizeof begin - 1) > 0;
	if (fd >= 0)
		close(fd);
	return read && (g_str_has_prefix(begin, firsts[0]) || g_str_has_prefix(begin, firsts[1]));
}

/* answer_capture - in a separate process: answers with an octet when the file begins like a capture. */
static void answer_capture(void *context, GByteArray *answer)
{
	if (capture_begins_like(context))
		g_byte_array_append(answer, (const uint8_t *)"", 1);
}

/* is_capture - does the file begin like a capture? Yes, to be safe, when the process that looks does not finish. */
static bool is_capture(const struct options *options, char *path)
{
	GByteArray *answer = g_byte_array_new();
	GPtrArray *files = g_ptr_array_new();
	g_ptr_array_add(files, path);
	bool is = !confine_ask(options, files, answer_capture, path, answer) || answer->len > 0;
	g_ptr_array_free(files, TRUE);
	g_byte_array_unref(answer);
	return is;
}

/* is_free - may this file be written? Returns false, reported. */
static bool is_free(
	const struct options *options, const struct known *output, const GArray *inputs, const GArray *outputs)
{
	for (guint i = 0; i < inputs->len; i++) {
		const struct known *input = &g_array_index(inputs, struct known, i);
		if (is_same(input, output)) {
			say("%s: this is an input (%s): %s can't write to it", output->path, input->words,
				output->words);
			return false;
		}
	}
	for (guint i = 0; i < outputs->len; i++) {
		const struct known *other = &g_array_index(outputs, struct known, i);
		if (other != output && is_same(other, output)) {
			say("%s: %s and %s can't write to the same file", output->path, output->words, other->words);
			return false;
		}
	}
	if (output->name || output->open || is_records(output->path) || !is_capture(options, output->path))
		return true;
	say("%s: this is a capture, and %s does not overwrite captures", output->path, output->words);
	return false;
}

bool outputs_are_safe(const struct options *options, const GPtrArray *inputs)
{
	GArray *read = inputs_of(options, inputs), *written = outputs_of(options);
	bool safe = true;
	for (guint i = 0; i < written->len && safe; i++)
		safe = is_free(options, &g_array_index(written, struct known, i), read, written);
	g_array_unref(read);
	g_array_unref(written);
	return safe;
}
