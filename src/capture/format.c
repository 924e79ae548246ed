/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * format.c - the magic numbers of pcap and the first blocks of pcapng. See format.h.
 *
 * pcapng: a section header block, whose length is read in the byte order it declares, then (other blocks and) the first
 * interface description block with its option if_tsresol.
 */
#include "format.h"

#include <glib.h>
#include <string.h>

#define PCAP_MAGIC 0xa1b2c3d4u
#define PCAP_MAGIC_NANOSECONDS 0xa1b23c4du
#define PCAP_MAGIC_KUZNETZOV 0xa1b2cd34u
#define PCAPNG_SECTION 0x0a0d0d0au /* the same in both byte orders */
#define PCAPNG_ORDER 0x1a2b3c4du
#define PCAPNG_INTERFACE 1u

#define PCAP_HEADER 24u
#define BLOCK_HEADER 8u       /* type and length */
#define BLOCK_MIN 12u         /* with the length repeated at its end */
#define INTERFACE_OPTIONS 16u /* where they begin in the block */
#define OPTION_TSRESOL 9u

/* get16, get32 - in the order of this machine, or the other. */
static uint32_t get32(const uint8_t *at, bool swap)
{
	uint32_t value;
	memcpy(&value, at, sizeof(value));
	return swap ? GUINT32_SWAP_LE_BE(value) : value;
}

static uint16_t get16(const uint8_t *at, bool swap)
{
	uint16_t value;
	memcpy(&value, at, sizeof(value));
	return swap ? GUINT16_SWAP_LE_BE(value) : value;
}

static bool is_pcap(uint32_t magic)
{
	return magic == PCAP_MAGIC || magic == PCAP_MAGIC_NANOSECONDS || magic == PCAP_MAGIC_KUZNETZOV;
}

enum capture_format capture_format_of(struct span head)
{
	if (head.size < sizeof(uint32_t))
		return CAPTURE_FORMAT_NONE;
	if (is_pcap(get32(head.data, false)) || is_pcap(get32(head.data, true)))
		return CAPTURE_FORMAT_PCAP;
	if (get32(head.data, false) != PCAPNG_SECTION || head.size < BLOCK_MIN)
		return CAPTURE_FORMAT_NONE;
	uint32_t order = get32(head.data + BLOCK_HEADER, false);
	return order == PCAPNG_ORDER || order == GUINT32_SWAP_LE_BE(PCAPNG_ORDER) ? CAPTURE_FORMAT_PCAPNG
										  : CAPTURE_FORMAT_NONE;
}

/* find_interface - the first interface block, if all of it is in the head; else *need is how much must be there. */
static struct span find_interface(struct span head, bool *swap, size_t *need)
{
	size_t at = 0;
	*swap = get32(head.data + BLOCK_HEADER, false) != PCAPNG_ORDER;
	for (;;) {
		*need = at + BLOCK_MIN;
		if (head.size < *need)
			return (struct span){ 0 };
		uint32_t type = get32(head.data + at, *swap), length = get32(head.data + at + 4, *swap);
		if (length < BLOCK_MIN || length % 4 != 0) {
			*need = 0; /* damaged: nothing more to learn */
			return (struct span){ 0 };
		}
		*need = at + length;
		if (type == PCAPNG_INTERFACE)
			return head.size < *need ? (struct span){ 0 } : (struct span){ head.data + at, length };
		at += length;
	}
}

size_t capture_format_need(struct span head)
{
	if (capture_format_of(head) != CAPTURE_FORMAT_PCAPNG)
		return PCAP_HEADER;
	bool swap;
	size_t need;
	find_interface(head, &swap, &need);
	return need;
}

/* finer_than_microseconds - if_tsresol: a power of 10, or of 2 with the high bit. */
static bool finer_than_microseconds(uint8_t resolution)
{
	return resolution & 0x80 ? (resolution & 0x7f) > 19 : resolution > 6;
}

bool capture_format_nanoseconds(struct span head)
{
	if (capture_format_of(head) == CAPTURE_FORMAT_PCAP) {
		uint32_t magic = get32(head.data, false);
		return magic == PCAP_MAGIC_NANOSECONDS || magic == GUINT32_SWAP_LE_BE(PCAP_MAGIC_NANOSECONDS);
	}
	bool swap;
	size_t need;
	struct span block = find_interface(head, &swap, &need);
	for (size_t at = INTERFACE_OPTIONS; at + 8 < block.size;) {
		uint16_t code = get16(block.data + at, swap), length = get16(block.data + at + 2, swap);
		if (code == OPTION_TSRESOL && length == 1)
			return finer_than_microseconds(block.data[at + 4]);
		if (code == 0)
			break;
		at += 4 + ((length + 3u) & ~3u);
	}
	return false;
}
