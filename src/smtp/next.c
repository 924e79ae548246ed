/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * next.c - takes one message of the expected grammar out of an inbox and fires its event. See private.h.
 */
#include <string.h>

#include "private.h"
#include "rows.h"

#define LINE_ENOUGH 512 /* octets without a line end that are judged all the same (RFC 5321 4.5.3.1.4) */

bool closed(const struct session *s, enum direction d)
{
	return (s->in[d].fin || s->ended) && !inbox_hole_ahead(&s->in[d]);
}

bool whole_line(const struct session *s, enum direction d, struct span bytes)
{
	return memchr(bytes.data, '\n', bytes.size) || bytes.size >= LINE_ENOUGH || closed(s, d);
}

/* at_hole - the parser wants more, and what follows is a hole: the rest of the line is lost. */
static bool at_hole(struct session *s, enum direction d)
{
	struct inbox *inbox = &s->in[d];
	if (!inbox_hole_ahead(inbox))
		return false;
	inbox_consume(inbox, inbox_bytes(inbox).size);
	return inbox_hole(inbox) > 0;
}

/* lost_replies_come - behind a hole among the commands: the replies to what was lost are not here yet, or wait. */
static bool lost_replies_come(const struct session *s)
{
	const struct inbox *up = &s->in[UP];
	return s->lost_end > 0 && !s->ended && up->offset == s->lost_end &&
	       inbox_acked(up, up->offset) > s->in[DOWN].received;
}

static bool pull_command(struct session *s)
{
	struct inbox *up = &s->in[UP];
	struct span bytes = inbox_bytes(up);
	size_t used;
	s->direction = UP;
	if (!s->options.strict && client_hello(s)) {
		s->command = (struct command){ .line = bytes };
		return machine_fire(&s->machine, EVENT_parse_error, s);
	}
	if (bytes.size == 0 || (s->hold.active && hold_undecided(s)) || lost_replies_come(s))
		return inbox_hole(up) > 0 && fire_gap(s, UP);
	enum parse_result result = grammar_command(bytes, closed(s, UP), &s->command, &used);
	if (result == PARSE_MORE)
		return at_hole(s, UP);
	s->direction = UP;
	s->command_acked = inbox_acked(up, up->offset);
	s->command_valid = result == PARSE_DONE;
	s->offending = s->command.line;
	bool partial = s->skip_partial[UP] && (!s->command_valid || s->command.verb == VERB_UNKNOWN);
	s->skip_partial[UP] = false;
	inbox_consume(up, used);
	if (partial)
		return true;
	return machine_fire(&s->machine, s->command_valid ? EVENT_up : EVENT_parse_error, s);
}

static bool pull_credentials(struct session *s)
{
	struct inbox *up = &s->in[UP];
	struct span bytes = inbox_bytes(up);
	const uint8_t *lf = bytes.size ? memchr(bytes.data, '\n', bytes.size) : NULL;
	if (!lf && !(bytes.size && closed(s, UP)))
		return bytes.size ? at_hole(s, UP) : inbox_hole(up) > 0 && fire_gap(s, UP);
	size_t used = lf ? (size_t)(lf - bytes.data) + 1 : bytes.size, text = lf ? used - 1 : used;
	bool crlf = lf && text > 0 && bytes.data[text - 1] == '\r';
	s->direction = UP;
	s->command = (struct command){
		.argument = { bytes.data, text - crlf },
		.line = { bytes.data, MIN(used, GRAMMAR_LINE_MAX) },
		.length = used,
		.end = !lf    ? LINE_END_NONE
		       : crlf ? LINE_END_CRLF
			      : LINE_END_LF,
	};
	s->command_acked = inbox_acked(up, up->offset);
	inbox_consume(up, used);
	return machine_fire(&s->machine, EVENT_up, s);
}

/* hand_on - a piece of content, or of what is held behind an odd end of data. */
static void hand_on(struct session *s, struct span piece)
{
	if (s->hold.active)
		g_byte_array_append(s->hold.content, piece.data, (guint)piece.size);
	else
		content_piece(s, piece);
}

/* scan_content - one step of the scanner. Returns false when it needs more. */
static bool scan_content(struct session *s, struct span bytes)
{
	struct span piece = { NULL, 0 };
	size_t used;
	enum data_result result = grammar_data(&s->scanner, bytes, &piece, &used);
	if (result == DATA_PIECE)
		hand_on(s, piece);
	if (result == DATA_ODD) {
		uint8_t literal[sizeof s->scanner.pending];
		memcpy(literal, piece.data, piece.size);
		inbox_consume(&s->in[UP], used);
		hold_odd(s, (struct span){ literal, piece.size });
		return true;
	}
	inbox_consume(&s->in[UP], used);
	if (result == DATA_END) {
		if (s->hold.active) {
			s->hold.ended = true;
			s->hold.end = s->in[UP].offset;
		} else {
			s->content_ended = true;
		}
	}
	return result != DATA_MORE;
}

static bool pull_data(struct session *s)
{
	struct inbox *up = &s->in[UP];
	struct span bytes = inbox_bytes(up);
	s->direction = UP;
	if (s->hold.active && !hold_lookahead(s, bytes, closed(s, UP) || inbox_hole_ahead(up)))
		return false;
	if (s->hold.active && inbox_kept(up) > SESSION_PENDING_BYTES)
		hold_release(s);
	if (bytes.size == 0 && inbox_hole(up) > 0)
		return fire_gap(s, UP);
	if (bytes.size == 0 && closed(s, UP)) {
		s->offending = bytes;
		return machine_fire(&s->machine, EVENT_parse_error, s);
	}
	if (bytes.size == 0)
		return false;
	if (knows_reply_in_hole(s)) {
		if (!whole_line(s, UP, bytes) && !inbox_hole_ahead(up))
			return false;
		s->direction = DOWN;
		if (end_of_data_unseen(s))
			return fire_gap(s, DOWN);
		s->direction = UP;
	}
	bool more = scan_content(s, bytes);
	if (s->content_ended || s->hold.ended)
		return machine_fire(&s->machine, EVENT_up, s);
	return more || inbox_bytes(up).size == 0;
}

static bool pull_chunk(struct session *s)
{
	struct inbox *up = &s->in[UP];
	struct span bytes = inbox_bytes(up);
	s->direction = UP;
	if (bytes.size == 0 && inbox_hole(up) > 0 && s->chunk.left > 0)
		return fire_gap(s, UP) && (s->chunk.left > 0 || machine_fire(&s->machine, EVENT_up, s));
	if (bytes.size == 0 && s->chunk.left > 0) {
		s->offending = bytes;
		return closed(s, UP) && machine_fire(&s->machine, EVENT_parse_error, s);
	}
	bytes.size = MIN(bytes.size, s->chunk.left);
	s->chunk.left -= bytes.size;
	if (!s->chunk.discard)
		content_piece(s, bytes);
	inbox_consume(up, bytes.size);
	return s->chunk.left > 0 || machine_fire(&s->machine, EVENT_up, s);
}

/* belongs_later - a 354 can only answer DATA, so what is before it went unanswered: behind a hole among the replies, or
 * when the client sent DATA and waits. */
static bool belongs_later(const struct session *s)
{
	unsigned code = 0;
	size_t size;
	const struct pending *p = &s->pending;
	bool another = p->verb != VERB_DATA && p->verb != VERB_XEXCH50 && !p->lost;
	if (!another || inbox_bytes(&s->in[UP]).size == 0 || reply_peek(s, 0, &code, &size) != PARSE_DONE ||
		code != 354)
		return false;
	return s->resync_reply || last_waiting(s, inbox_sent_after(&s->in[UP], s->in[DOWN].offset)) == VERB_DATA;
}

/* not_to_come - the reply that the state waits for is not in the capture, and the client goes on. */
static bool not_to_come(const struct session *s)
{
	bool goes_on = !inbox_empty(&s->in[UP]);
	if (s->overflow)
		return goes_on;
	bool missing = s->options.one_sided && s->options.missing == DOWN;
	return missing && (goes_on || (s->ended && s->machine.state == STATE_response));
}

/* drop_stale - where replies went missing, one that the server sent before it had the pending command answers something
 * else. Returns true when there was one. */
static bool drop_stale(struct session *s)
{
	const struct pending *p = &s->pending;
	size_t size;
	if (s->machine.state != STATE_response || !session_blind(s) || p->lost || p->end_of_data)
		return false;
	uint64_t acked = inbox_acked(&s->in[DOWN], s->in[DOWN].offset);
	if (acked == 0 || acked >= p->end)
		return false;
	reply_reset(&s->reply);
	if (reply_peek(s, 0, &s->reply.code, &size) != PARSE_DONE)
		return false;
	s->direction = DOWN;
	return machine_fire(&s->machine, EVENT_missing_grammar, s);
}

static bool pull_response(struct session *s)
{
	struct inbox *down = &s->in[DOWN];
	s->direction = DOWN;
	if (s->machine.state == STATE_response && !s->options.strict && server_hello(s))
		return machine_fire(&s->machine, EVENT_missing_grammar, s);
	if (s->machine.state == STATE_response && s->hold.active && hold_undecided(s))
		return false;
	if (s->machine.state == STATE_response && belongs_later(s))
		return !s->hold.active && fire_gap(s, DOWN);
	/* What the server says next is judged before it is taken. */
	bool settles = s->machine.state == STATE_response && may_say_less(s);
	if (settles && judge_up(s))
		return true;
	if (settles && inbox_acked(down, down->offset) > s->in[UP].received && !s->ended)
		return false;
	s->direction = DOWN;
	if (inbox_bytes(down).size == 0) {
		if (inbox_hole(down) > 0)
			return hole_in_responses(s);
		return not_to_come(s) && fire_gap(s, DOWN);
	}
	if ((s->reply.complete || s->reply.line_count == 0) && drop_stale(s))
		return true;
	enum parse_result result = reply_read(s, &s->offending);
	if (result == PARSE_MORE)
		return at_hole(s, DOWN);
	if (result == PARSE_DONE)
		s->skip_partial[DOWN] = false;
	if (result == PARSE_DONE && sent_ahead(s))
		return true;
	s->direction = DOWN;
	return machine_fire(&s->machine, result == PARSE_DONE ? EVENT_down : EVENT_parse_error, s);
}

/* is_tls - the header of a TLS record (RFC 8446 5.1), or of an SSL 2 hello; false also when too little is there. */
static bool is_tls(struct span b)
{
	return b.size >= 3 && ((b.data[0] >= 0x14 && b.data[0] <= 0x18 && b.data[1] == 3 && b.data[2] <= 4) ||
				      (b.data[0] & 0x80 && b.data[2] == 1));
}

void see_tls(struct session *s, enum direction d)
{
	s->tls_seen[d] = true;
	if (s->summary.tls)
		return;
	s->summary.tls = true;
	if (s->sink->tls_begin)
		s->sink->tls_begin(s->context, s->options.implicit_tls);
}

static bool pull_tls(struct session *s, enum direction d)
{
	struct inbox *inbox = &s->in[d];
	struct span bytes = inbox_bytes(inbox);
	s->direction = d;
	if (bytes.size == 0)
		return inbox_hole(inbox) > 0 && fire_gap(s, d);
	if (!s->tls_seen[UP] && !s->tls_seen[d] && !is_tls(bytes)) {
		bool unseen = d == DOWN && inbox_acked(inbox, inbox->offset) > s->in[UP].offset && !s->ended;
		if (!whole_line(s, d, bytes) || unseen)
			return false;
		s->offending = bytes;
		return machine_fire(&s->machine, EVENT_parse_error, s);
	}
	see_tls(s, d);
	if (s->sink->tls_bytes)
		s->sink->tls_bytes(s->context, d, bytes);
	inbox_consume(inbox, bytes.size);
	return true;
}

bool pull(struct session *s, enum direction d, enum grammar grammar)
{
	switch (grammar) {
	case GRAMMAR_COMMAND:
		return pull_command(s);
	case GRAMMAR_RESPONSES:
		return pull_response(s);
	case GRAMMAR_DATA:
		return pull_data(s);
	case GRAMMAR_CHUNK:
		return pull_chunk(s);
	case GRAMMAR_CREDENTIALS:
		return pull_credentials(s);
	case GRAMMAR_TLS:
		return pull_tls(s, d);
	case GRAMMAR_NONE:
		break;
	}
	return false;
}
