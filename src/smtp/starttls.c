/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * starttls.c - recognises TLS, and has the actions of the table for its beginning and for clear text around it (RFC
 * 3207).
 */
#include "private.h"
#include "rows.h"

/* record_type - the content type of a TLS record at the start (RFC 8446 5.1); 0: none. */
static unsigned record_type(struct span b)
{
	bool header = b.size >= 3 && begins_tls_record(b.data[0]) && b.data[1] == 3 && b.data[2] <= 4;
	return header ? b.data[0] : 0;
}

/* handshake_type - the type of the handshake message that a record begins with (RFC 8446 4); 0: none. */
static unsigned handshake_type(struct span b)
{
	return record_type(b) == 0x16 && b.size > 5 ? b.data[5] : 0;
}

bool is_client_hello(struct span b)
{
	return handshake_type(b) == 1;
}

bool is_tls_record(struct span b)
{
	return record_type(b) != 0;
}

bool is_tls(struct span b)
{
	return is_tls_record(b) || (b.size >= 3 && b.data[0] & 0x80 && b.data[2] == 1);
}

bool server_begins_tls(const struct session *s)
{
	bool unseen = s->losses.end > 0 || s->options.one_sided || s->options.midstream;
	return unseen && handshake_type(inbox_bytes(&s->in[DOWN])) == 2;
}

/* ---- actions ---- */

void begin_tls(struct session *s)
{
	s->tls.start = s->in[DOWN].offset;
}

/* see_tls - TLS records came in this direction; the first ones begin TLS. */
static void see_tls(struct session *s, enum direction d)
{
	s->tls.seen[d] = true;
	if (s->summary.tls)
		return;
	s->summary.tls = true;
	if (s->sink->tls_begin)
		s->sink->tls_begin(s->context, s->options.implicit_tls);
}

void take_tls(struct session *s)
{
	see_tls(s, s->message.direction);
	const struct inbox *inbox = &s->in[s->message.direction];
	const uint64_t offset = inbox->offset - s->message.piece.size;
	if (s->sink->tls_bytes)
		s->sink->tls_bytes(s->context, s->message.direction, s->message.piece, offset, s->message.piece_acked);
}

void take_tls_gap(struct session *s)
{
	uint64_t gap = inbox_gap_size(&s->in[s->message.direction]);
	inbox_skip_gap(&s->in[s->message.direction], gap);
	see_tls(s, s->message.direction);
	if (s->sink->tls_gap)
		s->sink->tls_gap(s->context, s->message.direction, gap);
}

/* start_over - RFC 3207 4.2: knowledge from before TLS is discarded. */
void start_over(struct session *s)
{
	s->tls.decrypted = s->greeting.done = s->greeting.pipelining = false;
	s->greeting.assumed = false;
	s->losses.partial[UP] = s->losses.partial[DOWN] = false;
	s->greeting.size_limit = 0;
	forget_extensions(s);
}

/* alert_injection - CVE-2011-0411; once per session. */
static void alert_injection(struct session *s, struct span evidence)
{
	if (!s->tls.command_reported)
		session_alert(s, ALERT_starttls_command_injection, SEVERITY_HIGH, evidence, -1,
			"the client sent clear text after STARTTLS before TLS began; a vulnerable server takes it as "
			"sent inside of TLS");
	s->tls.command_reported = true;
}

void alert_starttls_command_injection(struct session *s)
{
	alert_injection(s, inbox_bytes(&s->in[UP]));
}

void alert_starttls_command_injection_tls(struct session *s)
{
	struct span stray = inbox_run(&s->in[UP]);
	alert_injection(s, stray);
	inbox_consume(&s->in[UP], stray.size);
}

void alert_starttls_response_injection(struct session *s)
{
	struct span stray = inbox_run(&s->in[DOWN]);
	if (!s->tls.response_reported)
		session_alert(s, ALERT_starttls_response_injection, SEVERITY_HIGH, stray, -1,
			"the server sent clear text after its 220 to STARTTLS");
	s->tls.response_reported = true;
	inbox_consume(&s->in[DOWN], stray.size);
}

void alert_plaintext_after_starttls(struct session *s)
{
	session_alert(s, ALERT_plaintext_after_starttls, SEVERITY_MEDIUM, s->message.offending, -1,
		"after the 220 to STARTTLS the client continues without TLS");
	s->greeting.done = false;
	s->greeting.reported = true; /* for this client the session did not start over */
}
