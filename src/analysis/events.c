/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * events.c - turns the events of a session, and the alerts of detectors and rules, into records. Detectors and rules
 * get an event before its record is written; alerts on a mail come when the mail is complete; the record of a
 * transaction comes before those of its files.
 */
#include "private.h"

#include <errno.h>
#include <string.h>

#include "hash.h"
#include "text.h"

#define EVIDENCE_READ 1024 /* octets of evidence that are searched for secrets; a record shows fewer */

/* ---- alerts: from the session and from the detectors ---- */

/* evidence_is_plain - is the evidence free of commands: found by a detector (a mechanism, a user), or from a mail,
 * where a word like "login" means nothing? */
static bool evidence_is_plain(const struct alert *alert)
{
	enum alert_category category = alert_catalogue[alert->id].category;
	bool content = alert->state && (strcmp(alert->state, "data_transmission") == 0 ||
					       strcmp(alert->state, "chunk_transmission") == 0);
	return content || category == CATEGORY_CONTENT || category == CATEGORY_CREDENTIALS ||
	       alert->id == ALERT_auth_bruteforce || alert->id == ALERT_auth_password_spray;
}

/* write_alert - writes an alert: adds the session's state if the detector gave none, and masks secrets. */
static void write_alert(struct conversation *c, struct alert alert)
{
	struct place place = place_of(c, alert.tx);
	if (!alert.state && c->session)
		alert.state = session_state(c->session);
	GString *evidence = NULL;
	if (alert.evidence.size > 0 && !c->shared->options->output.show_secrets && !evidence_is_plain(&alert)) {
		evidence = secrets_mask(&c->secrets, alert.direction,
			span_of(alert.evidence.data, MIN(alert.evidence.size, EVIDENCE_READ)));
		alert.evidence = span_of(evidence->str, evidence->len);
	}
	const bool belongs = c->tx && alert.tx == c->tx->number;
	const struct related related = { belongs ? c->tx : NULL, belongs ? c->mail : NULL };
	output_alert(c->shared->output, &place, &alert, &related);
	if (evidence)
		g_string_free(evidence, TRUE);
}

/* count_alert - counts an alert; returns how often this id was raised in the session. */
static uint64_t count_alert(struct conversation *c, const struct alert *alert)
{
	if (!c->alerts)
		c->alerts = g_new0(uint64_t, ALERT_COUNT);
	uint64_t count = ++c->alerts[alert->id];
	if (!alert->name)
		return count;
	if (!c->rule_alerts)
		c->rule_alerts = g_hash_table_new_full(hash_text, g_str_equal, g_free, NULL);
	count = GPOINTER_TO_UINT(g_hash_table_lookup(c->rule_alerts, alert->name)) + 1;
	g_hash_table_insert(c->rule_alerts, g_strdup(alert->name), GUINT_TO_POINTER((guint)count));
	return count;
}

/* follows_foreign - cross_protocol was reported: the client does not speak SMTP, so violations of SMTP are not
 * reported. */
static bool follows_foreign(const struct conversation *c, const struct alert *alert)
{
	enum alert_category category = alert_catalogue[alert->id].category;
	bool smtp = category == CATEGORY_SESSION || category == CATEGORY_PROTOCOL || category == CATEGORY_LIMITS;
	return smtp && c->alerts && c->alerts[ALERT_cross_protocol] > 0 && c->session &&
	       !session_summary(c->session)->tls;
}

void conversation_alert(void *context, const struct alert *alert)
{
	struct conversation *c = context;
	const struct options *options = c->shared->options;
	if (options->disabled[alert->id] || follows_foreign(c, alert))
		return;
	c->shared->stats.alerts[alert->severity]++;
	if (c->shared->worst == 0 || alert->severity < c->shared->worst)
		c->shared->worst = alert->severity;
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
	output_command(c->shared->output, &place, &seen);
}

/* masked_reply - the text of a reply without secrets; `texts` owns it. */
static struct span masked_reply(const struct conversation *c, GPtrArray *texts, struct span text)
{
	GString *mask = secrets_mask(&c->secrets, DOWN, text);
	g_ptr_array_add(texts, mask);
	return span_of(mask->str, mask->len);
}

/* write_response - writes a reply, masked, because servers repeat what they did not understand. */
static void write_response(struct conversation *c, const struct place *place, const struct session_response *response)
{
	bool challenge = response->code == 334;
	if (!c->secrets.seen || challenge || c->shared->options->output.show_secrets ||
		!output_wants(c->shared->output, RECORD_RESPONSE)) {
		output_response(c->shared->output, place, response);
		return;
	}
	struct session_response shown = *response;
	struct reply_line *lines = g_new0(struct reply_line, response->line_count + 1);
	GPtrArray *texts = g_ptr_array_new();
	for (size_t i = 0; i < response->line_count; i++)
		lines[i].text = masked_reply(c, texts, response->lines[i].text);
	shown.lines = lines;
	shown.to_name = masked_reply(c, texts, response->to_name);
	output_response(c->shared->output, place, &shown);
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

const struct mail_watch conversation_mail_watch = {
	.begin = on_part,
	.piece = rules_part_piece,
	.end = rules_part_end,
	.drop = rules_part_drop,
	.memory = rules_part_memory,
};

static void on_content_begin(void *context, struct transaction *tx)
{
	struct conversation *c = context;
	c->content = 0;
	if (c->shared->want_mail)
		tx->user = c->mail = mail_new(&c->shared->mail);
	if (c->mail)
		mail_watch(c->mail, c);
	if (c->shared->mail.parse && c->shared->mail.hashes & HASH_MD5)
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
	if (output_wants(c->shared->output, RECORD_CONTENT) && piece.size > 0) {
		struct place place = place_of(c, tx->number);
		output_content(c->shared->output, &place, c->content, piece, false);
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
	rules_content(c->rules, tx, c->content, span_of(NULL, 0), true);
	output_content(c->shared->output, &place, c->content, span_of(NULL, 0), true);
	if (!tx->user)
		return;
	mail_finish(tx->user, whole);
	if (c->md5)
		eve_md5_end(c->md5, tx->user);
	c->md5 = NULL;
	if (c->shared->mail.parse)
		detector_mail(c->detector, tx, tx->user);
}

/* store_mail - passes the mail to --mbox, unless rules choose and did not keep it; reports storage errors. */
static void store_mail(struct conversation *c, const struct transaction *tx, struct mail *mail)
{
	if (mail->error) {
		say("%s", mail->error);
		c->shared->store_failed = true;
	}
	const bool unwanted = rules_keep(c->shared->options->rules) && !rules_kept(c->rules, tx->number);
	if (!c->shared->keep || unwanted || (mail->size == 0 && !tx->content_whole))
		return;
	struct place place = place_of(c, tx->number);
	const char *sender = tx->mail_from ? tx->mail_from->str : NULL;
	if (!c->shared->keep(c->shared->context, &place, c->shared->ending, mail, sender))
		c->shared->store_failed = true;
}

static void on_transaction_end(void *context, struct transaction *tx)
{
	struct conversation *c = context;
	struct input_stats *stats = &c->shared->stats;
	struct mail *mail = tx->user;
	struct place place = place_of(c, tx->number);
	detector_transaction_end(c->detector, place.at, tx);
	for (guint i = 0; mail && mail->parts && i < mail->parts->len; i++)
		rules_file(c->rules, tx, mail, mail->parts->pdata[i]);
	rules_mail(c->rules, tx, mail);
	if (mail)
		mail_store(mail, rules_kept(c->rules, tx->number));
	output_smtp(c->shared->output, &place, tx, mail, rules_tags(c->rules));
	stats->transactions++;
	stats->mails += tx->content_begun && tx->content_whole;
	stats->mail_bytes += tx->content_bytes;
	c->tx = NULL;
	if (!mail)
		return;
	const struct related related = { tx, mail };
	for (guint i = 0; mail->parts && i < mail->parts->len; i++)
		output_fileinfo(c->shared->output, &place, mail->parts->pdata[i], &related);
	stats->files += mail->parts ? mail->parts->len : 0;
	store_mail(c, tx, mail);
	mail_free(mail);
	tx->user = c->mail = NULL;
}

static void on_auth(void *context, const struct session_auth *auth)
{
	struct conversation *c = context;
	struct place place = place_of(c, -1);
	detector_auth(c->detector, place.at, auth);
	rules_auth(c->rules, auth);
	output_auth(c->shared->output, &place, auth);
}

const struct session_sink conversation_session_sink = {
	.command = on_command,
	.response = on_response,
	.transaction_begin = on_transaction_begin,
	.content_begin = on_content_begin,
	.content = on_content,
	.content_gap = on_content_gap,
	.content_end = on_content_end,
	.transaction_end = on_transaction_end,
	.auth = on_auth,
	.tls_begin = inside_begin,
	.tls_bytes = inside_record,
	.tls_gap = inside_gap,
	.alert = conversation_alert,
};

/* on_drop - a rule called session:drop(). */
static void on_drop(void *context)
{
	struct conversation *c = context;
	session_drop(c->session);
}

const struct rules_sink conversation_rules_sink = { .alert = conversation_alert, .drop = on_drop };
