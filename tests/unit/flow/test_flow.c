/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * test_flow.c - connections: who is the client, is it SMTP, when does it begin and end.
 */
#include "kits/flow_kit.h"
#include "kits/reassembly.h"

#include <string.h>

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
	kit_expect(kit, "fin up\n");
	kit_say(kit, true, "A", 1011, 5010, NULL, 0);
	kit_expect(kit, "fin down\nend fin\n");
	assert_int_equal(kit->last.side[UP].packets, 5);
	assert_int_equal(kit->last.side[UP].bytes, 9);
	assert_int_equal(kit->last.side[DOWN].packets, 3);
	/* What comes late belongs to nobody. */
	kit_up(kit, 0, 8, "EHLO me\r\n");
	flow_table_end(kit->table);
	kit_expect(kit, "");
}

static void one_fin_is_no_end(void **state)
{
	struct kit *kit = *state;
	kit_handshake(kit);
	kit_say(kit, true, "FA", 1001, 5001, NULL, 0);
	kit_say(kit, false, "A", 5001, 1002, NULL, 0);
	kit_down(kit, 0, 1, "421 bye\r\n");
	flow_table_end(kit->table);
	kit_expect(kit, "begin 1 client:40000 server:25\nfin up\ndown 421 bye~ @0\nend input\n");
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

/* A server that knows another connection of these ports answers a SYN with an ACK: RFC 5961 4.2. */
static void a_challenge_is_no_session(void **state)
{
	struct kit *kit = *state;
	kit_say(kit, true, "S", 1000, 0, NULL, 0);
	kit_say(kit, false, "A", 7000, 900, NULL, 0);
	flow_table_end(kit->table);
	kit_expect(kit, "");
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
	kit_wait(kit, 61);
	kit_expect(kit, "end rst\n");
	struct flow_stats stats;
	flow_table_stats(kit->table, &stats);
	assert_int_equal(stats.invalid_resets, 1);
}

/* A forged reset can come at any time, and never reach the other end. */
static void a_reset_that_changes_nothing_was_forged(void **state)
{
	struct kit *kit = *state;
	kit->server = 2600; /* so that the first bytes decide */
	kit_say(kit, true, "S", kit->client_isn, 0, NULL, 0);
	kit_say(kit, false, "RA", 0, kit->client_isn + 1, NULL, 0);
	kit_say(kit, false, "SA", kit->server_isn, kit->client_isn + 1, NULL, 0);
	kit_say(kit, false, "R", kit->server_isn + 1, 0, NULL, 0);
	kit_up(kit, 0, 0, "");
	kit_say(kit, true, "R", kit->client_isn + 1, 0, NULL, 0);
	kit_wait(kit, 9);
	kit_down(kit, 0, 0, "220 mx\r\n");
	kit_wait(kit, 500); /* it is open again */
	kit_up(kit, 0, 8, "EHLO me\r\n");
	kit_expect(kit, "begin 1 client:40000 server:2600\ndown 220 mx~ @0\nup EHLO me~ @8\n");
	kit_say(kit, true, "R", kit->client_isn + 10, 0, NULL, 0);
	kit_down(kit, 8, 9, "250 mx\r\n"); /* on its way before, or the reset was forged */
	kit_expect(kit, "down 250 mx~ @9\n");
	kit_wait(kit, 50);
	kit_up(kit, 9, 16, "QUIT\r\n");
	kit_wait(kit, 500);
	kit_expect(kit, "up QUIT~ @16\n");
	/* A reset, then the same ports with a number near those before: only an answer shows that it is another. */
	kit_say(kit, true, "R", kit->client_isn + 16, 0, NULL, 0);
	kit_say(kit, true, "S", kit->client_isn + 40, 0, NULL, 0);
	kit_expect(kit, "");
	kit_say(kit, false, "SA", 7000, kit->client_isn + 41, NULL, 0);
	kit_say(kit, true, "A", kit->client_isn + 41, 7001, "HELO\r\n", 6);
	kit_expect(kit, "end rst\nbegin 17 client:40000 server:2600\nup HELO~ @0\n");
}

/* What is left of a connection that was reset before it was anything does not stay for long. */
static void a_port_is_used_again_after_a_refusal(void **state)
{
	struct kit *kit = *state;
	for (unsigned i = 0; i < 3; i++) {
		kit_say(kit, true, "S", 1000 + i * 100, 0, NULL, 0);
		kit_say(kit, false, "RA", 0, 1001 + i * 100, NULL, 0);
	}
	struct flow_stats stats;
	flow_table_stats(kit->table, &stats);
	assert_int_equal(stats.connections, 3);
	kit_handshake(kit);
	kit_expect(kit, "begin 7 client:40000 server:25\n");
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

/* In the middle of a long mail: the first acknowledgements are of octets that went before the capture. */
static void midstream_begins_with_what_is_there(void **state)
{
	struct kit *kit = *state;
	kit_up(kit, 1000, 50, "content\r\n.\r\n");
	kit_down(kit, 50, 400, "");
	kit_down(kit, 50, 1012, "");
	kit_down(kit, 50, 1012, "250 ok\r\n");
	kit_up(kit, 1012, 58, "QUIT\r\n");
	flow_table_end(kit->table);
	kit_expect(kit, "begin 1 client:40000 server:25 midstream\nup content~.~ @0\ndown 250 ok~ @12\nup QUIT~ @8\n"
			"end input\n");
}

/* Live input is not held long: a few segments show whether there are two directions. */
static void midstream_of_live_input_begins_soon(void **state)
{
	for (unsigned both = 0; both < 2; both++) {
		struct kit *kit = kit_new(NULL);
		const unsigned segments = both ? 16 : 24;
		flow_table_live(kit->table, true);
		for (unsigned i = 1; i <= segments; i++) {
			kit_expect(kit, "");
			if (both && i == 1)
				kit_down(kit, 50, 1000, "");
			else
				kit_up(kit, 1000 + i, 50, "x");
		}
		assert_has(kit->log->str, "begin 1 client:40000 server:25 midstream");
		kit_free(kit);
	}
}

static void midstream_takes_no_late_acknowledgement_for_a_gap(void **state)
{
	struct kit *kit = *state;
	kit_down(kit, 50, 400, "");
	kit_down(kit, 50, 1000, "");
	kit_up(kit, 1000, 50, "content\r\n.\r\n");
	kit_down(kit, 50, 1012, "250 ok\r\n");
	flow_table_end(kit->table);
	kit_expect(kit, "begin 1 client:40000 server:25 midstream\nup content~.~ @0\ndown 250 ok~ @12\nend input\n");
}

static void midstream_knows_a_lost_reply(void **state)
{
	struct kit *kit = *state;
	kit_up(kit, 100, 50, "NOOP\r\n");
	kit_down(kit, 58, 106, "250 two\r\n");
	flow_table_end(kit->table);
	kit_expect(kit,
		"begin 1 client:40000 server:25 midstream\nup NOOP~ @0\ngap down 8\ndown 250 two~ @6\nend input\n");
}

/* No handshake, but both greet: nothing was said before. Whoever comes first in the capture. */
static void two_greetings_are_a_beginning(void **state)
{
	static const struct {
		const char *client, *server;
		bool midstream;
	} rows[] = {
		{ "EHLO me\r\n", "220 mx ESMTP\r\n", false },
		{ "EHLO me\r\n", "220 2.0.0 ready\r\n", false },
		{ "NOOP\r\n", "220 mx ESMTP\r\n", true },
		{ "EHLO me\r\n", "250 mx ESMTP\r\n", true },
		{ "EHLO me\r\n", "220 mx\r\n", true },
		{ "", "220 2.0.0 SMTP ready for TLS\r\n", true },
	};
	for (size_t i = 0; i < 2 * G_N_ELEMENTS(rows); i++) {
		struct kit *kit = *state;
		const uint32_t size = (uint32_t)strlen(rows[i / 2].server), base = 1000 * (uint32_t)i;
		kit->client = (uint16_t)(40000 + i);
		if (i % 2)
			kit_up(kit, base, base, rows[i / 2].client);
		kit_down(kit, base, base, rows[i / 2].server);
		if (i % 2 == 0)
			kit_up(kit, base, base + size, rows[i / 2].client);
		flow_table_end(kit->table);
		assert_int_equal(kit->last.midstream, rows[i / 2].midstream);
	}
}

/* The client's SYN is there, the server's is not: nobody knows whether the server sent something before. */
static void the_start_of_the_server_may_be_unknown(void **state)
{
	static const struct {
		bool client_syn, server_syn, banner, server, unknown;
	} cases[] = {
		{ true, false, false, true, true },
		{ true, false, true, true, false },
		{ true, true, false, true, false },
		{ false, true, false, true, false },
		{ false, false, false, true, false },
		{ true, false, false, false, false },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct kit *kit = kit_new(NULL);
		if (cases[i].client_syn)
			kit_say(kit, true, "S", kit->client_isn, 0, NULL, 0);
		if (cases[i].server_syn)
			kit_say(kit, false, "SA", kit->server_isn, kit->client_isn + 1, NULL, 0);
		if (cases[i].banner)
			kit_down(kit, 0, 0, "220 mx ESMTP\r\n");
		kit_up(kit, 0, 14, "EHLO me\r\n");
		if (cases[i].server)
			kit_down(kit, 14, 9, "250 mx\r\n");
		flow_table_end(kit->table);
		assert_int_equal(kit->last.start_unknown, cases[i].unknown);
		kit_free(kit);
	}
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

/* ---- the same addresses and ports again ---- */

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

static void a_port_is_used_again_after_a_close(void **state)
{
	struct kit *kit = *state;
	for (unsigned i = 0; i < 3; i++) {
		kit->client_isn += 100000;
		kit_handshake(kit);
		if (i == 1) {
			kit_say(kit, false, "R", kit->server_isn + 1, 0, NULL, 0);
			continue;
		}
		kit_say(kit, true, "FA", kit->client_isn + 1, kit->server_isn + 1, NULL, 0);
		kit_say(kit, false, "FA", kit->server_isn + 1, kit->client_isn + 2, NULL, 0);
		/* Without the last acknowledgement of the second one it is closed, but not over. */
		if (i == 0)
			kit_say(kit, true, "A", kit->client_isn + 2, kit->server_isn + 2, NULL, 0);
	}
	kit->client_isn += 100000;
	kit_handshake(kit);
	kit_expect(kit, "begin 1 client:40000 server:25\nfin up\nfin down\nend fin\n"
			"begin 7 client:40000 server:25\nend rst\n"
			"begin 11 client:40000 server:25\nfin up\nfin down\nend fin\n"
			"begin 16 client:40000 server:25\n");
}

/* speak - a banner, a greeting and its acknowledgement, by connections of which no SYN is in the capture. */
static void speak(struct kit *kit, uint32_t client_isn, uint32_t server_isn)
{
	kit->client_isn = client_isn;
	kit->server_isn = server_isn;
	kit_down(kit, 0, 0, "220 b\r\n");
	kit_up(kit, 0, 7, "EHLO b\r\n");
	kit_down(kit, 7, 8, "");
}

/* Both numbers are far from all before, and two segments fit each other. */
static void a_port_is_used_again_without_a_syn(void **state)
{
	struct kit *kit = *state;
	kit_handshake(kit);
	kit_down(kit, 0, 0, "220 a\r\n");
	speak(kit, 1000 + 0x90000000, 5000 - 0x300000);
	kit_expect(kit, "begin 1 client:40000 server:25\ndown 220 a~ @0\nend reused\n");
	assert_int_equal(kit->last.side[DOWN].packets, 2);
	assert_int_equal(kit->last.last.packet, 4);
	speak(kit, 77, 88); /* while the one before waits for more */
	kit_expect(kit, "begin 5 client:40000 server:25 midstream\ndown 220 b~ @0\nup EHLO b~ @7\nend reused\n");
	flow_table_end(kit->table);
	kit_expect(kit, "begin 8 client:40000 server:25 midstream\ndown 220 b~ @0\nup EHLO b~ @7\nend input\n");
	struct flow_stats stats;
	flow_table_stats(kit->table, &stats);
	assert_int_equal(stats.ignored_segments, 0);
}

/* One side only: the second segment continues the first. */
static void a_port_is_used_again_without_a_syn_by_one_side(void **state)
{
	struct kit *kit = *state;
	kit_up(kit, 0, 7, "EHLO a\r\n");
	kit_up(kit, 8, 14, "QUIT\r\n");
	kit->client_isn += 0x40000000;
	kit->server_isn += 0x40000000;
	kit_up(kit, 0, 7, "EHLO b\r\n");
	kit_up(kit, 8, 14, "QUIT\r\n");
	flow_table_end(kit->table);
	assert_has(kit->log->str, "up QUIT~ @7\nend reused\nbegin 3 client:40000");
}

/* A closed connection has nothing to lose: the first segment with data begins another one. */
static void a_port_is_used_again_without_a_syn_after_a_close(void **state)
{
	struct kit *kit = *state;
	kit_handshake(kit);
	kit_say(kit, true, "FA", 1001, 5001, NULL, 0);
	kit_say(kit, false, "FA", 5001, 1002, NULL, 0);
	kit_say(kit, true, "A", 1002, 5002, NULL, 0);
	kit_expect(kit, "begin 1 client:40000 server:25\nfin up\nfin down\nend fin\n");
	kit_say(kit, true, "A", 1002 + 0x40000000, 5002 + 0x40000000, NULL, 0);
	speak(kit, 1000 + 0x90000000, 5000 + 0x30000000);
	flow_table_end(kit->table);
	kit_expect(kit, "begin 8 client:40000 server:25 midstream\ndown 220 b~ @0\nup EHLO b~ @7\nend input\n");
}

/* A firewall that gives both sides other numbers, captured on both sides: each segment is there twice. */
static void a_copy_with_other_numbers_is_no_other_connection(void **state)
{
	struct kit *kit = *state;
	const uint32_t client_isn = kit->client_isn, server_isn = kit->server_isn;
	kit_handshake(kit);
	for (unsigned i = 0; i < 4; i++) {
		const bool up = i % 2;
		for (unsigned copy = 0; copy < 2; copy++) {
			kit->client_isn = client_isn + copy * 0x40000000;
			kit->server_isn = server_isn + copy * 0x20000000;
			(up ? kit_up : kit_down)(kit, i / 2 * 4, (i + 1) / 2 * 4, up ? "NOOP" : "250 ");
		}
	}
	flow_table_end(kit->table);
	kit_expect(
		kit, "begin 1 client:40000 server:25\ndown 250  @0\nup NOOP @4\ndown 250  @4\nup NOOP @8\nend input\n");
	struct flow_stats stats;
	flow_table_stats(kit->table, &stats);
	assert_int_equal(stats.ignored_segments, 4);
}

/* Segments that do not fit each other, or of which one number fits the connection, end nothing, and are told. */
static void strangers_end_nothing(void **state)
{
	static const struct {
		bool from_client;
		uint32_t seq, ack;
	} second[] = {
		{ true, 0x90000006, 0x50000000 },
		{ true, 0x90000005, 0x50000000 }, /* it fits, but one end alone can forge both */
		{ true, 0x90000000, 0x50000000 },
		{ false, 0x50000000, 0x90000006 },
		{ false, 0x50000000, 0x8fffffff },
		{ false, 0x50000001, 0x90000005 },
		{ false, 5008, 0x90000005 },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(second); i++) {
		struct kit *kit = kit_new(NULL);
		struct flow_stats stats;
		kit_handshake(kit);
		kit_down(kit, 0, 0, "220 a\r\n");
		kit_say(kit, true, "A", 0x90000000, 0x50000000, "QUIT\n", 5);
		kit_say(kit, second[i].from_client, "A", second[i].seq, second[i].ack, NULL, 0);
		kit_up(kit, 0, 7, "EHLO a\r\n");
		flow_table_end(kit->table);
		kit_expect(kit, "begin 1 client:40000 server:25\ndown 220 a~ @0\nup EHLO a~ @7\nend input\n");
		flow_table_stats(kit->table, &stats);
		assert_int_equal(stats.ignored_segments, 1);
		assert_int_equal(kit->last.side[UP].packets + kit->last.side[DOWN].packets, 7);
		kit_free(kit);
	}
}

static void a_port_is_used_again_unseen_by_one_side(void **state)
{
	struct kit *kit = *state;
	flow_table_live(kit->table, true);
	kit_say(kit, true, "S", 1000, 0, NULL, 0);
	for (unsigned i = 0; i < 30; i++)
		kit_up(kit, i * 5, i * 5, "NOOP\n");
	g_string_truncate(kit->log, 0);
	kit_say(kit, true, "S", 900000, 0, NULL, 0);
	kit_expect(kit, "");
	kit->client_isn = 900000;
	for (unsigned i = 0; i < 3; i++)
		kit_up(kit, i * 5, i * 5, "HELO\n");
	flow_table_end(kit->table);
	kit_expect(kit,
		"end reused\nbegin 32 client:40000 server:25 one-sided down\nup HELO~ @0\ngap down 5\nup HELO~ @5\n"
		"gap down 5\nup HELO~ @10\nend input\n");
}

static void a_forged_syn_ends_nothing(void **state)
{
	for (unsigned challenged = 0; challenged < 2; challenged++) {
		struct kit *kit = kit_new(NULL);
		kit_handshake(kit);
		kit_down(kit, 0, 0, "220 mx\r\n");
		kit_say(kit, true, "S", 3000000000U, 0, NULL, 0);
		if (challenged)
			kit_say(kit, false, "A", 5009, 1001, NULL, 0);
		kit_up(kit, 0, 8, "EHLO me\r\n");
		kit_down(kit, 8, 9, "250 mx\r\n");
		kit_expect(kit, "begin 1 client:40000 server:25\ndown 220 mx~ @0\nup EHLO me~ @8\ndown 250 mx~ @9\n");
		kit_free(kit);
	}
}

static void a_repeated_handshake_is_the_same_connection(void **state)
{
	struct kit *kit = *state;
	kit_handshake(kit);
	kit_handshake(kit);
	kit_down(kit, 0, 0, "220 mx\r\n");
	kit_handshake(kit);
	kit_expect(kit, "begin 1 client:40000 server:25\ndown 220 mx~ @0\n");
}

/* ---- what makes a connection ---- */

/* in_network - one of two with the same addresses: the segments that follow are there. */
static void in_network(struct kit *kit, unsigned network)
{
	kit->context = network;
	kit->client_isn = 1000 + 10000 * network;
	kit->server_isn = 5000 + 10000 * network;
}

/* Even where the numbers are near each other: a handshake is exact, and then the networks are known. */
static void equal_addresses_in_two_networks_are_two_connections(void **state)
{
	struct kit *kit = *state;
	kit_handshake(kit);
	in_network(kit, 7);
	kit_handshake(kit);
	kit_down(kit, 0, 0, "220 b\r\n");
	in_network(kit, 0);
	kit_down(kit, 0, 0, "220 a\r\n");
	in_network(kit, 7);
	kit_say(kit, true, "R", kit->client_isn + 1, 0, NULL, 0);
	kit_say(kit, false, "R", kit->server_isn + 8, 0, NULL, 0);
	in_network(kit, 0);
	kit_up(kit, 0, 7, "EHLO a\r\n");
	kit_expect(kit,
		"begin 1 client:40000 server:25\nbegin 4 client:40000 server:25\ndown 220 b~ @0\ndown 220 a~ @0\n"
		"end rst\nup EHLO a~ @7\n");
	/* A port that is used again in one of them. */
	in_network(kit, 0);
	kit->client_isn += 3000000;
	kit_handshake(kit);
	in_network(kit, 7);
	kit_up(kit, 0, 0, "late");
	kit_expect(kit, "end reused\nbegin 12 client:40000 server:25\n");
}

/* Its numbers fit neither connection: it belongs to the one of its network. */
static void a_segment_out_of_place_stays_in_its_network(void **state)
{
	for (unsigned first = 0; first < 2; first++) {
		struct kit *kit = kit_new(NULL);
		kit_handshake(kit);
		in_network(kit, 7);
		kit_handshake(kit);
		in_network(kit, first ? 0 : 7);
		kit_say(kit, true, "A", kit->client_isn + 2000000000U, kit->server_isn + 2000000000U, "far away", 8);
		flow_table_end(kit->table);
		assert_int_equal(kit->last.side[UP].packets, kit->last.first.packet == (first ? 1 : 4) ? 3 : 2);
		kit_free(kit);
	}
}

/* The SYN comes late, in another network than what the server acknowledged it with. */
static void a_late_syn_belongs_to_its_acknowledgement(void **state)
{
	for (uint32_t off = 0; off < 3; off++) {
		struct kit *kit = kit_new(NULL);
		struct flow_stats stats;
		kit->context = 3;
		kit_say(kit, false, "A", 5001, 1001, NULL, 0);
		kit->context = 5;
		kit_say(kit, true, "S", 999 + off, 0, NULL, 0);
		flow_table_stats(kit->table, &stats);
		assert_int_equal(stats.connections, off == 1 ? 1 : 2);
		kit_free(kit);
	}
}

/* Nothing but the numbers tells when the capture begins in the middle. */
static void in_the_middle_numbers_tell_networks_apart(void **state)
{
	struct kit *kit = *state;
	kit->lower = false; /* the order at the end is that of ids, which are made from addresses */
	kit_down(kit, 100, 200, "250 a\r\n");
	kit->context = 1;
	kit_down(kit, 100, 3000000, "250 b\r\n");
	kit_up(kit, 3000000, 107, "QUIT b\r\n");
	kit->context = 2;
	kit_up(kit, 200, 107, "QUIT a\r\n");
	flow_table_end(kit->table);
	kit_expect(kit, "begin 2 client:40000 server:25 midstream\ndown 250 b~ @0\nup QUIT b~ @7\nend input\n"
			"begin 1 client:40000 server:25 midstream\ndown 250 a~ @0\nup QUIT a~ @7\nend input\n");
}

/* dialogue_in - a dialogue whose directions, or copies, are in the networks (VLANs) given for them. */
static void dialogue_in(struct kit *kit, const uint64_t *up, const uint64_t *down, unsigned copies)
{
	for (unsigned step = 0; step < 6; step++)
		for (unsigned i = 0; i < copies; i++) {
			bool from_client = step != 1 && step != 3;
			kit->context = from_client ? up[i] : down[i];
			if (step == 0)
				kit_say(kit, true, "S", 1000, 0, NULL, 0);
			else if (step == 1)
				kit_say(kit, false, "SA", 5000, 1001, NULL, 0);
			else if (step == 3)
				kit_down(kit, 0, 0, "220 mx\r\n");
			else if (step == 4)
				kit_up(kit, 0, 8, "EHLO me\r\n");
			else
				kit_up(kit, step == 2 ? 0 : 9, step == 2 ? 0 : 8, "");
		}
}

static void one_connection_whatever_the_link_says(void **state)
{
	static const struct {
		uint64_t up[2], down[2];
		unsigned copies;
	} rows[] = { { { 1 }, { 2 }, 1 }, { { 0 }, { 2 }, 1 }, { { 1, 2 }, { 1, 2 }, 2 }, { { 1, 2 }, { 3, 4 }, 2 } };
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct kit *kit = *state;
		kit->at.packet = 0;
		dialogue_in(kit, rows[i].up, rows[i].down, rows[i].copies);
		flow_table_end(kit->table);
		kit_expect(kit, "begin 1 client:40000 server:25\ndown 220 mx~ @0\nup EHLO me~ @8\nend input\n");
		assert_int_equal(kit->last.side[UP].packets, 4 * rows[i].copies);
	}
}

/* The context changes in every segment: more than are remembered. */
static void a_connection_wanders_through_networks(void **state)
{
	struct kit *kit = *state;
	kit_handshake(kit);
	g_string_truncate(kit->log, 0);
	for (unsigned i = 0; i < 20; i++) {
		kit->context = i;
		kit_up(kit, i * 5, 0, "NOOP\n");
		kit_expect(kit, "up NOOP~ @0\n");
	}
	struct flow_stats stats;
	flow_table_stats(kit->table, &stats);
	assert_int_equal(stats.connections, 1);
	/* Those that were seen first. */
	flow_table_end(kit->table);
	assert_int_equal(kit->last.vlan_count, 4);
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(kit->last.vlan[i], i + 1);
}

/* The same port on both sides, or the same address. */
static void ends_that_are_alike(void **state)
{
	struct kit *kit = *state;
	kit->client = 25;
	kit_handshake(kit);
	kit_down(kit, 0, 0, "220 mx\r\n");
	kit_up(kit, 0, 8, "EHLO me\r\n");
	kit_expect(kit, "begin 1 client:25 server:25\ndown 220 mx~ @0\nup EHLO me~ @8\n");
	kit->alike = true;
	kit->client = 40000;
	kit_handshake(kit);
	kit_down(kit, 0, 0, "220 mx\r\n");
	kit_up(kit, 0, 8, "EHLO me\r\n");
	kit_expect(kit, "begin 6 client:40000 server:25\ndown 220 mx~ @0\nup EHLO me~ @8\n");
}

static void too_many_networks_are_bounded(void **state)
{
	struct kit *kit = *state;
	kit->mute = true;
	for (unsigned i = 0; i < 200; i++) {
		in_network(kit, i * 100);
		kit_handshake(kit);
	}
	struct flow_stats stats;
	flow_table_stats(kit->table, &stats);
	assert_int_equal(stats.connections, 200);
	assert_int_equal(stats.evicted, 200 - 64);
	/* The last ones are there. */
	kit->mute = false;
	kit_down(kit, 0, 0, "220 b\r\n");
	kit_expect(kit, "down 220 b~ @0\n");
}

static void ipv6_is_the_same(void **state)
{
	struct kit *kit = *state;
	kit->ipv6 = true;
	kit_handshake(kit);
	kit_down(kit, 0, 0, "220 mx\r\n");
	kit_say(kit, true, "R", 1001, 0, NULL, 0);
	kit_say(kit, false, "R", 5009, 0, NULL, 0);
	kit_expect(kit, "begin 1 client:40000 server:25\ndown 220 mx~ @0\nend rst\n");
	assert_int_equal(kit->last.server.family, 6);
	assert_int_equal(kit->last.server.octets[15], 2);
	assert_int_equal(kit->last.client.octets[13], 1);
}

static void the_lower_port_serves_when_nothing_else_tells(void **state)
{
	static const uint16_t ports[] = { 10025, 40000 };
	struct kit *kit = kit_new(&(struct flow_options){ .ports = ports, .port_count = 2 });
	kit->server = 10025;
	kit_down(kit, 0, 0, "some words\n");
	flow_table_end(kit->table);
	kit_expect(kit, "begin 1 client:40000 server:10025 midstream one-sided up\ndown some words~ @0\nend input\n");
	/* Words tell better. */
	kit->at.packet = 0;
	kit_down(kit, 0, 0, "MAIL FROM:<a@b>\n");
	flow_table_end(kit->table);
	kit_expect(
		kit, "begin 1 client:10025 server:40000 midstream one-sided down\nup MAIL FROM:<a@b>~ @0\nend input\n");
	kit_free(kit);
}

/* Some end must be the client, and in every run the same. */
static void with_equal_ports_the_lower_address_is_the_client(void **state)
{
	static const uint16_t ports[] = { 10025 };
	struct kit *kit = kit_new(&(struct flow_options){ .ports = ports, .port_count = 1 });
	kit->server = kit->client = 10025;
	kit->lower = false;
	kit_down(kit, 0, 0, "some words\n");
	flow_table_end(kit->table);
	kit_expect(kit, "begin 1 client:10025 server:10025 midstream one-sided down\nup some words~ @0\nend input\n");
	assert_memory_equal(kit->last.client.octets, ((struct address){ 4, { 192, 0, 2, 2 } }).octets, 16);
	kit_free(kit);
}

/* On any port, behind a gap at the client's beginning: a command is SMTP, other words are not. */
static void words_behind_a_gap_on_any_port(void **state)
{
	static const char *const words[] = { "MAIL FROM:<a@b>\r\n", "GET / HTTP/1.1\r\n\r\n" };
	for (unsigned i = 0; i < 2; i++) {
		struct kit *kit = kit_new(NULL);
		kit->server = 2600;
		kit_handshake(kit);
		kit_up(kit, 10, 0, words[i]);
		flow_table_end(kit->table);
		kit_expect(
			kit, i == 0 ? "begin 1 client:40000 server:2600\ngap up 10\nup MAIL FROM:<a@b>~ @0\nend input\n"
				    : "");
		kit_free(kit);
	}
}

/* What is held until it is known what the connection is has a limit. */
static void words_that_come_too_late_on_any_port(void **state)
{
	for (unsigned late = 0; late < 2; late++) {
		struct kit *kit = kit_new(NULL);
		kit->server = 2600;
		kit_handshake(kit);
		for (unsigned i = 0; i < (late ? 256 : 255); i++)
			kit_up(kit, 0, 0, "EH");
		kit_up(kit, 2, 0, "LO me\r\n");
		kit_expect(kit, late ? "" : "begin 1 client:40000 server:2600\nup EH @0\nup LO me~ @0\n");
		kit_free(kit);
	}
}

/* ---- time and memory ---- */

static void what_expires_at_once_ends_in_order(void **state)
{
	struct kit *kit = *state;
	for (unsigned i = 0; i < 3; i++) {
		kit->host = (uint16_t)i;
		kit_handshake(kit);
	}
	/* The first one is heard of last. */
	kit->host = 2;
	kit_down(kit, 0, 0, "c\n");
	kit->host = 0;
	kit_down(kit, 0, 0, "a\n");
	g_string_truncate(kit->log, 0);
	kit_wait(kit, 601);
	kit_expect(kit, "end timeout\nend timeout\nend timeout\n");
	assert_int_equal(kit->ended->len, 3);
	for (guint i = 0; i < kit->ended->len; i++) {
		assert_true(
			i == 0 || g_array_index(kit->ended, uint64_t, i - 1) < g_array_index(kit->ended, uint64_t, i));
		assert_true(g_array_index(kit->ended, uint64_t, i) >> FLOW_ID_BITS == 0);
	}
}

static void time_that_goes_back_is_no_time(void **state)
{
	struct kit *kit = *state;
	kit_wait(kit, 10000);
	kit_jump(kit, -5000);
	kit_handshake(kit);
	kit_wait(kit, 599);
	kit_expect(kit, "begin 3 client:40000 server:25\n");
	kit_wait(kit, 20); /* so long it took until the clock was believed */
	kit_expect(kit, "end timeout\n");
}

static void one_stamp_far_ahead_ends_nothing(void **state)
{
	struct kit *kit = *state;
	struct flow_stats stats;
	kit_handshake(kit);
	for (unsigned i = 0; i < 50; i++) {
		kit_jump(kit, 5000);
		kit_jump(kit, -5000);
		kit_down(kit, 0, 0, "220 mx\r\n");
	}
	kit_expect(kit, "begin 1 client:40000 server:25\ndown 220 mx~ @0\n");
	flow_table_stats(kit->table, &stats);
	assert_int_equal(stats.time_jumps, 50);
	assert_int_equal(stats.first_time_jump, 4);
}

/* Ahead, and back; and then time passes as always. */
static void a_clock_that_is_set_ends_nothing(void **state)
{
	static const int64_t steps[] = { INT64_C(50) * 365 * 86400, -30 * 86400 };
	struct kit *kit = *state;
	struct flow_stats stats;
	kit_handshake(kit);
	for (size_t i = 0; i < G_N_ELEMENTS(steps); i++) {
		kit->at.time += steps[i] * NANOSECONDS_PER_SECOND;
		for (unsigned j = 0; j < 20; j++)
			kit_down(kit, 0, 0, "220 mx\r\n");
		kit_wait(kit, 500);
		flow_table_stats(kit->table, &stats);
		assert_int_equal(stats.time_jumps, i + 1);
	}
	assert_int_equal(stats.first_time_jump, 4);
	kit_expect(kit, "begin 1 client:40000 server:25\ndown 220 mx~ @0\n");
	kit_wait(kit, 110);
	kit_expect(kit, "end timeout\n");
}

/* A night in which nothing was captured is no jump. */
static void a_silent_input_ends_nothing(void **state)
{
	struct kit *kit = *state;
	struct flow_stats stats;
	kit_handshake(kit);
	kit_jump(kit, 8 * 3600);
	kit_down(kit, 0, 0, "220 mx\r\n");
	kit_wait(kit, 500);
	kit_expect(kit, "begin 1 client:40000 server:25\ndown 220 mx~ @0\n");
	kit_wait(kit, 120);
	kit_expect(kit, "end timeout\n");
	flow_table_end(kit->table);
	flow_table_stats(kit->table, &stats);
	assert_int_equal(stats.time_jumps, 0);
}

/* The input ends before it is known whether they come back. */
static void the_last_stamps_jump(void **state)
{
	struct kit *kit = *state;
	struct flow_stats stats;
	kit_handshake(kit);
	kit_jump(kit, INT64_C(50) * 365 * 86400);
	flow_table_end(kit->table);
	kit_expect(kit, "begin 1 client:40000 server:25\nend input\n");
	flow_table_stats(kit->table, &stats);
	assert_int_equal(stats.time_jumps, 1);
	assert_int_equal(stats.first_time_jump, 4);
}

static void the_idle_timeout_can_be_chosen(void **state)
{
	struct kit *kit = kit_new(&(struct flow_options){ .idle_timeout = 5 * NANOSECONDS_PER_SECOND });
	kit_handshake(kit);
	kit_wait(kit, 6);
	kit_expect(kit, "begin 1 client:40000 server:25\nend timeout\n");
	kit_free(kit);
}

/* With a gap in each; so the first ones need not end. */
static void patience_goes_first(void **state)
{
	struct kit *kit = kit_new(&(struct flow_options){ .memory_limit = 1024 * 1024 });
	static char block[32768];
	for (unsigned i = 0; i < 100; i++) {
		kit->host = (uint16_t)i;
		kit_handshake(kit);
		g_string_truncate(kit->log, 0);
		kit_say(kit, true, "A", kit->client_isn + 101, kit->server_isn + 1, block, sizeof block);
		if (kit->log->len > 0)
			assert_true(g_str_has_prefix(kit->log->str, "given-up up 100\nup "));
	}
	struct flow_stats stats;
	flow_table_stats(kit->table, &stats);
	assert_int_equal(stats.evicted, 0);
	assert_in_range(stats.given_up_bytes, 65 * 100, 78 * 100);
	assert_int_equal(stats.gap_bytes, 0);
	flow_table_end(kit->table);
	uint64_t given_up = stats.given_up_bytes;
	flow_table_stats(kit->table, &stats);
	assert_int_equal(stats.given_up_bytes, given_up);
	assert_int_equal(stats.gap_bytes, 100 * 100 - given_up);
	kit_free(kit);
}

static void the_longest_idle_goes_first(void **state)
{
	struct kit *kit = kit_new(&(struct flow_options){ .memory_limit = 64 * 1024 });
	kit->mute = true;
	for (unsigned i = 0; i < 200; i++) {
		kit->host = (uint16_t)i;
		kit_handshake(kit);
		kit_down(kit, 0, 0, "220\r\n");
	}
	struct flow_stats stats;
	flow_table_stats(kit->table, &stats);
	assert_in_range(stats.evicted, 100, 180);
	/* The latest are still there. */
	assert_int_equal(kit->bytes[DOWN], stats.evicted * 5);
	assert_int_equal(kit->last.why, FLOW_END_EVICTED);
	assert_int_equal(kit->last.client.octets[3], stats.evicted - 1);
	kit_free(kit);
}

/* Half of them SMTP; every connection says all it has to say after all of them have been opened. */
static void two_hundred_thousand_connections_at_once(void **state)
{
	struct kit *kit = kit_new(&(struct flow_options){ .detect = true, .memory_limit = 256 * 1024 * 1024 });
	enum { COUNT = 200000 };
	kit->mute = true;
	kit->step = 1000;
	for (unsigned phase = 0; phase < 4; phase++)
		for (unsigned i = 0; i < COUNT; i++) {
			kit->host = (uint16_t)(i / 4);
			kit->client = (uint16_t)(40000 + i % 4);
			kit->server = i % 2 ? 25 : 80;
			const char *line = i % 2 ? "HELO mail\r\n" : "GET /it \r\n\r\n";
			if (phase == 0)
				kit_handshake(kit);
			else if (phase == 1)
				kit_down(kit, 0, 0, i % 2 ? "220\r\n" : "HTTP/");
			else if (phase == 2)
				kit_up(kit, 0, 5, line);
			else
				for (unsigned up = 0; up < 2; up++)
					kit_say(kit, up, "R",
						up ? kit->client_isn + 1 + (uint32_t)strlen(line)
						   : kit->server_isn + 1 + 5,
						0, NULL, 0);
		}
	struct flow_stats stats;
	flow_table_stats(kit->table, &stats);
	assert_int_equal(stats.connections, COUNT);
	assert_int_equal(stats.sessions, COUNT / 2);
	assert_int_equal(stats.evicted, 0);
	assert_int_equal(kit->bytes[UP], COUNT / 2 * 11);
	assert_int_equal(kit->bytes[DOWN], COUNT / 2 * 5);
	kit_free(kit);
}

/* ---- shares ---- */

static void every_share_is_part_of_the_whole(void **state)
{
	enum { SHARES = 7, CLIENTS = 300 };
	unsigned seen[CLIENTS] = { 0 };
	for (unsigned share = 0; share < SHARES; share++) {
		struct kit *kit = kit_new(&(struct flow_options){ .share = share, .shares = SHARES });
		unsigned mine = 0;
		for (unsigned i = 0; i < CLIENTS; i++) {
			kit->host = (uint16_t)i;
			kit_handshake(kit);
			/* Both directions belong to the same share. */
			kit_down(kit, 0, 0, "220\r\n");
			bool here = strstr(kit->log->str, "down 220~ @0") != NULL;
			g_string_truncate(kit->log, 0);
			seen[i] += here;
			mine += here;
		}
		assert_in_range(mine, CLIENTS / SHARES / 2, CLIENTS / SHARES * 2);
		kit_free(kit);
	}
	for (unsigned i = 0; i < CLIENTS; i++)
		assert_int_equal(seen[i], 1);
}

static void a_share_is_the_same_everywhere(void **state)
{
	const struct address a = { 4, { 192, 0, 2, 1 } }, b = { 4, { 198, 51, 100, 7 } };
	assert_int_equal(flow_share(&a, &b, 1000), flow_share(&b, &a, 1000));
	/* Written down: another program or version must agree on it. */
	assert_int_equal(flow_share(&a, &b, 1000), 780);
	assert_int_equal(flow_share(&a, &b, 1), 0);
	assert_int_equal(flow_share(&a, &b, 0), 0);
}

static void expiry_is_noticed_by_every_share(void **state)
{
	const struct address client = { 4, { 198, 18, 0, 0 } }, server = { 4, { 192, 0, 2, 2 } };
	struct kit *kit = kit_new(&(struct flow_options){ .share = flow_share(&client, &server, 2), .shares = 2 });
	kit->lower = false;
	kit_handshake(kit);
	/* A packet of the other share passes time, too. */
	struct address other = client;
	while (flow_share(&other, &server, 2) == flow_share(&client, &server, 2))
		other.octets[3]++;
	kit->host = other.octets[3];
	kit->step = 50 * NANOSECONDS_PER_SECOND;
	for (unsigned i = 0; i < 4; i++)
		kit_handshake(kit);
	kit_expect(kit, "begin 1 client:40000 server:25\n");
	kit_handshake(kit);
	kit_expect(kit, "end timeout\n");
	kit_free(kit);
}

static void a_table_can_be_used_for_the_next_input(void **state)
{
	struct kit *kit = *state;
	kit->at.time = 5000 * NANOSECONDS_PER_SECOND;
	kit_handshake(kit);
	flow_table_end(kit->table);
	kit->at = (struct moment){ 0 };
	kit_handshake(kit);
	kit_wait(kit, 599);
	kit_wait(kit, 2);
	kit_expect(kit, "begin 1 client:40000 server:25\nend input\nbegin 1 client:40000 server:25\nend timeout\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, kit_set_up, kit_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_session_from_syn_to_fin),
		TEST(one_fin_is_no_end),
		TEST(a_refused_connection_is_no_session),
		TEST(a_challenge_is_no_session),
		TEST(a_scan_is_no_session),
		TEST(an_empty_connection_is_a_session),
		TEST(the_answer_may_come_before_the_syn),
		TEST(a_reset_in_the_window_ends_it),
		TEST(a_reset_that_changes_nothing_was_forged),
		TEST(a_port_is_used_again_after_a_refusal),
		TEST(midstream_ports_tell_the_server),
		TEST(midstream_begins_with_what_is_there),
		TEST(midstream_of_live_input_begins_soon),
		TEST(midstream_takes_no_late_acknowledgement_for_a_gap),
		TEST(midstream_knows_a_lost_reply),
		TEST(two_greetings_are_a_beginning),
		cmocka_unit_test(the_start_of_the_server_may_be_unknown),
		TEST(idle_connections_expire),
		TEST(a_port_is_used_again),
		TEST(a_port_is_used_again_after_a_close),
		TEST(a_port_is_used_again_without_a_syn),
		TEST(a_port_is_used_again_without_a_syn_by_one_side),
		TEST(a_port_is_used_again_without_a_syn_after_a_close),
		TEST(a_copy_with_other_numbers_is_no_other_connection),
		cmocka_unit_test(strangers_end_nothing),
		TEST(a_port_is_used_again_unseen_by_one_side),
		cmocka_unit_test(a_forged_syn_ends_nothing),
		TEST(a_repeated_handshake_is_the_same_connection),
		TEST(equal_addresses_in_two_networks_are_two_connections),
		cmocka_unit_test(a_segment_out_of_place_stays_in_its_network),
		TEST(a_late_syn_belongs_to_its_acknowledgement),
		TEST(in_the_middle_numbers_tell_networks_apart),
		TEST(one_connection_whatever_the_link_says),
		TEST(a_connection_wanders_through_networks),
		TEST(ends_that_are_alike),
		TEST(too_many_networks_are_bounded),
		TEST(ipv6_is_the_same),
		cmocka_unit_test(the_lower_port_serves_when_nothing_else_tells),
		cmocka_unit_test(with_equal_ports_the_lower_address_is_the_client),
		cmocka_unit_test(words_behind_a_gap_on_any_port),
		cmocka_unit_test(words_that_come_too_late_on_any_port),
		TEST(what_expires_at_once_ends_in_order),
		TEST(time_that_goes_back_is_no_time),
		TEST(one_stamp_far_ahead_ends_nothing),
		TEST(a_clock_that_is_set_ends_nothing),
		TEST(a_silent_input_ends_nothing),
		TEST(the_last_stamps_jump),
		cmocka_unit_test(the_idle_timeout_can_be_chosen),
		cmocka_unit_test(patience_goes_first),
		cmocka_unit_test(the_longest_idle_goes_first),
		cmocka_unit_test(two_hundred_thousand_connections_at_once),
		cmocka_unit_test(every_share_is_part_of_the_whole),
		cmocka_unit_test(a_share_is_the_same_everywhere),
		cmocka_unit_test(expiry_is_noticed_by_every_share),
		TEST(a_table_can_be_used_for_the_next_input),
	};
	/* No result depends on which end has the lower address. */
	int failed = cmocka_run_group_tests(tests, reassembly_set_up, reassembly_tear_down);
	kit_lower_client = true;
	return failed + cmocka_run_group_tests(tests, reassembly_set_up, reassembly_tear_down);
}
