/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * base64.c - see base64.h. Most of a file is decoded by a base64_run, 32 characters per step. GMime's decoder reads
 * octet by octet, stops at the first padding, loses what is not padded, and does not report characters that are not
 * base64.
 */
#include "base64.h"

#include <glib.h>
#include <string.h>

#include "octets.h"

#define NO_RANK 64
#define STEP sizeof(octets32)

static uint8_t ranks[256]; /* value of a base64 character; NO_RANK for others */
static base64_run *fastest = base64_run_scalar;

void base64_init(void)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	memset(ranks, NO_RANK, sizeof ranks);
	for (uint8_t i = 0; i < NO_RANK; i++)
		ranks[(uint8_t)alphabet[i]] = i;
#if G_BYTE_ORDER == G_LITTLE_ENDIAN
	fastest = base64_run_vector;
	if (octets32_are_fast())
		fastest = base64_run_avx2;
#endif
}

/* ---- groups of four characters ---- */

static inline bool is_line_end(uint8_t c)
{
	return c == '\r' || c == '\n';
}

size_t base64_run_scalar(const uint8_t *in, size_t size, uint8_t *out, size_t *written)
{
	size_t at = 0;
	uint8_t *to = out;
	while (at < size) {
		if (is_line_end(in[at])) {
			at++;
			continue;
		}
		if (size - at < 4)
			break;
		uint32_t a = ranks[in[at]], b = ranks[in[at + 1]], c = ranks[in[at + 2]], d = ranks[in[at + 3]];
		if ((a | b | c | d) & NO_RANK)
			break;
		uint32_t bits = a << 18 | b << 12 | c << 6 | d;
		*to++ = (uint8_t)(bits >> 16);
		*to++ = (uint8_t)(bits >> 8);
		*to++ = (uint8_t)bits;
		at += 4;
	}
	*written = (size_t)(to - out);
	return at;
}

typedef uint32_t octets32_words __attribute__((vector_size(32)));

/* Number of octets at the beginning of the lanes that are 0xff. A macro, because such vectors can't be arguments
 * without AVX.
 */
#define VALID_IN(lane, lanes) ((size_t)__builtin_ctzll(~(lanes)[lane]) / 8 + 8 * (lane))
#define VALID_COUNT(lanes)                                                                                             \
	((lanes)[0] != UINT64_MAX          ? VALID_IN(0, lanes)                                                        \
		: (lanes)[1] != UINT64_MAX ? VALID_IN(1, lanes)                                                        \
		: (lanes)[2] != UINT64_MAX ? VALID_IN(2, lanes)                                                        \
		: (lanes)[3] != UINT64_MAX ? VALID_IN(3, lanes)                                                        \
					   : STEP)

/* decode_vectors - the vector loop; it writes up to 8 octets past the result. */
static inline __attribute__((always_inline)) size_t decode_vectors(
	const uint8_t *in, size_t size, uint8_t *out, size_t *written)
{
	size_t at = 0, to = 0, rest;
	while (size - at >= STEP) {
		octets32 c;
		memcpy(&c, in + at, sizeof c);
		octets32 upper = c - 'A', lower = c - 'a', digit = c - '0';
		octets32 is_upper = (octets32)(upper < 26), is_lower = (octets32)(lower < 26),
			 is_digit = (octets32)(digit < 10), is_plus = (octets32)(c == '+'),
			 is_slash = (octets32)(c == '/');
		octets32 value = (is_upper & upper) | (is_lower & (lower + 26)) | (is_digit & (digit + 52)) |
				 (is_plus & 62) | (is_slash & 63);
		octets32_lanes valids = (octets32_lanes)(is_upper | is_lower | is_digit | is_plus | is_slash);
		size_t valid = VALID_COUNT(valids);
		/* four values of 6 bits, the first one in the lowest octet, become 24 bits; two of these 48 */
		octets32_words words = (octets32_words)value;
		words = (words & 0xff) << 18 | (words >> 8 & 0xff) << 12 | (words >> 16 & 0xff) << 6 | words >> 24;
		octets32_lanes lanes = (octets32_lanes)words;
		lanes = (lanes & 0xffffffff) << 40 | (lanes >> 32) << 16;
		for (size_t i = 0; i < 4; i++) {
			uint64_t octets = __builtin_bswap64(lanes[i]);
			memcpy(out + to + 6 * i, &octets, sizeof octets);
		}
		at += valid & ~(size_t)3;
		to += valid / 4 * 3;
		if (valid == STEP)
			continue;
		if (valid % 4 != 0 || !is_line_end(in[at]))
			break;
		while (at < size && is_line_end(in[at]))
			at++;
	}
	at += base64_run_scalar(in + at, size - at, out + to, &rest);
	*written = to + rest;
	return at;
}

size_t base64_run_vector(const uint8_t *in, size_t size, uint8_t *out, size_t *written)
{
	return decode_vectors(in, size, out, written);
}

OCTETS32_FAST size_t base64_run_avx2(const uint8_t *in, size_t size, uint8_t *out, size_t *written)
{
	return decode_vectors(in, size, out, written);
}

/* ---- everything else ---- */

/* take_group - decodes an incomplete or complete group: 4 characters are three octets, 3 are two, 2 are one. Returns
 * their number. */
static size_t take_group(struct base64 *base64, uint8_t *out)
{
	uint32_t bits = base64->bits << (6 * (4 - base64->have));
	size_t size = 0;
	for (unsigned i = 1; i < base64->have; i++)
		out[size++] = (uint8_t)(bits >> (24 - 8 * i));
	base64->bits = 0;
	base64->have = 0;
	return size;
}

static size_t decode_groups(struct base64 *base64, const uint8_t *in, size_t size, uint8_t *out);

/* go_on - the line after padding (at most BASE64_LINE_MAX octets of it) is complete. If it is base64, decodes it,
 * because some clients pad in the middle; if not (the footer of a mailing list), base64 has ended. */
static size_t go_on(struct base64 *base64, uint8_t *out)
{
	uint8_t line[BASE64_LINE_MAX];
	unsigned size = base64->line_size;
	memcpy(line, base64->line, size);
	base64->line_size = 0;
	base64->padded = false;
	for (unsigned i = 0; i < size; i++)
		if (ranks[line[i]] == NO_RANK && line[i] != '=' && !is_line_end(line[i])) {
			base64->ended = true;
			base64->trouble = "text after the end of base64";
			return 0;
		}
	return decode_groups(base64, line, size, out);
}

/* wait - collects octets after padding. Returns the number used; *written: the number of octets decoded. */
static size_t wait(struct base64 *base64, const uint8_t *in, size_t size, uint8_t *out, size_t *written)
{
	size_t at = 0;
	*written = 0;
	while (at < size) {
		uint8_t c = in[at++];
		if (base64->line_size == 0 && (c == '=' || c <= ' '))
			continue;
		base64->line[base64->line_size++] = c;
		if (base64->line_size == BASE64_LINE_MAX || is_line_end(c)) {
			*written = go_on(base64, out);
			break;
		}
	}
	return at;
}

static size_t decode_groups(struct base64 *base64, const uint8_t *in, size_t size, uint8_t *out)
{
	size_t at = 0, to = 0, written;
	while (at < size && !base64->ended) {
		if (base64->padded) {
			at += wait(base64, in + at, size - at, out + to, &written);
			to += written;
			continue;
		}
		if (base64->have == 0 && !base64->resync) {
			at += fastest(in + at, size - at, out + to, &written);
			to += written;
			if (at == size)
				break;
		}
		uint8_t c = in[at++];
		if (ranks[c] != NO_RANK) {
			base64->bits = base64->bits << 6 | ranks[c];
			if (++base64->have == 4)
				to += take_group(base64, out + to);
		} else if (c == '=') {
			to += take_group(base64, out + to);
			base64->padded = true;
		} else if (c > ' ')
			base64->trouble = "characters that are not base64";
		else if (c == '\n' && base64->resync) {
			to += take_group(base64, out + to);
			base64->resync = false;
		}
	}
	return to;
}

size_t base64_feed(struct base64 *base64, const uint8_t *in, size_t size, uint8_t *out)
{
	return decode_groups(base64, in, size, out);
}

size_t base64_gap(struct base64 *base64, uint8_t *out)
{
	size_t size = base64->padded && base64->line_size > 0 ? go_on(base64, out) : 0;
	size += take_group(base64, out + size);
	base64->padded = false;
	base64->resync = true;
	return size;
}

size_t base64_end(struct base64 *base64, uint8_t *out)
{
	size_t size = base64->padded && base64->line_size > 0 ? go_on(base64, out) : 0;
	if (base64->have == 1 && !base64->trouble)
		base64->trouble = "base64 ends in the middle of an octet";
	return size + take_group(base64, out + size);
}
