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
	if (s->machine.state == STATE_chunk_transmission) {
		if (!s->chunk.discard)
			content_open(s, TRANSFER_BDAT);
		return;
	}
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

void close_content(struct session *s)
{
	struct pending *p = &s->pending;
	bool chunk = s->machine.state == STATE_chunk_transmission;
	if (chunk && s->chunk.discard)
		return;
	bool last = !chunk || s->chunk.last;
	if (!chunk && !(s->hold.active && s->hold.ended))
		content_close(s, s->content_ended);
	else if (chunk && last && s->chunk.left == 0)
		content_close(s, true);
	p->end_of_data = true;
	p->lost = false;
	p->end = s->in[UP].offset;
	p->replies_seen = 0;
	p->replies_left = last ? transaction_replies(s) : 1;
}

void take_content_gap(struct session *s)
{
	uint64_t hole = inbox_hole(&s->in[UP]);
	bool chunk = s->machine.state == STATE_chunk_transmission;
	if (chunk) {
		hole = MIN(hole, s->chunk.left);
		s->chunk.left -= hole;
	} else {
		if (s->hold.active)
			hold_release(s);
		content_piece(s, data_scanner_flush(&s->scanner));
		data_scanner_resume(&s->scanner);
	}
	if (!(chunk && s->chunk.discard))
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
	if (s->hold.active) {
		s->hold.ended = true;
		s->hold.end = s->in[UP].offset;
	} else {
		s->content_ended = true;
	}
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

void split_content(struct session *s)
{
	hold_split(s);
}

/* A client that hangs up in the middle of a mail is an everyday event, and the mail's own record says so. */
void break_off(struct session *s)
{
	unsigned code = 0;
	bool answered = reply_waiting(s, UINT64_MAX, &code) > 0;
	if (s->hold.active)
		hold_release(s);
	if (s->machine.state == STATE_data_transmission)
		content_piece(s, data_scanner_flush(&s->scanner));
	s->content_ended = false;
	if (answered && code >= 400 && s->tx)
		s->tx->outcome = OUTCOME_REJECTED;
}

void alert_invalid_data(struct session *s)
{
	break_off(s);
	session_alert(s, ALERT_invalid_data, SEVERITY_LOW, (struct span){ NULL, 0 }, transaction_number(s),
		"invalid data blob: content ended without its terminator");
}

void alert_invalid_data_chunk(struct session *s)
{
	break_off(s);
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

/* alert_exactly - what the bytes ahead of the reply are, more exactly than "unexpected". */
static void alert_exactly(struct session *s, struct span evidence)
{
	int tx = transaction_number(s);
	bool last = !s->pending.end_of_data && (verb_table[s->pending.verb].flags & VERBFLAG_LAST_IN_GROUP);
	if (s->machine.state == STATE_session_initiation)
		session_alert(
			s, ALERT_early_talker, SEVERITY_MEDIUM, evidence, tx, "the client speaks before the banner");
	else if (s->machine.state == STATE_finish)
		session_alert(s, ALERT_data_after_quit, SEVERITY_LOW, evidence, tx,
			"the client goes on after the reply to QUIT");
	else if (last)
		session_alert(s, ALERT_invalid_pipelining, SEVERITY_MEDIUM, evidence, tx,
			"bytes behind %s, which must be the last of its group, before its reply", awaited(s));
	else
		session_alert(s, ALERT_unauthorized_pipelining, SEVERITY_LOW, evidence, tx,
			"commands sent ahead of the reply to %s, and the server does not offer PIPELINING", awaited(s));
}

void alert_unexpected_client_command(struct session *s)
{
	struct span waiting = inbox_bytes(&s->in[UP]);
	bool starttls = s->pending.verb == VERB_STARTTLS || s->pending.verb == VERB_X_ANONYMOUSTLS;
	session_alert(s, ALERT_unexpected_client_command, SEVERITY_LOW, waiting, transaction_number(s),
		"unexpected client command");
	alert_exactly(s, waiting);
	if (starttls && s->machine.state == STATE_response)
		alert_injection(s, waiting);
	if (s->machine.state == STATE_finish)
		inbox_consume(&s->in[UP], waiting.size);
}

void alert_unexpected_server_response(struct session *s)
{
	struct span offending = { NULL, 0 };
	enum parse_result result = reply_read(s, &offending);
	if (result == PARSE_DONE) {
		offending = s->reply.lines[0].line;
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
