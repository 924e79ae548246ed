/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * holes.c - commands and replies that are not in the capture: what can be inferred, and where the machine goes on.
 *
 * The acknowledgement numbers tell who had seen what. A client that had seen bytes of a hole among the replies when it
 * sent its next command (and nothing behind it) had its reply from there: the usual one is assumed. Replies that the
 * server sent before it had anything from behind a hole among the commands answer what was lost in it.
 */
#include <string.h>

#include "session_private.h"
#include "session_rows.h"

/* assume_response - the machine goes on as if the reply had come. */
void assume_response(struct session *s)
{
	reply_assume(s);
	s->direction = DOWN;
	machine_fire(&s->machine, EVENT_down, s);
	reply_reset(&s->reply);
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

bool hole_in_responses(struct session *s)
{
	struct inbox *down = &s->in[DOWN], *up = &s->in[UP];
	uint64_t hole = inbox_hole(down), end = down->offset + hole;
	struct span next = inbox_bytes(up);
	uint64_t acked = next.size ? inbox_acked(up, up->offset) : 0;
	bool behind = down->received > end;
	/* Sent by someone who had seen the end of the hole already: the reply is behind it. */
	bool beyond = s->pending.acked >= end && s->machine.state == STATE_response && !s->pending.lost;
	if (!beyond && next.size > 0 && acked > down->offset && (acked <= end || !line_between(down, hole, acked))) {
		if (acked > end && !behind && !s->ended)
			return false;
		return fire_gap(s, DOWN);
	}
	if (!behind && !s->ended)
		return false;
	if (!beyond && !behind && next.size > 0)
		return fire_gap(s, DOWN);
	inbox_skip_hole(down, hole);
	s->skip_partial[DOWN] = s->resync_reply = true;
	return true;
}

bool fire_gap(struct session *s, enum direction direction)
{
	s->direction = direction;
	return machine_fire(&s->machine, EVENT_gap, s);
}

void lose_command(struct session *s)
{
	struct inbox *up = &s->in[UP];
	inbox_skip_hole(up, inbox_hole(up));
	s->lost_end = up->offset;
	s->skip_partial[UP] = true;
	s->assumed_greeting |= !s->greeted;
	if (s->auth)
		auth_lose(s->auth);
	await_lost(s);
}

void await_lost(struct session *s)
{
	struct pending *p = &s->pending;
	transaction_free(p->candidate);
	p->candidate = NULL;
	p->verb = VERB_UNKNOWN;
	g_string_assign(p->name, "");
	g_string_assign(p->argument, "");
	p->valid = p->end_of_data = false;
	p->lost = true;
	p->replies_left = p->replies_seen = 0;
	p->end = s->in[UP].offset;
}

void skip_gap(struct session *s)
{
	struct inbox *inbox = &s->in[s->direction];
	inbox_skip_hole(inbox, inbox_hole(inbox));
	s->skip_partial[s->direction] = true;
}
