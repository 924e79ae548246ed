/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * test_lines.c - lines that wait: given out by flow and then as they came, from memory or a file, whatever their size.
 */
#include <glib.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
/* after those four */
#include <cmocka.h>

#include "kits/check.h"
#include "record/lines.h"

/* What was given out: the flow and the number of each line. */
struct given {
	GString *text;
	size_t octets, room; /* room: lines that can still be taken */
};

static bool take(void *context, uint64_t flow, const char *lines, size_t size)
{
	struct given *given = context;
	given->octets += size;
	for (const char *line = lines, *end = lines + size; line < end; line = strchr(line, '\n') + 1) {
		if (given->room == 0)
			return false;
		given->room--;
		assert_int_equal(end[-1], '\n');
		char *head = g_strndup(line, strcspn(line, ".\n"));
		g_string_append_printf(given->text, "%u:%s ", (unsigned)flow, head);
		g_free(head);
	}
	return true;
}

/* add - a line of this flow: its number, then dots. */
static bool add(struct lines *lines, uint64_t flow, unsigned number, size_t dots, const char *directory)
{
	GString *text = lines_text(lines);
	g_string_append_printf(text, "%u", number);
	for (size_t i = 0; i < dots; i++)
		g_string_append_c(text, '.');
	g_string_append_c(text, '\n');
	return lines_add(lines, flow, directory);
}

/* check - what is given out up to this flow. */
static void check(struct lines *lines, uint64_t flow, const char *expected)
{
	struct given given = { g_string_new(NULL), 0, SIZE_MAX };
	assert_true(lines_take(lines, flow, take, &given));
	assert_string_equal(given.text->str, expected);
	g_string_free(given.text, TRUE);
}

static const size_t sizes[] = { 0, 1, 1000, 65535, 65536, 200000, LINES_MEMORY - 3, LINES_MEMORY, 3 * LINES_MEMORY };

static void lines_come_by_flow_and_then_as_they_came(void **state)
{
	for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
		struct lines *lines = lines_new();
		for (unsigned again = 0; again < 2; again++) {
			static const uint64_t flows[] = { 9, 4, 9, 9, 4, 2 };
			for (unsigned n = 0; n < G_N_ELEMENTS(flows); n++)
				assert_true(add(lines, flows[n], n, sizes[i], NULL));
			check(lines, UINT64_MAX, "2:5 4:1 4:4 9:0 9:2 9:3 ");
			check(lines, UINT64_MAX, "");
		}
		lines_free(lines);
	}
}

static void what_belongs_to_later_flows_stays(void **state)
{
	for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
		struct lines *lines = lines_new();
		assert_true(add(lines, 5, 0, sizes[i], NULL));
		assert_true(add(lines, 3, 1, sizes[i], NULL));
		check(lines, 2, "");
		check(lines, 3, "3:1 ");
		assert_true(add(lines, 4, 2, sizes[i], NULL));
		assert_true(add(lines, 5, 3, sizes[i], NULL));
		check(lines, 4, "4:2 ");
		assert_true(add(lines, 5, 4, sizes[i], NULL));
		check(lines, 5, "5:0 5:3 5:4 ");
		lines_free(lines);
	}
}

static void octets_are_as_they_were(void **state)
{
	struct lines *lines = lines_new();
	struct given given = { g_string_new(NULL), 0, SIZE_MAX };
	size_t octets = 0;
	for (unsigned n = 0; n < 4000; n++) {
		assert_true(add(lines, n % 3, n, n, NULL));
		octets += n + 2 + (n > 9) + (n > 99) + (n > 999);
		assert_in_range(lines_text(lines)->len, 0, LINES_MEMORY - 1);
	}
	assert_true(lines_take(lines, UINT64_MAX, take, &given));
	assert_int_equal(given.octets, octets);
	assert_true(g_str_has_prefix(given.text->str, "0:0 0:3 "));
	assert_has(given.text->str, "0:3999 1:1 ");
	assert_true(g_str_has_suffix(given.text->str, "2:3995 2:3998 "));
	g_string_free(given.text, TRUE);
	lines_free(lines);
}

/* Memory that is given out is used again: nothing grows while flows end one after the other. */
static void memory_is_used_again(void **state)
{
	struct lines *lines = lines_new();
	struct given given = { g_string_new(NULL), 0, SIZE_MAX };
	assert_true(add(lines, 1000000, 0, 1000, NULL));
	for (unsigned n = 1; n < 10000; n++) {
		assert_true(add(lines, n, n, 1000, NULL));
		assert_true(lines_take(lines, n, take, &given));
		assert_in_range(lines_text(lines)->len, 1002, 2010);
	}
	check(lines, UINT64_MAX, "1000000:0 ");
	assert_int_equal(lines_text(lines)->len, 0);
	g_string_free(given.text, TRUE);
	lines_free(lines);
}

static void without_a_file_nothing_is_lost(void **state)
{
	struct lines *lines = lines_new();
	assert_true(add(lines, 2, 0, 10, "/nowhere"));
	assert_false(add(lines, 1, 1, LINES_MEMORY, "/nowhere"));
	check(lines, UINT64_MAX, "1:1 2:0 ");
	assert_true(add(lines, 2, 2, 10, "/nowhere"));
	check(lines, UINT64_MAX, "2:2 ");
	lines_free(lines);
}

static void a_reader_that_fails_gets_nothing_more(void **state)
{
	struct lines *lines = lines_new();
	struct given given = { g_string_new(NULL), 0, 2 };
	for (unsigned n = 0; n < 5; n++)
		assert_true(add(lines, n, n, 0, NULL));
	assert_false(lines_take(lines, UINT64_MAX, take, &given));
	assert_string_equal(given.text->str, "0:0 1:1 ");
	check(lines, UINT64_MAX, "");
	g_string_free(given.text, TRUE);
	lines_free(lines);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_come_by_flow_and_then_as_they_came),
		cmocka_unit_test(what_belongs_to_later_flows_stays),
		cmocka_unit_test(octets_are_as_they_were),
		cmocka_unit_test(memory_is_used_again),
		cmocka_unit_test(without_a_file_nothing_is_lost),
		cmocka_unit_test(a_reader_that_fails_gets_nothing_more),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
