/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * mail.c - hashes and parses the content of a mail as it arrives, and keeps it only when an option needs it as a whole.
 */
#include "mail.h"

#include <string.h>

#include "kept.h"
#include "line_ends.h"
#include "seek.h"
#include "walk.h"

#define DIGEST_ABOUT 512 /* approximate octets of a hash context */
#define ARENA_FIRST 4096 /* octets of the arena inside struct open_mail */
#define PART_ABOUT 512   /* approximate octets kept of a part that has ended */
#define SPARES_MAX 64    /* freed mails whose memory is kept for later ones */

/* A mail with its private state. */
struct open_mail {
	struct mail mail; /* first member: a struct mail * points to a struct open_mail */
	const struct mail_options *options;
	struct digest *digest;
	struct walk *walk; /* NULL: it is not parsed */
	struct line_ends ends;
	struct kept *kept;         /* NULL: it is not kept as a whole */
	struct extract_file *file; /* NULL: it is not stored */
	struct parts parts;
	struct arena arena;
	uint64_t first[ARENA_FIRST / 8]; /* memory of the arena: enough for most mails */
};

static struct open_mail *spares[SPARES_MAX]; /* freed mails */
static size_t spare_count;
static bool ready;
static struct kept_budget budget = {
	.memory_each = MAIL_MEMORY_MAX, .memory_total = MAIL_MEMORY_TOTAL, .files = UINT_MAX
};

void mail_init(void)
{
	if (ready)
		return;
	ready = true;
	digest_init();
	mime_charset_init();
	base64_init();
	seek_init();
}

void mail_exit(void)
{
	if (!ready)
		return;
	ready = false;
	while (spare_count > 0)
		g_free(spares[--spare_count]);
	mail_text_exit();
	walk_exit();
	transfer_exit();
	parts_exit();
	digest_exit();
	mime_charset_exit();
	extract_exit();
	mime_look_exit();
}

/* begin_storing - begins the file under --extract. */
static void begin_storing(struct open_mail *open)
{
	char *error = NULL;
	open->file = extract_begin(open->options->extract_dir, &error);
	if (error)
		mail_lost(&open->mail, error);
}

void mail_watch(struct mail *mail, void *context)
{
	mail->watch_context = context;
}

struct mail *mail_new(const struct mail_options *options)
{
	struct open_mail *open;
	if (spare_count > 0)
		open = spares[--spare_count];
	else {
		open = g_new(struct open_mail, 1);
		memset(open, 0, offsetof(struct open_mail, first));
	}
	struct mail *mail = &open->mail;
	open->options = options;
	open->digest = digest_new(HASH_SHA256);
	open->arena = (struct arena){ .at = (char *)open->first, .left = sizeof open->first };
	mail->arena = &open->arena;
	mail->to = mail->cc = mail->bcc = mail->received = &mail_nothing;
	mail->parts = mail->urls = mail->links = mail->defects = mail->unknown_charsets = &mail_nothing;
	mail->text = &mail_no_text;
	if (options->keep || options->raw)
		open->kept = kept_new(&budget, options->keep ? UINT64_MAX : options->raw_limit, options->temp_dir);
	if (options->extract_dir)
		begin_storing(open);
	if (options->parse) {
		parts_begin(&open->parts, mail, options);
		open->walk = walk_new(&open->parts);
	}
	return mail;
}

/* keep_content - when that fails it is said once. */
static void keep_content(struct open_mail *open, struct span piece)
{
	int before = kept_failed(open->kept), failed;
	kept_add(open->kept, piece);
	failed = kept_failed(open->kept);
	if (!failed || before)
		return;
	mail_lost(&open->mail, g_strdup_printf("a mail is not kept beyond its first %" G_GUINT64_FORMAT
					       " octets: can't write a temporary file: %s",
				       kept_size(open->kept), g_strerror(failed)));
	open->mail.partial = true;
}

void mail_feed(struct mail *mail, struct span piece)
{
	struct open_mail *open = (struct open_mail *)mail;
	if (piece.size == 0)
		return;
	mail->size += piece.size;
	digest_update(open->digest, piece);
	if (open->kept)
		keep_content(open, piece);
	if (open->file)
		extract_write(open->file, piece);
	if (open->walk) {
		line_ends_feed(&open->ends, open->walk, piece);
		charset_unknown(mail);
	}
}

void mail_gap(struct mail *mail, uint64_t size)
{
	struct open_mail *open = (struct open_mail *)mail;
	mail->missing += size;
	mail->partial = true;
	if (open->walk) {
		line_ends_flush(&open->ends, open->walk);
		walk_gap(open->walk, size);
	}
}

size_t mail_memory(const struct mail *mail)
{
	const struct open_mail *open = (const struct open_mail *)mail;
	size_t size = sizeof *open + DIGEST_ABOUT + mail->parts->len * PART_ABOUT + mail->text->len;
	if (open->walk)
		size += walk_memory(open->walk);
	if (open->kept)
		size += kept_memory(open->kept);
	return size;
}

ssize_t mail_content(struct mail *mail, uint64_t offset, void *buffer, size_t size)
{
	const struct open_mail *open = (const struct open_mail *)mail;
	return open->kept ? kept_read(open->kept, offset, buffer, size) : 0;
}

/* take_raw - copies the beginning of the content for the record (--raw). */
static void take_raw(struct open_mail *open)
{
	struct mail *mail = &open->mail;
	size_t size = (size_t)MIN(MIN(mail->size, open->options->raw_limit), kept_size(open->kept)), got = 0;
	uint8_t *raw = g_malloc(size + 1);
	ssize_t piece;
	while (got < size && (piece = mail_content(mail, got, raw + got, size - got)) > 0)
		got += (size_t)piece;
	mail->raw = g_bytes_new_take(raw, got);
	mail->raw_truncated = got < mail->size;
}

/* end_storing - gives the file its name. */
static void end_storing(struct open_mail *open)
{
	struct mail *mail = &open->mail;
	char *error = NULL;
	if (open->options->choose)
		extract_wait(open->file, mail, NULL, ".eml");
	else
		mail->path = extract_end(open->file, mail->arena, mail->sha256, ".eml", &error);
	open->file = NULL;
	if (error)
		mail_lost(mail, error);
}

/* end_walk - ends parsing and fills in what depends on the whole mail. */
static void end_walk(struct open_mail *open, bool whole)
{
	struct mail *mail = &open->mail;
	line_ends_flush(&open->ends, open->walk);
	walk_end(open->walk, whole);
	mail->unaccounted = walk_lost(open->walk) + open->parts.lost;
	mime_header_keep(mail, &open->walk->top.fields);
	mime_header_decode(mail, &open->walk->top.fields, open->parts.hint);
	charset_unknown(mail);
	parts_end(&open->parts);
}

void mail_finish(struct mail *mail, bool whole)
{
	struct open_mail *open = (struct open_mail *)mail;
	mail->partial = mail->partial || !whole;
	digest_end(open->digest, mail->sha256, NULL, NULL, NULL);
	open->digest = NULL;
	if (open->options->raw)
		take_raw(open);
	if (open->file)
		end_storing(open);
	if (open->walk)
		end_walk(open, whole);
	if (open->options->extract_dir && !open->options->choose)
		extract_index(mail, open->options->extract_dir);
}

void mail_store(struct mail *mail, bool keep)
{
	extract_finish(mail, ((struct open_mail *)mail)->options->extract_dir, keep);
}

void mail_free(struct mail *mail)
{
	struct open_mail *open = (struct open_mail *)mail;
	bool finished = !open->digest;
	char *error = NULL;
	if (!finished) {
		digest_drop(open->digest);
		if (open->walk)
			end_walk(open, false);
	}
	if (open->file)
		extract_end(open->file, mail->arena, NULL, "", &error);
	g_free(error);
	mail_store(mail, false);
	if (open->walk)
		walk_free(open->walk);
	kept_free(open->kept);
	if (mail->raw)
		g_bytes_unref(mail->raw);
	g_free(mail->error);
	mail_text_free(mail);
	arena_release(&open->arena, &(struct arena){ 0 });
	if (spare_count < SPARES_MAX) {
		memset(open, 0, offsetof(struct open_mail, first)); /* ready for the next mail */
		spares[spare_count++] = open;
	} else
		g_free(open);
}
