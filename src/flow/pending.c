/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * pending.c - decides whether a connection is SMTP (see connection.h).
 *
 * Segments are held until the connection is established, known to be SMTP, and it is clear where its streams begin.
 * With a complete handshake on a known port that is at once; without one a few more packets are awaited, because the
 * missing ones may only be late. All of it is bounded.
 */
#include <string.h>

#include "connection.h"
#include "sniff.h"

#define TLS_HANDSHAKE 22      /* the first octet of a TLS record that begins a handshake (RFC 8446 5.1) */
#define HOLD_SEGMENTS_MAX 256 /* undecided after so many: not SMTP */
#define HOLD_BYTES_MAX (64 * 1024)
#define HOLD_MIDDLE_SEGMENTS_MAX 8  /* the same when the capture begins in the middle of the connection */
#define HOLD_NO_ANSWER_MAX 8        /* segments of a client that does not send SMTP, while the server sends nothing */
#define READY_SEGMENTS 16           /* without a complete handshake: its missing packets may be late by so many */
#define READY_ONE_SIDED_SEGMENTS 24 /* so many until the other direction counts as missing */
#define READY_PATIENT_SEGMENTS 1024 /* the same for both, when the input is not live */
#define READY_PATIENT_BYTES (2 * 1024 * 1024)

/* ---- held segments ---- */

struct held_segment *held_copy(const struct segment *segment)
{
	struct held_segment *held = g_malloc(sizeof *held + segment->captured);
	held->next = NULL;
	held->segment = *segment;
	if (segment->captured > 0)
		memcpy(held->payload, segment->payload, segment->captured);
	held->segment.payload = held->payload;
	return held;
}

static void hold_segment(struct held_list *list, const struct segment *segment)
{
	struct held_segment *held = held_copy(segment);
	*(list->last ? &list->last->next : &list->first) = held;
	list->last = held;
	list->count++;
	list->bytes += sizeof *held + segment->captured;
}

void held_free(struct held_list *list)
{
	struct held_segment *next;
	for (struct held_segment *h = list->first; h; h = next) {
		next = h->next;
		g_free(h);
	}
	*list = (struct held_list){ 0 };
}

/* ---- is it SMTP? ---- */

/* The first bytes of both directions, after a preamble for a proxy. */
struct first_words {
	struct span said[2];
	struct flow_proxy proxy; /* destination_port: 0 when there is none */
	bool known;              /* it is certain where the session begins */
	uint8_t buffer[2][PREAMBLE_MAX];
};

/* read_words - the first octets of both directions, at most `room` of each. */
static void read_words(const struct connection *connection, struct first_words *words, size_t room)
{
	const unsigned client = (unsigned)connection->client;
	for (enum direction d = UP; d <= DOWN; d++) {
		const unsigned end = d == UP ? client : 1 - client;
		uint8_t *to = words->buffer[d];
		const size_t size = handshake_first_bytes(connection, end, &connection->work->held, to, room);
		words->said[d] = (struct span){ to, size };
	}
}

/* no_preamble - is it certain that the client did not begin with one? */
static bool no_preamble(const struct first_words *words)
{
	struct flow_proxy proxy;
	size_t size;
	return words->said[UP].size > 0 && preamble_client(words->said[UP], 0, &proxy, &size) == PREAMBLE_NONE;
}

/* listen - fills in the first words of a connection whose client is known. */
static void listen(const struct connection *connection, struct first_words *words)
{
	const unsigned client = (unsigned)connection->client;
	const bool seen[2] = { connection->end[client].packets > 0, connection->end[1 - client].packets > 0 };
	read_words(connection, words, SNIFF_BYTES);
	if (!no_preamble(words))
		read_words(connection, words, PREAMBLE_MAX);
	words->known = opening_peek(words->said, seen, &words->proxy);
}

/* sniff_after_gap - the client's first bytes are missing: does one of its segments begin with an SMTP command? */
static bool sniff_after_gap(const struct connection *connection, const struct held_list *held)
{
	for (const struct held_segment *h = held->first; h; h = h->next) {
		struct span bytes = { h->payload, h->segment.captured };
		bool client = (int)handshake_end_of(&connection->key, &h->segment) == connection->client;
		if (client && sniff_middle_client(bytes) == SNIFF_SMTP)
			return true;
	}
	return false;
}

/* sniff_by_end - is it SMTP, by the first bytes of the two ends, when the client is known? */
static enum sniff sniff_by_end(const struct connection *connection, const struct held_list *held)
{
	UNCLEARED struct first_words words;
	listen(connection, &words);
	if (!words.known)
		return SNIFF_UNDECIDED;
	if (words.proxy.destination_port > 0 &&
		handshake_known_port(&connection->table->options, words.proxy.destination_port))
		return SNIFF_SMTP;
	const struct span *down = &words.said[DOWN];
	enum sniff by_client = words.said[UP].size > 0 ? sniff_client(words.said[UP]) : SNIFF_UNDECIDED;
	if (by_client == SNIFF_SMTP)
		return SNIFF_SMTP;
	enum sniff by_server = sniff_server(*down);
	if (by_server != SNIFF_UNDECIDED)
		return by_server;
	if (words.said[UP].size == 0 && sniff_after_gap(connection, held))
		return SNIFF_SMTP;
	/* A client that sends something else may still have an SMTP server. */
	bool answered = memchr(down->data, '\n', down->size) || held->count >= HOLD_NO_ANSWER_MAX;
	return by_client == SNIFF_OTHER && answered ? SNIFF_OTHER : SNIFF_UNDECIDED;
}

bool pending_names_tls(const struct connection *connection)
{
	UNCLEARED struct first_words words;
	listen(connection, &words);
	if (!words.known || words.proxy.destination_port != PENDING_TLS_PORT)
		return false;
	const struct span *up = &words.said[UP];
	return up->size > 0 ? up->data[0] == TLS_HANDSHAKE : words.said[DOWN].size == 0;
}

bool pending_sees_greetings(const struct connection *connection)
{
	UNCLEARED struct first_words words;
	listen(connection, &words);
	const struct span *down = &words.said[DOWN];
	return words.known && down->size > 3 && memcmp(down->data, "220", 3) == 0 &&
	       sniff_server(*down) == SNIFF_SMTP && sniff_client(words.said[UP]) == SNIFF_SMTP;
}

/* sniff_in_the_middle - the same when the capture begins in the middle: any segment may begin with a line that shows
 * that it is SMTP, and who is the client. */
static enum sniff sniff_in_the_middle(struct connection *connection, const struct held_list *held)
{
	for (const struct held_segment *h = held->first; h; h = h->next) {
		struct span bytes = { h->payload, h->segment.captured };
		int end = (int)handshake_end_of(&connection->key, &h->segment);
		if (bytes.size == 0)
			continue;
		if (sniff_middle_client(bytes) == SNIFF_SMTP)
			connection->client = end;
		else if (sniff_middle_server(bytes) == SNIFF_SMTP)
			connection->client = 1 - end;
		else
			continue;
		return SNIFF_SMTP;
	}
	return held->count >= HOLD_MIDDLE_SEGMENTS_MAX ? SNIFF_OTHER : SNIFF_UNDECIDED;
}

/* is_smtp - is it SMTP, by port or by content? */
static enum sniff is_smtp(struct connection *connection)
{
	const struct flow_options *options = &connection->table->options;
	const struct held_list *held = &connection->work->held;
	const uint16_t *port = connection->key.port;

	if (connection->client >= 0) {
		if (handshake_known_port(options, port[1 - connection->client]))
			return SNIFF_SMTP;
		return options->detect ? sniff_by_end(connection, held) : SNIFF_OTHER;
	}
	bool known[2] = { handshake_known_port(options, port[0]), handshake_known_port(options, port[1]) };
	if (known[0] || known[1]) {
		if (known[0] && known[1])
			sniff_in_the_middle(connection, held); /* only to find the client */
		return SNIFF_SMTP;
	}
	return options->detect ? sniff_in_the_middle(connection, held) : SNIFF_OTHER;
}

/* ready - is it clear where the streams begin, and whether both are there? */
static bool ready(const struct connection *connection)
{
	const struct end *end = connection->end;
	const struct held_list *held = &connection->work->held;
	if (end[0].syn_count > 0 && end[1].syn_count > 0)
		return true;
	if (!connection->table->live)
		return held->count >= READY_PATIENT_SEGMENTS || held->bytes >= READY_PATIENT_BYTES;
	bool both = end[0].packets > 0 && end[1].packets > 0;
	return held->count >= (both ? READY_SEGMENTS : READY_ONE_SIDED_SEGMENTS) || held->bytes >= HOLD_BYTES_MAX;
}

enum pending pending_consider(struct connection *connection, bool last)
{
	struct work *work = connection->work;
	if (!work->smtp) {
		enum sniff verdict = is_smtp(connection);
		bool full = work->held.count >= HOLD_SEGMENTS_MAX || work->held.bytes >= HOLD_BYTES_MAX;
		if (verdict == SNIFF_OTHER || (verdict == SNIFF_UNDECIDED && (full || last)))
			return PENDING_OTHER;
		work->smtp = verdict == SNIFF_SMTP;
	}
	bool begins = work->smtp && handshake_established(connection) && (last || ready(connection));
	return begins ? PENDING_SMTP : PENDING_WAIT;
}

/* note_syn - remembers a SYN. The oldest one is forgotten for a new one. */
static void note_syn(struct connection *connection, unsigned number, const struct segment *segment)
{
	struct end *end = &connection->end[number];
	bool answer = (segment->flags & TCP_ACK) != 0;
	if (connection->client < 0)
		connection->client = (int)(answer ? 1 - number : number);
	end->syn_ack |= answer;
	for (unsigned i = 0; i < end->syn_count; i++)
		if (end->syns[i].seq == segment->seq && end->syns[i].ack == segment->ack)
			return;
	if (end->syn_count == END_ISNS) {
		memmove(end->syns, end->syns + 1, sizeof end->syns - sizeof end->syns[0]);
		end->syn_count--;
	}
	end->syns[end->syn_count].seq = segment->seq;
	end->syns[end->syn_count].ack = segment->ack;
	end->syns[end->syn_count].payload = segment->captured;
	end->syn_count++;
}

/* late_syn - does a SYN belong to the segments already held, rather than begin another connection? Then its number is
 * shortly before those that its end sent or the peer acknowledged. */
static bool late_syn(const struct connection *connection, unsigned end, const struct segment *segment)
{
	uint32_t first;
	return connection->end[end].syn_count == 0 &&
	       handshake_first_seq(connection, end, &connection->work->held, &first) &&
	       first - (segment->seq + 1) < LATE_SYN_SPREAD;
}

bool pending_ended_by(const struct connection *connection, unsigned number, const struct segment *segment)
{
	if (segment->flags & TCP_RST)
		return true;
	bool reset = (connection->end[0].rst || connection->end[1].rst) && !(segment->flags & TCP_ACK);
	bool over = reset || handshake_established(connection);
	return (segment->flags & TCP_SYN) && over && !identity_syn_known(&connection->end[number], segment->seq) &&
	       !late_syn(connection, number, segment);
}

enum pending pending_segment(struct connection *connection, unsigned number, const struct segment *segment)
{
	struct end *end = &connection->end[number];
	struct work *work = connection->work;

	if (segment->flags & TCP_SYN) {
		note_syn(connection, number, segment);
		if (segment->captured > 0)
			hold_segment(&work->held, segment);
	} else {
		end->spoke = true;
		end->payload |= segment->length > 0;
		/* With a complete handshake a bare acknowledgement adds nothing. */
		bool whole = connection->end[0].syn_count == 1 && connection->end[1].syn_count == 1;
		if (!whole || segment->length > 0 || (segment->flags & TCP_FIN))
			hold_segment(&work->held, segment);
	}
	return pending_consider(connection, false);
}
