/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * outlet.h - where the records of an output go: as they are, or through a view, into a writer. Private to the jobs.
 *
 * Records come in whole lines, one or several at once. --flow picks them here, whatever is made of them.
 */
#ifndef SMTPSCAN_RUN_OUTLET_H
#define SMTPSCAN_RUN_OUTLET_H

#include "options.h"
#include "writer.h"

struct outlet;

/* outlet_new - takes the writer, and opens the report. NULL stays NULL; NULL, said, when the report can't be opened.
 * captures (char*): views are in a process of their own, which is locked in but for these; NULL: this process is. */
struct outlet *outlet_new(const struct options *options, struct writer *writer, const GPtrArray *captures);
/* outlet_forget - in another process, that has nothing to do with it. */
void outlet_forget(struct outlet *outlet);
/* outlet_captures - for the report: the captures (char*) that the records are of. */
void outlet_captures(struct outlet *outlet, const GPtrArray *captures);
/* outlet_put, outlet_flush - return false, said, when it can't be written, now or before. */
bool outlet_put(struct outlet *outlet, const void *lines, size_t size);
bool outlet_flush(struct outlet *outlet);
/* outlet_close - writes what a view held back, and closes the writer. Returns false, said, when something did not get
 * there. NULL is fine. *differs, unless it is NULL: the records are not those that --check expects. */
bool outlet_close(struct outlet *outlet, bool *differs);

#endif
