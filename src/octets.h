/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * octets.h - several octets looked at together: an operator works on each, a comparison gives 0 or 0xff for each. The
 * compiler makes of it what the machine has for that. Private to src/.
 */
#ifndef SMTPSCAN_OCTETS_H
#define SMTPSCAN_OCTETS_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

typedef uint8_t octets16 __attribute__((vector_size(16)));
typedef uint8_t octets8 __attribute__((vector_size(8)));
typedef uint64_t octets16_halves __attribute__((vector_size(16)));

static inline octets16 octets16_at(const void *at)
{
	octets16 octets;
	memcpy(&octets, at, sizeof octets);
	return octets;
}

static inline octets8 octets8_at(const void *at)
{
	octets8 octets;
	memcpy(&octets, at, sizeof octets);
	return octets;
}

/* octets16_any, octets8_any - is one of them not 0? */
static inline bool octets16_any(octets16 octets)
{
	octets16_halves halves = (octets16_halves)octets;
	return (halves[0] | halves[1]) != 0;
}

static inline bool octets8_any(octets8 octets)
{
	uint64_t whole;
	memcpy(&whole, &octets, sizeof whole);
	return whole != 0;
}

/* octets16_first - the place of the first that is not 0; there is one. */
static inline size_t octets16_first(octets16 octets)
{
	octets16_halves halves = (octets16_halves)octets;
	size_t half = halves[0] == 0;
	return half * 8 + (size_t)__builtin_ctzll(GUINT64_FROM_LE(halves[half])) / 8;
}

#endif
