/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * test_clock.c - time stamps of every resolution become nanoseconds, within their bounds.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glib.h>

#include "capture/clock.h"

#define SECONDS_LAST (INT64_MAX / NANOSECONDS_PER_SECOND - 1)

static void units_become_nanoseconds(void **state)
{
	static const struct {
		uint8_t resolution;
		int64_t offset;
		uint64_t units;
		int64_t time;
	} cases[] = {
		{ 0, 0, 1700000000, 1700000000000000000 },
		{ 1, 0, 17000000005, 1700000000500000000 },
		{ 3, 0, 1700000000123, 1700000000123000000 },
		{ 6, 0, 1700000000123456, 1700000000123456000 },
		{ 9, 0, 1700000000123456789, 1700000000123456789 },
		{ 10, 0, 17000000001234567899u, 1700000000123456789 },
		{ 12, 1700000000, 123456789123, 1700000000123456789 },
		{ 19, 1700000000, 11234567890000000000u, 1700000001123456789 },
		{ 20, 5, 12345678900000000000u, 5123456789 },
		{ 28, 5, 10000000000000000000u, 5000000001 },
		{ 29, 5, UINT64_MAX, 5000000000 },
		{ 127, 5, UINT64_MAX, 5000000000 },
		{ 0x80, 0, 1700000000, 1700000000000000000 },
		{ 0x81, 0, 3, 1500000000 },
		{ 0x94, 0, (UINT64_C(1700000000) << 20) + (1 << 19), 1700000000500000000 },
		{ 0xa0, 0, UINT64_C(1700000000) << 32 | 0x80000000u, 1700000000500000000 },
		{ 0xbf, 0, UINT64_C(3) << 62, 1500000000 },
		{ 0xc0, 7, UINT64_C(1) << 63, 7500000000 },
		{ 0xff, 7, UINT64_MAX, 7000000000 },
		/* An offset moves the seconds only, in either direction. */
		{ 6, -100, 1700000100123456, 1700000000123456000 },
		{ 6, 100, 1699999900123456, 1700000000123456000 },
		/* Beyond the range: its ends. */
		{ 0, 0, UINT64_MAX, SECONDS_LAST * NANOSECONDS_PER_SECOND },
		{ 6, INT64_MAX, 1, SECONDS_LAST * NANOSECONDS_PER_SECOND + 1000 },
		{ 6, INT64_MIN, 1000001, 1000 },
		{ 6, -2, 1000000, 0 },
		{ 20, INT64_MIN, 0, 0 },
		{ 20, INT64_MAX, 0, SECONDS_LAST * NANOSECONDS_PER_SECOND },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		const struct clock clock = clock_of(cases[i].resolution, cases[i].offset);
		const int64_t time = clock_time(&clock, cases[i].units);
		if (time != cases[i].time)
			fail_msg("case %zu: %" G_GINT64_FORMAT " instead of %" G_GINT64_FORMAT, i, time, cases[i].time);
	}
}

static void a_fraction_is_carried(void **state)
{
	assert_int_equal(clock_moment(5, 999999999), 5999999999);
	assert_int_equal(clock_moment(5, 1000000000), 6000000000);
	assert_int_equal(clock_moment(-3, 2500000000), 500000000);
	assert_int_equal(clock_moment(INT64_MAX, 2500000000), SECONDS_LAST * NANOSECONDS_PER_SECOND + 500000000);
	assert_int_equal(clock_moment(-1, 1), 1);
}

static void what_needs_nine_digits(void **state)
{
	static const uint8_t finer[] = { 7, 9, 12, 127, 0x94, 0xff }, coarse[] = { 0, 3, 6, 0x80, 0x93 };
	for (size_t i = 0; i < sizeof finer; i++) {
		const struct clock clock = clock_of(finer[i], 0);
		assert_true(clock_finer_than_microseconds(&clock));
	}
	for (size_t i = 0; i < sizeof coarse; i++) {
		const struct clock clock = clock_of(coarse[i], 0);
		assert_false(clock_finer_than_microseconds(&clock));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(units_become_nanoseconds),
		cmocka_unit_test(a_fraction_is_carried),
		cmocka_unit_test(what_needs_nine_digits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
