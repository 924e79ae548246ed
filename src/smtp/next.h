/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * next.h - the next event of a session: next.c, early.c and gaps.c (private).
 */
#ifndef SMTPSCAN_SMTP_NEXT_H
#define SMTPSCAN_SMTP_NEXT_H

#include <string.h>

#include "private.h"

#define LINE_ENOUGH 512 /* octets without a line end after which a line counts as complete (RFC 5321 4.5.3.1.4) */

/* next_event - the next event of the session. Returns false when more bytes are needed. */
bool next_event(struct session *session, struct event *event);

/* The result of examining the inboxes. */
enum next {
	NEXT_WAIT, /* more bytes are needed */
	NEXT_EVENT,
	NEXT_AGAIN /* something was consumed without an event: examine them again */
};

/* next_is - sets the event and its direction. */
static inline enum next next_is(struct session *s, struct event *event, enum machine_event id, enum direction direction)
{
	*event = (struct event){ id, direction, s->reply.code };
	s->message.direction = direction;
	return NEXT_EVENT;
}

/* inbox_command - grammar_command of what waits from the octet `at` on. */
static inline enum parse_result inbox_command(
	const struct inbox *inbox, size_t at, bool last, struct command *command, size_t *used)
{
	struct span bytes = inbox_bytes(inbox);
	if (!last && inbox_no_line(inbox, at))
		return PARSE_MORE;
	return grammar_command(span_from(bytes, at), last, command, used);
}

/* whole_line - are there enough bytes to know what they are? */
static inline bool whole_line(const struct session *s, enum direction d, struct span bytes)
{
	return bytes.size >= LINE_ENOUGH || memchr(bytes.data, '\n', bytes.size) || inbox_closed(&s->in[d]);
}

/* enough_to_tell - do these client bytes show how the client understood a reply that is not in the capture? */
static inline bool enough_to_tell(const struct session *s, struct span bytes)
{
	return whole_line(s, UP, bytes) || is_client_hello(bytes);
}

/* ---- early.c ---- */
/* early_up - client bytes while a reply is awaited: were they really sent before it? early_down - server bytes while no
 * reply is awaited: was there really no command to answer? early_beside_reply - client bytes that were sent before a
 * reply that waits, too. */
enum next early_up(struct session *s, struct event *event);
enum next early_down(struct session *s, struct event *event);
enum next early_beside_reply(struct session *s, struct event *event);
/* early_midstream - the session began before the capture, and a reply that is no banner waits: the client's bytes
 * before it come first. */
enum next early_midstream(struct session *s, struct event *event);
/* may_say_less - fewer replies may come than are awaited: to commands in a gap, or further ones to an end of data. */
bool may_say_less(const struct session *s);

/* ---- gaps.c ---- */
/* gap_in_responses - there is a gap where a reply is awaited: was the reply in it, or is it skipped? */
enum next gap_in_responses(struct session *s, struct event *event);

#endif
