/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * part.h - one part of a mail while its decoded octets come: whoever decodes feeds it, lookers see what passes.
 *
 * part_open when the header of the part has been read, part_feed and part_gap as its octets come, part_close once.
 * Many parts are open at once (a message that holds others, and those of all other mails), so a looker keeps little and
 * no file descriptor. A looker may open parts itself for the files that it finds: it feeds and closes them before its
 * own end.
 */
#ifndef SMTPSCAN_MAIL_PART_H
#define SMTPSCAN_MAIL_PART_H

#include "mime.h"

#define PART_HEAD 512 /* first octets of a part, by which lookers decide whether it concerns them */
#define PART_LOOKERS_MAX 8

struct part;

/* What looks at the decoded octets of parts: one row of the table in part.c. */
struct part_looker {
	/* begin - the first PART_HEAD octets are there, or all when it has fewer (perhaps none). Returns the state that
	 * feed and end get; NULL: it does not look at this part. */
	void *(*begin)(struct part *part, struct span head);
	/* feed - the next octets; the first piece is the head. */
	void (*feed)(void *state, struct span piece);
	/* gap - size octets (of the mail, not decoded) are missing here. NULL: it does not matter. */
	void (*gap)(void *state, uint64_t size);
	/* end - no more will come: says what it found in part->about, and frees its state. */
	void (*end)(void *state, struct part *part);
	/* drop - the part was none after all: frees the state, says nothing. */
	void (*drop)(void *state);
	/* memory - octets that the state holds, about. */
	size_t (*memory)(const void *state);
};
extern const struct part_looker text_looker, magic_looker, archive_looker, office_looker, uu_looker, tnef_looker,
	watch_looker;

/* What the parts of one mail share.  */
struct parts {
	struct mail *mail;
	const struct mail_options *options;
	size_t text_max;  /* octets of a text that are looked at */
	GHashTable *seen; /* urls */
	int body_rank;    /* of the part that is the body so far; 0: none */
	uint64_t unpack;  /* octets that may still be unpacked of archives */
	char *hint;       /* the first charset that a part declared */
	uint64_t lost;    /* octets of encoded messages that no sum has: 0, or it is a bug */
	bool again_told, overflow_told;
};
void parts_begin(struct parts *parts, struct mail *mail, const struct mail_options *options);
void parts_end(struct parts *parts);
/* parts_full - has the mail as many parts as it may have? That is a defect. */
bool parts_full(struct parts *parts);

struct kind;

struct part {
	struct parts *parts;
	const struct kind *kind; /* what it is by its head; for lookers */
	struct mail_part *about; /* in mail->parts; its strings are the mail's */
	struct mime_params type; /* of its Content-Type; borrowed until part_close */
	bool in_message;         /* inside an attached message: its text is not the body of this mail */
	unsigned depth;          /* files around it that it was found in (inner.h) */
	/* the rest is part.c's */
	bool begun; /* the lookers were asked */
	size_t head_size;
	struct digest *digest;
	struct extract_file *file;
	void *states[PART_LOOKERS_MAX];
	struct part *next; /* in the list of those that are free */
	uint8_t head[PART_HEAD];
};

/* part_open - about: number, content_type and what else its header says are set. type is copied, its strings are not.
 */
struct part *part_open(struct parts *parts, struct mail_part *about, const struct mime_params *type, bool in_message);
void part_feed(struct part *part, struct span decoded);
void part_gap(struct part *part, uint64_t size);
/* part_close - fills in what comes from its octets: size, hashes, path, and what lookers say. Frees part. */
void part_close(struct part *part);
/* part_drop - it was none after all: nothing of it is kept, nobody is told. Frees part. */
void part_drop(struct part *part);
size_t part_memory(const struct part *part);
/* text_exit - the memory of closed texts that is kept for the next ones. */
void text_exit(void);
/* parts_exit - the memory of closed parts that is kept for the next ones. */
void parts_exit(void);

#endif
