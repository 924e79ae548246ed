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

#include "kits/packet_decode.h"
#include "kits/packet_kinds.h"

/* Headers that carry another of their kind, so many of them that the depth ends it. */
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
	}
	built_payload(&b, "\0\0\1\1x", 5); /* GRE */
	b.protocol = 47;
	built_ipv4(&b, "192.0.2.1", "192.0.2.2");
	built_ethernet(&b);
	assert_int_equal(decode_as(decoder, DLT_EN10MB, b.size, b.size, &segment), DECODE_UNKNOWN);
	built_payload(&b, "\0\x3dx", 3);
	assert_int_equal(decode_as(decoder, DLT_PPP, b.size, b.size, &segment), DECODE_UNKNOWN);
	char *text = decoder_unknown(decoder);
	assert_string_equal(text,
		"3 of IP protocol 108, 2 of link type 220 (USB_LINUX_MMAPPED), 1 of Ethernet type 0x9999, "
		"1 of GRE protocol 0x0101, 1 of PPP protocol 0x003d");
	free(text);
	for (uint16_t i = 0; i < DECODE_UNKNOWN_MAX; i++)
		unknown_frame(decoder, 0xa000 + i, 0, DECODE_UNKNOWN);
	text = decoder_unknown(decoder);
	assert_non_null(strstr(text, ", 5 of others"));
	free(text);
	decoder_free(decoder);
}

/* With a length of zero in IP, what is behind it must be known from elsewhere. */
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
				guarded(b.data, size - cut), 4, NULL };
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
		cmocka_unit_test(what_is_encrypted_is_said),
		cmocka_unit_test(what_is_not_known_is_counted),
		cmocka_unit_test(a_check_sequence_is_no_payload),
		cmocka_unit_test(fragments_of_capwap_are_joined),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
