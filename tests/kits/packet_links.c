/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * packet_links.c - one packet of every tag and of every rarer link type that the decoder knows, in the variants that
 * differ in shape. See packet_kinds.h.
 */
#include <pcap/dlt.h>

#include "packet_front.h"

/* Tags ------------------------------------------------------------------------------------------------------------ */

static void vntag(struct built *b)
{
	kind_ipv4(b);
	TAG("\x00\x01\x00\x02", 0x8926);
	built_ethernet(b);
}

static void vntag_vlan(struct built *b)
{
	kind_ipv6(b);
	built_vlan(b, 0x8100, 9);
	TAG("\xc0\x01\x80\x02", 0x8926);
	built_ethernet(b);
}

static void etag(struct built *b)
{
	kind_ipv4(b);
	TAG("\xe0\x01\x30\x02\0\0", 0x893f);
	built_ethernet(b);
}

static void vlan_etag(struct built *b)
{
	kind_ipv6(b);
	TAG("\0\0\0\x01\0\0", 0x893f);
	built_vlan(b, 0x88a8, 9);
	built_ethernet(b);
}

static void cisco_metadata(struct built *b)
{
	kind_ipv4(b);
	TAG("\x01\x01\0\x01\0\x05", 0x8909);
	built_ethernet(b);
}

/* Without a number of options it has one all the same. */
static void cisco_metadata_none(struct built *b)
{
	kind_ipv4(b);
	TAG("\x01\0\0\x01\0\x05", 0x8909);
	built_ethernet(b);
}

static void cisco_metadata_two(struct built *b)
{
	kind_ipv6(b);
	TAG("\x01\x02\0\x01\0\x05\0\x02\0\x06", 0x8909);
	built_vlan(b, 0x8100, 9);
	built_ethernet(b);
}

static void fabricpath(struct built *b)
{
	tagged6(b);
	TYPED("\x04\x20", 0x8903);
	built_ethernet(b);
}

static void qinq_8200(struct built *b)
{
	kind_ipv4(b);
	built_vlan(b, 0x8100, 7);
	built_vlan(b, 0x8200, 100);
	built_ethernet(b);
}

static void macsec(struct built *b)
{
	kind_ipv4(b);
	TAG("\x00\x00\0\0\0\x01", 0x88e5);
	memset(b->data + b->size, 0xee, 16); /* the check value */
	b->size += 16;
	built_ethernet(b);
}

static void macsec_identifier(struct built *b)
{
	kind_ipv6(b);
	built_vlan(b, 0x8100, 9);
	TAG("\x20\x00\0\0\0\x01\x02\0\0\0\0\x01\0\x01", 0x88e5);
	memset(b->data + b->size, 0xee, 16);
	b->size += 16;
	built_ethernet(b);
}

static void hsr(struct built *b)
{
	kind_ipv4(b);
	TAG("\0\x56\0\x01", 0x892f);
	built_ethernet(b);
}

static void hsr_vlan(struct built *b)
{
	kind_ipv6(b);
	TAG("\x10\x56\0\x01", 0x892f);
	built_vlan(b, 0x8100, 9);
	built_ethernet(b);
}

static void prp(struct built *b)
{
	kind_ethernet4(b);
	memcpy(b->data + b->size, "\0\x01\xa0\x56\x88\xfb", 6);
	b->size += 6;
}

static void trill(struct built *b)
{
	kind_ethernet4(b);
	TYPED("\0\x3f\0\x01\0\x02", 0x22f3);
	built_ethernet(b);
}

static void trill_options(struct built *b)
{
	tagged6(b);
	TYPED("\0\xbf\0\x01\0\x02\1\2\3\4\5\6\7\x08", 0x22f3);
	built_ethernet(b);
}

static void nsh(struct built *b)
{
	kind_ipv4(b);
	TYPED("\x0f\xc6\x01\x01\0\0\x01\xff\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\4", 0x894f);
	built_ethernet(b);
}

static void nsh_ethernet(struct built *b)
{
	tagged6(b);
	TYPED("\x0f\xc2\x02\x03\0\0\x01\xff", 0x894f);
	built_vlan(b, 0x8100, 8);
	built_ethernet(b);
}

static void nsh_nsh_ipv6(struct built *b)
{
	kind_ipv6(b);
	FRONT("\x0f\xc2\x02\x02\0\0\x01\xff");
	TYPED("\x0f\xc2\x02\x04\0\0\x01\xff", 0x894f);
	built_ethernet(b);
}

static void nsh_mpls(struct built *b)
{
	kind_ipv4(b);
	FRONT("\0\x01\x11\x40");
	TYPED("\x0f\xc2\x02\x05\0\0\x01\xff", 0x894f);
	built_ethernet(b);
}

static void arista_64(struct built *b)
{
	kind_ipv4(b);
	TAG("\0\x01\0\x10\x65\0\0\0\0\0\0\x01", 0xd28b);
	built_ethernet(b);
}

static void arista_48(struct built *b)
{
	kind_ipv6(b);
	built_vlan(b, 0x8100, 9);
	TAG("\0\x01\x01\x21\0\0\0\0\0\x01", 0xd28b);
	built_ethernet(b);
}

static void edsa(struct built *b)
{
	kind_ipv4(b);
	TAG("\0\0\xe0\x08\x60\x07", 0xdada);
	built_ethernet(b);
}

/* Link types ------------------------------------------------------------------------------------------------------ */

static void dsa(struct built *b)
{
	kind_ipv6(b);
	built_put16(built_front(b, 2), b->ethertype);
	FRONT("\x02\0\0\0\0\2\x02\0\0\0\0\1\xc0\x08\x60\x07");
}

static void broadcom(struct built *b)
{
	kind_ipv4(b);
	built_put16(built_front(b, 2), b->ethertype);
	FRONT("\x02\0\0\0\0\2\x02\0\0\0\0\1\x20\0\0\x01");
}

static void four_in_front(struct built *b)
{
	tagged6(b);
	FRONT("\x20\0\0\x01");
}

static void preamble(struct built *b)
{
	kind_ethernet4(b);
	FRONT("\x55\x55\x55\x55\x55\x55\x55\xd5");
}

static void preamble_four_in_front(struct built *b)
{
	preamble(b);
	FRONT("\0\0\0\x01");
}

static void pflog(struct built *b)
{
	kind_ipv4(b);
	uint8_t *h = built_front(b, 64);
	h[0] = 61;
	h[1] = 2;
}

static void pflog_long(struct built *b)
{
	kind_ipv6(b);
	uint8_t *h = built_front(b, 100);
	h[0] = 100;
	h[1] = 24;
}

static void pflog_old(struct built *b)
{
	kind_ipv4(b);
	built_front(b, 28)[3] = 2;
}

static void enc(struct built *b)
{
	kind_ipv4(b);
	FRONT("\x02\0\0\0\0\0\x12\x34\0\0\x0c\0");
}

static void enc_big(struct built *b)
{
	kind_ipv6(b);
	built_ipv4(b, "10.0.0.1", "10.0.0.2");
	FRONT("\0\0\0\x18\0\0\x12\x34\0\0\x0c\0");
}

static void frame_relay(struct built *b)
{
	kind_ipv4(b);
	FRONT("\x18\x41\x03\xcc");
}

static void frame_relay_padded(struct built *b)
{
	kind_ipv6(b);
	FRONT("\x18\x42\x02\x01\x03\0\x8e");
}

static void frame_relay_snap(struct built *b)
{
	kind_ipv4(b);
	FRONT("\x18\x41\x03\0\x80\0\0\0\x08\0");
}

static void frame_relay_bridged(struct built *b)
{
	tagged6(b);
	FRONT("\x18\x41\x03\0\x80\0\x80\xc2\0\x07");
}

static void frame_relay_ppp(struct built *b)
{
	kind_ipv4(b);
	FRONT("\x18\x41\x03\xcf\0\x21");
}

static void frame_relay_cisco(struct built *b)
{
	kind_ipv6(b);
	FRONT("\x18\x41\x86\xdd");
}

static void frame_relay_direction(struct built *b)
{
	kind_ipv4(b);
	FRONT("\x01\x18\x41\x03\xcc");
}

static void ipoib4(struct built *b)
{
	kind_ipv4(b);
	FRONT("\x08\0\0\0");
	built_front(b, 40);
}

static void ipoib6(struct built *b)
{
	kind_ipv6(b);
	FRONT("\x86\xdd\0\0");
	built_front(b, 40)[0] = 0x60;
}

static void fddi(struct built *b)
{
	kind_ipv4(b);
	FRONT("\x54\x02\0\0\0\0\2\x02\0\0\0\0\1\xaa\xaa\x03\0\0\0\x08\0");
}

static void token_ring(struct built *b)
{
	kind_ipv6(b);
	FRONT("\x10\x40\x02\0\0\0\0\2\x02\0\0\0\0\1\xaa\xaa\x03\0\0\0\x86\xdd");
}

static void token_ring_routed(struct built *b)
{
	kind_ipv4(b);
	FRONT("\x10\x40\x02\0\0\0\0\2\x82\0\0\0\0\1\x06\x30\0\x11\0\x20\xaa\xaa\x03\0\0\0\x08\0");
}

static void juniper_ethernet(struct built *b)
{
	tagged6(b);
	FRONT("MGC\x81\0\x06\x01\x01\x05\x02\x01\x0e");
}

static void juniper_plain(struct built *b)
{
	kind_ethernet4(b);
	FRONT("MGC\0");
}

static void juniper_without_link_layer(struct built *b)
{
	kind_ipv6(b);
	FRONT("MGC\x02\0\0\0\x01");
}

static void juniper_ppp(struct built *b)
{
	kind_ipv4(b);
	FRONT("MGC\x81\0\0\xff\x03\0\x21");
}

static void juniper_frame_relay(struct built *b)
{
	kind_ipv4(b);
	FRONT("MGC\x01\x18\x41\x03\xcc");
}

static void juniper_hdlc(struct built *b)
{
	kind_ipv6(b);
	FRONT("MGC\x01\x0f\0\x86\xdd");
}

static void atm_bridged(struct built *b)
{
	tagged6(b);
	FRONT("\xaa\xaa\x03\0\x80\xc2\0\x07\0\0");
}

static void atm_routed(struct built *b)
{
	kind_ipv4(b);
	FRONT("\xfe\xfe\x03\xcc");
}

static void sun_atm(struct built *b)
{
	kind_ipv4(b);
	FRONT("\x02\0\0\x20\xaa\xaa\x03\0\0\0\x08\0");
}

static void fibre_channel(struct built *b)
{
	kind_ipv4(b);
	FRONT("\xaa\xaa\x03\0\0\0\x08\0");
	built_front(b, 16);
}

static void firewire(struct built *b)
{
	kind_ipv4(b);
	FRONT("\x08\0");
	built_front(b, 16);
}

static void slip(struct built *b)
{
	kind_ipv4(b);
	built_front(b, 16);
}

static void ipnet(struct built *b)
{
	kind_ipv6(b);
	built_front(b, 24)[0] = 1;
}

static void cooked_radiotap(struct built *b)
{
	kind_wifi(b);
	FRONT("\0\0\x08\0\0\0\0\0");
	FRONT("\0\0\x03\x23\0\x06\0\0\0\0\0\0\0\0\0\x04");
}

static void nflog_swapped(struct built *b)
{
	kind_ipv6(b);
	uint8_t *h = built_front(b, 4);
	built_put16(h, (uint16_t)(b->size));
	built_put16(h + 2, 9);
	FRONT("\x0a\0\0\0");
}

const struct kind link_kinds[] = {
	{ "VN-Tag", vntag, DLT_EN10MB, 4, 0, { 0 } },
	{ "VN-Tag, VLAN", vntag_vlan, DLT_EN10MB, 6, 1, { 9 } },
	{ "E-Tag", etag, DLT_EN10MB, 4, 0, { 0 } },
	{ "VLAN, E-Tag", vlan_etag, DLT_EN10MB, 6, 1, { 9 } },
	{ "Cisco metadata", cisco_metadata, DLT_EN10MB, 4, 0, { 0 } },
	{ "Cisco metadata, no options", cisco_metadata_none, DLT_EN10MB, 4, 0, { 0 } },
	{ "Cisco metadata, two options", cisco_metadata_two, DLT_EN10MB, 6, 1, { 9 } },
	{ "FabricPath", fabricpath, DLT_EN10MB, 6, 1, { 9 } },
	{ "0x8200 and 802.1Q", qinq_8200, DLT_EN10MB, 4, 2, { 100, 7 } },
	{ "MACsec", macsec, DLT_EN10MB, 4, 0, { 0 } },
	{ "MACsec with an identifier", macsec_identifier, DLT_EN10MB, 6, 1, { 9 } },
	{ "HSR", hsr, DLT_EN10MB, 4, 0, { 0 } },
	{ "HSR in a VLAN", hsr_vlan, DLT_EN10MB, 6, 1, { 9 } },
	{ "PRP", prp, DLT_EN10MB, 4, 0, { 0 } },
	{ "TRILL", trill, DLT_EN10MB, 4, 0, { 0 } },
	{ "TRILL with options", trill_options, DLT_EN10MB, 6, 1, { 9 } },
	{ "NSH", nsh, DLT_EN10MB, 4, 0, { 0 } },
	{ "NSH, Ethernet", nsh_ethernet, DLT_EN10MB, 6, 2, { 8, 9 } },
	{ "NSH in NSH, IPv6", nsh_nsh_ipv6, DLT_EN10MB, 6, 0, { 0 } },
	{ "NSH, MPLS", nsh_mpls, DLT_EN10MB, 4, 0, { 0 } },
	{ "Arista, 64 bits", arista_64, DLT_EN10MB, 4, 0, { 0 } },
	{ "Arista, 48 bits, VLAN", arista_48, DLT_EN10MB, 6, 1, { 9 } },
	{ "DSA with a type", edsa, DLT_EN10MB, 4, 1, { 7 } },
	{ "DSA with a type, its link", edsa, 285, 4, 1, { 7 } },
	{ "DSA", dsa, 284, 6, 0, { 0 } },
	{ "Broadcom's tag", broadcom, 281, 4, 0, { 0 } },
	{ "Broadcom's tag in front", four_in_front, 282, 6, 1, { 9 } },
	{ "netANALYZER", four_in_front, 240, 6, 1, { 9 } },
	{ "netANALYZER, transparent", preamble_four_in_front, 241, 4, 0, { 0 } },
	{ "mPacket", preamble, 274, 4, 0, { 0 } },
	{ "pflog", pflog, DLT_PFLOG, 4, 0, { 0 } },
	{ "pflog, longer", pflog_long, DLT_PFLOG, 6, 0, { 0 } },
	{ "pflog, the oldest", pflog_old, 17, 4, 0, { 0 } },
	{ "enc", enc, DLT_ENC, 4, 0, { 0 } },
	{ "enc, another byte order", enc_big, DLT_ENC, 6, 0, { 0 } },
	{ "Frame Relay", frame_relay, DLT_FRELAY, 4, 0, { 0 } },
	{ "Frame Relay, padded, long address", frame_relay_padded, DLT_FRELAY, 6, 0, { 0 } },
	{ "Frame Relay, SNAP", frame_relay_snap, DLT_FRELAY, 4, 0, { 0 } },
	{ "Frame Relay, bridged", frame_relay_bridged, DLT_FRELAY, 6, 1, { 9 } },
	{ "Frame Relay, PPP", frame_relay_ppp, DLT_FRELAY, 4, 0, { 0 } },
	{ "Frame Relay, Cisco", frame_relay_cisco, DLT_FRELAY, 6, 0, { 0 } },
	{ "Frame Relay with direction", frame_relay_direction, 206, 4, 0, { 0 } },
	{ "IPoIB", ipoib4, 242, 4, 0, { 0 } },
	{ "IPoIB, IPv6", ipoib6, 242, 6, 0, { 0 } },
	{ "FDDI", fddi, DLT_FDDI, 4, 0, { 0 } },
	{ "Token Ring", token_ring, DLT_IEEE802, 6, 0, { 0 } },
	{ "Token Ring, routed", token_ring_routed, DLT_IEEE802, 4, 0, { 0 } },
	{ "Juniper Ethernet, extended", juniper_ethernet, 178, 6, 1, { 9 } },
	{ "Juniper Ethernet", juniper_plain, 178, 4, 0, { 0 } },
	{ "Juniper Ethernet, without it", juniper_without_link_layer, 178, 6, 0, { 0 } },
	{ "Juniper PPP", juniper_ppp, 179, 4, 0, { 0 } },
	{ "Juniper Frame Relay", juniper_frame_relay, 180, 4, 0, { 0 } },
	{ "Juniper HDLC", juniper_hdlc, 181, 6, 0, { 0 } },
	{ "RFC 2684, bridged", atm_bridged, DLT_ATM_RFC1483, 6, 1, { 9 } },
	{ "RFC 2684, routed", atm_routed, DLT_ATM_RFC1483, 4, 0, { 0 } },
	{ "classical IP over ATM", atm_routed, DLT_ATM_CLIP, 4, 0, { 0 } },
	{ "SunATM", sun_atm, DLT_SUNATM, 4, 0, { 0 } },
	{ "IP over Fibre Channel", fibre_channel, DLT_IP_OVER_FC, 4, 0, { 0 } },
	{ "IP over FireWire", firewire, DLT_APPLE_IP_OVER_IEEE1394, 4, 0, { 0 } },
	{ "SLIP", slip, DLT_SLIP, 4, 0, { 0 } },
	{ "Solaris IPnet", ipnet, DLT_IPNET, 6, 0, { 0 } },
	{ "SLL of a radiotap device", cooked_radiotap, DLT_LINUX_SLL, 4, 0, { 0 } },
	{ "nflog of another byte order", nflog_swapped, DLT_NFLOG, 6, 0, { 0 } },
};

const size_t link_kind_count = sizeof link_kinds / sizeof link_kinds[0];
