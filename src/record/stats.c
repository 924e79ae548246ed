/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * stats.c - the stats record, at the end of an input. It is written from the counters of all workers, and read back: to
 * see whether an output is complete (--resume), and to merge shards (--merge).
 *
 * cJSON parses a record and prints it again; fields that are not changed here stay as they are.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "private.h"

#define COUNTER_MAX (UINT64_C(1) << 53) /* what a double can count to */
#define SHARD_ROOM 32                   /* octets of two numbers with a slash */
#define TAIL_SIZE (128 * 1024)          /* a stats record is shorter, even with long file names */

static const enum field severity_fields[] = {
	[SEVERITY_HIGH] = FIELD_severity_counts_high,
	[SEVERITY_MEDIUM] = FIELD_severity_counts_medium,
	[SEVERITY_LOW] = FIELD_severity_counts_low,
};

/* ---- counters ---- */

/* count_of - what a counter stands at. */
static uint64_t count_of(const struct input_stats *stats, const struct counter *counter)
{
	return *(const uint64_t *)(const void *)((const char *)stats + counter->offset);
}

void input_stats_break(struct input_stats *stats, bool cut, const char *sentence)
{
	if (stats->complete)
		g_strlcpy(stats->error, sentence, sizeof stats->error);
	stats->cut = cut && (stats->complete || stats->cut);
	stats->complete = false;
}

void input_stats_add(struct input_stats *sum, const struct input_stats *part)
{
	for (int i = 0; i < COUNTER_COUNT; i++)
		if (counter_table[i].summed)
			*(uint64_t *)(void *)((char *)sum + counter_table[i].offset) +=
				count_of(part, &counter_table[i]);
	for (int severity = SEVERITY_HIGH; severity <= SEVERITY_LOW; severity++)
		sum->alerts[severity] += part->alerts[severity];
	if (!part->complete)
		input_stats_break(sum, part->cut, part->error);
}

enum exit_status input_stats_status(const struct input_stats *stats)
{
	return stats->complete ? EXIT_OK : stats->cut ? EXIT_CUT : EXIT_INPUT;
}

/* ---- written ---- */

static void put_counters(struct json *object, const struct input_stats *stats)
{
	for (int i = 0; i < COUNTER_COUNT; i++) {
		const enum field field = counter_table[i].field;
		const uint64_t count = count_of(stats, &counter_table[i]);
		if (count > 0 || field_table[field].need == NEED_ALWAYS)
			json_number(object, field, count);
	}
}

static void put_alerts(struct json *object, const struct input_stats *stats)
{
	struct json alerts = json_object(object, FIELD_stats_alerts);
	for (int severity = SEVERITY_HIGH; severity <= SEVERITY_LOW; severity++)
		json_number(&alerts, severity_fields[severity], stats->alerts[severity]);
}

static void put_not_decoded(struct json *object, const struct input_stats *stats)
{
	struct json reasons = json_object(object, FIELD_stats_not_decoded);
	for (int i = DECODE_SEGMENT + 1; i < DECODE_RESULT_COUNT; i++)
		json_key(&reasons, decode_result_names[i], json_number_node(stats->not_decoded[i]));
}

/* put_shard - "2/8"; nothing when the whole input was analysed. */
static void put_shard(struct json *object, const struct output_options *options)
{
	if (options->shards <= 1)
		return;
	char *shard = json_alloc(SHARD_ROOM);
	g_snprintf(shard, SHARD_ROOM, "%u/%u", options->shard, options->shards);
	json_word(object, FIELD_stats_shard, shard);
}

void output_stats(struct output *output, const struct input_stats *stats)
{
	if (!output_wants(output, RECORD_STATS))
		return;
	const struct place place = { .at = stats->last, .tx = -1 };
	struct json root = record_begin(output, RECORD_STATS, &place), object = json_part(&root, OF_stats);
	put_counters(&object, stats);
	put_alerts(&object, stats);
	put_not_decoded(&object, stats);
	if (stats->dropped > 0)
		json_number(&object, FIELD_stats_dropped, stats->dropped);
	if (stats->time_jumps > 0) {
		json_number(&object, FIELD_stats_time_jumps, stats->time_jumps);
		json_number(&object, FIELD_stats_first_time_jump, stats->first_time_jump);
	}
	if (stats->first.packet) {
		record_time(output, &object, FIELD_stats_start, stats->first.time);
		record_time(output, &object, FIELD_stats_end, stats->last.time);
	}
	put_shard(&object, output_options(output));
	json_flag(&object, FIELD_stats_complete, stats->complete);
	json_true(&object, FIELD_stats_cut, stats->cut);
	if (stats->error[0])
		json_string(&object, FIELD_stats_error, stats->error);
	record_end(output, &place, &root);
}

/* ---- read back ---- */

/* member_of - the member of an object for a field. */
static cJSON *member_of(const cJSON *object, enum field field)
{
	return cJSON_GetObjectItemCaseSensitive(object, field_table[field].name);
}

/* counted - a number as a counter; the nearest one that can be, when somebody else wrote the record. */
static uint64_t counted(const cJSON *node)
{
	if (!cJSON_IsNumber(node) || !(node->valuedouble > 0))
		return 0;
	return node->valuedouble < (double)COUNTER_MAX ? (uint64_t)node->valuedouble : COUNTER_MAX;
}

static uint64_t member_number(const cJSON *object, enum field field)
{
	return counted(member_of(object, field));
}

/* parse - parses a line as a stats record; *stats is its object. Returns NULL when it is not one. */
static cJSON *parse(const char *line, cJSON **stats)
{
	cJSON *root = cJSON_Parse(line);
	const char *kind = cJSON_GetStringValue(member_of(root, FIELD_envelope_event_type));
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

bool output_stats_read(const char *line, struct stats_record *record)
{
	cJSON *stats;
	json_reset();
	*record = (struct stats_record){ .shard = 1, .shards = 1 };
	if (!parse(line, &stats))
		return false;
	const char *shard = cJSON_GetStringValue(member_of(stats, FIELD_stats_shard));
	if (shard && sscanf(shard, "%u/%u", &record->shard, &record->shards) != 2)
		return false;
	for (int severity = SEVERITY_LOW; severity >= SEVERITY_HIGH; severity--)
		if (member_number(member_of(stats, FIELD_stats_alerts), severity_fields[severity]) > 0)
			record->worst = (enum severity)severity;
	record->complete = cJSON_IsTrue(member_of(stats, FIELD_stats_complete));
	record->cut = cJSON_IsTrue(member_of(stats, FIELD_stats_cut));
	record->error = g_strdup(cJSON_GetStringValue(member_of(stats, FIELD_stats_error)));
	return true;
}

void output_stats_clear(struct stats_record *record)
{
	g_free(record->error);
}

/* counter_new - a counter that was left out, because it was 0; before the alerts, as in other records. */
static cJSON *counter_new(cJSON *stats, enum field field)
{
	cJSON *node = cJSON_AddNumberToObject(stats, field_table[field].name, 0), *next;
	for (cJSON *later = member_of(stats, FIELD_stats_alerts); later && later != node; later = next) {
		next = later->next;
		cJSON_AddItemToArray(stats, cJSON_DetachItemViaPointer(stats, later));
	}
	return node;
}

/* add_member - adds a number of one object to that of another. */
static void add_member(cJSON *sum, const cJSON *part, enum field field)
{
	cJSON *node = member_of(sum, field);
	const uint64_t more = member_number(part, field);
	if (!node && more > 0)
		node = counter_new(sum, field);
	if (cJSON_IsNumber(node))
		node->valuedouble += (double)more;
}

/* add_record - adds the record of another shard. */
static void add_record(cJSON *sum, const cJSON *part)
{
	for (int i = 0; i < COUNTER_COUNT; i++)
		if (counter_table[i].summed)
			add_member(sum, part, counter_table[i].field);
	for (int severity = SEVERITY_HIGH; severity <= SEVERITY_LOW; severity++)
		add_member(member_of(sum, FIELD_stats_alerts), member_of(part, FIELD_stats_alerts),
			severity_fields[severity]);
}

/* put_end - sets complete, cut and error of the sum. */
static void put_end(cJSON *stats, const struct input_stats *end)
{
	static const enum field fields[] = { FIELD_stats_complete, FIELD_stats_cut, FIELD_stats_error };
	for (size_t i = 0; i < G_N_ELEMENTS(fields); i++)
		cJSON_DeleteItemFromObjectCaseSensitive(stats, field_table[fields[i]].name);
	cJSON_AddBoolToObject(stats, field_table[FIELD_stats_complete].name, end->complete);
	if (end->cut)
		cJSON_AddTrueToObject(stats, field_table[FIELD_stats_cut].name);
	if (end->error[0])
		cJSON_AddStringToObject(stats, field_table[FIELD_stats_error].name, end->error);
}

/* same_capture - are two records about the same capture, read to the same point? */
static bool same_capture(const cJSON *root, const cJSON *stats, const cJSON *other_root, const cJSON *other)
{
	return cJSON_Compare(member_of(root, FIELD_envelope_pcap_filename),
		       member_of(other_root, FIELD_envelope_pcap_filename), true) &&
	       member_number(stats, FIELD_stats_packets) == member_number(other, FIELD_stats_packets);
}

/* whole_numbers - writes numbers as integers, because cJSON prints large ones with an exponent. */
static void whole_numbers(cJSON *node)
{
	for (; node; node = node->next) {
		if (cJSON_IsNumber(node)) {
			node->valuestring = json_number_node(counted(node))->valuestring;
			node->type = cJSON_Raw | cJSON_IsReference; /* it is no number any more */
		}
		whole_numbers(node->child);
	}
}

bool output_stats_merge(GPtrArray *lines, GString *line)
{
	cJSON *stats, *other;
	json_reset();
	cJSON *root = parse(lines->pdata[0], &stats);
	struct input_stats end = { .complete = true };
	for (guint i = 0; i < lines->len; i++) {
		cJSON *part = parse(lines->pdata[i], &other);
		if (!root || !part || !same_capture(root, stats, part, other))
			return false;
		const char *error = cJSON_GetStringValue(member_of(other, FIELD_stats_error));
		if (!cJSON_IsTrue(member_of(other, FIELD_stats_complete)))
			input_stats_break(&end, cJSON_IsTrue(member_of(other, FIELD_stats_cut)), error ? error : "");
		if (i > 0)
			add_record(stats, other);
	}
	put_end(stats, &end);
	cJSON_DeleteItemFromObjectCaseSensitive(stats, field_table[FIELD_stats_shard].name);
	whole_numbers(root->child);
	const struct json printed = { root, OF_envelope, -1 };
	json_print(&printed, line);
	return true;
}
