/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * lines.h - the lines of one packet, until they can be put in order: by flow, then as they came.
 *
 * One packet can give any number of records: what was buffered for hours is read when the missing segment comes, and a
 * hundred thousand connections expire at once. In memory wait at most LINES_MEMORY octets; those before them wait in a
 * file without a name.
 */
#ifndef SMTPSCAN_RECORD_LINES_H
#define SMTPSCAN_RECORD_LINES_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#define LINES_MEMORY (1024 * 1024)

struct lines;

/* Takes one or more lines of a flow, each with its '\n'. Returns false when it can't: then nothing more is given to
 * it. */
typedef bool (*lines_sink)(void *context, uint64_t flow, const char *lines, size_t size);

struct lines *lines_new(void);
void lines_free(struct lines *lines);
/* lines_text - lines are appended to it. */
GString *lines_text(struct lines *lines);
/* lines_add - what was appended since the last call are lines of this flow. directory: for the file; NULL: the usual
 * one. Returns false with errno set when there is no room for more: take them all now. */
bool lines_add(struct lines *lines, uint64_t flow, const char *directory);
/* lines_take - gives out the lines of all flows up to this one, and forgets them. Returns false when `take` did, or
 * when the file can't be read (said). */
bool lines_take(struct lines *lines, uint64_t flow, lines_sink take, void *context);

#endif
