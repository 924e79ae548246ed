/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * random.h - seeded numbers for the benchmark's captures: the same on every machine. Fast, and not for other uses.
 */
#ifndef SMTPSCAN_BENCH_RANDOM_H
#define SMTPSCAN_BENCH_RANDOM_H

#include <stdint.h>

struct dice {
	uint64_t state;
};

/* dice_word - 64 bits (splitmix64). */
static inline uint64_t dice_word(struct dice *dice)
{
	uint64_t z = dice->state += UINT64_C(0x9e3779b97f4a7c15);
	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

/* dice_below - 0 .. limit-1. */
static inline uint32_t dice_below(struct dice *dice, uint32_t limit)
{
	return (uint32_t)((dice_word(dice) >> 32) * limit >> 32);
}

/* dice_between - from .. to, both included. */
static inline uint32_t dice_between(struct dice *dice, uint32_t from, uint32_t to)
{
	return from + dice_below(dice, to - from + 1);
}

#endif
