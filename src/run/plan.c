/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * plan.c - what a run has to read, and by how many workers. An input gets a share of the workers that corresponds to
 * its share of all octets, so many small captures are read by one worker each, and a large one by all. With --resume,
 * inputs whose output is finished are skipped.
 */
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "confine.h"
#include "private.h"
#include "resume.h"
#include "text.h"

#define SHARE_SIZE_MIN (UINT64_C(4) * 1024 * 1024) /* octets of capture that are worth one more worker */

/* measure_input - finds the size of an input, and whether several workers can read it. */
static void measure_input(struct input *input)
{
	bool regular = true;
	for (size_t i = 0; i < input->count; i++) {
		struct stat status;
		const char *path = input->captures[i];
		const bool standard = capture_is_stdin(path);
		if ((standard ? fstat(STDIN_FILENO, &status) : stat(path, &status)) != 0)
			continue;
		if (S_ISREG(status.st_mode))
			input->size += (uint64_t)status.st_size;
		else
			input->live = true;
		regular = regular && S_ISREG(status.st_mode) && !standard;
	}
	input->shares = regular ? 0 : 1; /* 0: decided later */
}

/* An existing output (--resume). */
struct done {
	bool complete;
	uint8_t worst; /* worst severity of its alerts */
};

/* find_done - in a separate process: answers with a struct done for each input. */
static void find_done(void *context, GByteArray *answer)
{
	const struct run *run = context;
	for (size_t i = 0; i < run->count; i++) {
		enum severity worst;
		const struct input *input = &run->inputs[i];
		const bool complete = resume_done(input->path, input->captures[0], &worst);
		const struct done done = { complete, (uint8_t)worst };
		g_byte_array_append(answer, (const uint8_t *)&done, sizeof done);
	}
}

/* ask_done - with --resume: which outputs are finished? NULL: unknown, so none. */
static struct done *ask_done(struct run *run)
{
	GByteArray *answer = g_byte_array_new();
	GPtrArray *files = g_ptr_array_new();
	for (size_t i = 0; i < run->count; i++)
		run->inputs[i].path = resume_path(run->options, run->inputs[i].captures[0]);
	g_ptr_array_add(files, run->options->resume_dir);
	const bool good = confine_ask(run->options, files, find_done, run, answer) &&
			  answer->len == run->count * sizeof(struct done);
	g_ptr_array_free(files, TRUE);
	return (struct done *)(void *)g_byte_array_free(answer, !good);
}

/* skip_done - skips an input whose output is finished. */
static void skip_done(struct run *run, struct input *input, const struct done *done)
{
	outcome_severity(&run->outcome, (enum severity)done->worst);
	input->finished = true;
	run->finished++;
	run->totals.captures_done++;
	if (run->options->verbose)
		say("%s: done already", input->captures[0]);
}

/* list_inputs - each capture is an input, or all are one (--continuous). Returns whether their size is known. */
static bool list_inputs(struct run *run)
{
	const GPtrArray *captures = run->captures;
	const size_t step = run->options->continuous ? MAX(captures->len, 1) : 1;
	bool sized = true;
	run->count = captures->len / step;
	run->inputs = g_new0(struct input, run->count);
	for (size_t i = 0; i < run->count; i++) {
		struct input *input = &run->inputs[i];
		input->captures = (char *const *)captures->pdata + i * step;
		input->count = step;
		measure_input(input);
		sized = sized && !input->live;
	}
	return sized;
}

/* octets_to_read - skips what is done already, and returns the size of the rest. */
static uint64_t octets_to_read(struct run *run)
{
	struct done *done = run->options->resume_dir && run->count > 0 ? ask_done(run) : NULL;
	uint64_t total = 0;
	for (size_t i = 0; i < run->count; i++)
		if (done && done[i].complete)
			skip_done(run, &run->inputs[i], &done[i]);
		else
			total += run->inputs[i].size;
	g_free(done);
	return total;
}

/* share_out - sets how many workers read each input. Returns the sum. */
static uint64_t share_out(struct run *run, uint64_t total, unsigned jobs)
{
	uint64_t parts = 0;
	for (size_t i = 0; i < run->count; i++) {
		struct input *input = &run->inputs[i];
		if (input->finished)
			continue;
		if (input->shares == 0) {
			uint64_t worth = total ? (jobs * input->size + total - 1) / total : 1;
			input->shares = (unsigned)CLAMP(MIN(worth, input->size / SHARE_SIZE_MIN), 1, jobs);
		}
		parts += input->shares;
	}
	return parts;
}

void plan_run(struct run *run)
{
	const unsigned jobs = run->options->jobs ? run->options->jobs : g_get_num_processors();
	const bool sized = list_inputs(run);
	const uint64_t total = octets_to_read(run);
	run->totals.size = sized ? total : 0;
	run->totals.captures = run->captures->len;
	const uint64_t parts = share_out(run, total, jobs);
	run->worker_count = (unsigned)MIN(parts, jobs);
	run->workers = g_new0(struct worker, run->worker_count);
}
