/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * test_mime.c - structure, headers, names, transfer encodings and text of mails, ordinary and hostile.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "mail.h"

static const struct mail_options plain = { .parse = true, .body = true, .urls = true, .body_limit = 65536 };

/* read_octets - a mail from octets, in one piece or, every other time, in small ones. */
static struct mail *read_octets(const void *octets, size_t size)
{
	static unsigned turn;
	struct mail *mail = mail_new(&plain);
	size_t step = turn++ % 2 == 0 ? MAX(size, 1) : size > 100000 ? 4096 : 1;
	for (size_t at = 0; at < size; at += step)
		mail_feed(mail, (struct span){ (const uint8_t *)octets + at, MIN(step, size - at) });
	mail_finish(mail, true);
	return mail;
}

static struct mail *read_mail(const char *text)
{
	return read_octets(text, strlen(text));
}

static const struct mail_part *part_of(const struct mail *mail, unsigned index)
{
	assert_in_range(index, 0, mail->parts->len - 1);
	return mail->parts->pdata[index];
}

/* part_is - number, type and decoded octets (those that fit into head) of a part. */
static void part_is(const struct mail *mail, unsigned index, const char *number, const char *type, const char *octets)
{
	const struct mail_part *part = part_of(mail, index);
	assert_string_equal(part->number, number);
	assert_string_equal(part->content_type, type);
	assert_int_equal(part->size, strlen(octets));
	assert_memory_equal(part->head, octets, MIN(strlen(octets), sizeof part->head));
}

static void defects_are(const struct mail *mail, unsigned count, enum mime_defect_kind kind)
{
	for (unsigned i = 0; i < mail->defects->len; i++) {
		const struct mime_defect *defect = mail->defects->pdata[i];
		if (count == 0 || defect->kind != kind)
			print_error("unexpected: %s\n", defect->description);
		assert_true(count > 0 && defect->kind == kind);
	}
	assert_int_equal(mail->defects->len, count);
}

/* --- headers --- */

static void subject_is(const char *raw, const char *expected)
{
	char *text = g_strdup_printf("Subject: %s\r\n\r\n", raw);
	struct mail *mail = read_mail(text);
	assert_string_equal(mail->subject, expected);
	assert_true(g_utf8_validate(mail->subject, -1, NULL));
	mail_free(mail);
	g_free(text);
}

static void subjects_say_what_the_sender_meant(void **state)
{
	subject_is("plain words", "plain words");
	subject_is("  trimmed \t", "trimmed");
	subject_is("folded\r\n here", "folded here");
	subject_is("folded\r\n\tby a tab", "folded by a tab");
	subject_is("=?utf-8?B?aGVsbG8=?= =?utf-8?B?d29ybGQ=?=", "helloworld");
	subject_is("=?UTF-8?q?caf=C3?= =?utf-8?q?=A9_au_lait?=", "caf\xc3\xa9 au lait");
	subject_is("=?utf-8?b?5pel5pys?=\r\n =?utf-8?b?6Kqe?=", "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e");
	subject_is("=?utf-8?b?5pc=?= =?utf-8?b?pQ==?=", "\xe6\x97\xa5");
	subject_is("=?iso-8859-1?q?a=E9?= =?utf-8?q?b=C3=A9?=", "a\xc3\xa9"
								"b\xc3\xa9");
	subject_is("=?koi8-r?B?8NLJ18XU?=", "\xd0\x9f\xd1\x80\xd0\xb8\xd0\xb2\xd0\xb5\xd1\x82");
	subject_is("=?iso-2022-jp?B?GyRCRnxLXBsoQg==?=", "\xe6\x97\xa5\xe6\x9c\xac");
	subject_is("a =?utf-8?q?b?= c", "a b c");
	subject_is("in=?utf-8?q?_the?=word", "in theword");
	subject_is("=?utf-8?q?with spaces inside?=", "with spaces inside");
	subject_is("=?utf-8*en?q?language?=", "language");
	subject_is("=?utf-8?b?YWI?=", "ab");
	subject_is("=?utf-8?q?a=00b?=", "a\xef\xbf\xbd"
					"b");
	subject_is("=?utf-8?q?bad=E9?=", "bad\xef\xbf\xbd");
	subject_is("=?no-such?q?caf=E9?=", "caf\xc3\xa9");
	subject_is("=?utf-8?x?abc?=", "=?utf-8?x?abc?=");
	subject_is("=?utf-8?q?never ends", "=?utf-8?q?never ends");
	subject_is("50 =? 60 ?= 70", "50 =? 60 ?= 70");
	subject_is("raw caf\xe9", "raw caf\xc3\xa9");
	subject_is("raw caf\xc3\xa9", "raw caf\xc3\xa9");
	subject_is("\x93quoted\x94", "\xe2\x80\x9cquoted\xe2\x80\x9d");
	subject_is("\x1b$BF|K\\\x1b(B", "\xe6\x97\xa5\xe6\x9c\xac");
	subject_is("", "");
}

static void raw_headers_are_in_the_charset_of_the_text(void **state)
{
	struct mail *mail = read_mail("Subject: \xf0\xd2\xc9\xd7\xc5\xd4\r\n"
				      "Content-Type: text/plain; charset=koi8-r\r\n\r\n\xf0\xd2\xc9\xd7\xc5\xd4\r\n");
	assert_string_equal(mail->subject, "\xd0\x9f\xd1\x80\xd0\xb8\xd0\xb2\xd0\xb5\xd1\x82");
	assert_string_equal(mail->body, "\xd0\x9f\xd1\x80\xd0\xb8\xd0\xb2\xd0\xb5\xd1\x82\n");
	mail_free(mail);
}

static void words_without_end_take_no_time(void **state)
{
	GString *text = g_string_new("Subject: ");
	for (unsigned i = 0; i < 200000; i++)
		g_string_append(text, "=?a?q?x");
	g_string_append(text, "\r\n\r\n");
	struct mail *mail = read_mail(text->str);
	assert_true(g_str_has_prefix(mail->subject, "=?a?q?x=?a?q?x"));
	mail_free(mail);
	g_string_free(text, TRUE);
}

static void every_field_has_its_place(void **state)
{
	struct mail *mail = read_mail(
		"received: by one;\r\n\tdate one\r\nReceived: by two\r\nDATE: Mon, 1 Jan 2024 00:00:00 +0000\n"
		"Message-Id: <1@a>\r\nIn-Reply-To: <0@a>\r\nReferences: <x@a>\r\n <y@a>\r\n"
		"Reply-To: r@a\r\nX-Mailer: m 1.0\r\nUser-Agent: u/2\r\nX-Originating-IP: [192.0.2.1]\r\n"
		"Odd : spaced\r\nX-Other:v\r\n\r\n");
	assert_int_equal(mail->received->len, 2);
	assert_string_equal(mail->received->pdata[0], "by one; date one");
	assert_string_equal(mail->received->pdata[1], "by two");
	assert_string_equal(mail->date, "Mon, 1 Jan 2024 00:00:00 +0000");
	assert_string_equal(mail->message_id, "<1@a>");
	assert_string_equal(mail->in_reply_to, "<0@a>");
	assert_string_equal(mail->references, "<x@a> <y@a>");
	assert_string_equal(mail->reply_to, "r@a");
	assert_string_equal(mail->x_mailer, "m 1.0");
	assert_string_equal(mail->user_agent, "u/2");
	assert_string_equal(mail->x_originating_ip, "[192.0.2.1]");
	assert_null(mail->subject);
	assert_int_equal(mail->headers->len, 12);
	const struct mail_header *odd = mail->headers->pdata[10], *other = mail->headers->pdata[11];
	assert_string_equal(odd->name, "Odd");
	assert_string_equal(odd->value->str, "spaced");
	assert_string_equal(other->value->str, "v");
	assert_int_equal(other->value->len, 1);
	mail_free(mail);
}

static void addresses_are_cut_where_they_end(void **state)
{
	struct mail *mail = read_mail("To: \"Doe, Jo\" <jo@a>, =?utf-8?q?M=C3=BCller=2C_Ann?= <ann@a>,\r\n"
				      " plain@a, (a, comment) c@a, Friends: f1@a, \"f, 2\" <f2@a>;, <last@a>\r\n"
				      "Cc: undisclosed-recipients:;\r\nBcc: =?utf-8?q?raw, comma?= <x@a>\r\n"
				      "From: =?utf-8?B?SsO8cmdlbg==?= (not this) <j@a>\r\n\r\n");
	static const char *const to[] = { "\"Doe, Jo\" <jo@a>", "M\xc3\xbcller, Ann <ann@a>", "plain@a",
		"(a, comment) c@a", "f1@a", "\"f, 2\" <f2@a>", "<last@a>" };
	assert_int_equal(mail->to->len, G_N_ELEMENTS(to));
	for (unsigned i = 0; i < G_N_ELEMENTS(to); i++)
		assert_string_equal(mail->to->pdata[i], to[i]);
	assert_int_equal(mail->cc->len, 1);
	assert_string_equal(mail->cc->pdata[0], "undisclosed-recipients:;");
	assert_int_equal(mail->bcc->len, 1);
	assert_string_equal(mail->bcc->pdata[0], "raw, comma <x@a>");
	assert_string_equal(mail->from_address, "j@a");
	mail_free(mail);
}

static void mailbox_is(const char *from, const char *name, const char *address)
{
	char *text = g_strdup_printf("From: %s\r\n\r\n", from);
	struct mail *mail = read_mail(text);
	if (name != NULL)
		assert_string_equal(mail->from_name, name);
	else
		assert_null(mail->from_name);
	assert_string_equal(mail->from_address, address);
	mail_free(mail);
	g_free(text);
}

static void from_has_a_name_and_an_address(void **state)
{
	mailbox_is("a@b.example", NULL, "a@b.example");
	mailbox_is("<a@b.example>", NULL, "a@b.example");
	mailbox_is("Jo Doe <a@b.example>", "Jo Doe", "a@b.example");
	mailbox_is("\"Doe \\\"J\\\", Jo\" <a@b.example>", "Doe \"J\", Jo", "a@b.example");
	mailbox_is("\"ceo@bank.example\" <a@b.example>", "ceo@bank.example", "a@b.example");
	mailbox_is("=?utf-8?q?ceo=40bank=2Eexample?= <a@b.example>", "ceo@bank.example", "a@b.example");
	mailbox_is("a@b.example (Jo Doe)", "Jo Doe", "a@b.example");
	mailbox_is("\"a <x@y>\" <a@b.example>, second@c", "a <x@y>", "a@b.example");
	mailbox_is("j\xc3\xbc@b\xc3\xbc.example", NULL, "j\xc3\xbc@b\xc3\xbc.example");
}

/* --- names --- */

static void name_is(const char *fields, const char *expected)
{
	char *text = g_strdup_printf("%s\r\n\r\nx", fields);
	struct mail *mail = read_mail(text);
	const struct mail_part *part = part_of(mail, 0);
	if (expected == NULL)
		assert_null(part->filename);
	else {
		assert_non_null(part->filename);
		assert_string_equal(part->filename, expected);
	}
	mail_free(mail);
	g_free(text);
}

static void file_names_as_clients_write_them(void **state)
{
	name_is("Content-Disposition: attachment; filename=plain.txt", "plain.txt");
	name_is("Content-Disposition: attachment; filename=\"quoted name.txt\"", "quoted name.txt");
	name_is("Content-Disposition: attachment; filename=unquoted name.txt; size=1", "unquoted name.txt");
	name_is("Content-Type: text/plain; name=typed.txt\r\nContent-Disposition: attachment; filename=said.txt",
		"said.txt");
	name_is("Content-Type: text/plain; name=typed.txt\r\nContent-Disposition: attachment", "typed.txt");
	name_is("Content-Disposition: attachment; filename*=utf-8''r%C3%A9sum%C3%A9.pdf", "r\xc3\xa9sum\xc3\xa9.pdf");
	name_is("Content-Disposition: attachment; filename*=\"utf-8''r%C3%A9.pdf\"", "r\xc3\xa9.pdf");
	name_is("Content-Disposition: attachment; filename*=iso-8859-1'fr'caf%E9.txt", "caf\xc3\xa9.txt");
	name_is("Content-Disposition: attachment; filename=fallback.txt; filename*=utf-8''%E2%9C%93.txt",
		"\xe2\x9c\x93.txt");
	name_is("Content-Disposition: attachment;\r\n filename*0=\"one \";\r\n filename*1=\"two \";\r\n "
		"filename*2=three.txt",
		"one two three.txt");
	name_is("Content-Disposition: attachment; filename*2*=%A9.txt; filename*0*=utf-8''a; filename*1*=%C3",
		"a\xc3\xa9.txt");
	name_is("Content-Disposition: attachment; filename*0*=utf-8''%C3%A9; filename*1=\" plain %41\"",
		"\xc3\xa9 plain %41");
	name_is("Content-Disposition: attachment; filename*0=\"=?utf-8?B?w6k=?=\"; filename*1=\".txt\"",
		"\xc3\xa9.txt");
	name_is("Content-Type: image/png; name=\"=?UTF-8?B?bmHDr3ZlLnBuZw==?=\"", "na\xc3\xafve.png");
	name_is("Content-Type: image/png; name=\"=?UTF-8?B?bmHDrw==?=\r\n =?UTF-8?B?dmUucG5n?=\"", "na\xc3\xafve.png");
	name_is("Content-Type: image/png; name==?utf-8?q?na=C3=AFve.png?=", "na\xc3\xafve.png");
	name_is("Content-Disposition: attachment; filename=\"caf\xe9.txt\"", "caf\xc3\xa9.txt");
	name_is("Content-Disposition: attachment; filename=\"caf\xc3\xa9.txt\"", "caf\xc3\xa9.txt");
	name_is("Content-Disposition: attachment; filename=\"..\\..\\evil.exe\"", "..\\..\\evil.exe");
	name_is("Content-Disposition: attachment; filename=\"..\\\\..\\\\evil.exe\"", "..\\..\\evil.exe");
	name_is("Content-Disposition: attachment; filename=\"../../etc/passwd\"", "../../etc/passwd");
	name_is("Content-Disposition: attachment; filename=\"a \\\"b\\\".txt\"", "a \"b\".txt");
	name_is("Content-Disposition: attachment; filename=\"a\"b\".txt\"", "a\"b\".txt");
	name_is("Content-Disposition: attachment; filename=\"semi;colon.txt\"", "semi;colon.txt");
	name_is("Content-Disposition: attachment (comment; filename=no); filename=yes", "yes");
	name_is("Content-Disposition: attachment; filename=\"never closed.txt", "never closed.txt");
	name_is("Content-Type: text/plain; charset=\"utf-8\" name=\"no semicolon.txt\"", "no semicolon.txt");
	name_is("Content-Disposition: attachment; filename=\"\"", NULL);
	name_is("Content-Disposition: attachment; filename", NULL);
	name_is("Content-Disposition: ;;;=;=\"", NULL);
	name_is("Content-Disposition: attachment; FILENAME=case.txt", "case.txt");
}

/* --- structure --- */

static void parts_are_numbered_as_in_imap(void **state)
{
	struct mail *mail = read_mail(
		"Content-Type: multipart/mixed; boundary=\"o\"\r\n\r\npreamble\r\n--o\r\n"
		"Content-Type: multipart/alternative; boundary=i\r\n\r\n--i\r\n\r\nplain\r\n--i\r\n"
		"Content-Type: text/html\r\n\r\n<p>html</p>\r\n--i--\r\n\r\n--o\r\n"
		"Content-Type: message/rfc822; name=fwd.eml\r\n\r\nSubject: inner\r\n"
		"Content-Type: multipart/mixed; boundary=n\r\n\r\n--n\r\n\r\nA\r\n--n\r\n\r\nB\r\n--n--\r\n"
		"--o\r\nContent-Type: message/rfc822\r\n\r\nSubject: single\r\n\r\nC\r\n--o--\r\nepilogue\r\n");
	defects_are(mail, 0, 0);
	assert_int_equal(mail->parts->len, 7);
	part_is(mail, 0, "1.1", "text/plain", "plain");
	part_is(mail, 1, "1.2", "text/html", "<p>html</p>");
	part_is(mail, 2, "2", "message/rfc822",
		"Subject: inner\r\nContent-Type: multipart/mixed; "
		"boundary=n\r\n\r\n--n\r\n\r\nA\r\n--n\r\n\r\nB\r\n--n--");
	assert_string_equal(part_of(mail, 2)->filename, "fwd.eml");
	part_is(mail, 3, "2.1", "text/plain", "A");
	part_is(mail, 4, "2.2", "text/plain", "B");
	part_is(mail, 5, "3", "message/rfc822", "Subject: single\r\n\r\nC");
	part_is(mail, 6, "3.1", "text/plain", "C");
	assert_string_equal(mail->body, "plain");
	assert_null(mail->subject);
	mail_free(mail);
}

static void a_digest_holds_messages(void **state)
{
	struct mail *mail =
		read_mail("Content-Type: multipart/digest; boundary=b\r\n\r\n--b\r\n\r\nSubject: one\r\n\r\n1\r\n"
			  "--b\r\n\r\nSubject: two\r\n\r\n2\r\n--b--\r\n");
	part_is(mail, 0, "1", "message/rfc822", "Subject: one\r\n\r\n1");
	part_is(mail, 1, "1.1", "text/plain", "1");
	part_is(mail, 2, "2", "message/rfc822", "Subject: two\r\n\r\n2");
	part_is(mail, 3, "2.1", "text/plain", "2");
	mail_free(mail);
}

static void octets_of_parts_are_exact(void **state)
{
	/* only the line end before the boundary is the boundary's */
	struct mail *mail =
		read_mail("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n\r\n\r\nlines\r\n\r\n--b\r\n\r\n"
			  "bare\nlf\n--b \t\r\n\r\n--b\r\n\r\r\n--bx\r\n--b-\r\n---b\r\n--b--");
	defects_are(mail, 0, 0);
	assert_int_equal(mail->parts->len, 4);
	part_is(mail, 0, "1", "text/plain", "\r\n\r\nlines\r\n");
	part_is(mail, 1, "2", "text/plain", "bare\nlf");
	part_is(mail, 2, "3", "text/plain", "");
	part_is(mail, 3, "4", "text/plain", "\r\r\n--bx\r\n--b-\r\n---b");
	mail_free(mail);
}

static void a_boundary_may_begin_like_another(void **state)
{
	struct mail *mail = read_mail("Content-Type: multipart/mixed; boundary=abc\n\n--abc\n"
				      "Content-Type: multipart/mixed; "
				      "boundary=abcdef\n\n--abcdef\n\nin\n--abcdef--\n--abc\n\nout\n--abc--\n");
	defects_are(mail, 0, 0);
	part_is(mail, 0, "1.1", "text/plain", "in");
	part_is(mail, 1, "2", "text/plain", "out");
	mail_free(mail);
}

static void damaged_structure_is_told(void **state)
{
	static const struct {
		const char *text, *words;
		unsigned parts;
	} cases[] = {
		{ "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\none\r\n", "unclosed boundary", 1 },
		{ "Content-Type: multipart/mixed; boundary=b\r\n\r\n--c\r\n\r\none\r\n--c--\r\n",
			"boundary declared and never used", 1 },
		{ "Content-Type: multipart/mixed\r\n\r\n--c\r\n\r\none\r\n--c--\r\n", "multipart without a boundary",
			1 },
		{ "Content-Type: text\r\n\r\none\r\n", "bad Content-Type", 1 },
		{ "Content-Type: \r\n\r\none\r\n", "bad Content-Type", 1 },
		{ "Content-Type: text/plain\r\nContent-Transfer-Encoding: zip\r\n\r\none\r\n",
			"unknown transfer encoding", 1 },
		{ "Content-Transfer-Encoding: base64\r\n\r\nnot *base64*\r\n", "part 1: characters that are not base64",
			1 },
		{ "Content-Transfer-Encoding: base64\r\n\r\nYWJjZ\r\n", "part 1: base64 ends in the middle of an octet",
			1 },
		{ "Content-Transfer-Encoding: x-uuencode\r\n\r\nnothing\r\n", "part 1: no begin line in uuencode", 1 },
	};
	for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct mail *mail = read_mail(cases[i].text);
		defects_are(mail, 1, MIME_MALFORMED);
		assert_string_equal(((struct mime_defect *)mail->defects->pdata[0])->description, cases[i].words);
		assert_int_equal(mail->parts->len, cases[i].parts);
		mail_free(mail);
		/* of a mail whose end is missing nothing of the kind is said, but for what is there */
		mail = mail_new(&plain);
		mail_feed(mail, (struct span){ (const uint8_t *)cases[i].text, strlen(cases[i].text) });
		mail_finish(mail, false);
		defects_are(mail, 0, 0);
		if (i == 0)
			assert_true(part_of(mail, 0)->truncated);
		mail_free(mail);
	}
}

static void a_wrong_boundary_hides_no_parts(void **state)
{
	static const char *const declared[] = { "; boundary=other", "" };
	for (unsigned i = 0; i < G_N_ELEMENTS(declared); i++) {
		char *text = g_strdup_printf(
			"Content-Type: multipart/mixed%s\r\n\r\npreamble\r\n-- \r\nsignature\r\n"
			"--real b\r\nContent-Type: text/plain\r\n\r\none\r\n--real b\r\n\r\ntwo\r\n--real b--\r\n",
			declared[i]);
		struct mail *mail = read_mail(text);
		defects_are(mail, 1, MIME_MALFORMED);
		assert_int_equal(mail->parts->len, 2);
		part_is(mail, 0, "1", "text/plain", "one");
		part_is(mail, 1, "2", "text/plain", "two");
		mail_free(mail);
		g_free(text);
	}
	/* what stands behind the boundary of the multipart around it is not in it */
	struct mail *mail =
		read_mail("Content-Type: multipart/mixed; boundary=o\r\n\r\n--o\r\n"
			  "Content-Type: multipart/mixed; boundary=wrong\r\n\r\ntext\r\n--o\r\n\r\ntwo\r\n--o--\r\n");
	defects_are(mail, 1, MIME_MALFORMED);
	assert_int_equal(mail->parts->len, 2);
	part_is(mail, 0, "1", "multipart/mixed", "text");
	part_is(mail, 1, "2", "text/plain", "two");
	mail_free(mail);
}

static void doubled_headers_are_told(void **state)
{
	struct mail *mail =
		read_mail("Subject: a\r\nTo: x\r\nTo: y\r\nsubject: b\r\n"
			  "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n"
			  "Content-Type: text/html\r\n\r\nx\r\n--b--\r\n");
	defects_are(mail, 2, MIME_DUPLICATE_HEADER);
	assert_string_equal(((struct mime_defect *)mail->defects->pdata[0])->description, "2 Subject headers");
	assert_string_equal(
		((struct mime_defect *)mail->defects->pdata[1])->description, "2 Content-Type headers in part 1");
	assert_string_equal(mail->subject, "a");
	part_is(mail, 0, "1", "text/plain", "x");
	assert_int_equal(mail->to->len, 2);
	mail_free(mail);
}

static void header_limits(void **state)
{
	GString *text = g_string_new("Subject: x\r\n");
	for (unsigned i = 0; i < 1001; i++)
		g_string_append_printf(text, "X-%u: y\r\n", i);
	g_string_append(text, "\r\nbody");
	struct mail *mail = read_mail(text->str);
	defects_are(mail, 1, MIME_HEADER_LIMIT);
	assert_string_equal(mail->body, "body");
	assert_int_equal(mail->headers->len, 1000);
	mail_free(mail);

	g_string_assign(text, "X-Long: ");
	for (unsigned i = 0; i < 10001; i++)
		g_string_append_c(text, 'x');
	g_string_append(text, "\r\nSubject: y\r\n\r\nbody");
	mail = read_mail(text->str);
	defects_are(mail, 1, MIME_HEADER_LIMIT);
	assert_string_equal(mail->subject, "y");
	mail_free(mail);

	g_string_assign(text, "X-Folded:");
	for (unsigned i = 0; i < 10000; i++)
		g_string_append(text, " folded\r\n");
	g_string_append(text, "Subject: y\r\n\r\nbody");
	mail = read_mail(text->str);
	defects_are(mail, 1, MIME_HEADER_LIMIT);
	assert_string_equal(mail->subject, "y");
	mail_free(mail);
	g_string_free(text, TRUE);
}

/* nest - `depth` multiparts, each in the one before, with a text in the innermost. */
static GString *nest(unsigned depth)
{
	GString *text = g_string_new(NULL);
	for (unsigned i = 0; i < depth; i++)
		g_string_append_printf(text, "Content-Type: multipart/mixed; boundary=b%u\r\n\r\n--b%u\r\n", i, i);
	g_string_append(text, "\r\ninnermost");
	for (unsigned i = depth; i-- > 0;)
		g_string_append_printf(text, "\r\n--b%u--", i);
	return text;
}

static void a_hundred_levels_and_no_more(void **state)
{
	GString *text = nest(100);
	struct mail *mail = read_mail(text->str);
	defects_are(mail, 0, 0);
	assert_int_equal(mail->parts->len, 1);
	assert_string_equal(mail->body, "innermost");
	mail_free(mail);
	g_string_free(text, TRUE);
	static const unsigned depths[] = { 101, 100000 };
	for (unsigned i = 0; i < G_N_ELEMENTS(depths); i++) {
		text = nest(depths[i]);
		mail = read_mail(text->str);
		defects_are(mail, 1, MIME_TOO_DEEP);
		assert_int_equal(mail->parts->len, 1);
		mail_free(mail);
		g_string_free(text, TRUE);
	}
	static const unsigned messages[] = { 200, 100000 };
	for (unsigned i = 0; i < G_N_ELEMENTS(messages); i++) {
		text = g_string_new(NULL);
		for (unsigned j = 0; j < messages[i]; j++)
			g_string_append(text, "Content-Type: message/rfc822\r\n\r\n");
		mail = read_mail(text->str);
		defects_are(mail, 1, MIME_TOO_DEEP);
		assert_in_range(mail->parts->len, messages[i] == 200 ? 101 : 1, 101);
		mail_free(mail);
		g_string_free(text, TRUE);
	}
}

static void large_messages_are_not_read_for_ever(void **state)
{
	GString *text = g_string_new(NULL);
	for (unsigned i = 0; i < 90; i++)
		g_string_append(text, "Content-Type: message/rfc822\r\n\r\n");
	g_string_append(text, "\r\n");
	for (unsigned i = 0; i < 3000000; i++)
		g_string_append(text, "x\r\n");
	struct mail *mail = read_mail(text->str);
	defects_are(mail, 1, MIME_TOO_DEEP);
	assert_in_range(mail->parts->len, 30, 60);
	mail_free(mail);
	g_string_free(text, TRUE);
}

static void repeat(const char *before, const char *text, unsigned count)
{
	GString *mail_text = g_string_new(before);
	for (unsigned i = 0; i < count; i++)
		g_string_append(mail_text, text);
	mail_free(read_mail(mail_text->str));
	g_string_free(mail_text, TRUE);
}

/* Each of these takes minutes when something looks at the rest of the input for each of its pieces. */
static void nothing_takes_quadratic_time(void **state)
{
	repeat("To: ", "=?a?q?x,", 500000);
	repeat("Subject: ", "=?a?q?", 500000);
	repeat("To: ", "a:;", 500000);
	repeat("Content-Type: text/plain; ", "a*0=\"", 500000);
	repeat("Content-Type: text/plain", "(((", 500000);
	repeat("Content-Transfer-Encoding: base64\r\n\r\n", "A=", 500000);
	repeat("Content-Transfer-Encoding: base64\r\n\r\n", "AA==\r\n", 500000);
	repeat("Content-Transfer-Encoding: x-uuencode\r\n\r\n", "begin \r\n", 500000);
	repeat("Content-Type: text/html\r\n\r\n", "<a href='", 200000);
	repeat("Content-Type: text/html\r\n\r\n", "<!--", 200000);
	repeat("Content-Type: text/html\r\n\r\n", "&#", 500000);
	repeat("\r\n", "http://a:", 500000);
	repeat("Content-Type: text/plain; format=flowed\r\n\r\n", "> \r\n", 200000);
	repeat("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n", "--c\r\n", 500000);
	repeat("Content-Type: text/plain; charset=gb18030\r\n\r\n", "\xff", 500000);
	repeat("Subject: x", "\r\n y", 500000);
}

static void too_many_parts_are_counted_out(void **state)
{
	GString *text = g_string_new("Content-Type: multipart/mixed; boundary=b\r\n\r\n");
	for (unsigned i = 0; i < MAIL_PARTS_MAX + 500; i++)
		g_string_append(text, "--b\r\n\r\nx\r\n");
	g_string_append(text, "--b--\r\n");
	struct mail *mail = read_mail(text->str);
	assert_int_equal(mail->parts->len, MAIL_PARTS_MAX);
	defects_are(mail, 1, MIME_MALFORMED);
	mail_free(mail);
	g_string_free(text, TRUE);
}

static void odd_beginnings(void **state)
{
	struct mail *mail = read_mail("From ann Mon Jan  1 00:00:00 2024\r\nSubject: x\r\n\r\nbody");
	assert_string_equal(mail->subject, "x");
	assert_string_equal(mail->body, "body");
	mail_free(mail);
	mail = read_mail("Subject: x\r\nno header line\r\nmore");
	assert_string_equal(mail->subject, "x");
	assert_string_equal(mail->body, "no header line\nmore");
	mail_free(mail);
	mail = read_mail("\r\nbody");
	assert_string_equal(mail->body, "body");
	mail_free(mail);
	mail = read_mail("Subject: only a header");
	assert_string_equal(mail->subject, "only a header");
	assert_int_equal(mail->parts->len, 1);
	mail_free(mail);
	mail = read_mail("Subject: bare\nTo: a@b\n\nbody\n");
	assert_string_equal(mail->subject, "bare");
	assert_string_equal(mail->body, "body\n");
	mail_free(mail);
}

/* --- transfer encodings --- */

static void decodes_to(const char *encoding, const char *octets, const char *expected)
{
	char *text = g_strdup_printf("Content-Transfer-Encoding: %s\r\n\r\n%s", encoding, octets);
	struct mail *mail = read_mail(text);
	part_is(mail, 0, "1", "text/plain", expected);
	defects_are(mail, 0, 0);
	mail_free(mail);
	g_free(text);
}

static void transfer_encodings(void **state)
{
	decodes_to("base64", "YWJj\r\nZGVm\r\n", "abcdef");
	decodes_to("BASE64", "YWJjZA==\r\n", "abcd");
	decodes_to("base64", "YWJjZA", "abcd");
	decodes_to("base64", "YWJjZGU", "abcde");
	decodes_to("base64 ", "YW Jj\nZG\r\n\r\nU=", "abcde");
	decodes_to("base64", "YQ==\r\nYg==\r\nYw==\r\n", "abc");
	decodes_to("base64", "", "");
	decodes_to("quoted-printable", "a=3Db=\r\nc=C3=A9\r\n", "a=bc\xc3\xa9\r\n");
	decodes_to("Quoted-Printable", "soft =\nbreak", "soft break");
	decodes_to("quoted-printable", "lower=3d, not=zz hex", "lower=, not=zz hex");
	decodes_to("quoted-printable", "at the end=", "at the end");
	decodes_to("quoted-printable", "cut=4", "cut=4");
	decodes_to("8bit", "caf\xe9\r\n", "caf\xe9\r\n");
	decodes_to("7bit (really)", "x", "x");
	decodes_to("x-uuencode", "text\r\nbegin 644 a.txt\r\n#0V%T\r\n#:&5Y\r\n`\r\nend\r\n", "Cathey");
	decodes_to("uuencode", "begin 644 a.txt\n#0V%T\n`\nend\n", "Cat");
	struct mail *mail = read_mail("Content-Transfer-Encoding: x-uuencode\r\n\r\nbegin 644 a b.txt\r\n`\r\nend\r\n");
	assert_string_equal(part_of(mail, 0)->filename, "a b.txt");
	mail_free(mail);
}

static void an_encoded_message_has_parts(void **state)
{
	char *inner = g_base64_encode((const guchar *)"Subject: in\r\n\r\ninside", 21);
	char *text = g_strdup_printf(
		"Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n%s\r\n", inner);
	struct mail *mail = read_mail(text);
	assert_int_equal(mail->parts->len, 2);
	part_is(mail, 0, "1", "message/rfc822", "Subject: in\r\n\r\ninside");
	part_is(mail, 1, "1.1", "text/plain", "inside");
	mail_free(mail);
	g_free(text);
	g_free(inner);
}

/* --- text --- */

static void body_is(const char *text, const char *type, const char *expected)
{
	struct mail *mail = read_mail(text);
	if (expected == NULL)
		assert_null(mail->body);
	else {
		assert_non_null(mail->body);
		assert_string_equal(mail->body, expected);
		assert_string_equal(mail->body_type, type);
	}
	mail_free(mail);
}

static void the_body_is_the_first_text(void **state)
{
	body_is("Content-Type: text/html\r\n\r\n<b>x</b>", "text/html", "<b>x</b>");
	body_is("Content-Type: application/pdf\r\n\r\n%PDF", NULL, NULL);
	body_is("Content-Type: text/plain\r\nContent-Disposition: attachment\r\n\r\nx", NULL, NULL);
	body_is("Content-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\nh\r\n"
		"--b\r\n\r\np\r\n--b--\r\n",
		"text/plain", "p");
	body_is("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Disposition: attachment; "
		"filename=a.txt\r\n\r\nattached\r\n"
		"--b\r\nContent-Type: text/plain; "
		"name=n.txt\r\n\r\nnamed\r\n--b\r\n\r\nfirst\r\n--b\r\n\r\nsecond\r\n--b--\r\n",
		"text/plain", "first");
	body_is("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\nouter\r\n"
		"--b\r\nContent-Type: message/rfc822\r\n\r\n\r\ninner\r\n--b--\r\n",
		"text/html", "outer");
}

static void charsets_become_utf8(void **state)
{
	body_is("Content-Type: text/plain; charset=iso-8859-1\r\n\r\ncaf\xe9", "text/plain", "caf\xc3\xa9");
	body_is("Content-Type: text/plain; charset=ISO-8859-15\r\n\r\n\xa4", "text/plain", "\xe2\x82\xac");
	body_is("Content-Type: text/plain; charset=iso-8859-1\r\n\r\n\x80", "text/plain", "\xe2\x82\xac");
	body_is("Content-Type: text/plain; charset=utf-8\r\n\r\na\xff"
		"b\xc3",
		"text/plain",
		"a\xef\xbf\xbd"
		"b\xef\xbf\xbd");
	body_is("Content-Type: text/plain; charset=shift_jis\r\n\r\n\x93\xfa\x96\x7b", "text/plain",
		"\xe6\x97\xa5\xe6\x9c\xac");
	body_is("Content-Type: text/plain; charset=gb2312\r\n\r\n\xc4\xe3", "text/plain", "\xe4\xbd\xa0");
	body_is("Content-Type: text/plain; charset=utf-7\r\n\r\n+AOk-", "text/plain", "\xc3\xa9");
	body_is("Content-Type: text/plain; charset=\"no/such//IGNORE\"\r\n\r\ncaf\xe9", "text/plain", "caf\xc3\xa9");
	body_is("Content-Type: text/plain; charset=us-ascii\r\n\r\ncaf\xc3\xa9", "text/plain", "caf\xc3\xa9");
	body_is("Content-Type: text/plain; charset=utf-8\r\n\r\n\xef\xbb\xbf"
		"bom",
		"text/plain", "bom");
	body_is("\r\n\x1b$BF|K\\\x1b(B", "text/plain", "\xe6\x97\xa5\xe6\x9c\xac");
	body_is("Content-Type: text/html\r\n\r\n<meta http-equiv=\"Content-Type\" content=\"text/html; "
		"charset=koi8-r\">\xc1",
		"text/html", "<meta http-equiv=\"Content-Type\" content=\"text/html; charset=koi8-r\">\xd0\xb0");
	body_is("Content-Type: text/html\r\n\r\n<meta charset='iso-8859-2'>\xb1", "text/html",
		"<meta charset='iso-8859-2'>\xc4\x85");
	struct mail *mail = read_octets("Subject: x\r\n\r\na\0b", 17);
	assert_string_equal(mail->body, "a\xef\xbf\xbd"
					"b");
	assert_int_equal(part_of(mail, 0)->size, 3);
	mail_free(mail);
}

static void flowed_paragraphs_are_joined(void **state)
{
	body_is("Content-Type: text/plain; format=flowed\r\n\r\na \r\nb\r\n  stuffed\r\n> q1 \r\n> q2\r\n>> deep "
		"\r\nnot\r\n-- \r\nsig\r\n",
		"text/plain", "a b\n stuffed\n> q1 q2\n>> deep \nnot\n-- \nsig\n");
	body_is("Content-Type: text/plain; format=flowed; delsp=yes\r\n\r\n\xe6\x97\xa5 \r\n\xe6\x9c\xac\r\n",
		"text/plain", "\xe6\x97\xa5\xe6\x9c\xac\n");
}

static void urls_are(const char *text, ...)
{
	struct mail *mail = read_mail(text);
	va_list expected;
	const char *url;
	unsigned count = 0;
	va_start(expected, text);
	for (; (url = va_arg(expected, const char *)) != NULL; count++) {
		assert_in_range(count + 1, 1, mail->urls->len);
		assert_string_equal(mail->urls->pdata[count], url);
	}
	va_end(expected);
	assert_int_equal(mail->urls->len, count);
	mail_free(mail);
}

static void urls_of_text_and_html(void **state)
{
	urls_are("\r\nSee http://a.example/x, HTTPS://b.example/?q=1&r=2. (ftp://c.example/d) <mailto:e@f.example>\r\n"
		 "http://a.example/x again; http://w.example/(in)! xhttp://no.example 1http://no.example http:// "
		 "mailto:\r\n",
		"http://a.example/x", "HTTPS://b.example/?q=1&r=2", "ftp://c.example/d", "mailto:e@f.example",
		"http://w.example/(in)", NULL);
	urls_are("Content-Type: text/html\r\n\r\n<!-- <a href='http://comment.example'> --><A "
		 "HREF=\"http://a.example/?x=1&amp;y=2\">t</A>"
		 "<img src='http&#58;//b.example/i.png'><a href=http://c.example/p>https://d.example/</a>"
		 "<a title='http://no.example/' href=' ht\r\ntp://e.example/ '>x &lt;http://f.example/&gt;</a><a "
		 "href=\"#x\">"
		 "<form action=https&#x3A;&sol;&sol;g.example>",
		"http://a.example/?x=1&y=2", "http://b.example/i.png", "http://c.example/p", "https://d.example/",
		"http://e.example/", "http://f.example/", "https://g.example", NULL);
	urls_are("Content-Transfer-Encoding: quoted-printable\r\n\r\nhttp://long.example/aaa=\r\nbbb=3Dc\r\n",
		"http://long.example/aaabbb=c", NULL);
	urls_are("Content-Type: text/html\r\n\r\n<a href=\"http://cut.example", "http://cut.example", NULL);
	urls_are("Content-Type: text/html\r\n\r\n< <a <a/href=http://odd.example/><", "http://odd.example/", NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(subjects_say_what_the_sender_meant),
		cmocka_unit_test(raw_headers_are_in_the_charset_of_the_text),
		cmocka_unit_test(words_without_end_take_no_time),
		cmocka_unit_test(every_field_has_its_place),
		cmocka_unit_test(addresses_are_cut_where_they_end),
		cmocka_unit_test(from_has_a_name_and_an_address),
		cmocka_unit_test(file_names_as_clients_write_them),
		cmocka_unit_test(parts_are_numbered_as_in_imap),
		cmocka_unit_test(a_digest_holds_messages),
		cmocka_unit_test(octets_of_parts_are_exact),
		cmocka_unit_test(a_boundary_may_begin_like_another),
		cmocka_unit_test(damaged_structure_is_told),
		cmocka_unit_test(a_wrong_boundary_hides_no_parts),
		cmocka_unit_test(doubled_headers_are_told),
		cmocka_unit_test(header_limits),
		cmocka_unit_test(a_hundred_levels_and_no_more),
		cmocka_unit_test(large_messages_are_not_read_for_ever),
		cmocka_unit_test(nothing_takes_quadratic_time),
		cmocka_unit_test(too_many_parts_are_counted_out),
		cmocka_unit_test(odd_beginnings),
		cmocka_unit_test(transfer_encodings),
		cmocka_unit_test(an_encoded_message_has_parts),
		cmocka_unit_test(the_body_is_the_first_text),
		cmocka_unit_test(charsets_become_utf8),
		cmocka_unit_test(flowed_paragraphs_are_joined),
		cmocka_unit_test(urls_of_text_and_html),
	};
	mail_init();
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	mail_exit();
	return failed;
}
