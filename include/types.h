/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * types.h - the types that all stages share: directions, borrowed bytes, moments, addresses.
 *
 * Nothing here owns memory. A span is valid until the function it was passed to returns, unless said otherwise.
 */
#ifndef SMTPSCAN_TYPES_H
#define SMTPSCAN_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* The two directions of a session: UP is client to server, DOWN is server to client. */
enum direction { UP, DOWN };

static inline enum direction direction_other(enum direction d)
{
	return d == UP ? DOWN : UP;
}

static inline const char *direction_name(enum direction d)
{
	return d == UP ? "up" : "down";
}

/* RARE - a function that ordinary input hardly ever needs. The compiler moves its calls out of the way, so that the
 * code that every packet runs through takes fewer lines of the instruction cache, of which it needs more than there
 * are. */
#define RARE __attribute__((cold))

/* UNCLEARED - a large variable that is filled as far as it is used. The compiler clears all others (meson.build). */
#define UNCLEARED __attribute__((uninitialized))

/* Borrowed bytes: any octets, NUL included, not terminated. */
struct span {
	const uint8_t *data;
	size_t size;
};

static inline struct span span_of(const void *data, size_t size)
{
	return (struct span){ data, size };
}

/* span_from - what begins at this offset, which must not be beyond the end. */
static inline struct span span_from(struct span span, size_t offset)
{
	return span_of(span.data + offset, span.size - offset);
}

/* A packet of the input: its number (from 1 in its input; 0 = none yet) and its capture time in nanoseconds since
 * 1970-01-01 UTC. */
struct moment {
	uint64_t packet;
	int64_t time;
};

#define NANOSECONDS_PER_SECOND INT64_C(1000000000)

/* An IP address: family 4 uses the first 4 octets (the rest are zero), family 6 all 16; network order. */
struct address {
	uint8_t family;
	uint8_t octets[16];
};

static inline bool address_equal(const struct address *a, const struct address *b)
{
	return a->family == b->family && memcmp(a->octets, b->octets, sizeof a->octets) == 0;
}

#endif
