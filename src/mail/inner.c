/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * inner.c - see inner.h.
 */
#include "inner.h"

#include <string.h>

/* open_inner_part - file: it is a file, not a text. */
static struct part *open_inner_part(
	struct part *outer, unsigned *count, const char *type, const char *charset, bool file)
{
	static const struct mime_params no_params;
	static char disposition[] = "attachment";
	struct mail *mail = outer->parts->mail;
	bool deep = outer->depth >= INNER_DEPTH_MAX;
	if (deep)
		mail_defect(mail, MIME_TOO_DEEP, span_of(NULL, 0), "part %s: files nested deeper than %d",
			outer->about->number, INNER_DEPTH_MAX);
	if (deep || parts_full(outer->parts))
		return NULL;
	struct mail_part *about = arena_take(mail->arena, sizeof *about);
	char *number = g_strdup_printf("%s.%u", outer->about->number, ++*count);
	*about = (struct mail_part){ .content_type = arena_copy(mail->arena, type, strlen(type)),
		.charset = charset ? arena_copy(mail->arena, charset, strlen(charset)) : NULL,
		.disposition = file ? disposition : NULL,
		.attachment = file,
		.number = arena_copy(mail->arena, number, strlen(number)) };
	g_free(number);
	mail_list_add(mail, &mail->parts, about);
	struct part *inner =
		part_open(outer->parts, about, &no_params, outer->in_message || (!file && outer->depth > 0));
	inner->depth = outer->depth + 1;
	return inner;
}

struct part *inner_open(struct part *outer, unsigned *count)
{
	return open_inner_part(outer, count, "application/octet-stream", NULL, true);
}

struct part *inner_open_text(struct part *outer, unsigned *count, const char *type, const char *charset)
{
	return open_inner_part(outer, count, type, charset, false);
}

void inner_name(struct part *inner, const char *charset, struct span raw)
{
	struct arena *arena = inner->parts->mail->arena;
	GString *name = g_string_new(NULL);
	charset_append(name, charset, raw);
	size_t size = strlen(g_strstrip(name->str));
	if (size > 0)
		inner->about->filename = arena_copy(arena, name->str, size);
	g_string_free(name, TRUE);
}

void inner_close(struct part *inner, bool cut)
{
	inner->about->truncated = inner->about->truncated || cut;
	part_close(inner);
}
