/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * test_flow.c - connections: who is the client, is it SMTP, when does it begin and end.
 */
#include "flow_kit.h"

#include <string.h>

#include "reassembly.h"

static int set_up(void **state)
{
	*state = kit_new(NULL);
	return 0;
}

static int tear_down(void **state)
{
	kit_free(*state);
	return 0;
}

static void a_session_from_syn_to_fin(void **state)
{
	struct kit *kit = *state;
	kit_handshake(kit);
	kit_expect(kit, "begin 1 client:40000 server:25\n");
	kit_down(kit, 0, 0, "220 mx\r\n");
	kit_up(kit, 0, 8, "EHLO me\r\n");
	kit_expect(kit, "down 220 mx~ @0\nup EHLO me~ @8\n");
	kit_say(kit, true, "FA", 1010, 5009, NULL, 0);
	kit_say(kit, false, "FA", 5009, 1011, NULL, 0);
	kit_expect(kit, "fin up\nfin down\n");
	kit_say(kit, true, "A", 1011, 5010, NULL, 0);
	kit_expect(kit, "end fin\n");
	assert_int_equal(kit->last.side[UP].packets, 5);
	assert_int_equal(kit->last.side[UP].bytes, 9);
	assert_int_equal(kit->last.side[DOWN].packets, 3);
	/* What comes late belongs to nobody. */
	kit_up(kit, 0, 8, "EHLO me\r\n");
	flow_table_end(kit->table);
	kit_expect(kit, "");
}

static void a_refused_connection_is_no_session(void **state)
{
	struct kit *kit = *state;
	kit_say(kit, true, "S", 1000, 0, NULL, 0);
	kit_say(kit, false, "RA", 0, 1001, NULL, 0);
	flow_table_end(kit->table);
	kit_expect(kit, "");
	struct flow_stats stats;
	flow_table_stats(kit->table, &stats);
	assert_int_equal(stats.connections, 1);
	assert_int_equal(stats.sessions, 0);
}

static void a_scan_is_no_session(void **state)
{
	struct kit *kit = *state;
	kit_say(kit, true, "S", 1000, 0, NULL, 0);
	kit_say(kit, false, "SA", 5000, 1001, NULL, 0);
	kit_say(kit, true, "R", 1001, 0, NULL, 0);
	flow_table_end(kit->table);
	kit_expect(kit, "");
}

static void an_empty_connection_is_a_session(void **state)
{
	struct kit *kit = *state;
	kit_handshake(kit);
	kit_say(kit, true, "FA", 1001, 5001, NULL, 0);
	kit_say(kit, false, "FA", 5001, 1002, NULL, 0);
	kit_say(kit, true, "A", 1002, 5002, NULL, 0);
	kit_expect(kit, "begin 1 client:40000 server:25\nfin up\nfin down\nend fin\n");
}

static void the_answer_may_come_before_the_syn(void **state)
{
	struct kit *kit = *state;
	kit_say(kit, false, "SA", 5000, 1001, NULL, 0);
	kit_say(kit, true, "S", 1000, 0, NULL, 0);
	kit_up(kit, 0, 0, "");
	kit_down(kit, 0, 0, "220 mx\r\n");
	kit_expect(kit, "begin 1 client:40000 server:25\ndown 220 mx~ @0\n");
}

static void a_reset_in_the_window_ends_it(void **state)
{
	struct kit *kit = *state;
	kit_handshake(kit);
	kit_down(kit, 0, 0, "220 mx\r\n");
	kit_say(kit, true, "R", 1001 + 0x30000000, 0, NULL, 0);
	kit_expect(kit, "begin 1 client:40000 server:25\ndown 220 mx~ @0\n");
	kit_say(kit, true, "R", 1001, 0, NULL, 0);
	kit_expect(kit, "end rst\n");
	struct flow_stats stats;
	flow_table_stats(kit->table, &stats);
	assert_int_equal(stats.invalid_resets, 1);
}

static void midstream_ports_tell_the_server(void **state)
{
	struct kit *kit = *state;
	kit_down(kit, 100, 200, "250 ok\r\n");
	kit_up(kit, 200, 108, "DATA\r\n");
	kit_expect(kit, "");
	flow_table_end(kit->table);
	kit_expect(kit, "begin 1 client:40000 server:25 midstream\ndown 250 ok~ @0\nup DATA~ @8\nend input\n");
}

static void idle_connections_expire(void **state)
{
	struct kit *kit = *state;
	kit_handshake(kit);
	kit_wait(kit, 599);
	kit_expect(kit, "begin 1 client:40000 server:25\n");
	kit_wait(kit, 2);
	kit_expect(kit, "end timeout\n");
}

static void a_port_is_used_again(void **state)
{
	struct kit *kit = *state;
	kit_handshake(kit);
	kit_down(kit, 0, 0, "220 a\r\n");
	kit->client_isn = 700000;
	kit->server_isn = 800000;
	kit_handshake(kit);
	kit_down(kit, 0, 0, "220 b\r\n");
	kit_expect(kit, "begin 1 client:40000 server:25\ndown 220 a~ @0\nend reused\n"
			"begin 5 client:40000 server:25\ndown 220 b~ @0\n");
}

static int group_set_up(void **state)
{
	return reassembly_init() ? 0 : -1;
}

static int group_tear_down(void **state)
{
	reassembly_exit();
	return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_session_from_syn_to_fin),
		TEST(a_refused_connection_is_no_session),
		TEST(a_scan_is_no_session),
		TEST(an_empty_connection_is_a_session),
		TEST(the_answer_may_come_before_the_syn),
		TEST(a_reset_in_the_window_ends_it),
		TEST(midstream_ports_tell_the_server),
		TEST(idle_connections_expire),
		TEST(a_port_is_used_again),
	};
	return cmocka_run_group_tests(tests, group_set_up, group_tear_down);
}
