/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * together.c - checks that options make sense together: tables of pairs, and checks of values.
 */
#include <string.h>

#include "private.h"

/* Pairs of options that exclude each other. */
static const struct {
	const char *one, *other;
} exclusive[] = {
	{ "resume", "output" },
	{ "resume", "format" },
	{ "resume", "text" },
	{ "resume", "report" },
	{ "resume", "check" },
	{ "check", "format" },
	{ "check", "text" },
	{ "check", "flow" },
	{ "check", "continuous" },
	{ "check", "shard" },
	{ "merge", "check" },
	{ "resume", "flow" },
	{ "resume", "continuous" },
	{ "resume", "mbox" },
	{ "quiet", "verbose" },
	/* --merge only merges: options for the analysis do not apply. */
	{ "merge", "filter" },
	{ "merge", "host" },
	{ "merge", "after" },
	{ "merge", "before" },
	{ "merge", "ports" },
	{ "merge", "no-detect" },
	{ "merge", "checksum" },
	{ "merge", "continuous" },
	{ "merge", "tls-keys" },
	{ "merge", "no-tls-keys" },
	{ "merge", "idle-timeout" },
	{ "merge", "memory" },
	{ "merge", "events" },
	{ "merge", "body-limit" },
	{ "merge", "raw" },
	{ "merge", "hash" },
	{ "merge", "extract" },
	{ "merge", "mbox" },
	{ "merge", "show-secrets" },
	{ "merge", "severity" },
	{ "merge", "alert-limit" },
	{ "merge", "disable" },
	{ "merge", "threshold" },
	{ "merge", "local-domain" },
	{ "merge", "illegal-commands" },
	{ "merge", "rules" },
	{ "merge", "ioc" },
	{ "merge", "yara" },
	{ "merge", "strict" },
	{ "merge", "shard" },
	{ "merge", "resume" },
	{ "merge", "progress" },
};

/* Options that need another one. */
static const struct {
	const char *one, *needs;
} dependent[] = {
	{ "keep-order", "continuous" },
	{ "raw-limit", "raw" },
	{ "update", "check" },
	{ "differences", "check" },
};

/* Options for certain records: at least one of these must be written. */
static const struct {
	const char *option;
	unsigned records;
} about[] = {
	{ "raw", RECORD_BIT(SMTP) },
	{ "body-limit", RECORD_BIT(SMTP) },
	{ "hash", RECORD_BIT(SMTP) | RECORD_BIT(FILEINFO) },
	{ "severity", RECORD_BIT(ALERT) },
	{ "alert-limit", RECORD_BIT(ALERT) },
};

bool option_is(const char *given, const char *name)
{
	const size_t size = strlen(name);
	return strncmp(given, name, size) == 0 && (given[size] == '\0' || given[size] == '=');
}

static bool is_given(const struct options *options, const char *name)
{
	for (guint i = 0; i < options->given->len; i++)
		if (option_is(options->given->pdata[i], name))
			return true;
	return false;
}

/* wrong_pair - a sentence about the first wrong pair; NULL: none. Free with g_free. */
static char *wrong_pair(const struct options *options)
{
	for (size_t i = 0; i < G_N_ELEMENTS(exclusive); i++)
		if (is_given(options, exclusive[i].one) && is_given(options, exclusive[i].other))
			return g_strdup_printf(
				"--%s and --%s exclude each other", exclusive[i].one, exclusive[i].other);
	for (size_t i = 0; i < G_N_ELEMENTS(dependent); i++)
		if (is_given(options, dependent[i].one) && !is_given(options, dependent[i].needs))
			return g_strdup_printf("--%s needs --%s", dependent[i].one, dependent[i].needs);
	for (size_t i = 0; i < G_N_ELEMENTS(about); i++)
		if (is_given(options, about[i].option) && !(options->output.records & about[i].records))
			return g_strdup_printf("--%s is for records that --events leaves out", about[i].option);
	return NULL;
}

static bool is_threshold_disabled(const struct options *options)
{
	for (enum alert_id id = 0; id < ALERT_COUNT; id++)
		if (options->disabled[id] && options->detectors.thresholds[id].count > 0)
			return true;
	return false;
}

/* count_dashes - how many captures are standard input. */
static unsigned count_dashes(const struct options *options)
{
	unsigned count = 0;
	for (char **capture = options->captures; *capture; capture++)
		count += capture_is_stdin(*capture);
	return count;
}

char *options_wrong(const struct options *options)
{
	char *wrong = wrong_pair(options);
	if (wrong)
		return wrong;
	if (!options->captures[0])
		return g_strdup("no capture given");
	if (count_dashes(options) > 1)
		return g_strdup("standard input can be read only once");
	if (count_dashes(options) > 0 && options->resume_dir)
		return g_strdup("--resume needs captures with names");
	if (count_dashes(options) > 0 && options->merge)
		return g_strdup("--merge needs outputs with names");
	if (options->quiet && options->progress == PROGRESS_ALWAYS)
		return g_strdup("--quiet and --progress exclude each other");
	if (is_threshold_disabled(options))
		return g_strdup("--disable and --threshold name the same alert");
	return NULL;
}
