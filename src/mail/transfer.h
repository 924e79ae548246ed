/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * transfer.h - decodes transfer encodings (RFC 2045 6) piece by piece.
 */
#ifndef SMTPSCAN_MAIL_TRANSFER_H
#define SMTPSCAN_MAIL_TRANSFER_H

#include "base64.h"
#include "mime.h"

#define TRANSFER_DEPTH_MAX 10 /* nested encoded messages, and one for header fields */
#define QUOTED_HELD_MAX 256   /* octets of blanks that may be at the end of a line */
#define UUENCODE_LINE_MAX 512 /* of a begin line */

/* The state of a decoder. */
struct transfer {
	enum mime_encoding encoding;
	mime_sink sink;
	void *context;
	uint8_t *out;
	union {
		struct base64 base64;
		struct {
			size_t size;
			uint8_t octets[QUOTED_HELD_MAX]; /* "=" or blanks, and what follows them */
		} held;
		struct {
			bool begun;
			bool ended;
			bool outside; /* there is text before the begin line or behind the end line */
			size_t size;  /* of the line */
			char line[UUENCODE_LINE_MAX];
			char name[UUENCODE_LINE_MAX]; /* of the begin line; "": none */
		} uuencode;
	};
};

/* transfer_begin - the decoded octets go to sink. depth: number of transfers in whose sink this one runs. */
void transfer_begin(
	struct transfer *transfer, unsigned depth, enum mime_encoding encoding, mime_sink sink, void *context);
void transfer_feed(struct transfer *transfer, struct span in);
/* transfer_gap - octets are missing here. */
void transfer_gap(struct transfer *transfer);
/* transfer_end - passes what is left to sink. Returns NULL, or a description of what could not be decoded. */
const char *transfer_end(struct transfer *transfer);
/* transfer_name - the file name in the begin line of uuencode; NULL when there is none. */
const char *transfer_name(const struct transfer *transfer);
/* transfer_uu_line - decodes a line of an uuencoded file; characters that are missing at its end were blanks. Returns
 * the number of octets, at most UUENCODE_OCTETS_MAX. */
#define UUENCODE_OCTETS_MAX 63
size_t transfer_uu_line(const char *line, size_t size, uint8_t *out);
/* transfer_exit - frees the buffers. */
void transfer_exit(void);

#endif
