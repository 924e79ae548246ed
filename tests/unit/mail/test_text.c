/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * test_text.c - bodies, charsets, format=flowed and urls of mails.
 */
#include <string.h>

#include "kits/mail_kit.h"
#include "text.h"

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
	body_is("Content-Type: text/html\r\n\r\n<b>x</b>", "text/html", "x");
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
		"text/html", "\xd0\xb0");
	body_is("Content-Type: text/html\r\n\r\n<meta charset='iso-8859-2'>\xb1", "text/html", "\xc4\x85");
	struct mail *mail = read_octets("Subject: x\r\n\r\na\0b", 17);
	assert_string_equal(mail->body, "a\xef\xbf\xbd"
					"b");
	assert_int_equal(part_of(mail, 0)->size, 3);
	mail_free(mail);
}

static void html_is(const char *html, const char *expected)
{
	char *text = g_strdup_printf("Content-Type: text/html; charset=utf-8\r\n\r\n%s", html);
	body_is(text, "text/html", expected);
	body_is(text, "text/html", expected); /* the other way round: whole, octet by octet */
	g_free(text);
}

static void html_becomes_text(void **state)
{
	html_is("<html><head><title>no</title><style>p { x: y }</style></head><body>a <b>b</b>\r\n  c</body></html>",
		"a b c");
	html_is("a<script>if (1 < 2) x('</b>');</script>b<SCRIPT src=x></script >c<style>never closed", "abc");
	html_is("<p>one</p><p>two</p>three", "one\n\ntwo\n\nthree");
	html_is("<div>one</div><div>two</div>\n<div><div>three</div></div>", "one\ntwo\nthree");
	html_is("one<br>two<br/><br>three<br>", "one\ntwo\n\nthree\n");
	html_is("<br>one", "one");
	html_is("<ul><li>one<li>two</ul>", "one\ntwo");
	html_is("<table><tr><td>a</td><td>b</td></tr><tr><th>c<td>d</table>e", "a b\nc d\ne");
	html_is("<h1>T</h1>x<blockquote>q</blockquote>y<hr>z", "T\n\nx\n\nq\n\ny\nz");
	html_is("x<pre>a  b\n c</pre>d", "x\n\na  b\n c\n\nd");
	html_is("a<!-- <b>no</b> -->b<!doctype x>c<?xml ?>d</unknown>e<unknown-and-very-long-tag-name>f", "abcdef");
	html_is("1 < 2 <3 a<b", "1 < 2 <3 a");
	html_is("a<img alt='x>y' src=z>b<a title=\"1>2\">c</a>", "abc");
	html_is("&lt;b&gt; &amp;amp; &quot;&apos; &auml;&Auml;&euro;&nbsp;x&hellip; &#228;&#xE4;&#x1F642;&#146;",
		"<b> &amp; \"' \xc3\xa4\xc3\x84\xe2\x82\xac x\xe2\x80\xa6 "
		"\xc3\xa4\xc3\xa4\xf0\x9f\x99\x82\xe2\x80\x99");
	html_is("&unknown; & &; &# &#x; &#xd800; &#1114112; &#0; &copyx &copy &ampersand",
		"&unknown; & &; &# &#x; &#xd800; &#1114112; &#0; &copyx \xc2\xa9 &ampersand");
	html_is("a&#38;#38;b&#160;c", "a&#38;b c");
	html_is("a&abcdefghijklmnopqrstuvwxyz;b", "a&abcdefghijklmnopqrstuvwxyz;b");
	html_is("  \r\n <p> </p> a \t b </p> ", "a b");
	html_is("<img src=x>", "");
}

static void blanks_in_html_become_one_wherever_they_are(void **state)
{
	const char words[] = "a bc d efg hi j klm no p qrs tu vwx y z abcd";
	for (int i = 1; i < (int)sizeof words; i++) {
		bool space = words[i - 1] == ' ';
		char *html = g_strdup_printf("%.*s  b\001 c \n d\t%s ", i, words, words);
		char *text = g_strdup_printf("%.*s b\001 c d %s", space ? i - 1 : i, words, words);
		html_is(html, text);
		g_free(html);
		g_free(text);
	}
}

static void html_itself_is_kept_on_request(void **state)
{
	static const struct mail_options kept = { .parse = true, .body = true, .html = true, .body_limit = 7 };
	static const char text[] = "Content-Type: text/html\r\n\r\n<b>1234567890</b>";
	struct mail *mail = mail_of(&kept, text, strlen(text), WHOLE);
	assert_string_equal(mail->body, "1234567");
	assert_string_equal(mail->html, "<b>1234");
	assert_true(mail->body_truncated);
	mail_free(mail);
	static const char both[] =
		"Content-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n"
		"<b>h</b>\r\n--b\r\n\r\np\r\n--b--\r\n";
	mail = mail_of(&kept, both, strlen(both), WHOLE);
	assert_string_equal(mail->body, "p");
	assert_null(mail->html);
	mail_free(mail);
}

static void links_whose_text_names_a_place(void **state)
{
	struct mail *mail = read_mail("Content-Type: text/html\r\n\r\n"
				      "<a href='http://a.example/?x=1&amp;y=2'> www.<b>bank</b>.example </a>"
				      "<a href=http://b.example>click here</a><a href=http://c.example>end.</a>"
				      "<a name=x>d.example</a>e.example<a href=' ht\r\ntp://f.example/ '>f.example<a "
				      "href=http://g.example>g.example");
	static const char *const expected[] = { "www.bank.example", "http://a.example/?x=1&y=2", "end.",
		"http://c.example", "f.example", "http://f.example/", "g.example", "http://g.example" };
	assert_int_equal(mail->links->len, G_N_ELEMENTS(expected) / 2);
	for (guint i = 0; i < mail->links->len; i++) {
		const struct mail_link *link = mail->links->pdata[i];
		assert_string_equal(link->text, expected[2 * i]);
		assert_string_equal(link->target, expected[2 * i + 1]);
	}
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
	urls_are("\r\n(http://a.example/x(y)z) [http://b.example/(] (see http://c.example/d)). "
		 "http://e.example/f)...)\r\n",
		"http://a.example/x(y)z", "http://b.example/(", "http://c.example/d", "http://e.example/f", NULL);
	urls_are("\r\n[http://a.example](http://b.example/x) http://c.example/[1]/[2]x][3] http://[2001:db8::1]/y\r\n",
		"http://a.example", "http://b.example/x", "http://c.example/[1]/[2]x", "http://[2001:db8::1]/y", NULL);
	/* RFC 3986 appendix C */
	urls_are("\r\n<http://a.example/x\r\ny\r\n  z> <http://b.example/\r\nand more> "
		 "<http://c.example/\r\n\r\nd> <http://d.example/\r\nhttp://e.example/> <http://h.example/\r\n>"
		 "<http://f.example/1\r\n2\r\n3\r\n4\r\n5\r\n6\r\n7\r\n8> "
		 "<http://g.example/1\r\n2\r\n3\r\n4\r\n5\r\n6\r\n7\r\n8\r\n9>\r\n",
		"http://a.example/xyz", "http://b.example/", "http://c.example/", "http://d.example/",
		"http://e.example/", "http://h.example/", "http://f.example/12345678", "http://g.example/1", NULL);
	urls_are("Content-Transfer-Encoding: quoted-printable\r\n\r\nhttp://long.example/aaa=\r\nbbb=3Dc\r\n",
		"http://long.example/aaabbb=c", NULL);
	urls_are("Content-Type: text/html\r\n\r\n<a href=\"http://cut.example", "http://cut.example", NULL);
	urls_are(
		"Content-Type: text/html\r\n\r\n<!--[if mso]><a href='http://condition.example/'>x</a><![endif]-->"
		"<style>@import url(http://style.example/);</style><p style='background:url(http://s.example/p)'>"
		"<meta http-equiv=refresh content='0; URL=http://meta.example/'><a xlink:href='http://svg.example/'>"
		"<img srcset='http://one.example/ 1x, http://two.example/ 2x'><script>'http://script.example/'</script>"
		"<p title='http://title.example/'>",
		"http://condition.example/", "http://style.example/", "http://s.example/p", "http://meta.example/",
		"http://svg.example/", "http://one.example/", "http://two.example/", "http://script.example/", NULL);
	urls_are("Content-Type: text/html\r\n\r\n<a href=\"javascript:location='http://run.example/'\" "
		 "onclick=\"go('http://click.example/')\">x</a><p title='javascript:http://no.example/' ontop=1>"
		 "<a href='javascripts:http://no.example/' ping='http://p.example/ http://q.example/'>",
		"http://run.example/", "http://click.example/", "javascripts:http://no.example/", "http://p.example/",
		"http://q.example/", NULL);
	urls_are("Content-Type: text/html\r\n\r\n<a href='http:\\\\a.example\\x'>x</a><a href=HTTPS:/b.example>x</a><a "
		 "href=http:c.example>x</a><a href='http://///d.example'>x</a><a href='mailto:x@y.example'>x</a><a "
		 "href='ftps:/e.example'>x</a>",
		"http://a.example\\x", "HTTPS://b.example", "http://c.example", "http://d.example",
		"mailto:x@y.example", "ftps:/e.example", NULL);
	urls_are("Content-Type: text/html\r\n\r\n< <a <a/href=http://odd.example/><", "http://odd.example/", NULL);
}

/* Tags within a line cut no URL; those that end a line, and links, do. */
static void urls_across_tags(void **state)
{
	urls_are("Content-Type: text/html\r\n\r\nhttp://a.<b>example</b>/<wbr>x y http://b.example/<br>z "
		 "http://c.example/<a>z</a> "
		 "<i>http:</i>//d.example/<!-- x -->e<p>\\\\f<i>.example\\g</i>h",
		"http://a.example/x", "http://b.example/", "http://c.example/", "http://d.example/e",
		"\\\\f.example\\gh", NULL);
	urls_are("Content-Type: text/html\r\n\r\n<img lowsrc='http://a.example/'><iframe srcdoc=\"<a "
		 "href='http://b.example/'>\">",
		"http://a.example/", "http://b.example/", NULL);
	urls_are("Content-Type: text/html\r\n\r\n<base href='http://a.example/b/'><base href='http://no.example/'><a "
		 "href=c>"
		 "<a href='#x'><a href='/d'><a href='http://e.example/'><a href=''><a href='//f.example'>",
		"http://a.example/b/", "http://no.example/", "http://a.example/b/c", "http://a.example/d",
		"http://e.example/", "http://f.example", NULL);
	urls_are("Content-Type: text/plain; charset=utf-8\r\n\r\nhttp://a.example/\xe2\x80\x9d "
		 "http://b.example/\xe3\x80\x82 http://\xe3\x80\x82 "
		 "http://c.example/\xc3\xa4",
		"http://a.example/", "http://b.example/", "http://c.example/\xc3\xa4", NULL);
}

/* A program that opens a file of another host tells it who its user is. */
static void paths_to_other_hosts(void **state)
{
	urls_are("\r\n\\\\a.example\\share\\x.exe, (\\\\10.0.0.1@80\\b) \"\\\\h1\\c$\" file://d.example/e\r\n"
		 "<file:\\\\f.example\\g> smb://i.example/ sftp://j.example/ file:/k\r\n",
		"file://d.example/e", "file:\\\\f.example\\g", "smb://i.example/", "sftp://j.example/", "file:/k",
		"\\\\a.example\\share\\x.exe", "\\\\10.0.0.1@80\\b", "\\\\h1\\c$", NULL);
	urls_are("\r\n\\\\ \\\\x \\\\h\\c C:\\\\users\\b \\\\?\\C:\\b \\\\.\\pipe\\b \\\\.host\\b \\\\\\\\host\\\\b "
		 "\\\\host\\\\b "
		 "\\\\host\\ \\\\host/b profile:/b file:b file: \\\\host\\",
		NULL);
	urls_are("Content-Type: text/html\r\n\r\n<img src='\\\\a.example\\b'><a href='//b.example/c'><a "
		 "href='/\\c.example'>"
		 "<a href='//[::1]/d'><a href='//\xc3\xa4.example/'><a href='file:///C:/e'><a href='search-ms:a b'>"
		 "<a href='data:text/html,b'><a href='x2:'><a href='tel:+49'>",
		"\\\\a.example\\b", "//b.example/c", "/\\c.example", "//[::1]/d", "//\xc3\xa4.example/", "file:///C:/e",
		"search-ms:a b", "data:text/html,b", "tel:+49", NULL);
	urls_are("Content-Type: text/html\r\n\r\n<a href='/x:y'><a href='x/y:z'><a href='#x:y'><a href='c:\\x'><a "
		 "href='cid:x'>"
		 "<a href='CID:x'><a href='mid:x'><a href='x-apple-data-detectors://1'><a href='about:blank'><img "
		 "src='data:image/png;base64,AA'><a "
		 "href='//'><a href='///x.example'><a href='1x:y'><a href='x'><a href='javascript:x()'>",
		NULL);
}

/* Readers do not show what is outside of parts, but it may be what others are told by a link. */
static void urls_outside_of_parts(void **state)
{
	urls_are("Content-Type: multipart/mixed; boundary=b\r\n\r\nSee "
		 "http://a.example/\xe4\r\n--b\r\n\r\nhttp://b.example/"
		 "\r\n--b--\r\nSee http://c.example/\r\n",
		"http://a.example/\xc3\xa4", "http://b.example/", "http://c.example/", NULL);
	char *many = g_strnfill(990, 'x');
	char *text = g_strdup_printf("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nt\r\n--b--\r\n"
				     "http://a.example/ %s http://cut.example/\r\n",
		many);
	urls_are(text, "http://a.example/", NULL);
	g_free(text);
	g_free(many);
}

static void targets_in_a_pdf(void **state)
{
	urls_are("Content-Type: application/pdf\r\n\r\n%PDF-1.4\r\n/S/URI/URI(http://a.example/(b)\\)c\\\r\nd)>> /URI "
		 "\r\n(http://e.example/)"
		 "//URI(http://f.example/) /URIS(http://no.example/) /URI x(http://no.example/) (http://no.example/) "
		 "/URI(\xe4) /URI(http://a.example/(b)\\)cd) /UR/URI(file://g/h) /URI(page.html) "
		 "/URI(http://cut.example/",
		"http://a.example/(b))cd", "http://e.example/", "http://f.example/", "file://g/h", NULL);
	urls_are("Content-Type: application/x-y\r\n\r\nPDF /URI(http://no.example/)", NULL);
	char *many = g_strnfill(3000, 'x');
	char *text = g_strdup_printf(
		"Content-Type: application/pdf\r\n\r\n%%PDF-1.4 /URI(http://a.example/%s) /URI(http://b.example/)",
		many);
	struct mail *mail = read_mail(text);
	assert_int_equal(mail->urls->len, 2);
	assert_int_equal(strlen(mail->urls->pdata[0]), 2048);
	mail_free(mail);
	g_free(text);
	g_free(many);
}

static void urls_of_reports_and_scripts(void **state)
{
	urls_are("Content-Type: message/delivery-status\r\n\r\nStatus: 5.1.1\r\n\r\nDiagnostic-Code: x; "
		 "http://a.example/",
		"http://a.example/", NULL);
	urls_are(
		"Content-Type: message/partial; number=2\r\n\r\nSubject: http://a.example/", "http://a.example/", NULL);
	body_is("Content-Type: message/partial; number=2\r\n\r\ntext", NULL, NULL);
	urls_are("Content-Type: "
		 "text/html\r\n\r\n<title>http://t.example/</title><script>\"http:\\/\\/a.example\\/b\"</script>"
		 "<script>x\\/ 'http://c.example\\d'\\</script>",
		"http://t.example/", "http://a.example/b", "http://c.example", NULL);
}

/* Files that are not declared as text, and texts that are not what they seem. */
static void urls_of_other_files(void **state)
{
	static const char *const pages[] = { "Content-Type: application/octet-stream; name=a.HTM\r\n\r\n<!-- x -->",
		"Content-Type: application/octet-stream; name=a.dat\r\n\r\n<html>",
		"Content-Type: application/xhtml+xml\r\n\r\n<html>", "Content-Type: image/svg+xml\r\n\r\n<svg>" };
	for (size_t i = 0; i < G_N_ELEMENTS(pages); i++) {
		char *text = g_strconcat(pages[i], "<a href='http&#58;//a.example/'>x</a>", NULL);
		urls_are(text, "http://a.example/", NULL);
		body_is(text, NULL, NULL);
		g_free(text);
	}
	urls_are("Content-Type: application/octet-stream; name=a.bin\r\n\r\nsee http://a.example/", NULL);
	urls_are("Content-Type: application/octet-stream; name=a.html\r\n\r\n\1\2http://a.example/", NULL);
	urls_are("Content-Type: application/octet-stream; name=a.IQY\r\n\r\nWEB\r\n1\r\nhttp://a.example/",
		"http://a.example/", NULL);
	urls_are("Content-Type: application/msword; name=a.doc\r\n\r\n{\\rtf1{\\fldinst HYPERLINK "
		 "\"http://a.example/\"}}",
		"http://a.example/", NULL);
	urls_are("Content-Type: application/ld+json\r\n\r\n{ \"a\": \"http:\\/\\/a.example\\/b\", \"c\": "
		 "\"http://d.example/\\\\e\" }",
		"http://a.example/b", "http://d.example/", NULL);
	urls_are("Content-Type: application/xml\r\n\r\n<a>http://a.example/</a>", "http://a.example/", NULL);
	urls_are("\r\ns/http:\\/\\/no.example/x/ and http://a.example\\/b", "http://a.example", NULL);
	urls_are("Content-Type: application/octet-stream; name=a.txt\r\n\r\n%PDF-1.4 http://a.example/", NULL);
	urls_are("Content-Type: application/x-y\r\n\r\n[InternetShortcut]\r\nURL=http://a.example/",
		"http://a.example/", NULL);
	urls_are("Content-Type: message/external-body; access-type=URL;\r\n url=\"http://a.example/\r\n b\"\r\n\r\n",
		"http://a.example/b", NULL);
	urls_are("Content-Type: application/octet-stream; name=a.html\r\nContent-Transfer-Encoding: base64\r\n\r\n"
		 "//5oAHQAdABwADoALwAvAGEALgBlAHgAYQBtAHAAbABlAC8A",
		"http://a.example/", NULL);
	/* folded lines */
	static const char *const types[] = { "text/calendar", "application/ics" };
	for (size_t i = 0; i < G_N_ELEMENTS(types); i++) {
		char *text = g_strdup_printf(
			"Content-Type: %s\r\n\r\nBEGIN:VCALENDAR\r\nURL:http://a.example/b\r\n c\r\n\td\r\n"
			"DESCRIPTION:http://e.example/f\\,g\\;h\\nand\r\nX:http://i.example/\r\nj\r\n",
			types[i]);
		urls_are(text, "http://a.example/bcd", "http://e.example/f,g;h", "http://i.example/", NULL);
		g_free(text);
	}
	urls_are("\r\nBegin\r\nhttp://a.example/b\r\n c\r\n", "http://a.example/b", NULL);
}

static void byte_order_marks_are_right(void **state)
{
#define UTF_8 "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n"
	body_is(UTF_8 "//5hAPwA", "text/plain", "a\xc3\xbc");
	body_is(UTF_8 "/v8AYQD8", "text/plain", "a\xc3\xbc");
	body_is(UTF_8 "//4AAGEAAAD8AAAA", "text/plain", "a\xc3\xbc");
	/* without a mark */
	body_is(UTF_8 "YQD8AGIA", "text/plain",
		"a\xc3\xbc"
		"b");
	body_is(UTF_8 "AGEA/ABi", "text/plain",
		"a\xc3\xbc"
		"b");
	body_is(UTF_8 "YQBiAA==", "text/plain",
		"a\xef\xbf\xbd"
		"b\xef\xbf\xbd");
	body_is(UTF_8 "YQBiAGNk", "text/plain",
		"a\xef\xbf\xbd"
		"b\xef\xbf\xbd"
		"cd");
	body_is(UTF_8 "//9h", "text/plain",
		"\xef\xbf\xbd\xef\xbf\xbd"
		"a");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_body_is_the_first_text),
		cmocka_unit_test(charsets_become_utf8),
		cmocka_unit_test(html_becomes_text),
		cmocka_unit_test(blanks_in_html_become_one_wherever_they_are),
		cmocka_unit_test(html_itself_is_kept_on_request),
		cmocka_unit_test(links_whose_text_names_a_place),
		cmocka_unit_test(flowed_paragraphs_are_joined),
		cmocka_unit_test(urls_of_text_and_html),
		cmocka_unit_test(urls_across_tags),
		cmocka_unit_test(paths_to_other_hosts),
		cmocka_unit_test(urls_outside_of_parts),
		cmocka_unit_test(targets_in_a_pdf),
		cmocka_unit_test(urls_of_reports_and_scripts),
		cmocka_unit_test(urls_of_other_files),
		cmocka_unit_test(byte_order_marks_are_right),
	};
	mail_init();
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	mail_exit();
	return failed;
}
