/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * holes.c - commands and replies that are not in the capture: what can be inferred, and where the machine goes on.
 *
 * The acknowledgement numbers tell who had seen what. A client that had seen bytes of a hole among the replies when it
 * sent its next command (and nothing behind it) had its reply from there: the usual one is assumed. Replies that the
 * server sent before it had anything from behind a hole among the commands answer what was lost in it.
 */
#include <string.h>

#include "next.h"
#include "private.h"
#include "rows.h"

/* assume_response - the machine goes on as if the reply had come. */
void assume_response(struct session *s)
{
	reply_assume(s);
	s->reply.stands_in = true;
}

/* line_between - does a whole line stand in the first `size` octets behind the hole? Looks only at what is there. */
static bool line_between(const struct inbox *down, uint64_t hole, uint64_t until)
{
	struct inbox behind = *down;
	behind.offset += hole;
	struct span bytes = inbox_bytes(&behind);
	if (until < behind.offset)
		return false;
	bytes.size = MIN(bytes.size, until - behind.offset);
	return bytes.size > 0 && memchr(bytes.data, '\n', bytes.size);
}

enum verb last_waiting(const struct session *s, uint64_t until)
{
	struct span bytes = inbox_bytes(&s->in[UP]);
	struct command command = { .verb = s->awaited.verb };
	size_t used = 0;
	bytes.size = MIN(bytes.size, until - s->in[UP].offset);
	while (grammar_command(bytes, false, &command, &used) == PARSE_DONE)
		bytes = (struct span){ bytes.data + used, bytes.size - used };
	return bytes.size == 0 ? command.verb : VERB_UNKNOWN;
}

bool waited_for_all(const struct session *s, uint64_t until)
{
	return verb_table[last_waiting(s, until)].flags & VERBFLAG_LAST_IN_GROUP;
}

/* turns - does the client send another command there than RCPT, of which there may be many? One that did not wait for
 * the replies would have sent it along with what is before it, not knowing more. */
static bool turns(const struct session *s, uint64_t offset)
{
	struct span bytes = inbox_bytes_from(&s->in[UP], offset);
	struct command command;
	size_t used;
	return bytes.size > 0 && grammar_command(bytes, false, &command, &used) == PARSE_DONE &&
	       command.verb != VERB_UNKNOWN && command.verb != VERB_RCPT;
}

/* answered_in - was the reply that is awaited in the hole at the present place? The client's next bytes that it sent
 * knowing some of the hole tell: it had the reply by then, if it waits for replies. */
static bool answered_in(const struct session *s, uint64_t hole)
{
	const struct inbox *down = &s->in[DOWN], *up = &s->in[UP];
	uint64_t end = down->offset + hole, knowing = inbox_sent_after(up, down->offset);
	bool sent_beyond = awaits_reply(s) && !s->awaited.lost && s->awaited.acked >= end;
	if (sent_beyond || knowing == UINT64_MAX)
		return false;
	uint64_t acked = inbox_acked(up, knowing);
	bool shows = acked > end && line_between(down, hole, acked);
	return !shows && (knowing == up->offset || waited_for_all(s, knowing) || turns(s, knowing));
}

bool knows_reply_in_hole(const struct session *s)
{
	const struct inbox *down = &s->in[DOWN], *up = &s->in[UP];
	return s->content.hole && !s->content.odd_end.active && inbox_hole(down) > 0 &&
	       inbox_acked(up, up->offset) > down->offset;
}

enum look hole_in_responses(struct session *s, struct event *event)
{
	struct inbox *down = &s->in[DOWN];
	uint64_t hole = inbox_hole(down);
	bool behind = down->received > down->offset + hole, goes_on = inbox_bytes(&s->in[UP]).size > 0;
	if (answered_in(s, hole))
		return next_is(s, event, EVENT_gap, DOWN);
	if (!behind && !s->ended)
		return LOOK_NOTHING;
	if (!behind && goes_on && s->awaited.acked < down->offset + hole)
		return next_is(s, event, EVENT_gap, DOWN);
	inbox_skip_hole(down, hole);
	s->losses.partial[DOWN] = s->losses.replies = true;
	return LOOK_AGAIN;
}

/* known_command - a whole line of a verb that SMTP has; MAIL and RCPT with their path. */
bool known_command(struct span bytes)
{
	struct command command;
	struct span path, rest;
	size_t used;
	if (grammar_command(bytes, false, &command, &used) != PARSE_DONE || command.verb == VERB_UNKNOWN)
		return false;
	bool mail = verb_table[command.verb].flags & VERBFLAG_MAIL;
	if (mail || command.verb == VERB_RCPT)
		return grammar_path(command.argument, mail ? "FROM" : "TO", &path, &rest);
	return true;
}

/* Some servers throw away what they read along with the end of data. The client has the reply to that, and nothing
 * since; it waits behind DATA or QUIT, and then begins anew. */
bool went_unheard(const struct session *s)
{
	const struct inbox *up = &s->in[UP];
	const struct awaited *p = &s->awaited;
	bool behind_content = s->content.answered > 0 && p->acked < s->content.answered && !p->end_of_data && !p->lost;
	if (!behind_content || session_blind(s) || s->content.answered != s->in[DOWN].received)
		return false;
	uint64_t anew = inbox_sent_after(up, s->content.answered - 1);
	if (anew == UINT64_MAX || inbox_acked(up, anew) != s->content.answered || !waited_for_all(s, anew))
		return false;
	struct span bytes = inbox_bytes_from(up, anew);
	return bytes.size > 0 && known_command(bytes);
}

void lose_command(struct session *s)
{
	struct inbox *up = &s->in[UP];
	inbox_skip_hole(up, inbox_hole(up));
	s->losses.end = up->offset;
	/* What follows may be content whose command is in the hole: it is passed over until a command stands there. */
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
	inbox_skip_hole(inbox, inbox_hole(inbox));
	s->losses.partial[s->message.direction] = true;
}
