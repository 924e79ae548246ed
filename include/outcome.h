/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * outcome.h - what a run came to: the exit statuses, and which of several counts (man page: EXIT STATUS).
 */
#ifndef SMTPSCAN_OUTCOME_H
#define SMTPSCAN_OUTCOME_H

#include "alert.h"

enum exit_status {
	EXIT_OK = 0,
	EXIT_ALERT = 1,  /* --fail-on */
	EXIT_USAGE = 2,  /* nothing was begun */
	EXIT_INPUT = 3,  /* some input could not be read, or not to its end */
	EXIT_OUTPUT = 4, /* output failed */
	EXIT_CUT = 5     /* some input ends in the middle of a packet; everything before it was analysed */
};

/* Zeroed: nothing happened yet. */
struct run_outcome {
	enum exit_status status;
	enum severity worst; /* of any alert; 0: none */
};

/* outcome_status - something came to this, too: the graver one stays (4, then 1, 3, 5). */
void outcome_status(struct run_outcome *outcome, enum exit_status status);
/* outcome_severity - an alert was raised; 0: none was. */
void outcome_severity(struct run_outcome *outcome, enum severity severity);
/* outcome_exit - the status to end with, after an alert of FAIL_ON or worse EXIT_ALERT; 0: never. */
enum exit_status outcome_exit(const struct run_outcome *outcome, enum severity fail_on);

#endif
