/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * conversation.c - see conversation.h. Handles the events of the flow: octets go to the session, or to TLS when the
 * session gets what TLS decrypts.
 */
#include "private.h"

#include <string.h>

#define OVERHEAD 4096       /* approximate memory of the rest: detector and many small strings */
#define SECRET_ABOUT 256    /* approximate octets of a credential that was seen */
#define RULE_ALERT_ABOUT 96 /* approximate octets of an alert id that a rule made, and its count */

static void *on_begin(void *context, const struct flow *flow)
{
	struct analysis_context *shared = context;
	struct conversation *c = g_new0(struct conversation, 1);
	const struct session_options options = {
		.strict = shared->options->strict,
		.midstream = flow->midstream || flow->start_unknown,
		.implicit_tls = flow->tls_port,
		.early_pipeline = detectors_early_pipeline(shared->detectors, &flow->client, &flow->server),
		.one_sided = flow->one_sided,
		.missing = flow->missing,
	};
	c->shared = shared;
	c->flow = flow;
	c->one_sided = flow->one_sided;
	c->detector = detector_new(shared->detectors, flow, conversation_alert, c);
	c->session = session_new(&options, &conversation_session_sink, c);
	if (shared->options->rules)
		c->rules = rules_session_new(shared->options->rules, flow, c->session, &conversation_rules_sink, c);
	return c;
}

/* notice_one_sided - the flow may find out later that no packet of one direction will come. */
static void notice_one_sided(struct conversation *c)
{
	if (!c->flow->one_sided || c->one_sided)
		return;
	c->one_sided = true;
	session_one_sided(c->session, c->flow->missing);
}

static void on_flow_bytes(void *user, enum direction direction, const uint8_t *data, size_t size, uint64_t acked)
{
	struct conversation *c = user;
	const struct span bytes = { data, size };
	notice_one_sided(c);
	if (c->within) {
		c->offset[direction] += size;
		tls_bytes(c->tls, direction, bytes, c->offset[direction] - size, acked);
		inside_note(c);
		return;
	}
	if (direction == UP)
		detector_client_bytes(c->detector, bytes);
	c->offset[direction] += size;
	session_bytes(c->session, direction, bytes, acked);
	inside_deliver(c);
}

static void on_flow_gap(void *user, enum direction direction, uint64_t size, bool given_up)
{
	struct conversation *c = user;
	notice_one_sided(c);
	detector_gap(c->detector, direction, c->offset[direction], size, given_up);
	c->offset[direction] += size;
	if (c->within) {
		tls_gap(c->tls, direction, size);
		inside_note(c);
		return;
	}
	session_gap(c->session, direction, size);
	inside_deliver(c);
}

static void on_flow_fin(void *user, enum direction direction)
{
	struct conversation *c = user;
	notice_one_sided(c);
	if (c->tls)
		tls_fin(c->tls, direction);
	inside_deliver(c);
	c->fin[direction] = true;
	session_fin(c->session, direction);
	inside_deliver(c);
}

static void on_trouble(void *user, enum flow_trouble what, enum direction direction, uint64_t offset, struct span bytes)
{
	struct conversation *c = user;
	detector_trouble(c->detector, what, direction, offset, bytes);
}

/* on_memory - approximate octets held by the conversation. */
static size_t on_memory(void *user)
{
	const struct conversation *c = user;
	return OVERHEAD + session_memory(c->session) + rules_memory(c->rules) + (c->mail ? mail_memory(c->mail) : 0) +
	       (c->tls ? tls_memory(c->tls) : 0) + (c->secrets.seen ? c->secrets.seen->len * SECRET_ABOUT : 0) +
	       (c->rule_alerts ? g_hash_table_size(c->rule_alerts) * RULE_ALERT_ABOUT : 0);
}

static void conversation_free(struct conversation *c)
{
	rules_session_free(c->rules);
	session_free(c->session);
	detector_free(c->detector);
	eve_md5_free(c->md5);
	tls_free(c->tls);
	secrets_clear(&c->secrets);
	if (c->waiting)
		g_queue_free_full(c->waiting, g_free);
	g_free(c->alerts);
	g_clear_pointer(&c->rule_alerts, g_hash_table_destroy);
	g_free(c);
}

static void on_flow_end(void *user, const struct flow *flow)
{
	static const enum session_end ends[] = {
		[FLOW_END_FIN] = SESSION_END_CLOSED,
		[FLOW_END_RST] = SESSION_END_RESET,
		[FLOW_END_TIMEOUT] = SESSION_END_TIMEOUT,
		[FLOW_END_EVICTED] = SESSION_END_TIMEOUT,
		[FLOW_END_REUSED] = SESSION_END_TIMEOUT,
		[FLOW_END_INPUT] = SESSION_END_CAPTURE,
	};
	static const uint64_t none[ALERT_COUNT];
	struct conversation *c = user;
	if (c->shared->ending) /* writes the records of earlier flows, so that few are held */
		output_flow_done(c->shared->output, flow->id);
	notice_one_sided(c);
	if (c->tls) {
		tls_fin(c->tls, UP);
		tls_fin(c->tls, DOWN);
		inside_deliver(c);
		inside_note(c);
	}
	session_end(c->session, ends[flow->why]);
	if (c->tls && !c->tls_written && tls_info(c->tls)->bytes[UP] + tls_info(c->tls)->bytes[DOWN] > 0)
		inside_write(c);
	detector_end(c->detector, flow);
	c->shared->given_up_bytes += session_summary(c->session)->given_up_bytes;
	rules_end(c->rules, session_summary(c->session));
	struct place place = place_of(c, -1);
	output_flow(c->shared->output, &place, session_summary(c->session), c->alerts ? c->alerts : none,
		c->rule_alerts, rules_tags(c->rules));
	if (c->shared->ending)
		output_flow_done(c->shared->output, flow->id);
	conversation_free(c);
}

const struct flow_sink conversation_flow_sink = {
	.begin = on_begin,
	.bytes = on_flow_bytes,
	.gap = on_flow_gap,
	.fin = on_flow_fin,
	.trouble = on_trouble,
	.memory = on_memory,
	.end = on_flow_end,
};
