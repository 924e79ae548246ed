/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * transaction.c - the smtp record: the transaction, and its mail as the email object.
 */
#include <string.h>

#include "hash.h"
#include "private.h"
#include "text.h"

static void put_recipients(
	struct json *object, enum field field, const GPtrArray *recipients, enum recipient_status status)
{
	struct json_texts texts = json_texts(object, field);
	for (guint i = 0; i < recipients->len; i++) {
		const struct recipient *recipient = recipients->pdata[i];
		if (recipient->status == status)
			json_texts_add(&texts, span_of_string(recipient->path));
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
	json_objects(smtp, FIELD_smtp_rcpt_status, array);
}

/* put_params - keys are the keywords, escaped when they are not ASCII; of a repeated keyword the first is used. */
static void put_params(struct json *smtp, const GPtrArray *params)
{
	struct json values = json_detached(OF_mail_params), exact_values = json_detached(OF_mail_params_base64);
	GHashTable *seen = params->len > 1 ? g_hash_table_new(hash_text, g_str_equal) : NULL;
	for (guint i = 0; i < params->len; i++) {
		const struct mail_param *param = params->pdata[i];
		const char *key = (const char *)json_escape(span_of_string(param->keyword), param->keyword->len).data;
		if (seen && !g_hash_table_add(seen, (gpointer)key))
			continue;
		bool exact = true;
		json_key(&values, key,
			param->value ? json_text_node(span_of_string(param->value), &exact) : cJSON_CreateTrue());
		if (!exact)
			json_key(&exact_values, key, json_base64_node(span_of_string(param->value)));
	}
	if (seen)
		g_hash_table_destroy(seen);
	json_close(smtp, FIELD_smtp_mail_params, &values);
	json_close(smtp, FIELD_smtp_mail_params_base64, &exact_values);
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

/* put_content - size and hash of the content. Nothing is written when neither an octet nor the end of the content was
 * seen. */
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
		json_content(smtp, FIELD_smtp_raw, FIELD_smtp_raw_base64, span_of(data, size));
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
			json_texts_add(&texts, span_of_text(part->filename));
	}
	json_texts_end(&texts);
}

/* header_values - the decoded values of all fields with this name; NULL when there are none. */
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
		bool exact;
		cJSON_AddItemToArray(values, json_text_node(span_of(text, size), &exact));
	}
	return values;
}

/* put_headers - the fields of --header; keys as the user wrote them. */
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
	record_tags(&smtp, FIELD_smtp_tags, tags, tx->number);
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
