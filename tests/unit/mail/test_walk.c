/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * test_walk.c - a mail is the same whatever the pieces in which it comes; nothing in it hides; odd boundaries.
 */
#include <string.h>

#include "kits/mail_kit.h"
#include "mail/base64.h"
#include "mail/seek.h"
#include "text.h"

/* ---- what it is made of: vectors and their scalar twins ---- */

static uint64_t seed = 1;

static uint32_t dice(uint32_t sides)
{
	seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(seed >> 33) % sides;
}

/* base64_text - characters of base64 in lines, with something else here and there. */
static size_t base64_text(uint8_t *text, size_t size, uint32_t odd)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t line = 0, length = 4 * (1 + dice(30));
	for (size_t i = 0; i < size; i++, line++) {
		if (line == length && i + 1 < size) {
			text[i++] = '\r';
			text[i] = '\n';
			line = (size_t)-1;
		} else
			text[i] = odd > 0 && dice(odd) == 0 ? (uint8_t)dice(256) : (uint8_t)alphabet[dice(64)];
	}
	return size;
}

static void base64_vectors_do_what_the_scalar_does(void **state)
{
	base64_init();
	base64_run *const runs[] = { base64_run_vector,
		__builtin_cpu_supports("avx2") ? base64_run_avx2 : base64_run_vector };
	for (unsigned i = 0; i < 4000; i++) {
		uint8_t text[600], expected[600 + BASE64_SPARE], got[600 + BASE64_SPARE];
		size_t size = base64_text(text, dice(sizeof text), (uint32_t[]){ 0, 500, 50, 5 }[i % 4]);
		size_t count, used = base64_run_scalar(text, size, expected, &count);
		for (unsigned j = 0; j < G_N_ELEMENTS(runs); j++) {
			size_t written;
			assert_int_equal(runs[j](text, size, got, &written), used);
			assert_int_equal(written, count);
			assert_memory_equal(got, expected, count);
		}
	}
}

static void every_octet_is_base64_or_is_not(void **state)
{
	base64_init();
	for (unsigned octet = 0; octet < 256; octet++)
		for (unsigned place = 0; place < 40; place++) {
			uint8_t text[40], expected[80], got[80];
			size_t count, written;
			memset(text, 'A', sizeof text);
			text[place] = (uint8_t)octet;
			size_t used = base64_run_scalar(text, sizeof text, expected, &count);
			assert_int_equal(base64_run_vector(text, sizeof text, got, &written), used);
			assert_int_equal(written, count);
			assert_memory_equal(got, expected, count);
		}
}

static void seeking_finds_the_first_delimiter(void **state)
{
	seek_run *const runs[] = { seek_vector, __builtin_cpu_supports("avx2") ? seek_avx2 : seek_vector,
		seek_delimiter };
	seek_init();
	for (unsigned i = 0; i < 20000; i++) {
		uint8_t text[200];
		size_t size = dice(sizeof text);
		for (size_t j = 0; j < size; j++)
			text[j] = (uint8_t) "-\nx-"[dice(4)];
		if (i % 2 == 0) /* few */
			for (size_t j = 0; j < size; j++)
				text[j] = text[j] == '-' && dice(8) > 0 ? 'y' : text[j];
		size_t expected = seek_scalar(text, size);
		for (unsigned j = 0; j < G_N_ELEMENTS(runs); j++)
			assert_int_equal(runs[j](text, size), expected);
	}
}

/* ---- odd boundaries ---- */

static const char file[] = "Content-Type: application/octet-stream; name=tool.exe\r\n"
			   "Content-Transfer-Encoding: base64\r\n\r\nTVqQAAABAgM=\r\n";
static const char text_part[] = "Content-Type: text/plain\r\n\r\nHello\r\n";

/* has_file - the file is a complete part; checks the number of defects. */
static void has_file(const char *text, unsigned defects)
{
	struct mail *mail = read_mail(text);
	bool found = false;
	for (guint i = 0; i < mail->parts->len; i++) {
		const struct mail_part *part = mail->parts->pdata[i];
		found |= part->filename && strcmp(part->filename, "tool.exe") == 0 && part->size == 8 &&
			 memcmp(part->head, "MZ\x90\0\0\1\2\3", 8) == 0;
	}
	if (!found || mail->defects->len != defects)
		print_error("%s\n%u defects\n", text, mail->defects->len);
	assert_true(found);
	for (guint i = 0; i < mail->defects->len; i++)
		assert_in_set(((const struct mime_defect *)mail->defects->pdata[i])->kind,
			((const uintmax_t[]){ MIME_MALFORMED, MIME_DUPLICATE_HEADER }), 2);
	mail_free(mail);
}

/* Each %s is the file's part, %t the other one. */
static const struct {
	const char *text;
	unsigned defects;
} hidings[] = {
	{ "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n%t--b\r\n%s--b--\r\n", 0 },
	/* the closing delimiter comes first; parts come after it */
	{ "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b--\r\n--b\r\n%t--b\r\n%s--b--\r\n", 1 },
	{ "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n%t--b--\r\n--b\r\n%s--b--\r\n", 1 },
	{ "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n%t--b--\r\n\r\n%s", 1 },
	{ "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n%t--b--\r\n%s", 1 },
	{ "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n%t--b--\r\n\r\n--c\r\n%s--c\r\n%t--c--\r\n", 1 },
	{ "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n%t--b--\r\nand\r\n--c\r\n%s", 1 },
	/* before the first one */
	{ "Content-Type: multipart/mixed; boundary=b\r\n\r\n%s--b\r\n%t--b--\r\n", 1 },
	{ "Content-Type: multipart/mixed; boundary=b\r\n\r\nOnce upon\r\n\r\n%s--b\r\n%t--b--\r\n", 1 },
	/* with something after the boundary */
	{ "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n%t--b xyz\r\n%s--b--\r\n", 1 },
	{ "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n%t--b\r\r\n%s--b--\r\n", 1 },
	{ "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n%t--b\r\n%s--b--xyz\r\n", 1 },
	{ "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n%t--b   \t\r\n%s--b--  \r\n", 0 },
	/* a boundary that ends in blanks */
	{ "Content-Type: multipart/mixed; boundary=\"a b \"\r\n\r\n--a b \r\n%t--a b \r\n%s--a b --\r\n", 0 },
	{ "Content-Type: multipart/mixed; boundary=\"a b \"\r\n\r\n--a b\r\n%t--a b\r\n%s--a b--\r\n", 0 },
	/* no type, no boundary, another boundary */
	{ "Content-Type: ; boundary=b\r\n\r\n--b\r\n%t--b\r\n%s--b--\r\n", 1 },
	{ "Content-Type: mixed; boundary=b\r\n\r\n--b\r\n%t--b\r\n%s--b--\r\n", 1 },
	{ "Content-Type: multipart/; boundary=b\r\n\r\n--b\r\n%t--b\r\n%s--b--\r\n", 1 },
	{ "Content-Type: multipart/mixed\r\n\r\n--b\r\n%t--b\r\n%s--b--\r\n", 1 },
	{ "Content-Type: multipart/mixed; boundary=c\r\n\r\n--b\r\n%t--b\r\n%s--b--\r\n", 1 },
	/* an empty boundary */
	{ "Content-Type: multipart/mixed; boundary=\"\"\r\n\r\n--\r\n%t--\r\n%s----\r\n", 1 },
	{ "Content-Type: multipart/mixed; boundary=\r\n\r\n--\r\n%t--\r\n%s", 1 },
	/* no empty line after the header; no part ends */
	{ "Content-Type: multipart/mixed; boundary=b\r\n--b\r\n%t--b\r\n%s--b--\r\n", 0 },
	{ "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n%t--b\r\n%s", 1 },
	/* an inner multipart that is not closed; whose boundary begins like that of the outer one */
	{ "Content-Type: multipart/mixed; boundary=o\r\n\r\n--o\r\nContent-Type: multipart/mixed; boundary=i\r\n\r\n"
	  "--i\r\n%t--o\r\n%s--o--\r\n",
		1 },
	{ "Content-Type: multipart/mixed; boundary=o\r\n\r\n--o\r\nContent-Type: multipart/mixed; "
	  "boundary=\"o x\"\r\n\r\n--o x\r\n%t--o x--\r\n--o\r\n%s--o--\r\n",
		0 },
	/* lines that are no fields */
	{ "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\njunk\r\n%s--b--\r\n", 1 },
	{ "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-ID: <x>\r\njunk\r\nmore junk\r\n%s--b--\r\n",
		1 },
	{ "Content-Type: multipart/mixed;\r\nboundary=b\r\n\r\n--b\r\n%s--b--\r\n", 1 },
	{ "Subject: x\r\njunk\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n%s--b--\r\n", 1 },
	/* attached messages */
	{ "Content-Type: message/rfc822\r\n\r\n%s", 0 },
	{ "Content-Type: message/rfc822\r\n\r\n\r\n%s", 1 },
	{ "Content-Type: message/rfc822\r\n\r\nFrom ann Mon Jan  1 00:00:00 2024\r\n%s", 0 },
	{ "Content-Type: message/rfc822\r\n\r\n\r\n>From ann Mon Jan  1 00:00:00 2024\r\n%s", 0 },
	{ "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: "
	  "in\r\n%s"
	  "--b--\r\n",
		0 },
	{ "Content-Type: message/partial; id=x; number=1; total=2\r\n\r\nSubject: in\r\n%s", 0 },
	{ "Content-Type: message/partial; id=x; number*=us-ascii''%31\r\n\r\nSubject: in\r\n%s", 0 },
	{ "Content-Type: application/octet-stream\r\n\r\nReceived: by x\r\n%s", 0 },
	{ "Content-Type: text/plain; name=x.EML\r\n\r\n%s", 0 },
	/* two types */
	{ "Content-Type: text/plain\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n%t--b\r\n%s--b--\r\n",
		1 },
	/* what is said to be encoded, and is not */
	{ "Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\nSubject: in\r\n%s", 1 },
	{ "Content-Type: message/rfc822\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nSubject: in\r\n%s", 1 },
	{ "Content-Type: multipart/mixed; boundary=b\r\nContent-Transfer-Encoding: base64\r\n\r\n--b\r\n%s--b--\r\n",
		1 },
};

/* filled - with the two parts in it. */
static GString *filled(const char *text)
{
	GString *whole = g_string_new(text);
	g_string_replace(whole, "%s", file, 0);
	g_string_replace(whole, "%t", text_part, 0);
	return whole;
}

static void odd_boundaries_hide_no_part(void **state)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(hidings); i++) {
		GString *text = filled(hidings[i].text);
		has_file(text->str, hidings[i].defects);
		g_string_free(text, TRUE);
	}
}

/* encoded - in base64, in lines. */
static char *encoded(const char *text)
{
	int state = 0, save = 0;
	char *out = g_malloc(strlen(text) * 3);
	size_t size = g_base64_encode_step((const guchar *)text, strlen(text), TRUE, out, &state, &save);
	size += g_base64_encode_close(TRUE, out + size, &state, &save);
	out[size] = '\0';
	return out;
}

static void encoded_parts_are_walked_through(void **state)
{
	static const char *const headers[] = { "message/rfc822", "message/global; name=x",
		"application/octet-stream; name=mail.eml", "multipart/mixed; boundary=b" };
	for (unsigned i = 0; i < G_N_ELEMENTS(headers); i++) {
		GString *inside = filled(
			i == 3 ? "--b\r\n%t--b\r\n%s--b--\r\n"
			       : "Subject: in\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n%s--c--\r\n");
		for (unsigned depth = 0; depth < 3; depth++) {
			char *body = encoded(inside->str);
			g_string_printf(inside, "Content-Type: %s\r\nContent-Transfer-Encoding: base64\r\n\r\n%s",
				depth == 0 ? headers[i] : "message/rfc822", body);
			g_free(body);
			has_file(inside->str, 0);
		}
		g_string_free(inside, TRUE);
	}
}

static void what_is_encoded_and_does_not_say_so_is_a_message(void **state)
{
	GString *inside = filled("Subject: in\r\n%s");
	char *body = encoded(inside->str);
	g_string_printf(inside, "Content-Type: message/rfc822\r\n\r\n%s", body);
	has_file(inside->str, 1);
	g_free(body);
	g_string_free(inside, TRUE);
}

static void boundaries_of_any_length(void **state)
{
	static const size_t sizes[] = { 1, 70, 500, 999, 1000, 1001, 5000 };
	for (unsigned i = 0; i < G_N_ELEMENTS(sizes); i++) {
		char *boundary = g_strnfill(sizes[i], 'x');
		GString *text = filled("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n%t--b\r\n%s--b--\r\n");
		g_string_replace(text, "=b\r", "=@\r", 0);
		g_string_replace(text, "--b", "--@", 0);
		g_string_replace(text, "@", boundary, 0);
		struct mail *mail = read_mail(text->str);
		assert_true(mail->parts->len >= 2);
		assert_string_equal(part_of(mail, 1)->filename, "tool.exe");
		if (sizes[i] < 1000)
			assert_int_equal(mail->defects->len, 0);
		mail_free(mail);
		g_string_free(text, TRUE);
		g_free(boundary);
	}
}

static void of_two_encodings_the_right_one_is_taken(void **state)
{
	static const char *const first[] = { "base64", "7bit", "quoted-printable" }, *const second[] = { "7bit",
		"base64", "base64" };
	for (unsigned i = 0; i < G_N_ELEMENTS(first); i++) {
		char *text = g_strdup_printf(
			"Content-Transfer-Encoding: %s\r\nContent-Transfer-Encoding: %s\r\n\r\nTVqQ\r\n", first[i],
			second[i]);
		struct mail *mail = read_mail(text);
		part_is(mail, 0, "1", "text/plain", "MZ\x90");
		defects_are(mail, 1, MIME_DUPLICATE_HEADER);
		const struct mime_defect *defect = mail->defects->pdata[0];
		assert_has(defect->description, first[i]);
		assert_has(defect->description, second[i]);
		mail_free(mail);
		g_free(text);
	}
}

static void what_is_outside_of_parts_is_told_when_it_is_much(void **state)
{
	static const struct {
		unsigned before, behind, defects;
	} cases[] = { { 1000, 1000, 0 }, { 2000, 0, 1 }, { 0, 2000, 1 }, { 100000, 100000, 2 } };
	for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
		GString *text = g_string_new("Content-Type: multipart/mixed; boundary=b\r\n\r\n");
		for (unsigned j = 0; j < cases[i].before; j += 10)
			g_string_append(text, "preamble\r\n");
		g_string_append(text, "--b\r\n\r\nHello\r\n--b--\r\n");
		for (unsigned j = 0; j < cases[i].behind; j += 10)
			g_string_append(text, "epilogue\r\n");
		struct mail *mail = read_mail(text->str);
		defects_are(mail, cases[i].defects, MIME_MALFORMED);
		assert_int_equal(mail->parts->len, 1);
		mail_free(mail);
		g_string_free(text, TRUE);
	}
}

static void a_multipart_without_parts_is_one(void **state)
{
	struct mail *mail = read_mail("Content-Type: multipart/mixed; boundary=b\r\n\r\nsecret\r\n--b--\r\nmore\r\n");
	defects_are(mail, 1, MIME_MALFORMED);
	part_is(mail, 0, "1", "multipart/mixed", "secret\r\nmore\r\n");
	mail_free(mail);
	mail = read_mail("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b--\r\n");
	defects_are(mail, 1, MIME_MALFORMED);
	assert_int_equal(mail->parts->len, 0);
	mail_free(mail);
	/* a long one */
	GString *text = g_string_new("Content-Type: multipart/mixed; boundary=o\r\n\r\n--o\r\n"
				     "Content-Type: multipart/mixed; boundary=b\r\n\r\n");
	for (unsigned i = 0; i < 1000; i++)
		g_string_append(text, "line\r\n");
	g_string_append(text, "--o--\r\n");
	mail = read_mail(text->str);
	defects_are(mail, 1, MIME_MALFORMED);
	assert_int_equal(mail->parts->len, 1);
	assert_int_equal(part_of(mail, 0)->size, 5998);
	mail_free(mail);
	g_string_free(text, TRUE);
}

static void a_header_beyond_its_limits_still_says_what_decides(void **state)
{
	GString *text = g_string_new(NULL);
	for (unsigned i = 0; i < 1100; i++)
		g_string_append_printf(text, "X-Field-%u: %0*d\r\n", i, i % 2 == 0 ? 1000 : 1, 0);
	g_string_append(
		text, "From: a@b\r\nSubject: invoice\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n");
	g_string_append_printf(text, "%s--b--\r\n", file);
	struct mail *mail = read_mail(text->str);
	assert_string_equal(mail->subject, "invoice");
	assert_string_equal(mail->from, "a@b");
	assert_true(mail->partial);
	assert_string_equal(part_of(mail, 0)->filename, "tool.exe");
	mail_free(mail);
	g_string_free(text, TRUE);
}

static void a_forgotten_empty_line(void **state)
{
	/* text that follows the header at once is the text; a few lines among fields are not */
	struct mail *mail =
		read_mail("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n"
			  "Hello\r\n--b\r\nHello: you\r\nwithout a header\r\n--b--\r\n");
	part_is(mail, 0, "1", "text/plain", "Hello");
	part_is(mail, 1, "2", "text/plain", "without a header");
	assert_int_equal(mail->parts->len, 2);
	mail_free(mail);
	GString *text = g_string_new("Subject: x\r\n");
	for (unsigned i = 0; i < 1000; i++)
		g_string_append_printf(text, "line %u of a text\r\n", i);
	mail = read_mail(text->str);
	assert_int_equal(part_of(mail, 0)->size, text->len - 12);
	assert_int_equal(mail->defects->len, 0);
	mail_free(mail);
	g_string_free(text, TRUE);
}

/* ---- any mail, in any pieces ---- */

/* append_random - what mails are made of, and what is near it. */
static void append_random(GString *out)
{
	static const char *const pieces[] = { "--b", "--b--", "--c", "--c--", "--", "-", "\r\n", "\r\n", "\r\n", "\n",
		"\r", "\r\n\r\n", "Content-Type: multipart/mixed; boundary=b\r\n",
		"Content-Type: multipart/mixed; boundary=c\r\n", "Content-Type: multipart/digest; boundary=\"b \"\r\n",
		"Content-Type: message/rfc822\r\n", "Content-Type: text/html; charset=iso-8859-1\r\n",
		"Content-Type: ; boundary=c\r\n", "Content-Type: application/octet-stream; name=a.eml\r\n",
		"Content-Transfer-Encoding: base64\r\n", "Content-Transfer-Encoding: quoted-printable\r\n",
		"Content-Transfer-Encoding: x-uuencode\r\n", "Content-Transfer-Encoding: 7bit\r\n", "Subject: s\r\n",
		"From: a@b\r\n", "From ann\r\n", " folded;\r\n", "name=x\r\n", "no field\r\n", "TVqQAAAA",
		"YQ==", "=\r\n", "=3D", "= \r\n", "  ", "\t", "begin 644 f\r\n", "#0V%T\r\n", "`\r\nend\r\n", "text",
		"x: y", "Q29udGVudC1UeXBlOiBtZXNzYWdlL3JmYzgyMg0KDQpTdWJqZWN0OiB4\r\n" };
	for (unsigned count = 1 + dice(40); count > 0; count--) {
		uint32_t rare = dice(100);
		if (rare == 0)
			for (unsigned i = dice(3000); i > 0; i--)
				g_string_append_c(out, (char)("x-=\n"[dice(4)]));
		else if (rare == 1)
			for (unsigned i = dice(300); i > 0; i--)
				g_string_append(out, "TVqQAAAATVqQAAAA\r\n");
		else
			g_string_append(out, pieces[dice(G_N_ELEMENTS(pieces))]);
	}
}

/* cut_up - the same octets in random pieces; gap: something is missing there. */
static struct mail *cut_up(const GString *text, size_t hole, bool whole)
{
	struct mail *mail = mail_new(&plain_options);
	uint32_t most = 1 + dice(100);
	for (size_t at = 0, size; at < text->len; at += size) {
		size = 1 + dice(most);
		size = MIN(size, text->len - at);
		if (at < hole && at + size > hole)
			size = hole - at;
		if (at == hole)
			mail_gap(mail, 100);
		mail_feed(mail, span_of(text->str + at, size));
	}
	mail_finish(mail, whole);
	return mail;
}

static void pieces_make_no_difference(void **state)
{
	GString *text = g_string_new(NULL);
	for (unsigned i = 0; i < 6000; i++) {
		seed = i;
		dice(2);
		g_string_truncate(text, 0);
		append_random(text);
		size_t hole = i % 4 == 0 ? dice((uint32_t)text->len + 1) : SIZE_MAX;
		struct mail *whole = mail_new(&plain_options), *cut = cut_up(text, hole, i % 8 != 1);
		size_t first = MIN(hole, text->len);
		mail_feed(whole, span_of(text->str, first));
		if (first < text->len) {
			mail_gap(whole, 100);
			mail_feed(whole, span_of(text->str + first, text->len - first));
		}
		mail_finish(whole, i % 8 != 1);
		if (whole->unaccounted || cut->unaccounted)
			print_error("mail %u: %s\n", i, text->str);
		assert_int_equal(whole->unaccounted, 0);
		assert_int_equal(cut->unaccounted, 0);
		same_mail(whole, cut);
		mail_free(whole);
		mail_free(cut);
	}
	g_string_free(text, TRUE);
}

/* A word of its own in each line of a text; each is found again: in a header, in a text, in a defect, or nowhere when
 * it is in a remark outside of parts. */
static void no_word_is_lost(void **state)
{
	GString *text = g_string_new(NULL), *seen = g_string_new(NULL);
	static const char *const lines[] = { "--b\r\n", "--b--\r\n", "--b tail\r\n", "\r\n", "\r\n", "--c\r\n",
		"--c--\r\n", "Content-Type: multipart/mixed; boundary=b\r\n",
		"Content-Type: multipart/mixed; boundary=c\r\n", "Content-Type: message/rfc822\r\n",
		"Content-Type: text/plain\r\n", "Subject: x\r\n" };
	for (unsigned i = 0; i < 3000; i++) {
		unsigned words = 0, lost = 0;
		seed = i;
		g_string_assign(text, "MIME-Version: 1.0\r\n");
		for (unsigned count = 3 + dice(30); count > 0; count--) {
			if (dice(2) == 0)
				g_string_append_printf(text, "%sword%u.\r\n", dice(8) == 0 ? "X-A: " : "", words++);
			else
				g_string_append(text, lines[dice(G_N_ELEMENTS(lines))]);
		}
		struct mail *mail = read_mail(text->str);
		g_string_assign(seen, mail->text->str);
		for (guint j = 0; j < mail->defects->len; j++) {
			const struct mime_defect *defect = mail->defects->pdata[j];
			if (defect->evidence)
				g_string_append_len(seen, defect->evidence->str, (gssize)defect->evidence->len);
		}
		for (guint j = 0; j < mail->parts->len; j++)
			g_string_append_len(
				seen, (const char *)part_of(mail, j)->head, (gssize)part_of(mail, j)->head_size);
		for (unsigned j = 0; j < words; j++) {
			char word[32];
			g_snprintf(word, sizeof word, "word%u.", j);
			const char *at = strstr(text->str, word);
			bool field = at - text->str >= 5 && memcmp(at - 5, "X-A: ", 5) == 0;
			lost += !strstr(seen->str, word) && !field;
		}
		/* only in a multipart can a word be a remark */
		if (lost > 0 && !strstr(text->str, "multipart"))
			print_error("%s\n%u of %u words\n", text->str, lost, words);
		assert_true(lost == 0 || strstr(text->str, "multipart"));
		assert_true(lost <= words);
		mail_free(mail);
	}
	g_string_free(text, TRUE);
	g_string_free(seen, TRUE);
}

/* ---- gaps ---- */

static void behind_a_hole_base64_begins_anew(void **state)
{
	struct mail *mail = mail_new(&plain_options);
	static const char before[] = "Content-Transfer-Encoding: base64\r\n\r\nYWJjZ", behind[] = "ZZ\r\nZGVm\r\n";
	mail_feed(mail, span_of_text(before));
	mail_gap(mail, 3);
	mail_feed(mail, span_of_text(behind));
	mail_finish(mail, true);
	const struct mail_part *part = part_of(mail, 0);
	assert_true(part->gaps && part->truncated && mail->partial);
	assert_memory_equal(part->head, "abc", 3);
	assert_memory_equal(part->head + part->head_size - 3, "def", 3);
	assert_int_equal(mail->defects->len, 0);
	mail_free(mail);
}

static void behind_a_hole_a_delimiter_is_one(void **state)
{
	struct mail *mail = mail_new(&plain_options);
	static const char before[] = "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\none and",
			  behind[] = "--b\r\n\r\ntwo\r\n--b--\r\n";
	mail_feed(mail, span_of_text(before));
	mail_gap(mail, 3);
	mail_feed(mail, span_of_text(behind));
	mail_finish(mail, true);
	assert_int_equal(mail->parts->len, 2);
	part_is(mail, 0, "1", "text/plain", "one and");
	part_is(mail, 1, "2", "text/plain", "two");
	assert_true(part_of(mail, 0)->gaps);
	assert_false(part_of(mail, 1)->gaps || part_of(mail, 1)->truncated);
	mail_free(mail);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(base64_vectors_do_what_the_scalar_does),
		cmocka_unit_test(every_octet_is_base64_or_is_not),
		cmocka_unit_test(seeking_finds_the_first_delimiter),
		cmocka_unit_test(odd_boundaries_hide_no_part),
		cmocka_unit_test(encoded_parts_are_walked_through),
		cmocka_unit_test(what_is_encoded_and_does_not_say_so_is_a_message),
		cmocka_unit_test(boundaries_of_any_length),
		cmocka_unit_test(of_two_encodings_the_right_one_is_taken),
		cmocka_unit_test(what_is_outside_of_parts_is_told_when_it_is_much),
		cmocka_unit_test(a_multipart_without_parts_is_one),
		cmocka_unit_test(a_header_beyond_its_limits_still_says_what_decides),
		cmocka_unit_test(a_forgotten_empty_line),
		cmocka_unit_test(pieces_make_no_difference),
		cmocka_unit_test(no_word_is_lost),
		cmocka_unit_test(behind_a_hole_base64_begins_anew),
		cmocka_unit_test(behind_a_hole_a_delimiter_is_one),
	};
	mail_init();
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	mail_exit();
	return failed;
}
