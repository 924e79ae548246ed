/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * fuzz_rules.c - a fuzz target: rules in Lua with their patterns, a list of indicators and rules of YARA are loaded,
 * and see connections that have all kinds of events. What they raise and tag goes into records, which keep their
 * promises (records.h).
 *
 * The input is a file of rules, then a list and a file of YARA rules, each after a NUL. So a file of rules is a seed.
 */
#include "analysis/conversation.h"
#include "fuzz.h"
#include "records.h"

#define CONNECTIONS 2 /* of one pair of addresses, of which rules remember things */

struct line {
	enum direction direction;
	const char *text;
};

static const struct line dialogue[] = {
	{ DOWN, "220 mx.example ESMTP\r\n" },
	{ UP, "EHLO client.example\r\n" },
	{ DOWN, "250-mx.example\r\n250-PIPELINING\r\n250-AUTH PLAIN\r\n250 STARTTLS\r\n" },
	{ UP, "AUTH PLAIN AGFubmEAc2VjcmV0\r\n" },
	{ DOWN, "235 2.7.0 ok\r\n" },
	{ UP, "MAIL FROM:<anna@example.com> SIZE=1000\r\n" },
	{ DOWN, "250 2.1.0 ok\r\n" },
	{ UP, "RCPT TO:<bert@example.net>\r\n" },
	{ DOWN, "250 2.1.5 ok\r\n" },
	{ UP, "RCPT TO:<nobody@example.net>\r\n" },
	{ DOWN, "550 5.1.1 no such user\r\n" },
	{ UP, "DATA\r\n" },
	{ DOWN, "354 go on\r\n" },
	{ UP, "Received: from [192.0.2.7] by mx.example; Thu, 1 Jan 2026 00:00:00 +0000\r\n"
	      "From: =?utf-8?q?Anna_?= <anna@example.com>\r\nTo: bert@example.net\r\nSubject: Invoice\r\n"
	      "Message-ID: <1@example.com>\r\nMIME-Version: 1.0\r\n"
	      "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
	      "Content-Type: text/html; charset=utf-8\r\n\r\n"
	      "<p>Your password at <a href=\"http://evil.example/x?y=1\">http://bank.example/</a></p>\r\n--b\r\n" },
	{ UP, "Content-Type: application/pdf; name=\"invoice.pdf.exe\"\r\nContent-Transfer-Encoding: base64\r\n"
	      "Content-Disposition: attachment; filename=\"invoice.pdf.exe\"\r\n\r\n"
	      "TVqQAAMAAAAEAAAA//8AALgAAAAAAAAAQAAAAAAAAAA=\r\n--b--\r\n.\r\n" },
	{ DOWN, "250 2.0.0 queued\r\n" },
	{ UP, "VRFY root\r\n" },
	{ DOWN, "252 try\r\n" },
	{ UP, "STARTTLS\r\n" },
	{ DOWN, "220 go on\r\n" },
};
/* A ClientHello of TLS 1.2 with a server's name. */
static const uint8_t hello[] = "\x16\x03\x01\x00\x43\x01\x00\x00\x3f\x03\x03"
			       "0123456789abcdef0123456789abcdef\x00\x00\x02\xc0\x2f\x01\x00\x00\x14"
			       "\x00\x00\x00\x10\x00\x0e\x00\x00\x0bmx.example0";

/* play - the connection. */
static void play(struct analysis_context *shared, uint64_t number)
{
	const struct flow_sink *sink = &conversation_flow_sink;
	struct flow flow = { .id = number, .client = { 4, { 192, 0, 2, 1 } }, .server = { 4, { 192, 0, 2, 2 } } };
	uint64_t sent[2] = { 0, 0 };
	void *user = sink->begin(shared, &flow);
	for (size_t i = 0; i < G_N_ELEMENTS(dialogue); i++) {
		const struct line *line = &dialogue[i];
		const size_t size = strlen(line->text);
		output_packet_done(shared->output);
		shared->now.packet++;
		sink->bytes(user, line->direction, (const uint8_t *)line->text, size,
			sent[direction_other(line->direction)]);
		sent[line->direction] += size;
	}
	sink->bytes(user, UP, hello, sizeof hello - 1, sent[DOWN]);
	flow.why = FLOW_END_INPUT;
	sink->end(user, &flow);
}

/* look - what the rules make of the connection. */
static void look(struct rules *rules)
{
	static struct options options;
	if (!options.captures) {
		require(command_line(&options, "--events=all --alert-limit=0 capture") == OPTIONS_RUN);
		mail_init();
	}
	struct records *records = records_new();
	struct output *output = output_new(records_lines, records);
	struct output_options output_options = options.output;
	struct analysis_context shared = {
		.options = &options, .output = output, .mail = options.mail, .want_mail = true
	};
	output_options.filename = "capture";
	output_begin(output, &output_options);
	options.rules = rules;
	shared.mail.parse = true;
	shared.mail.watch = rules_watches(rules) ? &conversation_mail_watch : NULL;
	shared.detectors = detectors_new(&options.detectors);
	rules_begin(rules);
	for (unsigned i = 0; i < CONNECTIONS; i++)
		play(&shared, i);
	output_packet_done(output);
	detectors_free(shared.detectors);
	output_free(output);
	records_end(records, &shared.stats);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char paths[3][FUZZ_PATH_MAX];
	char *lists[3][2];
	int files[3];
	GError *error = NULL;
	for (size_t i = 0; i < 3; i++) {
		const uint8_t *piece;
		const size_t length = fuzz_next(&data, &size, &piece);
		files[i] = fuzz_file(piece, length, paths[i]);
		lists[i][0] = paths[i];
		lists[i][1] = NULL;
	}
	const struct rules_options options = { .rules = lists[0], .ioc = lists[1], .yara = lists[2] };
	struct rules *rules = rules_new(&options, &error);
	require(!rules != !error);
	if (rules) {
		g_free(rules_list(rules));
		look(rules);
	}
	rules_free(rules);
	g_clear_error(&error);
	for (size_t i = 0; i < 3; i++)
		close(files[i]);
	return 0;
}
