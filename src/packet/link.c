/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * link.c - link types of captures, Ethernet types, VLAN tags, LLC. Private to the decoder; see layers.h.
 *
 * links[] has a row for each link type. Numbers of link types that are not in every version of libpcap's header are
 * written here.
 */
#include "layers.h"

#include <pcap/dlt.h>
#include <stddef.h>
#include <string.h>

#define ETHERNET_HEADER 14u
#define ETHERNET_LENGTH_MAX 1500 /* not more: the field is a length, and LLC follows */

enum ethertype {
	TYPE_IPV4 = 0x0800,
	TYPE_TRANSPARENT = 0x6558,
	TYPE_VLAN = 0x8100,
	TYPE_IPV6 = 0x86dd,
	TYPE_MPLS = 0x8847,
	TYPE_MPLS_UPSTREAM = 0x8848,
	TYPE_PPPOE = 0x8864,
	TYPE_JUMBO_LLC = 0x8870,
	TYPE_PPP = 0x880b,
	TYPE_QINQ = 0x88a8,
	TYPE_BACKBONE = 0x88e7, /* 802.1ah */
	TYPE_QINQ_9100 = 0x9100,
	TYPE_QINQ_9200 = 0x9200,
	TYPE_QINQ_9300 = 0x9300
};

/* skip - goes on with a handler behind `size` octets that don't matter. */
static enum decode_result skip(struct layers *layers, struct cursor c, uint32_t size, layer *next)
{
	if (cursor_take(&c, size) == NULL)
		return cursor_short(&c, size);
	return next(layers, c);
}

/* vlan - one tag; the stack is a recursion that the depth bounds. */
static enum decode_result vlan(struct layers *layers, struct cursor c)
{
	if (!layers_deeper(layers))
		return DECODE_TOO_DEEP;
	const uint8_t *h = cursor_take(&c, 4);
	if (h == NULL)
		return cursor_short(&c, 4);
	uint16_t id = be16(h) & 0x0fff;
	if (id != 0) { /* 0 is a priority, no VLAN */
		layers_within(layers, CONTEXT_VLAN, id);
		if (layers->vlan_count < DECODE_VLAN_MAX)
			layers->vlan[layers->vlan_count++] = id;
	}
	return layer_ethertype(layers, c, be16(h + 2));
}

/* backbone - the service tag of 802.1ah, then the customer's frame. */
static enum decode_result backbone(struct layers *layers, struct cursor c)
{
	const uint8_t *h = cursor_take(&c, 4);
	if (h == NULL)
		return cursor_short(&c, 4);
	layers_within(layers, CONTEXT_SERVICE, be24(h + 1));
	return layer_ethernet(layers, c);
}

enum decode_result layer_ethertype(struct layers *layers, struct cursor c, uint16_t type)
{
	switch (type) {
	case TYPE_IPV4:
		return layer_ipv4(layers, c);
	case TYPE_IPV6:
		return layer_ipv6(layers, c);
	case TYPE_VLAN:
	case TYPE_QINQ:
	case TYPE_QINQ_9100:
	case TYPE_QINQ_9200:
	case TYPE_QINQ_9300:
		return vlan(layers, c);
	case TYPE_MPLS:
	case TYPE_MPLS_UPSTREAM:
		return layer_mpls(layers, c);
	case TYPE_PPPOE:
		return layer_pppoe(layers, c);
	case TYPE_PPP:
		return layer_ppp(layers, c);
	case TYPE_TRANSPARENT:
		return layer_ethernet(layers, c);
	case TYPE_BACKBONE:
		return backbone(layers, c);
	case TYPE_JUMBO_LLC:
		return layer_llc(layers, c);
	default:
		return type <= ETHERNET_LENGTH_MAX ? layer_llc(layers, c) : DECODE_NOT_IP;
	}
}

enum decode_result layer_ethernet(struct layers *layers, struct cursor c)
{
	if (!layers_deeper(layers))
		return DECODE_TOO_DEEP;
	const uint8_t *h = cursor_take(&c, ETHERNET_HEADER);
	if (h == NULL)
		return cursor_short(&c, ETHERNET_HEADER);
	return layer_ethertype(layers, c, be16(h + 12));
}

enum decode_result layer_llc(struct layers *layers, struct cursor c)
{
	if (!layers_deeper(layers))
		return DECODE_TOO_DEEP;
	const uint8_t *h = cursor_take(&c, 3);
	if (h == NULL)
		return cursor_short(&c, 3);
	if (h[0] == 0x06 && h[1] == 0x06) /* IP directly */
		return layer_ipv4(layers, c);
	if (h[0] != 0xaa || h[1] != 0xaa || h[2] != 0x03)
		return DECODE_NOT_IP;
	const uint8_t *snap = cursor_take(&c, 5);
	if (snap == NULL)
		return cursor_short(&c, 5);
	/* The organisations under which the protocol is an Ethernet type: none (RFC 1042), bridge tunnel (802.1H). */
	uint32_t organisation = be24(snap);
	if ((organisation != 0 && organisation != 0x0000f8) || be16(snap + 3) <= ETHERNET_LENGTH_MAX)
		return DECODE_NOT_IP;
	return layer_ethertype(layers, c, be16(snap + 3));
}

/* null - BSD's loopback: the address family in the byte order of the capturing machine (LOOP: big-endian). */
static enum decode_result null(struct layers *layers, struct cursor c)
{
	const uint8_t *h = cursor_take(&c, 4);
	if (h == NULL)
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

/* cooked - the protocol of Linux' cooked captures: an Ethernet type, or a small number of Linux' own. */
static enum decode_result cooked(struct layers *layers, struct cursor c, uint16_t protocol)
{
	if (protocol == 0x0004)
		return layer_llc(layers, c);
	return protocol <= ETHERNET_LENGTH_MAX ? DECODE_NOT_IP : layer_ethertype(layers, c, protocol);
}

static enum decode_result cooked1(struct layers *layers, struct cursor c)
{
	const uint8_t *h = cursor_take(&c, 16);
	return h == NULL ? cursor_short(&c, 16) : cooked(layers, c, be16(h + 14));
}

static enum decode_result cooked2(struct layers *layers, struct cursor c)
{
	const uint8_t *h = cursor_take(&c, 20);
	return h == NULL ? cursor_short(&c, 20) : cooked(layers, c, be16(h));
}

/* hdlc - Cisco's framing: address, control, an Ethernet type. */
static enum decode_result hdlc(struct layers *layers, struct cursor c)
{
	const uint8_t *h = cursor_take(&c, 4);
	return h == NULL ? cursor_short(&c, 4) : layer_ethertype(layers, c, be16(h + 2));
}

/* ppp_serial - PPP in HDLC-like framing, or Cisco's. */
static enum decode_result ppp_serial(struct layers *layers, struct cursor c)
{
	int address = cursor_peek(&c, 0);
	return address == 0x0f || address == 0x8f ? hdlc(layers, c) : layer_ppp(layers, c);
}

static enum decode_result ppp_with_direction(struct layers *layers, struct cursor c)
{
	return skip(layers, c, 1, layer_ppp);
}

enum wifi { WIFI_DATA = 2, WIFI_NO_DATA = 4, WIFI_QOS = 8 }; /* types and bits of subtypes */
enum wifi_flag { WIFI_TO_DS = 1, WIFI_FROM_DS = 2, WIFI_PROTECTED = 0x40, WIFI_ORDER = 0x80 };

/* wifi_frame - an 802.11 data frame that is not encrypted. `padded`: the driver padded its header to 4 octets. */
static enum decode_result wifi_frame(struct layers *layers, struct cursor c, bool padded)
{
	const uint8_t *h = cursor_take(&c, 24);
	if (h == NULL)
		/* Control frames are shorter. */
		return cursor_peek(&c, 0) >= 0 && (cursor_peek(&c, 0) >> 2 & 3) != WIFI_DATA ? DECODE_NOT_IP
											     : cursor_short(&c, 24);
	unsigned type = h[0] >> 2 & 3, subtype = h[0] >> 4, flags = h[1];
	if (type != WIFI_DATA || (subtype & WIFI_NO_DATA) || (flags & WIFI_PROTECTED) || (h[22] & 0x0f) != 0)
		return DECODE_NOT_IP; /* later fragments are not reassembled */
	uint32_t header = 24, rest = (flags & WIFI_TO_DS) && (flags & WIFI_FROM_DS) ? 6 : 0;
	bool aggregate = false;
	if (subtype & WIFI_QOS) {
		aggregate = cursor_peek(&c, rest) > 0 && (cursor_peek(&c, rest) & 0x80);
		rest += flags & WIFI_ORDER ? 6 : 2;
	}
	if (padded)
		rest += (4 - (header + rest) % 4) % 4;
	if (aggregate) /* the first frame of several */
		rest += ETHERNET_HEADER;
	return skip(layers, c, rest, layer_llc);
}

static enum decode_result wifi(struct layers *layers, struct cursor c)
{
	return wifi_frame(layers, c, false);
}

/* radiotap - a header of known length, in which only the flag for padding matters. */
static enum decode_result radiotap(struct layers *layers, struct cursor c)
{
	const uint32_t more = UINT32_C(1) << 31, clock = 1, flags = 2;
	struct cursor fields = c;
	const uint8_t *h = cursor_take(&fields, 8);
	if (h == NULL)
		return cursor_short(&fields, 8);
	uint32_t size = le16(h + 2), present = le32(h + 4), at = 8;
	if (size < 8)
		return DECODE_MALFORMED;
	const uint8_t *word = h + 4;
	while ((le32(word) & more) && (word = cursor_take(&fields, 4)) != NULL)
		at += 4;
	if (word == NULL)
		return cursor_short(&fields, 4);
	bool padded = false;
	if (present & flags) {
		if (present & clock)
			at = (at + 7) / 8 * 8 + 8;
		int octet = at < size ? cursor_peek(&c, at) : -1;
		padded = octet > 0 && (octet & 0x20);
	}
	if (cursor_take(&c, size) == NULL)
		return cursor_short(&c, size);
	return wifi_frame(layers, c, padded);
}

/* prism - two headers share the link type: Prism's (its length in the byte order of the machine) and AVS. */
static enum decode_result prism(struct layers *layers, struct cursor c)
{
	struct cursor fields = c;
	const uint8_t *h = cursor_take(&fields, 8);
	if (h == NULL)
		return cursor_short(&fields, 8);
	uint32_t big = be32(h + 4), little = le32(h + 4);
	uint32_t size = (be32(h) & 0xfffff000) == 0x80211000 ? big : big < little ? big : little;
	return size < 8 ? DECODE_MALFORMED : skip(layers, c, size, wifi);
}

static enum decode_result inner_link(struct layers *layers, struct cursor c, int link_type)
{
	if (!layers_deeper(layers))
		return DECODE_TOO_DEEP;
	layer *handler = link_handler(link_type);
	return handler != NULL ? handler(layers, c) : DECODE_LINK_UNKNOWN;
}

/* ppi - per-packet information: a header of known length and the link type of the rest. */
static enum decode_result ppi(struct layers *layers, struct cursor c)
{
	struct cursor fields = c;
	const uint8_t *h = cursor_take(&fields, 8);
	if (h == NULL)
		return cursor_short(&fields, 8);
	uint32_t size = le16(h + 2);
	if (size < 8)
		return DECODE_MALFORMED;
	return cursor_take(&c, size) != NULL ? inner_link(layers, c, (int)(le32(h + 4) & 0xffff))
					     : cursor_short(&c, size);
}

/* pktap - macOS: a header of known length and the link type of the rest. */
static enum decode_result pktap(struct layers *layers, struct cursor c)
{
	struct cursor fields = c;
	const uint8_t *h = cursor_take(&fields, 12);
	if (h == NULL)
		return cursor_short(&fields, 12);
	uint32_t size = le32(h);
	if (size < 12)
		return DECODE_MALFORMED;
	return cursor_take(&c, size) != NULL ? inner_link(layers, c, (int)(le32(h + 8) & 0xffff))
					     : cursor_short(&c, size);
}

/* nflog - Linux' netfilter log: attributes in the byte order of this machine (libpcap sees to it), one of which is the
 * packet. */
static enum decode_result nflog(struct layers *layers, struct cursor c)
{
	const uint16_t payload = 9;
	if (cursor_take(&c, 4) == NULL)
		return cursor_short(&c, 4);
	while (c.length != 0) {
		const uint8_t *h = cursor_take(&c, 4);
		if (h == NULL)
			return cursor_short(&c, 4);
		uint16_t size, type;
		memcpy(&size, h, sizeof(size));
		memcpy(&type, h + 2, sizeof(type));
		if (size < 4)
			return DECODE_MALFORMED;
		if ((type & 0x7fff) == payload) {
			cursor_limit(&c, size - 4u < c.length ? size - 4u : c.length);
			return layer_ip(layers, c);
		}
		uint32_t rest = (size + 3u) / 4 * 4 - 4;
		if (cursor_take(&c, rest) == NULL)
			return cursor_short(&c, rest);
	}
	return DECODE_NOT_IP;
}

#define LINK_PPP_WITH_DIRECTION 204
#define LINK_RAW_OPENBSD 14
#define LINK_RAW_FILE 101
#define LINK_PKTAP 258
#define LINK_SLL2 276

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
	{ DLT_C_HDLC, hdlc },
	{ DLT_ATM_RFC1483, layer_llc },
	{ DLT_MPLS, layer_mpls },
	{ DLT_IEEE802_11, wifi },
	{ DLT_IEEE802_11_RADIO, radiotap },
	{ DLT_PRISM_HEADER, prism },
	{ DLT_IEEE802_11_RADIO_AVS, prism },
	{ DLT_PPI, ppi },
	{ LINK_PKTAP, pktap },
	{ DLT_USER2, pktap }, /* as macOS wrote it at first */
	{ DLT_NFLOG, nflog },
};

layer *link_handler(int link_type)
{
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++)
		if (links[i].type == link_type)
			return links[i].handler;
	return NULL;
}
