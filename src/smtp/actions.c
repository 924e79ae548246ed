/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * actions.c - the actions of the table: what happens when a row applies. machine.c decides when.
 *
 * An action may use the current message (s->message.command, s->reply, s->message.offending); it changes the session,
 * never the state.
 */
#include <string.h>

#include "private.h"
#include "rows.h"

#define PENDING_TEXT_FIRST 128 /* first size of the memory for a command */

/* invalid_response - the current line is no reply. */
static void invalid_response(struct session *s, enum severity severity)
{
	s->awaited.noise_end = s->in[DOWN].offset;
	session_alert(s, ALERT_invalid_response, severity, s->message.offending, transaction_number(s),
		"invalid smtp response: the line has no reply code");
}

void alert_invalid_response(struct session *s)
{
	invalid_response(s, SEVERITY_LOW);
}

void alert_invalid_response_high(struct session *s)
{
	invalid_response(s, SEVERITY_HIGH);
}

void resume_with_reply(struct session *s)
{
	reply_emit(s, NULL);
	/* The command before it was not captured; the client may be in the middle of a chunk. */
	s->losses.resynchronising = s->reply.code != 354;
}

void resume(struct session *s)
{
	s->losses.partial[UP] = false;
}

void resume_with_line(struct session *s)
{
	resume(s);
	s->losses.resynchronising = true;
}

void resume_midway(struct session *s)
{
	resume(s);
	s->content.start = START_BEFORE;
}

/* ---- commands ---- */

/* is_auth - AUTH, or Exchange's X-EXPS. */
static bool is_auth(enum verb verb)
{
	return verb == VERB_AUTH || verb == VERB_X_EXPS;
}

/* sent_early - the current command was sent before the previous reply: early.c checked it. */
static bool sent_early(const struct session *s)
{
	return s->judged[UP].set && s->judged[UP].offset == s->in[UP].offset - s->message.command.length;
}

static void emit_command(struct session *s, bool valid, bool credentials, bool continuation, bool in_transaction)
{
	s->summary.commands++;
	if (!s->sink->command)
		return;
	const struct transaction *mail = s->awaited.candidate ? s->awaited.candidate : s->mails.open;
	struct session_command event = {
		.parsed = s->message.command,
		.valid = valid,
		.credentials = credentials,
		.continuation = continuation,
		.state = session_state(s),
		.tx = s->awaited.candidate && !s->mails.open ? s->mails.next : transaction_number(s),
		.smtputf8 = mail && mail->smtputf8,
		.early = sent_early(s),
		.refusal_unknown = s->mails.refusal_end > s->message.acked,
		.in_transaction = in_transaction,
		.offered = greeting_offers(&s->greeting, &s->message.command),
		.accepted_recipients = transaction_count(s->mails.open, RECIPIENT_ACCEPTED),
		.pending_recipients = transaction_count(s->mails.open, RECIPIENT_PENDING),
	};
	s->sink->command(s->context, &event);
}

void awaited_text(struct awaited *p, struct span name, struct span argument)
{
	size_t size = name.size + 1 + argument.size;
	if (size > p->room) {
		g_free(p->text);
		p->room = MAX(size, PENDING_TEXT_FIRST);
		p->text = g_malloc(p->room);
	}
	char *end = p->text;
	if (name.size > 0)
		end = mempcpy(end, name.data, name.size);
	*end++ = '\0';
	if (argument.size > 0)
		memcpy(end, argument.data, argument.size);
	p->name = span_of(p->text, name.size);
	p->argument = span_of(end, argument.size);
}

/* expect - this command awaits its reply from now on. */
static void expect(struct session *s, bool valid)
{
	struct awaited *p = &s->awaited;
	transaction_free(p->candidate);
	p->candidate = NULL;
	p->verb = s->message.command.verb;
	p->valid = valid;
	p->acked = s->message.acked;
	p->early = sent_early(s);
	p->unheard = s->in[DOWN].fin && s->in[DOWN].received > 0;
	p->end = s->in[UP].offset;
	p->end_of_data = p->lost = false;
	p->replies_left = p->replies_seen = 0;
	p->noise_end = 0;
	awaited_text(p, s->message.command.name, is_auth(p->verb) ? no_text : s->message.command.argument);
}

/* take_bdat - RFC 3030 2: the chunk follows the command immediately. */
static void take_bdat(struct session *s)
{
	uint64_t size;
	bool last;
	enum bdat_result result = grammar_bdat(s->message.command.argument, &size, &last);
	if (s->mails.open && !s->content.open)
		s->mails.open->transfer = TRANSFER_BDAT;
	if (result != BDAT_OK) {
		s->losses.resynchronising = true;
		return;
	}
	s->content.chunk = (struct chunk){ .left = size, .last = last };
	if (size == 0) {
		content_open(s, TRANSFER_BDAT);
		s->awaited.end_of_data = true;
		s->awaited.replies_left = last ? transaction_replies(s) : 1;
		if (last)
			content_close(s, true);
	}
}

void alert_bdat_missing_last(struct session *s)
{
	session_alert(s, ALERT_bdat_missing_last, SEVERITY_LOW, s->message.command.line, transaction_number(s),
		"another command before the last BDAT chunk of a mail");
}

void alert_bdat_huge(struct session *s)
{
	session_alert(s, ALERT_bdat_huge, SEVERITY_LOW, s->message.command.line, transaction_number(s),
		"the size of a BDAT chunk is beyond 2^63-1");
}

void alert_bdat_invalid(struct session *s)
{
	uint64_t size;
	bool last, number = grammar_bdat(s->message.command.argument, &size, &last) != BDAT_NOT_A_NUMBER;
	session_alert(s, ALERT_bdat_invalid, SEVERITY_LOW, s->message.command.line, transaction_number(s), "%s",
		number ? "the size of a BDAT chunk is followed by something other than LAST"
		       : "the size of a BDAT chunk is not a number");
}

void take_command(struct session *s)
{
	enum verb verb = s->message.command.verb;
	bool mail = verb_table[verb].flags & VERBFLAG_MAIL;
	bool in_transaction = mail ? transaction_goes_on(&s->mails) : s->mails.open && !s->mails.regreeted;
	end_auth(s);
	expect(s, true);
	if (verb != VERB_UNKNOWN)
		s->losses.resynchronising = false;
	if (mail)
		transaction_mail(s);
	emit_command(s, true, is_auth(verb), false, in_transaction);
	if (verb == VERB_RCPT)
		transaction_rcpt(s, s->message.command.argument);
	else if (verb == VERB_BDAT)
		take_bdat(s);
	else if (is_auth(verb) && s->message.command.argument.size > 0)
		s->auth = auth_new(s->message.command.argument);
	else if (verb_table[verb].flags & VERBFLAG_GREETING)
		greeting_wait(&s->greeting, s->message.command.argument);
}

void alert_invalid_client_initiation(struct session *s)
{
	s->greeting.reported = true;
	session_alert(s, ALERT_invalid_client_initiation, SEVERITY_LOW, s->message.command.line, -1,
		"invalid client initiation command: the client did not say HELO, EHLO or LHLO first");
}

void alert_invalid_command(struct session *s)
{
	bool secret = is_auth(s->message.command.verb);
	session_alert(s, ALERT_invalid_command, SEVERITY_LOW, s->message.command.line, transaction_number(s),
		"invalid smtp command: %s",
		s->message.command.name.size == 0 ? "the line has no verb" : "the verb's parameter does not fit");
	expect(s, false);
	emit_command(s, false, secret, false, s->mails.open != NULL);
}

void pass_over(struct session *s)
{
	struct inbox *up = &s->in[UP];
	uint64_t anew = inbox_sent_after(up, s->content.answered - 1);
	size_t used;
	s->mails.refusal_end = s->content.answered; /* the client could not know that its MAIL was discarded */
	while (up->offset < anew && grammar_command(inbox_bytes(up), false, &s->message.command, &used) == PARSE_DONE) {
		s->message.acked = inbox_acked(up, up->offset);
		inbox_consume(up, used);
		end_auth(s);
		expect(s, true);
		emit_command(s, true, is_auth(s->message.command.verb), false, s->mails.open != NULL);
	}
	transaction_free(s->awaited.candidate);
	s->awaited.candidate = NULL;
}

void take_credentials(struct session *s)
{
	s->message.command.verb = VERB_AUTH;
	s->awaited.end = s->in[UP].offset;
	emit_command(s, true, true, true, s->mails.open != NULL);
	if (s->auth)
		auth_line(s->auth, s->message.command.argument);
}

/* ---- replies ---- */

void end_auth(struct session *s)
{
	if (!s->auth)
		return;
	struct session_auth *result = auth_result(s->auth);
	result->tls = s->summary.tls;
	result->assumed = true;
	if (s->sink->auth)
		s->sink->auth(s->context, result);
	auth_free(s->auth);
	s->auth = NULL;
}

/* auth_reply - the exchange ends, unless the server asks for more. */
static void auth_reply(struct session *s)
{
	if (s->reply.code == 334) {
		if (s->reply.line_count > 0)
			auth_prompt(s->auth, s->reply.lines[0].text);
		return;
	}
	struct session_auth *result = auth_result(s->auth);
	/* Any other acceptance answers another command. */
	const bool other = s->reply.code < 300 && s->reply.code != 235;
	result->success = s->reply.code == 235 && !s->reply.assumed;
	result->assumed = s->reply.assumed || other;
	result->code = result->assumed ? 0 : s->reply.code;
	result->tls = s->summary.tls;
	s->summary.authenticated |= result->success;
	if (s->sink->auth)
		s->sink->auth(s->context, result);
	auth_free(s->auth);
	s->auth = NULL;
}

static void rset_reply(struct session *s)
{
	if (s->reply.code < 300)
		transaction_close(s, STAGE_RSET);
	else
		s->mails.regreeted = s->mails.open != NULL;
}

static void quit_reply(struct session *s)
{
	if (s->reply.code < 300)
		transaction_close(s, STAGE_QUIT);
}

/* restart_reply - STARTTLS, and what like it starts the session over. */
static void restart_reply(struct session *s)
{
	if (s->reply.code == 220)
		transaction_close(s, STAGE_STARTTLS);
}

/* effect - applies a reply to the session, depending on its command. */
static void effect(struct session *s)
{
	static void (*const effects[VERB_COUNT])(struct session * s) = {
		[VERB_HELO] = greeting_reply,
		[VERB_EHLO] = greeting_reply,
		[VERB_LHLO] = greeting_reply,
		[VERB_MAIL] = transaction_mail_reply,
		[VERB_SEND] = transaction_mail_reply,
		[VERB_SOML] = transaction_mail_reply,
		[VERB_SAML] = transaction_mail_reply,
		[VERB_RCPT] = transaction_rcpt_reply,
		[VERB_DATA] = transaction_data_reply,
		[VERB_BDAT] = transaction_data_reply,
		[VERB_BURL] = transaction_burl_reply,
		[VERB_RSET] = rset_reply,
		[VERB_QUIT] = quit_reply,
		[VERB_XCLIENT] = restart_reply,
		[VERB_STARTTLS] = restart_reply,
		[VERB_X_ANONYMOUSTLS] = restart_reply,
	};
	if (s->awaited.end_of_data)
		transaction_content_reply(s);
	else if (s->auth)
		auth_reply(s);
	else if (effects[s->awaited.verb])
		effects[s->awaited.verb](s);
}

void take_response(struct session *s)
{
	struct awaited *p = &s->awaited;
	reply_emit(s, p);
	effect(s);
	p->replies_seen++;
	if (p->end_of_data)
		s->content.answered = s->in[DOWN].offset;
	if (p->replies_left > 0)
		p->replies_left--;
	if (p->verb == VERB_XEXCH50 && s->reply.code == 354) {
		struct span rest = p->argument, word;
		grammar_word(&rest, &word);
		s->content.chunk = (struct chunk){ .left = grammar_number(word), .discard = true };
	}
	if (p->verb == VERB_XCLIENT && s->reply.code == 220)
		s->greeting.done = false;
}

/* The client becomes the server, and begins with a banner. */
void reverse_roles(struct session *s)
{
	take_response(s);
	struct inbox up = s->in[UP];
	inbox_move(&s->in[UP], &s->in[DOWN]);
	inbox_move(&s->in[DOWN], &up);
	s->turned = !s->turned;
	s->greeting.done = s->greeting.assumed = s->greeting.pipelining = false;
	s->greeting.early = 0;
	s->judged[UP].set = s->judged[DOWN].set = false;
	s->awaited.end = 0;
	s->mails.refusal_end = s->mails.smuggled = s->content.answered = s->losses.end = 0;
	reply_detach(&s->reply);
}

void take_stray_response(struct session *s)
{
	if (reply_read(&s->reply, &s->in[DOWN], REPLY_USUAL, &s->message.offending) == PARSE_DONE)
		reply_emit(s, NULL);
}

void stop_waiting(struct session *s)
{
	if (s->awaited.end_of_data)
		transaction_close(s, STAGE_END_OF_DATA);
	s->awaited.lost = false;
}
