/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * view.h - what reads records: a view is given the lines of an output, in order, and makes of them something to look
 * at.
 *
 * A view knows records and nothing else: it works on the lines of a run and on those of a file alike. The lines may
 * come from anybody: what is in them is data, is never sent to a terminal or a browser as it is, and a line that is no
 * record is counted and told of. A view opens no file and makes no system call; what it makes goes to a function.
 */
#ifndef SMTPSCAN_VIEW_H
#define SMTPSCAN_VIEW_H

#include "types.h"

/* Takes what a view makes. Returns false when it can't be written: the view is of no use any more. */
typedef bool (*view_write)(void *context, const void *octets, size_t size);

enum view_format { VIEW_JSON /* no view: the records themselves */, VIEW_TEXT, VIEW_MAILS };

struct view_options {
	enum view_format format;
	bool colour;
	unsigned width; /* columns; 0: lines are as long as they are */
};

struct view;
/* view_text_new - sessions as ladders, or a line a mail. Options are copied. */
struct view *view_text_new(const struct view_options *options, view_write write, void *context);
/* view_report_new - one page of HTML for everything, written at the end. command: how the program was called. */
struct view *view_report_new(const char *version, const char *command, view_write write, void *context);
/* view_report_capture - for the report: a capture that was read; sha256 NULL: not known. At any time before the end. */
void view_report_capture(struct view *view, const char *name, uint64_t size, const char *sha256);
/* Where expected records are kept, by the name of their input. */
struct view_expected {
	/* name - how an input is called there, and in what is said; valid until the next call. */
	const char *(*name)(void *context, const char *input);
	/* find - its expected records; free with g_free. NULL: there are none. *subset: they are partial. */
	char *(*find)(void *context, const char *name, bool *subset);
	/* store - returns false, said, when they can't be kept. */
	bool (*store)(void *context, const char *name, const char *lines, bool subset);
	void *context;
};

enum view_update { VIEW_UPDATE_NONE, VIEW_UPDATE_WHOLE, VIEW_UPDATE_SUBSET };

struct view_check_options {
	struct view_expected expected;
	enum view_update update;
	uint64_t most;         /* differences that are said; 0: all */
	uint64_t *differences; /* how many there are */
};

/* view_check_new - says how the records of each input differ from those that are expected. Options are copied. */
struct view *view_check_new(const struct view_check_options *options, view_write write, void *context);
/* view_line - one record, with its line feed or without. Returns false when what was made of it can't be written. */
bool view_line(struct view *view, const char *line, size_t size);
/* view_end - no more records: writes the rest, and frees the view. Returns false when that can't be written. */
bool view_end(struct view *view);

/* view_picks - is the record one of the session that `flow` names, by flow_id or community id? Records that belong to
 * no session are not. */
bool view_picks(const char *line, size_t size, const char *flow);
/* view_event - the event_type of a record, which is not terminated: *size octets of the line. NULL: there is none. */
const char *view_event(const char *line, size_t size, size_t *length);

#endif
