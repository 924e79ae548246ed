/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * link.c - link types of captures. Private to the decoder; see layers.h.
 *
 * links[] has a row for each link type: how much is skipped at its beginning, and what reads the rest. Numbers of link
 * types that are not in every version of libpcap's header are written here.
 */
#include "layers.h"

#include <pcap/dlt.h>
#include <stddef.h>
#include <string.h>

/* null - BSD's loopback: the address family in the byte order of the capturing host (LOOP: big-endian). */
static enum decode_result null(struct layers *layers, struct cursor c)
{
	const uint8_t *h = cursor_take(&c, 4);
	if (!h)
		return cursor_short(&c, 4);
	uint32_t big = be32(h), little = le32(h);
	switch (big < little ? big : little) {
	case 2:
		return layer_ipv4(layers, c);
	case 10: /* Linux */
	case 23: /* Windows */
	case 24: /* NetBSD, OpenBSD */
	case 28: /* FreeBSD */
	case 30: /* macOS */
		return layer_ipv6(layers, c);
	default:
		return DECODE_NOT_IP;
	}
}

/* cooked - Linux cooked capture: an Ethernet type, or a small number of Linux' own. Packets of some devices have their
 * own header. */
static enum decode_result cooked(struct layers *layers, struct cursor c, uint16_t device, uint16_t protocol)
{
	enum { DEVICE_WIFI = 801, DEVICE_PRISM, DEVICE_RADIOTAP, PROTOCOL_LLC = 4 };
	if (device == DEVICE_WIFI)
		return layer_wifi(layers, c);
	if (device == DEVICE_PRISM)
		return layer_prism(layers, c);
	if (device == DEVICE_RADIOTAP)
		return layer_radiotap(layers, c);
	if (protocol == PROTOCOL_LLC)
		return layer_llc(layers, c);
	return protocol <= ETHERNET_LENGTH_MAX ? layer_search(layers, c, DECODE_NOT_IP)
					       : layer_ethertype(layers, c, protocol);
}

static enum decode_result cooked1(struct layers *layers, struct cursor c)
{
	const uint8_t *h = cursor_take(&c, 16);
	return h ? cooked(layers, c, be16(h + 2), be16(h + 14)) : cursor_short(&c, 16);
}

static enum decode_result cooked2(struct layers *layers, struct cursor c)
{
	const uint8_t *h = cursor_take(&c, 20);
	return h ? cooked(layers, c, be16(h + 8), be16(h)) : cursor_short(&c, 20);
}

/* hdlc - Cisco's framing: address, control, an Ethernet type. */
enum decode_result layer_link_hdlc(struct layers *layers, struct cursor c)
{
	const uint8_t *h = cursor_take(&c, 4);
	return h ? layer_ethertype(layers, c, be16(h + 2)) : cursor_short(&c, 4);
}

/* ppp_serial - PPP in HDLC-like framing, or Cisco's. */
static enum decode_result ppp_serial(struct layers *layers, struct cursor c)
{
	int address = cursor_peek(&c, 0);
	return address == 0x0f || address == 0x8f ? layer_link_hdlc(layers, c) : layer_ppp(layers, c);
}

/* inner_link - after a header of `size` octets, at least `least`, comes a packet of another link type. */
static enum decode_result inner_link(
	struct layers *layers, struct cursor c, uint32_t size, uint32_t least, uint16_t link_type)
{
	if (size < least)
		return DECODE_MALFORMED;
	if (!cursor_take(&c, size))
		return cursor_short(&c, size);
	if (!layers_deeper(layers))
		return DECODE_TOO_DEEP;
	const struct link *link = link_find(link_type);
	return link ? layer_link(layers, c, link) : layer_unknown(layers, c, UNKNOWN_LINK_TYPE, link_type);
}

/* ppi - per-packet information: a header with its length and the link type of the rest. */
static enum decode_result ppi(struct layers *layers, struct cursor c)
{
	const uint32_t least = 8;
	if (c.captured < least)
		return cursor_short(&c, least);
	return inner_link(layers, c, le16(c.data + 2), least, le16(c.data + 4));
}

/* pktap - macOS: likewise. */
static enum decode_result pktap(struct layers *layers, struct cursor c)
{
	const uint32_t least = 12;
	if (c.captured < least)
		return cursor_short(&c, least);
	return inner_link(layers, c, le32(c.data), least, le16(c.data + 8));
}

/* small16 - the value of a small number whose byte order is not known. */
static uint16_t small16(const uint8_t *at)
{
	const uint16_t big = be16(at), little = le16(at);
	return big < little ? big : little;
}

/* nflog - Linux' netfilter log: attributes in the byte order of the capturing host, which their types show; one of them
 * is the packet. */
static enum decode_result nflog(struct layers *layers, struct cursor c)
{
	const uint16_t payload = 9, type_mask = 0x7fff;
	if (!cursor_take(&c, 4))
		return cursor_short(&c, 4);
	while (c.length != 0) {
		const uint8_t *h = cursor_take(&c, 4);
		if (!h)
			return cursor_short(&c, 4);
		const bool little = small16(h + 2) == le16(h + 2);
		const uint16_t size = little ? le16(h) : be16(h), type = little ? le16(h + 2) : be16(h + 2);
		if (size < 4)
			return DECODE_MALFORMED;
		if ((type & type_mask) == payload) {
			cursor_limit(&c, size - 4u < c.length ? size - 4u : c.length);
			return layer_ip(layers, c);
		}
		uint32_t rest = (size + 3u) / 4 * 4 - 4;
		if (!cursor_take(&c, rest))
			return cursor_short(&c, rest);
	}
	return DECODE_NOT_IP;
}

/* pflog - OpenBSD's packet filter log: a header with its length, which is padded, then IP. */
static enum decode_result pflog(struct layers *layers, struct cursor c)
{
	const uint32_t header_min = 28; /* the oldest one's */
	const int size = cursor_peek(&c, 0);
	if (size < 0)
		return cursor_short(&c, 1);
	if ((uint32_t)size < header_min)
		return DECODE_MALFORMED;
	return layer_skip(layers, c, ((uint32_t)size + 3) / 4 * 4, layer_ip);
}

/* ipoib - a global routing header, an Ethernet type, two octets (RFC 4391). */
static enum decode_result ipoib(struct layers *layers, struct cursor c)
{
	const uint8_t *h = cursor_take(&c, 44);
	return h ? layer_ethertype(layers, c, be16(h + 40)) : cursor_short(&c, 44);
}

/* fddi - frame control and addresses, then LLC in LLC frames. */
static enum decode_result fddi(struct layers *layers, struct cursor c)
{
	const uint8_t *h = cursor_take(&c, 13);
	if (!h)
		return cursor_short(&c, 13);
	return (h[0] & 0x70) == 0x50 ? layer_llc(layers, c) : DECODE_NOT_IP;
}

/* token_ring - access and frame control, addresses, a route if the source's first bit is set, then LLC. */
static enum decode_result token_ring(struct layers *layers, struct cursor c)
{
	const uint8_t routed = 0x80, route_size = 0x1f;
	const uint8_t *h = cursor_take(&c, 14);
	if (!h)
		return cursor_short(&c, 14);
	if (h[1] >> 6 != 1)
		return DECODE_NOT_IP;
	if (!(h[8] & routed))
		return layer_llc(layers, c);
	const int route = cursor_peek(&c, 0);
	return route < 0 ? cursor_short(&c, 1) : layer_skip(layers, c, (uint32_t)route & route_size, layer_llc);
}

/* juniper - a magic number, flags, extensions with their length, then the link layer, or none. */
static enum decode_result juniper(struct layers *layers, struct cursor c, layer *next)
{
	enum { EXTENDED = 0x80, NO_LINK_LAYER = 0x02, MAGIC = 0x4d4743 };
	const uint8_t *h = cursor_take(&c, 4);
	if (!h)
		return cursor_short(&c, 4);
	if (be24(h) != MAGIC)
		return DECODE_MALFORMED;
	if (h[3] & EXTENDED) {
		const uint8_t *size = cursor_take(&c, 2);
		if (!size)
			return cursor_short(&c, 2);
		if (!cursor_take(&c, be16(size)))
			return cursor_short(&c, be16(size));
	}
	return h[3] & NO_LINK_LAYER ? layer_skip(layers, c, 4, layer_ip) : next(layers, c);
}

static enum decode_result juniper_ethernet(struct layers *layers, struct cursor c)
{
	return juniper(layers, c, layer_ethernet);
}

static enum decode_result juniper_ppp(struct layers *layers, struct cursor c)
{
	return juniper(layers, c, layer_ppp);
}

static enum decode_result juniper_frame_relay(struct layers *layers, struct cursor c)
{
	return juniper(layers, c, layer_frame_relay);
}

static enum decode_result juniper_hdlc(struct layers *layers, struct cursor c)
{
	return juniper(layers, c, layer_link_hdlc);
}

/* typed - an Ethernet type. */
static enum decode_result typed(struct layers *layers, struct cursor c)
{
	return layer_tag(layers, c, 0);
}

#define LINK_PPP_WITH_DIRECTION 204
#define LINK_RAW_OPENBSD 14
#define LINK_PFLOG_OLD 17
#define LINK_RAW_FILE 101
#define LINK_PKTAP 258
#define LINK_ETHERNET_MPACKET 274
#define LINK_SLL2 276
#define LINK_DSA_BROADCOM 281
#define LINK_DSA_BROADCOM_PREPENDED 282
#define LINK_DSA 284
#define LINK_DSA_TYPED 285

static const struct link links[] = {
	{ DLT_EN10MB, 0, layer_ethernet },
	{ DLT_LINUX_SLL, 0, cooked1 },
	{ LINK_SLL2, 0, cooked2 },
	{ DLT_RAW, 0, layer_ip },
	{ LINK_RAW_OPENBSD, 0, layer_ip },
	{ LINK_RAW_FILE, 0, layer_ip },
	{ DLT_IPV4, 0, layer_ip },
	{ DLT_IPV6, 0, layer_ip },
	{ DLT_NULL, 0, null },
	{ DLT_LOOP, 0, null },
	{ DLT_PPP, 0, layer_ppp },
	{ DLT_PPP_SERIAL, 0, ppp_serial },
	{ DLT_PPP_ETHER, 0, layer_pppoe },
	{ LINK_PPP_WITH_DIRECTION, 1, layer_ppp },
	{ DLT_C_HDLC, 0, layer_link_hdlc },
	{ DLT_ATM_RFC1483, 0, layer_llc },
	{ DLT_MPLS, 0, layer_mpls },
	{ DLT_IEEE802_11, 0, layer_wifi },
	{ DLT_IEEE802_11_RADIO, 0, layer_radiotap },
	{ DLT_PRISM_HEADER, 0, layer_prism },
	{ DLT_IEEE802_11_RADIO_AVS, 0, layer_prism },
	{ DLT_PPI, 0, ppi },
	{ LINK_PKTAP, 0, pktap },
	{ DLT_USER2, 0, pktap }, /* as macOS wrote it in the beginning */
	{ DLT_NFLOG, 0, nflog },
	{ DLT_PFLOG, 0, pflog },
	{ LINK_PFLOG_OLD, 28, layer_ip },
	{ DLT_ENC, 12, layer_ip }, /* OpenBSD's IPsec interface: address family, index, flags, then IP in clear */
	{ DLT_FRELAY, 0, layer_frame_relay },
	{ DLT_FRELAY_WITH_DIR, 1, layer_frame_relay },
	{ DLT_IPOIB, 0, ipoib },
	{ DLT_FDDI, 0, fddi },
	{ DLT_IEEE802, 0, token_ring },
	{ DLT_JUNIPER_ETHER, 0, juniper_ethernet },
	{ DLT_JUNIPER_PPP, 0, juniper_ppp },
	{ DLT_JUNIPER_FRELAY, 0, juniper_frame_relay },
	{ DLT_JUNIPER_CHDLC, 0, juniper_hdlc },
	{ LINK_DSA, 12, layer_dsa_tag },       /* the tag of a switch chip after the addresses of a frame */
	{ LINK_DSA_TYPED, 0, layer_ethernet }, /* the tag has an Ethernet type */
	{ LINK_DSA_BROADCOM, 16, typed },      /* Broadcom's, with an Ethernet type */
	{ LINK_DSA_BROADCOM_PREPENDED, 4, layer_ethernet },
	{ DLT_NETANALYZER, 4, layer_ethernet },
	{ DLT_NETANALYZER_TRANSPARENT, 12, layer_ethernet }, /* with the preamble of Ethernet on the wire */
	{ LINK_ETHERNET_MPACKET, 8, layer_ethernet },        /* the preamble */
	{ DLT_SUNATM, 4, layer_llc },
	{ DLT_ATM_CLIP, 0, layer_llc },
	{ DLT_IP_OVER_FC, 16, layer_llc },
	{ DLT_APPLE_IP_OVER_IEEE1394, 16, typed },
	{ DLT_SLIP, 16, layer_ip },
	{ DLT_IPNET, 24, layer_ip },
};

const struct link *link_find(int type)
{
	for (size_t i = 0; i < G_N_ELEMENTS(links); i++)
		if (links[i].type == type)
			return &links[i];
	return NULL;
}
