/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * flow.c - the life of one connection (see connection.h): pending, then SMTP or other, then over.
 *
 * Pending: its segments are held until it is established, known to be SMTP, and clear where its streams begin. With a
 * whole handshake on a known port that is at once; without one a few packets more are waited for, because what is
 * missing may only be late. SMTP: its segments go to the stream. All of it is bounded.
 */
#include <string.h>

#include "connection.h"
#include "detect.h"

#define HOLD_SEGMENTS_MAX 64 /* undecided beyond that: not SMTP */
#define HOLD_BYTES_MAX (64 * 1024)
#define HOLD_MIDDLE_SEGMENTS_MAX 8    /* the same for a connection from whose middle the capture begins */
#define HOLD_NO_ANSWER_MAX 8          /* segments of a client that does not speak SMTP, before the server says a word */
#define READY_SEGMENTS 16             /* without a whole handshake: what is missing of it may be late by so much */
#define READY_ONE_SIDED_SEGMENTS 24   /* so long the other direction is waited for */
#define LATE_SYN_SPREAD (1024 * 1024) /* a SYN so little before the first bytes seen is theirs */
#define TLS_PORT 465

static struct connection *smtp_segment(struct connection *connection, unsigned end, const struct segment *segment);

/* ---- held segments ---- */

static struct held_segment *segment_copy(const struct segment *segment)
{
	struct held_segment *held = g_malloc(sizeof *held + segment->captured);
	held->next = NULL;
	held->segment = *segment;
	if (segment->captured > 0)
		memcpy(held->payload, segment->payload, segment->captured);
	held->segment.payload = held->payload;
	return held;
}

static void hold(struct held_list *list, const struct segment *segment)
{
	struct held_segment *held = segment_copy(segment);
	*(list->last ? &list->last->next : &list->first) = held;
	list->last = held;
	list->count++;
	list->bytes += sizeof *held + segment->captured;
}

static void held_free(struct held_list *list)
{
	struct held_segment *next;
	for (struct held_segment *h = list->first; h; h = next) {
		next = h->next;
		g_free(h);
	}
	*list = (struct held_list){ 0 };
}

/* ---- what the stream has to say ---- */

static void on_bytes(void *user, enum direction direction, const uint8_t *data, size_t size, uint64_t acked)
{
	struct connection *connection = user;
	struct flow *flow = &connection->work->flow;
	flow->side[direction].bytes += size;
	connection->table->sink->bytes(flow->user, direction, data, size, acked);
}

static void on_gap(void *user, enum direction direction, uint64_t size)
{
	struct connection *connection = user;
	struct flow *flow = &connection->work->flow;
	flow->side[direction].gap_bytes += size;
	connection->table->stats.gap_bytes += size;
	connection->table->sink->gap(flow->user, direction, size);
}

static void on_fin(void *user, enum direction direction)
{
	struct connection *connection = user;
	connection->table->sink->fin(connection->work->flow.user, direction);
}

static void on_conflict(void *user, enum direction direction, uint64_t offset, struct span bytes)
{
	struct connection *connection = user;
	struct flow *flow = &connection->work->flow;
	flow->side[direction].conflicts++;
	connection->table->sink->trouble(flow->user, FLOW_OVERLAP_CONFLICT, direction, offset, bytes);
}

static const struct stream_sink stream_events = {
	.bytes = on_bytes,
	.gap = on_gap,
	.fin = on_fin,
	.conflict = on_conflict,
};

/* ---- memory ---- */

void connection_charge(struct connection *connection)
{
	const struct work *work = connection->work;
	size_t size = sizeof *connection + 4 * sizeof(void *); /* its share of the hash table */
	if (work) {
		size += sizeof *work + work->held.bytes;
		if (work->stream)
			size += stream_buffered(work->stream);
		if (work->reuse)
			size += sizeof *work->reuse + work->reuse->segment.captured;
	}
	connection->table->memory += size - connection->charged;
	connection->charged = size;
}

/* drop_work - all that is needed only for SMTP. */
static void drop_work(struct connection *connection)
{
	struct work *work = connection->work;
	if (!work)
		return;
	stream_free(work->stream);
	held_free(&work->held);
	g_free(work->reuse);
	g_free(work);
	connection->work = NULL;
	connection_charge(connection);
}

/* become_quiet - not SMTP, or over. */
static void become_quiet(struct connection *connection, enum stage_of_life life)
{
	connection->life = life;
	drop_work(connection);
	if (life == LIFE_OVER)
		table_queue(connection, &connection->table->closed);
}

/* ---- from pending to SMTP ---- */

static enum direction direction_of(const struct connection *connection, unsigned end)
{
	return (int)end == connection->client ? UP : DOWN;
}

static void set_address(struct address *address, const struct flow_key *key, unsigned end)
{
	address->family = key->family;
	memcpy(address->octets, key->octets[end], sizeof address->octets);
}

/* copy_sides - what was counted by end, in the public words. */
static void copy_sides(struct connection *connection)
{
	struct flow *flow = &connection->work->flow;
	flow->last = connection->last;
	for (unsigned i = 0; i < 2; i++) {
		const struct end *end = &connection->end[i];
		struct flow_side *side = &flow->side[direction_of(connection, i)];
		side->packets = end->packets;
		side->wire_bytes = end->wire_bytes;
		side->syn = end->syn_count > 0;
		side->fin = end->fin;
		side->rst = end->rst;
		if (flow->one_sided && flow->missing == direction_of(connection, i) && end->packets > 0)
			flow->one_sided = false;
	}
}

/* begin - the connection is SMTP: it is told so, and gets what was held. */
static struct connection *begin(struct connection *connection)
{
	struct work *work = connection->work;
	struct flow *flow = &work->flow;
	struct flow_table *table = connection->table;

	if (connection->client < 0)
		connection->client = client_by_guess(connection);
	unsigned client = (unsigned)connection->client, server = 1 - client;
	flow->id = connection->first.packet;
	flow->first = connection->first;
	set_address(&flow->client, &connection->key, client);
	set_address(&flow->server, &connection->key, server);
	flow->client_port = connection->key.port[client];
	flow->server_port = connection->key.port[server];
	flow->vlan_count = connection->vlan_count;
	memcpy(flow->vlan, connection->vlan, sizeof flow->vlan);
	flow->established = true;
	flow->midstream = connection->end[0].syn_count + connection->end[1].syn_count == 0;
	flow->tls_port = flow->server_port == TLS_PORT;
	flow->one_sided = connection->end[0].packets == 0 || connection->end[1].packets == 0;
	flow->missing = connection->end[client].packets == 0 ? UP : DOWN;
	copy_sides(connection);

	struct stream_start start = { .one_sided = flow->one_sided, .missing = flow->missing };
	for (unsigned i = 0; i < 2; i++) {
		enum direction d = direction_of(connection, i);
		start.known[d] = client_first_seq(connection, i, &work->held, &start.first_seq[d]);
	}
	work->stream = stream_new(&start, &stream_events, connection);
	work->reset_end = -1;
	connection->life = LIFE_SMTP;
	table->stats.sessions++;
	flow->user = table->sink->begin(table->context, flow);

	struct held_list held = work->held;
	work->held = (struct held_list){ 0 };
	for (const struct held_segment *h = held.first; h && connection->life == LIFE_SMTP; h = h->next) {
		unsigned end = client_end_of(&connection->key, &h->segment);
		/* A SYN that was sent again with another number and did not win is none of this connection. */
		if (!(h->segment.flags & TCP_SYN) ||
			stream_begins_at(work->stream, direction_of(connection, end), h->segment.seq))
			connection = smtp_segment(connection, end, &h->segment);
	}
	held_free(&held);
	return connection;
}

/* detect_by_end - what the first bytes of the two ends say, when it is known which is the client. */
static enum detect detect_by_end(const struct connection *connection, const struct held_list *held)
{
	uint8_t buffer[DETECT_BYTES];
	unsigned client = (unsigned)connection->client;
	struct span bytes = { buffer, client_first_bytes(connection, client, held, buffer, sizeof buffer) };
	enum detect by_client = bytes.size > 0 ? detect_client(bytes) : DETECT_UNDECIDED;
	if (by_client == DETECT_SMTP)
		return DETECT_SMTP;
	bytes.size = client_first_bytes(connection, 1 - client, held, buffer, sizeof buffer);
	enum detect by_server = detect_server(bytes);
	if (by_server != DETECT_UNDECIDED)
		return by_server;
	/* A client that says something else may still have met an SMTP server. */
	bool answered = memchr(buffer, '\n', bytes.size) || held->count >= HOLD_NO_ANSWER_MAX;
	return by_client == DETECT_OTHER && answered ? DETECT_OTHER : DETECT_UNDECIDED;
}

/* detect_in_the_middle - the same when the capture begins in the middle: each segment may begin a line that tells, and
 * tells who is the client. */
static enum detect detect_in_the_middle(struct connection *connection, const struct held_list *held)
{
	for (const struct held_segment *h = held->first; h; h = h->next) {
		struct span bytes = { h->payload, h->segment.captured };
		int end = (int)client_end_of(&connection->key, &h->segment);
		if (bytes.size == 0)
			continue;
		if (detect_middle_client(bytes) == DETECT_SMTP)
			connection->client = end;
		else if (detect_middle_server(bytes) == DETECT_SMTP)
			connection->client = 1 - end;
		else
			continue;
		return DETECT_SMTP;
	}
	return held->count >= HOLD_MIDDLE_SEGMENTS_MAX ? DETECT_OTHER : DETECT_UNDECIDED;
}

/* is_smtp - by port, or by what was said. */
static enum detect is_smtp(struct connection *connection)
{
	const struct flow_options *options = &connection->table->options;
	const struct held_list *held = &connection->work->held;
	const uint16_t *port = connection->key.port;

	if (connection->client >= 0) {
		if (client_known_port(options, port[1 - connection->client]))
			return DETECT_SMTP;
		return options->detect ? detect_by_end(connection, held) : DETECT_OTHER;
	}
	bool known[2] = { client_known_port(options, port[0]), client_known_port(options, port[1]) };
	if (known[0] || known[1]) {
		if (known[0] && known[1])
			detect_in_the_middle(connection, held); /* only to learn who is the client */
		return DETECT_SMTP;
	}
	return options->detect ? detect_in_the_middle(connection, held) : DETECT_OTHER;
}

/* ready - is it clear where the streams begin, and whether both are there? */
static bool ready(const struct connection *connection)
{
	const struct end *end = connection->end;
	const struct held_list *held = &connection->work->held;
	if (end[0].syn_count > 0 && end[1].syn_count > 0)
		return true;
	bool both = end[0].packets > 0 && end[1].packets > 0;
	return held->count >= (both ? READY_SEGMENTS : READY_ONE_SIDED_SEGMENTS) || held->bytes >= HOLD_BYTES_MAX;
}

/* consider - can a pending connection go on? LAST: no more will be known, it must be decided now. */
static struct connection *consider(struct connection *connection, bool last)
{
	struct work *work = connection->work;
	if (!work->smtp) {
		enum detect verdict = is_smtp(connection);
		bool full = work->held.count >= HOLD_SEGMENTS_MAX || work->held.bytes >= HOLD_BYTES_MAX;
		if (verdict == DETECT_OTHER || (verdict == DETECT_UNDECIDED && (full || last))) {
			become_quiet(connection, LIFE_OTHER);
			return connection;
		}
		work->smtp = verdict == DETECT_SMTP;
	}
	if (work->smtp && client_established(connection) && (last || ready(connection)))
		return begin(connection);
	return connection;
}

/* syn_known - has this end sent a SYN with this number? */
static bool syn_known(const struct end *end, uint32_t seq)
{
	for (unsigned i = 0; i < end->syn_count; i++)
		if (end->syns[i].seq == seq)
			return true;
	return false;
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

/* late_syn - does a SYN belong to what was held of this connection already, rather than begin another one? Then it
 * comes shortly before what its end sent, or the peer acknowledged. */
static bool late_syn(const struct connection *connection, unsigned end, const struct segment *segment)
{
	uint32_t first;
	return connection->end[end].syn_count == 0 &&
	       client_first_seq(connection, end, &connection->work->held, &first) &&
	       first - (segment->seq + 1) < LATE_SYN_SPREAD;
}

static struct connection *pending_segment(struct connection *connection, unsigned number, const struct segment *segment)
{
	struct end *end = &connection->end[number];
	struct work *work = connection->work;

	if (segment->flags & TCP_RST) {
		connection = consider(connection, true);
		if (connection->life == LIFE_SMTP)
			return smtp_segment(connection, number, segment);
		become_quiet(connection, LIFE_OVER);
		return connection;
	}
	if (segment->flags & TCP_SYN) {
		if (client_established(connection) && !syn_known(end, segment->seq) &&
			!late_syn(connection, number, segment)) {
			connection = consider(connection, true);
			return connection_segment(connection, number, segment);
		}
		note_syn(connection, number, segment);
		if (segment->captured > 0)
			hold(&work->held, segment);
	} else {
		end->spoke = true;
		end->payload |= segment->length > 0;
		/* With a clear handshake an acknowledgement alone tells nothing that what follows does not. */
		bool whole = connection->end[0].syn_count == 1 && connection->end[1].syn_count == 1;
		if (!whole || segment->length > 0 || (segment->flags & TCP_FIN))
			hold(&work->held, segment);
	}
	return consider(connection, false);
}

/* ---- SMTP ---- */

/* over - the connection ended; the table keeps what is left of it for a while. */
static struct connection *over(struct connection *connection, enum flow_end why)
{
	connection_finish(connection, why);
	become_quiet(connection, LIFE_OVER);
	return connection;
}

/* reuse - another connection on the same addresses and ports began with a SYN that was kept, and goes on with
 * SEGMENT. */
static struct connection *reuse(struct connection *connection, unsigned end, const struct segment *segment)
{
	struct held_segment *first = connection->work->reuse;
	connection->work->reuse = NULL;
	unsigned first_end = client_end_of(&connection->key, &first->segment);
	connection = table_replace(connection, &first->segment);
	connection = connection_segment(connection, first_end, &first->segment);
	g_free(first);
	return connection_segment(connection, end, segment);
}

/* confirms_reuse - does a segment show that the SYN that was kept began a connection? */
static bool confirms_reuse(const struct connection *connection, unsigned end, const struct segment *segment)
{
	const struct held_segment *syn = connection->work->reuse;
	if (!syn || (segment->flags & TCP_RST))
		return false;
	bool own = client_end_of(&connection->key, &syn->segment) == end;
	uint32_t place = own ? segment->seq : segment->ack;
	return (own || (segment->flags & TCP_ACK)) && place - (syn->segment.seq + 1) <= syn->segment.captured;
}

/* smtp_syn - a SYN after the connection began: an old one again, or the first of another connection. */
static struct connection *smtp_syn(struct connection *connection, unsigned end, const struct segment *segment)
{
	struct work *work = connection->work;
	int64_t offset = stream_offset(work->stream, direction_of(connection, end), segment->seq + 1);
	if (offset <= 0 && offset > -LATE_SYN_SPREAD)
		return connection;
	if (connection->queue == &connection->table->closed) {
		connection = table_replace(connection, segment);
		return connection_segment(connection, end, segment);
	}
	g_free(work->reuse);
	work->reuse = segment_copy(segment);
	return connection;
}

/* note_reset - a reset that may not be one: the connection is over unless that end goes on. */
static void note_reset(struct connection *connection, unsigned end)
{
	connection->work->reset_end = (int)end;
	table_queue(connection, &connection->table->closed);
}

static struct connection *smtp_segment(struct connection *connection, unsigned number, const struct segment *segment)
{
	struct flow_table *table = connection->table;
	struct work *work = connection->work;
	struct end *end = &connection->end[number];
	enum direction direction = direction_of(connection, number);

	copy_sides(connection);
	if (work->reuse && confirms_reuse(connection, number, segment))
		return reuse(connection, number, segment);
	if ((segment->flags & TCP_SYN) && !stream_begins_at(work->stream, direction, segment->seq))
		return smtp_syn(connection, number, segment);
	if (work->reset_end == (int)number && !(segment->flags & TCP_RST)) {
		work->reset_end = -1;
		table->stats.invalid_resets++;
		table_queue(connection, &table->open);
	}
	if (segment->captured < segment->length) {
		work->flow.side[direction].cut_packets++;
		int64_t offset = stream_offset(work->stream, direction, segment->seq) + segment->captured;
		table->sink->trouble(work->flow.user, FLOW_TRUNCATED, direction, (uint64_t)MAX(offset, 0),
			(struct span){ segment->payload, segment->captured });
	}
	switch (stream_segment(work->stream, direction, segment)) {
	case STREAM_OPEN:
		break;
	case STREAM_CLOSING:
		if (connection->queue == &table->open)
			table_queue(connection, &table->closed);
		break;
	case STREAM_CLOSED:
		return over(connection, FLOW_END_FIN);
	case STREAM_RESET:
		end->rst = true;
		return over(connection, FLOW_END_RST);
	case STREAM_RESET_DOUBTFUL:
		note_reset(connection, number);
		break;
	case STREAM_RESET_INVALID:
		table->stats.invalid_resets++;
		break;
	}
	return connection;
}

/* ---- not SMTP, or over ---- */

static struct connection *quiet_segment(struct connection *connection, unsigned number, const struct segment *segment)
{
	struct end *end = &connection->end[number];
	if (segment->flags & TCP_SYN) {
		if (syn_known(end, segment->seq))
			return connection;
		/* An answer alone begins a connection only where the SYN it answers can't be seen. */
		if ((segment->flags & TCP_ACK) && (end->syn_count == 0 || connection->end[1 - number].syn_count > 0))
			return connection;
		connection = table_replace(connection, segment);
		return connection_segment(connection, number, segment);
	}
	if (connection->life == LIFE_OTHER && ((connection->end[0].fin && connection->end[1].fin) || end->rst))
		become_quiet(connection, LIFE_OVER);
	return connection;
}

struct connection *connection_segment(struct connection *connection, unsigned number, const struct segment *segment)
{
	struct end *end = &connection->end[number];
	end->packets++;
	end->wire_bytes += segment->wire_size;
	end->fin |= (segment->flags & TCP_FIN) != 0;
	connection->last = segment->at;
	switch (connection->life) {
	case LIFE_PENDING:
		if (!connection->work)
			connection->work = g_new0(struct work, 1);
		return pending_segment(connection, number, segment);
	case LIFE_SMTP:
		return smtp_segment(connection, number, segment);
	case LIFE_OTHER:
	case LIFE_OVER:
		end->rst |= (segment->flags & TCP_RST) != 0;
		break;
	}
	return quiet_segment(connection, number, segment);
}

void connection_finish(struct connection *connection, enum flow_end why)
{
	if (connection->life == LIFE_PENDING && connection->work)
		connection = consider(connection, true);
	if (connection->life != LIFE_SMTP) {
		drop_work(connection);
		return;
	}
	struct work *work = connection->work;
	struct flow *flow = &work->flow;
	stream_flush(work->stream);
	copy_sides(connection);
	/* Closed is closed, whatever made us notice. */
	if (work->reset_end >= 0) {
		flow->side[direction_of(connection, (unsigned)work->reset_end)].rst = true;
		why = FLOW_END_RST;
	} else if ((flow->side[UP].fin && flow->side[DOWN].fin) ||
		   (flow->one_sided && flow->side[direction_other(flow->missing)].fin)) {
		why = FLOW_END_FIN;
	}
	flow->why = why;
	connection->life = LIFE_OVER;
	connection->table->sink->end(flow->user, flow);
	drop_work(connection);
}
