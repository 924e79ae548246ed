/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * test_eve_md5.c - the hashes of EVE: what of the content they are made of, whole and octet by octet.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "mail.h"

#define TEXT(literal) (span_of((literal), sizeof(literal) - 1))

static struct mail hashes(const char *content, size_t step, bool gap, struct mail mail)
{
	struct eve_md5 *md5 = eve_md5_new();
	size_t size = strlen(content);
	for (size_t at = 0; at < size; at += step)
		eve_md5_feed(md5, span_of(content + at, MIN(step, size - at)));
	if (gap)
		eve_md5_gap(md5);
	eve_md5_end(md5, &mail);
	return mail;
}

static void the_body_is_all_behind_the_header(void **state)
{
	static const struct {
		const char *content, *md5;
	} rows[] = {
		{ "Subject: a\r\nTo: b\r\n\r\nbody\r\n", "89dd3590116a70b579661a2d8593bb2f" },
		{ "Subject: a\n\nbody\r\n", "89dd3590116a70b579661a2d8593bb2f" },
		{ "\r\nbody\r\n", "89dd3590116a70b579661a2d8593bb2f" },
		{ "Subject: a\r\n\r\n", "d41d8cd98f00b204e9800998ecf8427e" },
		{ "Subject: a\r\n", "" },
		{ "Subject: a\r\nb\r\r\nc", "" },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
		for (size_t step = 1; step < 30; step += 9) {
			struct mail mail = hashes(rows[i].content, step, false, (struct mail){ 0 });
			assert_string_equal(mail.body_md5, rows[i].md5);
			assert_string_equal(mail.subject_md5, "");
		}
}

static void what_has_a_hole_has_no_hash(void **state)
{
	assert_string_equal(hashes("\r\nbody\r\n", 1, true, (struct mail){ 0 }).body_md5, "");
	assert_string_equal(hashes("\r\nbody\r\n", 1, false, (struct mail){ .partial = true }).body_md5, "");
}

static void the_first_subject_counts(void **state)
{
	struct mail_header headers[] = { { TEXT("SubjectX"), TEXT("no") }, { TEXT("sUBJECT"), TEXT("a") },
		{ TEXT("Subject"), TEXT("b") } };
	struct mail mail = { .headers = headers, .header_count = 3 };
	assert_string_equal(hashes("\r\n", 1, false, mail).subject_md5, "0cc175b9c0f1b6a831c399e269772661");
	mail.header_count = 1;
	assert_string_equal(hashes("\r\n", 1, false, mail).subject_md5, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_body_is_all_behind_the_header),
		cmocka_unit_test(what_has_a_hole_has_no_hash),
		cmocka_unit_test(the_first_subject_counts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
