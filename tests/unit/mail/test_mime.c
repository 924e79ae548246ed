/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * test_mime.c - structure and transfer encodings of mails, ordinary, broken and hostile.
 */
#include <string.h>

#include "kits/mail_kit.h"

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
	assert_false(part_of(mail, 0)->typed);
	assert_true(part_of(mail, 1)->typed);
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

/* With an empty boundary "--" is a delimiter, but not the line with which a signature begins; and only the first piece
 * of a message has a header. */
static void what_is_no_delimiter_and_no_header(void **state)
{
	struct mail *mail =
		read_mail("Content-Type: multipart/mixed; boundary=\"\"\r\n\r\n--\r\n\r\nA\r\n-- \r\nme\r\n---\r\n"
			  "--\r\nContent-Type: message/partial; number=2\r\n\r\nSubject: B\r\n\r\nC\r\n----\r\n");
	assert_int_equal(mail->parts->len, 2);
	part_is(mail, 0, "1", "text/plain", "A\r\n-- \r\nme\r\n---");
	part_is(mail, 1, "2", "message/partial", "Subject: B\r\n\r\nC");
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
		bool certain; /* whatever is missing after it */
	} cases[] = {
		{ "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\none\r\n", "unclosed boundary", 1,
			false },
		{ "Content-Type: multipart/mixed; boundary=b\r\n\r\n--c\r\n\r\none\r\n--c--\r\n",
			"boundary declared but never used", 1, false },
		{ "Content-Type: multipart/mixed\r\n\r\n--c\r\n\r\none\r\n--c--\r\n", "multipart without a boundary", 1,
			false },
		{ "Content-Type: text\r\n\r\none\r\n", "bad Content-Type", 1, true },
		{ "Content-Type: \r\n\r\none\r\n", "bad Content-Type", 1, true },
		{ "Content-Type: text/plain\r\nContent-Transfer-Encoding: zip\r\n\r\none\r\n",
			"unknown transfer encoding", 1, true },
		{ "Content-Transfer-Encoding: base64\r\n\r\nnot *base64*\r\n", "part 1: characters that are not base64",
			1, false },
		{ "Content-Transfer-Encoding: base64\r\n\r\nYWJjZ\r\n", "part 1: base64 ends in the middle of an octet",
			1, false },
		{ "Content-Transfer-Encoding: x-uuencode\r\n\r\nnothing\r\n", "part 1: no begin line in uuencode", 1,
			false },
	};
	for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct mail *mail = read_mail(cases[i].text);
		defects_are(mail, 1, MIME_MALFORMED);
		assert_string_equal(((struct mime_defect *)mail->defects->pdata[0])->description, cases[i].words);
		assert_int_equal(mail->parts->len, cases[i].parts);
		mail_free(mail);
		/* of a mail whose end is missing nothing is said that may be just what is missing */
		mail = mail_new(&plain_options);
		mail_feed(mail, span_of(cases[i].text, strlen(cases[i].text)));
		mail_finish(mail, false);
		defects_are(mail, cases[i].certain, MIME_MALFORMED);
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
	/* text after the boundary of the outer multipart is not part of it */
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
	assert_int_equal(mail->header_count, 1000);
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
	/* the second time they are too large to hash each of them as a whole, too */
	static const unsigned messages[] = { 200, 100000 };
	for (unsigned i = 0; i < G_N_ELEMENTS(messages); i++) {
		text = g_string_new(NULL);
		for (unsigned j = 0; j < messages[i]; j++)
			g_string_append(text, "Content-Type: message/rfc822\r\n\r\n");
		mail = read_mail(text->str);
		defects_are(mail, 1 + i, MIME_TOO_DEEP);
		assert_true(mail->partial);
		assert_int_equal(mail->parts->len, 101);
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
	assert_true(mail->partial);
	/* all is looked into; of the messages the outer ones are hashed as a whole, and the text is */
	assert_int_equal(mail->parts->len, 91);
	for (unsigned i = 0; i < 16; i++)
		assert_int_equal(part_of(mail, i)->size, text->len - 32 * (i + 1));
	for (unsigned i = 16; i < 90; i++)
		assert_true(part_of(mail, i)->truncated && part_of(mail, i)->size == 1024 * 1024);
	assert_int_equal(part_of(mail, 90)->size, 9000000);
	assert_false(part_of(mail, 90)->truncated);
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
	mail = read_mail("Received: x\r\nno header line\r\nX-More: y\r\nSubject: x\r\nX-Again: z\r\n\r\nbody");
	assert_string_equal(mail->subject, "x");
	assert_string_equal(mail->body, "body");
	assert_int_equal(mail->header_count, 4);
	defects_are(mail, 1, MIME_MALFORMED);
	mail_free(mail);
	mail = read_mail("Received: x\r\nno header line\r\nX-More: y\r\n\r\nSubject: x\r\n\r\nbody");
	assert_null(mail->subject);
	assert_string_equal(mail->body, "no header line\nX-More: y\n\nSubject: x\n\nbody");
	mail_free(mail);
	mail = read_mail("no header line\r\nSubject: x\r\n\r\nbody");
	assert_null(mail->subject);
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

static void decodes_to(const char *encoding, const char *octets, const char *expected)
{
	char *text = g_strdup_printf("Content-Transfer-Encoding: %s\r\n\r\n%s", encoding, octets);
	struct mail *mail = read_mail(text);
	part_is(mail, 0, "1", "text/plain", expected);
	defects_are(mail, 0, 0);
	mail_free(mail);
	g_free(text);
}

#define UU_CAT "begin 644 a.txt\r\n#0V%T\r\n`\r\nend\r\n"

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
	decodes_to("x-uuencode", "\r\n \r\nbegin 644 a.txt\r\n#0V%T\r\n#:&5Y\r\n`\r\nend\r\n \r\n", "Cathey");
	decodes_to("uuencode", "begin 644 a.txt\n#0V%T\n`\nend\n", "Cat");
	struct mail *mail = read_mail("Content-Transfer-Encoding: x-uuencode\r\n\r\nbegin 644 a b.txt\r\n`\r\nend\r\n");
	assert_string_equal(part_of(mail, 0)->filename, "a b.txt");
	assert_true(part_of(mail, 0)->attachment);
	mail_free(mail);
}

static void the_name_in_uuencode_is_another(void **state)
{
	struct mail *mail =
		read_mail("Content-Type: application/x-y; name=a.txt\r\nContent-Transfer-Encoding: x-uuencode\r\n\r\n"
			  "begin 644 b.exe\r\n#0V%T\r\n`\r\nend\r\n");
	defects_are(mail, 1, MIME_DUPLICATE_HEADER);
	assert_string_equal(part_of(mail, 0)->filename, "a.txt");
	assert_int_equal(part_of(mail, 0)->other_names->len, 1);
	assert_string_equal(part_of(mail, 0)->other_names->pdata[0], "b.exe");
	mail_free(mail);
	static const char *const none[] = { "A.TXT", "-", "/dev/stdout" };
	for (size_t i = 0; i < G_N_ELEMENTS(none); i++) {
		char *text = g_strdup_printf(
			"Content-Type: application/x-y; name=a.txt\r\nContent-Transfer-Encoding: x-uuencode\r\n\r\n"
			"begin 644 %s\r\n#0V%%T\r\n`\r\nend\r\n",
			none[i]);
		mail = read_mail(text);
		defects_are(mail, 0, MIME_DUPLICATE_HEADER);
		assert_null(part_of(mail, 0)->other_names);
		mail_free(mail);
		g_free(text);
	}
}

static void text_around_uuencode_is_told(void **state)
{
	static const char *const bodies[] = { "text\r\n" UU_CAT, UU_CAT "text", UU_CAT UU_CAT };
	for (size_t i = 0; i < G_N_ELEMENTS(bodies); i++) {
		char *text = g_strconcat("Content-Transfer-Encoding: x-uuencode\r\n\r\n", bodies[i], NULL);
		struct mail *mail = read_mail(text);
		part_is(mail, 0, "1", "text/plain", "Cat");
		defects_are(mail, 1, 0);
		mail_free(mail);
		g_free(text);
	}
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parts_are_numbered_as_in_imap),
		cmocka_unit_test(a_digest_holds_messages),
		cmocka_unit_test(octets_of_parts_are_exact),
		cmocka_unit_test(what_is_no_delimiter_and_no_header),
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
		cmocka_unit_test(text_around_uuencode_is_told),
		cmocka_unit_test(the_name_in_uuencode_is_another),
		cmocka_unit_test(an_encoded_message_has_parts),
	};
	mail_init();
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	mail_exit();
	return failed;
}
