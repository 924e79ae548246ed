/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * analysis.h - analyses one input: connects the stages from the capture to the records.
 */
#ifndef SMTPSCAN_ANALYSIS_H
#define SMTPSCAN_ANALYSIS_H

#include "options.h"

#define ANALYSIS_TICK 256                  /* packets between two calls of tick */
#define ANALYSIS_INTERRUPTED "interrupted" /* the reason given after analysis_stop */

/* What an analysis produces besides records. Calls are synchronous, within analysis_input. */
struct analysis_sink {
	/* Between two packets: packet `next` comes now, and there are no more records of packets before it. live: the
	 * input is being captured right now; then it is called after every packet. */
	void (*tick)(void *context, uint64_t next, bool live);
	/* Why the input could not be read, or not to its end, as a sentence. */
	void (*broken)(void *context, const char *sentence);
	/* With --mbox: store this mail, after mail_finish. sender: the path of MAIL, may be NULL; ending: the input
	 * ended. Returns false, with a message on standard error, when it could not be stored. */
	bool (*keep)(void *context, const struct place *place, bool ending, struct mail *mail, const char *sender);
	void *context;
};

struct analysis;

/* analysis_new - options and sink are borrowed; options may change between two inputs. One analysis per process at a
 * time (libnids). Returns NULL, with a message on standard error, when libnids fails. */
struct analysis *analysis_new(const struct options *options, struct output *output, const struct analysis_sink *sink);

/* analysis_input - reads one capture to its end, or several as one recording (--continuous): writes every record but
 * stats to the output. Returns EXIT_OK, EXIT_INPUT, EXIT_CUT or EXIT_OUTPUT. */
enum exit_status analysis_input(struct analysis *analysis, char *const *paths, size_t count);

/* analysis_stats - the statistics so far of the current or last input. */
void analysis_stats(const struct analysis *analysis, struct input_stats *stats);
/* analysis_output - the output options of the current or last capture: its name and the precision of its time
 * stamps. */
const struct output_options *analysis_output(const struct analysis *analysis);
/* analysis_read - octets read so far of the current or last input. */
uint64_t analysis_read(const struct analysis *analysis);
/* analysis_files - a number for what the captures of the input were: others who read the same have the same. */
uint64_t analysis_files(const struct analysis *analysis);

/* analysis_stop - asks a running analysis_input to end after the current packet (async-signal-safe). */
void analysis_stop(struct analysis *analysis);

/* analysis_worst - the highest severity of the alerts so far; 0: no alert. */
enum severity analysis_worst(const struct analysis *analysis);
/* analysis_free - returns EXIT_OUTPUT when a mail could not be stored (there was a message). */
enum exit_status analysis_free(struct analysis *analysis);

#endif
