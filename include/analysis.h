/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * analysis.h - the way of a byte from the capture to the record: joins the stages for one input.
 */
#ifndef SMTPSCAN_ANALYSIS_H
#define SMTPSCAN_ANALYSIS_H

#include "options.h"

#define ANALYSIS_TICK 256                  /* packets between two calls of tick */
#define ANALYSIS_INTERRUPTED "interrupted" /* the sentence after analysis_stop */

/* What goes out of an analysis beside records. Calls are synchronous, within analysis_input. */
struct analysis_sink {
	/* Between two packets: packet `next` comes now, and no more records of packets before it. live: the capture is
	 * being made right now, and every packet is told. */
	void (*tick)(void *context, uint64_t next, bool live);
	/* A sentence: why the input could not be read, or not to its end. */
	void (*broken)(void *context, const char *sentence);
	/* With --mbox: a mail that is to be kept beside the records, after mail_finish; sender: the path of MAIL, may
	 * be NULL; ending: the input ended. Returns false, said, when it could not be kept. */
	bool (*keep)(void *context, const struct place *place, bool ending, struct mail *mail, const char *sender);
	void *context;
};

struct analysis;

/* analysis_new - options and sink are borrowed; options may change between two inputs. One analysis a process at a time
 * (libnids). Returns NULL, said, when that refuses. */
struct analysis *analysis_new(const struct options *options, struct output *output, const struct analysis_sink *sink);

/* analysis_input - reads one capture to its end, or several as one recording (--continuous): every record but stats
 * goes to the output. Returns EXIT_OK, EXIT_INPUT, EXIT_CUT or EXIT_OUTPUT. */
enum exit_status analysis_input(struct analysis *analysis, char *const *paths, size_t count);

/* analysis_stats - what is known of the input in hand, or of the last one. */
void analysis_stats(const struct analysis *analysis, struct input_stats *stats);
/* analysis_output - the capture in hand, or the last one: its name and the digits of its clock. */
const struct output_options *analysis_output(const struct analysis *analysis);
/* analysis_read - octets of the input's captures read so far. */
uint64_t analysis_read(const struct analysis *analysis);

/* analysis_stop - ask a running analysis_input to end after the present packet (async-signal-safe). */
void analysis_stop(struct analysis *analysis);

/* analysis_worst - the highest severity of any alert raised so far; 0 when none was. */
enum severity analysis_worst(const struct analysis *analysis);
/* analysis_free - returns EXIT_OUTPUT when a mail could not be stored (said). */
enum exit_status analysis_free(struct analysis *analysis);

#endif
