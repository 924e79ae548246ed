/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * elapsed.c - see elapsed.h.
 */
#include "elapsed.h"

#define TIME_LIMIT (INT64_MAX / 4) /* stamps are limited to this, so that sums and differences do not overflow */

/* note_jump - counts a jump: the far stamps are not a time without packets. */
static void note_jump(struct elapsed *elapsed)
{
	if (elapsed->jumps++ == 0)
		elapsed->first_jump = elapsed->began;
}

/* is_silence - may there have been no packet between the accepted stamp and the far ones? */
static bool is_silence(const struct elapsed *elapsed)
{
	int64_t step = elapsed->elsewhere - elapsed->stamp;
	return step > 0 && step <= ELAPSED_SILENCE_MAX;
}

/* far - a stamp that is far from the accepted one. */
static void far(struct elapsed *elapsed, struct moment at, int64_t stamp)
{
	/* Far stamps that follow each other agree. */
	if (elapsed->votes == 0 || stamp < elapsed->elsewhere - ELAPSED_STEP_MAX) {
		if (elapsed->votes > 0)
			note_jump(elapsed);
		elapsed->votes = 0;
		elapsed->began = at;
		elapsed->elsewhere = stamp;
	}
	if (stamp > elapsed->elsewhere)
		elapsed->elsewhere = stamp;
	if (++elapsed->votes < ELAPSED_VOTES)
		return;
	if (!is_silence(elapsed))
		note_jump(elapsed);
	if (elapsed->elsewhere > elapsed->stamp)
		elapsed->now += ELAPSED_STEP_MAX;
	elapsed->stamp = elapsed->elsewhere;
	elapsed->votes = 0;
}

void elapsed_tick(struct elapsed *elapsed, struct moment at)
{
	int64_t stamp = at.time < -TIME_LIMIT ? -TIME_LIMIT : at.time > TIME_LIMIT ? TIME_LIMIT : at.time;
	if (!elapsed->running) {
		elapsed->running = true;
		elapsed->stamp = stamp;
	}
	int64_t step = stamp - elapsed->stamp;
	if (step > ELAPSED_STEP_MAX || step < -ELAPSED_STEP_MAX) {
		far(elapsed, at, stamp);
		return;
	}
	if (step > 0) {
		elapsed->stamp = stamp;
		elapsed->now += step;
	}
	/* A near stamp: a vote against the far ones. */
	if (elapsed->votes > 0 && --elapsed->votes == 0)
		note_jump(elapsed);
}

void elapsed_end(struct elapsed *elapsed)
{
	if (elapsed->votes > 0 && !is_silence(elapsed))
		note_jump(elapsed);
	elapsed->votes = 0;
	elapsed->running = false;
}
