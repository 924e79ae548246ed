/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * outlet.h - passes the records of an output, unchanged or through a view, to a writer. Private to this stage.
 *
 * Records come as one or several complete lines. --flow selects them here, for all formats.
 */
#ifndef SMTPSCAN_RUN_OUTLET_H
#define SMTPSCAN_RUN_OUTLET_H

#include "options.h"
#include "writer.h"

struct outlet;

/* outlet_new - takes ownership of the writer, and opens the report. Returns NULL when the writer is NULL or, reported,
 * when the report can't be opened. captures (char*): views run in a sandboxed process that may read only these; NULL:
 * this process runs them, and is in the sandbox itself. */
struct outlet *outlet_new(const struct options *options, struct writer *writer, const GPtrArray *captures);
/* outlet_forget - in another process, which does not use it: closes its copies. */
void outlet_forget(struct outlet *outlet);
/* outlet_captures - for the report: the captures (char*) that were analysed. */
void outlet_captures(struct outlet *outlet, const GPtrArray *captures);
/* outlet_put, outlet_flush - return false, reported, when a write fails or has failed before. */
bool outlet_put(struct outlet *outlet, const void *lines, size_t size);
bool outlet_flush(struct outlet *outlet);
/* outlet_close - ends the views and closes the writer. Returns false, reported, on a write error. NULL is allowed.
 * *differs (may be NULL): the records differ from those that --check expects. */
bool outlet_close(struct outlet *outlet, bool *differs);

#endif
