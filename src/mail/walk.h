/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * walk.h - the MIME parser: its state between two pieces of content.
 *
 * Call walk_new, walk_feed and walk_gap as the content arrives, walk_end, walk_free. Every octet is counted in one
 * member of struct octet_sums. walk.c owns the state; leaf.c, level.c and entity.c work on it when called.
 */
#ifndef SMTPSCAN_MAIL_WALK_H
#define SMTPSCAN_MAIL_WALK_H

#include "block.h"
#include "part.h"
#include "signed.h"
#include "transfer.h"

#define WALK_LINE_MAX 1024           /* octets of a line that decide what it is */
#define WALK_BOUNDARY_MAX 1000       /* octets of a boundary that are compared */
#define WALK_PROSE_MAX 1024          /* octets of preamble or epilogue that are not reported */
#define WALK_GUESS_MAX 200           /* octets of a boundary that was not declared */
#define WALK_SNIFF_MAX 1024          /* octets of a body that decide what it is */
#define WALK_BLANKS_MAX 64           /* octets of empty lines before the header of an attached message */
#define WALK_EVIDENCE_MAX 256        /* octets of a part that a defect shows */
#define WALK_ENCODED_MAX 8           /* nested encoded messages */
#define WALK_AGAIN_LEVELS 16         /* outer messages that are hashed whatever their size */
#define WALK_AGAIN_MAX (1024 * 1024) /* octets that are hashed of a message nested deeper */

/* Counts every octet of a mail once. */
struct octet_sums {
	uint64_t header;   /* in header fields, and in lines between them that a defect reports */
	uint64_t parts;    /* in the bodies of parts */
	uint64_t lines;    /* delimiter lines, with the line ends before them */
	uint64_t outside;  /* in preambles and epilogues; more than WALK_PROSE_MAX are a defect */
	uint64_t overflow; /* in parts beyond MAIL_PARTS_MAX; a defect reports them */
};

/* What the header of a part says. */
struct entity {
	struct mime_params content, disposition;
	const char *type;
	enum mime_encoding encoding, other; /* other: of a second Content-Transfer-Encoding that differs */
	bool root;                          /* it is a message of its own, not a part of a multipart */
	bool multipart, message;            /* it contains parts */
	bool maybe_message;                 /* it may be a message, whatever its type says */
	bool folder;                        /* message: it may be one of several in a file */
	bool opaque;                        /* it may be a signed or compressed message (RFC 8551 3.5.2, 3.6) */
};

static inline bool entity_is_encoded(const struct entity *entity)
{
	return entity->encoding != MIME_IDENTITY && entity->encoding != MIME_UNKNOWN;
}

/* A line end that may belong to a delimiter. */
struct line_end {
	size_t size;
	uint8_t octets[2];
};

/* An open multipart or attached message. */
struct level {
	struct entity entity;
	bool message;
	bool numbered;     /* message: it is part 1 of the outer message */
	bool declared;     /* multipart: a line with the declared boundary was seen */
	bool used;         /* ... or one with the guessed boundary */
	bool closed, ever; /* the last delimiter was the closing one; a closing one was seen */
	bool early, late;  /* reported: the closing delimiter came first; parts came after it */
	bool hit;          /* it has a gap */
	bool fresh;        /* message: walk->passed is a line end before it */
	unsigned count;    /* parts so far */
	const char *default_type;
	struct span boundary, guessed; /* without trailing blanks */
	struct mail_part *about;
	struct part *part; /* a whole message, or a multipart in which no part was found yet */
	uint8_t *prose;    /* first octets of the preamble or epilogue */
	size_t prose_kept;
	uint64_t prose_size;
	struct line_end prose_end; /* line end not yet passed to part */
	struct arena mark;         /* of the scratch memory */
};

#define FOLDER_LINE_MAX 256 /* octets of a line that decide whether a message begins there */

/* A message begins (number: of its part), or ends (NULL). whole: nothing of it is missing. */
typedef void (*folder_next)(void *context, const char *number, bool whole);

/* Messages in one file (mbox). */
struct folder {
	mime_sink sink;
	folder_next next;
	void *context;
	struct part *file, *message; /* message: the open one; NULL: none */
	unsigned count;              /* of messages so far */
	bool line_start;             /* at the beginning of a line, of which `line` holds what came */
	bool blank_before;           /* the line before is empty, or there is none */
	bool skipping;               /* in the rest of a separator line */
	struct line_end blank;       /* an empty line that may belong to no message */
	size_t line_size;
	uint8_t line[FOLDER_LINE_MAX];
};

#define OPAQUE_HEAD 512 /* octets of signed content that decide what it is */

/* What is in a signed or compressed message: a part with its header, which the sink gets, or a file. */
struct opaque {
	struct signed_content content;
	struct part *outer, *file; /* file: NULL until the content is known to be one */
	uint64_t *budget;          /* octets that may be unpacked */
	struct inflate *inflate;   /* NULL: the content is not compressed */
	mime_sink sink;
	void *context;
	bool decided;
	size_t head_size;
	uint8_t head[OPAQUE_HEAD];
};

/* The part that is being read. */
struct leaf {
	struct mail_part *about;
	struct part *part; /* NULL: too many parts, or an encoded multipart */
	struct transfer transfer;
	struct walk *inner;    /* parses its decoded octets, or those that are signed; NULL: not needed */
	struct folder *folder; /* it is a file of messages; NULL: it is not */
	struct opaque *opaque; /* it may be a signed message; NULL: it is not */
	bool overflow;
	bool whole;          /* nothing of it is missing */
	const char *trouble; /* what could not be decoded; NULL: no error */
	size_t evidence_size;
	uint8_t evidence[WALK_EVIDENCE_MAX];
	struct arena mark;
};

enum walk_place {
	PLACE_START,  /* start of a message: perhaps an mbox separator, perhaps empty lines */
	PLACE_HEADER, /* lines of a header block */
	PLACE_SNIFF,  /* a body whose kind is not known yet */
	PLACE_BODY,   /* body of the leaf */
	PLACE_OUTSIDE /* preamble or epilogue of a multipart */
};

/* Where in a line of a body the walk is. */
enum walk_line { LINE_MIDDLE, LINE_CR, LINE_START };

struct walk {
	struct parts *parts;
	struct octet_sums sums;
	uint64_t fed;
	enum walk_place place;
	enum walk_line line_state;
	const char *prefix; /* number of the part that this walk parses; "" for the mail */
	unsigned depth;     /* multiparts and messages around it */
	unsigned encoded;   /* walks around it */
	bool in_message;    /* it is in an attached message */
	bool damaged;       /* something is missing: defects that this may explain are not reported */
	bool top_done;      /* the header of the mail was read: block is used, not top */
	bool tail;          /* in the rest of a delimiter line */
	bool line_begun;    /* the first piece of a long line was taken */
	bool blank_before;  /* outside of parts: the previous line was empty */
	bool delimited;     /* a delimiter ends the open parts: the last line end belongs to it */
	bool torn;          /* the header ends at a gap: some of the body may be missing, too */
	size_t level_count;
	size_t boundaries, messages; /* numbers of open multiparts and messages */
	GByteArray *sniffed;
	struct line_end eol;    /* line end held back in a body */
	struct line_end passed; /* line end that was not yet passed to the open messages */
	size_t line_size, guess_size, blank_size;
	struct arena scratch;
	struct entity entity;    /* of the next body; from here on, not cleared for the next mail */
	struct arena mark;       /* scratch memory before the entity */
	struct walk *next;       /* in the list of free ones */
	struct level *levels;    /* outermost first */
	size_t level_room;       /* allocated levels */
	struct block top, block; /* headers of the mail itself; of parts */
	struct leaf leaf;
	uint8_t line[WALK_LINE_MAX];     /* the beginning of a line whose end was not seen yet */
	uint8_t guess[WALK_GUESS_MAX];   /* a line that may be a delimiter, without its "--" */
	uint8_t blanks[WALK_BLANKS_MAX]; /* empty lines at the start of a message */
	uint64_t scratch_first[128];
};

/* walk_new - parses a mail. walk_inner - parses the decoded octets of the current leaf, which contains parts and has
 * this number. */
struct walk *walk_new(struct parts *parts);
struct walk *walk_inner(const struct walk *walk, const char *number);
void walk_feed(struct walk *walk, struct span in);
void walk_gap(struct walk *walk, uint64_t size);
/* walk_end - no more content; whole: its end was seen. */
void walk_end(struct walk *walk, bool whole);
/* walk_lost - octets that no sum counts: not 0 is a bug. */
uint64_t walk_lost(const struct walk *walk);
/* walk_memory - octets that it keeps; the same after any other mails. */
size_t walk_memory(const struct walk *walk);
void walk_free(struct walk *walk);
void walk_exit(void);

/* --- entity.c: meaning of a header. */

/* entity_read - reads the fields in block; strings are allocated in scratch. number: of the part, for defects. */
void entity_read(struct parts *parts, struct arena *scratch, struct entity *entity, const struct block *block,
	const char *default_type, const char *number, bool damaged);
/* entity_correct - corrects the entity by the first octets of its body, when the header says too little or is wrong. */
void entity_correct(struct parts *parts, struct entity *entity, struct span body, bool damaged);
/* entity_begins_message - do the octets begin with the header of a message, or with an mbox separator and one? */
bool entity_begins_message(struct span body);
/* entity_part - makes a part from what the header says; it is not in mail->parts yet. */
struct mail_part *entity_part(struct parts *parts, const struct entity *entity, const char *number);

/* --- leaf.c: the part that is being read. */

/* leaf_open - begins walk->entity. part: it is reported as a part (an encoded multipart is not). sink: gets the walk
 * and the decoded octets. */
void leaf_open(struct walk *walk, bool part, mime_sink sink);
/* leaf_feed - octets as in the mail, not decoded. */
void leaf_feed(struct walk *walk, struct span octets);
void leaf_gap(struct walk *walk, uint64_t size);
/* leaf_end - passes the last decoded octets to the sink. Returns false when something in the part is missing.
 * leaf_close - ends the part. */
bool leaf_end(struct walk *walk, bool whole);
void leaf_close(struct walk *walk);

/* --- folder.c: messages in a file. */

/* folder_new - sink gets the octets of each message, next its number before them, and NULL behind them. file: the part
 * that is the file; may be NULL: then nothing is reported. */
struct folder *folder_new(struct part *file, mime_sink sink, folder_next next, void *context);
void folder_feed(struct folder *folder, struct span in);
void folder_gap(struct folder *folder, uint64_t size);
void folder_end(struct folder *folder, bool whole);
size_t folder_memory(const struct folder *folder);

/* --- opaque.c: what is in a signed or compressed message. */

/* opaque_new - sink gets the octets of a part with its header. outer: the part that is the message; may be NULL: then
 * a file in it is not reported. budget: octets that may still be unpacked; borrowed. */
struct opaque *opaque_new(struct part *outer, uint64_t *budget, mime_sink sink, void *context);
void opaque_feed(struct opaque *opaque, struct span decoded);
/* opaque_gap - octets are missing: what follows can't be understood. */
void opaque_gap(struct opaque *opaque);
/* opaque_end - passes what is left to the sink. Returns what is wrong with the content when it began;
 * NULL: nothing. */
const char *opaque_end(struct opaque *opaque);
size_t opaque_memory(const struct opaque *opaque);

/* --- level.c: open multiparts and messages. */

/* walk_number - the number of a part that begins here. root: it is the body of a message. In the scratch memory. */
const char *walk_number(struct walk *walk, bool root);
/* level_check_depth - if walk->entity is nested too deep, its parts are not looked for; that is a defect. */
void level_check_depth(struct walk *walk);
/* level_add - opens a level for the entity, which owns the scratch memory from mark on. */
struct level *level_add(struct walk *walk, const struct entity *entity, const struct arena *mark);
/* level_outside - octets of the preamble or epilogue. */
void level_outside(struct walk *walk, struct level *level, struct span octets);
/* level_guess - if the line may be a delimiter with another boundary than the declared one, puts it into walk->guess.
 */
void level_guess(struct walk *walk, const struct level *level, struct span line, bool last);
/* level_behind - a part begins behind this delimiter: a defect when the multipart was closed before. */
void level_behind(struct walk *walk, struct level *level, struct span delimiter);
/* level_closing - the closing line of a multipart. */
void level_closing(struct walk *walk, struct level *level, struct span line);
/* level_part - a part begins in the multipart. */
void level_part(struct walk *walk, struct level *level);
/* level_close - closes the innermost level. delimiter: a delimiter ended it, not the end of the content; whole: the
 * content's end was seen. */
void level_close(struct walk *walk, bool delimiter, bool whole);
/* level_messages - passes octets to the open messages, if there are any. A final line end waits in walk->passed,
 * because it may belong to a delimiter. level_pass - passes that line end, too. */
void level_pass_on(struct walk *walk, struct span octets);
static inline void level_messages(struct walk *walk, struct span octets)
{
	if (walk->messages > 0) /* few mails have one */
		level_pass_on(walk, octets);
}
void level_pass(struct walk *walk);
/* level_gap - octets are missing in all open levels. */
void level_gap(struct walk *walk, uint64_t size);

/* A line that is a delimiter. */
struct delimiter {
	size_t level;
	bool closing;
	bool guessed; /* its boundary was not declared */
	bool tail;    /* the line continues after the boundary */
};
/* level_match - is the line a delimiter of an open multipart? An exact match is preferred to one with a tail, an inner
 * multipart to an outer one. */
bool level_match(const struct walk *walk, struct span line, struct delimiter *delimiter);

#endif
