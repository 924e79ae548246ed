/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * main.c - options, wiring, exit status.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "analysis.h"
#include "capture.h"

#define STDOUT_BUFFER (256 * 1024)

/* Where the lines go. */
struct writer {
	FILE *file;
	const char *name;
	bool live; /* a capture is being made right now: each line goes out at once */
	bool said; /* that writing failed */
};

static bool complain(struct writer *writer)
{
	if (!writer->said)
		fprintf(stderr, "smtpscan: %s: %s\n", writer->name, strerror(errno));
	writer->said = true;
	return false;
}

static bool write_line(void *context, uint64_t packet, uint64_t flow, const char *line, size_t size)
{
	struct writer *writer = context;
	bool good = fwrite(line, 1, size, writer->file) == size && (!writer->live || fflush(writer->file) == 0);
	return good || complain(writer);
}

/* writer_open - EPIPE is to be an exit status, so SIGPIPE is ignored. */
static bool writer_open(struct writer *writer, const char *path)
{
	signal(SIGPIPE, SIG_IGN);
	writer->name = path ? path : "standard output";
	writer->file = path ? fopen(path, "we") : stdout;
	if (!writer->file)
		return complain(writer);
	setvbuf(writer->file, NULL, _IOFBF, STDOUT_BUFFER);
	return true;
}

static bool writer_close(struct writer *writer)
{
	return fclose(writer->file) == 0 || complain(writer);
}

/* is_live - a pipe, a terminal, a device: its end is not there yet. */
static bool is_live(const char *path)
{
	struct stat status;
	return strcmp(path, "-") == 0 ? fstat(0, &status) != 0 || !S_ISREG(status.st_mode)
				      : stat(path, &status) == 0 && !S_ISREG(status.st_mode);
}

/* worse - the exit status that two parts of the work have together: no output
 * is worse than no input. */
static int worse(int a, int b)
{
	return a > b ? a : b;
}

static void report(const char *path, const struct input_stats *stats)
{
	fprintf(stderr,
		"smtpscan: %s: %" G_GUINT64_FORMAT " packets, %" G_GUINT64_FORMAT " sessions, %" G_GUINT64_FORMAT
		" mails, %" G_GUINT64_FORMAT " alerts\n",
		path, stats->packets, stats->sessions, stats->mails,
		stats->alerts[SEVERITY_HIGH] + stats->alerts[SEVERITY_MEDIUM] + stats->alerts[SEVERITY_LOW]);
}

/* analyse - all captures, one after the other or as one recording. */
static int analyse(const struct options *options, struct writer *writer, const GPtrArray *paths)
{
	struct output *output = output_new(write_line, writer);
	struct analysis *analysis = analysis_new(options, output);
	int status = analysis ? EXIT_OK : EXIT_OUTPUT;
	guint step = options->continuous ? paths->len : 1;
	for (guint i = 0; analysis && i < paths->len && !output_failed(output); i += step) {
		struct input_stats stats;
		char *const *inputs = (char *const *)paths->pdata + i;
		writer->live = is_live(inputs[0]);
		status = worse(status, analysis_input(analysis, inputs, step, &stats));
		if (options->verbose)
			report(inputs[0], &stats);
	}
	enum severity worst = analysis ? analysis_worst(analysis) : 0;
	status = worse(status, analysis_free(analysis));
	output_free(output);
	return status == EXIT_OK && worst && worst <= options->fail_on ? EXIT_ALERT : status;
}

static int run(const struct options *options)
{
	struct writer writer = { 0 };
	GPtrArray *paths = g_ptr_array_new_with_free_func(g_free);
	GError *error = NULL;
	int status = EXIT_OK;
	if (!capture_list(options->captures, paths, &error)) {
		fprintf(stderr, "smtpscan: %s\n", error->message);
		g_error_free(error);
		status = EXIT_INPUT;
	}
	if (!writer_open(&writer, options->output_file)) {
		status = EXIT_OUTPUT;
	} else {
		status = worse(status, analyse(options, &writer, paths));
		if (!writer_close(&writer))
			status = EXIT_OUTPUT;
	}
	g_ptr_array_free(paths, TRUE);
	return status;
}

int main(int argc, char **argv)
{
	struct options options;
	enum options_result result = options_parse(argc, argv, &options);
	int status = result == OPTIONS_ERROR ? EXIT_USAGE : EXIT_OK;
	if (result == OPTIONS_RUN)
		status = run(&options);
	else if (result == OPTIONS_DONE && fflush(stdout) != 0)
		status = EXIT_OUTPUT;
	options_free(&options);
	return status;
}
