/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * unexpected.c - the actions of the table for unexpected bytes.
 */
#include "private.h"
#include "rows.h"

/* awaited - the name of the command whose reply the client did not wait for. */
static const char *awaited(const struct session *s)
{
	if (s->awaited.end_of_data)
		return "the end of data";
	return s->awaited.name.size > 0 ? s->awaited.text : "a command";
}

/* alert_waiting - raises an alert about the client's waiting bytes. */
static void alert_waiting(struct session *s, enum alert_id id, enum severity severity, const char *description)
{
	session_alert(s, id, severity, inbox_bytes(&s->in[UP]), transaction_number(s), "%s", description);
}

void alert_early_talker(struct session *s)
{
	s->greeting.early = s->message.acked + 1;
	alert_waiting(s, ALERT_early_talker, SEVERITY_MEDIUM, "the client speaks before the banner");
}

void alert_data_after_quit(struct session *s)
{
	alert_waiting(s, ALERT_data_after_quit, SEVERITY_LOW, "the client sends more after the reply to QUIT");
}

void alert_invalid_pipelining(struct session *s)
{
	session_alert(s, ALERT_invalid_pipelining, SEVERITY_MEDIUM, inbox_bytes(&s->in[UP]), transaction_number(s),
		"bytes after %s, which must be the last of its group, before its reply", awaited(s));
}

void alert_unauthorized_pipelining(struct session *s)
{
	session_alert(s, ALERT_unauthorized_pipelining, SEVERITY_LOW, inbox_bytes(&s->in[UP]), transaction_number(s),
		"commands sent ahead of the reply to %s, and the server does not offer PIPELINING", awaited(s));
}

void alert_unexpected_client_command(struct session *s)
{
	alert_waiting(s, ALERT_unexpected_client_command, SEVERITY_LOW,
		"unexpected client command: sent before the reply that the client had to wait for");
}

void alert_content_unasked(struct session *s)
{
	alert_waiting(s, ALERT_unexpected_client_command, SEVERITY_LOW,
		"unexpected client command: content, but the server did not answer DATA with 354");
}

void alert_pending_overflow(struct session *s)
{
	s->overflow.reported = true;
	session_alert(s, ALERT_pending_overflow, SEVERITY_MEDIUM, span_of(NULL, 0), -1,
		"more than %d commands or %d octets wait for replies", SESSION_PENDING_COMMANDS, SESSION_PENDING_BYTES);
}

void alert_unexpected_server_response_354(struct session *s)
{
	reply_emit(s, NULL);
	session_alert(s, ALERT_unexpected_server_response, SEVERITY_LOW, reply_first_line(&s->reply),
		transaction_number(s), "the server asks for content that was already sent");
}

void alert_unexpected_server_response(struct session *s)
{
	struct span offending = { NULL, 0 };
	enum parse_result result = reply_read(&s->reply, &s->in[DOWN], REPLY_USUAL, &offending);
	if (result == PARSE_DONE) {
		offending = reply_first_line(&s->reply);
		reply_emit(s, NULL);
	}
	session_alert(s, ALERT_unexpected_server_response, SEVERITY_LOW, offending, transaction_number(s),
		"unexpected server response: no command waits for a reply");
}

void drop_connection(struct session *s)
{
	transaction_close(s, STAGE_CLOSED);
	s->dropped = true;
}
