/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * flow_kit.h - for the tests of the TCP stages: segments written by hand, and a sink that logs its calls.
 *
 * A kit has one flow table and a log. Each event is a line of the log:
 *   begin ID client:PORT server:PORT [midstream] [one-sided up|down] [tls]
 *   up|down TEXT @ACKED      (line ends written as ~)
 *   gap|given-up up|down SIZE | fin up|down | conflict up|down OFFSET TEXT | cut up|down OFFSET | end WHY
 */
#ifndef FLOW_KIT_H
#define FLOW_KIT_H

#include <glib.h>

#include "flow.h"
#include "kits/check.h"

struct kit {
	struct flow_table *table;
	GString *log;
	struct moment at;        /* of the last packet */
	int64_t step;            /* time between packets */
	uint16_t client, server; /* ports used by the short functions */
	uint32_t client_isn, server_isn;
	bool ipv6;
	bool alike;            /* client and server have the same address */
	bool lower;            /* the client's IPv4 address is lower than the server's, not higher */
	uint16_t host;         /* number of the client */
	uint64_t context;      /* of the segments, and their VLAN when it is not 0 */
	uint32_t snap;         /* snap length for the payload; 0: none */
	GByteArray *stream[2]; /* all octets delivered; gaps as zeros */
	bool mute;             /* log and streams are not kept */
	uint64_t bytes[2];     /* of all that ended */
	struct flow last;      /* as in the last end, */
	int protocol, named;   /* ... its proxy data, and the address family of the destination in it; -1: none */
	GArray *ended;         /* uint64_t: ids of all ended connections */
};

/* kit_lower_client - sets kit->lower of new kits. */
extern bool kit_lower_client;

struct kit *kit_new(const struct flow_options *options);
void kit_free(struct kit *kit);
/* kit_set_up, kit_tear_down - of a test whose state is a kit. */
int kit_set_up(void **state);
int kit_tear_down(void **state);

/* kit_say - sends a segment with these flags ("S", "SA", "A", "F", "R" in any combination). */
void kit_say(struct kit *kit, bool from_client, const char *flags, uint32_t seq, uint32_t ack, const void *payload,
	size_t size);
/* kit_up, kit_down - a data segment (or, with "", an acknowledgement) at stream offsets OFFSET and ACKED. */
void kit_up(struct kit *kit, uint32_t offset, uint32_t acked, const char *text);
void kit_down(struct kit *kit, uint32_t offset, uint32_t acked, const char *text);
/* kit_handshake - SYN, SYN/ACK, ACK. */
void kit_handshake(struct kit *kit);
/* kit_wait - lets time pass, with packets of other connections. kit_jump - one such packet, this much later. */
void kit_wait(struct kit *kit, int64_t seconds);
void kit_jump(struct kit *kit, int64_t seconds);
/* kit_expect - asserts that the log is exactly this, and empties it. */
void kit_expect(struct kit *kit, const char *log);

#endif
