/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * actions.c - the actions of the machine's table: what is done when a row applies. See machine.c for when.
 *
 * An action may use the message at hand (s->command, s->reply, s->offending); it changes the session, never the state.
 */
#include <string.h>

#include "private.h"
#include "rows.h"

#define PENDING_TEXT_FIRST 128 /* octets of a command that there is room for at first */

static GString *text_of(struct span s)
{
	return g_string_new_len((const char *)s.data, (gssize)s.size);
}

static void replace(GString **field, GString *text)
{
	if (*field)
		g_string_free(*field, TRUE);
	*field = text;
}

/* ---- the banner ---- */

void greet(struct session *s)
{
	struct span text = reply_text(&s->reply, 0);
	replace(&s->summary.banner, text_of(text));
	reply_emit(s, NULL);
}

void turn_away(struct session *s)
{
	greet(s);
	replace(&s->banner_line, text_of(reply_first_line(&s->reply)));
}

void alert_unavailable_service(struct session *s)
{
	struct span line = reply_first_line(&s->reply);
	greet(s);
	session_alert(s, ALERT_unavailable_service, SEVERITY_LOW, line, -1, "unavailable service: %u", s->reply.code);
}

/* invalid_response - the line at hand is no reply. */
static void invalid_response(struct session *s, enum severity severity)
{
	session_alert(s, ALERT_invalid_response, severity, s->offending, transaction_number(s),
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
	/* What it answers was not captured; the client may be in the middle of a chunk. */
	s->resynchronising = s->reply.code != 354;
}

void resume(struct session *s)
{
	s->midway = true;
	s->skip_partial[UP] = false;
}

void assume_banner(struct session *s)
{
	reply_assume(s);
	s->reply.code = 220;
	reply_emit(s, NULL);
	s->assumed_greeting = true;
}

/* ---- commands ---- */

/* is_auth - AUTH, or Exchange's word for it. */
static bool is_auth(enum verb verb)
{
	return verb == VERB_AUTH || verb == VERB_X_EXPS;
}

/* sent_early - the command at hand was judged before it was taken. */
static bool sent_early(const struct session *s)
{
	return s->judged[UP].set && s->judged[UP].place == s->in[UP].offset - s->command.length;
}

static void emit_command(struct session *s, bool valid, bool credentials, bool continuation, bool in_transaction)
{
	s->summary.commands++;
	if (!s->sink->command)
		return;
	struct session_command event = {
		.parsed = s->command,
		.valid = valid,
		.credentials = credentials,
		.continuation = continuation,
		.state = session_state_name(s),
		.tx = s->pending.candidate && !s->tx ? s->next_tx : transaction_number(s),
		.early = sent_early(s),
		.refusal_unknown = s->refusal_end > s->command_acked,
		.in_transaction = in_transaction,
		.accepted_recipients = transaction_count(s->tx, RECIPIENT_ACCEPTED),
		.pending_recipients = transaction_count(s->tx, RECIPIENT_PENDING),
	};
	struct transaction *mail = s->pending.candidate ? s->pending.candidate : s->tx;
	for (guint i = 0; mail && i < mail->params->len; i++)
		event.smtputf8 |= strcmp(((struct mail_param *)g_ptr_array_index(mail->params, i))->keyword->str,
					  "SMTPUTF8") == 0;
	s->sink->command(s->context, &event);
}

void pending_text(struct pending *p, struct span name, struct span argument)
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
	p->name = (struct span){ (const uint8_t *)p->text, name.size };
	p->argument = (struct span){ (const uint8_t *)end, argument.size };
}

/* expect - this command waits for its reply from now on. */
static void expect(struct session *s, bool valid)
{
	struct pending *p = &s->pending;
	transaction_free(p->candidate);
	p->candidate = NULL;
	p->verb = s->command.verb;
	p->valid = valid;
	p->acked = s->command_acked;
	p->early = sent_early(s) || s->in[DOWN].fin;
	p->end = s->in[UP].offset;
	p->end_of_data = p->lost = false;
	p->replies_left = p->replies_seen = 0;
	pending_text(p, s->command.name, is_auth(p->verb) ? no_text : s->command.argument);
}

/* take_bdat - RFC 3030 2: the chunk follows at once. */
static void take_bdat(struct session *s)
{
	uint64_t size;
	bool last;
	enum bdat_result result = grammar_bdat(s->command.argument, &size, &last);
	if (s->tx && !s->content_open)
		s->tx->transfer = TRANSFER_BDAT;
	if (result != BDAT_OK) {
		s->resynchronising = true;
		return;
	}
	s->chunk = (struct chunk){ .left = size, .last = last };
	if (size == 0) {
		content_open(s, TRANSFER_BDAT);
		s->pending.end_of_data = true;
		s->pending.replies_left = last ? transaction_replies(s) : 1;
		if (last)
			content_close(s, true);
	}
}

void alert_bdat_missing_last(struct session *s)
{
	session_alert(s, ALERT_bdat_missing_last, SEVERITY_LOW, s->command.line, transaction_number(s),
		"another command before the last BDAT chunk of a mail");
}

void alert_bdat_huge(struct session *s)
{
	session_alert(s, ALERT_bdat_huge, SEVERITY_LOW, s->command.line, transaction_number(s),
		"the size of a BDAT chunk is beyond 2^63-1");
}

void alert_bdat_invalid(struct session *s)
{
	uint64_t size;
	bool last, number = grammar_bdat(s->command.argument, &size, &last) != BDAT_NOT_A_NUMBER;
	session_alert(s, ALERT_bdat_invalid, SEVERITY_LOW, s->command.line, transaction_number(s), "%s",
		number ? "behind the size of a BDAT chunk stands something else than LAST"
		       : "the size of a BDAT chunk is not a number");
}

void alert_unavailable_service_554(struct session *s)
{
	session_alert(
		s, ALERT_unavailable_service, SEVERITY_LOW, span_of(s->banner_line), -1, "unavailable service: 554");
}

void take_command(struct session *s)
{
	enum verb verb = s->command.verb;
	bool in_transaction = s->tx != NULL && !s->regreeted;
	end_auth(s);
	expect(s, true);
	if (verb != VERB_UNKNOWN)
		s->resynchronising = false;
	if (verb == VERB_MAIL)
		transaction_mail(s);
	emit_command(s, true, is_auth(verb), false, in_transaction);
	if (verb == VERB_RCPT)
		transaction_rcpt(s);
	else if (verb == VERB_BDAT)
		take_bdat(s);
	else if (is_auth(verb) && s->command.argument.size > 0)
		s->auth = auth_new(s->command.argument);
	else if (verb_table[verb].flags & VERBFLAG_GREETING)
		replace(&s->greeting_name, text_of(s->command.argument));
}

void alert_invalid_client_initiation(struct session *s)
{
	s->initiation_said = true;
	session_alert(s, ALERT_invalid_client_initiation, SEVERITY_LOW, s->command.line, -1,
		"invalid client initiation command");
}

void alert_invalid_command(struct session *s)
{
	bool secret = is_auth(s->command.verb);
	session_alert(s, ALERT_invalid_command, SEVERITY_LOW, s->command.line, transaction_number(s),
		"invalid smtp command: %s",
		s->command.name.size == 0 ? "the line has no verb" : "the verb's parameter does not fit");
	expect(s, false);
	emit_command(s, false, secret, false, s->tx != NULL);
}

void pass_over(struct session *s)
{
	struct inbox *up = &s->in[UP];
	uint64_t anew = inbox_sent_after(up, s->content_answered - 1);
	size_t used;
	s->refusal_end = s->content_answered; /* that MAIL went unheard, the client could not know */
	while (up->offset < anew && grammar_command(inbox_bytes(up), false, &s->command, &used) == PARSE_DONE) {
		s->command_acked = inbox_acked(up, up->offset);
		inbox_consume(up, used);
		end_auth(s);
		expect(s, true);
		emit_command(s, true, is_auth(s->command.verb), false, s->tx != NULL);
	}
	transaction_free(s->pending.candidate);
	s->pending.candidate = NULL;
}

void take_credentials(struct session *s)
{
	s->command.verb = VERB_AUTH;
	s->pending.end = s->in[UP].offset;
	emit_command(s, true, true, true, s->tx != NULL);
	if (s->auth)
		auth_line(s->auth, s->command.argument);
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

void forget_extensions(struct session *s)
{
	const struct arena all = { .at = (char *)s->extensions_first, .left = sizeof s->extensions_first };
	arena_release(&s->extension_memory, &all);
	s->extensions = (GPtrArray){ 0 };
}

/* take_extensions - the lines of an EHLO reply behind the first (RFC 5321 4.1.1.1). */
static void take_extensions(struct session *s)
{
	forget_extensions(s);
	s->pipelining = s->starttls_offered = false;
	s->size_limit = 0;
	for (size_t i = 1; i < s->reply.line_count; i++) {
		struct span text = reply_text(&s->reply, i), rest = text, word, value;
		if (!grammar_word(&rest, &word))
			continue;
		struct arena *memory = &s->extension_memory;
		arena_add(memory, &s->extensions, arena_text(memory, text.data, text.size));
		if (grammar_is(word, "PIPELINING"))
			s->pipelining = true;
		else if (grammar_is(word, "X_PIPE_CONNECT") || grammar_is(word, "PIPECONNECT") ||
			 grammar_is(word, "PIPE_CONNECT"))
			s->early_pipeline = true;
		else if (grammar_is(word, "SIZE") && grammar_word(&rest, &value)) {
			char *number = g_strndup((const char *)value.data, value.size);
			s->size_limit = g_ascii_strtoull(number, NULL, 10);
			g_free(number);
		}
	}
}

/* greeting_reply - an accepted greeting begins anew (RFC 5321 4.1.4); a refused one changes nothing. */
static void greeting_reply(struct session *s)
{
	if (s->reply.code >= 300) {
		s->regreeted = s->tx != NULL;
		return;
	}
	transaction_close(s, STAGE_HELO);
	s->greeted = true;
	s->assumed_greeting = s->reply.assumed;
	s->summary.lmtp = s->pending.verb == VERB_LHLO;
	replace(&s->summary.helo, s->greeting_name);
	s->greeting_name = NULL;
	if (!s->reply.assumed)
		take_extensions(s);
}

/* auth_reply - the exchange is over unless the server asks for more. */
static void auth_reply(struct session *s)
{
	if (s->reply.code == 334)
		return;
	struct session_auth *result = auth_result(s->auth);
	result->success = s->reply.code == 235 && !s->reply.assumed;
	result->assumed = s->reply.assumed;
	result->code = s->reply.assumed ? 0 : s->reply.code;
	result->tls = s->summary.tls;
	s->summary.authenticated |= result->success;
	if (s->sink->auth)
		s->sink->auth(s->context, result);
	auth_free(s->auth);
	s->auth = NULL;
}

/* effect - what the reply does to the session, by what it answers. */
static void effect(struct session *s)
{
	struct pending *p = &s->pending;
	bool accepted = s->reply.code < 300;
	if (p->end_of_data) {
		transaction_content_reply(s);
		return;
	}
	if (s->auth) {
		auth_reply(s);
		return;
	}
	switch (p->verb) {
	case VERB_HELO:
	case VERB_EHLO:
	case VERB_LHLO:
		greeting_reply(s);
		break;
	case VERB_MAIL:
		transaction_mail_reply(s);
		break;
	case VERB_RCPT:
		transaction_rcpt_reply(s);
		break;
	case VERB_DATA:
	case VERB_BDAT:
		transaction_data_reply(s);
		break;
	case VERB_BURL:
		transaction_burl_reply(s);
		break;
	case VERB_RSET:
		if (accepted)
			transaction_close(s, STAGE_RSET);
		else
			s->regreeted = s->tx != NULL;
		break;
	case VERB_QUIT:
		if (accepted)
			transaction_close(s, STAGE_QUIT);
		break;
	case VERB_XCLIENT:
	case VERB_STARTTLS:
	case VERB_X_ANONYMOUSTLS:
		if (s->reply.code == 220)
			transaction_close(s, STAGE_STARTTLS);
		break;
	default:
		break;
	}
}

void take_response(struct session *s)
{
	struct pending *p = &s->pending;
	reply_emit(s, p);
	effect(s);
	p->replies_seen++;
	if (p->end_of_data)
		s->content_answered = s->in[DOWN].offset;
	if (p->replies_left > 0)
		p->replies_left--;
	if (p->verb == VERB_XEXCH50 && s->reply.code == 354) {
		struct span rest = p->argument, word;
		char *number =
			grammar_word(&rest, &word) ? g_strndup((const char *)word.data, word.size) : g_strdup("");
		s->chunk = (struct chunk){ .left = g_ascii_strtoull(number, NULL, 10), .discard = true };
		g_free(number);
	}
	if (p->verb == VERB_XCLIENT && s->reply.code == 220)
		s->greeted = false;
}

void take_stray_response(struct session *s)
{
	if (reply_read(s, &s->offending) == PARSE_DONE)
		reply_emit(s, NULL);
}

void settle(struct session *s)
{
	if (s->pending.end_of_data)
		transaction_close(s, STAGE_END_OF_DATA);
	s->pending.lost = false;
}
