/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * test_outcome.c - which of several exit statuses counts.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "outcome.h"

static void the_graver_one_counts_whatever_the_order(void **state)
{
	static const enum exit_status order[] = { EXIT_OK, EXIT_CUT, EXIT_INPUT, EXIT_ALERT, EXIT_OUTPUT };
	for (size_t i = 0; i < sizeof order / sizeof order[0]; i++)
		for (size_t j = 0; j < sizeof order / sizeof order[0]; j++) {
			struct run_outcome outcome = { 0 };
			outcome_status(&outcome, order[i]);
			outcome_status(&outcome, order[j]);
			assert_int_equal(outcome_exit(&outcome, 0), order[i > j ? i : j]);
		}
}

static void the_worst_alert_counts(void **state)
{
	struct run_outcome outcome = { 0 };
	outcome_severity(&outcome, 0);
	assert_int_equal(outcome_exit(&outcome, SEVERITY_LOW), EXIT_OK);
	outcome_severity(&outcome, SEVERITY_MEDIUM);
	outcome_severity(&outcome, SEVERITY_LOW);
	outcome_severity(&outcome, 0);
	assert_int_equal(outcome_exit(&outcome, SEVERITY_HIGH), EXIT_OK);
	assert_int_equal(outcome_exit(&outcome, SEVERITY_MEDIUM), EXIT_ALERT);
	assert_int_equal(outcome_exit(&outcome, SEVERITY_LOW), EXIT_ALERT);
	assert_int_equal(outcome_exit(&outcome, 0), EXIT_OK);
}

static void an_alert_wins_unless_output_failed(void **state)
{
	struct run_outcome outcome = { EXIT_INPUT, SEVERITY_HIGH };
	assert_int_equal(outcome_exit(&outcome, SEVERITY_HIGH), EXIT_ALERT);
	outcome_status(&outcome, EXIT_OUTPUT);
	assert_int_equal(outcome_exit(&outcome, SEVERITY_HIGH), EXIT_OUTPUT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_graver_one_counts_whatever_the_order),
		cmocka_unit_test(the_worst_alert_counts),
		cmocka_unit_test(an_alert_wins_unless_output_failed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
