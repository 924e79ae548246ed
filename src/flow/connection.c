/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * connection.c - the states of one connection (see connection.h): pending (pending.c), then SMTP or other, then over.
 *
 * SMTP: the segments go to the stream, whose bytes go to the sink. Other and over: segments are ignored, until one
 * begins another connection with the same addresses and ports.
 */
#include <string.h>

#include "connection.h"

#define SYN_AHEAD_MAX 65536 /* a SYN at most so far after a connection's bytes begins no other connection */
#define UNCHARGED_MAX 4096  /* octets from the client after which memory is accounted again */
#define SEGMENT_COST 128    /* ... each segment counts for more than its octets */

/* ---- the stream's events ---- */

static void on_stream_bytes(void *user, enum direction direction, const uint8_t *data, size_t size, uint64_t acked)
{
	struct connection *connection = user;
	struct flow *flow = &connection->work->flow;
	flow->side[direction].bytes += size;
	flow->proxy = connection->work->opening.proxy;
	connection->table->sink->bytes(flow->user, direction, data, size, acked);
}

static void on_stream_gap(void *user, enum direction direction, uint64_t size, bool given_up)
{
	struct connection *connection = user;
	struct flow *flow = &connection->work->flow;
	struct flow_stats *stats = &connection->table->stats;
	*(given_up ? &flow->side[direction].given_up_bytes : &flow->side[direction].gap_bytes) += size;
	*(given_up ? &stats->given_up_bytes : &stats->gap_bytes) += size;
	connection->table->sink->gap(flow->user, direction, size, given_up);
}

static void on_stream_fin(void *user, enum direction direction)
{
	struct connection *connection = user;
	connection->table->sink->fin(connection->work->flow.user, direction);
}

static void on_stream_conflict(void *user, enum direction direction, uint64_t offset, struct span bytes)
{
	struct connection *connection = user;
	struct flow *flow = &connection->work->flow;
	flow->side[direction].conflicts++;
	connection->table->sink->trouble(flow->user, FLOW_OVERLAP_CONFLICT, direction, offset, bytes);
}

static const struct stream_sink stream_events = {
	.bytes = on_stream_bytes,
	.gap = on_stream_gap,
	.fin = on_stream_fin,
	.conflict = on_stream_conflict,
};

/* ---- memory ---- */

void connection_charge(struct connection *connection)
{
	const struct work *work = connection->work;
	size_t size = sizeof *connection + 4 * sizeof(void *); /* for its entry in the hash table */
	if (work) {
		size += sizeof *work + work->held.bytes;
		if (work->stream)
			size += stream_buffered(work->stream) + opening_memory(&work->opening);
		if (work->reuse)
			size += sizeof *work->reuse + work->reuse->segment.captured;
		if (work->refused_syn)
			size += sizeof *work->refused_syn + work->refused_syn->segment.captured;
		if (connection->life == LIFE_SMTP && connection->table->sink->memory)
			size += connection->table->sink->memory(work->flow.user);
	}
	connection->table->memory += size - connection->charged;
	connection->charged = size;
}

void connection_charge_due(struct connection *connection, unsigned end, const struct segment *segment)
{
	struct work *work = connection->work;
	if (!work)
		return;
	work->uncharged += segment->captured + SEGMENT_COST;
	/* When a reply comes, a session frees what it holds of a command or a mail. */
	bool up = (int)end == connection->client || segment->captured == 0;
	if (connection->life == LIFE_SMTP && up && work->uncharged < UNCHARGED_MAX)
		return;
	work->uncharged = 0;
	connection_charge(connection);
}

/* ignore_segment - counts a segment that no receiver of the connection takes. */
RARE static void ignore_segment(struct connection *connection, const struct segment *segment)
{
	bool counts = connection->life == LIFE_PENDING || connection->life == LIFE_SMTP;
	connection->table->stats.ignored_segments +=
		counts && (segment->length > 0 || (segment->flags & (TCP_FIN | TCP_SYN)) == TCP_FIN);
}

/* forget_kept - the segment that was kept began no other connection. */
static void forget_kept(struct connection *connection)
{
	const struct segment *kept = connection->work->reuse ? &connection->work->reuse->segment : NULL;
	if (kept && !(kept->flags & TCP_SYN)) {
		struct end *end = &connection->end[handshake_end_of(&connection->key, kept)];
		end->packets++;
		end->wire_bytes += kept->wire_size;
		ignore_segment(connection, kept);
	}
	g_clear_pointer(&connection->work->reuse, g_free);
}

/* drop_work - frees what is needed only for SMTP. */
static void drop_work(struct connection *connection)
{
	struct work *work = connection->work;
	if (!work)
		return;
	expiry_wait(connection, false);
	stream_free(work->stream);
	opening_clear(&work->opening);
	held_free(&work->held);
	forget_kept(connection);
	g_free(work->refused_syn);
	g_free(work);
	connection->work = NULL;
	connection_charge(connection);
}

/* ignore - the connection is not SMTP, or over: frees its work. */
static void ignore(struct connection *connection, enum stage_of_life life)
{
	connection->life = life;
	drop_work(connection);
	if (life == LIFE_OVER)
		expiry_renew(connection, &connection->table->queues[QUEUE_OVER]);
}

/* ---- from pending to SMTP ---- */

static enum direction direction_of(const struct connection *connection, unsigned end)
{
	return (int)end == connection->client ? UP : DOWN;
}

static void set_end_address(struct address *address, const struct flow_key *key, unsigned end)
{
	address->family = key->family;
	memcpy(address->octets, key->octets[end], sizeof address->octets);
}

/* copy_sides - copies the counts of the ends to the public struct. */
static void copy_sides(struct connection *connection)
{
	for (unsigned i = 0; i < 2; i++) {
		const struct end *end = &connection->end[i];
		struct flow_side *side = &connection->work->flow.side[direction_of(connection, i)];
		side->packets = end->packets;
		side->wire_bytes = end->wire_bytes;
		side->syn = end->syn_count > 0;
		side->fin = end->fin;
	}
}

/* begin_session - a pending connection is SMTP: calls the sink. */
static void begin_session(struct connection *connection)
{
	struct work *work = connection->work;
	struct flow *flow = &work->flow;
	struct flow_table *table = connection->table;

	if (connection->client < 0)
		connection->client = handshake_guess_client(connection);
	unsigned client = (unsigned)connection->client, server = 1 - client;
	flow->id = connection->id;
	flow->first = connection->first;
	set_end_address(&flow->client, &connection->key, client);
	set_end_address(&flow->server, &connection->key, server);
	flow->client_port = connection->key.port[client];
	flow->server_port = connection->key.port[server];
	flow->vlan_count = connection->vlan_count;
	memcpy(flow->vlan, connection->vlan, sizeof flow->vlan);
	const bool begins = pending_sees_greetings(connection);
	flow->midstream = connection->end[0].syn_count + connection->end[1].syn_count == 0 && !begins;
	flow->start_unknown = connection->end[client].syn_count > 0 && connection->end[server].syn_count == 0 &&
			      connection->end[server].packets > 0 && !begins;
	flow->tls_port = flow->server_port == PENDING_TLS_PORT ||
			 (!handshake_known_port(&table->options, flow->server_port) && pending_names_tls(connection));
	flow->one_sided = connection->end[0].packets == 0 || connection->end[1].packets == 0;
	flow->missing = connection->end[client].packets == 0 ? UP : DOWN;
	flow->last = connection->last;
	copy_sides(connection);

	struct stream_start start = { .live = table->live, .one_sided = flow->one_sided, .missing = flow->missing };
	for (unsigned i = 0; i < 2; i++) {
		enum direction d = direction_of(connection, i);
		start.known[d] = handshake_first_seq(connection, i, &work->held, &start.first_seq[d]);
	}
	opening_init(&work->opening, &stream_events, connection);
	work->opening.one_sided = flow->one_sided;
	work->opening.missing = flow->missing;
	work->stream = stream_new(&start, &opening_sink, &work->opening);
	connection->life = LIFE_SMTP;
	table->stats.sessions++;
	work->uncharged = UNCHARGED_MAX;
	flow->user = table->sink->begin(table->context, flow);
}

/* ---- SMTP ---- */

/* confirms_reuse - does a segment show that the kept SYN began a new connection? */
static bool confirms_reuse(const struct connection *connection, unsigned end, const struct segment *segment)
{
	const struct held_segment *syn = connection->work->reuse;
	if (!syn || !(syn->segment.flags & TCP_SYN) || (segment->flags & TCP_RST))
		return false;
	bool own = handshake_end_of(&connection->key, &syn->segment) == end;
	uint32_t place = own ? segment->seq : segment->ack;
	return (own || (segment->flags & TCP_ACK)) && place - (syn->segment.seq + 1) <= syn->segment.captured;
}

/* follows_stranger - does a segment, whose numbers are far from those of the connection, too, acknowledge the one that
 * was kept? Then the other end takes part, and it is no forgery. When nothing of that end is in the capture, a segment
 * that continues the kept one must do. */
static bool follows_stranger(const struct connection *connection, unsigned end, const struct segment *segment)
{
	const struct segment *kept = &connection->work->reuse->segment;
	if (handshake_end_of(&connection->key, kept) == end)
		return !connection->end[1 - end].numbered && kept->length > 0 &&
		       segment->seq == kept->seq + kept->length;
	return segment->ack - kept->seq <= kept->length && segment->seq == kept->ack;
}

/* stranger_segment - a segment whose numbers are both far from those of the connection: a forged one, one that a
 * firewall gave other numbers and that was captured on both sides of it, or one of another connection whose SYN is not
 * in the capture. Only of the last kind two follow each other without one of the connection in between. */
RARE static enum verdict stranger_segment(struct connection *connection, unsigned end, const struct segment *segment)
{
	if (!connection->work)
		connection->work = g_new0(struct work, 1);
	struct work *work = connection->work;
	if (work->reuse && !(work->reuse->segment.flags & TCP_SYN) && follows_stranger(connection, end, segment))
		return REPLACED;
	forget_kept(connection);
	work->reuse = held_copy(segment);
	return STAYS;
}

/* pass_stranger - a segment of the connection comes after one that was kept: that began no other one, unless it was a
 * SYN. */
RARE static void pass_stranger(struct connection *connection)
{
	if (connection->life == LIFE_OTHER || connection->life == LIFE_OVER)
		drop_work(connection);
	else if (!(connection->work->reuse->segment.flags & TCP_SYN))
		forget_kept(connection);
}

struct held_segment *connection_kept(struct connection *connection)
{
	return connection->work ? g_steal_pointer(&connection->work->reuse) : NULL;
}

/* smtp_syn - a SYN after the connection began: a retransmission, a forged one, or that of another connection. */
static enum verdict smtp_syn(struct connection *connection, unsigned end, const struct segment *segment)
{
	struct work *work = connection->work;
	enum direction direction = direction_of(connection, end);
	const struct flow_side *side = &work->flow.side[direction];
	int64_t offset = stream_offset(work->stream, direction, segment->seq + 1);

	uint64_t passed = work->opening.left_out[direction] + side->bytes + side->gap_bytes + side->given_up_bytes;
	const bool reset = stream_reset_by(work->stream, UP) || stream_reset_by(work->stream, DOWN);
	if (!reset && offset > -LATE_SYN_SPREAD && offset <= (int64_t)passed + SYN_AHEAD_MAX) {
		ignore_segment(connection, segment);
		return STAYS;
	}
	forget_kept(connection);
	if (connection->queue == &connection->table->queues[QUEUE_CLOSING] && !reset)
		return REPLACED;
	work->reuse = held_copy(segment);
	return STAYS;
}

/* end_session - ends an SMTP connection. */
static void end_session(struct connection *connection, enum flow_end why)
{
	struct work *work = connection->work;
	struct flow *flow = &work->flow;
	forget_kept(connection);
	/* A FIN or RST that was seen is the reason, even when a timeout or the end of the input ends the connection. */
	for (enum direction d = UP; d <= DOWN; d++)
		flow->side[d].rst = stream_reset_by(work->stream, d);
	if (stream_closing(work->stream))
		why = FLOW_END_FIN;
	else if (flow->side[UP].rst || flow->side[DOWN].rst)
		why = FLOW_END_RST;
	stream_flush(work->stream);
	if (work->refused_syn)
		ignore_segment(connection, &work->refused_syn->segment);
	connection->table->stats.ignored_segments += stream_ignored(work->stream);
	opening_end(&work->opening);
	flow->proxy = work->opening.proxy;
	for (enum direction d = UP; d <= DOWN; d++) {
		flow->side[d].gap_bytes += work->opening.lost[d];
		connection->table->stats.gap_bytes += work->opening.lost[d];
	}
	copy_sides(connection);
	flow->why = why;
	connection->life = LIFE_OVER;
	connection->table->sink->end(flow->user, flow);
}

/* note_cut - the snap length cut a segment's payload. */
RARE static void note_cut(struct connection *connection, enum direction direction, const struct segment *segment)
{
	struct work *work = connection->work;
	int64_t offset = stream_offset(work->stream, direction, segment->seq) + segment->captured -
			 (int64_t)work->opening.left_out[direction];
	work->flow.side[direction].cut_packets++;
	connection->table->sink->trouble(work->flow.user, FLOW_TRUNCATED, direction, (uint64_t)MAX(offset, 0),
		span_of(segment->payload, segment->captured));
}

/* compare_refused - the data of a refused SYN is sent again: is it the same? */
RARE static void compare_refused(struct connection *connection, unsigned end)
{
	struct work *work = connection->work;
	const struct segment *syn = &work->refused_syn->segment;
	if (handshake_end_of(&connection->key, syn) != end)
		return;
	stream_compare(work->stream, direction_of(connection, end), syn);
	g_clear_pointer(&work->refused_syn, g_free);
}

static enum verdict smtp_segment(struct connection *connection, unsigned end, const struct segment *segment)
{
	struct flow_table *table = connection->table;
	struct work *work = connection->work;
	struct flow *flow = &work->flow;
	enum direction direction = direction_of(connection, end);

	flow->last = connection->last;
	if (flow->one_sided && flow->missing == direction)
		flow->one_sided = work->opening.one_sided = false;
	if (work->reuse && confirms_reuse(connection, end, segment))
		return REPLACED;
	if ((segment->flags & TCP_SYN) && !stream_begins_at(work->stream, direction, segment->seq))
		return smtp_syn(connection, end, segment);
	if (segment->captured < segment->length)
		note_cut(connection, direction, segment);
	const enum stream_event event = stream_segment(work->stream, direction, segment);
	if (G_UNLIKELY(work->refused_syn) && segment->captured > 0)
		compare_refused(connection, end);
	switch (event) {
	case STREAM_OPEN:
		if (G_UNLIKELY(connection->queue == &table->queues[QUEUE_CLOSING])) /* a FIN was forged */
			expiry_renew(connection, &table->queues[QUEUE_OPEN]);
		break;
	case STREAM_CLOSING:
	case STREAM_RESET_PENDING:
		expiry_renew(connection, &table->queues[QUEUE_CLOSING]);
		break;
	case STREAM_CLOSED:
		end_session(connection, FLOW_END_FIN);
		ignore(connection, LIFE_OVER); /* the table remembers it for a while */
		break;
	case STREAM_RESET_REVOKED:
		expiry_renew(connection, &table->queues[QUEUE_OPEN]);
		table->stats.invalid_resets++;
		break;
	case STREAM_RESET_INVALID:
		table->stats.invalid_resets++;
		break;
	}
	return STAYS;
}

/* ---- not SMTP, or over ---- */

static enum verdict ignored_segment(struct connection *connection, unsigned number, const struct segment *segment)
{
	struct end *end = &connection->end[number];
	if (segment->flags & TCP_SYN) {
		if (identity_syn_known(end, segment->seq))
			return STAYS;
		/* A SYN-ACK alone begins a connection only when the SYN before it can't be seen. */
		if ((segment->flags & TCP_ACK) && (end->syn_count == 0 || connection->end[1 - number].syn_count > 0))
			return STAYS;
		return REPLACED;
	}
	if (connection->life == LIFE_OTHER && ((connection->end[0].fin && connection->end[1].fin) || end->rst))
		ignore(connection, LIFE_OVER);
	return STAYS;
}

/* ---- one segment ---- */

/* begin_segment - takes a segment that was held; of a SYN whose data was refused only the rest. */
static void begin_segment(struct connection *connection, unsigned end, const struct segment *segment)
{
	if (!(segment->flags & TCP_SYN) || !handshake_refuses_data(connection, end, segment)) {
		smtp_segment(connection, end, segment);
		return;
	}
	struct segment bare = *segment;
	g_free(connection->work->refused_syn);
	connection->work->refused_syn = held_copy(segment);
	bare.captured = bare.length = 0;
	smtp_segment(connection, end, &bare);
}

/* act_on - acts on the decision of pending.c. No held segment begins another connection: pending_ended_by excludes
 * that. */
static void act_on(struct connection *connection, enum pending pending)
{
	if (pending == PENDING_OTHER)
		ignore(connection, LIFE_OTHER);
	if (pending != PENDING_SMTP)
		return;
	begin_session(connection);
	struct held_list held = connection->work->held;
	connection->work->held = (struct held_list){ 0 };
	for (const struct held_segment *h = held.first; h && connection->life == LIFE_SMTP; h = h->next) {
		unsigned end = handshake_end_of(&connection->key, &h->segment);
		/* A SYN that was sent again with another sequence number, and not accepted, does not belong to this
		 * connection. */
		const struct segment *segment = &h->segment;
		if (!(segment->flags & TCP_SYN) ||
			stream_begins_at(connection->work->stream, direction_of(connection, end), segment->seq))
			begin_segment(connection, end, segment);
	}
	held_free(&held);
}

static enum verdict dispatch_segment(struct connection *connection, unsigned end, const struct segment *segment)
{
	if (connection->life == LIFE_PENDING) {
		if (!connection->work)
			connection->work = g_new0(struct work, 1);
		if (!pending_ended_by(connection, end, segment)) {
			if (G_UNLIKELY(connection->queue == &connection->table->queues[QUEUE_OVER]))
				expiry_renew(connection, &connection->table->queues[QUEUE_OPEN]);
			act_on(connection, pending_segment(connection, end, segment));
			return STAYS;
		}
		enum pending pending = pending_consider(connection, true);
		if ((segment->flags & TCP_RST) && pending != PENDING_SMTP) {
			/* Unless it was forged, nothing more comes. */
			expiry_renew(connection, &connection->table->queues[QUEUE_OVER]);
			return STAYS;
		}
		act_on(connection, pending);
	}
	if (connection->life == LIFE_SMTP)
		return smtp_segment(connection, end, segment);
	return ignored_segment(connection, end, segment);
}

/* waits - does it wait for missing octets? */
static bool waits(const struct connection *connection)
{
	const struct work *work = connection->work;
	return connection->life == LIFE_SMTP ? stream_waits(work->stream) : work->smtp && work->held.count > 0;
}

void connection_hurry(struct connection *connection, bool given_up)
{
	if (connection->life == LIFE_PENDING)
		act_on(connection, pending_consider(connection, true));
	if (connection->life == LIFE_SMTP)
		stream_hurry(connection->work->stream, given_up);
	if (connection->work)
		expiry_wait(connection, false);
	connection_charge(connection);
}

enum verdict connection_segment(struct connection *connection, unsigned number, const struct segment *segment)
{
	struct end *end = &connection->end[number];
	const bool follows = end->numbered && segment->seq == end->next; /* usually */
	if (G_UNLIKELY(!follows && identity_stranger(connection, number, segment)))
		return stranger_segment(connection, number, segment);
	if (G_UNLIKELY(connection->work && connection->work->reuse))
		pass_stranger(connection);
	end->packets++;
	end->wire_bytes += segment->wire_size;
	connection->last = segment->at;
	if (G_UNLIKELY(identity_unacceptable(end, segment))) {
		ignore_segment(connection, segment);
		return STAYS;
	}
	end->fin |= (segment->flags & TCP_FIN) != 0;
	end->rst |= (segment->flags & TCP_RST) != 0;
	identity_numbers(end, segment);
	enum verdict verdict = dispatch_segment(connection, number, segment);
	if (connection->work)
		expiry_wait(connection, waits(connection));
	return verdict;
}

void connection_finish(struct connection *connection, enum flow_end why)
{
	if (connection->life == LIFE_PENDING && connection->work)
		act_on(connection, pending_consider(connection, true));
	if (connection->life == LIFE_SMTP)
		end_session(connection, why);
	drop_work(connection);
}
