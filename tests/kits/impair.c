/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * impair.c - see impair.h.
 */
#include "impair.h"

#include <string.h>

#define MSS 1448
#define ACK_EVERY 2         /* segments; out of order ones are acknowledged at once */
#define RETRANSMIT_AFTER 60 /* segments, at most, before a lost one is sent again */

/* A packet on the wire. */
struct impair_wire {
	enum direction direction;
	uint8_t flags;
	uint32_t offset; /* in the stream; of the SYN: 0 */
	uint32_t size;
	uint32_t acked;
	uint64_t place; /* sort key in the capture */
};

struct impair {
	struct impair_options options;
	uint64_t state;
	GPtrArray *sessions;
	GArray *segments;
	/* of the current session */
	struct impair_session *session;
	uint8_t *received[2];
	uint32_t contiguous[2];
};

uint32_t impair_random(struct impair *impair, uint32_t limit)
{
	/* splitmix64 */
	uint64_t z = impair->state += UINT64_C(0x9e3779b97f4a7c15);
	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return limit > 0 ? (uint32_t)((z ^ z >> 31) >> 32) % limit : 0;
}

static bool chance(struct impair *impair, unsigned per_thousand)
{
	return impair_random(impair, 1000) < per_thousand;
}

static int by_place(const void *a, const void *b)
{
	const struct impair_wire *x = a, *y = b;
	return (x->place > y->place) - (x->place < y->place);
}

/* ---- the wire ---- */

static void put(struct impair *impair, enum direction direction, uint8_t flags, uint32_t offset, uint32_t size)
{
	struct impair_wire packet = {
		.direction = direction,
		.flags = flags,
		.offset = offset,
		.size = size,
		.acked = impair->contiguous[direction_other(direction)],
	};
	g_array_append_val(impair->session->wire, packet);
}

/* cut - adds [from, to), divided into segments, to the packets, at a place. */
static void cut(struct impair *impair, GArray *sent, uint32_t from, uint32_t to, uint64_t place, bool lost)
{
	while (from < to) {
		uint32_t size = chance(impair, 800) ? MSS : 1 + impair_random(impair, MSS);
		struct impair_wire packet = {
			.offset = from, .size = MIN(size, to - from), .place = place, .flags = lost
		};
		g_array_append_val(sent, packet);
		from += packet.size;
	}
}

/* send - one side sends what was appended to its bytes since FROM; the other side acknowledges. */
static void send(struct impair *impair, enum direction direction, uint32_t from, uint32_t to)
{
	const struct impair_options *options = &impair->options;
	GArray *first = g_array_new(FALSE, FALSE, sizeof(struct impair_wire));
	GArray *sent = g_array_new(FALSE, FALSE, sizeof(struct impair_wire));

	/* Places count in bits below the segment's number, so that what is late comes after what is on time. */
	cut(impair, first, from, to, 0, false);
	for (guint i = 0; i < first->len; i++) {
		struct impair_wire packet = g_array_index(first, struct impair_wire, i);
		packet.place = (uint64_t)i << 8;
		if (chance(impair, options->retransmit)) {
			uint64_t again = (uint64_t)(i + 2 + impair_random(impair, RETRANSMIT_AFTER)) << 8 | 1;
			/* Lost before the capture saw it, or after that; the copy may hold some of what follows. */
			if (chance(impair, 500)) {
				packet.flags = 1;
				g_array_append_val(sent, packet);
			}
			uint32_t more = chance(impair, 500) ? impair_random(impair, MSS) : 0;
			cut(impair, sent, packet.offset, MIN(to, packet.offset + packet.size + more), again, false);
			continue;
		}
		if (chance(impair, options->reorder))
			packet.place +=
				(uint64_t)impair_random(impair, (uint32_t)(options->reorder_ahead / MSS) + 1) << 8 | 2;
		g_array_append_val(sent, packet);
	}
	g_array_sort(sent, by_place);

	unsigned waiting = 0;
	for (guint i = 0; i < sent->len; i++) {
		const struct impair_wire *packet = &g_array_index(sent, struct impair_wire, i);
		put(impair, direction, TCP_ACK, packet->offset, packet->size);
		if (packet->flags) /* lost after the capture */
			continue;
		memset(impair->received[direction] + packet->offset, 1, packet->size);
		bool in_order = packet->offset == impair->contiguous[direction];
		const uint8_t *hole = memchr(impair->received[direction] + impair->contiguous[direction], 0,
			impair->session->bytes[direction]->len + 1 - impair->contiguous[direction]);
		impair->contiguous[direction] = (uint32_t)(hole - impair->received[direction]);
		if (++waiting >= ACK_EVERY || !in_order) {
			put(impair, direction_other(direction), TCP_ACK, impair->contiguous[direction_other(direction)],
				0);
			waiting = 0;
		}
	}
	g_array_free(first, TRUE);
	g_array_free(sent, TRUE);
}

void impair_add(struct impair *impair, const struct impair_turn *turns, size_t count)
{
	struct impair_session *session = g_new0(struct impair_session, 1);
	impair->session = session;
	session->client_port = (uint16_t)(IMPAIR_PORT + impair->sessions->len);
	session->wire = g_array_new(FALSE, FALSE, sizeof(struct impair_wire));
	g_ptr_array_add(impair->sessions, session);
	for (enum direction d = UP; d <= DOWN; d++) {
		session->bytes[d] = g_byte_array_new();
		session->isn[d] =
			impair->options.wrap ? 0U - impair_random(impair, 20000) : impair_random(impair, UINT32_MAX);
		for (size_t i = 0; i < count; i++)
			if (turns[i].direction == d)
				g_byte_array_append(session->bytes[d], turns[i].data, (guint)turns[i].size);
		size_t size = session->bytes[d]->len + 1;
		session->captured[d] = g_malloc0(size);
		session->acked[d] = g_new0(uint32_t, size);
		impair->received[d] = g_malloc0(size); /* one more, which is never received */
		impair->contiguous[d] = 0;
	}

	put(impair, UP, TCP_SYN, 0, 0);
	put(impair, DOWN, TCP_SYN | TCP_ACK, 0, 0);
	put(impair, UP, TCP_ACK, 0, 0);
	uint32_t said[2] = { 0, 0 };
	for (size_t i = 0; i < count; i++) {
		enum direction d = turns[i].direction;
		send(impair, d, said[d], said[d] + (uint32_t)turns[i].size);
		said[d] += (uint32_t)turns[i].size;
	}
	put(impair, UP, TCP_FIN | TCP_ACK, said[UP], 0);
	impair->contiguous[UP]++;
	put(impair, DOWN, TCP_FIN | TCP_ACK, said[DOWN], 0);
	impair->contiguous[DOWN]++;
	put(impair, UP, TCP_ACK, said[UP] + 1, 0);
	g_free(impair->received[UP]);
	g_free(impair->received[DOWN]);
}

/* ---- the capture ---- */

/* damage - applies the faults of the capture to the packets of a connection. */
static GArray *damage(struct impair *impair, const GArray *wire)
{
	const struct impair_options *options = &impair->options;
	GArray *seen = g_array_new(FALSE, FALSE, sizeof(struct impair_wire));
	for (guint i = 0; i < wire->len; i++) {
		struct impair_wire packet = g_array_index(wire, struct impair_wire, i);
		if (i < options->drop_first || (packet.direction == UP ? options->no_up : options->no_down) ||
			chance(impair, options->lose))
			continue;
		for (unsigned copies = chance(impair, options->duplicate) ? 2 : 1; copies > 0; copies--) {
			packet.place = i + impair_random(impair, options->shuffle + 1);
			g_array_append_val(seen, packet);
		}
	}
	g_array_sort(seen, by_place);
	return seen;
}

/* record - adds a packet of a connection to the capture, and to the truth. */
static void record(struct impair *impair, struct impair_session *session, const struct impair_wire *packet)
{
	static const struct address ends[2][2] = {
		{ { 4, { 198, 18, 0, 1 } }, { 4, { 192, 0, 2, 25 } } },
		{ { 6, { 0x20, 1, 0xd, 0xb8, [15] = 1 } }, { 6, { 0x20, 1, 0xd, 0xb8, [15] = 25 } } },
	};
	enum direction d = packet->direction, other = direction_other(d);
	const struct address *address = ends[impair->options.ipv6];
	bool syn = (packet->flags & TCP_SYN) != 0;
	uint64_t number = impair->segments->len + 1;
	struct segment segment = {
		.at = { .packet = number, .time = (int64_t)number * 100000 },
		.source = address[d == UP ? 0 : 1],
		.destination = address[d == UP ? 1 : 0],
		.source_port = d == UP ? session->client_port : 25,
		.destination_port = d == UP ? 25 : session->client_port,
		.seq = session->isn[d] + !syn + packet->offset,
		.ack = packet->flags & TCP_ACK ? session->isn[other] + 1 + packet->acked : 0,
		.flags = packet->flags,
		.wire_size = 54 + packet->size,
		.length = packet->size,
		.captured = packet->size,
		.payload = session->bytes[d]->data + packet->offset,
	};
	g_array_append_val(impair->segments, segment);
	session->syn_captured[d] |= syn;
	session->fin_captured[d] |= (packet->flags & TCP_FIN) != 0;
	for (uint32_t i = packet->offset; i < packet->offset + packet->size; i++) {
		if (!session->captured[d][i])
			session->acked[d][i] = packet->acked;
		session->captured[d][i] = 1;
	}
}

const GArray *impair_record(struct impair *impair)
{
	guint count = impair->sessions->len, left = 0;
	GArray **seen = g_new(GArray *, count);
	guint *next = g_new0(guint, count);
	for (guint i = 0; i < count; i++) {
		const struct impair_session *session = impair->sessions->pdata[i];
		seen[i] = damage(impair, session->wire);
		left += seen[i]->len;
	}
	while (left > 0) {
		guint i = impair_random(impair, count);
		/* Interleaves connections: a few packets of one, then of another. */
		for (unsigned run = 1 + impair_random(impair, 8); run > 0 && next[i] < seen[i]->len; run--, left--)
			record(impair, impair->sessions->pdata[i],
				&g_array_index(seen[i], struct impair_wire, next[i]++));
	}
	for (guint i = 0; i < count; i++)
		g_array_free(seen[i], TRUE);
	g_free(seen);
	g_free(next);
	return impair->segments;
}

/* ---- creating and freeing ---- */

struct impair *impair_new(const struct impair_options *options)
{
	struct impair *impair = g_new0(struct impair, 1);
	impair->options = *options;
	impair->state = options->seed;
	impair->sessions = g_ptr_array_new();
	impair->segments = g_array_new(FALSE, FALSE, sizeof(struct segment));
	return impair;
}

const GPtrArray *impair_sessions(const struct impair *impair)
{
	return impair->sessions;
}

void impair_free(struct impair *impair)
{
	for (guint i = 0; i < impair->sessions->len; i++) {
		struct impair_session *session = impair->sessions->pdata[i];
		for (enum direction d = UP; d <= DOWN; d++) {
			g_byte_array_free(session->bytes[d], TRUE);
			g_free(session->captured[d]);
			g_free(session->acked[d]);
		}
		g_array_free(session->wire, TRUE);
		g_free(session);
	}
	g_ptr_array_free(impair->sessions, TRUE);
	g_array_free(impair->segments, TRUE);
	g_free(impair);
}
