/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * clock.c - converts the units of a capture's clock to nanoseconds. See clock.h.
 */
#include "clock.h"

#include <glib.h>

#define BINARY 0x80u       /* the resolution is a power of 2 */
#define DECIMAL_DIGITS 19u /* the largest power of 10 in 64 bits */
#define NANOSECOND_DIGITS 9u
__extension__ typedef unsigned __int128 uint128;

#define SECONDS_MAX (INT64_MAX / NANOSECONDS_PER_SECOND - 1)

/* power_of_ten - 0 when it does not fit in 64 bits. */
static uint64_t power_of_ten(unsigned exponent)
{
	uint64_t power = 1;
	if (exponent > DECIMAL_DIGITS)
		return 0;
	while (exponent-- != 0)
		power *= 10;
	return power;
}

struct clock clock_of(uint8_t resolution, int64_t offset)
{
	const unsigned exponent = resolution & (BINARY - 1);
	struct clock clock = { .resolution = resolution, .offset = offset };
	if (!(resolution & BINARY))
		clock.per_second = power_of_ten(exponent);
	else if (exponent < 64)
		clock.per_second = UINT64_C(1) << exponent;
	if (clock.per_second != 0 && NANOSECONDS_PER_SECOND % clock.per_second == 0)
		clock.scale = NANOSECONDS_PER_SECOND / clock.per_second;
	return clock;
}

int64_t clock_moment(int64_t seconds, uint64_t nanoseconds)
{
	const int64_t carried = (int64_t)(nanoseconds / NANOSECONDS_PER_SECOND);
	nanoseconds %= NANOSECONDS_PER_SECOND;
	seconds = CLAMP(seconds, -carried, SECONDS_MAX - carried) + carried;
	return seconds * NANOSECONDS_PER_SECOND + (int64_t)nanoseconds;
}

/* fine - nanoseconds, for a resolution so fine that 64 bits are less than a second. */
static uint64_t fine(const struct clock *clock, uint64_t units)
{
	const unsigned exponent = clock->resolution & (BINARY - 1);
	if (clock->resolution & BINARY)
		return (uint64_t)((uint128)units * NANOSECONDS_PER_SECOND >> exponent);
	const uint64_t divisor = power_of_ten(exponent - NANOSECOND_DIGITS);
	return divisor != 0 ? units / divisor : 0;
}

int64_t clock_time(const struct clock *clock, uint64_t units)
{
	if (G_UNLIKELY(clock->per_second == 0))
		return clock_moment(clock->offset, fine(clock, units));
	const uint64_t seconds = MIN(units / clock->per_second, (uint64_t)SECONDS_MAX);
	uint64_t rest = units % clock->per_second;
	if (G_LIKELY(clock->scale != 0))
		rest *= clock->scale;
	else
		rest = (uint64_t)((uint128)rest * NANOSECONDS_PER_SECOND / clock->per_second);
	const int64_t offset = CLAMP(clock->offset, -SECONDS_MAX, SECONDS_MAX);
	return clock_moment((int64_t)seconds + offset, rest);
}

bool clock_finer_than_microseconds(const struct clock *clock)
{
	/* 2^-19 s is more than a microsecond, 2^-20 s less. */
	const unsigned limit = clock->resolution & BINARY ? 19 : CLOCK_RESOLUTION_DEFAULT;
	return (clock->resolution & (BINARY - 1)) > limit;
}
