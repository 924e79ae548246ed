/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * base64.h - base64 in pieces, as mailers write it: lines of any length, padding in the middle, other octets between.
 */
#ifndef SMTPSCAN_MAIL_BASE64_H
#define SMTPSCAN_MAIL_BASE64_H

#include "types.h"

#define BASE64_LINE_MAX 128 /* octets behind padding by which it is told whether base64 goes on */
#define BASE64_SPARE 32     /* octets more than it needs that the decoder may write to */

struct base64 {
	uint32_t bits; /* of the characters of a quartet that are there already */
	unsigned have; /* so many */
	bool padded;   /* behind padding: does the next line go on? */
	bool ended;    /* what follows is no base64 */
	bool resync;   /* behind a hole: quartets begin anew with the next line */
	unsigned line_size;
	const char *trouble; /* in words; NULL: none */
	uint8_t line[BASE64_LINE_MAX];
};

/* base64_init - once a process: chooses what the machine does best. */
void base64_init(void);
/* base64_feed - decodes into out, which has room for size / 4 * 3 + BASE64_LINE_MAX + BASE64_SPARE octets. Returns how
 * many they are. A zeroed struct is at the beginning. */
size_t base64_feed(struct base64 *base64, const uint8_t *in, size_t size, uint8_t *out);
/* base64_gap - something is missing here. Writes what is there of a quartet; returns its size. */
size_t base64_gap(struct base64 *base64, uint8_t *out);
/* base64_end - as base64_feed for what is left; base64->trouble is final. */
size_t base64_end(struct base64 *base64, uint8_t *out);

/* What decodes quartets as long as nothing but line ends stands between them: returns octets of in that are behind, and
 * in *written those of out. All do the same; the test compares them. */
typedef size_t base64_run(const uint8_t *in, size_t size, uint8_t *out, size_t *written);
base64_run base64_run_scalar, base64_run_vector, base64_run_avx2;

#endif
