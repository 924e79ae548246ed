/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * packet_kinds.c - one packet of every kind that the decoder knows. See packet_kinds.h.
 */
#include <pcap/dlt.h>

#include "packet_front.h"

const struct built_tcp kind_tcp = { .source = 1025,
	.destination = 25,
	.seq = 0xfffffffe,
	.ack = 77,
	.window = 512,
	.flags = TCP_ACK | TCP_PSH,
	.options = 12 };

void kind_put_tcp(struct built *b)
{
	built_payload(b, KIND_PAYLOAD, KIND_PAYLOAD_SIZE);
	built_tcp(b, &kind_tcp);
}

void kind_ipv4(struct built *b)
{
	kind_put_tcp(b);
	built_ipv4(b, "192.0.2.1", "198.51.100.2");
}

void kind_ipv6(struct built *b)
{
	kind_put_tcp(b);
	built_ipv6(b, "2001:db8::1", "2001:db8::2");
}

/* The kinds ------------------------------------------------------------------------------------------------------- */

void kind_ethernet4(struct built *b)
{
	kind_ipv4(b);
	built_ethernet(b);
}

void kind_ethernet6(struct built *b)
{
	kind_ipv6(b);
	built_ethernet(b);
}

static void qinq(struct built *b)
{
	kind_ipv4(b);
	built_vlan(b, 0x8100, 7);
	built_vlan(b, 0x88a8, 0x6000 | 100); /* with a priority */
	built_ethernet(b);
}

static void old_tags(struct built *b)
{
	kind_ipv6(b);
	built_vlan(b, 0x9300, 4);
	built_vlan(b, 0x9200, 3);
	built_vlan(b, 0x9100, 2);
	built_ethernet(b);
}

static void snap(struct built *b)
{
	kind_ipv4(b);
	front(b, "\xaa\xaa\x03\0\0\0\x08\0", 8);
	b->ethertype = (uint16_t)b->size;
	built_ethernet(b);
}

static void llc_ip(struct built *b)
{
	kind_ipv4(b);
	front(b, "\x06\x06\x03", 3);
	b->ethertype = (uint16_t)b->size;
	built_ethernet(b);
}

static void backbone(struct built *b)
{
	kind_ethernet4(b);
	front(b, "\0\0\x12\x34", 4);
	b->ethertype = 0x88e7;
	built_ethernet(b);
}

static void mpls(struct built *b)
{
	kind_ipv6(b);
	front(b, "\0\x01\0\x40\0\x01\x11\x40", 8);
	b->ethertype = 0x8847;
	built_ethernet(b);
}

static void pseudowire(struct built *b)
{
	kind_ethernet4(b);
	front(b, "\0\x01\x11\x40\0\0\0\0", 8);
	b->ethertype = 0x8847;
	built_ethernet(b);
}

static void pseudowire_without_control_word(struct built *b)
{
	kind_ethernet4(b);
	front(b, "\0\x01\x11\x40", 4);
	b->ethertype = 0x8848;
	built_ethernet(b);
}

void kind_pppoe(struct built *b)
{
	kind_ipv4(b);
	front(b, "\x11\0\0\x05\0\0\0\x21", 8);
	b->ethertype = 0x8864;
	built_ethernet(b);
}

static void ppp(struct built *b)
{
	kind_ipv6(b);
	front(b, "\xff\x03\0\x57", 4);
}

static void ppp_compressed(struct built *b)
{
	kind_ipv4(b);
	front(b, "\x21", 1);
}

static void ppp_direction(struct built *b)
{
	kind_ipv4(b);
	front(b, "\x01\xff\x03\0\x21", 5);
}

static void cisco_hdlc(struct built *b)
{
	kind_ipv4(b);
	front(b, "\x0f\0\x08\0", 4);
}

void kind_gre(struct built *b)
{
	kind_ipv6(b);
	built_gre(b, 0);
	built_ipv4(b, "10.0.0.1", "10.0.0.2");
	built_ethernet(b);
}

/* Checksum, key and sequence number. */
static void gre_full(struct built *b)
{
	kind_ipv4(b);
	front(b, "\xb0\0\x08\0\0\0\0\0\0\0\0\x09\0\0\0\x01", 16);
	b->protocol = 47;
	built_ipv6(b, "2001:db8::a", "2001:db8::b");
	built_ethernet(b);
}

static void gre_ethernet(struct built *b)
{
	kind_ethernet4(b);
	built_gre(b, 0x0a0b0c);
	built_ipv4(b, "10.0.0.1", "10.0.0.2");
	built_ethernet(b);
}

static void pptp(struct built *b)
{
	kind_ipv4(b);
	front(b, "\x30\x81\x88\x0b\0\x50\0\x01\0\0\0\x02\0\0\0\x03\x21", 17);
	b->protocol = 47;
	built_ipv4(b, "10.0.0.1", "10.0.0.2");
	built_ethernet(b);
}

static void erspan1(struct built *b)
{
	kind_ethernet4(b);
	b->ethertype = 0x88be;
	built_gre(b, 0);
	built_ipv4(b, "10.0.0.1", "10.0.0.2");
	built_ethernet(b);
}

static void erspan2(struct built *b)
{
	kind_ethernet4(b);
	front(b, "\x10\0\x88\xbe\0\0\0\x01\x10\0\0\0\0\0\0\0", 16);
	b->protocol = 47;
	built_ipv4(b, "10.0.0.1", "10.0.0.2");
	built_ethernet(b);
}

static void erspan3(struct built *b)
{
	kind_ethernet4(b);
	front(b, "\x10\0\x22\xeb\0\0\0\x01\x20\0\0\0\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0\0", 28);
	b->protocol = 47;
	built_ipv4(b, "10.0.0.1", "10.0.0.2");
	built_ethernet(b);
}

static void wccp(struct built *b)
{
	kind_ipv4(b);
	front(b, "\0\0\x88\x3e\0\0\0\0", 8);
	b->protocol = 47;
	built_ipv4(b, "10.0.0.1", "10.0.0.2");
	built_ethernet(b);
}

static void etherip(struct built *b)
{
	kind_ethernet6(b);
	front(b, "\x30\0", 2);
	b->protocol = 97;
	built_ipv4(b, "10.0.0.1", "10.0.0.2");
	built_ethernet(b);
}

static void ip_in_ip(struct built *b)
{
	kind_ipv4(b);
	built_ipv4(b, "10.0.0.1", "10.0.0.2");
	built_ethernet(b);
}

static void six_in_four(struct built *b)
{
	kind_ipv6(b);
	built_ipv4(b, "10.0.0.1", "10.0.0.2");
	built_ethernet(b);
}

static void six_in_six(struct built *b)
{
	kind_ipv6(b);
	built_ipv6(b, "2001:db8::a", "2001:db8::b");
	built_ethernet(b);
}

static void vxlan(struct built *b)
{
	kind_ethernet6(b);
	front(b, "\x08\0\0\0\0\x30\x39\0", 8);
	built_udp(b, 50000, 4789);
	built_ipv4(b, "10.0.0.1", "10.0.0.2");
	built_ethernet(b);
}

static void geneve(struct built *b)
{
	kind_ethernet4(b);
	front(b, "\x02\0\x65\x58\0\x30\x39\0\x01\x02\x01\x01\0\0\0\0", 16);
	built_udp(b, 50000, 6081);
	built_ipv6(b, "2001:db8::a", "2001:db8::b");
	built_ethernet(b);
}

static void gtp(struct built *b)
{
	kind_ipv4(b);
	front(b, "\x34\xff\0\x50\0\0\0\x09\0\0\0\x85\x01\0\x09\0", 16);
	built_udp(b, 2152, 2152);
	built_ipv4(b, "10.0.0.1", "10.0.0.2");
	built_ethernet(b);
}

void kind_authentication(struct built *b)
{
	kind_ipv4(b);
	/* The header goes between IP and TCP: remove IPv4 and add it again. */
	b->data += 20;
	b->size -= 20;
	front(b, "\x06\x04\0\0\0\0\0\x01\0\0\0\x01\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c", 24);
	b->protocol = 51;
	built_ipv4(b, "192.0.2.1", "198.51.100.2");
	built_ethernet(b);
}

void kind_ipv4_options(struct built *b)
{
	kind_ipv4(b);
	uint8_t start[20];
	memcpy(start, b->data, 20);
	b->data += 20;
	b->size -= 20;
	memset(built_front(b, 8), 1, 8);
	front(b, start, 20);
	b->data[0] = 0x47;
	built_put16(b->data + 2, (uint16_t)b->size);
	built_put16(b->data + 10, 0);
	built_put16(b->data + 10, (uint16_t)~built_sum(0, b->data, 28));
	built_ethernet(b);
}

/* Hop-by-hop, destination, routing (at its end), an atomic fragment. */
static void extensions(struct built *b)
{
	kind_ipv6(b);
	b->data += 40;
	b->size -= 40;
	b->protocol = 6;
	uint8_t *fragment = built_front(b, 8);
	fragment[0] = 6;
	b->protocol = 44;
	built_ipv6_header(b, 43, 3);
	built_ipv6_header(b, 60, 2);
	built_ipv6_header(b, 0, 1);
	built_ipv6(b, "2001:db8::1", "2001:db8::2");
	built_ethernet(b);
}

static void null_little(struct built *b)
{
	kind_ipv6(b);
	front(b, "\x1e\0\0\0", 4);
}

static void null_big(struct built *b)
{
	kind_ipv4(b);
	front(b, "\0\0\0\x02", 4);
}

static void loop(struct built *b)
{
	kind_ipv6(b);
	front(b, "\0\0\0\x18", 4);
}

static void sll(struct built *b)
{
	kind_ipv4(b);
	front(b, "\0\0\0\x01\0\x06\0\0\0\0\0\0\0\0\x08\0", 16);
}

static void sll2(struct built *b)
{
	kind_ipv6(b);
	built_vlan(b, 0x8100, 9);
	front(b, "\x81\0\0\0\0\0\0\x01\0\x01\0\x06\0\0\0\0\0\0\0\0", 20);
}

static void llc_snap(struct built *b)
{
	kind_ipv4(b);
	front(b, "\xaa\xaa\x03\0\0\0\x08\0", 8);
}

void kind_wifi(struct built *b)
{
	llc_snap(b);
	memcpy(built_front(b, 24), "\x08\x01", 2);
}

static void wifi_qos_four_addresses(struct built *b)
{
	llc_snap(b);
	memcpy(built_front(b, 32), "\x88\x03", 2);
}

static void wifi_aggregate(struct built *b)
{
	llc_snap(b);
	built_front(b, 14);
	uint8_t *h = built_front(b, 26);
	memcpy(h, "\x88\x02", 2);
	h[24] = 0x80;
}

/* The 802.11 header is padded to 4 octets, as the flags say, which come after two words of presence and the clock. */
static void radiotap(struct built *b)
{
	llc_snap(b);
	memcpy(built_front(b, 28), "\x88\x01", 2);
	front(b, "\0\0\x19\0\x03\0\0\x80\0\0\0\0\0\0\0\0\1\2\3\4\5\6\7\x08\x20", 25);
}

static void prism(struct built *b)
{
	kind_wifi(b);
	uint8_t *h = built_front(b, 144);
	memcpy(h, "\x44\0\0\0\x90\0\0\0", 8);
}

static void avs(struct built *b)
{
	kind_wifi(b);
	uint8_t *h = built_front(b, 64);
	memcpy(h, "\x80\x21\x10\x01\0\0\0\x40", 8);
}

static void ppi(struct built *b)
{
	kind_wifi(b);
	front(b, "\0\0\x08\0\x69\0\0\0", 8);
}

static void pktap(struct built *b)
{
	kind_ethernet4(b);
	uint8_t *h = built_front(b, 108);
	h[0] = 108;
	h[4] = 1;
	h[8] = 1;
}

static void nflog(struct built *b)
{
	kind_ipv4(b);
	uint16_t size = (uint16_t)(b->size + 4), type = 9;
	uint8_t *h = built_front(b, 4);
	memcpy(h, &size, 2);
	memcpy(h + 2, &type, 2);
	size = 5; /* another attribute, padded */
	type = 10;
	h = built_front(b, 8);
	memcpy(h, &size, 2);
	memcpy(h + 2, &type, 2);
	built_front(b, 4)[0] = 2;
}

static const struct kind kinds[] = {
	{ "Ethernet, IPv4", kind_ethernet4, DLT_EN10MB, 4, 0, { 0 } },
	{ "Ethernet, IPv6", kind_ethernet6, DLT_EN10MB, 6, 0, { 0 } },
	{ "802.1ad and 802.1Q", qinq, DLT_EN10MB, 4, 2, { 100, 7 } },
	{ "older tag types", old_tags, DLT_EN10MB, 6, 3, { 2, 3, 4 } },
	{ "802.3, SNAP", snap, DLT_EN10MB, 4, 0, { 0 } },
	{ "802.3, LLC", llc_ip, DLT_EN10MB, 4, 0, { 0 } },
	{ "802.1ah", backbone, DLT_EN10MB, 4, 0, { 0 } },
	{ "MPLS", mpls, DLT_EN10MB, 6, 0, { 0 } },
	{ "MPLS, pseudowire", pseudowire, DLT_EN10MB, 4, 0, { 0 } },
	{ "MPLS, pseudowire without control word", pseudowire_without_control_word, DLT_EN10MB, 4, 0, { 0 } },
	{ "PPPoE", kind_pppoe, DLT_EN10MB, 4, 0, { 0 } },
	{ "PPP", ppp, DLT_PPP, 6, 0, { 0 } },
	{ "PPP, compressed", ppp_compressed, DLT_PPP_SERIAL, 4, 0, { 0 } },
	{ "PPP with direction", ppp_direction, 204, 4, 0, { 0 } },
	{ "Cisco HDLC", cisco_hdlc, DLT_PPP_SERIAL, 4, 0, { 0 } },
	{ "GRE", kind_gre, DLT_EN10MB, 6, 0, { 0 } },
	{ "GRE with checksum, key, sequence", gre_full, DLT_EN10MB, 4, 0, { 0 } },
	{ "GRE, Ethernet", gre_ethernet, DLT_EN10MB, 4, 0, { 0 } },
	{ "PPTP", pptp, DLT_EN10MB, 4, 0, { 0 } },
	{ "ERSPAN I", erspan1, DLT_EN10MB, 4, 0, { 0 } },
	{ "ERSPAN II", erspan2, DLT_EN10MB, 4, 0, { 0 } },
	{ "ERSPAN III", erspan3, DLT_EN10MB, 4, 0, { 0 } },
	{ "WCCP", wccp, DLT_EN10MB, 4, 0, { 0 } },
	{ "EtherIP", etherip, DLT_EN10MB, 6, 0, { 0 } },
	{ "IP in IP", ip_in_ip, DLT_EN10MB, 4, 0, { 0 } },
	{ "6in4", six_in_four, DLT_EN10MB, 6, 0, { 0 } },
	{ "IPv6 in IPv6", six_in_six, DLT_EN10MB, 6, 0, { 0 } },
	{ "VXLAN", vxlan, DLT_EN10MB, 6, 0, { 0 } },
	{ "Geneve with an option", geneve, DLT_EN10MB, 4, 0, { 0 } },
	{ "GTP-U with an extension header", gtp, DLT_EN10MB, 4, 0, { 0 } },
	{ "AH", kind_authentication, DLT_EN10MB, 4, 0, { 0 } },
	{ "IPv4 with options", kind_ipv4_options, DLT_EN10MB, 4, 0, { 0 } },
	{ "IPv6 with extension headers", extensions, DLT_EN10MB, 6, 0, { 0 } },
	{ "raw IPv4", kind_ipv4, DLT_RAW, 4, 0, { 0 } },
	{ "raw IPv6", kind_ipv6, DLT_RAW, 6, 0, { 0 } },
	{ "raw, OpenBSD", kind_ipv4, 14, 4, 0, { 0 } },
	{ "raw, as in files", kind_ipv6, 101, 6, 0, { 0 } },
	{ "IPv4 link", kind_ipv4, DLT_IPV4, 4, 0, { 0 } },
	{ "IPv6 link", kind_ipv6, DLT_IPV6, 6, 0, { 0 } },
	{ "NULL, little-endian", null_little, DLT_NULL, 6, 0, { 0 } },
	{ "NULL, big-endian", null_big, DLT_NULL, 4, 0, { 0 } },
	{ "LOOP", loop, DLT_LOOP, 6, 0, { 0 } },
	{ "SLL", sll, DLT_LINUX_SLL, 4, 0, { 0 } },
	{ "SLL2 with a tag", sll2, 276, 6, 1, { 9 } },
	{ "RFC 1483", llc_snap, DLT_ATM_RFC1483, 4, 0, { 0 } },
	{ "802.11", kind_wifi, DLT_IEEE802_11, 4, 0, { 0 } },
	{ "802.11 QoS with four addresses", wifi_qos_four_addresses, DLT_IEEE802_11, 4, 0, { 0 } },
	{ "802.11 aggregate", wifi_aggregate, DLT_IEEE802_11, 4, 0, { 0 } },
	{ "radiotap, padded", radiotap, DLT_IEEE802_11_RADIO, 4, 0, { 0 } },
	{ "Prism", prism, DLT_PRISM_HEADER, 4, 0, { 0 } },
	{ "AVS", avs, DLT_IEEE802_11_RADIO_AVS, 4, 0, { 0 } },
	{ "PPI", ppi, DLT_PPI, 4, 0, { 0 } },
	{ "pktap", pktap, 258, 4, 0, { 0 } },
	{ "nflog", nflog, DLT_NFLOG, 4, 0, { 0 } },
};

const struct kind *kind_at(size_t i)
{
	const size_t count = sizeof kinds / sizeof kinds[0];
	if (i < count)
		return &kinds[i];
	i -= count;
	if (i < link_kind_count)
		return &link_kinds[i];
	i -= link_kind_count;
	return i < tunnel_kind_count ? &tunnel_kinds[i] : NULL;
}
