/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * clock.h - the clock of a pcapng interface: units of a resolution, and an offset in seconds. Private to src/capture.
 */
#ifndef SMTPSCAN_CAPTURE_CLOCK_H
#define SMTPSCAN_CAPTURE_CLOCK_H

#include "types.h"

struct clock {
	uint64_t per_second; /* units; 0: does not fit into 64 bits */
	uint64_t scale;      /* nanoseconds per unit if that is a whole number, else 0 */
	int64_t offset;      /* seconds */
	uint8_t resolution;  /* as in if_tsresol: a power of 10, or of 2 with the high bit */
};

#define CLOCK_RESOLUTION_DEFAULT 6 /* microseconds */

/* clock_of - resolution: as in if_tsresol; offset: as in if_tsoffset. */
struct clock clock_of(uint8_t resolution, int64_t offset);

/* clock_time - nanoseconds since 1970; times before, or too far after, are clamped to the range. */
int64_t clock_time(const struct clock *clock, uint64_t units);

/* clock_moment - nanoseconds from seconds and a fraction, which may be more than a second; clamped, too. */
int64_t clock_moment(int64_t seconds, uint64_t nanoseconds);

bool clock_finer_than_microseconds(const struct clock *clock);

#endif
