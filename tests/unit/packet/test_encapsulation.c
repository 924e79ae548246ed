/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * test_encapsulation.c - what tunnels and tags must not do: go on for ever, take what is not theirs, take octets that
 * are no payload; and that what could not be decoded is told apart.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "kits/check.h"
#include "kits/packet_decode.h"
#include "kits/packet_kinds.h"

/* Nested headers of one kind, more than the depth limit. */
static void bombs_end_at_the_depth(void **state)
{
	static const struct {
		const char *what;
		uint16_t ethertype; /* of each of them; 0: they are frames of their own */
		const char *octets; /* without the type at their end */
		size_t size;
	} bombs[] = {
		{ "VN-Tag", 0x8926, "\0\0\0\0", 4 },
		{ "E-Tag", 0x893f, "\0\0\0\0\0\0", 6 },
		{ "Cisco metadata", 0x8909, "\1\1\0\1\0\5", 6 },
		{ "MACsec", 0x88e5, "\0\0\0\0\0\1", 6 },
		{ "HSR", 0x892f, "\0\0\0\0", 4 },
		{ "Arista", 0xd28b, "\0\1\0\x20\0\0\0\0\0\0", 10 },
		{ "DSA", 0xdada, "\0\0\xc0\0\0\0", 6 },
	};
	for (size_t i = 0; i < sizeof bombs / sizeof bombs[0]; i++) {
		struct segment segment;
		kind_ipv4(&b);
		for (int depth = 0; depth < 200; depth++) {
			built_put16(built_front(&b, 2), b.ethertype);
			memcpy(built_front(&b, bombs[i].size), bombs[i].octets, bombs[i].size);
			b.ethertype = bombs[i].ethertype;
		}
		built_ethernet(&b);
		if (decode(&segment) != DECODE_TOO_DEEP)
			fail_msg("%s", bombs[i].what);
	}
}

/* The same with layers that carry frames, or IP. */
static void tunnels_end_at_the_depth(void **state)
{
	static const struct {
		const char *what, *octets;
		size_t size;
		uint16_t ethertype, port; /* one of the two */
		bool frames;              /* what they carry */
	} bombs[] = {
		{ "FabricPath", "\0\1", 2, 0x8903, 0, true },
		{ "TRILL", "\0\x3f\0\1\0\2", 6, 0x22f3, 0, true },
		{ "NSH", "\x0f\xc2\2\3\0\0\1\xff", 8, 0x894f, 0, true },
		{ "VXLAN-GPE", "\x0c\0\0\3\0\0\5\0", 8, 0, 4790, true },
		{ "TZSP", "\1\0\0\1\1", 5, 0, 37008, true },
		{ "LISP", "\x0c\0\0\3\0\0\5\0", 8, 0, 4341, true },
		{ "CAPWAP", "\0\x10\x42\0\0\0\0\0", 8, 0, 5247, true },
		{ "L2TP 3", "\0\3\0\0\0\0\0\1", 8, 0, 1701, true },
		{ "L2TP 2", "\0\2\0\1\0\1\0\x21", 8, 0, 1701, false },
		{ "MPLS", "\0\0\1\1", 4, 0, 6635, false },
		{ "Teredo", "", 0, 0, 3544, false },
	};
	for (size_t i = 0; i < sizeof bombs / sizeof bombs[0]; i++) {
		struct segment segment;
		kind_ipv4(&b);
		if (bombs[i].frames)
			built_ethernet(&b);
		for (int depth = 0; depth < 20; depth++) {
			if (bombs[i].size)
				memcpy(built_front(&b, bombs[i].size), bombs[i].octets, bombs[i].size);
			b.ethertype = bombs[i].ethertype;
			if (bombs[i].port) {
				built_udp(&b, 1, bombs[i].port);
				built_ipv4(&b, "10.0.0.1", "10.0.0.2");
			}
			if (bombs[i].frames)
				built_ethernet(&b);
		}
		if (!bombs[i].frames)
			built_ethernet(&b);
		if (decode(&segment) != DECODE_TOO_DEEP)
			fail_msg("%s", bombs[i].what);
	}
}

/* On the port of a tunnel, but not in its shape. */
static void other_applications_are_no_tunnels(void **state)
{
	static const uint16_t ports[] = { 4789, 8472, 4790, 6081, 2152, 3544, 1701, 4341, 37008, 7932, 5555, 5247 };
	static const char text[] = "\x80 this is some message of another application, long enough for any of them.";
	for (size_t i = 0; i < sizeof ports / sizeof ports[0]; i++)
		for (size_t size = 0; size < sizeof text; size++) {
			struct segment segment;
			built_payload(&b, text, size);
			built_udp(&b, 1024, ports[i]);
			built_ipv4(&b, "192.0.2.1", "192.0.2.2");
			built_ethernet(&b);
			const enum decode_result result = decode(&segment);
			if (result != DECODE_NOT_TCP)
				fail_msg("port %u, %zu octets: %s", ports[i], size, decode_result_names[result]);
		}
}

/* The same with zeros, where these are not a tunnel's header. */
static void zeros_are_no_tunnel(void **state)
{
	static const uint16_t ports[] = { 4789, 8472, 4790, 2152, 3544, 1701, 4341, 37008, 7932, 5555, 5247 };
	static const char zeros[80];
	for (size_t i = 0; i < sizeof ports / sizeof ports[0]; i++)
		for (size_t size = 0; size < sizeof zeros; size++) {
			struct segment segment;
			built_payload(&b, zeros, size);
			built_udp(&b, 1024, ports[i]);
			built_ipv4(&b, "192.0.2.1", "192.0.2.2");
			built_ethernet(&b);
			const enum decode_result result = decode(&segment);
			if (result != DECODE_NOT_TCP)
				fail_msg("port %u, %zu octets: %s", ports[i], size, decode_result_names[result]);
		}
}

static void hdlc_in_front(struct built *built)
{
	const uint16_t type = built->ethertype;
	built_put16(built_front(built, 2), type);
	memcpy(built_front(built, 2), "\x8f\0", 2);
}

static void ppp_in_front(struct built *built)
{
	built_put16(built_front(built, 2), built->ethertype == 0x0800 ? 0x0021 : 0x0057);
}

static void ppp_with_address_in_front(struct built *built)
{
	ppp_in_front(built);
	memcpy(built_front(built, 2), "\xff\x03", 2);
}

static void vlan_in_front(struct built *built)
{
	built_vlan(built, 0x88a8, 5);
	built_ethernet(built);
}

static void nothing_in_front(struct built *built)
{
}

/* Nothing says how long a cookie is in front of the payload of L2TP 3, nor what that is. */
static void the_payload_of_l2tp_is_guessed_at_every_offset(void **state)
{
	static void (*const layers[])(struct built *) = { built_ethernet, vlan_in_front, ppp_in_front,
		ppp_with_address_in_front, hdlc_in_front, nothing_in_front };
	static void (*const packets[])(struct built *) = { kind_ipv4, kind_ipv6 };
	static const uint8_t cookies[] = { 0x00, 0x40, 0xde };
	for (size_t l = 0; l < sizeof layers / sizeof layers[0]; l++)
		for (size_t p = 0; p < 2; p++)
			for (size_t cookie = 0; cookie < 3; cookie++)
				for (size_t offset = 0; offset <= 16; offset += 4) {
					struct segment segment;
					packets[p](&b);
					layers[l](&b);
					memset(built_front(&b, offset), cookies[cookie], offset);
					built_put32(built_front(&b, 4), 0x1234);
					b.protocol = 115;
					built_ipv4(&b, "10.0.0.1", "10.0.0.2");
					built_ethernet(&b);
					const enum decode_result result = decode(&segment);
					if (result != (offset < 16 ? DECODE_SEGMENT : DECODE_NOT_IP))
						fail_msg("layer %zu, packet %zu, cookie %x of %zu: %s", l, p,
							cookies[cookie], offset, decode_result_names[result]);
				}
}

/* spoil - the checksum of an IPv4 packet, so that nobody finds it by its header alone. */
static void spoil(struct built *built)
{
	built->data[10] ^= 0x55;
}

/* l2tp_with_length - version 2, whose length field is so much more than it should be. */
static enum decode_result l2tp_with_length(int more)
{
	struct segment segment;
	kind_ipv4(&b);
	spoil(&b);
	memcpy(built_front(&b, 10), "\x40\x02\0\0\0\x01\0\x02\0\x21", 10);
	built_put16(b.data + 2, (uint16_t)((int)b.size + more));
	built_udp(&b, 1701, 1701);
	built_ipv4(&b, "10.0.0.1", "10.0.0.2");
	built_ethernet(&b);
	return decode(&segment);
}

static void the_length_of_l2tp_must_fit(void **state)
{
	assert_int_equal(l2tp_with_length(0), DECODE_SEGMENT);
	assert_int_equal(l2tp_with_length(1), DECODE_NOT_TCP);
	assert_int_equal(l2tp_with_length(-(int)(10 + 20 + 20 + 12 + KIND_PAYLOAD_SIZE) + 7), DECODE_NOT_TCP);
	assert_int_equal(l2tp_with_length(-(int)(10 + 20 + 20 + 12 + KIND_PAYLOAD_SIZE) + 8), DECODE_MALFORMED);
}

static void only_some_organisations_have_ethernet_types(void **state)
{
	static const struct {
		const char *header;
		enum decode_result result;
	} cases[] = {
		{ "\xaa\xaa\x03\0\0\0\x08\0", DECODE_SEGMENT }, { "\xaa\xaa\x03\0\0\xf8\x08\0", DECODE_SEGMENT },
		{ "\xaa\xaa\x03\0\0\x0c\x08\0", DECODE_NOT_IP }, /* Cisco */
		{ "\xaa\xaa\x03\0\0\x0c\0\x07", DECODE_NOT_IP },
		{ "\xaa\xaa\x03\0\x80\xc2\0\x0e", DECODE_NOT_IP }, /* a bridge's own */
		{ "\xaa\xaa\x03\0\0\0\x05\xdc", DECODE_NOT_IP },   /* a length, not a type */
		{ "\xaa\xaa\x13\0\0\0\x08\0", DECODE_NOT_IP },
		{ "\x42\x42\x03\0\0\0\0\0", DECODE_NOT_IP }, /* spanning tree */
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct segment segment;
		kind_ipv4(&b);
		spoil(&b);
		memcpy(built_front(&b, 8), cases[i].header, 8);
		b.ethertype = (uint16_t)b.size;
		built_ethernet(&b);
		const enum decode_result result = decode(&segment);
		if (result != cases[i].result)
			fail_msg("case %zu: %s", i, decode_result_names[result]);
	}
}

/* Between two clients of Teredo, ports are any; only an address in the IPv6 header tells. */
static void teredo_between_clients_is_told_by_its_addresses(void **state)
{
	static const char *const addresses[][2] = {
		{ "2001:0:35aa:64c:0:7fff:f5ff:fffe", "2001:db8::b" },
		{ "2001:db8::b", "2001:0:35aa:64c:0:7fff:f5ff:fffe" },
		{ "2001:db8::a", "2001:db8::b" },
	};
	for (size_t i = 0; i < sizeof addresses / sizeof addresses[0]; i++)
		for (int padding = 0; padding < 2; padding++) {
			struct segment segment;
			kind_put_tcp(&b);
			built_ipv6_header(&b, 60, 1); /* not TCP at once, which would be found anywhere */
			built_ipv6(&b, addresses[i][0], addresses[i][1]);
			b.size += (size_t)padding;
			built_udp(&b, 50000, 50001);
			built_ipv4(&b, "192.0.2.1", "192.0.2.2");
			built_ethernet(&b);
			assert_int_equal(decode(&segment), i < 2 && !padding ? DECODE_SEGMENT : DECODE_NOT_TCP);
		}
}

static void what_is_encrypted_is_said(void **state)
{
	struct segment segment;
	built_payload(&b, "\0\0\0\1\0\0\0\1\x55\x55\x55\x55", 12);
	b.protocol = 50; /* ESP */
	built_ipv4(&b, "192.0.2.1", "192.0.2.2");
	built_ethernet(&b);
	assert_int_equal(decode(&segment), DECODE_ENCRYPTED);
	static const uint8_t flags[] = { 0x08, 0x04, 0x2c };
	for (size_t i = 0; i < sizeof flags; i++) {
		built_payload(&b, "\0\0\0\0\0\1\x55\x55\x55\x55\x55\x55\x55\x55", 14);
		b.data[0] = flags[i];
		b.ethertype = 0x88e5; /* MACsec */
		built_ethernet(&b);
		assert_int_equal(decode(&segment), DECODE_ENCRYPTED);
	}
	built_payload(&b, "\1\0\0\0\x17\xfe\xfd\0\0\0", 10);
	built_udp(&b, 1024, 5247); /* CAPWAP in DTLS */
	built_ipv4(&b, "192.0.2.1", "192.0.2.2");
	built_ethernet(&b);
	assert_int_equal(decode(&segment), DECODE_ENCRYPTED);
	for (int exchange = 0; exchange < 2; exchange++) {
		built_payload(&b, exchange ? "\0\0\0\0\x12\x34\x56\x78" : "\0\0\0\1\0\0\0\1", 8);
		built_udp(&b, exchange ? 4500 : 1024, exchange ? 1024 : 4500);
		built_ipv4(&b, "192.0.2.1", "192.0.2.2");
		built_ethernet(&b);
		assert_int_equal(decode(&segment), exchange ? DECODE_NOT_TCP : DECODE_ENCRYPTED);
	}
	built_payload(&b, "\xff", 1); /* what keeps an address translation alive */
	built_udp(&b, 4500, 4500);
	built_ipv4(&b, "192.0.2.1", "192.0.2.2");
	built_ethernet(&b);
	assert_int_equal(decode(&segment), DECODE_NOT_TCP);
	built_payload(&b, "\0\xfd\x90\1\x55\x55", 6); /* MPPE */
	struct decoder *decoder = decoder_new(false);
	assert_int_equal(decode_as(decoder, DLT_PPP, b.size, b.size, &segment), DECODE_ENCRYPTED);
	decoder_free(decoder);
}

/* unknown_frame - a frame of an Ethernet type, or of an IP protocol. */
static void unknown_frame(struct decoder *decoder, uint16_t ethertype, uint8_t protocol, enum decode_result expected)
{
	struct segment segment;
	built_payload(&b, "\0\0\x12\x34 some octets", 16);
	b.protocol = protocol;
	if (protocol != 0)
		built_ipv4(&b, "192.0.2.1", "192.0.2.2");
	else
		b.ethertype = ethertype;
	built_ethernet(&b);
	assert_int_equal(decode_as(decoder, DLT_EN10MB, b.size, b.size, &segment), expected);
	decoder_count(decoder, expected);
}

static void what_is_not_known_is_counted(void **state)
{
	struct decoder *decoder = decoder_new(false);
	struct segment segment;
	assert_null(decoder_unknown(decoder));
	static const uint16_t known[] = { 0x0806, 0x88cc, 0x8863, 0x888e };
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		unknown_frame(decoder, known[i], 0, DECODE_NOT_IP);
	unknown_frame(decoder, 0, 89, DECODE_NOT_TCP); /* OSPF */
	assert_null(decoder_unknown(decoder));
	unknown_frame(decoder, 0x9999, 0, DECODE_UNKNOWN);
	for (int i = 0; i < 3; i++)
		unknown_frame(decoder, 0, 108, DECODE_UNKNOWN);
	for (int i = 0; i < 2; i++) {
		built_payload(&b, "x", 1);
		assert_int_equal(decode_as(decoder, 220, b.size, b.size, &segment), DECODE_LINK_UNKNOWN);
		decoder_count(decoder, DECODE_LINK_UNKNOWN);
	}
	built_payload(&b, "\0\0\1\1x", 5); /* GRE */
	b.protocol = 47;
	built_ipv4(&b, "192.0.2.1", "192.0.2.2");
	built_ethernet(&b);
	assert_int_equal(decode_as(decoder, DLT_EN10MB, b.size, b.size, &segment), DECODE_UNKNOWN);
	decoder_count(decoder, DECODE_UNKNOWN);
	built_payload(&b, "\0\x3dx", 3);
	assert_int_equal(decode_as(decoder, DLT_PPP, b.size, b.size, &segment), DECODE_UNKNOWN);
	decoder_count(decoder, DECODE_UNKNOWN);
	/* One that nobody wanted is not. */
	assert_int_equal(decode_as(decoder, 221, b.size, b.size, &segment), DECODE_LINK_UNKNOWN);
	char *text = decoder_unknown(decoder);
	assert_string_equal(text,
		"3 of IP protocol 108, 2 of link type 220 (USB_LINUX_MMAPPED), 1 of Ethernet type 0x9999, "
		"1 of GRE protocol 0x0101, 1 of PPP protocol 0x003d");
	free(text);
	for (uint16_t i = 0; i < DECODE_UNKNOWN_MAX; i++)
		unknown_frame(decoder, 0xa000 + i, 0, DECODE_UNKNOWN);
	text = decoder_unknown(decoder);
	assert_has(text, ", 5 of others");
	free(text);
	decoder_free(decoder);
}

/* in_something - a packet behind `before` octets of a header that nobody knows, and before a trailer. */
static enum decode_result in_something(int what, size_t before, size_t trailer, struct segment *segment)
{
	struct decoder *decoder = decoder_new(false);
	int link_type = DLT_EN10MB;
	memset(built_front(&b, before), 0x47, before); /* as IPv4 begins, or nearly */
	memset(b.data + b.size, 0x45, trailer);
	b.size += trailer;
	switch (what) {
	case 0:
		link_type = 147;
		break;
	case 1:
		b.ethertype = 0x9999;
		break;
	case 2:
		built_udp(&b, 1024, 1025);
		built_ipv4(&b, "192.0.2.1", "192.0.2.2");
		break;
	case 3: /* ISL */
		memcpy(built_front(&b, 8), "\xaa\xaa\x03\0\0\x0c\0\x0b", 8);
		b.ethertype = (uint16_t)b.size;
		break;
	default:
		b.protocol = 200;
		built_ipv4(&b, "192.0.2.1", "192.0.2.2");
	}
	if (link_type == DLT_EN10MB)
		built_ethernet(&b);
	const enum decode_result result = decode_as(decoder, link_type, b.size, b.size, segment);
	decoder_free(decoder);
	return result;
}

static void what_ip_is_in_it_is_found(void **state)
{
	static const enum decode_result otherwise[] = { DECODE_LINK_UNKNOWN, DECODE_UNKNOWN, DECODE_NOT_TCP,
		DECODE_NOT_IP, DECODE_UNKNOWN };
	for (int what = 0; what < 5; what++)
		for (int is_ipv6 = 0; is_ipv6 < 2; is_ipv6++)
			for (size_t before = 0; before < 100; before += 19)
				for (size_t trailer = 30; trailer < 35; trailer++) {
					struct segment segment;
					(is_ipv6 ? kind_ipv6 : kind_ipv4)(&b);
					const enum decode_result result = in_something(what, before, trailer, &segment);
					if (result != (before < 96 && trailer <= 32 ? DECODE_SEGMENT : otherwise[what]))
						fail_msg("%d, IPv%d, %zu octets before, %zu after: %s", what,
							is_ipv6 ? 6 : 4, before, trailer, decode_result_names[result]);
					if (result == DECODE_SEGMENT)
						assert_int_equal(segment.captured, KIND_PAYLOAD_SIZE);
				}
}

/* One octet of a packet that would be found is changed: it is not, or not as one that says something else. */
static void what_only_resembles_ip_is_not_found(void **state)
{
	struct segment segment;
	for (size_t at = 0; at < 20; at++)
		for (int bit = 0; bit < 8; bit++) {
			kind_ipv4(&b);
			b.data[at] ^= (uint8_t)(1 << bit);
			assert_int_equal(in_something(1, 4, 0, &segment), DECODE_UNKNOWN);
		}
	static const struct {
		size_t at;
		uint8_t value;
	} cases[] = { { 0, 0x70 }, { 5, 19 }, { 5, 200 }, { 6, 17 }, { 8, 0x40 }, { 24, 0 }, { 52, 0x40 },
		{ 52, 0xf0 } };
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		kind_ipv6(&b);
		b.data[cases[i].at] = cases[i].value;
		if (in_something(1, 4, 0, &segment) != DECODE_UNKNOWN)
			fail_msg("octet %zu", cases[i].at);
	}
	kind_ipv6(&b);
	b.data[8] = b.data[24] = 0xfd;
	assert_int_equal(in_something(1, 4, 0, &segment), DECODE_SEGMENT);
	/* What is cut within the header may be anything. */
	for (int is_ipv6 = 0; is_ipv6 < 2; is_ipv6++)
		for (size_t captured = 0; captured < 100; captured++) {
			struct decoder *decoder = decoder_new(false);
			(is_ipv6 ? kind_ipv6 : kind_ipv4)(&b);
			const size_t enough = is_ipv6 ? 60 : 40;
			if (captured <= b.size)
				assert_int_equal(decode_as(decoder, 147, captured, b.size, &segment),
					captured >= enough           ? DECODE_SEGMENT
					: captured >= 20 && !is_ipv6 ? DECODE_TRUNCATED
								     : DECODE_LINK_UNKNOWN);
			decoder_free(decoder);
		}
}

static void the_interface_of_an_unknown_link_type_is_named(void **state)
{
	struct decoder *decoder = decoder_new(false);
	struct segment segment;
	const struct packet packet = { .link_type = 220,
		.captured = 1,
		.length = 1,
		.data = (const uint8_t *)"x",
		.interface = "usb\x1b[31mmon1-and-what-is-too-long-for-it" };
	assert_int_equal(decoder_packet(decoder, &packet, &segment), DECODE_LINK_UNKNOWN);
	decoder_count(decoder, DECODE_LINK_UNKNOWN);
	char *text = decoder_unknown(decoder);
	assert_string_equal(text, "1 of link type 220 (USB_LINUX_MMAPPED) on usb?[31mmon1-and-what-is-too-lo");
	free(text);
	decoder_free(decoder);
}

/* Of what is unknown in a known link type, the interface says nothing. */
static void the_interface_of_an_unknown_ethertype_is_not_named(void **state)
{
	static const uint8_t frame[14 + 40] = { [12] = 0x43, [13] = 0x21 };
	struct decoder *decoder = decoder_new(false);
	struct segment segment;
	const struct packet packet = { .link_type = DLT_EN10MB,
		.captured = sizeof frame,
		.length = sizeof frame,
		.data = frame,
		.interface = "eth0" };
	assert_int_equal(decoder_packet(decoder, &packet, &segment), DECODE_UNKNOWN);
	decoder_count(decoder, DECODE_UNKNOWN);
	char *text = decoder_unknown(decoder);
	assert_string_equal(text, "1 of Ethernet type 0x4321");
	free(text);
	decoder_free(decoder);
}

/* With a length of zero in IP, what is after it must be known from elsewhere. */
static void a_check_sequence_is_no_payload(void **state)
{
	struct decoder *decoder = decoder_new(false);
	for (int is_ipv6 = 0; is_ipv6 < 2; is_ipv6++)
		for (uint32_t cut = 0; cut < 8; cut++) {
			struct segment segment;
			if (is_ipv6)
				kind_ethernet6(&b);
			else
				kind_ethernet4(&b);
			built_put16(b.data + (is_ipv6 ? 18 : 16), 0);
			memset(b.data + b.size, 0xee, 4);
			const uint32_t size = (uint32_t)b.size + 4;
			const struct packet packet = { { 5, 1000 }, DLT_EN10MB, size - cut, size,
				guarded(b.data, size - cut), 4, NULL, true };
			assert_int_equal(decoder_packet(decoder, &packet, &segment), DECODE_SEGMENT);
			assert_int_equal(segment.length, KIND_PAYLOAD_SIZE);
			assert_int_equal(segment.captured, KIND_PAYLOAD_SIZE - (cut > 4 ? cut - 4 : 0));
		}
	decoder_free(decoder);
}

/* capwap_piece - some octets of a frame as a CAPWAP fragment; `flags` as its header has them. */
static enum decode_result capwap_piece(
	struct decoder *decoder, const uint8_t *frame, size_t from, size_t to, uint8_t flags, struct segment *segment)
{
	built_payload(&b, frame + from, to - from);
	memcpy(built_front(&b, 8), "\0\x10\x42\0\x12\x34\0\0", 8);
	b.data[3] = flags;
	built_put16(b.data + 6, (uint16_t)from);
	built_udp(&b, 5247, 50000);
	built_ipv4(&b, "10.0.0.1", "10.0.0.2");
	built_ethernet(&b);
	return decode_as(decoder, DLT_EN10MB, b.size, b.size, segment);
}

static void fragments_of_capwap_are_joined(void **state)
{
	uint8_t frame[256];
	for (int order = 0; order < 2; order++) {
		struct decoder *decoder = decoder_new(false);
		struct segment segment;
		kind_ethernet4(&b);
		const size_t size = b.size;
		memcpy(frame, b.data, size);
		if (order == 0) {
			assert_int_equal(capwap_piece(decoder, frame, 0, 64, 0x80, &segment), DECODE_FRAGMENT);
			assert_int_equal(capwap_piece(decoder, frame, 64, size, 0xc0, &segment), DECODE_SEGMENT);
		} else {
			assert_int_equal(capwap_piece(decoder, frame, 64, size, 0xc0, &segment), DECODE_FRAGMENT);
			assert_int_equal(capwap_piece(decoder, frame, 0, 64, 0x80, &segment), DECODE_SEGMENT);
		}
		assert_int_equal(segment.captured, KIND_PAYLOAD_SIZE);
		assert_memory_equal(segment.payload, KIND_PAYLOAD, KIND_PAYLOAD_SIZE);
		decoder_free(decoder);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bombs_end_at_the_depth),
		cmocka_unit_test(tunnels_end_at_the_depth),
		cmocka_unit_test(other_applications_are_no_tunnels),
		cmocka_unit_test(teredo_between_clients_is_told_by_its_addresses),
		cmocka_unit_test(zeros_are_no_tunnel),
		cmocka_unit_test(the_payload_of_l2tp_is_guessed_at_every_offset),
		cmocka_unit_test(the_length_of_l2tp_must_fit),
		cmocka_unit_test(only_some_organisations_have_ethernet_types),
		cmocka_unit_test(what_is_encrypted_is_said),
		cmocka_unit_test(what_is_not_known_is_counted),
		cmocka_unit_test(what_ip_is_in_it_is_found),
		cmocka_unit_test(what_only_resembles_ip_is_not_found),
		cmocka_unit_test(the_interface_of_an_unknown_link_type_is_named),
		cmocka_unit_test(the_interface_of_an_unknown_ethertype_is_not_named),
		cmocka_unit_test(a_check_sequence_is_no_payload),
		cmocka_unit_test(fragments_of_capwap_are_joined),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
