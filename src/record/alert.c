/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * alert.c - the alert record, and the transaction and mail that an alert or a file belongs to.
 */
#include <string.h>

#include "private.h"
#include "text.h"

#define EVIDENCE_MAX 256              /* octets of evidence */
#define ABOUT_RECIPIENTS_MAX 100      /* recipients listed in the record of an alert or a file */
#define ABOUT_TEXT_MAX ((size_t)1000) /* octets of a header field there */

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
		json_texts_add(&texts, span_of_string(recipient->path));
		count++;
	}
	json_texts_end(&texts);
	if (tx->recipient_count[RECIPIENT_ACCEPTED] > count)
		json_number(&smtp, FIELD_about_smtp_rcpt_omitted, tx->recipient_count[RECIPIENT_ACCEPTED] - count);
}

/* put_short - UTF-8 text, up to a limit. */
static void put_short(struct json *object, enum field field, const char *text)
{
	if (!text)
		return;
	size_t size = strlen(text);
	if (size > ABOUT_TEXT_MAX)
		size = (size_t)(g_utf8_find_prev_char(text, text + ABOUT_TEXT_MAX + 1) - text);
	json_text(object, field, span_of(text, size));
}

void record_related(struct json *root, const struct related *about)
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

void output_alert(
	struct output *output, const struct place *place, const struct alert *alert, const struct related *related)
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
	record_related(&root, related);
	record_end(output, place, &root);
}
