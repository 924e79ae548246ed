/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * transaction.c - mail transactions (RFC 5321 3.3): envelope, content, outcome. Nothing is carried over from one to the
 * next.
 *
 * At most one is open. A MAIL inside of a transaction is a candidate, which replaces it when the server accepts the
 * MAIL. The sink gets begin, content and end; the session frees a transaction when the sink's transaction_end has
 * returned.
 */
#include "private.h"

#include <string.h>

#define ENVELOPE_FIRST 768   /* octets within the struct for the envelope: usually enough */
#define PARAMS_KEPT_MAX 1000 /* of a transaction, when recipients add theirs */

const char *const transfer_names[TRANSFER_BDAT + 1] = { NULL, "data", "bdat" };
const char *const outcome_names[OUTCOME_ABORTED + 1] = { "unknown", "accepted", "rejected", "aborted" };
const char *const stage_names[STAGE_COUNT] = {
#define X(id, name) [STAGE_##id] = name,
	STAGES(X)
#undef X
};

/* A transaction and the memory of its envelope, which is freed at once. Its strings and lists have GLib's types, but
 * GLib must not change them. */
struct envelope {
	struct transaction tx; /* first: a struct transaction * is one of these */
	GPtrArray params, recipients;
	GString reply_text;
	struct arena arena;
	uint64_t first[ENVELOPE_FIRST / sizeof(uint64_t)];
};

static struct arena arena_of(struct envelope *envelope)
{
	return (struct arena){ .at = (char *)envelope->first, .left = sizeof envelope->first };
}

static struct arena *tx_arena(struct transaction *tx)
{
	return &((struct envelope *)tx)->arena;
}

static GString *tx_text(struct arena *arena, struct span s)
{
	return arena_text(arena, s.data, s.size);
}

static struct transaction *transaction_new(const struct session *s)
{
	struct envelope *envelope = g_new(struct envelope, 1);
	struct transaction *tx = &envelope->tx;
	envelope->params = envelope->recipients = (GPtrArray){ 0 };
	*tx = (struct transaction){ .params = &envelope->params, .recipients = &envelope->recipients };
	envelope->reply_text = (GString){ 0 };
	envelope->arena = arena_of(envelope);
	tx->helo = s->summary.helo ? tx_text(&envelope->arena, span_of_string(s->summary.helo)) : NULL;
	tx->lmtp = s->summary.lmtp;
	tx->authenticated = s->summary.authenticated;
	tx->tls = s->summary.tls;
	tx->size_limit = s->greeting.size_limit;
	tx->smuggled = s->message.acked < s->mails.smuggled;
	return tx;
}

void transaction_free(struct transaction *tx)
{
	if (!tx)
		return;
	struct envelope *envelope = (struct envelope *)tx;
	const struct arena all = arena_of(envelope);
	arena_release(&envelope->arena, &all);
	g_free(envelope);
}

/* open_transaction - makes it the open one. */
static void open_transaction(struct session *s, struct transaction *tx)
{
	tx->number = s->mails.next++;
	s->mails.open = tx;
	s->mails.begun = s->in[UP].offset;
	s->mails.regreeted = false;
	if (s->sink->transaction_begin)
		s->sink->transaction_begin(s->context, tx);
}

/* xtext - decodes RFC 3461 xtext: "+XX" is an octet. */
static GString *xtext(struct arena *arena, struct span s)
{
	GString *out = tx_text(arena, s);
	out->len = 0;
	for (size_t i = 0; i < s.size; i++) {
		if (s.data[i] == '+' && i + 2 < s.size && g_ascii_isxdigit(s.data[i + 1]) &&
			g_ascii_isxdigit(s.data[i + 2])) {
			int high = g_ascii_xdigit_value(s.data[i + 1]), low = g_ascii_xdigit_value(s.data[i + 2]);
			out->str[out->len++] = (char)(high << 4 | low);
			i += 2;
		} else {
			out->str[out->len++] = (char)s.data[i];
		}
	}
	out->str[out->len] = '\0';
	return out;
}

/* has_param - is there a parameter with this keyword already? */
static bool has_param(const GPtrArray *params, struct span keyword)
{
	for (guint i = 0; i < params->len; i++) {
		const GString *own = ((struct mail_param *)g_ptr_array_index(params, i))->keyword;
		if (own->len == keyword.size &&
			g_ascii_strncasecmp(own->str, (const char *)keyword.data, keyword.size) == 0)
			return true;
	}
	return false;
}

/* add_param - keyword=value of MAIL or RCPT; ENVID, AUTH and ORCPT are xtext (RFC 3461 4, RFC 4954 5). */
static struct mail_param *add_param(struct transaction *tx, struct span keyword, struct span value)
{
	struct arena *arena = tx_arena(tx);
	struct mail_param *param = arena_take(arena, sizeof *param);
	*param = (struct mail_param){ .keyword = tx_text(arena, keyword) };
	char *name = param->keyword->str;
	for (size_t i = 0; i < keyword.size; i++)
		name[i] = g_ascii_toupper(name[i]);
	bool encoded = strcmp(name, "ENVID") == 0 || strcmp(name, "AUTH") == 0 || strcmp(name, "ORCPT") == 0;
	tx->smtputf8 |= strcmp(name, "SMTPUTF8") == 0;
	if (value.data)
		param->value = encoded ? xtext(arena, value) : tx_text(arena, value);
	arena_add(arena, tx->params, param);
	return param;
}

void transaction_mail(struct session *s)
{
	struct transaction *tx = transaction_new(s);
	struct span path, rest, keyword, value;
	if (grammar_path(s->message.command.argument, "FROM", &path, &rest)) {
		tx->mail_from = tx_text(tx_arena(tx), path);
		while (grammar_parameter(&rest, &keyword, &value)) {
			struct mail_param *param = add_param(tx, keyword, value);
			if (param->value && strcmp(param->keyword->str, "SIZE") == 0)
				tx->declared_size = grammar_number(value);
		}
	} else {
		tx->mail_from = tx_text(tx_arena(tx), s->message.command.argument);
	}
	s->awaited.candidate = tx;
}

/* text_make_room - makes room in text for `size` octets with their NUL. Its memory at least doubles each time, so that
 * many refused recipients can't use up memory. */
static void text_make_room(struct arena *arena, GString *text, size_t size)
{
	if (text->allocated_len >= size)
		return;
	text->allocated_len = MAX(size, 2 * text->allocated_len);
	text->str = arena_take(arena, text->allocated_len);
}

/* note_reply - keeps the reply that decides the outcome so far. */
static void note_reply(struct session *s, struct transaction *tx)
{
	if (s->reply.assumed)
		return;
	tx->reply_code = s->reply.code;
	grammar_enhanced(s->reply.code, reply_text(&s->reply, 0), tx->reply_enhanced);
	tx->reply_text = &((struct envelope *)tx)->reply_text;
	size_t size = 1;
	for (size_t i = 0; i < s->reply.line_count; i++)
		size += reply_text(&s->reply, i).size + 1;
	text_make_room(tx_arena(tx), tx->reply_text, size);
	char *end = tx->reply_text->str;
	for (size_t i = 0; i < s->reply.line_count; i++) {
		struct span text = reply_text(&s->reply, i);
		if (i > 0)
			*end++ = '\n';
		end = mempcpy(end, text.data, text.size);
	}
	*end = '\0';
	tx->reply_text->len = (size_t)(end - tx->reply_text->str);
}

static bool refused(const struct session *s)
{
	return s->reply.code >= 400;
}

static bool accepted(const struct session *s)
{
	return s->reply.code / 100 == 2 && s->reply.code != 221; /* 221: the server closes, and says no more */
}

/* refuse_mail - the server rejected this MAIL: a transaction that ends at once. */
static void refuse_mail(struct session *s, struct transaction *tx)
{
	struct transaction *open = s->mails.open;
	uint64_t begun = s->mails.begun;
	bool content = s->content.open, ended = s->content.ended; /* of the one that stays open */
	s->content.open = false;
	s->mails.refusal_end = s->in[DOWN].offset;
	open_transaction(s, tx);
	note_reply(s, tx);
	transaction_end(s, OUTCOME_REJECTED, STAGE_MAIL);
	s->mails.open = open;
	s->mails.begun = begun;
	s->content.open = content;
	s->content.ended = ended;
}

/* nobody_left - were all its recipients refused? */
static bool nobody_left(const struct transaction *tx)
{
	return transaction_count(tx, RECIPIENT_REJECTED) > 0 &&
	       transaction_count(tx, RECIPIENT_ACCEPTED) + transaction_count(tx, RECIPIENT_PENDING) == 0;
}

/* chunk_refused - RFC 3030 2: what a refused chunk leaves of the transaction is not defined. */
static bool chunk_refused(const struct transaction *tx)
{
	return tx->transfer == TRANSFER_BDAT && tx->outcome == OUTCOME_REJECTED;
}

bool transaction_goes_on(const struct mails *mails)
{
	const struct transaction *tx = mails->open;
	return tx && !mails->regreeted && !nobody_left(tx) && !chunk_refused(tx);
}

void transaction_mail_reply(struct session *s)
{
	struct transaction *tx = s->awaited.candidate;
	s->awaited.candidate = NULL;
	if (!tx)
		return;
	tx->assumed |= s->reply.assumed;
	if (!refused(s)) {
		transaction_close(s, STAGE_MAIL);
		open_transaction(s, tx);
	} else if (!transaction_goes_on(&s->mails)) {
		refuse_mail(s, tx);
	} else {
		transaction_free(tx);
	}
}

void transaction_mail_unanswered(struct session *s)
{
	struct transaction *tx = s->awaited.candidate;
	s->awaited.candidate = NULL;
	/* A server that closed because of the commands before did not accept it. */
	const struct inbox *down = &s->in[DOWN];
	bool hung_up = s->awaited.early && down->fin && down->received > 0;
	bool taken = tx && !s->awaited.unheard && !hung_up;
	if (!taken) {
		transaction_free(tx);
		return;
	}
	tx->assumed = true;
	transaction_close(s, STAGE_MAIL);
	open_transaction(s, tx);
}

void transaction_rcpt(struct session *s, struct span argument)
{
	if (!s->mails.open)
		return;
	struct transaction *tx = s->mails.open;
	tx->recipient_count[RECIPIENT_PENDING]++;
	tx->rcpt_status = RECIPIENT_PENDING;
	bool full = tx->recipients->len >= RECIPIENTS_KEPT_MAX || tx->recipient_octets >= RECIPIENT_OCTETS_MAX;
	if (full || tx->recipients_omitted > 0) {
		tx->recipients_omitted++;
		return;
	}
	tx->recipient_octets += argument.size;
	struct span path = argument, rest = { NULL, 0 }, keyword, value;
	bool fits = grammar_path(argument, "TO", &path, &rest);
	struct recipient *recipient = arena_take(tx_arena(tx), sizeof *recipient);
	*recipient = (struct recipient){ .path = tx_text(tx_arena(tx), fits ? path : argument) };
	while (fits && grammar_parameter(&rest, &keyword, &value))
		if (tx->params->len < PARAMS_KEPT_MAX && !has_param(tx->params, keyword))
			add_param(tx, keyword, value);
	arena_add(tx_arena(tx), tx->recipients, recipient);
}

/* mail_unseen - there may have been commands that are not in the capture. */
static bool mail_unseen(const struct session *s)
{
	return s->options.midstream || session_blind(s);
}

/* rcpt_without_mail - a recipient whose MAIL was not seen begins a transaction. */
static void rcpt_without_mail(struct session *s)
{
	if (s->mails.open)
		return;
	transaction_without_mail(s);
	s->mails.open->assumed = mail_unseen(s);
	transaction_rcpt(s, s->awaited.argument);
}

void transaction_rcpt_unanswered(struct session *s)
{
	const struct awaited *p = &s->awaited;
	if (p->verb == VERB_RCPT && p->valid && !p->end_of_data && p->replies_seen == 0 && !p->unheard &&
		mail_unseen(s))
		rcpt_without_mail(s);
}

void transaction_rcpt_reply(struct session *s)
{
	if (refused(s))
		s->mails.refusal_end = s->in[DOWN].offset;
	/* 503: the server, which received everything, had no MAIL. */
	if (mail_unseen(s) ? s->reply.code != 503 : !refused(s) && !s->reply.assumed)
		rcpt_without_mail(s);
	struct transaction *tx = s->mails.open;
	if (!tx || tx->recipients->len == 0 || tx->rcpt_status != RECIPIENT_PENDING)
		return;
	if (s->reply.unanswered) {
		tx->assumed = true;
		return;
	}
	tx->rcpt_status = refused(s) ? RECIPIENT_REJECTED : RECIPIENT_ACCEPTED;
	tx->recipient_count[RECIPIENT_PENDING]--;
	tx->recipient_count[tx->rcpt_status]++;
	if (tx->recipients_omitted == 0) {
		struct recipient *recipient = g_ptr_array_index(tx->recipients, tx->recipients->len - 1);
		recipient->assumed = s->reply.assumed;
		recipient->status = tx->rcpt_status;
		recipient->code = s->reply.assumed ? 0 : s->reply.code;
	}
	tx->assumed |= s->reply.assumed;
	tx->stage = STAGE_RCPT;
	if (refused(s))
		note_reply(s, tx);
}

/* rejected_so_far - the server refused DATA or the content; the client may try again. */
static void rejected_so_far(struct session *s, enum stage stage)
{
	note_reply(s, s->mails.open);
	s->mails.open->outcome = OUTCOME_REJECTED;
	s->mails.open->stage = stage;
}

void transaction_data_reply(struct session *s)
{
	if (!s->mails.open)
		return;
	s->mails.open->assumed |= s->reply.assumed;
	if (refused(s))
		rejected_so_far(s, STAGE_DATA);
}

/* note_recipient - LMTP: assigns the reply to the next accepted recipient (RFC 2033 4.2). */
static void note_recipient(struct session *s)
{
	while (s->mails.open->final_replies < s->mails.open->recipients->len) {
		struct recipient *recipient =
			g_ptr_array_index(s->mails.open->recipients, s->mails.open->final_replies++);
		if (recipient->status == RECIPIENT_ACCEPTED && recipient->final_code == 0) {
			recipient->final_code = s->reply.code;
			return;
		}
	}
}

void transaction_content_reply(struct session *s)
{
	struct transaction *tx = s->mails.open;
	if (!tx)
		return;
	tx->assumed |= s->reply.assumed;
	bool whole = s->content.ended;
	if (tx->lmtp && whole && !s->reply.assumed)
		note_recipient(s);
	if (!whole && s->reply.assumed)
		return; /* the content is incomplete: the end of the session decides */
	if (!whole && (tx->transfer == TRANSFER_DATA || s->content.chunk.left > 0)) {
		note_reply(s, tx);
		enum outcome given_up = tx->outcome == OUTCOME_REJECTED ? OUTCOME_REJECTED : OUTCOME_ABORTED;
		transaction_end(s, accepted(s) ? OUTCOME_ACCEPTED : given_up, STAGE_CONTENT);
		return;
	}
	if (refused(s) && (!tx->lmtp || tx->outcome != OUTCOME_ACCEPTED)) {
		rejected_so_far(s, STAGE_END_OF_DATA);
	} else if (!refused(s) && whole && !s->reply.assumed) {
		note_reply(s, tx);
		tx->outcome = accepted(s) ? OUTCOME_ACCEPTED : tx->outcome; /* 334 says neither */
	}
	if (s->awaited.replies_left <= 1 && whole)
		transaction_end(s, tx->outcome, STAGE_END_OF_DATA);
}

void transaction_burl_reply(struct session *s)
{
	struct span rest = s->awaited.argument, word;
	bool last = false;
	while (grammar_word(&rest, &word))
		last = grammar_is(word, "LAST");
	if (!s->mails.open)
		return;
	if (refused(s)) {
		rejected_so_far(s, STAGE_DATA);
		return;
	}
	content_gap(s, 0);
	if (!last)
		return;
	note_reply(s, s->mails.open);
	transaction_end(s, OUTCOME_ACCEPTED, STAGE_END_OF_DATA);
}

void transaction_end(struct session *s, enum outcome outcome, enum stage stage)
{
	struct transaction *tx = s->mails.open;
	if (!tx)
		return;
	if (s->content.open)
		content_close(s, false);
	tx->outcome = outcome;
	tx->stage = stage;
	s->mails.open = NULL;
	s->content.ended = false;
	if (s->sink->transaction_end)
		s->sink->transaction_end(s->context, tx);
	transaction_free(tx);
}

void transaction_close(struct session *s, enum stage stage)
{
	struct transaction *tx = s->mails.open;
	if (!tx)
		return;
	bool nobody = tx->transfer == TRANSFER_NONE && nobody_left(tx);
	/* When the capture ends before the server has answered, or without its direction, the transaction may have
	 * continued. */
	bool alone = server_unseen(s) && tx->content_begun;
	bool cut = stage == STAGE_CAPTURE_END && (alone || tx->assumed || transaction_count(tx, RECIPIENT_PENDING) > 0);
	/* DATA, or the last chunk, may be in a gap. */
	bool lost = s->losses.end > s->mails.begun && tx->transfer != TRANSFER_DATA;
	if (tx->outcome == OUTCOME_REJECTED || nobody)
		transaction_end(s, OUTCOME_REJECTED, tx->stage);
	else if (tx->content_whole)
		transaction_end(s, tx->outcome, STAGE_END_OF_DATA);
	else
		transaction_end(
			s, cut || lost ? OUTCOME_UNKNOWN : OUTCOME_ABORTED, tx->content_begun ? STAGE_CONTENT : stage);
}

void transaction_without_mail(struct session *s)
{
	if (!s->mails.open)
		open_transaction(s, transaction_new(s));
}

unsigned transaction_replies(const struct session *s)
{
	return s->summary.lmtp ? MAX(1, transaction_count(s->mails.open, RECIPIENT_ACCEPTED)) : 1;
}

unsigned transaction_count(const struct transaction *tx, enum recipient_status status)
{
	return tx ? tx->recipient_count[status] : 0;
}
