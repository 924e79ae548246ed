/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * wire.h - TCP connections as packets of a pcap file: Ethernet, IPv4 or IPv6, TCP with time stamps, right checksums.
 */
#ifndef SMTPSCAN_BENCH_WIRE_H
#define SMTPSCAN_BENCH_WIRE_H

#include <stdint.h>
#include <stdio.h>

#include "types.h"

#define WIRE_SEGMENT 1448 /* octets of payload in a full packet over IPv4; 20 less over IPv6 */

/* The capture. */
struct wire {
	FILE *file;
	uint64_t bytes; /* written so far */
	int64_t now;    /* microseconds */
};

/* A connection: its two ends, by enum direction (UP: the client's). */
struct line {
	struct address address[2];
	uint16_t port[2];
	uint32_t seq[2]; /* next to be sent */
};

/* wire_open - a new capture. Returns false with errno set. wire_close - likewise. */
bool wire_open(struct wire *wire, const char *path);
bool wire_close(struct wire *wire);

/* line_open, line_close - handshake, and FIN from the client, then from the server. */
void line_open(struct wire *wire, struct line *line);
void line_close(struct wire *wire, struct line *line);
/* line_send - one message, in full segments but for the last; the other end acknowledges every second segment. */
void line_send(struct wire *wire, struct line *line, enum direction direction, const void *data, size_t size);

#endif
