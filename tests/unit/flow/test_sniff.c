/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * test_sniff.c - is it SMTP? By first bytes alone, and within a connection on a port that says nothing.
 */
#include "kits/flow_kit.h"
#include "kits/reassembly.h"

#include <string.h>

#include "flow/sniff.h"

struct sample {
	const char *text;
	enum sniff verdict;
};

/* Every sample is asked whole and for each of its beginnings: a verdict that was reached must stay. */
static void check(enum sniff (*detect)(struct span bytes), const struct sample *samples, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		size_t size = strlen(samples[i].text);
		enum sniff verdict = SNIFF_UNDECIDED;
		for (size_t part = 1; part <= size; part++) {
			uint8_t *copy = g_memdup2(samples[i].text, part);
			enum sniff now = detect(span_of(copy, part));
			g_free(copy);
			if (verdict != SNIFF_UNDECIDED)
				assert_int_equal(now, verdict);
			verdict = now;
		}
		if (verdict != samples[i].verdict)
			fail_msg("%s: %d", samples[i].text, (int)verdict);
	}
}

static void the_client_greets(void **state)
{
	static const struct sample samples[] = {
		{ "EHLO me\r\n", SNIFF_SMTP },
		{ "helo me\n", SNIFF_SMTP },
		{ "LhLo me\r\n", SNIFF_SMTP },
		{ "EHLO\r\n", SNIFF_SMTP },
		{ "EHL", SNIFF_UNDECIDED },
		{ "EHLO", SNIFF_UNDECIDED },
		{ "EHLOX", SNIFF_OTHER },
		{ "GET / HTTP/1.1\r\n", SNIFF_OTHER },
		{ "USER anonymous\r\n", SNIFF_OTHER },
		{ "\x16\x03\x01", SNIFF_OTHER },
		{ "a1 LOGIN x y\r\n", SNIFF_OTHER },
		{ "HELP\r\n", SNIFF_OTHER },
	};
	check(sniff_client, samples, G_N_ELEMENTS(samples));
}

static void the_server_greets(void **state)
{
	static const struct sample samples[] = {
		{ "220 mx.example ESMTP Postfix\r\n", SNIFF_SMTP },
		{ "220-mx.example esmtp\r\n", SNIFF_SMTP },
		{ "220 mx.example LMTP\r\n", SNIFF_SMTP },
		{ "220-welcome\r\n220 mx.example ESMTP\r\n", SNIFF_SMTP },
		{ "220 2.0.0 ready\r\n", SNIFF_SMTP },
		{ "554 5.7.1 rejected\r\n", SNIFF_SMTP },
		{ "554 no\r\n", SNIFF_SMTP },
		{ "421 mx.example SMTP busy\r\n", SNIFF_SMTP },
		{ "220 (vsFTPd 3.0.3)\r\n", SNIFF_UNDECIDED },
		{ "220 ready\r\n", SNIFF_UNDECIDED },
		{ "421 Service not available\r\n", SNIFF_UNDECIDED },
		{ "+OK POP3 SMTP\r\n", SNIFF_OTHER },
		{ "* OK IMAP4\r\n", SNIFF_OTHER },
		{ "SSH-2.0-OpenSSH\r\n", SNIFF_OTHER },
		{ "2200 SMTP\r\n", SNIFF_OTHER },
		{ "200 news SMTP\r\n", SNIFF_OTHER },
		{ "5 SMTP\r\n", SNIFF_OTHER },
	};
	check(sniff_server, samples, G_N_ELEMENTS(samples));
}

static void set_port(struct kit *kit, uint16_t port)
{
	kit->server = port;
}

static int set_up(void **state)
{
	struct kit *kit = kit_new(NULL);
	set_port(kit, 10025);
	*state = kit;
	return 0;
}

static void a_banner_that_says_smtp_is_enough(void **state)
{
	struct kit *kit = *state;
	kit_handshake(kit);
	kit_expect(kit, "");
	kit_down(kit, 0, 0, "220 mx ES");
	kit_expect(kit, "");
	kit_down(kit, 9, 0, "MTP\r\n");
	kit_expect(kit, "begin 1 client:40000 server:10025\ndown 220 mx ES @0\ndown MTP~ @0\n");
}

static void a_banner_that_does_not_waits_for_the_client(void **state)
{
	struct kit *kit = *state;
	kit_handshake(kit);
	kit_down(kit, 0, 0, "220 hello\r\n");
	kit_expect(kit, "");
	kit_up(kit, 0, 11, "EHLO me\r\n");
	kit_expect(kit, "begin 1 client:40000 server:10025\ndown 220 hello~ @0\nup EHLO me~ @11\n");
}

static void ftp_is_not_smtp(void **state)
{
	struct kit *kit = *state;
	kit_handshake(kit);
	kit_down(kit, 0, 0, "220 (vsFTPd 3.0.3)\r\n");
	kit_up(kit, 0, 20, "USER anonymous\r\n");
	kit_down(kit, 20, 16, "331 SMTP\r\n");
	flow_table_end(kit->table);
	kit_expect(kit, "");
}

static void a_client_that_talks_http_may_still_meet_smtp(void **state)
{
	struct kit *kit = *state;
	kit_handshake(kit);
	kit_up(kit, 0, 0, "GET / HTTP/1.1\r\n\r\n");
	kit_expect(kit, "");
	kit_down(kit, 0, 18, "220 mx ESMTP\r\n");
	kit_expect(kit, "begin 1 client:40000 server:10025\nup GET / HTTP/1.1~~ @0\ndown 220 mx ESMTP~ @18\n");
}

static void http_is_not_smtp(void **state)
{
	struct kit *kit = *state;
	kit_handshake(kit);
	kit_up(kit, 0, 0, "GET / HTTP/1.1\r\n\r\n");
	kit_down(kit, 0, 18, "HTTP/1.1 200 OK\r\n");
	kit_up(kit, 18, 17, "EHLO me\r\n");
	kit_down(kit, 17, 27, "220 mx ESMTP\r\n");
	flow_table_end(kit->table);
	kit_expect(kit, "");
}

static void an_undecided_connection_is_given_up(void **state)
{
	struct kit *kit = *state;
	kit_handshake(kit);
	for (unsigned i = 0; i < 300; i++)
		kit_down(kit, i, 0, i == 0 ? "2" : i == 1 ? "2" : i == 2 ? "0" : i == 3 ? " " : "x");
	kit_up(kit, 0, 300, "EHLO me\r\n");
	flow_table_end(kit->table);
	kit_expect(kit, "");
}

static void out_of_order_first_bytes_count_in_order(void **state)
{
	struct kit *kit = *state;
	kit_handshake(kit);
	kit_down(kit, 4, 0, "mx ESMTP\r\n");
	kit_expect(kit, "");
	kit_down(kit, 0, 0, "220 ");
	kit_expect(kit, "begin 1 client:40000 server:10025\ndown 220  @0\ndown mx ESMTP~ @0\n");
}

static void commands_in_the_syn_count(void **state)
{
	struct kit *kit = *state;
	kit_say(kit, true, "S", 1000, 0, "EHLO me\r\n", 9);
	kit_say(kit, false, "SA", 5000, 1010, NULL, 0);
	kit_down(kit, 0, 9, "220 mx\r\n");
	kit_expect(kit, "begin 1 client:40000 server:10025\nup EHLO me~ @0\ndown 220 mx~ @9\n");
}

static void the_middle_of_a_session_is_told_by_its_commands(void **state)
{
	struct kit *kit = *state;
	kit->client = 999; /* the port alone would guess wrong */
	kit_down(kit, 300, 100, "250 ok\r\n");
	kit_up(kit, 100, 308, "MAIL FROM:<a@b>\r\n");
	kit_down(kit, 308, 117, "250 2.1.0 ok\r\n");
	flow_table_end(kit->table);
	kit_expect(kit, "begin 1 client:999 server:10025 midstream\ndown 250 ok~ @0\nup MAIL FROM:<a@b>~ @8\n"
			"down 250 2.1.0 ok~ @17\nend input\n");
}

static void the_middle_of_anything_else_is_not(void **state)
{
	struct kit *kit = *state;
	for (unsigned i = 0; i < 20; i++)
		kit_up(kit, i * 4, 0, "data");
	kit_up(kit, 80, 0, "EHLO me\r\n");
	flow_table_end(kit->table);
	kit_expect(kit, "");
}

static void detection_can_be_off(void **state)
{
	struct kit *kit = kit_new(&(struct flow_options){ .detect = false });
	set_port(kit, 10025);
	kit_handshake(kit);
	kit_down(kit, 0, 0, "220 mx ESMTP\r\n");
	kit_expect(kit, "");
	kit_free(kit);
}

static void ports_can_be_chosen(void **state)
{
	static const uint16_t ports[] = { 10025 };
	struct kit *kit = kit_new(&(struct flow_options){ .ports = ports, .port_count = 1 });
	set_port(kit, 10025);
	kit_handshake(kit);
	kit_expect(kit, "begin 1 client:40000 server:10025\n");
	set_port(kit, 25);
	kit_handshake(kit);
	kit_expect(kit, "");
	kit_free(kit);
}

static void known_ports_need_no_words(void **state)
{
	static const uint16_t ports[] = { 24, 25, 465, 587, 2525 };
	for (size_t i = 0; i < G_N_ELEMENTS(ports); i++) {
		struct kit *kit = kit_new(NULL);
		set_port(kit, ports[i]);
		kit_handshake(kit);
		char expected[80];
		g_snprintf(expected, sizeof expected, "begin 1 client:40000 server:%u%s\n", ports[i],
			ports[i] == 465 ? " tls" : "");
		kit_expect(kit, expected);
		kit_free(kit);
	}
}

/* The port of the client is no sign, whichever address is the lower one. */
static void a_client_on_a_known_port_is_no_server(void **state)
{
	for (unsigned lower = 0; lower < 2; lower++) {
		struct kit *kit = kit_new(NULL);
		kit->lower = lower;
		kit->client = 25;
		kit->server = 8080;
		kit_handshake(kit);
		kit_up(kit, 0, 0, "GET / HTTP/1.0\r\n\r\n");
		kit_down(kit, 0, 18, "HTTP/1.0 200 OK\r\n\r\n");
		flow_table_end(kit->table);
		kit_expect(kit, "");
		kit_free(kit);
		kit = kit_new(NULL);
		kit->lower = lower;
		kit_handshake(kit);
		kit_expect(kit, "begin 1 client:40000 server:25\n");
		kit_free(kit);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, kit_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_client_greets),
		cmocka_unit_test(the_server_greets),
		TEST(a_banner_that_says_smtp_is_enough),
		TEST(a_banner_that_does_not_waits_for_the_client),
		TEST(ftp_is_not_smtp),
		TEST(a_client_that_talks_http_may_still_meet_smtp),
		TEST(http_is_not_smtp),
		TEST(an_undecided_connection_is_given_up),
		TEST(out_of_order_first_bytes_count_in_order),
		TEST(commands_in_the_syn_count),
		TEST(the_middle_of_a_session_is_told_by_its_commands),
		TEST(the_middle_of_anything_else_is_not),
		cmocka_unit_test(detection_can_be_off),
		cmocka_unit_test(ports_can_be_chosen),
		cmocka_unit_test(known_ports_need_no_words),
		cmocka_unit_test(a_client_on_a_known_port_is_no_server),
	};
	return cmocka_run_group_tests(tests, reassembly_set_up, reassembly_tear_down);
}
