/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * ethertype.c - Ethernet frames, LLC, and the Ethernet types: IP, tags, frames within frames. Private to the decoder;
 * see layers.h.
 *
 * ethertypes[] has a row for each type. Most tags have a fixed size and another Ethernet type at their end.
 */
#include "layers.h"

#include <stddef.h>

enum ethertype { TYPE_IPV4 = 0x0800, TYPE_IPV6 = 0x86dd, TYPE_VLAN = 0x8100 };

enum decode_result layer_skip(struct layers *layers, struct cursor c, uint32_t size, layer *next)
{
	if (!cursor_take(&c, size))
		return cursor_short(&c, size);
	return next(layers, c);
}

enum decode_result layer_tag(struct layers *layers, struct cursor c, uint32_t size)
{
	if (!layers_deeper(layers))
		return DECODE_TOO_DEEP;
	const uint8_t *h = cursor_take(&c, size + 2);
	if (!h)
		return cursor_short(&c, size + 2);
	return layer_ethertype(layers, c, be16(h + size));
}

/* ---- tags ---- */

/* note_vlan - the packet is in this VLAN; 0 is none. */
static void note_vlan(struct layers *layers, uint16_t id)
{
	if (id == 0) /* only a priority, no VLAN */
		return;
	layers_within(layers, CONTEXT_VLAN, id);
	if (layers->vlan_count < DECODE_VLAN_MAX)
		layers->vlan[layers->vlan_count++] = id;
}

/* vlan - one tag; a stack of tags is a recursion, limited by the depth. */
static enum decode_result vlan(struct layers *layers, struct cursor c)
{
	if (!layers_deeper(layers))
		return DECODE_TOO_DEEP;
	const uint8_t *h = cursor_take(&c, 4);
	if (!h)
		return cursor_short(&c, 4);
	note_vlan(layers, be16(h) & 0x0fff);
	return layer_ethertype(layers, c, be16(h + 2));
}

/* backbone - the service tag of 802.1ah, then the customer's frame. */
static enum decode_result backbone(struct layers *layers, struct cursor c)
{
	const uint8_t *h = cursor_take(&c, 4);
	if (!h)
		return cursor_short(&c, 4);
	layers_within(layers, CONTEXT_SERVICE, be24(h + 1));
	return layer_ethernet(layers, c);
}

/* cisco_metadata - a version, the number of options, each of 4 octets, and a type. */
static enum decode_result cisco_metadata(struct layers *layers, struct cursor c)
{
	const int options = cursor_peek(&c, 1);
	return layer_tag(layers, c, 2 + 4 * (options > 0 ? (uint32_t)options : 1));
}

/* macsec - 802.1AE. A frame that is only authenticated is in clear; its check value follows it. */
static enum decode_result macsec(struct layers *layers, struct cursor c)
{
	enum { IDENTIFIER = 0x20, ENCRYPTED = 0x08, CHANGED = 0x04 };
	const uint32_t check_value = 16;
	const int flags = cursor_peek(&c, 0);
	if (flags < 0)
		return cursor_short(&c, 1);
	if (flags & (ENCRYPTED | CHANGED))
		return DECODE_ENCRYPTED;
	layers->trailer += check_value;
	return layer_tag(layers, c, flags & IDENTIFIER ? 14 : 6);
}

/* trill - RFC 6325: a header, options, the original frame. */
static enum decode_result trill(struct layers *layers, struct cursor c)
{
	const uint8_t *h = cursor_take(&c, 6);
	if (!h)
		return cursor_short(&c, 6);
	return layer_skip(layers, c, (be16(h) >> 6 & 0x1fu) * 4, layer_ethernet);
}

/* arista - a time stamp of the switch, in two sizes. */
static enum decode_result arista(struct layers *layers, struct cursor c)
{
	enum { SUBTYPE_TIME = 1, FORMAT_64_BITS = 1, FORMAT_48_BITS = 2 };
	if (c.captured < 4)
		return cursor_short(&c, 4);
	const unsigned format = c.data[3] >> 4;
	if (be16(c.data) != SUBTYPE_TIME || (format != FORMAT_64_BITS && format != FORMAT_48_BITS))
		return layer_unknown(layers, c, UNKNOWN_ETHERTYPE, 0xd28b);
	return layer_tag(layers, c, format == FORMAT_64_BITS ? 12 : 10);
}

enum decode_result layer_dsa_tag(struct layers *layers, struct cursor c)
{
	const uint8_t tagged = 0x20;
	if (c.captured >= 4 && (c.data[0] & tagged))
		note_vlan(layers, be16(c.data + 2) & 0x0fff);
	return layer_tag(layers, c, 4);
}

/* dsa_with_type - a DSA tag after its own Ethernet type and two octets. */
static enum decode_result dsa_with_type(struct layers *layers, struct cursor c)
{
	return layer_skip(layers, c, 2, layer_dsa_tag);
}

enum decode_result layer_nsh(struct layers *layers, struct cursor c)
{
	enum { NEXT_IPV4 = 1, NEXT_IPV6, NEXT_ETHERNET, NEXT_NSH, NEXT_MPLS };
	if (!layers_deeper(layers))
		return DECODE_TOO_DEEP;
	const uint8_t *h = c.data;
	if (c.captured < 8)
		return cursor_short(&c, 8);
	const uint32_t size = (h[1] & 0x3fu) * 4;
	if (h[0] >> 6 != 0 || size < 8)
		return DECODE_MALFORMED;
	switch (h[3]) {
	case NEXT_IPV4:
		return layer_skip(layers, c, size, layer_ipv4);
	case NEXT_IPV6:
		return layer_skip(layers, c, size, layer_ipv6);
	case NEXT_ETHERNET:
		return layer_skip(layers, c, size, layer_ethernet);
	case NEXT_NSH:
		return layer_skip(layers, c, size, layer_nsh);
	case NEXT_MPLS:
		return layer_skip(layers, c, size, layer_mpls);
	default:
		return DECODE_NOT_IP;
	}
}

/* ---- types ---- */

static enum decode_result not_ip(struct layers *layers, struct cursor c)
{
	return DECODE_NOT_IP;
}

/* After `size` octets comes the layer `next` or, if that is NULL, another Ethernet type. */
static const struct row {
	uint16_t type;
	uint8_t size;
	layer *next;
} ethertypes[] = {
	{ TYPE_IPV4, 0, layer_ipv4 }, { TYPE_IPV6, 0, layer_ipv6 }, { TYPE_VLAN, 0, vlan },
	{ 0x88a8, 0, vlan }, /* 802.1ad */
	{ 0x8200, 0, vlan }, /* older tags of several vendors */
	{ 0x9100, 0, vlan }, { 0x9200, 0, vlan }, { 0x9300, 0, vlan }, { 0x8847, 0, layer_mpls },
	{ 0x8848, 0, layer_mpls }, { 0x8864, 0, layer_pppoe }, { 0x880b, 0, layer_ppp },
	{ 0x6558, 0, layer_ethernet },                                /* transparent bridging */
	{ 0x88e7, 0, backbone },                                      /* 802.1ah */
	{ 0x8870, 0, layer_llc },                                     /* LLC in frames too long for a length field */
	{ 0x8926, 4, NULL },                                          /* VN-Tag */
	{ 0x893f, 6, NULL },                                          /* E-Tag, 802.1BR */
	{ 0x8909, 0, cisco_metadata }, { 0x8903, 2, layer_ethernet }, /* FabricPath */
	{ 0x88e5, 0, macsec }, { 0x892f, 4, NULL },                   /* HSR */
	{ 0x22f3, 0, trill }, { 0x894f, 0, layer_nsh }, { 0xd28b, 0, arista }, { 0xdada, 0, dsa_with_type },
	/* Known types that do not carry IP. */
	{ 0x0600, 0, not_ip }, /* XNS */
	{ 0x0806, 0, not_ip }, /* ARP */
	{ 0x0842, 0, not_ip }, /* Wake-on-LAN */
	{ 0x2000, 0, not_ip }, /* CDP */
	{ 0x2001, 0, not_ip }, /* NHRP in GRE, CGMP */
	{ 0x2003, 0, not_ip }, /* VTP */
	{ 0x2004, 0, not_ip }, /* DTP */
	{ 0x010b, 0, not_ip }, /* PVST */
	{ 0x22ea, 0, not_ip }, /* SRP */
	{ 0x22f0, 0, not_ip }, /* AVTP */
	{ 0x22f4, 0, not_ip }, /* TRILL's IS-IS */
	{ 0x6001, 0, not_ip }, /* DEC's */
	{ 0x6002, 0, not_ip }, { 0x6003, 0, not_ip }, { 0x6004, 0, not_ip }, { 0x8035, 0, not_ip }, /* RARP */
	{ 0x809b, 0, not_ip },                                                                      /* AppleTalk */
	{ 0x80f3, 0, not_ip }, { 0x8137, 0, not_ip },                                               /* IPX */
	{ 0x8809, 0, not_ip },                                               /* LACP and others */
	{ 0x8863, 0, not_ip },                                               /* PPPoE discovery */
	{ 0x886c, 0, not_ip },                                               /* Broadcom */
	{ 0x886d, 0, not_ip },                                               /* Intel, teaming */
	{ 0x8874, 0, not_ip },                                               /* loop detection */
	{ 0x887b, 0, not_ip },                                               /* HomePlug */
	{ 0x888e, 0, not_ip },                                               /* 802.1X */
	{ 0x8892, 0, not_ip },                                               /* PROFINET */
	{ 0x8899, 0, not_ip },                                               /* Realtek */
	{ 0x88a2, 0, not_ip },                                               /* ATA over Ethernet */
	{ 0x88a4, 0, not_ip },                                               /* EtherCAT */
	{ 0x88ab, 0, not_ip },                                               /* POWERLINK */
	{ 0x88b8, 0, not_ip },                                               /* GOOSE and others */
	{ 0x88b9, 0, not_ip }, { 0x88ba, 0, not_ip }, { 0x88bf, 0, not_ip }, /* MikroTik */
	{ 0x88c7, 0, not_ip },                                               /* 802.11 pre-authentication */
	{ 0x88cc, 0, not_ip },                                               /* LLDP */
	{ 0x88cd, 0, not_ip },                                               /* SERCOS */
	{ 0x88d9, 0, not_ip },                                               /* LLTD */
	{ 0x88e1, 0, not_ip },                                               /* HomePlug */
	{ 0x88e3, 0, not_ip },                                               /* MRP */
	{ 0x88f5, 0, not_ip },                                               /* MVRP */
	{ 0x88f6, 0, not_ip },                                               /* MMRP */
	{ 0x88f7, 0, not_ip },                                               /* PTP */
	{ 0x88f8, 0, not_ip },                                               /* NC-SI */
	{ 0x88fb, 0, not_ip },                                               /* PRP's supervision */
	{ 0x8902, 0, not_ip },                                               /* CFM */
	{ 0x8906, 0, not_ip },                                               /* FCoE */
	{ 0x890d, 0, not_ip },                                               /* 802.11 management */
	{ 0x8912, 0, not_ip },                                               /* HomePlug */
	{ 0x8914, 0, not_ip },                                               /* FCoE */
	{ 0x8915, 0, not_ip },                                               /* RoCE */
	{ 0x8929, 0, not_ip },                                               /* 802.1Qbe */
	{ 0x893a, 0, not_ip },                                               /* IEEE 1905 */
	{ 0x8940, 0, not_ip },                                               /* 802.1Qbg */
	{ 0x8942, 0, not_ip },                                               /* TRILL's bridge channel */
	{ 0x8946, 0, not_ip }, { 0x9000, 0, not_ip },                        /* loopback test */
};

static const struct row *find_row(uint16_t type)
{
	for (size_t i = 0; i < sizeof ethertypes / sizeof ethertypes[0]; i++)
		if (ethertypes[i].type == type)
			return &ethertypes[i];
	return NULL;
}

enum decode_result layer_ethertype(struct layers *layers, struct cursor c, uint16_t type)
{
	if (type == TYPE_IPV4)
		return layer_ipv4(layers, c);
	if (type == TYPE_IPV6)
		return layer_ipv6(layers, c);
	if (type <= ETHERNET_LENGTH_MAX)
		return layer_llc(layers, c);
	const struct row *row = find_row(type);
	if (!row)
		return type < ETHERTYPE_MIN ? DECODE_NOT_IP : layer_unknown(layers, c, UNKNOWN_ETHERTYPE, type);
	return row->next ? layer_skip(layers, c, row->size, row->next) : layer_tag(layers, c, row->size);
}

enum decode_result layer_ethernet(struct layers *layers, struct cursor c)
{
	if (!layers_deeper(layers))
		return DECODE_TOO_DEEP;
	const uint8_t *h = cursor_take(&c, ETHERNET_HEADER);
	if (!h)
		return cursor_short(&c, ETHERNET_HEADER);
	return layer_ethertype(layers, c, be16(h + ETHERNET_ADDRESSES));
}

/* ---- LLC ---- */

enum nlpid { NLPID_IPV4 = 0xcc, NLPID_IPV6 = 0x8e, NLPID_SNAP = 0x80, NLPID_PPP = 0xcf };
enum organisation { ORGANISATION_NONE = 0, ORGANISATION_8021 = 0x0080c2, ORGANISATION_TUNNEL = 0x0000f8 };

/* snap - a protocol number of an organisation. For two of them it is an Ethernet type: 0 (RFC 1042) and bridge tunnel
 * (802.1H). 802.1's own are bridged frames, on ATM after two octets of padding. */
static enum decode_result snap(struct layers *layers, struct cursor c, uint32_t padding)
{
	enum { BRIDGED_WITH_FCS = 1, BRIDGED = 7 };
	const uint8_t *h = cursor_take(&c, 5);
	if (!h)
		return cursor_short(&c, 5);
	const uint32_t organisation = be24(h);
	const uint16_t protocol = be16(h + 3);
	if (organisation == ORGANISATION_8021 && (protocol == BRIDGED_WITH_FCS || protocol == BRIDGED))
		return layer_skip(layers, c, padding, layer_ethernet);
	if ((organisation != ORGANISATION_NONE && organisation != ORGANISATION_TUNNEL) ||
		protocol <= ETHERNET_LENGTH_MAX)
		return layer_search(layers, c, DECODE_NOT_IP); /* ISL and others */
	return layer_ethertype(layers, c, protocol);
}

/* by_nlpid - protocols by their ISO numbers (RFC 2427, RFC 2684). */
static enum decode_result by_nlpid(struct layers *layers, struct cursor c)
{
	const uint8_t *h = cursor_take(&c, 1);
	if (!h)
		return cursor_short(&c, 1);
	switch (h[0]) {
	case NLPID_IPV4:
		return layer_ipv4(layers, c);
	case NLPID_IPV6:
		return layer_ipv6(layers, c);
	case NLPID_SNAP:
		return snap(layers, c, 0);
	case NLPID_PPP:
		return layer_ppp(layers, c);
	default:
		return DECODE_NOT_IP;
	}
}

enum decode_result layer_llc(struct layers *layers, struct cursor c)
{
	enum { SAP_IP = 0x06, SAP_SNAP = 0xaa, SAP_ISO = 0xfe, UNNUMBERED = 0x03 };
	if (!layers_deeper(layers))
		return DECODE_TOO_DEEP;
	const uint8_t *h = cursor_take(&c, 3);
	if (!h)
		return cursor_short(&c, 3);
	if (h[0] == SAP_IP && h[1] == SAP_IP)
		return layer_ipv4(layers, c);
	if (h[0] == SAP_SNAP && h[1] == SAP_SNAP && h[2] == UNNUMBERED)
		return snap(layers, c, 2);
	if (h[0] == SAP_ISO && h[1] == SAP_ISO && h[2] == UNNUMBERED)
		return by_nlpid(layers, c);
	return DECODE_NOT_IP;
}

/* layer_frame_relay - an address of 2 to 4 octets, then RFC 2427 (control, NLPID), or, as Cisco does, an Ethernet
 * type. */
enum decode_result layer_frame_relay(struct layers *layers, struct cursor c)
{
	const uint8_t last = 0x01, unnumbered = 0x03;
	uint32_t address = 2;
	if (!layers_deeper(layers))
		return DECODE_TOO_DEEP;
	while (address < 4 && cursor_peek(&c, address - 1) >= 0 && !(cursor_peek(&c, address - 1) & last))
		address++;
	if (!cursor_take(&c, address))
		return cursor_short(&c, address);
	if (cursor_peek(&c, 0) != unnumbered)
		return layer_tag(layers, c, 0);
	cursor_take(&c, 1);
	if (cursor_peek(&c, 0) == 0) /* padding */
		cursor_take(&c, 1);
	return by_nlpid(layers, c);
}
