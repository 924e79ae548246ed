/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * test_packet.c - packets of every kind become segments: whole, and cut at every octet, at the edge of readable memory.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pcap/dlt.h>

#include "kits/check.h"
#include "kits/guard.h"
#include "kits/packet_decode.h"
#include "kits/packet_kinds.h"
#include "packet.h"

/* Helpers --------------------------------------------------------------------------------------------------------- */

static enum decode_result decode_verified(struct segment *segment)
{
	struct decoder *decoder = decoder_new(true);
	enum decode_result result = decode_as(decoder, DLT_EN10MB, b.size, b.size, segment);
	decoder_free(decoder);
	return result;
}

static void assert_address(const struct address *address, const char *text)
{
	const struct address expected = address_of(text);
	assert_memory_equal(address, &expected, sizeof(expected));
}

static void assert_fields(const struct kind *kind, const struct segment *segment)
{
	assert_address(&segment->source, kind->family == 4 ? "192.0.2.1" : "2001:db8::1");
	assert_address(&segment->destination, kind->family == 4 ? "198.51.100.2" : "2001:db8::2");
	assert_int_equal(segment->source_port, kind_tcp.source);
	assert_int_equal(segment->destination_port, kind_tcp.destination);
	assert_int_equal(segment->seq, kind_tcp.seq);
	assert_int_equal(segment->ack, kind_tcp.ack);
	assert_int_equal(segment->flags, kind_tcp.flags);
	assert_int_equal(segment->at.packet, 5);
	assert_int_equal(segment->at.time, 1000);
	assert_int_equal(segment->wire_size, b.size);
	assert_int_equal(segment->vlan_count, kind->vlan_count);
	for (unsigned i = 0; i < kind->vlan_count; i++)
		assert_int_equal(segment->vlan[i], kind->vlan[i]);
	assert_int_equal(segment->length, KIND_PAYLOAD_SIZE);
	assert_true(segment->captured <= segment->length);
	if (segment->captured != 0)
		assert_memory_equal(segment->payload, KIND_PAYLOAD, segment->captured);
	/* The packet that it came in: from its header to the end of what is here of the payload. */
	assert_int_equal(segment->ip.data[0] >> 4, kind->family);
	if (segment->captured != 0)
		assert_ptr_equal(segment->ip.data + segment->ip.size, segment->payload + segment->captured);
	assert_true(segment->ip_length >= segment->ip.size);
}

/* Tests ----------------------------------------------------------------------------------------------------------- */

static void every_kind_becomes_a_segment(void **state)
{
	struct decoder *decoder = decoder_new(true);
	size_t i = 0;
	for (const struct kind *kind; (kind = kind_at(i)); i++) {
		struct segment segment;
		kind->build(&b);
		enum decode_result result = decode_as(decoder, kind->link_type, b.size, b.size, &segment);
		if (result != DECODE_SEGMENT)
			fail_msg("%s: %s", kind->name, decode_result_names[result]);
		assert_fields(kind, &segment);
		assert_int_equal(segment.captured, KIND_PAYLOAD_SIZE);
	}
	decoder_free(decoder);
}

/* trailer - octets after the payload: padding, check values. */
static size_t trailer(void)
{
	const uint8_t *payload = memmem(b.data, b.size, KIND_PAYLOAD, KIND_PAYLOAD_SIZE);
	return (size_t)(b.data + b.size - payload) - KIND_PAYLOAD_SIZE;
}

static void cut_by_the_snap_length_is_never_malformed(void **state)
{
	struct decoder *decoder = decoder_new(true);
	size_t i = 0;
	for (const struct kind *kind; (kind = kind_at(i)); i++) {
		kind->build(&b);
		size_t segments = 0;
		for (size_t size = 0; size < b.size; size++) {
			struct segment segment;
			enum decode_result result = decode_as(decoder, kind->link_type, size, b.size, &segment);
			if (result != DECODE_SEGMENT && result != DECODE_TRUNCATED)
				fail_msg("%s, %zu octets: %s", kind->name, size, decode_result_names[result]);
			if (result != DECODE_SEGMENT)
				continue;
			segments++;
			assert_fields(kind, &segment);
			assert_int_equal(segment.captured < KIND_PAYLOAD_SIZE, size < b.size - trailer());
		}
		/* Every cut within what is after the packet, payload and TCP options leaves a segment. */
		assert_int_equal(segments, trailer() + KIND_PAYLOAD_SIZE + kind_tcp.options);
	}
	decoder_free(decoder);
}

static void shorter_on_the_wire_is_read_within_its_bounds(void **state)
{
	struct decoder *decoder = decoder_new(false);
	size_t i = 0;
	for (const struct kind *kind; (kind = kind_at(i)); i++) {
		kind->build(&b);
		for (size_t size = 0; size < b.size; size++) {
			struct segment segment;
			enum decode_result result = decode_as(decoder, kind->link_type, size, size, &segment);
			if (result == DECODE_SEGMENT && segment.captured != 0)
				assert_memory_equal(segment.payload, KIND_PAYLOAD, segment.captured);
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
	uint64_t none = context_of(kind_ipv4, NULL, 0);
	assert_int_equal(none, 0);
	assert_int_not_equal(context_of(kind_ipv4, one, 1), none);
	assert_int_not_equal(context_of(kind_ipv4, one, 1), context_of(kind_ipv4, other, 1));
	assert_int_not_equal(context_of(kind_ipv4, two, 2), context_of(kind_ipv4, one, 1));
	assert_int_not_equal(context_of(kind_ipv4, two, 2), context_of(kind_ipv4, swapped, 2));
	assert_int_equal(context_of(kind_ipv4, priority, 2), context_of(kind_ipv4, one, 1));
	assert_int_equal(context_of(kind_ipv4, priority, 1), none);
	/* Not of the addresses: both directions have the same one. */
	assert_int_equal(context_of(kind_ipv6, two, 2), context_of(kind_ipv4, two, 2));
}

/* tunnelled - the context within GRE or VXLAN. */
static uint64_t tunnelled(bool is_vxlan, uint32_t id, const char *source, const char *destination)
{
	struct segment segment;
	if (is_vxlan) {
		kind_ethernet4(&b);
		uint8_t *h = built_front(&b, 8);
		h[0] = 8;
		built_put32(h + 4, id << 8);
		built_udp(&b, 1, 4789);
	} else {
		kind_ipv4(&b);
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
	kind_ethernet4(&b);
	memset(b.data + b.size, 0, 18);
	b.size += 18;
	assert_int_equal(decode(&segment), DECODE_SEGMENT);
	assert_int_equal(segment.length, KIND_PAYLOAD_SIZE);
	assert_int_equal(segment.captured, KIND_PAYLOAD_SIZE);
}

static void a_length_of_zero_is_all_that_is_there(void **state)
{
	struct segment segment;
	kind_ethernet4(&b);
	built_put16(b.data + 14 + 2, 0);
	assert_int_equal(decode(&segment), DECODE_SEGMENT);
	assert_int_equal(segment.captured, KIND_PAYLOAD_SIZE);
	kind_ethernet6(&b);
	built_put16(b.data + 14 + 4, 0);
	assert_int_equal(decode(&segment), DECODE_SEGMENT);
	assert_int_equal(segment.captured, KIND_PAYLOAD_SIZE);
}

static void what_the_frame_lacks_was_cut(void **state)
{
	struct segment segment;
	kind_ethernet4(&b);
	b.size -= 10; /* and the record says that this is all */
	assert_int_equal(decode(&segment), DECODE_SEGMENT);
	assert_int_equal(segment.length, KIND_PAYLOAD_SIZE);
	assert_int_equal(segment.captured, KIND_PAYLOAD_SIZE - 10);
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
		{ "TCP header shorter than 20", kind_ethernet4, 14 + 20 + 12, 0x40 },
		{ "TCP header longer than the packet", kind_ipv4_options, 14 + 28 + 12, 0xf0 },
		{ "IPv4 header shorter than 20", kind_ethernet4, 14, 0x44 },
		{ "IPv4 of version 5", kind_ethernet4, 14, 0x55 },
		{ "IPv4 shorter than its header", kind_ipv4_options, 14 + 3, 27 },
		{ "IPv6 of version 4", kind_ethernet6, 14, 0x40 },
		{ "GRE with routing", kind_gre, 14 + 20, 0x40 },
		{ "GRE of version 2", kind_gre, 14 + 20 + 1, 0x02 },
		{ "PPPoE of version 2", kind_pppoe, 14, 0x21 },
		{ "AH without its fixed part", kind_authentication, 14 + 20 + 1, 0xff },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct segment segment;
		cases[i].build(&b);
		/* So that lengths below 256 are recognised by their last octet. */
		assert_true(b.size < 256);
		if (i == 1) { /* a packet without payload, so that 60 octets are too many */
			b.size -= KIND_PAYLOAD_SIZE;
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
	kind_ethernet4(&b); /* the same decoder takes other link types afterwards */
	assert_int_equal(decode_as(decoder, DLT_EN10MB, b.size, b.size, &segment), DECODE_SEGMENT);
	/* An encrypted frame, and a beacon. */
	kind_wifi(&b);
	b.data[1] |= 0x40;
	assert_int_equal(decode_as(decoder, DLT_IEEE802_11, b.size, b.size, &segment), DECODE_ENCRYPTED);
	b.data[0] = 0x80;
	assert_int_equal(decode_as(decoder, DLT_IEEE802_11, b.size, b.size, &segment), DECODE_NOT_IP);
	decoder_free(decoder);
}

static void depth_is_bounded(void **state)
{
	struct segment segment;
	kind_ipv4(&b);
	for (int i = 0; i < DECODE_DEPTH_MAX; i++)
		built_vlan(&b, 0x8100, 1);
	built_ethernet(&b);
	assert_int_equal(decode(&segment), DECODE_TOO_DEEP);
	kind_ipv4(&b);
	for (int i = 0; i < DECODE_DEPTH_MAX; i++)
		built_ipv4(&b, "10.0.0.1", "10.0.0.2");
	built_ethernet(&b);
	assert_int_equal(decode(&segment), DECODE_TOO_DEEP);
	kind_ipv4(&b);
	for (int i = DECODE_DEPTH_MAX - 2; i > 0; i--)
		built_vlan(&b, 0x8100, (uint16_t)i);
	built_ethernet(&b);
	assert_int_equal(decode(&segment), DECODE_SEGMENT);
	assert_int_equal(segment.vlan_count, DECODE_VLAN_MAX);
	assert_int_equal(segment.vlan[DECODE_VLAN_MAX - 1], DECODE_VLAN_MAX);
	kind_put_tcp(&b);
	for (int i = 0; i < DECODE_DEPTH_MAX; i++)
		built_ipv6_header(&b, 60, 1);
	built_ipv6(&b, "2001:db8::1", "2001:db8::2");
	built_ethernet(&b);
	assert_int_equal(decode(&segment), DECODE_TOO_DEEP);
}

static void checksums_are_verified_only_when_asked(void **state)
{
	struct segment segment;
	void (*const builds[])(struct built *) = { kind_ethernet4, kind_ethernet6 };
	for (size_t i = 0; i < 2; i++) {
		builds[i](&b);
		assert_int_equal(decode_verified(&segment), DECODE_SEGMENT);
		b.data[b.size - 1] ^= 1;
		assert_int_equal(decode(&segment), DECODE_SEGMENT);
		assert_int_equal(decode_verified(&segment), DECODE_BAD_CHECKSUM);
	}
	kind_ethernet4(&b);
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
		kind_ipv6(&b); /* so that the checksum is that of the last hop */
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
		assert_address(&segment.destination, "2001:db8::2");
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
