/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * test_elapsed.c - how much time has passed, by what most packets say.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "flow/elapsed.h"

#define SECOND NANOSECONDS_PER_SECOND
#define DAY (24 * 3600 * SECOND)

static uint64_t packet;

/* tick - COUNT packets with this stamp. */
static void tick(struct elapsed *elapsed, unsigned count, int64_t stamp)
{
	while (count-- > 0)
		elapsed_tick(elapsed, (struct moment){ ++packet, stamp });
}

static void near_stamps_are_time(void **state)
{
	struct elapsed elapsed = { 0 };
	tick(&elapsed, 1, 1000 * SECOND);
	assert_int_equal(elapsed.now, 0);
	tick(&elapsed, 1, 1060 * SECOND);
	assert_int_equal(elapsed.now, 60 * SECOND);
	tick(&elapsed, 1, 1000 * SECOND); /* a minute back is near, too */
	tick(&elapsed, 1, 1061 * SECOND);
	assert_int_equal(elapsed.now, 61 * SECOND);
	assert_int_equal(elapsed.votes, 0);
	assert_int_equal(elapsed.jumps, 0);
}

static void far_stamps_are_believed_when_they_are_many(void **state)
{
	static const int64_t steps[] = { 60 * SECOND + 1, DAY, DAY + 1, -60 * SECOND - 1 };
	static const uint64_t jumps[] = { 0, 0, 1, 1 };
	for (unsigned i = 0; i < 4; i++) {
		struct elapsed elapsed = { 0 };
		packet = 0;
		tick(&elapsed, 1, 0);
		tick(&elapsed, ELAPSED_VOTES - 1, steps[i]);
		assert_int_equal(elapsed.stamp, 0);
		assert_int_equal(elapsed.now, 0);
		tick(&elapsed, 1, steps[i]);
		assert_int_equal(elapsed.stamp, steps[i]);
		assert_int_equal(elapsed.now, steps[i] > 0 ? ELAPSED_STEP_MAX : 0);
		assert_int_equal(elapsed.jumps, jumps[i]);
		assert_int_equal(elapsed.first_jump.packet, jumps[i] ? 2 : 0);
		tick(&elapsed, 1, steps[i] + SECOND);
		assert_int_equal(elapsed.now, (steps[i] > 0 ? ELAPSED_STEP_MAX : 0) + SECOND);
		elapsed_end(&elapsed);
		assert_int_equal(elapsed.jumps, jumps[i]);
	}
}

/* Equal numbers for both: time continues as before. */
static void two_clocks_of_equal_weight(void **state)
{
	struct elapsed elapsed = { 0 };
	for (unsigned i = 0; i <= 100; i++) {
		tick(&elapsed, 1, i * SECOND);
		tick(&elapsed, 1, (3600 + i) * SECOND);
	}
	assert_int_equal(elapsed.now, 100 * SECOND);
	assert_int_equal(elapsed.jumps, 100);
}

static void far_stamps_go_on_from_each_other(void **state)
{
	struct elapsed elapsed = { 0 };
	tick(&elapsed, 1, 0);
	/* Few packets, hours apart: none is near another one, but none goes back. */
	for (unsigned i = 1; i <= ELAPSED_VOTES; i++)
		tick(&elapsed, 1, i * 3600 * SECOND);
	assert_int_equal(elapsed.stamp, ELAPSED_VOTES * 3600 * SECOND);
	assert_int_equal(elapsed.jumps, 0);
	/* One that is elsewhere again begins anew, and the other was a jump. */
	struct elapsed other = { 0 };
	packet = 0;
	tick(&other, 1, 100 * DAY);
	tick(&other, 1, 200 * DAY);
	tick(&other, ELAPSED_VOTES - 1, 50 * DAY);
	assert_int_equal(other.stamp, 100 * DAY);
	assert_int_equal(other.jumps, 1);
	assert_int_equal(other.first_jump.packet, 2);
	tick(&other, 1, 50 * DAY);
	assert_int_equal(other.stamp, 50 * DAY);
	assert_int_equal(other.jumps, 2);
}

static void stamps_without_sense_do_not_overflow(void **state)
{
	struct elapsed elapsed = { 0 };
	for (unsigned i = 0; i < 100; i++) {
		tick(&elapsed, ELAPSED_VOTES, INT64_MAX);
		tick(&elapsed, ELAPSED_VOTES, INT64_MIN);
	}
	assert_true(elapsed.now >= 0 && elapsed.now <= 200 * ELAPSED_STEP_MAX);
}

static void the_next_input_begins_anew(void **state)
{
	struct elapsed elapsed = { 0 };
	tick(&elapsed, 1, 1000 * SECOND);
	tick(&elapsed, 1, 1000 * SECOND + 2 * DAY);
	elapsed_end(&elapsed);
	assert_int_equal(elapsed.jumps, 1);
	tick(&elapsed, 2, 5 * SECOND);
	assert_int_equal(elapsed.stamp, 5 * SECOND);
	assert_int_equal(elapsed.jumps, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(near_stamps_are_time),
		cmocka_unit_test(far_stamps_are_believed_when_they_are_many),
		cmocka_unit_test(two_clocks_of_equal_weight),
		cmocka_unit_test(far_stamps_go_on_from_each_other),
		cmocka_unit_test(stamps_without_sense_do_not_overflow),
		cmocka_unit_test(the_next_input_begins_anew),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
