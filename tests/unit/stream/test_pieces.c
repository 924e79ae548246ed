/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * test_pieces.c - the list of what waits out of order, against a plain model of it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glib.h>
#include <string.h>

#include "stream/pieces.h"

/* add - [offset, offset + size), letters that say where they stand. */
static void add(struct pieces *pieces, uint64_t offset, size_t size, uint64_t acked, uint64_t now, bool keep)
{
	uint8_t data[64];
	for (size_t i = 0; i < size; i++)
		data[i] = (uint8_t)('a' + (offset + i) % 26);
	const struct piece_place at = { offset, acked, now };
	pieces_add(pieces, pieces_after(pieces, offset), at, keep ? data : NULL, size);
}

/* expect - checks the pieces, each written as "offset+size@acked(segments,since)". */
static void expect(const struct pieces *pieces, const char *expected)
{
	GString *text = g_string_new(NULL);
	size_t bytes = 0;
	uint32_t count = 0, segments = 0;
	const struct piece *previous = NULL;
	for (const struct piece *p = pieces->first; p; previous = p, p = p->next) {
		g_string_append_printf(text, "%d+%d@%d(%d,%d) ", (int)p->offset, (int)p->size, (int)p->acked,
			(int)p->segments, (int)p->since);
		for (size_t i = 0; p->data && i < p->size; i++)
			assert_int_equal(p->data[i], 'a' + (p->offset + i) % 26);
		assert_ptr_equal(p->previous, previous);
		bytes += (size_t)p->size;
		segments += p->segments;
		count++;
	}
	assert_ptr_equal(pieces->last, previous);
	assert_string_equal(text->str, expected);
	assert_int_equal(pieces->bytes, bytes);
	assert_int_equal(pieces->count, count);
	assert_int_equal(pieces->segments, segments);
	g_string_free(text, TRUE);
}

static void neighbours_with_one_acknowledgement_are_one(void **state)
{
	for (unsigned keep = 0; keep < 2; keep++) {
		struct pieces pieces = { 0 };
		add(&pieces, 20, 5, 1, 1, keep);
		add(&pieces, 25, 5, 1, 2, keep); /* after */
		expect(&pieces, "20+10@1(2,1) ");
		add(&pieces, 15, 5, 1, 3, keep); /* before: the gap is new */
		expect(&pieces, "15+15@1(3,3) ");
		add(&pieces, 30, 5, 2, 4, keep); /* another acknowledgement */
		add(&pieces, 10, 5, 0, 5, keep);
		expect(&pieces, "10+5@0(1,5) 15+15@1(3,3) 30+5@2(1,4) ");
		add(&pieces, 40, 5, 2, 6, keep); /* a gap between */
		add(&pieces, 0, 5, 0, 7, keep);
		expect(&pieces, "0+5@0(1,7) 10+5@0(1,5) 15+15@1(3,3) 30+5@2(1,4) 40+5@2(1,6) ");
		add(&pieces, 5, 5, 0, 8, keep); /* it goes to the one before; the two are not joined */
		expect(&pieces, "0+10@0(2,7) 10+5@0(1,5) 15+15@1(3,3) 30+5@2(1,4) 40+5@2(1,6) ");
		pieces_free(&pieces);
		expect(&pieces, "");
	}
}

static void the_one_behind_a_place(void **state)
{
	struct pieces pieces = { 0 };
	assert_null(pieces_after(&pieces, 0));
	add(&pieces, 10, 5, 0, 1, false);
	add(&pieces, 20, 5, 1, 2, false);
	assert_int_equal(pieces_after(&pieces, 0)->offset, 10);
	assert_int_equal(pieces_after(&pieces, 10)->offset, 10);
	assert_int_equal(pieces_after(&pieces, 14)->offset, 10);
	assert_int_equal(pieces_after(&pieces, 15)->offset, 20);
	assert_int_equal(pieces_after(&pieces, 24)->offset, 20);
	assert_null(pieces_after(&pieces, 25));
	pieces_free(&pieces);
}

static void the_first_one_goes_in_parts(void **state)
{
	struct pieces pieces = { 0 };
	add(&pieces, 10, 5, 0, 1, false);
	add(&pieces, 20, 5, 1, 2, false);
	pieces_take(&pieces, 2);
	expect(&pieces, "12+3@0(1,1) 20+5@1(1,2) ");
	pieces_take(&pieces, 3);
	expect(&pieces, "20+5@1(1,2) ");
	pieces_take(&pieces, 5);
	expect(&pieces, "");
}

static void its_bytes_are_handed_on(void **state)
{
	struct pieces pieces = { 0 };
	add(&pieces, 3, 4, 0, 1, true);
	add(&pieces, 0, 3, 0, 2, true);
	uint8_t *data = pieces_remove(&pieces);
	assert_memory_equal(data, "abcdefg", 7);
	g_free(data);
	expect(&pieces, "");
	add(&pieces, 3, 4, 0, 1, false);
	assert_null(pieces_remove(&pieces));
	expect(&pieces, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(neighbours_with_one_acknowledgement_are_one),
		cmocka_unit_test(the_one_behind_a_place),
		cmocka_unit_test(the_first_one_goes_in_parts),
		cmocka_unit_test(its_bytes_are_handed_on),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
