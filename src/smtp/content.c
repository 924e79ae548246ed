/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * content.c - the actions of the machine's table that are about content, TLS, and bytes where none are
 * expected.
 *
 * The others are in actions.c; what holds there holds here.
 */
#include <string.h>

#include "private.h"
#include "rows.h"

/* ---- content ---- */

void open_content(struct session *s)
{
	bool midway = s->midway || (s->pending.lost && s->reply.acked < s->in[UP].offset);
	bool unannounced = !s->tx && (s->options.midstream || s->pending.lost);
	s->midway = false;
	transaction_without_mail(s);
	content_open(s, TRANSFER_DATA);
	data_scanner_init(&s->scanner);
	if (midway) {
		data_scanner_resume(&s->scanner);
		content_gap(s, 0);
	}
	s->tx->assumed |= unannounced;
}

/* await_content_reply - content, or a chunk of it, ended: replies to it come. */
static void await_content_reply(struct session *s, unsigned replies)
{
	struct pending *p = &s->pending;
	p->end_of_data = true;
	p->lost = false;
	p->end = s->in[UP].offset;
	p->replies_seen = 0;
	p->replies_left = replies;
}

void close_content(struct session *s)
{
	content_close(s, s->content_ended);
	await_content_reply(s, transaction_replies(s));
}

void open_chunk(struct session *s)
{
	if (!s->chunk.discard)
		content_open(s, TRANSFER_BDAT);
}

void close_chunk(struct session *s)
{
	if (s->chunk.discard)
		return;
	if (s->chunk.last && s->chunk.left == 0)
		content_close(s, true);
	await_content_reply(s, s->chunk.last ? transaction_replies(s) : 1);
}

void take_chunk_gap(struct session *s)
{
	uint64_t hole = MIN(inbox_hole(&s->in[UP]), s->chunk.left);
	s->chunk.left -= hole;
	if (!s->chunk.discard)
		content_gap(s, hole);
	inbox_skip_hole(&s->in[UP], hole);
}

void take_content_gap(struct session *s)
{
	uint64_t hole = inbox_hole(&s->in[UP]);
	content_piece(s, data_scanner_flush(&s->scanner));
	data_scanner_resume(&s->scanner);
	content_gap(s, hole);
	inbox_skip_hole(&s->in[UP], hole);
}

void take_content(struct session *s)
{
	if (s->hold.active)
		g_byte_array_append(s->hold.content, s->piece.data, (guint)s->piece.size);
	else
		content_piece(s, s->piece);
}

void hold_content(struct session *s)
{
	hold_odd(s, s->piece);
}

void end_content(struct session *s)
{
	s->content_ended = true;
}

void take_chunk(struct session *s)
{
	if (!s->chunk.discard)
		content_piece(s, s->piece);
}

void take_lost_end(struct session *s)
{
	content_piece(s, data_scanner_flush(&s->scanner));
	s->content_ended = true;
}

/* refuse_if_answered - content is not whole, and a reply that refuses it waits. */
static void refuse_if_answered(struct session *s)
{
	unsigned code = 0;
	bool answered = reply_waiting(s, UINT64_MAX, &code) > 0;
	s->content_ended = false;
	if (answered && code >= 400 && s->tx)
		s->tx->outcome = OUTCOME_REJECTED;
}

/* A client that hangs up in the middle of a mail is an everyday event, and the mail's own record says so. */
void break_off(struct session *s)
{
	content_piece(s, data_scanner_flush(&s->scanner));
	refuse_if_answered(s);
}

void alert_invalid_data(struct session *s)
{
	session_alert(s, ALERT_invalid_data, SEVERITY_LOW, (struct span){ NULL, 0 }, transaction_number(s),
		"invalid data blob: content ended without its terminator");
}

void alert_invalid_data_chunk(struct session *s)
{
	refuse_if_answered(s);
	session_alert(s, ALERT_invalid_data, SEVERITY_LOW, (struct span){ NULL, 0 }, transaction_number(s),
		"invalid data blob: the last %" G_GUINT64_FORMAT " octets of a chunk never came", s->chunk.left);
}

/* ---- bytes where none are expected ---- */

/* awaited - the name of what the client did not wait for. */
static const char *awaited(const struct session *s)
{
	if (s->pending.end_of_data)
		return "the end of data";
	return s->pending.name.size > 0 ? s->pending.text : "a command";
}

/* alert_waiting - about the client's bytes that wait. */
static void alert_waiting(struct session *s, enum alert_id id, enum severity severity, const char *description)
{
	session_alert(s, id, severity, inbox_bytes(&s->in[UP]), transaction_number(s), "%s", description);
}

void alert_early_talker(struct session *s)
{
	alert_waiting(s, ALERT_early_talker, SEVERITY_MEDIUM, "the client speaks before the banner");
}

void alert_data_after_quit(struct session *s)
{
	alert_waiting(s, ALERT_data_after_quit, SEVERITY_LOW, "the client goes on after the reply to QUIT");
}

void alert_invalid_pipelining(struct session *s)
{
	session_alert(s, ALERT_invalid_pipelining, SEVERITY_MEDIUM, inbox_bytes(&s->in[UP]), transaction_number(s),
		"bytes behind %s, which must be the last of its group, before its reply", awaited(s));
}

void alert_unauthorized_pipelining(struct session *s)
{
	session_alert(s, ALERT_unauthorized_pipelining, SEVERITY_LOW, inbox_bytes(&s->in[UP]), transaction_number(s),
		"commands sent ahead of the reply to %s, and the server does not offer PIPELINING", awaited(s));
}

void alert_unexpected_client_command(struct session *s)
{
	alert_waiting(s, ALERT_unexpected_client_command, SEVERITY_LOW, "unexpected client command");
}

void alert_pending_overflow(struct session *s)
{
	s->overflow_said = true;
	session_alert(s, ALERT_pending_overflow, SEVERITY_MEDIUM, (struct span){ NULL, 0 }, -1,
		"more than %d commands or %d octets wait for replies", SESSION_PENDING_COMMANDS, SESSION_PENDING_BYTES);
}

void alert_unexpected_server_response(struct session *s)
{
	struct span offending = { NULL, 0 };
	enum parse_result result = reply_read(s, &offending);
	if (result == PARSE_DONE) {
		offending = reply_first_line(&s->reply);
		reply_emit(s, NULL);
	}
	session_alert(s, ALERT_unexpected_server_response, SEVERITY_LOW, offending, transaction_number(s),
		"unexpected server response");
}

void drop_connection(struct session *s)
{
	transaction_close(s, STAGE_CLOSED);
	s->dropped = true;
}
