/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * stats.c - stats records read back: is an output complete (--resume), and what do those of several shards say
 * together (--merge)? Part of the output stage.
 *
 * A record is taken apart by cJSON, changed where it has to be and printed again: what is not touched, stays.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "private.h"

#define TAIL_SIZE (128 * 1024) /* a stats record is shorter: names of files are */

/* What is counted in each share of the work; everything else is the same in all (record.h: +). */
static const enum field summed[] = { FIELD_stats_connections, FIELD_stats_sessions, FIELD_stats_transactions,
	FIELD_stats_mails, FIELD_stats_mail_bytes, FIELD_stats_files, FIELD_stats_gap_bytes, FIELD_stats_evicted,
	FIELD_stats_invalid_resets };
static const enum field summed_alerts[] = { FIELD_severity_counts_high, FIELD_severity_counts_medium,
	FIELD_severity_counts_low };

/* get - the member of an object that is a field. */
static cJSON *get(const cJSON *object, enum field field)
{
	return cJSON_GetObjectItemCaseSensitive(object, field_table[field].name);
}

static uint64_t number(const cJSON *object, enum field field)
{
	const cJSON *node = get(object, field);
	return cJSON_IsNumber(node) ? (uint64_t)node->valuedouble : 0;
}

/* parse - a line as a stats record; *stats is the object in it. Returns NULL when it is none. */
static cJSON *parse(const char *line, cJSON **stats)
{
	cJSON *root = cJSON_Parse(line);
	const char *kind = cJSON_GetStringValue(get(root, FIELD_envelope_event_type));
	*stats = cJSON_GetObjectItemCaseSensitive(root, record_names[RECORD_STATS]);
	return kind && strcmp(kind, record_names[RECORD_STATS]) == 0 && cJSON_IsObject(*stats) ? root : NULL;
}

char *output_last_stats(const char *path)
{
	struct stat status;
	char *line = NULL, *buffer = g_malloc(TAIL_SIZE);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0 && fstat(fd, &status) == 0) {
		ssize_t got = pread(fd, buffer, TAIL_SIZE, status.st_size > TAIL_SIZE ? status.st_size - TAIL_SIZE : 0);
		if (got > 1 && buffer[got - 1] == '\n') {
			const char *before = memrchr(buffer, '\n', (size_t)got - 1);
			const char *start = before ? before + 1 : buffer;
			line = g_strndup(start, (gsize)(buffer + got - 1 - start));
		}
	}
	if (fd >= 0)
		close(fd);
	g_free(buffer);
	return line;
}

bool output_stats_complete(const char *line, enum severity *worst)
{
	static const enum severity severities[] = { SEVERITY_HIGH, SEVERITY_MEDIUM, SEVERITY_LOW };
	cJSON *stats;
	*worst = 0;
	json_reset();
	if (!parse(line, &stats))
		return false;
	const cJSON *alerts = get(stats, FIELD_stats_alerts);
	for (size_t i = 0; i < G_N_ELEMENTS(severities) && *worst == 0; i++)
		if (number(alerts, summed_alerts[i]) > 0)
			*worst = severities[i];
	return cJSON_IsTrue(get(stats, FIELD_stats_complete));
}

bool output_stats_shard(const char *line, unsigned *shard, unsigned *shards)
{
	cJSON *stats;
	json_reset();
	if (!parse(line, &stats))
		return false;
	const char *text = cJSON_GetStringValue(get(stats, FIELD_stats_shard));
	*shard = *shards = 1;
	return !text || sscanf(text, "%u/%u", shard, shards) == 2;
}

/* add - the summed fields of one object to those of another. */
static void add(cJSON *sum, const cJSON *part, const enum field *fields, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		cJSON *node = get(sum, fields[i]);
		if (cJSON_IsNumber(node))
			node->valuedouble += (double)number(part, fields[i]);
	}
}

/* same_capture - do two records speak of one capture, read equally far? */
static bool same_capture(const cJSON *root, const cJSON *stats, const cJSON *other_root, const cJSON *other)
{
	return cJSON_Compare(
		       get(root, FIELD_envelope_pcap_filename), get(other_root, FIELD_envelope_pcap_filename), true) &&
	       number(stats, FIELD_stats_packets) == number(other, FIELD_stats_packets);
}

/* whole_numbers - cJSON would print large numbers with an exponent. */
static void whole_numbers(cJSON *node)
{
	for (; node; node = node->next) {
		if (cJSON_IsNumber(node)) {
			node->type = cJSON_Raw | cJSON_IsReference;
			node->valuestring = json_number_node((uint64_t)node->valuedouble)->valuestring;
		}
		whole_numbers(node->child);
	}
}

enum stats_merged output_stats_merge(GPtrArray *lines, GString *line)
{
	cJSON *stats, *other;
	json_reset();
	cJSON *root = parse(lines->pdata[0], &stats);
	enum stats_merged result = STATS_COMPLETE;
	for (guint i = 0; i < lines->len; i++) {
		cJSON *part = parse(lines->pdata[i], &other);
		if (!root || !part || !same_capture(root, stats, part, other))
			return STATS_DIFFER;
		if (!cJSON_IsTrue(get(other, FIELD_stats_complete)) && result == STATS_COMPLETE) {
			result = STATS_INCOMPLETE;
			cJSON_ReplaceItemInObjectCaseSensitive(
				stats, field_table[FIELD_stats_complete].name, cJSON_CreateFalse());
			if (i > 0 && get(other, FIELD_stats_error))
				cJSON_AddItemToObject(stats, field_table[FIELD_stats_error].name,
					cJSON_Duplicate(get(other, FIELD_stats_error), true));
		}
		if (i == 0)
			continue;
		add(stats, other, summed, G_N_ELEMENTS(summed));
		add(get(stats, FIELD_stats_alerts), get(other, FIELD_stats_alerts), summed_alerts,
			G_N_ELEMENTS(summed_alerts));
	}
	cJSON_DeleteItemFromObjectCaseSensitive(stats, field_table[FIELD_stats_shard].name);
	whole_numbers(root->child);
	const struct json printed = { root, OF_envelope, -1 };
	json_print(&printed, line);
	return result;
}
