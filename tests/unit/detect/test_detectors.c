/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * test_detectors.c - each alert that the detectors own: what raises it, and a near miss that does not.
 *
 * The list is made from the catalogue, so a row of a detector without its case (detector_cases_*.c) does not link. Then
 * what is no single row.
 */
#include <string.h>

#include "detector_bench.h"
#include "kits/check.h"

static void (*const cases[ALERT_COUNT])(struct bench *b, bool hit) = {
#define X(number, id, severity, category, scope, by, counts, condition) [ALERT_##id] = CASE_BY_##by(id),
#define CASE_BY_DETECTOR(id) case_##id
#define CASE_BY_MACHINE(id) NULL
#define CASE_BY_RULE(id) NULL
	ALERTS(X)
#undef X
};

static void every_row_is_raised_and_nearly_raised(void **state)
{
	static const size_t steps[] = { 1, 3, 100000 };
	for (int id = 0; id < ALERT_COUNT; id++) {
		if (!cases[id]) /* tests/unit/smtp/test_session.c has those of the machine */
			continue;
		for (size_t i = 0; i < G_N_ELEMENTS(steps); i++) {
			struct bench b;
			bench_init(&b, steps[i]);
			cases[id](&b, true);
			if (b.raised[id] == 0)
				fail_msg("%s was not raised (step %zu)", alert_catalogue[id].name, steps[i]);
			bench_clear(&b);
			bench_init(&b, steps[i]);
			cases[id](&b, false);
			if (b.raised[id] != 0)
				fail_msg("%s was raised by a near miss (step %zu)", alert_catalogue[id].name, steps[i]);
			bench_clear(&b);
		}
	}
}

/* ---- what is no single row ---- */

static void an_ordinary_session_is_quiet(void **state)
{
	struct bench b;
	bench_init(&b, 10);
	bench_first(&b, "EHLO client.example\r\n", 21);
	bench_reply(&b, "", "220 mx ESMTP\r\n");
	bench_command(&b, "EHLO client.example\r\n");
	bench_reply(&b, "EHLO client.example\r\n", "250-mx\r\n250-PIPELINING\r\n250-SIZE 1000\r\n250 STARTTLS\r\n");
	bench_command(&b, "MAIL FROM:<prvs=1234=a@sender.example> SIZE=30\r\n");
	b.in_transaction = true;
	bench_reply(&b, "MAIL FROM:<a@sender.example>\r\n", "250 ok\r\n");
	bench_command(&b, "RCPT TO:<b+tag@dest.example>\r\n");
	bench_reply(&b, "RCPT TO:<b+tag@dest.example>\r\n", "250 ok\r\n");
	b.recipients = 1;
	bench_command(&b, "DATA\r\n");
	bench_reply(&b, "DATA\r\n", "354 go\r\n");
	bench_content(&b, "Subject: x\r\n\r\nGr\xfc\xdf"
			  "e ${name}\r\n");
	bench_header(&b, "Subject", "x");
	bench_reply(&b, ".", "250 taken\r\n");
	bench_command(&b, "QUIT\r\n");
	bench_reply(&b, "QUIT\r\n", "221 bye\r\n");
	detector_end(b.detector, &b.flow);
	for (int id = 0; id < ALERT_COUNT; id++)
		assert_int_equal(b.raised[id], 0);
	bench_clear(&b);
}

static void holes_explain_bare_ends(void **state)
{
	struct bench b;
	bench_init(&b, 1);
	detector_content_begin(b.detector, &b.tx);
	detector_content(b.detector, &b.tx, span_of_text("one\r"));
	detector_content_gap(b.detector, &b.tx, 100);
	detector_content(b.detector, &b.tx, span_of_text("\ntwo\r\n"));
	detector_transaction_end(b.detector, b.at, &b.tx);
	assert_int_equal(b.raised[ALERT_bare_lf] + b.raised[ALERT_bare_cr], 0);
	bench_clear(&b);
}

static void early_pipelining_is_remembered(void **state)
{
	struct bench b;
	bench_init(&b, 1);
	assert_false(detectors_early_pipeline(b.detectors, &b.flow.client, &b.flow.server));
	bench_reply(&b, "EHLO x\r\n", "250-mx\r\n250 X_PIPE_CONNECT\r\n");
	assert_true(detectors_early_pipeline(b.detectors, &b.flow.client, &b.flow.server));
	assert_false(detectors_early_pipeline(b.detectors, &b.flow.server, &b.flow.client));
	bench_clear(&b);
}

/* Another pair of addresses has its own counters. */
static void pairs_are_counted_apart(void **state)
{
	struct bench b;
	bench_init(&b, 1);
	for (uint8_t i = 0; i < 40; i++) {
		b.flow.client.octets[3] = i % 10;
		bench_session(&b);
		bench_auth(&b, "PLAIN", "alice", "guess", 535);
	}
	assert_int_equal(b.raised[ALERT_auth_bruteforce], 0);
	b.flow.client.octets[3] = 3;
	bench_session(&b);
	bench_auth(&b, "PLAIN", "alice", "guess", 535);
	assert_int_equal(b.raised[ALERT_auth_bruteforce], 1);
	assert_has(b.description, "from 192.0.2.3 to 192.0.2.25");
	bench_clear(&b);
}

static void thresholds_are_the_users(void **state)
{
	struct bench b;
	bench_init(&b, 1);
	b.options.thresholds[ALERT_auth_bruteforce] = (struct threshold){ 2, 10 };
	b.options.thresholds[ALERT_command_too_long].count = 20;
	bench_auth(&b, "PLAIN", "alice", "guess", 535);
	bench_wait(&b, 11);
	bench_auth(&b, "PLAIN", "alice", "guess", 535);
	assert_int_equal(b.raised[ALERT_auth_bruteforce], 0);
	bench_auth(&b, "PLAIN", "alice", "guess", 535);
	assert_int_equal(b.raised[ALERT_auth_bruteforce], 1);
	bench_command(&b, "NOOP 1234567890123456\r\n");
	assert_int_equal(b.raised[ALERT_command_too_long], 1);
	bench_clear(&b);
}

static void illegal_commands_are_the_users(void **state)
{
	struct bench b;
	char etrn[] = "ETRN";
	bench_init(&b, 1);
	b.options.illegal_commands = g_ptr_array_new();
	g_ptr_array_add(b.options.illegal_commands, etrn);
	bench_command(&b, "etrn x\r\n");
	assert_int_equal(b.raised[ALERT_illegal_command], 1);
	bench_command(&b, "WIZ\r\n");
	assert_int_equal(b.raised[ALERT_illegal_command], 1);
	g_ptr_array_free(b.options.illegal_commands, TRUE);
	bench_clear(&b);
}

/* Odd octets of any kind: the descriptions stay UTF-8 (take_alert looks), nothing is read beyond its end. */
static void secrets_are_not_shown(void **state)
{
	struct bench b;
	bench_init(&b, 1);
	b.credentials = true;
	bench_command_bytes(&b, (struct span){ (const uint8_t *)"AUTH PLAIN s\xe9"
								"cr\0\ret\n",
					20 });
	assert_true(b.raised[ALERT_bare_lf] && b.raised[ALERT_bare_cr] && b.raised[ALERT_nul_byte]);
	assert_true(b.raised[ALERT_eight_bit_command]);
	assert_string_equal(b.evidence, "");
	bench_clear(&b);
}

/* Lines are measured, and their ends judged, among many that are in order, however the content is cut into pieces. */
static void one_line_among_many(void **state)
{
	static const size_t steps[] = { 1, 2, 37, 512, 1000, 1448, 100000 };
	static const struct {
		size_t filler;
		const char *end;
		enum alert_id id; /* ALERT_COUNT: none */
	} lines[] = { { 998, "\r\n", ALERT_COUNT }, { 999, "\r\n", ALERT_data_line_too_long },
		{ 20, "\n", ALERT_bare_lf }, { 20, "\rx\r\n", ALERT_bare_cr }, { 20, "\r\r\n", ALERT_bare_cr } };
	for (size_t i = 0; i < G_N_ELEMENTS(lines) * G_N_ELEMENTS(steps); i++) {
		size_t line = i / G_N_ELEMENTS(steps);
		struct bench b;
		bench_init(&b, steps[i % G_N_ELEMENTS(steps)]);
		GString *content = g_string_new(NULL);
		for (size_t before = 0; before < 60; before++)
			g_string_append(content, "an ordinary line of a mail, which is in order\r\n");
		for (size_t at = 0; at < lines[line].filler; at++)
			g_string_append_c(content, 'a');
		g_string_append_printf(content, "%s\r\nthe last line\r\n", lines[line].end);
		bench_content_bytes(&b, span_of(content->str, content->len));
		for (enum alert_id id = 0; id < ALERT_COUNT; id++)
			assert_int_equal(b.raised[id], id == lines[line].id);
		g_string_free(content, TRUE);
		bench_clear(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row_is_raised_and_nearly_raised),
		cmocka_unit_test(an_ordinary_session_is_quiet),
		cmocka_unit_test(holes_explain_bare_ends),
		cmocka_unit_test(early_pipelining_is_remembered),
		cmocka_unit_test(pairs_are_counted_apart),
		cmocka_unit_test(thresholds_are_the_users),
		cmocka_unit_test(illegal_commands_are_the_users),
		cmocka_unit_test(secrets_are_not_shown),
		cmocka_unit_test(one_line_among_many),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
