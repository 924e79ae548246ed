/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * test_mail.c - content is hashed, kept and given back as it came, whatever its size and its pieces; mbox.
 */
#include <openssl/sha.h>
#include <string.h>

#include "kits/folder.h"
#include "kits/mail_kit.h"
#include "run/mbox.h"
#include "text.h"

static const struct mail_options keeping = {
	.parse = true, .body = true, .urls = true, .body_limit = 65536, .keep = true
};

static struct mail *in_steps(const struct mail_options *options, const char *text, size_t step)
{
	return mail_of(options, text, strlen(text), step);
}

static void hash_is(const char *hex, const void *data, size_t size)
{
	uint8_t hash[SHA256_DIGEST_LENGTH];
	SHA256(data, size, hash);
	for (size_t i = 0; i < sizeof hash; i++) {
		char octet[3];
		g_snprintf(octet, sizeof octet, "%02x", hash[i]);
		assert_memory_equal(hex + 2 * i, octet, 2);
	}
	assert_int_equal(strlen(hex), 64);
}

static const char simple[] = "From: Ann <ann@a.example>\r\nTo: bob@b.example\r\nSubject: A folded\r\n subject\r\n\r\n"
			     "first line\r\nsecond line\r\n";

static void a_simple_mail_whole_and_in_pieces(void **state)
{
	for (size_t step = 1; step <= sizeof simple; step += step < 8 ? 1 : 97) {
		struct mail *mail = in_steps(&plain_options, simple, step);
		assert_int_equal(mail->size, strlen(simple));
		hash_is(mail->sha256, simple, strlen(simple));
		assert_string_equal(mail->subject, "A folded subject");
		assert_string_equal(mail->from, "Ann <ann@a.example>");
		assert_string_equal(mail->from_name, "Ann");
		assert_string_equal(mail->from_address, "ann@a.example");
		assert_int_equal(mail->to->len, 1);
		assert_string_equal(mail->to->pdata[0], "bob@b.example");
		assert_string_equal(mail->body, "first line\nsecond line\n");
		assert_int_equal(mail->parts->len, 1);
		const struct mail_part *part = mail->parts->pdata[0];
		assert_string_equal(part->number, "1");
		assert_string_equal(part->content_type, "text/plain");
		assert_int_equal(part->size, 25);
		hash_is(part->sha256, "first line\r\nsecond line\r\n", 25);
		assert_int_equal(mail->defects->len, 0);
		assert_int_equal(mail->header_count, 3);
		assert_false(mail->partial);
		mail_free(mail);
	}
}

/* What is hashed as the mail is what was sent. */
static void lines_may_end_in_cr_alone(void **state)
{
	static const char cr[] = "Subject: s\rContent-Type: multipart/mixed; boundary=b\r\r--b\r\rtext\r--b\r"
				 "Content-Type: application/x; name=a.bin\rContent-Transfer-Encoding: base64\r\rYWJj\r"
				 "ZGVm\r--b--\r";
	static const char *const ends[] = { "", "\r\n", "\n", "more\r\nand\rmore\r" };
	for (size_t i = 0; i < G_N_ELEMENTS(ends); i++) {
		char *text = g_strconcat(cr, ends[i], NULL);
		struct mail *mail = read_mail(text);
		hash_is(mail->sha256, text, strlen(text));
		assert_string_equal(mail->subject, "s");
		part_is(mail, 0, "1", "text/plain", "text");
		part_is(mail, 1, "2", "application/x", "abcdef");
		assert_int_equal(mail->defects->len, 0);
		mail_free(mail);
		g_free(text);
	}
	struct mail *mail = read_mail("Subject: s\r\rtext");
	assert_string_equal(mail->subject, "s");
	assert_string_equal(mail->body, "text");
	mail_free(mail);
}

/* One CR, or CRs before what is no field, or before the LF of a line, are strays. */
static void a_stray_cr_ends_no_line(void **state)
{
	static const char *const texts[] = { "Subject: s\rTo: x\r\nFrom: a@b\r\n\r\ntext\r\n",
		"Subject: s\rt\rTo: x\r\nFrom: a@b\r\n\r\ntext\r\n", "Subject: s\r\r\nFrom: a@b\r\n\r\ntext\r\n",
		"Subject: s\r\nTo: x\rCc: y\rFrom: a@b\r\n\r\ntext\r\n" };
	for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
		struct mail *mail = read_mail(texts[i]);
		assert_string_equal(mail->body, "text\n");
		assert_int_equal(mail->header_count, 2);
		mail_free(mail);
	}
	/* So many octets without LF are no lines. */
	GString *text = g_string_new("Subject: ");
	while (text->len < 4096)
		g_string_append_c(text, 'x');
	g_string_append(text, "\rTo: x\rCc: y\r\ntext\r\n");
	struct mail *mail = read_mail(text->str);
	assert_int_equal(mail->to->len, 0);
	mail_free(mail);
	g_string_free(text, TRUE);
}

static void an_empty_mail_has_the_hash_of_nothing(void **state)
{
	struct mail *mail = in_steps(&plain_options, "", 1);
	assert_int_equal(mail->size, 0);
	hash_is(mail->sha256, "", 0);
	assert_int_equal(mail->parts->len, 0);
	assert_null(mail->subject);
	mail_free(mail);
}

static void without_a_header_all_is_body(void **state)
{
	struct mail *mail = in_steps(&plain_options, "just some words\r\nand more: of them\r\n", 1000);
	assert_string_equal(mail->body, "just some words\nand more: of them\n");
	assert_int_equal(mail->header_count, 0);
	mail_free(mail);
}

/* A mail with one base64 part that needs the temporary file when it is to be kept. */
static void large_content_goes_through_a_file(void **state)
{
	GString *content = g_string_new("Subject: large\r\nContent-Type: application/octet-stream; name=big.bin\r\n"
					"Content-Transfer-Encoding: base64\r\n\r\n");
	GByteArray *octets = g_byte_array_new();
	for (unsigned i = 0; i < 60000; i++) {
		uint8_t line[57];
		for (unsigned j = 0; j < sizeof line; j++)
			line[j] = (uint8_t)(i * 31 + j * 7 + (i >> 8));
		char *text = g_base64_encode(line, sizeof line);
		g_string_append_printf(content, "%s\r\n", text);
		g_byte_array_append(octets, line, sizeof line);
		g_free(text);
	}
	assert_true(content->len > 2 * MAIL_MEMORY_MAX);
	const size_t steps[] = { 1460, 100000, content->len };
	for (size_t i = 0; i < G_N_ELEMENTS(steps); i++) {
		struct mail *mail = in_steps(&keeping, content->str, steps[i]);
		hash_is(mail->sha256, content->str, content->len);
		const struct mail_part *part = mail->parts->pdata[0];
		assert_string_equal(part->filename, "big.bin");
		assert_int_equal(part->size, octets->len);
		hash_is(part->sha256, octets->data, octets->len);
		uint8_t *back = g_malloc(content->len + 1);
		size_t got = 0;
		ssize_t size;
		while ((size = mail_content(mail, got, back + got, 70000)) > 0)
			got += (size_t)size;
		assert_int_equal(got, content->len);
		assert_memory_equal(back, content->str, got);
		g_free(back);
		mail_free(mail);
	}
	g_string_free(content, TRUE);
	g_byte_array_free(octets, TRUE);
}

static void a_hole_marks_the_part_that_it_hit(void **state)
{
	static const char before[] = "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\none\r\n--b\r\n\r\ntw";
	struct mail *mail = mail_new(&plain_options);
	mail_feed(mail, span_of_text(before));
	mail_gap(mail, 1000);
	mail_feed(mail, span_of_text("o\r\n--b\r\n\r\nthree\r\n"));
	mail_finish(mail, false);
	assert_true(mail->partial);
	assert_int_equal(mail->missing, 1000);
	assert_int_equal(mail->parts->len, 3);
	const struct mail_part *one = mail->parts->pdata[0], *two = mail->parts->pdata[1],
			       *three = mail->parts->pdata[2];
	assert_false(one->truncated || one->gaps);
	assert_true(two->truncated && two->gaps);
	assert_true(three->truncated && !three->gaps);
	assert_int_equal(mail->defects->len, 0);
	mail_free(mail);
}

static void without_room_for_it_a_large_mail_is_still_looked_at(void **state)
{
	struct mail_options options = keeping;
	options.temp_dir = "/nonexistent/folder";
	GString *content = g_string_new("Content-Type: a/b\r\nSubject: large\r\n\r\n");
	while (content->len < 3 * MAIL_MEMORY_MAX)
		g_string_append(content, "a line of a large mail\r\n");
	const size_t steps[] = { 1000, content->len };
	for (size_t i = 0; i < G_N_ELEMENTS(steps); i++) {
		struct mail *mail = in_steps(&options, content->str, steps[i]);
		hash_is(mail->sha256, content->str, content->len);
		assert_int_equal(mail->size, content->len);
		assert_non_null(mail->error);
		assert_string_equal(mail->subject, "large");
		const struct mail_part *part = mail->parts->pdata[0];
		assert_false(part->truncated || part->gaps);
		assert_int_equal(part->size, content->len - 37);
		assert_true(mail->partial);
		uint8_t octet;
		assert_int_equal(mail_content(mail, MAIL_MEMORY_MAX / 2 - 1, &octet, 1), 1);
		assert_int_equal(mail_content(mail, MAIL_MEMORY_MAX, &octet, 1), 0);
		mail_free(mail);
		/* who does not want to keep it needs no file */
		options.keep = false;
		mail = in_steps(&options, content->str, steps[i]);
		assert_null(mail->error);
		assert_false(mail->partial);
		mail_free(mail);
		options.keep = true;
	}
	g_string_free(content, TRUE);
}

static void more_text_than_is_looked_at_is_told(void **state)
{
	GString *content = g_string_new("Subject: large\r\n\r\n");
	while (content->len < MAIL_TEXT_MAX - 100)
		g_string_append(content, "a line of a large mail\r\n");
	struct mail *mail = in_steps(&plain_options, content->str, 1000);
	assert_false(mail->partial);
	mail_free(mail);
	while (content->len < MAIL_TEXT_MAX + 100)
		g_string_append(content, "a line of a large mail\r\n");
	mail = in_steps(&plain_options, content->str, 1000);
	assert_true(mail->partial);
	mail_free(mail);
	g_string_free(content, TRUE);
}

static void many_large_mails_at_once_stay_in_bounds(void **state)
{
	enum { MAILS = 60 };
	struct mail *mails[MAILS];
	char *block = g_strnfill(50000, 'x');
	for (unsigned i = 0; i < MAILS; i++) {
		mails[i] = mail_new(&plain_options);
		mail_feed(mails[i], span_of_text("Subject: s\r\n\r\n"));
	}
	for (unsigned round = 0; round < 12; round++)
		for (unsigned i = 0; i < MAILS; i++) {
			mail_feed(mails[i], span_of(block, 50000));
			assert_in_range(mail_memory(mails[i]), 50000 * (round + 1), 50000 * (round + 1) + 20000);
		}
	for (unsigned i = 0; i < MAILS; i++) {
		mail_finish(mails[i], true);
		assert_null(mails[i]->error);
		assert_int_equal(((const struct mail_part *)mails[i]->parts->pdata[0])->size, 600000);
		assert_string_equal(mails[i]->sha256, mails[0]->sha256);
	}
	for (unsigned i = 0; i < MAILS; i++)
		mail_free(mails[i]);
	g_free(block);
}

/* charges - reads a mail octet by octet and sums up what its memory was. */
static size_t charges(const char *content)
{
	struct mail *mail = mail_new(&plain_options);
	size_t sum = 0;
	for (const char *at = content; *at; at++) {
		mail_feed(mail, span_of(at, 1));
		sum += mail_memory(mail);
	}
	mail_finish(mail, true);
	mail_free(mail);
	return sum;
}

static void a_mail_is_charged_the_same_after_other_mails(void **state)
{
	static const char small[] = "Subject: s\r\n\r\ntext\r\n";
	static const char parts[] =
		"Subject: s\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
		"--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: t\r\nstray\r\n\r\ntext\r\n--b--\r\n";
	GString *large = g_string_new(NULL);
	for (unsigned i = 0; i < 40; i++)
		g_string_append(large, "X-Header: a long value of a field that is kept in memory for the record\r\n");
	for (unsigned i = 0; i < 8; i++)
		g_string_append_printf(large, "Content-Type: multipart/mixed; boundary=b%u\r\n\r\n--b%u\r\n", i, i);
	g_string_append(large, "Content-Type: message/rfc822\r\n\r\nSubject: inner\r\nstray\r\n stray\r\n\r\ntext\r\n");
	const size_t charged[] = { charges(small), charges(parts), charges(large->str) };
	assert_true(charged[0] < charged[1] && charged[1] < charged[2]);
	assert_int_equal(charges(small), charged[0]);
	assert_int_equal(charges(large->str), charged[2]);
	assert_int_equal(charges(parts), charged[1]);
	assert_int_equal(charges(small), charged[0]);
	g_string_free(large, TRUE);
}

static void the_body_is_cut_between_characters(void **state)
{
	struct mail_options options = plain_options;
	options.body_limit = 4;
	options.raw = true;
	options.raw_limit = 10;
	struct mail *mail =
		in_steps(&options, "Content-Type: text/plain; charset=utf-8\r\n\r\nab\xc3\xa9\xc3\xa9", 1000);
	assert_string_equal(mail->body, "ab\xc3\xa9");
	assert_true(mail->body_truncated);
	assert_int_equal(g_bytes_get_size(mail->raw), 10);
	assert_true(mail->raw_truncated);
	mail_free(mail);
}

static bool to_mbox(void *context, const void *data, size_t size)
{
	mbox_write(context, data, size);
	return true;
}

/* mbox_is - the file that a mail becomes. */
static void mbox_is(const char *content, const char *sender, int64_t seconds, const char *expected)
{
	char *folder = folder_new();
	char *path = g_build_filename(folder, "box", NULL), *text;
	struct mbox *mbox = mbox_open(path);
	assert_non_null(mbox);
	struct mail *mail = in_steps(&keeping, content, 7);
	assert_true(mbox_format(mail, "<taken@back>", 0, to_mbox, mbox));
	assert_true(mbox_end(mbox, false));
	assert_true(mbox_format(mail, sender, seconds * NANOSECONDS_PER_SECOND, to_mbox, mbox));
	assert_true(mbox_end(mbox, true));
	mail_free(mail);
	assert_true(mbox_close(mbox));
	assert_true(g_file_get_contents(path, &text, NULL, NULL));
	assert_string_equal(text, expected);
	g_free(text);
	g_free(path);
	folder_remove(folder);
}

static void an_mbox_quotes_and_ends_lines(void **state)
{
	mbox_is("Subject: x\r\nTo: y\r\n\r\nFrom here\r\n>From there\r\nFrom\r\nlast", "<a b@c.example>", 86400,
		"From a_b@c.example Fri Jan  2 00:00:00 1970\nSubject: x\nTo: y\n\n>From here\n>>From "
		"there\nFrom\nlast\n\n");
	mbox_is("Subject: x\nTo: y\n\nbare\rcr\r\r\n", NULL, 0,
		"From MAILER-DAEMON Thu Jan  1 00:00:00 1970\nSubject: x\nTo: y\n\nbare\rcr\r\n\n");
	mbox_is("Subject: x\r\nTo: y\r\n\r\n", "<j\xc3\xbc@c.example>", 0,
		"From j__@c.example Thu Jan  1 00:00:00 1970\nSubject: x\nTo: y\n\n\n");
}

static void a_mail_without_a_header_gets_one_in_an_mbox(void **state)
{
	mbox_is("From nobody\r\n", "<a@b>", 0,
		"From a@b Thu Jan  1 00:00:00 1970\nReturn-Path: <a@b>\n"
		"X-Content-SHA256: 88dfc8633d622b73bcccc3480bd2bdd4a44458cc74b05ec26a9b0f8ee1ba30da\n\n>From "
		"nobody\n\n");
	mbox_is("Subject: x\r\n\r\ny\r\n", "<a@b>", 0,
		"From a@b Thu Jan  1 00:00:00 1970\nReturn-Path: <a@b>\n"
		"X-Content-SHA256: 3ebd7b03d2c699f8be0c554e2cdeb9ef2134eded03180214abdf688aa2e75473\nSubject: "
		"x\n\ny\n\n");
}

static void a_long_line_passes_an_mbox_in_pieces(void **state)
{
	GString *content = g_string_new("Subject: x\r\nTo: y\r\n\r\n"), *expected = g_string_new(NULL);
	g_string_append(expected, "From a@b Thu Jan  1 00:00:00 1970\nSubject: x\nTo: y\n\n");
	for (unsigned i = 0; i < 200000; i++) {
		g_string_append_c(content, (char)('a' + i % 26));
		g_string_append_c(expected, (char)('a' + i % 26));
	}
	g_string_append(content, "\r\nFrom x\r\n");
	g_string_append(expected, "\n>From x\n\n");
	mbox_is(content->str, "<a@b>", 0, expected->str);
	g_string_free(content, TRUE);
	g_string_free(expected, TRUE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_simple_mail_whole_and_in_pieces),
		cmocka_unit_test(lines_may_end_in_cr_alone),
		cmocka_unit_test(a_stray_cr_ends_no_line),
		cmocka_unit_test(an_empty_mail_has_the_hash_of_nothing),
		cmocka_unit_test(without_a_header_all_is_body),
		cmocka_unit_test(large_content_goes_through_a_file),
		cmocka_unit_test(a_hole_marks_the_part_that_it_hit),
		cmocka_unit_test(without_room_for_it_a_large_mail_is_still_looked_at),
		cmocka_unit_test(more_text_than_is_looked_at_is_told),
		cmocka_unit_test(many_large_mails_at_once_stay_in_bounds),
		cmocka_unit_test(a_mail_is_charged_the_same_after_other_mails),
		cmocka_unit_test(the_body_is_cut_between_characters),
		cmocka_unit_test(an_mbox_quotes_and_ends_lines),
		cmocka_unit_test(a_mail_without_a_header_gets_one_in_an_mbox),
		cmocka_unit_test(a_long_line_passes_an_mbox_in_pieces),
	};
	mail_init();
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	mail_exit();
	return failed;
}
