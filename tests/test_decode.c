/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * test_decode.c - packets of every kind become segments: whole, and cut at every octet, at the edge of readable memory.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pcap/dlt.h>

#include "decode.h"
#include "guard.h"
#include "packet_builder.h"

static const char payload[] = "MAIL FROM:<a@example.org>\r\n";
#define PAYLOAD_SIZE (sizeof(payload) - 1)

static const struct built_tcp header = { .source = 1025,
	.destination = 25,
	.seq = 0xfffffffe,
	.ack = 77,
	.window = 512,
	.flags = TCP_ACK | TCP_PSH,
	.options = 12 };

static void tcp(struct built *b)
{
	built_payload(b, payload, PAYLOAD_SIZE);
	built_tcp(b, &header);
}

static void ipv4(struct built *b)
{
	tcp(b);
	built_ipv4(b, "192.0.2.1", "198.51.100.2");
}

static void ipv6(struct built *b)
{
	tcp(b);
	built_ipv6(b, "2001:db8::1", "2001:db8::2");
}

/* front - octets in front of the packet. */
static void front(struct built *b, const void *octets, size_t size)
{
	memcpy(built_front(b, size), octets, size);
}

/* The kinds ------------------------------------------------------------------------------------------------------- */

static void ethernet4(struct built *b)
{
	ipv4(b);
	built_ethernet(b);
}

static void ethernet6(struct built *b)
{
	ipv6(b);
	built_ethernet(b);
}

static void qinq(struct built *b)
{
	ipv4(b);
	built_vlan(b, 0x8100, 7);
	built_vlan(b, 0x88a8, 0x6000 | 100); /* with a priority */
	built_ethernet(b);
}

static void old_tags(struct built *b)
{
	ipv6(b);
	built_vlan(b, 0x9300, 4);
	built_vlan(b, 0x9200, 3);
	built_vlan(b, 0x9100, 2);
	built_ethernet(b);
}

static void snap(struct built *b)
{
	ipv4(b);
	front(b, "\xaa\xaa\x03\0\0\0\x08\0", 8);
	b->ethertype = (uint16_t)b->size;
	built_ethernet(b);
}

static void llc_ip(struct built *b)
{
	ipv4(b);
	front(b, "\x06\x06\x03", 3);
	b->ethertype = (uint16_t)b->size;
	built_ethernet(b);
}

static void backbone(struct built *b)
{
	ethernet4(b);
	front(b, "\0\0\x12\x34", 4);
	b->ethertype = 0x88e7;
	built_ethernet(b);
}

static void mpls(struct built *b)
{
	ipv6(b);
	front(b, "\0\x01\0\x40\0\x01\x11\x40", 8);
	b->ethertype = 0x8847;
	built_ethernet(b);
}

static void pseudowire(struct built *b)
{
	ethernet4(b);
	front(b, "\0\x01\x11\x40\0\0\0\0", 8);
	b->ethertype = 0x8847;
	built_ethernet(b);
}

static void pseudowire_without_control_word(struct built *b)
{
	ethernet4(b);
	front(b, "\0\x01\x11\x40", 4);
	b->ethertype = 0x8848;
	built_ethernet(b);
}

static void pppoe(struct built *b)
{
	ipv4(b);
	front(b, "\x11\0\0\x05\0\0\0\x21", 8);
	b->ethertype = 0x8864;
	built_ethernet(b);
}

static void ppp(struct built *b)
{
	ipv6(b);
	front(b, "\xff\x03\0\x57", 4);
}

static void ppp_compressed(struct built *b)
{
	ipv4(b);
	front(b, "\x21", 1);
}

static void ppp_direction(struct built *b)
{
	ipv4(b);
	front(b, "\x01\xff\x03\0\x21", 5);
}

static void cisco_hdlc(struct built *b)
{
	ipv4(b);
	front(b, "\x0f\0\x08\0", 4);
}

static void gre(struct built *b)
{
	ipv6(b);
	built_gre(b, 0);
	built_ipv4(b, "10.0.0.1", "10.0.0.2");
	built_ethernet(b);
}

/* Checksum, key and sequence number. */
static void gre_full(struct built *b)
{
	ipv4(b);
	front(b, "\xb0\0\x08\0\0\0\0\0\0\0\0\x09\0\0\0\x01", 16);
	b->protocol = 47;
	built_ipv6(b, "2001:db8::a", "2001:db8::b");
	built_ethernet(b);
}

static void gre_ethernet(struct built *b)
{
	ethernet4(b);
	built_gre(b, 0x0a0b0c);
	built_ipv4(b, "10.0.0.1", "10.0.0.2");
	built_ethernet(b);
}

static void pptp(struct built *b)
{
	ipv4(b);
	front(b, "\x30\x81\x88\x0b\0\x50\0\x01\0\0\0\x02\0\0\0\x03\x21", 17);
	b->protocol = 47;
	built_ipv4(b, "10.0.0.1", "10.0.0.2");
	built_ethernet(b);
}

static void erspan1(struct built *b)
{
	ethernet4(b);
	b->ethertype = 0x88be;
	built_gre(b, 0);
	built_ipv4(b, "10.0.0.1", "10.0.0.2");
	built_ethernet(b);
}

static void erspan2(struct built *b)
{
	ethernet4(b);
	front(b, "\x10\0\x88\xbe\0\0\0\x01\x10\0\0\0\0\0\0\0", 16);
	b->protocol = 47;
	built_ipv4(b, "10.0.0.1", "10.0.0.2");
	built_ethernet(b);
}

static void erspan3(struct built *b)
{
	ethernet4(b);
	front(b, "\x10\0\x22\xeb\0\0\0\x01\x20\0\0\0\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0\0", 28);
	b->protocol = 47;
	built_ipv4(b, "10.0.0.1", "10.0.0.2");
	built_ethernet(b);
}

static void wccp(struct built *b)
{
	ipv4(b);
	front(b, "\0\0\x88\x3e\0\0\0\0", 8);
	b->protocol = 47;
	built_ipv4(b, "10.0.0.1", "10.0.0.2");
	built_ethernet(b);
}

static void etherip(struct built *b)
{
	ethernet6(b);
	front(b, "\x30\0", 2);
	b->protocol = 97;
	built_ipv4(b, "10.0.0.1", "10.0.0.2");
	built_ethernet(b);
}

static void ip_in_ip(struct built *b)
{
	ipv4(b);
	built_ipv4(b, "10.0.0.1", "10.0.0.2");
	built_ethernet(b);
}

static void six_in_four(struct built *b)
{
	ipv6(b);
	built_ipv4(b, "10.0.0.1", "10.0.0.2");
	built_ethernet(b);
}

static void six_in_six(struct built *b)
{
	ipv6(b);
	built_ipv6(b, "2001:db8::a", "2001:db8::b");
	built_ethernet(b);
}

static void vxlan(struct built *b)
{
	ethernet6(b);
	front(b, "\x08\0\0\0\0\x30\x39\0", 8);
	built_udp(b, 50000, 4789);
	built_ipv4(b, "10.0.0.1", "10.0.0.2");
	built_ethernet(b);
}

static void geneve(struct built *b)
{
	ethernet4(b);
	front(b, "\x02\0\x65\x58\0\x30\x39\0\x01\x02\x01\x01\0\0\0\0", 16);
	built_udp(b, 50000, 6081);
	built_ipv6(b, "2001:db8::a", "2001:db8::b");
	built_ethernet(b);
}

static void gtp(struct built *b)
{
	ipv4(b);
	front(b, "\x34\xff\0\x50\0\0\0\x09\0\0\0\x85\x01\0\x09\0", 16);
	built_udp(b, 2152, 2152);
	built_ipv4(b, "10.0.0.1", "10.0.0.2");
	built_ethernet(b);
}

static void authentication(struct built *b)
{
	ipv4(b);
	/* The header goes between IP and TCP: take IPv4 off and put it back. */
	b->data += 20;
	b->size -= 20;
	front(b, "\x06\x04\0\0\0\0\0\x01\0\0\0\x01\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c", 24);
	b->protocol = 51;
	built_ipv4(b, "192.0.2.1", "198.51.100.2");
	built_ethernet(b);
}

static void ipv4_options(struct built *b)
{
	ipv4(b);
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
	ipv6(b);
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
	ipv6(b);
	front(b, "\x1e\0\0\0", 4);
}

static void null_big(struct built *b)
{
	ipv4(b);
	front(b, "\0\0\0\x02", 4);
}

static void loop(struct built *b)
{
	ipv6(b);
	front(b, "\0\0\0\x18", 4);
}

static void sll(struct built *b)
{
	ipv4(b);
	front(b, "\0\0\0\x01\0\x06\0\0\0\0\0\0\0\0\x08\0", 16);
}

static void sll2(struct built *b)
{
	ipv6(b);
	built_vlan(b, 0x8100, 9);
	front(b, "\x81\0\0\0\0\0\0\x01\0\x01\0\x06\0\0\0\0\0\0\0\0", 20);
}

static void llc_snap(struct built *b)
{
	ipv4(b);
	front(b, "\xaa\xaa\x03\0\0\0\x08\0", 8);
}

static void wifi(struct built *b)
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

/* The 802.11 header is padded to 4 octets, as the flags say, which come behind two words of presence and the clock. */
static void radiotap(struct built *b)
{
	llc_snap(b);
	memcpy(built_front(b, 28), "\x88\x01", 2);
	front(b, "\0\0\x19\0\x03\0\0\x80\0\0\0\0\0\0\0\0\1\2\3\4\5\6\7\x08\x20", 25);
}

static void prism(struct built *b)
{
	wifi(b);
	uint8_t *h = built_front(b, 144);
	memcpy(h, "\x44\0\0\0\x90\0\0\0", 8);
}

static void avs(struct built *b)
{
	wifi(b);
	uint8_t *h = built_front(b, 64);
	memcpy(h, "\x80\x21\x10\x01\0\0\0\x40", 8);
}

static void ppi(struct built *b)
{
	wifi(b);
	front(b, "\0\0\x08\0\x69\0\0\0", 8);
}

static void pktap(struct built *b)
{
	ethernet4(b);
	uint8_t *h = built_front(b, 108);
	h[0] = 108;
	h[4] = 1;
	h[8] = 1;
}

static void nflog(struct built *b)
{
	ipv4(b);
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

static const struct kind {
	const char *name;
	void (*build)(struct built *b);
	int link_type;
	uint8_t family;
	uint8_t vlan_count;
	uint16_t vlan[DECODE_VLAN_MAX];
} kinds[] = {
	{ "Ethernet, IPv4", ethernet4, DLT_EN10MB, 4, 0, { 0 } },
	{ "Ethernet, IPv6", ethernet6, DLT_EN10MB, 6, 0, { 0 } },
	{ "802.1ad and 802.1Q", qinq, DLT_EN10MB, 4, 2, { 100, 7 } },
	{ "older tag types", old_tags, DLT_EN10MB, 6, 3, { 2, 3, 4 } },
	{ "802.3, SNAP", snap, DLT_EN10MB, 4, 0, { 0 } },
	{ "802.3, LLC", llc_ip, DLT_EN10MB, 4, 0, { 0 } },
	{ "802.1ah", backbone, DLT_EN10MB, 4, 0, { 0 } },
	{ "MPLS", mpls, DLT_EN10MB, 6, 0, { 0 } },
	{ "MPLS, pseudowire", pseudowire, DLT_EN10MB, 4, 0, { 0 } },
	{ "MPLS, pseudowire without control word", pseudowire_without_control_word, DLT_EN10MB, 4, 0, { 0 } },
	{ "PPPoE", pppoe, DLT_EN10MB, 4, 0, { 0 } },
	{ "PPP", ppp, DLT_PPP, 6, 0, { 0 } },
	{ "PPP, compressed", ppp_compressed, DLT_PPP_SERIAL, 4, 0, { 0 } },
	{ "PPP with direction", ppp_direction, 204, 4, 0, { 0 } },
	{ "Cisco HDLC", cisco_hdlc, DLT_PPP_SERIAL, 4, 0, { 0 } },
	{ "GRE", gre, DLT_EN10MB, 6, 0, { 0 } },
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
	{ "AH", authentication, DLT_EN10MB, 4, 0, { 0 } },
	{ "IPv4 with options", ipv4_options, DLT_EN10MB, 4, 0, { 0 } },
	{ "IPv6 with extension headers", extensions, DLT_EN10MB, 6, 0, { 0 } },
	{ "raw IPv4", ipv4, DLT_RAW, 4, 0, { 0 } },
	{ "raw IPv6", ipv6, DLT_RAW, 6, 0, { 0 } },
	{ "raw, OpenBSD", ipv4, 14, 4, 0, { 0 } },
	{ "raw, as in files", ipv6, 101, 6, 0, { 0 } },
	{ "IPv4 link", ipv4, DLT_IPV4, 4, 0, { 0 } },
	{ "IPv6 link", ipv6, DLT_IPV6, 6, 0, { 0 } },
	{ "NULL, little-endian", null_little, DLT_NULL, 6, 0, { 0 } },
	{ "NULL, big-endian", null_big, DLT_NULL, 4, 0, { 0 } },
	{ "LOOP", loop, DLT_LOOP, 6, 0, { 0 } },
	{ "SLL", sll, DLT_LINUX_SLL, 4, 0, { 0 } },
	{ "SLL2 with a tag", sll2, 276, 6, 1, { 9 } },
	{ "RFC 1483", llc_snap, DLT_ATM_RFC1483, 4, 0, { 0 } },
	{ "802.11", wifi, DLT_IEEE802_11, 4, 0, { 0 } },
	{ "802.11 QoS with four addresses", wifi_qos_four_addresses, DLT_IEEE802_11, 4, 0, { 0 } },
	{ "802.11 aggregate", wifi_aggregate, DLT_IEEE802_11, 4, 0, { 0 } },
	{ "radiotap, padded", radiotap, DLT_IEEE802_11_RADIO, 4, 0, { 0 } },
	{ "Prism", prism, DLT_PRISM_HEADER, 4, 0, { 0 } },
	{ "AVS", avs, DLT_IEEE802_11_RADIO_AVS, 4, 0, { 0 } },
	{ "PPI", ppi, DLT_PPI, 4, 0, { 0 } },
	{ "pktap", pktap, 258, 4, 0, { 0 } },
	{ "nflog", nflog, DLT_NFLOG, 4, 0, { 0 } },
};

/* Helpers --------------------------------------------------------------------------------------------------------- */

static struct built b;

/* decode - what is in `b`, of which `captured` octets are there and `length` were on the wire. */
static enum decode_result decode_as(
	struct decoder *decoder, int link_type, size_t captured, size_t length, struct segment *segment)
{
	struct packet packet = { { 5, 1000 }, link_type, (uint32_t)captured, (uint32_t)length,
		guarded(b.data, captured) };
	return decoder_packet(decoder, &packet, segment);
}

static enum decode_result decode(struct segment *segment)
{
	struct decoder *decoder = decoder_new(false);
	enum decode_result result = decode_as(decoder, DLT_EN10MB, b.size, b.size, segment);
	decoder_free(decoder);
	return result;
}

static enum decode_result decode_verified(struct segment *segment)
{
	struct decoder *decoder = decoder_new(true);
	enum decode_result result = decode_as(decoder, DLT_EN10MB, b.size, b.size, segment);
	decoder_free(decoder);
	return result;
}

static void assert_address(const struct address *address, uint8_t family, const char *text)
{
	struct address expected = { .family = family };
	assert_int_equal(inet_pton(family == 4 ? AF_INET : AF_INET6, text, expected.octets), 1);
	assert_memory_equal(address, &expected, sizeof(expected));
}

static void assert_fields(const struct kind *kind, const struct segment *segment)
{
	assert_address(&segment->source, kind->family, kind->family == 4 ? "192.0.2.1" : "2001:db8::1");
	assert_address(&segment->destination, kind->family, kind->family == 4 ? "198.51.100.2" : "2001:db8::2");
	assert_int_equal(segment->source_port, header.source);
	assert_int_equal(segment->destination_port, header.destination);
	assert_int_equal(segment->seq, header.seq);
	assert_int_equal(segment->ack, header.ack);
	assert_int_equal(segment->window, header.window);
	assert_int_equal(segment->flags, header.flags);
	assert_int_equal(segment->at.packet, 5);
	assert_int_equal(segment->at.time, 1000);
	assert_int_equal(segment->wire_size, b.size);
	assert_int_equal(segment->vlan_count, kind->vlan_count);
	for (unsigned i = 0; i < kind->vlan_count; i++)
		assert_int_equal(segment->vlan[i], kind->vlan[i]);
	assert_int_equal(segment->length, PAYLOAD_SIZE);
	assert_true(segment->captured <= segment->length);
	if (segment->captured != 0)
		assert_memory_equal(segment->payload, payload, segment->captured);
}

/* Tests ----------------------------------------------------------------------------------------------------------- */

static void every_kind_becomes_a_segment(void **state)
{
	struct decoder *decoder = decoder_new(true);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		struct segment segment;
		kinds[i].build(&b);
		enum decode_result result = decode_as(decoder, kinds[i].link_type, b.size, b.size, &segment);
		if (result != DECODE_SEGMENT)
			fail_msg("%s: %s", kinds[i].name, decode_result_names[result]);
		assert_fields(&kinds[i], &segment);
		assert_int_equal(segment.captured, PAYLOAD_SIZE);
	}
	decoder_free(decoder);
}

static void cut_by_the_snap_length_is_never_malformed(void **state)
{
	struct decoder *decoder = decoder_new(true);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		kinds[i].build(&b);
		size_t segments = 0;
		for (size_t size = 0; size < b.size; size++) {
			struct segment segment;
			enum decode_result result = decode_as(decoder, kinds[i].link_type, size, b.size, &segment);
			if (result != DECODE_SEGMENT && result != DECODE_TRUNCATED)
				fail_msg("%s, %zu octets: %s", kinds[i].name, size, decode_result_names[result]);
			if (result != DECODE_SEGMENT)
				continue;
			segments++;
			assert_fields(&kinds[i], &segment);
			assert_true(segment.captured < PAYLOAD_SIZE);
		}
		/* Every cut within payload and TCP options leaves a segment. */
		assert_int_equal(segments, PAYLOAD_SIZE + header.options);
	}
	decoder_free(decoder);
}

static void shorter_on_the_wire_is_read_within_its_bounds(void **state)
{
	struct decoder *decoder = decoder_new(false);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		kinds[i].build(&b);
		for (size_t size = 0; size < b.size; size++) {
			struct segment segment;
			enum decode_result result = decode_as(decoder, kinds[i].link_type, size, size, &segment);
			if (result == DECODE_SEGMENT && segment.captured != 0)
				assert_memory_equal(segment.payload, payload, segment.captured);
		}
	}
	decoder_free(decoder);
}

/* context_of - of the kind that `build` makes, within tags. */
static uint64_t context_of(void (*build)(struct built *), const uint16_t *ids, size_t count)
{
	struct segment segment;
	build(&b);
	while (count-- != 0)
		built_vlan(&b, 0x8100, ids[count]);
	built_ethernet(&b);
	assert_int_equal(decode(&segment), DECODE_SEGMENT);
	return segment.context;
}

static void vlans_are_part_of_the_context(void **state)
{
	const uint16_t one[] = { 7 }, other[] = { 8 }, two[] = { 7, 8 }, swapped[] = { 8, 7 },
		       priority[] = { 0x2000, 7 };
	uint64_t none = context_of(ipv4, NULL, 0);
	assert_int_equal(none, 0);
	assert_int_not_equal(context_of(ipv4, one, 1), none);
	assert_int_not_equal(context_of(ipv4, one, 1), context_of(ipv4, other, 1));
	assert_int_not_equal(context_of(ipv4, two, 2), context_of(ipv4, one, 1));
	assert_int_not_equal(context_of(ipv4, two, 2), context_of(ipv4, swapped, 2));
	assert_int_equal(context_of(ipv4, priority, 2), context_of(ipv4, one, 1));
	assert_int_equal(context_of(ipv4, priority, 1), none);
	/* Not of the addresses: both directions have the same one. */
	assert_int_equal(context_of(ipv6, two, 2), context_of(ipv4, two, 2));
}

/* tunnelled - the context within GRE or VXLAN. */
static uint64_t tunnelled(bool is_vxlan, uint32_t id, const char *source, const char *destination)
{
	struct segment segment;
	if (is_vxlan) {
		ethernet4(&b);
		uint8_t *h = built_front(&b, 8);
		h[0] = 8;
		built_put32(h + 4, id << 8);
		built_udp(&b, 1, 4789);
	} else {
		ipv4(&b);
		built_gre(&b, id);
	}
	built_ipv4(&b, source, destination);
	built_ethernet(&b);
	assert_int_equal(decode(&segment), DECODE_SEGMENT);
	return segment.context;
}

static void tunnels_are_part_of_the_context_and_their_ends_are_not(void **state)
{
	for (int is_vxlan = 0; is_vxlan < 2; is_vxlan++) {
		uint64_t context = tunnelled(is_vxlan, 5, "10.0.0.1", "10.0.0.2");
		assert_int_not_equal(context, 0);
		assert_int_not_equal(context, tunnelled(is_vxlan, 6, "10.0.0.1", "10.0.0.2"));
		assert_int_equal(context, tunnelled(is_vxlan, 5, "10.0.0.2", "10.0.0.1"));
	}
	assert_int_not_equal(tunnelled(true, 5, "10.0.0.1", "10.0.0.2"), tunnelled(false, 5, "10.0.0.1", "10.0.0.2"));
	assert_int_equal(tunnelled(false, 0, "10.0.0.1", "10.0.0.2"), 0);
}

static void padding_is_not_payload(void **state)
{
	struct segment segment;
	ethernet4(&b);
	memset(b.data + b.size, 0, 18);
	b.size += 18;
	assert_int_equal(decode(&segment), DECODE_SEGMENT);
	assert_int_equal(segment.length, PAYLOAD_SIZE);
	assert_int_equal(segment.captured, PAYLOAD_SIZE);
}

static void a_length_of_zero_is_all_that_is_there(void **state)
{
	struct segment segment;
	ethernet4(&b);
	built_put16(b.data + 14 + 2, 0);
	assert_int_equal(decode(&segment), DECODE_SEGMENT);
	assert_int_equal(segment.captured, PAYLOAD_SIZE);
	ethernet6(&b);
	built_put16(b.data + 14 + 4, 0);
	assert_int_equal(decode(&segment), DECODE_SEGMENT);
	assert_int_equal(segment.captured, PAYLOAD_SIZE);
}

static void what_the_frame_lacks_was_cut(void **state)
{
	struct segment segment;
	ethernet4(&b);
	b.size -= 10; /* and the record says that this is all */
	assert_int_equal(decode(&segment), DECODE_SEGMENT);
	assert_int_equal(segment.length, PAYLOAD_SIZE);
	assert_int_equal(segment.captured, PAYLOAD_SIZE - 10);
}

/* One octet of a good packet is changed. */
static void contradictions_are_malformed(void **state)
{
	static const struct {
		const char *what;
		void (*build)(struct built *b);
		size_t offset;
		uint8_t value;
	} cases[] = {
		{ "TCP header shorter than 20", ethernet4, 14 + 20 + 12, 0x40 },
		{ "TCP header longer than the packet", ipv4_options, 14 + 28 + 12, 0xf0 },
		{ "IPv4 header shorter than 20", ethernet4, 14, 0x44 },
		{ "IPv4 of version 5", ethernet4, 14, 0x55 },
		{ "IPv4 shorter than its header", ipv4_options, 14 + 3, 27 },
		{ "IPv6 of version 4", ethernet6, 14, 0x40 },
		{ "GRE with routing", gre, 14 + 20, 0x40 },
		{ "GRE of version 2", gre, 14 + 20 + 1, 0x02 },
		{ "PPPoE of version 2", pppoe, 14, 0x21 },
		{ "AH without its fixed part", authentication, 14 + 20 + 1, 0xff },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct segment segment;
		cases[i].build(&b);
		/* So that lengths below 256 are told by their last octet. */
		assert_true(b.size < 256);
		if (i == 1) { /* a packet without payload, so that 60 octets are too many */
			b.size -= PAYLOAD_SIZE;
			built_put16(b.data + 14 + 2, (uint16_t)(b.size - 14));
		}
		b.data[cases[i].offset] = cases[i].value;
		enum decode_result result = decode(&segment);
		if (result != DECODE_MALFORMED)
			fail_msg("%s: %s", cases[i].what, decode_result_names[result]);
	}
}

static void what_is_no_tcp_is_told_apart(void **state)
{
	struct segment segment;
	built_payload(&b, "x", 1);
	built_udp(&b, 1024, 53);
	built_ipv4(&b, "192.0.2.1", "192.0.2.2");
	built_ethernet(&b);
	assert_int_equal(decode(&segment), DECODE_NOT_TCP);
	/* Something else on the port of VXLAN, short or not. */
	for (size_t size = 1; size < 20; size += 18) {
		built_payload(&b, "A message like another", size);
		built_udp(&b, 1024, 4789);
		built_ipv4(&b, "192.0.2.1", "192.0.2.2");
		built_ethernet(&b);
		assert_int_equal(decode(&segment), DECODE_NOT_TCP);
	}
	built_payload(&b, "\0\1\x08\0", 4);
	b.ethertype = 0x0806; /* ARP */
	built_ethernet(&b);
	assert_int_equal(decode(&segment), DECODE_NOT_IP);
	struct decoder *decoder = decoder_new(false);
	assert_int_equal(decode_as(decoder, 9999, b.size, b.size, &segment), DECODE_LINK_UNKNOWN);
	ethernet4(&b); /* the same decoder takes other link types afterwards */
	assert_int_equal(decode_as(decoder, DLT_EN10MB, b.size, b.size, &segment), DECODE_SEGMENT);
	/* An encrypted frame, and a beacon. */
	wifi(&b);
	b.data[1] |= 0x40;
	assert_int_equal(decode_as(decoder, DLT_IEEE802_11, b.size, b.size, &segment), DECODE_NOT_IP);
	b.data[0] = 0x80;
	assert_int_equal(decode_as(decoder, DLT_IEEE802_11, b.size, b.size, &segment), DECODE_NOT_IP);
	decoder_free(decoder);
}

static void depth_is_bounded(void **state)
{
	struct segment segment;
	ipv4(&b);
	for (int i = 0; i < DECODE_DEPTH_MAX; i++)
		built_vlan(&b, 0x8100, 1);
	built_ethernet(&b);
	assert_int_equal(decode(&segment), DECODE_TOO_DEEP);
	ipv4(&b);
	for (int i = 0; i < DECODE_DEPTH_MAX; i++)
		built_ipv4(&b, "10.0.0.1", "10.0.0.2");
	built_ethernet(&b);
	assert_int_equal(decode(&segment), DECODE_TOO_DEEP);
	ipv4(&b);
	for (int i = DECODE_DEPTH_MAX - 2; i > 0; i--)
		built_vlan(&b, 0x8100, (uint16_t)i);
	built_ethernet(&b);
	assert_int_equal(decode(&segment), DECODE_SEGMENT);
	assert_int_equal(segment.vlan_count, DECODE_VLAN_MAX);
	assert_int_equal(segment.vlan[DECODE_VLAN_MAX - 1], DECODE_VLAN_MAX);
	tcp(&b);
	for (int i = 0; i < DECODE_DEPTH_MAX; i++)
		built_ipv6_header(&b, 60, 1);
	built_ipv6(&b, "2001:db8::1", "2001:db8::2");
	built_ethernet(&b);
	assert_int_equal(decode(&segment), DECODE_TOO_DEEP);
}

static void checksums_are_verified_only_when_asked(void **state)
{
	struct segment segment;
	void (*const builds[])(struct built *) = { ethernet4, ethernet6 };
	for (size_t i = 0; i < 2; i++) {
		builds[i](&b);
		assert_int_equal(decode_verified(&segment), DECODE_SEGMENT);
		b.data[b.size - 1] ^= 1;
		assert_int_equal(decode(&segment), DECODE_SEGMENT);
		assert_int_equal(decode_verified(&segment), DECODE_BAD_CHECKSUM);
	}
	ethernet4(&b);
	b.data[14 + 8] ^= 1; /* the time to live is in no other checksum */
	assert_int_equal(decode(&segment), DECODE_SEGMENT);
	assert_int_equal(decode_verified(&segment), DECODE_BAD_CHECKSUM);
}

static void the_last_hop_of_a_routing_header_counts(void **state)
{
	static const struct {
		uint8_t type, address;
	} cases[] = { { 0, 8 + 16 }, { 4, 8 } };
	for (size_t i = 0; i < 2; i++) {
		struct segment segment;
		ipv6(&b); /* so that the checksum is that of the last hop */
		b.data += 40;
		b.size -= 40;
		b.protocol = 6;
		uint8_t *routing = built_ipv6_header(&b, 43, 5);
		routing[2] = cases[i].type;
		routing[3] = 1;
		assert_int_equal(inet_pton(AF_INET6, "2001:db8::2", routing + cases[i].address), 1);
		built_ipv6(&b, "2001:db8::1", "2001:db8::77");
		built_ethernet(&b);
		assert_int_equal(decode_verified(&segment), DECODE_SEGMENT);
		assert_address(&segment.destination, 6, "2001:db8::2");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_becomes_a_segment),
		cmocka_unit_test(cut_by_the_snap_length_is_never_malformed),
		cmocka_unit_test(shorter_on_the_wire_is_read_within_its_bounds),
		cmocka_unit_test(vlans_are_part_of_the_context),
		cmocka_unit_test(tunnels_are_part_of_the_context_and_their_ends_are_not),
		cmocka_unit_test(padding_is_not_payload),
		cmocka_unit_test(a_length_of_zero_is_all_that_is_there),
		cmocka_unit_test(what_the_frame_lacks_was_cut),
		cmocka_unit_test(contradictions_are_malformed),
		cmocka_unit_test(what_is_no_tcp_is_told_apart),
		cmocka_unit_test(depth_is_bounded),
		cmocka_unit_test(checksums_are_verified_only_when_asked),
		cmocka_unit_test(the_last_hop_of_a_routing_header_counts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
