/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * ip.c - IPv4, IPv6 with its extension headers, fragments, and TCP. Private to the decoder; see layers.h.
 *
 * The IP header decides the length of a payload: octets after it are padding, and missing octets were cut, whatever the
 * length in the capture (tools that cut packets often also change that). A length of zero is that of a packet captured
 * before segmentation offload: then all octets count.
 */
#include "layers.h"

#include <string.h>

#define IPV4_HEADER 20u
#define TCP_HEADER 20u
#define FRAGMENT_HEADER 8u
#define FOUND_TRAILER 32u /* octets after a packet that was found by its header: padding, a check sequence */

enum protocol {
	PROTOCOL_HOP_BY_HOP = 0,
	PROTOCOL_IPV4 = 4,
	PROTOCOL_TCP = 6,
	PROTOCOL_UDP = 17,
	PROTOCOL_IPV6 = 41,
	PROTOCOL_ROUTING = 43,
	PROTOCOL_FRAGMENT = 44,
	PROTOCOL_GRE = 47,
	PROTOCOL_ESP = 50,
	PROTOCOL_AH = 51,
	PROTOCOL_DESTINATION = 60,
	PROTOCOL_IPIP = 94, /* an older number for IPv4 */
	PROTOCOL_ETHERIP = 97,
	PROTOCOL_L2TP3 = 115,
	PROTOCOL_MPLS = 137,
	PROTOCOL_ETHERNET = 143
};

enum routing_type { ROUTING_SOURCE = 0, ROUTING_MOBILE = 2, ROUTING_SEGMENT = 4 };

/* ones_sum - ones' complement sum of octets, not folded. */
static uint64_t ones_sum(const uint8_t *octets, uint32_t size)
{
	uint64_t total = 0;
	for (; size >= 2; octets += 2, size -= 2)
		total += be16(octets);
	return size != 0 ? total + (uint64_t)(octets[0] << 8) : total;
}

/* sum_is_right - is this the sum of correct data with its checksum? */
static bool sum_is_right(uint64_t total)
{
	while (total > 0xffff)
		total = (total & 0xffff) + (total >> 16);
	return total == 0xffff;
}

static bool tcp_sum_is_right(const struct hosts *hosts, const struct cursor *c)
{
	uint32_t size = hosts->family == 4 ? 4 : 16;
	return sum_is_right(ones_sum(hosts->source, size) + ones_sum(hosts->destination, size) + PROTOCOL_TCP +
			    c->length + ones_sum(c->data, c->length));
}

static void set_address(struct address *address, uint8_t family, const uint8_t *octets)
{
	*address = (struct address){ .family = family };
	memcpy(address->octets, octets, family == 4 ? 4 : 16);
}

/* tcp - fills in the segment. */
static enum decode_result tcp(struct layers *layers, struct cursor c, const struct hosts *hosts)
{
	struct segment *segment = layers->segment;
	if (layers->decoder->checksums && hosts->exact && c.captured == c.length && !tcp_sum_is_right(hosts, &c))
		return DECODE_BAD_CHECKSUM;
	const uint8_t *h = cursor_take(&c, TCP_HEADER);
	if (!h)
		return cursor_short(&c, TCP_HEADER);
	uint32_t header = (uint32_t)(h[12] >> 4) * 4;
	if (header < TCP_HEADER || header - TCP_HEADER > c.length)
		return DECODE_MALFORMED;
	/* Options are not needed; when the capture ends within them the segment still counts. */
	uint32_t options = header - TCP_HEADER;
	uint32_t length = c.length - options, present = options < c.captured ? options : c.captured;
	cursor_take(&c, present);
	segment->at = layers->packet->at;
	set_address(&segment->source, hosts->family, hosts->source);
	set_address(&segment->destination, hosts->family, hosts->destination);
	segment->source_port = be16(h);
	segment->destination_port = be16(h + 2);
	segment->seq = be32(h + 4);
	segment->ack = be32(h + 8);
	segment->flags = h[13] & (TCP_FIN | TCP_SYN | TCP_RST | TCP_PSH | TCP_ACK | TCP_URG);
	segment->vlan_count = (uint8_t)layers->vlan_count;
	for (unsigned i = 0; i < layers->vlan_count; i++)
		segment->vlan[i] = layers->vlan[i];
	segment->context = layers->context;
	segment->wire_size = layers->wire_size;
	segment->length = length;
	segment->captured = c.captured;
	segment->payload = c.data;
	segment->ip = hosts->packet;
	segment->ip_length = hosts->length;
	return DECODE_SEGMENT;
}

static enum decode_result layer_above_ip(
	struct layers *layers, struct cursor c, const struct hosts *hosts, uint8_t protocol);

/* authentication - the header of IPsec AH; its payload is in clear. */
static enum decode_result authentication(struct layers *layers, struct cursor c, const struct hosts *hosts)
{
	if (!layers_deeper(layers))
		return DECODE_TOO_DEEP;
	const uint8_t *h = cursor_take(&c, 8);
	if (!h)
		return cursor_short(&c, 8);
	uint32_t rest = (h[1] + 2u) * 4;
	if (rest < 8)
		return DECODE_MALFORMED;
	rest -= 8;
	if (!cursor_take(&c, rest))
		return cursor_short(&c, rest);
	return layer_above_ip(layers, c, hosts, h[0]);
}

/* carrier_of - the handler for a protocol that carries another layer; NULL: none. */
static layer *carrier_of(uint8_t protocol)
{
	switch (protocol) {
	case PROTOCOL_IPV4:
	case PROTOCOL_IPIP:
		return layer_ipv4;
	case PROTOCOL_IPV6:
		return layer_ipv6;
	case PROTOCOL_GRE:
		return layer_gre;
	case PROTOCOL_MPLS:
		return layer_mpls;
	case PROTOCOL_ETHERIP:
		return layer_etherip;
	case PROTOCOL_L2TP3:
		return layer_l2tp3;
	case PROTOCOL_ETHERNET:
		return layer_ethernet;
	default:
		return NULL;
	}
}

/* carries_nothing - is it a known protocol that carries no TCP? */
static bool carries_nothing(uint8_t protocol)
{
	static const uint8_t known[] = { 1 /* ICMP */, 2 /* IGMP */, 8 /* EGP */, 33 /* DCCP */, 46 /* RSVP */,
		58 /* ICMPv6 */, 59 /* nothing */, 88 /* EIGRP */, 89 /* OSPF */, 103 /* PIM */, 112 /* VRRP */,
		113 /* PGM */, 124 /* IS-IS */, 132 /* SCTP */, 133 /* Fibre Channel */, 135 /* mobility */,
		136 /* UDP-Lite */, 139 /* HIP */, 253, 254, 255 };
	for (size_t i = 0; i < sizeof known; i++)
		if (known[i] == protocol)
			return true;
	return false;
}

/* layer_above_ip - the payload of IP. */
static enum decode_result layer_above_ip(
	struct layers *layers, struct cursor c, const struct hosts *hosts, uint8_t protocol)
{
	switch (protocol) {
	case PROTOCOL_TCP:
		return tcp(layers, c, hosts);
	case PROTOCOL_UDP:
		return layer_udp(layers, c, hosts);
	case PROTOCOL_AH:
		return authentication(layers, c, hosts);
	case PROTOCOL_ESP:
		return DECODE_ENCRYPTED;
	default:
		break;
	}
	layer *next = carrier_of(protocol);
	if (next)
		return next(layers, c);
	return carries_nothing(protocol) ? DECODE_NOT_TCP : layer_unknown(layers, c, UNKNOWN_IP_PROTOCOL, protocol);
}

/* worth_reassembling - can there be TCP in it? */
static bool worth_reassembling(uint8_t protocol)
{
	switch (protocol) {
	case PROTOCOL_TCP:
	case PROTOCOL_UDP:
	case PROTOCOL_ROUTING:
	case PROTOCOL_AH:
	case PROTOCOL_DESTINATION:
		return true;
	default:
		return carrier_of(protocol) != NULL;
	}
}

enum decode_result ip_reassemble(
	struct layers *layers, struct cursor *c, const struct hosts *hosts, struct fragment *fragment, uint8_t *next)
{
	if (c->captured < c->length)
		return DECODE_TRUNCATED;
	fragment->key.context = layers->context;
	set_address(&fragment->key.source, hosts->family, hosts->source);
	set_address(&fragment->key.destination, hosts->family, hosts->destination);
	fragment->time = layers->packet->at.time;
	fragment->wire_size = layers->wire_size;
	fragment->octets = *c;
	fragment->vlan_count = (uint8_t)layers->vlan_count;
	fragment->vlan = layers->vlan;
	fragment->tcp &= layers->packet->matches;
	struct datagram datagram;
	enum decode_result result = fragments_add(layers->decoder->fragments, fragment, &datagram);
	if (result != DECODE_SEGMENT)
		return result;
	layers->decoder->lent = true;
	*c = datagram.octets;
	*next = datagram.next;
	layers->wire_size = datagram.wire_size;
	return DECODE_SEGMENT;
}

/* first_remains - the octets with the TCP header. Returns false when it is not whole. */
static bool first_remains(
	struct decoder *decoder, const struct remains *remains, struct moment at, struct segment *segment)
{
	const struct packet packet = { .at = at };
	struct layers layers = { .decoder = decoder,
		.packet = &packet,
		.segment = segment,
		.context = remains->key->context,
		.wire_size = remains->wire_size,
		.vlan_count = remains->vlan_count };
	for (unsigned i = 0; i < remains->vlan_count; i++)
		layers.vlan[i] = remains->vlan[i];
	const struct hosts hosts = { .family = remains->key->source.family,
		.source = remains->key->source.octets,
		.destination = remains->key->destination.octets };
	if (layer_above_ip(&layers, remains->octets, &hosts, PROTOCOL_TCP) != DECODE_SEGMENT)
		return false;
	decoder->remains = *segment;
	decoder->remains_header = remains->octets.length - segment->length;
	return true;
}

bool decoder_has_remains(const struct decoder *decoder)
{
	return fragments_discarded(decoder->fragments);
}

bool decoder_remains(struct decoder *decoder, bool ended, struct moment at, struct segment *segment)
{
	UNCLEARED struct remains remains;
	if (ended)
		fragments_discard(decoder->fragments);
	while (fragments_remains(decoder->fragments, &remains)) {
		if (decoder->checksums || (remains.offset == 0 && !first_remains(decoder, &remains, at, segment))) {
			fragments_skip(decoder->fragments);
			continue;
		}
		fragments_used(decoder->fragments);
		if (remains.offset > 0) {
			*segment = decoder->remains;
			segment->at = at;
			segment->seq += remains.offset - decoder->remains_header + ((segment->flags & TCP_SYN) != 0);
			segment->flags &= (uint8_t)~TCP_SYN;
			segment->wire_size = 0;
			segment->length = segment->captured = remains.octets.length;
			segment->payload = remains.octets.data;
		}
		if (!remains.last)
			segment->flags &= (uint8_t)~TCP_FIN;
		return true;
	}
	return false;
}

/* ipv4_fragment - reassembles a fragment; continues when the datagram is complete. */
static enum decode_result ipv4_fragment(
	struct layers *layers, struct cursor c, const struct hosts *hosts, const uint8_t *header)
{
	struct fragment fragment;
	memset(&fragment, 0, sizeof fragment); /* its key is compared as a whole, padding included */
	uint16_t word = be16(header + 6);
	fragment.key.id = be16(header + 4);
	fragment.key.protocol = fragment.next = header[9];
	fragment.tcp = fragment.next == PROTOCOL_TCP;
	fragment.offset = (word & 0x1fffu) * 8;
	fragment.more = (word & 0x2000) != 0;
	uint8_t next;
	if (!worth_reassembling(fragment.next))
		return DECODE_NOT_TCP;
	enum decode_result result = ip_reassemble(layers, &c, hosts, &fragment, &next);
	return result == DECODE_SEGMENT ? layer_above_ip(layers, c, hosts, next) : result;
}

/* limit_payload - limits the cursor to the header's length; without one, to all octets before the trailer of the link
 * layer. */
static void limit_payload(struct layers *layers, struct cursor *c, bool said, uint32_t length)
{
	if (said)
		cursor_limit(c, length);
	else if (layers->trailer <= c->length)
		cursor_limit(c, c->length - layers->trailer);
	layers->trailer = 0;
}

/* packet_from - the captured octets of an IP packet from its header on; empty for a fragment. */
static struct span packet_from(const uint8_t *header, const struct cursor *c, bool fragment)
{
	return fragment ? (struct span){ 0 } : span_of(header, (size_t)(c->data + c->captured - header));
}

enum decode_result layer_ipv4(struct layers *layers, struct cursor c)
{
	if (!layers_deeper(layers))
		return DECODE_TOO_DEEP;
	const uint8_t *h = cursor_take(&c, IPV4_HEADER);
	if (!h)
		return cursor_short(&c, IPV4_HEADER);
	uint32_t header = (h[0] & 0x0fu) * 4, total = be16(h + 2);
	if (h[0] >> 4 != 4 || header < IPV4_HEADER || (total != 0 && total < header))
		return DECODE_MALFORMED;
	if (!cursor_take(&c, header - IPV4_HEADER))
		return cursor_short(&c, header - IPV4_HEADER);
	limit_payload(layers, &c, total != 0, total - header);
	if (layers->decoder->checksums && !sum_is_right(ones_sum(h, header)))
		return DECODE_BAD_CHECKSUM;
	const bool fragment = (be16(h + 6) & 0x3fff) != 0;
	const struct hosts hosts = { 4, total != 0, h + 12, h + 16, packet_from(h, &c, fragment), header + c.length };
	if (fragment)
		return ipv4_fragment(layers, c, &hosts, h);
	return layer_above_ip(layers, c, &hosts, h[9]);
}

/* final_destination - with a routing header that is not at its end, the address in the IP header is only the next hop;
 * the connection and the checksum have the last one. */
static void final_destination(struct hosts *hosts, const uint8_t *header, uint32_t size)
{
	if (header[3] == 0 || size < 24)
		return;
	if (header[2] == ROUTING_SEGMENT)
		hosts->destination = header + 8;
	else if (header[2] == ROUTING_SOURCE || header[2] == ROUTING_MOBILE)
		hosts->destination = header + size - 16;
}

/* extension - skips an options or routing header. DECODE_SEGMENT: *next is the next protocol. */
static enum decode_result extension(struct cursor *c, struct hosts *hosts, uint8_t *next)
{
	int words = cursor_peek(c, 1);
	uint32_t size = words < 0 ? 8 : ((uint32_t)words + 1) * 8;
	const uint8_t *h = cursor_take(c, size);
	if (!h)
		return cursor_short(c, size);
	if (*next == PROTOCOL_ROUTING)
		final_destination(hosts, h, size);
	*next = h[0];
	return DECODE_SEGMENT;
}

/* ipv6_fragment - reassembles a fragment. DECODE_SEGMENT: complete; *c and *next are the payload. */
static enum decode_result ipv6_fragment(struct layers *layers, struct cursor *c, struct hosts *hosts, uint8_t *next)
{
	const uint8_t *h = cursor_take(c, FRAGMENT_HEADER);
	if (!h)
		return cursor_short(c, FRAGMENT_HEADER);
	struct fragment fragment;
	memset(&fragment, 0, sizeof fragment); /* its key is compared as a whole, padding included */
	fragment.offset = be16(h + 2) & 0xfff8u;
	fragment.more = (h[3] & 1) != 0;
	fragment.next = *next = h[0];
	fragment.tcp = fragment.next == PROTOCOL_TCP;
	/* RFC 6946: a datagram in one fragment is not mixed with others of the same identifier. */
	if (fragment.offset == 0 && !fragment.more)
		return DECODE_SEGMENT;
	fragment.key.id = be32(h + 4);
	hosts->packet = (struct span){ 0 };
	if (!worth_reassembling(fragment.next))
		return DECODE_NOT_TCP;
	return ip_reassemble(layers, c, hosts, &fragment, next);
}

enum decode_result layer_ipv6(struct layers *layers, struct cursor c)
{
	if (!layers_deeper(layers))
		return DECODE_TOO_DEEP;
	const uint8_t *h = cursor_take(&c, IPV6_HEADER);
	if (!h)
		return cursor_short(&c, IPV6_HEADER);
	if (h[0] >> 4 != 6)
		return DECODE_MALFORMED;
	uint32_t length = be16(h + 4);
	limit_payload(layers, &c, length != 0, length); /* zero: a jumbogram, or as in IPv4 */
	struct hosts hosts = { 6, length != 0, h + 8, h + 24, packet_from(h, &c, false), IPV6_HEADER + c.length };
	uint8_t next = h[6];
	for (;;) {
		enum decode_result result;
		if (next == PROTOCOL_HOP_BY_HOP || next == PROTOCOL_ROUTING || next == PROTOCOL_DESTINATION)
			result = extension(&c, &hosts, &next);
		else if (next == PROTOCOL_FRAGMENT)
			result = ipv6_fragment(layers, &c, &hosts, &next);
		else
			return layer_above_ip(layers, c, &hosts, next);
		if (result != DECODE_SEGMENT)
			return result;
		if (!layers_deeper(layers))
			return DECODE_TOO_DEEP;
	}
}

/* ipv4_found - its checksum is right, and it ends with the payload, or shortly before. */
static bool ipv4_found(const uint8_t *h, uint32_t captured, uint32_t rest)
{
	const uint32_t header = (h[0] & 0x0fu) * 4, total = be16(h + 2);
	return header >= IPV4_HEADER && header <= captured && total >= header && total <= rest &&
	       rest - total <= FOUND_TRAILER && sum_is_right(ones_sum(h, header));
}

/* ipv6_found - without a checksum: addresses in use, and TCP that fits. */
static bool ipv6_found(const uint8_t *h, uint32_t captured, uint32_t rest)
{
	const uint32_t length = be16(h + 4);
	if (captured < IPV6_HEADER + TCP_HEADER || length < TCP_HEADER || h[6] != PROTOCOL_TCP)
		return false;
	if (length + IPV6_HEADER > rest || rest - length - IPV6_HEADER > FOUND_TRAILER)
		return false;
	for (unsigned at = 8; at < IPV6_HEADER; at += 16)
		if (h[at] >> 5 != 1 && h[at] < 0xfc) /* global, unique local, link local */
			return false;
	const uint32_t offset = (uint32_t)(h[IPV6_HEADER + 12] >> 4) * 4;
	return offset >= TCP_HEADER && offset <= length;
}

bool ip_found(const struct cursor *c, uint32_t offset)
{
	if (c->captured < offset + IPV4_HEADER)
		return false;
	const uint8_t *h = c->data + offset;
	const uint32_t captured = c->captured - offset, rest = c->length - offset;
	return h[0] >> 4 == 4 ? ipv4_found(h, captured, rest) : h[0] >> 4 == 6 && ipv6_found(h, captured, rest);
}

enum decode_result layer_ip(struct layers *layers, struct cursor c)
{
	switch (cursor_peek(&c, 0) >> 4) {
	case 4:
		return layer_ipv4(layers, c);
	case 6:
		return layer_ipv6(layers, c);
	default:
		return c.captured == 0 ? cursor_short(&c, 1) : DECODE_NOT_IP;
	}
}
