/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * outcome.h - the exit statuses, and which one wins when several apply (man page: EXIT STATUS).
 */
#ifndef SMTPSCAN_OUTCOME_H
#define SMTPSCAN_OUTCOME_H

#include "alert.h"

enum exit_status {
	EXIT_OK = 0,
	EXIT_ALERT = 1,  /* --fail-on */
	EXIT_USAGE = 2,  /* nothing was analysed */
	EXIT_INPUT = 3,  /* some input could not be read, or not to its end */
	EXIT_OUTPUT = 4, /* output failed */
	EXIT_CUT = 5     /* some input ends in the middle of a packet; everything before it was analysed */
};

/* The result of a run so far. Zeroed: nothing happened yet. */
struct run_outcome {
	enum exit_status status;
	enum severity worst; /* of any alert; 0: none */
};

/* outcome_status - adds a status: the one that wins stays (2, then 4, 1, 3, 5). */
void outcome_status(struct run_outcome *outcome, enum exit_status status);
/* outcome_severity - adds the severity of an alert; 0: no alert. */
void outcome_severity(struct run_outcome *outcome, enum severity severity);
/* outcome_exit - the exit status of the run. An alert of severity fail_on or worse adds EXIT_ALERT; fail_on 0:
 * never. */
enum exit_status outcome_exit(const struct run_outcome *outcome, enum severity fail_on);

#endif
