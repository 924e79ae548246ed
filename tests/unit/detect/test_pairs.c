/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * test_pairs.c - what is remembered of a client and a server across sessions, and counted within a time.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "detect/pairs.h"

#define SECOND NANOSECONDS_PER_SECOND

static struct address host(unsigned number)
{
	return (struct address){ 4, { 10, (uint8_t)(number >> 16), (uint8_t)(number >> 8), (uint8_t)number } };
}

static void a_pair_is_two_addresses(void **state)
{
	struct pairs *pairs = pairs_new();
	const struct address a = host(1), b = host(2), c = host(3);
	struct address six = a;
	six.family = 6;
	assert_null(pairs_find(pairs, &a, &b));
	struct pair *pair = pairs_get(pairs, &a, &b);
	pair->early_pipeline = true;
	assert_ptr_equal(pairs_get(pairs, &a, &b), pair);
	assert_ptr_equal(pairs_find(pairs, &a, &b), pair);
	assert_null(pairs_find(pairs, &b, &a));
	assert_null(pairs_find(pairs, &a, &c));
	assert_null(pairs_find(pairs, &six, &b));
	assert_false(pairs_get(pairs, &a, &c)->early_pipeline);
	pairs_free(pairs);
	pairs_free(NULL);
}

static void the_longest_unused_is_forgotten(void **state)
{
	struct pairs *pairs = pairs_new();
	const struct address server = host(0);
	for (unsigned i = 1; i <= PAIRS_MAX; i++) {
		const struct address client = host(i);
		pairs_get(pairs, &client, &server);
	}
	const struct address first = host(1), second = host(2), third = host(3), one_more = host(PAIRS_MAX + 1),
			     last = host(PAIRS_MAX + 2);
	assert_non_null(pairs_find(pairs, &first, &server));
	pairs_get(pairs, &first, &server);
	pairs_get(pairs, &one_more, &server);
	assert_non_null(pairs_find(pairs, &first, &server));
	assert_null(pairs_find(pairs, &second, &server));
	pairs_get(pairs, &last, &server);
	assert_null(pairs_find(pairs, &third, &server));
	assert_non_null(pairs_find(pairs, &one_more, &server));
	pairs_free(pairs);
}

/* window - one of a pair that is freed with it. */
static struct pair_window *window_of(struct pairs *pairs)
{
	const struct address a = host(1), b = host(2);
	return &pairs_get(pairs, &a, &b)->windows[WINDOW_FAILURES];
}

static void so_many_within_a_time(void **state)
{
	struct pairs *pairs = pairs_new();
	struct pair_window *window = window_of(pairs);
	int64_t since = -1;
	assert_false(window_add(window, 0, 0, 3, 10, &since));
	assert_false(window_add(window, 5 * SECOND, 0, 3, 10, &since));
	assert_int_equal(since, -1);
	/* The first one is exactly ten seconds old: it counts. */
	assert_true(window_add(window, 10 * SECOND, 0, 3, 10, &since));
	assert_int_equal(since, 0);
	/* Said once: not again until as much time has passed. */
	for (unsigned i = 0; i < 10; i++)
		assert_false(window_add(window, 20 * SECOND - 1, 0, 3, 10, &since));
	assert_false(window_add(window, 20 * SECOND, 0, 3, 10, &since));
	assert_false(window_add(window, 21 * SECOND, 0, 3, 10, &since));
	/* 31 seconds later than the last but one: too late for it. */
	assert_false(window_add(window, 31 * SECOND, 0, 3, 10, &since));
	assert_true(window_add(window, 31 * SECOND, 0, 3, 10, &since));
	assert_int_equal(since, 21 * SECOND);
	pairs_free(pairs);
}

static void without_a_time_it_is_said_once(void **state)
{
	struct pairs *pairs = pairs_new();
	struct pair_window *window = window_of(pairs);
	int64_t since;
	assert_false(window_add(window, 0, 0, 2, 0, &since));
	assert_true(window_add(window, 1000000 * SECOND, 0, 2, 0, &since));
	assert_int_equal(since, 0);
	assert_false(window_add(window, 2000000 * SECOND, 0, 2, 0, &since));
	assert_false(window_add(window, 2000000 * SECOND, 0, 2, 0, &since));
	pairs_free(pairs);
}

static void the_same_key_counts_once(void **state)
{
	struct pairs *pairs = pairs_new();
	struct pair_window *window = window_of(pairs);
	int64_t since;
	for (int i = 0; i < 5; i++)
		assert_false(window_add(window, i * SECOND, 7, 3, 100, &since));
	assert_false(window_add(window, 5 * SECOND, 8, 3, 100, &since));
	assert_false(window_add(window, 6 * SECOND, 7, 3, 100, &since));
	assert_true(window_add(window, 7 * SECOND, 9, 3, 100, &since));
	assert_int_equal(since, 5 * SECOND); /* 7 was said again later */
	pairs_free(pairs);
}

static void a_key_is_of_letters_in_any_case(void **state)
{
	const struct span lower = { (const uint8_t *)"anna@corp", 9 }, upper = { (const uint8_t *)"ANNA@Corp", 9 };
	const struct span other = { (const uint8_t *)"anne@corp", 9 }, none = { NULL, 0 };
	assert_int_equal(window_key(lower), window_key(upper));
	assert_int_not_equal(window_key(lower), window_key(other));
	assert_int_not_equal(window_key(none), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pair_is_two_addresses),
		cmocka_unit_test(the_longest_unused_is_forgotten),
		cmocka_unit_test(so_many_within_a_time),
		cmocka_unit_test(without_a_time_it_is_said_once),
		cmocka_unit_test(the_same_key_counts_once),
		cmocka_unit_test(a_key_is_of_letters_in_any_case),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
