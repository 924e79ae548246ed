/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * analysis.h - the way of a byte from the capture to the record: joins the stages for one input.
 */
#ifndef SMTPSCAN_ANALYSIS_H
#define SMTPSCAN_ANALYSIS_H

#include "options.h"

struct analysis;

/* analysis_new - options are borrowed. One analysis a process at a time (libnids). Returns NULL, said, when the
 * place for mails or files can't be made. */
struct analysis *analysis_new(const struct options *options, struct output *output);

/* analysis_input - reads one capture to its end, or several as one recording (--continuous): every record goes to the
 * output, the stats record last. *stats says what it was. Returns EXIT_OK, EXIT_INPUT or EXIT_OUTPUT. */
int analysis_input(struct analysis *analysis, char *const *paths, size_t count, struct input_stats *stats);

/* analysis_stop - ask a running analysis_input to end after the present packet (async-signal-safe). */
void analysis_stop(struct analysis *analysis);

/* analysis_worst - the highest severity of any alert raised so far; 0 when none was. */
enum severity analysis_worst(const struct analysis *analysis);
/* analysis_free - returns EXIT_OUTPUT when a mail could not be stored (said). */
int analysis_free(struct analysis *analysis);

#endif
