/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * clock.h - the clock of a pcapng interface: units of a resolution, and an offset in seconds. Private to src/capture.
 */
#ifndef SMTPSCAN_CAPTURE_CLOCK_H
#define SMTPSCAN_CAPTURE_CLOCK_H

#include "types.h"

struct clock {
	uint64_t per_second; /* units; 0: more than 64 bits can say */
	uint64_t scale;      /* nanoseconds of a unit when it is a whole number of them, else 0 */
	int64_t offset;      /* seconds */
	uint8_t resolution;  /* as if_tsresol says: a power of 10, or of 2 with the high bit */
};

#define CLOCK_RESOLUTION_DEFAULT 6 /* microseconds */

/* clock_of - `resolution` as if_tsresol says it. */
struct clock clock_of(uint8_t resolution, int64_t offset);

/* clock_time - nanoseconds since 1970; what lies before it, or too far behind it, is moved to the end of the range. */
int64_t clock_time(const struct clock *clock, uint64_t units);

/* clock_moment - seconds and a fraction, which may be more than a second, with the same bounds. */
int64_t clock_moment(int64_t seconds, uint64_t nanoseconds);

bool clock_finer_than_microseconds(const struct clock *clock);

#endif
