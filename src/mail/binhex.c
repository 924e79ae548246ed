/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * binhex.c - see binhex.h. Between two colons, characters of six bits give octets; in these 0x90 marks a run. They are
 * a header, the data fork and the resource fork, each with a checksum. A header whose checksum is wrong is none.
 */
#include "binhex.h"

#include <string.h>

#include "bytes.h"

#define MARK 0x90
#define SUM_SIZE 2
#define POLYNOMIAL 0x1021

static const char alphabet[] = "!\"#$%&'()*+,-012345689@ABCDEFGHIJKLMNPQRSTUVXYZ[`abcdefhijklmpqr";

void binhex_begin(struct binhex *binhex, struct part *outer, unsigned *count)
{
	memset(binhex, 0, offsetof(struct binhex, header));
	binhex->outer = outer;
	binhex->count = count;
	binhex->line_start = true;
}

/* sum_add - the checksum with more octets. That of octets and their checksum is 0. */
static uint16_t sum_add(uint16_t sum, const uint8_t *octets, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		sum ^= (uint16_t)(octets[i] << 8);
		for (unsigned bit = 0; bit < 8; bit++)
			sum = (uint16_t)(sum & 0x8000 ? sum << 1 ^ POLYNOMIAL : sum << 1);
	}
	return sum;
}

/* pass_waiting - passes the octets that wait to the open file. */
static void pass_waiting(struct binhex *binhex)
{
	if (binhex->file && binhex->out_size > 0)
		part_feed(binhex->file, span_of(binhex->out, binhex->out_size));
	binhex->out_size = 0;
}

static void close_file(struct binhex *binhex, bool cut)
{
	pass_waiting(binhex);
	if (binhex->file)
		inner_close(binhex->file, cut);
	binhex->file = NULL;
}

/* open_fork - a fork of so many octets begins. One without octets is not reported, but the only one. */
static void open_fork(struct binhex *binhex, enum binhex_place place, uint32_t size)
{
	binhex->place = place;
	binhex->left = (uint64_t)size + SUM_SIZE;
	binhex->sum = 0;
	if (size == 0 && (place == BINHEX_RESOURCES || binhex->resources > 0))
		return;
	binhex->file = inner_open(binhex->outer, binhex->count);
	if (binhex->file)
		inner_name(binhex->file, "macintosh", span_of(binhex->header + 1, *binhex->header));
}

/* binhex_header - an octet of the header: the size of the name, the name, NUL, type, creator, flags, sizes, checksum.
 */
static void binhex_header(struct binhex *binhex, uint8_t octet)
{
	binhex->header[binhex->header_size++] = octet;
	size_t name = *binhex->header, size = name + 22;
	if (name == 0 || name > BINHEX_NAME_MAX) {
		binhex->place = BINHEX_END;
		return;
	}
	if (binhex->header_size < size)
		return;
	const uint8_t *sizes = binhex->header + name + 12;
	if (sum_add(0, binhex->header, size) != 0) {
		binhex->place = BINHEX_END;
		return;
	}
	binhex->resources = be32(sizes + 4);
	open_fork(binhex, BINHEX_DATA, be32(sizes));
}

/* end_fork - the fork and its checksum are complete. */
static void end_fork(struct binhex *binhex)
{
	const struct part *outer = binhex->outer;
	if (binhex->sum != 0)
		mail_defect(outer->parts->mail, MIME_MALFORMED, span_of(NULL, 0),
			"part %s: a checksum of BinHex is wrong", outer->about->number);
	close_file(binhex, false);
	if (binhex->place == BINHEX_DATA)
		open_fork(binhex, BINHEX_RESOURCES, binhex->resources);
	else
		binhex->place = BINHEX_END;
}

/* binhex_octet - a decoded octet. */
static void binhex_octet(struct binhex *binhex, uint8_t octet)
{
	if (binhex->place == BINHEX_HEADER) {
		binhex_header(binhex, octet);
		return;
	}
	if (binhex->place != BINHEX_DATA && binhex->place != BINHEX_RESOURCES)
		return;
	binhex->sum = sum_add(binhex->sum, &octet, 1);
	if (binhex->left-- > SUM_SIZE) {
		binhex->out[binhex->out_size++] = octet;
		if (binhex->out_size == BINHEX_STEP)
			pass_waiting(binhex);
	}
	if (binhex->left == 0)
		end_fork(binhex);
}

/* binhex_packed - an octet before runs are undone. */
static void binhex_packed(struct binhex *binhex, uint8_t octet)
{
	if (!binhex->marked && octet == MARK) {
		binhex->marked = true;
		return;
	}
	unsigned times = 1;
	if (binhex->marked) {
		binhex->marked = false;
		if (octet > 0)
			times = octet - 1U; /* one was there before the mark */
		octet = octet > 0 ? binhex->last : MARK;
	}
	binhex->last = octet;
	while (times-- > 0)
		binhex_octet(binhex, octet);
}

/* take_letter - a character between the colons. Returns false when it is none of BinHex. */
static bool take_letter(struct binhex *binhex, uint8_t letter)
{
	const char *at = letter != '\0' ? strchr(alphabet, letter) : NULL;
	if (!at)
		return false;
	binhex->bits = binhex->bits << 6 | (unsigned)(at - alphabet);
	binhex->bit_count += 6;
	if (binhex->bit_count >= 8) {
		binhex->bit_count -= 8;
		binhex_packed(binhex, (uint8_t)(binhex->bits >> binhex->bit_count));
	}
	return true;
}

size_t binhex_feed(struct binhex *binhex, struct span in)
{
	size_t used = 0;
	while (used < in.size && binhex->place != BINHEX_END) {
		uint8_t letter = in.data[used++];
		if (binhex->place == BINHEX_BEFORE) {
			if (binhex->line_start && letter == ':') {
				binhex->place = BINHEX_HEADER;
				binhex->line_start = false;
			} else if (!g_ascii_isspace(letter)) { /* what was announced does not come */
				binhex->place = BINHEX_END;
				used--;
			} else
				binhex->line_start = letter == '\n' || (binhex->line_start && letter == '\r');
		} else if (!g_ascii_isspace(letter) && !take_letter(binhex, letter))
			binhex_end(binhex);
	}
	pass_waiting(binhex);
	return used;
}

void binhex_gap(struct binhex *binhex, uint64_t size)
{
	if (binhex->file)
		part_gap(binhex->file, size);
	binhex_end(binhex);
}

void binhex_end(struct binhex *binhex)
{
	close_file(binhex, true);
	binhex->place = BINHEX_END;
}

void binhex_drop(struct binhex *binhex)
{
	if (binhex->file)
		inner_close(binhex->file, true);
	binhex->file = NULL;
}
