/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * part.h - one part of a mail while its decoded octets arrive: the decoder feeds it, inspectors see the octets.
 *
 * Call part_open when the header of the part has been read, part_feed and part_gap as its octets arrive, part_close
 * once. Many parts are open at once (nested messages, and the parts of all other open mails), so an inspector keeps
 * little memory and no file descriptor. An inspector may open parts for files that it finds: it closes them before its
 * own end.
 */
#ifndef SMTPSCAN_MAIL_PART_H
#define SMTPSCAN_MAIL_PART_H

#include "mime.h"

#define PART_HEAD 512 /* first octets of a part; inspectors decide by them whether to inspect it */
#define PART_INSPECTORS_MAX 9

struct part;

/* Inspects the decoded octets of parts: one row of the table in part.c. */
struct part_inspector {
	/* begin - head: the first PART_HEAD octets, or all when the part has fewer (perhaps none). Returns the state
	 * passed to the other functions; NULL: this part is not inspected. */
	void *(*begin)(struct part *part, struct span head);
	/* feed - the next octets; the first piece is the head. */
	void (*feed)(void *state, struct span piece);
	/* gap - size octets of the mail (before decoding) are missing here. NULL: gaps are ignored. */
	void (*gap)(void *state, uint64_t size);
	/* end - no more octets: writes what it found to part->about, and frees the state. */
	void (*end)(void *state, struct part *part);
	/* drop - it was not a part: frees the state, reports nothing. */
	void (*drop)(void *state);
	/* memory - approximate memory of the state, in octets. */
	size_t (*memory)(const void *state);
};
extern const struct part_inspector text_inspector, magic_inspector, archive_inspector, office_inspector, uu_inspector,
	tnef_inspector, onenote_inspector, pdf_inspector, watch_inspector;

/* What the parts of one mail share.  */
struct parts {
	struct mail *mail;
	const struct mail_options *options;
	size_t text_max;  /* octets of a text part that are kept */
	GHashTable *seen; /* URLs already in mail->urls */
	int body_rank;    /* of the part that is the body so far (body.c); 0: none */
	uint64_t unpack;  /* octets that may still be unpacked from archives */
	char *hint;       /* the first charset that a part declared */
	uint64_t lost;    /* octets of encoded messages that no sum counts: not 0 is a bug */
	bool again_told, overflow_told;
};
void parts_begin(struct parts *parts, struct mail *mail, const struct mail_options *options);
void parts_end(struct parts *parts);
/* parts_full - has the mail the maximum number of parts? If so, records a defect. */
bool parts_full(struct parts *parts);

struct kind;

struct part {
	struct parts *parts;
	const struct kind *kind; /* kind of file, by its first octets; for inspectors */
	struct mail_part *about; /* in mail->parts; its strings belong to the mail */
	struct mime_params type; /* of its Content-Type; borrowed until part_close */
	bool text, html;         /* its type is text/..., text/html */
	bool in_message;         /* in an attached message: its text can't be the body of this mail */
	unsigned depth;          /* number of files that it is nested in (inner.h) */
	/* private to part.c */
	bool begun; /* begin was called */
	size_t head_size;
	struct digest *digest;
	struct extract_file *file;
	void *states[PART_INSPECTORS_MAX];
	struct part *next; /* in the list of free ones */
	uint8_t head[PART_HEAD];
};

/* part_open - about: number, content_type and the other values from its header are set. type is copied, its strings are
 * borrowed.
 */
struct part *part_open(struct parts *parts, struct mail_part *about, const struct mime_params *type, bool in_message);
void part_feed(struct part *part, struct span decoded);
void part_gap(struct part *part, uint64_t size);
/* part_close - fills in what depends on the octets: size, hashes, path, the inspectors' results. Frees part. */
void part_close(struct part *part);
/* part_drop - it was not a part: discards everything. Frees part. */
void part_drop(struct part *part);
size_t part_memory(const struct part *part);
/* text_exit - frees the spare memory kept for later texts. */
void text_exit(void);
/* parts_exit - frees the spare memory kept for later parts. */
void parts_exit(void);

#endif
