/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * lzfu.h - unpacks compressed RTF (MS-OXRTFCP), in which Outlook keeps the text of a message, piece by piece.
 */
#ifndef SMTPSCAN_MAIL_LZFU_H
#define SMTPSCAN_MAIL_LZFU_H

#include "mime.h"

#define LZFU_DICTIONARY 4096
#define LZFU_HEADER 16
#define LZFU_STEP 512 /* octets unpacked at a time */

struct lzfu {
	bool bad, ended; /* it is no compressed RTF; its end was read */
	/* private to lzfu.c */
	bool plain;     /* it is not compressed */
	bool have_high; /* the first octet of a reference was read */
	uint8_t high;
	uint8_t flags;  /* of the next items */
	unsigned items; /* for which flags holds a bit */
	unsigned at;    /* where the dictionary is written */
	uint32_t left;  /* octets that the header says are still to come */
	size_t header_size, out_size;
	uint8_t header[LZFU_HEADER], out[LZFU_STEP], dictionary[LZFU_DICTIONARY];
};

/* lzfu_new - free with g_free. */
struct lzfu *lzfu_new(void);
void lzfu_feed(struct lzfu *lzfu, struct span in, mime_sink sink, void *context);

#endif
