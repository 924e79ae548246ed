/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * progress.h - shows progress on standard error: a line that is updated on a terminal, JSON Lines for batch systems,
 * else nothing. It uses the system clock, which no record depends on.
 */
#ifndef SMTPSCAN_RUN_PROGRESS_H
#define SMTPSCAN_RUN_PROGRESS_H

#include "options.h"

/* The progress of a run. */
struct progress_state {
	uint64_t read, size; /* octets of captures; size 0: not known (a pipe) */
	uint64_t packets, mails, alerts;
	uint64_t captures, captures_done;
};

struct progress_meter;

struct progress_meter *progress_new(const struct options *options);
void progress_free(struct progress_meter *progress);

/* progress_wait - milliseconds until the next line is due; -1: never. */
int progress_wait(const struct progress_meter *progress);
/* progress_show - prints a line when one is due. progress_say - prints one now, whatever the options (SIGUSR1). */
void progress_show(struct progress_meter *progress, const struct progress_state *state);
void progress_say(struct progress_meter *progress, const struct progress_state *state);
/* progress_clear - removes the line from the terminal before another message. */
void progress_clear(struct progress_meter *progress);
/* progress_end - prints the last line in JSON; on a terminal, removes the line. */
void progress_end(struct progress_meter *progress, const struct progress_state *state);

#endif
