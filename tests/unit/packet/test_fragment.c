/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * test_fragment.c - fragments become datagrams: any order, duplicates, overlaps, age, memory, within tunnels.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glib.h>
#include <pcap/dlt.h>

#include "kits/guard.h"
#include "kits/packet_builder.h"
#include "packet.h"

#define SECOND NANOSECONDS_PER_SECOND
#define TEXT_SIZE 4000

static uint8_t text[TEXT_SIZE];
static struct decoder *decoder;
static struct segment segment;

static int set_up(void **state)
{
	for (size_t i = 0; i < TEXT_SIZE; i++)
		text[i] = (uint8_t)(i * 7 + i / 256);
	decoder = decoder_new(true);
	return 0;
}

static int tear_down(void **state)
{
	decoder_free(decoder);
	return 0;
}

/* An IP packet that is to be sent in pieces. */
struct whole {
	struct built b;
	bool six;
	uint8_t protocol; /* of the payload */
	uint32_t id;
	const char *source;
};

static void whole_make(struct whole *whole, bool six, uint32_t id, size_t size)
{
	built_payload(&whole->b, text, size);
	built_tcp(&whole->b, &(struct built_tcp){ .source = 1025, .destination = 25, .seq = id, .flags = TCP_ACK });
	whole->six = six;
	whole->protocol = 6;
	whole->id = id;
	whole->source = six ? "2001:db8::1" : "192.0.2.1";
	/* Only to have the checksum set. */
	if (six)
		built_ipv6(&whole->b, whole->source, "2001:db8::2");
	else
		built_ipv4(&whole->b, whole->source, "192.0.2.2");
	size_t header = six ? 40 : 20;
	whole->b.data += header;
	whole->b.size -= header;
}

/* piece - octets from..to of the IP payload as a fragment, in *b. */
static void piece(struct built *b, const struct whole *whole, size_t from, size_t to, bool more)
{
	built_payload(b, whole->b.data + from, to - from);
	if (whole->six) {
		uint8_t *h = built_front(b, 8);
		h[0] = whole->protocol;
		built_put16(h + 2, (uint16_t)(from | more));
		built_put32(h + 4, whole->id);
		b->protocol = 44;
		built_ipv6(b, whole->source, "2001:db8::2");
		return;
	}
	b->protocol = whole->protocol == 6 ? 255 : whole->protocol; /* its checksum is not to be set */
	b->ip_id = (uint16_t)whole->id;
	built_ipv4(b, whole->source, "192.0.2.2");
	b->data[9] = whole->protocol;
	built_put16(b->data + 6, (uint16_t)(from / 8 | (more ? 0x2000u : 0)));
	built_put16(b->data + 10, 0);
	built_put16(b->data + 10, (uint16_t)~built_sum(0, b->data, 20));
}

static enum decode_result feed_built(const struct built *b, int64_t time)
{
	struct packet packet = { { 1, time }, DLT_RAW, (uint32_t)b->size, (uint32_t)b->size, guarded(b->data, b->size),
		0, NULL, true };
	return decoder_packet(decoder, &packet, &segment);
}

static enum decode_result feed(const struct whole *whole, size_t from, size_t to, int64_t time)
{
	static struct built b;
	piece(&b, whole, from, to, to != whole->b.size);
	return feed_built(&b, time);
}

static void assert_text(size_t size)
{
	assert_int_equal(segment.length, size);
	assert_int_equal(segment.captured, size);
	assert_memory_equal(segment.payload, text, size);
}

static struct whole whole;

/* Bounds of four fragments of a datagram of 3000 octets of payload. */
static const size_t bounds[] = { 0, 800, 808, 2400, 3020 };

static void every_order_of_four(void **state)
{
	uint32_t id = 1;
	for (int six = 0; six < 2; six++)
		for (unsigned order = 0; order < 256; order++) {
			unsigned at[4], seen = 0;
			for (unsigned i = 0; i < 4; i++)
				seen |= 1u << (at[i] = order >> 2 * i & 3);
			if (seen != 15)
				continue;
			whole_make(&whole, six, id++, 3000);
			for (unsigned i = 0; i < 4; i++)
				assert_int_equal(feed(&whole, bounds[at[i]], bounds[at[i] + 1], id * 1000),
					i == 3 ? DECODE_SEGMENT : DECODE_FRAGMENT);
			assert_text(3000);
			assert_int_equal(segment.seq, id - 1);
			/* The octets of all four packets. */
			assert_int_equal(segment.wire_size, 3020 + 4 * (six ? 48 : 20));
		}
	assert_int_equal(decoder_fragment_conflicts(decoder), 0);
}

static void duplicates_and_equal_overlaps_are_no_conflict(void **state)
{
	whole_make(&whole, false, 1, 3000);
	assert_int_equal(feed(&whole, 0, 800, 0), DECODE_FRAGMENT);
	assert_int_equal(feed(&whole, 0, 800, 0), DECODE_FRAGMENT);
	assert_int_equal(feed(&whole, 400, 2400, 0), DECODE_FRAGMENT);
	assert_int_equal(feed(&whole, 2000, 3020, 0), DECODE_SEGMENT);
	assert_text(3000);
	assert_int_equal(decoder_fragment_conflicts(decoder), 0);
}

static void the_first_copy_wins(void **state)
{
	for (int six = 0; six < 2; six++) {
		whole_make(&whole, six, 1, 3000);
		assert_int_equal(feed(&whole, 800, 2400, 0), DECODE_FRAGMENT);
		whole.b.data[1000] ^= 0xff;
		assert_int_equal(feed(&whole, 0, 2000, 0), DECODE_FRAGMENT);
		assert_int_equal(decoder_fragment_conflicts(decoder), (uint64_t)six + 1);
		whole.b.data[1000] ^= 0xff;
		assert_int_equal(feed(&whole, 2400, 3020, 0), DECODE_SEGMENT);
		assert_text(3000);
	}
}

static void two_ends_are_a_conflict(void **state)
{
	static struct built b;
	whole_make(&whole, false, 1, 3000);
	assert_int_equal(feed(&whole, 2400, 3020, 0), DECODE_FRAGMENT);
	piece(&b, &whole, 800, 1600, false); /* ends before what is there */
	assert_int_equal(feed_built(&b, 0), DECODE_MALFORMED);
	assert_int_equal(decoder_fragment_conflicts(decoder), 1);
	assert_int_equal(feed(&whole, 0, 2400, 0), DECODE_SEGMENT);
	assert_text(3000);
}

static void what_can_be_no_fragment_is_malformed(void **state)
{
	static struct built b;
	whole_make(&whole, false, 1, 3000);
	piece(&b, &whole, 0, 801, true); /* no multiple of 8 */
	assert_int_equal(feed_built(&b, 0), DECODE_MALFORMED);
	piece(&b, &whole, 0, 0, true);
	assert_int_equal(feed_built(&b, 0), DECODE_MALFORMED);
	piece(&b, &whole, 0, 800, false); /* moved beyond 65535 */
	built_put16(b.data + 6, 0x1fff);
	built_put16(b.data + 10, 0);
	built_put16(b.data + 10, (uint16_t)~built_sum(0, b.data, 20));
	assert_int_equal(feed_built(&b, 0), DECODE_MALFORMED);
}

static void a_fragment_cut_by_the_snap_length_is_not_used(void **state)
{
	static struct built b;
	whole_make(&whole, true, 1, 3000);
	piece(&b, &whole, 0, 2400, true);
	struct packet packet = { { 1, 0 }, DLT_RAW, 1000, (uint32_t)b.size, guarded(b.data, 1000), 0, NULL, true };
	assert_int_equal(decoder_packet(decoder, &packet, &segment), DECODE_TRUNCATED);
	assert_int_equal(feed(&whole, 2400, 3020, 0), DECODE_FRAGMENT);
}

static void age_is_that_of_the_capture(void **state)
{
	for (int six = 0; six < 2; six++) {
		int64_t limit = (six ? 60 : 30) * SECOND;
		whole_make(&whole, six, 1, 3000);
		assert_int_equal(feed(&whole, 0, 2400, SECOND), DECODE_FRAGMENT);
		assert_int_equal(feed(&whole, 2400, 3020, SECOND + limit), DECODE_SEGMENT);
		whole_make(&whole, six, 2, 3000);
		assert_int_equal(feed(&whole, 0, 2400, SECOND), DECODE_FRAGMENT);
		/* The old part is dropped, and that is said. */
		assert_int_equal(feed(&whole, 2400, 3020, SECOND + limit + 1), DECODE_FRAGMENT);
		assert_int_equal(feed(&whole, 0, 2400, SECOND + limit + 1), DECODE_SEGMENT);
		assert_int_equal(decoder_fragments_lost(decoder), (uint64_t)six + 1);
		assert_text(3000);
	}
}

static void a_clock_set_back_makes_old_what_is_far_ahead(void **state)
{
	whole_make(&whole, false, 1, 3000);
	assert_int_equal(feed(&whole, 0, 2400, 100 * SECOND), DECODE_FRAGMENT);
	assert_int_equal(feed(&whole, 2400, 3020, SECOND), DECODE_FRAGMENT);
	assert_int_equal(feed(&whole, 0, 2400, SECOND), DECODE_SEGMENT);
	assert_int_equal(decoder_fragments_lost(decoder), 1);
	assert_text(3000);
}

static void what_was_captured_twice_does_not_spoil_the_next(void **state)
{
	whole_make(&whole, false, 1, 3000);
	assert_int_equal(feed(&whole, 0, 2400, 0), DECODE_FRAGMENT);
	assert_int_equal(feed(&whole, 0, 2400, 1), DECODE_FRAGMENT);
	assert_int_equal(feed(&whole, 2400, 3020, 2), DECODE_SEGMENT);
	assert_int_equal(feed(&whole, 2400, 3020, 3), DECODE_FRAGMENT);
	/* The identifier is used again for other octets. */
	for (size_t i = 0; i < TEXT_SIZE; i++)
		text[i] ^= 0x55;
	whole_make(&whole, false, 1, 3000);
	assert_int_equal(feed(&whole, 0, 2400, 5 * SECOND), DECODE_FRAGMENT);
	assert_int_equal(feed(&whole, 2400, 3020, 5 * SECOND), DECODE_SEGMENT);
	assert_text(3000);
	assert_int_equal(decoder_fragment_conflicts(decoder), 0);
}

static void datagrams_are_told_apart(void **state)
{
	static struct whole other, far;
	static struct built b;
	whole_make(&whole, false, 1, 3000);
	whole_make(&other, false, 2, 3000);
	whole_make(&far, false, 1, 3000);
	far.source = "192.0.2.9";
	assert_int_equal(feed(&whole, 0, 2400, 0), DECODE_FRAGMENT);
	assert_int_equal(feed(&other, 2400, 3020, 0), DECODE_FRAGMENT);
	assert_int_equal(feed(&far, 2400, 3020, 0), DECODE_FRAGMENT);
	/* The same in a VLAN. */
	piece(&b, &whole, 2400, 3020, false);
	built_vlan(&b, 0x8100, 7);
	built_ethernet(&b);
	struct packet packet = built_packet(&b, DLT_EN10MB, 1, 0);
	assert_int_equal(decoder_packet(decoder, &packet, &segment), DECODE_FRAGMENT);
	assert_int_equal(feed(&whole, 2400, 3020, 0), DECODE_SEGMENT);
	assert_int_equal(segment.seq, 1);
	assert_int_equal(feed(&other, 0, 2400, 0), DECODE_SEGMENT);
	assert_int_equal(segment.seq, 2);
}

static void an_atomic_fragment_stands_alone(void **state)
{
	static struct whole small;
	whole_make(&whole, true, 1, 3000);
	whole_make(&small, true, 1, 100);
	assert_int_equal(feed(&whole, 0, 2400, 0), DECODE_FRAGMENT);
	assert_int_equal(feed(&small, 0, small.b.size, 0), DECODE_SEGMENT);
	assert_text(100);
	assert_int_equal(feed(&whole, 2400, 3020, 0), DECODE_SEGMENT);
	assert_text(3000);
}

/* feed_far - a fragment near the end of a large datagram. */
static enum decode_result feed_far(uint32_t id, int64_t time)
{
	static struct built b;
	whole.id = id;
	piece(&b, &whole, 0, 800, true);
	built_put16(b.data + 6, 0x2000 | 8000);
	built_put16(b.data + 10, 0);
	built_put16(b.data + 10, (uint16_t)~built_sum(0, b.data, 20));
	return feed_built(&b, time);
}

static void memory_is_bounded_and_the_oldest_goes_first(void **state)
{
	/* Each holds some 64 KiB: far more than fit. */
	const unsigned count = 1000;
	unsigned kept = 0;
	whole_make(&whole, false, 0, 3000);
	for (unsigned i = 0; i < count; i++)
		assert_int_equal(feed_far(i, i), DECODE_FRAGMENT);
	assert_int_equal(decoder_fragments_lost(decoder), count);
	/* Other octets are a conflict with those that are still held, from the newest one back. */
	whole.b.data[400] ^= 0xff;
	do {
		feed_far(count - 1 - kept, count);
	} while (decoder_fragment_conflicts(decoder) == ++kept);
	whole.b.data[400] ^= 0xff;
	assert_in_range(kept - 1, 16 * 1024 / 70, 16 * 1024 / 60);
	/* One that comes now is reassembled all the same. */
	whole_make(&whole, false, 5000, 3000);
	assert_int_not_equal(feed(&whole, 0, 2400, count), DECODE_SEGMENT);
	assert_int_equal(feed(&whole, 2400, 3020, count), DECODE_SEGMENT);
	assert_text(3000);
}

/* Those of datagrams that are not whole are told apart from those that were held until the rest came. */
static void what_was_of_no_use_is_counted(void **state)
{
	whole_make(&whole, false, 7, 3000);
	assert_int_equal(feed(&whole, 0, 800, 0), DECODE_FRAGMENT);
	assert_int_equal(feed(&whole, 800, 1600, 0), DECODE_FRAGMENT);
	assert_int_equal(decoder_fragments_lost(decoder), 2);
	assert_int_equal(feed(&whole, 1600, 3020, 0), DECODE_SEGMENT);
	assert_int_equal(decoder_fragments_lost(decoder), 0);
	whole_make(&whole, false, 8, 3000);
	assert_int_equal(feed(&whole, 800, 1600, 0), DECODE_FRAGMENT);
	assert_int_equal(feed(&whole, 0, 800, 1), DECODE_FRAGMENT);
	whole_make(&whole, false, 9, 3000);
	feed(&whole, 0, 800, 31 * NANOSECONDS_PER_SECOND); /* the other one is too old */
	assert_int_equal(decoder_fragments_lost(decoder), 3);
}

/* trusting - a decoder that does not verify checksums, in place of the one of the test. */
static void trusting(void)
{
	decoder_free(decoder);
	decoder = decoder_new(false);
}

/* assert_remains - the next segment has these octets of the text. */
static void assert_remains(bool ended, size_t from, size_t to)
{
	assert_true(decoder_remains(decoder, ended, (struct moment){ 99, 5 }, &segment));
	assert_int_equal(segment.at.packet, 99);
	assert_int_equal(segment.source_port, 1025);
	assert_int_equal(segment.seq, whole.id + from);
	assert_int_equal(segment.length, to - from);
	assert_int_equal(segment.captured, to - from);
	assert_memory_equal(segment.payload, text + from, to - from);
}

static void what_is_there_of_a_datagram_is_used(void **state)
{
	const struct moment now = { 1, 0 };
	trusting();
	for (int six = 0; six < 2; six++) {
		int64_t limit = (six ? 60 : 30) * SECOND;
		whole_make(&whole, six, 3, 3000);
		feed(&whole, 1600, 2000, SECOND);
		feed(&whole, 0, 800, SECOND);
		feed(&whole, 808, 1000, SECOND);
		assert_false(decoder_remains(decoder, false, now, &segment));
		whole_make(&whole, six, 4, 100);
		feed(&whole, 0, 120, SECOND + limit);
		assert_false(decoder_remains(decoder, false, now, &segment));
		feed(&whole, 0, 120, SECOND + limit + 1); /* any packet: now it is too old */
		whole_make(&whole, six, 3, 3000);
		assert_remains(false, 0, 780);
		assert_int_equal(segment.wire_size, (six ? 48 : 20) * 3 + 800 + 192 + 400);
		assert_remains(false, 788, 980);
		assert_int_equal(segment.wire_size, 0);
		assert_remains(false, 1580, 1980);
		assert_false(decoder_remains(decoder, false, now, &segment));
		assert_int_equal(decoder_fragments_lost(decoder), 0);
	}
}

/* At the end of the input the age does not matter. A FIN comes with the last octets only. */
static void what_is_there_at_the_end_is_used(void **state)
{
	trusting();
	whole_make(&whole, false, 3, 3000);
	whole.b.data[13] |= TCP_FIN;
	feed(&whole, 0, 800, 0);
	feed(&whole, 2400, 3020, 0);
	assert_remains(true, 0, 780);
	assert_int_equal(segment.flags, TCP_ACK);
	assert_remains(true, 2380, 3000);
	assert_int_equal(segment.flags, TCP_ACK | TCP_FIN);
	assert_false(decoder_remains(decoder, true, (struct moment){ 1, 0 }, &segment));
	assert_int_equal(decoder_fragments_lost(decoder), 0);
}

/* Without the TCP header nobody knows where they belong; with --checksum nobody knows whether they are right. */
static void what_belongs_nowhere_is_not_used(void **state)
{
	const struct moment now = { 1, 0 };
	whole_make(&whole, false, 3, 3000);
	feed(&whole, 0, 800, 0);
	assert_false(decoder_remains(decoder, true, now, &segment));
	assert_int_equal(decoder_fragments_lost(decoder), 1);
	trusting();
	feed(&whole, 800, 1600, 0);
	assert_false(decoder_remains(decoder, true, now, &segment));
	feed(&whole, 0, 8, 0);
	feed(&whole, 16, 1600, 0);
	assert_false(decoder_remains(decoder, true, now, &segment));
	whole.protocol = 17;
	feed(&whole, 0, 800, 0);
	assert_false(decoder_remains(decoder, true, now, &segment));
	assert_int_equal(decoder_fragments_lost(decoder), 4);
}

static void what_carries_no_tcp_is_not_held(void **state)
{
	whole_make(&whole, false, 1, 3000);
	whole.protocol = 1;
	assert_int_equal(feed(&whole, 0, 2400, 0), DECODE_NOT_TCP);
}

static void tunnels_are_reassembled_at_every_level(void **state)
{
	/* A fragmented packet, each fragment of which is fragmented again on its way through GRE. */
	static struct whole inner, outer;
	static struct built b;
	whole_make(&inner, true, 1, 3000);
	for (unsigned i = 0; i < 2; i++) {
		piece(&b, &inner, i == 0 ? 0 : 1600, i == 0 ? 1600 : 3020, i == 0);
		built_gre(&b, 0);
		outer = (struct whole){ .protocol = 47, .id = i, .source = "192.0.2.1" };
		built_payload(&outer.b, b.data, b.size);
		assert_int_equal(feed(&outer, 800, outer.b.size, 0), DECODE_FRAGMENT);
		assert_int_equal(feed(&outer, 0, 800, 0), i == 1 ? DECODE_SEGMENT : DECODE_FRAGMENT);
	}
	assert_text(3000);
	assert_int_equal(segment.source.family, 6);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_order_of_four),
		TEST(duplicates_and_equal_overlaps_are_no_conflict),
		TEST(the_first_copy_wins),
		TEST(two_ends_are_a_conflict),
		TEST(what_can_be_no_fragment_is_malformed),
		TEST(a_fragment_cut_by_the_snap_length_is_not_used),
		TEST(age_is_that_of_the_capture),
		TEST(a_clock_set_back_makes_old_what_is_far_ahead),
		TEST(what_was_captured_twice_does_not_spoil_the_next),
		TEST(datagrams_are_told_apart),
		TEST(an_atomic_fragment_stands_alone),
		TEST(memory_is_bounded_and_the_oldest_goes_first),
		TEST(what_was_of_no_use_is_counted),
		TEST(what_is_there_of_a_datagram_is_used),
		TEST(what_is_there_at_the_end_is_used),
		TEST(what_belongs_nowhere_is_not_used),
		TEST(what_carries_no_tcp_is_not_held),
		TEST(tunnels_are_reassembled_at_every_level),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
