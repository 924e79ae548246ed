/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * test_header.c - header fields, addresses and file names of mails, as clients write them.
 */
#include <string.h>

#include "kits/mail_kit.h"

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
	subject_is("folded\r\n\tby a tab", "folded\tby a tab");
	subject_is("=?utf-8?B?aGVsbG8=?= =?utf-8?B?d29ybGQ=?=", "helloworld");
	subject_is("=?UTF-8?q?caf=C3?= =?utf-8?q?=A9_au_lait?=", "caf\xc3\xa9 au lait");
	subject_is("=?utf-8?b?5pel5pys?=\r\n =?utf-8?b?6Kqe?=", "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e");
	subject_is("=?utf-8?b?5pc=?= =?utf-8?b?pQ==?=", "\xe6\x97\xa5");
	subject_is("=?iso-8859-1?q?a=E9?= =?utf-8?q?b=C3=A9?=", "a\xc3\xa9"
								"b\xc3\xa9");
	/* as many octets as in the word before, in another charset */
	subject_is("=?koi8-r?B?8NI=?= =?iso-8859-1?B?4eI=?=", "\xd0\x9f\xd1\x80\xc3\xa1\xc3\xa2");
	subject_is("=?koi8-r?B?8NLJ18XU?=", "\xd0\x9f\xd1\x80\xd0\xb8\xd0\xb2\xd0\xb5\xd1\x82");
	subject_is("=?iso-2022-jp?B?GyRCRnxLXBsoQg==?=", "\xe6\x97\xa5\xe6\x9c\xac");
	subject_is("a =?utf-8?q?b?= c", "a b c");
	subject_is("in=?utf-8?q?_the?=word", "in theword");
	subject_is("=?utf-8?q?with spaces inside?=", "with spaces inside");
	subject_is("=?utf-8*en?q?language?=", "language");
	subject_is("=?utf-8?b?YWI?=", "ab");
	subject_is("=?utf-8?b?"
		   "?=",
		"");
	subject_is("=?utf-8?b?!!!?= b", "=?utf-8?b?!!!?= b");
	subject_is("a=?utf-8?b?w6k=?==?utf-8?b?*?=", "a\xc3\xa9=?utf-8?b?*?=");
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

static void raw_octets_in_a_word_are_converted_once(void **state)
{
	subject_is("=?iso-8859-1?Q?K\xf6ln?=", "K\xc3\xb6ln");
	subject_is("=?iso-8859-1?Q?Gr=FC\xdf"
		   "e?= aus K\xf6ln",
		"Gr\xc3\xbc\xc3\x9f"
		"e aus K\xc3\xb6ln");
	subject_is("=?utf-8?Q?Gr\xc3\xbc=C3=9Fe?=", "Gr\xc3\xbc\xc3\x9f"
						    "e");
	subject_is("=?iso-8859-1?Q?=FCK\xc3\xb6ln=FC?=", "\xc3\xbcK\xc3\xb6ln\xc3\xbc");
	subject_is("=?shift_jis?Q?\x83"
		   "A=83B?=",
		"\xe3\x82\xa2\xe3\x82\xa3");
	subject_is(
		"\xfc =?koi8-r?Q?\xc1?= =?iso-8859-1?Q?\xe4=E4?= \xfc", "\xc3\xbc \xd0\xb0\xc3\xa4\xc3\xa4 \xc3\xbc");
	subject_is("=?utf-8?B?aGVs\xff"
		   "bG8=?= \xfc",
		"hello \xc3\xbc");
	subject_is("=?iso-8859-1?Q?never \xf6", "=?iso-8859-1?Q?never \xc3\xb6");
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
		"Odd : spaced\r\nX-Other~And-A-Long-One:v\r\n\r\n");
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
	assert_int_equal(mail->header_count, 12);
	assert_span(mail->headers[10].name, "Odd");
	assert_span(mail->headers[10].value, "spaced");
	assert_span(mail->headers[11].value, "v");
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
	mail = read_mail(
		"To: a@[IPv6:2001:db8::1], Friends: b@[IPv6:::1];, c@[open, d@a\r\nFrom: x@[IPv6:::2]\r\n\r\n");
	static const char *const literals[] = { "a@[IPv6:2001:db8::1]", "b@[IPv6:::1]", "c@[open", "d@a" };
	assert_int_equal(mail->to->len, G_N_ELEMENTS(literals));
	for (unsigned i = 0; i < G_N_ELEMENTS(literals); i++)
		assert_string_equal(mail->to->pdata[i], literals[i]);
	assert_string_equal(mail->from_address, "x@[IPv6:::2]");
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
	name_is("Content-Disposition: attachment; filename=a.exe (comment)", "a.exe");
	name_is("Content-Disposition: attachment; filename=a.b \t(x) ; size=1", "a.b");
	name_is("Content-Disposition: attachment; filename=Copy (2)", "Copy (2)");
	name_is("Content-Disposition: attachment; filename=a.b(2)", "a.b(2)");
	name_is("Content-Disposition: attachment; filename=a.b 2)", "a.b 2)");
	name_is("Content-Disposition: filename=a.exe", "a.exe");
	name_is("Content-Disposition: filename=\"a b.exe\"; size=1", "a b.exe");
	name_is("Content-Disposition: attachment; filename*=utf-8''=?utf-8?Q?a.exe?=", "a.exe");
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

/* others_are - the name that is reported, and those beside it, apart by '|'. */
static void others_are(const char *fields, const char *name, const char *others)
{
	char *text = g_strdup_printf("%s\r\n\r\nx", fields);
	struct mail *mail = read_mail(text);
	const struct mail_part *part = part_of(mail, 0);
	GString *got = g_string_new(NULL);
	unsigned named = 0;
	assert_string_equal(part->filename, name);
	for (guint i = 0; part->other_names && i < part->other_names->len; i++)
		g_string_append_printf(got, "%s%s", i > 0 ? "|" : "", (char *)part->other_names->pdata[i]);
	assert_string_equal(got->str, others);
	for (guint i = 0; i < mail->defects->len; i++) {
		const struct mime_defect *defect = mail->defects->pdata[i];
		named += strstr(defect->description, "more than one name") != NULL;
	}
	assert_int_equal(named, *others != '\0');
	g_string_free(got, TRUE);
	mail_free(mail);
	g_free(text);
}

static void all_names_of_a_file_are_seen(void **state)
{
	others_are("Content-Disposition: attachment; filename=a.txt; filename=b.exe", "a.txt", "b.exe");
	others_are("Content-Disposition: attachment; filename=a.exe; filename*=utf-8''b.txt", "b.txt", "a.exe");
	others_are("Content-Disposition: attachment; filename*=utf-8''a.txt; filename*=utf-8''b.exe", "a.txt", "b.exe");
	others_are("Content-Disposition: attachment; filename*0=a; filename*1=.txt; filename=b.exe", "a.txt", "b.exe");
	others_are("Content-Type: image/png; name=b.exe\r\nContent-Disposition: attachment; filename=a.png", "a.png",
		"b.exe");
	others_are("Content-Type: image/png; name=b.png; name=c.exe\r\nContent-Disposition: inline; filename=a.png",
		"a.png", "b.png|c.exe");
	others_are("Content-Disposition: attachment; filename=a.txt\r\n"
		   "Content-Disposition: attachment; filename=b.exe; filename*=utf-8''c.js",
		"a.txt", "c.js|b.exe");
	others_are("Content-Type: text/plain; name=a.txt\r\nContent-Type: text/plain; name=b.exe", "a.txt", "b.exe");
	/* one name, written in two ways */
	others_are("Content-Type: image/png; name=\"=?utf-8?q?=C3=BCber.png?=\"\r\n"
		   "Content-Disposition: attachment; filename*=utf-8''%C3%BCber.png",
		"\xc3\xbc"
		"ber.png",
		"");
	others_are("Content-Disposition: attachment; filename=\"_ber gr??e.png\"; "
		   "filename*=utf-8''%C3%BCber%20gr%C3%B6%C3%9Fe.png",
		"\xc3\xbc"
		"ber gr\xc3\xb6\xc3\x9f"
		"e.png",
		"");
	others_are("Content-Disposition: attachment; filename=UEBER.PNG; filename*=utf-8''%C3%BCber.png",
		"\xc3\xbc"
		"ber.png",
		"");
	others_are("Content-Disposition: attachment; filename=ber.png; filename*=utf-8''%C3%BCber.png%C3%BC",
		"\xc3\xbc"
		"ber.png\xc3\xbc",
		"");
	others_are(
		"Content-Disposition: attachment; filename=a.png; filename*=utf-8''a.png%C3%80", "a.png\xc3\x80", "");
	others_are("Content-Disposition: attachment; filename=a.exe.png; filename*=utf-8''a%C3%BC.png", "a\xc3\xbc.png",
		"a.exe.png");
	others_are("Content-Disposition: attachment; filename=x.exe; filename*=utf-8''%C3%BC.png", "\xc3\xbc.png",
		"x.exe");
	others_are("Content-Disposition: form-data; name=\"file\"; filename=\"a.sh\"", "a.sh", "");
	others_are("Content-Disposition: attachment; filename=A.TXT; filename=a.txt", "A.TXT", "");
}

static void comments_are_no_part_of_a_field(void **state)
{
	static const char *const types[] = { "text/html (a comment); charset=koi8-r",
		"(c) text (c) / (c) html ; charset = (c) koi8-r", "text/html; charset=koi8-r (c; charset=utf-8)",
		"text/html;(c)charset(c)=(c)\"koi8-r\"(c)", "text/html; charset=koi8-r(c)",
		"TEXT /HTML; charset=koi8-r", "text/ html; charset=koi8-r" };
	for (size_t i = 0; i < G_N_ELEMENTS(types); i++) {
		char *text = g_strdup_printf("Content-Type: %s\r\n\r\n\xc1", types[i]);
		struct mail *mail = read_mail(text);
		assert_string_equal(part_of(mail, 0)->content_type, "text/html");
		assert_string_equal(part_of(mail, 0)->charset, "koi8-r");
		assert_string_equal(mail->body, "\xd0\xb0");
		defects_are(mail, 0, MIME_MALFORMED);
		mail_free(mail);
		g_free(text);
	}
	static const char *const encodings[] = { "(c) base64", "base64 (c)", "base64(c)", "(a (b) c)base64",
		"() \"base64\"" };
	for (size_t i = 0; i < G_N_ELEMENTS(encodings); i++) {
		char *text = g_strdup_printf("Content-Transfer-Encoding: %s\r\n\r\nYWJj\r\n", encodings[i]);
		struct mail *mail = read_mail(text);
		assert_string_equal(mail->body, "abc");
		mail_free(mail);
		g_free(text);
	}
	name_is("Content-Disposition: (c) attachment; filename (c) = (c) \"a.txt\" (c)", "a.txt");
	name_is("Content-Disposition: attachment; filename=report (1).pdf", "report (1).pdf");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(subjects_say_what_the_sender_meant),
		cmocka_unit_test(raw_octets_in_a_word_are_converted_once),
		cmocka_unit_test(raw_headers_are_in_the_charset_of_the_text),
		cmocka_unit_test(words_without_end_take_no_time),
		cmocka_unit_test(every_field_has_its_place),
		cmocka_unit_test(addresses_are_cut_where_they_end),
		cmocka_unit_test(from_has_a_name_and_an_address),
		cmocka_unit_test(file_names_as_clients_write_them),
		cmocka_unit_test(all_names_of_a_file_are_seen),
		cmocka_unit_test(comments_are_no_part_of_a_field),
	};
	mail_init();
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	mail_exit();
	return failed;
}
