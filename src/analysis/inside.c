/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * inside.c - TLS in a conversation: passes octets to the tls stage, and what it decrypts to the session.
 */
#include "private.h"

#include <string.h>

/* Something decrypted that waits until the session has returned from its call. */
struct inside {
	enum { INSIDE_BYTES, INSIDE_GAP, INSIDE_CLOSE } kind;
	enum direction direction;
	uint64_t acked; /* as in session_bytes */
	uint64_t size;
	uint8_t octets[];
};

void inside_write(struct conversation *c)
{
	struct place place = place_of(c, -1);
	const struct tls_info *info = tls_info(c->tls);
	if (!c->tls_written) {
		detector_tls(c->detector, place.at, info);
		rules_tls(c->rules, info);
	}
	c->tls_written = true;
	output_tls(c->shared->output, &place, info);
}

/* inside_note - writes the tls record when all its fields are known. */
void inside_note(struct conversation *c)
{
	if (tls_ready(c->tls))
		inside_write(c);
}

/* wait_inside - queues it, because the session is in a call to this file. */
static void wait_inside(struct conversation *c, const struct inside *head, struct span bytes)
{
	struct inside *inside = g_malloc(sizeof *inside + bytes.size);
	*inside = *head;
	if (bytes.size > 0)
		memcpy(inside->octets, bytes.data, bytes.size);
	if (!c->waiting)
		c->waiting = g_queue_new();
	g_queue_push_tail(c->waiting, inside);
}

static void on_inside_bytes(void *context, enum direction direction, struct span bytes, uint64_t acked)
{
	struct conversation *c = context;
	if (!c->within) {
		wait_inside(c, &(struct inside){ INSIDE_BYTES, direction, acked, bytes.size }, bytes);
		return;
	}
	inside_note(c);
	if (direction == UP)
		detector_client_bytes(c->detector, bytes);
	session_bytes(c->session, direction, bytes, acked);
}

static void on_inside_gap(void *context, enum direction direction, uint64_t size)
{
	struct conversation *c = context;
	if (c->within)
		session_gap(c->session, direction, size);
	else
		wait_inside(c, &(struct inside){ INSIDE_GAP, direction, 0, size }, span_of(NULL, 0));
}

static void on_inside_close(void *context, enum direction direction)
{
	struct conversation *c = context;
	if (c->within)
		session_fin(c->session, direction);
	else
		wait_inside(c, &(struct inside){ INSIDE_CLOSE, direction, 0, 0 }, span_of(NULL, 0));
}

static const struct tls_sink inside_sink = {
	.bytes = on_inside_bytes,
	.gap = on_inside_gap,
	.close = on_inside_close,
};

/* inside_deliver - passes queued events to the session, which gets only decrypted octets from here on. */
void inside_deliver(struct conversation *c)
{
	struct inside *inside;
	if (!c->waiting)
		return;
	c->within = true;
	session_decrypted(c->session);
	while ((inside = g_queue_pop_head(c->waiting))) {
		if (inside->kind == INSIDE_BYTES)
			on_inside_bytes(c, inside->direction, span_of(inside->octets, inside->size), inside->acked);
		else if (inside->kind == INSIDE_GAP)
			on_inside_gap(c, inside->direction, inside->size);
		else
			on_inside_close(c, inside->direction);
		g_free(inside);
	}
	g_clear_pointer(&c->waiting, g_queue_free);
	for (enum direction d = UP; d <= DOWN; d++)
		if (c->fin[d])
			session_fin(c->session, d);
}

void inside_begin(void *context, bool implicit)
{
	struct conversation *c = context;
	tls_free(c->tls);
	c->tls = tls_new(c->shared->keys, &inside_sink, c, flow_share(&c->flow->client, &c->flow->server, UINT32_MAX));
	c->tls_written = false;
}

/* inside_record - octets of TLS. TLS inside TLS is not parsed. */
void inside_record(void *context, enum direction direction, struct span bytes, uint64_t offset, uint64_t acked)
{
	struct conversation *c = context;
	if (!c->within && tls_bytes(c->tls, direction, bytes, offset, acked))
		inside_note(c);
}

void inside_gap(void *context, enum direction direction, uint64_t size)
{
	struct conversation *c = context;
	if (c->within)
		return;
	tls_gap(c->tls, direction, size);
	inside_note(c);
}
