/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * packet_decode.h - decodes a built packet at the end of readable memory.
 */
#ifndef SMTPSCAN_TESTS_PACKET_DECODE_H
#define SMTPSCAN_TESTS_PACKET_DECODE_H

#include <pcap/dlt.h>

#include "kits/guard.h"
#include "kits/packet_builder.h"
#include "packet.h"

static struct built b;

/* decode - decodes `b`, of which `captured` octets were captured and `length` were on the wire. */
static inline enum decode_result decode_as(
	struct decoder *decoder, int link_type, size_t captured, size_t length, struct segment *segment)
{
	struct packet packet = { { 5, 1000 }, link_type, (uint32_t)captured, (uint32_t)length,
		guarded(b.data, captured), 0, NULL, true };
	return decoder_packet(decoder, &packet, segment);
}

static inline enum decode_result decode(struct segment *segment)
{
	struct decoder *decoder = decoder_new(false);
	enum decode_result result = decode_as(decoder, DLT_EN10MB, b.size, b.size, segment);
	decoder_free(decoder);
	return result;
}

#endif
