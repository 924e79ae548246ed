/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * odd_end.c - an odd end (a nonstandard end of data): is it content, or the end of one mail and perhaps the start of
 * another?
 *
 * The server's replies decide. A server that took the odd end for the end of data answers before it has the standard
 * one, or sends more replies than RFC 5321 requires; the acknowledgement numbers show what it had received when it sent
 * them. Until that is known the content after the odd end is held (at most SESSION_PENDING_BYTES; a server that does
 * not answer for so long did not take it for the end), and the bytes are kept so that they can be parsed again as
 * commands.
 */
#include "private.h"
#include "rows.h"

#include <string.h>

#define EVIDENCE_NEXT 200  /* octets after an odd end that are shown */
#define ODD_ENDS_KEPT 64   /* of one content; further ones are content */
#define LINES_LOOKED_AT 20 /* lines after an odd end that may be a command */

/* One odd end. */
struct odd {
	uint64_t start; /* stream offset after it */
	guint at, size; /* its offset and size in the held content */
	bool low, weak; /* see data_scanner */
};

void odd_end_clear(struct odd_end *odd_end)
{
	if (!odd_end->ends)
		return;
	g_array_unref(odd_end->ends);
	g_byte_array_unref(odd_end->content);
}

static const struct odd *odd_at(const struct odd_end *o, guint i)
{
	return &g_array_index(o->ends, struct odd, i);
}

/* drop_odd - drops everything held. */
static void drop_odd(struct session *s)
{
	struct odd_end *o = &s->content.odd_end;
	o->active = o->ended = o->passed = false;
	g_array_set_size(o->ends, 0);
	g_byte_array_set_size(o->content, 0);
	inbox_release(&s->in[UP]);
}

void odd_end_hold(struct session *s, struct span literal)
{
	struct odd_end *o = &s->content.odd_end;
	if (!o->ends) {
		o->ends = g_array_new(FALSE, FALSE, sizeof(struct odd));
		o->content = g_byte_array_new();
	}
	struct odd odd = { s->in[UP].offset, o->content->len, (guint)literal.size, s->content.scanner.odd_low,
		s->content.scanner.odd_weak };
	if (!o->active)
		inbox_keep(&s->in[UP]);
	o->active = true;
	if (o->ends->len < ODD_ENDS_KEPT)
		g_array_append_val(o->ends, odd);
	g_byte_array_append(o->content, literal.data, (guint)literal.size);
}

/* ---- the bytes after it ---- */

/* bytes_after - the bytes after this odd end. */
static struct span bytes_after(const struct session *s, const struct odd *odd)
{
	struct span kept = inbox_kept_bytes(&s->in[UP]);
	size_t skip = odd->start - odd_at(&s->content.odd_end, 0)->start;
	return skip < kept.size ? span_from(kept, skip) : no_text;
}

/* count_words - number of words in the argument. */
static unsigned count_words(struct span argument)
{
	struct span word;
	unsigned n = 0;
	while (grammar_word(&argument, &word))
		n++;
	return n;
}

bool command_is_serious(const struct command *c)
{
	struct span path, rest;
	uint64_t size;
	bool last;
	switch (c->verb) {
	case VERB_MAIL:
	case VERB_SEND:
	case VERB_SOML:
	case VERB_SAML:
		return grammar_path(c->argument, "FROM", &path, &rest);
	case VERB_RCPT:
		return grammar_path(c->argument, "TO", &path, &rest);
	case VERB_BDAT:
		return grammar_bdat(c->argument, &size, &last) == BDAT_OK;
	case VERB_DATA:
	case VERB_RSET:
	case VERB_QUIT:
	case VERB_STARTTLS:
		return c->argument.size == 0;
	case VERB_HELO:
	case VERB_EHLO:
	case VERB_LHLO:
	case VERB_VRFY:
	case VERB_EXPN:
		return count_words(c->argument) == 1;
	case VERB_AUTH:
		return count_words(c->argument) == 1 || count_words(c->argument) == 2;
	default:
		return false;
	}
}

/* holds_command - is there a command among the first lines? Empty lines and other verbs may come before it. */
static bool holds_command(struct span bytes)
{
	struct command command;
	size_t used;
	for (unsigned i = 0; i < LINES_LOOKED_AT; i++) {
		while (bytes.size > 0 && strchr("\r\n", bytes.data[0]) && bytes.data[0])
			bytes = span_from(bytes, 1);
		enum parse_result result = grammar_command(bytes, true, &command, &used);
		if (result == PARSE_DONE && command_is_serious(&command))
			return true;
		if (result == PARSE_MORE || command.name.size == 0)
			return false;
		bytes = span_from(bytes, used);
	}
	return false;
}

/* followed - the first odd end that a command follows. weak: also one that may be text. NULL: none. */
static const struct odd *followed(const struct session *s, bool weak)
{
	const struct odd_end *o = &s->content.odd_end;
	for (guint i = 0; o->active && i < o->ends->len; i++)
		if ((weak || !odd_at(o, i)->weak) && holds_command(bytes_after(s, odd_at(o, i))))
			return odd_at(o, i);
	return NULL;
}

bool odd_end_hides_command(const struct session *s)
{
	return followed(s, false) != NULL;
}

/* ---- the server's replies ---- */

/* replies_expected - how many replies RFC 5321 requires: one to the content (LMTP: one per recipient), and one to each
 * command that the client sent after it. */
static unsigned replies_expected(const struct session *s)
{
	unsigned n = transaction_replies(s);
	struct span bytes = inbox_bytes(&s->in[UP]);
	struct command command;
	size_t used;
	while (grammar_command(bytes, true, &command, &used) != PARSE_MORE) {
		n++;
		bytes = span_from(bytes, used);
	}
	return n;
}

/* goes_on_knowing - did the client send the bytes after this odd end only after it had received more than `seen` of the
 * server's stream? */
static bool goes_on_knowing(const struct session *s, const struct odd *odd, uint64_t seen)
{
	const struct inbox *up = &s->in[UP];
	return up->received > odd->start && inbox_acked(up, odd->start) > seen;
}

/* reply_code - the code of the waiting reply with this number, from 0; 0: there is none. */
static unsigned reply_code(const struct session *s, unsigned number)
{
	unsigned code = 0;
	for (size_t skip = 0, size = 0; reply_peek(&s->in[DOWN], skip, &code, &size) == PARSE_DONE; skip += size)
		if (number-- == 0)
			return code;
	return 0;
}

/* data_answered - DATA follows this odd end, and the reply in its place is 354: so the content ended before it. */
static bool data_answered(const struct session *s, const struct odd *odd)
{
	struct span bytes = bytes_after(s, odd);
	struct command command;
	size_t used;
	for (unsigned n = transaction_replies(s); grammar_command(bytes, false, &command, &used) == PARSE_DONE; n++) {
		if (command.verb == VERB_DATA)
			return reply_code(s, n) == 354;
		bytes = span_from(bytes, used);
	}
	return false;
}

/* content_answered - is that so for one of them? Then a gap that follows hides nothing that matters. */
static bool content_answered(const struct session *s)
{
	const struct odd_end *o = &s->content.odd_end;
	for (guint i = 0; i < o->ends->len; i++)
		if (data_answered(s, odd_at(o, i)))
			return true;
	return false;
}

/* answers_may_come - a gap follows commands after an odd end: their replies may still come. They are there when the
 * client, having received some, continues. */
static bool answers_may_come(const struct session *s)
{
	const struct inbox *up = &s->in[UP], *down = &s->in[DOWN];
	const struct span after = inbox_bytes_after_gap(up);
	if (s->ended || inbox_gap_size(up) == 0 || down->fin || inbox_gap_ahead(down) || s->overflow.assuming ||
		server_unseen(s) || after.size > SESSION_PENDING_BYTES || !followed(s, false))
		return false;
	const uint64_t known = after.size > 0 ? inbox_acked(up, up->offset + inbox_gap_size(up)) : 0;
	return known <= down->offset || down->received < known;
}

/* The server answered it as the end of data. */
bool odd_end_answered(const struct session *s)
{
	const struct odd_end *o = &s->content.odd_end;
	const struct inbox *up = &s->in[UP], *down = &s->in[DOWN];
	if (!o->active || inbox_acked(down, down->offset) < odd_at(o, 0)->start)
		return false; /* a reply from before the server had the first odd end is no answer to it */
	unsigned code = 0, early = reply_waiting(down, o->ended ? o->end : up->offset, &code);
	const struct odd *odd = odd_at(o, 0);
	if (!o->ended && inbox_gap_ahead(up) && content_answered(s))
		return true;
	if (!o->ended)
		return early >= 2 || (early >= 1 && !odd->weak &&
					     (code < 300 || (goes_on_knowing(s, odd, down->offset) &&
								    holds_command(bytes_after(s, odd)))));
	/* A reply to bytes that come later in the capture, or not at all, is not a surplus one. */
	unsigned waiting = inbox_gap_ahead(up) ? 0 : reply_waiting(down, up->received, &code);
	return early > transaction_replies(s) || waiting > replies_expected(s);
}

/* sent_unknowing - did the client send bytes after this odd end before it had the reply? */
static bool sent_unknowing(const struct session *s, const struct odd *odd)
{
	return bytes_after(s, odd).size > 0 && !goes_on_knowing(s, odd, s->in[DOWN].offset);
}

/* ... and refused it, when the client had sent nothing after it. */
bool odd_end_refused(const struct session *s)
{
	return odd_end_answered(s) && s->reply.code >= 400 && !sent_unknowing(s, odd_at(&s->content.odd_end, 0));
}

/* clients_end - the odd end that is meant as the end of data by a client that ends every line in LF; NULL: none. */
static const struct odd *clients_end(const struct session *s)
{
	const struct odd_end *o = &s->content.odd_end;
	for (guint i = 0; s->content.lf_client && i < o->ends->len; i++) {
		const struct odd *odd = odd_at(o, i);
		struct span next = bytes_after(s, odd);
		bool lf = odd->size == strlen(".\n") && (next.size == 0 || holds_command(next));
		bool crlf = odd->size == strlen(".\r\n") && !sent_unknowing(s, odd);
		if (!odd->low && !odd->weak && (lf || crlf))
			return odd;
	}
	return NULL;
}

bool odd_end_is_clients(const struct session *s)
{
	return clients_end(s) != NULL;
}

/* clients_end_shows - does a complete line follow it? Then it is not text. */
static bool clients_end_shows(const struct session *s)
{
	const struct odd *odd = clients_end(s);
	struct span next = odd ? bytes_after(s, odd) : no_text;
	return memchr(next.data, '\n', next.size);
}

/* next_reply_fits - the second waiting reply was sent after the server had received more of the client, and answers
 * that. */
static bool next_reply_fits(const struct session *s)
{
	const struct inbox *up = &s->in[UP], *down = &s->in[DOWN];
	unsigned code;
	size_t first, second;
	if (reply_peek(down, 0, &code, &first) != PARSE_DONE || reply_peek(down, first, &code, &second) != PARSE_DONE ||
		inbox_acked(down, down->offset + first) <= s->content.odd_end.end)
		return false;
	bool goes_on = inbox_sent_after(up, down->offset + first + second - 1) != UINT64_MAX;
	return (code != 250 && code != 354) || goes_on;
}

enum odd_end_step odd_end_next(struct session *s, struct span next, bool last)
{
	struct odd_end *o = &s->content.odd_end;
	uint64_t held = inbox_kept(&s->in[UP]) + (o->ended ? next.size : 0);
	bool full = held > SESSION_PENDING_BYTES;
	if (full)
		return ODD_END_PASSED;
	if (!o->ended && last && next.size == 0)
		return answers_may_come(s) ? ODD_END_WAIT : ODD_END_PASSED;
	if (!o->ended)
		return server_unseen(s) && clients_end_shows(s) ? ODD_END_PASSED : ODD_END_SCAN;
	bool over = s->ended || (s->in[DOWN].fin && s->in[UP].fin);
	bool unseen = server_unseen(s) || inbox_gap_ahead(&s->in[DOWN]) || s->overflow.assuming;
	return over || unseen || next_reply_fits(s) ? ODD_END_PASSED : ODD_END_WAIT;
}

/* ---- actions ---- */

/* odd_evidence - the odd end as it was sent, with its stuffed dot, and the bytes after it. */
static GByteArray *odd_evidence(const struct session *s, const struct odd *odd)
{
	GByteArray *evidence = g_byte_array_new();
	struct span next = bytes_after(s, odd);
	if (odd->low)
		g_byte_array_append(evidence, (const guint8 *)".", 1);
	g_byte_array_append(evidence, s->content.odd_end.content->data + odd->at, odd->size);
	g_byte_array_append(evidence, next.data, (guint)MIN(next.size, EVIDENCE_NEXT));
	return evidence;
}

/* report_odd - raises the alert about this odd end. */
static void report_odd(struct session *s, enum alert_id id, const struct odd *odd, enum alert_outcome outcome)
{
	static const char *const found[] = {
		[ALERT_SUCCEEDED] = "the server took it for the end of data",
		[ALERT_FAILED] = "the server did not take it for the end of data",
		[ALERT_UNKNOWN] = "no reply of the server shows how it took it",
	};
	GByteArray *evidence = odd_evidence(s, odd);
	struct span shown = { evidence->data, evidence->len };
	struct span next = bytes_after(s, odd);
	const char *where = odd->weak ? "with nothing but blanks after it" : "between line ends that are not both CRLF";
	uint64_t at = (s->mails.open ? s->mails.open->content_bytes : 0) + odd->at;
	if (id == ALERT_smtp_smuggling)
		session_attack(s, id, outcome == ALERT_SUCCEEDED ? SEVERITY_HIGH : SEVERITY_MEDIUM, outcome, shown,
			"SMTP smuggling: content holds a dot %s, at offset "
			"%" G_GUINT64_FORMAT "; %s%s",
			where, at, found[outcome],
			outcome != ALERT_SUCCEEDED ? ""
			: sent_unknowing(s, odd)   ? ", and what follows it for commands"
						   : "; nothing was sent after it before that");
	else
		session_attack(s, id, odd->low ? SEVERITY_LOW : SEVERITY_MEDIUM, ALERT_OUTCOME_NONE, shown,
			"content holds a dot %s, at offset %" G_GUINT64_FORMAT ", and %s after it%s", where, at,
			next.size == 0 && inbox_gap_ahead(&s->in[UP]) ? "octets that are not in the capture"
								      : "no command",
			outcome == ALERT_FAILED ? "; the server refused it" : "");
	g_byte_array_unref(evidence);
}

/* split - this was the end of data: the content ends there, and the bytes after it are parsed as commands. */
static void split(struct session *s, const struct odd *odd)
{
	uint64_t skip = odd->start - odd_at(&s->content.odd_end, 0)->start;
	content_piece(s, span_of(s->content.odd_end.content->data, odd->at));
	inbox_rewind(&s->in[UP]);
	inbox_consume(&s->in[UP], skip);
	drop_odd(s);
	content_close(s, true);
	s->awaited.end = s->in[UP].offset;
}

/* release_odd - none was the end of data: everything held is content. */
static void release_odd(struct session *s)
{
	struct odd_end *o = &s->content.odd_end;
	content_piece(s, span_of(o->content->data, o->content->len));
	o->over = o->ended;
	drop_odd(s);
}

/* outcome_of - the outcome of an odd end that the server did not take for the end. */
static enum alert_outcome outcome_of(const struct session *s)
{
	unsigned code, replies = reply_waiting(&s->in[DOWN], UINT64_MAX, &code);
	/* More replies may answer commands after it as well as those in a gap. */
	const bool ambiguous = inbox_gap_size(&s->in[UP]) > 0 && replies > transaction_replies(s);
	return replies > 0 && !ambiguous ? ALERT_FAILED : ALERT_UNKNOWN;
}

void alert_smtp_smuggling(struct session *s)
{
	const struct odd *end = followed(s, true);
	struct odd odd = end ? *end : *odd_at(&s->content.odd_end, 0);
	report_odd(s, ALERT_smtp_smuggling, &odd, ALERT_SUCCEEDED);
	split(s, &odd);
	s->mails.smuggled = s->in[DOWN].offset + 1;
}

void alert_smtp_smuggling_failed(struct session *s)
{
	report_odd(s, ALERT_smtp_smuggling, followed(s, false), outcome_of(s));
	release_odd(s);
}

void alert_nonstandard_end_of_data_refused(struct session *s)
{
	struct odd odd = *odd_at(&s->content.odd_end, 0);
	report_odd(s, ALERT_nonstandard_end_of_data, &odd, ALERT_FAILED);
	split(s, &odd);
}

void alert_nonstandard_end_of_data(struct session *s)
{
	for (guint i = 0; i < s->content.odd_end.ends->len; i++)
		if (!odd_at(&s->content.odd_end, i)->weak)
			report_odd(
				s, ALERT_nonstandard_end_of_data, odd_at(&s->content.odd_end, i), ALERT_OUTCOME_NONE);
	release_odd(s);
}

void end_content_lf(struct session *s)
{
	struct odd odd = *clients_end(s);
	split(s, &odd);
}
