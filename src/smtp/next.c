/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * next.c - what happens next: looks at the state, at what waits in both directions and at the acknowledgements, takes
 * one message of the expected grammar out of an inbox, and returns its event.
 *
 * Top to bottom: commands, credentials, content, chunks, replies, TLS, and the order in which these are asked. Bytes
 * that the state has no grammar for are in early.c, holes among the replies in holes.c. Nothing here acts: what an
 * event does is a row of the table.
 */
#include "next.h"

#include <string.h>

#include "private.h"

#define EVENTS_IN_PLACE 16 /* events between which it must have moved on: no row of the table needs more */

/* at_hole - the parser wants more, and what follows is a hole: the rest of the line is lost. */
static enum look at_hole(struct inbox *inbox)
{
	if (!inbox_hole_ahead(inbox))
		return LOOK_NOTHING;
	inbox_consume(inbox, inbox_bytes(inbox).size);
	return inbox_hole(inbox) > 0 ? LOOK_AGAIN : LOOK_NOTHING;
}

/* hole_next - a gap when a hole stands at the present place. */
static enum look hole_next(struct session *s, struct event *event, enum direction d)
{
	return inbox_hole(&s->in[d]) > 0 ? next_is(s, event, EVENT_gap, d) : LOOK_NOTHING;
}

/* lost_replies_come - behind a hole among the commands: the replies to what was lost are not here yet, or wait. */
static bool lost_replies_come(const struct session *s)
{
	const struct inbox *up = &s->in[UP];
	return s->losses.end > 0 && !s->ended && up->offset == s->losses.end &&
	       inbox_acked(up, up->offset) > s->in[DOWN].received;
}

static enum look next_command(struct session *s, struct event *event)
{
	struct inbox *up = &s->in[UP];
	struct span bytes = inbox_bytes(up);
	size_t used;
	if (is_client_hello(bytes)) {
		s->message.command = (struct command){ .line = bytes };
		return next_is(s, event, EVENT_parse_error, UP);
	}
	if (bytes.size == 0 || lost_replies_come(s))
		return hole_next(s, event, UP);
	enum parse_result result = grammar_command(bytes, inbox_closed(&s->in[UP]), &s->message.command, &used);
	if (result == PARSE_MORE)
		return at_hole(up);
	s->message.acked = inbox_acked(up, up->offset);
	bool valid = result == PARSE_DONE;
	s->message.offending = s->message.command.line;
	bool partial = s->losses.partial[UP] && (!valid || s->message.command.verb == VERB_UNKNOWN);
	/* What a client sent before it had seen any of the server is noise in front of the banner. */
	s->losses.partial[UP] = partial && s->options.midstream && s->message.acked == 0;
	inbox_consume(up, used);
	if (partial)
		return LOOK_AGAIN;
	return next_is(s, event, valid ? EVENT_up : EVENT_parse_error, UP);
}

static enum look next_credentials(struct session *s, struct event *event)
{
	struct inbox *up = &s->in[UP];
	struct span bytes = inbox_bytes(up);
	if (bytes.size == 0)
		return hole_next(s, event, UP);
	const uint8_t *lf = memchr(bytes.data, '\n', bytes.size);
	if (!lf && !inbox_closed(&s->in[UP]))
		return at_hole(up);
	size_t used = lf ? (size_t)(lf - bytes.data) + 1 : bytes.size, text = lf ? used - 1 : used;
	bool crlf = lf && text > 0 && bytes.data[text - 1] == '\r';
	s->message.command = (struct command){
		.argument = { bytes.data, text - crlf },
		.line = { bytes.data, MIN(used, GRAMMAR_LINE_MAX) },
		.length = used,
		.end = !lf    ? LINE_END_NONE
		       : crlf ? LINE_END_CRLF
			      : LINE_END_LF,
	};
	s->message.acked = inbox_acked(up, up->offset);
	inbox_consume(up, used);
	return next_is(s, event, EVENT_up, UP);
}

/* scan_content - one step of the scanner: a piece of content, the end of it, or what looks like one. */
static enum look scan_content(struct session *s, struct event *event, struct span bytes)
{
	size_t used;
	s->message.piece = (struct span){ NULL, 0 };
	s->message.scanned = grammar_data(&s->content.scanner, bytes, &s->message.piece, &used);
	inbox_consume(&s->in[UP], used);
	if (s->message.scanned == DATA_END && s->content.odd_end.active) {
		s->content.odd_end.ended = true;
		s->content.odd_end.end = s->in[UP].offset;
		return LOOK_AGAIN;
	}
	if (s->message.scanned != DATA_MORE)
		return next_is(s, event, EVENT_up, UP);
	return inbox_bytes(&s->in[UP]).size == 0 && inbox_hole(&s->in[UP]) == 0 ? LOOK_NOTHING : LOOK_AGAIN;
}

static enum look next_data(struct session *s, struct event *event)
{
	struct inbox *up = &s->in[UP];
	struct span bytes = inbox_bytes(up);
	enum odd_end_step odd = s->content.odd_end.active
					? odd_end_next(s, bytes, inbox_closed(&s->in[UP]) || inbox_hole_ahead(up))
					: ODD_END_SCAN;
	if (odd == ODD_END_WAIT)
		return LOOK_NOTHING;
	if (odd == ODD_END_PASSED || s->content.odd_end.over) {
		s->content.odd_end.passed = odd == ODD_END_PASSED;
		s->content.odd_end.over = false;
		s->message.piece = no_text;
		s->message.scanned = s->content.odd_end.passed ? DATA_MORE : DATA_END;
		return next_is(s, event, EVENT_up, UP);
	}
	if (bytes.size == 0 && inbox_hole(up) > 0)
		return next_is(s, event, EVENT_gap, UP);
	if (bytes.size == 0) {
		s->message.offending = bytes;
		return inbox_closed(&s->in[UP]) ? next_is(s, event, EVENT_parse_error, UP) : LOOK_NOTHING;
	}
	if (knows_reply_in_hole(s)) {
		if (!whole_line(s, UP, bytes) && !inbox_hole_ahead(up))
			return LOOK_NOTHING;
		if (known_command(bytes))
			return next_is(s, event, EVENT_gap, DOWN);
	}
	return scan_content(s, event, bytes);
}

/* refusal_may_come - the client had seen more when it sent what stands where the chunk begins: the chunk may be
 * refused, and this a command. */
static bool refusal_may_come(const struct session *s, struct span bytes)
{
	const struct inbox *up = &s->in[UP], *down = &s->in[DOWN];
	bool knows_more = inbox_acked(up, up->offset) > down->offset;
	bool there = down->received >= inbox_acked(up, up->offset) || s->ended || inbox_hole_ahead(down);
	return knows_more && (!there || !whole_line(s, UP, bytes)) && bytes.size < s->content.chunk.left;
}

static enum look next_chunk(struct session *s, struct event *event)
{
	struct inbox *up = &s->in[UP];
	struct span bytes = inbox_bytes(up);
	if (up->offset == s->content.chunk.start && bytes.size > 0 && refusal_may_come(s, bytes))
		return LOOK_NOTHING;
	if (bytes.size == 0 && s->content.chunk.left > 0) {
		s->message.offending = bytes;
		if (inbox_hole(up) > 0)
			return next_is(s, event, EVENT_gap, UP);
		return inbox_closed(&s->in[UP]) ? next_is(s, event, EVENT_parse_error, UP) : LOOK_NOTHING;
	}
	s->message.piece = (struct span){ bytes.data, MIN(bytes.size, s->content.chunk.left) };
	s->content.chunk.left -= s->message.piece.size;
	inbox_consume(up, s->message.piece.size);
	return next_is(s, event, EVENT_up, UP);
}

/* belongs_later - a 354 can only answer DATA, so what is before it went unanswered: behind a hole among the replies, or
 * when the client sent DATA and waits. */
static bool belongs_later(const struct session *s)
{
	unsigned code = 0;
	size_t size;
	const struct awaited *p = &s->awaited;
	bool another = p->verb != VERB_DATA && p->verb != VERB_XEXCH50 && !p->lost;
	if (!another || inbox_bytes(&s->in[UP]).size == 0 || reply_peek(&s->in[DOWN], 0, &code, &size) != PARSE_DONE ||
		code != 354)
		return false;
	return s->losses.replies || last_waiting(s, inbox_sent_after(&s->in[UP], s->in[DOWN].offset)) == VERB_DATA;
}

/* went_unanswered - a client that does not pipeline sent another command although the reply was not there, then waited,
 * and goes on with one reply in hand: that was to the other. *wait: it has not gone on yet. */
static bool went_unanswered(const struct session *s, bool *wait)
{
	const struct inbox *up = &s->in[UP], *down = &s->in[DOWN];
	struct command other;
	unsigned code;
	size_t used, size, second;
	if (s->awaited.verb == VERB_STARTTLS || s->awaited.verb == VERB_X_ANONYMOUSTLS || s->greeting.pipelining ||
		s->summary.lmtp || s->awaited.lost || s->awaited.end_of_data || session_blind(s) || s->auth ||
		!s->greeting.done || grammar_command(inbox_bytes(up), false, &other, &used) != PARSE_DONE ||
		inbox_acked(up, up->offset) > down->offset || reply_peek(down, 0, &code, &size) != PARSE_DONE ||
		inbox_acked(down, down->offset) < up->offset + used)
		return false;
	if (reply_peek(down, size, &code, &second) == PARSE_DONE || s->ended)
		return false;
	*wait = up->received == up->offset + used;
	return !*wait && inbox_acked(up, up->offset + used) == down->offset + size;
}

/* not_to_come - the reply that the state waits for is not in the capture, or nobody gave it before that ended, and the
 * client goes on. A server that had hung up by then had not heard it. */
static bool not_to_come(const struct session *s)
{
	const struct inbox *down = &s->in[DOWN];
	bool goes_on = !inbox_empty(&s->in[UP]);
	if (s->overflow.assuming)
		return goes_on;
	bool missing = s->options.one_sided && s->options.missing == DOWN;
	bool heard = !down->fin || down->received == 0 || s->mails.open;
	bool unanswered = s->ended && inbox_empty(down) && heard;
	if (unanswered && !awaits_reply(s))
		goes_on = known_command(inbox_bytes(&s->in[UP]));
	return (missing && (goes_on || (s->ended && awaits_reply(s)))) || (unanswered && goes_on);
}

/* is_stale - where replies went missing, one that the server sent before it had the pending command answers something
 * else. */
static bool is_stale(struct session *s)
{
	const struct awaited *p = &s->awaited;
	size_t size;
	if (!session_blind(s) || p->lost || p->end_of_data || (!s->reply.complete && s->reply.line_count > 0))
		return false;
	uint64_t acked = inbox_acked(&s->in[DOWN], s->in[DOWN].offset);
	if (acked == 0 || acked >= p->end)
		return false;
	reply_reset(&s->reply);
	return reply_peek(&s->in[DOWN], 0, &s->reply.code, &size) == PARSE_DONE;
}

/* out_of_place - a command waits for its reply: is what comes next none of it? LOOK_NOTHING: it is its reply. */
static enum look out_of_place(struct session *s, struct event *event, bool *wait)
{
	const struct inbox *down = &s->in[DOWN];
	bool unanswered_yet = false;
	*wait = true;
	if (server_begins_tls(s)) {
		s->message.offending = inbox_bytes(down);
		return next_is(s, event, EVENT_parse_error, DOWN);
	}
	if (belongs_later(s))
		return next_is(s, event, EVENT_gap, DOWN);
	if (went_unanswered(s, &unanswered_yet))
		return next_is(s, event, EVENT_gap, DOWN);
	if (unanswered_yet)
		return early_up(s, event);
	/* What the server says next is judged before it is taken. */
	if (may_say_less(s)) {
		enum look look = early_up(s, event);
		if (look != LOOK_NOTHING)
			return look;
		if (inbox_acked(down, down->offset) > s->in[UP].received && !s->ended)
			return LOOK_NOTHING;
	}
	*wait = false;
	if (inbox_bytes(down).size > 0 && is_stale(s))
		return next_is(s, event, EVENT_missing_grammar, DOWN);
	return LOOK_NOTHING;
}

static enum look next_response(struct session *s, struct event *event)
{
	struct inbox *down = &s->in[DOWN];
	bool wait = false;
	if (s->reply.stands_in) {
		s->reply.stands_in = false;
		return next_is(s, event, EVENT_down, DOWN);
	}
	enum look look = awaits_reply(s) ? out_of_place(s, event, &wait) : early_midstream(s, event);
	if (look != LOOK_NOTHING || wait)
		return look;
	if (inbox_bytes(down).size == 0) {
		if (inbox_hole(down) > 0)
			return hole_in_responses(s, event);
		return not_to_come(s) ? next_is(s, event, EVENT_gap, DOWN) : LOOK_NOTHING;
	}
	if (awaits_reply(s) && early_beside_reply(s, event) == LOOK_EVENT)
		return LOOK_EVENT;
	enum parse_result result = reply_read(&s->reply, &s->in[DOWN], !awaits_reply(s), &s->message.offending);
	if (result == PARSE_MORE)
		return at_hole(down);
	bool partial = s->losses.partial[DOWN] && result == PARSE_ERROR;
	s->losses.partial[DOWN] = false;
	if (partial)
		return LOOK_AGAIN;
	return next_is(s, event, result == PARSE_DONE ? EVENT_down : EVENT_parse_error, DOWN);
}

static enum look next_tls(struct session *s, enum direction d, struct event *event)
{
	struct inbox *inbox = &s->in[d];
	struct span bytes = inbox_bytes(inbox);
	if (s->tls.decrypted)
		return next_is(s, event, EVENT_decrypted, d);
	if (bytes.size == 0)
		return hole_next(s, event, d);
	if (!s->tls.seen[UP] && !s->tls.seen[d] && !is_tls(bytes)) {
		bool unseen = d == DOWN && inbox_acked(inbox, inbox->offset) > s->in[UP].offset && !s->ended;
		if (!whole_line(s, d, bytes) || unseen)
			return LOOK_NOTHING;
		s->message.offending = bytes;
		return next_is(s, event, EVENT_parse_error, d);
	}
	s->message.piece = inbox_run(inbox); /* of one acknowledgement */
	s->message.piece_acked = inbox_acked(inbox, inbox->offset);
	inbox_consume(inbox, s->message.piece.size);
	return next_is(s, event, d == UP ? EVENT_up : EVENT_down, d);
}

/* expected - a message of this grammar. */
static enum look expected(struct session *s, enum direction d, enum grammar grammar, struct event *event)
{
	switch (grammar) {
	case GRAMMAR_COMMAND:
		return next_command(s, event);
	case GRAMMAR_RESPONSES:
		return next_response(s, event);
	case GRAMMAR_DATA:
		return next_data(s, event);
	case GRAMMAR_CHUNK:
		return next_chunk(s, event);
	case GRAMMAR_CREDENTIALS:
		return next_credentials(s, event);
	case GRAMMAR_TLS:
		return next_tls(s, d, event);
	case GRAMMAR_NONE:
		break;
	}
	return LOOK_NOTHING;
}

/* look - the server's bytes that nobody asked for first, then what is expected, then the client's that came early. */
static enum look look(struct session *s, struct event *event)
{
	const enum grammar *grammar = machine_states[s->machine.state].grammar;
	enum look found = LOOK_NOTHING;
	if (grammar[DOWN] == GRAMMAR_NONE)
		found = early_down(s, event);
	for (enum direction d = UP; d <= DOWN && found == LOOK_NOTHING; d++)
		found = expected(s, d, grammar[d], event);
	if (found == LOOK_NOTHING && grammar[UP] == GRAMMAR_NONE)
		found = early_up(s, event);
	return found;
}

/* goes_round - did a number of events change nothing? A table that goes round is stopped, not followed. */
static bool goes_round(struct session *s)
{
	struct place then = s->place;
	if (s->place.events++ % EVENTS_IN_PLACE != 0)
		return false;
	s->place = (struct place){ { s->in[UP].offset, s->in[DOWN].offset }, s->content.chunk.left, s->reply.line_count,
		s->place.events, s->place.over };
	return then.events > 0 && s->place.offset[UP] == then.offset[UP] &&
	       s->place.offset[DOWN] == then.offset[DOWN] && s->place.left == then.left && s->place.lines == then.lines;
}

bool next_event(struct session *s, struct event *event)
{
	enum look found = LOOK_AGAIN;
	if (s->dropped || goes_round(s))
		return false;
	if (s->drop_asked) {
		*event = (struct event){ .id = EVENT_fail };
		return true;
	}
	while (found == LOOK_AGAIN)
		found = look(s, event);
	if (found == LOOK_NOTHING && s->ended && !s->place.over) {
		s->place.over = true;
		found = next_is(s, event, EVENT_leave, DOWN);
	}
	return found == LOOK_EVENT;
}
