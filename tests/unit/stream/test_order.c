/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * test_order.c - two streams are told in an order that makes sense.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glib.h>
#include <string.h>

#include "stream/order.h"

static void log_bytes(void *user, enum direction direction, const uint8_t *data, size_t size, uint64_t acked)
{
	if (size > 60)
		g_string_append_printf(user, "%s %d octets @%d\n", direction_name(direction), (int)size, (int)acked);
	else
		g_string_append_printf(
			user, "%s %.*s @%d\n", direction_name(direction), (int)size, (const char *)data, (int)acked);
}

static void log_gap(void *user, enum direction direction, uint64_t size, bool given_up)
{
	g_string_append_printf(user, "%s %s %d\n", given_up ? "given-up" : "gap", direction_name(direction), (int)size);
}

static void log_fin(void *user, enum direction direction)
{
	g_string_append_printf(user, "fin %s\n", direction_name(direction));
}

static const struct stream_sink sink = { log_bytes, log_gap, log_fin, NULL };

struct desk {
	struct outbox outbox;
	GString *log;
};

static int set_up(void **state)
{
	struct desk *desk = g_new0(struct desk, 1);
	desk->log = g_string_new(NULL);
	desk->outbox = (struct outbox){ .sink = &sink, .user = desk->log };
	*state = desk;
	return 0;
}

static int tear_down(void **state)
{
	struct desk *desk = *state;
	outbox_free(&desk->outbox);
	g_string_free(desk->log, TRUE);
	g_free(desk);
	return 0;
}

static void say(struct desk *desk, enum direction direction, const char *text, uint64_t acked)
{
	outbox_bytes(&desk->outbox, direction, (const uint8_t *)text, strlen(text), acked);
}

static void expect(struct desk *desk, const char *log)
{
	assert_string_equal(desk->log->str, log);
	g_string_truncate(desk->log, 0);
}

static void what_answers_nothing_goes_at_once(void **state)
{
	struct desk *desk = *state;
	say(desk, DOWN, "220", 0);
	say(desk, UP, "EHLO", 3);
	expect(desk, "down 220 @0\nup EHLO @3\n");
	assert_false(outbox_waits(&desk->outbox));
	assert_int_equal(desk->outbox.held, 0);
}

static void an_answer_waits_for_what_it_answers(void **state)
{
	struct desk *desk = *state;
	say(desk, UP, "EHLO", 3);
	say(desk, UP, "MAIL", 3);
	assert_true(outbox_waits(&desk->outbox));
	assert_true(desk->outbox.held > 8);
	say(desk, DOWN, "22", 0);
	expect(desk, "down 22 @0\n");
	say(desk, DOWN, "0", 0);
	expect(desk, "down 0 @0\nup EHLO @3\nup MAIL @3\n");
	assert_false(outbox_waits(&desk->outbox));
	assert_int_equal(desk->outbox.held, 0);
}

static void answers_to_answers(void **state)
{
	struct desk *desk = *state;
	say(desk, UP, "DATA", 6);
	outbox_fin(&desk->outbox, UP);
	expect(desk, "");
	assert_false(desk->outbox.fin_delivered[UP]);
	/* Each waits for the other: what came first goes first. */
	say(desk, DOWN, "354", 4);
	outbox_fin(&desk->outbox, DOWN);
	expect(desk, "up DATA @6\nfin up\ndown 354 @4\nfin down\n");
	assert_true(desk->outbox.fin_delivered[DOWN]);
}

static void a_gap_counts_as_told(void **state)
{
	struct desk *desk = *state;
	say(desk, UP, "EHLO", 5);
	outbox_gap(&desk->outbox, DOWN, 3, false);
	expect(desk, "gap down 3\n");
	outbox_gap(&desk->outbox, DOWN, 2, true);
	expect(desk, "given-up down 2\nup EHLO @5\n");
}

/* A gap or an end after bytes that wait stays after them. */
static void each_direction_stays_in_order(void **state)
{
	struct desk *desk = *state;
	say(desk, UP, "A", 3);
	outbox_gap(&desk->outbox, UP, 2, true);
	say(desk, UP, "B", 0);
	outbox_fin(&desk->outbox, UP);
	expect(desk, "");
	say(desk, DOWN, "220", 0);
	expect(desk, "down 220 @0\nup A @3\ngiven-up up 2\nup B @0\nfin up\n");
}

static void the_end_tells_everything(void **state)
{
	struct desk *desk = *state;
	say(desk, UP, "A", 3);
	say(desk, UP, "B", 0);
	outbox_fin(&desk->outbox, UP);
	outbox_flush(&desk->outbox);
	expect(desk, "up A @3\nup B @0\nfin up\n");
	assert_false(outbox_waits(&desk->outbox));
}

static void what_waits_is_bounded(void **state)
{
	struct desk *desk = *state;
	static uint8_t block[1024 * 1024];
	for (unsigned i = 0; i < OUTBOX_BYTES_MAX / sizeof block - 1; i++)
		outbox_bytes(&desk->outbox, UP, block, sizeof block, 7);
	expect(desk, "");
	outbox_bytes(&desk->outbox, UP, block, sizeof block, 7);
	expect(desk, "up 1048576 octets @7\n");
	assert_true(desk->outbox.held <= OUTBOX_BYTES_MAX);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_answers_nothing_goes_at_once),
		TEST(an_answer_waits_for_what_it_answers),
		TEST(answers_to_answers),
		TEST(a_gap_counts_as_told),
		TEST(each_direction_stays_in_order),
		TEST(the_end_tells_everything),
		TEST(what_waits_is_bounded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
