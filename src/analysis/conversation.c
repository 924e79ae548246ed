/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * conversation.c - see conversation.h. Every record of a session leaves from here, so that the order of records is the
 * order of what follows: detectors judge an event before its record is written, a mail is complete before the alerts
 * on it, a transaction's record comes before those of its files.
 */
#include "conversation.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "secrets.h"
#include "text.h"

struct conversation {
	struct desk *desk;
	const struct flow *flow;
	struct session *session;
	struct detector *detector;
	struct tls *tls; /* from the first byte of TLS on */
	bool tls_written;
	bool within;            /* the session is told what is inside of TLS, and the stream goes to `tls` */
	GQueue *waiting;        /* of struct inside: before that, what was decrypted; NULL */
	bool one_sided;         /* the session knows */
	uint64_t offset[2];     /* in the streams */
	uint64_t content;       /* octets of the open content so far */
	struct transaction *tx; /* open; NULL */
	struct eve_md5 *md5;    /* of the open content; NULL */
	struct mail *mail;      /* its mail; the transaction's sink owns it */
	struct secrets secrets;
	uint64_t *alerts;            /* counts by id; NULL before the first alert: most sessions have none */
	GHashTable *rule_alerts;     /* of rules, by their own ids; NULL likewise */
	struct rules_session *rules; /* NULL without rules */
};

static struct place place_of(const struct conversation *c, int tx)
{
	return (struct place){ c->flow, c->desk->now, tx };
}

#define OVERHEAD 4096      /* what a conversation holds besides: its detector, and many small texts */
#define SECRET_ABOUT 256   /* octets of a credential that was seen */
#define EVIDENCE_READ 1024 /* octets of evidence that are looked at for secrets; a record shows fewer */

/* ---- alerts: from the session and from the detectors ---- */

/* is_plain - is the evidence what a detector found out (a mechanism, a user), or a piece of a mail, where words like
 * login are words? */
static bool is_plain(const struct alert *alert)
{
	enum alert_category category = alert_catalogue[alert->id].category;
	bool content = alert->state && (strcmp(alert->state, "data_transmission") == 0 ||
					       strcmp(alert->state, "chunk_transmission") == 0);
	return content || category == CATEGORY_CONTENT || category == CATEGORY_CREDENTIALS ||
	       alert->id == ALERT_auth_bruteforce || alert->id == ALERT_auth_password_spray;
}

/* write_alert - with the state of the session where the detector knows none, and without secrets. */
static void write_alert(struct conversation *c, struct alert alert)
{
	struct place place = place_of(c, alert.tx);
	if (!alert.state && c->session)
		alert.state = session_state(c->session);
	GString *evidence = NULL;
	if (alert.evidence.size > 0 && !c->desk->options->output.show_secrets && !is_plain(&alert)) {
		evidence = secrets_mask(&c->secrets, alert.direction,
			(struct span){ alert.evidence.data, MIN(alert.evidence.size, EVIDENCE_READ) });
		alert.evidence = (struct span){ (const uint8_t *)evidence->str, evidence->len };
	}
	const bool belongs = c->tx && alert.tx == c->tx->number;
	const struct belongings belongings = { belongs ? c->tx : NULL, belongs ? c->mail : NULL };
	output_alert(c->desk->output, &place, &alert, &belongings);
	if (evidence)
		g_string_free(evidence, TRUE);
}

/* count_alert - returns how often an alert of this id was raised in the session, this one included. */
static uint64_t count_alert(struct conversation *c, const struct alert *alert)
{
	if (!c->alerts)
		c->alerts = g_new0(uint64_t, ALERT_COUNT);
	uint64_t count = ++c->alerts[alert->id];
	if (!alert->name)
		return count;
	if (!c->rule_alerts)
		c->rule_alerts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	count = GPOINTER_TO_UINT(g_hash_table_lookup(c->rule_alerts, alert->name)) + 1;
	g_hash_table_insert(c->rule_alerts, g_strdup(alert->name), GUINT_TO_POINTER((guint)count));
	return count;
}

/* follows_foreign - the client does not speak SMTP at all, and that was reported: what is wrong with its SMTP need not
 * be. */
static bool follows_foreign(const struct conversation *c, const struct alert *alert)
{
	enum alert_category category = alert_catalogue[alert->id].category;
	bool smtp = category == CATEGORY_SESSION || category == CATEGORY_PROTOCOL || category == CATEGORY_LIMITS;
	return smtp && c->alerts && c->alerts[ALERT_cross_protocol] > 0 && c->session &&
	       !session_summary(c->session)->tls;
}

static void on_alert(void *context, const struct alert *alert)
{
	struct conversation *c = context;
	const struct options *options = c->desk->options;
	if (options->disabled[alert->id] || follows_foreign(c, alert))
		return;
	c->desk->stats.alerts[alert->severity]++;
	if (c->desk->worst == 0 || alert->severity < c->desk->worst)
		c->desk->worst = alert->severity;
	if (count_alert(c, alert) > options->alert_limit && options->alert_limit > 0)
		return;
	rules_alert(c->rules, alert, c->tx);
	write_alert(c, *alert);
}

/* ---- the session's events ---- */

static void on_command(void *context, const struct session_command *command)
{
	struct conversation *c = context;
	struct place place = place_of(c, command->tx);
	struct session_command seen = *command;
	secrets_command(&c->secrets, &seen);
	detector_command(c->detector, place.at, &seen);
	rules_command(c->rules, &seen);
	output_command(c->desk->output, &place, &seen);
}

/* masked - the text of a reply without secrets; `texts` keeps it. */
static struct span masked(const struct conversation *c, GPtrArray *texts, struct span text)
{
	GString *mask = secrets_mask(&c->secrets, DOWN, text);
	g_ptr_array_add(texts, mask);
	return (struct span){ (const uint8_t *)mask->str, mask->len };
}

/* write_response - servers repeat what they did not understand. */
static void write_response(struct conversation *c, const struct place *place, const struct session_response *response)
{
	bool challenge = response->code == 334;
	if (!c->secrets.seen || challenge || c->desk->options->output.show_secrets ||
		!output_wants(c->desk->output, RECORD_RESPONSE)) {
		output_response(c->desk->output, place, response);
		return;
	}
	struct session_response shown = *response;
	struct reply_line *lines = g_new0(struct reply_line, response->line_count + 1);
	GPtrArray *texts = g_ptr_array_new();
	for (size_t i = 0; i < response->line_count; i++)
		lines[i].text = masked(c, texts, response->lines[i].text);
	shown.lines = lines;
	shown.to_name = masked(c, texts, response->to_name);
	output_response(c->desk->output, place, &shown);
	for (guint i = 0; i < texts->len; i++)
		g_string_free(g_ptr_array_index(texts, i), TRUE);
	g_ptr_array_free(texts, TRUE);
	g_free(lines);
}

static void on_response(void *context, const struct session_response *response)
{
	struct conversation *c = context;
	struct place place = place_of(c, response->tx);
	secrets_response(&c->secrets, response);
	detector_response(c->detector, place.at, response);
	rules_response(c->rules, response);
	write_response(c, &place, response);
}

static void on_transaction_begin(void *context, struct transaction *tx)
{
	struct conversation *c = context;
	c->tx = tx;
}

/* ---- parts, for rules ---- */

static void *on_part(void *context)
{
	const struct conversation *c = context;
	return rules_part_begin(c->rules, c->tx ? c->tx->number : -1);
}

static void on_part_piece(void *state, struct span piece)
{
	rules_part_piece(state, piece);
}

static void on_part_end(void *state, const struct mail_part *part, GPtrArray *names)
{
	rules_part_end(state, part, names);
}

static void on_part_drop(void *state)
{
	rules_part_drop(state);
}

static size_t on_part_memory(const void *state)
{
	return rules_part_memory(state);
}

const struct mail_watch conversation_mail_watch = { on_part, on_part_piece, on_part_end, on_part_drop, on_part_memory };

static void on_content_begin(void *context, struct transaction *tx)
{
	struct conversation *c = context;
	c->content = 0;
	if (c->desk->want_mail)
		tx->user = c->mail = mail_new(&c->desk->mail);
	if (c->mail)
		mail_watch(c->mail, c);
	if (c->desk->mail.parse && c->desk->mail.hashes & HASH_MD5)
		c->md5 = eve_md5_new();
	detector_content_begin(c->detector, tx);
}

static void on_content(void *context, struct transaction *tx, struct span piece)
{
	struct conversation *c = context;
	if (tx->user)
		mail_feed(tx->user, piece);
	if (c->md5)
		eve_md5_feed(c->md5, piece);
	detector_content(c->detector, tx, piece);
	if (output_wants(c->desk->output, RECORD_CONTENT) && piece.size > 0) {
		struct place place = place_of(c, tx->number);
		output_content(c->desk->output, &place, c->content, piece, false);
	}
	if (piece.size > 0)
		rules_content(c->rules, tx, c->content, piece, false);
	c->content += piece.size;
}

static void on_content_gap(void *context, struct transaction *tx, uint64_t size)
{
	struct conversation *c = context;
	if (tx->user)
		mail_gap(tx->user, size);
	if (c->md5)
		eve_md5_gap(c->md5);
	detector_content_gap(c->detector, tx, size);
}

static void on_content_end(void *context, struct transaction *tx, bool whole)
{
	struct conversation *c = context;
	struct place place = place_of(c, tx->number);
	rules_content(c->rules, tx, c->content, (struct span){ NULL, 0 }, true);
	output_content(c->desk->output, &place, c->content, (struct span){ NULL, 0 }, true);
	if (!tx->user)
		return;
	mail_finish(tx->user, whole);
	if (c->md5)
		eve_md5_end(c->md5, tx->user);
	c->md5 = NULL;
	if (c->desk->mail.parse)
		detector_mail(c->detector, tx, tx->user);
}

/* store - what the mail's owner wants kept beside the records. */
static void store(struct conversation *c, const struct transaction *tx, struct mail *mail)
{
	if (mail->error) {
		say("%s", mail->error);
		c->desk->store_failed = true;
	}
	const bool unwanted = rules_keep(c->desk->options->rules) && !rules_kept(c->rules, tx->number);
	if (!c->desk->keep || unwanted || (mail->size == 0 && !tx->content_whole))
		return;
	struct place place = place_of(c, tx->number);
	const char *sender = tx->mail_from ? tx->mail_from->str : NULL;
	if (!c->desk->keep(c->desk->context, &place, c->desk->ending, mail, sender))
		c->desk->store_failed = true;
}

static void on_transaction_end(void *context, struct transaction *tx)
{
	struct conversation *c = context;
	struct input_stats *stats = &c->desk->stats;
	struct mail *mail = tx->user;
	struct place place = place_of(c, tx->number);
	detector_transaction_end(c->detector, place.at, tx);
	for (guint i = 0; mail && mail->parts && i < mail->parts->len; i++)
		rules_file(c->rules, tx, mail, mail->parts->pdata[i]);
	rules_mail(c->rules, tx, mail);
	if (mail)
		mail_store(mail, rules_kept(c->rules, tx->number));
	output_smtp(c->desk->output, &place, tx, mail, rules_tags(c->rules));
	stats->transactions++;
	stats->mails += tx->content_begun && tx->content_whole;
	stats->mail_bytes += tx->content_bytes;
	c->tx = NULL;
	if (!mail)
		return;
	const struct belongings belongings = { tx, mail };
	for (guint i = 0; mail->parts && i < mail->parts->len; i++)
		output_fileinfo(c->desk->output, &place, mail->parts->pdata[i], &belongings);
	stats->files += mail->parts ? mail->parts->len : 0;
	store(c, tx, mail);
	mail_free(mail);
	tx->user = c->mail = NULL;
}

static void on_auth(void *context, const struct session_auth *auth)
{
	struct conversation *c = context;
	struct place place = place_of(c, -1);
	detector_auth(c->detector, place.at, auth);
	rules_auth(c->rules, auth);
	output_auth(c->desk->output, &place, auth);
}

/* ---- TLS ---- */

/* Something from inside of TLS that waits for the session to be through with what it has. */
struct inside {
	enum { INSIDE_BYTES, INSIDE_GAP, INSIDE_CLOSE } kind;
	enum direction direction;
	uint64_t acked; /* of bytes */
	uint64_t size;
	uint8_t octets[];
};

static void write_tls(struct conversation *c)
{
	struct place place = place_of(c, -1);
	const struct tls_info *info = tls_info(c->tls);
	if (!c->tls_written) {
		detector_tls(c->detector, place.at, info);
		rules_tls(c->rules, info);
	}
	c->tls_written = true;
	output_tls(c->desk->output, &place, info);
}

/* note_tls - writes the record when all is known that it shows. */
static void note_tls(struct conversation *c)
{
	if (tls_ready(c->tls))
		write_tls(c);
}

/* wait_inside - the session can't take it now: it is calling. */
static void wait_inside(struct conversation *c, const struct inside *head, struct span bytes)
{
	struct inside *inside = g_malloc(sizeof *inside + bytes.size);
	*inside = *head;
	if (bytes.size > 0)
		memcpy(inside->octets, bytes.data, bytes.size);
	if (!c->waiting)
		c->waiting = g_queue_new();
	g_queue_push_tail(c->waiting, inside);
}

static void on_inside_bytes(void *context, enum direction direction, struct span bytes, uint64_t acked)
{
	struct conversation *c = context;
	if (!c->within) {
		wait_inside(c, &(struct inside){ INSIDE_BYTES, direction, acked, bytes.size }, bytes);
		return;
	}
	note_tls(c);
	if (direction == UP)
		detector_client_bytes(c->detector, bytes);
	session_bytes(c->session, direction, bytes, acked);
}

static void on_inside_gap(void *context, enum direction direction, uint64_t size)
{
	struct conversation *c = context;
	if (c->within)
		session_gap(c->session, direction, size);
	else
		wait_inside(c, &(struct inside){ INSIDE_GAP, direction, 0, size }, (struct span){ NULL, 0 });
}

static void on_inside_close(void *context, enum direction direction)
{
	struct conversation *c = context;
	if (c->within)
		session_fin(c->session, direction);
	else
		wait_inside(c, &(struct inside){ INSIDE_CLOSE, direction, 0, 0 }, (struct span){ NULL, 0 });
}

static const struct tls_sink inside_sink = {
	.bytes = on_inside_bytes,
	.gap = on_inside_gap,
	.close = on_inside_close,
};

/* go_within - the first octets were decrypted: from here on the session hears what is inside. */
static void go_within(struct conversation *c)
{
	struct inside *inside;
	if (!c->waiting)
		return;
	c->within = true;
	session_decrypted(c->session);
	while ((inside = g_queue_pop_head(c->waiting))) {
		if (inside->kind == INSIDE_BYTES)
			on_inside_bytes(
				c, inside->direction, (struct span){ inside->octets, inside->size }, inside->acked);
		else if (inside->kind == INSIDE_GAP)
			on_inside_gap(c, inside->direction, inside->size);
		else
			on_inside_close(c, inside->direction);
		g_free(inside);
	}
	g_clear_pointer(&c->waiting, g_queue_free);
}

static void on_tls_begin(void *context, bool implicit)
{
	struct conversation *c = context;
	tls_free(c->tls);
	c->tls = tls_new(c->desk->keys, &inside_sink, c, flow_share(&c->flow->client, &c->flow->server, UINT32_MAX));
	c->tls_written = false;
}

/* on_tls_bytes - TLS inside of TLS is not followed. */
static void on_tls_bytes(void *context, enum direction direction, struct span bytes, uint64_t offset, uint64_t acked)
{
	struct conversation *c = context;
	if (!c->within && tls_bytes(c->tls, direction, bytes, offset, acked))
		note_tls(c);
}

static void on_tls_gap(void *context, enum direction direction, uint64_t size)
{
	struct conversation *c = context;
	if (c->within)
		return;
	tls_gap(c->tls, direction, size);
	note_tls(c);
}

static const struct session_sink session_sink = {
	.command = on_command,
	.response = on_response,
	.transaction_begin = on_transaction_begin,
	.content_begin = on_content_begin,
	.content = on_content,
	.content_gap = on_content_gap,
	.content_end = on_content_end,
	.transaction_end = on_transaction_end,
	.auth = on_auth,
	.tls_begin = on_tls_begin,
	.tls_bytes = on_tls_bytes,
	.tls_gap = on_tls_gap,
	.alert = on_alert,
};

/* on_drop - a rule wants nothing more of this connection. */
static void on_drop(void *context)
{
	struct conversation *c = context;
	session_drop(c->session);
}

static const struct rules_sink rules_sink = { .alert = on_alert, .drop = on_drop };

/* ---- the flow's events ---- */

static void *on_begin(void *context, const struct flow *flow)
{
	struct desk *desk = context;
	struct conversation *c = g_new0(struct conversation, 1);
	const struct session_options options = {
		.strict = desk->options->strict,
		.midstream = flow->midstream,
		.implicit_tls = flow->tls_port,
		.early_pipeline = detectors_early_pipeline(desk->detectors, &flow->client, &flow->server),
		.one_sided = flow->one_sided,
		.missing = flow->missing,
	};
	c->desk = desk;
	c->flow = flow;
	c->one_sided = flow->one_sided;
	c->detector = detector_new(desk->detectors, flow, on_alert, c);
	c->session = session_new(&options, &session_sink, c);
	if (desk->options->rules)
		c->rules = rules_session_new(desk->options->rules, flow, c->session, &rules_sink, c);
	return c;
}

/* notice_one_sided - the flow can find out later that no packet of one direction will come. */
static void notice_one_sided(struct conversation *c)
{
	if (!c->flow->one_sided || c->one_sided)
		return;
	c->one_sided = true;
	session_one_sided(c->session, c->flow->missing);
}

static void on_bytes(void *user, enum direction direction, const uint8_t *data, size_t size, uint64_t acked)
{
	struct conversation *c = user;
	const struct span bytes = { data, size };
	notice_one_sided(c);
	if (c->within) {
		c->offset[direction] += size;
		tls_bytes(c->tls, direction, bytes, c->offset[direction] - size, acked);
		note_tls(c);
		return;
	}
	if (direction == UP)
		detector_client_bytes(c->detector, bytes);
	c->offset[direction] += size;
	session_bytes(c->session, direction, bytes, acked);
	go_within(c);
}

static void on_gap(void *user, enum direction direction, uint64_t size, bool given_up)
{
	struct conversation *c = user;
	notice_one_sided(c);
	detector_gap(c->detector, direction, c->offset[direction], size, given_up);
	c->offset[direction] += size;
	if (c->within) {
		tls_gap(c->tls, direction, size);
		note_tls(c);
		return;
	}
	session_gap(c->session, direction, size);
	go_within(c);
}

static void on_fin(void *user, enum direction direction)
{
	struct conversation *c = user;
	notice_one_sided(c);
	if (c->tls)
		tls_fin(c->tls, direction);
	go_within(c);
	session_fin(c->session, direction);
	go_within(c);
}

static void on_trouble(void *user, enum flow_trouble what, enum direction direction, uint64_t offset, struct span bytes)
{
	struct conversation *c = user;
	detector_trouble(c->detector, what, direction, offset, bytes);
}

/* memory - while the content of a mail comes, and of all the rest. */
static size_t memory(void *user)
{
	const struct conversation *c = user;
	return OVERHEAD + session_memory(c->session) + rules_memory(c->rules) + (c->mail ? mail_memory(c->mail) : 0) +
	       (c->tls ? tls_memory(c->tls) : 0) + (c->secrets.seen ? c->secrets.seen->len * SECRET_ABOUT : 0);
}

static void on_end(void *user, const struct flow *flow)
{
	static const enum session_end ends[] = {
		[FLOW_END_FIN] = SESSION_END_CLOSED,
		[FLOW_END_RST] = SESSION_END_RESET,
		[FLOW_END_TIMEOUT] = SESSION_END_TIMEOUT,
		[FLOW_END_EVICTED] = SESSION_END_TIMEOUT,
		[FLOW_END_REUSED] = SESSION_END_TIMEOUT,
		[FLOW_END_INPUT] = SESSION_END_CAPTURE,
	};
	static const uint64_t none[ALERT_COUNT];
	struct conversation *c = user;
	if (c->desk->ending) /* what waits for lower flows goes first, so that little is held */
		output_flow_done(c->desk->output, flow->id);
	notice_one_sided(c);
	if (c->tls) {
		tls_fin(c->tls, UP);
		tls_fin(c->tls, DOWN);
		go_within(c);
		note_tls(c);
	}
	session_end(c->session, ends[flow->why]);
	if (c->tls && !c->tls_written && tls_info(c->tls)->bytes[UP] + tls_info(c->tls)->bytes[DOWN] > 0)
		write_tls(c);
	detector_end(c->detector, flow);
	c->desk->given_up_bytes += session_summary(c->session)->given_up_bytes;
	rules_end(c->rules, session_summary(c->session));
	struct place place = place_of(c, -1);
	output_flow(c->desk->output, &place, session_summary(c->session), c->alerts ? c->alerts : none, c->rule_alerts,
		rules_tags(c->rules));
	if (c->desk->ending)
		output_flow_done(c->desk->output, flow->id);
	rules_session_free(c->rules);
	session_free(c->session);
	detector_free(c->detector);
	eve_md5_free(c->md5);
	tls_free(c->tls);
	secrets_clear(&c->secrets);
	if (c->waiting)
		g_queue_free_full(c->waiting, g_free);
	g_free(c->alerts);
	g_clear_pointer(&c->rule_alerts, g_hash_table_destroy);
	g_free(c);
}

const struct flow_sink conversation_flow_sink = {
	.begin = on_begin,
	.bytes = on_bytes,
	.gap = on_gap,
	.fin = on_fin,
	.trouble = on_trouble,
	.memory = memory,
	.end = on_end,
};
