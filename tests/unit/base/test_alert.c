/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * test_alert.c - the catalogue's look-ups.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "alert.h"

static void every_row_is_found_by_its_name(void **state)
{
	for (enum alert_id id = 0; id < ALERT_COUNT; id++) {
		assert_int_equal(alert_find(alert_catalogue[id].name), id);
		assert_in_range(alert_catalogue[id].severity, SEVERITY_HIGH, SEVERITY_LOW);
		assert_true(alert_catalogue[id].condition[0] != '\0');
	}
}

static void no_number_comes_twice(void **state)
{
	for (enum alert_id id = 0; id < ALERT_COUNT; id++) {
		assert_in_range(alert_catalogue[id].number, 5321001, 5321999);
		for (enum alert_id other = 0; other < id; other++)
			assert_int_not_equal(alert_catalogue[id].number, alert_catalogue[other].number);
	}
	assert_int_equal(alert_catalogue[ALERT_unavailable_service].number, 5321001);
	assert_int_equal(alert_catalogue[ALERT_smtp_smuggling].number, 5321031);
	assert_int_equal(alert_catalogue[ALERT_truncated_packets].number, 5321068);
}

static void what_counts_can_have_a_threshold(void **state)
{
	assert_int_equal(alert_catalogue[ALERT_bare_lf].counts, COUNTS_NOTHING);
	assert_int_equal(alert_catalogue[ALERT_too_many_invalid].counts, COUNTS_NUMBER);
	assert_int_equal(alert_catalogue[ALERT_auth_bruteforce].counts, COUNTS_EVENTS);
}

static void an_unknown_name_is_none(void **state)
{
	assert_int_equal(alert_find("no_such_alert"), ALERT_COUNT);
	assert_int_equal(severity_find("urgent"), 0);
	assert_int_equal(severity_find("medium"), SEVERITY_MEDIUM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row_is_found_by_its_name),
		cmocka_unit_test(no_number_comes_twice),
		cmocka_unit_test(what_counts_can_have_a_threshold),
		cmocka_unit_test(an_unknown_name_is_none),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
