/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * test_json.c - the printer of records against cJSON's own, and what counts as legible text against GLib's word.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kits/guard.h"
#include "record/json.h"
#include "record/quote.h"
#include "text.h"

/* as_cjson - both print the same. */
static void as_cjson(cJSON *node)
{
	const struct json root = { .node = node };
	GString *line = g_string_new(NULL);
	char *expected = cJSON_PrintUnformatted(node);
	json_print(&root, line);
	assert_int_equal(line->str[line->len - 1], '\n');
	g_string_truncate(line, line->len - 1);
	assert_string_equal(line->str, expected);
	g_string_free(line, TRUE);
}

/* node_printed - a line with this value. */
static char *node_printed(cJSON *node)
{
	const struct json root = { .node = cJSON_CreateArray() };
	GString *line = g_string_new(NULL);
	cJSON_AddItemToArray(root.node, node);
	json_print(&root, line);
	assert_true(g_str_has_prefix(line->str, "[") && g_str_has_suffix(line->str, "]\n"));
	g_string_truncate(line, line->len - strlen("]\n"));
	g_string_erase(line, 0, strlen("["));
	return g_string_free(line, FALSE);
}

/* printed - a text, examined when its node is made, and when it is printed. */
static void printed(const char *text, const char *expected)
{
	bool exact = false;
	json_reset();
	char *once = node_printed(cJSON_CreateString(text));
	char *twice = node_printed(json_text_node(span_of_text(text), &exact));
	assert_string_equal(once, expected);
	assert_string_equal(twice, expected);
	assert_true(exact);
	g_free(once);
	g_free(twice);
}

static void text_as_cjson(const char *text)
{
	json_reset();
	char *expected = g_strdup(cJSON_PrintUnformatted(cJSON_CreateString(text)));
	printed(text, expected);
	g_free(expected);
}

/* Every octet, in every place of a word of eight, in front of and after others. */
static void texts_are_escaped_as_by_cjson(void **state)
{
	for (unsigned octet = 1; octet < 0x7f; octet++) /* DEL is escaped, though cJSON does not */
		for (unsigned place = 0; place < 20; place++) {
			char text[21] = "abcdefghijklmnopqrst";
			text[place] = (char)octet;
			text_as_cjson(text);
			text[place + 1] = '\0';
			text_as_cjson(text);
		}
}

static void what_acts_on_a_terminal_is_escaped(void **state)
{
	printed("a\x7f", "\"a\\u007f\"");
	printed("caf\u00e9 \u00ab\u20ac\u00bb \U0001f600\"", "\"caf\u00e9 \u00ab\u20ac\u00bb \U0001f600\\\"\"");
	printed("\xc2\x80\xc2\x9f\u00a0", "\"\\u0080\\u009f\u00a0\"");
	printed("exe.\u202efdp\u2066\u2069\u2028\u200e\u200f\u061c\u202f",
		"\"exe.\\u202efdp\\u2066\\u2069\\u2028\\u200e\\u200f\\u061c\u202f\"");
	quote_ascii(true);
	printed("caf\u00e9 \u20ac \U0001f600\t", "\"caf\\u00e9 \\u20ac \\ud83d\\ude00\\t\"");
	printed("plain, as it is", "\"plain, as it is\"");
	quote_ascii(false);
	printed("caf\u00e9", "\"caf\u00e9\"");
}

/* A hidden character is escaped wherever it is in the text, and what is around it is copied once. */
static void hidden_characters_at_every_place(void **state)
{
	static const struct {
		const char *text, *escaped;
	} rows[] = { { "\u2028", "\\u2028" }, { "\u20ac", "\u20ac" }, { "\x7f", "\\u007f" }, { "\n", "\\n" } };
	static const size_t places[] = { 0, 4080, 8176 }; /* before the steps in which long texts are printed */
	for (size_t row = 0; row < G_N_ELEMENTS(rows); row++)
		for (size_t i = 0; i < G_N_ELEMENTS(places); i++)
			for (size_t place = places[i]; place < places[i] + 40; place++)
				for (size_t after = 0; after < 20; after++) {
					char *x = g_strnfill(place, 'x'), *y = g_strnfill(after, 'y');
					char *text = g_strconcat(x, rows[row].text, y, NULL);
					char *expected = g_strconcat("\"", x, rows[row].escaped, y, "\"", NULL);
					printed(text, expected);
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
		text_as_cjson(text);
		text[size - 10] = '\0';
		text_as_cjson(text);
		g_free(text);
	}
}

static void every_kind_of_value(void **state)
{
	json_reset();
	cJSON *root = cJSON_CreateObject(), *list = cJSON_CreateArray();
	cJSON_AddItemToObject(root, "a \"key\"\\x00", cJSON_CreateString(""));
	cJSON_AddItemToObject(root, "empty", cJSON_CreateArray());
	cJSON_AddItemToObject(root, "empty object", cJSON_CreateObject());
	cJSON_AddItemToArray(list, cJSON_CreateTrue());
	cJSON_AddItemToArray(list, cJSON_CreateFalse());
	cJSON_AddItemToArray(list, cJSON_CreateNull());
	cJSON_AddItemToArray(list, json_number_node(UINT64_MAX));
	cJSON_AddItemToArray(list, json_number_node(0));
	cJSON_AddItemToObject(root, "list", list);
	as_cjson(root);
	/* what was parsed: a number that was made raw keeps its value, which is no size of a key */
	root = cJSON_Parse("{\"n\":20}");
	*root->child = (cJSON){
		.type = cJSON_Raw, .string = root->child->string, .valuestring = (char[]){ "20" }, .valueint = 20
	};
	as_cjson(root);
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

/* legible_as_by_glib - the text stands at the end of readable memory. */
static void legible_as_by_glib(const char *text, size_t size)
{
	bool exact;
	const char *bad;
	json_reset();
	char *written = node_printed(json_text_node(span_of(guarded(text, size), size), &exact));
	char *expected = replaced(text, size);
	assert_int_equal(exact, g_utf8_validate_len(text, size, &bad));
	assert_string_equal(written, expected);
	assert_int_equal(text_utf8(guarded(text, size), size), bad - text);
	g_free(written);
	g_free(expected);
}

static const char *const pieces[] = { "a", "\303\274", "\342\202\254", "\360\237\230\200", "\355\240\200",
	"\355\237\277", "\340\237\277", "\340\240\200", "\360\217\277\277", "\360\220\200\200", "\300\200", "\301\277",
	"\337\277", "\364\217\277\277", "\364\220\200\200", "\365\200\200\200", "\357\277\277", "\303", "\200", "\277",
	"\342\202", "\342\202A", "\342A\254", "\360\237\230", "\360\237A\200", "\360\237\230A", "\303A", "\377" };

/* What GLib says is UTF-8 is, at every place. */
static void legible_is_what_glib_calls_utf8(void **state)
{
	for (size_t i = 0; i < G_N_ELEMENTS(pieces); i++)
		for (size_t place = 0; place < 18; place++)
			for (size_t behind = 0; behind < 10; behind++) {
				char text[40];
				size_t size = place + strlen(pieces[i]) + behind;
				memset(text, 'x', sizeof text);
				memcpy(text + place, pieces[i], strlen(pieces[i]));
				legible_as_by_glib(text, size);
			}
	/* behind text that is not ASCII; the last ones are so long that they are escaped when they are printed */
	for (size_t i = 0; i < G_N_ELEMENTS(pieces); i++)
		for (size_t first = 1; first < 4; first++)
			for (size_t count = 0; count < 24; count++) {
				GString *text = g_string_new("x" + count % 2);
				for (size_t n = 0; n < (count < 20 ? count : 2050); n++)
					g_string_append(text, pieces[first]);
				g_string_append(text, pieces[i]);
				legible_as_by_glib(text->str, text->len);
				g_string_free(text, TRUE);
			}
	legible_as_by_glib("", 0);
	legible_as_by_glib("\0", 1);
	legible_as_by_glib("01234567\0009", 10);
}

static void what_is_not_legible_is_escaped_in_ascii(void **state)
{
	bool exact;
	json_reset();
	quote_ascii(true);
	char *written = node_printed(json_text_node(span_of("a\377\0", 3), &exact));
	quote_ascii(false);
	assert_string_equal(written, "\"a\\ufffd\\ufffd\"");
	assert_false(exact);
	g_free(written);
}

static void numbers_have_all_their_digits(void **state)
{
	for (uint64_t number = 1, next = 10; next > number; number = next, next = number * 10)
		for (uint64_t i = number - 1; i < number + 2; i++) {
			char expected[24];
			json_reset();
			g_snprintf(expected, sizeof expected, "%" G_GUINT64_FORMAT, i);
			assert_string_equal(json_number_node(i)->valuestring, expected);
		}
	assert_string_equal(json_number_node(UINT64_MAX)->valuestring, "18446744073709551615");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_are_escaped_as_by_cjson),
		cmocka_unit_test(what_acts_on_a_terminal_is_escaped),
		cmocka_unit_test(hidden_characters_at_every_place),
		cmocka_unit_test(long_texts_are_whole),
		cmocka_unit_test(every_kind_of_value),
		cmocka_unit_test(legible_is_what_glib_calls_utf8),
		cmocka_unit_test(what_is_not_legible_is_escaped_in_ascii),
		cmocka_unit_test(numbers_have_all_their_digits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
