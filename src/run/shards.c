/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * shards.c - see run.h. Records are in order of packet and connection in every output, so the first ones are
 * compared and the least is written; a record is told by the beginning of its line and not touched. When all outputs
 * have come to a stats record, that capture is done. Nothing is held but one line of each.
 *
 * What is missing is an error, not a shorter output: the shards must be all of 1/N to N/N, each once, of the same
 * captures, complete.
 */
#include "run.h"

#include <stdio.h>
#include <string.h>

#include "outlet.h"

/* The output of one shard. */
struct shard {
	const char *path;
	FILE *file;
	char *line; /* the first one that is not written; NULL at the end */
	size_t room;
	size_t size;
	bool stats; /* it is a stats record */
	uint64_t packet, flow;
};

/* read_key - the packet and the connection of a record, which it begins with (record/fields.h). Without a connection it
 * is a stats record. */
static bool read_key(struct shard *shard)
{
	static const char before[] = ",\"flow_id\":", between[] = ",\"pcap_cnt\":";
	const char *at = strchr(shard->line, ',');
	shard->stats = !at || !g_str_has_prefix(at, before);
	if (shard->stats) {
		unsigned number;
		return output_stats_shard(shard->line, &number, &number);
	}
	char *end;
	shard->flow = g_ascii_strtoull(at + strlen(before), &end, 10);
	if (!g_str_has_prefix(end, between))
		return false;
	shard->packet = g_ascii_strtoull(end + strlen(between), NULL, 10);
	return true;
}

static int compare(const struct shard *a, const struct shard *b)
{
	if (a->packet != b->packet)
		return a->packet < b->packet ? -1 : 1;
	return a->flow < b->flow ? -1 : a->flow > b->flow;
}

static bool complain(const char *path, const char *words)
{
	fprintf(stderr, "smtpscan: %s: %s\n", path, words);
	return false;
}

/* next_line - the next record. Returns false, said, when it is none, or not in order. */
static bool next_line(struct shard *shard)
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
		return complain(shard->path, "not an output of smtpscan, or cut off");
	return first || shard->stats || compare(&before, shard) <= 0 || complain(shard->path, "not in order");
}

/* all_there - are these all the shards? Their last records tell. */
static bool all_there(char **paths, unsigned count)
{
	bool *seen = g_new0(bool, count), good = true;
	for (unsigned i = 0; good && i < count; i++) {
		unsigned shard = 0, shards = 0;
		char *line = output_last_stats(paths[i]);
		if (!line || !output_stats_shard(line, &shard, &shards))
			good = complain(paths[i], "its last line is no stats record");
		else if (shards != count || shard < 1 || shard > count) {
			fprintf(stderr, "smtpscan: %s: shard %u of %u, but %u outputs are given\n", paths[i], shard,
				shards, count);
			good = false;
		} else if (seen[shard - 1])
			good = complain(paths[i], "this shard is given twice");
		else
			seen[shard - 1] = true;
		g_free(line);
	}
	g_free(seen);
	return good;
}

/* merge_records - the records of one capture, until every shard has come to its stats. */
static bool merge_records(struct shard *shards, unsigned count, struct outlet *outlet, int *status)
{
	for (;;) {
		struct shard *least = NULL;
		for (unsigned i = 0; i < count; i++)
			if (shards[i].line && !shards[i].stats && (!least || compare(&shards[i], least) < 0))
				least = &shards[i];
		if (!least)
			return true;
		if (!outlet_put(outlet, least->line, least->size))
			*status = EXIT_OUTPUT;
		if (*status == EXIT_OUTPUT || !next_line(least))
			return false;
	}
}

/* merge_stats - their stats records become one. */
static bool merge_stats(struct shard *shards, unsigned count, struct outlet *outlet, int *status)
{
	GPtrArray *lines = g_ptr_array_new();
	GString *line = g_string_new(NULL);
	bool good = true;
	for (unsigned i = 0; i < count; i++) {
		if (!shards[i].line)
			good = complain(shards[i].path, "ends before the others do");
		g_ptr_array_add(lines, shards[i].line);
	}
	enum stats_merged merged = good ? output_stats_merge(lines, line) : STATS_DIFFER;
	if (good && merged == STATS_DIFFER)
		good = complain(shards[0].path, "not of the same capture as the others, or not read as far");
	if (merged == STATS_INCOMPLETE)
		*status = EXIT_INPUT;
	if (good && !outlet_put(outlet, line->str, line->len))
		*status = EXIT_OUTPUT;
	for (unsigned i = 0; good && i < count; i++)
		good = next_line(&shards[i]);
	g_string_free(line, TRUE);
	g_ptr_array_free(lines, TRUE);
	return good && *status != EXIT_OUTPUT;
}

static bool merge(struct shard *shards, unsigned count, struct outlet *outlet, int *status)
{
	for (unsigned i = 0; i < count; i++)
		if (!next_line(&shards[i]))
			return false;
	for (;;) {
		bool more = false;
		for (unsigned i = 0; i < count; i++)
			more = more || shards[i].line;
		if (!more)
			return true;
		if (!merge_records(shards, count, outlet, status) || !merge_stats(shards, count, outlet, status))
			return false;
	}
}

int shards_merge(const struct options *options)
{
	const unsigned count = g_strv_length(options->captures);
	if (!all_there(options->captures, count))
		return EXIT_INPUT;
	struct shard *shards = g_new0(struct shard, count);
	int status = EXIT_OK;
	bool good = true;
	for (unsigned i = 0; i < count && good; i++) {
		shards[i].path = options->captures[i];
		shards[i].file = fopen(shards[i].path, "re");
		good = shards[i].file || writer_complain(shards[i].path);
	}
	struct outlet *outlet = good ? outlet_new(options, writer_open(options->output_file)) : NULL;
	if (good && !outlet)
		status = EXIT_OUTPUT;
	if (outlet && !merge(shards, count, outlet, &status) && status == EXIT_OK)
		status = EXIT_INPUT;
	if (!outlet_close(outlet))
		status = EXIT_OUTPUT;
	for (unsigned i = 0; i < count; i++) {
		if (shards[i].file)
			fclose(shards[i].file);
		free(shards[i].line);
	}
	g_free(shards);
	return good || status != EXIT_OK ? status : EXIT_INPUT;
}
