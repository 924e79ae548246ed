/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * part.c - passes the decoded octets of a part to the hashes, a file, and the inspectors.
 *
 * The memory needed does not depend on the size of the part, except for what inspectors keep. The first PART_HEAD
 * octets are collected; when they are complete, or the part ends, each inspector decides whether to inspect this part.
 */
#include "part.h"

#include "kind.h"
#include "text.h"

#include <string.h>

#define FREE_MAX 256 /* closed parts whose memory is kept */
#define DIGEST_ABOUT 512

static const struct part_inspector *const inspectors[] = { &text_inspector, &magic_inspector, &archive_inspector,
	&office_inspector, &uu_inspector, &tnef_inspector, &onenote_inspector, &pdf_inspector, &watch_inspector };
_Static_assert(G_N_ELEMENTS(inspectors) <= PART_INSPECTORS_MAX, "a part has room for the state of every inspector");

static struct part *free_parts;
static unsigned free_count;

void parts_begin(struct parts *parts, struct mail *mail, const struct mail_options *options)
{
	*parts = (struct parts){ .mail = mail, .options = options, .unpack = MAIL_UNPACKED_MAX };
	parts->text_max = MAX(options->body ? options->body_limit : 0, MAIL_TEXT_MAX);
}

void parts_end(struct parts *parts)
{
	g_clear_pointer(&parts->seen, g_hash_table_destroy);
}

bool parts_full(struct parts *parts)
{
	struct mail *mail = parts->mail;
	if (mail->parts->len < MAIL_PARTS_MAX)
		return false;
	if (!parts->overflow_told)
		mail_defect(mail, MIME_MALFORMED, span_of(NULL, 0), "more than %d parts", MAIL_PARTS_MAX);
	parts->overflow_told = mail->partial = true;
	return true;
}

void parts_exit(void)
{
	while (free_parts) {
		struct part *part = free_parts;
		free_parts = part->next;
		g_free(part);
	}
	free_count = 0;
	text_exit();
}

/* is_text_message - is it the text in a message of its own type: a report, or a piece of a message? */
static bool is_text_message(const char *type)
{
	static const char *const types[] = { "message/delivery-status", "message/disposition-notification",
		"message/feedback-report", "message/global-delivery-status", "message/partial",
		"message/external-body" };
	return TEXT_LISTED(type, types);
}

struct part *part_open(struct parts *parts, struct mail_part *about, const struct mime_params *type, bool in_message)
{
	struct part *part = free_parts;
	char *error = NULL;
	if (part) {
		free_parts = part->next;
		free_count--;
	} else
		part = g_new(struct part, 1);
	memset(part, 0, offsetof(struct part, head));
	part->parts = parts;
	part->about = about;
	part->type = *type;
	part->text = mime_begins(about->content_type, "text/") || is_text_message(about->content_type);
	part->html = part->text && strcmp(about->content_type, "text/html") == 0;
	part->in_message = in_message;
	part->digest = digest_new(parts->options->hashes | HASH_SHA256);
	if (parts->options->extract_dir)
		part->file = extract_begin(parts->options->extract_dir, &error);
	if (error)
		mail_lost(parts->mail, error);
	return part;
}

/* pass_to_inspectors - passes octets to the inspectors. */
static void pass_to_inspectors(struct part *part, struct span piece)
{
	for (size_t i = 0; i < G_N_ELEMENTS(inspectors); i++)
		if (part->states[i] && piece.size > 0)
			inspectors[i]->feed(part->states[i], piece);
}

/* begin_inspection - the head is complete: asks the inspectors, and passes it to them. */
static void begin_inspection(struct part *part)
{
	struct span head = span_of(part->head, part->head_size);
	part->begun = true;
	part->kind = kind_of(head);
	for (size_t i = 0; i < G_N_ELEMENTS(inspectors); i++)
		part->states[i] = inspectors[i]->begin(part, head);
	pass_to_inspectors(part, head);
}

void part_feed(struct part *part, struct span decoded)
{
	struct mail_part *about = part->about;
	if (decoded.size == 0)
		return;
	digest_update(part->digest, decoded);
	if (part->file)
		extract_write(part->file, decoded);
	about->size += decoded.size;
	if (!part->begun) {
		size_t size = MIN(decoded.size, PART_HEAD - part->head_size);
		memcpy(part->head + part->head_size, decoded.data, size);
		part->head_size += size;
		about->head_size = MIN(part->head_size, sizeof about->head);
		memcpy(about->head, part->head, about->head_size);
		decoded = span_from(decoded, size);
		if (part->head_size < PART_HEAD)
			return;
		begin_inspection(part);
	}
	pass_to_inspectors(part, decoded);
}

void part_gap(struct part *part, uint64_t size)
{
	part->about->gaps = part->about->truncated = true;
	for (size_t i = 0; i < G_N_ELEMENTS(inspectors); i++)
		if (part->states[i] && inspectors[i]->gap)
			inspectors[i]->gap(part->states[i], size);
}

/* store_part - gives the file its name. */
static void store_part(struct part *part)
{
	struct mail_part *about = part->about;
	struct mail *mail = part->parts->mail;
	char *error = NULL;
	const char *extension = kind_extension(about, span_of(part->head, part->head_size));
	if (part->parts->options->choose) {
		extract_wait(part->file, mail, about, extension);
		return;
	}
	about->path = extract_end(part->file, mail->arena, about->sha256, extension, &error);
	about->stored = about->path;
	if (error)
		mail_lost(mail, error);
}

static void part_free(struct part *part)
{
	if (free_count >= FREE_MAX) {
		g_free(part);
		return;
	}
	part->next = free_parts;
	free_parts = part;
	free_count++;
}

void part_close(struct part *part)
{
	struct mail_part *about = part->about;
	struct arena *arena = part->parts->mail->arena;
	if (!part->begun)
		begin_inspection(part);
	about->sha256 = arena_take(arena, DIGEST_HEX_MAX);
	digest_end(part->digest, about->sha256, &about->sha1, &about->md5, arena);
	for (size_t i = 0; i < G_N_ELEMENTS(inspectors); i++)
		if (part->states[i])
			inspectors[i]->end(part->states[i], part);
	if (part->file)
		store_part(part);
	part_free(part);
}

void part_drop(struct part *part)
{
	char *error = NULL;
	digest_drop(part->digest);
	for (size_t i = 0; i < G_N_ELEMENTS(inspectors); i++)
		if (part->states[i])
			inspectors[i]->drop(part->states[i]);
	if (part->file)
		extract_end(part->file, part->parts->mail->arena, NULL, "", &error);
	g_free(error);
	part_free(part);
}

size_t part_memory(const struct part *part)
{
	size_t size = sizeof *part + DIGEST_ABOUT;
	for (size_t i = 0; i < G_N_ELEMENTS(inspectors); i++)
		if (part->states[i])
			size += inspectors[i]->memory(part->states[i]);
	return size;
}
