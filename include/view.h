/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * view.h - views: a view gets the lines of an output, in order, and presents them as text, as a report, or as a
 * comparison with expected records.
 *
 * A view needs only records: it works the same with the lines of a run and those of a file. The lines may come from
 * anybody: their content is never sent to a terminal or a browser without escaping, and lines that are no records are
 * counted and reported. A view opens no file and makes no system call; a function takes its output.
 */
#ifndef SMTPSCAN_VIEW_H
#define SMTPSCAN_VIEW_H

#include "types.h"

/* Writes the output of a view. Returns false when it can't be written: then only view_end may be called. */
typedef bool (*view_write)(void *context, const void *octets, size_t size);

enum view_format { VIEW_JSON /* no view: the records are the output */, VIEW_TEXT, VIEW_MAILS };

struct view_options {
	enum view_format format;
	bool colour;
	unsigned width; /* columns; 0: lines are not wrapped */
};

struct view;
/* view_text_new - sessions as ladder diagrams, or one line per mail. Options are copied. */
struct view *view_text_new(const struct view_options *options, view_write write, void *context);
/* view_report_new - one HTML page about all records, written at the end. command: the command line of the run. */
struct view *view_report_new(const char *version, const char *command, view_write write, void *context);
/* view_report_capture - tells the report about a capture that was read; sha256: NULL when not known. At any time before
 * view_end. */
void view_report_capture(struct view *view, const char *name, uint64_t size, const char *sha256);
/* Storage of expected records, by the name of their input. */
struct view_expected {
	/* name - the name of an input in the storage and in messages; valid until the next call. */
	const char *(*name)(void *context, const char *input);
	/* find - the expected records of an input; free with g_free. NULL: there are none. *subset: they are a subset
	 * (--update=subset). */
	char *(*find)(void *context, const char *name, bool *subset);
	/* store - returns false, with a message on standard error, when they can't be stored. */
	bool (*store)(void *context, const char *name, const char *lines, bool subset);
	void *context;
};

enum view_update { VIEW_UPDATE_NONE, VIEW_UPDATE_WHOLE, VIEW_UPDATE_SUBSET };

struct view_check_options {
	struct view_expected expected;
	enum view_update update;
	uint64_t most;         /* differences that are written; 0: all */
	uint64_t *differences; /* number of all differences */
};

/* view_check_new - writes how the records of each input differ from the expected ones. Options are copied. */
struct view *view_check_new(const struct view_check_options *options, view_write write, void *context);
/* view_line - takes one record, with its line feed or without. Returns false when the output can't be written. */
bool view_line(struct view *view, const char *line, size_t size);
/* view_end - no more records: writes the rest and frees the view. Returns false when the output can't be written. */
bool view_end(struct view *view);

/* view_picks - does the record belong to the session whose flow_id or community id is `flow`? */
bool view_picks(const char *line, size_t size, const char *flow);
/* view_event - the event_type of a record: *length octets within the line, not terminated. NULL: there is none. */
const char *view_event(const char *line, size_t size, size_t *length);

#endif
