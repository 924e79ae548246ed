/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * yenc.h - decodes yEnc (version 1.3, yenc.org), which news readers and some mailers write into a text.
 */
#ifndef SMTPSCAN_MAIL_YENC_H
#define SMTPSCAN_MAIL_YENC_H

#include "mime.h"

#define YENC_STEP 512      /* octets decoded at a time */
#define YENC_CONTROL_MAX 5 /* octets of a control line that tell it */

struct yenc {
	bool ended;
	uint64_t expected, decoded; /* octets of the file: as the first line says; so far */
	/* private to yenc.c */
	bool piece;          /* the file has more parts, in other mails */
	bool start, escaped; /* at the beginning of a line; behind a '=' */
	bool control;        /* in a control line */
	size_t control_size;
	char line[YENC_CONTROL_MAX];
};

/* yenc_begin - is it the line "=ybegin line=128 size=123 name=a.txt"? It has no line end. *name: in the line. */
bool yenc_begin(struct yenc *yenc, struct span line, struct span *name);
/* yenc_feed - decodes up to the line "=yend", then sets ended. Returns the number of octets used. */
size_t yenc_feed(struct yenc *yenc, struct span in, mime_sink sink, void *context);
/* yenc_whole - is the file complete? */
bool yenc_whole(const struct yenc *yenc);

#endif
