/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * clock.c - see clock.h.
 */
#include "clock.h"

#define TIME_LIMIT (INT64_MAX / 4) /* stamps beyond that are made up: sums and differences must not overflow */

/* note_jump - the stamps that are elsewhere are no silence. */
static void note_jump(struct clock *clock)
{
	if (clock->jumps++ == 0)
		clock->first_jump = clock->began;
}

/* is_silence - may nothing have been sent between the stamp that is believed and those elsewhere? */
static bool is_silence(const struct clock *clock)
{
	int64_t step = clock->elsewhere - clock->stamp;
	return step > 0 && step <= CLOCK_SILENCE_MAX;
}

/* far - a stamp that is far from the one that is believed. */
static void far(struct clock *clock, struct moment at, int64_t stamp)
{
	/* Those that go on from each other agree. */
	if (clock->votes == 0 || stamp < clock->elsewhere - CLOCK_STEP_MAX) {
		if (clock->votes > 0)
			note_jump(clock);
		clock->votes = 0;
		clock->began = at;
		clock->elsewhere = stamp;
	}
	if (stamp > clock->elsewhere)
		clock->elsewhere = stamp;
	if (++clock->votes < CLOCK_VOTES)
		return;
	if (!is_silence(clock))
		note_jump(clock);
	if (clock->elsewhere > clock->stamp)
		clock->now += CLOCK_STEP_MAX;
	clock->stamp = clock->elsewhere;
	clock->votes = 0;
}

void clock_tick(struct clock *clock, struct moment at)
{
	int64_t stamp = at.time < -TIME_LIMIT ? -TIME_LIMIT : at.time > TIME_LIMIT ? TIME_LIMIT : at.time;
	if (!clock->running) {
		clock->running = true;
		clock->stamp = stamp;
	}
	int64_t step = stamp - clock->stamp;
	if (step > CLOCK_STEP_MAX || step < -CLOCK_STEP_MAX) {
		far(clock, at, stamp);
		return;
	}
	if (step > 0) {
		clock->stamp = stamp;
		clock->now += step;
	}
	/* It came back. */
	if (clock->votes > 0 && --clock->votes == 0)
		note_jump(clock);
}

void clock_end(struct clock *clock)
{
	if (clock->votes > 0 && !is_silence(clock))
		note_jump(clock);
	clock->votes = 0;
	clock->running = false;
}
