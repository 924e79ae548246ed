/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * flow.h - segments become connections: who is the client, does it speak SMTP, when does it end.
 *
 * The table owns every connection. What is not SMTP never reaches libnids. For what is, the sink is told of the
 * session in the order of its bytes: begin, then bytes, gap and fin per direction, then end, once.
 *
 * Stream offsets count from 0 in each direction: the first byte behind the SYN, or the first byte that can be
 * inferred when there was none (the acknowledgement of the peer tells it).
 */
#ifndef SMTPSCAN_FLOW_H
#define SMTPSCAN_FLOW_H

#include "packet.h"
#include "types.h"

enum flow_end {
	FLOW_END_FIN,     /* both sides closed */
	FLOW_END_RST,     /* a valid reset */
	FLOW_END_TIMEOUT, /* idle for longer than the limit, in the time of the capture (see src/flow/elapsed.h) */
	FLOW_END_EVICTED, /* the memory limit was reached and it was the longest idle */
	FLOW_END_REUSED,  /* a new connection on the same addresses and ports began */
	FLOW_END_INPUT    /* the input ended */
};

/* Per direction. What is of packets is counted elsewhere meanwhile: it is right in begin and in end. */
struct flow_side {
	uint64_t packets;        /* segments seen */
	uint64_t wire_bytes;     /* octets of those packets on the wire */
	uint64_t bytes;          /* stream bytes delivered; at any time, as the rest */
	uint64_t gap_bytes;      /* stream bytes that are not in the capture, */
	uint64_t given_up_bytes; /* ... and those that were not waited for, for lack of room */
	uint64_t conflicts;      /* retransmitted segments with other bytes than the first copy */
	uint64_t cut_packets;    /* segments whose payload was cut by the snap length */
	bool syn, fin, rst;      /* seen from this side; of packets, too */
};

/* What a client says to a proxy, or a proxy to a server, ahead of the session: the PROXY protocol (version 1 and 2),
 * SOCKS (RFC 1928), HTTP CONNECT (RFC 9110 9.3.6). It is no part of the streams that the sink is told of. */
/* clang-format off */
#define FLOW_PROXIES(X) \
	X(PROXY_V1, "proxy_v1") X(PROXY_V2, "proxy_v2") X(SOCKS4, "socks4") X(SOCKS4A, "socks4a") X(SOCKS5, "socks5") \
	X(CONNECT, "http_connect")
/* clang-format on */
enum flow_proxy_protocol {
#define X(id, name) FLOW_PROXY_##id,
	FLOW_PROXIES(X)
#undef X
		FLOW_PROXY_COUNT
};
extern const char *const flow_proxy_names[FLOW_PROXY_COUNT];

#define FLOW_PROXY_TEXT_MAX 256
struct flow_proxy {
	enum flow_proxy_protocol protocol;
	bool local;                         /* PROXY: the proxy speaks for itself */
	struct address source, destination; /* family 0: not named */
	uint16_t source_port, destination_port;
	char host[FLOW_PROXY_TEXT_MAX]; /* the destination's name, when it was named so; "" */
	char user[FLOW_PROXY_TEXT_MAX]; /* who asked; "" */
	char source_path[FLOW_PROXY_TEXT_MAX], destination_path[FLOW_PROXY_TEXT_MAX]; /* UNIX sockets; "" */
};

/* What is known of a connection; borrowed, valid from begin to the return of end. */
#define FLOW_ID_BITS 53 /* what a JSON number holds exactly */

struct flow {
	/* A hash of its addresses, ports, and first packet (number and time), of FLOW_ID_BITS: the same in every worker
	 * and on every machine, and different in every capture. */
	uint64_t id;
	void *user; /* what begin returned */
	struct moment first, last;
	bool one_sided;
	enum direction missing;   /* with one_sided: the direction of which no packet was seen */
	struct flow_side side[2]; /* by enum direction */
	bool midstream;           /* it began before the capture, as far as can be seen */
	bool tls_port;            /* the server's port is 465, or one asked a proxy for it: TLS from the first byte */
	enum flow_end why;        /* valid in end */
	struct address client, server;
	uint16_t client_port, server_port;
	const struct flow_proxy *proxy; /* what was said to a proxy, once it is known; NULL: nothing */
	uint8_t vlan_count;
	uint16_t vlan[DECODE_VLAN_MAX]; /* identifiers seen so far, of a packet outermost first */
};

enum flow_trouble {
	FLOW_OVERLAP_CONFLICT, /* bytes: the differing copy that was not used */
	FLOW_TRUNCATED         /* a segment's payload was cut by the snap length (its missing part comes as a gap) */
};

/* Where the events of SMTP connections go. All calls are synchronous, within flow_table_segment, flow_table_tick or
 * flow_table_end. */
struct flow_sink {
	/* A connection was found to be SMTP. Bytes held back until then follow at once. Its return value is flow->user.
	 */
	void *(*begin)(void *context, const struct flow *flow);
	/* The next bytes of a direction, in order, no byte twice. `acked`: the offset in the *other* direction up to
	 * which the sender had acknowledged when it sent these bytes, i.e. it had received everything before it and can
	 * have seen nothing behind it. 0 when nothing was acknowledged. UINT64_MAX is never given. Cause comes before
	 * effect: unless acknowledgements contradict each other, everything up to `acked` was told before. */
	void (*bytes)(void *user, enum direction direction, const uint8_t *data, size_t size, uint64_t acked);
	/* The next `size` bytes of the direction are not in the capture (nothing captured is ever part of a gap); or,
	 * with given_up, they may come later, and there is no room to wait for them. */
	void (*gap)(void *user, enum direction direction, uint64_t size, bool given_up);
	/* The direction was closed by FIN; no bytes follow. */
	void (*fin)(void *user, enum direction direction);
	/* Something about the transport that a person should know. offset: in the stream. */
	void (*trouble)(
		void *user, enum flow_trouble what, enum direction direction, uint64_t offset, struct span bytes);
	/* The connection ended; flow->why says how. The user pointer is not used afterwards. */
	void (*end)(void *user, const struct flow *flow);
	/* Octets that the user holds for the connection, about; counted against the memory limit. NULL: none. */
	size_t (*memory)(void *user);
};

#define FLOW_MEMORY_LIMIT (UINT64_C(512) * 1024 * 1024)

struct flow_options {
	const uint16_t *ports; /* always SMTP on the server's side; NULL: 25, 587, 2525, 24 and 465 (TLS) */
	size_t port_count;
	bool detect;          /* look for SMTP by content on every other port */
	int64_t idle_timeout; /* nanoseconds of capture time; 0: ten minutes */
	/* Bytes buffered over all flows, the table included; 0: FLOW_MEMORY_LIMIT. Beyond that what is missing is not
	 * waited for, the oldest first; then the flow that was idle longest ends. */
	uint64_t memory_limit;
	unsigned share, shares; /* take only the flows of this share: hash of the address pair; shares 0 or 1: all */
};

struct flow_stats {
	uint64_t connections; /* all TCP connections seen (of this share) */
	uint64_t sessions;    /* those that are SMTP */
	uint64_t evicted;
	uint64_t gap_bytes;      /* not in the capture */
	uint64_t given_up_bytes; /* not waited for, for lack of room */
	uint64_t invalid_resets;
	uint64_t time_jumps; /* stamps that came back, went back, or went too far ahead for a silence; of all packets */
	uint64_t first_time_jump; /* ... the number of the first such packet; 0: none */
};

struct flow_table;

struct flow_table *flow_table_new(const struct flow_options *options, const struct flow_sink *sink, void *context);
/* flow_table_segment - takes one segment. Expiry is judged first, by the segment's time. */
void flow_table_segment(struct flow_table *table, const struct segment *segment);
/* flow_table_live - is the input captured right now? Then missing octets are waited for only a few dozen packets; else
 * for as long as the idle timeout and the memory limit allow, because they may come later in the file. */
void flow_table_live(struct flow_table *table, bool live);
/* flow_table_tick - lets time pass for a packet that is no segment, or of another share. Every packet of the input
 * must come through one of the two, so that expiry is noticed at the same packet whatever the share. */
void flow_table_tick(struct flow_table *table, struct moment now);
/* flow_table_end - the input ended: every connection is told so, in order of its id. The table is empty afterwards
 * and can be used for the next input. */
void flow_table_end(struct flow_table *table);
void flow_table_stats(const struct flow_table *table, struct flow_stats *stats);
void flow_table_free(struct flow_table *table);

/* flow_share - which of `shares` a pair of addresses belongs to; the same for both directions, in every process and
 * on every machine (not seeded). */
unsigned flow_share(const struct address *a, const struct address *b, unsigned shares);

#endif
