/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * session.c - feeds the bytes of both directions to the machine. Contract: session.h.
 *
 * The machine pulls: bytes wait in their direction's inbox until the state has a grammar for them. Bytes that wait
 * where the state has none are judged, once: the acknowledgement that their sender gave tells whether they were really
 * sent ahead, or only recorded in another order. At most SESSION_PENDING_BYTES wait; beyond that the replies they wait
 * for are assumed.
 */
#include "session.h"

#include <stdarg.h>
#include <string.h>

#include "session_private.h"
#include "session_rows.h"

#define SESSION_IDLE_STEPS 16 /* steps without moving on: no row of the table needs more */

static const struct machine machine_start = { .state = STATE_session_initiation };

const char *session_state_name(const struct session *s)
{
	return machine_states[s->machine.state].name;
}

const char *session_state(const struct session *s)
{
	return session_state_name(s);
}

struct span span_of(const GString *text)
{
	return text ? (struct span){ (const uint8_t *)text->str, text->len } : (struct span){ NULL, 0 };
}

bool session_blind(const struct session *s)
{
	return s->options.one_sided || s->assumed_greeting || s->overflow || s->summary.gap_bytes > 0;
}

void session_alert(struct session *s, enum alert_id id, enum severity severity, struct span evidence, int tx,
	const char *format, ...)
{
	if (!s->sink->alert)
		return;
	va_list arguments;
	va_start(arguments, format);
	char *description = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	struct alert alert = {
		.id = id,
		.severity = severity,
		.state = session_state_name(s),
		.direction = s->direction,
		.has_direction = true,
		.tx = tx,
		.description = description,
		.evidence = evidence,
	};
	s->sink->alert(s->context, &alert);
	g_free(description);
}

static bool judge_up(struct session *s);

/* ---- one message of the expected grammar ---- */

/* closed - nothing follows what waits in this direction. */
static bool closed(const struct session *s, enum direction d)
{
	return (s->in[d].fin || s->ended) && !inbox_hole_ahead(&s->in[d]);
}

/* whole_line - enough is there to say what it is. */
static bool whole_line(const struct session *s, enum direction d, struct span bytes)
{
	return memchr(bytes.data, '\n', bytes.size) || bytes.size >= 512 || closed(s, d);
}

/* fire_unexpected_up - client bytes wait where the state has no grammar for them; once for each place. */
static void fire_unexpected_up(struct session *s, struct span bytes)
{
	struct inbox *up = &s->in[UP];
	s->direction = UP;
	s->command_acked = inbox_acked(up, up->offset);
	s->judged_set[UP] = true;
	s->judged[UP] = up->offset;
	s->offending = bytes;
	machine_fire(&s->machine, EVENT_missing_grammar, s);
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
	uint64_t acked = inbox_acked(&s->in[UP], s->in[UP].offset);
	return s->lost_end > 0 && !s->ended && s->in[UP].offset == s->lost_end && acked > s->in[DOWN].received;
}

static bool pull_command(struct session *s)
{
	struct inbox *up = &s->in[UP];
	struct span bytes = inbox_bytes(up);
	size_t used;
	s->direction = UP;
	s->command = (struct command){ .line = bytes };
	if (lenient_client_hello(s))
		return machine_fire(&s->machine, EVENT_parse_error, s);
	if (bytes.size == 0 || hold_undecided(s) || lost_replies_come(s))
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

/* belongs_later - behind a hole among the replies: a 354 can only answer DATA, so what is before it went unseen. */
static bool belongs_later(const struct session *s)
{
	unsigned code = 0;
	size_t size;
	const struct pending *p = &s->pending;
	return s->resync_reply && p->verb != VERB_DATA && p->verb != VERB_XEXCH50 && !p->lost &&
	       inbox_bytes(&s->in[UP]).size > 0 && reply_peek(s, 0, &code, &size) == PARSE_DONE && code == 354;
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

/* sent_ahead - judges client bytes that wait next to the reply they should have waited for. Returns true when the
 * machine left its state over it. */
static bool sent_ahead(struct session *s)
{
	struct inbox *up = &s->in[UP];
	struct span bytes = inbox_bytes(up);
	bool judged = s->judged_set[UP] && s->judged[UP] == up->offset;
	if (s->machine.state != STATE_response || judged || !bytes.size || !whole_line(s, UP, bytes) ||
		inbox_acked(up, up->offset) >= s->in[DOWN].offset)
		return false;
	enum state_id before = s->machine.state;
	struct span offending = s->offending;
	fire_unexpected_up(s, bytes);
	s->offending = offending;
	return s->machine.state != before;
}

static bool pull_response(struct session *s)
{
	struct inbox *down = &s->in[DOWN];
	s->direction = DOWN;
	if (s->machine.state == STATE_response && lenient_server_hello(s))
		return machine_fire(&s->machine, EVENT_missing_grammar, s);
	if (s->machine.state == STATE_response && (hold_undecided(s) || belongs_later(s))) {
		return !s->hold.active && fire_gap(s, DOWN);
	}
	bool lmtp = s->pending.replies_seen > 0 && s->pending.end_of_data && s->machine.state == STATE_response;
	if (lmtp && judge_up(s))
		return true;
	if (lmtp && inbox_acked(down, down->offset) > s->in[UP].received && !s->ended)
		return false;
	s->direction = DOWN;
	if (inbox_bytes(down).size == 0) {
		if (inbox_hole(down) > 0)
			return hole_in_responses(s);
		return not_to_come(s) && fire_gap(s, DOWN);
	}
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

static bool pull(struct session *s, enum direction d, enum grammar grammar)
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

/* ---- bytes that wait where the state has no grammar for them ---- */

/* judge_up - client bytes that wait for a reply: were they really sent before it? */
static bool judge_up(struct session *s)
{
	struct inbox *up = &s->in[UP];
	struct span bytes = inbox_bytes(up);
	if (s->hold.ended)
		return false;
	if (bytes.size == 0)
		return inbox_hole(up) > 0 && s->machine.state != STATE_response &&
		       s->machine.state != STATE_session_initiation && fire_gap(s, UP);
	s->direction = UP;
	bool judged = s->judged_set[UP] && s->judged[UP] == up->offset;
	bool settles = s->machine.state == STATE_response && (s->pending.lost || s->pending.replies_seen > 0);
	bool unclear = !whole_line(s, UP, bytes) && !lenient_client_hello(s) && !lenient_midstream_tls(s);
	if ((judged && !settles) || inbox_acked(up, up->offset) > s->in[DOWN].received || unclear)
		return false;
	enum state_id before = s->machine.state;
	fire_unexpected_up(s, bytes);
	return before != s->machine.state || up->offset != s->judged[UP];
}

/* judge_down - server bytes with no command outstanding: had it really nothing to answer? */
static bool judge_down(struct session *s)
{
	struct inbox *down = &s->in[DOWN];
	struct span bytes = inbox_bytes(down);
	size_t size;
	if (bytes.size == 0)
		return inbox_hole(down) > 0 && down->received > down->offset + inbox_hole(down) && fire_gap(s, DOWN);
	bool judged = s->judged_set[DOWN] && s->judged[DOWN] == down->offset && !s->hold.active && !s->content_hole;
	if (judged || inbox_acked(down, down->offset) > s->in[UP].offset)
		return false;
	reply_reset(&s->reply);
	s->direction = DOWN;
	if (!lenient_server_hello(s) && reply_peek(s, 0, &s->reply.code, &size) == PARSE_MORE)
		return false;
	s->judged_set[DOWN] = true;
	s->judged[DOWN] = down->offset;
	s->direction = DOWN;
	s->offending = bytes;
	enum state_id before = s->machine.state;
	machine_fire(&s->machine, EVENT_missing_grammar, s);
	return before != s->machine.state || down->offset != s->judged[DOWN];
}

/* ---- the loop ---- */

/* step - one message, or one judgement. Returns false when nothing can be done with what is here. */
static bool step(struct session *s)
{
	const struct state_info *state = &machine_states[s->machine.state];
	if (state->grammar[DOWN] == GRAMMAR_NONE && judge_down(s))
		return true;
	for (enum direction d = UP; d <= DOWN; d++)
		if (state->grammar[d] != GRAMMAR_NONE && pull(s, d, state->grammar[d]))
			return true;
	return state->grammar[UP] == GRAMMAR_NONE && judge_up(s);
}

/* count_waiting - commands that wait for replies (RFC 2920 has no limit; we do). */
static bool too_many_waiting(struct session *s)
{
	struct inbox *up = &s->in[UP];
	struct span bytes = inbox_bytes(up);
	if (s->machine.state != STATE_response || bytes.size < SESSION_PENDING_COMMANDS * 5)
		return false;
	if (bytes.size > SESSION_PENDING_BYTES)
		return true;
	if (s->counted_to < up->offset) {
		s->counted_to = up->offset;
		s->waiting_commands = 0;
	}
	size_t at = s->counted_to - up->offset, used;
	struct command command;
	while (at < bytes.size && grammar_command((struct span){ bytes.data + at, bytes.size - at }, false, &command,
					  &used) != PARSE_MORE) {
		s->waiting_commands += command.verb != VERB_UNKNOWN;
		at += used;
	}
	s->counted_to = up->offset + at;
	return s->waiting_commands > SESSION_PENDING_COMMANDS;
}

static void watch_overflow(struct session *s)
{
	if (!too_many_waiting(s))
		return;
	s->direction = UP;
	if (!s->overflow_said)
		session_alert(s, ALERT_pending_overflow, SEVERITY_MEDIUM, (struct span){ NULL, 0 }, -1,
			"more than %d commands or %d octets wait for replies", SESSION_PENDING_COMMANDS,
			SESSION_PENDING_BYTES);
	s->overflow_said = true;
	if (inbox_bytes(&s->in[UP]).size > SESSION_PENDING_BYTES)
		s->overflow = true;
}

/* place - where the machine stands: what a step must change. */
struct place {
	enum state_id state;
	uint64_t offset[2], left;
	size_t lines;
	bool held;
};

static struct place place_of(const struct session *s)
{
	return (struct place){ s->machine.state, { s->in[UP].offset, s->in[DOWN].offset }, s->chunk.left,
		s->reply.lines->len, s->hold.active };
}

static bool same_place(struct place a, struct place b)
{
	return a.state == b.state && a.offset[UP] == b.offset[UP] && a.offset[DOWN] == b.offset[DOWN] &&
	       a.left == b.left && a.lines == b.lines && a.held == b.held;
}

/* pump - steps until nothing can be done. A table that goes round without moving on is stopped, not followed. */
static void pump(struct session *s)
{
	unsigned idle = 0;
	for (struct place before = place_of(s); !s->dropped && idle < SESSION_IDLE_STEPS && step(s);) {
		struct place after = place_of(s);
		idle = same_place(before, after) ? idle + 1 : 0;
		before = after;
	}
}

static void run(struct session *s)
{
	pump(s);
	watch_overflow(s);
	if (s->overflow)
		pump(s);
	s->overflow = false;
	for (enum direction d = UP; d <= DOWN; d++) {
		inbox_settle(&s->in[d]);
		if (s->dropped || s->in[d].buffer->len > 2 * SESSION_PENDING_BYTES)
			inbox_drop(&s->in[d]);
	}
}

/* ---- the contract ---- */

static void free_text(void *text)
{
	if (text)
		g_string_free(text, TRUE);
}

struct session *session_new(const struct session_options *options, const struct session_sink *sink, void *context)
{
	struct session *s = g_new0(struct session, 1);
	s->options = *options;
	s->sink = sink;
	s->context = context;
	s->machine = machine_start;
	s->machine.table = options->table ? options->table : machine_table;
	s->machine.size = options->table ? options->table_size : machine_table_size;
	s->machine.strict = options->strict;
	s->early_pipeline = options->early_pipeline;
	s->skip_partial[UP] = s->skip_partial[DOWN] = options->midstream;
	s->assumed_greeting = options->midstream;
	inbox_init(&s->in[UP]);
	inbox_init(&s->in[DOWN]);
	reply_init(&s->reply);
	hold_init(&s->hold);
	s->pending.name = g_string_new(NULL);
	s->pending.argument = g_string_new(NULL);
	s->summary.extensions = g_ptr_array_new_with_free_func(free_text);
	s->summary.midstream = options->midstream;
	s->summary.one_sided = options->one_sided;
	if (options->implicit_tls) {
		s->machine.state = STATE_tls;
		machine_fire(&s->machine, EVENT_enter, s);
	}
	return s;
}

void session_bytes(struct session *s, enum direction direction, struct span bytes, uint64_t acked)
{
	inbox_feed(&s->in[direction], bytes, acked);
	run(s);
}

void session_gap(struct session *s, enum direction direction, uint64_t size)
{
	if (size == 0)
		return;
	s->summary.gap_bytes += size;
	inbox_gap(&s->in[direction], size);
	run(s);
}

void session_fin(struct session *s, enum direction direction)
{
	s->in[direction].fin = true;
	run(s);
}

void session_one_sided(struct session *s, enum direction missing)
{
	s->options.one_sided = s->summary.one_sided = true;
	s->options.missing = missing;
	run(s);
}

/* end_stage - where a transaction ends that the connection's end cut off. */
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
	s->ended = true;
	s->why = why;
	run(s);
	if (s->hold.active)
		hold_release(s);
	if (s->banner_line) {
		s->direction = DOWN;
		session_alert(s, ALERT_unavailable_service, SEVERITY_LOW, span_of(s->banner_line), -1,
			"unavailable service: 554");
	}
	end_auth(s);
	transaction_mail_unanswered(s);
	transaction_close(s, end_stage(why));
	s->summary.state = session_state_name(s);
}

const struct session_summary *session_summary(const struct session *s)
{
	return &s->summary;
}

void session_free(struct session *s)
{
	if (!s)
		return;
	transaction_free(s->tx);
	transaction_free(s->pending.candidate);
	auth_free(s->auth);
	inbox_clear(&s->in[UP]);
	inbox_clear(&s->in[DOWN]);
	reply_clear(&s->reply);
	hold_clear(&s->hold);
	free_text(s->pending.name);
	free_text(s->pending.argument);
	free_text(s->banner_line);
	free_text(s->greeting_name);
	free_text(s->summary.banner);
	free_text(s->summary.helo);
	g_ptr_array_unref(s->summary.extensions);
	g_free(s);
}
