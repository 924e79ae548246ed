/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * early.c - bytes that wait where the state has no grammar for them: were they really sent early, or only captured in
 * another order?
 *
 * Bytes are early only when both the order of the capture and the acknowledgement of their sender say so. Bytes at one
 * offset are checked once; when more bytes of the other side can change the result, once for each time that more
 * come.
 */
#include <string.h>

#include "next.h"
#include "private.h"
#include "rows.h"

#define TLS_ENOUGH 6          /* octets of a record that show whether it is a ClientHello */
#define MIDSTREAM_WAITS 65536 /* octets of a client that are kept until the server sends something */

/* judged_before - were the bytes at this offset checked already? again: not if more bytes came since. Remembers the
 * check. */
static bool judged_before(struct session *s, enum direction d, bool again)
{
	const struct inbox *own = &s->in[d], *other = &s->in[direction_other(d)];
	struct judged before = s->judged[d];
	s->judged[d] = (struct judged){
		.set = true,
		.terminal = machine_states[s->machine.state].terminal,
		.acked = inbox_acked(own, own->offset),
		.closed = inbox_closed(other),
		.offset = own->offset,
		.received = own->received,
		.other_taken = other->offset,
		.other_received = other->received,
	};
	const struct judged *now = &s->judged[d];
	bool more = before.received != now->received || before.other_taken != now->other_taken ||
		    before.other_received != now->other_received || before.closed != now->closed;
	return before.set && before.offset == now->offset && !(again && more);
}

/* is_judged - were the bytes at the current offset checked already? */
static bool is_judged(const struct session *s, enum direction d)
{
	return s->judged[d].set && s->judged[d].offset == s->in[d].offset;
}

/* same_cause - do these bytes follow others that were already checked, with the same result: sent with the same
 * acknowledgement, or in a terminal state? */
static bool same_cause(const struct session *s)
{
	const struct inbox *up = &s->in[UP];
	const struct judged *before = &s->judged[UP];
	return before->set && (before->terminal || before->acked == inbox_acked(up, up->offset));
}

/* client_bytes - the event for client bytes where the state has no grammar for them. */
static enum next client_bytes(struct session *s, struct event *event, struct span bytes)
{
	s->message.acked = inbox_acked(&s->in[UP], s->in[UP].offset);
	s->message.offending = bytes;
	return next_is(s, event, EVENT_missing_grammar, UP);
}

bool may_say_less(const struct session *s)
{
	return s->awaited.lost || s->awaited.noise_end > 0 || (s->awaited.end_of_data && s->awaited.replies_seen > 0);
}

/* count_waiting - counts the commands that wait for replies, when there may be too many (the limit is ours: RFC 2920
 * has none). */
static void count_waiting(struct session *s)
{
	struct inbox *up = &s->in[UP];
	struct span bytes = inbox_bytes(up);
	if (bytes.size < SESSION_PENDING_COMMANDS * 5)
		return;
	if (s->overflow.counted < up->offset) {
		s->overflow.counted = up->offset;
		s->overflow.commands = 0;
	}
	size_t at = s->overflow.counted - up->offset, used;
	struct command command;
	while (at < bytes.size && inbox_command(up, at, false, &command, &used) != PARSE_MORE) {
		s->overflow.commands += command.verb != VERB_UNKNOWN;
		at += used;
	}
	s->overflow.counted = up->offset + at;
}

bool too_much_waits(const struct session *s)
{
	return s->overflow.commands > SESSION_PENDING_COMMANDS || inbox_bytes(&s->in[UP]).size > SESSION_PENDING_BYTES;
}

/* overflow - too much waits for a reply: reports it, then assumes the usual replies. */
static enum next overflow(struct session *s, struct event *event)
{
	count_waiting(s);
	if (!too_much_waits(s))
		return NEXT_WAIT;
	if (!s->overflow.reported)
		return client_bytes(s, event, inbox_bytes(&s->in[UP]));
	if (s->overflow.assuming || inbox_bytes(&s->in[UP]).size <= SESSION_PENDING_BYTES)
		return NEXT_WAIT;
	s->overflow.assuming = true;
	return NEXT_AGAIN;
}

/* banner_may_come - the session began before the capture, and these bytes are neither a command nor TLS: the server's
 * next bytes show whether they are content, or noise before the banner. */
static bool banner_may_come(const struct session *s, struct span bytes)
{
	unsigned code;
	size_t size;
	if (!s->options.midstream || awaits_reply(s) || s->ended || bytes.size > MIDSTREAM_WAITS ||
		grammar_known_command(bytes) || is_tls_record(bytes))
		return false;
	enum parse_result result = reply_peek(&s->in[DOWN], 0, &code, &size);
	return result == PARSE_MORE || (result == PARSE_DONE && code == 220);
}

enum next early_midstream(struct session *s, struct event *event)
{
	unsigned code;
	size_t size;
	bool other = s->options.midstream && reply_peek(&s->in[DOWN], 0, &code, &size) == PARSE_DONE && code != 220;
	return other && inbox_bytes(&s->in[UP]).size > 0 && !is_judged(s, UP) ? early_up(s, event) : NEXT_WAIT;
}

enum next early_up(struct session *s, struct event *event)
{
	struct inbox *up = &s->in[UP];
	struct span bytes = inbox_bytes(up);
	const struct state_info *state = &machine_states[s->machine.state];
	bool replies = state->grammar[DOWN] == GRAMMAR_RESPONSES;
	if (bytes.size == 0)
		return inbox_gap_size(up) > 0 && !replies ? next_is(s, event, EVENT_gap, UP) : NEXT_WAIT;
	/* The result can change when a reply does not come. */
	bool again = replies && (may_say_less(s) || unheard(s));
	if (state->terminal && same_cause(s)) {
		inbox_consume(up, inbox_run(up).size);
		return NEXT_AGAIN;
	}
	if (is_judged(s, UP) && !again)
		return replies && awaits_reply(s) ? overflow(s, event) : NEXT_WAIT;
	if (inbox_acked(up, up->offset) > s->in[DOWN].received)
		return NEXT_WAIT;
	if (replies && banner_may_come(s, bytes))
		return NEXT_WAIT;
	s->message.again = is_judged(s, UP);
	bool unseen = s->options.midstream || s->losses.replies;
	bool tls = is_client_hello(bytes) || (unseen && is_tls_record(bytes) && bytes.size >= TLS_ENOUGH);
	if ((!whole_line(s, UP, bytes) && !tls) || judged_before(s, UP, again))
		return NEXT_WAIT;
	return client_bytes(s, event, bytes);
}

/* broken_off - did the content end without the end of data? That event comes before the reply to it. */
static bool broken_off(const struct session *s)
{
	const struct content *c = &s->content;
	bool data = machine_states[s->machine.state].grammar[UP] == GRAMMAR_DATA;
	return data && inbox_closed(&s->in[UP]) && inbox_empty(&s->in[UP]) && !c->odd_end.active && !c->has_gap;
}

enum next early_down(struct session *s, struct event *event)
{
	struct inbox *down = &s->in[DOWN];
	struct span bytes = inbox_bytes(down);
	size_t size;
	/* A command that waits comes first: its reply may be in the gap. */
	bool first =
		machine_states[s->machine.state].grammar[UP] == GRAMMAR_COMMAND && inbox_bytes(&s->in[UP]).size > 0;
	if (bytes.size == 0)
		return inbox_gap_size(down) > 0 && down->received > down->offset + inbox_gap_size(down) && !first
			       ? next_is(s, event, EVENT_gap, DOWN)
			       : NEXT_WAIT;
	/* Content that still arrives can change the meaning of a reply. */
	bool chunk = s->content.chunk.left > 0 && s->in[UP].offset == s->content.chunk.start;
	bool again = chunk || s->content.odd_end.active || (s->content.open && s->content.has_gap);
	/* After an odd end, and the end of data or a gap, the server may have received more. */
	const struct odd_end *odd = &s->content.odd_end;
	bool odd_waits = odd->ended || (odd->active && inbox_gap_size(&s->in[UP]) > 0);
	bool ahead = inbox_acked(down, down->offset) > s->in[UP].offset && !odd_waits;
	if ((is_judged(s, DOWN) && !again) || ahead || broken_off(s) || odd->over ||
		(odd_waits && !odd_end_answered(s)))
		return NEXT_WAIT;
	reply_reset(&s->reply);
	if ((!server_begins_tls(s) && reply_peek(&s->in[DOWN], 0, &s->reply.code, &size) == PARSE_MORE) ||
		judged_before(s, DOWN, again))
		return NEXT_WAIT;
	s->message.offending = bytes;
	return next_is(s, event, EVENT_missing_grammar, DOWN);
}

enum next early_beside_reply(struct session *s, struct event *event)
{
	struct inbox *up = &s->in[UP];
	struct span bytes = inbox_bytes(up);
	unsigned code;
	size_t size;
	const struct inbox *down = &s->in[DOWN];
	if (is_judged(s, UP) || bytes.size == 0 || !whole_line(s, UP, bytes) ||
		reply_peek(down, 0, &code, &size) != PARSE_DONE || inbox_acked(up, up->offset) >= down->offset + size)
		return NEXT_WAIT;
	if (inbox_acked(down, down->offset) < s->awaited.end) /* the reply was sent before the command arrived */
		return NEXT_WAIT;
	judged_before(s, UP, false);
	s->message.again = false;
	return client_bytes(s, event, bytes);
}
