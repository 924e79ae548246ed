/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * layers.h - what the files of the decoder (packet.c, ip.c, link.c, tunnel.c) share: the packet on its way, and the
 * handler of each layer. Private to the decoder.
 *
 * A handler is given the cursor at its header. It takes the header and hands the rest to the next handler. Each counts
 * a level before it looks at anything, so no packet can keep the decoder busy.
 */
#ifndef SMTPSCAN_PACKET_LAYERS_H
#define SMTPSCAN_PACKET_LAYERS_H

#include "cursor.h"
#include "fragment.h"

struct layers;

struct decoder {
	bool checksums;
	bool lent;     /* the last segment may be in a datagram of the fragments */
	int link_type; /* of the last packet, and its handler: captures have one */
	enum decode_result (*link)(struct layers *layers, struct cursor c);
	struct fragments *fragments;
};

/* One packet on its way through the layers. */
struct layers {
	struct decoder *decoder;
	const struct packet *packet;
	struct segment *segment;
	uint64_t context;
	uint32_t wire_size;
	unsigned depth;
	unsigned vlan_count;
	uint16_t vlan[DECODE_VLAN_MAX];
};

typedef enum decode_result layer(struct layers *layers, struct cursor c);

/* layers_deeper - counts a level; false when there are too many. */
static inline bool layers_deeper(struct layers *layers)
{
	return ++layers->depth <= DECODE_DEPTH_MAX;
}

/* What an identifier in layers->context identifies. */
enum context_kind { CONTEXT_VLAN = 1, CONTEXT_SERVICE, CONTEXT_VXLAN, CONTEXT_GENEVE, CONTEXT_GRE };

/* layers_within - the packet is within something that has an identifier. */
static inline void layers_within(struct layers *layers, enum context_kind kind, uint32_t id)
{
	uint64_t x = layers->context ^ ((uint64_t)kind << 32 | id);
	x = (x ^ x >> 32) * UINT64_C(0xd6e8feb86659fd93);
	x = (x ^ x >> 32) * UINT64_C(0xd6e8feb86659fd93);
	layers->context = x ^ x >> 32;
}

/* link.c */
layer *link_handler(int link_type);
layer layer_ethernet;
layer layer_llc;
enum decode_result layer_ethertype(struct layers *layers, struct cursor c, uint16_t type);

/* tunnel.c */
layer layer_gre, layer_mpls, layer_ppp, layer_pppoe, layer_etherip;
/* layer_udp - the payload of UDP, when its port is that of a tunnel. */
layer layer_udp;

/* ip.c */
layer layer_ip; /* version 4 or 6, told by its first octet */
layer layer_ipv4, layer_ipv6;

#endif
