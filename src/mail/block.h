/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * block.h - reads a header block line by line: which lines are fields, what is kept of them, where the header ends.
 */
#ifndef SMTPSCAN_MAIL_BLOCK_H
#define SMTPSCAN_MAIL_BLOCK_H

#include "mime.h"

#define BLOCK_STRAYS_MAX 4096 /* octets of lines that are not fields, until it is known what they are */
#define BLOCK_ODD_MAX 256     /* octets of such lines that a defect shows */

/* What a line means for the block. */
enum block_result {
	BLOCK_MORE,
	BLOCK_END,   /* the empty line */
	BLOCK_BODY,  /* the header ended earlier: the lines in strays begin the body */
	BLOCK_BEFORE /* the same, and this line comes after them: it was not used */
};

struct block {
	struct mime_fields fields; /* ranges of data */
	uint8_t *data;
	size_t used, room;
	size_t size, count, longest; /* octets, fields, octets of the longest line; also of what is not kept */
	size_t line;                 /* octets of the current line so far */
	size_t limit;                /* the current field may fill data up to here */
	uint32_t seen, repeated;     /* bits 1 << id: fields that are kept; fields that came more than once */
	bool part;                   /* the header of a part, not of a message */
	bool damaged;                /* it has a gap */
	bool dropped;                /* something was not kept */
	bool keeping;                /* continuation lines belong to the last of fields */
	bool straying;               /* continuation lines belong to strays */
	uint8_t *strays;
	size_t stray_size;
	uint8_t odd[BLOCK_ODD_MAX]; /* lines between fields that are not fields */
	size_t odd_size;
};

/* block_begin - starts a new block, in the memory of the last one. part: it is the header of a part, which a line that
 * is not a field does not end. */
void block_begin(struct block *block, bool part);
/* block_line - the next line with its line end, or a piece of a long line. first, last: the piece begins or ends the
 * line. Delimiter lines must not be passed. The first result other than BLOCK_MORE is final: no more calls. */
enum block_result block_line(struct block *block, struct span line, bool first, bool last);
/* block_lines - takes the first lines in `in`, at the beginning of a line, as long as they are whole, can't be
 * delimiters and belong to fields. Returns how many octets it took; what follows is for block_line. */
size_t block_lines(struct block *block, struct span in);
/* block_end - no more lines come. Returns BLOCK_END or BLOCK_BODY. */
enum block_result block_end(struct block *block);
/* block_memory - octets that are kept. (The allocated memory may be that of a bigger block before.) */
size_t block_memory(const struct block *block);
void block_clear(struct block *block);
/* block_field_name - the size of the field name at the beginning of a line; 0 when the line is not a field. *value:
 * where the value begins. */
size_t block_field_name(struct span line, size_t *value);
/* block_is_empty - is the line a line end only? */
static inline bool block_is_empty(struct span line)
{
	return (line.size == 1 && *line.data == '\n') || (line.size == 2 && memcmp(line.data, "\r\n", 2) == 0);
}
/* block_is_separator - is it the line that begins a message in an mbox file? The field "From :" is none. */
bool block_is_separator(struct span line);
/* block_is_mime - is the line a MIME field (Content-*, MIME-Version)? */
bool block_is_mime(struct span line);

#endif
