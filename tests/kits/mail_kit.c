/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * mail_kit.c - what the tests of the mail stage share: a mail made of octets, and what is expected of it.
 */
#include "mail_kit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

const struct mail_options plain_options = { .parse = true, .body = true, .urls = true, .body_limit = 65536 };

struct mail *read_octets(const void *octets, size_t size)
{
	static unsigned turn;
	struct mail *mail = mail_new(&plain_options);
	size_t step = turn++ % 2 == 0 ? MAX(size, 1) : size > 100000 ? 4096 : 1;
	for (size_t at = 0; at < size; at += step)
		mail_feed(mail, (struct span){ (const uint8_t *)octets + at, MIN(step, size - at) });
	mail_finish(mail, true);
	assert_int_equal(mail->unaccounted, 0);
	return mail;
}

struct mail *read_mail(const char *text)
{
	return read_octets(text, strlen(text));
}

const struct mail_part *part_of(const struct mail *mail, unsigned index)
{
	assert_in_range(index, 0, mail->parts->len - 1);
	return mail->parts->pdata[index];
}

void part_is(const struct mail *mail, unsigned index, const char *number, const char *type, const char *octets)
{
	const struct mail_part *part = part_of(mail, index);
	assert_string_equal(part->number, number);
	assert_string_equal(part->content_type, type);
	assert_int_equal(part->size, strlen(octets));
	assert_memory_equal(part->head, octets, MIN(strlen(octets), sizeof part->head));
}

void defects_are(const struct mail *mail, unsigned count, enum mime_defect_kind kind)
{
	for (unsigned i = 0; i < mail->defects->len; i++) {
		const struct mime_defect *defect = mail->defects->pdata[i];
		if (count == 0 || defect->kind != kind)
			print_error("unexpected: %s\n", defect->description);
		assert_true(count > 0 && defect->kind == kind);
	}
	assert_int_equal(mail->defects->len, count);
}
