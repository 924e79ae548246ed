/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * link.c - link types of captures. Private to the decoder; see layers.h.
 *
 * links[] has a row for each link type. Numbers of link types that are not in every version of libpcap's header are
 * written here.
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

static enum decode_result ppp_with_direction(struct layers *layers, struct cursor c)
{
	return layer_skip(layers, c, 1, layer_ppp);
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
	layer *handler = link_handler(link_type);
	return handler ? handler(layers, c) : layer_unknown(layers, c, UNKNOWN_LINK_TYPE, link_type);
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

static enum decode_result old_pflog(struct layers *layers, struct cursor c)
{
	return layer_skip(layers, c, 28, layer_ip);
}

/* enc - OpenBSD's IPsec interface: address family, index, flags, then IP in clear. */
static enum decode_result enc(struct layers *layers, struct cursor c)
{
	return layer_skip(layers, c, 12, layer_ip);
}

static enum decode_result frame_relay_with_direction(struct layers *layers, struct cursor c)
{
	return layer_skip(layers, c, 1, layer_frame_relay);
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

/* dsa, broadcom - the tag of a switch chip after the addresses of a frame. */
static enum decode_result dsa(struct layers *layers, struct cursor c)
{
	return layer_skip(layers, c, 12, layer_dsa_tag);
}

static enum decode_result broadcom_tag(struct layers *layers, struct cursor c)
{
	return layer_tag(layers, c, 4);
}

static enum decode_result broadcom(struct layers *layers, struct cursor c)
{
	return layer_skip(layers, c, 12, broadcom_tag);
}

/* prepended - four octets before a frame: Broadcom's tag, netANALYZER's header. */
static enum decode_result prepended(struct layers *layers, struct cursor c)
{
	return layer_skip(layers, c, 4, layer_ethernet);
}

/* with_preamble - the preamble of Ethernet on the wire, then the frame. */
static enum decode_result with_preamble(struct layers *layers, struct cursor c)
{
	return layer_skip(layers, c, 8, layer_ethernet);
}

static enum decode_result netanalyzer_transparent(struct layers *layers, struct cursor c)
{
	return layer_skip(layers, c, 4, with_preamble);
}

static enum decode_result sun_atm(struct layers *layers, struct cursor c)
{
	return layer_skip(layers, c, 4, layer_llc);
}

static enum decode_result slip(struct layers *layers, struct cursor c)
{
	return layer_skip(layers, c, 16, layer_ip);
}

static enum decode_result fibre_channel(struct layers *layers, struct cursor c)
{
	return layer_skip(layers, c, 16, layer_llc);
}

static enum decode_result firewire(struct layers *layers, struct cursor c)
{
	return layer_tag(layers, c, 16);
}

static enum decode_result solaris_ipnet(struct layers *layers, struct cursor c)
{
	return layer_skip(layers, c, 24, layer_ip);
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

static const struct link {
	int type;
	layer *handler;
} links[] = {
	{ DLT_EN10MB, layer_ethernet },
	{ DLT_LINUX_SLL, cooked1 },
	{ LINK_SLL2, cooked2 },
	{ DLT_RAW, layer_ip },
	{ LINK_RAW_OPENBSD, layer_ip },
	{ LINK_RAW_FILE, layer_ip },
	{ DLT_IPV4, layer_ip },
	{ DLT_IPV6, layer_ip },
	{ DLT_NULL, null },
	{ DLT_LOOP, null },
	{ DLT_PPP, layer_ppp },
	{ DLT_PPP_SERIAL, ppp_serial },
	{ DLT_PPP_ETHER, layer_pppoe },
	{ LINK_PPP_WITH_DIRECTION, ppp_with_direction },
	{ DLT_C_HDLC, layer_link_hdlc },
	{ DLT_ATM_RFC1483, layer_llc },
	{ DLT_MPLS, layer_mpls },
	{ DLT_IEEE802_11, layer_wifi },
	{ DLT_IEEE802_11_RADIO, layer_radiotap },
	{ DLT_PRISM_HEADER, layer_prism },
	{ DLT_IEEE802_11_RADIO_AVS, layer_prism },
	{ DLT_PPI, ppi },
	{ LINK_PKTAP, pktap },
	{ DLT_USER2, pktap }, /* as macOS wrote it in the beginning */
	{ DLT_NFLOG, nflog },
	{ DLT_PFLOG, pflog },
	{ LINK_PFLOG_OLD, old_pflog },
	{ DLT_ENC, enc },
	{ DLT_FRELAY, layer_frame_relay },
	{ DLT_FRELAY_WITH_DIR, frame_relay_with_direction },
	{ DLT_IPOIB, ipoib },
	{ DLT_FDDI, fddi },
	{ DLT_IEEE802, token_ring },
	{ DLT_JUNIPER_ETHER, juniper_ethernet },
	{ DLT_JUNIPER_PPP, juniper_ppp },
	{ DLT_JUNIPER_FRELAY, juniper_frame_relay },
	{ DLT_JUNIPER_CHDLC, juniper_hdlc },
	{ LINK_DSA, dsa },
	{ LINK_DSA_TYPED, layer_ethernet }, /* the tag has an Ethernet type */
	{ LINK_DSA_BROADCOM, broadcom },
	{ LINK_DSA_BROADCOM_PREPENDED, prepended },
	{ DLT_NETANALYZER, prepended },
	{ DLT_NETANALYZER_TRANSPARENT, netanalyzer_transparent },
	{ LINK_ETHERNET_MPACKET, with_preamble },
	{ DLT_SUNATM, sun_atm },
	{ DLT_ATM_CLIP, layer_llc },
	{ DLT_IP_OVER_FC, fibre_channel },
	{ DLT_APPLE_IP_OVER_IEEE1394, firewire },
	{ DLT_SLIP, slip },
	{ DLT_IPNET, solaris_ipnet },
};

layer *link_handler(int link_type)
{
	for (size_t i = 0; i < G_N_ELEMENTS(links); i++)
		if (links[i].type == link_type)
			return links[i].handler;
	return NULL;
}
