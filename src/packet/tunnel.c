/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * tunnel.c - protocols that carry IP or Ethernet: MPLS, PPP, PPPoE, GRE, EtherIP. Private to the decoder; see layers.h.
 * Tunnels in UDP are in udp.c.
 *
 * An identifier is part of the context only if both directions have the same one: GRE keys are; the call of PPTP, the
 * session of a mirror port, MPLS labels and the flow octet of NVGRE are not.
 */
#include "layers.h"

#include <stddef.h>

/* MPLS ------------------------------------------------------------------------------------------------------------ */

enum decode_result layer_mpls(struct layers *layers, struct cursor c)
{
	const uint32_t control_word = 4;
	const uint8_t *h;
	do {
		if (!layers_deeper(layers))
			return DECODE_TOO_DEEP;
		h = cursor_take(&c, 4);
		if (!h)
			return cursor_short(&c, 4);
	} while ((h[2] & 1) == 0);
	int first = cursor_peek(&c, 0);
	if (first < 0)
		return cursor_short(&c, 1);
	/* No field identifies the payload: IP has its version; a pseudowire has a control word, or none. */
	if (first >> 4 == 4 || first >> 4 == 6)
		return layer_ip(layers, c);
	if (c.captured < control_word + 15)
		return cursor_short(&c, control_word + 15);
	if (first >> 4 == 0 && guess_ethernet(&c, control_word))
		cursor_take(&c, control_word);
	else if (!guess_ethernet(&c, 0))
		return layer_search(layers, c, DECODE_NOT_IP);
	return layer_ethernet(layers, c);
}

/* PPP ------------------------------------------------------------------------------------------------------------- */

enum ppp_protocol {
	PPP_IPV4 = 0x0021,
	PPP_BRIDGED = 0x0031,
	PPP_ENCRYPTED = 0x0053,
	PPP_IPV6 = 0x0057,
	PPP_COMPRESSED = 0x00fd, /* MPPE's encryption, too */
	PPP_MPLS = 0x0281,
	PPP_NETWORK_MAX = 0x3fff /* higher numbers are control protocols, without user data */
};

/* bridged - RFC 3518: flags with the size of the padding, the type of the frame. */
static enum decode_result bridged(struct layers *layers, struct cursor c)
{
	enum { ETHERNET = 1 };
	const uint8_t *h = cursor_take(&c, 2);
	if (!h)
		return cursor_short(&c, 2);
	return h[1] == ETHERNET ? layer_ethernet(layers, c) : DECODE_NOT_IP;
}

enum decode_result layer_ppp(struct layers *layers, struct cursor c)
{
	if (!layers_deeper(layers))
		return DECODE_TOO_DEEP;
	/* Address and control may be left out, and the first octet of the protocol when it is zero. */
	if (cursor_peek(&c, 0) == 0xff && !cursor_take(&c, 2))
		return cursor_short(&c, 2);
	uint32_t size = cursor_peek(&c, 0) > 0 && (cursor_peek(&c, 0) & 1) ? 1 : 2;
	const uint8_t *h = cursor_take(&c, size);
	if (!h)
		return cursor_short(&c, size);
	const uint16_t protocol = size == 1 ? h[0] : be16(h);
	switch (protocol) {
	case PPP_IPV4:
		return layer_ipv4(layers, c);
	case PPP_IPV6:
		return layer_ipv6(layers, c);
	case PPP_MPLS:
		return layer_mpls(layers, c);
	case PPP_BRIDGED:
		return bridged(layers, c);
	case PPP_ENCRYPTED:
	case PPP_COMPRESSED:
		return DECODE_ENCRYPTED;
	default:
		return protocol > PPP_NETWORK_MAX ? DECODE_NOT_IP : layer_unknown(layers, c, UNKNOWN_PPP, protocol);
	}
}

enum decode_result layer_pppoe(struct layers *layers, struct cursor c)
{
	const uint8_t *h = cursor_take(&c, 6);
	if (!h)
		return cursor_short(&c, 6);
	if (h[0] != 0x11)
		return DECODE_MALFORMED;
	return h[1] == 0 ? layer_ppp(layers, c) : DECODE_NOT_IP; /* discovery */
}

/* GRE ------------------------------------------------------------------------------------------------------------- */

enum gre_flag {
	GRE_CHECKSUM = 0x8000,
	GRE_ROUTING = 0x4000,
	GRE_KEY = 0x2000,
	GRE_SEQUENCE = 0x1000,
	GRE_ACKNOWLEDGEMENT = 0x0080, /* version 1 */
	GRE_VERSION = 0x0007
};

enum gre_protocol {
	GRE_KEEPALIVE = 0,
	GRE_ERSPAN3 = 0x22eb,
	GRE_EOIP = 0x6400, /* MikroTik's; the key is a length and an identifier */
	GRE_ETHERNET = 0x6558,
	GRE_ARUBA = 0x8200, /* from here to GRE_ARUBA_LAST */
	GRE_ARUBA_LAST = 0x83ff,
	GRE_PPP = 0x880b,
	GRE_WCCP = 0x883e,
	GRE_ERSPAN = 0x88be,
	GRE_ARUBA_9000 = 0x9000
};

/* erspan3 - a mirrored frame after a type III header and an optional subheader. */
static enum decode_result erspan3(struct layers *layers, struct cursor c)
{
	const uint8_t *h = cursor_take(&c, 12);
	if (!h)
		return cursor_short(&c, 12);
	if ((h[11] & 1) && !cursor_take(&c, 8))
		return cursor_short(&c, 8);
	bool ip = (h[10] >> 2 & 0x1f) == 2;
	return ip ? layer_ip(layers, c) : layer_ethernet(layers, c);
}

/* aruba - from an access point: a frame of 802.11, or of Ethernet. */
static enum decode_result aruba(struct layers *layers, struct cursor c)
{
	const uint32_t looked_at = 15;
	if (c.captured < looked_at && c.captured < c.length)
		return DECODE_TRUNCATED;
	return guess_ethernet(&c, 0) ? layer_ethernet(layers, c) : layer_wifi_swapped(layers, c);
}

/* gre_payload - by GRE's protocol: an Ethernet type, with a few exceptions. */
static enum decode_result gre_payload(struct layers *layers, struct cursor c, uint16_t flags, uint16_t protocol)
{
	switch (protocol) {
	case GRE_ERSPAN: /* type II has a sequence number and a header, type I has neither */
		if ((flags & GRE_SEQUENCE) && !cursor_take(&c, 8))
			return cursor_short(&c, 8);
		return layer_ethernet(layers, c);
	case GRE_ERSPAN3:
		return erspan3(layers, c);
	case GRE_WCCP: /* version 2 has a redirect header, which never begins like IPv4 */
		if (cursor_peek(&c, 0) >> 4 != 4 && !cursor_take(&c, 4))
			return cursor_short(&c, 4);
		return layer_ipv4(layers, c);
	case GRE_EOIP:
		return layer_ethernet(layers, c);
	case GRE_KEEPALIVE:
		return DECODE_NOT_IP;
	default:
		if (protocol == GRE_ARUBA_9000 || (protocol >= GRE_ARUBA && protocol <= GRE_ARUBA_LAST))
			return aruba(layers, c);
		return protocol < ETHERTYPE_MIN ? layer_unknown(layers, c, UNKNOWN_GRE, protocol)
						: layer_ethertype(layers, c, protocol);
	}
}

enum decode_result layer_gre(struct layers *layers, struct cursor c)
{
	if (!layers_deeper(layers))
		return DECODE_TOO_DEEP;
	const uint8_t *h = cursor_take(&c, 4);
	if (!h)
		return cursor_short(&c, 4);
	uint16_t flags = be16(h), protocol = be16(h + 2), version = flags & GRE_VERSION;
	if (version > 1 || (flags & GRE_ROUTING) || (version == 1 && protocol != GRE_PPP && protocol != GRE_EOIP))
		return DECODE_MALFORMED;
	if ((flags & GRE_CHECKSUM) && !cursor_take(&c, 4))
		return cursor_short(&c, 4);
	if (flags & GRE_KEY) {
		const uint8_t *key = cursor_take(&c, 4);
		if (!key)
			return cursor_short(&c, 4);
		if (version == 0 && protocol != GRE_ERSPAN && protocol != GRE_ERSPAN3)
			layers_within(layers, CONTEXT_GRE, protocol == GRE_ETHERNET ? be24(key) : be32(key));
	}
	if ((flags & GRE_SEQUENCE) && !cursor_take(&c, 4))
		return cursor_short(&c, 4);
	if (version == 1 && (flags & GRE_ACKNOWLEDGEMENT) && !cursor_take(&c, 4))
		return cursor_short(&c, 4);
	if (version == 1 && c.length == 0)
		return DECODE_NOT_TCP; /* only an acknowledgement */
	return gre_payload(layers, c, flags, protocol);
}

enum decode_result layer_etherip(struct layers *layers, struct cursor c)
{
	const uint8_t *h = cursor_take(&c, 2);
	if (!h)
		return cursor_short(&c, 2);
	return h[0] >> 4 == 3 ? layer_ethernet(layers, c) : DECODE_MALFORMED;
}
