/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * connection.h - one TCP connection, from its first packet to its end; shared by the files of the flow stage.
 *
 * table.c owns the connections: it finds, creates and expires them, and enforces the memory limit. connection.c handles
 * the states of one: pending, SMTP, other, or over; it returns a verdict on each segment to the table. opening.c
 * removes the dialogue with a proxy before a session, preamble.c parses it. pending.c decides whether a connection is
 * established, and SMTP. handshake.c evaluates the handshake, sniff.c the first bytes, identity.c finds the connection
 * of a segment, expiry.c has the queues, elapsed.c the time. Calls go down this list only. Of a connection that is not
 * SMTP, or over, only this struct is kept; its `work` is freed.
 */
#ifndef SMTPSCAN_FLOW_CONNECTION_H
#define SMTPSCAN_FLOW_CONNECTION_H

#include <glib.h>

#include "elapsed.h"
#include "flow.h"
#include "opening.h"
#include "stream.h"

/* The key of a connection: its two ends, lower one first. */
struct flow_key {
	uint8_t octets[2][16];
	uint16_t port[2];
	uint8_t family;
	uint8_t zero[3]; /* no padding: keys are compared and hashed as bytes */
};

#define HINTS_KEPT 4 /* contexts of segments that are remembered per connection */
#define END_ISNS 3   /* initial sequence numbers remembered: a SYN can be sent again with another one */

/* One of the two ends, in the order of the key. Which one is the client is decided later. */
struct end {
	uint64_t packets, wire_bytes;
	uint32_t next, ack; /* of its last segment: the sequence number after it, and its acknowledgement */
	bool numbered, acks;
	bool fin, rst;
	bool spoke;   /* sent a segment that is neither SYN nor RST */
	bool payload; /* ... with payload */
	bool syn_ack; /* its SYN was a SYN-ACK */
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
	LIFE_OVER     /* ended: kept for a while, for late segments */
};

/* A copy of a segment that has to wait, with its payload. */
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

/* The part of a connection that is needed only while it may be, or is, SMTP. */
struct work {
	struct stream *stream;
	struct opening opening;
	/* A SYN (after begin), or a segment whose numbers are far from all before, that may begin another connection
	 * with the same key. */
	struct held_segment *reuse;
	struct held_segment *refused_syn; /* a SYN whose data the peer did not take, until it was compared; or NULL */
	size_t uncharged;                 /* octets since memory was accounted */
	bool waits; /* it waits for missing octets, and is in the table's list of such connections: */
	struct connection *waits_longer, *waits_shorter;
	int64_t waits_since; /* time of the input */
	bool smtp;           /* it is SMTP, by its port or its first bytes; it begins when it is ready */
	struct flow flow;
	struct held_list held; /* before begin */
};

/* The members that every packet needs come first: with many connections most of the time goes into cache misses. */
struct connection {
	struct flow_key key;
	struct work *work;
	struct flow_table *table;
	struct connection *sibling; /* another connection with the same key, in another network */
	uint32_t hints[HINTS_KEPT]; /* contexts of its segments, newest last */
	uint8_t hint_count;
	struct connection *older, *newer; /* in its queue, by time of the last packet */
	struct expiry *queue;
	int64_t last_seen; /* time of its last packet */
	struct moment last;
	int client; /* which end; -1: not known yet: no SYN was seen, and it has not begun */
	enum stage_of_life life;
	struct end end[2];
	size_t charged; /* memory accounted for this connection */
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

#define RECENT_MAX 1024 /* a power of two */

struct flow_table {
	GHashTable *connections; /* a set */
	/* What was last found for a key with this hash, so that most packets need no look into the set; or NULL. */
	struct connection *recent[RECENT_MAX];
	struct expiry queues[QUEUE_COUNT];
	struct flow_options options;
	const struct flow_sink *sink;
	void *context;
	struct elapsed elapsed;
	int64_t deadline; /* no connection expires before this time */
	bool live;
	struct connection *waits_longest, *waits_shortest; /* connections that wait for missing octets */
	size_t memory;
	struct flow_stats stats;
};

/* ---- connection.c ---- */
enum verdict {
	STAYS,   /* the segment belongs to this connection */
	REPLACED /* this connection is over: the segment belongs to a new one with the same addresses and ports */
};

/* connection_segment - takes a segment of this connection. */
enum verdict connection_segment(struct connection *connection, unsigned end, const struct segment *segment);
/* connection_kept - the segment, if it was kept, that began the connection which replaces this one; else NULL. Free
 * with g_free. */
struct held_segment *connection_kept(struct connection *connection);
/* connection_hurry - stops waiting for missing octets; given_up: for lack of memory. */
void connection_hurry(struct connection *connection, bool given_up);
/* connection_finish - ends the connection: calls sink->end if begin was called, and frees its work. */
void connection_finish(struct connection *connection, enum flow_end why);
/* connection_charge - updates the table's account of memory. */
void connection_charge(struct connection *connection);
/* connection_charge_due - the same after a segment, but only when much may have changed. */
void connection_charge_due(struct connection *connection, unsigned end, const struct segment *segment);

/* ---- pending.c ---- */
#define LATE_SYN_SPREAD (1024 * 1024) /* a SYN at most so far before the first bytes seen belongs to them */

enum pending {
	PENDING_WAIT, /* more segments are needed */
	PENDING_SMTP, /* it is SMTP, and can begin with the held segments */
	PENDING_OTHER /* it is not SMTP */
};

/* pending_ended_by - is the segment a RST, or a SYN of another connection, so that this connection must be decided
 * without it? */
bool pending_ended_by(const struct connection *connection, unsigned end, const struct segment *segment);
/* pending_segment - takes any other segment of a pending connection. */
enum pending pending_segment(struct connection *connection, unsigned end, const struct segment *segment);
/* pending_consider - decides, if that is possible already. last: no more segments will come, so it must be decided
 * now. */
enum pending pending_consider(struct connection *connection, bool last);
/* pending_names_tls - was a proxy asked for PENDING_TLS_PORT, and does TLS follow? */
#define PENDING_TLS_PORT 465
bool pending_names_tls(const struct connection *connection);
/* pending_sees_greetings - do both ends begin with a banner and a HELO or EHLO, so that nothing was sent before? */
bool pending_sees_greetings(const struct connection *connection);
/* held_copy - a copy of a segment with its payload; free with g_free. held_free - frees all of a list. */
struct held_segment *held_copy(const struct segment *segment);
void held_free(struct held_list *list);

/* ---- handshake.c ---- */
/* handshake_known_port - is this one of the ports that are always SMTP? */
bool handshake_known_port(const struct flow_options *options, uint16_t port);
/* handshake_guess_client - which end is the client: the one without a known port or, failing that, the one with the
 * higher port. */
int handshake_guess_client(const struct connection *connection);
/* handshake_established - do the segments prove that the connection was established? */
bool handshake_established(const struct connection *connection);
/* handshake_refuses_data - did the peer acknowledge a SYN, but not the data that came with it? Then it is sent again
 * (RFC 7413 4.1.3). */
bool handshake_refuses_data(const struct connection *connection, unsigned end, const struct segment *syn);
/* handshake_first_seq - sequence number of the first payload octet of an end, from its SYN or from the held segments.
 * Returns false when it can't be known. */
bool handshake_first_seq(
	const struct connection *connection, unsigned end, const struct held_list *held, uint32_t *seq);
/* handshake_first_bytes - copies the first payload octets of an end, as far as the held segments have them without a
 * gap. Returns their number. */
size_t handshake_first_bytes(
	const struct connection *connection, unsigned end, const struct held_list *held, uint8_t *buffer, size_t size);
/* handshake_end_of - which end sent a segment. */
unsigned handshake_end_of(const struct flow_key *key, const struct segment *segment);

/* ---- identity.c ---- */
/* identity_seed - call before any key is hashed. identity_hash, identity_equal - for a GHashTable of struct
 * flow_key. */
void identity_seed(void);
guint identity_hash(gconstpointer key);
gboolean identity_equal(gconstpointer a, gconstpointer b);
/* identity_key - fills in the key of a segment; returns which end sent it. */
unsigned identity_key(struct flow_key *key, const struct segment *segment);
/* identity_number - a flow's id (see flow.h). */
uint64_t identity_number(const struct flow_key *key, struct moment first);
/* identity_context - a segment's context, in the form that is remembered. */
static inline uint32_t identity_context(const struct segment *segment)
{
	return (uint32_t)(segment->context ^ segment->context >> 32);
}
/* identity_plain - the usual case: the only connection with these addresses and ports, and all its segments in this
 * context? */
static inline bool identity_plain(const struct connection *connection, const struct segment *segment)
{
	return !connection->sibling && connection->hint_count == 1 && connection->hints[0] == identity_context(segment);
}
/* identity_find - which of FIRST and its siblings a segment belongs to; NULL when it begins another connection. */
struct connection *identity_find(struct connection *first, unsigned end, const struct segment *segment);
/* identity_hint - remembers the context of a segment of the connection. */
void identity_hint(struct connection *connection, const struct segment *segment);
/* identity_numbers - remembers the sequence and acknowledgement number of a segment. */
void identity_numbers(struct end *end, const struct segment *segment);
/* identity_stranger - are both numbers of a segment (no SYN, no RST) far from those of the connection, so that it is of
 * another one, whose SYN is not in the capture? identity_unacceptable - does it have no ACK, though its sender sends
 * them? RFC 9293 3.10.7.4: its receiver drops it. */
bool identity_stranger(const struct connection *connection, unsigned end, const struct segment *segment);
static inline bool identity_unacceptable(const struct end *end, const struct segment *segment)
{
	return !(segment->flags & (TCP_ACK | TCP_SYN | TCP_RST)) && end->acks;
}
/* identity_syn_known - has this end sent a SYN with this number? */
bool identity_syn_known(const struct end *end, uint32_t seq);

/* ---- expiry.c ---- */
/* expiry_append - appends a connection that is in no queue to one. expiry_remove - removes it from its queue. */
void expiry_append(struct connection *connection, struct expiry *queue);
void expiry_remove(struct connection *connection);
/* expiry_renew - moves a connection from its queue to the end of this one. */
void expiry_renew(struct connection *connection, struct expiry *queue);
/* expiry_wait - a connection (that has work) waits for missing octets, or does not any more. */
void expiry_wait(struct connection *connection, bool waits);

#endif
