/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * test_signed.c - what is in a signed message (S/MIME, application/pkcs7-mime): a part with its header, or a file. Each
 * mail is read whole and octet by octet.
 */
#include <string.h>

#include "kits/mail_kit.h"
#include "mail/inflate.h"

#define SIGNED_DATA "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02"
#define ENVELOPED_DATA "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x03"
#define COMPRESSED_DATA "\x06\x0b\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x09"
#define COMPRESSION "\x30\x0d\x06\x0b\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x03\x08"
#define DATA "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01"
#define ALGORITHMS "\x30\x0b\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01"
#define SIGNERS "\x31\x03\x02\x01\x07"
#define PART "Content-Type: text/plain; name=a.txt\r\n\r\nGreetings"
#define HEADER "Content-Type: application/pkcs7-mime; name=smime.p7m\r\nContent-Transfer-Encoding: binary\r\n\r\n"

/* How an element is written. */
enum form { LENGTH_KNOWN, LENGTH_OPEN };

/* element - the element around what is in `octets`, which it frees. */
static GString *element(unsigned tag, enum form form, GString *octets)
{
	GString *out = g_string_new(NULL);
	g_string_append_c(out, (char)tag);
	if (form == LENGTH_OPEN)
		g_string_append_c(out, (char)0x80);
	else if (octets->len < 128)
		g_string_append_c(out, (char)octets->len);
	else {
		g_string_append_c(out, (char)0x82);
		g_string_append_c(out, (char)(octets->len >> 8));
		g_string_append_c(out, (char)octets->len);
	}
	g_string_append_len(out, octets->str, (gssize)octets->len);
	if (form == LENGTH_OPEN)
		g_string_append_len(out, "\0\0", 2);
	g_string_free(octets, TRUE);
	return out;
}

static GString *octets_of(const char *octets, size_t size)
{
	return g_string_new_len(octets, (gssize)size);
}

/* message - a signed message in this form. In the open form the content is in pieces of `piece` octets. */
static GString *message(enum form form, const char *type, const char *text, size_t piece)
{
	GString *content = g_string_new(NULL);
	for (size_t at = 0, size = strlen(text); at < size; at += piece) {
		GString *some = element(0x04, LENGTH_KNOWN, octets_of(text + at, MIN(piece, size - at)));
		g_string_append_len(content, some->str, (gssize)some->len);
		g_string_free(some, TRUE);
	}
	if (piece < strlen(text))
		content = element(0x24, form, content);
	content = element(0xa0, form, content);
	g_string_prepend_len(content, DATA, sizeof DATA - 1);
	content = element(0x30, form, content);
	GString *algorithms = element(0x31, form, octets_of(ALGORITHMS, sizeof ALGORITHMS - 1));
	g_string_prepend_len(content, algorithms->str, (gssize)algorithms->len);
	g_string_free(algorithms, TRUE);
	g_string_prepend_len(content, "\x02\x01\x01", 3);
	g_string_append_len(content, SIGNERS, sizeof SIGNERS - 1);
	content = element(0xa0, form, element(0x30, form, content));
	g_string_prepend_len(content, type, sizeof SIGNED_DATA - 1);
	return element(0x30, form, content);
}

/* signed_is - what is in a mail with this header and body. Frees body. */
static void signed_is(const char *header, GString *body, const char *expected, unsigned defects)
{
	g_string_prepend(body, header);
	inner_are(body->str, body->len, expected, defects);
	g_string_free(body, TRUE);
}

static void signed_parts_are_parts(void **state)
{
	for (enum form form = LENGTH_KNOWN; form <= LENGTH_OPEN; form++)
		for (size_t piece = 5; piece <= 500; piece *= 10)
			signed_is(HEADER, message(form, SIGNED_DATA, PART, piece), "1.1 a.txt 9 Greetings", 0);
	static const char several[] = "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nx\r\n--b\r\n"
				      "Content-Type: text/plain; name=b.txt\r\n\r\ny\r\n--b--\r\n";
	signed_is(HEADER, message(LENGTH_OPEN, SIGNED_DATA, several, 100), "1.1 - 1 x|1.2 b.txt 1 y", 0);
	/* other types and names; what is long */
	static const char old[] = "Content-Type: application/x-pkcs7-mime\r\n\r\n",
			  named[] = "Content-Type: application/octet-stream; name=a.P7M\r\n\r\n",
			  other[] = "Content-Type: application/octet-stream; name=a.bin\r\n\r\n";
	signed_is(old, message(LENGTH_KNOWN, SIGNED_DATA, PART, 500), "1.1 a.txt 9 Greetings", 0);
	signed_is(named, message(LENGTH_KNOWN, SIGNED_DATA, PART, 500), "1.1 a.txt 9 Greetings", 0);
	signed_is(other, message(LENGTH_KNOWN, SIGNED_DATA, PART, 500), "", 0);
	GString *text = g_string_new("MIME-Version: 1.0\r\n\r\n");
	for (unsigned i = 0; i < 1000; i++)
		g_string_append(text, "Greetings");
	signed_is(HEADER, message(LENGTH_OPEN, SIGNED_DATA, text->str, 300), "1.1 - 9000 GreetingsGreetingsGr", 0);
	g_string_free(text, TRUE);
}

static void signed_text_is_the_body(void **state)
{
	GString *body = message(LENGTH_KNOWN, SIGNED_DATA, "Content-Type: text/plain\r\n\r\nGreetings", 500);
	g_string_prepend(body, HEADER);
	struct mail *mail = mail_of(&inner_options, body->str, body->len, WHOLE);
	assert_string_equal(mail->body, "Greetings");
	mail_free(mail);
	g_string_free(body, TRUE);
}

static void signed_files_are_files(void **state)
{
	static const char header[] = "Content-Type: application/pkcs7-mime; name=a.pdf.p7m\r\n\r\n",
			  without[] = "Content-Type: application/pkcs7-mime; name=.p7m\r\n\r\n";
	signed_is(header, message(LENGTH_KNOWN, SIGNED_DATA, "%PDF-1.4", 500), "1.1 a.pdf 8 %PDF-1.4", 0);
	signed_is(without, message(LENGTH_OPEN, SIGNED_DATA, "%PDF-1.4", 3), "1.1 - 8 %PDF-1.4", 0);
}

/* compressed - a message that is compressed, not signed, with this content. */
static GString *compressed(const char *octets, size_t size)
{
	GString *out = element(0x04, LENGTH_KNOWN, octets_of(octets, size));
	out = element(0xa0, LENGTH_KNOWN, out);
	g_string_prepend_len(out, DATA, sizeof DATA - 1);
	out = element(0x30, LENGTH_KNOWN, out);
	g_string_prepend_len(out, COMPRESSION, sizeof COMPRESSION - 1);
	g_string_prepend_len(out, "\x02\x01\x00", 3);
	out = element(0xa0, LENGTH_KNOWN, element(0x30, LENGTH_KNOWN, out));
	g_string_prepend_len(out, COMPRESSED_DATA, sizeof COMPRESSED_DATA - 1);
	return element(0x30, LENGTH_KNOWN, out);
}

static void compressed_parts_are_parts(void **state)
{
	static const char packed[] = /* PART */
		"\x78\x9c\x73\xce\xcf\x2b\x49\xcd\x2b\xd1\x0d\xa9\x2c\x48\xb5\x52"
		"\x28\x49\xad\x28\xd1\x2f\xc8\x49\xcc\xcc\xb3\x56\xc8\x4b\xcc\x4d"
		"\xb5\x4d\xd4\x2b\xa9\x28\xe1\xe5\xe2\xe5\x72\x2f\x4a\x4d\x2d\xc9"
		"\xcc\x4b\x2f\x06\x00\xb5\x74\x11\x0b";
	static const char file[] = /* %PDF-1.4 */
		"\x78\x9c\x53\x0d\x70\x71\xd3\x35\xd4\x33\x01\x00\x08\x2d\x01\xc0";
	static const char header[] = "Content-Type: application/octet-stream; name=a.pdf.p7z\r\n\r\n";
	const size_t size = sizeof packed - 1;
	signed_is(HEADER, compressed(packed, size), "1.1 a.txt 9 Greetings", 0);
	signed_is(header, compressed(file, sizeof file - 1), "1.1 a.pdf 8 %PDF-1.4", 0);
	/* it ends too early, its checksum is wrong, it is not compressed; what is behind it is ignored */
	signed_is(HEADER, compressed(packed, size - 1), "1.1 a.txt 9 cut Greetings", 1);
	char *bad = g_memdup2(packed, sizeof packed);
	bad[size - 1] ^= 1;
	signed_is(HEADER, compressed(bad, size), "1.1 a.txt 9 cut Greetings", 1);
	g_free(bad);
	signed_is(HEADER, compressed(PART, sizeof PART - 1), "", 1);
	signed_is(HEADER, compressed(packed, sizeof packed), "1.1 a.txt 9 Greetings", 0);
}

static void append_octets_to(void *context, struct span octets)
{
	g_string_append_len(context, (const char *)octets.data, (gssize)octets.size);
}

/* More octets come out than went in, and no more than what is allowed. */
static void compressed_bombs_have_a_limit(void **state)
{
	static const char packed[] = "\x78\xda\xed\xc1\xb1\x11\x40\x30\x14\x00\xd0\xde\x9d\x1d\x2c\x80"
				     "\x9e\x53\x59\xc1\x02\x29\x52\xb8\x23\x52\xfc\x22\xb6\x37\x83\xfe"
				     "\xbd\xb7\x3f\x25\x72\x89\xf1\x78\x6b\x5e\x86\xc8\x2d\xe6\x7a\xa5"
				     "\xb3\xac\x43\x49\x77\xde\xd2\x14\x2d\xfa\xae\xef\x1a\x00\x00\x00"
				     "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
				     "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
				     "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
				     "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
				     "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
				     "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
				     "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
				     "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
				     "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
				     "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
				     "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
				     "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xf0\xdb"
				     "\x07\xa8\x2d\x58\xd5";
	uint64_t budget = 100;
	for (unsigned i = 0; i < 2; i++) {
		GString *out = g_string_new(NULL);
		struct inflate *inflate = inflate_new(&budget, append_octets_to, out);
		for (size_t at = 0; at < sizeof packed - 1; at++)
			inflate_feed(inflate, span_of(packed + at, 1));
		const char *trouble = inflate_free(inflate);
		assert_int_equal(
			out->len, i == 0 ? 100 : sizeof "Content-Type: text/plain; name=a.txt\r\n\r\n" - 1 + 200000);
		assert_true(i == 0 ? strstr(trouble, "larger") != NULL : !trouble);
		assert_true(out->str[out->len - 1] == 'x');
		assert_int_equal(budget, i == 0 ? 0 : MAIL_UNPACKED_MAX - out->len);
		budget = MAIL_UNPACKED_MAX;
		g_string_free(out, TRUE);
	}
}

/* signed_in - a signed message as a part in a signed message, so many times. */
static GString *signed_in(unsigned times)
{
	GString *inner = g_string_new(PART);
	for (unsigned i = 0; i < times; i++) {
		GString *next = element(0x04, LENGTH_KNOWN, inner);
		next = element(0xa0, LENGTH_KNOWN, next);
		g_string_prepend_len(next, DATA, sizeof DATA - 1);
		next = element(0x30, LENGTH_KNOWN, next);
		g_string_prepend_len(next, "\x02\x01\x01\x31\0", 5);
		next = element(0xa0, LENGTH_KNOWN, element(0x30, LENGTH_KNOWN, next));
		g_string_prepend_len(next, SIGNED_DATA, sizeof SIGNED_DATA - 1);
		inner = element(0x30, LENGTH_KNOWN, next);
		if (i + 1 < times)
			g_string_prepend(inner, "Content-Type: application/pkcs7-mime; name=x\r\n\r\n");
	}
	return inner;
}

static void signed_in_signed(void **state)
{
	signed_is(HEADER, signed_in(1), "1.1 a.txt 9 Greetings", 0);
	GString *body = signed_in(3);
	g_string_prepend(body, HEADER);
	struct mail *mail = mail_of(&inner_options, body->str, body->len, WHOLE);
	const struct mail_part *last = mail->parts->pdata[mail->parts->len - 1];
	assert_int_equal(mail->parts->len, 4);
	assert_string_equal(last->number, "1.1.1.1");
	assert_string_equal(last->filename, "a.txt");
	mail_free(mail);
	g_string_free(body, TRUE);
	body = signed_in(12); /* too deep: said, and the mail is read to its end */
	mail = mail_new(&inner_options);
	mail_feed(mail, span_of(HEADER, sizeof HEADER - 1));
	mail_feed(mail, span_of(body->str, body->len));
	mail_finish(mail, true);
	assert_int_equal(mail->defects->len, 1);
	assert_true(mail->partial);
	mail_free(mail);
	g_string_free(body, TRUE);
}

static void other_messages_stay_closed(void **state)
{
	signed_is(HEADER, message(LENGTH_KNOWN, ENVELOPED_DATA, PART, 500), "", 0);
	signed_is(HEADER, g_string_new("not a message"), "", 0);
	signed_is(HEADER, g_string_new(""), "", 0);
	/* certificates only: there is no content */
	GString *content = octets_of("\x02\x01\x01\x31\0\x30\x0b" DATA "\x31\0", 20);
	content = element(0xa0, LENGTH_KNOWN, element(0x30, LENGTH_KNOWN, content));
	g_string_prepend_len(content, SIGNED_DATA, sizeof SIGNED_DATA - 1);
	signed_is(HEADER, element(0x30, LENGTH_KNOWN, content), "", 0);
}

/* damaged - the message with another octet at `at`. */
static GString *damaged(size_t at, unsigned octet)
{
	GString *body = message(LENGTH_KNOWN, SIGNED_DATA, PART, 500);
	body->str[at] = (char)octet;
	return body;
}

static void broken_messages_are_told(void **state)
{
	GString *body = message(LENGTH_KNOWN, SIGNED_DATA, PART, 500);
	size_t from = (size_t)(strstr(body->str + 60, "Greet") - body->str);
	g_string_truncate(body, from + 5);
	signed_is(HEADER, body, "1.1 a.txt 5 cut Greet", 1);
	body = message(LENGTH_OPEN, SIGNED_DATA, PART, 20);
	g_string_truncate(body, body->len - 16);
	signed_is(HEADER, body, "1.1 a.txt 9 cut Greetings", 1);
	/* lengths and tags that can't be */
	signed_is(HEADER, damaged(0, 0x31), "", 0);
	signed_is(HEADER, damaged(0, 0x3f), "", 0);
	signed_is(HEADER, damaged(1, 0x89), "", 0);
	signed_is(HEADER, damaged(12, 0x01), "", 0);
}

static void deep_elements_end_the_search(void **state)
{
	GString *body = g_string_new(PART);
	body = element(0x04, LENGTH_KNOWN, body);
	for (unsigned i = 0; i < 40; i++)
		body = element(0x24, LENGTH_OPEN, body);
	body = element(0xa0, LENGTH_OPEN, body);
	g_string_prepend_len(body, DATA, sizeof DATA - 1);
	body = element(0x30, LENGTH_OPEN, body);
	g_string_prepend_len(body, "\x02\x01\x01\x31\0", 5);
	body = element(0xa0, LENGTH_OPEN, element(0x30, LENGTH_OPEN, body));
	g_string_prepend_len(body, SIGNED_DATA, sizeof SIGNED_DATA - 1);
	signed_is(HEADER, element(0x30, LENGTH_OPEN, body), "", 1);
}

static void a_gap_ends_the_content(void **state)
{
	GString *body = message(LENGTH_KNOWN, SIGNED_DATA, PART, 500);
	struct mail *mail = mail_new(&inner_options);
	mail_feed(mail, span_of(HEADER, sizeof HEADER - 1));
	mail_feed(mail, span_of(body->str, body->len - 10));
	mail_gap(mail, 100);
	mail_feed(mail, span_of("and more", 8));
	mail_finish(mail, true);
	char *parts = inner_parts(mail);
	assert_string_equal(parts, "1.1 a.txt 4 cut Gree");
	assert_int_equal(mail->defects->len, 0);
	g_free(parts);
	mail_free(mail);
	g_string_free(body, TRUE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(signed_parts_are_parts),
		cmocka_unit_test(signed_text_is_the_body),
		cmocka_unit_test(signed_files_are_files),
		cmocka_unit_test(compressed_parts_are_parts),
		cmocka_unit_test(compressed_bombs_have_a_limit),
		cmocka_unit_test(signed_in_signed),
		cmocka_unit_test(other_messages_stay_closed),
		cmocka_unit_test(broken_messages_are_told),
		cmocka_unit_test(deep_elements_end_the_search),
		cmocka_unit_test(a_gap_ends_the_content),
	};
	mail_init();
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	mail_exit();
	return failed;
}
