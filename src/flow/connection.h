/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * connection.h - what the flow table's files share: one TCP connection, from its first packet to its end.
 *
 * table.c owns the connections: finds them, makes them, lets them expire, keeps to the memory limit. connection.c is
 * the life of one: pending, SMTP, other, or over; what a segment does to it is a verdict, for the table to act on.
 * opening.c takes out what is said to a proxy ahead of a session, preamble.c knows how that looks. pending.c asks: is
 * it established, is it SMTP? handshake.c reads the handshake, sniff.c the first bytes, identity.c tells which
 * connection a segment belongs to, expiry.c is the queues, elapsed.c the time. Calls go down this list only. A
 * connection that is not SMTP, or over, is this struct and nothing else; its `work` is freed.
 */
#ifndef SMTPSCAN_FLOW_CONNECTION_H
#define SMTPSCAN_FLOW_CONNECTION_H

#include <glib.h>

#include "elapsed.h"
#include "flow.h"
#include "opening.h"
#include "stream.h"

/* What connections are found by: their two ends, lower one first. */
struct flow_key {
	uint8_t octets[2][16];
	uint16_t port[2];
	uint8_t family;
	uint8_t zero[3]; /* no padding: keys are compared and hashed as bytes */
};

#define HINTS_KEPT 4 /* contexts of segments that are remembered of a connection */
#define END_ISNS 3   /* initial sequence numbers remembered: a SYN can be sent again with another one */

/* One of the two ends, in the order of the key. Which of them is the client comes out later. */
struct end {
	uint64_t packets, wire_bytes;
	uint32_t next, ack; /* of its last segment: the number behind it, and what it acknowledged */
	bool numbered, acks;
	bool fin, rst;
	bool spoke;   /* sent anything that is neither SYN nor RST */
	bool payload; /* ... with payload */
	bool syn_ack; /* its SYN was an answer */
	uint8_t syn_count;
	struct {
		uint32_t seq, ack;
		uint32_t payload; /* octets that came with the SYN */
	} syns[END_ISNS];         /* newest last */
};

enum stage_of_life {
	LIFE_PENDING, /* not known to be SMTP, or not begun yet */
	LIFE_SMTP,    /* begin was called, end was not */
	LIFE_OTHER,   /* not SMTP */
	LIFE_OVER     /* ended: kept a while for what comes late */
};

/* A segment that had to wait, with its payload. */
struct held_segment {
	struct held_segment *next;
	struct segment segment;
	uint8_t payload[];
};

struct held_list {
	struct held_segment *first, *last;
	unsigned count;
	size_t bytes;
};

/* What is needed only while a connection may be, or is, SMTP. */
struct work {
	struct stream *stream;
	struct opening opening;
	struct held_segment *reuse; /* after begin: a SYN that may begin another connection on these addresses */
	size_t uncharged;           /* octets since memory was accounted */
	bool waits;                 /* it holds what waits for missing octets, and is in the table's list of those: */
	struct connection *waits_longer, *waits_shorter;
	int64_t waits_since; /* time of the input */
	bool smtp;           /* by its port or by what was said; it begins when it is ready */
	struct flow flow;
	struct held_list held; /* before begin */
};

/* What every packet needs stands first: with many connections, memory is waited for more than anything else. */
struct connection {
	struct flow_key key;
	struct work *work;
	struct flow_table *table;
	struct connection *sibling; /* another one with the same key, in another network */
	uint32_t hints[HINTS_KEPT]; /* contexts that its segments were in, newest last */
	uint8_t hint_count;
	struct connection *older, *newer; /* in its queue, by time of the last packet */
	struct expiry *queue;
	int64_t heard; /* time of the input when its last packet came */
	struct moment last;
	int client; /* which end; -1: no SYN has told, and it has not begun */
	enum stage_of_life life;
	struct end end[2];
	size_t charged; /* memory accounted for it */
	struct moment first;
	uint64_t id; /* flow.h */
	uint8_t vlan_count;
	uint16_t vlan[DECODE_VLAN_MAX];
};

/* A queue of connections that expire after the same time. */
struct expiry {
	struct connection *oldest, *newest;
	int64_t timeout;
};

enum queue { QUEUE_OPEN, QUEUE_CLOSING, QUEUE_OVER, QUEUE_COUNT };

struct flow_table {
	GHashTable *connections; /* a set */
	struct expiry queues[QUEUE_COUNT];
	struct flow_options options;
	const struct flow_sink *sink;
	void *context;
	struct elapsed elapsed;
	int64_t deadline; /* no connection expires before */
	bool live;
	struct connection *waits_longest, *waits_shortest; /* those that hold what waits for missing octets */
	size_t memory;
	struct flow_stats stats;
};

/* ---- connection.c ---- */
enum verdict {
	STAYS,   /* the segment was this connection's */
	REPLACED /* this one is over: the segment belongs to another one on the same addresses and ports */
};

/* connection_segment - takes a segment of this connection. */
enum verdict connection_segment(struct connection *connection, unsigned end, const struct segment *segment);
/* connection_kept_syn - the SYN that began the connection which replaces this one, when that was kept; NULL. Free with
 * g_free. */
struct held_segment *connection_kept_syn(struct connection *connection);
/* connection_hurry - what it waits for is not waited for any longer; given_up: for lack of room. */
void connection_hurry(struct connection *connection, bool given_up);
/* connection_finish - nothing more comes; sink->end is called when begin was. Its work is freed. */
void connection_finish(struct connection *connection, enum flow_end why);
/* connection_charge - brings the table's account of memory up to date. */
void connection_charge(struct connection *connection);
/* connection_charge_due - the same after a segment, when much may have changed: not for every few octets. */
void connection_charge_due(struct connection *connection, unsigned end, const struct segment *segment);

/* ---- pending.c ---- */
#define LATE_SYN_SPREAD (1024 * 1024) /* a SYN so little before the first bytes seen is theirs */

enum pending {
	PENDING_WAIT, /* more must be known */
	PENDING_SMTP, /* it is SMTP, and can begin with what was held */
	PENDING_OTHER /* it is not SMTP */
};

/* pending_ended_by - is a segment a reset, or a SYN that belongs to another connection, so that this one must be
 * decided without it? */
bool pending_ended_by(const struct connection *connection, unsigned end, const struct segment *segment);
/* pending_segment - takes any other segment of a pending connection. */
enum pending pending_segment(struct connection *connection, unsigned end, const struct segment *segment);
/* pending_consider - can it go on? LAST: no more will be known, it must be decided now. */
enum pending pending_consider(struct connection *connection, bool last);
/* pending_names_tls - was a proxy asked for PENDING_TLS_PORT, and what follows is TLS? */
#define PENDING_TLS_PORT 465
bool pending_names_tls(const struct connection *connection);
/* pending_sees_greetings - do the first bytes of both ends greet, so that nothing was said before them? */
bool pending_sees_greetings(const struct connection *connection);
/* held_copy - a segment with its payload; free with g_free. held_free - all of a list. */
struct held_segment *held_copy(const struct segment *segment);
void held_free(struct held_list *list);

/* ---- handshake.c ---- */
/* handshake_known_port - is this one of the ports that are always SMTP? */
bool handshake_known_port(const struct flow_options *options, uint16_t port);
/* handshake_guess_client - which end is the client, by a known port or, failing that, the higher port. */
int handshake_guess_client(const struct connection *connection);
/* handshake_established - is there proof that the connection was established? */
bool handshake_established(const struct connection *connection);
/* handshake_first_seq - sequence number of the first payload octet of an end, from its SYN or what HELD shows. Returns
 * false when nothing tells. */
bool handshake_first_seq(
	const struct connection *connection, unsigned end, const struct held_list *held, uint32_t *seq);
/* handshake_first_bytes - the first payload octets of an end, as far as they are in HELD and contiguous. */
size_t handshake_first_bytes(
	const struct connection *connection, unsigned end, const struct held_list *held, uint8_t *buffer, size_t size);
/* handshake_end_of - which end sent a segment. */
unsigned handshake_end_of(const struct flow_key *key, const struct segment *segment);

/* ---- identity.c ---- */
/* identity_seed - once, before any key is hashed. identity_hash, identity_equal - of struct flow_key. */
void identity_seed(void);
guint identity_hash(gconstpointer key);
gboolean identity_equal(gconstpointer a, gconstpointer b);
/* identity_key - fills in the key of a segment; returns which end sent it. */
unsigned identity_key(struct flow_key *key, const struct segment *segment);
/* identity_number - a flow's id (see flow.h). */
uint64_t identity_number(const struct flow_key *key, struct moment first);
/* identity_context - a segment's context, as it is remembered. */
static inline uint32_t identity_context(const struct segment *segment)
{
	return (uint32_t)(segment->context ^ segment->context >> 32);
}
/* identity_plain - is it the only connection with these addresses and ports, and always was in this context? Most are.
 */
static inline bool identity_plain(const struct connection *connection, const struct segment *segment)
{
	return !connection->sibling && connection->hint_count == 1 && connection->hints[0] == identity_context(segment);
}
/* identity_find - of FIRST and its siblings the one that a segment belongs to; NULL when it begins another one. */
struct connection *identity_find(struct connection *first, unsigned end, const struct segment *segment);
/* identity_hint - a segment of the connection was in this context. */
void identity_hint(struct connection *connection, const struct segment *segment);
/* identity_numbers - an end sent a segment with these numbers. */
void identity_numbers(struct end *end, const struct segment *segment);
/* identity_syn_known - has this end sent a SYN with this number? */
bool identity_syn_known(const struct end *end, uint32_t seq);

/* ---- expiry.c ---- */
/* expiry_append - puts a connection that is in no queue at the end of one. expiry_remove - takes it out of its own. */
void expiry_append(struct connection *connection, struct expiry *queue);
void expiry_remove(struct connection *connection);
/* expiry_renew - puts a connection at the end of a queue, out of the one it is in. */
void expiry_renew(struct connection *connection, struct expiry *queue);
/* expiry_wait - does a connection, which has work, hold what waits for missing octets? */
void expiry_wait(struct connection *connection, bool waits);

#endif
