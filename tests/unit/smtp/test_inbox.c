/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * test_inbox.c - the bytes of one direction that wait: gaps, acknowledgements, places to go back to, memory that goes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kits/check.h"
#include "smtp/inbox.h"

/* feed - octets in memory of their own, which is gone when this returns, as a packet's is. */
static void feed(struct inbox *inbox, const char *text, uint64_t acked)
{
	size_t size = strlen(text);
	uint8_t *copy = malloc(size);
	memcpy(copy, text, size);
	inbox_feed(inbox, span_of(copy, size), acked);
	inbox_detach(inbox);
	free(copy);
}

static void assert_waits(const struct inbox *inbox, const char *text)
{
	assert_span(inbox_bytes(inbox), text);
}

static void octets_are_read_where_they_lie(void **state)
{
	struct inbox inbox;
	inbox_init(&inbox);
	const uint8_t octets[] = "abcdef";
	inbox_feed(&inbox, span_of(octets, 6), 0);
	assert_ptr_equal(inbox_bytes(&inbox).data, octets);
	inbox_consume(&inbox, 2);
	assert_ptr_equal(inbox_bytes(&inbox).data, octets + 2);
	inbox_detach(&inbox);
	assert_ptr_not_equal(inbox_bytes(&inbox).data, octets + 2);
	assert_waits(&inbox, "cdef");
	assert_int_equal(inbox.offset, 2);
	assert_int_equal(inbox.received, 6);
	inbox_clear(&inbox);
}

static void what_waits_is_one_piece(void **state)
{
	struct inbox inbox;
	inbox_init(&inbox);
	feed(&inbox, "ab", 1);
	feed(&inbox, "cd", 1);
	feed(&inbox, "ef", 2);
	assert_waits(&inbox, "abcdef");
	inbox_consume(&inbox, 5);
	feed(&inbox, "gh", 2);
	assert_waits(&inbox, "fgh");
	assert_false(inbox_empty(&inbox));
	inbox_consume(&inbox, 3);
	assert_true(inbox_empty(&inbox));
	assert_waits(&inbox, "");
	inbox_clear(&inbox);
}

static void bytes_end_at_a_hole(void **state)
{
	struct inbox inbox;
	inbox_init(&inbox);
	feed(&inbox, "abc", 7);
	inbox_feed_gap(&inbox, 10);
	feed(&inbox, "def", 9);
	assert_waits(&inbox, "abc");
	assert_int_equal(inbox_gap_size(&inbox), 0);
	assert_true(inbox_gap_ahead(&inbox));
	assert_int_equal(inbox_next_gap(&inbox), 3);
	inbox_consume(&inbox, 3);
	assert_waits(&inbox, "");
	assert_int_equal(inbox_gap_size(&inbox), 10);
	inbox_skip_gap(&inbox, 4);
	assert_int_equal(inbox_gap_size(&inbox), 6);
	assert_int_equal(inbox.offset, 7);
	inbox_skip_gap(&inbox, 6);
	assert_int_equal(inbox_gap_size(&inbox), 0);
	assert_false(inbox_gap_ahead(&inbox));
	assert_waits(&inbox, "def");
	assert_int_equal(inbox_next_gap(&inbox), 16);
	inbox_clear(&inbox);
}

static void every_octet_has_its_acknowledgement(void **state)
{
	struct inbox inbox;
	inbox_init(&inbox);
	feed(&inbox, "ab", 5);
	feed(&inbox, "cd", 6);
	inbox_feed_gap(&inbox, 3);
	feed(&inbox, "e", 8);
	assert_int_equal(inbox_acked(&inbox, 0), 5);
	assert_int_equal(inbox_acked(&inbox, 1), 5);
	assert_int_equal(inbox_acked(&inbox, 2), 6);
	assert_int_equal(inbox_acked(&inbox, 4), 8); /* of a gap: what the next octet says */
	assert_int_equal(inbox_acked(&inbox, 7), 8);
	assert_int_equal(inbox_acked(&inbox, 8), 0); /* after everything */
	assert_int_equal(inbox_sent_after(&inbox, 4), 0);
	assert_int_equal(inbox_sent_after(&inbox, 5), 2);
	assert_int_equal(inbox_sent_after(&inbox, 6), 7);
	assert_true(inbox_sent_after(&inbox, 8) == UINT64_MAX);
	assert_int_equal(inbox_run(&inbox).size, 2);
	inbox_consume(&inbox, 1);
	assert_int_equal(inbox_run(&inbox).size, 1);
	assert_int_equal(inbox_sent_after(&inbox, 4), 1);
	inbox_clear(&inbox);
}

static void bytes_from_a_place(void **state)
{
	struct inbox inbox;
	inbox_init(&inbox);
	feed(&inbox, "abcdef", 0);
	inbox_consume(&inbox, 2);
	struct span rest = inbox_bytes_from(&inbox, 4);
	assert_int_equal(rest.size, 2);
	assert_memory_equal(rest.data, "ef", 2);
	assert_int_equal(inbox_bytes_from(&inbox, 6).size, 0);
	inbox_clear(&inbox);
}

static void what_is_kept_can_be_read_again(void **state)
{
	struct inbox inbox;
	inbox_init(&inbox);
	feed(&inbox, "abc", 0);
	inbox_consume(&inbox, 1);
	inbox_keep(&inbox);
	inbox_consume(&inbox, 2);
	inbox_feed_gap(&inbox, 5);
	inbox_skip_gap(&inbox, 5);
	feed(&inbox, "def", 3);
	inbox_consume(&inbox, 2);
	inbox_detach(&inbox);
	assert_int_equal(inbox_kept(&inbox), 4);
	assert_waits(&inbox, "f");
	inbox_rewind(&inbox);
	assert_int_equal(inbox.offset, 1);
	assert_waits(&inbox, "bc");
	assert_int_equal(inbox_kept(&inbox), 0);
	inbox_consume(&inbox, 2);
	assert_int_equal(inbox_gap_size(&inbox), 5);
	inbox_skip_gap(&inbox, 5);
	assert_waits(&inbox, "def");
	assert_int_equal(inbox_acked(&inbox, 9), 3);
	inbox_clear(&inbox);
}

static void what_is_released_is_gone(void **state)
{
	struct inbox inbox;
	inbox_init(&inbox);
	feed(&inbox, "abcdef", 0);
	inbox_keep(&inbox);
	inbox_consume(&inbox, 4);
	assert_int_equal(inbox_kept(&inbox), 4);
	inbox_release(&inbox);
	assert_int_equal(inbox_kept(&inbox), 0);
	inbox_detach(&inbox);
	assert_waits(&inbox, "ef");
	assert_int_equal(inbox.offset, 4);
	inbox_clear(&inbox);
}

static void dropped_bytes_leave_the_place_behind_them(void **state)
{
	struct inbox inbox;
	inbox_init(&inbox);
	feed(&inbox, "abc", 0);
	inbox_feed_gap(&inbox, 4);
	feed(&inbox, "d", 0);
	inbox_drop(&inbox);
	assert_true(inbox_empty(&inbox));
	assert_int_equal(inbox.offset, 8);
	assert_false(inbox_gap_ahead(&inbox));
	feed(&inbox, "e", 2);
	assert_waits(&inbox, "e");
	assert_int_equal(inbox_acked(&inbox, 8), 2);
	inbox_clear(&inbox);
}

static void a_direction_is_closed_when_nothing_follows(void **state)
{
	struct inbox inbox;
	inbox_init(&inbox);
	feed(&inbox, "abc", 0);
	assert_false(inbox_closed(&inbox));
	inbox.fin = true;
	assert_true(inbox_closed(&inbox));
	inbox.fin = false;
	inbox.over = true;
	assert_true(inbox_closed(&inbox));
	inbox_feed_gap(&inbox, 1);
	assert_false(inbox_closed(&inbox)); /* what can be read is followed by a gap */
	inbox_clear(&inbox);
}

/* A long stream of small runs, taken as it comes: the list of runs and the buffer stay as small as what waits. */
static void memory_is_for_what_waits(void **state)
{
	struct inbox inbox;
	inbox_init(&inbox);
	for (unsigned i = 0; i < 10000; i++) {
		feed(&inbox, "x", i);
		if (i % 3 == 0)
			inbox_feed_gap(&inbox, 1);
		if (inbox_bytes(&inbox).size > 0)
			inbox_consume(&inbox, inbox_bytes(&inbox).size);
		if (inbox_gap_size(&inbox) > 0)
			inbox_skip_gap(&inbox, inbox_gap_size(&inbox));
	}
	assert_true(inbox_empty(&inbox));
	assert_int_equal(inbox.offset, 10000 + 3334);
	assert_true(inbox.run_room < 100);
	assert_true(inbox.room < 10000);
	inbox_clear(&inbox);
}

/* assert_lines - is it known where no line ends, of each octet that waits, and never said wrongly? */
static void assert_lines(const struct inbox *inbox)
{
	struct span bytes = inbox_bytes(inbox);
	for (size_t at = 0; at < bytes.size; at++) {
		bool ends = memchr(bytes.data + at, '\n', bytes.size - at) != NULL;
		assert_false(ends && inbox_no_line(inbox, at));
		assert_true(ends || inbox_no_line(inbox, at) || inbox_next_gap(inbox) < inbox->received);
	}
}

static void it_is_known_where_no_line_ends(void **state)
{
	static const char *const texts[] = { "a", "b\n", "\n", "cd\nef", "gh", "\n\nx", "longer than that" };
	for (unsigned number = 0; number < 7 * 7 * 7 * 8; number++) {
		struct inbox inbox;
		inbox_init(&inbox);
		for (unsigned step = 0, rest = number; step < 3; step++, rest /= 7) {
			const char *text = texts[rest % 7];
			uint8_t *copy = malloc(strlen(text));
			memcpy(copy, text, strlen(text));
			inbox_feed(&inbox, span_of(copy, strlen(text)), 0);
			if (step == 1 && number & 1)
				inbox_keep(&inbox);
			if (step > 0 && inbox_bytes(&inbox).size > 1)
				inbox_consume(&inbox, 1 + number % 2);
			inbox_detach(&inbox);
			free(copy);
			assert_lines(&inbox);
			if (step == 1 && number & 2)
				inbox_feed_gap(&inbox, 5);
			assert_lines(&inbox);
			if (step == 2 && number & 1) {
				inbox_rewind(&inbox);
				assert_lines(&inbox);
			}
		}
		inbox_clear(&inbox);
	}
}

static void octets_of_the_caller_are_searched(void **state)
{
	struct inbox inbox;
	inbox_init(&inbox);
	inbox_feed(&inbox, span_of("a\n", 2), 0);
	assert_false(inbox_no_line(&inbox, 0));
	inbox_clear(&inbox);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(octets_are_read_where_they_lie),
		cmocka_unit_test(what_waits_is_one_piece),
		cmocka_unit_test(bytes_end_at_a_hole),
		cmocka_unit_test(every_octet_has_its_acknowledgement),
		cmocka_unit_test(bytes_from_a_place),
		cmocka_unit_test(what_is_kept_can_be_read_again),
		cmocka_unit_test(what_is_released_is_gone),
		cmocka_unit_test(dropped_bytes_leave_the_place_behind_them),
		cmocka_unit_test(a_direction_is_closed_when_nothing_follows),
		cmocka_unit_test(memory_is_for_what_waits),
		cmocka_unit_test(it_is_known_where_no_line_ends),
		cmocka_unit_test(octets_of_the_caller_are_searched),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
