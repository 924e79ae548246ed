/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * block.h - a header block as its lines come: which of them are fields, what is kept of them, where it ends.
 */
#ifndef SMTPSCAN_MAIL_BLOCK_H
#define SMTPSCAN_MAIL_BLOCK_H

#include "mime.h"

#define BLOCK_STRAYS_MAX 4096 /* octets of lines that are no fields, until it is known what they are */
#define BLOCK_ODD_MAX 256     /* octets of such lines that a defect shows */

/* What a line does to the block. */
enum block_result {
	BLOCK_MORE,
	BLOCK_END,   /* it was the empty line */
	BLOCK_BODY,  /* the header had ended before: what is in strays is the beginning of the body */
	BLOCK_BEFORE /* the same, and this line stands behind it: it was not taken */
};

struct block {
	GArray *fields; /* struct mime_field, ranges of data */
	uint8_t *data;
	size_t used, room;
	size_t size, count, longest; /* octets, fields, octets of the longest line, those that are not kept included */
	size_t line;                 /* octets of the line so far */
	size_t limit;                /* data may be filled up to here with the field at hand */
	uint32_t seen, repeated;     /* 1 << id of the fields that are kept; of those that came more than once */
	bool part;                   /* of a part, not of a message */
	bool damaged;                /* there was a hole in it */
	bool dropped;                /* something was not kept */
	bool keeping;                /* what follows belongs to the last of fields */
	bool straying;               /* what follows belongs to strays */
	uint8_t *strays;
	size_t stray_size;
	uint8_t odd[BLOCK_ODD_MAX]; /* lines that are no fields, but stood among fields */
	size_t odd_size;
};

/* block_begin - nothing of the last block is kept but its memory. part: of a part, where a line that is no field does
 * not end the header. */
void block_begin(struct block *block, bool part);
/* block_line - the next line with its line end, or a piece of a long one: first, last: it begins, ends the line. A
 * delimiter line is not given. After anything but BLOCK_MORE nothing more may be given. */
enum block_result block_line(struct block *block, struct span line, bool first, bool last);
/* block_end - no more lines come. Returns BLOCK_END or BLOCK_BODY. */
enum block_result block_end(struct block *block);
size_t block_memory(const struct block *block);
void block_clear(struct block *block);
/* block_field_name - the size of the field name at the beginning of a line; 0 when it is no field. *value: where the
 * value begins. */
size_t block_field_name(struct span line, size_t *value);
/* block_is_mime - is the line a field of MIME: Content-*, MIME-Version? */
bool block_is_mime(struct span line);

#endif
