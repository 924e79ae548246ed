/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * contents.c - what is inside each record: the stages' structs become the fields of fields.h.
 *
 * Every function writes nothing when its record is not wanted. Secrets: a password is written, and a command with
 * credentials shown, only with output_options.show_secrets.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "private.h"

#define EVIDENCE_MAX 256              /* octets of evidence */
#define ABOUT_RECIPIENTS_MAX 100      /* recipients that are told again beside an alert or a file */
#define ABOUT_TEXT_MAX ((size_t)1000) /* octets of a header field there */

static struct span gspan(const GString *text)
{
	return (struct span){ (const uint8_t *)text->str, text->len };
}

/* ---- what an alert or a file belongs to ---- */

static void put_about_smtp(struct json *root, const struct transaction *tx)
{
	struct json smtp = json_part(root, OF_about_smtp);
	json_gstring(&smtp, FIELD_about_smtp_helo, tx->helo);
	json_gstring(&smtp, FIELD_about_smtp_mail_from, tx->mail_from);
	struct json_texts texts = json_texts(&smtp, FIELD_about_smtp_rcpt_to);
	unsigned count = 0;
	for (guint i = 0; i < tx->recipients->len && count < ABOUT_RECIPIENTS_MAX; i++) {
		const struct recipient *recipient = tx->recipients->pdata[i];
		if (recipient->status != RECIPIENT_ACCEPTED)
			continue;
		json_texts_add(&texts, gspan(recipient->path));
		count++;
	}
	json_texts_end(&texts);
	if (tx->recipient_count[RECIPIENT_ACCEPTED] > count)
		json_number(&smtp, FIELD_about_smtp_rcpt_omitted, tx->recipient_count[RECIPIENT_ACCEPTED] - count);
}

/* put_short - text of a mail, which is UTF-8, up to a limit. */
static void put_short(struct json *object, enum field field, const char *text)
{
	if (!text)
		return;
	size_t size = strlen(text);
	if (size > ABOUT_TEXT_MAX)
		size = (size_t)(g_utf8_find_prev_char(text, text + ABOUT_TEXT_MAX + 1) - text);
	json_text(object, field, (struct span){ (const uint8_t *)text, size });
}

static void put_belongings(struct json *root, const struct belongings *about)
{
	const struct mail *mail = about->mail;
	if (about->tx)
		put_about_smtp(root, about->tx);
	if (!mail || (!mail->from && !mail->subject && !mail->message_id))
		return;
	struct json email = json_part(root, OF_about_email);
	put_short(&email, FIELD_about_email_from, mail->from);
	put_short(&email, FIELD_about_email_subject, mail->subject);
	put_short(&email, FIELD_about_email_message_id, mail->message_id);
}

void output_alert(struct output *output, const struct place *place, const struct alert *alert,
	const struct belongings *belongings)
{
	const struct output_options *options = output_options(output);
	if (!output_wants(output, RECORD_ALERT) || (options->severity && alert->severity > options->severity))
		return;
	const struct alert_info *info = &alert_catalogue[alert->id];
	struct place tx_place = *place;
	tx_place.tx = alert->tx;
	struct json root = record_begin(output, RECORD_ALERT, &tx_place), object = json_part(&root, OF_alert);
	json_word(&object, FIELD_alert_action, "allowed");
	json_number(&object, FIELD_alert_gid, ALERT_GID);
	json_number(&object, FIELD_alert_signature_id, info->number);
	json_number(&object, FIELD_alert_rev, ALERT_REVISION);
	json_word(&object, FIELD_alert_signature, alert_name(alert));
	json_word(&object, FIELD_alert_category, alert_category_name(info->category));
	json_number(&object, FIELD_alert_severity, alert->severity);
	json_word(&object, FIELD_alert_severity_name, severity_name(alert->severity));
	json_string(&object, FIELD_alert_description, alert->description);
	json_word(&object, FIELD_alert_outcome, alert_outcome_names[alert->outcome]);
	json_word(&object, FIELD_alert_state, alert->state);
	if (alert->has_direction)
		json_word(&object, FIELD_alert_direction, direction_name(alert->direction));
	json_escaped(&object, FIELD_alert_evidence, alert->evidence, EVIDENCE_MAX);
	put_belongings(&root, belongings);
	record_end(output, place, &root);
}

/* ---- smtp ---- */

static void put_recipients(
	struct json *object, enum field field, const GPtrArray *recipients, enum recipient_status status)
{
	struct json_texts texts = json_texts(object, field);
	for (guint i = 0; i < recipients->len; i++) {
		const struct recipient *recipient = recipients->pdata[i];
		if (recipient->status == status)
			json_texts_add(&texts, gspan(recipient->path));
	}
	json_texts_end(&texts);
}

/* put_recipient_status - LMTP: [{"rcpt": ..., "code": ...}], for those whose final reply was seen. */
static void put_recipient_status(struct json *smtp, const GPtrArray *recipients)
{
	cJSON *array = cJSON_CreateArray();
	for (guint i = 0; i < recipients->len; i++) {
		const struct recipient *recipient = recipients->pdata[i];
		if (recipient->final_code == 0)
			continue;
		struct json object = json_detached(OF_rcpt_status);
		json_gstring(&object, FIELD_rcpt_status_rcpt, recipient->path);
		json_number(&object, FIELD_rcpt_status_code, recipient->final_code);
		cJSON_AddItemToArray(array, object.node);
	}
	struct json objects = { array, OF_rcpt_status, -1 };
	json_close(smtp, FIELD_smtp_rcpt_status, &objects);
}

/* put_params - keys are the keywords (escaped when they are no ASCII); of a repeated keyword the first counts. */
static void put_params(struct json *smtp, const GPtrArray *params)
{
	struct json values = json_detached(OF_mail_params), exact_values = json_detached(OF_mail_params_base64);
	GHashTable *seen = params->len > 1 ? g_hash_table_new(g_str_hash, g_str_equal) : NULL;
	for (guint i = 0; i < params->len; i++) {
		const struct mail_param *param = params->pdata[i];
		const char *key = (const char *)json_escape(gspan(param->keyword), param->keyword->len).data;
		if (seen && !g_hash_table_add(seen, (gpointer)key))
			continue;
		bool exact = true;
		json_key(&values, key,
			param->value ? json_text_node(json_legible(gspan(param->value), &exact)) : cJSON_CreateTrue());
		if (!exact)
			json_key(&exact_values, key, json_base64_node(gspan(param->value)));
	}
	if (seen)
		g_hash_table_destroy(seen);
	json_close(smtp, FIELD_smtp_mail_params, &values);
	json_close(smtp, FIELD_smtp_mail_params_base64, &exact_values);
}

/* put_tags - those of the transaction, or of the session (-1). */
static void put_tags(struct json *parent, enum field field, const GPtrArray *tags, int tx)
{
	struct json object = json_detached(OF_tags);
	for (guint i = 0; tags && i < tags->len; i++) {
		const struct rule_tag *tag = tags->pdata[i];
		bool exact;
		struct span value = { (const uint8_t *)tag->value, strlen(tag->value) };
		if (tag->tx == tx)
			json_key(&object, tag->name, json_text_node(json_legible(value, &exact)));
	}
	json_close(parent, field, &object);
}

static void put_reply(struct json *smtp, const struct transaction *tx)
{
	if (tx->reply_code == 0)
		return;
	struct json reply = json_object(smtp, FIELD_smtp_reply);
	json_number(&reply, FIELD_reply_code, tx->reply_code);
	json_word(&reply, FIELD_reply_enhanced, tx->reply_enhanced);
	if (tx->reply_text && tx->reply_text->len > 0)
		json_gstring(&reply, FIELD_reply_text, tx->reply_text);
}

/* put_content - what is known of the content as a whole. Of content that began, but of which nothing came, not even its
 * end, there is nothing to say. */
static void put_content(struct json *smtp, const struct transaction *tx, const struct mail *mail)
{
	if (!tx->content_begun)
		return;
	if (tx->content_bytes > 0 || tx->content_whole) {
		json_number(smtp, FIELD_smtp_size, tx->content_bytes);
		json_word(smtp, FIELD_smtp_sha256, mail ? mail->sha256 : NULL);
	}
	if (tx->missing_bytes > 0)
		json_number(smtp, FIELD_smtp_missing_bytes, tx->missing_bytes);
	if (!mail)
		return;
	json_string(smtp, FIELD_smtp_path, mail->path);
	if (mail->raw) {
		gsize size;
		const uint8_t *data = g_bytes_get_data(mail->raw, &size);
		json_content(smtp, FIELD_smtp_raw, FIELD_smtp_raw_base64, (struct span){ data, size });
		json_true(smtp, FIELD_smtp_raw_truncated, mail->raw_truncated);
	}
}

/* put_attachments - the names of the parts that count as attachments. */
static void put_attachments(struct json *email, const GPtrArray *parts)
{
	struct json_texts texts = json_texts(email, FIELD_email_attachment);
	for (guint i = 0; parts && i < parts->len; i++) {
		const struct mail_part *part = parts->pdata[i];
		if (part->attachment && part->filename)
			json_texts_add(
				&texts, (struct span){ (const uint8_t *)part->filename, strlen(part->filename) });
	}
	json_texts_end(&texts);
}

/* header_values - of every field of this name, decoded; NULL when there is none. */
static cJSON *header_values(const struct mail *mail, const char *name)
{
	cJSON *values = NULL;
	for (size_t i = 0; i < mail->header_count; i++) {
		const struct mail_header *header = &mail->headers[i];
		if (header->name.size != strlen(name) ||
			g_ascii_strncasecmp((const char *)header->name.data, name, header->name.size) != 0)
			continue;
		char *decoded = mail_decode_header(header->value);
		size_t size = strlen(decoded);
		char *text = memcpy(json_alloc(size + 1), decoded, size + 1);
		g_free(decoded);
		if (!values)
			values = cJSON_CreateArray();
		cJSON_AddItemToArray(values, json_text_node((struct span){ (const uint8_t *)text, size }));
	}
	return values;
}

/* put_headers - those that the user wants; keys as the user wrote them. */
static void put_headers(struct json *email, const struct mail *mail, const GPtrArray *names)
{
	struct json object = json_detached(OF_headers);
	for (guint i = 0; names && i < names->len; i++) {
		cJSON *values = header_values(mail, names->pdata[i]);
		if (values)
			json_key(&object, names->pdata[i], values);
	}
	json_close(email, FIELD_email_headers, &object);
}

static void put_email(struct json *root, const struct mail *mail, const struct output_options *options)
{
	struct json email = json_part(root, OF_email);
	json_word(&email, FIELD_email_status, mail->partial ? "partial" : "complete");
	json_string(&email, FIELD_email_from, mail->from);
	json_strings(&email, FIELD_email_to, mail->to);
	json_strings(&email, FIELD_email_cc, mail->cc);
	json_strings(&email, FIELD_email_bcc, mail->bcc);
	json_string(&email, FIELD_email_reply_to, mail->reply_to);
	json_string(&email, FIELD_email_subject, mail->subject);
	json_string(&email, FIELD_email_date, mail->date);
	json_string(&email, FIELD_email_message_id, mail->message_id);
	json_string(&email, FIELD_email_in_reply_to, mail->in_reply_to);
	json_string(&email, FIELD_email_references, mail->references);
	json_string(&email, FIELD_email_x_mailer, mail->x_mailer);
	json_string(&email, FIELD_email_user_agent, mail->user_agent);
	json_string(&email, FIELD_email_x_originating_ip, mail->x_originating_ip);
	json_strings(&email, FIELD_email_received, mail->received);
	put_headers(&email, mail, options->headers);
	json_string(&email, FIELD_email_body, mail->body);
	json_string(&email, FIELD_email_body_type, mail->body_type);
	json_string(&email, FIELD_email_html, mail->html);
	json_true(&email, FIELD_email_body_truncated, mail->body_truncated);
	json_word(&email, FIELD_email_subject_md5, mail->subject_md5);
	json_word(&email, FIELD_email_body_md5, mail->body_md5);
	put_attachments(&email, mail->parts);
	json_strings(&email, FIELD_email_url, mail->urls);
	json_strings(&email, FIELD_email_unknown_charset, mail->unknown_charsets);
}

void output_smtp(struct output *output, const struct place *place, const struct transaction *tx,
	const struct mail *mail, const GPtrArray *tags)
{
	if (!output_wants(output, RECORD_SMTP))
		return;
	struct json root = record_begin(output, RECORD_SMTP, place), smtp = json_part(&root, OF_smtp);
	json_gstring(&smtp, FIELD_smtp_helo, tx->helo);
	json_gstring(&smtp, FIELD_smtp_mail_from, tx->mail_from);
	put_recipients(&smtp, FIELD_smtp_rcpt_to, tx->recipients, RECIPIENT_ACCEPTED);
	put_recipients(&smtp, FIELD_smtp_rejected_rcpt_to, tx->recipients, RECIPIENT_REJECTED);
	put_recipients(&smtp, FIELD_smtp_pending_rcpt_to, tx->recipients, RECIPIENT_PENDING);
	if (tx->recipients_omitted > 0)
		json_number(&smtp, FIELD_smtp_rcpt_omitted, tx->recipients_omitted);
	if (tx->lmtp)
		put_recipient_status(&smtp, tx->recipients);
	put_params(&smtp, tx->params);
	put_tags(&smtp, FIELD_smtp_tags, tags, tx->number);
	json_word(&smtp, FIELD_smtp_transfer, transfer_names[tx->transfer]);
	json_word(&smtp, FIELD_smtp_outcome, outcome_names[tx->outcome]);
	json_word(&smtp, FIELD_smtp_stage, stage_names[tx->stage]);
	json_true(&smtp, FIELD_smtp_assumed, tx->assumed);
	json_true(&smtp, FIELD_smtp_tls, tx->tls);
	put_reply(&smtp, tx);
	put_content(&smtp, tx, mail);
	if (mail)
		put_email(&root, mail, output_options(output));
	record_end(output, place, &root);
}

/* put_archive - what is in a file. */
static void put_archive(struct json *file, const struct mail_archive *archive)
{
	struct json object = json_object(file, FIELD_fileinfo_archive);
	cJSON *array = cJSON_CreateArray();
	json_word(&object, FIELD_archive_format, archive->format);
	json_flag(&object, FIELD_archive_encrypted, archive->encrypted);
	json_flag(&object, FIELD_archive_complete, archive->complete);
	for (guint i = 0; i < archive->entries->len; i++) {
		const struct mail_entry *entry = archive->entries->pdata[i];
		struct json row = json_detached(OF_archive_entry);
		json_string(&row, FIELD_archive_entry_name, entry->name);
		if (entry->size != UINT64_MAX)
			json_number(&row, FIELD_archive_entry_size, entry->size);
		json_flag(&row, FIELD_archive_entry_encrypted, entry->encrypted);
		cJSON_AddItemToArray(array, row.node);
	}
	struct json entries = { array, OF_archive_entry, -1 };
	json_close(&object, FIELD_archive_entries, &entries);
}

void output_fileinfo(struct output *output, const struct place *place, const struct mail_part *part,
	const struct belongings *belongings)
{
	if (!output_wants(output, RECORD_FILEINFO))
		return;
	struct json root = record_begin(output, RECORD_FILEINFO, place), file = json_part(&root, OF_fileinfo);
	json_string(&file, FIELD_fileinfo_filename, part->filename);
	json_string(&file, FIELD_fileinfo_content_type, part->content_type);
	json_string(&file, FIELD_fileinfo_magic, part->magic);
	json_string(&file, FIELD_fileinfo_mimetype, part->mimetype);
	json_string(&file, FIELD_fileinfo_disposition, part->disposition);
	json_word(&file, FIELD_fileinfo_part, part->number);
	json_number(&file, FIELD_fileinfo_size, part->size);
	json_word(&file, FIELD_fileinfo_sha256, part->sha256);
	json_word(&file, FIELD_fileinfo_md5, part->md5);
	json_word(&file, FIELD_fileinfo_sha1, part->sha1);
	json_word(&file, FIELD_fileinfo_state, part->truncated ? "TRUNCATED" : "CLOSED");
	json_flag(&file, FIELD_fileinfo_gaps, part->gaps);
	json_strings(&file, FIELD_fileinfo_yara, part->yara);
	json_flag(&file, FIELD_fileinfo_stored, part->stored);
	json_string(&file, FIELD_fileinfo_path, part->path);
	if (part->archive)
		put_archive(&file, part->archive);
	if (part->macros != MACROS_UNKNOWN)
		json_flag(&file, FIELD_fileinfo_has_macros, part->macros == MACROS_PRESENT);
	put_belongings(&root, belongings);
	record_end(output, place, &root);
}

/* ---- the dialogue ---- */

/* upper - a verb as it is written: in upper case. */
static struct span upper(struct span name)
{
	uint8_t *text = json_alloc(name.size);
	for (size_t i = 0; i < name.size; i++)
		text[i] = (uint8_t)g_ascii_toupper((gchar)name.data[i]);
	return (struct span){ text, name.size };
}

/* masked - the argument of AUTH without what follows the mechanism; of anything else it is a secret as a whole. */
static struct span masked(const struct session_command *command)
{
	struct span argument = command->parsed.argument;
	size_t keep = 0;
	bool mechanism = command->parsed.verb == VERB_AUTH || command->parsed.verb == VERB_X_EXPS;
	if (mechanism && !command->continuation)
		while (keep < argument.size && argument.data[keep] != ' ' && argument.data[keep] != '\t')
			keep++;
	if (keep == argument.size)
		return argument;
	uint8_t *text = json_alloc(keep + 2), *to = mempcpy(text, argument.data, keep);
	if (keep > 0)
		*to++ = ' ';
	*to++ = '*';
	return (struct span){ text, (size_t)(to - text) };
}

void output_command(struct output *output, const struct place *place, const struct session_command *command)
{
	if (!output_wants(output, RECORD_COMMAND))
		return;
	bool hide = command->credentials && !output_options(output)->show_secrets;
	struct json root = record_begin(output, RECORD_COMMAND, place), object = json_part(&root, OF_smtp_command);
	if (command->parsed.name.size > 0)
		json_text(&object, FIELD_smtp_command_verb, upper(command->parsed.name));
	if (command->parsed.argument.size > 0)
		json_text(&object, FIELD_smtp_command_argument, hide ? masked(command) : command->parsed.argument);
	json_word(&object, FIELD_smtp_command_state, command->state);
	if (!command->valid && hide)
		json_word(&object, FIELD_smtp_command_line, "*");
	else if (!command->valid)
		json_escaped(&object, FIELD_smtp_command_line, command->parsed.line, command->parsed.line.size);
	record_end(output, place, &root);
}

void output_response(struct output *output, const struct place *place, const struct session_response *response)
{
	if (!output_wants(output, RECORD_RESPONSE))
		return;
	struct json root = record_begin(output, RECORD_RESPONSE, place), object = json_part(&root, OF_smtp_response);
	json_number(&object, FIELD_smtp_response_code, response->code);
	json_word(&object, FIELD_smtp_response_enhanced, response->enhanced);
	struct json_texts lines = json_texts(&object, FIELD_smtp_response_lines);
	for (size_t i = 0; i < response->line_count; i++)
		json_texts_add(&lines, response->lines[i].text);
	json_texts_end(&lines);
	if (response->to_name.size > 0)
		json_text(&object, FIELD_smtp_response_to, upper(response->to_name));
	json_word(&object, FIELD_smtp_response_state, response->state);
	json_true(&object, FIELD_smtp_response_assumed, response->assumed);
	record_end(output, place, &root);
}

void output_content(struct output *output, const struct place *place, uint64_t offset, struct span piece, bool last)
{
	if (!output_wants(output, RECORD_CONTENT))
		return;
	struct json root = record_begin(output, RECORD_CONTENT, place), object = json_part(&root, OF_smtp_content);
	json_number(&object, FIELD_smtp_content_offset, offset);
	json_number(&object, FIELD_smtp_content_length, piece.size);
	json_flag(&object, FIELD_smtp_content_last, last);
	if (piece.size > 0)
		json_content(&object, FIELD_smtp_content_text, FIELD_smtp_content_base64, piece);
	record_end(output, place, &root);
}

void output_auth(struct output *output, const struct place *place, const struct session_auth *auth)
{
	if (!output_wants(output, RECORD_AUTH))
		return;
	struct json root = record_begin(output, RECORD_AUTH, place), object = json_part(&root, OF_smtp_auth);
	json_gstring(&object, FIELD_smtp_auth_mechanism, auth->mechanism);
	json_gstring(&object, FIELD_smtp_auth_username, auth->username);
	if (output_options(output)->show_secrets)
		json_gstring(&object, FIELD_smtp_auth_password, auth->password);
	json_flag(&object, FIELD_smtp_auth_success, auth->success);
	json_flag(&object, FIELD_smtp_auth_tls, auth->tls);
	json_true(&object, FIELD_smtp_auth_assumed, auth->assumed);
	record_end(output, place, &root);
}

/* known_or_number - the name, or 0xNNNN for a number without one; NULL for 0. */
static const char *known_or_number(const char *name, uint16_t number)
{
	if (name || number == 0)
		return name;
	char *text = json_alloc(8);
	snprintf(text, 8, "0x%04x", number);
	return text;
}

void output_tls(struct output *output, const struct place *place, const struct tls_info *tls)
{
	if (!output_wants(output, RECORD_TLS))
		return;
	struct json root = record_begin(output, RECORD_TLS, place), object = json_part(&root, OF_tls);
	json_true_or(&object, FIELD_tls_decrypted, tls->decrypted && !tls->why[0], tls->why[0] ? tls->why : NULL);
	if (tls->failures > 0 && tls->why[0])
		json_number(&object, FIELD_tls_failures, tls->failures);
	json_string(&object, FIELD_tls_sni, tls->sni);
	json_word(&object, FIELD_tls_version, known_or_number(tls->version, tls->version_number));
	json_word(&object, FIELD_tls_cipher, known_or_number(tls->cipher, tls->cipher_number));
	json_strings(&object, FIELD_tls_alpn, tls->alpn);
	json_word(&object, FIELD_tls_ja4, tls->ja4);
	json_string(&object, FIELD_tls_subject, tls->subject);
	json_string(&object, FIELD_tls_issuerdn, tls->issuerdn);
	json_string(&object, FIELD_tls_serial, tls->serial);
	if (tls->has_certificate) {
		json_date(&object, FIELD_tls_notbefore, tls->not_before);
		json_date(&object, FIELD_tls_notafter, tls->not_after);
	}
	json_string(&object, FIELD_tls_fingerprint, tls->fingerprint);
	json_strings(&object, FIELD_tls_subjectaltname, tls->subject_alt_names);
	record_end(output, place, &root);
}

/* ---- the end of a session, of an input ---- */

const char *const flow_end_names[FLOW_END_INPUT + 1] = {
	[FLOW_END_FIN] = "fin",
	[FLOW_END_RST] = "rst",
	[FLOW_END_TIMEOUT] = "timeout",
	[FLOW_END_EVICTED] = "evicted",
	[FLOW_END_REUSED] = "reused",
	[FLOW_END_INPUT] = "end_of_capture",
};

/* EVE's words: there a connection that was closed is written when its time is over, too. */
const char *const flow_reason_names[FLOW_END_INPUT + 1] = {
	[FLOW_END_FIN] = "timeout",
	[FLOW_END_RST] = "timeout",
	[FLOW_END_TIMEOUT] = "timeout",
	[FLOW_END_EVICTED] = "forced",
	[FLOW_END_REUSED] = "tcp_reuse",
	[FLOW_END_INPUT] = "shutdown",
};

static const char *flow_state(const struct flow *flow)
{
	return flow->why == FLOW_END_FIN || flow->why == FLOW_END_RST ? "closed" : "established";
}

static bool was_alerted(const uint64_t alerts[ALERT_COUNT])
{
	for (enum alert_id id = 0; id < ALERT_COUNT; id++)
		if (alerts[id] > 0)
			return true;
	return false;
}

/* put_alert_counts - the program's own in the order of the catalogue, then those of rules in order of their ids. */
static void put_alert_counts(struct json *session, const uint64_t alerts[ALERT_COUNT], GHashTable *rule_alerts)
{
	struct json counts = json_detached(OF_alert_counts);
	for (enum alert_id id = 0; id < ALERT_COUNT; id++)
		if (alerts[id] > 0 && id != ALERT_rule)
			json_key(&counts, alert_catalogue[id].name, json_number_node(alerts[id]));
	GList *names = rule_alerts ? g_list_sort(g_hash_table_get_keys(rule_alerts), (GCompareFunc)strcmp) : NULL;
	for (const GList *name = names; name; name = name->next)
		json_key(&counts, name->data,
			json_number_node(GPOINTER_TO_UINT(g_hash_table_lookup(rule_alerts, name->data))));
	g_list_free(names);
	json_close(session, FIELD_smtp_session_alerts, &counts);
}

/* put_lost - octets that the session did not get: not in the capture, and not waited for. */
static void put_lost(struct json *session, const struct flow *flow, const struct session_summary *summary)
{
	uint64_t given_up = flow->side[UP].given_up_bytes + flow->side[DOWN].given_up_bytes + summary->given_up_bytes;
	given_up = MIN(given_up, summary->gap_bytes);
	json_number(session, FIELD_smtp_session_gap_bytes, summary->gap_bytes - given_up);
	if (given_up > 0)
		json_number(session, FIELD_smtp_session_given_up_bytes, given_up);
}

static void put_session(struct json *root, const struct flow *flow, const struct session_summary *summary,
	const uint64_t alerts[ALERT_COUNT], GHashTable *rule_alerts, const GPtrArray *tags)
{
	struct json session = json_part(root, OF_smtp_session);
	json_word(&session, FIELD_smtp_session_state, summary->state);
	json_gstring(&session, FIELD_smtp_session_banner, summary->banner);
	json_gstring(&session, FIELD_smtp_session_helo, summary->helo);
	struct json_texts extensions = json_texts(&session, FIELD_smtp_session_extensions);
	for (guint i = 0; summary->extensions && i < summary->extensions->len; i++)
		json_texts_add(&extensions, gspan(summary->extensions->pdata[i]));
	json_texts_end(&extensions);
	json_number(&session, FIELD_smtp_session_commands, summary->commands);
	json_number(&session, FIELD_smtp_session_responses, summary->responses);
	json_number(&session, FIELD_smtp_session_mails, summary->mails);
	json_flag(&session, FIELD_smtp_session_authenticated, summary->authenticated);
	json_flag(&session, FIELD_smtp_session_tls, summary->tls);
	json_flag(&session, FIELD_smtp_session_midstream, summary->midstream);
	json_flag(&session, FIELD_smtp_session_one_sided, summary->one_sided);
	record_proxy(&session, flow->proxy);
	put_lost(&session, flow, summary);
	put_tags(&session, FIELD_smtp_session_tags, tags, -1);
	put_alert_counts(&session, alerts, rule_alerts);
}

void output_flow(struct output *output, const struct place *place, const struct session_summary *summary,
	const uint64_t alerts[ALERT_COUNT], GHashTable *rule_alerts, const GPtrArray *tags)
{
	if (!output_wants(output, RECORD_FLOW))
		return;
	const struct flow *flow = place->flow;
	struct json root = record_begin(output, RECORD_FLOW, place), object = json_part(&root, OF_flow);
	json_number(&object, FIELD_flow_pkts_toserver, flow->side[UP].packets);
	json_number(&object, FIELD_flow_pkts_toclient, flow->side[DOWN].packets);
	json_number(&object, FIELD_flow_bytes_toserver, flow->side[UP].wire_bytes);
	json_number(&object, FIELD_flow_bytes_toclient, flow->side[DOWN].wire_bytes);
	record_time(output, &object, FIELD_flow_start, flow->first.time);
	record_time(output, &object, FIELD_flow_end, flow->last.time);
	int64_t age = flow->last.time - flow->first.time; /* time stamps can go backwards */
	json_number(&object, FIELD_flow_age, age > 0 ? (uint64_t)(age / NANOSECONDS_PER_SECOND) : 0);
	json_word(&object, FIELD_flow_state, flow_state(flow));
	json_word(&object, FIELD_flow_reason, flow_reason_names[flow->why]);
	json_flag(&object, FIELD_flow_alerted, was_alerted(alerts));
	json_word(&object, FIELD_flow_close, flow_end_names[flow->why]);
	json_number(&object, FIELD_flow_first_packet, flow->first.packet);
	put_session(&root, place->flow, summary, alerts, rule_alerts, tags);
	record_end(output, place, &root);
}

void output_stats(struct output *output, const struct input_stats *stats)
{
	if (!output_wants(output, RECORD_STATS))
		return;
	const struct place place = { .at = stats->last, .tx = -1 };
	struct json root = record_begin(output, RECORD_STATS, &place), object = json_part(&root, OF_stats);
	for (int i = 0; i < COUNTER_COUNT; i++)
		json_number(&object, counter_table[i].field,
			*(const uint64_t *)(const void *)((const char *)stats + counter_table[i].offset));
	struct json alerts = json_object(&object, FIELD_stats_alerts);
	json_number(&alerts, FIELD_severity_counts_high, stats->alerts[SEVERITY_HIGH]);
	json_number(&alerts, FIELD_severity_counts_medium, stats->alerts[SEVERITY_MEDIUM]);
	json_number(&alerts, FIELD_severity_counts_low, stats->alerts[SEVERITY_LOW]);
	struct json reasons = json_object(&object, FIELD_stats_not_decoded);
	for (int i = DECODE_SEGMENT + 1; i < DECODE_RESULT_COUNT; i++)
		json_key(&reasons, decode_result_names[i], json_number_node(stats->not_decoded[i]));
	if (stats->time_jumps > 0) {
		json_number(&object, FIELD_stats_time_jumps, stats->time_jumps);
		json_number(&object, FIELD_stats_first_time_jump, stats->first_time_jump);
	}
	if (stats->first.packet) {
		record_time(output, &object, FIELD_stats_start, stats->first.time);
		record_time(output, &object, FIELD_stats_end, stats->last.time);
	}
	char shard[32];
	if (output_options(output)->shards > 1) {
		g_snprintf(
			shard, sizeof(shard), "%u/%u", output_options(output)->shard, output_options(output)->shards);
		json_word(&object, FIELD_stats_shard, shard);
	}
	json_flag(&object, FIELD_stats_complete, stats->complete);
	json_true(&object, FIELD_stats_cut, stats->cut);
	if (stats->error[0])
		json_string(&object, FIELD_stats_error, stats->error);
	record_end(output, &place, &root);
}
