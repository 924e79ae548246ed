/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * test_stream.c - every byte of a connection once, in order, and nothing else: what captures do to segments.
 */
#include "kits/flow_kit.h"
#include "kits/reassembly.h"

#include <string.h>

#define PATIENCE 64 /* packets of a connection after which an acknowledged byte that did not come is lost */

/* Each test begins after a handshake, with an empty log. */
static int set_up(void **state)
{
	struct kit *kit = kit_new(NULL);
	flow_table_live(kit->table, true);
	kit_handshake(kit);
	kit_expect(kit, "begin 1 client:40000 server:25\n");
	*state = kit;
	return 0;
}

/* ... or before it. */
static int set_up_bare(void **state)
{
	struct kit *kit = kit_new(NULL);
	flow_table_live(kit->table, true);
	*state = kit;
	return 0;
}

/* pure_acks - COUNT packets of the client that change nothing but the patience. */
static void pure_acks(struct kit *kit, unsigned count, uint32_t offset, uint32_t acked)
{
	for (unsigned i = 0; i < count; i++)
		kit_up(kit, offset, acked, "");
}

static void segments_are_put_in_order(void **state)
{
	struct kit *kit = *state;
	kit_down(kit, 0, 0, "thirty bytes of a server's say\n");
	g_string_truncate(kit->log, 0);
	kit_up(kit, 6, 20, "ghi");
	kit_up(kit, 3, 10, "def");
	kit_up(kit, 9, 30, "jkl");
	kit_expect(kit, "");
	kit_up(kit, 0, 5, "abc");
	kit_expect(kit, "up abc @5\nup def @10\nup ghi @20\nup jkl @30\n");
}

static void both_directions_are_their_own(void **state)
{
	struct kit *kit = *state;
	kit_down(kit, 4, 0, "efgh");
	kit_up(kit, 2, 8, "cd");
	kit_down(kit, 0, 0, "abcd");
	kit_expect(kit, "down abcd @0\ndown efgh @0\n");
	kit_up(kit, 0, 8, "ab");
	kit_expect(kit, "up ab @8\nup cd @8\n");
}

static void copies_are_delivered_once(void **state)
{
	struct kit *kit = *state;
	kit_up(kit, 0, 0, "abc");
	kit_up(kit, 0, 0, "abc");
	kit_up(kit, 6, 0, "ghi");
	kit_up(kit, 6, 0, "ghi");
	kit_up(kit, 0, 0, "abcdefghij");
	kit_up(kit, 2, 0, "cdefghijk");
	kit_expect(kit, "up abc @0\nup def @0\nup ghi @0\nup j @0\nup k @0\n");
	assert_int_equal(kit->stream[UP]->len, 11);
}

static void the_first_copy_of_delivered_bytes_wins(void **state)
{
	struct kit *kit = *state;
	kit_up(kit, 0, 0, "abcdef");
	kit_up(kit, 2, 0, "cXef");
	kit_up(kit, 0, 0, "abcdefgh");
	kit_up(kit, 5, 0, "Xghi");
	kit_expect(kit, "up abcdef @0\nconflict up 2 cXef\nup gh @0\nup i @0\nconflict up 5 Xghi\n");
	flow_table_end(kit->table);
	assert_int_equal(kit->last.side[UP].conflicts, 2);
}

static void the_first_copy_of_waiting_bytes_wins(void **state)
{
	struct kit *kit = *state;
	kit_up(kit, 4, 0, "efgh");
	kit_up(kit, 2, 0, "cdEFGHij");
	kit_expect(kit, "conflict up 2 cdEFGHij\n");
	kit_up(kit, 0, 0, "ab");
	kit_expect(kit, "up ab @0\nup cd @0\nup efgh @0\nup ij @0\n");
}

static void a_segment_can_fill_several_holes(void **state)
{
	struct kit *kit = *state;
	kit_up(kit, 2, 0, "cd");
	kit_up(kit, 6, 0, "gh");
	kit_up(kit, 10, 0, "kl");
	kit_up(kit, 0, 0, "abcdefghijklmn");
	kit_expect(kit, "up ab @0\nup cd @0\nup ef @0\nup gh @0\nup ij @0\nup kl @0\nup mn @0\n");
}

/* A probe sends the last octet again, after its acknowledgement: others do not hide a second version. */
static void single_octets_are_a_conflict_as_well(void **state)
{
	struct kit *kit = *state;
	kit_up(kit, 0, 0, "a");
	kit_up(kit, 0, 0, "A");
	kit_up(kit, 1, 0, "bc");
	kit_down(kit, 0, 3, "");
	kit_up(kit, 1, 0, "B");
	kit_up(kit, 5, 0, "f");
	kit_up(kit, 5, 0, "F");
	kit_expect(kit, "up a @0\nconflict up 0 A\nup bc @0\nconflict up 1 B\nconflict up 5 F\n");
}

static void probes_are_no_conflict(void **state)
{
	struct kit *kit = *state;
	kit_up(kit, 0, 0, "abcdef");
	kit_down(kit, 0, 6, "");
	kit_up(kit, 5, 0, "\x01"); /* keep-alive */
	kit_up(kit, 6, 0, "g");    /* zero window probe, with the next byte */
	kit_up(kit, 6, 0, "ghi");
	kit_expect(kit, "up abcdef @0\nup g @0\nup hi @0\n");
}

static void sequence_numbers_wrap(void **state)
{
	struct kit *kit = *state;
	kit->client_isn = 0xfffffffa;
	kit->server_isn = 0xffffffff;
	kit_handshake(kit);
	kit_down(kit, 0, 0, "220");
	kit_up(kit, 8, 3, "ij");
	kit_up(kit, 0, 3, "abcd");
	kit_up(kit, 4, 3, "efgh");
	kit_expect(kit, "begin 1 client:40000 server:25\ndown 220 @0\nup abcd @3\nup efgh @3\nup ij @3\n");
}

static void four_gigabytes_pass(void **state)
{
	struct kit *kit = *state;
	static char block[60000];
	uint64_t total = 0;
	kit->client_isn = 1000;
	while (total < UINT64_C(0x120000000)) {
		kit_say(kit, true, "A", 1001 + (uint32_t)total, 5001, block, sizeof block);
		total += sizeof block;
		g_string_truncate(kit->log, 0);
		g_byte_array_set_size(kit->stream[UP], 0);
	}
	kit_up(kit, (uint32_t)total + 3, 0, "def");
	kit_up(kit, (uint32_t)total, 0, "abc");
	kit_expect(kit, "up abc @0\nup def @0\n");
	flow_table_end(kit->table);
	assert_int_equal(kit->last.side[UP].bytes, total + 6);
	assert_int_equal(kit->last.side[UP].gap_bytes, 0);
}

static void acknowledged_bytes_that_never_come_are_a_gap(void **state)
{
	struct kit *kit = *state;
	kit_up(kit, 0, 0, "abc");
	kit_up(kit, 6, 0, "ghi");
	kit_down(kit, 0, 9, "250");
	kit_expect(kit, "up abc @0\n");
	pure_acks(kit, PATIENCE, 9, 3);
	kit_expect(kit, "gap up 3\nup ghi @0\ndown 250 @9\n");
	kit_up(kit, 9, 3, "jkl");
	kit_expect(kit, "up jkl @3\n");
}

static void bytes_that_are_not_acknowledged_are_waited_for(void **state)
{
	struct kit *kit = *state;
	kit_up(kit, 6, 0, "ghi");
	kit_down(kit, 0, 3, "250");
	pure_acks(kit, PATIENCE * 2, 9, 3);
	kit_expect(kit, "gap up 3\ndown 250 @3\n");
	pure_acks(kit, PATIENCE * 2, 9, 3);
	kit_up(kit, 3, 3, "def");
	kit_expect(kit, "up def @3\nup ghi @0\n");
}

static void an_acknowledgement_may_come_before_its_data(void **state)
{
	struct kit *kit = *state;
	kit_down(kit, 0, 300, "250");
	pure_acks(kit, 20, 0, 3);
	for (unsigned i = 0; i < 100; i++)
		kit_up(kit, i * 3, 3, "abc");
	assert_has_not(kit->log->str, "gap");
	assert_int_equal(kit->stream[UP]->len, 300);
}

static void a_forged_acknowledgement_costs_nothing(void **state)
{
	struct kit *kit = *state;
	kit_say(kit, false, "A", 5001, 1001 + 0x7fffffffU, NULL, 0);
	pure_acks(kit, PATIENCE * 2, 0, 0);
	kit_up(kit, 0, 0, "abc");
	kit_expect(kit, "up abc @0\n");
}

static void holes_are_gaps_at_the_end(void **state)
{
	struct kit *kit = *state;
	kit_up(kit, 3, 0, "def");
	kit_up(kit, 9, 0, "jkl");
	kit_down(kit, 0, 15, "250");
	kit_expect(kit, "");
	flow_table_end(kit->table);
	kit_expect(kit, "gap up 3\nup def @0\ngap up 3\nup jkl @0\ngap up 3\ndown 250 @15\nend input\n");
}

static void the_end_keeps_cause_before_effect(void **state)
{
	struct kit *kit = *state;
	kit_up(kit, 3, 0, "one");
	kit_down(kit, 3, 6, "two");
	kit_up(kit, 9, 6, "three");
	kit_down(kit, 9, 14, "four");
	flow_table_end(kit->table);
	kit_expect(kit,
		"gap down 3\ngap up 3\nup one @0\ndown two @6\ngap up 3\nup three @6\ngap down 3\ndown four @14\n"
		"end input\n");
}

static void an_answer_recorded_before_its_question_is_told_after_it(void **state)
{
	struct kit *kit = *state;
	kit_down(kit, 0, 3, "one");
	kit_down(kit, 3, 6, "two");
	kit_up(kit, 3, 3, "cd\n");
	kit_expect(kit, "");
	kit_up(kit, 0, 0, "ab\n");
	kit_expect(kit, "up ab~ @0\ndown one @3\nup cd~ @3\ndown two @6\n");
	kit_say(kit, false, "FA", 5007, 1010, NULL, 0);
	kit_expect(kit, "");
	kit_up(kit, 6, 7, "");
	kit_expect(kit, "fin down\n");
}

static void acknowledgements_that_make_no_sense_stop_nothing(void **state)
{
	struct kit *kit = *state;
	kit_down(kit, 0, 9, "one");
	kit_up(kit, 0, 9, "ab\n");
	kit_expect(kit, "down one @9\n");
	kit_down(kit, 3, 9, "two");
	kit_expect(kit, "up ab~ @9\n");
	flow_table_end(kit->table);
	kit_expect(kit, "gap up 6\ndown two @9\ngap down 3\nend input\n");
}

static void of_two_gaps_the_greeting_comes_first(void **state)
{
	struct kit *kit = *state;
	kit_down(kit, 24, 21, "250\n");
	kit_up(kit, 21, 28, "MAIL\n");
	flow_table_end(kit->table);
	kit_expect(kit, "gap down 24\ngap up 21\ndown 250~ @21\nup MAIL~ @28\nend input\n");
}

static void a_lost_fin_is_no_gap(void **state)
{
	struct kit *kit = *state;
	kit_up(kit, 0, 0, "abc");
	kit_down(kit, 0, 4, "");
	flow_table_end(kit->table);
	kit_expect(kit, "up abc @0\nend input\n");
}

static void cut_payload_is_used_as_far_as_it_goes(void **state)
{
	struct kit *kit = *state;
	kit->snap = 2;
	kit_up(kit, 0, 0, "abcd");
	kit_up(kit, 4, 0, "efgh");
	kit_expect(kit, "cut up 2\nup ab @0\ncut up 6\n");
	kit->snap = 0;
	kit_up(kit, 2, 0, "cd");
	kit_expect(kit, "up cd @0\nup ef @0\n");
	flow_table_end(kit->table);
	kit_expect(kit, "gap up 2\nend input\n");
	assert_int_equal(kit->last.side[UP].cut_packets, 2);
}

static void a_fin_waits_for_the_bytes_before_it(void **state)
{
	struct kit *kit = *state;
	kit_say(kit, true, "FA", 1004, 5001, "def", 3);
	kit_expect(kit, "");
	kit_up(kit, 0, 0, "abc");
	kit_expect(kit, "up abc @0\nup def @0\n");
	kit_down(kit, 0, 7, "");
	kit_expect(kit, "fin up\n");
	kit_up(kit, 6, 0, "after the end");
	kit_up(kit, 3, 0, "defghi");
	kit_expect(kit, "");
}

/* Only one that is acknowledged counts. */
static void a_fin_may_be_forged(void **state)
{
	struct kit *kit = *state;
	kit_up(kit, 0, 0, "abc");
	kit_say(kit, true, "FA", 1004, 5001, NULL, 0);
	kit_up(kit, 3, 0, "def"); /* its sender goes on */
	kit_say(kit, true, "FA", 1099, 5001, NULL, 0);
	kit_say(kit, true, "FA", 1050, 5001, NULL, 0);
	kit_say(kit, true, "FA", 1070, 5001, NULL, 0);
	kit_say(kit, false, "FA", 5001, 1007, NULL, 0);
	kit_down(kit, 0, 6, "221"); /* so does the server */
	kit_say(kit, false, "FA", 5004, 1007, NULL, 0);
	kit_wait(kit, 50);
	kit_up(kit, 6, 4, "ghi");
	kit_expect(kit, "up abc @0\nup def @0\ndown 221 @6\nfin down\nup ghi @3\n");
	kit_say(kit, true, "FA", 1010, 5005, NULL, 0); /* lower than the others */
	kit_expect(kit, "");
	kit_say(kit, false, "A", 5005, 1011, NULL, 0);
	kit_expect(kit, "fin up\nend fin\n");
}

/* An acknowledgement of more than a FIN shows that its sender sent more. */
static void more_than_a_fin_is_acknowledged(void **state)
{
	struct kit *kit = *state;
	kit_up(kit, 0, 0, "abc");
	kit_say(kit, true, "FA", 1004, 5001, NULL, 0);
	kit_down(kit, 0, 20, "250");
	kit_wait(kit, 300); /* it is not closing */
	kit_up(kit, 20, 3, "xyz");
	flow_table_end(kit->table);
	kit_expect(kit, "up abc @0\ngap up 17\ndown 250 @20\nup xyz @3\nend input\n");
}

/* When only its sender is seen, nothing but what it sends can show it. */
static void a_forged_fin_of_the_only_side(void **state)
{
	struct kit *kit = *state;
	flow_table_live(kit->table, true);
	kit_say(kit, true, "S", 1000, 0, NULL, 0);
	for (unsigned i = 0; i < 30; i++)
		kit_up(kit, i * 5, 0, "EHLO\n");
	g_string_truncate(kit->log, 0);
	kit_say(kit, true, "FA", 1151, 5001, NULL, 0);
	kit_wait(kit, 59);
	kit_up(kit, 150, 0, "more");
	kit_wait(kit, 500);
	kit_up(kit, 154, 0, "and more");
	kit_say(kit, true, "FA", 1163, 5001, NULL, 0);
	kit_wait(kit, 61);
	kit_expect(kit, "up more @0\nup and more @0\nfin up\nend fin\n");
}

static void half_closed_connections_go_on(void **state)
{
	struct kit *kit = *state;
	kit_say(kit, true, "FA", 1001, 5001, NULL, 0);
	kit_down(kit, 0, 1, "250");
	kit_down(kit, 3, 1, "221");
	kit_expect(kit, "fin up\ndown 250 @0\ndown 221 @0\n");
	kit_say(kit, false, "FA", 5007, 1002, NULL, 0);
	kit_expect(kit, "");
	kit_say(kit, true, "A", 1002, 5008, NULL, 0);
	kit_expect(kit, "fin down\nend fin\n");
}

static void both_close_at_once(void **state)
{
	struct kit *kit = *state;
	kit_say(kit, true, "FA", 1001, 5001, NULL, 0);
	kit_say(kit, false, "FA", 5001, 1001, NULL, 0);
	kit_say(kit, true, "A", 1002, 5002, NULL, 0);
	kit_expect(kit, "fin down\n");
	kit_say(kit, false, "A", 5002, 1002, NULL, 0);
	kit_expect(kit, "fin up\nend fin\n");
}

static void a_closed_connection_waits_a_little_for_what_is_late(void **state)
{
	struct kit *kit = *state;
	kit_say(kit, true, "FA", 1004, 5001, NULL, 0);
	kit_say(kit, false, "FA", 5001, 1005, NULL, 0);
	kit_say(kit, true, "A", 1005, 5002, NULL, 0);
	kit_expect(kit, "fin down\n");
	kit_up(kit, 0, 0, "abc");
	kit_expect(kit, "up abc @0\nfin up\nend fin\n");
}

static void a_closed_connection_with_a_hole_ends_soon(void **state)
{
	struct kit *kit = *state;
	kit_say(kit, true, "FA", 1004, 5001, NULL, 0);
	kit_say(kit, false, "FA", 5001, 1005, NULL, 0);
	kit_say(kit, true, "A", 1005, 5002, NULL, 0);
	kit_wait(kit, 61);
	kit_expect(kit, "fin down\ngap up 3\nfin up\nend fin\n");
}

/* ignored - segments of which no receiver takes the data, when the input ends. */
static uint64_t ignored(struct kit *kit)
{
	struct flow_stats stats;
	flow_table_end(kit->table);
	flow_table_stats(kit->table, &stats);
	return stats.ignored_segments;
}

static void data_without_acknowledgement_is_dropped(void **state)
{
	struct kit *kit = *state;
	/* No acknowledgement flag at all: its receiver drops it (RFC 9293 3.10.7.4), and takes the next one. */
	kit_down(kit, 0, 0, "hello");
	kit_up(kit, 0, 5, "abc");
	kit_say(kit, true, "", 1004, 0, "XYZ", 3);
	kit_say(kit, true, "F", 1004, 0, "XYZ", 3);
	kit_say(kit, true, "A", 1004, 5006, "def", 3);
	kit_expect(kit, "down hello @0\nup abc @5\nup def @5\n");
	kit_say(kit, true, "", 1007, 0, NULL, 0);
	assert_int_equal(ignored(kit), 2);
}

/* The octets are before the first, and further ahead than any window. One octet before the first is a keep-alive. */
static void data_outside_of_every_window_is_told(void **state)
{
	struct kit *kit = *state;
	kit_down(kit, 0, 0, "hello");
	kit_up(kit, 0, 5, "abc");
	kit_say(kit, true, "A", 1000, 5006, "x", 1);
	kit_say(kit, true, "A", 999, 5006, "xy", 2);
	kit_say(kit, true, "A", 1004 + (1U << 28), 5006, "no", 2);
	kit_say(kit, true, "A", 1005 + (1U << 28), 5006, "no", 2);
	kit_up(kit, 3, 5, "def");
	kit_expect(kit, "down hello @0\nup abc @5\nup def @5\n");
	kit_say(kit, true, "S", 1400, 0, "SYN", 3);
	kit_say(kit, true, "S", 1500, 0, NULL, 0);
	assert_int_equal(ignored(kit), 3);
}

/* Forged data ahead of the client's last octet: the server acknowledges the FIN before it, and none of it. */
static void data_beyond_the_fin_was_forged(void **state)
{
	struct kit *kit = *state;
	kit_down(kit, 0, 0, "hello");
	kit_up(kit, 0, 5, "QUIT");
	kit_up(kit, 500, 5, "forged");
	kit_down(kit, 5, 4, "221");
	kit_say(kit, true, "FA", 1005, 5009, NULL, 0);
	kit_say(kit, false, "FA", 5009, 1006, NULL, 0);
	kit_say(kit, true, "A", 1006, 5010, NULL, 0);
	kit_expect(kit, "down hello @0\nup QUIT @5\ndown 221 @4\nfin up\nfin down\nend fin\n");
	assert_int_equal(ignored(kit), 1);
}

/* ... but it is the FIN that was forged when the server acknowledges more, or some octet is still to come. */
static void a_fin_before_data_may_be_forged(void **state)
{
	struct kit *kit = *state;
	kit_down(kit, 0, 0, "hello");
	kit_up(kit, 0, 5, "abc");
	kit_up(kit, 6, 5, "ghi");
	kit_say(kit, true, "FA", 1004, 5006, NULL, 0);
	kit_say(kit, true, "FA", 1005, 5006, NULL, 0);
	kit_down(kit, 5, 4, "250");
	kit_down(kit, 8, 9, "250");
	kit_expect(kit, "down hello @0\nup abc @5\n");
	kit_up(kit, 3, 5, "def");
	kit_expect(kit, "up def @5\ndown 250 @4\nup ghi @5\ndown 250 @9\n");
	assert_int_equal(ignored(kit), 0);
}

static void data_in_the_syn_is_data(void **state)
{
	struct kit *kit = *state;
	kit_say(kit, true, "S", 1000, 0, "EHLO me\r\n", 9);
	kit_expect(kit, "");
	kit_say(kit, false, "SA", 5000, 1010, NULL, 0);
	kit_down(kit, 0, 9, "220 mx\r\n");
	kit_up(kit, 0, 8, "EHLO me\r\n");
	kit_up(kit, 9, 8, "QUIT\r\n");
	kit_expect(kit, "begin 1 client:40000 server:25\nup EHLO me~ @0\ndown 220 mx~ @9\nup QUIT~ @8\n");
}

static void data_in_the_syn_may_be_refused(void **state)
{
	struct kit *kit = *state;
	kit_say(kit, true, "S", 1000, 0, "EHLO me\r\n", 9);
	kit_say(kit, false, "SA", 5000, 1001, NULL, 0);
	kit_up(kit, 0, 0, "EHLO me\r\n");
	kit_expect(kit, "begin 1 client:40000 server:25\nup EHLO me~ @0\n");
	assert_int_equal(ignored(kit), 0);
}

/* What the client sends instead counts; a part that it does not send again was never received. */
static void refused_data_in_the_syn_may_be_another(void **state)
{
	static const struct {
		const char *syn, *data, *log;
		unsigned ignored;
	} cases[] = {
		{ "EHLO you", "EHLO me", "up EHLO me @5\nconflict up 0 EHLO you\n", 0 },
		{ "EHLO me", "EHLO you", "up EHLO you @5\nconflict up 0 EHLO me\n", 0 },
		{ "EHLO me", "EHLO", "up EHLO @5\n", 0 },
		{ "EHLO me", "", "", 1 },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct kit *kit = kit_new(NULL);
		kit_say(kit, true, "S", 1000, 0, cases[i].syn, strlen(cases[i].syn));
		kit_say(kit, false, "SA", 5000, 1001, NULL, 0);
		kit_up(kit, 0, 0, "");
		kit_down(kit, 0, 0, "hello");
		kit_expect(kit, "begin 1 client:40000 server:25\ndown hello @0\n");
		kit_up(kit, 0, 5, cases[i].data);
		kit_expect(kit, cases[i].log);
		assert_int_equal(ignored(kit), cases[i].ignored);
		kit_free(kit);
	}
}

static void data_in_the_syn_may_be_taken_in_part(void **state)
{
	struct kit *kit = *state;
	kit_say(kit, true, "S", 1000, 0, "EHLO me\r\n", 9);
	kit_say(kit, false, "SA", 5000, 1001 + 4, NULL, 0);
	kit_up(kit, 9, 0, "NOOP\r\n");
	kit_expect(kit, "begin 1 client:40000 server:25\nup EHLO me~ @0\nup NOOP~ @0\n");
}

static void the_syn_that_was_answered_counts(void **state)
{
	struct kit *kit = *state;
	kit_say(kit, true, "S", 77000, 0, NULL, 0);
	kit_say(kit, true, "S", 1000, 0, NULL, 0);
	kit_say(kit, true, "S", 99000, 0, NULL, 0);
	kit_say(kit, false, "SA", 5000, 1001, NULL, 0);
	kit_up(kit, 0, 0, "");
	kit_down(kit, 0, 0, "220");
	kit_up(kit, 0, 3, "EHLO");
	kit_expect(kit, "begin 1 client:40000 server:25\ndown 220 @0\nup EHLO @3\n");
}

static void the_answer_that_was_acknowledged_counts(void **state)
{
	struct kit *kit = *state;
	kit_say(kit, true, "S", 1000, 0, NULL, 0);
	kit_say(kit, false, "SA", 5000, 1001, NULL, 0);
	kit_say(kit, false, "SA", 66000, 1001, NULL, 0);
	kit_up(kit, 0, 0, "");
	kit_down(kit, 0, 0, "220");
	kit_expect(kit, "begin 1 client:40000 server:25\ndown 220 @0\n");
}

/* say_short_session - what follows a handshake, in eight packets. */
static void say_short_session(struct kit *kit)
{
	kit_down(kit, 0, 0, "220\n");
	kit_up(kit, 0, 4, "EHLO\n");
	kit_down(kit, 4, 5, "250\n");
	kit_up(kit, 5, 8, "MAIL\n");
	kit_down(kit, 8, 10, "250\n");
	kit_up(kit, 10, 12, "QUIT\n");
	kit_down(kit, 12, 15, "221\n");
	kit_up(kit, 15, 16, "");
}

#define SHORT_SESSION                                                                                                  \
	"down 220~ @0\nup EHLO~ @4\ndown 250~ @5\nup MAIL~ @8\ndown 250~ @10\nup QUIT~ @12\ndown 221~ @15\n"

static void any_part_of_the_handshake_may_be_missing(void **state)
{
	for (unsigned parts = 0; parts < 8; parts++) {
		struct kit *kit = kit_new(NULL);
		if (parts & 1)
			kit_say(kit, true, "S", 1000, 0, NULL, 0);
		if (parts & 2)
			kit_say(kit, false, "SA", 5000, 1001, NULL, 0);
		if (parts & 4)
			kit_up(kit, 0, 0, "");
		say_short_session(kit);
		flow_table_end(kit->table);
		char expected[400];
		g_snprintf(expected, sizeof expected, "begin 1 client:40000 server:25%s\n%send input\n",
			parts & 3 ? "" : " midstream", SHORT_SESSION);
		kit_expect(kit, expected);
		kit_free(kit);
	}
}

static void a_late_syn_is_part_of_the_handshake(void **state)
{
	struct kit *kit = *state;
	kit_down(kit, 0, 0, "220\n");
	kit_say(kit, false, "SA", 5000, 1001, NULL, 0);
	kit_say(kit, true, "S", 1000, 0, NULL, 0);
	kit_up(kit, 0, 4, "EHLO\n");
	kit_expect(kit, "begin 1 client:40000 server:25\ndown 220~ @0\nup EHLO~ @4\n");
}

static void the_middle_begins_where_the_peer_says(void **state)
{
	struct kit *kit = *state;
	kit_down(kit, 500, 700, "250\n");
	kit_up(kit, 705, 504, "lost before\n");
	flow_table_end(kit->table);
	kit_expect(kit, "begin 1 client:40000 server:25 midstream\ndown 250~ @0\ngap up 5\nup lost before~ @4\n"
			"end input\n");
}

static void the_middle_may_begin_out_of_order(void **state)
{
	struct kit *kit = *state;
	kit_up(kit, 6, 500, "ghi");
	kit_up(kit, 0, 500, "abc");
	kit_up(kit, 3, 500, "def");
	flow_table_end(kit->table);
	kit_expect(kit, "begin 1 client:40000 server:25 midstream one-sided down\nup abc @0\nup def @0\nup ghi @0\n"
			"end input\n");
}

static void a_keep_alive_does_not_begin_the_middle(void **state)
{
	struct kit *kit = *state;
	kit_down(kit, 99, 200, "x");
	kit_up(kit, 200, 100, "");
	kit_down(kit, 100, 200, "250\n");
	flow_table_end(kit->table);
	kit_expect(kit, "begin 1 client:40000 server:25 midstream\ndown 250~ @0\nend input\n");
}

static void what_is_left_of_a_closed_connection_is_no_session(void **state)
{
	struct kit *kit = *state;
	kit_say(kit, false, "FA", 5000, 1001, NULL, 0);
	kit_say(kit, true, "FA", 1001, 5001, NULL, 0);
	kit_say(kit, false, "A", 5001, 1002, NULL, 0);
	flow_table_end(kit->table);
	kit_expect(kit, "");
}

static void only_the_client_is_seen(void **state)
{
	struct kit *kit = *state;
	kit_say(kit, true, "S", 1000, 0, NULL, 0);
	kit_up(kit, 0, 0, "");
	kit_up(kit, 0, 20, "EHLO\n");
	kit_up(kit, 5, 60, "MAIL\n");
	kit_expect(kit, "");
	kit_say(kit, true, "FA", 1011, 5061, NULL, 0);
	flow_table_end(kit->table);
	kit_expect(kit, "begin 1 client:40000 server:25 one-sided down\ngap down 20\nup EHLO~ @20\ngap down 40\n"
			"up MAIL~ @60\nfin up\nend fin\n");
}

static void only_the_server_is_seen(void **state)
{
	struct kit *kit = *state;
	kit_say(kit, false, "SA", 5000, 1001, NULL, 0);
	kit_down(kit, 0, 0, "220\n");
	for (unsigned i = 0; i < 30; i++)
		kit_down(kit, 4 + i * 4, 5 + i * 5, "250\n");
	assert_true(g_str_has_prefix(kit->log->str,
		"begin 1 client:40000 server:25 one-sided up\ndown 220~ @0\ngap up 5\ndown 250~ @5\ngap up 5\n"));
	assert_true(g_str_has_suffix(kit->log->str, "gap up 5\ndown 250~ @150\n"));
}

static void the_other_direction_may_appear_late(void **state)
{
	struct kit *kit = *state;
	kit_say(kit, true, "S", 1000, 0, NULL, 0);
	for (unsigned i = 0; i < 30; i++)
		kit_up(kit, i * 5, 0, "DATA\n");
	kit_down(kit, 0, 150, "250\n");
	kit_up(kit, 150, 4, "QUIT\n");
	flow_table_end(kit->table);
	assert_true(g_str_has_suffix(kit->log->str, "down 250~ @150\nup QUIT~ @4\nend input\n"));
	assert_false(kit->last.one_sided);
}

static void a_reset_ahead_of_everything_may_be_forged(void **state)
{
	struct kit *kit = *state;
	struct flow_stats stats;
	kit_up(kit, 0, 0, "abc");
	kit_say(kit, false, "R", 5008, 0, NULL, 0);
	kit_down(kit, 0, 3, "250");
	kit_up(kit, 3, 3, "def");
	kit_down(kit, 3, 6, "250");
	flow_table_stats(kit->table, &stats);
	assert_int_equal(stats.invalid_resets, 0);
	/* One byte more than the reset left room for. */
	kit_down(kit, 6, 6, "25");
	flow_table_stats(kit->table, &stats);
	assert_int_equal(stats.invalid_resets, 1);
	kit_wait(kit, 61);
	kit_expect(kit, "up abc @0\ndown 250 @3\nup def @3\ndown 250 @6\ndown 25 @6\n");
}

static void a_close_before_a_reset_shows_that_it_was_forged(void **state)
{
	struct kit *kit = *state;
	kit_say(kit, false, "R", 5100, 0, NULL, 0);
	kit_say(kit, false, "FA", 5001, 1001, NULL, 0);
	kit_say(kit, true, "FA", 1001, 5002, NULL, 0);
	kit_say(kit, false, "A", 5002, 1002, NULL, 0);
	kit_expect(kit, "fin down\nfin up\nend fin\n");
	assert_false(kit->last.side[DOWN].rst);
}

static void bytes_recorded_behind_their_reset_are_used(void **state)
{
	struct kit *kit = *state;
	kit_say(kit, true, "R", 1007, 0, NULL, 0);
	kit_up(kit, 3, 0, "def");
	kit_expect(kit, "");
	kit_up(kit, 0, 0, "abc");
	kit_expect(kit, "up abc @0\nup def @0\n");
	kit_wait(kit, 61);
	kit_expect(kit, "end rst\n");
}

static void a_reset_ahead_of_everything_may_be_true(void **state)
{
	struct kit *kit = *state;
	kit_up(kit, 0, 0, "abc");
	kit_say(kit, false, "R", 5500, 0, NULL, 0);
	kit_wait(kit, 61);
	kit_expect(kit, "up abc @0\nend rst\n");
	assert_true(kit->last.side[DOWN].rst);
}

static void a_reset_ends_with_what_was_held(void **state)
{
	struct kit *kit = *state;
	kit_up(kit, 3, 0, "def");
	kit_say(kit, true, "R", 1007, 0, NULL, 0);
	kit_expect(kit, "");
	kit_wait(kit, 61);
	kit_expect(kit, "gap up 3\nup def @0\nend rst\n");
}

/* wait_for_the_first - COUNT segments of SIZE octets; the first and then the middle one come last. */
static void wait_for_the_first(struct kit *kit, uint32_t size, uint32_t count, bool backwards)
{
	uint8_t *truth = g_malloc(size * count);
	for (size_t i = 0; i < size * count; i++)
		truth[i] = (uint8_t)(i * 7 + i / 251);
	for (uint32_t n = 1; n <= count + 1; n++) {
		uint32_t i = n == count + 1 ? count / 2 : n == count ? 0 : backwards ? count - n : n;
		if (n > count || i != count / 2)
			kit_say(kit, true, "A", 1001 + i * size, 5001, truth + i * size, size);
	}
	assert_int_equal(kit->stream[UP]->len, size * count);
	assert_memory_equal(kit->stream[UP]->data, truth, size * count);
	g_free(truth);
}

static void data_megabytes_ahead_is_kept(void **state)
{
	wait_for_the_first(*state, 1448, 2200, false);
}

static void data_megabytes_ahead_is_kept_backwards(void **state)
{
	wait_for_the_first(*state, 1448, 2200, true);
}

static void many_small_segments_are_kept(void **state)
{
	wait_for_the_first(*state, 1, 10000, false);
}

static void many_small_segments_are_kept_backwards(void **state)
{
	wait_for_the_first(*state, 100, 10000, true);
}

static void a_few_large_segments_are_kept(void **state)
{
	wait_for_the_first(*state, 65495, 200, false);
}

static void segments_larger_than_a_packet_are_kept(void **state)
{
	wait_for_the_first(*state, 200000, 20, true);
}

static void what_is_held_is_bounded(void **state)
{
	struct kit *kit = *state;
	static char block[32768];
	for (uint32_t i = 0; i < 1024; i++)
		kit_say(kit, true, "A", 1001 + 100 + i * (uint32_t)sizeof block, 5001, block, sizeof block);
	/* The gap in front was given up in the end, and nothing else was lost. */
	assert_true(g_str_has_prefix(kit->log->str, "given-up up 100\n"));
	struct flow_stats stats;
	flow_table_stats(kit->table, &stats);
	assert_int_equal(stats.given_up_bytes, 100);
	assert_int_equal(stats.gap_bytes, 0);
	assert_int_equal(kit->stream[UP]->len, 1024 * sizeof block);
}

static void tiny_segments_that_are_held_are_bounded(void **state)
{
	struct kit *kit = *state;
	enum { COUNT = 10000 };
	for (uint32_t i = 0; i < COUNT; i++)
		kit_say(kit, true, "A", 1001 + 2 * i + 1, 5001, "x", 1);
	/* Some thousand wait, each with a gap before it; the others' gaps were given up. */
	assert_in_range(kit->stream[UP]->len, COUNT - 5000, COUNT - 4000);
}

/* ---- patience with a file ---- */

/* An acknowledged segment comes a thousand packets later; live that is a gap long before. */
static void a_file_is_waited_for(void **state)
{
	for (unsigned live = 0; live < 2; live++) {
		struct kit *kit = kit_new(NULL);
		flow_table_live(kit->table, live);
		kit_handshake(kit);
		kit_up(kit, 0, 0, "abc");
		kit_up(kit, 6, 0, "ghi");
		kit_down(kit, 0, 9, "250");
		pure_acks(kit, 1000, 9, 3);
		kit_up(kit, 3, 0, "def");
		kit_expect(
			kit, live ? "begin 1 client:40000 server:25\nup abc @0\ngap up 3\nup ghi @0\ndown 250 @9\n"
				  : "begin 1 client:40000 server:25\nup abc @0\nup def @0\nup ghi @0\ndown 250 @9\n");
		kit_free(kit);
	}
}

/* One direction comes as a whole after the other, handshake and all. */
static void a_direction_that_comes_later_is_waited_for(void **state)
{
	struct kit *kit = kit_new(NULL);
	kit_say(kit, true, "S", 1000, 0, NULL, 0);
	for (unsigned i = 0; i < 400; i++)
		kit_up(kit, 5 * i, 8 + 4 * i, "NOOP\n");
	kit_expect(kit, "");
	kit_say(kit, false, "SA", 5000, 1001, NULL, 0);
	kit_down(kit, 0, 0, "220 mx\r\n");
	for (unsigned i = 0; i < 400; i++)
		kit_down(kit, 8 + 4 * i, 5 * i + 5, "250\n");
	flow_table_end(kit->table);
	assert_int_equal(kit->last.side[UP].gap_bytes + kit->last.side[DOWN].gap_bytes, 0);
	assert_true(g_str_has_prefix(kit->log->str, "begin 1 client:40000 server:25\ndown 220 mx~ @0\nup NOOP~ @8\n"
						    "down 250~ @5\nup NOOP~ @12\ndown 250~ @10\n"));
	kit_free(kit);
}

static void a_file_is_not_waited_for_longer_than_an_idle_connection(void **state)
{
	struct kit *kit = kit_new(NULL);
	kit_handshake(kit);
	kit_up(kit, 3, 0, "def");
	kit_down(kit, 0, 6, "250");
	g_string_truncate(kit->log, 0);
	kit_wait(kit, 400);
	kit_up(kit, 6, 0, "ghi");
	kit_wait(kit, 199);
	kit_expect(kit, "");
	kit_wait(kit, 2);
	kit_expect(kit, "gap up 3\nup def @0\ndown 250 @6\nup ghi @0\n");
	kit_up(kit, 9, 3, "jkl");
	kit_expect(kit, "up jkl @3\n");
	kit_free(kit);
}

/* Bytes that wait for the other direction are bounded, and no effect comes before its cause. */
static void what_waits_for_the_other_direction_is_bounded(void **state)
{
	struct kit *kit = kit_new(NULL);
	static char block[32768];
	kit_handshake(kit);
	for (uint32_t i = 0; i < 300; i++)
		kit_say(kit, true, "A", 1001 + i * (uint32_t)sizeof block, 5001 + 10, block, sizeof block);
	assert_true(g_str_has_prefix(kit->log->str, "begin 1 client:40000 server:25\ngiven-up down 10\nup "));
	assert_int_equal(kit->stream[UP]->len, 300 * sizeof block);
	kit_free(kit);
}

/* libnids holds some 12,000 connections: more of them at once, each with a gap, and each without. */
static void more_connections_than_libnids_holds(void **state)
{
	struct kit *kit = *state;
	enum { COUNT = 15000 };
	for (unsigned round = 0; round < 4; round++)
		for (unsigned i = 0; i < COUNT; i++) {
			kit->client = (uint16_t)(20000 + i);
			if (round == 0)
				kit_handshake(kit);
			kit_up(kit, round * 3, 0, "abc");
		}
	g_string_truncate(kit->log, 0);
	static const struct {
		uint32_t offset, acked;
		const char *text;
	} held[] = { { 15, 0, "pqr" }, { 24, 0, "yz" }, { 21, 0, "vwx" }, { 17, 0, "rstu" }, { 26, 2, "()" },
		{ 30, 0, "!" } };
	kit_down(kit, 0, 12, "\n\n");
	for (size_t j = 0; j < G_N_ELEMENTS(held); j++)
		for (unsigned i = 0; i < COUNT; i++) {
			kit->client = (uint16_t)(20000 + i);
			kit_up(kit, held[j].offset, held[j].acked, held[j].text);
		}
	g_string_truncate(kit->log, 0);
	/* Not one gap was given up, and those that libnids had no room for are reported like the others. */
	for (unsigned i = 0; i < COUNT; i += 7) {
		kit->client = (uint16_t)(20000 + i);
		kit_down(kit, 0, 12, "\n\n");
		g_string_truncate(kit->log, 0);
		kit->stream[UP]->len = 0;
		kit_up(kit, 12, 0, "mno");
		assert_memory_equal(kit->stream[UP]->data, "mnopqrstuvwxyz()", 16);
		assert_int_equal(kit->stream[UP]->len, 16);
		kit_say(kit, true, "F", kit->client_isn + 1 + 31, 0, NULL, 0);
		kit_say(kit, false, "FA", kit->server_isn + 3, kit->client_isn + 1 + 32, NULL, 0);
		assert_int_equal(kit->stream[UP]->len, 16);
	}
	kit->mute = true;
	flow_table_end(kit->table);
	/* 26 octets of each, and three more where the gap was filled. */
	assert_int_equal(kit->bytes[UP], COUNT * 26 + (COUNT + 6) / 7 * 3);
	struct flow_stats stats;
	flow_table_stats(kit->table, &stats);
	assert_int_equal(stats.evicted, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, kit_tear_down)
#define BARE(name) cmocka_unit_test_setup_teardown(name, set_up_bare, kit_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(segments_are_put_in_order),
		TEST(both_directions_are_their_own),
		TEST(copies_are_delivered_once),
		TEST(the_first_copy_of_delivered_bytes_wins),
		TEST(the_first_copy_of_waiting_bytes_wins),
		TEST(a_segment_can_fill_several_holes),
		TEST(single_octets_are_a_conflict_as_well),
		TEST(probes_are_no_conflict),
		BARE(sequence_numbers_wrap),
		TEST(four_gigabytes_pass),
		TEST(acknowledged_bytes_that_never_come_are_a_gap),
		TEST(bytes_that_are_not_acknowledged_are_waited_for),
		TEST(an_acknowledgement_may_come_before_its_data),
		TEST(a_forged_acknowledgement_costs_nothing),
		TEST(holes_are_gaps_at_the_end),
		TEST(the_end_keeps_cause_before_effect),
		TEST(an_answer_recorded_before_its_question_is_told_after_it),
		TEST(acknowledgements_that_make_no_sense_stop_nothing),
		TEST(of_two_gaps_the_greeting_comes_first),
		TEST(a_lost_fin_is_no_gap),
		TEST(cut_payload_is_used_as_far_as_it_goes),
		TEST(a_fin_waits_for_the_bytes_before_it),
		TEST(a_fin_may_be_forged),
		TEST(more_than_a_fin_is_acknowledged),
		BARE(a_forged_fin_of_the_only_side),
		TEST(half_closed_connections_go_on),
		TEST(both_close_at_once),
		TEST(a_closed_connection_waits_a_little_for_what_is_late),
		TEST(a_closed_connection_with_a_hole_ends_soon),
		TEST(data_without_acknowledgement_is_dropped),
		TEST(data_outside_of_every_window_is_told),
		TEST(data_beyond_the_fin_was_forged),
		TEST(a_fin_before_data_may_be_forged),
		BARE(data_in_the_syn_is_data),
		BARE(data_in_the_syn_may_be_refused),
		cmocka_unit_test(refused_data_in_the_syn_may_be_another),
		BARE(data_in_the_syn_may_be_taken_in_part),
		BARE(the_syn_that_was_answered_counts),
		BARE(the_answer_that_was_acknowledged_counts),
		cmocka_unit_test(any_part_of_the_handshake_may_be_missing),
		BARE(a_late_syn_is_part_of_the_handshake),
		BARE(the_middle_begins_where_the_peer_says),
		BARE(the_middle_may_begin_out_of_order),
		BARE(a_keep_alive_does_not_begin_the_middle),
		BARE(what_is_left_of_a_closed_connection_is_no_session),
		BARE(only_the_client_is_seen),
		BARE(only_the_server_is_seen),
		BARE(the_other_direction_may_appear_late),
		TEST(a_reset_ahead_of_everything_may_be_forged),
		TEST(a_close_before_a_reset_shows_that_it_was_forged),
		TEST(bytes_recorded_behind_their_reset_are_used),
		TEST(a_reset_ahead_of_everything_may_be_true),
		TEST(a_reset_ends_with_what_was_held),
		TEST(data_megabytes_ahead_is_kept),
		TEST(data_megabytes_ahead_is_kept_backwards),
		TEST(many_small_segments_are_kept),
		TEST(many_small_segments_are_kept_backwards),
		TEST(a_few_large_segments_are_kept),
		TEST(segments_larger_than_a_packet_are_kept),
		TEST(what_is_held_is_bounded),
		TEST(tiny_segments_that_are_held_are_bounded),
		cmocka_unit_test(a_file_is_waited_for),
		cmocka_unit_test(a_direction_that_comes_later_is_waited_for),
		cmocka_unit_test(a_file_is_not_waited_for_longer_than_an_idle_connection),
		cmocka_unit_test(what_waits_for_the_other_direction_is_bounded),
		BARE(more_connections_than_libnids_holds),
	};
	return cmocka_run_group_tests(tests, reassembly_set_up, reassembly_tear_down);
}
