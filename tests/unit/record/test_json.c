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

/* Every octet, in every place of a word of eight, in front of and after others. */
static void texts_are_escaped_as_by_cjson(void **state)
{
	for (unsigned octet = 1; octet < 256; octet++)
		for (unsigned place = 0; place < 20; place++) {
			char text[21] = "abcdefghijklmnopqrst";
			json_reset();
			if (octet == 0x7f) /* escaped, though cJSON does not */
				continue;
			text[place] = (char)octet;
			as_cjson(cJSON_CreateString(text));
			text[place + 1] = '\0';
			as_cjson(cJSON_CreateString(text));
		}
}

static void printed(const char *text, const char *expected)
{
	json_reset();
	const struct json root = { .node = cJSON_CreateString(text) };
	GString *line = g_string_new(NULL);
	json_print(&root, line);
	assert_string_equal(line->str, expected);
	g_string_free(line, TRUE);
}

static void what_acts_on_a_terminal_is_escaped(void **state)
{
	printed("a\x7f", "\"a\\u007f\"\n");
	printed("caf\u00e9 \u00ab\u20ac\u00bb \U0001f600\"", "\"caf\u00e9 \u00ab\u20ac\u00bb \U0001f600\\\"\"\n");
	printed("\xc2\x80\xc2\x9f\u00a0", "\"\\u0080\\u009f\u00a0\"\n");
	printed("exe.\u202efdp\u2066\u2069\u2028\u200e\u200f\u061c\u202f",
		"\"exe.\\u202efdp\\u2066\\u2069\\u2028\\u200e\\u200f\\u061c\u202f\"\n");
	json_ascii(true);
	printed("caf\u00e9 \u20ac \U0001f600\t", "\"caf\\u00e9 \\u20ac \\ud83d\\ude00\\t\"\n");
	printed("plain, as it is", "\"plain, as it is\"\n");
	json_ascii(false);
	printed("caf\u00e9", "\"caf\u00e9\"\n");
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
					char *expected = g_strconcat("\"", x, rows[row].escaped, y, "\"\n", NULL);
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
		json_reset();
		as_cjson(cJSON_CreateString(text));
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

/* What GLib says is UTF-8 is, at every place, with the input at the end of readable memory. */
static void legible_is_what_glib_calls_utf8(void **state)
{
	static const char *const pieces[] = { "a", "\303\274", "\342\202\254", "\360\237\230\200", "\355\240\200",
		"\300\200", "\364\220\200\200", "\303", "\200", "\342\202", "\377" };
	for (size_t i = 0; i < G_N_ELEMENTS(pieces); i++)
		for (size_t place = 0; place < 18; place++)
			for (size_t behind = 0; behind < 10; behind++) {
				char text[40];
				size_t size = place + strlen(pieces[i]) + behind;
				memset(text, 'x', sizeof text);
				memcpy(text + place, pieces[i], strlen(pieces[i]));
				const uint8_t *octets = guarded(text, size);
				bool exact;
				json_reset();
				json_legible((struct span){ octets, size }, &exact);
				assert_int_equal(exact, g_utf8_validate_len((const char *)octets, size, NULL));
				json_legible((struct span){ octets, 0 }, &exact);
				assert_true(exact);
			}
	/* behind text that is not ASCII, which is looked at in steps */
	for (size_t i = 0; i < G_N_ELEMENTS(pieces); i++)
		for (size_t first = 1; first < 4; first++)
			for (size_t count = 0; count < 20; count++) {
				GString *text = g_string_new("x" + count % 2);
				for (size_t n = 0; n < count; n++)
					g_string_append(text, pieces[first]);
				g_string_append(text, pieces[i]);
				bool exact;
				json_reset();
				json_legible((struct span){ guarded(text->str, text->len), text->len }, &exact);
				assert_int_equal(exact, g_utf8_validate_len(text->str, text->len, NULL));
				g_string_free(text, TRUE);
			}
	bool exact;
	struct span text = json_legible((struct span){ guarded("01234567\0009", 10), 10 }, &exact);
	assert_int_equal(text.size, 12);
	assert_memory_equal(text.data, "01234567\357\277\2759", text.size);
	assert_false(exact);
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
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
