/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * impair.h - TCP connections with known contents, and a network and a capture with simulated faults. Seeded.
 *
 * A connection is a script of turns: one side sends bytes, the other acknowledges them, as a real receiver would. The
 * network delays, loses and sends again; what the capture then lacks is real loss. The result is a list of segments in
 * the order of the capture, and for each byte whether the capture has it.
 */
#ifndef IMPAIR_H
#define IMPAIR_H

#include <glib.h>

#include "packet.h"

/* Chances are per thousand. */
struct impair_options {
	uint64_t seed;
	bool ipv6, wrap;      /* wrap: sequence numbers wrap around soon */
	unsigned reorder;     /* segments that the network delays ... */
	size_t reorder_ahead; /* ... until up to this many octets after them have passed */
	unsigned duplicate;   /* packets recorded twice */
	unsigned retransmit;  /* segments lost in the network and sent again, divided differently */
	unsigned lose;        /* packets that the capture lacks */
	unsigned shuffle;     /* packets are recorded up to this many places late, in both directions */
	unsigned drop_first;  /* the capture begins after this many packets of each connection */
	bool no_up, no_down;  /* ... and does not have this direction */
};

struct impair_turn {
	enum direction direction;
	const uint8_t *data; /* copied */
	size_t size;
};

/* One connection and its truth, by direction. */
struct impair_session {
	uint16_t client_port;
	uint32_t isn[2];
	GByteArray *bytes[2]; /* everything that was sent */
	uint8_t *captured[2]; /* for each octet: 1 when the capture has it */
	uint32_t *acked[2];   /* ... and what the sender had acknowledged in the first packet that has it */
	bool syn_captured[2], fin_captured[2];
	GArray *wire; /* of struct impair_wire: in the order of the wire */
};

struct impair;

struct impair *impair_new(const struct impair_options *options);
void impair_free(struct impair *impair);
/* impair_random - the next number below LIMIT, from the seed. */
uint32_t impair_random(struct impair *impair, uint32_t limit);
/* impair_add - a connection from its handshake to its close. */
void impair_add(struct impair *impair, const struct impair_turn *turns, size_t count);
/* impair_record - the capture of all connections, interleaved. Call it once, after the last impair_add. The payloads
 * belong to the sessions. */
const GArray *impair_record(struct impair *impair); /* of struct segment */
/* impair_sessions - of struct impair_session *; client ports are their index plus IMPAIR_PORT. */
const GPtrArray *impair_sessions(const struct impair *impair);

#define IMPAIR_PORT 20000

#endif
