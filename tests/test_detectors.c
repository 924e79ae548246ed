/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * test_detectors.c - each alert that the detectors own: what raises it, and a near miss that does not.
 *
 * One function for each id, twice called: with `hit` it must raise the alert, else it must raise nothing of that id.
 * The walk over the catalogue fails when a row lacks its function. Events are made by hand, as the session would tell
 * them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <arpa/inet.h>
#include <cmocka.h>

#include "detectors.h"

/* ---- the bench: one detector, and what it raised ---- */

struct bench {
	struct detector_options options;
	struct detectors *detectors;
	struct flow flow;
	struct detector *detector;
	struct moment at;
	struct transaction tx;
	struct mail mail;
	unsigned raised[ALERT_COUNT];
	enum severity severity; /* of the last one */
	char *description, *evidence;
	size_t step; /* content is fed in pieces of this size */
	/* what the session would know of the next command */
	bool in_transaction, refusal_unknown, smtputf8, credentials, continuation;
	unsigned recipients;
};

static struct span text(const char *string)
{
	return (struct span){ (const uint8_t *)string, strlen(string) };
}

static void take_alert(void *context, const struct alert *alert)
{
	struct bench *b = context;
	b->raised[alert->id]++;
	b->severity = alert->severity;
	g_free(b->description);
	g_free(b->evidence);
	b->description = g_strdup(alert->description);
	b->evidence = g_strndup(alert->evidence.size ? (const char *)alert->evidence.data : "", alert->evidence.size);
	assert_true(alert->evidence.size <= 256);
	assert_true(g_utf8_validate(alert->description, -1, NULL));
	assert_true(strlen(alert->description) > 20);
}

static void session(struct bench *b)
{
	detector_free(b->detector);
	b->detector = detector_new(b->detectors, &b->flow, take_alert, b);
}

static void bench_init(struct bench *b, size_t step)
{
	memset(b, 0, sizeof *b);
	b->step = step;
	b->at = (struct moment){ 1, INT64_C(1700000000) * NANOSECONDS_PER_SECOND };
	b->flow.client = (struct address){ 4, { 192, 0, 2, 1 } };
	b->flow.server = (struct address){ 4, { 192, 0, 2, 25 } };
	b->flow.server_port = 25;
	b->tx.params = g_ptr_array_new();
	b->tx.recipients = g_ptr_array_new();
	b->tx.mail_from = g_string_new("<a@sender.example>");
	b->tx.outcome = OUTCOME_ACCEPTED;
	b->mail.headers = g_ptr_array_new();
	b->mail.parts = g_ptr_array_new();
	b->mail.defects = g_ptr_array_new();
	b->mail.text = g_string_new("hello");
	b->detectors = detectors_new(&b->options);
	session(b);
}

static void bench_clear(struct bench *b)
{
	detector_free(b->detector);
	detectors_free(b->detectors);
	g_ptr_array_free(b->tx.params, TRUE);
	g_ptr_array_free(b->tx.recipients, TRUE);
	g_string_free(b->tx.mail_from, TRUE);
	g_ptr_array_free(b->mail.headers, TRUE);
	g_ptr_array_free(b->mail.parts, TRUE);
	g_ptr_array_free(b->mail.defects, TRUE);
	g_string_free(b->mail.text, TRUE);
	g_free(b->description);
	g_free(b->evidence);
}

/* command_bytes - one line of the client, with its end. */
static void command_bytes(struct bench *b, struct span line)
{
	size_t used;
	struct session_command command = { .state = "command",
		.tx = 0,
		.in_transaction = b->in_transaction,
		.refusal_unknown = b->refusal_unknown,
		.smtputf8 = b->smtputf8,
		.credentials = b->credentials,
		.continuation = b->continuation,
		.accepted_recipients = b->recipients };
	command.valid = grammar_command(line, true, &command.parsed, &used) == PARSE_DONE;
	detector_command(b->detector, b->at, &command);
}

static void command(struct bench *b, const char *line)
{
	command_bytes(b, text(line));
}

static void command_long(struct bench *b, const char *start, size_t filler, const char *end)
{
	GString *line = g_string_new(start);
	for (size_t i = 0; i < filler; i++)
		g_string_append_c(line, 'a');
	g_string_append(line, end);
	command_bytes(b, (struct span){ (const uint8_t *)line->str, line->len });
	g_string_free(line, TRUE);
}

/* reply_bytes - the reply to a command, all lines of it. */
static void reply_bytes(struct bench *b, const char *to, struct span bytes)
{
	struct reply_line lines[10];
	struct command parsed = { .verb = VERB_UNKNOWN };
	struct session_response response = { .lines = lines, .state = "response", .tx = -1 };
	size_t used;
	if (*to && strcmp(to, ".") != 0) {
		assert_int_equal(grammar_command(text(to), true, &parsed, &used), PARSE_DONE);
		response.to = parsed.verb;
		response.to_name = parsed.name;
		response.argument = parsed.argument;
	}
	response.end_of_data = strcmp(to, ".") == 0;
	while (bytes.size > 0) {
		assert_int_equal(grammar_reply_line(bytes, true, &lines[response.line_count], &used), PARSE_DONE);
		response.code_mismatch |= lines[response.line_count].code != lines[0].code;
		response.line_count++;
		bytes = (struct span){ bytes.data + used, bytes.size - used };
	}
	response.code = lines[0].code;
	detector_response(b->detector, b->at, &response);
}

static void reply(struct bench *b, const char *to, const char *lines)
{
	reply_bytes(b, to, text(lines));
}

static void content_bytes(struct bench *b, struct span content)
{
	detector_content_begin(b->detector, &b->tx);
	for (size_t at = 0; at < content.size; at += b->step) {
		size_t size = MIN(b->step, content.size - at);
		uint8_t *copy = g_memdup2(content.data + at, size);
		detector_content(b->detector, &b->tx, (struct span){ copy, size });
		g_free(copy);
	}
	b->tx.content_begun = b->tx.content_whole = true;
	b->tx.content_bytes = content.size;
	detector_transaction_end(b->detector, b->at, &b->tx);
}

static void content(struct bench *b, const char *octets)
{
	content_bytes(b, text(octets));
}

/* body - BODY=VALUE of MAIL */
static void content_as(struct bench *b, const char *value, const char *octets)
{
	struct mail_param param = { g_string_new("BODY"), g_string_new(value) };
	g_ptr_array_add(b->tx.params, &param);
	content(b, octets);
	g_ptr_array_set_size(b->tx.params, 0);
	g_string_free(param.keyword, TRUE);
	g_string_free(param.value, TRUE);
}

static void recipient(struct bench *b, const char *path, enum recipient_status status)
{
	struct recipient r = { .path = g_string_new(path), .status = status };
	g_ptr_array_add(b->tx.recipients, &r);
	detector_transaction_end(b->detector, b->at, &b->tx);
	g_ptr_array_set_size(b->tx.recipients, 0);
	g_string_free(r.path, TRUE);
}

static void auth(struct bench *b, const char *mechanism, const char *user, const char *password, unsigned code)
{
	struct session_auth a = { .mechanism = g_string_new(mechanism),
		.username = user ? g_string_new(user) : NULL,
		.password = password ? g_string_new(password) : NULL,
		.success = code == 235,
		.cancelled = code == 501,
		.code = code };
	detector_auth(b->detector, b->at, &a);
	g_string_free(a.mechanism, TRUE);
	if (a.username)
		g_string_free(a.username, TRUE);
	if (a.password)
		g_string_free(a.password, TRUE);
}

static void header(struct bench *b, const char *name, const char *value)
{
	char *copy = g_strdup(name);
	struct mail_header h = { copy, g_string_new(value) };
	g_ptr_array_add(b->mail.headers, &h);
	detector_mail(b->detector, &b->tx, &b->mail);
	g_ptr_array_set_size(b->mail.headers, 0);
	g_string_free(h.value, TRUE);
	g_free(copy);
}

static void mail_text(struct bench *b, const char *octets)
{
	g_string_assign(b->mail.text, octets);
	detector_mail(b->detector, &b->tx, &b->mail);
}

static void file_bytes(struct bench *b, const char *name, const char *type, const void *head, size_t size)
{
	struct mail_part part = {
		.filename = g_strdup(name), .content_type = g_strdup(type), .attachment = name != NULL
	};
	assert_true(size <= sizeof part.head);
	memcpy(part.head, head, part.head_size = size);
	g_ptr_array_add(b->mail.parts, &part);
	detector_mail(b->detector, &b->tx, &b->mail);
	g_ptr_array_set_size(b->mail.parts, 0);
	g_free(part.filename);
	g_free(part.content_type);
}

static void file(struct bench *b, const char *name, const char *type)
{
	file_bytes(b, name, type, "nothing", 7);
}

#define WINDOWS_PROGRAM "MZ\x90\0\3\0\0\0\4", 9

static void defect(struct bench *b, enum mime_defect_kind kind)
{
	char words[] = "something about the MIME structure";
	struct mime_defect d = { kind, words, NULL };
	g_ptr_array_add(b->mail.defects, &d);
	detector_mail(b->detector, &b->tx, &b->mail);
	g_ptr_array_set_size(b->mail.defects, 0);
}

static void handshake(struct bench *b, uint16_t version, int64_t not_before, int64_t not_after)
{
	char subject[] = "CN=mx.example.org", name[] = "TLSvX";
	struct tls_info info = { .server_hello = true,
		.version = name,
		.version_number = version,
		.has_certificate = not_after != 0,
		.subject = subject,
		.not_before = b->at.time + not_before * NANOSECONDS_PER_SECOND,
		.not_after = b->at.time + not_after * NANOSECONDS_PER_SECOND };
	detector_tls(b->detector, b->at, &info);
}

static void first(struct bench *b, const char *octets, size_t size)
{
	for (size_t at = 0; at < size; at += b->step)
		detector_client_bytes(
			b->detector, (struct span){ (const uint8_t *)octets + at, MIN(b->step, size - at) });
}

static void wait(struct bench *b, int seconds)
{
	b->at.time += seconds * NANOSECONDS_PER_SECOND;
	b->at.packet++;
}

/* ---- protocol ---- */

static void unknown_command(struct bench *b, bool hit)
{
	command(b, hit ? "XYZZY\r\n" : "XFORWARD NAME=x\r\n");
	if (hit)
		assert_string_equal(b->evidence, "XYZZY\r\n");
	b->continuation = b->credentials = true;
	command(b, "dGVzdA==\r\n");
}

static void bad_sequence(struct bench *b, bool hit)
{
	b->refusal_unknown = !hit;
	command(b, "RCPT TO:<a@b.example>\r\n");
	command(b, "DATA\r\n");
	command(b, "BDAT 5 LAST\r\n");
	b->in_transaction = true;
	command(b, "MAIL FROM:<a@b.example>\r\n");
	assert_int_equal(b->raised[ALERT_bad_sequence], hit ? 4 : 0);
	b->refusal_unknown = false;
	command(b, "RCPT TO:<a@b.example>\r\n");
	b->recipients = 1;
	command(b, "DATA\r\n");
	b->in_transaction = false;
	command(b, "MAIL FROM:<a@b.example>\r\n");
	b->in_transaction = true;
	command(b, "EHLO again\r\n"); /* even if it is refused, a client may rely on it */
	command(b, "MAIL FROM:<a@b.example>\r\n");
	b->in_transaction = false;
	assert_int_equal(b->raised[ALERT_bad_sequence], hit ? 4 : 0);
	/* where something is missing, nobody knows */
	detector_gap(b->detector, UP, 100, 10);
	command(b, "RCPT TO:<a@b.example>\r\n");
	assert_int_equal(b->raised[ALERT_bad_sequence], hit ? 4 : 0);
}

static void reply_code_mismatch(struct bench *b, bool hit)
{
	reply(b, "NOOP\r\n", hit ? "250-one\r\n251 two\r\n" : "250-one\r\n250 two\r\n");
}

static void illegal_command(struct bench *b, bool hit)
{
	command(b, hit ? "wiz\r\n" : "HELP\r\n");
	assert_int_equal(b->raised[ALERT_unknown_command], 0);
}

static void size_exceeded(struct bench *b, bool hit)
{
	GString *mail = g_string_new(NULL);
	while (mail->len < 2000)
		g_string_append(mail, "12345678\r\n");
	b->tx.declared_size = hit ? 1352 : 1353; /* and a tenth, and 512 for header fields */
	content(b, mail->str);
	b->tx.declared_size = 0;
	b->tx.size_limit = hit ? 1999 : 2000;
	content(b, mail->str);
	g_string_free(mail, TRUE);
	assert_int_equal(b->raised[ALERT_size_exceeded], hit ? 2 : 0);
}

static void bare_lf(struct bench *b, bool hit)
{
	command(b, hit ? "NOOP\n" : "NOOP\r\n");
	reply(b, "NOOP\r\n", hit ? "250 ok\n" : "250 ok\r\n");
	content(b, hit ? "one\r\ntwo\nthree\nfour\r\n" : "one\r\n\r\ntwo\r\n");
	content_as(b, "BINARYMIME", "one\ntwo\n");
	assert_int_equal(b->raised[ALERT_bare_lf], hit ? 3 : 0);
}

static void bare_cr(struct bench *b, bool hit)
{
	command(b, hit ? "NOOP a\rb\r\n" : "NOOP a b\r\n");
	reply(b, "NOOP\r\n", hit ? "250 o\rk\r\n" : "250 ok\r\n");
	content(b, hit ? "one\rtwo\rthree\r\n" : "one\r\n\r\ntwo\r\n");
	content(b, hit ? "one\r\r\n" : "one");
	content(b, hit ? "one\r" : "one\r\n");
	content_as(b, "BINARYMIME", "one\rtwo");
	content_as(b, "8BITMIME", "one\r\ntwo\r\n");
	assert_int_equal(b->raised[ALERT_bare_cr], hit ? 5 : 0);
}

static void nul_byte(struct bench *b, bool hit)
{
	command_bytes(b, (struct span){ (const uint8_t *)(hit ? "NOOP a\0b\r\n" : "NOOP a b\r\n"), 10 });
	reply_bytes(b, "NOOP\r\n", (struct span){ (const uint8_t *)(hit ? "250 a\0b\r\n" : "250 a b\r\n"), 9 });
	assert_true(!hit || b->severity == SEVERITY_MEDIUM);
	content_bytes(b, (struct span){ (const uint8_t *)(hit ? "a\0b\0\r\n" : "a b c\r\n"), 6 });
	assert_true(!hit || b->severity == SEVERITY_LOW);
	assert_int_equal(b->raised[ALERT_nul_byte], hit ? 3 : 0);
}

static void eight_bit_command(struct bench *b, bool hit)
{
	b->smtputf8 = !hit;
	command(b, "MAIL FROM:<j\xc3\xb6rg@b.example>\r\n");
}

/* ---- limits ---- */

static void command_too_long(struct bench *b, bool hit)
{
	reply(b, "EHLO x\r\n", "250-mx\r\n250 SIZE 1000\r\n");
	command_long(b, "NOOP ", 505 + hit, "\r\n");
	assert_true(!hit || strstr(b->description, "513 octets, 512"));
	command_long(b, "MAIL FROM:<", 512 + 26 - 22 + hit, "> SIZE=10\r\n");
	command_long(b, "MAIL FROM:<", 512 + 26 - 22, "> SIZE=10\r\n");
	assert_int_equal(b->raised[ALERT_command_too_long], hit ? 2 : 0);
	b->credentials = true;
	command_long(b, "AUTH PLAIN ", 12288 - 13 + hit, "\r\n");
	assert_int_equal(b->raised[ALERT_command_too_long], hit ? 3 : 0);
	assert_true(!hit || strcmp(b->evidence, "AUTH") == 0);
}

static void helo_too_long(struct bench *b, bool hit)
{
	command_long(b, "EHLO ", 1024 + hit, "\r\n");
}

static void response_too_long(struct bench *b, bool hit)
{
	GString *line = g_string_new("250 ");
	for (size_t i = 0; i < 506u + hit; i++)
		g_string_append_c(line, 'a');
	g_string_append(line, "\r\n");
	reply(b, "NOOP\r\n", line->str);
	assert_int_equal(b->raised[ALERT_response_too_long], hit);
	reply(b, "EHLO x\r\n", line->str);
	assert_int_equal(b->raised[ALERT_response_too_long], hit);
	g_string_free(line, TRUE);
}

static void data_line_too_long(struct bench *b, bool hit)
{
	GString *mail = g_string_new("Subject: long\r\n");
	for (int line = 0; line < 3; line++) {
		for (size_t i = 0; i < 998u + hit; i++)
			g_string_append_c(mail, (char)('a' + line));
		g_string_append(mail, "\r\n");
	}
	content(b, mail->str);
	assert_int_equal(b->raised[ALERT_data_line_too_long], hit);
	assert_true(!hit || (strstr(b->description, "1001 octets") && g_str_has_prefix(b->evidence, "aaaa")));
	content_as(b, "BINARYMIME", mail->str);
	assert_int_equal(b->raised[ALERT_data_line_too_long], hit);
	/* the last line has no end */
	g_string_truncate(mail, mail->len - 2);
	content(b, mail->str + 15 + 2 * (1000 + hit) - (hit ? 3 : 0));
	assert_int_equal(b->raised[ALERT_data_line_too_long], hit);
	g_string_append(mail, "aaa");
	content(b, mail->str + 15 + 2 * (1000 + hit) + (hit ? 0 : 3));
	assert_int_equal(b->raised[ALERT_data_line_too_long], hit ? 2 : 0);
	g_string_free(mail, TRUE);
}

static void too_many_recipients(struct bench *b, bool hit)
{
	b->options.thresholds[ALERT_too_many_recipients].count = 100;
	b->in_transaction = true;
	for (int i = 0; i < 100 + 2 * hit; i++)
		command(b, "RCPT TO:<a@b.example>\r\n");
	assert_int_equal(b->raised[ALERT_too_many_recipients], hit);
}

static void too_many_invalid(struct bench *b, bool hit)
{
	for (int i = 0; i < 25 + 2 * hit; i++)
		reply(b, "NOOP\r\n", "500 no\r\n");
	reply(b, "NOOP\r\n", "450 no\r\n");
	reply(b, ".", "550 no\r\n");
	assert_int_equal(b->raised[ALERT_too_many_invalid], hit);
}

/* ---- attack ---- */

static void starttls_stripped(struct bench *b, bool hit)
{
	reply(b, "EHLO x\r\n", hit ? "250-mx\r\n250-XXXXXXXA\r\n250 DSN\r\n" : "250-mx\r\n250-XEXCH50\r\n250 XXX\r\n");
	assert_true(!hit || (b->severity == SEVERITY_HIGH && strcmp(b->evidence, "250-XXXXXXXA\r\n") == 0));
	session(b);
	reply(b, "EHLO x\r\n", hit ? "250-mx\r\n250 XXXXXXXX\r\n" : "250-mx\r\n250-XXXXXXXX\r\n250 STARTTLS\r\n");
	session(b);
	command(b, hit ? "XXXXXXXX\r\n" : "XXX\r\n");
	command(b, "XXXXXXXXXXXXXXX\r\n");
	assert_int_equal(b->raised[ALERT_starttls_stripped], hit ? 3 : 0);
	session(b);
	reply(b, "EHLO x\r\n", "250-mx\r\n250 STARTTLS\r\n");
	session(b);
	b->flow.server_port = hit ? 25 : 2525;
	reply(b, "EHLO x\r\n", "250-mx\r\n250 DSN\r\n");
	assert_true(!hit || b->severity == SEVERITY_MEDIUM);
	reply(b, "HELO x\r\n", "250 mx\r\n");
	assert_int_equal(b->raised[ALERT_starttls_stripped], hit ? 4 : 0);
}

static void tls_refused(struct bench *b, bool hit)
{
	reply(b, "STARTTLS\r\n", hit ? "454 not now\r\n" : "220 go\r\n");
	reply(b, "NOOP\r\n", "454 not now\r\n");
}

static void user_enumeration(struct bench *b, bool hit)
{
	command(b, "VRFY root\r\n");
	command(b, "EXPN staff\r\n");
	wait(b, hit ? 300 : 301);
	command(b, "VRFY bin\r\n");
	assert_int_equal(b->raised[ALERT_user_enumeration], hit);
	command(b, "VRFY bin\r\n");
	command(b, "VRFY bin\r\n");
	assert_int_equal(b->raised[ALERT_user_enumeration], 1);
	b->raised[ALERT_user_enumeration] = 0;

	static const char *const names[] = { "RCPT TO:<a@b.example>\r\n", "RCPT TO:<b@b.example>\r\n",
		"RCPT TO:<c@b.example>\r\n", "RCPT TO:<d@b.example> NOTIFY=NEVER\r\n", "RCPT TO:<E@b.example>\r\n" };
	for (int i = 0; i < 5; i++) {
		session(b);
		reply(b, names[i], i % 2 ? "550 no\r\n" : "553 no\r\n");
		reply(b, names[i], "550 no\r\n");
		reply(b, names[(i + 1) % 5], "450 full\r\n");
		if (!hit && i == 3)
			return;
	}
	assert_int_equal(b->raised[ALERT_user_enumeration], 1);
}

static void auth_bruteforce(struct bench *b, bool hit)
{
	for (int i = 0; i < 4; i++) {
		session(b);
		auth(b, "PLAIN", "alice", "guess", i % 2 ? 535 : 454);
		wait(b, 15);
	}
	auth(b, "PLAIN", "alice", "right", 235);
	auth(b, "PLAIN", "alice", NULL, 501);
	auth(b, "PLAIN", NULL, NULL, 504);
	assert_int_equal(b->raised[ALERT_auth_bruteforce], 0);
	wait(b, !hit);
	auth(b, "PLAIN", "alice", "guess", 535);
	assert_int_equal(b->raised[ALERT_auth_bruteforce], hit);
	if (hit) /* said once */
		auth(b, "PLAIN", "alice", "guess", 535);
	assert_true(b->raised[ALERT_auth_bruteforce] == (unsigned)hit);
	assert_int_equal(b->raised[ALERT_auth_password_spray], 0);
}

static void auth_password_spray(struct bench *b, bool hit)
{
	static const char *const users[] = { "alice", "bob", "carol", "dave", "erin" };
	for (int i = 0; i < 5; i++)
		auth(b, "LOGIN", hit ? users[i] : users[i % 4], "guess", 535);
}

static void open_relay(struct bench *b, bool hit)
{
	char own[] = "dest.example";
	GPtrArray *domains = g_ptr_array_new();
	g_ptr_array_add(domains, own);
	b->options.local_domains = domains;
	recipient(b, hit ? "<x@elsewhere.example>" : "<x@mail.DEST.example>", RECIPIENT_ACCEPTED);
	recipient(b, "<x@elsewhere.example>", RECIPIENT_REJECTED);
	recipient(b, hit ? "<x@notdest.example>" : "<postmaster>", RECIPIENT_ACCEPTED);
	assert_int_equal(b->raised[ALERT_open_relay], hit ? 2 : 0);
	b->tx.authenticated = true;
	recipient(b, "<x@elsewhere.example>", RECIPIENT_ACCEPTED);
	b->tx.authenticated = false;
	b->tx.outcome = OUTCOME_REJECTED;
	recipient(b, "<x@elsewhere.example>", RECIPIENT_ACCEPTED);
	b->tx.outcome = OUTCOME_ACCEPTED;
	g_string_assign(b->tx.mail_from, "<>");
	recipient(b, "<x@elsewhere.example>", RECIPIENT_ACCEPTED);
	g_string_assign(b->tx.mail_from, "<me@dest.example>");
	recipient(b, "<x@elsewhere.example>", RECIPIENT_ACCEPTED);
	assert_int_equal(b->raised[ALERT_open_relay], hit ? 2 : 0);
	g_ptr_array_free(domains, TRUE);
}

static void relay_probe(struct bench *b, bool hit)
{
	static const char *const hits[] = { "RCPT TO:<x%elsewhere.example@dest.example>\r\n",
		"RCPT TO:<elsewhere.example!x@dest.example>\r\n", "RCPT TO:<x@elsewhere.example@dest.example>\r\n",
		"RCPT TO:<\"x@elsewhere.example\"@dest.example>\r\n", "RCPT TO:<elsewhere.example!x>\r\n" };
	static const char *const misses[] = { "RCPT TO:<@a.example,@b.example:x@dest.example>\r\n",
		"RCPT TO:<list-return-5-x=elsewhere.example@dest.example>\r\n", "RCPT TO:<postmaster>\r\n",
		"MAIL FROM:<x%elsewhere.example@dest.example>\r\n", "RCPT TO:<\"a b\"@dest.example>\r\n" };
	b->in_transaction = true;
	for (size_t i = 0; i < 5; i++)
		command(b, hit ? hits[i] : misses[i]);
	assert_int_equal(b->raised[ALERT_relay_probe], hit ? 5 : 0);
}

static void exim_expansion(struct bench *b, bool hit)
{
	command(b, hit ? "RCPT TO:<root+${run{x}}@localhost>\r\n" : "RCPT TO:<root+$run{x}@localhost>\r\n");
	command(b, hit ? "EHLO ${run{x}}\r\n" : "NOOP ${run{x}}\r\n");
	assert_int_equal(b->raised[ALERT_exim_expansion], hit ? 2 : 0);
}

static void shellshock(struct bench *b, bool hit)
{
	command(b, hit ? "MAIL FROM:<() { :; }; ping x>\r\n" : "NOOP f() { }\r\n");
	header(b, "Subject", hit ? "() { :;}; /bin/sh" : "why does main() { } fail");
	assert_int_equal(b->raised[ALERT_shellshock], hit ? 2 : 0);
	assert_true(!hit || strstr(b->description, "Subject"));
}

static void jndi_lookup(struct bench *b, bool hit)
{
	static const char *const hits[] = { "${jndi:ldap://x}", "${JnDi:ldap://x}", "${${lower:j}ndi:ldap://x}",
		"${${::-j}${::-n}${::-d}${::-i}:rmi://x}", "${j${env:NONE:-n}di:dns://x}", "${jndi${lower::}ldap://x}",
		"${${lower:${upper:j}}ndi:x", "$${${date:'j'}ndi:x}", "${a:${jndi:x}}", "${${env:A:-${::-j}}ndi:x}" };
	static const char *const misses[] = { "${jndx:ldap://x}", "${ndi:", "jndi:ldap://x", "${lower:jndi:x}", "${",
		"${${lower:j}nd", "${${unknown:j}ndi:x}", "$jndi:x", "${j ndi:x}", "${${${${${${${${${${${${${${${${" };
	for (size_t i = 0; i < 10; i++) {
		const char *string = hit ? hits[i] : misses[i];
		char *line = g_strdup_printf("NOOP %s\r\n", string);
		command(b, line);
		header(b, "User-Agent", string);
		mail_text(b, string);
		g_string_assign(b->mail.text, "");
		assert_int_equal(b->raised[ALERT_jndi_lookup], hit ? 3 * (i + 1) : 0);
		g_free(line);
	}
}

static void shell_metacharacters(struct bench *b, bool hit)
{
	static const char *const hits[] = { "RCPT TO:<`id`@dest.example>\r\n", "RCPT TO:<$(id)@dest.example>\r\n",
		"MAIL FROM:<a;id@dest.example>\r\n", "RCPT TO:<|id@dest.example>\r\n",
		"RCPT TO:<\"a\"|b;@dest.example>\r\n" };
	static const char *const misses[] = { "RCPT TO:<\"a;b`c$(d)\"@dest.example>\r\n",
		"RCPT TO:<o'neil@dest.example>\r\n", "MAIL FROM:<a$b@dest.example>\r\n",
		"RCPT TO:<a|id@dest.example>\r\n", "RCPT TO:<\"a\\\";\"@dest.example>\r\n" };
	b->in_transaction = true;
	for (size_t i = 0; i < 5; i++)
		command(b, hit ? hits[i] : misses[i]);
	assert_int_equal(b->raised[ALERT_shell_metacharacters], hit ? 5 : 0);
}

#define OCTETS(string)                                                                                                 \
	{                                                                                                              \
		string, sizeof(string) - 1                                                                             \
	}

static void cross_protocol(struct bench *b, bool hit)
{
	static const struct {
		const char *octets;
		size_t size;
	} hits[] = { OCTETS("GET / HTTP/1.1\r\nHost: x\r\n"), OCTETS("POST /x HTTP/1.0\r\n"),
		OCTETS("CONNECT mx:25 HTTP/1.1\r\n"), OCTETS("SSH-2.0-x\r\n"),
		OCTETS("\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03"), OCTETS("\3\0\0\x13\x0e\xe0\0\0\0\0\0\1\0") },
	  misses[] = { OCTETS("EHLO x\r\n"), OCTETS("HELP / is this HTTP/1.1\r\n"), OCTETS("GET\r\n"),
		  OCTETS("SSHX\r\n"), OCTETS("\x17\x03\x01\x02\0\x01\0\x01\xfc\x03\x03"),
		  OCTETS("HELO GET / HTTP\r\nGET / HTTP/1.1\r\n") };
	for (size_t i = 0; i < 6; i++) {
		session(b);
		if (hit)
			first(b, hits[i].octets, hits[i].size);
		else
			first(b, misses[i].octets, misses[i].size);
		assert_int_equal(b->raised[ALERT_cross_protocol], hit ? i + 1 : 0);
	}
	/* TLS is meant there; in the midst of a session anything may stand */
	b->flow.tls_port = true;
	session(b);
	first(b, hits[4].octets, hits[4].size);
	b->flow.midstream = true;
	session(b);
	first(b, hits[0].octets, hits[0].size);
	assert_int_equal(b->raised[ALERT_cross_protocol], hit ? 6 : 0);
}

static void tls_certificate_expired(struct bench *b, bool hit)
{
	handshake(b, 0x0303, hit ? -20 : -10, hit ? -1 : 0 + 1);
	handshake(b, 0x0303, hit ? 1 : -1, 20);
	handshake(b, 0x0303, -20, 0);
	assert_int_equal(b->raised[ALERT_tls_certificate_expired], hit ? 2 : 0);
}

static void tls_obsolete(struct bench *b, bool hit)
{
	handshake(b, hit ? 0x0300 : 0x0303, 0, 0);
	handshake(b, hit ? 0x0302 : 0x0304, 0, 0);
	assert_int_equal(b->raised[ALERT_tls_obsolete], hit ? 2 : 0);
}

static void turned_connection(struct bench *b, bool hit)
{
	reply(b, hit ? "TURN\r\n" : "NOOP\r\n", "250 ok\r\n");
	reply(b, "TURN\r\n", "502 no\r\n");
}

/* ---- credentials ---- */

static void cleartext_auth(struct bench *b, bool hit)
{
	static const char *const mechanisms[] = { "PLAIN", "LOGIN", "XOAUTH2", "OAUTHBEARER" };
	for (int i = 0; i < 4; i++)
		auth(b, hit ? mechanisms[i] : "SCRAM-SHA-256", "alice", "secret", i % 2 ? 235 : 535);
	auth(b, "LOGIN", "alice", NULL, 501); /* cancelled before the password */
	assert_int_equal(b->raised[ALERT_cleartext_auth], hit ? 4 : 0);
	assert_true(!hit || (!strstr(b->description, "secret") && strstr(b->description, "alice")));
	struct session_auth inside = { .mechanism = g_string_new("PLAIN"), .password = g_string_new("x"), .tls = true };
	detector_auth(b->detector, b->at, &inside);
	assert_int_equal(b->raised[ALERT_cleartext_auth], hit ? 4 : 0);
	g_string_free(inside.mechanism, TRUE);
	g_string_free(inside.password, TRUE);
}

static void weak_auth(struct bench *b, bool hit)
{
	auth(b, hit ? "CRAM-MD5" : "PLAIN", "alice", NULL, 235);
	auth(b, "NTLM", hit ? "alice" : NULL, NULL, hit ? 535 : 504);
	auth(b, "DIGEST-MD5", NULL, NULL, 501);
	assert_int_equal(b->raised[ALERT_weak_auth], hit ? 2 : 0);
}

/* ---- content ---- */

static void mime_malformed(struct bench *b, bool hit)
{
	defect(b, hit ? MIME_MALFORMED : MIME_TOO_DEEP);
}

static void mime_depth(struct bench *b, bool hit)
{
	defect(b, hit ? MIME_TOO_DEEP : MIME_HEADER_LIMIT);
}

static void mime_header_limit(struct bench *b, bool hit)
{
	defect(b, hit ? MIME_HEADER_LIMIT : MIME_DUPLICATE_HEADER);
}

static void mime_duplicate_header(struct bench *b, bool hit)
{
	defect(b, hit ? MIME_DUPLICATE_HEADER : MIME_MALFORMED);
}

static void attachment_executable(struct bench *b, bool hit)
{
	static const char *const hits[] = { "setup.EXE", "run.js", "a.ps1", "x.lnk", "x.vbs ", "y.bat.", "z.jar" };
	static const char *const misses[] = { "report.pdf", "exe", "notes.json", "js", "a.exe.txt", "photo.jpeg",
		".com" };
	for (size_t i = 0; i < G_N_ELEMENTS(hits); i++)
		file(b, hit ? hits[i] : misses[i], "application/octet-stream");
	assert_int_equal(b->raised[ALERT_attachment_executable], hit ? 7 : 0);
	if (hit) {
		file_bytes(b, "data.bin", "application/octet-stream", WINDOWS_PROGRAM);
		file_bytes(b, "data", "application/octet-stream", "\177ELF\2\1\1", 7);
		file_bytes(b, NULL, "application/octet-stream", WINDOWS_PROGRAM);
		file_bytes(b, "x", "text/plain", "#!/bin/sh\n", 10);
		assert_int_equal(b->raised[ALERT_attachment_executable], 11);
	} else {
		file_bytes(b, "data.bin", "application/octet-stream", "MZ is how it begins", 19);
		file_bytes(b, NULL, "text/plain", "#!/bin/sh\n", 10); /* the text of a mail */
		file_bytes(b, "data.bin", "application/octet-stream", "", 0);
	}
}

static void attachment_double_extension(struct bench *b, bool hit)
{
	static const char *const hits[] = { "invoice.pdf.exe", "photo.JPG   .scr", "a.b.doc.js" };
	static const char *const misses[] = { "jquery.min.js", "tool-1.2.exe", "archive.tar.gz" };
	for (size_t i = 0; i < G_N_ELEMENTS(hits); i++)
		file(b, hit ? hits[i] : misses[i], "application/octet-stream");
	assert_int_equal(b->raised[ALERT_attachment_double_extension], hit ? 3 : 0);
}

static void attachment_type_mismatch(struct bench *b, bool hit)
{
	file_bytes(b, hit ? "report.pdf" : "report.exe", "application/octet-stream", WINDOWS_PROGRAM);
	file_bytes(b, "tool", hit ? "image/png" : "application/x-msdownload", WINDOWS_PROGRAM);
	file_bytes(b, hit ? "a.png" : "a.txt", hit ? "image/png" : "text/plain", "#!/bin/sh\n", 10);
	file_bytes(b, "report.pdf", "application/pdf", "%PDF-1.7", 8);
	assert_int_equal(b->raised[ALERT_attachment_type_mismatch], hit ? 3 : 0);
}

static void attachment_encrypted(struct bench *b, bool hit)
{
	char name[] = "a.zip";
	struct mail_part part = { .filename = name, .encrypted = hit };
	g_ptr_array_add(b->mail.parts, &part);
	detector_mail(b->detector, &b->tx, &b->mail);
	g_ptr_array_set_size(b->mail.parts, 0);
}

static void filename_traversal(struct bench *b, bool hit)
{
	static const char *const hits[] = { "../../etc/passwd", "a\\b.txt", "/etc/passwd", ".." };
	static const char *const misses[] = { "a..b.txt", "...", "plan..", ".profile" };
	for (size_t i = 0; i < G_N_ELEMENTS(hits); i++)
		file(b, hit ? hits[i] : misses[i], "text/plain");
	assert_int_equal(b->raised[ALERT_filename_traversal], hit ? 4 : 0);
}

static void filename_bidi(struct bench *b, bool hit)
{
	file(b,
		hit ? "ann\xe2\x80\xae"
		      "cod.txt"
		    : "ann\xe2\x80\x93"
		      "cod.txt",
		"text/plain");
	file(b,
		hit ? "ann\xe2\x81\xa6"
		      "cod.txt"
		    : "\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d.txt",
		"text/plain");
	assert_int_equal(b->raised[ALERT_filename_bidi], hit ? 2 : 0);
}

static void sender_mismatch(struct bench *b, bool hit)
{
	static const struct {
		const char *name, *address, *envelope;
	} hits[] = { { "The boss <ceo@firm.example>", "x@evil.example", "<bounce@other.example>" },
		{ "ceo@firm.example", "x@evil.example", "<x@mail.evil.example>" } },
	  misses[] = { { "ceo@firm.example", "x@evil.example", "<bounce@EVIL.example>" },
		  { "The boss", "x@evil.example", "<x@other.example>" } };
	for (int i = 0; i < 2; i++) {
		char *name = g_strdup(hit ? hits[i].name : misses[i].name);
		char *address = g_strdup(hit ? hits[i].address : misses[i].address);
		b->mail.from_name = name;
		b->mail.from_address = address;
		g_string_assign(b->tx.mail_from, hit ? hits[i].envelope : misses[i].envelope);
		detector_mail(b->detector, &b->tx, &b->mail);
		/* the name repeats its own address */
		b->mail.from_name = b->mail.from_address;
		detector_mail(b->detector, &b->tx, &b->mail);
		b->mail.from_name = b->mail.from_address = NULL;
		g_free(name);
		g_free(address);
	}
	assert_int_equal(b->raised[ALERT_sender_mismatch], hit ? 2 : 0);
}

/* ---- transport ---- */

static void tcp_gap(struct bench *b, bool hit)
{
	detector_gap(b->detector, DOWN, 17, hit ? 1460 : 0);
	assert_true(!hit || (strstr(b->description, "1460") && strstr(b->description, "17")));
	b->flow.one_sided = true;
	b->flow.missing = DOWN;
	detector_gap(b->detector, DOWN, 1477, 100);
	assert_int_equal(b->raised[ALERT_tcp_gap], hit);
}

static void tcp_overlap_conflict(struct bench *b, bool hit)
{
	detector_trouble(b->detector, hit ? FLOW_OVERLAP_CONFLICT : FLOW_TRUNCATED, UP, 5, text("other octets"));
	assert_true(!hit || strcmp(b->evidence, "other octets") == 0);
}

static void tcp_midstream(struct bench *b, bool hit)
{
	b->flow.midstream = hit;
	session(b);
	detector_end(b->detector, &b->flow);
	assert_int_equal(b->raised[ALERT_tcp_midstream], hit);
}

static void tcp_one_sided(struct bench *b, bool hit)
{
	b->flow.one_sided = hit; /* it turns out in the end */
	detector_end(b->detector, &b->flow);
	detector_end(b->detector, &b->flow);
	assert_int_equal(b->raised[ALERT_tcp_one_sided], hit);
}

static void truncated_packets(struct bench *b, bool hit)
{
	for (int i = 0; i < 3; i++)
		detector_trouble(b->detector, hit ? FLOW_TRUNCATED : FLOW_OVERLAP_CONFLICT, UP, 5, text(""));
	assert_int_equal(b->raised[ALERT_truncated_packets], hit);
}

/* ---- the walk ---- */

typedef void (*alert_case)(struct bench *b, bool hit);

static const alert_case cases[ALERT_COUNT] = {
#define CASE(id) [ALERT_##id] = id
	CASE(unknown_command),
	CASE(bad_sequence),
	CASE(reply_code_mismatch),
	CASE(illegal_command),
	CASE(size_exceeded),
	CASE(bare_lf),
	CASE(bare_cr),
	CASE(nul_byte),
	CASE(eight_bit_command),
	CASE(command_too_long),
	CASE(helo_too_long),
	CASE(response_too_long),
	CASE(data_line_too_long),
	CASE(too_many_recipients),
	CASE(too_many_invalid),
	CASE(starttls_stripped),
	CASE(tls_refused),
	CASE(user_enumeration),
	CASE(auth_bruteforce),
	CASE(auth_password_spray),
	CASE(open_relay),
	CASE(relay_probe),
	CASE(exim_expansion),
	CASE(shellshock),
	CASE(jndi_lookup),
	CASE(shell_metacharacters),
	CASE(cross_protocol),
	CASE(tls_certificate_expired),
	CASE(tls_obsolete),
	CASE(turned_connection),
	CASE(cleartext_auth),
	CASE(weak_auth),
	CASE(mime_malformed),
	CASE(mime_depth),
	CASE(mime_header_limit),
	CASE(mime_duplicate_header),
	CASE(attachment_executable),
	CASE(attachment_double_extension),
	CASE(attachment_type_mismatch),
	CASE(attachment_encrypted),
	CASE(filename_traversal),
	CASE(filename_bidi),
	CASE(sender_mismatch),
	CASE(tcp_gap),
	CASE(tcp_overlap_conflict),
	CASE(tcp_midstream),
	CASE(tcp_one_sided),
	CASE(truncated_packets),
};

/* The machine raises these itself (detectors.h); test_session.c has their cases. */
static const enum alert_id of_the_machine[] = { ALERT_unavailable_service, ALERT_invalid_response,
	ALERT_invalid_client_initiation, ALERT_invalid_command, ALERT_invalid_data, ALERT_unexpected_client_command,
	ALERT_unexpected_server_response, ALERT_early_talker, ALERT_unauthorized_pipelining, ALERT_invalid_pipelining,
	ALERT_bdat_invalid, ALERT_bdat_huge, ALERT_bdat_missing_last, ALERT_data_after_quit, ALERT_pending_overflow,
	ALERT_smtp_smuggling, ALERT_nonstandard_end_of_data, ALERT_starttls_command_injection,
	ALERT_starttls_response_injection, ALERT_plaintext_after_starttls };

static void every_row_is_raised_and_nearly_raised(void **state)
{
	static const size_t steps[] = { 1, 3, 100000 };
	bool done[ALERT_COUNT] = { false };
	for (size_t i = 0; i < G_N_ELEMENTS(of_the_machine); i++)
		done[of_the_machine[i]] = true;
	for (int id = 0; id < ALERT_COUNT; id++) {
		if (!cases[id]) {
			if (!done[id])
				fail_msg("%s has no case", alert_catalogue[id].name);
			continue;
		}
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
	first(&b, "EHLO client.example\r\n", 21);
	reply(&b, "", "220 mx ESMTP\r\n");
	command(&b, "EHLO client.example\r\n");
	reply(&b, "EHLO client.example\r\n", "250-mx\r\n250-PIPELINING\r\n250-SIZE 1000\r\n250 STARTTLS\r\n");
	command(&b, "MAIL FROM:<prvs=1234=a@sender.example> SIZE=30\r\n");
	b.in_transaction = true;
	reply(&b, "MAIL FROM:<a@sender.example>\r\n", "250 ok\r\n");
	command(&b, "RCPT TO:<b+tag@dest.example>\r\n");
	reply(&b, "RCPT TO:<b+tag@dest.example>\r\n", "250 ok\r\n");
	b.recipients = 1;
	command(&b, "DATA\r\n");
	reply(&b, "DATA\r\n", "354 go\r\n");
	content(&b, "Subject: x\r\n\r\nGr\xfc\xdf"
		    "e ${name}\r\n");
	header(&b, "Subject", "x");
	reply(&b, ".", "250 taken\r\n");
	command(&b, "QUIT\r\n");
	reply(&b, "QUIT\r\n", "221 bye\r\n");
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
	detector_content(b.detector, &b.tx, text("one\r"));
	detector_content_gap(b.detector, &b.tx, 100);
	detector_content(b.detector, &b.tx, text("\ntwo\r\n"));
	detector_transaction_end(b.detector, b.at, &b.tx);
	assert_int_equal(b.raised[ALERT_bare_lf] + b.raised[ALERT_bare_cr], 0);
	bench_clear(&b);
}

static void early_pipelining_is_remembered(void **state)
{
	struct bench b;
	bench_init(&b, 1);
	assert_false(detectors_early_pipeline(b.detectors, &b.flow.client, &b.flow.server));
	reply(&b, "EHLO x\r\n", "250-mx\r\n250 X_PIPE_CONNECT\r\n");
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
		session(&b);
		auth(&b, "PLAIN", "alice", "guess", 535);
	}
	assert_int_equal(b.raised[ALERT_auth_bruteforce], 0);
	b.flow.client.octets[3] = 3;
	session(&b);
	auth(&b, "PLAIN", "alice", "guess", 535);
	assert_int_equal(b.raised[ALERT_auth_bruteforce], 1);
	assert_non_null(strstr(b.description, "from 192.0.2.3 to 192.0.2.25"));
	bench_clear(&b);
}

static void thresholds_are_the_users(void **state)
{
	struct bench b;
	bench_init(&b, 1);
	b.options.thresholds[ALERT_auth_bruteforce] = (struct threshold){ 2, 10 };
	b.options.thresholds[ALERT_command_too_long].count = 20;
	auth(&b, "PLAIN", "alice", "guess", 535);
	wait(&b, 11);
	auth(&b, "PLAIN", "alice", "guess", 535);
	assert_int_equal(b.raised[ALERT_auth_bruteforce], 0);
	auth(&b, "PLAIN", "alice", "guess", 535);
	assert_int_equal(b.raised[ALERT_auth_bruteforce], 1);
	command(&b, "NOOP 1234567890123456\r\n");
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
	command(&b, "etrn x\r\n");
	assert_int_equal(b.raised[ALERT_illegal_command], 1);
	command(&b, "WIZ\r\n");
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
	command_bytes(&b, (struct span){ (const uint8_t *)"AUTH PLAIN s\xe9"
							  "cr\0\ret\n",
				  20 });
	assert_true(b.raised[ALERT_bare_lf] && b.raised[ALERT_bare_cr] && b.raised[ALERT_nul_byte]);
	assert_true(b.raised[ALERT_eight_bit_command]);
	assert_string_equal(b.evidence, "");
	bench_clear(&b);
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
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
