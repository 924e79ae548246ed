/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * resume.c - see resume.h.
 */
#include "resume.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "writer.h"

#define NAME_MAX_KEPT 100 /* octets of the capture's own name */
#define HASH_OCTETS 8     /* of the SHA-256 of its path: names differ even when a thousand million captures do */

/* plain_name - the last part of a path, with nothing in it that a shell or a file system minds. */
static char *plain_name(const char *path)
{
	char *name = g_path_get_basename(path);
	if (strlen(name) > NAME_MAX_KEPT)
		name[NAME_MAX_KEPT] = '\0';
	for (char *c = name; *c; c++)
		if (!g_ascii_isalnum(*c) && (c == name || !strchr(".-_", *c)))
			*c = '_';
	return name;
}

char *resume_path(const struct options *options, const char *capture)
{
	char *real = realpath(capture, NULL);
	char *path = real ? g_strdup(real) : g_canonicalize_filename(capture, NULL);
	uint8_t digest[EVP_MAX_MD_SIZE];
	bool done = EVP_Digest(path, strlen(path), digest, NULL, EVP_sha256(), NULL);
	g_assert(done);
	char *name = plain_name(path);
	GString *file = g_string_new(name);
	g_string_append_c(file, '-');
	for (int i = 0; i < HASH_OCTETS; i++)
		g_string_append_printf(file, "%02x", digest[i]);
	if (options->shards > 1)
		g_string_append_printf(file, ".%u-of-%u", options->shard, options->shards);
	g_string_append(file, ".jsonl");
	char *whole = g_build_filename(options->resume_dir, file->str, NULL);
	g_string_free(file, TRUE);
	g_free(name);
	g_free(path);
	free(real);
	return whole;
}

static bool older(const struct stat *a, const struct stat *b)
{
	return a->st_mtim.tv_sec != b->st_mtim.tv_sec ? a->st_mtim.tv_sec < b->st_mtim.tv_sec
						      : a->st_mtim.tv_nsec < b->st_mtim.tv_nsec;
}

bool resume_done(const char *path, const char *capture, enum severity *worst)
{
	struct stat output, input;
	bool complete = false;
	*worst = 0;
	if (stat(path, &output) != 0 || (stat(capture, &input) == 0 && older(&output, &input)))
		return false;
	char *line = output_last_stats(path);
	struct stats_record record;
	if (line && output_stats_read(line, &record)) {
		complete = record.complete;
		*worst = record.worst;
		output_stats_clear(&record);
	}
	g_free(line);
	return complete;
}

int resume_begin(const char *path, char **hidden)
{
	char *folder = g_path_get_dirname(path), *name = g_path_get_basename(path);
	*hidden = g_strdup_printf("%s/.%s.XXXXXX", folder, name);
	int fd = g_mkstemp_full(*hidden, O_WRONLY | O_CLOEXEC, 0666);
	if (fd < 0)
		writer_complain(*hidden);
	g_free(folder);
	g_free(name);
	return fd;
}

bool resume_end(const char *hidden, const char *path)
{
	return g_rename(hidden, path) == 0 || writer_complain(path);
}
