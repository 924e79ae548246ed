/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * elapsed.h - how much time has passed in the input, according to most of its time stamps.
 *
 * A time stamp that is far from those before it may be wrong, and the next ones return; or a clock was set; or nothing
 * was sent for a long time. So such stamps are only counted at first, and accepted when enough of them agree. Time
 * without any packet in the input ends no connection: of an accepted step only ELAPSED_STEP_MAX counts as elapsed. The
 * result depends only on the time stamps of the input.
 */
#ifndef SMTPSCAN_FLOW_ELAPSED_H
#define SMTPSCAN_FLOW_ELAPSED_H

#include "types.h"

#define ELAPSED_STEP_MAX (60 * NANOSECONDS_PER_SECOND) /* stamps that differ by more are far apart */
#define ELAPSED_VOTES 16 /* a far stamp is accepted with so many more votes than the old one */
/* A step ahead up to that may be a time without packets. */
#define ELAPSED_SILENCE_MAX (24 * 3600 * NANOSECONDS_PER_SECOND)

struct elapsed {
	bool running;      /* a stamp was seen */
	int64_t now;       /* elapsed nanoseconds; never decreases */
	int64_t stamp;     /* the latest accepted stamp */
	int64_t elsewhere; /* the latest stamp that is far from it */
	unsigned votes;    /* ... and how many more stamps are far than near */
	struct moment began;
	uint64_t jumps;           /* how often stamps went back, too far ahead, or returned from far away */
	struct moment first_jump; /* the packet where the first of these began */
};

/* elapsed_tick - takes the time stamp of the next packet of the input. */
void elapsed_tick(struct elapsed *elapsed, struct moment at);
/* elapsed_end - the input ended: decides about the stamps counted last. Time starts again with the next input. */
void elapsed_end(struct elapsed *elapsed);

#endif
