/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * layers.h - shared by the files of the decoder: the state of one packet, and the handlers of the layers. Private to
 * the decoder.
 *
 * A handler gets the cursor at its header. It takes the header and calls the next handler with the rest. Handlers that
 * can be nested count a level first, so the depth of a packet is limited.
 */
#ifndef SMTPSCAN_PACKET_LAYERS_H
#define SMTPSCAN_PACKET_LAYERS_H

#include "cursor.h"
#include "fragment.h"

#define ETHERNET_HEADER 14u
#define ETHERNET_ADDRESSES 12u   /* octets before the type */
#define ETHERNET_LENGTH_MAX 1500 /* up to this value the field is a length, and LLC follows */
#define ETHERTYPE_MIN 0x600      /* no protocol has a lower number */
#define IPV6_HEADER 40u

struct layers;

struct decoder {
	bool checksums;
	bool lent;     /* the last segment may point into a reassembled datagram */
	int link_type; /* of the last packet, and its row: usually all packets have the same */
	const struct link *link;
	struct fragments *fragments;
	struct segment remains;  /* of the discarded datagram that is handed on: its first octets */
	uint32_t remains_header; /* octets of its TCP header */
	struct unknown last;     /* found in the last packet, not counted yet */
	size_t unknown_count;    /* the first kinds are counted each, the rest together */
	struct unknown unknown[DECODE_UNKNOWN_MAX];
	uint64_t unknown_rest;
};

/* The addresses of an IP header; they point into the packet. */
struct hosts {
	uint8_t family; /* 4 or 6 */
	bool exact;     /* the length of the payload is known, so the checksum can be verified */
	const uint8_t *source, *destination;
	struct span packet; /* captured octets from the header on; empty when it came in fragments */
	uint32_t length;    /* its octets on the wire */
};

/* The state of one packet while it is decoded. */
struct layers {
	struct decoder *decoder;
	const struct packet *packet;
	struct segment *segment;
	uint64_t context;
	uint32_t wire_size;
	uint32_t trailer; /* octets of the link layer at the end of the packet; 0 after a header with a length */
	unsigned depth;
	unsigned vlan_count;
	uint16_t vlan[DECODE_VLAN_MAX];
};

typedef enum decode_result layer(struct layers *layers, struct cursor c);

/* layers_deeper - counts a level; false when there are more than DECODE_DEPTH_MAX. */
static inline bool layers_deeper(struct layers *layers)
{
	return ++layers->depth <= DECODE_DEPTH_MAX;
}

/* Kinds of identifiers in layers->context. */
enum context_kind { CONTEXT_VLAN = 1, CONTEXT_SERVICE, CONTEXT_VXLAN, CONTEXT_GENEVE, CONTEXT_GRE };

/* layers_within - adds the identifier of a VLAN or tunnel around the packet to the context. */
static inline void layers_within(struct layers *layers, enum context_kind kind, uint32_t id)
{
	uint64_t x = layers->context ^ ((uint64_t)kind << 32 | id);
	x = (x ^ x >> 32) * UINT64_C(0xd6e8feb86659fd93);
	x = (x ^ x >> 32) * UINT64_C(0xd6e8feb86659fd93);
	layers->context = x ^ x >> 32;
}

/* layers_note_unknown - the packet has a payload with this number, for which there is no handler. */
enum decode_result layers_note_unknown(struct layers *layers, enum unknown_kind kind, uint32_t number);

/* link.c */
struct link {
	int type;
	uint32_t skip; /* octets of a header that says nothing of what follows */
	layer *next;
};
/* link_find - NULL: an unknown link type. */
const struct link *link_find(int type);
layer layer_link_hdlc, layer_frame_relay;

/* wifi.c */
layer layer_wifi, layer_radiotap, layer_prism;
/* layer_wifi_swapped - 802.11 whose first two octets may be swapped, as from controllers of access points. */
layer layer_wifi_swapped;

/* ethertype.c */
layer layer_ethernet, layer_llc;
enum decode_result layer_ethertype(struct layers *layers, struct cursor c, uint16_t type);
/* layer_tag - a tag of `size` octets, then an Ethernet type. layer_skip - skips `size` octets, then calls `next`. */
enum decode_result layer_tag(struct layers *layers, struct cursor c, uint32_t size);
enum decode_result layer_skip(struct layers *layers, struct cursor c, uint32_t size, layer *next);

/* layer_link - a packet of this link type. */
static inline enum decode_result layer_link(struct layers *layers, struct cursor c, const struct link *link)
{
	return link->skip > 0 ? layer_skip(layers, c, link->skip, link->next) : link->next(layers, c);
}

/* layer_dsa_tag - the tag of a switch chip (DSA), after the addresses of a frame. */
layer layer_dsa_tag;
/* layer_nsh - a Network Service Header (RFC 8300). */
layer layer_nsh;

/* tunnel.c */
layer layer_gre, layer_mpls, layer_ppp, layer_pppoe, layer_etherip;

/* guess.c */
/* guess_ethernet - is there an Ethernet header at an offset, with a known type and a payload that fits? */
bool guess_ethernet(const struct cursor *c, uint32_t offset);
/* layer_guess - no field identifies the payload, or the size of a cookie or control word before it. */
layer layer_guess;
/* layer_search - nothing is known of the payload: the result of an IP packet in it, or `otherwise`. */
enum decode_result layer_search(struct layers *layers, struct cursor c, enum decode_result otherwise);
/* layer_unknown - the same for a payload with this number, for which there is no handler. */
enum decode_result layer_unknown(struct layers *layers, struct cursor c, enum unknown_kind kind, uint32_t number);

/* udp.c: UDP with the port of a tunnel; L2TP version 3 directly in IP. */
enum decode_result layer_udp(struct layers *layers, struct cursor c, const struct hosts *hosts);
layer layer_l2tp3;

/* ip.c */
layer layer_ip; /* version 4 or 6, by its first octet */
layer layer_ipv4, layer_ipv6;
/* ip_found - is there an IP packet at an offset, by its header alone: checksum, length? */
bool ip_found(const struct cursor *c, uint32_t offset);
/* ip_reassemble - adds a fragment of IP, or of a tunnel that fragments in the same way. DECODE_SEGMENT: *c and *next
 * are those of the complete datagram; anything else is the result of the packet. */
enum decode_result ip_reassemble(
	struct layers *layers, struct cursor *c, const struct hosts *hosts, struct fragment *fragment, uint8_t *next);

#endif
