/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * shards.c - see run.h. The records of every output are sorted by packet and connection, so the first ones are compared
 * and the least is written. Only the beginning of a line is parsed, and lines are copied unchanged. When all outputs
 * have reached a stats record, the capture is complete. One line of each output is held.
 *
 * Missing input is an error: the shards must be 1/N to N/N, each once, of the same captures, and complete.
 */
#include "run.h"

#include <stdio.h>
#include <string.h>

#include "confine.h"
#include "outlet.h"
#include "text.h"

/* The output of one shard. */
struct shard {
	const char *path;
	FILE *file;
	char *line; /* the first record that is not written; NULL at the end */
	size_t room;
	size_t size;
	bool stats; /* it is a stats record */
	uint64_t packet, flow;
};

/* All shards, and the output. */
struct shards {
	struct shard *list;
	unsigned count;
	struct outlet *outlet;
	struct run_outcome outcome;
};

/* read_key - reads the packet and the connection at the beginning of a record (record/fields.h). A record without a
 * connection is a stats record. */
static bool read_key(struct shard *shard)
{
	static const char before[] = ",\"flow_id\":", between[] = ",\"pcap_cnt\":";
	const char *at = strchr(shard->line, ',');
	shard->stats = !at || !g_str_has_prefix(at, before);
	if (shard->stats) {
		struct stats_record record;
		bool good = output_stats_read(shard->line, &record);
		if (good)
			output_stats_clear(&record);
		return good;
	}
	char *end;
	shard->flow = g_ascii_strtoull(at + strlen(before), &end, 10);
	if (!g_str_has_prefix(end, between))
		return false;
	shard->packet = g_ascii_strtoull(end + strlen(between), NULL, 10);
	return true;
}

static int compare_shards(const struct shard *a, const struct shard *b)
{
	if (a->packet != b->packet)
		return a->packet < b->packet ? -1 : 1;
	return a->flow < b->flow ? -1 : a->flow > b->flow;
}

static bool report_wrong_shard(const char *path, const char *words)
{
	say("%s: %s", path, words);
	return false;
}

/* next_record - reads the next record. Returns false, reported, when the line is not a record or not in order. */
static bool next_record(struct shard *shard)
{
	const struct shard before = *shard;
	const bool first = !shard->line || shard->stats;
	ssize_t size = getline(&shard->line, &shard->room, shard->file);
	if (size < 0) {
		g_clear_pointer(&shard->line, free);
		return !ferror(shard->file) || writer_complain(shard->path);
	}
	shard->size = (size_t)size;
	if (shard->line[size - 1] != '\n' || !read_key(shard))
		return report_wrong_shard(shard->path, "not an output of smtpscan, or cut off");
	return first || shard->stats || compare_shards(&before, shard) <= 0 ||
	       report_wrong_shard(shard->path, "not in order");
}

static bool put_record(struct shards *shards, const char *line, size_t size)
{
	if (outlet_put(shards->outlet, line, size))
		return true;
	outcome_status(&shards->outcome, EXIT_OUTPUT);
	return false;
}

/* is_part - is this output one of COUNT shards, and which? The last record tells. */
static bool is_part(const char *path, unsigned count, unsigned *shard)
{
	struct stats_record record;
	char *line = output_last_stats(path);
	if (!line || !output_stats_read(line, &record)) {
		g_free(line);
		return report_wrong_shard(path, "its last line is not a stats record");
	}
	*shard = record.shard;
	const bool good = record.shards == count && record.shard >= 1 && record.shard <= count;
	if (!good)
		say("%s: shard %u of %u, but %u outputs are given", path, record.shard, record.shards, count);
	output_stats_clear(&record);
	g_free(line);
	return good;
}

/* all_there - are these all the shards? */
static bool all_there(char **paths, unsigned count)
{
	bool *seen = g_new0(bool, count), good = true;
	for (unsigned i = 0; good && i < count; i++) {
		unsigned shard;
		good = is_part(paths[i], count, &shard);
		if (!good) /* then its number is whatever the file says */
			break;
		if (seen[shard - 1])
			good = report_wrong_shard(paths[i], "this shard is given twice");
		seen[shard - 1] = true;
	}
	g_free(seen);
	return good;
}

/* merge_records - merges the records of one capture, until every shard has reached its stats record. */
static bool merge_records(struct shards *shards)
{
	for (;;) {
		struct shard *least = NULL;
		for (unsigned i = 0; i < shards->count; i++) {
			struct shard *shard = &shards->list[i];
			if (shard->line && !shard->stats && (!least || compare_shards(shard, least) < 0))
				least = shard;
		}
		if (!least)
			return true;
		if (!put_record(shards, least->line, least->size) || !next_record(least))
			return false;
	}
}

/* take_stats - evaluates the stats of a capture. Reports incomplete ones, because the user did not see the messages of
 * the runs. */
static void take_stats(struct shards *shards, const char *line)
{
	struct stats_record record;
	if (!output_stats_read(line, &record))
		return;
	if (!record.complete) {
		say("not complete: %s", record.error ? record.error : "no reason is given");
		outcome_status(&shards->outcome, record.cut ? EXIT_CUT : EXIT_INPUT);
	}
	outcome_severity(&shards->outcome, record.worst);
	output_stats_clear(&record);
}

/* merge_stats - merges the stats records into one. */
static bool merge_stats(struct shards *shards)
{
	GPtrArray *lines = g_ptr_array_new();
	GString *line = g_string_new(NULL);
	bool good = true;
	for (unsigned i = 0; i < shards->count; i++) {
		if (!shards->list[i].line)
			good = report_wrong_shard(shards->list[i].path, "ends before the others do");
		g_ptr_array_add(lines, shards->list[i].line);
	}
	if (good && !output_stats_merge(lines, line))
		good = report_wrong_shard(
			shards->list[0].path, "not of the same capture as the others, or not read as far");
	if (good) {
		take_stats(shards, line->str);
		good = put_record(shards, line->str, line->len);
	}
	for (unsigned i = 0; good && i < shards->count; i++)
		good = next_record(&shards->list[i]);
	g_string_free(line, TRUE);
	g_ptr_array_free(lines, TRUE);
	return good;
}

/* merge_captures - merges all captures. */
static bool merge_captures(struct shards *shards)
{
	for (unsigned i = 0; i < shards->count; i++)
		if (!next_record(&shards->list[i]))
			return false;
	for (;;) {
		bool more = false;
		for (unsigned i = 0; i < shards->count; i++)
			more = more || shards->list[i].line;
		if (!more)
			return true;
		if (!merge_records(shards) || !merge_stats(shards))
			return false;
	}
}

static bool open_shards(struct shards *shards, char **paths)
{
	for (unsigned i = 0; i < shards->count; i++) {
		shards->list[i].path = paths[i];
		shards->list[i].file = fopen(paths[i], "re");
		if (!shards->list[i].file)
			return writer_complain(paths[i]);
	}
	return true;
}

/* check - in a separate process: answers with an octet: are all shards there? If not, it is said. */
static void check(void *context, GByteArray *answer)
{
	char **paths = context;
	const uint8_t good = all_there(paths, g_strv_length(paths));
	g_byte_array_append(answer, &good, sizeof good);
}

/* check_inside - checks the shards before anything is written and this process enters the sandbox. */
static bool check_inside(const struct options *options, const GPtrArray *files)
{
	GByteArray *answer = g_byte_array_new();
	bool good = confine_ask(options, files, check, options->captures, answer) && answer->len == 1;
	if (!good)
		say("the process that checks the shards did not finish");
	good = good && answer->data[0];
	g_byte_array_unref(answer);
	return good;
}

enum exit_status shards_merge(const struct options *options)
{
	struct shards shards = { .count = g_strv_length(options->captures) };
	GPtrArray *files = g_ptr_array_new();
	for (char **path = options->captures; *path; path++)
		g_ptr_array_add(files, *path);
	confine_begin(options);
	if (!check_inside(options, files)) {
		g_ptr_array_free(files, TRUE);
		return EXIT_INPUT;
	}
	shards.list = g_new0(struct shard, shards.count);
	if (!open_shards(&shards, options->captures))
		outcome_status(&shards.outcome, EXIT_INPUT);
	else if (!(shards.outlet = outlet_new(options, writer_open(options->output_file), NULL)))
		outcome_status(&shards.outcome, EXIT_OUTPUT);
	else {
		confine_reader(options, files);
		if (!merge_captures(&shards))
			outcome_status(&shards.outcome, EXIT_INPUT);
	}
	g_ptr_array_free(files, TRUE);
	if (!outlet_close(shards.outlet, NULL))
		outcome_status(&shards.outcome, EXIT_OUTPUT);
	for (unsigned i = 0; i < shards.count; i++) {
		if (shards.list[i].file)
			fclose(shards.list[i].file);
		free(shards.list[i].line);
	}
	g_free(shards.list);
	return outcome_exit(&shards.outcome, options->fail_on);
}
