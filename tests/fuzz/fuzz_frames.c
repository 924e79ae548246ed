/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * fuzz_frames.c - a fuzz target: what workers send to the process that writes, when they were broken into. Whatever
 * comes, the input is finished when its workers are, and its last line is a stats record.
 *
 * The input is an octet of flags (1 and 2: parts less one, 4: with a report for people), then a list of records: an
 * octet (3: which part, 4: a report, else octets of its pipe, 8: that worker is done), length in two octets, the
 * octets.
 */
#include <fcntl.h>

#include "fuzz.h"
#include "run/private.h"

#define CAPTURES 2
#define PIECE_MAX 60000 /* what a pipe takes at once */

static struct options options;

static void begin(void)
{
	require(command_line(&options, "--continuous a.pcap b.pcap") == OPTIONS_RUN);
}

/* receive - octets of a part's pipe. */
static void receive(struct input_part *part, int ends[2], const uint8_t *data, size_t size)
{
	require(write(ends[1], data, size) == (ssize_t)size);
	while (spool_receive(part->spool, ends[0]) == SPOOL_GOT)
		;
}

/* report - octets that are said to be one; what is missing is as it is in a good one. */
static void report(struct run *run, struct input_part *part, const uint8_t *data, size_t size)
{
	struct worker_report report = { .stats = { .complete = true } };
	memcpy(&report, data, MIN(size, sizeof report));
	merge_report(run, part, &report);
}

/* play - the records, until they end or the input is finished. */
static void play(struct run *run, int ends[2], const uint8_t *data, size_t size)
{
	struct input *input = run->inputs;
	while (size >= 3 && !input->finished) {
		struct input_part *part = &input->parts[(data[0] & 3) % input->shares];
		const uint8_t flags = data[0];
		size_t length = (size_t)data[1] << 8 | data[2];
		data += 3;
		size -= 3;
		length = MIN(length, MIN(size, PIECE_MAX));
		if (part->state == PART_RUNNING && flags & 4)
			report(run, part, data, length);
		else if (part->state == PART_RUNNING)
			receive(part, ends, data, length);
		if (part->state == PART_RUNNING && flags & 8)
			part->state = PART_DONE;
		merge_input(run, input);
		data += length;
		size -= length;
	}
	for (unsigned i = 0; !input->finished && i < input->shares; i++)
		if (input->parts[i].state == PART_RUNNING)
			input->parts[i].state = PART_DONE;
	if (!input->finished)
		merge_input(run, input);
}

/* check_end - the last line. */
static void check_end(int fd)
{
	char path[FUZZ_PATH_MAX];
	struct stats_record record;
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	char *line = output_last_stats(path);
	require(line != NULL && output_stats_read(line, &record));
	output_stats_clear(&record);
	g_free(line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char path[FUZZ_PATH_MAX];
	int ends[2];
	if (!options.captures)
		begin();
	if (size == 0)
		return 0;
	struct input input = { .captures = options.captures, .count = CAPTURES, .shares = 1 + (data[0] & 3) };
	struct run run = { .options = &options, .inputs = &input, .count = 1 };
	const int fd = fuzz_file(NULL, 0, path);
	require(pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0);
	run.output = output_new(merge_stats_line, &run);
	run.outlet = outlet_new(&options, writer_new(dup(fd), path), NULL);
	run.progress = progress_new(&options);
	require(merge_begin(&run, &input));
	for (unsigned i = 0; i < input.shares; i++)
		input.parts[i].state = PART_RUNNING;
	play(&run, ends, data + 1, size - 1);
	require(input.finished && !run.failed);
	require(outlet_close(run.outlet, NULL));
	check_end(fd);
	merge_free(&run, &input);
	output_free(run.output);
	progress_free(run.progress);
	close(ends[0]);
	close(ends[1]);
	close(fd);
	return 0;
}
