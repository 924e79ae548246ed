/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * detector_cases_commands.c - what raises the alerts on commands, replies, limits and attacks, and near misses.
 */
#include <string.h>

#include "detector_bench.h"

/* ---- protocol ---- */

void case_unknown_command(struct bench *b, bool hit)
{
	bench_command(b, hit ? "XYZZY\r\n" : "XFORWARD NAME=x\r\n");
	if (hit)
		assert_string_equal(b->evidence, "XYZZY\r\n");
	b->continuation = b->credentials = true;
	bench_command(b, "dGVzdA==\r\n");
}

void case_bad_sequence(struct bench *b, bool hit)
{
	b->refusal_unknown = !hit;
	bench_command(b, "RCPT TO:<a@b.example>\r\n");
	bench_command(b, "DATA\r\n");
	bench_command(b, "BDAT 5 LAST\r\n");
	b->in_transaction = true;
	bench_command(b, "MAIL FROM:<a@b.example>\r\n");
	assert_int_equal(b->raised[ALERT_bad_sequence], hit ? 4 : 0);
	b->refusal_unknown = false;
	bench_command(b, "RCPT TO:<a@b.example>\r\n");
	b->recipients = 1;
	bench_command(b, "DATA\r\n");
	b->in_transaction = false;
	bench_command(b, "MAIL FROM:<a@b.example>\r\n");
	b->in_transaction = true;
	bench_command(b, "EHLO again\r\n"); /* even if it is refused, a client may rely on it */
	bench_command(b, "MAIL FROM:<a@b.example>\r\n");
	b->in_transaction = false;
	assert_int_equal(b->raised[ALERT_bad_sequence], hit ? 4 : 0);
	/* where something is missing, nobody knows */
	detector_gap(b->detector, UP, 100, 10, false);
	bench_command(b, "RCPT TO:<a@b.example>\r\n");
	assert_int_equal(b->raised[ALERT_bad_sequence], hit ? 4 : 0);
}

void case_reply_code_mismatch(struct bench *b, bool hit)
{
	bench_reply(b, "NOOP\r\n", hit ? "250-one\r\n251 two\r\n" : "250-one\r\n250 two\r\n");
}

void case_illegal_command(struct bench *b, bool hit)
{
	bench_command(b, hit ? "wiz\r\n" : "HELP\r\n");
	assert_int_equal(b->raised[ALERT_unknown_command], 0);
}

void case_size_exceeded(struct bench *b, bool hit)
{
	GString *mail = g_string_new(NULL);
	while (mail->len < 2000)
		g_string_append(mail, "12345678\r\n");
	b->tx.declared_size = hit ? 1352 : 1353; /* and a tenth, and 512 for header fields */
	bench_content(b, mail->str);
	b->tx.declared_size = 0;
	b->tx.size_limit = hit ? 1999 : 2000;
	bench_content(b, mail->str);
	g_string_free(mail, TRUE);
	assert_int_equal(b->raised[ALERT_size_exceeded], hit ? 2 : 0);
}

void case_bare_lf(struct bench *b, bool hit)
{
	bench_command(b, hit ? "NOOP\n" : "NOOP\r\n");
	bench_reply(b, "NOOP\r\n", hit ? "250 ok\n" : "250 ok\r\n");
	bench_content(b, hit ? "one\r\ntwo\nthree\nfour\r\n" : "one\r\n\r\ntwo\r\n");
	bench_content_as(b, "BINARYMIME", "one\ntwo\n");
	assert_int_equal(b->raised[ALERT_bare_lf], hit ? 3 : 0);
}

void case_bare_cr(struct bench *b, bool hit)
{
	bench_command(b, hit ? "NOOP a\rb\r\n" : "NOOP a b\r\n");
	bench_reply(b, "NOOP\r\n", hit ? "250 o\rk\r\n" : "250 ok\r\n");
	bench_content(b, hit ? "one\rtwo\rthree\r\n" : "one\r\n\r\ntwo\r\n");
	bench_content(b, hit ? "one\r\r\n" : "one");
	bench_content(b, hit ? "one\r" : "one\r\n");
	bench_content_as(b, "BINARYMIME", "one\rtwo");
	bench_content_as(b, "8BITMIME", "one\r\ntwo\r\n");
	assert_int_equal(b->raised[ALERT_bare_cr], hit ? 5 : 0);
}

void case_nul_byte(struct bench *b, bool hit)
{
	bench_command_bytes(b, span_of((hit ? "NOOP a\0b\r\n" : "NOOP a b\r\n"), 10));
	bench_reply_bytes(b, "NOOP\r\n", span_of((hit ? "250 a\0b\r\n" : "250 a b\r\n"), 9));
	assert_true(!hit || b->severity == SEVERITY_MEDIUM);
	bench_content_bytes(b, span_of((hit ? "a\0b\0\r\n" : "a b c\r\n"), 6));
	assert_true(!hit || b->severity == SEVERITY_LOW);
	assert_int_equal(b->raised[ALERT_nul_byte], hit ? 3 : 0);
}

void case_eight_bit_command(struct bench *b, bool hit)
{
	b->smtputf8 = !hit;
	bench_command(b, "MAIL FROM:<j\xc3\xb6rg@b.example>\r\n");
}

/* ---- limits ---- */

void case_command_too_long(struct bench *b, bool hit)
{
	bench_reply(b, "EHLO x\r\n", "250-mx\r\n250 SIZE 1000\r\n");
	bench_command_long(b, "NOOP ", 505 + hit, "\r\n");
	assert_true(!hit || strstr(b->description, "513 octets, 512"));
	bench_command_long(b, "MAIL FROM:<", 512 + 26 - 22 + hit, "> SIZE=10\r\n");
	bench_command_long(b, "MAIL FROM:<", 512 + 26 - 22, "> SIZE=10\r\n");
	assert_int_equal(b->raised[ALERT_command_too_long], hit ? 2 : 0);
	b->credentials = true;
	bench_command_long(b, "AUTH PLAIN ", 12288 - 13 + hit, "\r\n");
	assert_int_equal(b->raised[ALERT_command_too_long], hit ? 3 : 0);
	assert_true(!hit || strcmp(b->evidence, "AUTH") == 0);
}

void case_helo_too_long(struct bench *b, bool hit)
{
	bench_command_long(b, "EHLO ", 1024 + hit, "\r\n");
}

void case_response_too_long(struct bench *b, bool hit)
{
	GString *line = g_string_new("250 ");
	for (size_t i = 0; i < 506u + hit; i++)
		g_string_append_c(line, 'a');
	g_string_append(line, "\r\n");
	bench_reply(b, "NOOP\r\n", line->str);
	assert_int_equal(b->raised[ALERT_response_too_long], hit);
	bench_reply(b, "EHLO x\r\n", line->str);
	assert_int_equal(b->raised[ALERT_response_too_long], hit);
	g_string_free(line, TRUE);
}

void case_data_line_too_long(struct bench *b, bool hit)
{
	GString *mail = g_string_new("Subject: long\r\n");
	for (int line = 0; line < 3; line++) {
		for (size_t i = 0; i < 998u + hit; i++)
			g_string_append_c(mail, (char)('a' + line));
		g_string_append(mail, "\r\n");
	}
	bench_content(b, mail->str);
	assert_int_equal(b->raised[ALERT_data_line_too_long], hit);
	assert_true(!hit || (strstr(b->description, "1001 octets") && g_str_has_prefix(b->evidence, "aaaa")));
	bench_content_as(b, "BINARYMIME", mail->str);
	assert_int_equal(b->raised[ALERT_data_line_too_long], hit);
	/* the last line has no end */
	g_string_truncate(mail, mail->len - 2);
	bench_content(b, mail->str + 15 + 2 * (1000 + hit) - (hit ? 3 : 0));
	assert_int_equal(b->raised[ALERT_data_line_too_long], hit);
	g_string_append(mail, "aaa");
	bench_content(b, mail->str + 15 + 2 * (1000 + hit) + (hit ? 0 : 3));
	assert_int_equal(b->raised[ALERT_data_line_too_long], hit ? 2 : 0);
	g_string_free(mail, TRUE);
}

void case_too_many_recipients(struct bench *b, bool hit)
{
	b->options.thresholds[ALERT_too_many_recipients].count = 100;
	b->in_transaction = true;
	for (int i = 0; i < 100 + 2 * hit; i++)
		bench_command(b, "RCPT TO:<a@b.example>\r\n");
	bench_command(b, "NOOP\r\n");
	bench_command(b, "RCPT\r\n");
	assert_int_equal(b->raised[ALERT_too_many_recipients], hit);
}

void case_too_many_invalid(struct bench *b, bool hit)
{
	for (int i = 0; i < 25 + 2 * hit; i++)
		bench_reply(b, "NOOP\r\n", "500 no\r\n");
	bench_reply(b, "NOOP\r\n", "450 no\r\n");
	bench_reply(b, ".", "550 no\r\n");
	assert_int_equal(b->raised[ALERT_too_many_invalid], hit);
}

/* ---- attack ---- */

void case_starttls_stripped(struct bench *b, bool hit)
{
	bench_reply(b, "EHLO x\r\n",
		hit ? "250-mx\r\n250-XXXXXXXA\r\n250 DSN\r\n" : "250-mx\r\n250-XEXCH50\r\n250 XXX\r\n");
	assert_true(!hit || (b->severity == SEVERITY_HIGH && strcmp(b->evidence, "250-XXXXXXXA\r\n") == 0));
	bench_session(b);
	bench_reply(b, "EHLO x\r\n", hit ? "250-mx\r\n250 XXXXXXXX\r\n" : "250-mx\r\n250-XXXXXXXX\r\n250 STARTTLS\r\n");
	bench_session(b);
	bench_command(b, hit ? "XXXXXXXX\r\n" : "XXX\r\n");
	bench_command(b, "XXXXXXXXXXXXXXX\r\n");
	assert_int_equal(b->raised[ALERT_starttls_stripped], hit ? 3 : 0);
	bench_session(b);
	bench_reply(b, "EHLO x\r\n", "250-mx\r\n250 STARTTLS\r\n");
	bench_session(b);
	b->flow.server_port = hit ? 25 : 2525;
	bench_reply(b, "EHLO x\r\n", "250-mx\r\n250 DSN\r\n");
	assert_true(!hit || b->severity == SEVERITY_MEDIUM);
	bench_reply(b, "EHLO x\r\n", "250-mx\r\n250 DSN\r\n"); /* once a session */
	bench_reply(b, "HELO x\r\n", "250 mx\r\n");
	assert_int_equal(b->raised[ALERT_starttls_stripped], hit ? 4 : 0);
}

void case_tls_refused(struct bench *b, bool hit)
{
	bench_reply(b, "STARTTLS\r\n", hit ? "454 not now\r\n" : "220 go\r\n");
	bench_reply(b, "NOOP\r\n", "454 not now\r\n");
}

void case_user_enumeration(struct bench *b, bool hit)
{
	bench_command(b, "VRFY root\r\n");
	bench_command(b, "EXPN staff\r\n");
	bench_wait(b, hit ? 300 : 301);
	bench_command(b, "VRFY bin\r\n");
	assert_int_equal(b->raised[ALERT_user_enumeration], hit);
	bench_command(b, "VRFY bin\r\n");
	bench_command(b, "VRFY bin\r\n");
	assert_int_equal(b->raised[ALERT_user_enumeration], 1);
	b->raised[ALERT_user_enumeration] = 0;

	static const char *const names[] = { "RCPT TO:<a@b.example>\r\n", "RCPT TO:<b@b.example>\r\n",
		"RCPT TO:<c@b.example>\r\n", "RCPT TO:<d@b.example> NOTIFY=NEVER\r\n", "RCPT TO:<E@b.example>\r\n" };
	for (int i = 0; i < 5; i++) {
		bench_session(b);
		bench_reply(b, names[i], i % 2 ? "550 no\r\n" : "553 no\r\n");
		bench_reply(b, names[i], "550 no\r\n");
		bench_reply(b, names[(i + 1) % 5], "450 full\r\n");
		if (!hit && i == 3)
			return;
	}
	assert_int_equal(b->raised[ALERT_user_enumeration], 1);
}

void case_auth_bruteforce(struct bench *b, bool hit)
{
	for (int i = 0; i < 4; i++) {
		bench_session(b);
		bench_auth(b, "PLAIN", "alice", "guess", i % 2 ? 535 : 454);
		bench_wait(b, 15);
	}
	bench_auth(b, "PLAIN", "alice", "right", 235);
	bench_auth(b, "PLAIN", "alice", NULL, 501);
	bench_auth(b, "PLAIN", NULL, NULL, 504);
	assert_int_equal(b->raised[ALERT_auth_bruteforce], 0);
	bench_wait(b, !hit);
	bench_auth(b, "PLAIN", "alice", "guess", 535);
	assert_int_equal(b->raised[ALERT_auth_bruteforce], hit);
	if (hit) /* said once */
		bench_auth(b, "PLAIN", "alice", "guess", 535);
	assert_true(b->raised[ALERT_auth_bruteforce] == (unsigned)hit);
	assert_int_equal(b->raised[ALERT_auth_password_spray], 0);
}

void case_auth_password_spray(struct bench *b, bool hit)
{
	static const char *const users[] = { "alice", "bob", "carol", "dave", "erin" };
	for (int i = 0; i < 5; i++)
		bench_auth(b, "LOGIN", hit ? users[i] : users[i % 4], "guess", 535);
}

void case_open_relay(struct bench *b, bool hit)
{
	char own[] = "dest.example";
	GPtrArray *domains = g_ptr_array_new();
	g_ptr_array_add(domains, own);
	b->options.local_domains = domains;
	bench_recipient(b, hit ? "<x@elsewhere.example>" : "<x@mail.DEST.example>", RECIPIENT_ACCEPTED);
	bench_recipient(b, "<x@elsewhere.example>", RECIPIENT_REJECTED);
	bench_recipient(b, hit ? "<x@notdest.example>" : "<postmaster>", RECIPIENT_ACCEPTED);
	assert_int_equal(b->raised[ALERT_open_relay], hit ? 2 : 0);
	b->tx.authenticated = true;
	bench_recipient(b, "<x@elsewhere.example>", RECIPIENT_ACCEPTED);
	b->tx.authenticated = false;
	b->tx.outcome = OUTCOME_REJECTED;
	bench_recipient(b, "<x@elsewhere.example>", RECIPIENT_ACCEPTED);
	b->tx.outcome = OUTCOME_ACCEPTED;
	g_string_assign(b->tx.mail_from, "<>");
	bench_recipient(b, "<x@elsewhere.example>", RECIPIENT_ACCEPTED);
	g_string_assign(b->tx.mail_from, "<me@dest.example>");
	bench_recipient(b, "<x@elsewhere.example>", RECIPIENT_ACCEPTED);
	assert_int_equal(b->raised[ALERT_open_relay], hit ? 2 : 0);
	g_ptr_array_free(domains, TRUE);
}

void case_relay_probe(struct bench *b, bool hit)
{
	static const char *const hits[] = { "RCPT TO:<x%elsewhere.example@dest.example>\r\n",
		"RCPT TO:<elsewhere.example!x@dest.example>\r\n", "RCPT TO:<x@elsewhere.example@dest.example>\r\n",
		"RCPT TO:<\"x@elsewhere.example\"@dest.example>\r\n", "RCPT TO:<elsewhere.example!x>\r\n",
		"RCPT TO:<x@another.example@dest.example>\r\n" };
	static const char *const misses[] = { "RCPT TO:<@a.example,@b.example:x@dest.example>\r\n",
		"RCPT TO:<list-return-5-x=elsewhere.example@dest.example>\r\n", "RCPT TO:<postmaster>\r\n",
		"MAIL FROM:<x%elsewhere.example@dest.example>\r\n", "RCPT TO:<\"a b\"@dest.example>\r\n",
		"RCPT TO:<x@a.very.long.name.of.some.elsewhere.example>\r\n" };
	b->in_transaction = true;
	for (size_t i = 0; i < 6; i++)
		bench_command(b, hit ? hits[i] : misses[i]);
	assert_int_equal(b->raised[ALERT_relay_probe], hit ? 6 : 0);
}

void case_exim_expansion(struct bench *b, bool hit)
{
	bench_command(b, hit ? "RCPT TO:<root+${run{x}}@localhost>\r\n" : "RCPT TO:<root+$run{x}@localhost>\r\n");
	bench_command(b, hit ? "EHLO ${run{x}}\r\n" : "NOOP ${run{x}}\r\n");
	assert_int_equal(b->raised[ALERT_exim_expansion], hit ? 2 : 0);
}

void case_shellshock(struct bench *b, bool hit)
{
	bench_command(b, hit ? "MAIL FROM:<() { :; }; ping x>\r\n" : "NOOP f() { }\r\n");
	bench_header(b, "Subject", hit ? "() { :;}; /bin/sh" : "why do main() { } and my_() { } fail");
	assert_int_equal(b->raised[ALERT_shellshock], hit ? 2 : 0);
	assert_true(!hit || strstr(b->description, "Subject"));
}

void case_jndi_lookup(struct bench *b, bool hit)
{
	static const char *const hits[] = { "${jndi:ldap://x}", "${JnDi:ldap://x}", "${${lower:j}ndi:ldap://x}",
		"${${::-j}${::-n}${::-d}${::-i}:rmi://x}", "${j${env:NONE:-n}di:dns://x}", "${jndi${lower::}ldap://x}",
		"${${lower:${upper:j}}ndi:x", "$${${date:'j'}ndi:x}", "${a:${jndi:x}}", "${${env:A:-${::-j}}ndi:x}" };
	static const char *const misses[] = { "${jndx:ldap://x}", "${ndi:", "jndi:ldap://x", "${lower:jndi:x}", "${",
		"${${lower:j}nd", "${${unknown:j}ndi:x}", "$jndi:x", "${j ndi:x}", "${${${${${${${${${${${${${${${${" };
	for (size_t i = 0; i < 10; i++) {
		const char *string = hit ? hits[i] : misses[i];
		char *line = g_strdup_printf("NOOP %s\r\n", string);
		bench_command(b, line);
		bench_header(b, "User-Agent", string);
		bench_mail_text(b, string);
		g_string_assign(b->mail.text, "");
		assert_int_equal(b->raised[ALERT_jndi_lookup], hit ? 3 * (i + 1) : 0);
		g_free(line);
	}
}

void case_shell_metacharacters(struct bench *b, bool hit)
{
	static const char *const hits[] = { "RCPT TO:<`id`@dest.example>\r\n", "RCPT TO:<$(id)@dest.example>\r\n",
		"MAIL FROM:<a;id@dest.example>\r\n", "RCPT TO:<|id@dest.example>\r\n",
		"RCPT TO:<\"a\"|b;@dest.example>\r\n" };
	static const char *const misses[] = { "RCPT TO:<\"a;b`c$(d)\"@dest.example>\r\n",
		"RCPT TO:<o'neil@dest.example>\r\n", "MAIL FROM:<a$b@dest.example>\r\n",
		"RCPT TO:<a|id@dest.example>\r\n", "RCPT TO:<\"a\\\";\"@dest.example>\r\n" };
	b->in_transaction = true;
	for (size_t i = 0; i < 5; i++)
		bench_command(b, hit ? hits[i] : misses[i]);
	assert_int_equal(b->raised[ALERT_shell_metacharacters], hit ? 5 : 0);
}

#define OCTETS(string)                                                                                                 \
	{                                                                                                              \
		string, sizeof(string) - 1                                                                             \
	}

void case_cross_protocol(struct bench *b, bool hit)
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
		bench_session(b);
		if (hit)
			bench_first(b, hits[i].octets, hits[i].size);
		else
			bench_first(b, misses[i].octets, misses[i].size);
		assert_int_equal(b->raised[ALERT_cross_protocol], hit ? i + 1 : 0);
	}
	/* TLS is meant there; in the midst of a session anything may stand */
	b->flow.tls_port = true;
	bench_session(b);
	bench_first(b, hits[4].octets, hits[4].size);
	b->flow.midstream = true;
	bench_session(b);
	bench_first(b, hits[0].octets, hits[0].size);
	assert_int_equal(b->raised[ALERT_cross_protocol], hit ? 6 : 0);
}

void case_tls_certificate_expired(struct bench *b, bool hit)
{
	bench_handshake(b, 0x0303, hit ? -20 : -10, hit ? -1 : 0 + 1);
	bench_handshake(b, 0x0303, hit ? 1 : -1, 20);
	bench_handshake(b, 0x0303, -20, 0);
	assert_int_equal(b->raised[ALERT_tls_certificate_expired], hit ? 2 : 0);
}

void case_tls_obsolete(struct bench *b, bool hit)
{
	bench_handshake(b, hit ? 0x0300 : 0x0303, 0, 0);
	bench_handshake(b, hit ? 0x0302 : 0x0304, 0, 0);
	assert_int_equal(b->raised[ALERT_tls_obsolete], hit ? 2 : 0);
}

void case_turned_connection(struct bench *b, bool hit)
{
	bench_reply(b, hit ? "TURN\r\n" : "NOOP\r\n", "250 ok\r\n");
	bench_reply(b, "TURN\r\n", "502 no\r\n");
}
