/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * fuzz_mail.c - a fuzz target: the content of one mail. The first octet says in what pieces it comes, whether it is
 * whole, and whether something is missing in the middle.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "mail.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* check - what every reader of a mail relies on. */
static void check(const struct mail *mail)
{
	if (mail->unaccounted != 0)
		abort();
	const char *const texts[] = { mail->from, mail->subject, mail->reply_to, mail->date, mail->message_id,
		mail->body, mail->from_name, mail->from_address };
	for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
		if (texts[i] != NULL && !g_utf8_validate(texts[i], -1, NULL))
			abort();
	for (guint i = 0; i < mail->parts->len; i++) {
		const struct mail_part *part = mail->parts->pdata[i];
		if (part->sha256 == NULL || part->number == NULL || part->content_type == NULL ||
			part->head_size > part->size || !g_utf8_validate(part->content_type, -1, NULL) ||
			(part->filename != NULL && !g_utf8_validate(part->filename, -1, NULL)))
			abort();
	}
	for (guint i = 0; i < mail->parts->len; i++) {
		const struct mail_part *part = mail->parts->pdata[i];
		for (guint j = 0; part->other_names && j < part->other_names->len; j++)
			if (!g_utf8_validate(part->other_names->pdata[j], -1, NULL))
				abort();
		for (guint j = 0; part->archive && j < part->archive->entries->len; j++)
			if (!g_utf8_validate(((struct mail_entry *)part->archive->entries->pdata[j])->name, -1, NULL))
				abort();
	}
	for (guint i = 0; i < mail->urls->len; i++)
		if (!g_utf8_validate(mail->urls->pdata[i], -1, NULL))
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct mail_options options = {
		.parse = true, .body = true, .urls = true, .archives = true, .body_limit = 1000, .hashes = HASH_SHA256
	};
	if (size == 0)
		return 0;
	mail_init();
	uint8_t how = data[0];
	size_t step = how & 2 ? 7 : size;
	struct mail *mail = mail_new(&options);
	for (size_t at = 1; at < size; at += step) {
		mail_feed(mail, (struct span){ data + at, MIN(step, size - at) });
		if (how & 4 && at > size / 2) {
			mail_gap(mail, 100);
			how &= (uint8_t)~4;
		}
	}
	mail_finish(mail, how & 1);
	check(mail);
	mail_free(mail);
	return 0;
}
