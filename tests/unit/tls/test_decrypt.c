/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * test_decrypt.c FOLDER - recorded connections with their keys, whole and in pieces of every size: what is inside, with
 * the acknowledgements that belong to it; hostile octets where keys are known; the parts alone.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kits/tls_capture.h"
#include "text.h"
#include "tls.h"
#include "tls/parts.h"

static const char *folder;

/* ---- a connection ---- */

struct heard {
	GString *text[2];
	uint64_t gap[2];
	unsigned closed;
	bool lockstep; /* each side speaks only when it has heard all */
};

static void on_bytes(void *context, enum direction direction, struct span bytes, uint64_t acked)
{
	struct heard *heard = context;
	assert_false(heard->closed & 1u << direction); /* nothing comes behind close_notify */
	if (heard->lockstep)
		assert_int_equal(acked, heard->text[direction_other(direction)]->len);
	g_string_append_len(heard->text[direction], (const char *)bytes.data, (gssize)bytes.size);
}

static void on_gap(void *context, enum direction direction, uint64_t size)
{
	struct heard *heard = context;
	assert_true(size > 0);
	heard->gap[direction] += size;
}

static void on_close(void *context, enum direction direction)
{
	struct heard *heard = context;
	heard->closed |= 1u << direction;
}

static const struct tls_sink sink = { on_bytes, on_gap, on_close };

static struct tls_keys *keys_of(const char *name)
{
	struct tls_keys *keys = tls_keys_new(NULL, NULL, NULL);
	char *path = g_strdup_printf("%s/%s.keylog", folder, name);
	assert_true(tls_keys_file(keys, path));
	g_free(path);
	return keys;
}

/* listen_to - a connection with these keys, of which nothing has come. */
static struct tls *listen_to(struct tls_keys *keys, struct heard *heard)
{
	*heard = (struct heard){ .text = { g_string_new(NULL), g_string_new(NULL) } };
	return tls_new(keys, &sink, heard, 0);
}

static void finish(struct tls *tls, struct heard *heard)
{
	tls_free(tls);
	g_string_free(heard->text[UP], TRUE);
	g_string_free(heard->text[DOWN], TRUE);
}

/* feed - octets in pieces of `step`, each in memory of its own size. */
static void feed(struct tls *tls, enum direction d, const uint8_t *data, size_t size, uint64_t offset, uint64_t acked,
	size_t step)
{
	for (size_t at = 0; at < size; at += step) {
		size_t length = MIN(step, size - at);
		uint8_t *copy = g_memdup2(data + at, length);
		tls_bytes(tls, d, span_of(copy, length), offset + at, acked);
		g_free(copy);
	}
}

static void feed_piece(struct tls *tls, const struct tls_piece *piece, size_t step)
{
	feed(tls, piece->direction, piece->octets->data, piece->octets->len, piece->offset, piece->acked, step);
}

/* play - the first pieces of a capture, all of them with G_MAXUINT. */
static void play(struct tls *tls, const GPtrArray *pieces, guint count, size_t step)
{
	for (guint i = 0; i < MIN(count, pieces->len); i++)
		feed_piece(tls, pieces->pdata[i], step);
}

/* Kinds that differ in how records are put together or keys are found. */
static const char *const names[] = { "10-aes128-cbc-sha", "11-aes128-cbc-sha-no-etm", "12-aes256-gcm", "12-aes128-ccm8",
	"12-aes128-cbc-sha256-no-etm-no-ems", "12-aes256-cbc-sha384", "12-renegotiation", "12-small-records",
	"13-aes256-gcm", "13-aes128-ccm8", "13-retry", "13-psk", "13-padding", "13-fragments" };

static void pieces_of_any_size_are_the_same(void **state)
{
	static const size_t steps[] = { 100000, 1, 2, 3, 5, 6, 21, 1000 };
	for (size_t n = 0; n < G_N_ELEMENTS(names); n++) {
		struct tls_keys *keys = keys_of(names[n]);
		GPtrArray *pieces = tls_capture(folder, names[n]);
		GString *whole[2] = { g_string_new(NULL), g_string_new(NULL) };
		for (size_t i = 0; i < G_N_ELEMENTS(steps); i++) {
			struct heard heard;
			struct tls *tls = listen_to(keys, &heard);
			heard.lockstep = true;
			play(tls, pieces, G_MAXUINT, steps[i]);
			assert_true(tls_info(tls)->decrypted);
			assert_string_equal(tls_info(tls)->why, "");
			assert_int_equal(tls_info(tls)->failures, 0);
			assert_int_equal(heard.gap[UP] + heard.gap[DOWN], 0);
			assert_true(heard.closed & 1u << UP);
			if (i == 0) {
				g_string_assign(whole[UP], heard.text[UP]->str);
				g_string_assign(whole[DOWN], heard.text[DOWN]->str);
			}
			assert_string_equal(heard.text[UP]->str, whole[UP]->str);
			assert_string_equal(heard.text[DOWN]->str, whole[DOWN]->str);
			finish(tls, &heard);
		}
		assert_true(g_str_has_prefix(whole[UP]->str, "EHLO client.example\r\nAUTH PLAIN"));
		assert_true(g_str_has_suffix(whole[UP]->str, "\r\n.\r\nquit\r\n"));
		assert_true(g_str_has_prefix(whole[DOWN]->str, "220 mail.example"));
		assert_true(g_str_has_suffix(whole[DOWN]->str, "221 bye\r\n"));
		g_string_free(whole[UP], TRUE);
		g_string_free(whole[DOWN], TRUE);
		g_ptr_array_free(pieces, TRUE);
		tls_keys_free(keys);
	}
}

/* Connections whose segments come in turns, with the current same keys. */
static void connections_in_turns_do_not_disturb_each_other(void **state)
{
	enum { COUNT = 3 };
	static const char *const kinds[COUNT] = { "13-aes256-gcm", "12-aes256-cbc-sha384", "13-aes256-gcm" };
	struct tls_keys *keys = keys_of(kinds[0]);
	GPtrArray *pieces[COUNT];
	struct heard heard[COUNT];
	struct tls *tls[COUNT];
	char *path = g_strdup_printf("%s/%s.keylog", folder, kinds[1]);
	guint most = 0;
	assert_true(tls_keys_file(keys, path));
	for (size_t n = 0; n < COUNT; n++) {
		pieces[n] = tls_capture(folder, kinds[n]);
		most = MAX(most, pieces[n]->len);
		tls[n] = listen_to(keys, &heard[n]);
	}
	for (guint i = 0; i < most; i++) {
		for (size_t at = 0; at < 100; at++) { /* a hundredth of each in turn */
			for (size_t n = 0; n < COUNT; n++) {
				const struct tls_piece *p = i < pieces[n]->len ? pieces[n]->pdata[i] : NULL;
				if (!p)
					continue;
				const size_t from = p->octets->len * at / 100, to = p->octets->len * (at + 1) / 100;
				if (to > from)
					feed(tls[n], p->direction, p->octets->data + from, to - from, p->offset + from,
						p->acked, 100000);
			}
		}
	}
	for (size_t n = 0; n < COUNT; n++) {
		assert_true(g_str_has_prefix(heard[n].text[UP]->str, "EHLO client.example\r\nAUTH PLAIN"));
		assert_true(g_str_has_suffix(heard[n].text[UP]->str, "\r\n.\r\nquit\r\n"));
		assert_string_equal(heard[n].text[UP]->str, heard[0].text[UP]->str);
		assert_string_equal(heard[n].text[DOWN]->str, heard[0].text[DOWN]->str);
	}
	for (size_t n = 0; n < COUNT; n++) {
		finish(tls[n], &heard[n]);
		g_ptr_array_free(pieces[n], TRUE);
	}
	g_free(path);
	tls_keys_free(keys);
}

/* ready_at - after how many segments the record of TLS can be written. */
static guint ready_at(const char *name, struct tls_keys *keys)
{
	GPtrArray *pieces = tls_capture(folder, name);
	struct heard heard;
	struct tls *tls = listen_to(keys, &heard);
	guint at = 0;
	for (guint i = 0; i < pieces->len; i++) {
		const struct tls_piece *p = pieces->pdata[i];
		feed_piece(tls, p, p->octets->len);
		if (tls_ready(tls)) {
			assert_int_equal(at, 0); /* once */
			at = i + 1;
		}
	}
	finish(tls, &heard);
	g_ptr_array_free(pieces, TRUE);
	return at;
}

static void it_is_told_when_all_is_known(void **state)
{
	struct tls_keys *keys = keys_of("13-aes256-gcm"), *none = tls_keys_new(NULL, NULL, NULL);
	struct tls_keys *older = keys_of("12-aes256-gcm");
	assert_int_equal(ready_at("13-aes256-gcm", keys), 2);  /* the server's Finished */
	assert_int_equal(ready_at("13-aes256-gcm", none), 2);  /* its ServerHello */
	assert_int_equal(ready_at("12-aes256-gcm", older), 3); /* the client's Finished */
	assert_int_equal(ready_at("12-aes256-gcm", none), 2);  /* the server is done */
	tls_keys_free(keys);
	tls_keys_free(older);
	tls_keys_free(none);
}

/* New keys in the middle, of both sides; STARTTLS comes before, which is not for this layer. */
static void a_key_update_ends_nothing(void **state)
{
	static const size_t steps[] = { 100000, 1, 5 };
	struct tls_keys *keys = keys_of("13-key-update");
	GPtrArray *pieces = tls_capture(folder, "13-key-update");
	guint first = 0;
	for (; first < pieces->len; first++) {
		const struct tls_piece *piece = pieces->pdata[first];
		if (tls_looks_like(span_of(piece->octets->data, piece->octets->len)) == 1)
			break;
	}
	assert_in_range(first, 1, pieces->len - 1);
	for (size_t i = 0; i < G_N_ELEMENTS(steps); i++) {
		struct heard heard;
		struct tls *tls = listen_to(keys, &heard);
		for (guint n = first; n < pieces->len; n++)
			feed_piece(tls, pieces->pdata[n], steps[i]);
		assert_string_equal(tls_info(tls)->why, "");
		assert_int_equal(tls_info(tls)->failures, 0);
		assert_true(g_str_has_suffix(heard.text[UP]->str, "\r\n.\r\nquit\r\n"));
		assert_true(g_str_has_suffix(heard.text[DOWN]->str, "221 bye\r\n"));
		finish(tls, &heard);
	}
	g_ptr_array_free(pieces, TRUE);
	tls_keys_free(keys);
}

/* A gap where nothing was lost but a part of a record; and the records after it have their numbers. */
static void behind_a_hole_records_have_their_numbers(void **state)
{
	for (size_t n = 0; n < G_N_ELEMENTS(names); n++) {
		struct tls_keys *keys = keys_of(names[n]);
		GPtrArray *pieces = tls_capture(folder, names[n]);
		for (guint out = 6; out < pieces->len && strcmp(names[n], "12-renegotiation") != 0; out++) {
			struct heard heard;
			struct tls *tls = listen_to(keys, &heard);
			play(tls, pieces, out, 100000);
			const struct tls_piece *lost = pieces->pdata[out];
			const gsize before = heard.text[lost->direction]->len;
			feed(tls, lost->direction, lost->octets->data, 3, lost->offset, lost->acked, 3);
			tls_gap(tls, lost->direction, lost->octets->len - 3);
			for (guint i = out + 1; i < pieces->len; i++)
				feed_piece(tls, pieces->pdata[i], 100);
			tls_fin(tls, UP);
			tls_fin(tls, DOWN);
			if (n > 0) /* in TLS 1.0 the first record after a gap lacks its vector */
				assert_string_equal(tls_info(tls)->why, "");
			bool later = false; /* does something follow in this direction? */
			for (guint i = out + 1; i < pieces->len; i++)
				later |= ((struct tls_piece *)pieces->pdata[i])->direction == lost->direction;
			if (later && out + 6 < pieces->len)
				assert_true(heard.text[lost->direction]->len > before);
			assert_true(heard.gap[lost->direction] <= lost->octets->len + 2400);
			finish(tls, &heard);
		}
		g_ptr_array_free(pieces, TRUE);
		tls_keys_free(keys);
	}
}

/* A record that is hit by a gap is lost as a whole: all that was in it is counted, once the next one is read. */
static void the_rest_of_a_record_behind_a_hole_is_lost(void **state)
{
	struct tls_keys *keys = keys_of("12-aes256-gcm");
	GPtrArray *pieces = tls_capture(folder, "12-aes256-gcm");
	struct heard whole, heard;
	struct tls *tls = listen_to(keys, &whole);
	play(tls, pieces, G_MAXUINT, 100000);
	const gsize size = whole.text[UP]->len;
	finish(tls, &whole);
	tls = listen_to(keys, &heard);
	bool hit = false;
	for (guint i = 0; i < pieces->len; i++) {
		const struct tls_piece *p = pieces->pdata[i];
		size_t from = 0;
		if (p->direction == UP && heard.text[UP]->len > 0 && !hit) {
			feed(tls, UP, p->octets->data, 3, p->offset, p->acked, 3);
			tls_gap(tls, UP, 10);
			from = 13;
			hit = true;
		}
		feed(tls, p->direction, p->octets->data + from, p->octets->len - from, p->offset + from, p->acked,
			100000);
	}
	assert_true(heard.gap[UP] > 1);
	assert_int_equal(heard.text[UP]->len + heard.gap[UP], size);
	finish(tls, &heard);
	g_ptr_array_free(pieces, TRUE);
	tls_keys_free(keys);
}

/* The hellos are there, but neither Finished: the first record after has other keys, and a number of its own. */
static void a_hole_hides_the_end_of_the_handshake(void **state)
{
	for (size_t n = 0; n < G_N_ELEMENTS(names); n++) {
		if (strstr(names[n], "10-") || strstr(names[n], "retry"))
			continue;
		struct tls_keys *keys = keys_of(names[n]);
		GPtrArray *pieces = tls_capture(folder, names[n]);
		struct heard heard;
		struct tls *tls = listen_to(keys, &heard);
		const guint hidden = strstr(names[n], "12-") || strstr(names[n], "11-") ? 4 : 3;
		for (guint i = 0; i < pieces->len; i++) {
			const struct tls_piece *p = pieces->pdata[i];
			if (i >= 2 && i < hidden)
				tls_gap(tls, p->direction, p->octets->len);
			else
				feed_piece(tls, p, 50);
		}
		assert_string_equal(tls_info(tls)->why, "");
		assert_true(g_str_has_prefix(heard.text[UP]->str, "EHLO client.example\r\n"));
		assert_true(g_str_has_suffix(heard.text[DOWN]->str, "221 bye\r\n"));
		finish(tls, &heard);
		g_ptr_array_free(pieces, TRUE);
		tls_keys_free(keys);
	}
}

/* ---- hostile octets ---- */

/* begin_with - a connection up to the first octets of what is inside. */
static struct tls *begin_with(const char *name, struct tls_keys *keys, struct heard *heard, uint64_t *up)
{
	GPtrArray *pieces = tls_capture(folder, name);
	struct tls *tls = listen_to(keys, heard);
	for (guint i = 0; heard->text[UP]->len == 0; i++) {
		const struct tls_piece *p = pieces->pdata[i];
		feed_piece(tls, p, 100000);
		if (p->direction == UP)
			*up = p->offset + p->octets->len;
	}
	g_ptr_array_free(pieces, TRUE);
	return tls;
}

static void what_looks_like_records_behind_a_hole_costs_little(void **state)
{
	static const char *const kinds[] = { "13-aes256-gcm", "12-aes256-gcm", "12-aes128-cbc-sha256-no-etm-no-ems" };
	static const uint8_t header[] = { 23, 3, 3, 0, 32 };
	for (size_t n = 0; n < G_N_ELEMENTS(kinds); n++) {
		struct tls_keys *keys = keys_of(kinds[n]);
		struct heard heard;
		uint64_t up = 0;
		struct tls *tls = begin_with(kinds[n], keys, &heard, &up);
		uint8_t flood[37 * 100];
		for (size_t i = 0; i < sizeof flood; i++)
			flood[i] = i % 37 < sizeof header ? header[i % 37] : (uint8_t)i;
		const gint64 start = g_get_monotonic_time();
		tls_gap(tls, UP, UINT64_C(1) << 40);
		up += UINT64_C(1) << 40;
		for (unsigned i = 0; i < 500; i++, up += sizeof flood)
			feed(tls, UP, flood, sizeof flood, up, 0, sizeof flood);
		assert_true(g_get_monotonic_time() - start < 20 * G_USEC_PER_SEC);
		assert_true(tls_memory(tls) < 1024 * 1024);
		assert_string_equal(tls_info(tls)->why, "too much is missing");
		assert_true(heard.gap[UP] >= sizeof flood * 500);
		finish(tls, &heard);
		tls_keys_free(keys);
	}
}

/* Octets that no record begins with are passed over, and do not stay. */
static void noise_behind_a_hole_does_not_stay(void **state)
{
	struct tls_keys *keys = keys_of("13-aes256-gcm");
	struct heard heard;
	uint64_t up = 0;
	struct tls *tls = begin_with("13-aes256-gcm", keys, &heard, &up);
	uint8_t noise[1000];
	memset(noise, 0x55, sizeof noise);
	tls_gap(tls, UP, 10);
	for (unsigned i = 0; i < 2000; i++)
		feed(tls, UP, noise, sizeof noise, up + 10 + i * sizeof noise, 0, sizeof noise);
	assert_true(tls_memory(tls) < 200 * 1024);
	assert_true(heard.gap[UP] > 1990000 && heard.gap[UP] <= 2000010);
	tls_fin(tls, UP);
	assert_string_equal(tls_info(tls)->why, ""); /* nothing looked like a record */
	finish(tls, &heard);
	tls_keys_free(keys);
}

/* Only the header of a protected record of this version is worth a try. */
static void other_headers_behind_a_hole_are_not_tried(void **state)
{
	static const struct {
		uint8_t header[5];
		bool tried;
	} cases[] = { { { 23, 3, 3, 0, 40 }, true }, { { 23, 3, 2, 0, 40 }, false }, { { 22, 3, 3, 0, 40 }, false },
		{ { 20, 3, 3, 0, 40 }, false }, { { 23, 3, 3, 0x48, 1 }, false }, { { 25, 3, 3, 0, 40 }, false } };
	struct tls_keys *keys = keys_of("13-aes256-gcm");
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct heard heard;
		uint64_t up = 0;
		struct tls *tls = begin_with("13-aes256-gcm", keys, &heard, &up);
		uint8_t octets[5 + 40] = { 0 };
		memcpy(octets, cases[i].header, sizeof cases[i].header);
		tls_gap(tls, UP, 10);
		feed(tls, UP, octets, sizeof octets, up + 10, 0, sizeof octets);
		assert_int_equal(tls->work > 0, cases[i].tried);
		assert_int_equal(tls->side[UP].refused, cases[i].tried);
		tls_fin(tls, UP);
		assert_string_equal(tls_info(tls)->why, cases[i].tried ? "no record can be decrypted after a gap" : "");
		finish(tls, &heard);
	}
	tls_keys_free(keys);
}

/* Early data waits for the server's word, but not all of it. */
static void early_data_that_is_too_long_does_not_stay(void **state)
{
	struct tls_keys *keys = keys_of("13-aes256-gcm");
	GPtrArray *pieces = tls_capture(folder, "13-aes256-gcm");
	struct heard heard;
	struct tls *tls = listen_to(keys, &heard);
	const struct tls_piece *hello = pieces->pdata[0];
	play(tls, pieces, 1, 100000);
	uint8_t record[5 + 1000] = { 23, 3, 3, 1000 >> 8, 1000 & 0xff };
	for (unsigned i = 0; i < 5000; i++)
		feed(tls, UP, record, sizeof record, hello->octets->len + i * sizeof record, 0, sizeof record);
	assert_true(tls_memory(tls) < 2 * 1024 * 1024);
	assert_string_equal(tls_info(tls)->why, "too much early data");
	finish(tls, &heard);
	g_ptr_array_free(pieces, TRUE);
	tls_keys_free(keys);
}

/* What can't be the header of a record ends a direction, and what follows is missing. */
static void a_header_that_is_none_ends_a_direction(void **state)
{
	struct tls_keys *keys = keys_of("12-aes256-gcm");
	struct heard heard;
	uint64_t up = 0;
	struct tls *tls = begin_with("12-aes256-gcm", keys, &heard, &up);
	feed(tls, UP, (const uint8_t *)"what is this?", 13, up, 0, 13);
	assert_string_equal(tls_info(tls)->why, "the next octets are no record");
	assert_int_equal(heard.gap[UP], 13);
	feed(tls, UP, (const uint8_t *)"and this?", 9, up + 13, 0, 9);
	assert_int_equal(heard.gap[UP], 22);
	finish(tls, &heard);
	tls_keys_free(keys);
}

/* A record that can hold neither a tag nor a block fails, whatever its length. */
static void short_records_fail(void **state)
{
	static const char *const kinds[] = { "12-aes256-gcm", "12-gnutls-chacha20", "12-aes256-cbc-sha384",
		"12-aes256-cbc-sha-no-etm", "12-aes128-ccm8", "13-aes256-gcm" };
	for (size_t n = 0; n < G_N_ELEMENTS(kinds); n++) {
		struct tls_keys *keys = keys_of(kinds[n]);
		for (uint8_t size = 1; size < 80; size++) {
			struct heard heard;
			uint64_t up = 0;
			uint8_t record[5 + 80] = { 23, 3, 3, 0, size };
			struct tls *tls = begin_with(kinds[n], keys, &heard, &up);
			const gsize before = heard.text[UP]->len;
			char *why = g_strdup_printf("record fails authentication at octet %u", (unsigned)up);
			feed(tls, UP, record, (size_t)5 + size, up, 0, 100);
			assert_string_equal(tls_info(tls)->why, why);
			assert_int_equal(tls_info(tls)->failures, 1);
			assert_int_equal(heard.text[UP]->len, before);
			assert_int_equal(heard.gap[UP], size);
			g_free(why);
			finish(tls, &heard);
		}
		tls_keys_free(keys);
	}
}

/* The secrets of the handshake alone do not open what is after a gap. */
static void a_secret_that_is_missing_behind_a_hole(void **state)
{
	struct tls_keys *keys = tls_keys_new(NULL, NULL, NULL);
	GPtrArray *pieces = tls_capture(folder, "13-aes256-gcm");
	struct heard heard;
	char *path = g_strdup_printf("%s/13-aes256-gcm.keylog", folder), *text, *at;
	assert_true(g_file_get_contents(path, &text, NULL, NULL));
	while ((at = strstr(text, "_TRAFFIC_SECRET_0")))
		*at = '-';
	tls_keys_add(keys, span_of_text(text));
	assert_int_equal(tls_keys_count(keys), 2);
	struct tls *tls = listen_to(keys, &heard);
	for (guint i = 0; i < pieces->len; i++) {
		const struct tls_piece *p = pieces->pdata[i];
		if (i == 2)
			tls_gap(tls, p->direction, p->octets->len);
		else
			feed_piece(tls, p, 100000);
	}
	assert_string_equal(tls_info(tls)->why, "no key for this client random");
	assert_int_equal(heard.text[UP]->len + heard.text[DOWN]->len, 0);
	finish(tls, &heard);
	g_free(text);
	g_free(path);
	g_ptr_array_free(pieces, TRUE);
	tls_keys_free(keys);
}

/* ---- the parts ---- */

static void marks_keep_the_newest(void **state)
{
	struct marks marks = { 0 };
	assert_int_equal(marks_inside(&marks, 100), 0);
	for (uint64_t i = 1; i <= 10000; i++)
		marks_add(&marks, 100 * i, 80 * i);
	assert_int_equal(marks_inside(&marks, 1000000), 800000);
	assert_int_equal(marks_inside(&marks, 2000000), 800000);
	assert_int_equal(marks_inside(&marks, 999999), 799920);
	assert_int_equal(marks_inside(&marks, 900000), 720000);
	assert_int_equal(marks_inside(&marks, 899999), 719920);
	assert_true(marks.list->len <= 4096);
	const struct mark oldest = g_array_index(marks.list, struct mark, 0);
	assert_int_equal(marks_inside(&marks, oldest.stream), oldest.inside);
	assert_int_equal(marks_inside(&marks, oldest.stream - 1), oldest.inside - 80);
	assert_int_equal(marks_inside(&marks, 0), oldest.inside - 80);
	marks_clear(&marks);
}

static unsigned asked;

static bool more_keys(void *context)
{
	struct tls_keys **keys = context;
	char line[200];
	asked++;
	int size = g_snprintf(line, sizeof line, "CLIENT_RANDOM %064x %096x", 7, 9);
	tls_keys_add(*keys, span_of(line, (size_t)size));
	tls_keys_line_end(*keys);
	return true;
}

static void secrets_are_found_by_client_random(void **state)
{
	struct tls_keys *base = tls_keys_new(NULL, NULL, NULL), *keys = NULL;
	uint8_t random[TLS_RANDOM_SIZE] = { 0 };
	keys = tls_keys_new(base, more_keys, &keys);
	for (unsigned i = 0; i < 3000; i++) {
		char line[300];
		int size = g_snprintf(line, sizeof line, "%s %062x%02x %064x\n",
			i % 2 ? "SERVER_TRAFFIC_SECRET_0" : "CLIENT_TRAFFIC_SECRET_0", i, 0x33, i);
		for (int at = 0; at < size; at += 7) /* cut anywhere */
			tls_keys_add(base, span_of(line + at, (size_t)MIN(7, size - at)));
	}
	assert_int_equal(tls_keys_count(keys), 3000);
	asked = 0;
	for (unsigned i = 0; i < 3000; i++) {
		random[31] = 0x33;
		random[30] = (uint8_t)i;
		random[29] = (uint8_t)(i >> 8);
		struct span secret = keys_find(keys, i % 2 ? LABEL_TRAFFIC_DOWN : LABEL_TRAFFIC_UP, random);
		assert_int_equal(secret.size, 32);
		assert_int_equal(secret.data[30] << 8 | secret.data[31], i);
		assert_int_equal(asked, 0);
	}
	assert_null(keys_find(keys, LABEL_MASTER, random).data);
	assert_int_equal(asked, 1);
	memset(random, 0, sizeof random);
	random[31] = 7;
	assert_int_equal(keys_find(keys, LABEL_MASTER, random).size, 48);
	assert_null(keys_find(keys, LABEL_EARLY, random).data);
	assert_int_equal(asked, 1); /* once */
	assert_int_equal(tls_keys_count(base), 3000);
	assert_int_equal(tls_keys_count(keys), 3001);
	assert_int_equal(tls_keys_count(NULL), 0);
	assert_string_equal(keys_missing(keys), "no key for this client random");
	tls_keys_free(keys);
	tls_keys_free(base);
}

static bool no_more_keys(void *context)
{
	return false;
}

/* The longest line that is read, in two pieces; one octet more is too long. */
static void a_long_line_in_pieces(void **state)
{
	for (int size = 1024; size <= 1025; size++) {
		char line[1100];
		struct tls_keys *keys = tls_keys_new(NULL, NULL, NULL);
		g_snprintf(line, sizeof line, "%*sCLIENT_RANDOM %064x %096x\n", size - (14 + 64 + 1 + 96), "", 7, 9);
		assert_int_equal(strlen(line), size + 1);
		tls_keys_add(keys, span_of(line, 500));
		tls_keys_add(keys, span_of(line + 500, strlen(line) - 500));
		assert_int_equal(tls_keys_count(keys), size == 1024);
		tls_keys_free(keys);
	}
}

/* A hello that ends with its random has one. */
static void the_shortest_hello_has_a_random(void **state)
{
	uint8_t hello[5 + 4 + 2 + TLS_RANDOM_SIZE] = { 22, 3, 1, 0, 4 + 34, 1, 0, 0, 34, 3, 3 };
	memset(hello + 11, 0x77, TLS_RANDOM_SIZE);
	struct tls *tls = tls_new(NULL, NULL, NULL, 0);
	assert_true(tls_bytes(tls, UP, span_of(hello, sizeof hello), 0, 0));
	assert_memory_equal(tls->exchange.client_random, hello + 11, TLS_RANDOM_SIZE);
	tls_free(tls);
}

static void more_secrets_may_come(void **state)
{
	const uint8_t random[TLS_RANDOM_SIZE] = { 0 };
	struct tls_keys *keys = tls_keys_new(NULL, no_more_keys, NULL);
	assert_string_equal(keys_missing(keys), "no key for this client random");
	assert_null(keys_find(keys, LABEL_MASTER, random).data);
	assert_string_equal(keys_missing(keys), "no key for this client random so far");
	tls_keys_free(keys);
}

/* The words of a secret are on one line. */
static void a_line_ends_where_it_ends(void **state)
{
	static const char *const ends[] = { "\n", "\r", "\r\n" };
	for (size_t i = 0; i < G_N_ELEMENTS(ends); i++) {
		struct tls_keys *keys = tls_keys_new(NULL, NULL, NULL);
		GString *text = g_string_new(NULL);
		g_string_append_printf(text, "CLIENT_RANDOM%s%064x %096x%s", ends[i], 7, 9, ends[i]);
		g_string_append_printf(text, "CLIENT_RANDOM %064x%s%096x%s", 7, ends[i], 9, ends[i]);
		g_string_append_printf(text, "CLIENT_RANDOM %064x%s", 7, ends[i]);
		tls_keys_add(keys, span_of(text->str, text->len));
		assert_int_equal(tls_keys_count(keys), 0);
		g_string_append_printf(text, "  CLIENT_RANDOM\t %064x %096x \t%s", 7, 9, ends[i]);
		tls_keys_add(keys, span_of(text->str, text->len));
		assert_int_equal(tls_keys_count(keys), 1);
		/* the first of two stays */
		g_string_printf(text, "CLIENT_RANDOM %064x %096x%sCLIENT_RANDOM %063x%s", 7, 10, ends[i], 8, ends[i]);
		tls_keys_add(keys, span_of(text->str, text->len));
		uint8_t random[TLS_RANDOM_SIZE] = { [31] = 7 };
		assert_int_equal(keys_find(keys, LABEL_MASTER, random).data[47], 9);
		assert_int_equal(tls_keys_count(keys), 1);
		g_string_free(text, TRUE);
		tls_keys_free(keys);
	}
}

static void suites_are_known_by_the_end_of_their_name(void **state)
{
	assert_string_equal(suite_find(0xc02b)->name, "AES_128_GCM_SHA256");
	assert_string_equal(suite_find(0x1301)->name, "AES_128_GCM_SHA256");
	assert_string_equal(suite_find(0x1305)->name, "AES_128_CCM_8_SHA256");
	assert_string_equal(suite_find(0xc0ae)->name, "AES_128_CCM_8");
	assert_string_equal(suite_find(0x000a)->name, "3DES_EDE_CBC_SHA");
	assert_null(suite_find(0xc086)); /* Camellia in GCM */
	assert_null(suite_find(0x0005)); /* RC4 */
	assert_null(suite_find(0xfefe));
}

/* session - a client offers the session of this id to this pair of addresses, and the server takes it. With a secret:
 * the one that they agree on. Returns the secret by which it is resumed. */
static struct span session(struct tls_keys *keys, uint64_t scope, uint8_t id, struct span secret)
{
	const uint8_t octets[2 + TLS_RANDOM_SIZE + 2 + 2 + 1 + 2] = { [2 + TLS_RANDOM_SIZE] = 1, id };
	const struct span hello = { octets, sizeof octets };
	struct tls *tls = tls_new(keys, NULL, NULL, scope);
	resume_offer(tls, hello);
	resume_answer(tls, hello);
	if (secret.data)
		resume_learn(tls, secret);
	struct span found = resume_secret(tls);
	tls_free(tls);
	return found;
}

static void sessions_are_resumed_by_their_id_between_the_same_addresses(void **state)
{
	const struct span none = { NULL, 0 };
	const uint8_t first[48] = "one", second[48] = "two";
	struct tls_keys *keys = tls_keys_new(NULL, NULL, NULL);
	session(keys, 7, 'a', span_of(first, sizeof first));
	session(keys, 7, 'b', span_of(second, sizeof second));
	assert_memory_equal(session(keys, 7, 'a', none).data, first, sizeof first);
	assert_memory_equal(session(keys, 7, 'b', none).data, second, sizeof second);
	assert_null(session(keys, 7, 'c', none).data);
	assert_null(session(keys, 8, 'a', none).data);
	tls_keys_free(keys);
}

/* Without the server's direction and without the right secrets, the end says why nothing was read. */
static void what_the_client_sent_alone_cannot_be_read(void **state)
{
	struct tls_keys *keys = keys_of("12-aes256-gcm");
	GPtrArray *pieces = tls_capture(folder, "13-aes256-gcm");
	struct heard heard;
	struct tls *tls = listen_to(keys, &heard);
	for (guint i = 0; i < pieces->len; i++) {
		const struct tls_piece *p = pieces->pdata[i];
		if (p->direction == UP)
			feed(tls, UP, p->octets->data, p->octets->len, p->offset, p->acked, p->octets->len);
	}
	assert_string_equal(tls_info(tls)->why, "");
	tls_fin(tls, UP);
	assert_string_equal(tls_info(tls)->why, DECRYPT_NO_HANDSHAKE);
	assert_int_equal(heard.text[UP]->len, 0);
	finish(tls, &heard);
	g_ptr_array_free(pieces, TRUE);
	tls_keys_free(keys);
}

int main(int argc, char **argv)
{
	g_assert(argc > 1);
	folder = argv[1];
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pieces_of_any_size_are_the_same),
		cmocka_unit_test(connections_in_turns_do_not_disturb_each_other),
		cmocka_unit_test(it_is_told_when_all_is_known),
		cmocka_unit_test(a_key_update_ends_nothing),
		cmocka_unit_test(behind_a_hole_records_have_their_numbers),
		cmocka_unit_test(the_rest_of_a_record_behind_a_hole_is_lost),
		cmocka_unit_test(a_hole_hides_the_end_of_the_handshake),
		cmocka_unit_test(what_looks_like_records_behind_a_hole_costs_little),
		cmocka_unit_test(noise_behind_a_hole_does_not_stay),
		cmocka_unit_test(other_headers_behind_a_hole_are_not_tried),
		cmocka_unit_test(early_data_that_is_too_long_does_not_stay),
		cmocka_unit_test(a_header_that_is_none_ends_a_direction),
		cmocka_unit_test(short_records_fail),
		cmocka_unit_test(a_secret_that_is_missing_behind_a_hole),
		cmocka_unit_test(marks_keep_the_newest),
		cmocka_unit_test(secrets_are_found_by_client_random),
		cmocka_unit_test(a_long_line_in_pieces),
		cmocka_unit_test(the_shortest_hello_has_a_random),
		cmocka_unit_test(more_secrets_may_come),
		cmocka_unit_test(a_line_ends_where_it_ends),
		cmocka_unit_test(suites_are_known_by_the_end_of_their_name),
		cmocka_unit_test(sessions_are_resumed_by_their_id_between_the_same_addresses),
		cmocka_unit_test(what_the_client_sent_alone_cannot_be_read),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
