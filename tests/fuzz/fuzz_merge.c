/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * fuzz_merge.c - a fuzz target: --merge of any files. The merged output has every record once, those of a capture in
 * order, followed by its stats.
 *
 * The input is outputs with a NUL between them. It runs without other processes, so shards.c is included.
 */
#include "run/shards.c" /* NOLINT */

#include "fuzz.h"

#define SHARDS_MAX 4

static struct options options;

/* take_all - what was written. Free with g_free. */
static char *take_all(int fd, size_t *size)
{
	*size = (size_t)lseek(fd, 0, SEEK_END);
	char *text = g_malloc(*size + 1);
	require(pread(fd, text, *size, 0) == (ssize_t)*size);
	text[*size] = '\0';
	return text;
}

/* count_lines - records of connections, and stats records: of these each is one. */
static void count_lines(const char *text, size_t size, size_t counts[2])
{
	for (const char *at = text, *end = text + size; at < end;) {
		const char *feed = memchr(at, '\n', (size_t)(end - at)), *next = feed ? feed + 1 : end;
		const char *comma = memchr(at, ',', (size_t)(next - at));
		const bool stats = !comma || !g_str_has_prefix(comma, ",\"flow_id\":");
		struct stats_record record;
		if (stats && output_stats_read(at, &record))
			output_stats_clear(&record);
		counts[stats]++;
		at = next;
	}
}

/* check_whole - nothing was lost of what was merged to its end, and the last line is a stats record. */
static void check_whole(char **texts, const size_t *sizes, unsigned count, const char *merged, size_t size)
{
	size_t before[2] = { 0, 0 }, behind[2] = { 0, 0 };
	for (unsigned i = 0; i < count; i++)
		count_lines(texts[i], sizes[i], before);
	count_lines(merged, size, behind);
	require(before[0] == behind[0] && before[1] == behind[1] * count);
	require(size > 0 && merged[size - 1] == '\n');
}

static void run(char **paths, char **texts, const size_t *sizes, unsigned count)
{
	char path[FUZZ_PATH_MAX];
	const int fd = fuzz_file(NULL, 0, path);
	struct shards shards = { .count = count };
	const bool there = all_there(paths, count);
	shards.list = g_new0(struct shard, count);
	shards.outlet = outlet_new(&options, writer_new(dup(fd), path), NULL);
	require(open_shards(&shards, paths));
	const bool good = merge_captures(&shards);
	require(outlet_close(shards.outlet, NULL));
	size_t size;
	char *merged = take_all(fd, &size);
	if (there && good)
		check_whole(texts, sizes, count, merged, size);
	g_free(merged);
	for (unsigned i = 0; i < count; i++) {
		fclose(shards.list[i].file);
		free(shards.list[i].line);
	}
	g_free(shards.list);
	close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char names[SHARDS_MAX][FUZZ_PATH_MAX], *paths[SHARDS_MAX], *texts[SHARDS_MAX];
	size_t sizes[SHARDS_MAX];
	int files[SHARDS_MAX];
	unsigned count = 0;
	if (!options.captures)
		require(command_line(&options, "--merge --no-sandbox output") == OPTIONS_RUN);
	while (size > 0 && count < SHARDS_MAX) {
		const uint8_t *piece;
		sizes[count] = fuzz_next(&data, &size, &piece);
		texts[count] = g_strndup((const char *)piece, sizes[count]);
		files[count] = fuzz_file(piece, sizes[count], names[count]);
		paths[count] = names[count];
		count++;
	}
	if (count > 0)
		run(paths, texts, sizes, count);
	while (count-- > 0) {
		close(files[count]);
		g_free(texts[count]);
	}
	return 0;
}
