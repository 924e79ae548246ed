/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * layers.h - what the files of the decoder share: the packet on its way, and the handler of each layer. Private to the
 * decoder.
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
	struct unknown last;  /* that was met, not counted yet */
	size_t unknown_count; /* of the first ones, each with its number of packets; the rest together */
	struct unknown unknown[DECODE_UNKNOWN_MAX];
	uint64_t unknown_rest;
};

/* The addresses of an IP header; they point into the packet. */
struct hosts {
	uint8_t family; /* 4 or 6 */
	bool exact;     /* the length of the payload is known, so that a checksum can be right */
	const uint8_t *source, *destination;
	struct span packet; /* from the header on, what is here; empty when it came in fragments */
	uint32_t length;    /* of it, on the wire */
};

/* One packet on its way through the layers. */
struct layers {
	struct decoder *decoder;
	const struct packet *packet;
	struct segment *segment;
	uint64_t context;
	uint32_t wire_size;
	uint32_t trailer; /* octets at the end of the packet that are of a link layer, while no header has said the
			     length */
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

/* layers_unknown - what the packet carries has this number, and there is no handler for it. */
enum decode_result layers_unknown(struct layers *layers, enum unknown_kind kind, uint32_t number);

/* link.c */
layer *link_handler(int link_type);
layer layer_link_hdlc, layer_frame_relay;

/* wifi.c */
layer layer_wifi, layer_radiotap, layer_prism;
/* layer_wifi_swapped - 802.11 whose first two octets may have changed places, as controllers of access points send. */
layer layer_wifi_swapped;

/* ethertype.c */
layer layer_ethernet, layer_llc;
enum decode_result layer_ethertype(struct layers *layers, struct cursor c, uint16_t type);
/* layer_tag - a tag of `size` octets, then an Ethernet type. layer_skip - `size` octets that don't matter, then a
 * layer. */
enum decode_result layer_tag(struct layers *layers, struct cursor c, uint32_t size);
enum decode_result layer_skip(struct layers *layers, struct cursor c, uint32_t size, layer *next);
/* layer_vlan_id - the packet is in this VLAN; 0 is none. */
void layer_vlan_id(struct layers *layers, uint16_t id);
/* The tag of a switch chip (DSA), behind the addresses of a frame. */
layer layer_dsa_tag;
/* layer_nsh - a Network Service Header (RFC 8300). */
layer layer_nsh;

/* tunnel.c */
layer layer_gre, layer_mpls, layer_ppp, layer_pppoe, layer_etherip;

/* guess.c */
/* guess_ethernet - does an Ethernet header stand at an offset, with a type that matters and what belongs to it? */
bool guess_ethernet(const struct cursor *c, uint32_t offset);
/* layer_guess - no field says what follows, nor how long a cookie or control word is in front of it. */
layer layer_guess;

/* udp.c: the payload of UDP, when its port is that of a tunnel; L2TP version 3 directly in IP. */
enum decode_result layer_udp(struct layers *layers, struct cursor c, const struct hosts *hosts);
layer layer_l2tp3;

/* ip.c */
layer layer_ip; /* version 4 or 6, told by its first octet */
layer layer_ipv4, layer_ipv6;
/* ip_reassemble - the fragments of a datagram, or of what is cut into pieces in the same way. DECODE_SEGMENT: *c and
 * *next are those of the whole; anything else is the packet's result. */
enum decode_result ip_reassemble(
	struct layers *layers, struct cursor *c, const struct hosts *hosts, struct fragment *fragment, uint8_t *next);

#endif
