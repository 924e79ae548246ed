/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * mime.h - functions that the files of the mail stage share. No other stage includes it.
 *
 * Content is read once: mail.c (hashes, content kept as a whole) -> walk.c (lines, delimiters) -> block.c (header
 * blocks), entity.c (meaning of a header), level.c (open multiparts and messages), leaf.c (a part whose octets are
 * decoded: transfer.c, base64.c) -> part.c (hashes, file) -> inspectors (body.c, look.c, ...). The structure is parsed
 * by our own code because GMime's parser alone needs 27 us for a mail of 2 KB (this whole stage: 4), and needs the
 * whole mail in memory.
 */
#ifndef SMTPSCAN_MAIL_MIME_H
#define SMTPSCAN_MAIL_MIME_H

#include <string.h>

#include "arena.h"
#include "mail.h"
#include "text.h"

#define MIME_HEADER_BLOCK_MAX (64 * 1024) /* beyond: a defect */
#define MIME_HEADER_LINE_MAX 10000        /* beyond: a defect */
#define MIME_HEADER_COUNT_MAX 1000        /* beyond: a defect, and not kept */
#define MIME_HEADER_KEPT_MAX (256 * 1024) /* octets of header fields that are kept */
#define MIME_DEFECTS_MAX 100
#define MIME_NAMES_MAX 8      /* different names kept of one file */
#define MIME_STEP (16 * 1024) /* octets decoded at a time */

/* mime_same - is text, in any case, this lower-case word? Both have this size. */
static inline bool mime_same(const char *text, const char *word, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if ((text[i] >= 'A' && text[i] <= 'Z' ? text[i] | 0x20 : text[i]) != word[i])
			return false;
	return true;
}

/* mime_begins - does text begin with this word? For short words that are mostly not there: a call would cost more. */
static inline bool mime_begins(const char *text, const char *word)
{
	while (*word != '\0' && *text == *word) {
		text++;
		word++;
	}
	return *word == '\0';
}

/* mime_line_end - where the line that starts at `at` ends, without CRLF or LF; *next: where the next line starts. */
static inline size_t mime_line_end(struct span content, size_t at, size_t *next)
{
	const uint8_t *lf = memchr(content.data + at, '\n', content.size - at);
	size_t end = lf ? (size_t)(lf - content.data) : content.size;
	*next = end + (lf != NULL);
	if (lf && end > at && content.data[end - 1] == '\r')
		end--;
	return end;
}

/* --- charset.c: octets to UTF-8. The result never holds NUL (U+FFFD instead): it is used as a C string. */

void mime_charset_init(void);
void mime_charset_exit(void);
/* charset_append - appends `in`, which is in `charset` (NULL or unknown: guessed), to out as UTF-8; what can't be
 * converted becomes U+FFFD. charset_unknown - moves the unknown names met since the last call to the mail (NULL:
 * forgets them): to be called after every piece of a mail, so that names of one mail never reach another. */
void charset_append(GString *out, const char *charset, struct span in);
/* charset_guess - like charset_append when no charset is declared: the one of their escape sequences, UTF-8 if valid,
 * else `hint` (may be NULL), else windows-1252. */
void charset_guess(GString *out, const char *hint, struct span in);
void charset_unknown(struct mail *mail);
/* charset_looks_utf8 - are the octets UTF-8, NUL taken as a character? */
bool charset_looks_utf8(struct span in);
/* charset_is_ascii - octets from 1 to 127 only? */
bool charset_is_ascii(struct span in);

/* --- words.c: header values. `hint` is the charset that raw 8-bit octets are likely in; may be NULL. */

/* mime_unfold - the value unfolded, trimmed, as UTF-8. */
char *mime_unfold(struct arena *arena, struct span value, const char *hint);
/* mime_words - the same with RFC 2047 words decoded. */
char *mime_words(struct arena *arena, struct span value, const char *hint);
/* mime_decode_words - decodes the RFC 2047 words of a UTF-8 string; returns it when there are none. */
char *mime_decode_words(struct arena *arena, char *text);
/* mime_addresses - adds each address of an address list, decoded, to one of the lists in mail. */
void mime_addresses(struct mail *mail, GPtrArray **list, struct span value, const char *hint);
/* mime_mailbox - decoded display name and address of the first mailbox of an unfolded list; NULL when there is none. */
void mime_mailbox(struct arena *arena, const char *text, char **name, char **address);

/* --- header.c: header blocks. */

/* Sorted so that names with the same first letter are adjacent. */
/* clang-format off */
#define MIME_FIELDS(X) \
	X(BCC, "Bcc") X(CC, "Cc") X(CONTENT_TYPE, "Content-Type") X(CONTENT_DISPOSITION, "Content-Disposition") \
	X(CONTENT_TRANSFER_ENCODING, "Content-Transfer-Encoding") X(DATE, "Date") X(FROM, "From") \
	X(IN_REPLY_TO, "In-Reply-To") X(MESSAGE_ID, "Message-ID") X(RECEIVED, "Received") \
	X(REFERENCES, "References") X(REPLY_TO, "Reply-To") X(SUBJECT, "Subject") X(TO, "To") \
	X(USER_AGENT, "User-Agent") X(X_MAILER, "X-Mailer") X(X_ORIGINATING_IP, "X-Originating-IP")
enum mime_field_id {
#define X(id, name) MIME_FIELD_##id,
	MIME_FIELDS(X)
#undef X
	MIME_FIELD_OTHER
};
/* clang-format on */

/* One header field: ranges of the header block; the value is still folded. */
struct mime_field {
	enum mime_field_id id;
	bool folded; /* the value has more than one line */
	struct span name, value;
};

/* The fields of a header block, in order. */
struct mime_fields {
	struct mime_field *at;
	size_t count, room;
};

/* mime_field_find - which field has this name? */
enum mime_field_id mime_field_find(struct span name);
const char *mime_field_name(enum mime_field_id id);
/* mime_field_value - value of the first field with this id; data is NULL when there is none. */
struct span mime_field_value(const struct mime_fields *fields, enum mime_field_id id);
/* mime_header_keep - fills mail->headers; the spans point into the header block. mime_header_decode - fills the members
 * of struct mail that hold decoded fields. */
void mime_header_keep(struct mail *mail, const struct mime_fields *fields);
void mime_header_decode(struct mail *mail, const struct mime_fields *fields, const char *hint);

/* --- params.c: Content-Type and Content-Disposition. */

struct mime_params {
	char *value; /* lower case: "text/plain", "attachment"; NULL when there is none */
	char *name;  /* parameters, decoded (RFC 2231, RFC 2047); NULL */
	char *filename, *charset, *format, *delsp, *number, *url;
	char *boundary;    /* may be empty */
	struct mime_name { /* when the field gives more than one file name: the others, decoded */
		char *text;
		bool filename; /* not "name" */
	} others[MIME_NAMES_MAX];
	unsigned other_count;
};
void mime_params_parse(struct arena *arena, struct mime_params *params, struct span value, const char *hint);

/* --- names.c: a file whose header gives it more than one name. Call names_take for each field that may name the file,
 * the preferred one first (Content-Disposition, then Content-Type), then names_done. names_again - adds to params the
 * names in repeated fields. */
void names_again(struct arena *arena, struct mime_params *params, const struct mime_fields *fields, const char *hint);
void names_take(struct mail *mail, struct mail_part *part, const struct mime_params *field, bool disposition);
void names_done(struct mail *mail, const struct mail_part *part);
/* names_inside - a name that the transfer encoding gives the file, unless it is that of an encoder's standard output.
 */
void names_inside(struct mail *mail, struct mail_part *part, const char *name);
/* names_extension - has the name (NULL: none) this extension, in any case? */
bool names_extension(const char *name, const char *extension);
/* names_listed - ... one of these? */
bool names_listed(const char *name, const char *const *extensions, size_t count);

/* --- transfer.c: transfer encodings. */

enum mime_encoding { MIME_IDENTITY, MIME_BASE64, MIME_QUOTED_PRINTABLE, MIME_UUENCODE, MIME_UNKNOWN };
enum mime_encoding mime_encoding_find(struct span value);

/* Takes decoded octets. */
typedef void (*mime_sink)(void *context, struct span decoded);
/* mime_decode - decodes all input in one call; sink gets the decoded octets piece by piece. Returns NULL, or a
 * description of what could not be decoded. transfer.h decodes input that comes in pieces. */
const char *mime_decode(enum mime_encoding encoding, struct span in, mime_sink sink, void *context);

/* --- text.c: format=flowed and URLs. */

/* mime_flowed - RFC 3676: undoes format=flowed in place, from `start` on. */
void mime_flowed(GString *text, size_t start, bool delsp);
/* mime_urls - adds the URLs in a text to mail->urls (at most MAIL_URL_MAX); *seen is NULL at first. mime_url - adds the
 * target of a link if it leads out of the mail. */
void mime_urls(struct mail *mail, GHashTable **seen, struct span text);
/* mime_script_urls - the same for a script or JSON, where slashes may have a backslash before them. */
void mime_script_urls(struct mail *mail, GHashTable **seen, struct span text);
void mime_url(struct mail *mail, GHashTable **seen, struct span url);

/* --- look.c: libmagic. */

/* mime_is_text - do the first octets look like text? */
bool mime_is_text(struct span data);
void mime_look_exit(void);

/* --- extract.c: files under --extract DIR. */

struct extract_file;
/* extract_begin - starts a file; its hash, and so its name, is not known yet. Returns NULL when that fails, with *error
 * set (free with g_free) unless it was reported before. */
struct extract_file *extract_begin(const char *directory, char **error);
void extract_write(struct extract_file *file, struct span data);
/* extract_end - gives the file its final name, or deletes it when hash is NULL. Returns the path; NULL when it is not
 * stored, with *error as above. Frees file. */
char *extract_end(
	struct extract_file *file, struct arena *arena, const char *hash, const char *extension, char **error);
/* extract_wait - the file waits until extract_finish: the file of a part, or (about is NULL) of the mail itself. Takes
 * ownership. extract_finish - gives all waiting files their names, or deletes them. */
void extract_wait(struct extract_file *file, struct mail *mail, struct mail_part *about, const char *extension);
void extract_finish(struct mail *mail, const char *directory, bool keep);
/* extract_index - adds the lines of a finished mail to DIR/index.jsonl. */
void extract_index(struct mail *mail, const char *directory);
void extract_exit(void);

/* --- digest.c: hashes */

void digest_init(void);
void digest_exit(void);
struct digest; /* SHA-256, and the other hashes that were asked for */
struct digest *digest_new(unsigned hashes);
void digest_update(struct digest *digest, struct span data);
#define DIGEST_HEX_MAX 65
/* digest_end - lower case hex of each; sha1 and md5 only when they were asked for. Frees digest. */
void digest_end(struct digest *digest, char *sha256, char **sha1, char **md5, struct arena *arena);

/* digest_drop - frees digest without computing the hashes. */
void digest_drop(struct digest *digest);

/* --- result.c: adds to the results in struct mail. */

/* Shared values for an empty list and an empty text. */
extern GPtrArray mail_nothing;
extern GString mail_no_text;

/* mail_lost - something could not be stored; takes ownership of error. */
RARE void mail_lost(struct mail *mail, char *error);
/* mail_list_add - adds to one of the lists in mail. mail_text - mail->text, to append to. */
void mail_list_add(struct mail *mail, GPtrArray **list, gpointer element);
GString *mail_text(struct mail *mail);
/* mail_text_free - frees mail->text; mail_text_exit - frees the spare texts kept for later mails. */
void mail_text_free(struct mail *mail);
void mail_text_exit(void);
RARE void mail_defect(struct mail *mail, enum mime_defect_kind kind, struct span evidence, const char *format, ...)
	G_GNUC_PRINTF(4, 5);

#endif
