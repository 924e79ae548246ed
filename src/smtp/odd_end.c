/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * odd_end.c - an odd end of data with a command behind it: content, or the end of one mail and the start of another?
 *
 * The server's own replies are the judge. A server that took the odd sequence for the end answers before it has the
 * true one, or gives more replies than there were commands; the acknowledgement numbers say what it had when it spoke.
 * Until that is known the content behind the sequence is held back (at most SESSION_PENDING_BYTES; a server that lets
 * more than that pass did not take it for an end), and the bytes are kept so that they can be read again as commands.
 */
#include "private.h"
#include "rows.h"

#include <string.h>

#define EVIDENCE_NEXT 200 /* octets shown of what stands behind an odd end */

/* What may stand behind an odd end of data, as an attacker writes it. */
static const char *const commands[] = { "MAIL FROM:", "RCPT TO:", "DATA\r", "DATA\n", "BDAT ", "EHLO ", "HELO ",
	"LHLO ", "RSET\r", "RSET\n", "AUTH ", "QUIT\r", "QUIT\n" };

void odd_end_init(struct odd_end *hold)
{
	*hold = (struct odd_end){ .literal = g_byte_array_new(), .content = g_byte_array_new() };
}

void odd_end_clear(struct odd_end *hold)
{
	g_byte_array_unref(hold->literal);
	g_byte_array_unref(hold->content);
}

/* reset - nothing is held any more. */
static void reset(struct session *s)
{
	struct odd_end *h = &s->content.odd_end;
	h->active = h->command_follows = h->ended = h->passed = false;
	g_byte_array_set_size(h->literal, 0);
	g_byte_array_set_size(h->content, 0);
	inbox_release(&s->in[UP]);
}

void odd_end_hold(struct session *s, struct span literal)
{
	struct odd_end *h = &s->content.odd_end;
	if (h->active) {
		g_byte_array_append(h->content, literal.data, (guint)literal.size);
		return;
	}
	h->active = true;
	h->low = s->content.scanner.odd_low;
	h->start = s->in[UP].offset;
	g_byte_array_append(h->literal, literal.data, (guint)literal.size);
	inbox_keep(&s->in[UP]);
}

/* evidence_of - the odd end as it was sent, its stuffed dot included, and what followed it. */
static GByteArray *evidence_of(const struct odd_end *hold, struct span next)
{
	GByteArray *evidence = g_byte_array_new();
	if (hold->low)
		g_byte_array_append(evidence, (const guint8 *)".", 1);
	g_byte_array_append(evidence, hold->literal->data, hold->literal->len);
	g_byte_array_append(evidence, next.data, (guint)MIN(next.size, EVIDENCE_NEXT));
	return evidence;
}

/* say - the alert for an odd end without a command behind it. */
static void say_nonstandard(struct session *s, bool answered)
{
	GByteArray *evidence = evidence_of(&s->content.odd_end, (struct span){ NULL, 0 });
	enum direction now = s->message.direction;
	s->message.direction = UP; /* the server's answer tells, the client did it */
	session_alert(s, ALERT_nonstandard_end_of_data, s->content.odd_end.low ? SEVERITY_LOW : SEVERITY_MEDIUM,
		(struct span){ evidence->data, evidence->len }, transaction_number(s),
		"content holds a sequence that some servers take for the end of data, at offset %" G_GUINT64_FORMAT
		"%s",
		s->mails.open ? s->mails.open->content_bytes : 0, answered ? "; this one did" : "");
	s->message.direction = now;
	g_byte_array_unref(evidence);
}

/* lookahead - does a command stand behind it? PARSE_MORE: more bytes are needed to say. */
static enum parse_result lookahead(struct odd_end *hold, struct span next, bool last)
{
	for (size_t i = 0; i < G_N_ELEMENTS(commands); i++) {
		size_t length = strlen(commands[i]), common = MIN(length, next.size);
		if (common > 0 && g_ascii_strncasecmp((const char *)next.data, commands[i], common) != 0)
			continue;
		if (common == length) {
			hold->command_follows = true;
			return PARSE_DONE;
		}
		if (!last)
			return PARSE_MORE;
	}
	return PARSE_ERROR;
}

/* replies_expected - how many replies the strict reading calls for: one to the content (LMTP: one a recipient), one to
 * each command that the client has sent behind it. */
static unsigned replies_expected(const struct session *s)
{
	unsigned n = transaction_replies(s);
	struct span bytes = inbox_bytes(&s->in[UP]);
	struct command command;
	size_t used;
	while (grammar_command(bytes, true, &command, &used) != PARSE_MORE) {
		n++;
		bytes = (struct span){ bytes.data + used, bytes.size - used };
	}
	return n;
}

bool odd_end_took_effect(const struct session *s)
{
	const struct odd_end *h = &s->content.odd_end;
	if (!h->active)
		return false;
	unsigned code = 0, early = reply_waiting(&s->in[DOWN], h->ended ? h->end : s->in[UP].offset, &code);
	if (!h->ended)
		return (early >= 2 && h->command_follows) || (early >= 1 && code < 300);
	unsigned strict = transaction_replies(s);
	/* A reply to bytes that are recorded later, or not at all, is no surplus. */
	bool all_there = !inbox_hole_ahead(&s->in[UP]);
	unsigned waiting = all_there ? reply_waiting(&s->in[DOWN], s->in[UP].received, &code) : 0;
	return h->command_follows && (early > strict || waiting > replies_expected(s));
}

/* next_reply_fits - the second reply that waits was sent after the server had more of the client: it answers that. */
static bool next_reply_fits(const struct session *s)
{
	unsigned code;
	size_t first, second;
	if (reply_peek(&s->in[DOWN], 0, &code, &first) != PARSE_DONE ||
		reply_peek(&s->in[DOWN], first, &code, &second) != PARSE_DONE)
		return false;
	return inbox_acked(&s->in[DOWN], s->in[DOWN].offset + first) > s->content.odd_end.end && code != 250 &&
	       code != 354;
}

enum odd_end_step odd_end_next(struct session *s, struct span next, bool last)
{
	struct odd_end *h = &s->content.odd_end;
	bool full = inbox_kept(&s->in[UP]) > SESSION_PENDING_BYTES;
	if (!h->command_follows) {
		enum parse_result result = lookahead(h, next, last);
		if (result != PARSE_DONE)
			return result == PARSE_MORE ? ODD_END_WAIT : ODD_END_PASSED;
	}
	if (!h->ended)
		return full || (last && next.size == 0) ? ODD_END_PASSED : ODD_END_SCAN;
	bool over = s->ended || (s->in[DOWN].fin && s->in[UP].fin);
	return over || full || session_blind(s) || next_reply_fits(s) ? ODD_END_PASSED : ODD_END_WAIT;
}

/* say_smuggling - what was found and what the server made of it. */
static void say_smuggling(struct session *s, bool answered)
{
	struct span held = { s->content.odd_end.content->data, s->content.odd_end.content->len };
	GByteArray *evidence = evidence_of(&s->content.odd_end, answered ? inbox_bytes(&s->in[UP]) : held);
	enum direction now = s->message.direction;
	s->message.direction = UP; /* the server's answer tells, the client did it */
	session_alert(s, ALERT_smtp_smuggling, SEVERITY_HIGH, (struct span){ evidence->data, evidence->len },
		transaction_number(s), "%s",
		answered ? "SMTP smuggling: the server answered an odd sequence as the end of data; what follows is a "
			   "mail of its own"
			 : "attempt at SMTP smuggling: a command stands behind an odd end of data; the server took it "
			   "as content");
	s->message.direction = now;
	g_byte_array_unref(evidence);
}

/* split - it was one: the content ends there, what follows is read as commands. */
static void split(struct session *s)
{
	reset(s);
	content_close(s, true);
	s->awaited.end = s->in[UP].offset;
}

/* release - it was not: all that was held is content. */
static void release(struct session *s)
{
	struct odd_end *h = &s->content.odd_end;
	content_piece(s, (struct span){ h->literal->data, h->literal->len });
	content_piece(s, (struct span){ h->content->data, h->content->len });
	h->over = h->ended;
	reset(s);
}

void alert_smtp_smuggling(struct session *s)
{
	inbox_rewind(&s->in[UP]);
	say_smuggling(s, true);
	s->mails.smuggled = true;
	split(s);
}

void alert_smtp_smuggling_failed(struct session *s)
{
	say_smuggling(s, false);
	release(s);
}

void alert_nonstandard_end_of_data_answered(struct session *s)
{
	inbox_rewind(&s->in[UP]);
	say_nonstandard(s, true);
	s->mails.smuggled = false;
	split(s);
}

void alert_nonstandard_end_of_data(struct session *s)
{
	say_nonstandard(s, false);
	release(s);
}
