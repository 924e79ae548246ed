/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * test_octets.c - what octets.h finds in several octets at once is what a loop finds: for every length up to MOST,
 * every place of the odd octet, and every odd octet.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "octets.h"

#define MOST 70

static uint8_t room[MOST + 2]; /* one octet on either side that is not looked at */
static uint8_t *const text = room + 1;

static size_t plain_ascii(size_t size)
{
	size_t at = 0;
	while (at < size && text[at] > 0 && text[at] < 0x80)
		at++;
	return at;
}

static bool plain_printable(size_t size)
{
	for (size_t at = 0; at < size; at++)
		if (text[at] < ' ' || text[at] > '~')
			return false;
	return true;
}

static void finds_each_odd_octet(void **state)
{
	memset(room, 'a', sizeof room);
	for (size_t size = 0; size <= MOST; size++)
		for (size_t at = 0; at < size; at++)
			for (unsigned value = 0; value < 256; value++) {
				text[at] = (uint8_t)value;
				assert_int_equal(octets_ascii(text, size), plain_ascii(size));
				assert_int_equal(octets_printable(text, size), plain_printable(size));
				text[at] = 'a';
			}
}

static void looks_at_nothing_outside(void **state)
{
	for (size_t size = 0; size <= MOST; size++) {
		memset(room, 0xff, sizeof room);
		memset(text, '~', size);
		assert_int_equal(octets_ascii(text, size), size);
		assert_true(octets_printable(text, size));
	}
}

static void short_texts_have_zeros_behind(void **state)
{
	for (unsigned i = 0; i < MOST; i++)
		text[i] = (uint8_t)(0xff - i);
	for (size_t size = 0; size < 16; size++) {
		uint8_t expected[16] = { 0 };
		memcpy(expected, text, size);
		const octets16 octets = octets16_short(text, size);
		assert_memory_equal(&octets, expected, sizeof expected);
	}
}

static void first_of_several(void **state)
{
	for (size_t first = 0; first < 16; first++)
		for (size_t other = first; other < 16; other++) {
			octets16 octets = { 0 };
			octets[first] = 0x80;
			octets[other] = 0xff;
			assert_true(octets16_any(octets));
			assert_int_equal(octets16_first(octets), first);
		}
	assert_false(octets16_any((octets16){ 0 }));
}

static void any_of_32(void **state)
{
	octets32 octets = { 0 };
	assert_false(OCTETS32_ANY(octets));
	for (size_t at = 0; at < 32; at++) {
		octets[at] = 1;
		assert_true(OCTETS32_ANY(octets));
		octets[at] = 0;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_each_odd_octet),
		cmocka_unit_test(looks_at_nothing_outside),
		cmocka_unit_test(short_texts_have_zeros_behind),
		cmocka_unit_test(first_of_several),
		cmocka_unit_test(any_of_32),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
