/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * packet_tunnels.c - one packet of every tunnel that the decoder knows, in the variants that differ in shape. See
 * packet_kinds.h.
 */
#include <pcap/dlt.h>

#include "packet_front.h"

/* GRE ------------------------------------------------------------------------------------------------------------- */

static void gre_mpls(struct built *b)
{
	kind_ipv6(b);
	TYPED("\0\x01\0\x40\0\x01\x11\x40", 0x8847);
	built_gre(b, 0);
	outer4(b, 47);
}

static void gre_nsh(struct built *b)
{
	kind_ipv4(b);
	TYPED("\x0f\xc2\x02\x01\0\0\x01\xff", 0x894f);
	built_gre(b, 0);
	outer6(b, 47);
}

static void aruba_wifi(struct built *b)
{
	kind_wifi(b);
	b->ethertype = 0x8200;
	built_gre(b, 0);
	outer4(b, 47);
}

static void aruba_ethernet(struct built *b)
{
	tagged6(b);
	b->ethertype = 0x9000;
	built_gre(b, 0);
	outer4(b, 47);
}

static void eoip(struct built *b)
{
	tagged6(b);
	uint8_t *h = built_front(b, 8);
	memcpy(h, "\x20\x01\x64\0\0\0\x07\0", 8);
	built_put16(h + 4, (uint16_t)(b->size - 8));
	outer4(b, 47);
}

/* UDP ------------------------------------------------------------------------------------------------------------- */

static void gre_in_udp(struct built *b)
{
	kind_ipv6(b);
	built_gre(b, 7);
	udp4(b, 50000, 4754);
}

static void mpls_in_udp(struct built *b)
{
	kind_ipv4(b);
	FRONT("\0\x01\x11\x40");
	udp6(b, 50000, 6635);
}

static void vxlan_gpe_ipv4(struct built *b)
{
	kind_ipv4(b);
	FRONT("\x0c\0\0\x01\0\0\x05\0");
	udp4(b, 50000, 4790);
}

static void vxlan_gpe_ipv6(struct built *b)
{
	kind_ipv6(b);
	FRONT("\x04\0\0\x02\0\0\0\0");
	udp6(b, 50000, 4790);
}

static void vxlan_gpe_ethernet(struct built *b)
{
	tagged6(b);
	FRONT("\x0c\0\0\x03\0\0\x05\0");
	udp4(b, 50000, 4790);
}

static void vxlan_gpe_nsh(struct built *b)
{
	kind_ipv4(b);
	FRONT("\x0f\xc2\x02\x01\0\0\x01\xff");
	FRONT("\x0c\0\0\x04\0\0\x05\0");
	udp4(b, 50000, 4790);
}

static void vxlan_gpe_mpls(struct built *b)
{
	kind_ipv4(b);
	FRONT("\0\x01\x11\x40");
	FRONT("\x0c\0\0\x05\0\0\x05\0");
	udp4(b, 50000, 4790);
}

static void vxlan_gpe_on_vxlan(struct built *b)
{
	kind_ipv6(b);
	FRONT("\x0c\0\0\x02\0\0\x05\0");
	udp4(b, 50000, 4789);
}

static void vxlan_group(struct built *b)
{
	kind_ethernet4(b);
	FRONT("\x88\0\x01\x23\0\0\x05\0");
	udp4(b, 50000, 8472);
}

static void teredo(struct built *b)
{
	kind_ipv6(b);
	udp4(b, 50000, 3544);
}

static void teredo_origin(struct built *b)
{
	kind_ipv6(b);
	FRONT("\0\0\x63\xbf\x3f\xff\xfd\xfe");
	udp4(b, 3544, 50000);
}

static void teredo_authentication(struct built *b)
{
	kind_ipv6(b);
	FRONT("\0\0\x63\xbf\x3f\xff\xfd\xfe");
	FRONT("\0\x01\x02\x03\x61\x62\x71\x72\x73\1\2\3\4\5\6\7\x08\0");
	udp4(b, 50000, 3544);
}

static void teredo_ipv4(struct built *b)
{
	kind_ipv4(b);
	udp4(b, 50000, 3544);
}

static void l2tp2(struct built *b)
{
	kind_ipv4(b);
	FRONT("\0\x02\0\x01\0\x02\xff\x03\0\x21");
	udp4(b, 1701, 1701);
}

static void l2tp2_full(struct built *b)
{
	kind_ipv6(b);
	FRONT("\0\x57");
	FRONT("\x4b\x02\0\0\0\x01\0\x02\0\1\0\2\0\x03\0\0\0");
	built_put16(b->data + 2, (uint16_t)b->size);
	memset(b->data + b->size, 0, 3); /* padding */
	b->size += 3;
	udp6(b, 1701, 50000);
}

static void l2tp3_udp(struct built *b)
{
	tagged6(b);
	FRONT("\0\x03\0\0\0\0\x12\x34");
	udp4(b, 1701, 1701);
}

static void l2tp3_udp_cookie(struct built *b)
{
	kind_ethernet4(b);
	FRONT("\0\x03\0\0\0\0\x12\x34\x45\x12\x01\x02\xde\xad\xbe\xef\x40\0\0\x01");
	udp6(b, 50000, 1701);
}

static void l2tp3_ip(struct built *b)
{
	kind_ethernet4(b);
	FRONT("\0\0\x12\x34\0\0\0\0");
	outer4(b, 115);
}

static void l2tp3_ip_cookie(struct built *b)
{
	tagged6(b);
	FRONT("\0\0\x12\x34\x45\x12\x01\x02");
	outer6(b, 115);
}

static void l2tp3_ip_ppp(struct built *b)
{
	kind_ipv4(b);
	FRONT("\0\0\x12\x34\xff\x03\0\x21");
	outer4(b, 115);
}

static void l2tp3_ip_hdlc(struct built *b)
{
	kind_ipv6(b);
	FRONT("\0\0\x12\x34\xde\xad\xbe\xef\x0f\0\x86\xdd");
	outer4(b, 115);
}

static void l2tp3_ip_ip(struct built *b)
{
	kind_ipv4(b);
	FRONT("\0\0\x12\x34\xde\xad\xbe\xef\xde\xad\xbe\xef");
	outer4(b, 115);
}

static void lisp(struct built *b)
{
	kind_ipv4(b);
	FRONT("\xc0\1\2\3\0\0\0\x01");
	udp4(b, 50000, 4341);
}

static void lisp_ipv6(struct built *b)
{
	kind_ipv6(b);
	FRONT("\x08\0\0\0\0\0\x05\0");
	udp6(b, 4341, 4341);
}

static void lisp_ethernet(struct built *b)
{
	tagged6(b);
	FRONT("\x0c\0\0\x03\0\0\x05\0");
	udp4(b, 50000, 4341);
}

static void tzsp(struct built *b)
{
	tagged6(b);
	FRONT("\x01\0\0\x01\x01");
	udp4(b, 50000, 37008);
}

static void tzsp_wifi(struct built *b)
{
	kind_wifi(b);
	FRONT("\x01\x01\0\x12\0\x0a\x01\xc4\0\x12\x01\x06\x01");
	udp6(b, 50000, 37008);
}

static void capwap(struct built *b)
{
	kind_ethernet4(b);
	FRONT("\0\x10\x42\0\0\0\0\0");
	udp4(b, 50000, 5247);
}

/* The radio's address is there, and the first octets of 802.11 have changed places. */
static void capwap_wifi_swapped(struct built *b)
{
	kind_wifi(b);
	const uint8_t first = b->data[0];
	b->data[0] = b->data[1];
	b->data[1] = first;
	FRONT("\0\x20\x43\x10\0\0\0\0\x06\x02\0\0\0\0\1\0");
	udp4(b, 5247, 50000);
}

static void capwap_wifi(struct built *b)
{
	kind_wifi(b);
	FRONT("\0\x10\x43\0\0\0\0\0");
	udp6(b, 5247, 50000);
}

static void hp_mirror(struct built *b)
{
	tagged6(b);
	FRONT("\0\0\0\1\0\0\0\0\0\0\0\0");
	udp4(b, 50000, 7932);
}

static void aruba_mirror(struct built *b)
{
	kind_wifi(b);
	uint8_t *h = built_front(b, 16);
	built_put32(h + 8, (uint32_t)b->size - 16);
	built_put32(h + 12, (uint32_t)b->size - 16);
	udp4(b, 50000, 5555);
}

static void aruba_mirror_radio(struct built *b)
{
	kind_wifi(b);
	uint8_t *h = built_front(b, 20);
	built_put32(h + 8, (uint32_t)b->size - 20);
	udp4(b, 50000, 5555);
}

/* IP -------------------------------------------------------------------------------------------------------------- */

static void ip_94(struct built *b)
{
	kind_ipv4(b);
	outer4(b, 94);
}

static void ethernet_in_ip(struct built *b)
{
	tagged6(b);
	outer6(b, 143);
}

static void ppp_bridged(struct built *b)
{
	tagged6(b);
	FRONT("\xff\x03\0\x31\0\x01");
}

const struct kind tunnel_kinds[] = {
	{ "PPP, bridged", ppp_bridged, DLT_PPP, 6, 1, { 9 } },
	{ "GRE, MPLS", gre_mpls, DLT_EN10MB, 6, 0, { 0 } },
	{ "GRE, NSH", gre_nsh, DLT_EN10MB, 4, 0, { 0 } },
	{ "Aruba GRE, 802.11", aruba_wifi, DLT_EN10MB, 4, 0, { 0 } },
	{ "Aruba GRE, Ethernet", aruba_ethernet, DLT_EN10MB, 6, 1, { 9 } },
	{ "EoIP", eoip, DLT_EN10MB, 6, 1, { 9 } },
	{ "GRE in UDP", gre_in_udp, DLT_EN10MB, 6, 0, { 0 } },
	{ "MPLS in UDP", mpls_in_udp, DLT_EN10MB, 4, 0, { 0 } },
	{ "VXLAN-GPE, IPv4", vxlan_gpe_ipv4, DLT_EN10MB, 4, 0, { 0 } },
	{ "VXLAN-GPE, IPv6, no identifier", vxlan_gpe_ipv6, DLT_EN10MB, 6, 0, { 0 } },
	{ "VXLAN-GPE, Ethernet", vxlan_gpe_ethernet, DLT_EN10MB, 6, 1, { 9 } },
	{ "VXLAN-GPE, NSH", vxlan_gpe_nsh, DLT_EN10MB, 4, 0, { 0 } },
	{ "VXLAN-GPE, MPLS", vxlan_gpe_mpls, DLT_EN10MB, 4, 0, { 0 } },
	{ "VXLAN-GPE on VXLAN's port", vxlan_gpe_on_vxlan, DLT_EN10MB, 6, 0, { 0 } },
	{ "VXLAN with a group", vxlan_group, DLT_EN10MB, 4, 0, { 0 } },
	{ "Teredo", teredo, DLT_EN10MB, 6, 0, { 0 } },
	{ "Teredo, origin", teredo_origin, DLT_EN10MB, 6, 0, { 0 } },
	{ "Teredo, authentication and origin", teredo_authentication, DLT_EN10MB, 6, 0, { 0 } },
	{ "Teredo, IPv4", teredo_ipv4, DLT_EN10MB, 4, 0, { 0 } },
	{ "L2TP 2", l2tp2, DLT_EN10MB, 4, 0, { 0 } },
	{ "L2TP 2 with all fields", l2tp2_full, DLT_EN10MB, 6, 0, { 0 } },
	{ "L2TP 3 in UDP", l2tp3_udp, DLT_EN10MB, 6, 1, { 9 } },
	{ "L2TP 3 in UDP, cookie and control", l2tp3_udp_cookie, DLT_EN10MB, 4, 0, { 0 } },
	{ "L2TP 3, control", l2tp3_ip, DLT_EN10MB, 4, 0, { 0 } },
	{ "L2TP 3, cookie", l2tp3_ip_cookie, DLT_EN10MB, 6, 1, { 9 } },
	{ "L2TP 3, PPP", l2tp3_ip_ppp, DLT_EN10MB, 4, 0, { 0 } },
	{ "L2TP 3, HDLC", l2tp3_ip_hdlc, DLT_EN10MB, 6, 0, { 0 } },
	{ "L2TP 3, IP behind a long cookie", l2tp3_ip_ip, DLT_EN10MB, 4, 0, { 0 } },
	{ "LISP", lisp, DLT_EN10MB, 4, 0, { 0 } },
	{ "LISP, IPv6", lisp_ipv6, DLT_EN10MB, 6, 0, { 0 } },
	{ "LISP, Ethernet", lisp_ethernet, DLT_EN10MB, 6, 1, { 9 } },
	{ "TZSP", tzsp, DLT_EN10MB, 6, 1, { 9 } },
	{ "TZSP, 802.11, tags", tzsp_wifi, DLT_EN10MB, 4, 0, { 0 } },
	{ "CAPWAP", capwap, DLT_EN10MB, 4, 0, { 0 } },
	{ "CAPWAP, 802.11", capwap_wifi, DLT_EN10MB, 4, 0, { 0 } },
	{ "CAPWAP, 802.11 swapped", capwap_wifi_swapped, DLT_EN10MB, 4, 0, { 0 } },
	{ "HP's mirror", hp_mirror, DLT_EN10MB, 6, 1, { 9 } },
	{ "Aruba's mirror", aruba_mirror, DLT_EN10MB, 4, 0, { 0 } },
	{ "Aruba's mirror with the radio", aruba_mirror_radio, DLT_EN10MB, 4, 0, { 0 } },
	{ "IP in IP, the older number", ip_94, DLT_EN10MB, 4, 0, { 0 } },
	{ "Ethernet in IP", ethernet_in_ip, DLT_EN10MB, 6, 1, { 9 } },
};

const size_t tunnel_kind_count = sizeof tunnel_kinds / sizeof tunnel_kinds[0];
