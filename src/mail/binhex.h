/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * binhex.h - the file in BinHex 4.0 (application/mac-binhex40, RFC 1741): its data and its resource fork become parts.
 */
#ifndef SMTPSCAN_MAIL_BINHEX_H
#define SMTPSCAN_MAIL_BINHEX_H

#include "inner.h"

#define BINHEX_NAME_MAX 63                       /* octets of a name on a Macintosh */
#define BINHEX_HEADER_MAX (BINHEX_NAME_MAX + 22) /* and the other fields */
#define BINHEX_STEP 512                          /* octets decoded at a time */

/* Which octets come next. */
enum binhex_place { BINHEX_BEFORE, BINHEX_HEADER, BINHEX_DATA, BINHEX_RESOURCES, BINHEX_END };

struct binhex {
	enum binhex_place place;
	bool line_start; /* at the beginning of a line, before the first colon */
	/* private to binhex.c */
	struct part *outer, *file;
	unsigned *count; /* of files in outer */
	bool marked;     /* the last octet was the mark of a run */
	uint8_t last;    /* octet before the mark */
	unsigned bits, bit_count;
	uint16_t sum;  /* of the header or fork so far */
	uint64_t left; /* octets of the fork; with its checksum */
	uint32_t resources;
	size_t header_size, out_size;
	uint8_t header[BINHEX_HEADER_MAX], out[BINHEX_STEP];
};

/* binhex_begin - count: of the files found in outer so far; is counted up. */
void binhex_begin(struct binhex *binhex, struct part *outer, unsigned *count);
/* binhex_feed - text from behind the line that announces BinHex. Returns the number of octets used; place is BINHEX_END
 * when the file is complete, or is none. */
size_t binhex_feed(struct binhex *binhex, struct span in);
/* binhex_gap - octets are missing: what follows can't be decoded. */
void binhex_gap(struct binhex *binhex, uint64_t size);
/* binhex_end - no more octets. binhex_drop - discards the open file. */
void binhex_end(struct binhex *binhex);
void binhex_drop(struct binhex *binhex);

#endif
