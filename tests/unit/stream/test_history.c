/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * test_history.c - what retransmissions are compared with: a ring of the bytes seen last, over all streams.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glib.h>
#include <string.h>

#include "stream/history.h"

static void store(uint64_t *newest, uint64_t offset, const char *text)
{
	history_store(newest, offset, (const uint8_t *)text, strlen(text));
}

static bool differs(uint64_t newest, uint64_t offset, const char *text)
{
	return history_differs(newest, offset, (const uint8_t *)text, strlen(text));
}

static void copies_are_compared(void **state)
{
	uint64_t newest = 0;
	assert_false(differs(newest, 0, "anything"));
	store(&newest, 0, "abcdef");
	assert_false(differs(newest, 0, "abcdef"));
	assert_true(differs(newest, 0, "abcdeX"));
	assert_true(differs(newest, 0, "Xbcdef"));
	assert_true(differs(newest, 2, "cX"));
	assert_false(differs(newest, 2, "cd"));
	/* Only what is known can differ. */
	assert_false(differs(newest, 4, "efgh"));
	assert_true(differs(newest, 4, "Xfgh"));
	assert_false(differs(newest, 6, "ghi"));
}

static void chunks_of_a_direction_are_linked(void **state)
{
	uint64_t one = 0, other = 0;
	store(&one, 0, "abc");
	store(&other, 0, "xyz");
	store(&one, 3, "def");
	store(&other, 3, "uvw");
	store(&one, 10, "klm");
	assert_false(differs(one, 0, "abcdef????klm"));
	assert_true(differs(one, 0, "abcdeX????klm"));
	assert_true(differs(one, 0, "Xbcdef????klm"));
	assert_true(differs(one, 0, "abcdef????klX"));
	assert_false(differs(other, 0, "xyzuvw????klX"));
	assert_true(differs(other, 0, "abc"));
	/* A direction whose oldest chunk another one follows. */
	uint64_t first = other;
	store(&other, 6, "rst");
	assert_true(differs(other, 6, "rsX"));
	assert_false(differs(first, 6, "rsX"));
}

static void octets_that_stand_there_already(void **state)
{
	uint64_t newest = 0;
	memcpy(history_room(), "hello", 5);
	history_commit(&newest, 100, 5);
	assert_false(differs(newest, 100, "hello"));
	assert_true(differs(newest, 100, "hallo"));
	assert_false(differs(newest, 95, "?????hello"));
}

static void more_than_a_chunk(void **state)
{
	uint64_t newest = 0;
	static char block[3 * HISTORY_CHUNK_MAX + 100];
	memset(block, 'a', sizeof block - 1);
	store(&newest, 7, block);
	assert_false(differs(newest, 7, block));
	for (size_t at = 0; at < sizeof block - 1; at += HISTORY_CHUNK_MAX / 2 - 1) {
		block[at] = 'X';
		assert_true(differs(newest, 7, block));
		block[at] = 'a';
	}
}

/* The same whether the octets that came between were stored or belong to another worker. */
static void memory_ends_after_so_many_octets_of_the_input(void **state)
{
	static uint8_t block[60000];
	for (unsigned stored = 0; stored < 2; stored++) {
		uint64_t newest = 0, other = 0, offset = 0;
		store(&newest, 0, "abc");
		unsigned passed = 0;
		while (differs(newest, 0, "abX") && passed < 100) {
			history_pass(sizeof block);
			if (stored) {
				history_store(&other, offset, block, sizeof block);
				offset += sizeof block;
			}
			passed++;
		}
		assert_int_equal(passed, HISTORY_REACH / (sizeof block + 24) + 1);
	}
}

static void a_long_way_back_is_not_looked_for(void **state)
{
	uint64_t newest = 0;
	store(&newest, 0, "abc");
	for (uint64_t i = 0; i < 200; i++)
		store(&newest, 1000 + i, "x");
	assert_true(differs(newest, 0, "abX"));
	for (uint64_t i = 0; i < 100; i++)
		store(&newest, 2000 + i, "x");
	assert_false(differs(newest, 0, "abX"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(copies_are_compared),
		cmocka_unit_test(chunks_of_a_direction_are_linked),
		cmocka_unit_test(octets_that_stand_there_already),
		cmocka_unit_test(more_than_a_chunk),
		cmocka_unit_test(memory_ends_after_so_many_octets_of_the_input),
		cmocka_unit_test(a_long_way_back_is_not_looked_for),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
