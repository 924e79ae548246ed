/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * merge.c - merges the frames that the parts of an input send, writes them in order, then writes the stats record.
 *
 * The frames of each part are sorted. The least of the parts' first frames can be written when no other part can still
 * send a lesser one: its first frame is later, or it has sent a later position, or it has ended. Inputs share one
 * output, so they are finished in order; with --resume each has its own and is finished when its parts are.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "hidden.h"
#include "private.h"
#include "text.h"

/* ---- frames ---- */

/* distrust - a worker that was broken into sends what it likes. */
static void distrust(struct run *run, struct input_part *part)
{
	char *sentence = g_strdup_printf(
		"%s: a worker process sent what no worker sends: what else it would have found is missing",
		part->input->captures[0]);
	part->strange = true;
	merge_lost(run, part, sentence);
	g_free(sentence);
	for (unsigned i = 0; i < run->worker_count; i++) {
		struct worker *worker = &run->workers[i];
		if (worker->part != part || worker->pid <= 0)
			continue;
		kill(worker->pid, SIGKILL);
		worker->ended = true;
		worker->part = NULL;
	}
}

/* is_frame - can this be one? */
static bool is_frame(const struct run *run, const struct frame *head)
{
	switch (head->kind) {
	case FRAME_LINES:
		return head->size <= FRAME_SIZE_MAX;
	case FRAME_MAIL:
	case FRAME_MAIL_LAST:
	case FRAME_MAIL_LOST:
		return head->size <= FRAME_SIZE_MAX && run->mbox;
	default:
		return head->kind == FRAME_POSITION && head->size == 0;
	}
}

/* ends_well - a frame of lines is whole lines, so that what comes next begins one. */
static bool ends_well(const struct frame *head, const uint8_t *octets)
{
	return head->kind != FRAME_LINES || (head->size > 0 && octets[head->size - 1] == '\n');
}

/* has_frame - is there a whole one? Then part->head is its head. Positions are taken on the way. */
static bool has_frame(struct run *run, struct input_part *part)
{
	while (!part->headed && !part->strange) {
		const uint8_t *at = spool_peek(part->spool, sizeof part->head);
		if (!at)
			return false;
		memcpy(&part->head, at, sizeof part->head);
		if (!is_frame(run, &part->head)) {
			distrust(run, part);
			return false;
		}
		part->position = part->head.order;
		if (part->head.kind == FRAME_POSITION) {
			spool_take(part->spool, sizeof part->head);
			continue;
		}
		at = spool_peek(part->spool, sizeof part->head + part->head.size);
		if (!at)
			return false;
		if (!ends_well(&part->head, at + sizeof part->head))
			distrust(run, part);
		else
			part->headed = true;
	}
	return part->headed;
}

static bool is_over(const struct input_part *part)
{
	return part->state == PART_DONE || part->state == PART_LOST;
}

static bool frame_is_before(const struct frame *a, const struct frame *b)
{
	return a->order != b->order ? a->order < b->order : a->flow < b->flow;
}

/* part_to_write - the part whose first frame is written next; NULL when that is not known yet, or there is none. */
static struct input_part *part_to_write(struct run *run, struct input *input)
{
	struct input_part *least = NULL;
	uint64_t position = UINT64_MAX; /* the least position of the parts without a frame */
	for (unsigned i = 0; i < input->shares; i++) {
		struct input_part *part = &input->parts[i];
		if (!has_frame(run, part))
			position = is_over(part) ? position : MIN(position, part->position);
		else if (!least || frame_is_before(&part->head, &least->head))
			least = part;
	}
	return least && least->head.order < position ? least : NULL;
}

static void fail_run(struct run *run)
{
	run->failed = true;
	outcome_status(&run->outcome, EXIT_OUTPUT);
}

/* end_mail - completes the mail, or removes what was written of it. */
static void end_mail(struct run *run, struct input *input, bool whole)
{
	input->mailing = NULL;
	if (mbox_end(run->mbox, whole))
		return;
	if (!run->mbox_failed) {
		progress_clear(run->progress);
		writer_complain(run->options->mbox);
	}
	run->mbox_failed = true;
	outcome_status(&run->outcome, EXIT_OUTPUT);
}

static void write_frame(struct run *run, struct input_part *part)
{
	struct input *input = part->input;
	const struct frame *head = &part->head;
	const size_t size = sizeof *head + head->size;
	const uint8_t *octets = spool_peek(part->spool, size) + sizeof *head;
	if (input->mailing && input->mailing != part) /* that part died before the end of the mail */
		end_mail(run, input, false);
	if (head->kind == FRAME_LINES) {
		if (!outlet_put(input->outlet, octets, head->size))
			fail_run(run);
	} else {
		input->mailing = part;
		mbox_write(run->mbox, octets, head->size);
		if (head->kind != FRAME_MAIL)
			end_mail(run, input, head->kind == FRAME_MAIL_LAST);
	}
	spool_take(part->spool, size);
	part->headed = false;
}

/* ---- the end of an input ---- */

/* merge_note - adds a message about the input, unless it is there already. */
static void merge_note(struct input *input, const char *sentence)
{
	for (guint i = 0; i < input->messages->len; i++)
		if (strcmp(input->messages->pdata[i], sentence) == 0)
			return;
	g_ptr_array_add(input->messages, g_strdup(sentence));
}

void merge_lost(struct run *run, struct input_part *part, const char *sentence)
{
	run->lost = true;
	part->state = PART_LOST;
	merge_note(part->input, sentence);
	input_stats_break(&part->report.stats, false, sentence);
}

/* is_flag - is a bool what a bool can be? */
static bool is_flag(const bool *flag)
{
	return *(const uint8_t *)flag <= 1;
}

static bool is_report(const struct input_part *part, const struct worker_report *report)
{
	const struct input_stats *stats = &report->stats;
	return report->kind <= REPORT_DONE && report->capture < part->input->count && report->worst <= SEVERITY_LOW &&
	       report->status <= EXIT_CUT && is_flag(&report->nanoseconds) && is_flag(&stats->complete) &&
	       is_flag(&stats->cut) && memchr(stats->error, '\0', sizeof stats->error) &&
	       memchr(stats->unknown, '\0', sizeof stats->unknown);
}

bool merge_report(struct run *run, struct input_part *part, const struct worker_report *report)
{
	const bool good = is_report(part, report);
	if (!good)
		distrust(run, part);
	else if (report->kind == REPORT_BROKEN)
		merge_note(part->input, report->stats.error);
	else
		part->report = *report;
	return good;
}

/* add_up - what all parts know together. */
static struct input_stats add_up(const struct input *input, const struct worker_report **furthest)
{
	*furthest = &input->parts->report;
	for (unsigned i = 1; i < input->shares; i++)
		if (input->parts[i].report.stats.packets > (*furthest)->stats.packets)
			*furthest = &input->parts[i].report;
	struct input_stats sum = (*furthest)->stats;
	for (unsigned i = 0; i < input->shares; i++)
		if (&input->parts[i].report != *furthest)
			input_stats_add(&sum, &input->parts[i].report.stats);
	return sum;
}

/* compare_files - workers that each read a file for themselves must have read the same. */
static void compare_files(struct input *input, struct input_stats *sum)
{
	bool same = true;
	for (unsigned i = 1; i < input->shares; i++)
		same = same && input->parts[i].report.files == input->parts->report.files;
	if (same || !sum->complete)
		return;
	char *sentence = g_strdup_printf("%s: it was replaced while it was read", input->captures[0]);
	merge_note(input, sentence);
	input_stats_break(sum, false, sentence);
	g_free(sentence);
}

static uint64_t alerts_of(const struct input_stats *stats)
{
	return stats->alerts[SEVERITY_HIGH] + stats->alerts[SEVERITY_MEDIUM] + stats->alerts[SEVERITY_LOW];
}

void merge_progress(const struct input *input, struct progress_state *state)
{
	uint64_t read = 0, packets = 0;
	for (unsigned i = 0; i < input->shares; i++) {
		const struct worker_report *report = &input->parts[i].report;
		read += report->read / input->shares;
		packets = MAX(packets, report->stats.packets);
		state->mails += report->stats.mails;
		state->alerts += alerts_of(&report->stats);
	}
	state->read += read;
	state->packets += packets;
}

/* say_note - prints a message and frees it; NULL: none. */
static void say_note(char *sentence)
{
	if (sentence)
		say("%s", sentence);
	g_free(sentence);
}

/* say_all - prints what is wrong with the input and, with --verbose, its results. */
static void say_all(struct run *run, const struct input *input, const struct input_stats *stats)
{
	progress_clear(run->progress);
	for (guint i = 0; i < input->messages->len; i++)
		if (!run->stopping ||
			strcmp(input->messages->pdata[i], ANALYSIS_INTERRUPTED) != 0) /* that is reported once */
			say("%s", (const char *)input->messages->pdata[i]);
	if (!run->options->quiet) {
		const char *name = input->captures[0];
		say_note(note_undecoded(name, stats));
		say_note(note_dropped(name, stats));
		say_note(note_filtered(name, run->options, stats));
	}
	if (run->options->verbose)
		say("%s: %" G_GUINT64_FORMAT " packets, %" G_GUINT64_FORMAT " sessions, %" G_GUINT64_FORMAT
		    " mails, %" G_GUINT64_FORMAT " alerts",
			input->captures[0], stats->packets, stats->sessions, stats->mails, alerts_of(stats));
}

bool merge_stats_line(void *context, uint64_t packet, uint64_t flow, const char *line, size_t size)
{
	struct run *run = context;
	if (!outlet_put(run->finishing->outlet, line, size))
		fail_run(run);
	return !run->failed;
}

/* close_output - closes the output of an input that has its own. */
static void close_output(struct run *run, struct input *input)
{
	bool good = outlet_close(input->outlet, NULL) && !run->failed;
	input->outlet = NULL;
	if (!hidden_close(&input->hidden, input->path, good))
		fail_run(run);
}

/* forget_input - frees what is needed only while the input is in work. */
static void forget_input(struct input *input)
{
	for (unsigned i = 0; input->parts && i < input->shares; i++)
		spool_free(input->parts[i].spool);
	g_clear_pointer(&input->parts, g_free);
	g_clear_pointer(&input->messages, g_ptr_array_unref);
}

void merge_free(struct run *run, struct input *input)
{
	forget_input(input);
	if (input->hidden) {
		outlet_close(input->outlet, NULL);
		hidden_close(&input->hidden, input->path, false);
	}
	g_free(input->path);
}

static void input_done(struct run *run, struct input *input)
{
	const struct worker_report *furthest;
	struct input_stats sum = add_up(input, &furthest);
	struct output_options options = run->options->output;
	compare_files(input, &sum);
	if (input->mailing)
		end_mail(run, input, false);
	say_all(run, input, &sum);
	run->finishing = input;
	options.filename = input->captures[furthest->capture];
	options.nanoseconds = furthest->nanoseconds;
	output_begin(run->output, &options);
	output_stats(run->output, &sum);
	output_packet_done(run->output);
	if (input->hidden)
		close_output(run, input);
	for (unsigned i = 0; i < input->shares; i++) {
		outcome_status(&run->outcome, input->parts[i].report.status);
		outcome_severity(&run->outcome, input->parts[i].report.worst);
	}
	outcome_status(&run->outcome, input_stats_status(&sum));
	merge_progress(input, &run->totals);
	run->totals.captures_done += input->count;
	forget_input(input);
	input->finished = true;
	run->finished++;
}

/* ---- an input ---- */

bool merge_begin(struct run *run, struct input *input)
{
	input->messages = g_ptr_array_new_with_free_func(g_free);
	input->parts = g_new0(struct input_part, input->shares);
	for (unsigned i = 0; i < input->shares; i++) {
		struct input_part *part = &input->parts[i];
		part->input = input;
		part->share = i;
		part->spool = spool_new();
		part->report.stats.complete = true;
	}
	input->outlet = run->outlet;
	if (!input->path)
		return true;
	input->outlet = outlet_new(run->options, hidden_open(input->path, &input->hidden), NULL);
	if (!input->outlet)
		fail_run(run);
	return input->outlet;
}

/* write_input - writes what can be written now. Returns true when the input is complete. */
static bool write_input(struct run *run, struct input *input)
{
	struct input_part *part;
	while (!run->failed && (part = part_to_write(run, input)))
		write_frame(run, part);
	if (input->live && !run->failed && !outlet_flush(input->outlet))
		fail_run(run);
	for (unsigned i = 0; i < input->shares; i++)
		if (!is_over(&input->parts[i]) || has_frame(run, &input->parts[i]))
			return false;
	return !run->failed;
}

/* merge_can_wait - a worker whose pipe is not read blocks when the pipe is full. This can't deadlock: merging waits
 * only for a part without a complete frame (part_to_write). The pipe of that part is always read, and its worker waits
 * only for this process; so it sends a frame, a position (every few milliseconds), or its end. Then the least of the
 * first frames is written, until the spool of the blocked part has room again. When these conditions do not hold, no
 * worker may block: when another part has no worker yet, since they are busy with other inputs or blocked, or when
 * another input must be written first. */
bool merge_can_wait(const struct run *run, const struct input_part *part)
{
	const struct input *input = part->input;
	if (!part->headed || !(input->path || input == &run->inputs[run->current]))
		return false;
	for (unsigned i = 0; i < input->shares; i++)
		if (input->parts[i].state == PART_WAITING)
			return false;
	return true;
}

void merge_input(struct run *run, struct input *input)
{
	if (input->path) {
		if (write_input(run, input))
			input_done(run, input);
		return;
	}
	while (run->current < run->count && run->inputs[run->current].parts &&
		write_input(run, &run->inputs[run->current]))
		input_done(run, &run->inputs[run->current++]);
}
