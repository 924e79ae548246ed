/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * signed.h - takes the content out of a signed message (CMS SignedData, RFC 5652 5; PKCS #7) piece by piece.
 *
 * OpenSSL's CMS needs the whole message in memory, and gives nothing of one whose end is missing.
 */
#ifndef SMTPSCAN_MAIL_SIGNED_H
#define SMTPSCAN_MAIL_SIGNED_H

#include "mime.h"

#define SIGNED_DEPTH_MAX 12  /* open elements; the content is in the seventh, or a few below it */
#define SIGNED_OID_MAX 16    /* octets of an object identifier that are compared */
#define SIGNED_HEADER_MAX 10 /* octets of a tag and a length */

/* One open constructed element. */
struct signed_level {
	uint64_t end;      /* where it ends, counted from the first octet of the message */
	bool open;         /* its length is not given: two zero octets end it */
	bool path;         /* the content may be in it */
	unsigned elements; /* that came in it so far */
};

struct signed_content {
	mime_sink sink; /* gets the content */
	void *context;
	bool found, ended; /* the content began; it ended */
	bool failed;       /* it is no signed or compressed message, or damaged */
	bool compressed;   /* the content is compressed (RFC 3274), else signed */
	/* private to signed.c */
	uint64_t at, left;  /* octets read; left of the primitive element */
	bool emits, proves; /* the primitive element is content; is the type of the message */
	unsigned depth, header_size, oid_size;
	uint8_t header[SIGNED_HEADER_MAX], oid[SIGNED_OID_MAX];
	struct signed_level levels[SIGNED_DEPTH_MAX];
};

void signed_begin(struct signed_content *content, mime_sink sink, void *context);
/* signed_feed - the next octets. What is behind the content is ignored. */
void signed_feed(struct signed_content *content, struct span in);

#endif
