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
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "mime.h"

#define BLOCK_MIN 4096               /* the first octets of a mail */
#define FILE_BUFFER_SIZE (16 * 1024) /* octets that wait to be written to the temporary file */
#define HASH_STEP (16 * 1024)        /* octets that wait to be hashed: many small updates are slow */
#define DIGEST_SIZE_MAX 32
#define EVIDENCE_MAX 256
#define ERROR_SIZE_MAX 4096
#define LIST_FIRST 8    /* elements that a list has room for at first */
#define FILES_MAX 65536 /* descriptors asked for */
#define HOLES_MAX 10000

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
};

/* --- hashes --- */

struct digest {
	struct digest *next; /* in the list of those that are free */
	unsigned hashes;
	EVP_MD_CTX *sha256, *sha1, *md5;
};

static EVP_MD *sha256, *sha1, *md5;
static struct digest *free_digests;
static size_t memory_total;
static GPtrArray *nothing; /* stands for every list that is empty, */
static GString *no_text;   /* and this for the text */

struct digest *digest_new(unsigned hashes)
{
	struct digest *digest = free_digests;
	if (digest != NULL)
		free_digests = digest->next;
	else {
		digest = g_new0(struct digest, 1);
		digest->sha256 = EVP_MD_CTX_new();
		digest->sha1 = EVP_MD_CTX_new();
		digest->md5 = EVP_MD_CTX_new();
	}
	digest->hashes = hashes;
	g_assert(EVP_DigestInit_ex2(digest->sha256, sha256, NULL) == 1);
	if (hashes & HASH_SHA1)
		g_assert(EVP_DigestInit_ex2(digest->sha1, sha1, NULL) == 1);
	if (hashes & HASH_MD5)
		g_assert(EVP_DigestInit_ex2(digest->md5, md5, NULL) == 1);
	return digest;
}

void digest_update(struct digest *digest, struct span data)
{
	EVP_DigestUpdate(digest->sha256, data.data, data.size);
	if (digest->hashes & HASH_SHA1)
		EVP_DigestUpdate(digest->sha1, data.data, data.size);
	if (digest->hashes & HASH_MD5)
		EVP_DigestUpdate(digest->md5, data.data, data.size);
}

/* digest_hex - ends one hash: lower case hexadecimal, terminated. */
static void digest_hex(EVP_MD_CTX *context, char *hex)
{
	uint8_t octets[DIGEST_SIZE_MAX];
	unsigned size = 0;
	EVP_DigestFinal_ex(context, octets, &size);
	for (unsigned i = 0; i < size; i++) {
		*hex++ = "0123456789abcdef"[octets[i] >> 4];
		*hex++ = "0123456789abcdef"[octets[i] & 15];
	}
	*hex = '\0';
}

void digest_end(struct digest *digest, char hex[65], char **sha1_hex, char **md5_hex)
{
	digest_hex(digest->sha256, hex);
	if (digest->hashes & HASH_SHA1)
		digest_hex(digest->sha1, *sha1_hex = g_malloc(41));
	if (digest->hashes & HASH_MD5)
		digest_hex(digest->md5, *md5_hex = g_malloc(33));
	digest->next = free_digests;
	free_digests = digest;
}

/* allow_files - every large mail that is open needs a descriptor. */
static void allow_files(void)
{
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < MIN(limit.rlim_max, FILES_MAX)) {
		limit.rlim_cur = MIN(limit.rlim_max, FILES_MAX);
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

/* mail_init - fetches the hashes once: a fetch is slower than a small hash. */
void mail_init(void)
{
	if (nothing != NULL)
		return;
	allow_files();
	sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	sha1 = EVP_MD_fetch(NULL, "SHA1", NULL);
	md5 = EVP_MD_fetch(NULL, "MD5", NULL);
	g_assert(sha256 != NULL && sha1 != NULL && md5 != NULL);
	nothing = g_ptr_array_new();
	no_text = g_string_new(NULL);
	mime_charset_init();
	mime_decode_init();
}

void mail_exit(void)
{
	if (nothing == NULL)
		return;
	while (free_digests != NULL) {
		struct digest *digest = free_digests;
		free_digests = digest->next;
		EVP_MD_CTX_free(digest->sha256);
		EVP_MD_CTX_free(digest->sha1);
		EVP_MD_CTX_free(digest->md5);
		g_free(digest);
	}
	EVP_MD_free(sha256);
	EVP_MD_free(sha1);
	EVP_MD_free(md5);
	g_ptr_array_free(nothing, TRUE);
	nothing = NULL;
	g_string_free(no_text, TRUE);
	mime_charset_exit();
	extract_exit();
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

static void defect_free(gpointer data)
{
	struct mime_defect *defect = data;
	g_free(defect->description);
	if (defect->evidence != NULL)
		g_string_free(defect->evidence, TRUE);
	g_free(defect);
}

void mail_defect(struct mail *mail, enum mime_defect_kind kind, struct span evidence, const char *format, ...)
{
	if (mail->defects->len >= MIME_DEFECTS_MAX)
		return;
	struct mime_defect *defect = g_new0(struct mime_defect, 1);
	va_list arguments;
	va_start(arguments, format);
	defect->kind = kind;
	defect->description = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	if (evidence.size > 0)
		defect->evidence =
			g_string_new_len((const char *)evidence.data, (gssize)MIN(evidence.size, EVIDENCE_MAX));
	mail_list_add(&mail->defects, defect, defect_free);
}

void mail_list_add(GPtrArray **list, gpointer element, GDestroyNotify destroy)
{
	if (*list == nothing)
		*list = g_ptr_array_new_full(LIST_FIRST, destroy);
	g_ptr_array_add(*list, element);
}

void mail_text_take(struct mail *mail, GString *text)
{
	if (mail->text == no_text) {
		mail->text = text;
		return;
	}
	if (mail->text->len < MAIL_MEMORY_MAX) {
		size_t room = MAIL_MEMORY_MAX - mail->text->len;
		g_string_append_c(mail->text, '\n');
		if (text->len < room)
			g_string_append_len(mail->text, text->str, (gssize)text->len);
	}
	g_string_free(text, TRUE);
}

void mail_part_free(gpointer data)
{
	struct mail_part *part = data;
	g_free(part->filename);
	g_free(part->content_type);
	g_free(part->charset);
	g_free(part->magic);
	g_free(part->disposition);
	g_free(part->number);
	g_free(part->sha256);
	g_free(part->sha1);
	g_free(part->md5);
	g_free(part->path);
	g_free(part);
}

/* --- content --- */

struct mail *mail_new(const struct mail_options *options)
{
	struct open_mail *open = g_new0(struct open_mail, 1);
	struct mail *mail = &open->mail;
	open->options = options;
	open->fd = -1;
	open->keep = options->parse || options->raw || options->keep || options->extract_dir != NULL;
	open->digest = digest_new(HASH_SHA256);
	mail->to = mail->cc = mail->bcc = mail->received = nothing;
	mail->parts = mail->urls = mail->headers = mail->defects = nothing;
	mail->text = no_text;
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

/* spill - hashes what is in memory and moves it to the temporary file. When that fails the rest of the content is only
 * counted and hashed. */
static void spill(struct open_mail *open)
{
	hash(open);
	if (open->fd < 0 && !open->failed)
		open->fd = open_temporary(open->options->temp_dir != NULL ? open->options->temp_dir : g_get_tmp_dir());
	size_t done = 0;
	while (done < open->used && open->fd >= 0 && !open->failed) {
		ssize_t written = write(open->fd, open->memory + done, open->used - done);
		if (written < 0 && errno != EINTR)
			break;
		if (written > 0)
			done += (size_t)written;
	}
	open->file_size += done;
	if (done < open->used && !open->failed) {
		mail_lost(&open->mail,
			g_strdup_printf("a mail is not analysed beyond its first %" G_GUINT64_FORMAT " octets: "
					"can't write a temporary file: %s",
				open->file_size, g_strerror(errno)));
		open->failed = true;
	}
	open->used = open->hashed = 0;
	if (open->room != FILE_BUFFER_SIZE)
		set_room(open, FILE_BUFFER_SIZE);
}

/* make_room - for at least one octet more. */
static void make_room(struct open_mail *open)
{
	size_t room = open->room == 0 ? BLOCK_MIN : open->room * 2;
	bool filed = open->fd >= 0 || open->failed;
	if (filed || room > MAIL_MEMORY_MAX || (room > FILE_BUFFER_SIZE && memory_total + room > MAIL_MEMORY_TOTAL))
		spill(open);
	else
		set_room(open, room);
}

void mail_feed(struct mail *mail, struct span piece)
{
	struct open_mail *open = (struct open_mail *)mail;
	mail->size += piece.size;
	if (!open->keep) {
		digest_update(open->digest, piece);
		return;
	}
	while (piece.size > 0) {
		if (open->used == open->room)
			make_room(open);
		size_t size = MIN(piece.size, open->room - open->used);
		memcpy(open->memory + open->used, piece.data, size);
		open->used += size;
		piece = span_of(piece.data + size, piece.size - size);
	}
	if (open->used - open->hashed >= HASH_STEP)
		hash(open);
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
	if (offset >= open->used || open->failed)
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
		mail->path = extract_end(file, offset == mail->size ? mail->sha256 : NULL, ".eml", &error);
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
		spill(open);
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
	digest_end(open->digest, mail->sha256, NULL, NULL);
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

static void list_free(GPtrArray *list)
{
	if (list != nothing)
		g_ptr_array_free(list, TRUE);
}

void mail_free(struct mail *mail)
{
	struct open_mail *open = (struct open_mail *)mail;
	if (open->digest != NULL) {
		char unused[65];
		digest_end(open->digest, unused, NULL, NULL);
	}
	memory_total -= open->room;
	g_free(open->memory);
	if (open->fd >= 0)
		close(open->fd);
	if (open->holes != NULL)
		g_array_free(open->holes, TRUE);
	char **const texts[] = { &mail->from, &mail->reply_to, &mail->subject, &mail->date, &mail->message_id,
		&mail->in_reply_to, &mail->references, &mail->x_mailer, &mail->user_agent, &mail->x_originating_ip,
		&mail->from_name, &mail->from_address, &mail->body, &mail->body_type, &mail->path, &mail->error };
	for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
		g_free(*texts[i]);
	GPtrArray *const lists[] = { mail->to, mail->cc, mail->bcc, mail->received, mail->parts, mail->urls,
		mail->headers, mail->defects };
	for (size_t i = 0; i < G_N_ELEMENTS(lists); i++)
		list_free(lists[i]);
	g_free(mail->header_memory);
	if (mail->raw != NULL)
		g_bytes_unref(mail->raw);
	if (mail->text != no_text)
		g_string_free(mail->text, TRUE);
	g_free(open);
}
