/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * next.c - finds the next event: examines the state, the waiting bytes of both directions and their acknowledgements,
 * parses one message of the expected grammar, and returns its event.
 *
 * From top to bottom: commands, credentials, content, chunks, replies, TLS, and the order in which they are tried.
 * early.c handles bytes that the state has no grammar for, gaps.c gaps among the replies. Nothing here acts on an
 * event: that is done by the rows of the table.
 */
#include "next.h"

#include <string.h>

#include "private.h"
#include "rows.h"

#define EVENTS_IN_PLACE 16 /* after so many events something must have changed: no row of the table needs more */

/* at_gap - the parser needs more bytes, and a gap follows: the rest of the line is lost. */
static enum next at_gap(struct inbox *inbox)
{
	if (!inbox_gap_ahead(inbox))
		return NEXT_WAIT;
	inbox_consume(inbox, inbox_bytes(inbox).size);
	return inbox_gap_size(inbox) > 0 ? NEXT_AGAIN : NEXT_WAIT;
}

/* next_gap - the event `gap`, if there is a gap at the current offset. */
static enum next next_gap(struct session *s, struct event *event, enum direction d)
{
	return inbox_gap_size(&s->in[d]) > 0 ? next_is(s, event, EVENT_gap, d) : NEXT_WAIT;
}

/* lost_replies_come - after a gap among the commands: replies to lost commands may still come. */
static bool lost_replies_come(const struct session *s)
{
	const struct inbox *up = &s->in[UP];
	return s->losses.end > 0 && !s->ended && up->offset == s->losses.end &&
	       inbox_acked(up, up->offset) > s->in[DOWN].received;
}

static enum next next_command(struct session *s, struct event *event)
{
	struct inbox *up = &s->in[UP];
	struct span bytes = inbox_bytes(up);
	size_t used;
	if (is_client_hello(bytes)) {
		s->message.command = (struct command){ .line = bytes };
		return next_is(s, event, EVENT_parse_error, UP);
	}
	if (bytes.size == 0 || lost_replies_come(s))
		return next_gap(s, event, UP);
	if (content_after_gap(s, bytes) || content_unasked(s))
		return next_is(s, event, EVENT_gap, UP);
	enum parse_result result = inbox_command(up, 0, inbox_closed(up), &s->message.command, &used);
	if (result == PARSE_MORE)
		return at_gap(up);
	s->message.acked = inbox_acked(up, up->offset);
	bool valid = result == PARSE_DONE, cut = inbox_cut_line(up, bytes);
	s->message.offending = s->message.command.line;
	bool partial = (s->losses.partial[UP] || cut) && (!valid || s->message.command.verb == VERB_UNKNOWN);
	/* Bytes that the client sent before it had received anything are noise before the banner. */
	s->losses.partial[UP] = partial && s->options.midstream && s->message.acked == 0;
	inbox_consume(up, used);
	if (partial)
		return NEXT_AGAIN;
	return next_is(s, event, valid ? EVENT_up : EVENT_parse_error, UP);
}

static enum next next_credentials(struct session *s, struct event *event)
{
	struct inbox *up = &s->in[UP];
	struct span bytes = inbox_bytes(up);
	if (bytes.size == 0)
		return next_gap(s, event, UP);
	const uint8_t *lf = inbox_no_line(up, 0) ? NULL : memchr(bytes.data, '\n', bytes.size);
	if (!lf && !inbox_closed(&s->in[UP]))
		return at_gap(up);
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

/* scan_content - one step of the scanner: a piece of content, the end of data, or an odd end. */
static enum next scan_content(struct session *s, struct event *event, struct span bytes)
{
	size_t used;
	s->message.piece = span_of(NULL, 0);
	s->message.scanned = grammar_data(&s->content.scanner, bytes, &s->message.piece, &used);
	inbox_consume(&s->in[UP], used);
	if (s->message.scanned == DATA_END && s->content.odd_end.active) {
		s->content.odd_end.ended = true;
		s->content.odd_end.end = s->in[UP].offset;
		return NEXT_AGAIN;
	}
	if (s->message.scanned != DATA_MORE)
		return next_is(s, event, EVENT_up, UP);
	return inbox_bytes(&s->in[UP]).size == 0 && inbox_gap_size(&s->in[UP]) == 0 ? NEXT_WAIT : NEXT_AGAIN;
}

/* server_is_done - is there a reply to content without the end of data, or will none come? */
static bool server_is_done(const struct session *s)
{
	const struct inbox *down = &s->in[DOWN];
	unsigned code;
	size_t size;
	return s->ended || inbox_closed(down) || inbox_gap_ahead(down) ||
	       reply_peek(down, 0, &code, &size) == PARSE_DONE;
}

/* cut_off - does the content end only because the capture ends, without a reply to it? Then the client did nothing
 * wrong: what it sent after that is not there. */
static bool cut_off(const struct session *s)
{
	const struct inbox *up = &s->in[UP];
	unsigned code;
	size_t size;
	return up->cut && !up->fin && reply_peek(&s->in[DOWN], 0, &code, &size) != PARSE_DONE;
}

static enum next next_data(struct session *s, struct event *event)
{
	struct inbox *up = &s->in[UP];
	struct span bytes = inbox_bytes(up);
	enum odd_end_step odd = s->content.odd_end.active
					? odd_end_next(s, bytes, inbox_closed(&s->in[UP]) || inbox_gap_ahead(up))
					: ODD_END_SCAN;
	if (odd == ODD_END_WAIT)
		return NEXT_WAIT;
	if (odd == ODD_END_PASSED || s->content.odd_end.over) {
		s->content.odd_end.passed = odd == ODD_END_PASSED;
		s->content.odd_end.over = false;
		s->message.piece = no_text;
		s->message.scanned = s->content.odd_end.passed ? DATA_MORE : DATA_END;
		return next_is(s, event, EVENT_up, UP);
	}
	if (bytes.size == 0 && inbox_gap_size(up) > 0)
		return next_is(s, event, EVENT_gap, UP);
	if (bytes.size == 0) {
		s->message.offending = bytes;
		bool ended = inbox_closed(up) && server_is_done(s) && !cut_off(s);
		return ended ? next_is(s, event, EVENT_parse_error, UP) : NEXT_WAIT;
	}
	if (knows_reply_in_gap(s) || content_may_be_lost(s) || s->content.gap > 0) {
		if (!whole_line(s, UP, bytes) && !inbox_gap_ahead(up))
			return NEXT_WAIT;
		if (end_of_data_unseen(s))
			return next_is(s, event, EVENT_gap, DOWN);
		if (s->content.gap > 0) /* the content goes on after it */
			return next_is(s, event, EVENT_gap, UP);
	}
	/* After a gap a reply may show that the content ended before bytes that were sent knowing it. */
	return scan_content(s, event, s->content.has_gap ? inbox_run(up) : bytes);
}

/* refusal_may_come - the bytes at the beginning of the chunk acknowledge more of the server: the chunk may have been
 * refused, and these be a command. */
static bool refusal_may_come(const struct session *s, struct span bytes)
{
	const struct inbox *up = &s->in[UP], *down = &s->in[DOWN];
	bool knows_more = inbox_acked(up, up->offset) > down->offset;
	bool there = down->received >= inbox_acked(up, up->offset) || s->ended || inbox_gap_ahead(down);
	return knows_more && (!there || !whole_line(s, UP, bytes));
}

static enum next next_chunk(struct session *s, struct event *event)
{
	struct inbox *up = &s->in[UP];
	struct span bytes = inbox_bytes(up);
	if (up->offset == s->content.chunk.start && bytes.size > 0 && refusal_may_come(s, bytes))
		return NEXT_WAIT;
	if (bytes.size == 0 && s->content.chunk.left > 0) {
		s->message.offending = bytes;
		if (inbox_gap_size(up) > 0)
			return next_is(s, event, EVENT_gap, UP);
		return inbox_closed(up) && !cut_off(s) ? next_is(s, event, EVENT_parse_error, UP) : NEXT_WAIT;
	}
	s->message.piece = span_of(bytes.data, MIN(bytes.size, s->content.chunk.left));
	s->content.chunk.left -= s->message.piece.size;
	inbox_consume(up, s->message.piece.size);
	return next_is(s, event, EVENT_up, UP);
}

static bool begins_354(struct span bytes)
{
	return bytes.size >= 3 && memcmp(bytes.data, "354", 3) == 0;
}

/* belongs_later - a 354 can only answer DATA, so the awaited command got no reply: after a gap among the replies, or
 * when the client sent DATA and waits. */
static bool belongs_later(const struct session *s)
{
	unsigned code;
	size_t size;
	const struct awaited *p = &s->awaited;
	bool another = p->verb != VERB_DATA && p->verb != VERB_XEXCH50 && !p->lost;
	if (!another || !begins_354(inbox_bytes(&s->in[DOWN])) || inbox_bytes(&s->in[UP]).size == 0 ||
		reply_peek(&s->in[DOWN], 0, &code, &size) != PARSE_DONE)
		return false;
	return s->losses.replies || last_waiting(s, inbox_sent_after(&s->in[UP], s->in[DOWN].offset)) == VERB_DATA;
}

/* answers_quit - replies may be missing, the client sent QUIT, and the server, having received it, sends 221: the
 * awaited reply, to something else, is not in the capture. */
static bool answers_quit(const struct session *s)
{
	const struct inbox *up = &s->in[UP], *down = &s->in[DOWN];
	struct command command;
	unsigned code;
	size_t used, size;
	return session_blind(s) && s->awaited.verb != VERB_QUIT && inbox_bytes(up).size > 0 &&
	       reply_peek(down, 0, &code, &size) == PARSE_DONE && code == 221 &&
	       inbox_command(up, 0, false, &command, &used) == PARSE_DONE && command.verb == VERB_QUIT &&
	       inbox_acked(down, down->offset) >= up->offset + used;
}

/* went_unanswered - a client that does not pipeline sent another command before the reply, then waited, and continues
 * after one reply: that reply was to the other command. *wait: it has not continued yet. */
static bool went_unanswered(const struct session *s, bool *wait)
{
	if (s->greeting.pipelining || awaits_tls(s) || s->summary.lmtp || s->awaited.lost || s->awaited.end_of_data ||
		session_blind(s) || s->auth || !s->greeting.done)
		return false;
	const struct inbox *up = &s->in[UP], *down = &s->in[DOWN];
	struct command other;
	unsigned code;
	size_t used, size, second;
	if (inbox_command(up, 0, false, &other, &used) != PARSE_DONE || inbox_acked(up, up->offset) > down->offset ||
		reply_peek(down, 0, &code, &size) != PARSE_DONE || inbox_acked(down, down->offset) < up->offset + used)
		return false;
	if (reply_peek(down, size, &code, &second) == PARSE_DONE || s->ended)
		return false;
	*wait = up->received == up->offset + used;
	return !*wait && inbox_acked(up, up->offset + used) == down->offset + size;
}

/* not_to_come - the awaited reply is not in the capture, or was not sent before the capture ended, and the client
 * continues. Not when the server had closed: then it did not read the command. */
static bool not_to_come(const struct session *s)
{
	const struct inbox *up = &s->in[UP], *down = &s->in[DOWN];
	struct span bytes = inbox_bytes(up);
	bool goes_on = bytes.size > 0 ? enough_to_tell(s, bytes) : !inbox_empty(up);
	if (s->overflow.assuming)
		return goes_on;
	bool heard = !down->fin || down->received == 0 || s->mails.open;
	bool unanswered = s->ended && inbox_empty(down) && heard;
	if (unanswered && !awaits_reply(s))
		goes_on = grammar_known_command(bytes);
	return (server_unseen(s) && (goes_on || (s->ended && awaits_reply(s)))) || (unanswered && goes_on);
}

/* is_stale - when replies are missing, a reply that was sent before the server had the awaited command answers another
 * one. */
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

/* out_of_place - a command awaits its reply: are the next bytes something else? NEXT_WAIT: they are its reply (or
 * *wait: more bytes are needed). */
static enum next out_of_place(struct session *s, struct event *event, bool *wait)
{
	const struct inbox *down = &s->in[DOWN];
	bool unanswered_yet = false;
	*wait = true;
	if (server_begins_tls(s)) {
		s->message.offending = inbox_bytes(down);
		return next_is(s, event, EVENT_parse_error, DOWN);
	}
	if (belongs_later(s) || answers_quit(s))
		return next_is(s, event, EVENT_gap, DOWN);
	if (went_unanswered(s, &unanswered_yet))
		return next_is(s, event, EVENT_gap, DOWN);
	if (unanswered_yet)
		return early_up(s, event);
	/* Check early client bytes before the server's next reply is taken. */
	if (may_say_less(s)) {
		enum next next = early_up(s, event);
		if (next != NEXT_WAIT)
			return next;
		if (inbox_acked(down, down->offset) > s->in[UP].received && !s->ended)
			return NEXT_WAIT;
	}
	*wait = false;
	if (inbox_bytes(down).size > 0 && is_stale(s))
		return next_is(s, event, EVENT_missing_grammar, DOWN);
	return NEXT_WAIT;
}

/* banner_was_noise - the server's first line was no reply, but the client took it for the banner, and the reply that
 * waits is to its HELO or EHLO. */
static bool banner_was_noise(const struct session *s)
{
	const struct inbox *up = &s->in[UP], *down = &s->in[DOWN];
	const uint64_t noise = s->awaited.noise_end;
	struct command command;
	unsigned code;
	size_t used, size;
	return noise > 0 && noise == down->offset && inbox_command(up, 0, false, &command, &used) == PARSE_DONE &&
	       (verb_table[command.verb].flags & VERBFLAG_GREETING) && inbox_acked(up, up->offset) >= noise &&
	       reply_peek(down, 0, &code, &size) == PARSE_DONE && code != 220 &&
	       inbox_acked(down, down->offset) >= up->offset + used;
}

static enum next next_response(struct session *s, struct event *event)
{
	struct inbox *down = &s->in[DOWN];
	bool wait = false;
	if (s->reply.stands_in) {
		s->reply.stands_in = false;
		return next_is(s, event, EVENT_down, DOWN);
	}
	enum next next = awaits_reply(s) ? out_of_place(s, event, &wait) : early_midstream(s, event);
	if (next != NEXT_WAIT || wait)
		return next;
	if (!awaits_reply(s) && banner_was_noise(s))
		return next_is(s, event, EVENT_gap, DOWN);
	if (inbox_bytes(down).size == 0) {
		if (inbox_gap_size(down) > 0)
			return gap_in_responses(s, event);
		return not_to_come(s) ? next_is(s, event, EVENT_gap, DOWN) : NEXT_WAIT;
	}
	if (awaits_reply(s) && early_beside_reply(s, event) == NEXT_EVENT)
		return NEXT_EVENT;
	const bool cut = inbox_cut_line(down, inbox_bytes(down));
	const enum reply_of of = s->losses.partial[DOWN] ? REPLY_CUT : awaits_reply(s) ? REPLY_USUAL : REPLY_BANNER;
	enum parse_result result = reply_read(&s->reply, &s->in[DOWN], of, &s->message.offending);
	if (result == PARSE_MORE)
		return at_gap(down);
	bool partial = (s->losses.partial[DOWN] || cut) && result == PARSE_ERROR;
	s->losses.partial[DOWN] = false;
	if (partial)
		return NEXT_AGAIN;
	return next_is(s, event, result == PARSE_DONE ? EVENT_down : EVENT_parse_error, DOWN);
}

/* begins_clear - a direction begins in clear: nobody sent TLS, or the server answers the ClientHello with a reply. */
static bool begins_clear(const struct session *s, enum direction d, struct span bytes)
{
	if (s->tls.seen[d] || is_tls(bytes))
		return false;
	return !s->tls.seen[UP] || (!session_blind(s) && s->in[DOWN].offset == s->tls.start && bytes.data[0] >= '1' &&
					   bytes.data[0] <= '5');
}

static enum next next_tls(struct session *s, enum direction d, struct event *event)
{
	struct inbox *inbox = &s->in[d];
	struct span bytes = inbox_bytes(inbox);
	if (s->tls.decrypted)
		return next_is(s, event, EVENT_decrypted, d);
	if (bytes.size == 0)
		return next_gap(s, event, d);
	if (begins_clear(s, d, bytes)) {
		bool unseen = d == DOWN && inbox_acked(inbox, inbox->offset) > s->in[UP].offset && !s->ended;
		if (!whole_line(s, d, bytes) || unseen)
			return NEXT_WAIT;
		s->message.offending = bytes;
		return next_is(s, event, EVENT_parse_error, d);
	}
	s->message.piece = inbox_run(inbox); /* bytes with the same acknowledgement */
	s->message.piece_acked = inbox_acked(inbox, inbox->offset);
	inbox_consume(inbox, s->message.piece.size);
	return next_is(s, event, d == UP ? EVENT_up : EVENT_down, d);
}

/* expected - parses a message of this grammar. */
static enum next expected(struct session *s, enum direction d, enum grammar grammar, struct event *event)
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
	return NEXT_WAIT;
}

/* nothing_waits - where lines are expected, an event comes from bytes, a gap, the end of the session, or a reply that
 * is assumed. */
static bool nothing_waits(const struct session *s)
{
	if (!inbox_empty(&s->in[UP]) || !inbox_empty(&s->in[DOWN]) || s->ended || s->reply.stands_in)
		return false;
	const enum grammar *grammar = machine_states[s->machine.state].grammar;
	return grammar[UP] == GRAMMAR_COMMAND || grammar[DOWN] == GRAMMAR_RESPONSES;
}

/* next_step - first unexpected bytes of the server, then what the state expects, then early bytes of the client. */
static enum next next_step(struct session *s, struct event *event)
{
	const enum grammar *grammar = machine_states[s->machine.state].grammar;
	enum next found = NEXT_WAIT;
	if (grammar[DOWN] == GRAMMAR_NONE)
		found = early_down(s, event);
	for (enum direction d = UP; d <= DOWN && found == NEXT_WAIT; d++)
		if (grammar[d] != GRAMMAR_NONE)
			found = expected(s, d, grammar[d], event);
	if (found == NEXT_WAIT && grammar[UP] == GRAMMAR_NONE)
		found = early_up(s, event);
	return found;
}

/* is_stuck - did a number of events change nothing? Then the session stops, instead of looping for ever. */
static bool is_stuck(struct session *s)
{
	unsigned events = s->checkpoint.events++;
	if (events == 0 || events % EVENTS_IN_PLACE != 0) /* nearly always */
		return false;
	struct checkpoint then = s->checkpoint;
	s->checkpoint = (struct checkpoint){ { s->in[UP].offset, s->in[DOWN].offset }, s->content.chunk.left,
		s->reply.line_count, then.events, then.over };
	return events > EVENTS_IN_PLACE && s->checkpoint.offset[UP] == then.offset[UP] &&
	       s->checkpoint.offset[DOWN] == then.offset[DOWN] && s->checkpoint.left == then.left &&
	       s->checkpoint.lines == then.lines;
}

bool next_event(struct session *s, struct event *event)
{
	enum next found = NEXT_AGAIN;
	if (s->dropped || is_stuck(s))
		return false;
	if (s->drop_asked) {
		*event = (struct event){ .id = EVENT_fail };
		return true;
	}
	if (nothing_waits(s))
		return false;
	while (found == NEXT_AGAIN)
		found = next_step(s, event);
	if (found == NEXT_WAIT && s->ended && !s->checkpoint.over) {
		s->checkpoint.over = true;
		found = next_is(s, event, EVENT_leave, DOWN);
	}
	return found == NEXT_EVENT;
}
