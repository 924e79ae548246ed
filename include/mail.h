/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * mail.h - the content of one mail: hashed and taken apart as it comes.
 *
 * mail_feed and mail_gap as the content comes, mail_finish once. The results are borrowed until mail_free. mail/mime.h
 * says who takes it apart; hashes are libcrypto's.
 *
 * Nothing of the content is kept but what is listed here, and, when options->keep or options->raw asks for it, the
 * content itself (MAIL_MEMORY_MAX in memory, the rest in an unlinked file). An open mail needs about 15 KiB; at most:
 * the header blocks of the mail and of the part at hand (2 x 400 KiB), what is open around a part (MAIL_DEPTH_MAX
 * levels of 2 KiB), the octets of the text part at hand (MAIL_TEXT_MAX, or --body-limit if that is more) and the text
 * of those before it (MAIL_TEXT_MAX), an archive (128 KiB; more goes to a file), what is known of its parts
 * (MAIL_PARTS_MAX of 512 octets). mail_memory counts it.
 */
#ifndef SMTPSCAN_MAIL_H
#define SMTPSCAN_MAIL_H

#include <glib.h>

#include "types.h"

#define MAIL_MEMORY_MAX (1024 * 1024)        /* content that is kept in memory; more goes to an unlinked file */
#define MAIL_MEMORY_TOTAL (8 * 1024 * 1024)  /* of all open mails; more goes to such files */
#define MAIL_TEXT_MAX (1024 * 1024)          /* octets of text that detectors search */
#define MAIL_DEPTH_MAX 100                   /* nesting of parts */
#define MAIL_PARTS_MAX 10000                 /* parts of one mail */
#define MAIL_LINKS_MAX 1000                  /* links kept of one mail */
#define MAIL_URL_MAX 1000                    /* urls kept of one mail */
#define MAIL_ENTRIES_MAX 1000                /* names kept of one archive */
#define MAIL_UNPACKED_MAX (64 * 1024 * 1024) /* octets unpacked of all archives of one mail */

enum hash_kind { HASH_SHA256 = 1, HASH_SHA1 = 2, HASH_MD5 = 4 };

struct mail_part;

/* Whoever else looks at the decoded octets of each part. context: see mail_watch. */
struct mail_watch {
	void *(*begin)(void *context); /* NULL: not at this one */
	void (*piece)(void *state, struct span piece);
	/* end - frees the state; names (char*): what fileinfo.yara is to say. */
	void (*end)(void *state, const struct mail_part *part, GPtrArray *names);
	void (*drop)(void *state); /* it was no part after all: frees the state */
	size_t (*memory)(const void *state);
};

struct mail_options {
	bool parse; /* headers, body, parts; false: size and SHA-256 only */
	bool body;  /* keep the decoded text */
	bool urls;
	bool html;                      /* mail->html: the HTML itself, when that is the body */
	bool magic;                     /* mail_part.magic; needs libmagic */
	bool archives;                  /* mail_part.archive */
	bool raw;                       /* mail->raw */
	bool keep;                      /* mail_content is wanted after mail_finish (--mbox) */
	size_t body_limit;              /* octets of UTF-8 kept of email.body */
	size_t raw_limit;               /* octets kept of the raw content */
	unsigned hashes;                /* enum hash_kind, of the parts; SHA-256 always */
	const char *extract_dir;        /* NULL: nothing is stored */
	bool choose;                    /* with extract_dir: what is stored, mail_store says */
	const char *temp_dir;           /* NULL: as GLib says */
	const struct mail_watch *watch; /* NULL: nobody */
};

/* Is it an Office document, and has it programs in it? */
enum mail_macros { MACROS_UNKNOWN, MACROS_NONE, MACROS_PRESENT };

/* A hole in the content: offset in the content as it is kept, and how much is missing there. */
struct mail_hole {
	uint64_t offset, size;
};

/* What an archive holds, in its order; of one that lies in it under "inner.zip!name". */
struct mail_entry {
	char *name;       /* UTF-8 */
	uint64_t size;    /* unpacked, as the archive says, or as it was found to be; UINT64_MAX: not known */
	bool encrypted;   /* its content */
	bool inner;       /* it is in an archive in the archive */
	struct span head; /* its first octets, as far as they were unpacked */
};
struct mail_archive {
	const char *format; /* "zip", "tar", "gzip", "7z", "rar", "cab", "iso", ... */
	bool encrypted;     /* an entry, or the list of them */
	bool complete;      /* all of it was looked at: no limit was met, nothing was missing, nothing encrypted */
	GPtrArray *entries; /* struct mail_entry*, at most MAIL_ENTRIES_MAX; never NULL */
};

/* One MIME leaf (an attached message is one as a whole, and its own leaves follow). All strings are UTF-8; NULL when
 * there is none. */
struct mail_part {
	char *filename;         /* decoded: RFC 2231, RFC 2047; as the sender meant it */
	GPtrArray *other_names; /* char*: what else its header calls it, when that differs; NULL: nothing */
	char *content_type;     /* lower case type/subtype as declared (default text/plain) */
	char *charset;
	char *magic;               /* libmagic's description of the first octets; NULL without libmagic */
	char *mimetype;            /* ... and its media type */
	char *disposition;         /* "attachment", "inline"; NULL */
	char *number;              /* "1.2" */
	uint64_t size;             /* decoded octets */
	char *sha256, *sha1, *md5; /* lower case hex of the decoded octets */
	bool truncated;            /* its end or a piece of it is missing */
	bool gaps;
	bool stored;
	char *path;       /* extract_dir and the name there */
	GPtrArray *yara;  /* char*: rules of YARA that matched; NULL: none */
	bool attachment;  /* counts as one for email.attachment */
	uint8_t head[64]; /* first decoded octets, for detectors */
	size_t head_size;
	struct mail_archive *archive; /* what is in it; NULL: it is none */
	enum mail_macros macros;      /* of an Office document */
	const char *extension;        /* of a document, by what was found in it, with its dot; NULL */
};

/* A link in HTML whose text may name a place itself. */
struct mail_link {
	char *text, *target;
};

/* What MIME had to complain about; the detectors make alerts of it. */
enum mime_defect_kind {
	MIME_MALFORMED, /* evidence: what, in words, with the offending text */
	MIME_TOO_DEEP,
	MIME_HEADER_LIMIT,
	MIME_DUPLICATE_HEADER
};
struct mime_defect {
	enum mime_defect_kind kind;
	char *description; /* UTF-8 */
	GString *evidence; /* may be NULL */
};

struct mail_header {             /* a header field of the message itself, for rules and detectors; raw octets */
	struct span name, value; /* unfolded, not decoded */
};

/* Lists are never NULL, and only to be read: len and pdata. */
struct mail {
	uint64_t size;    /* octets fed */
	uint64_t missing; /* octets of gaps */
	char sha256[65];
	char subject_md5[33], body_md5[33]; /* by eve_md5_end; empty */
	bool partial;                       /* a hole, its end is missing, or something was not looked at */
	/* decoded headers; UTF-8, NULL when absent */
	char *from, *reply_to, *subject, *date, *message_id, *in_reply_to, *references, *x_mailer, *user_agent,
		*x_originating_ip;
	char *from_name, *from_address; /* of the first mailbox of From, decoded */
	char *reply_to_name, *reply_to_address;
	GPtrArray *to, *cc, *bcc, *received; /* char* */
	char *body, *body_type;              /* text of the first text part; NULL */
	bool body_truncated;
	char *html;                  /* with options.html: what the body was made of, up to the same limit */
	GPtrArray *parts;            /* struct mail_part* */
	GPtrArray *urls;             /* char* */
	GPtrArray *defects;          /* struct mime_defect* */
	GPtrArray *links;            /* struct mail_link*, at most MAIL_LINKS_MAX */
	GPtrArray *unknown_charsets; /* char*: names that were declared and that nobody knows; the text was guessed */
	struct mail_header *headers; /* all of them, in order */
	size_t header_count;
	GBytes *raw; /* with options.raw: the content, up to raw_limit; NULL */
	bool raw_truncated;
	char *path;           /* with extract_dir: the stored .eml; NULL */
	char *error;          /* storing failed: a sentence; exit status 4 */
	uint64_t unaccounted; /* octets that are in no header, no part and no defect: 0, or it is a bug */
	/* text that detectors search: decoded body text of all text parts, up to MAIL_TEXT_MAX; may be empty */
	GString *text;
	void *watch_context;
	GPtrArray *waiting;  /* with options.choose: files without a final name; NULL: none */
	struct arena *arena; /* where all of this lives but text, raw and error */
};

/* mail_share - before processes are forked that store files: what they share. mail_init, mail_exit - once a process. */
void mail_share(void);
void mail_init(void);
void mail_exit(void);

/* mail_new - options are borrowed and must outlive it. */
struct mail *mail_new(const struct mail_options *options);
/* mail_watch - the context of options->watch for this mail; before its first octet. */
void mail_watch(struct mail *mail, void *context);
void mail_feed(struct mail *mail, struct span piece);
void mail_gap(struct mail *mail, uint64_t size);
/* mail_memory - octets that it holds in memory, about, while the content comes. */
size_t mail_memory(const struct mail *mail);
/* mail_finish - no more content comes; whole: its terminator was seen. */
void mail_finish(struct mail *mail, bool whole);
/* mail_store - with options.choose, after mail_finish: are its files kept? Without it they are not. */
void mail_store(struct mail *mail, bool keep);
/* mail_content - with options->keep: reads up to size octets of the content at offset into buffer. Returns the number
 * read, 0 at the end, -1 when the temporary file can't be read. */
ssize_t mail_content(struct mail *mail, uint64_t offset, void *buffer, size_t size);
/* mail_fields - how many header fields stand at the beginning of this content (--mbox adds some to a mail that has
 * none). */
size_t mail_fields(struct span content);
void mail_free(struct mail *mail);

/* mail_decode_header - a header value with its RFC 2047 words decoded, on one line, as UTF-8; free with g_free. */
char *mail_decode_header(struct span value);

/* EVE's hashes of a mail (--hash md5): fed beside it; eve_md5_end, after mail_finish, puts them into the mail and
 * frees. */
struct eve_md5;
struct eve_md5 *eve_md5_new(void);
void eve_md5_feed(struct eve_md5 *md5, struct span piece);
void eve_md5_gap(struct eve_md5 *md5);
void eve_md5_end(struct eve_md5 *md5, struct mail *mail);
void eve_md5_free(struct eve_md5 *md5);

#endif
