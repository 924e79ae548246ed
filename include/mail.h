/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * mail.h - the content of one mail: hashes it and parses its MIME structure as it arrives.
 *
 * Call mail_feed and mail_gap as the content arrives, then mail_finish once. The results are borrowed until mail_free.
 * mail/mime.h describes the parser; libcrypto computes the hashes.
 *
 * Only the results listed here are kept and, with options->keep or options->raw, the content itself (MAIL_MEMORY_MAX in
 * memory, the rest in an unlinked file). An open mail needs about 15 KiB, and at most: the header blocks of the mail
 * and of the current part (2 x 400 KiB), the multiparts around it (MAIL_DEPTH_MAX levels of 2 KiB), the octets of the
 * current text part (MAIL_TEXT_MAX, or --body-limit if that is more) and the text of earlier ones (MAIL_TEXT_MAX), an
 * archive (128 KiB; more goes to a file), the results of its parts (MAIL_PARTS_MAX of 512 octets). mail_memory counts
 * it.
 */
#ifndef SMTPSCAN_MAIL_H
#define SMTPSCAN_MAIL_H

#include <glib.h>

#include "types.h"

#define MAIL_MEMORY_MAX (1024 * 1024)        /* of kept content in memory; more goes to an unlinked file */
#define MAIL_MEMORY_TOTAL (8 * 1024 * 1024)  /* of all open mails together; more goes to such files */
#define MAIL_TEXT_MAX (1024 * 1024)          /* octets of text that detectors search */
#define MAIL_DEPTH_MAX 100                   /* nesting of parts */
#define MAIL_PARTS_MAX 10000                 /* parts of one mail */
#define MAIL_LINKS_MAX 1000                  /* links kept of one mail */
#define MAIL_URL_MAX 1000                    /* urls kept of one mail */
#define MAIL_ENTRIES_MAX 1000                /* names kept of one archive */
#define MAIL_UNPACKED_MAX (64 * 1024 * 1024) /* octets unpacked of all archives of one mail */

enum hash_kind { HASH_SHA256 = 1, HASH_SHA1 = 2, HASH_MD5 = 4 };

struct mail_part;

/* Another reader of the decoded octets of each part (YARA). context: see mail_watch. */
struct mail_watch {
	void *(*begin)(void *context); /* returns a state for one part; NULL: ignore the part */
	void (*piece)(void *state, struct span piece);
	/* end - the part is complete: adds to names (char*) what fileinfo.yara gets, and frees the state. */
	void (*end)(void *state, const struct mail_part *part, GPtrArray *names);
	void (*drop)(void *state); /* it was not a part after all: frees the state */
	size_t (*memory)(const void *state);
};

struct mail_options {
	bool parse; /* headers, body, parts; false: size and SHA-256 only */
	bool body;  /* keep the decoded text */
	bool urls;
	bool html;                      /* fill in mail->html, when the body comes from HTML */
	bool magic;                     /* mail_part.magic; needs libmagic */
	bool archives;                  /* mail_part.archive */
	bool raw;                       /* mail->raw */
	bool keep;                      /* keep the content for mail_content after mail_finish (--mbox) */
	size_t body_limit;              /* octets of UTF-8 kept of email.body */
	size_t raw_limit;               /* octets kept of the raw content */
	unsigned hashes;                /* enum hash_kind, of the parts; SHA-256 always */
	const char *extract_dir;        /* NULL: nothing is stored */
	bool choose;                    /* with extract_dir: store only when mail_store says so */
	const char *temp_dir;           /* NULL: g_get_tmp_dir */
	const struct mail_watch *watch; /* NULL: none */
};

/* Does an Office document contain macros? MACROS_UNKNOWN: it is none, or this is not known. */
enum mail_macros { MACROS_UNKNOWN, MACROS_NONE, MACROS_PRESENT };

/* An entry of an archive, in its order. An entry of an archive inside of the archive is named "inner.zip!name". */
struct mail_entry {
	char *name;       /* UTF-8 */
	uint64_t size;    /* unpacked, as declared or as found; UINT64_MAX: not known */
	bool encrypted;   /* its content */
	bool inner;       /* it is in an archive inside of the archive */
	struct span head; /* its first octets, if they were unpacked */
};
struct mail_archive {
	const char *format; /* "zip", "tar", "gzip", "7z", "rar", "cab", "iso", ... */
	bool encrypted;     /* an entry, or the list of entries, is encrypted */
	bool complete;      /* everything was read: no limit was reached, nothing was missing or encrypted */
	GPtrArray *entries; /* struct mail_entry*, at most MAIL_ENTRIES_MAX; never NULL */
};

/* A MIME part that is not a multipart. An attached message is one as a whole, and its own parts follow. All strings are
 * UTF-8; NULL: none. */
struct mail_part {
	char *filename;         /* decoded (RFC 2231, RFC 2047) */
	GPtrArray *other_names; /* char*: other, different names that its header gives it; NULL: none */
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
	bool typed;       /* content_type is declared, not the default */
	bool attachment;  /* it is listed in email.attachment */
	uint8_t head[64]; /* first decoded octets, for detectors */
	size_t head_size;
	struct mail_archive *archive; /* its entries; NULL: it is no archive */
	enum mail_macros macros;      /* of an Office document */
	const char *extension;        /* the extension that fits the content of a document, with its dot; NULL */
};

/* A link in HTML whose text may itself be a URL or host name. */
struct mail_link {
	char *text, *target;
};

/* A violation of MIME; the detectors make an alert of it. */
enum mime_defect_kind {
	MIME_MALFORMED, /* evidence: the violation in words, with the offending text */
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

/* Lists are never NULL. Read len and pdata only; do not change them. */
struct mail {
	uint64_t size;    /* octets fed */
	uint64_t missing; /* octets of all gaps */
	char sha256[65];
	char subject_md5[33], body_md5[33]; /* set by eve_md5_end; else empty */
	bool partial;                       /* it has a gap, its end is missing, or a limit was reached */
	/* decoded headers; UTF-8, NULL when absent */
	char *from, *reply_to, *subject, *date, *message_id, *in_reply_to, *references, *x_mailer, *user_agent,
		*x_originating_ip;
	char *from_name, *from_address; /* of the first mailbox of From, decoded */
	char *reply_to_name, *reply_to_address;
	GPtrArray *to, *cc, *bcc, *received; /* char* */
	char *body, *body_type;              /* text of the first text part; NULL */
	bool body_truncated;
	char *html;                  /* with options.html: the HTML that the body was made from, up to the same limit */
	GPtrArray *parts;            /* struct mail_part* */
	GPtrArray *urls;             /* char* */
	GPtrArray *defects;          /* struct mime_defect* */
	GPtrArray *links;            /* struct mail_link*, at most MAIL_LINKS_MAX */
	GPtrArray *unknown_charsets; /* char*: declared names that are not known; the charset of the text was guessed */
	struct mail_header *headers; /* all of them, in order */
	size_t header_count;
	GBytes *raw; /* with options.raw: the content, up to raw_limit; NULL */
	bool raw_truncated;
	char *path;           /* with extract_dir: the stored .eml; NULL */
	char *error;          /* storing failed: a sentence; exit status 4 */
	uint64_t unaccounted; /* octets that are in no header, no part and no defect: anything but 0 is a bug */
	/* for detectors: the decoded text of all text parts, up to MAIL_TEXT_MAX; may be empty */
	GString *text;
	void *watch_context;
	GPtrArray *waiting;  /* with options.choose: files without a final name; NULL: none */
	struct arena *arena; /* memory of all this but text, raw and error */
};

/* mail_share - creates what processes that store files share; call it before fork. mail_init, mail_exit - once per
 * process. */
void mail_share(void);
void mail_init(void);
void mail_exit(void);

/* mail_new - options are borrowed and must outlive it. */
struct mail *mail_new(const struct mail_options *options);
/* mail_watch - sets the context of options->watch for this mail; call it before mail_feed. */
void mail_watch(struct mail *mail, void *context);
void mail_feed(struct mail *mail, struct span piece);
void mail_gap(struct mail *mail, uint64_t size);
/* mail_memory - about how many octets it holds in memory, before mail_finish. */
size_t mail_memory(const struct mail *mail);
/* mail_finish - the content ended; whole: the end of data was seen. */
void mail_finish(struct mail *mail, bool whole);
/* mail_store - with options.choose, after mail_finish: keeps or removes its stored files. Without this call they are
 * removed. */
void mail_store(struct mail *mail, bool keep);
/* mail_content - with options->keep: copies up to size octets of the content from offset on into buffer. Returns the
 * number copied, 0 at the end, -1 when the temporary file can't be read. */
ssize_t mail_content(struct mail *mail, uint64_t offset, void *buffer, size_t size);
/* mail_fields - how many header fields this content begins with (--mbox adds some to a mail that has none). */
size_t mail_fields(struct span content);
void mail_free(struct mail *mail);

/* mail_decode_header - a header value with its RFC 2047 words decoded, on one line, as UTF-8; free with g_free. */
char *mail_decode_header(struct span value);

/* EVE's hashes of a mail (--hash md5). Feed it the same content; eve_md5_end, after mail_finish, sets the mail's
 * subject_md5 and body_md5 and frees it. */
struct eve_md5;
struct eve_md5 *eve_md5_new(void);
void eve_md5_feed(struct eve_md5 *md5, struct span piece);
void eve_md5_gap(struct eve_md5 *md5);
void eve_md5_end(struct eve_md5 *md5, struct mail *mail);
void eve_md5_free(struct eve_md5 *md5);

#endif
