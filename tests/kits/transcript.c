/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * transcript.c - dialogues in, transcripts out. See transcript.h.
 */
#include "transcript.h"

#include <stdlib.h>
#include <string.h>

/* ---- events as lines ---- */

static void add_escaped(GString *out, struct span s)
{
	for (size_t i = 0; i < s.size; i++) {
		uint8_t c = s.data[i];
		if (c == '\r')
			g_string_append(out, "\\r");
		else if (c == '\n')
			g_string_append(out, "\\n");
		else if (c < 0x20 || c >= 0x7f || c == '\\')
			g_string_append_printf(out, "\\x%02x", c);
		else
			g_string_append_c(out, (char)c);
	}
}

static void add_text(GString *out, const GString *text)
{
	add_escaped(out, span_of(text->str, text->len));
}

static void on_command(void *context, const struct session_command *c)
{
	struct transcript *t = context;
	g_string_append_printf(t->text, "%s command %s", c->state, c->continuation ? "(continuation)" : "");
	add_escaped(t->text, c->parsed.name);
	g_string_append_c(t->text, '|');
	add_escaped(t->text, c->parsed.argument);
	g_string_append_printf(t->text, "|%s%s%s\n", c->valid ? "" : " invalid", c->credentials ? " credentials" : "",
		c->parsed.end == LINE_END_LF ? " lf" : "");
}

static void on_response(void *context, const struct session_response *r)
{
	struct transcript *t = context;
	char enhanced[GRAMMAR_ENHANCED_MAX];
	response_enhanced(r, enhanced);
	g_string_append_printf(t->text, "%s response %u to ", r->state, r->code);
	add_escaped(t->text, r->to_name);
	g_string_append_printf(t->text, " lines %zu%s%s%s\n", r->line_count, enhanced[0] ? " " : "", enhanced,
		r->assumed ? " assumed" : "");
}

static void on_content_begin(void *context, struct transaction *tx)
{
	struct transcript *t = context;
	g_string_append_printf(t->text, "content %d\n", tx->number);
	tx->user = g_string_new(NULL);
}

static void on_content(void *context, struct transaction *tx, struct span piece)
{
	g_string_append_len(tx->user, (const char *)piece.data, (gssize)piece.size);
}

static void on_content_gap(void *context, struct transaction *tx, uint64_t size)
{
	g_string_append_printf(tx->user, "{gap %" G_GUINT64_FORMAT "}", size);
}

static void on_content_end(void *context, struct transaction *tx, bool whole)
{
	struct transcript *t = context;
	g_string_append_printf(t->text, "content %d %s \"", tx->number, whole ? "whole" : "broken");
	add_text(t->text, tx->user);
	g_string_append(t->text, "\"\n");
	g_string_free(tx->user, TRUE);
}

static void on_transaction_end(void *context, struct transaction *tx)
{
	struct transcript *t = context;
	g_string_append_printf(t->text, "transaction %d from ", tx->number);
	if (tx->mail_from)
		add_text(t->text, tx->mail_from);
	for (guint i = 0; i < tx->recipients->len; i++) {
		struct recipient *r = g_ptr_array_index(tx->recipients, i);
		g_string_append(t->text, r->status == RECIPIENT_ACCEPTED   ? " to "
					 : r->status == RECIPIENT_REJECTED ? " not "
									   : " pending ");
		add_text(t->text, r->path);
		if (r->final_code)
			g_string_append_printf(t->text, "=%u", r->final_code);
	}
	for (guint i = 0; i < tx->params->len; i++) {
		struct mail_param *p = g_ptr_array_index(tx->params, i);
		g_string_append_printf(
			t->text, " %s%s%s", p->keyword->str, p->value ? "=" : "", p->value ? p->value->str : "");
	}
	g_string_append_printf(t->text, " %s %s", outcome_names[tx->outcome], stage_names[tx->stage]);
	if (tx->transfer)
		g_string_append(t->text, tx->transfer == TRANSFER_BDAT ? " bdat" : " data");
	if (tx->reply_code)
		g_string_append_printf(t->text, " %u", tx->reply_code);
	g_string_append_printf(t->text, "%s%s\n", tx->assumed ? " assumed" : "", tx->smuggled ? " smuggled" : "");
}

static void on_auth(void *context, const struct session_auth *a)
{
	struct transcript *t = context;
	g_string_append_printf(t->text, "auth %s user %s password %s %s%s\n", a->mechanism->str,
		a->username ? a->username->str : "-", a->password ? a->password->str : "-",
		a->success ? "success" : "failure", a->cancelled ? " cancelled" : "");
}

static void on_tls_begin(void *context, bool implicit)
{
	struct transcript *t = context;
	g_string_append_printf(t->text, "tls%s\n", implicit ? " implicit" : "");
}

static void on_tls_bytes(void *context, enum direction direction, struct span bytes, uint64_t offset, uint64_t acked)
{
	struct transcript *t = context;
	t->tls_octets[direction] += bytes.size;
}

static void on_alert(void *context, const struct alert *a)
{
	struct transcript *t = context;
	g_string_append_printf(t->text, "alert %s %s %s: %s\n", alert_catalogue[a->id].name, severity_name(a->severity),
		a->state, a->description);
}

static const struct session_sink sink = {
	.command = on_command,
	.response = on_response,
	.content_begin = on_content_begin,
	.content = on_content,
	.content_gap = on_content_gap,
	.content_end = on_content_end,
	.transaction_end = on_transaction_end,
	.auth = on_auth,
	.tls_begin = on_tls_begin,
	.tls_bytes = on_tls_bytes,
	.alert = on_alert,
};

/* ---- feeding ---- */

void transcript_begin(struct transcript *t, const struct session_options *options, enum pieces pieces)
{
	*t = (struct transcript){ .text = g_string_new(NULL), .pieces = pieces, .joined = g_string_new(NULL) };
	t->session = session_new(options, &sink, t);
}

/* feed - feeds octets in steps. */
static void feed(struct transcript *t, enum direction direction, struct span octets, uint64_t acked)
{
	/* each piece has an allocation of its own, so that AddressSanitizer finds reads beyond it or after the call */
	size_t step = t->pieces == BYTE_BY_BYTE ? 1 : octets.size;
	for (size_t at = 0; at < octets.size; at += step) {
		uint8_t *copy = g_memdup2(octets.data + at, step);
		session_bytes(t->session, direction, span_of(copy, step), acked);
		g_free(copy);
	}
}

/* flush - feeds the joined octets. */
static void flush(struct transcript *t)
{
	GString *joined = t->joined;
	t->joined = g_string_new(NULL);
	if (joined->len > 0)
		feed(t, t->side, span_of(joined->str, joined->len), t->joined_acked);
	g_string_free(joined, TRUE);
}

void transcript_feed(struct transcript *t, enum direction direction, struct span octets, uint64_t acked)
{
	if (t->joined->len > 0 && (direction != t->side || acked != t->joined_acked))
		flush(t);
	t->side = direction;
	t->joined_acked = acked;
	t->sent[direction] += octets.size;
	if (t->pieces == JOINED)
		g_string_append_len(t->joined, (const char *)octets.data, (gssize)octets.size);
	else
		feed(t, direction, octets, acked);
}

char *transcript_end(struct transcript *t, enum session_end why)
{
	flush(t);
	g_string_free(t->joined, TRUE);
	session_end(t->session, why);
	const struct session_summary *s = session_summary(t->session);
	if (t->tls_octets[UP] + t->tls_octets[DOWN] > 0)
		g_string_append_printf(t->text, "tls octets up %zu down %zu\n", t->tls_octets[UP], t->tls_octets[DOWN]);
	g_string_append_printf(t->text, "end %s mails %" G_GUINT64_FORMAT "\n", s->state, s->mails);
	session_free(t->session);
	return g_string_free(t->text, FALSE);
}

/* unescape - the octets of a line of a dialogue */
static GString *unescape(const char *text)
{
	GString *out = g_string_new(NULL);
	for (; *text; text++) {
		if (*text != '\\') {
			g_string_append_c(out, *text);
			continue;
		}
		text++;
		if (*text == 'x') {
			char hex[3] = { text[1], text[2], '\0' };
			g_string_append_c(out, (char)strtol(hex, NULL, 16));
			text += 2;
		} else {
			g_string_append_c(out, *text == 'r' ? '\r' : *text == 'n' ? '\n' : *text == '0' ? '\0' : *text);
		}
	}
	return out;
}

/* say - a line of either side */
static void say(struct transcript *t, enum direction d, bool unseen, bool bare, const char *text)
{
	GString *octets = unescape(text);
	if (!bare)
		g_string_append(octets, "\r\n");
	if (!unseen)
		t->acked[d] = t->sent[direction_other(d)];
	transcript_feed(t, d, span_of(octets->str, octets->len), t->acked[d]);
	g_string_free(octets, TRUE);
}

/* run_line - one line of a dialogue; sets *why when it says how the session ends */
static void run_line(struct transcript *t, const char *line, enum session_end *why)
{
	enum direction d = line[0] == 'S' || line[0] == 's' ? DOWN : UP;
	bool bare = g_ascii_islower(line[0]), unseen = line[1] == '+';
	const char *rest = line + 1 + unseen;
	if (rest[0] != ':')
		flush(t);
	if (strcmp(line, "reset") == 0)
		*why = SESSION_END_RESET;
	else if (strcmp(line, "timeout") == 0)
		*why = SESSION_END_TIMEOUT;
	else if (strcmp(line, "capture ends") == 0)
		*why = SESSION_END_CAPTURE;
	else if (strcmp(line, "decrypted") == 0) {
		session_decrypted(t->session);
		t->sent[UP] = t->sent[DOWN] = t->acked[UP] = t->acked[DOWN] = 0;
	} else if (g_str_has_prefix(line, "one-sided"))
		session_one_sided(t->session, strstr(line, "down") ? DOWN : UP);
	else if (strcmp(rest, " fin") == 0)
		session_fin(t->session, d);
	else if (g_str_has_prefix(rest, " gap ")) {
		uint64_t size = g_ascii_strtoull(rest + 5, NULL, 10);
		t->sent[d] += size;
		session_gap(t->session, d, size);
	} else {
		g_assert(rest[0] == ':');
		say(t, d, unseen, bare, rest[1] == ' ' ? rest + 2 : rest + 1);
	}
}

char *transcript_run(const char *dialogue, const struct session_options *options, enum pieces pieces)
{
	struct transcript t;
	enum session_end why = SESSION_END_CLOSED;
	transcript_begin(&t, options, pieces);
	char **lines = g_strsplit(dialogue, "\n", -1);
	for (char **line = lines; *line; line++)
		if (**line && **line != '#')
			run_line(&t, *line, &why);
	g_strfreev(lines);
	return transcript_end(&t, why);
}
