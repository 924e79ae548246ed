/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * format.c - the magic numbers of pcap and pcapng. See format.h.
 */
#include "format.h"

#include <glib.h>
#include <string.h>

#include "bytes.h"

#define PCAP_MAGIC 0xa1b2c3d4u
#define PCAP_MAGIC_NANOSECONDS 0xa1b23c4du
#define PCAP_MAGIC_KUZNETZOV 0xa1b2cd34u
#define PCAPNG_SECTION 0x0a0d0d0au /* the same in both byte orders */
#define PCAPNG_ORDER 0x1a2b3c4du

#define BLOCK_HEADER 8u /* type and length */
#define BLOCK_MIN 12u   /* with the length repeated at its end */

static bool is_pcap(uint32_t magic)
{
	return magic == PCAP_MAGIC || magic == PCAP_MAGIC_NANOSECONDS || magic == PCAP_MAGIC_KUZNETZOV;
}

enum capture_format capture_format_of(struct span head)
{
	if (head.size < sizeof(uint32_t))
		return CAPTURE_FORMAT_NONE;
	if (is_pcap(native32(head.data, false)) || is_pcap(native32(head.data, true)))
		return CAPTURE_FORMAT_PCAP;
	if (native32(head.data, false) != PCAPNG_SECTION || head.size < BLOCK_MIN)
		return CAPTURE_FORMAT_NONE;
	uint32_t order = native32(head.data + BLOCK_HEADER, false);
	return order == PCAPNG_ORDER || order == GUINT32_SWAP_LE_BE(PCAPNG_ORDER) ? CAPTURE_FORMAT_PCAPNG
										  : CAPTURE_FORMAT_NONE;
}

bool capture_format_nanoseconds(struct span head)
{
	const uint32_t magic = head.size < sizeof magic ? 0 : native32(head.data, false);
	return magic == PCAP_MAGIC_NANOSECONDS || magic == GUINT32_SWAP_LE_BE(PCAP_MAGIC_NANOSECONDS);
}
