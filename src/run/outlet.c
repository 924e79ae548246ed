/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * outlet.c - see outlet.h.
 */
#include "outlet.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "apart.h"
#include "config.h"
#include "confine.h"
#include "expected.h"
#include "hidden.h"
#include "text.h"

#define COLUMNS_DEFAULT 80
#define COLUMNS_MIN 40 /* narrower terminals are not wrapped for */
#define HASH_BLOCK ((size_t)1024 * 1024)

/* Messages to the process that runs the views. */
enum { OUTLET_LINES, OUTLET_FLUSH, OUTLET_CAPTURES };

struct outlet {
	struct apart *apart; /* the process that runs the views; NULL: this one */
	struct writer *writer;
	struct view *view;         /* NULL: records are written unchanged */
	struct expected *expected; /* NULL: nothing is compared */
	struct view *report;
	struct writer *report_writer; /* NULL: no report */
	char *hidden;                 /* the report's name until it is whole; NULL */
	const char *report_path;      /* ... and then */
	bool mute;                    /* records go only to the report */
	unsigned left_out;            /* bits (RECORD_BIT) of record types that only the report gets */
	const char *flow;             /* --flow; NULL */
	bool picked;                  /* a record of that session was seen */
	bool quiet;
};

/* ---- the terminal ---- */

/* is_terminal - is the output a terminal? */
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

/* make_report - opens the report, with its version and command line. */
static void make_report(struct outlet *outlet, const struct options *options)
{
	outlet->report =
		view_report_new("smtpscan " SMTPSCAN_VERSION, options->command, writer_sink, outlet->report_writer);
	/* With a report, records are not also printed on a terminal. */
	outlet->mute = options->format == VIEW_JSON && is_terminal(options);
	outlet->left_out = options->merge ? 0 : options->output.records & ~options->written;
}

/* make_views - creates the views that the options ask for. */
static void make_views(struct outlet *outlet, const struct options *options)
{
	const struct view_options view = {
		.format = options->format,
		.colour = wants_colour(options),
		.width = columns(options),
	};
	if (options->format != VIEW_JSON)
		outlet->view = view_text_new(&view, writer_sink, outlet->writer);
	if (options->check_dir) {
		outlet->expected = expected_new(options);
		outlet->view = expected_view(outlet->expected, outlet->writer);
	}
	if (outlet->report_writer)
		make_report(outlet, options);
}

/* is_wanted - with --flow: is it a record of that session, or a stats record? */
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

/* is_left_out - is it a record for the report only? */
static bool is_left_out(const struct outlet *outlet, const char *line, size_t size)
{
	size_t length;
	const char *event = outlet->left_out ? view_event(line, size, &length) : NULL;
	for (enum record record = 0; event && record < RECORD_COUNT; record++)
		if (outlet->left_out & 1u << record && length == strlen(record_names[record]) &&
			memcmp(event, record_names[record], length) == 0)
			return true;
	return false;
}

static bool put_record_line(struct outlet *outlet, const char *line, size_t size)
{
	if (!is_wanted(outlet, line, size))
		return true;
	if (outlet->report && !view_line(outlet->report, line, size))
		return false;
	if (outlet->mute || is_left_out(outlet, line, size))
		return true;
	return outlet->view ? view_line(outlet->view, line, size) : writer_put(outlet->writer, line, size);
}

bool outlet_put(struct outlet *outlet, const void *lines, size_t size)
{
	const char *line = lines, *end = line + size;
	if (outlet->apart)
		return apart_send(outlet->apart, OUTLET_LINES, lines, size);
	if (!outlet->view && !outlet->flow && !outlet->report)
		return writer_put(outlet->writer, lines, size);
	while (line < end) {
		const char *feed = memchr(line, '\n', (size_t)(end - line)), *next = feed ? feed + 1 : end;
		if (!put_record_line(outlet, line, (size_t)(next - line)))
			return false;
		line = next;
	}
	return true;
}

/* hash_file - SHA-256 of a whole file in hexadecimal, and its size. Returns false when it can't be read. */
static bool hash_file(const char *path, char hex[static 2 * EVP_MAX_MD_SIZE + 1], uint64_t *size)
{
	uint8_t *block = g_malloc(HASH_BLOCK), digest[EVP_MAX_MD_SIZE];
	unsigned digest_size = 0;
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	FILE *file = capture_is_stdin(path) ? NULL : fopen(path, "re");
	bool good = file && EVP_DigestInit_ex(context, EVP_sha256(), NULL);
	*size = 0;
	for (size_t got; good && (got = fread(block, 1, HASH_BLOCK, file)) > 0; *size += got)
		good = EVP_DigestUpdate(context, block, got);
	good = good && !ferror(file) && EVP_DigestFinal_ex(context, digest, &digest_size);
	for (unsigned i = 0; i < digest_size; i++)
		g_snprintf(hex + 2 * (size_t)i, 3, "%02x", digest[i]);
	if (file)
		fclose(file);
	EVP_MD_CTX_free(context);
	g_free(block);
	return good;
}

/* is_regular - is it a regular file? A pipe can't be read again. */
static bool is_regular(const char *path)
{
	struct stat status;
	return stat(path, &status) == 0 && S_ISREG(status.st_mode);
}

/* send_captures - sends their names, each with a NUL. */
static void send_captures(struct outlet *outlet, const GPtrArray *captures)
{
	GString *names = g_string_new(NULL);
	for (guint i = 0; i < captures->len; i++)
		g_string_append_len(names, captures->pdata[i], (gssize)strlen(captures->pdata[i]) + 1);
	apart_send(outlet->apart, OUTLET_CAPTURES, names->str, names->len);
	g_string_free(names, TRUE);
}

void outlet_captures(struct outlet *outlet, const GPtrArray *captures)
{
	char hex[2 * EVP_MAX_MD_SIZE + 1];
	if (outlet && outlet->apart)
		send_captures(outlet, captures);
	if (!outlet || !outlet->report)
		return;
	for (guint i = 0; i < captures->len; i++) {
		const char *path = captures->pdata[i];
		uint64_t size = 0;
		bool known = is_regular(path) && hash_file(path, hex, &size);
		view_report_capture(outlet->report, capture_title(path), size, known ? hex : NULL);
	}
}

bool outlet_flush(struct outlet *outlet)
{
	if (outlet->apart)
		return apart_send(outlet->apart, OUTLET_FLUSH, NULL, 0);
	return writer_flush(outlet->writer);
}

/* open_report - what is there and no regular file is written to as it is. */
static bool open_report(struct outlet *outlet, const char *path, bool hides)
{
	struct stat status;
	outlet->report_path = path;
	if (!hides || (lstat(path, &status) == 0 && !S_ISREG(status.st_mode))) {
		outlet->report_writer = writer_open(path);
	} else {
		outlet->report_writer = hidden_open(path, &outlet->hidden);
	}
	return outlet->report_writer;
}

bool outlet_close(struct outlet *outlet, bool *differs)
{
	if (differs)
		*differs = false;
	if (!outlet)
		return true;
	if (outlet->apart) {
		const int status = apart_end(outlet->apart);
		if (differs)
			*differs = status == EXIT_ALERT;
		const bool good =
			hidden_close(&outlet->hidden, outlet->report_path, status == EXIT_OK || status == EXIT_ALERT);
		g_free(outlet);
		return good;
	}
	if (outlet->expected)
		expected_unused(outlet->expected, outlet->writer);
	bool good = !outlet->view || view_end(outlet->view);
	good = (!outlet->report || view_end(outlet->report)) && good;
	good = writer_close(outlet->writer) && good;
	good = writer_close(outlet->report_writer) && good;
	if (outlet->flow && !outlet->picked && !outlet->quiet)
		say("--flow: no record of a session '%s'", outlet->flow);
	if (outlet->expected && differs)
		*differs = expected_differences(outlet->expected) > 0;
	expected_free(outlet->expected);
	g_free(outlet);
	return good;
}

/* ---- views in a separate process ---- */

/* take_message - handles a message in that process. */
static bool take_message(void *context, unsigned kind, const void *octets, size_t size)
{
	struct outlet *outlet = context;
	GPtrArray *captures;
	switch (kind) {
	case OUTLET_LINES:
		return outlet_put(outlet, octets, size);
	case OUTLET_FLUSH:
		return outlet_flush(outlet);
	default:
		captures = g_ptr_array_new();
		for (const char *path = octets, *end = path + size; path < end; path += strlen(path) + 1)
			g_ptr_array_add(captures, (gpointer)path);
		outlet_captures(outlet, captures);
		g_ptr_array_free(captures, TRUE);
		return true;
	}
}

/* serve - the main function of that process. */
static _Noreturn void serve(
	struct outlet *outlet, struct apart *apart, const struct options *options, const GPtrArray *captures)
{
	bool differs = false;
	g_clear_pointer(&outlet->hidden, g_free); /* the parent's to rename */
	confine_viewer(options, captures);
	make_views(outlet, options);
	apart_serve(apart, take_message, outlet);
	const bool good = outlet_close(outlet, &differs);
	exit(!good ? EXIT_OUTPUT : differs ? EXIT_ALERT : EXIT_OK);
}

/* set_apart - starts that process, which then does the writing. */
static bool set_apart(struct outlet *outlet, const struct options *options, const GPtrArray *captures)
{
	bool inside;
	struct apart *apart = apart_begin(&inside);
	if (inside)
		serve(outlet, apart, options, captures);
	writer_drop(outlet->writer);
	writer_drop(outlet->report_writer);
	outlet->writer = outlet->report_writer = NULL;
	outlet->apart = apart;
	return apart != NULL;
}

struct outlet *outlet_new(const struct options *options, struct writer *writer, const GPtrArray *captures)
{
	if (!writer)
		return NULL;
	struct outlet *outlet = g_new0(struct outlet, 1);
	const bool looks = options->format != VIEW_JSON || options->report || options->check_dir || options->pick_flow;
	outlet->writer = writer;
	outlet->flow = options->pick_flow;
	outlet->quiet = options->quiet;
	const bool apart = captures && looks;
	bool good = !options->report || open_report(outlet, options->report, apart);
	if (good && apart)
		good = set_apart(outlet, options, captures);
	else if (good)
		make_views(outlet, options);
	if (good)
		return outlet;
	writer_close(outlet->writer);
	hidden_close(&outlet->hidden, outlet->report_path, false);
	g_free(outlet);
	return NULL;
}

void outlet_forget(struct outlet *outlet)
{
	if (outlet && outlet->apart)
		apart_forget(g_steal_pointer(&outlet->apart));
}
