/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * packet.c - the decoder. See packet.h; the layers are in link.c, wifi.c, ethertype.c, tunnel.c, udp.c, guess.c, ip.c.
 *
 * The decoder owns the fragments. A packet that is no fragment needs no allocation.
 */
#include "packet.h"

#include <glib.h>

#include "layers.h"

const char *const decode_result_names[DECODE_RESULT_COUNT] = {
#define X(id, name, words) [DECODE_##id] = name,
	DECODE_RESULTS(X)
#undef X
};

const char *const decode_result_words[DECODE_RESULT_COUNT] = {
#define X(id, name, words) [DECODE_##id] = words,
	DECODE_RESULTS(X)
#undef X
};

struct decoder *decoder_new(bool checksums)
{
	struct decoder *decoder = g_new0(struct decoder, 1);
	decoder->checksums = checksums;
	decoder->link_type = -1;
	decoder->fragments = fragments_new();
	return decoder;
}

void decoder_free(struct decoder *decoder)
{
	if (!decoder)
		return;
	fragments_free(decoder->fragments);
	g_free(decoder);
}

enum decode_result decoder_packet(struct decoder *decoder, const struct packet *packet, struct segment *segment)
{
	if (G_UNLIKELY(decoder->lent)) {
		decoder->lent = false;
		fragments_release(decoder->fragments);
	}
	fragments_expire(decoder->fragments, packet->at.time);
	if (G_UNLIKELY(packet->link_type != decoder->link_type)) {
		decoder->link_type = packet->link_type;
		decoder->link = link_find(packet->link_type);
	}
	/* Member by member, because this runs for every packet, and vlan[] needs no clearing. */
	UNCLEARED struct layers layers;
	layers.decoder = decoder;
	layers.packet = packet;
	layers.segment = segment;
	layers.context = 0;
	layers.wire_size = packet->length;
	layers.trailer = packet->fcs;
	layers.depth = 0;
	layers.vlan_count = 0;
	const struct cursor c = { packet->data, MIN(packet->captured, packet->length), packet->length };
	if (G_UNLIKELY(!decoder->link))
		return layer_unknown(&layers, c, UNKNOWN_LINK_TYPE, (uint32_t)packet->link_type);
	return layer_link(&layers, c, decoder->link);
}

uint64_t decoder_fragment_conflicts(const struct decoder *decoder)
{
	return fragments_conflicts(decoder->fragments);
}

uint64_t decoder_fragments_lost(const struct decoder *decoder)
{
	return fragments_lost(decoder->fragments);
}
