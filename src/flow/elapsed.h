/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * elapsed.h - how much time has passed in the input, by what most of its packets say.
 *
 * Every packet has a stamp. One that is far from those before it says little: it may be wrong, and what follows comes
 * back; or a clock was set; or nothing was sent for long. So such stamps are only counted at first, and believed when
 * enough of them agree. Time that passed while the whole input was silent ends no connection: of a step that is
 * believed, no more than ELAPSED_STEP_MAX passes. Depends on the stamps of the input alone.
 */
#ifndef SMTPSCAN_FLOW_ELAPSED_H
#define SMTPSCAN_FLOW_ELAPSED_H

#include "types.h"

#define ELAPSED_STEP_MAX (60 * NANOSECONDS_PER_SECOND) /* stamps that differ by more are far from each other */
#define ELAPSED_VOTES 16                               /* so many more say it than say otherwise: then it is believed */
#define ELAPSED_SILENCE_MAX (24 * 3600 * NANOSECONDS_PER_SECOND) /* a step ahead, up to that, may be a silence */

struct elapsed {
	bool running;      /* it has seen a stamp */
	int64_t now;       /* nanoseconds that have passed; never less than before */
	int64_t stamp;     /* the latest that is believed */
	int64_t elsewhere; /* what the stamps say that are far from it, */
	unsigned votes;    /* ... and how many more they are than those that are near */
	struct moment began;
	uint64_t jumps; /* how often stamps came back from elsewhere, went back, or went too far ahead for a silence */
	struct moment first_jump; /* the first stamp of the first of them */
};

/* elapsed_tick - the next packet of the input. */
void elapsed_tick(struct elapsed *elapsed, struct moment at);
/* elapsed_end - the input ended: what was counted last is judged. Time begins anew with the next input. */
void elapsed_end(struct elapsed *elapsed);

#endif
