/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * test_json.c - values as they are written against cJSON's own printer, and what counts as legible text against GLib's
 * word.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>
#include <cmocka.h>

#include "kits/guard.h"
#include "record/json.h"
#include "record/writer.h"
#include "text.h"

/* text_as_written - a text as a value, without its comma; it stands at the end of readable memory. */
static char *text_as_written(const void *text, size_t size, bool *exact)
{
	GString *line = g_string_new("before ");
	writer_begin(line);
	*exact = value_text((struct span){ guarded(text, size), size });
	writer_end();
	assert_memory_equal(line->str, "before ", 7);
	assert_int_equal(line->str[line->len - 1], ',');
	g_string_truncate(line, line->len - 1);
	g_string_erase(line, 0, 7);
	return g_string_free(line, FALSE);
}

static void written_as(const char *text, const char *expected)
{
	bool exact;
	char *written = text_as_written(text, strlen(text), &exact);
	assert_string_equal(written, expected);
	assert_true(exact);
	g_free(written);
}

static void as_by_cjson(const char *text)
{
	cJSON *node = cJSON_CreateStringReference(text);
	char *expected = cJSON_PrintUnformatted(node);
	written_as(text, expected);
	cJSON_free(expected);
	cJSON_Delete(node);
}

/* Every octet, in every place of a text, in front of and after others. */
static void texts_are_escaped_as_by_cjson(void **state)
{
	for (unsigned octet = 1; octet < 0x7f; octet++) /* DEL is escaped, though cJSON does not */
		for (unsigned place = 0; place < 20; place++) {
			char text[21] = "abcdefghijklmnopqrst";
			text[place] = (char)octet;
			as_by_cjson(text);
			text[place + 1] = '\0';
			as_by_cjson(text);
		}
	as_by_cjson("");
}

static void what_acts_on_a_terminal_is_escaped(void **state)
{
	written_as("a\x7f", "\"a\\u007f\"");
	written_as("caf\u00e9 \u00ab\u20ac\u00bb \U0001f600\"", "\"caf\u00e9 \u00ab\u20ac\u00bb \U0001f600\\\"\"");
	written_as("\xc2\x80\xc2\x9f\u00a0", "\"\\u0080\\u009f\u00a0\"");
	written_as("exe.\u202efdp\u2066\u2069\u2028\u200e\u200f\u061c\u202f",
		"\"exe.\\u202efdp\\u2066\\u2069\\u2028\\u200e\\u200f\\u061c\u202f\"");
	writer_ascii(true);
	written_as("caf\u00e9 \u20ac \U0001f600\t", "\"caf\\u00e9 \\u20ac \\ud83d\\ude00\\t\"");
	written_as("plain, as it is", "\"plain, as it is\"");
	writer_ascii(false);
	written_as("caf\u00e9", "\"caf\u00e9\"");
}

/* A hidden character is escaped wherever it is in the text, and what is around it is copied once. */
static void hidden_characters_at_every_place(void **state)
{
	static const struct {
		const char *text, *escaped;
	} rows[] = { { "\u2028", "\\u2028" }, { "\u20ac", "\u20ac" }, { "\x7f", "\\u007f" }, { "\n", "\\n" } };
	static const size_t places[] = { 0, 4080, 8176 }; /* where a line must grow */
	for (size_t row = 0; row < G_N_ELEMENTS(rows); row++)
		for (size_t i = 0; i < G_N_ELEMENTS(places); i++)
			for (size_t place = places[i]; place < places[i] + 40; place++)
				for (size_t after = 0; after < 20; after++) {
					char *x = g_strnfill(place, 'x'), *y = g_strnfill(after, 'y');
					char *text = g_strconcat(x, rows[row].text, y, NULL);
					char *expected = g_strconcat("\"", x, rows[row].escaped, y, "\"", NULL);
					written_as(text, expected);
					g_free(x);
					g_free(y);
					g_free(text);
					g_free(expected);
				}
}

static void long_texts_are_whole(void **state)
{
	for (size_t size = 4090; size < 4100; size++) {
		char *text = g_malloc(2 * size + 1);
		memset(text, 'x', 2 * size);
		memset(text + size - 20, '\x1f', 40);
		text[2 * size] = '\0';
		as_by_cjson(text);
		memset(text, '\n', 2 * size);
		as_by_cjson(text);
		g_free(text);
	}
}

/* replaced - the text with U+FFFD for each octet that GLib does not take as a part of a character. */
static char *replaced(const char *text, size_t size)
{
	GString *good = g_string_new("\"");
	for (const char *end = text + size, *bad; text < end; text = bad) {
		g_utf8_validate_len(text, (gsize)(end - text), &bad);
		g_string_append_len(good, text, bad - text);
		if (bad < end) {
			g_string_append(good, "\357\277\275");
			bad++;
		}
	}
	return g_string_free(g_string_append_c(good, '"'), FALSE);
}

static void legible_as_by_glib(const char *text, size_t size)
{
	bool exact;
	const char *bad;
	const bool valid = g_utf8_validate_len(text, size, &bad);
	char *written = text_as_written(text, size, &exact), *expected = replaced(text, size);
	assert_int_equal(exact, valid);
	assert_string_equal(written, expected);
	assert_int_equal(text_utf8(guarded(text, size), size), bad - text);
	g_free(written);
	g_free(expected);
}

/* What GLib says is UTF-8 is, at every place. */
static void legible_is_what_glib_calls_utf8(void **state)
{
	static const char *const pieces[] = { "a", "\303\274", "\342\202\254", "\360\237\230\200", "\355\240\200",
		"\355\237\277", "\340\237\277", "\340\240\200", "\360\217\277\277", "\360\220\200\200", "\300\200",
		"\301\277", "\337\277", "\364\217\277\277", "\364\220\200\200", "\365\200\200\200", "\357\277\277",
		"\303", "\200", "\277", "\342\202", "\342\202A", "\342A\254", "\360\237\230", "\360\237A\200",
		"\360\237\230A", "\303A", "\377" };
	for (size_t i = 0; i < G_N_ELEMENTS(pieces); i++)
		for (size_t place = 0; place < 18; place++)
			for (size_t behind = 0; behind < 10; behind++) {
				char text[40];
				size_t size = place + strlen(pieces[i]) + behind;
				memset(text, 'x', sizeof text);
				memcpy(text + place, pieces[i], strlen(pieces[i]));
				legible_as_by_glib(text, size);
			}
	/* behind text that is not ASCII */
	for (size_t i = 0; i < G_N_ELEMENTS(pieces); i++)
		for (size_t first = 1; first < 4; first++)
			for (size_t count = 0; count < 20; count++) {
				GString *text = g_string_new("x" + count % 2);
				for (size_t n = 0; n < count; n++)
					g_string_append(text, pieces[first]);
				g_string_append(text, pieces[i]);
				legible_as_by_glib(text->str, text->len);
				g_string_free(text, TRUE);
			}
	legible_as_by_glib("01234567\0009", 10);
	legible_as_by_glib("\0", 1);
	writer_ascii(true);
	bool exact;
	char *written = text_as_written("a\377\0", 3, &exact);
	writer_ascii(false);
	assert_string_equal(written, "\"a\\ufffd\\ufffd\"");
	assert_false(exact);
	g_free(written);
}

static void numbers_have_all_their_digits(void **state)
{
	GString *line = g_string_new(NULL), *expected = g_string_new(NULL);
	writer_begin(line);
	for (uint64_t number = 1, next = 10; next > number; number = next, next = number * 10)
		for (uint64_t i = number - 1; i < number + 2; i++) {
			value_number(i);
			g_string_append_printf(expected, "%" G_GUINT64_FORMAT ",", i);
		}
	value_number(UINT64_MAX);
	writer_end();
	g_string_append(expected, "18446744073709551615,");
	assert_string_equal(line->str, expected->str);
	g_string_free(line, TRUE);
	g_string_free(expected, TRUE);
}

/* What is inside of an object ends where the next member begins; what is closed and empty is not there. */
static void objects_end_by_themselves(void **state)
{
	struct json_members members = { 0 };
	struct json shared = json_members_begin(&members, OF_envelope);
	json_number(&shared, FIELD_envelope_src_port, 1);
	json_word(&shared, FIELD_envelope_proto, "TCP");
	json_members_end(&members, &shared);
	GString *line = g_string_new(NULL);
	struct json root = json_begin(line);
	json_numbers(&root, FIELD_envelope_vlan, (const uint16_t[]){ 7, 65535 }, 2);
	json_members(&root, &members);
	struct json smtp = json_part(&root, OF_smtp);
	struct json statuses = json_array(&smtp, FIELD_smtp_rcpt_status);
	for (unsigned i = 0; i < 2; i++) {
		struct json status = json_item(&statuses);
		if (i > 0)
			json_number(&status, FIELD_rcpt_status_code, 250);
	}
	json_close(&statuses);
	struct json params = json_object(&smtp, FIELD_smtp_mail_params);
	json_key(&params, "a \"key\"\\x00");
	value_word("true");
	json_close(&params);
	struct json none = json_object(&smtp, FIELD_smtp_mail_params_base64);
	json_close(&none);
	json_object(&smtp, FIELD_smtp_reply);
	struct json archive = json_part(&root, OF_archive);
	struct json entries = json_array(&archive, FIELD_archive_entries);
	json_close(&entries);
	json_end();
	assert_string_equal(line->str,
		"{\"vlan\":[7,65535],\"src_port\":1,\"proto\":\"TCP\",\"smtp\":{\"rcpt_status\":[{},{\"code\":250}],"
		"\"mail_params\":{\"a \\\"key\\\"\\\\x00\":true},\"reply\":{}},\"archive\":{}}\n");
	g_string_free(line, TRUE);
	json_members_free(&members);
}

static void inexact_texts_are_also_base64(void **state)
{
	static const char *const strings[] = { "a", "\377", "b", "c\200" };
	GPtrArray *array = g_ptr_array_new();
	GString *line = g_string_new(NULL);
	for (size_t i = 0; i < G_N_ELEMENTS(strings); i++)
		g_ptr_array_add(array, (gpointer)strings[i]);
	struct json root = json_begin(line);
	struct json smtp = json_part(&root, OF_smtp);
	json_string(&smtp, FIELD_smtp_helo, "\377");
	json_strings(&smtp, FIELD_smtp_rcpt_to, array);
	json_end();
	assert_string_equal(line->str, "{\"smtp\":{\"helo\":\"\357\277\275\",\"helo_base64\":\"/"
				       "w==\",\"rcpt_to\":[\"a\",\"\357\277\275\",\"b\","
				       "\"c\357\277\275\"],\"rcpt_to_base64\":[null,\"/w==\",null,\"Y4A=\"]}}\n");
	g_string_free(line, TRUE);
	g_ptr_array_free(array, TRUE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_are_escaped_as_by_cjson),
		cmocka_unit_test(what_acts_on_a_terminal_is_escaped),
		cmocka_unit_test(hidden_characters_at_every_place),
		cmocka_unit_test(long_texts_are_whole),
		cmocka_unit_test(legible_is_what_glib_calls_utf8),
		cmocka_unit_test(numbers_have_all_their_digits),
		cmocka_unit_test(objects_end_by_themselves),
		cmocka_unit_test(inexact_texts_are_also_base64),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
