/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * result.c - adds results to a mail: defects, errors, elements of its lists, text.
 */
#include <stdarg.h>
#include <string.h>

#include "mime.h"

#define EVIDENCE_MAX 256
#define ERROR_SIZE_MAX 4096
#define TEXT_FIRST 1024
#define SPARES_MAX 64        /* freed texts whose memory is kept for later mails */
#define SPARE_MAX (4 * 1024) /* octets that a spare may keep */

static GString *spares[SPARES_MAX];
static size_t spare_count;

GPtrArray mail_nothing;
GString mail_no_text = { .str = (char[]){ "" } };

void mail_lost(struct mail *mail, char *error)
{
	if (!mail->error)
		mail->error = error;
	else if (strlen(mail->error) + strlen(error) < ERROR_SIZE_MAX) {
		char *both = g_strconcat(mail->error, "; ", error, NULL);
		g_free(mail->error);
		g_free(error);
		mail->error = both;
	} else
		g_free(error);
}

void mail_defect(struct mail *mail, enum mime_defect_kind kind, struct span evidence, const char *format, ...)
{
	if (mail->defects->len >= MIME_DEFECTS_MAX)
		return;
	struct mime_defect *defect = arena_take(mail->arena, sizeof *defect + sizeof *defect->evidence);
	va_list arguments;
	va_start(arguments, format);
	char *words = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	*defect = (struct mime_defect){ .kind = kind, .description = arena_copy(mail->arena, words, strlen(words)) };
	g_free(words);
	if (evidence.size > 0) {
		size_t size = MIN(evidence.size, EVIDENCE_MAX);
		defect->evidence = (GString *)(void *)(defect + 1);
		*defect->evidence =
			(GString){ arena_copy(mail->arena, (const char *)evidence.data, size), size, size + 1 };
	}
	mail_list_add(mail, &mail->defects, defect);
}

void mail_list_add(struct mail *mail, GPtrArray **list, gpointer element)
{
	if (!*list || *list == &mail_nothing) {
		*list = arena_take(mail->arena, sizeof **list);
		**list = (GPtrArray){ 0 };
	}
	arena_add(mail->arena, *list, element);
}

GString *mail_text(struct mail *mail)
{
	if (mail->text == &mail_no_text)
		mail->text = spare_count > 0 ? spares[--spare_count] : g_string_sized_new(TEXT_FIRST);
	return mail->text;
}

void mail_text_free(struct mail *mail)
{
	GString *text = mail->text;
	mail->text = &mail_no_text;
	if (text == &mail_no_text)
		return;
	if (spare_count < SPARES_MAX && text->allocated_len <= SPARE_MAX) {
		g_string_truncate(text, 0);
		spares[spare_count++] = text;
	} else
		g_string_free(text, TRUE);
}

void mail_text_exit(void)
{
	while (spare_count > 0)
		g_string_free(spares[--spare_count], TRUE);
}
