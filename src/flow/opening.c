/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * opening.c - see opening.h. Limits: OPENING_MAX octets a direction are held, PREAMBLES_MAX preambles follow each
 * other.
 */
#include "opening.h"

#include <string.h>

#define OPENING_MAX (2 * PREAMBLE_MAX)
#define PREAMBLES_MAX 4
#define AFTER_GAP_MAX 4096 /* octets of a client after a gap at its beginning, before the server sends anything */

enum event_kind { EVENT_BYTES, EVENT_GAP, EVENT_GIVEN_UP, EVENT_FIN };

struct opening_event {
	enum event_kind kind;
	enum direction direction;
	uint64_t size, acked;
};

/* What is known of the first bytes of both directions. */
struct evidence {
	struct span bytes[2];
	uint64_t gap[2];      /* offset after the last gap in them; 0: none */
	uint64_t first_gap;   /* offset of the client's first gap; UINT64_MAX: none */
	uint64_t acked;       /* octets of the client that the server had acknowledged with its first bytes */
	const GArray *events; /* all held events; NULL: only the bytes are known */
	uint64_t left_out;    /* octets of the client that were left out before these */
	bool waits;           /* more may come */
	bool unanswered;      /* the direction from the server is missing */
};

struct preamble_found {
	size_t size[2];
	struct flow_proxy proxy;
};

static struct span after(struct span bytes, size_t size)
{
	return span_from(bytes, size);
}

/* ---- is there a preamble? ---- */

/* server_after_gap - how much of the bytes after a gap in the server's first bytes belongs to the proxy's answer. */
static enum preamble_state server_after_gap(enum flow_proxy_protocol protocol, struct span bytes, size_t *size)
{
	static const uint8_t chosen[] = { 5, 0 };
	unsigned rounds;
	*size = 0;
	if (bytes.size == 0)
		return PREAMBLE_MORE;
	if (protocol != FLOW_PROXY_SOCKS5)
		return preamble_server(protocol, bytes, size, &rounds);
	/* The choice of the method may be in the gap: insert it. */
	GByteArray *mended = g_byte_array_new();
	g_byte_array_append(mended, chosen, sizeof chosen);
	g_byte_array_append(mended, bytes.data, (guint)bytes.size);
	enum preamble_state state = preamble_server(protocol, span_of(mended->data, mended->len), size, &rounds);
	g_byte_array_free(mended, TRUE);
	*size -= MIN(*size, sizeof chosen);
	return state;
}

/* acked_at - how many octets of the client the server had acknowledged when it sent the octet before SIZE. */
static uint64_t acked_at(const struct evidence *evidence, size_t size)
{
	uint64_t said = 0, acked = 0;
	for (guint i = 0; evidence->events && i < evidence->events->len && said < size; i++) {
		const struct opening_event *event = &g_array_index(evidence->events, struct opening_event, i);
		if (event->direction != DOWN)
			continue;
		said += event->size;
		acked = event->acked;
	}
	return acked > evidence->left_out ? acked - evidence->left_out : 0;
}

/* judge_damaged - judge_preamble, when a part of the server's first bytes is missing. */
static enum preamble_state judge_damaged(const struct evidence *evidence, struct preamble_found *found)
{
	const struct span *up = &evidence->bytes[UP], *down = &evidence->bytes[DOWN];
	enum preamble_state client = preamble_client(*up, 0, &found->proxy, &found->size[UP]);
	if (client != PREAMBLE_WHOLE)
		return client;
	size_t gap = (size_t)evidence->gap[DOWN];
	enum preamble_state server = server_after_gap(found->proxy.protocol, after(*down, gap), &found->size[DOWN]);
	if (server == PREAMBLE_NONE)
		found->size[DOWN] = 0;
	found->size[DOWN] += gap;
	return server == PREAMBLE_MORE && evidence->waits ? PREAMBLE_MORE : PREAMBLE_WHOLE;
}

/* judge_answered - judge_preamble, when the client's part, or some of it, seems to be there: the server's part must
 * fit. */
static enum preamble_state judge_answered(const struct evidence *evidence, struct preamble_found *found)
{
	const struct span *up = &evidence->bytes[UP], *down = &evidence->bytes[DOWN];
	unsigned rounds;
	if (evidence->unanswered && !evidence->gap[UP])
		return preamble_client(*up, 0, &found->proxy, &found->size[UP]);
	if (evidence->gap[DOWN])
		return judge_damaged(evidence, found);
	if (down->size == 0)
		return PREAMBLE_MORE;
	enum preamble_state server = preamble_server(found->proxy.protocol, *down, &found->size[DOWN], &rounds);
	if (server != PREAMBLE_WHOLE && server != PREAMBLE_REFUSED)
		return server;
	enum preamble_state client = PREAMBLE_WHOLE;
	if (evidence->gap[UP])
		found->size[UP] = (size_t)MIN(MAX(acked_at(evidence, found->size[DOWN]), evidence->gap[UP]), up->size);
	else
		client = preamble_client(*up, rounds, &found->proxy, &found->size[UP]);
	if (server == PREAMBLE_REFUSED && client == PREAMBLE_MORE)
		found->size[UP] = up->size;
	return server == PREAMBLE_REFUSED && client != PREAMBLE_NONE ? PREAMBLE_WHOLE : client;
}

/* judge_preamble - are the first bytes a preamble? */
static enum preamble_state judge_preamble(const struct evidence *evidence, struct preamble_found *found)
{
	const struct span *up = &evidence->bytes[UP], *down = &evidence->bytes[DOWN];
	memset(found, 0, sizeof *found);
	if (up->size == 0)
		return down->size > 0 ? PREAMBLE_NONE : PREAMBLE_MORE;
	if (evidence->first_gap == 0) {
		if (down->size == 0)
			return up->size > AFTER_GAP_MAX ? PREAMBLE_NONE : PREAMBLE_MORE;
		bool guessed = preamble_server_guess(*down, &found->proxy.protocol);
		return guessed ? judge_answered(evidence, found) : PREAMBLE_NONE;
	}
	/* The bytes before a gap show the protocol. */
	const struct span beginning = { up->data, (size_t)MIN(up->size, evidence->first_gap) };
	enum preamble_state client = preamble_client(beginning, 0, &found->proxy, &found->size[UP]);
	if (client == PREAMBLE_NONE)
		return client;
	if (preamble_answered(found->proxy.protocol))
		return judge_answered(evidence, found);
	client = preamble_client(*up, 0, &found->proxy, &found->size[UP]);
	if (client == PREAMBLE_NONE)
		return client;
	/* When the server sent something, it must have received the whole preamble before. */
	if (down->size > 0 && !evidence->gap[DOWN] && (client == PREAMBLE_MORE || evidence->acked < found->size[UP]))
		return PREAMBLE_NONE;
	return down->size == 0 && !evidence->unanswered && evidence->waits ? PREAMBLE_MORE : client;
}

/* peek_server - skips the server's part, when no bytes of the client are known. Returns false when more bytes are
 * needed. */
static bool peek_server(struct span *bytes)
{
	enum flow_proxy_protocol protocol;
	size_t size;
	unsigned rounds;
	if (bytes->size == 0 || !preamble_server_guess(*bytes, &protocol))
		return true;
	enum preamble_state state = preamble_server(protocol, *bytes, &size, &rounds);
	if (state == PREAMBLE_WHOLE)
		*bytes = after(*bytes, size);
	return state != PREAMBLE_MORE;
}

/* judge_parts - judge_preamble, when there may be gaps after these bytes: a side that continues after its part has
 * received the other's. */
static enum preamble_state judge_parts(struct evidence *evidence, struct preamble_found *found)
{
	const struct span *up = &evidence->bytes[UP], *down = &evidence->bytes[DOWN];
	unsigned rounds;
	enum preamble_state state = judge_preamble(evidence, found);
	if (state != PREAMBLE_MORE)
		return state;
	enum preamble_state client = preamble_client(*up, 0, &found->proxy, &found->size[UP]);
	found->size[DOWN] = 0;
	if (client == PREAMBLE_WHOLE && found->size[UP] < up->size)
		return client;
	enum preamble_state server = preamble_server(found->proxy.protocol, *down, &found->size[DOWN], &rounds);
	found->size[UP] = up->size;
	return preamble_answered(found->proxy.protocol) && server == PREAMBLE_WHOLE && found->size[DOWN] < down->size
		       ? PREAMBLE_WHOLE
		       : PREAMBLE_MORE;
}

bool opening_peek(struct span *bytes, const bool *seen, struct flow_proxy *proxy)
{
	struct preamble_found found;
	*proxy = (struct flow_proxy){ 0 };
	if (bytes[UP].size == 0)
		return peek_server(&bytes[DOWN]);
	for (unsigned i = 0; i < PREAMBLES_MAX && bytes[UP].size > 0; i++) {
		struct evidence evidence = { .bytes = { bytes[UP], bytes[DOWN] },
			.first_gap = UINT64_MAX,
			.acked = UINT64_MAX,
			.waits = true,
			.unanswered = !seen[DOWN] };
		enum preamble_state state = judge_parts(&evidence, &found);
		if (state == PREAMBLE_MORE && bytes[UP].size < PREAMBLE_MAX && bytes[DOWN].size < PREAMBLE_MAX)
			return false;
		if (state != PREAMBLE_WHOLE)
			break;
		*proxy = found.proxy;
		for (enum direction d = UP; d <= DOWN; d++)
			bytes[d] = after(bytes[d], found.size[d]);
	}
	return true;
}

/* ---- held events ---- */

void opening_init(struct opening *opening, const struct stream_sink *sink, void *user)
{
	*opening = (struct opening){ .sink = sink, .user = user };
}

size_t opening_memory(const struct opening *opening)
{
	size_t size = opening->proxy ? sizeof *opening->proxy : 0;
	for (enum direction d = UP; d <= DOWN; d++)
		size += opening->held[d] ? opening->held[d]->len : 0;
	return size + (opening->events ? opening->events->len * sizeof(struct opening_event) : 0);
}

/* drop_held - frees the held events and bytes. */
static void drop_held(struct opening *opening)
{
	for (enum direction d = UP; d <= DOWN; d++)
		g_clear_pointer(&opening->held[d], g_byte_array_unref);
	g_clear_pointer(&opening->events, g_array_unref);
}

void opening_clear(struct opening *opening)
{
	drop_held(opening);
	g_clear_pointer(&opening->proxy, g_free);
}

/* acked_after - an acknowledgement in a direction, without the octets that were left out. */
static uint64_t acked_after(const struct opening *opening, enum direction direction, uint64_t acked)
{
	uint64_t left_out = opening->left_out[direction_other(direction)];
	return acked > left_out ? acked - left_out : 0;
}

/* pass_event - passes one event to the sink. */
static void pass_event(struct opening *opening, const struct opening_event *event, const uint8_t *data)
{
	const struct stream_sink *sink = opening->sink;
	const uint64_t size = event->size;
	if (event->kind == EVENT_FIN)
		sink->fin(opening->user, event->direction);
	else if (size > 0 && event->kind == EVENT_BYTES)
		sink->bytes(opening->user, event->direction, data, (size_t)size,
			acked_after(opening, event->direction, event->acked));
	else if (size > 0)
		sink->gap(opening->user, event->direction, size, event->kind == EVENT_GIVEN_UP);
}

/* pass_held - passes on everything held; from now on nothing is held. */
static void pass_held(struct opening *opening)
{
	GByteArray *held[2] = { opening->held[UP], opening->held[DOWN] };
	GArray *events = opening->events;
	size_t at[2] = { 0, 0 };
	opening->passed = true;
	opening->held[UP] = opening->held[DOWN] = NULL;
	opening->events = NULL;
	for (guint i = 0; events && i < events->len; i++) {
		const struct opening_event *event = &g_array_index(events, struct opening_event, i);
		pass_event(
			opening, event, event->size > 0 ? held[event->direction]->data + at[event->direction] : NULL);
		at[event->direction] += (size_t)event->size;
	}
	for (enum direction d = UP; d <= DOWN; d++)
		g_clear_pointer(&held[d], g_byte_array_unref);
	g_clear_pointer(&events, g_array_unref);
}

/* leave_out_preamble - removes a preamble from both directions. */
static void leave_out_preamble(struct opening *opening, const struct preamble_found *found)
{
	size_t left[2] = { found->size[UP], found->size[DOWN] };
	bool damaged = false;
	for (guint i = 0; i < opening->events->len; i++) {
		struct opening_event *event = &g_array_index(opening->events, struct opening_event, i);
		size_t part = (size_t)MIN(event->size, left[event->direction]);
		event->size -= part;
		if (event->kind != EVENT_BYTES)
			opening->lost[event->direction] += part;
		damaged |= event->kind != EVENT_BYTES && part > 0 && event->direction == UP;
		left[event->direction] -= part;
	}
	for (enum direction d = UP; d <= DOWN; d++) {
		opening->left_out[d] += found->size[d];
		if (found->size[d] > 0)
			g_byte_array_remove_range(opening->held[d], 0, (guint)found->size[d]);
	}
	opening->preambles++;
	/* Whoever reads the outer one of two headers of the PROXY protocol believes that. */
	if (opening->proxy && opening->proxy->protocol <= FLOW_PROXY_PROXY_V2)
		return;
	if (!opening->proxy)
		opening->proxy = g_new(struct flow_proxy, 1);
	/* An incomplete preamble shows no addresses for certain. */
	*opening->proxy = damaged ? (struct flow_proxy){ .protocol = found->proxy.protocol } : found->proxy;
}

/* opening_evidence - collects what is held. */
static struct evidence opening_evidence(const struct opening *opening, bool waits)
{
	struct evidence evidence = {
		.waits = waits,
		.unanswered = opening->one_sided && opening->missing == DOWN,
		.events = opening->events,
		.left_out = opening->left_out[UP],
		.first_gap = UINT64_MAX,
	};
	bool seen[2] = { false, false };
	uint64_t end[2] = { 0, 0 };
	for (enum direction d = UP; d <= DOWN; d++)
		if (opening->held[d])
			evidence.bytes[d] = span_of(opening->held[d]->data, opening->held[d]->len);
	for (guint i = 0; i < opening->events->len; i++) {
		const struct opening_event *event = &g_array_index(opening->events, struct opening_event, i);
		const enum direction d = event->direction;
		if (event->size == 0)
			continue;
		if (d == UP && event->kind != EVENT_BYTES)
			evidence.first_gap = MIN(evidence.first_gap, end[d]);
		if (d == DOWN && !seen[d])
			evidence.acked = acked_after(opening, d, event->acked);
		seen[d] = true;
		end[d] += event->size;
		if (event->kind != EVENT_BYTES)
			evidence.gap[d] = end[d];
	}
	return evidence;
}

/* consider - decides what the first bytes are, if that is possible already. */
static void consider(struct opening *opening, bool waits)
{
	struct preamble_found found;
	while (opening->events && opening->preambles < PREAMBLES_MAX) {
		struct evidence evidence = opening_evidence(opening, waits);
		bool room = evidence.bytes[UP].size < OPENING_MAX && evidence.bytes[DOWN].size < OPENING_MAX;
		evidence.waits &= room;
		enum preamble_state state = judge_preamble(&evidence, &found);
		if (state == PREAMBLE_MORE && evidence.waits)
			return;
		if (state != PREAMBLE_WHOLE)
			break;
		leave_out_preamble(opening, &found);
	}
	pass_held(opening);
}

/* take_event - holds an event of the stream until it is known what the first bytes are. */
static void take_event(struct opening *opening, struct opening_event event, const uint8_t *data)
{
	const enum direction d = event.direction;
	if (!opening->events)
		opening->events = g_array_new(FALSE, FALSE, sizeof(struct opening_event));
	if (!opening->held[d])
		opening->held[d] = g_byte_array_new();
	g_array_append_val(opening->events, event);
	guint before = opening->held[d]->len;
	g_byte_array_set_size(opening->held[d], before + (guint)event.size);
	if (data)
		memcpy(opening->held[d]->data + before, data, (size_t)event.size);
	else if (event.size > 0)
		memset(opening->held[d]->data + before, 0, (size_t)event.size);
	consider(opening, event.kind != EVENT_FIN);
}

/* ---- the stream's sink ---- */

/* has_no_preamble - the usual case: the first octet shows that there is no preamble, and nothing is held. */
static bool has_no_preamble(const struct opening *opening, enum direction direction, const uint8_t *data, size_t size)
{
	struct flow_proxy proxy;
	size_t whole;
	if (opening->events)
		return false;
	return direction == DOWN || preamble_client(span_of(data, size), 0, &proxy, &whole) == PREAMBLE_NONE;
}

static void on_opening_bytes(void *user, enum direction direction, const uint8_t *data, size_t size, uint64_t acked)
{
	struct opening *opening = user;
	opening->passed = opening->passed || has_no_preamble(opening, direction, data, size);
	if (opening->passed)
		opening->sink->bytes(opening->user, direction, data, size, acked_after(opening, direction, acked));
	else
		take_event(opening, (struct opening_event){ EVENT_BYTES, direction, size, acked }, data);
}

static void on_opening_gap(void *user, enum direction direction, uint64_t size, bool given_up)
{
	struct opening *opening = user;
	const struct opening_event event = { given_up ? EVENT_GIVEN_UP : EVENT_GAP, direction, size, 0 };
	/* The server's first bytes are missing: it did not wait for a preamble. */
	if (!opening->passed && (size > PREAMBLE_MAX || (direction == DOWN && !opening->events)))
		pass_held(opening);
	if (opening->passed)
		pass_event(opening, &event, NULL);
	else
		take_event(opening, event, NULL);
}

static void on_opening_fin(void *user, enum direction direction)
{
	struct opening *opening = user;
	const struct opening_event event = { EVENT_FIN, direction, 0, 0 };
	if (opening->passed)
		pass_event(opening, &event, NULL);
	else
		take_event(opening, event, NULL);
}

static void on_opening_conflict(void *user, enum direction direction, uint64_t offset, struct span bytes)
{
	const struct opening *opening = user;
	uint64_t left_out = opening->left_out[direction];
	if (offset >= left_out)
		opening->sink->conflict(opening->user, direction, offset - left_out, bytes);
}

const struct stream_sink opening_sink = {
	.bytes = on_opening_bytes,
	.gap = on_opening_gap,
	.fin = on_opening_fin,
	.conflict = on_opening_conflict,
};

void opening_end(struct opening *opening)
{
	if (!opening->passed)
		consider(opening, false);
}
