/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * base64.h - decodes base64 piece by piece, as mail clients write it: lines of any length, padding in the middle, stray
 * octets.
 */
#ifndef SMTPSCAN_MAIL_BASE64_H
#define SMTPSCAN_MAIL_BASE64_H

#include "types.h"

#define BASE64_LINE_MAX 128 /* octets after padding that decide whether base64 continues */
#define BASE64_SPARE 32     /* the decoder may write this far past its result */

struct base64 {
	uint32_t bits; /* of the characters read so far of a group of four */
	unsigned have; /* number of these characters */
	bool padded;   /* padding was seen: the next line decides whether base64 continues */
	bool ended;    /* what follows is not base64 */
	bool resync;   /* after a gap: the next line starts a new group of four */
	unsigned line_size;
	const char *trouble; /* description of an error; NULL: none */
	uint8_t line[BASE64_LINE_MAX];
};

/* base64_init - once per process: chooses the fastest decoder that the processor supports. */
void base64_init(void);
/* base64_feed - decodes into out, which has room for size / 4 * 3 + BASE64_LINE_MAX + BASE64_SPARE octets. Returns the
 * number of decoded octets. A zeroed struct is the initial state. */
size_t base64_feed(struct base64 *base64, const uint8_t *in, size_t size, uint8_t *out);
/* base64_gap - octets are missing here. Decodes the incomplete group of four; returns the number of octets written. */
size_t base64_gap(struct base64 *base64, uint8_t *out);
/* base64_end - no more input: like base64_feed for what is left. After it base64->trouble is final. */
size_t base64_end(struct base64 *base64, uint8_t *out);

/* Decodes groups of four until something other than a line end comes between them. Returns the number of octets of in
 * that were used; *written: the octets put into out. All variants give the same result; a test compares them. */
typedef size_t base64_run(const uint8_t *in, size_t size, uint8_t *out, size_t *written);
base64_run base64_run_scalar, base64_run_vector, base64_run_avx2;

#endif
