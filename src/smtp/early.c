/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * early.c - bytes that wait where the state has no grammar for them: early for real, or only recorded in another order?
 *
 * Only what both the order of the capture and the acknowledgement of the sender call early is early; each place is
 * judged once.
 */
#include <string.h>

#include "private.h"
#include "rows.h"

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

bool may_say_less(const struct session *s)
{
	return s->pending.lost || (s->pending.end_of_data && s->pending.replies_seen > 0);
}

bool judge_up(struct session *s)
{
	struct inbox *up = &s->in[UP];
	struct span bytes = inbox_bytes(up);
	if (s->hold.ended)
		return false;
	if (bytes.size == 0)
		return inbox_hole(up) > 0 && s->machine.state != STATE_response &&
		       s->machine.state != STATE_session_initiation && fire_gap(s, UP);
	s->direction = UP;
	/* What the server did not say meanwhile can change the judgement. */
	bool judged = s->judged_set[UP] && s->judged[UP] == up->offset &&
		      !(s->machine.state == STATE_response && (may_say_less(s) || (!s->options.strict && unheard(s))));
	if (judged || inbox_acked(up, up->offset) > s->in[DOWN].received)
		return false;
	if (!whole_line(s, UP, bytes) && (s->options.strict || (!client_hello(s) && !midstream_tls(s))))
		return false;
	enum state_id before = s->machine.state;
	fire_unexpected_up(s, bytes);
	return before != s->machine.state || up->offset != s->judged[UP];
}

bool judge_down(struct session *s)
{
	struct inbox *down = &s->in[DOWN];
	struct span bytes = inbox_bytes(down);
	size_t size;
	if (bytes.size == 0)
		return inbox_hole(down) > 0 && down->received > down->offset + inbox_hole(down) && fire_gap(s, DOWN);
	/* Content that is still taken can change what a reply means. */
	bool settles = s->hold.active || (s->content_open && s->content_hole);
	bool judged = s->judged_set[DOWN] && s->judged[DOWN] == down->offset && !settles;
	if (judged || inbox_acked(down, down->offset) > s->in[UP].offset)
		return false;
	reply_reset(&s->reply);
	s->direction = DOWN;
	if ((s->options.strict || !server_hello(s)) && reply_peek(s, 0, &s->reply.code, &size) == PARSE_MORE)
		return false;
	s->judged_set[DOWN] = true;
	s->judged[DOWN] = down->offset;
	s->direction = DOWN;
	s->offending = bytes;
	enum state_id before = s->machine.state;
	machine_fire(&s->machine, EVENT_missing_grammar, s);
	return before != s->machine.state || down->offset != s->judged[DOWN];
}

bool sent_ahead(struct session *s)
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

void watch_overflow(struct session *s)
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
