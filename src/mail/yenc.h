/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * yenc.h - decodes yEnc (version 1.3, yenc.org), which news readers and some mailers write into a text.
 */
#ifndef SMTPSCAN_MAIL_YENC_H
#define SMTPSCAN_MAIL_YENC_H

#include "mime.h"

#define YENC_LINE_MAX 998  /* octets of a line of the file */
#define YENC_STEP 512      /* octets decoded at a time */
#define YENC_CONTROL_MAX 5 /* octets of a control line that tell it */

struct yenc {
	bool ended, refused;        /* the file ended; what follows the first line is no file */
	uint64_t expected, decoded; /* octets of the file: as the first line says; so far */
	/* private to yenc.c */
	size_t line;         /* octets of a line, as the first line says */
	bool proved;         /* a line of the file was seen */
	bool piece;          /* the file has more parts, in other mails */
	bool start, escaped; /* at the beginning of a line; behind a '=' */
	bool control;        /* in a control line */
	size_t control_size, kept_size;
	char word[YENC_CONTROL_MAX];
	uint8_t kept[2 * YENC_LINE_MAX]; /* what follows the first line, until it is known what it is */
};

/* yenc_new - if it is the line "=ybegin line=128 size=123 name=a.txt", without its line end, reads what follows it;
 * else NULL. *name: in the line. Free with g_free. */
struct yenc *yenc_new(struct span line, struct span *name);
/* yenc_feed - decodes up to the line "=yend", then sets ended. The sink is not called before a line was seen that is as
 * long as the first line says, or is the only one; when there is none, sets refused: then the octets used so far are in
 * yenc_kept. Returns the number of octets used. */
size_t yenc_feed(struct yenc *yenc, struct span in, mime_sink sink, void *context);
struct span yenc_kept(const struct yenc *yenc);
/* yenc_whole - is the file complete? */
bool yenc_whole(const struct yenc *yenc);

#endif
