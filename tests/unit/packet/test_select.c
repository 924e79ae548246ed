/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * test_select.c - which packets are wanted: networks of every length, times at their edges.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "kits/check.h"
#include "packet.h"

/* selected - is a segment between these two wanted? */
static bool selected(const char *network, const char *source, const char *destination)
{
	struct network parsed;
	assert_true(network_parse(network, &parsed));
	GArray *networks = g_array_new(FALSE, FALSE, sizeof(struct network));
	g_array_append_val(networks, parsed);
	const struct selection selection = { .networks = networks };
	const struct segment segment = { .source = address_of(source), .destination = address_of(destination) };
	const bool has = selection_has_segment(&selection, &segment);
	g_array_free(networks, TRUE);
	return has;
}

static void one_of_the_two_addresses_is_enough(void **state)
{
	assert_true(selected("192.0.2.1", "192.0.2.1", "10.0.0.1"));
	assert_true(selected("192.0.2.1", "10.0.0.1", "192.0.2.1"));
	assert_false(selected("192.0.2.1", "10.0.0.1", "192.0.2.2"));
	assert_true(selected("2001:db8::1", "2001:db8::1", "2001:db8::2"));
	assert_false(selected("2001:db8::1", "2001:db8::3", "2001:db8::2"));
	assert_false(selected("0.0.0.0/0", "2001:db8::3", "2001:db8::2"));
}

static void only_the_bits_of_a_network_count(void **state)
{
	static const struct {
		const char *network, *inside, *outside;
	} cases[] = {
		{ "192.0.2.77/24", "192.0.2.255", "192.0.3.77" },
		{ "192.0.2.128/25", "192.0.2.129", "192.0.2.127" },
		{ "10.32.0.0/11", "10.63.255.255", "10.64.0.0" },
		{ "128.0.0.0/1", "255.0.0.1", "127.0.0.1" },
		{ "192.0.2.4/31", "192.0.2.5", "192.0.2.6" },
		{ "2001:db8::/32", "2001:db8:ffff::1", "2001:db9::1" },
		{ "2001:db8::/33", "2001:db8:7fff::1", "2001:db8:8000::1" },
		{ "2001:db8::4/127", "2001:db8::5", "2001:db8::6" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const char *other = strchr(cases[i].network, ':') ? "::1" : "0.0.0.1";
		if (!selected(cases[i].network, other, cases[i].inside))
			fail_msg("%s has not %s", cases[i].network, cases[i].inside);
		if (selected(cases[i].network, cases[i].outside, other))
			fail_msg("%s has %s", cases[i].network, cases[i].outside);
	}
	assert_true(selected("0.0.0.0/0", "1.2.3.4", "5.6.7.8"));
}

static void without_networks_all_are_wanted(void **state)
{
	const struct selection selection = { 0 };
	const struct segment segment = { .source = address_of("192.0.2.1"), .destination = address_of("192.0.2.2") };
	assert_true(selection_has_segment(&selection, &segment));
	assert_true(selection_has_time(&selection, 0));
	assert_true(selection_has_time(&selection, INT64_MAX));
}

static void times_are_from_and_before(void **state)
{
	const struct selection selection = { .after = 10, .before = 20 };
	assert_false(selection_has_time(&selection, 9));
	assert_true(selection_has_time(&selection, 10));
	assert_true(selection_has_time(&selection, 19));
	assert_false(selection_has_time(&selection, 20));
}

static void what_is_no_network_is_refused(void **state)
{
	static const char *const bad[] = { "", "/", "192.0.2.1/", "192.0.2.1/33", "192.0.2.1/-1", "192.0.2.1/8x",
		"192.0.2", "::/129", "mail.example", "192.0.2.1/24/24",
		"1111:2222:3333:4444:5555:6666:7777:8888:9999:a", /* as long as the buffer for an address */
		"1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb" };
	struct network network;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		if (network_parse(bad[i], &network))
			fail_msg("%s", bad[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_of_the_two_addresses_is_enough),
		cmocka_unit_test(only_the_bits_of_a_network_count),
		cmocka_unit_test(without_networks_all_are_wanted),
		cmocka_unit_test(times_are_from_and_before),
		cmocka_unit_test(what_is_no_network_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
