/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * octets.h - several octets examined at once, with the compiler's vector types: an operator works on each octet, a
 * comparison gives 0 or 0xff for each. The compiler turns this into the processor's vector instructions. Private to
 * src/.
 */
#ifndef SMTPSCAN_OCTETS_H
#define SMTPSCAN_OCTETS_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

typedef uint8_t octets16 __attribute__((vector_size(16)));
typedef uint64_t octets16_halves __attribute__((vector_size(16)));
typedef int8_t octets16_signed __attribute__((vector_size(16)));
typedef char octets16_signs __attribute__((vector_size(16)));

/* 32 at a time. A function that uses them is compiled twice, once with OCTETS32_FAST for processors with such
 * registers; octets32_are_fast chooses. Never pass or return this type: the calling convention depends on the
 * target. */
typedef uint8_t octets32 __attribute__((vector_size(32)));
typedef octets32 octets32_unaligned __attribute__((aligned(1), may_alias));
typedef uint64_t octets32_lanes __attribute__((vector_size(32)));
#define OCTETS32_ANY(octets)                                                                                           \
	((((octets32_lanes)(octets))[0] | ((octets32_lanes)(octets))[1] | ((octets32_lanes)(octets))[2] |              \
		 ((octets32_lanes)(octets))[3]) != 0)
#ifdef __x86_64__
#define OCTETS32_FAST __attribute__((target("avx2")))
#else
#define OCTETS32_FAST
#endif

static inline bool octets32_are_fast(void)
{
#ifdef __x86_64__
	return __builtin_cpu_supports("avx2");
#else
	return false;
#endif
}

static inline octets16 octets16_at(const void *at)
{
	octets16 octets;
	memcpy(&octets, at, sizeof octets);
	return octets;
}

/* octets16_short - fewer than sixteen octets, and zeros behind them. Reads overlap, so that none is outside. */
static inline octets16 octets16_short(const void *data, size_t size)
{
	const uint8_t *at = data;
	uint64_t low = 0, high = 0;
	if (size >= sizeof low) {
		memcpy(&low, at, sizeof low);
		memcpy(&high, at + size - sizeof high, sizeof high);
		low = GUINT64_FROM_LE(low);
		high = GUINT64_FROM_LE(high) >> 8 * (15 - size) >> 8;
	} else if (size >= sizeof(uint32_t)) {
		uint32_t first, last;
		memcpy(&first, at, sizeof first);
		memcpy(&last, at + size - sizeof last, sizeof last);
		low = GUINT32_FROM_LE(first) | (uint64_t)GUINT32_FROM_LE(last) << 8 * (size - sizeof last);
	} else if (size > 0) {
		low = at[0] | (uint64_t)at[size / 2] << 8 * (size / 2) | (uint64_t)at[size - 1] << 8 * (size - 1);
	}
	return (octets16)(octets16_halves){ GUINT64_TO_LE(low), GUINT64_TO_LE(high) };
}

/* octets16_any - is any of them not 0? For results of comparisons. */
static inline bool octets16_any(octets16 octets)
{
#ifdef __SSE2__
	return __builtin_ia32_pmovmskb128((octets16_signs)octets) != 0;
#else
	octets16_halves halves = (octets16_halves)octets;
	return (halves[0] | halves[1]) != 0;
#endif
}

/* octets16_first - the index of the first that is not 0; there must be one. */
static inline size_t octets16_first(octets16 octets)
{
#ifdef __SSE2__
	return (size_t)__builtin_ctz((unsigned)__builtin_ia32_pmovmskb128((octets16_signs)octets));
#else
	octets16_halves halves = (octets16_halves)octets;
	size_t half = halves[0] == 0;
	return half * 8 + (size_t)__builtin_ctzll(GUINT64_FROM_LE(halves[half])) / 8;
#endif
}

/* octets_ascii - how many octets at the beginning are ASCII and not NUL. */
static inline size_t octets_ascii(const void *data, size_t size)
{
	const uint8_t *text = data;
	size_t at = 0;
	for (; size - at >= sizeof(octets16); at += sizeof(octets16)) {
		octets16 odd = (octets16)(octets16_at(text + at) - 1 >= 0x7f);
		if (octets16_any(odd))
			return at + octets16_first(odd);
	}
	/* the zeros behind the last octets are odd, too */
	return at + octets16_first((octets16)(octets16_short(text + at, size - at) - 1 >= 0x7f));
}

/* octets_printable - are all octets printable ASCII? */
static inline bool octets_printable(const void *data, size_t size)
{
	const uint8_t *text = data, most = '~' - ' ';
	octets16 odd = { 0 };
	size_t at = 0;
	for (; size - at >= sizeof odd; at += sizeof odd)
		odd |= (octets16)(octets16_at(text + at) - ' ' > most);
	const octets16 rest = octets16_short(text + at, size - at);
	return !octets16_any(odd) && octets16_first((octets16)(rest - ' ' > most)) == size - at;
}

#endif
