/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * next.h - what happens next in a session: next.c, and the two it asks about the unexpected: early.c, holes.c
 * (private).
 */
#ifndef SMTPSCAN_SMTP_NEXT_H
#define SMTPSCAN_SMTP_NEXT_H

#include <string.h>

#include "private.h"

#define LINE_ENOUGH 512 /* octets without a line end that are judged all the same (RFC 5321 4.5.3.1.4) */

/* next_event - the next event of the session. Returns false when more must come first. */
bool next_event(struct session *session, struct event *event);

/* What a look at the inboxes gives. */
enum look {
	LOOK_NOTHING, /* more must come first */
	LOOK_EVENT,
	LOOK_AGAIN /* something was passed over without an event */
};

/* next_is - this event. */
static inline enum look next_is(struct session *s, struct event *event, enum machine_event id, enum direction direction)
{
	*event = (struct event){ id, direction };
	s->message.direction = direction;
	return LOOK_EVENT;
}

/* whole_line - enough waits to say what it is. */
static inline bool whole_line(const struct session *s, enum direction d, struct span bytes)
{
	return memchr(bytes.data, '\n', bytes.size) || bytes.size >= LINE_ENOUGH || inbox_closed(&s->in[d]);
}

/* ---- early.c ---- */
/* early_up - client bytes that wait for a reply: were they really sent before it? early_down - server bytes with no
 * command outstanding: had it really nothing to answer? early_beside_reply - client bytes that wait next to the reply
 * they should have waited for. */
enum look early_up(struct session *s, struct event *event);
enum look early_down(struct session *s, struct event *event);
enum look early_beside_reply(struct session *s, struct event *event);
/* early_midstream - the session began before the capture, and a reply that is no banner waits: what the client said
 * before it comes first. */
enum look early_midstream(struct session *s, struct event *event);
/* may_say_less - fewer replies may come than are waited for: to what was lost, or to an end of data behind the first.
 */
bool may_say_less(const struct session *s);

/* ---- holes.c ---- */
/* hole_in_responses - a hole stands where a reply is awaited: was the reply in it, or is it stepped over? */
enum look hole_in_responses(struct session *s, struct event *event);

#endif
