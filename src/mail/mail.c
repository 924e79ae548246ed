/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * mail.c - the content of a mail as it comes: hashed, kept, and handed to MIME when it has ended.
 *
 * Content is kept in memory. One mail's content goes on in an unlinked temporary file when it is larger than
 * MAIL_MEMORY_MAX, or when all open mails together hold more than MAIL_MEMORY_TOTAL. Such a file is mapped when the
 * mail is taken apart, and its pages are given back as they are passed, so memory stays bounded whatever the size.
 * What nobody will look at is not kept at all.
 */
#include "mail.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "part.h"

#define BLOCK_MIN 4096               /* the first octets of a mail */
#define FILE_BUFFER_SIZE (16 * 1024) /* octets that wait to be written to the temporary file */
#define HASH_STEP (16 * 1024)        /* octets that wait to be hashed: many small updates are slow */
#define EVIDENCE_MAX 256
#define ERROR_SIZE_MAX 4096
#define HOLES_MAX 10000
#define DIGEST_ABOUT 1024     /* octets of the state of a hash */
#define ARENA_FIRST 4096      /* octets of the arena that come with the mail: enough for most */
#define SPARES_MAX 64         /* freed mails that are kept for the next ones: so many wait for their reply */
#define SPARE_MAX (16 * 1024) /* octets of content, and of text, of one of them */

/* A mail and what is behind it. */
struct open_mail {
	struct mail mail; /* first: a struct mail * is one of these */
	const struct mail_options *options;
	uint8_t *memory; /* content from file_size on */
	size_t used, room, hashed;
	uint64_t file_size; /* octets in the temporary file */
	int fd;             /* of it; -1: none */
	bool keep;          /* content is needed */
	bool failed;        /* the temporary file: no more content is kept */
	GArray *holes;      /* struct mail_hole; NULL: none */
	struct digest *digest;
	GString *text; /* what mail.text is when there is any */
	struct arena arena;
	uint64_t first[ARENA_FIRST / 8]; /* memory of the arena: enough for most mails */
};

static size_t memory_total;
static struct open_mail *spares[SPARES_MAX]; /* freed, with their memory */
static size_t spare_count;
static GPtrArray nothing; /* stands for every list that is empty */
static GString no_text = { .str = (char[]){ "" } };
static bool ready;

/* destroy - all that is left of a mail. */
static void destroy(struct open_mail *open)
{
	memory_total -= open->room;
	g_free(open->memory);
	if (open->text != NULL)
		g_string_free(open->text, TRUE);
	g_free(open);
}

void mail_init(void)
{
	if (ready)
		return;
	ready = true;
	digest_init();
	mime_init();
	mime_charset_init();
	mime_decode_init();
}

void mail_exit(void)
{
	if (!ready)
		return;
	ready = false;
	while (spare_count > 0)
		destroy(spares[--spare_count]);
	digest_exit();
	mime_exit();
	mime_charset_exit();
	extract_exit();
	parts_exit();
	mime_look_exit();
}

/* --- what went wrong --- */

void mail_lost(struct mail *mail, char *error)
{
	if (mail->error == NULL)
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
	if (!*list || *list == &nothing) {
		*list = arena_take(mail->arena, sizeof **list);
		**list = (GPtrArray){ 0 };
	}
	arena_add(mail->arena, *list, element);
}

GString *mail_text(struct mail *mail)
{
	struct open_mail *open = (struct open_mail *)mail;
	if (open->text == NULL)
		open->text = g_string_sized_new(BLOCK_MIN);
	if (mail->text == &no_text)
		mail->text = open->text;
	return open->text;
}

/* --- content --- */

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
	open->fd = -1;
	open->keep = options->parse || options->raw || options->keep || options->extract_dir != NULL;
	open->digest = digest_new(HASH_SHA256);
	open->arena = (struct arena){ .at = (char *)open->first, .left = sizeof open->first };
	mail->arena = &open->arena;
	mail->to = mail->cc = mail->bcc = mail->received = &nothing;
	mail->parts = mail->urls = mail->defects = mail->unknown_charsets = &nothing;
	mail->text = &no_text;
	return mail;
}

/* open_temporary - a file without a name, for reading and writing. Returns -1 with errno set. */
static int open_temporary(const char *directory)
{
	int fd = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (fd < 0 && errno != EMFILE && errno != ENFILE) {
		char *name = g_build_filename(directory, "smtpscan-XXXXXX", NULL);
		fd = mkostemp(name, O_CLOEXEC);
		if (fd >= 0)
			unlink(name);
		g_free(name);
	}
	return fd;
}

static void set_room(struct open_mail *open, size_t room)
{
	memory_total += room - open->room;
	open->memory = g_realloc(open->memory, room);
	open->room = room;
}

/* hash - what came since the last time. */
static void hash(struct open_mail *open)
{
	if (open->used > open->hashed)
		digest_update(open->digest, span_of(open->memory + open->hashed, open->used - open->hashed));
	open->hashed = open->used;
}

/* spill - moves what is in memory to the temporary file. When that fails the rest of the content is only counted and
 * hashed; what was in memory before there was a file stays. */
static void spill(struct open_mail *open)
{
	hash(open);
	if (open->fd < 0)
		open->fd = open_temporary(open->options->temp_dir != NULL ? open->options->temp_dir : g_get_tmp_dir());
	size_t done = 0;
	while (done < open->used && open->fd >= 0) {
		ssize_t written = write(open->fd, open->memory + done, open->used - done);
		if (written < 0 && errno != EINTR)
			break;
		if (written > 0)
			done += (size_t)written;
	}
	open->failed = done < open->used;
	if (open->failed)
		mail_lost(&open->mail,
			g_strdup_printf("a mail is not analysed beyond its first %" G_GUINT64_FORMAT
					" octets: can't write a temporary file: %s",
				open->file_size + (open->file_size > 0 ? done : open->used), g_strerror(errno)));
	if (open->failed && open->file_size == 0)
		return;
	open->file_size += done;
	open->used = open->hashed = 0;
	if (open->room != FILE_BUFFER_SIZE)
		set_room(open, FILE_BUFFER_SIZE);
}

/* make_room - for at least one octet more. */
static void make_room(struct open_mail *open)
{
	size_t room = open->room == 0 ? BLOCK_MIN : open->room * 2;
	if (open->file_size > 0 || room > MAIL_MEMORY_MAX ||
		(room > FILE_BUFFER_SIZE && memory_total + room > MAIL_MEMORY_TOTAL))
		spill(open);
	else
		set_room(open, room);
}

void mail_feed(struct mail *mail, struct span piece)
{
	struct open_mail *open = (struct open_mail *)mail;
	mail->size += piece.size;
	while (piece.size > 0 && open->keep && !open->failed) {
		if (open->used == open->room)
			make_room(open);
		if (open->failed)
			break;
		size_t size = MIN(piece.size, open->room - open->used);
		memcpy(open->memory + open->used, piece.data, size);
		open->used += size;
		piece = span_of(piece.data + size, piece.size - size);
	}
	if (open->used - open->hashed >= HASH_STEP)
		hash(open);
	if (piece.size > 0)
		digest_update(open->digest, piece);
}

void mail_gap(struct mail *mail, uint64_t size)
{
	struct open_mail *open = (struct open_mail *)mail;
	struct mail_hole hole = { mail->size, size };
	mail->missing += size;
	mail->partial = true;
	if (open->holes == NULL)
		open->holes = g_array_new(FALSE, FALSE, sizeof hole);
	if (open->holes->len < HOLES_MAX)
		g_array_append_val(open->holes, hole);
}

size_t mail_memory(const struct mail *mail)
{
	const struct open_mail *open = (const struct open_mail *)mail;
	return sizeof *open + DIGEST_ABOUT + open->room +
	       (open->holes ? open->holes->len * sizeof(struct mail_hole) : 0);
}

ssize_t mail_content(struct mail *mail, uint64_t offset, void *buffer, size_t size)
{
	struct open_mail *open = (struct open_mail *)mail;
	if (offset < open->file_size) {
		ssize_t got;
		do
			got = pread(open->fd, buffer, MIN(size, open->file_size - offset), (off_t)offset);
		while (got < 0 && errno == EINTR);
		return got;
	}
	offset -= open->file_size;
	if (offset >= open->used)
		return 0;
	size = MIN(size, open->used - (size_t)offset);
	memcpy(buffer, open->memory + offset, size);
	return (ssize_t)size;
}

/* store - the content as a file under --extract. */
static void store(struct open_mail *open)
{
	struct mail *mail = &open->mail;
	char *error = NULL;
	struct extract_file *file = extract_begin(open->options->extract_dir, &error);
	if (file != NULL) {
		static uint8_t buffer[FILE_BUFFER_SIZE];
		uint64_t offset = 0;
		ssize_t got;
		while ((got = mail_content(mail, offset, buffer, sizeof buffer)) > 0) {
			extract_write(file, span_of(buffer, (size_t)got));
			offset += (uint64_t)got;
		}
		mail->path = extract_end(file, mail->arena, offset == mail->size ? mail->sha256 : NULL, ".eml", &error);
	}
	if (error != NULL)
		mail_lost(mail, error);
}

/* parse - MIME over the content, in memory or mapped. */
static void parse(struct open_mail *open, bool whole)
{
	struct mime_source source = { .content = span_of(open->memory, open->used), .whole = whole && !open->failed };
	if (open->holes != NULL) {
		source.holes = (const struct mail_hole *)(void *)open->holes->data;
		source.hole_count = open->holes->len;
	}
	if (open->file_size > 0) {
		if (!open->failed)
			spill(open);
		source.whole = source.whole && !open->failed;
		void *map = mmap(NULL, open->file_size, PROT_READ, MAP_PRIVATE, open->fd, 0);
		if (map == MAP_FAILED) {
			mail_lost(&open->mail,
				g_strdup_printf("a mail is not analysed: can't map it: %s", g_strerror(errno)));
			return;
		}
		source.content = span_of(map, open->file_size);
		source.mapped = true;
	}
	mime_parse(&open->mail, open->options, &source);
	charset_unknown(&open->mail);
	if (source.mapped)
		munmap((void *)(uintptr_t)source.content.data, source.content.size);
}

void mail_finish(struct mail *mail, bool whole)
{
	struct open_mail *open = (struct open_mail *)mail;
	const struct mail_options *options = open->options;
	if (!whole)
		mail->partial = true;
	hash(open);
	digest_end(open->digest, mail->sha256, NULL, NULL, NULL);
	open->digest = NULL;
	if (options->raw) {
		size_t size = (size_t)MIN(mail->size, options->raw_limit), got = 0;
		uint8_t *raw = g_malloc(size + 1);
		ssize_t piece;
		while (got < size && (piece = mail_content(mail, got, raw + got, size - got)) > 0)
			got += (size_t)piece;
		mail->raw = g_bytes_new_take(raw, got);
		mail->raw_truncated = got < mail->size;
	}
	if (options->extract_dir != NULL)
		store(open);
	if (options->parse)
		parse(open, whole);
}

/* recycle - another mail begins with the memory of this one. */
static void recycle(struct open_mail *open)
{
	uint8_t *memory = open->memory;
	size_t room = open->room;
	GString *text = open->text;
	memset(open, 0, offsetof(struct open_mail, first));
	open->memory = memory;
	open->room = room;
	open->text = text;
	if (text != NULL)
		g_string_truncate(text, 0);
	spares[spare_count++] = open;
}

void mail_free(struct mail *mail)
{
	struct open_mail *open = (struct open_mail *)mail;
	if (open->digest != NULL)
		digest_drop(open->digest);
	if (open->fd >= 0)
		close(open->fd);
	if (open->holes != NULL)
		g_array_free(open->holes, TRUE);
	if (mail->raw != NULL)
		g_bytes_unref(mail->raw);
	g_free(mail->error);
	arena_release(&open->arena, &(struct arena){ 0 });
	if (spare_count < SPARES_MAX && open->room <= SPARE_MAX &&
		(open->text == NULL || open->text->allocated_len <= SPARE_MAX))
		recycle(open);
	else
		destroy(open);
}
