/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * outcome.c - see outcome.h.
 */
#include "outcome.h"

/* The order in which statuses win: an alert wins over incomplete input, but not over a failed output. */
static const int gravity[] = {
	[EXIT_OK] = 0,
	[EXIT_CUT] = 1,
	[EXIT_INPUT] = 2,
	[EXIT_ALERT] = 3,
	[EXIT_OUTPUT] = 4,
	[EXIT_USAGE] = 5,
};

void outcome_status(struct run_outcome *outcome, enum exit_status status)
{
	if (gravity[status] > gravity[outcome->status])
		outcome->status = status;
}

void outcome_severity(struct run_outcome *outcome, enum severity severity)
{
	if (severity != 0 && (outcome->worst == 0 || severity < outcome->worst))
		outcome->worst = severity;
}

enum exit_status outcome_exit(const struct run_outcome *outcome, enum severity fail_on)
{
	struct run_outcome end = *outcome;
	if (end.worst != 0 && end.worst <= fail_on)
		outcome_status(&end, EXIT_ALERT);
	return end.status;
}
