/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * mail_kit.c - see mail_kit.h.
 */
#include "mail_kit.h"

const struct mail_options plain_options = { .parse = true, .body = true, .urls = true, .body_limit = 65536 };

struct mail *mail_of(const struct mail_options *options, const void *octets, size_t size, size_t step)
{
	struct mail *mail = mail_new(options);
	for (size_t at = 0; at < size; at += MIN(step, size - at))
		mail_feed(mail, span_of((const uint8_t *)octets + at, MIN(step, size - at)));
	mail_finish(mail, true);
	return mail;
}

static struct mail *read_steps(const void *octets, size_t size, size_t step)
{
	struct mail *mail = mail_of(&plain_options, octets, size, step);
	assert_int_equal(mail->unaccounted, 0);
	return mail;
}

/* same_text - are both NULL, or equal? */
static void same_text(const char *a, const char *b)
{
	assert_int_equal(!a, !b);
	if (a)
		assert_string_equal(a, b);
}

static void same_parts(const struct mail *a, const struct mail *b)
{
	assert_int_equal(a->parts->len, b->parts->len);
	for (guint i = 0; i < a->parts->len; i++) {
		const struct mail_part *one = a->parts->pdata[i], *other = b->parts->pdata[i];
		assert_string_equal(one->number, other->number);
		assert_string_equal(one->content_type, other->content_type);
		same_text(one->filename, other->filename);
		same_text(one->charset, other->charset);
		assert_int_equal(one->size, other->size);
		assert_string_equal(one->sha256, other->sha256);
		assert_int_equal(one->truncated, other->truncated);
		assert_int_equal(one->gaps, other->gaps);
		assert_int_equal(one->head_size, other->head_size);
		assert_memory_equal(one->head, other->head, one->head_size);
	}
}

void same_mail(const struct mail *a, const struct mail *b)
{
	assert_string_equal(a->sha256, b->sha256);
	assert_int_equal(a->partial, b->partial);
	same_text(a->subject, b->subject);
	same_text(a->from, b->from);
	same_text(a->body, b->body);
	same_text(a->body_type, b->body_type);
	assert_string_equal(a->text->str, b->text->str);
	assert_int_equal(a->header_count, b->header_count);
	assert_int_equal(a->urls->len, b->urls->len);
	same_parts(a, b);
	assert_int_equal(a->defects->len, b->defects->len);
	for (guint i = 0; i < a->defects->len; i++) {
		const struct mime_defect *one = a->defects->pdata[i], *other = b->defects->pdata[i];
		assert_int_equal(one->kind, other->kind);
		assert_string_equal(one->description, other->description);
		assert_int_equal(!one->evidence, !other->evidence);
		if (one->evidence)
			assert_true(g_string_equal(one->evidence, other->evidence));
	}
}

struct mail *read_octets(const void *octets, size_t size)
{
	struct mail *whole = read_steps(octets, size, WHOLE);
	struct mail *pieces = read_steps(octets, size, size > 100000 ? 4093 : 1);
	same_mail(whole, pieces);
	mail_free(whole);
	return pieces;
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

char *inner_parts(const struct mail *mail)
{
	GString *text = g_string_new(NULL);
	for (guint i = 0; i < mail->parts->len; i++) {
		const struct mail_part *part = mail->parts->pdata[i];
		if (!strchr(part->number, '.'))
			continue;
		g_string_append_printf(text, "%s%s %s %u%s %.*s", text->len > 0 ? "|" : "", part->number,
			part->filename ? part->filename : "-", (unsigned)part->size, part->truncated ? " cut" : "",
			(int)MIN(part->head_size, 20), (const char *)part->head);
	}
	return g_string_free(text, FALSE);
}

const struct mail_options inner_options = {
	.parse = true, .body = true, .body_limit = 65536, .archives = true, .hashes = HASH_SHA256
};

void inner_are(const void *octets, size_t size, const char *expected, unsigned defects)
{
	static const size_t steps[] = { 1, 7, WHOLE };
	for (size_t i = 0; i < G_N_ELEMENTS(steps); i++) {
		struct mail *mail = mail_of(&inner_options, octets, size, steps[i]);
		char *got = inner_parts(mail);
		if (strcmp(got, expected) != 0)
			fail_msg("step %zu: '%s' instead of '%s'", steps[i], got, expected);
		assert_int_equal(mail->defects->len, defects);
		g_free(got);
		mail_free(mail);
	}
}
