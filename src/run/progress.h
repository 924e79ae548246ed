/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * progress.h - how far the work is, on standard error: a line that is rewritten on a terminal, JSON Lines for batch
 * systems, nothing otherwise. Its clock is the machine's; records never see it.
 */
#ifndef SMTPSCAN_RUN_PROGRESS_H
#define SMTPSCAN_RUN_PROGRESS_H

#include "options.h"

/* How far the work is. */
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
/* progress_show - a line when one is due. progress_say - one now, whatever was asked for (SIGUSR1). */
void progress_show(struct progress_meter *progress, const struct progress_state *state);
void progress_say(struct progress_meter *progress, const struct progress_state *state);
/* progress_clear - takes the line away for something else that is to be said. */
void progress_clear(struct progress_meter *progress);
/* progress_end - the last line, in JSON; on a terminal the line is taken away. */
void progress_end(struct progress_meter *progress, const struct progress_state *state);

#endif
