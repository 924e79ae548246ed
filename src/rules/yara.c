/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * yara.c - libyara. See yara.h.
 */
#include "yara.h"
#include "text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <yara.h>

#define OFFSETS_MAX 10 /* matches of a rule that are reported */
#define VALUE_MAX 200  /* octets of a meta value that are reported */

struct yara {
	YR_RULES *rules;
	bool reported; /* it was reported that a scan took too long */
};

/* A file that is being compiled. */
struct source {
	const char *path;
	GError **error;
};

static void on_error(int level, const char *file, int line, const YR_RULE *rule, const char *message, void *context)
{
	const struct source *source = context;
	if (level == YARA_ERROR_LEVEL_ERROR && !*source->error)
		g_set_error(source->error, G_FILE_ERROR, G_FILE_ERROR_FAILED, "%s:%d: %s", file ? file : source->path,
			line, message);
}

/* compile_file - returns false with the error set. */
static bool compile_file(YR_COMPILER *compiler, const char *path, GError **error)
{
	struct source source = { path, error };
	char *text;
	gsize size;
	if (!g_file_get_contents(path, &text, &size, error))
		return false;
	FILE *file = fmemopen(text, MAX(size, 1), "r");
	yr_compiler_set_callback(compiler, on_error, &source);
	int errors = size > 0 && file ? yr_compiler_add_file(compiler, file, NULL, path) : 0;
	if (file)
		fclose(file);
	g_free(text);
	if (errors > 0 && !*error)
		g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_FAILED, "%s: not a file of YARA rules", path);
	return !*error;
}

struct yara *yara_load(char **paths, GError **error)
{
	YR_COMPILER *compiler = NULL;
	YR_RULES *rules = NULL;
	GError *trouble = NULL;
	if (yr_initialize() != ERROR_SUCCESS || yr_compiler_create(&compiler) != ERROR_SUCCESS)
		g_set_error_literal(&trouble, G_FILE_ERROR, G_FILE_ERROR_FAILED, "libyara does not start");
	for (char **path = paths; *path && !trouble; path++)
		compile_file(compiler, *path, &trouble);
	if (!trouble && yr_compiler_get_rules(compiler, &rules) != ERROR_SUCCESS)
		g_set_error_literal(&trouble, G_FILE_ERROR, G_FILE_ERROR_FAILED, "libyara has no memory for the rules");
	if (compiler)
		yr_compiler_destroy(compiler);
	if (trouble) {
		g_propagate_error(error, trouble);
		yr_finalize();
		return NULL;
	}
	struct yara *yara = g_new0(struct yara, 1);
	yara->rules = rules;
	return yara;
}

/* ---- scanning ---- */

struct yara_call {
	struct span octets;
	yara_report report;
	void *context;
};

/* join_words - appends words, separated by a comma. */
static void join_words(GString *words, const char *format, ...)
{
	va_list arguments;
	if (words->len > 0)
		g_string_append(words, ", ");
	va_start(arguments, format);
	g_string_append_vprintf(words, format, arguments);
	va_end(arguments);
}

static void add_meta(GString *words, const YR_META *meta)
{
	if (meta->type == META_TYPE_STRING)
		join_words(words, "%s=%.*s", meta->identifier, VALUE_MAX, meta->string);
	else if (meta->type == META_TYPE_BOOLEAN)
		join_words(words, "%s=%s", meta->identifier, meta->integer ? "true" : "false");
	else
		join_words(words, "%s=%" PRId64, meta->identifier, meta->integer);
}

static int on_match(YR_SCAN_CONTEXT *context, int message, void *data, void *user)
{
	struct yara_call *scan = user;
	YR_RULE *rule = data;
	const char *tag;
	YR_META *meta;
	YR_STRING *string;
	YR_MATCH *match;
	int64_t first = INT64_MAX, length = 0;
	unsigned told = 0;
	if (message != CALLBACK_MSG_RULE_MATCHING)
		return CALLBACK_CONTINUE;
	GString *words = g_string_new(NULL);
	yr_rule_tags_foreach(rule, tag) join_words(words, "tag %s", tag);
	yr_rule_metas_foreach(rule, meta) add_meta(words, meta);
	yr_rule_strings_foreach(rule, string)
	{
		yr_string_matches_foreach(context, string, match)
		{
			int64_t at = match->base + match->offset;
			if (told++ < OFFSETS_MAX)
				join_words(words, "%s at octet %" PRId64, string->identifier, at);
			if (at < first) {
				first = at;
				length = match->match_length;
			}
		}
	}
	struct yara_hit hit = { .rule = rule->identifier, .words = words };
	if (first < (int64_t)scan->octets.size)
		hit.first = (struct span){ scan->octets.data + first,
			(size_t)MIN(length, (int64_t)scan->octets.size - first) };
	scan->report(scan->context, &hit);
	g_string_free(words, TRUE);
	return CALLBACK_CONTINUE;
}

bool yara_scan(struct yara *yara, struct span octets, yara_report report, void *context)
{
	struct yara_call scan = { octets, report, context };
	int result = yr_rules_scan_mem(yara->rules, octets.size > 0 ? octets.data : (const uint8_t *)"", octets.size,
		SCAN_FLAGS_NO_TRYCATCH | SCAN_FLAGS_REPORT_RULES_MATCHING, on_match, &scan, YARA_SECONDS_MAX);
	if (result != ERROR_SUCCESS && !yara->reported) {
		yara->reported = true;
		say("--yara: %s", result == ERROR_SCAN_TIMEOUT ? "a scan took too long: its matches may be missing"
							       : "a scan failed: its matches may be missing");
	}
	return result == ERROR_SUCCESS;
}

void yara_free(struct yara *yara)
{
	if (!yara)
		return;
	yr_rules_destroy(yara->rules);
	yr_finalize();
	g_free(yara);
}
