/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * outlet.c - see outlet.h.
 */
#include "outlet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define COLUMNS_DEFAULT 80
#define COLUMNS_MIN 40 /* less is not worth wrapping for */

struct outlet {
	struct writer *writer;
	struct view *view; /* NULL: the records as they are */
	const char *flow;  /* --flow; NULL */
	bool picked;       /* a record of that session was there */
	bool quiet;
};

/* ---- the terminal ---- */

/* is_terminal - does what is written go straight to one? */
static bool is_terminal(const struct options *options)
{
	return !options->output_file && !options->resume_dir && isatty(STDOUT_FILENO);
}

static bool wants_colour(const struct options *options)
{
	const char *no = getenv("NO_COLOR"), *terminal = getenv("TERM");
	if (options->colour != COLOUR_AUTO)
		return options->colour == COLOUR_ALWAYS;
	return is_terminal(options) && !(no && *no) && terminal && strcmp(terminal, "dumb") != 0;
}

static unsigned columns(const struct options *options)
{
	struct winsize size;
	if (!is_terminal(options))
		return 0;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
		return COLUMNS_DEFAULT;
	return MAX(size.ws_col, COLUMNS_MIN);
}

/* ---- lines ---- */

static bool to_writer(void *context, const void *octets, size_t size)
{
	return writer_put(context, octets, size);
}

struct outlet *outlet_new(const struct options *options, struct writer *writer)
{
	if (!writer)
		return NULL;
	struct outlet *outlet = g_new0(struct outlet, 1);
	const struct view_options view = {
		.format = options->format,
		.colour = wants_colour(options),
		.width = columns(options),
	};
	outlet->writer = writer;
	outlet->flow = options->pick_flow;
	outlet->quiet = options->quiet;
	if (options->format != VIEW_JSON)
		outlet->view = view_text_new(&view, to_writer, writer);
	return outlet;
}

/* is_wanted - with --flow: a record of that session, or one that belongs to none and says how much was read. */
static bool is_wanted(struct outlet *outlet, const char *line, size_t size)
{
	if (!outlet->flow)
		return true;
	if (view_picks(line, size, outlet->flow)) {
		outlet->picked = true;
		return true;
	}
	size_t length;
	const char *event = view_event(line, size, &length);
	return event && length == strlen("stats") && memcmp(event, "stats", length) == 0;
}

static bool put_line(struct outlet *outlet, const char *line, size_t size)
{
	if (!is_wanted(outlet, line, size))
		return true;
	return outlet->view ? view_line(outlet->view, line, size) : writer_put(outlet->writer, line, size);
}

bool outlet_put(struct outlet *outlet, const void *lines, size_t size)
{
	const char *line = lines, *end = line + size;
	if (!outlet->view && !outlet->flow)
		return writer_put(outlet->writer, lines, size);
	while (line < end) {
		const char *feed = memchr(line, '\n', (size_t)(end - line)), *next = feed ? feed + 1 : end;
		if (!put_line(outlet, line, (size_t)(next - line)))
			return false;
		line = next;
	}
	return true;
}

bool outlet_flush(struct outlet *outlet)
{
	return writer_flush(outlet->writer);
}

bool outlet_close(struct outlet *outlet)
{
	if (!outlet)
		return true;
	bool good = !outlet->view || view_end(outlet->view);
	good = writer_close(outlet->writer) && good;
	if (outlet->flow && !outlet->picked && !outlet->quiet)
		fprintf(stderr, "smtpscan: --flow: no record of a session '%s'\n", outlet->flow);
	g_free(outlet);
	return good;
}
