/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * resume.c - see resume.h.
 */
#include "resume.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "config.h"
#include "hidden.h"
#include "text.h"

#define NAME_MAX_KEPT 100 /* octets kept of the capture's name */
#define OPTIONS_FILE ".smtpscan-options"
#define HASH_OCTETS 8 /* of the SHA-256 of its path: enough for different names of 10^9 captures */

/* plain_name - the last part of a path, without characters that are special to shells or file systems. */
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

/* ---- the folder ---- */

/* options_text - the options that change records, one per line. The shard is not among them; it is part of the output's
 * name. */
static char *options_text(const struct options *options)
{
	static const char *const other[] = { "output", "mbox", "fail-on", "color", "jobs", "shard", "resume",
		"progress", "quiet", "verbose" };
	GString *text = g_string_new("smtpscan " SMTPSCAN_VERSION "\n");
	for (guint i = 0; i < options->given->len; i++) {
		const char *given = options->given->pdata[i];
		size_t j = 0;
		while (j < G_N_ELEMENTS(other) && !option_is(given, other[j]))
			j++;
		if (j == G_N_ELEMENTS(other))
			g_string_append_printf(text, "--%s\n", given);
	}
	return g_string_free(text, FALSE);
}

/* joined_lines - joins lines, for a message. */
static char *joined_lines(const char *text)
{
	char *line = g_strchomp(g_strdup(text));
	for (char *c = line; *c; c++)
		if (g_ascii_iscntrl(*c))
			*c = ' ';
	return line;
}

void resume_folder(const struct options *options)
{
	char *path = g_build_filename(options->resume_dir, OPTIONS_FILE, NULL), *now = options_text(options), *before;
	hidden_clear(options->resume_dir);
	if (!g_file_get_contents(path, &before, NULL, NULL)) {
		g_file_set_contents(path, now, -1, NULL); /* a failure only costs the warning */
	} else {
		if (strcmp(before, now) != 0 && !options->quiet) {
			char *old = joined_lines(before), *new = joined_lines(now);
			say("%s: the outputs in it were made with other options: '%s', now '%s'", options->resume_dir,
				old, new);
			g_free(old);
			g_free(new);
		}
		g_free(before);
	}
	g_free(now);
	g_free(path);
}
