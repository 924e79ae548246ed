/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * flow.h - assigns segments to connections: who is the client, does the connection speak SMTP, when does it end.
 *
 * The table owns every connection. Only SMTP connections reach libnids. For each of them the sink is called in the
 * order of the bytes: begin, then bytes, gap and fin per direction, then end, once.
 *
 * Stream offsets count from 0 in each direction: the first byte after the SYN or, when the SYN was not captured, the
 * first byte that the peer's acknowledgement lets us infer.
 */
#ifndef SMTPSCAN_FLOW_H
#define SMTPSCAN_FLOW_H

#include "packet.h"
#include "types.h"

enum flow_end {
	FLOW_END_FIN,     /* both sides sent FIN */
	FLOW_END_RST,     /* a valid RST */
	FLOW_END_TIMEOUT, /* idle for longer than the limit, in the time of the capture (see src/flow/elapsed.h) */
	FLOW_END_EVICTED, /* the memory limit was reached and this connection was idle longest */
	FLOW_END_REUSED,  /* a new connection with the same addresses and ports began */
	FLOW_END_INPUT    /* the input ended */
};

/* Per direction. packets, wire_bytes, syn, fin and rst are correct only within begin and end: in between they are kept
 * elsewhere. */
struct flow_side {
	uint64_t packets;        /* segments */
	uint64_t wire_bytes;     /* octets of their packets on the wire */
	uint64_t bytes;          /* stream bytes delivered */
	uint64_t gap_bytes;      /* stream bytes that are not in the capture */
	uint64_t given_up_bytes; /* ... or that were given up: there was no memory to wait for them */
	uint64_t conflicts;      /* retransmitted segments with other bytes than the first copy */
	uint64_t cut_packets;    /* segments whose payload was cut by the snap length */
	bool syn, fin, rst;      /* sent by this side */
};

/* What a client sends to a proxy, or a proxy to a server, before the session: the PROXY protocol (versions 1 and 2),
 * SOCKS (RFC 1928), HTTP CONNECT (RFC 9110 9.3.6). The streams that the sink gets do not contain it. */
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
	bool local;                         /* PROXY: the LOCAL command, the proxy's own connection */
	struct address source, destination; /* family 0: not given */
	uint16_t source_port, destination_port;
	char host[FLOW_PROXY_TEXT_MAX]; /* the destination, when it was given as a name; else "" */
	char user[FLOW_PROXY_TEXT_MAX]; /* the user name, when one was given; else "" */
	char source_path[FLOW_PROXY_TEXT_MAX], destination_path[FLOW_PROXY_TEXT_MAX]; /* UNIX sockets; else "" */
};

/* A connection; borrowed, valid from begin to the return of end. */
#define FLOW_ID_BITS 53 /* a JSON number holds as many exactly */

struct flow {
	/* A hash of its addresses, ports, and first packet (number and time), of FLOW_ID_BITS: the same in every worker
	 * and on every host, and different in every capture. */
	uint64_t id;
	void *user; /* what begin returned */
	struct moment first, last;
	bool one_sided;
	enum direction missing;   /* with one_sided: the direction without any packet */
	struct flow_side side[2]; /* by enum direction */
	bool midstream;           /* it seems to have begun before the capture */
	bool start_unknown;       /* only the client's SYN is there, so the first bytes of the server may be missing */
	bool tls_port; /* the server's port, or the port that a proxy was asked for, is 465: TLS from the first byte */
	enum flow_end why; /* valid in end */
	struct address client, server;
	uint16_t client_port, server_port;
	const struct flow_proxy *proxy; /* from the proxy's protocol, once it was read; NULL: no proxy */
	uint8_t vlan_count;
	uint16_t vlan[DECODE_VLAN_MAX]; /* identifiers seen so far; those of one packet outermost first */
};

enum flow_trouble {
	FLOW_OVERLAP_CONFLICT, /* bytes: the copy that differs, which is not used */
	FLOW_TRUNCATED         /* a segment's payload was cut by the snap length (its missing part comes as a gap) */
};

/* Where the events of SMTP connections go. All calls are synchronous, within flow_table_segment, flow_table_tick or
 * flow_table_end. */
struct flow_sink {
	/* The connection is SMTP. The bytes held until this was known follow at once. The return value becomes
	 * flow->user. */
	void *(*begin)(void *context, const struct flow *flow);
	/* The next bytes of a direction, in order, no byte twice. `acked`: the offset in the *other* direction that the
	 * sender acknowledged with these bytes: it had received everything before this offset, and nothing after it. 0
	 * when nothing was acknowledged; never UINT64_MAX. Unless acknowledgements contradict each other, everything up
	 * to `acked` was delivered before, so a reply comes after its command. */
	void (*bytes)(void *user, enum direction direction, const uint8_t *data, size_t size, uint64_t acked);
	/* The next `size` bytes of the direction are not in the capture (captured bytes are never part of such a gap).
	 * given_up: they may come later in the capture, but there is no memory to wait for them. */
	void (*gap)(void *user, enum direction direction, uint64_t size, bool given_up);
	/* The direction was closed by FIN; no bytes follow. */
	void (*fin)(void *user, enum direction direction);
	/* A problem of the transport, for an alert. offset: in the stream. */
	void (*trouble)(
		void *user, enum flow_trouble what, enum direction direction, uint64_t offset, struct span bytes);
	/* The connection ended; flow->why has the reason. The user pointer is not used afterwards. */
	void (*end)(void *user, const struct flow *flow);
	/* About how many octets the user holds for the connection; they count towards the memory limit. NULL: none. */
	size_t (*memory)(void *user);
};

#define FLOW_MEMORY_LIMIT (UINT64_C(512) * 1024 * 1024)

struct flow_options {
	const uint16_t *ports; /* server ports that are always SMTP; NULL: 25, 587, 2525, 24 and 465 (TLS) */
	size_t port_count;
	bool detect;          /* look for SMTP by content on every other port */
	int64_t idle_timeout; /* nanoseconds of capture time; 0: ten minutes */
	/* Octets of memory for all flows, the table included; 0: FLOW_MEMORY_LIMIT. When they are used up, missing
	 * bytes are given up, the oldest first; then the flow that was idle longest ends. */
	uint64_t memory_limit;
	unsigned share, shares; /* take only the flows of this share: hash of the address pair; shares 0 or 1: all */
};

/* flow_memory_limit - memory_limit, or its default. */
static inline uint64_t flow_memory_limit(const struct flow_options *options)
{
	return options->memory_limit ? options->memory_limit : FLOW_MEMORY_LIMIT;
}

struct flow_stats {
	uint64_t connections; /* all TCP connections seen (of this share) */
	uint64_t sessions;    /* those that are SMTP */
	uint64_t evicted;
	uint64_t gap_bytes;      /* not in the capture */
	uint64_t given_up_bytes; /* given up for lack of memory to wait for them */
	uint64_t invalid_resets;
	uint64_t ignored_segments; /* with data or FIN, of sessions: far outside of the window, or without ACK */
	uint64_t time_jumps;       /* time stamps of packets that jump back, or too far ahead, or return from a jump */
	uint64_t first_time_jump;  /* number of the first such packet; 0: none */
};

struct flow_table;

struct flow_table *flow_table_new(const struct flow_options *options, const struct flow_sink *sink, void *context);
/* flow_table_segment - takes one segment. Connections that have expired by its time end first. */
void flow_table_segment(struct flow_table *table, const struct segment *segment);
/* flow_table_live - live: the input is being captured right now, so the table waits only a few dozen packets for
 * missing octets. Otherwise it waits as long as the idle timeout and the memory limit allow, because they may come
 * later in the file. */
void flow_table_live(struct flow_table *table, bool live);
/* flow_table_tick - takes the time of a packet that is no segment, or of another share. Every packet of the input must
 * go through one of the two functions, so that a connection expires at the same packet in every share. */
void flow_table_tick(struct flow_table *table, struct moment now);
/* flow_table_end - the input ended: ends every connection, in order of its id. The table is empty afterwards and can be
 * used for the next input. */
void flow_table_end(struct flow_table *table);
void flow_table_stats(const struct flow_table *table, struct flow_stats *stats);
void flow_table_free(struct flow_table *table);

/* flow_share - which of `shares` a pair of addresses belongs to; the same for both directions, in every process and on
 * every host (not seeded). */
unsigned flow_share(const struct address *a, const struct address *b, unsigned shares);

#endif
