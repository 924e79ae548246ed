/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * session.c - feeds the bytes of both directions to the machine. Contract: session.h.
 *
 * The bytes of each direction wait in its inbox until the state has a grammar for them. Bytes that wait where the state
 * has none are checked: the acknowledgement of their sender shows whether they were really sent early, or only captured
 * in another order. When commands of more than SESSION_PENDING_BYTES wait, the replies before them are assumed; of more
 * than twice as much, all waiting bytes are given up.
 */
#include "session.h"

#include <string.h>

#include "flow.h"
#include "next.h"
#include "private.h"

#define RECIPIENT_OVERHEAD 256 /* octets of memory per recipient besides its text */

/* ---- the loop ---- */

/* give_up_waiting - too much waits in this direction: replaces it by a gap, and reports that. */
RARE static void give_up_waiting(struct session *s, enum direction d)
{
	uint64_t octets = inbox_give_up(&s->in[d]);
	s->summary.lost_bytes += octets;
	s->summary.given_up_bytes += octets;
	s->message.direction = d;
	if (!s->overflow.reported)
		session_alert(s, ALERT_pending_overflow, SEVERITY_MEDIUM, span_of(NULL, 0), -1,
			"more than %d octets of the %s wait for the other side, and are not read",
			2 * SESSION_PENDING_BYTES, d == UP ? "client" : "server");
	s->overflow.reported = true;
}

static void run_machine(struct session *s)
{
	struct event event;
	s->checkpoint.events = 0;
	while (next_event(s, &event))
		machine_fire(&s->machine, event, s);
	s->overflow.assuming = false;
	reply_detach(&s->reply);
	for (enum direction d = UP; d <= DOWN; d++) {
		inbox_detach(&s->in[d]);
		if (s->dropped)
			inbox_drop(&s->in[d]);
		else if (s->in[d].size > 2 * SESSION_PENDING_BYTES)
			give_up_waiting(s, d);
	}
}

/* ---- the functions of session.h ---- */

struct session *session_new(const struct session_options *options, const struct session_sink *sink, void *context)
{
	struct session *s = g_new(struct session, 1);
	memset(s, 0, offsetof(struct session, greeting.first));
	s->options = *options;
	s->sink = sink;
	s->context = context;
	machine_init(&s->machine, options->rows ? options->rows : machine_usual_rows(), options->strict,
		options->implicit_tls ? STATE_tls : STATE_session_initiation);
	s->greeting.early_pipeline = options->early_pipeline;
	s->losses.partial[UP] = s->losses.partial[DOWN] = options->midstream;
	s->greeting.assumed = options->midstream;
	inbox_init(&s->in[UP]);
	inbox_init(&s->in[DOWN]);
	awaited_text(&s->awaited, no_text, no_text);
	s->summary.extensions = &s->greeting.extensions;
	forget_extensions(s);
	s->summary.midstream = options->midstream;
	s->summary.one_sided = options->one_sided;
	return s;
}

void session_bytes(struct session *s, enum direction direction, struct span bytes, uint64_t acked)
{
	direction = session_side(s, direction);
	inbox_feed(&s->in[direction], bytes, s->tls.inside[direction_other(direction)] + acked);
	run_machine(s);
}

void session_gap(struct session *s, enum direction direction, uint64_t size)
{
	if (size == 0)
		return;
	s->summary.lost_bytes += size;
	inbox_feed_gap(&s->in[session_side(s, direction)], size);
	run_machine(s);
}

void session_fin(struct session *s, enum direction direction)
{
	direction = session_side(s, direction);
	if (direction == UP && !s->in[UP].fin)
		s->content.before_close = s->in[DOWN].received;
	s->in[direction].fin = true;
	run_machine(s);
}

void session_decrypted(struct session *s)
{
	s->tls.inside[UP] = s->in[UP].received;
	s->tls.inside[DOWN] = s->in[DOWN].received;
	s->in[UP].fin = s->in[DOWN].fin = false; /* decrypted bytes may come after the FIN of the encrypted stream */
	s->tls.decrypted = true;
	run_machine(s);
}

size_t session_memory(const struct session *s)
{
	size_t size = sizeof *s + (s->content.odd_end.active ? s->content.odd_end.content->len : 0);
	for (size_t i = 0; i < s->reply.copied; i++)
		size += s->reply.lines[i].line.size;
	for (enum direction d = UP; d <= DOWN; d++)
		size += s->in[d].room + s->in[d].run_room * sizeof(struct inbox_run);
	if (s->mails.open)
		size += s->mails.open->recipient_octets + s->mails.open->recipients->len * RECIPIENT_OVERHEAD;
	return size;
}

void session_one_sided(struct session *s, enum direction missing)
{
	s->options.one_sided = s->summary.one_sided = true;
	s->options.missing = missing;
	run_machine(s);
}

void session_drop(struct session *s)
{
	s->drop_asked = true;
}

/* end_stage - the stage of a transaction that the end of the connection ends. */
static enum stage end_stage(enum session_end why)
{
	static const enum stage stages[] = {
		[SESSION_END_CLOSED] = STAGE_CLOSED,
		[SESSION_END_RESET] = STAGE_RESET,
		[SESSION_END_TIMEOUT] = STAGE_TIMEOUT,
		[SESSION_END_CAPTURE] = STAGE_CAPTURE_END,
	};
	return stages[why];
}

void session_end(struct session *s, enum session_end why)
{
	if (!s->in[UP].fin)
		s->content.before_close = s->in[DOWN].received;
	s->ended = s->in[UP].over = s->in[DOWN].over = true;
	s->in[UP].cut = s->in[DOWN].cut = why == SESSION_END_CAPTURE;
	run_machine(s);
	end_auth(s);
	greeting_unanswered(s);
	transaction_mail_unanswered(s);
	transaction_rcpt_unanswered(s);
	transaction_close(s, end_stage(why));
	s->summary.state = session_state(s);
}

const struct session_summary *session_summary(const struct session *s)
{
	return &s->summary;
}

uint64_t session_given_up(const struct session_summary *summary, const struct flow *flow)
{
	uint64_t given_up = flow->side[UP].given_up_bytes + flow->side[DOWN].given_up_bytes + summary->given_up_bytes;
	return MIN(given_up, summary->lost_bytes); /* the connection counts what the session never asked for, too */
}

void session_free(struct session *s)
{
	if (!s)
		return;
	transaction_free(s->mails.open);
	transaction_free(s->awaited.candidate);
	auth_free(s->auth);
	inbox_clear(&s->in[UP]);
	inbox_clear(&s->in[DOWN]);
	reply_clear(&s->reply);
	odd_end_clear(&s->content.odd_end);
	g_free(s->awaited.text);
	g_free(s->greeting.turned_away);
	g_free(s->greeting.name);
	g_free(s->summary.banner);
	g_free(s->summary.helo);
	forget_extensions(s);
	g_free(s);
}
