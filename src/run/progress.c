/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * progress.c - see progress.h. The rate is a moving average; the remaining time is computed from it.
 */
#include "progress.h"

#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define TERMINAL_EVERY 250 /* milliseconds between two lines */
#define JSON_EVERY 1000
#define LINES_EVERY 10000
#define SMOOTH_SECONDS 5.0 /* time constant of the average */
#define COLUMNS_DEFAULT 80

enum form { FORM_NONE, FORM_TERMINAL, FORM_LINES, FORM_JSON };

struct progress_meter {
	enum form form;
	bool shown; /* a line is on the terminal */
	int64_t start, due;
	int64_t rated; /* time of the last update of the rate, microseconds */
	uint64_t rated_read;
	double rate; /* octets per second */
};

/* form_of - the form by the options. On a terminal that also gets records there is none, since the line would disturb
 * them. */
static enum form form_of(const struct options *options)
{
	if (options->progress == PROGRESS_JSON)
		return FORM_JSON;
	bool mixed = !options->output_file && !options->resume_dir && isatty(STDOUT_FILENO);
	if (!options->quiet && !mixed && isatty(STDERR_FILENO))
		return FORM_TERMINAL;
	return options->progress == PROGRESS_ALWAYS ? FORM_LINES : FORM_NONE;
}

static int64_t every(const struct progress_meter *progress)
{
	static const int64_t milliseconds[] = {
		[FORM_NONE] = 0, [FORM_TERMINAL] = TERMINAL_EVERY, [FORM_LINES] = LINES_EVERY, [FORM_JSON] = JSON_EVERY
	};
	return milliseconds[progress->form] * G_TIME_SPAN_MILLISECOND;
}

struct progress_meter *progress_new(const struct options *options)
{
	struct progress_meter *progress = g_new0(struct progress_meter, 1);
	progress->form = form_of(options);
	progress->start = progress->rated = g_get_monotonic_time();
	progress->due = progress->start + every(progress);
	return progress;
}

void progress_free(struct progress_meter *progress)
{
	g_free(progress);
}

int progress_wait(const struct progress_meter *progress)
{
	if (progress->form == FORM_NONE)
		return -1;
	int64_t left = progress->due - g_get_monotonic_time();
	return left <= 0 ? 0 : (int)(left / G_TIME_SPAN_MILLISECOND) + 1;
}

/* update_rate - updates the average; the longer ago the last update was, the more the new value counts. */
static void update_rate(struct progress_meter *progress, int64_t now, uint64_t read)
{
	double seconds = (double)(now - progress->rated) / G_TIME_SPAN_SECOND;
	if (seconds <= 0 || read < progress->rated_read)
		return;
	double rate = (double)(read - progress->rated_read) / seconds;
	double weight = progress->rate > 0 ? seconds / (seconds + SMOOTH_SECONDS) : 1;
	progress->rate += (rate - progress->rate) * weight;
	progress->rated = now;
	progress->rated_read = read;
}

/* seconds_left - the estimated time left; -1: unknown. */
static int64_t seconds_left(const struct progress_meter *progress, const struct progress_state *state)
{
	if (state->size == 0 || progress->rate < 1)
		return -1;
	return (int64_t)((double)(state->size - MIN(state->read, state->size)) / progress->rate + 0.5);
}

static void print_json(
	const struct progress_meter *progress, const struct progress_state *state, int64_t now, bool done)
{
	GString *line = g_string_new("{\"event_type\":\"progress\",\"progress\":{");
	g_string_append_printf(line, "\"elapsed\":%.1f,\"read\":%" G_GUINT64_FORMAT,
		(double)(now - progress->start) / G_TIME_SPAN_SECOND, state->read);
	if (state->size > 0)
		g_string_append_printf(line, ",\"size\":%" G_GUINT64_FORMAT, state->size);
	g_string_append_printf(line, ",\"rate\":%.0f", progress->rate);
	if (seconds_left(progress, state) >= 0 && !done)
		g_string_append_printf(line, ",\"left\":%" G_GINT64_FORMAT, seconds_left(progress, state));
	g_string_append_printf(line,
		",\"packets\":%" G_GUINT64_FORMAT ",\"mails\":%" G_GUINT64_FORMAT ",\"alerts\":%" G_GUINT64_FORMAT
		",\"captures\":%" G_GUINT64_FORMAT ",\"captures_done\":%" G_GUINT64_FORMAT ",\"done\":%s}}\n",
		state->packets, state->mails, state->alerts, state->captures, state->captures_done,
		done ? "true" : "false");
	fputs(line->str, stderr);
	g_string_free(line, TRUE);
}

/* append_size - as "1.5 GB". */
static void append_size(GString *line, double octets)
{
	static const char *const units[] = { "bytes", "kB", "MB", "GB", "TB", "PB", "EB" };
	size_t unit = 0;
	for (; octets >= 1000; octets /= 1000)
		unit++;
	g_string_append_printf(line, unit == 0 ? "%.0f %s" : "%.1f %s", octets, units[unit]);
}

/* meter_text - the line for people. */
static GString *meter_text(const struct progress_meter *progress, const struct progress_state *state)
{
	GString *line = g_string_new(NULL);
	if (state->size > 0)
		g_string_append_printf(line, "%3.0f%% ", MIN(100.0, 100.0 * (double)state->read / (double)state->size));
	append_size(line, (double)state->read);
	if (state->size > 0) {
		g_string_append(line, " of ");
		append_size(line, (double)state->size);
	}
	g_string_append(line, ", ");
	append_size(line, progress->rate);
	g_string_append(line, "/s");
	int64_t left = seconds_left(progress, state);
	if (left >= 0)
		g_string_append_printf(line, ", %d:%02d:%02d left", (int)MIN(left / 3600, 99999), (int)(left / 60 % 60),
			(int)(left % 60));
	g_string_append_printf(
		line, ", %" G_GUINT64_FORMAT " mails, %" G_GUINT64_FORMAT " alerts", state->mails, state->alerts);
	if (state->captures > 1)
		g_string_append_printf(line, ", %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT " captures",
			state->captures_done, state->captures);
	return line;
}

/* print_progress - a line of its own: a record, or one for people. */
static void print_progress(
	const struct progress_meter *progress, const struct progress_state *state, int64_t now, bool done)
{
	if (progress->form == FORM_JSON) {
		print_json(progress, state, now, done);
		return;
	}
	GString *line = meter_text(progress, state);
	fprintf(stderr, "smtpscan: %s\n", line->str);
	g_string_free(line, TRUE);
}

static int terminal_columns(void)
{
	struct winsize size;
	return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1 ? size.ws_col : COLUMNS_DEFAULT;
}

void progress_clear(struct progress_meter *progress)
{
	if (progress->shown)
		fputs("\r\033[K", stderr);
	progress->shown = false;
}

void progress_show(struct progress_meter *progress, const struct progress_state *state)
{
	int64_t now = g_get_monotonic_time();
	if (progress->form == FORM_NONE || now < progress->due)
		return;
	progress->due = now + every(progress);
	update_rate(progress, now, state->read);
	if (progress->form != FORM_TERMINAL) {
		print_progress(progress, state, now, false);
		return;
	}
	GString *line = meter_text(progress, state);
	/* The last column stays free, because some terminals begin a new line after it. */
	fprintf(stderr, "\r%.*s\033[K", terminal_columns() - 1, line->str);
	progress->shown = true;
	g_string_free(line, TRUE);
}

void progress_say(struct progress_meter *progress, const struct progress_state *state)
{
	int64_t now = g_get_monotonic_time();
	update_rate(progress, now, state->read);
	progress_clear(progress);
	print_progress(progress, state, now, false);
}

void progress_end(struct progress_meter *progress, const struct progress_state *state)
{
	int64_t now = g_get_monotonic_time();
	progress_clear(progress);
	if (progress->form != FORM_JSON && progress->form != FORM_LINES)
		return;
	update_rate(progress, now, state->read);
	print_progress(progress, state, now, true);
}
