/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * tunnel.c - what carries IP or Ethernet within another protocol: MPLS, PPP, PPPoE, GRE, EtherIP, VXLAN, Geneve, GTP-U.
 * Private to the decoder; see layers.h.
 *
 * An identifier is part of the context only when both directions have the same one: VNIs and GRE keys; not the call of
 * PPTP, the endpoint of GTP, the session of a mirror port, MPLS labels, the flow octet of NVGRE.
 * On a UDP port of a tunnel, what has not the tunnel's shape is some other application: not TCP, not malformed.
 */
#include "layers.h"

#include <stddef.h>

/* MPLS ------------------------------------------------------------------------------------------------------------ */

/* looks_like_ethernet - is there an Ethernet type that matters at an offset? */
static bool looks_like_ethernet(const struct cursor *c, uint32_t offset)
{
	int high = cursor_peek(c, offset), low = cursor_peek(c, offset + 1);
	switch (low < 0 ? 0 : high << 8 | low) {
	case 0x0800:
	case 0x86dd:
	case 0x8100:
	case 0x88a8:
		return true;
	default:
		return false;
	}
}

enum decode_result layer_mpls(struct layers *layers, struct cursor c)
{
	const uint32_t control_word = 4;
	const uint8_t *h;
	do {
		if (!layers_deeper(layers))
			return DECODE_TOO_DEEP;
		h = cursor_take(&c, 4);
		if (h == NULL)
			return cursor_short(&c, 4);
	} while ((h[2] & 1) == 0);
	int first = cursor_peek(&c, 0);
	if (first < 0)
		return cursor_short(&c, 1);
	/* No field says what follows. IP by its version; a pseudowire with its control word, or without. */
	if (first >> 4 == 4 || first >> 4 == 6)
		return layer_ip(layers, c);
	if (c.captured < control_word + 14)
		return cursor_short(&c, control_word + 14);
	if (first >> 4 == 0 && looks_like_ethernet(&c, control_word + 12))
		cursor_take(&c, control_word);
	else if (!looks_like_ethernet(&c, 12))
		return DECODE_NOT_IP;
	return layer_ethernet(layers, c);
}

/* PPP ------------------------------------------------------------------------------------------------------------- */

enum ppp_protocol { PPP_IPV4 = 0x0021, PPP_IPV6 = 0x0057, PPP_MPLS = 0x0281 };

enum decode_result layer_ppp(struct layers *layers, struct cursor c)
{
	if (!layers_deeper(layers))
		return DECODE_TOO_DEEP;
	/* Address and control may be left out, and the first octet of the protocol when it is zero. */
	if (cursor_peek(&c, 0) == 0xff && cursor_take(&c, 2) == NULL)
		return cursor_short(&c, 2);
	uint32_t size = cursor_peek(&c, 0) > 0 && (cursor_peek(&c, 0) & 1) ? 1 : 2;
	const uint8_t *h = cursor_take(&c, size);
	if (h == NULL)
		return cursor_short(&c, size);
	switch (size == 1 ? h[0] : be16(h)) {
	case PPP_IPV4:
		return layer_ipv4(layers, c);
	case PPP_IPV6:
		return layer_ipv6(layers, c);
	case PPP_MPLS:
		return layer_mpls(layers, c);
	default:
		return DECODE_NOT_IP;
	}
}

enum decode_result layer_pppoe(struct layers *layers, struct cursor c)
{
	const uint8_t *h = cursor_take(&c, 6);
	if (h == NULL)
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
	GRE_ETHERNET = 0x6558,
	GRE_PPP = 0x880b,
	GRE_WCCP = 0x883e,
	GRE_ERSPAN = 0x88be,
	GRE_ERSPAN3 = 0x22eb
};

/* erspan3 - a mirrored frame behind a header of type III and the subheader it may have. */
static enum decode_result erspan3(struct layers *layers, struct cursor c)
{
	const uint8_t *h = cursor_take(&c, 12);
	if (h == NULL)
		return cursor_short(&c, 12);
	if ((h[11] & 1) && cursor_take(&c, 8) == NULL)
		return cursor_short(&c, 8);
	bool ip = (h[10] >> 2 & 0x1f) == 2;
	return ip ? layer_ip(layers, c) : layer_ethernet(layers, c);
}

/* gre_payload - by GRE's protocol, an Ethernet type but for a few. */
static enum decode_result gre_payload(struct layers *layers, struct cursor c, uint16_t flags, uint16_t protocol)
{
	switch (protocol) {
	case GRE_ERSPAN: /* type II has a sequence number and a header, type I neither */
		if ((flags & GRE_SEQUENCE) && cursor_take(&c, 8) == NULL)
			return cursor_short(&c, 8);
		return layer_ethernet(layers, c);
	case GRE_ERSPAN3:
		return erspan3(layers, c);
	case GRE_WCCP: /* version 2 has a redirect header, which never begins like IPv4 */
		if (cursor_peek(&c, 0) >> 4 != 4 && cursor_take(&c, 4) == NULL)
			return cursor_short(&c, 4);
		return layer_ipv4(layers, c);
	default:
		return protocol < 0x600 ? DECODE_NOT_IP : layer_ethertype(layers, c, protocol);
	}
}

enum decode_result layer_gre(struct layers *layers, struct cursor c)
{
	if (!layers_deeper(layers))
		return DECODE_TOO_DEEP;
	const uint8_t *h = cursor_take(&c, 4);
	if (h == NULL)
		return cursor_short(&c, 4);
	uint16_t flags = be16(h), protocol = be16(h + 2), version = flags & GRE_VERSION;
	if (version > 1 || (flags & GRE_ROUTING) || (version == 1 && protocol != GRE_PPP))
		return DECODE_MALFORMED;
	if ((flags & GRE_CHECKSUM) && cursor_take(&c, 4) == NULL)
		return cursor_short(&c, 4);
	if (flags & GRE_KEY) {
		const uint8_t *key = cursor_take(&c, 4);
		if (key == NULL)
			return cursor_short(&c, 4);
		if (version == 0 && protocol != GRE_ERSPAN && protocol != GRE_ERSPAN3)
			layers_within(layers, CONTEXT_GRE, protocol == GRE_ETHERNET ? be24(key) : be32(key));
	}
	if ((flags & GRE_SEQUENCE) && cursor_take(&c, 4) == NULL)
		return cursor_short(&c, 4);
	if (version == 1 && (flags & GRE_ACKNOWLEDGEMENT) && cursor_take(&c, 4) == NULL)
		return cursor_short(&c, 4);
	if (version == 1 && c.length == 0)
		return DECODE_NOT_TCP; /* only an acknowledgement */
	return gre_payload(layers, c, flags, protocol);
}

enum decode_result layer_etherip(struct layers *layers, struct cursor c)
{
	const uint8_t *h = cursor_take(&c, 2);
	if (h == NULL)
		return cursor_short(&c, 2);
	return h[0] >> 4 == 3 ? layer_ethernet(layers, c) : DECODE_MALFORMED;
}

/* UDP ------------------------------------------------------------------------------------------------------------- */

#define UDP_TUNNEL_HEADER 8u /* of each of them */

/* too_short - what has no room for the tunnel's header is another application. */
static enum decode_result too_short(const struct cursor *c)
{
	return c->length < UDP_TUNNEL_HEADER ? DECODE_NOT_TCP : DECODE_TRUNCATED;
}

static enum decode_result vxlan(struct layers *layers, struct cursor c)
{
	const uint8_t *h = cursor_take(&c, UDP_TUNNEL_HEADER);
	if (h == NULL)
		return too_short(&c);
	if ((h[0] & 0x08) == 0)
		return DECODE_NOT_TCP;
	layers_within(layers, CONTEXT_VXLAN, be24(h + 4));
	return layer_ethernet(layers, c);
}

static enum decode_result geneve(struct layers *layers, struct cursor c)
{
	const uint8_t *h = cursor_take(&c, UDP_TUNNEL_HEADER);
	if (h == NULL)
		return too_short(&c);
	if (h[0] >> 6 != 0 || (h[1] & 0x80) != 0) /* a control message */
		return DECODE_NOT_TCP;
	uint32_t options = (h[0] & 0x3fu) * 4;
	if (cursor_take(&c, options) == NULL)
		return cursor_short(&c, options);
	layers_within(layers, CONTEXT_GENEVE, be24(h + 4));
	return layer_ethertype(layers, c, be16(h + 2));
}

/* gtp - version 1, a user's packet. */
static enum decode_result gtp(struct layers *layers, struct cursor c)
{
	const uint8_t *h = cursor_take(&c, UDP_TUNNEL_HEADER);
	if (h == NULL)
		return too_short(&c);
	if ((h[0] & 0xf0) != 0x30 || h[1] != 255)
		return DECODE_NOT_TCP;
	if ((h[0] & 7) == 0)
		return layer_ip(layers, c);
	const uint8_t *next = cursor_take(&c, 4);
	if (next == NULL)
		return cursor_short(&c, 4);
	/* Extension headers: their length in words, and the type of the next as their last octet. */
	for (int type = h[0] & 4 ? next[3] : 0; type != 0;) {
		if (!layers_deeper(layers))
			return DECODE_TOO_DEEP;
		uint32_t size = cursor_peek(&c, 0) > 0 ? (uint32_t)cursor_peek(&c, 0) * 4 : 4;
		next = cursor_take(&c, size);
		if (next == NULL)
			return cursor_short(&c, size);
		type = next[size - 1];
	}
	return layer_ip(layers, c);
}

static const struct udp_tunnel {
	uint16_t port;
	layer *handler;
} udp_tunnels[] = {
	{ 4789, vxlan },
	{ 8472, vxlan }, /* Linux' own default */
	{ 6081, geneve },
	{ 2152, gtp },
};

enum decode_result layer_udp(struct layers *layers, struct cursor c)
{
	const uint8_t *h = cursor_take(&c, 8);
	if (h == NULL)
		return cursor_short(&c, 8);
	uint16_t port = be16(h + 2);
	for (size_t i = 0; i < sizeof(udp_tunnels) / sizeof(udp_tunnels[0]); i++)
		if (udp_tunnels[i].port == port)
			return layers_deeper(layers) ? udp_tunnels[i].handler(layers, c) : DECODE_TOO_DEEP;
	return DECODE_NOT_TCP;
}
