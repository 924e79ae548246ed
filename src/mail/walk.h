/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * walk.h - the walk through a mail: what is known between two pieces of its content.
 *
 * walk_new, walk_feed and walk_gap as the content comes, walk_end, walk_free. Every octet ends up in one of the sums of
 * struct octet_sums. walk.c owns all of this; level.c and entity.c work on what they are given.
 */
#ifndef SMTPSCAN_MAIL_WALK_H
#define SMTPSCAN_MAIL_WALK_H

#include "block.h"
#include "part.h"
#include "transfer.h"

#define WALK_LINE_MAX 1024           /* octets of a line by which it is told what it is */
#define WALK_BOUNDARY_MAX 1000       /* octets of a boundary that are compared */
#define WALK_PROSE_MAX 1024          /* octets before the first part and behind the last that are no news */
#define WALK_GUESS_MAX 200           /* octets of a boundary that was not declared */
#define WALK_SNIFF_MAX 1024          /* octets of a body by which it is told what it is */
#define WALK_BLANKS_MAX 64           /* octets of empty lines in front of a message */
#define WALK_EVIDENCE_MAX 256        /* octets of a part that a defect shows */
#define WALK_ENCODED_MAX 8           /* encoded messages in one another */
#define WALK_AGAIN_LEVELS 16         /* messages around a part that are hashed as a whole, whatever their size */
#define WALK_AGAIN_MAX (1024 * 1024) /* octets that are hashed of a message around which there are more */

/* Where every octet of a mail ends up. */
struct octet_sums {
	uint64_t header;   /* in fields, and in lines among them that a defect tells of */
	uint64_t parts;    /* in the bodies of parts */
	uint64_t lines;    /* delimiter lines, with the line ends in front of them */
	uint64_t outside;  /* before the first part or behind the last; more than WALK_PROSE_MAX of them are a defect */
	uint64_t overflow; /* in parts beyond MAIL_PARTS_MAX; a defect tells of them */
};

/* What the header of a part says. */
struct entity {
	struct mime_params content, disposition;
	const char *type;
	enum mime_encoding encoding, other; /* other: of a second Content-Transfer-Encoding that differs */
	bool root;                          /* it is a message of its own, not a part of a multipart */
	bool multipart, message;            /* it holds parts */
	bool maybe_message;                 /* it may be a message, whatever its type says */
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

/* A multipart or an attached message that is open. */
struct level {
	struct entity entity;
	bool message;
	bool numbered;     /* message: it is part 1 of the message around */
	bool declared;     /* multipart: a line with the declared boundary was seen */
	bool used;         /* ... or one with the guessed one */
	bool closed, ever; /* the closing line was the last one; it was seen */
	bool early, late;  /* it was told that the closing line comes first; that parts come behind it */
	bool hit;          /* a hole is in it */
	bool fresh;        /* message: the line end that waits stands before it */
	unsigned count;    /* parts so far */
	const char *default_type;
	struct span boundary, guessed; /* without the blanks at their ends */
	struct mail_part *about;
	struct part *part; /* a message as a whole; a multipart in which no part was found yet */
	uint8_t *prose;    /* first octets outside of parts */
	size_t prose_kept;
	uint64_t prose_size;
	struct line_end prose_end; /* of part */
	struct arena mark;         /* of the scratch memory */
};

/* The part whose octets come. */
struct leaf {
	struct mail_part *about;
	struct part *part; /* NULL: too many, or a multipart that is encoded */
	struct transfer transfer;
	struct walk *inner; /* the walk through its decoded octets; NULL */
	bool overflow;
	bool whole;          /* nothing of it is missing */
	const char *trouble; /* what could not be decoded; NULL */
	size_t evidence_size;
	uint8_t evidence[WALK_EVIDENCE_MAX];
	struct arena mark;
};

enum walk_place {
	PLACE_START,  /* of a message: perhaps a line of a mail folder, perhaps empty lines */
	PLACE_HEADER, /* lines of a header block */
	PLACE_SNIFF,  /* a body of which it isn't known yet what it is */
	PLACE_BODY,   /* octets of the leaf */
	PLACE_OUTSIDE /* in a multipart, outside of its parts */
};

/* Where in a line of a body the walk is. */
enum walk_line { LINE_MIDDLE, LINE_CR, LINE_START };

struct walk {
	struct parts *parts;
	struct octet_sums sums;
	uint64_t fed;
	enum walk_place place;
	enum walk_line line_state;
	const char *prefix; /* number of the part that this walk is in; "" for the mail */
	unsigned depth;     /* multiparts and messages around this walk */
	unsigned encoded;   /* walks around this one */
	bool in_message;    /* the walk is in an attached message */
	bool damaged;       /* something is missing: nothing is said of what may just be that */
	bool top_done;      /* the header of the mail was read */
	bool tail;          /* in what stands behind a delimiter in its line */
	bool line_begun;    /* the first piece of a long line was taken */
	bool blank_before;  /* outside: the line before was empty */
	bool delimited;     /* what ends now ends at a delimiter, to which the last line end belongs */
	bool torn;          /* the header at hand ends at a hole: some of the body may be missing, too */
	size_t level_count;
	size_t boundaries, messages; /* of the levels */
	GByteArray *sniffed;
	struct line_end eol;    /* in a body */
	struct line_end passed; /* of a line that the messages around did not get yet */
	size_t line_size, guess_size, blank_size;
	struct arena scratch;
	struct entity entity;    /* of the body that begins; this and what follows is not cleared for the next mail */
	struct arena mark;       /* of its scratch memory */
	struct walk *next;       /* in the list of those that are free */
	struct level *levels;    /* from the outside in */
	size_t level_room;       /* of them */
	struct block top, block; /* of the mail itself; of parts */
	struct leaf leaf;
	uint8_t line[WALK_LINE_MAX];     /* a line that is not whole yet */
	uint8_t guess[WALK_GUESS_MAX];   /* a line that may be a delimiter, without its "--" */
	uint8_t blanks[WALK_BLANKS_MAX]; /* empty lines at the start of a message */
	uint64_t scratch_first[128];
};

/* walk_new - the walk through a mail. walk_inner - through the decoded octets of the leaf at hand, which holds parts
 * and has this number. */
struct walk *walk_new(struct parts *parts);
struct walk *walk_inner(const struct walk *walk, const char *number);
void walk_feed(struct walk *walk, struct span in);
void walk_gap(struct walk *walk, uint64_t size);
/* walk_end - no more comes; whole: its end was seen. */
void walk_end(struct walk *walk, bool whole);
/* walk_lost - octets that no sum has: 0, or it is a bug. */
uint64_t walk_lost(const struct walk *walk);
size_t walk_memory(const struct walk *walk);
void walk_free(struct walk *walk);
void walk_exit(void);

/* --- entity.c: what a header says. */

/* entity_read - of the header that block holds; strings are in scratch. what: "part 1.2", for defects. */
void entity_read(struct parts *parts, struct arena *scratch, struct entity *entity, const struct block *block,
	const char *default_type, const char *number, bool damaged);
/* entity_settle - what the first octets of its body say where the header says too little or lies. */
void entity_settle(struct parts *parts, struct entity *entity, struct span body, bool damaged);
/* entity_part - a part of the mail with what is said of it; not in mail->parts yet. */
struct mail_part *entity_part(struct parts *parts, const struct entity *entity, const char *number);

/* --- leaf.c: the part whose octets come. */

/* leaf_open - for the entity of the walk. part: it is a part of the mail (an encoded multipart is none). sink: takes
 * the decoded octets, with the walk. */
void leaf_open(struct walk *walk, bool part, mime_sink sink);
/* leaf_feed - octets as they are in the mail. */
void leaf_feed(struct walk *walk, struct span octets);
void leaf_gap(struct walk *walk, uint64_t size);
/* leaf_end - the last decoded octets go to the sink. leaf_close - the part is done. */
void leaf_end(struct walk *walk, bool whole);
void leaf_close(struct walk *walk);

/* --- level.c: multiparts and messages that are open. */

/* walk_number - of a part at the place of the walk. root: it is a message of its own. In the scratch memory. */
const char *walk_number(struct walk *walk, bool root);
/* level_check_depth - of the walk's entity: parts of what is nested too deep are not looked for. */
void level_check_depth(struct walk *walk);
/* level_add - opens one for the entity. The scratch memory from mark on is its own. */
struct level *level_add(struct walk *walk, const struct entity *entity, const struct arena *mark);
/* level_outside - octets of a multipart that are in no part. */
void level_outside(struct walk *walk, struct level *level, struct span octets);
/* level_guess - is it a line that may separate the parts when the declared boundary does not? Into walk->guess. */
void level_guess(struct walk *walk, const struct level *level, struct span line, bool last);
/* level_part - a part begins in it. */
void level_part(struct walk *walk, struct level *level);
/* level_close - the innermost one ends: at a delimiter, or with the content, which may be whole. */
void level_close(struct walk *walk, bool delimiter, bool whole);
/* level_messages - octets of the messages that are open. A line end at their end waits in walk->passed for the next
 * ones. level_pass - it belongs to them. */
void level_messages(struct walk *walk, struct span octets);
void level_pass(struct walk *walk);
/* line_end_of - the line end of octets; takes it off. */
struct line_end line_end_of(struct span *octets);
/* level_gap - something is missing in all that are open. */
void level_gap(struct walk *walk, uint64_t size);

/* A line that is a delimiter. */
struct delimiter {
	size_t level;
	bool closing;
	bool guessed; /* its boundary was not declared */
	bool tail;    /* something stands behind the boundary */
};
/* level_match - is the line one of the delimiters? An exact one goes before one with a tail, an inner one before an
 * outer one. */
bool level_match(const struct walk *walk, struct span line, struct delimiter *delimiter);

#endif
