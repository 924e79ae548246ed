/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * gaps.c - commands and replies that are not in the capture: what can be inferred, and how the session continues.
 *
 * The acknowledgement numbers show what each side had received. When a client sends its next command having received
 * bytes of a gap among the replies (and nothing after it), its reply was in the gap: the usual reply is assumed.
 * Replies that the server sends before it has received anything after a gap among the commands answer commands in the
 * gap.
 */
#include <string.h>

#include "next.h"
#include "private.h"
#include "rows.h"

/* assume_response - continue as if the reply had come. */
void assume_response(struct session *s)
{
	reply_assume(s);
	s->reply.stands_in = true;
}

/* line_between - is there a complete line after the gap, before the offset `until`? */
static bool line_between(const struct inbox *down, uint64_t gap, uint64_t until)
{
	struct span bytes = inbox_bytes_after_gap(down);
	uint64_t after = down->offset + gap;
	if (until < after)
		return false;
	bytes.size = MIN(bytes.size, until - after);
	return bytes.size > 0 && memchr(bytes.data, '\n', bytes.size);
}

enum verb last_waiting(const struct session *s, uint64_t until)
{
	struct span bytes = inbox_bytes(&s->in[UP]);
	struct command command = { .verb = s->awaited.verb };
	size_t used = 0;
	bytes.size = MIN(bytes.size, until - s->in[UP].offset);
	while (grammar_command(bytes, false, &command, &used) == PARSE_DONE)
		bytes = span_from(bytes, used);
	return bytes.size == 0 ? command.verb : VERB_UNKNOWN;
}

/* waited_for_all - the last command before this stream offset is one after which a client must wait (DATA and others,
 * RFC 2920 3.1). */
static bool waited_for_all(const struct session *s, uint64_t until)
{
	return verb_table[last_waiting(s, until)].flags & VERBFLAG_LAST_IN_GROUP;
}

/* sends_other_command - does the client send a command other than RCPT there? A client that pipelines would have sent
 * it together with the commands before it, with the same acknowledgement. */
static bool sends_other_command(const struct session *s, uint64_t offset)
{
	struct span bytes = inbox_bytes_from(&s->in[UP], offset);
	struct command command;
	size_t used;
	return bytes.size > 0 && grammar_command(bytes, false, &command, &used) == PARSE_DONE &&
	       command.verb != VERB_UNKNOWN && command.verb != VERB_RCPT;
}

/* answered_before - was the awaited reply in the gap, because the server had received more when it sent what follows?
 * More than a command that a client sends last before it waits; or any more, when no other reply of this gap was
 * assumed: a gap begins with the awaited reply. */
static bool answered_before(const struct session *s, uint64_t gap)
{
	const struct inbox *down = &s->in[DOWN], *up = &s->in[UP];
	const struct awaited *p = &s->awaited;
	const uint64_t end = down->offset + gap;
	if (!awaits_reply(s) || p->lost || down->received <= end)
		return false;
	const uint64_t acked = inbox_acked(down, end);
	const bool last =
		verb_table[p->verb].flags & VERBFLAG_LAST_IN_GROUP || (!s->greeting.pipelining && !s->greeting.assumed);
	if (acked > p->end && (last || s->losses.assumed_until != end))
		return true;
	struct span bytes = inbox_bytes(up);
	struct command command;
	size_t used;
	uint64_t offset = up->offset;
	while (offset < acked && grammar_command(bytes, false, &command, &used) == PARSE_DONE) {
		offset += used;
		bytes = span_from(bytes, used);
		if ((verb_table[command.verb].flags & VERBFLAG_LAST_IN_GROUP) && acked > offset)
			return true;
	}
	return false;
}

/* answered_in - was the awaited reply in the gap at the current offset? The client's next bytes that acknowledge some
 * of the gap show it: a client that waits for replies had this one by then. */
static bool answered_in(const struct session *s, uint64_t gap)
{
	const struct inbox *down = &s->in[DOWN], *up = &s->in[UP];
	uint64_t end = down->offset + gap, knowing = inbox_sent_after(up, down->offset);
	bool sent_beyond = awaits_reply(s) && !s->awaited.lost && s->awaited.acked >= end;
	if (sent_beyond || knowing == UINT64_MAX)
		return false;
	uint64_t acked = inbox_acked(up, knowing);
	bool shows = acked > end && line_between(down, gap, acked);
	return !shows && (knowing == up->offset || waited_for_all(s, knowing) || sends_other_command(s, knowing));
}

bool knows_reply_in_gap(const struct session *s)
{
	const struct inbox *down = &s->in[DOWN], *up = &s->in[UP];
	return s->content.has_gap && !s->content.odd_end.active && inbox_gap_size(down) > 0 &&
	       inbox_acked(up, up->offset) > down->offset;
}

/* is_serious_line - a whole line that is a command, and not text that begins like one. */
static bool is_serious_line(struct span bytes)
{
	struct command command;
	size_t used;
	return bytes.size > 0 && grammar_command(bytes, true, &command, &used) == PARSE_DONE &&
	       command.end != LINE_END_NONE && command_is_serious(&command);
}

bool content_may_be_lost(const struct session *s)
{
	const struct inbox *up = &s->in[UP];
	if (!session_blind(s) || s->content.odd_end.active)
		return false;
	/* When the 354 was not seen nobody knows how long it is. */
	if (s->content.opened_assumed && s->content.gap > 0)
		return is_serious_line(inbox_bytes(up));
	return (s->content.has_gap || up->offset == s->content.opened[UP]) &&
	       inbox_acked(up, up->offset) > s->content.opened[DOWN];
}

enum next gap_in_responses(struct session *s, struct event *event)
{
	struct inbox *down = &s->in[DOWN];
	uint64_t gap = inbox_gap_size(down);
	struct span bytes = inbox_bytes(&s->in[UP]);
	bool more = down->received > down->offset + gap, goes_on = bytes.size > 0;
	if (goes_on && !enough_to_tell(s, bytes))
		return NEXT_WAIT;
	if (answered_in(s, gap) || answered_before(s, gap)) {
		s->losses.assumed_until = down->offset + gap;
		return next_is(s, event, EVENT_gap, DOWN);
	}
	if (!more && !s->ended)
		return NEXT_WAIT;
	if (!more && goes_on && s->awaited.acked < down->offset + gap)
		return next_is(s, event, EVENT_gap, DOWN);
	inbox_skip_gap(down, gap);
	s->losses.partial[DOWN] = s->losses.replies = true;
	return NEXT_AGAIN;
}

/* The end of data and its reply are in gaps: the client continues with a command. */
bool end_of_data_unseen(const struct session *s)
{
	return (knows_reply_in_gap(s) || content_may_be_lost(s) || (s->content.gap > 0 && content_is_done(s))) &&
	       grammar_known_command(inbox_bytes(&s->in[UP]));
}

/* Some servers discard the bytes that they read together with the end of data. The client gets the reply to the end of
 * data, and nothing since; it waits after DATA or QUIT, and then starts again. */
bool unheard(const struct session *s)
{
	const struct inbox *up = &s->in[UP];
	const struct awaited *p = &s->awaited;
	bool after_content = s->content.answered > 0 && p->acked < s->content.answered && !p->end_of_data && !p->lost;
	if (!after_content || session_blind(s) || s->content.answered != s->in[DOWN].received)
		return false;
	uint64_t anew = inbox_sent_after(up, s->content.answered - 1);
	if (anew == UINT64_MAX || inbox_acked(up, anew) != s->content.answered || !waited_for_all(s, anew))
		return false;
	struct span bytes = inbox_bytes_from(up, anew);
	return bytes.size > 0 && grammar_known_command(bytes);
}

/* is_field - a field of a header (RFC 5322 2.2), and not the rest of MAIL FROM:<..> or RCPT TO:<..>. */
static bool is_field(struct span line)
{
	size_t n = 0;
	line.size = MIN(line.size, LINE_ENOUGH); /* a name is no longer, and this is asked again with each segment */
	while (n < line.size && line.data[n] > ' ' && line.data[n] < 0x7f && line.data[n] != ':')
		n++;
	bool path = n + 1 < line.size && line.data[n + 1] == '<';
	return n > 0 && n < line.size && line.data[n] == ':' && !path;
}

bool content_after_gap(const struct session *s, struct span bytes)
{
	const struct inbox *up = &s->in[UP];
	return s->losses.resynchronising && s->losses.end > 0 && up->offset == s->losses.end && bytes.size > 0 &&
	       whole_line(s, UP, bytes) && is_field(bytes);
}

/* The server answered DATA with 250 or the like, and the client, which has that reply, continues with a header field.
 */
bool content_unasked(const struct session *s)
{
	const struct inbox *up = &s->in[UP];
	const struct span bytes = inbox_bytes(up);
	return s->awaited.verb == VERB_DATA && !s->awaited.end_of_data && s->reply.code / 100 == 2 &&
	       !s->reply.assumed && bytes.size > 0 && whole_line(s, UP, bytes) && is_field(bytes) &&
	       inbox_acked(up, up->offset) >= s->in[DOWN].offset;
}

void lose_command(struct session *s)
{
	struct inbox *up = &s->in[UP];
	s->losses.size = inbox_gap_size(up);
	inbox_skip_gap(up, s->losses.size);
	s->losses.end = up->offset;
	/* The next bytes may be content whose command is in the gap: they are skipped up to a command. */
	s->losses.partial[UP] = s->losses.resynchronising = true;
	s->greeting.assumed |= !s->greeting.done;
	if (s->auth)
		auth_lose(s->auth);
	await_lost(s);
}

void await_lost(struct session *s)
{
	struct awaited *p = &s->awaited;
	transaction_free(p->candidate);
	p->candidate = NULL;
	p->verb = VERB_UNKNOWN;
	awaited_text(p, no_text, no_text);
	p->valid = p->end_of_data = false;
	p->lost = true;
	p->replies_left = p->replies_seen = 0;
	p->end = s->in[UP].offset;
}

void skip_gap(struct session *s)
{
	struct inbox *inbox = &s->in[s->message.direction];
	inbox_skip_gap(inbox, inbox_gap_size(inbox));
	s->losses.partial[s->message.direction] = true;
}
