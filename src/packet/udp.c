/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * udp.c - tunnels in UDP: VXLAN, Geneve, GTP-U, Teredo, L2TP, LISP, TZSP, CAPWAP, remote mirroring, and others within
 * it. Private to the decoder; see layers.h.
 *
 * tunnels[] has a row for each port. Packets on a tunnel's port that do not fit the tunnel belong to another
 * application: they count as not TCP, not as malformed. An identifier is part of the context only if both directions
 * have the same one: the endpoint of GTP and the session of L2TP are not.
 */
#include "layers.h"

#include <stddef.h>
#include <string.h>

#define UDP_HEADER 8u
#define TUNNEL_HEADER 8u /* the least of each tunnel, with a few exceptions */

/* too_short - a packet without room for the tunnel's header belongs to another application. */
static enum decode_result too_short(const struct cursor *c, uint32_t size)
{
	return c->length < size ? DECODE_NOT_TCP : DECODE_TRUNCATED;
}

/* ip_or_other - IP by its version, else another application. */
static enum decode_result ip_or_other(struct layers *layers, struct cursor c)
{
	const int first = cursor_peek(&c, 0);
	if (first < 0)
		return too_short(&c, 1);
	return first >> 4 == 4 || first >> 4 == 6 ? layer_ip(layers, c) : DECODE_NOT_TCP;
}

/* generic - the protocols of VXLAN-GPE (and of LISP-GPE, RFC 9305). */
static enum decode_result generic(struct layers *layers, struct cursor c, uint8_t protocol)
{
	switch (protocol) {
	case 1:
		return layer_ipv4(layers, c);
	case 2:
		return layer_ipv6(layers, c);
	case 3:
		return layer_ethernet(layers, c);
	case 4:
		return layer_nsh(layers, c);
	case 5:
		return layer_mpls(layers, c);
	default:
		return DECODE_NOT_TCP;
	}
}

/* vxlan - Ethernet or, with a bit of VXLAN-GPE, another protocol. */
static enum decode_result vxlan(struct layers *layers, struct cursor c)
{
	enum { IDENTIFIER = 0x08, PROTOCOL = 0x04 };
	const uint8_t *h = cursor_take(&c, TUNNEL_HEADER);
	if (!h)
		return too_short(&c, TUNNEL_HEADER);
	if (!(h[0] & IDENTIFIER))
		return DECODE_NOT_TCP;
	layers_within(layers, CONTEXT_VXLAN, be24(h + 4));
	return h[0] & PROTOCOL ? generic(layers, c, h[3]) : layer_ethernet(layers, c);
}

/* vxlan_gpe - the identifier need not be valid. */
static enum decode_result vxlan_gpe(struct layers *layers, struct cursor c)
{
	enum { VERSION = 0x30, IDENTIFIER = 0x08, PROTOCOL = 0x04 };
	const uint8_t *h = cursor_take(&c, TUNNEL_HEADER);
	if (!h)
		return too_short(&c, TUNNEL_HEADER);
	if ((h[0] & VERSION) || !(h[0] & (IDENTIFIER | PROTOCOL)))
		return DECODE_NOT_TCP;
	if (h[0] & IDENTIFIER)
		layers_within(layers, CONTEXT_VXLAN, be24(h + 4));
	return h[0] & PROTOCOL ? generic(layers, c, h[3]) : layer_ethernet(layers, c);
}

static enum decode_result geneve(struct layers *layers, struct cursor c)
{
	const uint8_t *h = cursor_take(&c, TUNNEL_HEADER);
	if (!h)
		return too_short(&c, TUNNEL_HEADER);
	if (h[0] >> 6 != 0 || (h[1] & 0x80) != 0) /* a control message */
		return DECODE_NOT_TCP;
	uint32_t options = (h[0] & 0x3fu) * 4;
	if (!cursor_take(&c, options))
		return cursor_short(&c, options);
	layers_within(layers, CONTEXT_GENEVE, be24(h + 4));
	return layer_ethertype(layers, c, be16(h + 2));
}

/* gtp - version 1, a user's packet. */
static enum decode_result gtp(struct layers *layers, struct cursor c)
{
	const uint8_t *h = cursor_take(&c, TUNNEL_HEADER);
	if (!h)
		return too_short(&c, TUNNEL_HEADER);
	if ((h[0] & 0xf0) != 0x30 || h[1] != 255)
		return DECODE_NOT_TCP;
	if ((h[0] & 7) == 0)
		return layer_ip(layers, c);
	const uint8_t *next = cursor_take(&c, 4);
	if (!next)
		return cursor_short(&c, 4);
	/* Extension headers: their length in words, and the type of the next as their last octet. */
	for (int type = h[0] & 4 ? next[3] : 0; type != 0;) {
		if (!layers_deeper(layers))
			return DECODE_TOO_DEEP;
		uint32_t size = cursor_peek(&c, 0) > 0 ? (uint32_t)cursor_peek(&c, 0) * 4 : 4;
		next = cursor_take(&c, size);
		if (!next)
			return cursor_short(&c, size);
		type = next[size - 1];
	}
	return layer_ip(layers, c);
}

/* teredo - RFC 4380: indications before IPv6, recognised by their first two octets. */
static enum decode_result teredo(struct layers *layers, struct cursor c)
{
	enum { ORIGIN = 0, AUTHENTICATION = 1 };
	for (int indications = 0; indications < 2 && c.captured >= 4 && c.data[0] == 0; indications++) {
		uint32_t size = 8;
		if (c.data[1] == AUTHENTICATION)
			size = 4u + c.data[2] + c.data[3] + 9;
		else if (c.data[1] != ORIGIN)
			return DECODE_NOT_TCP;
		if (!cursor_take(&c, size))
			return too_short(&c, size);
	}
	if (c.captured < 4 && c.captured < c.length)
		return DECODE_TRUNCATED;
	return ip_or_other(layers, c);
}

/* teredo_directly - between two clients, on any port: IPv6 that fills the packet, with a Teredo address. */
static enum decode_result teredo_directly(struct layers *layers, struct cursor c)
{
	static const uint8_t prefix[] = { 0x20, 0x01, 0, 0 };
	if (c.captured < IPV6_HEADER || c.data[0] >> 4 != 6 || be16(c.data + 4) + IPV6_HEADER != c.length)
		return DECODE_NOT_TCP;
	if (memcmp(c.data + 8, prefix, sizeof prefix) != 0 && memcmp(c.data + 24, prefix, sizeof prefix) != 0)
		return DECODE_NOT_TCP;
	return layers_deeper(layers) ? layer_ipv6(layers, c) : DECODE_TOO_DEEP;
}

/* ---- L2TP ---- */

enum decode_result layer_l2tp3(struct layers *layers, struct cursor c)
{
	const uint8_t *session = cursor_take(&c, 4);
	if (!session)
		return cursor_short(&c, 4);
	return be32(session) == 0 ? DECODE_NOT_TCP /* control */ : layer_guess(layers, c);
}

enum l2tp {
	L2TP_CONTROL = 0x8000,
	L2TP_LENGTH = 0x4000,
	L2TP_SEQUENCE = 0x0800,
	L2TP_OFFSET = 0x0200,
	L2TP_VERSION = 0x000f
};

/* l2tp2 - RFC 2661: optional fields according to the flags, then PPP. The cursor is after the flags. */
static enum decode_result l2tp2(struct layers *layers, struct cursor c, uint16_t flags)
{
	uint32_t size = (flags & L2TP_LENGTH ? 2u : 0) + 4 + (flags & L2TP_SEQUENCE ? 4u : 0);
	if (flags & L2TP_LENGTH) {
		if (c.captured < 2)
			return too_short(&c, 2);
		const uint32_t length = be16(c.data);
		if (length < 2 + size || length - 2 > c.length)
			return DECODE_NOT_TCP;
		cursor_limit(&c, length - 2);
	}
	if (!cursor_take(&c, size))
		return too_short(&c, size);
	if (flags & L2TP_OFFSET) {
		const uint8_t *offset = cursor_take(&c, 2);
		if (!offset)
			return too_short(&c, 2);
		if (!cursor_take(&c, be16(offset)))
			return too_short(&c, be16(offset));
	}
	return layer_ppp(layers, c);
}

static enum decode_result l2tp(struct layers *layers, struct cursor c)
{
	const uint8_t *h = cursor_take(&c, 2);
	if (!h)
		return too_short(&c, 2);
	const uint16_t flags = be16(h);
	if (flags & L2TP_CONTROL)
		return DECODE_NOT_TCP;
	switch (flags & L2TP_VERSION) {
	case 2:
		return l2tp2(layers, c, flags);
	case 3: /* RFC 3931: two reserved octets, then as directly in IP */
		if (!cursor_take(&c, 2))
			return too_short(&c, 2);
		return layer_l2tp3(layers, c);
	default:
		return DECODE_NOT_TCP;
	}
}

/* ---- LISP ---- */

/* lisp - RFC 9300: a header, then IP or, with a flag, another protocol. */
static enum decode_result lisp(struct layers *layers, struct cursor c)
{
	const uint8_t protocol = 0x04;
	const uint8_t *h = cursor_take(&c, TUNNEL_HEADER);
	if (!h)
		return too_short(&c, TUNNEL_HEADER);
	return h[0] & protocol ? generic(layers, c, h[3]) : ip_or_other(layers, c);
}

/* ---- sniffers ---- */

/* tzsp - TaZmen Sniffer Protocol: the type of the frame, tags (two of them without a length), the frame. */
static enum decode_result tzsp(struct layers *layers, struct cursor c)
{
	enum { VERSION = 1, TYPE_LAST = 1 /* received, or to be sent */, TAG_PADDING = 0, TAG_END = 1 };
	enum { ETHERNET = 1, WIFI = 0x12, PRISM = 0x77, AVS = 0x7f };
	const uint8_t *h = cursor_take(&c, 4);
	if (!h)
		return too_short(&c, 4);
	if (h[0] != VERSION || h[1] > TYPE_LAST)
		return DECODE_NOT_TCP;
	const uint16_t kind = be16(h + 2);
	for (;;) {
		const uint8_t *tag = cursor_take(&c, 1);
		if (!tag)
			return too_short(&c, 1);
		if (tag[0] == TAG_END)
			break;
		if (tag[0] == TAG_PADDING)
			continue;
		const uint8_t *size = cursor_take(&c, 1);
		if (!size)
			return too_short(&c, 1);
		if (!cursor_take(&c, size[0]))
			return too_short(&c, size[0]);
	}
	switch (kind) {
	case ETHERNET:
		return layer_ethernet(layers, c);
	case WIFI:
		return layer_wifi(layers, c);
	case PRISM:
	case AVS:
		return layer_prism(layers, c);
	default:
		return DECODE_NOT_IP;
	}
}

/* hp_mirror - HP ProCurve's remote mirroring: 12 octets, then the frame. */
static enum decode_result hp_mirror(struct layers *layers, struct cursor c)
{
	const uint32_t header = 12;
	if (c.length < header + 15 || (c.captured >= header + 14 + 1 && !guess_ethernet(&c, header)))
		return DECODE_NOT_TCP;
	return layer_skip(layers, c, header, layer_ethernet);
}

/* aruba_mirror - Aruba's remote mirroring: the record header of a pcap, perhaps four octets about the radio, 802.11. */
static enum decode_result aruba_mirror(struct layers *layers, struct cursor c)
{
	const uint32_t record = 16, radio = 4;
	if (c.captured < record)
		return too_short(&c, record);
	const uint32_t size = be32(c.data + 8);
	if (size == 0)
		return DECODE_NOT_TCP;
	if (size == c.length - record)
		return layer_skip(layers, c, record, layer_wifi);
	if (size + radio == c.length - record)
		return layer_skip(layers, c, record + radio, layer_wifi);
	return DECODE_NOT_TCP;
}

/* esp - IPsec in UDP (RFC 3948): not the key exchange, which begins with zeros, and not keepalives. */
static enum decode_result esp(struct layers *layers, struct cursor c)
{
	if (c.length < TUNNEL_HEADER)
		return DECODE_NOT_TCP;
	if (c.captured < 4)
		return DECODE_TRUNCATED;
	return be32(c.data) != 0 ? DECODE_ENCRYPTED : DECODE_NOT_TCP;
}

/* ---- CAPWAP ---- */

enum capwap_flag { CAPWAP_FRAGMENT = 0x80, CAPWAP_LAST = 0x40, CAPWAP_KEEPALIVE = 0x08 };

/* capwap_payload - a frame of Ethernet, or of 802.11 in its own format. */
static enum decode_result capwap_payload(struct layers *layers, struct cursor c, bool native)
{
	return native ? layer_wifi_swapped(layers, c) : layer_ethernet(layers, c);
}

/* capwap - RFC 5415, the data channel. Its fragments have units of 8 octets, as those of IP. */
static enum decode_result capwap(struct layers *layers, struct cursor c, const struct hosts *hosts, uint16_t port)
{
	const uint8_t *h = c.data;
	if (c.captured < TUNNEL_HEADER)
		return too_short(&c, TUNNEL_HEADER);
	const uint32_t size = (h[1] >> 3) * 4u;
	const bool native = h[2] & 1;
	if (h[0] == 1)
		return DECODE_ENCRYPTED; /* DTLS */
	if (h[0] != 0 || size < TUNNEL_HEADER || (h[3] & CAPWAP_KEEPALIVE))
		return DECODE_NOT_TCP;
	if (!cursor_take(&c, size))
		return too_short(&c, size);
	if (!(h[3] & CAPWAP_FRAGMENT))
		return capwap_payload(layers, c, native);
	struct fragment fragment;
	memset(&fragment, 0, sizeof fragment); /* its key is compared as a whole, padding included */
	/* Larger than any IPv4 identifier, so that the two are not mixed. */
	fragment.key.id = (uint32_t)(port | 1) << 16 | be16(h + 4);
	fragment.key.protocol = UINT8_MAX;
	fragment.offset = be16(h + 6) & 0xfff8u;
	fragment.more = !(h[3] & CAPWAP_LAST);
	uint8_t next;
	enum decode_result result = ip_reassemble(layers, &c, hosts, &fragment, &next);
	return result == DECODE_SEGMENT ? capwap_payload(layers, c, native) : result;
}

/* ---- ports ---- */

/* Packets of some tunnels also come from the tunnel's port (answers); those of others always go to it, from a port that
 * is a hash. */
static const struct tunnel {
	uint16_t port;
	bool answers;
	layer *handler;
} tunnels[] = {
	{ 4789, false, vxlan },
	{ 8472, false, vxlan }, /* Linux' own default */
	{ 4790, false, vxlan_gpe },
	{ 6081, false, geneve },
	{ 2152, true, gtp },
	{ 3544, true, teredo },
	{ 1701, true, l2tp },
	{ 4341, false, lisp },
	{ 4754, false, layer_gre },  /* RFC 8086 */
	{ 6635, false, layer_mpls }, /* RFC 7510 */
	{ 4500, true, esp },
	{ 37008, false, tzsp },
	{ 7932, false, hp_mirror },
	{ 5555, false, aruba_mirror },
};

#define CAPWAP_PORT 5247

static layer *find_tunnel(uint16_t source, uint16_t destination)
{
	for (size_t i = 0; i < sizeof tunnels / sizeof tunnels[0]; i++)
		if (tunnels[i].port == destination || (tunnels[i].answers && tunnels[i].port == source))
			return tunnels[i].handler;
	return NULL;
}

/* by_port - a tunnel on its registered port. */
static enum decode_result by_port(
	struct layers *layers, struct cursor c, const struct hosts *hosts, uint16_t source, uint16_t destination)
{
	layer *handler = find_tunnel(source, destination);
	if (handler)
		return layers_deeper(layers) ? handler(layers, c) : DECODE_TOO_DEEP;
	if (destination == CAPWAP_PORT || source == CAPWAP_PORT)
		return layers_deeper(layers) ? capwap(layers, c, hosts, source) : DECODE_TOO_DEEP;
	return teredo_directly(layers, c);
}

enum decode_result layer_udp(struct layers *layers, struct cursor c, const struct hosts *hosts)
{
	const uint8_t *h = cursor_take(&c, UDP_HEADER);
	if (!h)
		return cursor_short(&c, UDP_HEADER);
	enum decode_result result = by_port(layers, c, hosts, be16(h), be16(h + 2));
	/* A tunnel on another port, or without one, is known by what it carries. */
	return result == DECODE_NOT_TCP ? layer_search(layers, c, result) : result;
}
