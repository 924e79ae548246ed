/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * part.c - one leaf: decoded once, piece by piece, into hashes, a file, what libmagic sees of it, and text.
 *
 * A part of any size passes in bounded memory; only text (up to the body limit) and archives (up to MIME_ARCHIVE_MAX)
 * are kept until the part ends.
 */
#include "mime.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define META_MAX 1024 /* octets of HTML in which its charset is looked for */
#define RELEASE_STEP (4 * 1024 * 1024)

void mime_reader_begin(struct mime_reader *reader, struct mail *mail, const struct mail_options *options)
{
	*reader = (struct mime_reader){ .mail = mail, .options = options };
	reader->text_max = MAX(options->body ? options->body_limit : 0, MAIL_MEMORY_MAX);
}

void mime_reader_end(struct mime_reader *reader)
{
	if (reader->seen != NULL)
		g_hash_table_destroy(reader->seen);
}

void mime_release(struct span in)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	uintptr_t from = ((uintptr_t)in.data + page - 1) & ~(page - 1),
		  to = ((uintptr_t)in.data + in.size) & ~(page - 1);
	if (from < to)
		madvise((void *)from, to - from, MADV_DONTNEED);
}

static void keep(GByteArray *kept, struct span data, size_t max)
{
	if (kept->len < max)
		g_byte_array_append(kept, data.data, (guint)MIN(data.size, max - kept->len));
}

/* look - at the first octets: what is it? The text of a mail is not asked about, it is what it says it is. */
static void look(struct mime_reader *reader, struct span data)
{
	struct mail_part *part = reader->part;
	bool said = reader->is_text || g_str_has_prefix(part->content_type, "message/");
	if (reader->options->magic && (part->attachment || !said || !mime_is_text(data)))
		mime_magic(reader->mail->arena, data, &part->magic, &part->mimetype);
	if (mime_is_archive(data))
		reader->archive = g_byte_array_new();
}

/* read_piece - decoded octets to all who want them; the pages of a mapped input behind them are given back. */
static void read_piece(void *context, struct span data, size_t passed)
{
	struct mime_reader *reader = context;
	struct mail_part *part = reader->part;
	if (part->size == 0 && data.size > 0)
		look(reader, data);
	size_t head = MIN(data.size, sizeof part->head - part->head_size);
	if (head > 0)
		memcpy(part->head + part->head_size, data.data, head);
	part->head_size += head;
	digest_update(reader->digest, data);
	if (reader->file != NULL)
		extract_write(reader->file, data);
	if (reader->text != NULL)
		keep(reader->text, data, reader->text_max);
	if (reader->archive != NULL)
		keep(reader->archive, data, MIME_ARCHIVE_MAX);
	if (reader->leaf->decoded != NULL)
		keep(reader->leaf->decoded, data, reader->leaf->decoded_max);
	part->size += data.size;
	if (reader->leaf->mapped && passed - reader->released > RELEASE_STEP) {
		mime_release(span_of(reader->in.data + reader->released, passed - reader->released));
		reader->released = passed;
	}
}

/* lines - CRLF becomes LF, from `start` on. */
static void lines(GString *text, size_t start)
{
	char *to = memchr(text->str + start, '\r', text->len - start);
	if (to == NULL)
		return;
	const char *from = to, *end = text->str + text->len;
	while (from < end) {
		const char *cr = memchr(from, '\r', (size_t)(end - from));
		if (cr == NULL)
			cr = end;
		memmove(to, from, (size_t)(cr - from));
		to += cr - from;
		from = cr;
		if (cr < end) {
			if (cr + 1 == end || cr[1] != '\n')
				*to++ = '\r';
			from++;
		}
	}
	g_string_truncate(text, (gsize)(to - text->str));
}

/* cut - the size of text when it is cut at a character boundary at or below limit. */
static size_t cut(struct span text, size_t limit)
{
	if (text.size <= limit)
		return text.size;
	while (limit > 0 && (text.data[limit] & 0xc0) == 0x80)
		limit--;
	return limit;
}

/* body_rank - how good a part is as the body: text/plain before text/html, without a name before named; the first of
 * equals wins. */
static int body_rank(const struct mail_part *part, const struct mime_leaf *leaf, bool empty)
{
	bool html = strcmp(part->content_type, "text/html") == 0;
	if (leaf->in_message || (!html && strcmp(part->content_type, "text/plain") != 0) ||
		g_strcmp0(part->disposition, "attachment") == 0)
		return 0;
	if (empty)
		return 1;
	return (html ? 2 : 3) + (part->filename == NULL ? 2 : 0);
}

/* meta_charset - what an HTML text says of itself; NULL when it says nothing. */
static char *meta_charset(struct mime_reader *reader, struct span html)
{
	size_t size = MIN(html.size, META_MAX);
	for (size_t i = 0; i + 8 < size; i++) {
		if ((html.data[i] | 0x20) != 'c' ||
			g_ascii_strncasecmp((const char *)html.data + i, "charset=", 8) != 0)
			continue;
		i += 8;
		i += html.data[i] == '"' || html.data[i] == '\'';
		size_t begin = i;
		while (i < size && (g_ascii_isalnum(html.data[i]) || strchr("-_.:", html.data[i]) != NULL) &&
			html.data[i] != 0)
			i++;
		return arena_copy(reader->mail->arena, (const char *)html.data + begin, i - begin);
	}
	return NULL;
}

/* decode_text - appends the text of a text part to what detectors search. Returns it. */
static struct span decode_text(struct mime_reader *reader, GString *text, struct span octets)
{
	const struct mime_params *type = reader->leaf->type;
	if (text->len > 0)
		g_string_append_c(text, '\n');
	size_t start = text->len;
	const char *charset = reader->part->charset;
	if (charset == NULL && strcmp(reader->part->content_type, "text/html") == 0)
		charset = meta_charset(reader, octets);
	charset_append(text, charset, span_of(octets.data, MIN(octets.size, reader->text_max)));
	if (g_str_has_prefix(text->str + start, "\xef\xbb\xbf"))
		g_string_erase(text, (gssize)start, 3);
	lines(text, start);
	if (type->format != NULL && g_ascii_strcasecmp(type->format, "flowed") == 0 &&
		strcmp(reader->part->content_type, "text/plain") == 0)
		mime_flowed(text, start, type->delsp != NULL && g_ascii_strcasecmp(type->delsp, "yes") == 0);
	return span_of(text->str + start, text->len - start);
}

/* read_text - the text of a text part goes to the body, the urls, and what detectors search. */
static void read_text(struct mime_reader *reader, struct span octets)
{
	struct mail *mail = reader->mail;
	const struct mail_part *part = reader->part;
	GString *text = mail_text(mail);
	size_t before = text->len;
	struct span added = decode_text(reader, text, octets);
	int rank = body_rank(part, reader->leaf, added.size == 0);
	if (reader->options->body && rank > reader->body_rank) {
		size_t size = cut(added, reader->options->body_limit);
		mail->body = arena_copy(mail->arena, (const char *)added.data, size);
		mail->body_type = part->content_type;
		mail->body_truncated = size < added.size || octets.size > reader->text_max;
		reader->body_rank = rank;
	}
	if (reader->options->urls && mail->urls->len < MAIL_URL_MAX)
		mime_urls(mail, &reader->seen, added, strcmp(part->content_type, "text/html") == 0);
	g_string_truncate(text, before + cut(span_of(text->str + before, text->len - before),
						 before < MAIL_MEMORY_MAX ? MAIL_MEMORY_MAX - before : 0));
}

void mime_part_read(struct mime_reader *reader, struct mail_part *part, const struct mime_leaf *leaf, struct span in)
{
	const struct mail_options *options = reader->options;
	char *error = NULL;
	reader->part = part;
	reader->leaf = leaf;
	reader->in = in;
	reader->released = 0;
	reader->is_text = g_str_has_prefix(part->content_type, "text/");
	reader->digest = digest_new(options->hashes | HASH_SHA256);
	reader->file = options->extract_dir != NULL ? extract_begin(options->extract_dir, &error) : NULL;
	if (error != NULL)
		mail_lost(reader->mail, error);
	if (reader->is_text && leaf->encoding != MIME_IDENTITY)
		reader->text = g_byte_array_new();

	const char *trouble = mime_decode(leaf->encoding, in, read_piece, reader);
	if (trouble != NULL && !leaf->partial)
		mail_defect(reader->mail, MIME_MALFORMED, in, "part %s: %s", part->number, trouble);

	part->sha256 = arena_take(reader->mail->arena, DIGEST_HEX_MAX);
	digest_end(reader->digest, part->sha256, &part->sha1, &part->md5, reader->mail->arena);
	if (reader->file != NULL) {
		error = NULL;
		part->path = extract_end(
			reader->file, reader->mail->arena, part->sha256, extract_extension(part->content_type), &error);
		part->stored = part->path != NULL;
		if (error != NULL)
			mail_lost(reader->mail, error);
	}
	if (reader->archive != NULL) {
		part->encrypted = mime_archive_encrypted(span_of(reader->archive->data, reader->archive->len));
		g_byte_array_free(reader->archive, TRUE);
		reader->archive = NULL;
	}
	if (reader->is_text)
		read_text(
			reader, leaf->encoding == MIME_IDENTITY ? in : span_of(reader->text->data, reader->text->len));
	if (reader->text != NULL)
		g_byte_array_free(reader->text, TRUE);
	reader->text = NULL;
	if (reader->leaf->mapped)
		mime_release(in);
}
