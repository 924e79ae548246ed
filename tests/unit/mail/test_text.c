/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * test_text.c - bodies, charsets, format=flowed and urls of mails.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "kits/mail_kit.h"

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
