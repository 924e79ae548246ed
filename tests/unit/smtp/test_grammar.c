/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * test_grammar.c - commands, replies, paths, parameters, chunks and content, whole and cut at every octet.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <glib.h>

#include "grammar.h"
#include "kits/check.h"
#include "kits/guard.h"
#include "text.h"

/* ---- commands ---- */

static const struct {
	const char *line;
	enum parse_result result;
	enum verb verb;
	const char *argument;
	enum line_end end;
} commands[] = {
	{ "EHLO mail.example\r\n", PARSE_DONE, VERB_EHLO, "mail.example", LINE_END_CRLF },
	{ "ehlo mail.example\n", PARSE_DONE, VERB_EHLO, "mail.example", LINE_END_LF },
	{ "QUIT\r\n", PARSE_DONE, VERB_QUIT, "", LINE_END_CRLF },
	{ "QUIT \t\r\n", PARSE_DONE, VERB_QUIT, "", LINE_END_CRLF },
	{ "QUIT\r\r\n", PARSE_DONE, VERB_QUIT, "", LINE_END_CRLF },
	{ "MAIL FROM:<a@b> SIZE=1\r\n", PARSE_DONE, VERB_MAIL, "FROM:<a@b> SIZE=1", LINE_END_CRLF },
	{ "X-ANONYMOUSTLS\r\n", PARSE_DONE, VERB_X_ANONYMOUSTLS, "", LINE_END_CRLF },
	{ "XEXCH50 4 2\r\n", PARSE_DONE, VERB_XEXCH50, "4 2", LINE_END_CRLF },
	{ "FROBNICATE it\r\n", PARSE_DONE, VERB_UNKNOWN, "it", LINE_END_CRLF },
	{ "NOOP\r\n", PARSE_DONE, VERB_NOOP, "", LINE_END_CRLF },
	{ "NOOP anything\r\n", PARSE_DONE, VERB_NOOP, "anything", LINE_END_CRLF },
	{ "DATA now\r\n", PARSE_ERROR, VERB_DATA, "now", LINE_END_CRLF },
	{ "BDAT\r\n", PARSE_DONE, VERB_BDAT, "", LINE_END_CRLF },
	{ "EHLO\r\n", PARSE_ERROR, VERB_EHLO, "", LINE_END_CRLF },
	{ "\r\n", PARSE_ERROR, VERB_UNKNOWN, "", LINE_END_CRLF },
	{ " \t QUIT\r\n", PARSE_DONE, VERB_QUIT, "", LINE_END_CRLF },
	{ "\r \rRCPT TO:<a@b>\r\n", PARSE_DONE, VERB_RCPT, "TO:<a@b>", LINE_END_CRLF },
	{ "\x01QUIT\r\n", PARSE_ERROR, VERB_UNKNOWN, "", LINE_END_CRLF },
	{ " \r\n", PARSE_ERROR, VERB_UNKNOWN, "", LINE_END_CRLF },
	{ "Host: x\r\n", PARSE_ERROR, VERB_UNKNOWN, "", LINE_END_CRLF },
	{ "123\r\n", PARSE_ERROR, VERB_UNKNOWN, "", LINE_END_CRLF },
};

static void commands_parse(void **state)
{
	for (size_t i = 0; i < G_N_ELEMENTS(commands); i++) {
		struct command c;
		size_t used, size = strlen(commands[i].line);
		for (size_t cut = 0; cut < size; cut++)
			assert_int_equal(grammar_command(span_of(commands[i].line, cut), false, &c, &used), PARSE_MORE);
		assert_int_equal(grammar_command(span_of_text(commands[i].line), false, &c, &used), commands[i].result);
		assert_int_equal(used, size);
		assert_int_equal(c.verb, commands[i].verb);
		assert_int_equal(c.end, commands[i].end);
		assert_span(c.line, commands[i].line);
		assert_span(c.argument, commands[i].argument);
	}
}

static void the_last_line_needs_no_end(void **state)
{
	struct command c;
	size_t used;
	assert_int_equal(grammar_command(span_of_text("QUIT"), true, &c, &used), PARSE_DONE);
	assert_int_equal(c.end, LINE_END_NONE);
	assert_int_equal(grammar_command(span_of_text(""), true, &c, &used), PARSE_MORE);
}

static void only_the_first_line_is_taken(void **state)
{
	struct command c;
	size_t used;
	assert_int_equal(grammar_command(span_of_text("RSET\r\nQUIT\r\n"), false, &c, &used), PARSE_DONE);
	assert_int_equal(used, 6);
}

static void a_long_line_is_cut_and_counted_whole(void **state)
{
	size_t size = GRAMMAR_LINE_MAX * 2;
	char *line = g_strnfill(size, 'x');
	memcpy(line, "NOOP ", 5);
	memcpy(line + size - 2, "\r\n", 2);
	struct command c;
	size_t used;
	assert_int_equal(grammar_command(span_of(line, size), false, &c, &used), PARSE_DONE);
	assert_int_equal(used, size);
	assert_int_equal(c.length, size);
	assert_int_equal(c.line.size, GRAMMAR_LINE_MAX);
	g_free(line);
}

/* ---- replies ---- */

static void reply_lines_parse(void **state)
{
	static const struct {
		const char *line;
		enum parse_result result;
		unsigned code;
		bool more;
		const char *text;
	} replies[] = {
		{ "250 ok\r\n", PARSE_DONE, 250, false, "ok" },
		{ "250-mx\r\n", PARSE_DONE, 250, true, "mx" },
		{ "250\r\n", PARSE_DONE, 250, false, "" },
		{ "250 \r\n", PARSE_DONE, 250, false, "" },
		{ "250-\r\n", PARSE_DONE, 250, true, "" },
		{ "599 odd\n", PARSE_DONE, 599, false, "odd" },
		{ "100 odd\n", PARSE_DONE, 100, false, "odd" },
		{ "600 odd\r\n", PARSE_ERROR, 600, false, "" },
		{ "099 odd\r\n", PARSE_ERROR, 99, false, "" },
		{ "25 ok\r\n", PARSE_ERROR, 0, false, "" },
		{ "2500\r\n", PARSE_ERROR, 250, false, "" },
		{ "\r\n", PARSE_ERROR, 0, false, "" },
		{ "hello\r\n", PARSE_ERROR, 0, false, "" },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(replies); i++) {
		struct reply_line r;
		size_t used, size = strlen(replies[i].line);
		for (size_t cut = 0; cut < size; cut++)
			assert_int_equal(
				grammar_reply_line(span_of(replies[i].line, cut), false, &r, &used), PARSE_MORE);
		assert_int_equal(
			grammar_reply_line(span_of_text(replies[i].line), false, &r, &used), replies[i].result);
		assert_int_equal(used, size);
		if (replies[i].result != PARSE_DONE)
			continue;
		assert_int_equal(r.code, replies[i].code);
		assert_int_equal(r.more, replies[i].more);
		assert_span(r.text, replies[i].text);
	}
}

static void enhanced_codes_are_found(void **state)
{
	static const struct {
		unsigned code;
		const char *text, *enhanced;
	} texts[] = {
		{ 250, "2.1.0 ok", "2.1.0" },
		{ 550, "5.7.100 no", "5.7.100" },
		{ 250, "2.0.0", "2.0.0" },
		{ 550, "2.1.0 class does not fit", "" },
		{ 250, "2.1 ok", "" },
		{ 250, "2.1.0ok", "" },
		{ 250, "2.1.", "" },
		{ 354, "3.0.0 go", "" },
		{ 250, "", "" },
		{ 250, "2.1234.0 x", "" },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
		char out[GRAMMAR_ENHANCED_MAX];
		grammar_enhanced(texts[i].code, span_of_text(texts[i].text), out);
		assert_string_equal(out, texts[i].enhanced);
	}
}

/* ---- paths, parameters, chunks ---- */

static void paths_as_real_clients_write_them(void **state)
{
	static const struct {
		const char *argument, *path, *rest;
	} paths[] = {
		{ "FROM:<a@b>", "<a@b>", "" },
		{ "from:<a@b> SIZE=1", "<a@b>", " SIZE=1" },
		{ "FROM: <a@b>", "<a@b>", "" },
		{ "FROM : <a@b>", "<a@b>", "" },
		{ "FROM:<>", "<>", "" },
		{ "FROM:a@b BODY=7BIT", "a@b", " BODY=7BIT" },
		{ "FROM:user", "user", "" },
		{ "FROM:<\"a b>c\"@d> X", "<\"a b>c\"@d>", " X" },
		{ "FROM:<\"a\\\"b\"@d>", "<\"a\\\"b\"@d>", "" },
		{ "FROM:<@a,@b:c@[192.0.2.1]>", "<@a,@b:c@[192.0.2.1]>", "" },
		{ "FROM:<a@b SIZE=1", "<a@b", " SIZE=1" },
		{ "FROM:<a\"b@c> SIZE=1", "<a\"b@c>", " SIZE=1" },
		{ "FROM <a@b> SIZE=1", "<a@b>", " SIZE=1" },
		{ "FROM:<a@b>,<c@d>,<e@f> SIZE=1", "<a@b>,<c@d>,<e@f>", " SIZE=1" },
		{ "FROM:<a@b>,c@d", "<a@b>", ",c@d" },
		{ "FROM:<a@b>,<", "<a@b>,<", "" },
		{ "FROM a@b", NULL, NULL },
		{ "FROM:", NULL, NULL },
		{ "TO:<a@b>", NULL, NULL },
		{ "FROM<a@b>", NULL, NULL },
		{ "", NULL, NULL },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(paths); i++) {
		struct span path, rest;
		bool found = grammar_path(span_of_text(paths[i].argument), "FROM", &path, &rest);
		assert_int_equal(found, paths[i].path != NULL);
		if (found) {
			assert_span(path, paths[i].path);
			assert_span(rest, paths[i].rest);
		}
	}
}

static void parameters_are_taken_one_by_one(void **state)
{
	struct span rest = span_of_text("  SIZE=10 SMTPUTF8\tAUTH=<> X="), keyword, value;
	assert_true(grammar_parameter(&rest, &keyword, &value));
	assert_span(keyword, "SIZE");
	assert_span(value, "10");
	assert_true(grammar_parameter(&rest, &keyword, &value));
	assert_span(keyword, "SMTPUTF8");
	assert_null(value.data);
	assert_true(grammar_parameter(&rest, &keyword, &value));
	assert_span(value, "<>");
	assert_true(grammar_parameter(&rest, &keyword, &value));
	assert_int_equal(value.size, 0);
	assert_non_null(value.data);
	assert_false(grammar_parameter(&rest, &keyword, &value));
}

static void numbers(void **state)
{
	static const struct {
		const char *text;
		uint64_t number;
	} texts[] = { { "0", 0 }, { "1024", 1024 }, { "007x", 7 }, { "", 0 }, { "x1", 0 }, { "-1", 0 }, { " 1", 0 },
		{ "18446744073709551614", UINT64_MAX - 1 }, { "18446744073709551615", UINT64_MAX },
		{ "18446744073709551616", UINT64_MAX }, { "99999999999999999999999", UINT64_MAX } };
	for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
		assert_int_equal(grammar_number(span_of_text(texts[i].text)), texts[i].number);
}

static void chunk_sizes(void **state)
{
	static const struct {
		const char *argument;
		enum bdat_result result;
		uint64_t size;
		bool last;
	} chunks[] = {
		{ "0", BDAT_OK, 0, false },
		{ "1000 LAST", BDAT_OK, 1000, true },
		{ "7 last", BDAT_OK, 7, true },
		{ "9223372036854775807", BDAT_OK, INT64_MAX, false },
		{ "9223372036854775808", BDAT_HUGE, 0, false },
		{ "18446744073709551616 LAST", BDAT_HUGE, 0, false },
		{ "-1", BDAT_NOT_A_NUMBER, 0, false },
		{ "x", BDAT_NOT_A_NUMBER, 0, false },
		{ "", BDAT_NOT_A_NUMBER, 0, false },
		{ "5 FIRST", BDAT_BAD_TAIL, 0, false },
		{ "5 LAST LAST", BDAT_BAD_TAIL, 0, false },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(chunks); i++) {
		uint64_t size;
		bool last;
		assert_int_equal(grammar_bdat(span_of_text(chunks[i].argument), &size, &last), chunks[i].result);
		if (chunks[i].result == BDAT_OK) {
			assert_int_equal(size, chunks[i].size);
			assert_int_equal(last, chunks[i].last);
		}
	}
}

/* ---- content ---- */

/* scan - runs content through the scanner, `step` octets at a time; "<end>" and "<odd>" mark what it said. */
static char *scan(struct span wire, size_t step)
{
	struct data_scanner scanner;
	GString *out = g_string_new(NULL);
	data_scanner_init(&scanner);
	for (size_t at = 0; at < wire.size; at += step) {
		struct span input = { wire.data + at, MIN(step, wire.size - at) }, piece;
		enum data_result result;
		do {
			size_t used;
			piece = span_of(NULL, 0);
			result = grammar_data(&scanner, input, &piece, &used);
			input = span_from(input, used);
			if (result == DATA_ODD)
				g_string_append(out, scanner.odd_weak ? "<weak>" : scanner.odd_low ? "<low>" : "<odd>");
			if (piece.size > 0)
				g_string_append_len(out, (const char *)piece.data, (gssize)piece.size);
			if (result == DATA_END) {
				g_string_append(out, "<end>");
				return g_string_free(out, FALSE);
			}
		} while (result != DATA_MORE);
	}
	struct span rest = data_scanner_flush(&scanner);
	g_string_append_len(out, (const char *)rest.data, (gssize)rest.size);
	return g_string_free(out, FALSE);
}

static void content_is_unstuffed_and_its_end_found(void **state)
{
	static const struct {
		const char *wire, *found;
	} contents[] = {
		{ "a\r\n.\r\nQUIT", "a\r\n<end>" },
		{ ".\r\n", "<end>" },
		{ "a\r\n..b\r\n.\r\n", "a\r\n.b\r\n<end>" },
		{ "..\r\n...\r\n.\r\n", ".\r\n..\r\n<end>" },
		{ "a.\r\n.b.\r\n\r\n.\r\n", "a.\r\nb.\r\n\r\n<end>" },
		{ "a\n.b\r\n.\r\n", "a\n.b\r\n<end>" },
		{ "a\n.\nb\r\n.\r\n", "a\n<odd>.\nb\r\n<end>" },
		{ "a\n.\r\nb\r\n.\r\n", "a\n<odd>.\r\nb\r\n<end>" },
		{ "a\n.\rb\r\n.\r\n", "a\n<odd>.\rb\r\n<end>" },
		{ "a\r\n.\nb\r\n.\r\n", "a\r\n<low>\nb\r\n<end>" },
		{ "a\r\n.\rb\r\n.\r\n", "a\r\n<low>\rb\r\n<end>" },
		{ "a\r.\rb\r\n.\r\n", "a\r<odd>.\rb\r\n<end>" },
		{ "a\r.\r\nb\r\n.\r\n", "a\r<odd>.\r\nb\r\n<end>" },
		{ "a\r.\nb\r\n.\r\n", "a\r<odd>.\nb\r\n<end>" },
		{ "a\n.\r\n.\r\n", "a\n<odd>.\r\n<end>" },
		{ "a\r\n.\r\r\n.\r\n", "a\r\n<low>\r\r\n<end>" },
		{ "a\r\n.", "a\r\n" },
		{ "a\n.", "a\n." },
		{ "a\r\n.\r", "a\r\n\r" },
		{ "a\r\n. \r\nb\r\n.\r\n", "a\r\n<weak> \r\nb\r\n<end>" },
		{ "a\n.\t\f\nb\r\n.\r\n", "a\n<weak>.\t\f\nb\r\n<end>" },
		{ "a\r\n. \r\r\n.\r\n", "a\r\n<weak> \r\r\n<end>" },
		{ ". \n.\r\n", "<weak> \n<odd>.\r\n" },
		{ "a\r\n. b\r\n.\r\n", "a\r\n b\r\n<end>" },
		{ "a\r\n. \rb\r\n.\r\n", "a\r\n \rb\r\n<end>" },
		{ "a. \r\n .\r\n.\r\n", "a. \r\n .\r\n<end>" },
		{ "a\r\n.              \nb\r\n.\r\n", "a\r\n<weak>              \nb\r\n<end>" },
		{ "a\r\n.               \nb\r\n.\r\n", "a\r\n               \nb\r\n<end>" },
		{ "a\n.                    b\r\n.\r\n", "a\n.                    b\r\n<end>" },
		{ "a\r\n.\r\r\r\r\r\r\r\r\r\r\r\r\r\r\r\r\r\r\r\rb\r\n.\r\n",
			"a\r\n\r\r\r\r\r\r\r\r\r\r\r\r\r\r\r\r\r\r\r\rb\r\n<end>" },
		{ "no dots at all", "no dots at all" },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(contents); i++) {
		for (size_t step = 1; step <= strlen(contents[i].wire); step++) {
			char *found = scan(span_of_text(contents[i].wire), step);
			assert_string_equal(found, contents[i].found);
			g_free(found);
		}
	}
}

static void nul_in_an_odd_end(void **state)
{
	static const char before[] = "a\r\n\0.\r\nb", behind[] = "a\r\n.\0\r\nb";
	char *found = scan(span_of(before, sizeof before - 1), 1);
	assert_memory_equal(found, "a\r\n\0<odd>.\r\nb", 13);
	g_free(found);
	found = scan(span_of(behind, sizeof behind - 1), 3);
	assert_memory_equal(found, "a\r\n<low>\0\r\nb", 12);
	g_free(found);
}

static void nothing_is_read_beyond_the_input(void **state)
{
	static const char *const inputs[] = { "MAIL FROM:<\"a b\"@c> SIZE=1\r\n", "250-2.1.5 text\r\n",
		"x\r\n..y\n.\n.\r\n", "BDAT 5 LAST" };
	for (size_t i = 0; i < G_N_ELEMENTS(inputs); i++) {
		for (size_t size = 0; size <= strlen(inputs[i]); size++) {
			struct span input = { guarded(inputs[i], size), size }, path, rest;
			struct command c;
			struct reply_line r;
			size_t used;
			char enhanced[GRAMMAR_ENHANCED_MAX];
			uint64_t chunk;
			bool last;
			grammar_command(input, true, &c, &used);
			grammar_reply_line(input, true, &r, &used);
			grammar_path(input, "MAIL FROM", &path, &rest);
			grammar_enhanced(250, input, enhanced);
			grammar_bdat(input, &chunk, &last);
			grammar_number(span_of(input.data + MIN(size, 5), size - MIN(size, 5)));
			g_free(scan(input, 5));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(commands_parse),
		cmocka_unit_test(the_last_line_needs_no_end),
		cmocka_unit_test(only_the_first_line_is_taken),
		cmocka_unit_test(a_long_line_is_cut_and_counted_whole),
		cmocka_unit_test(reply_lines_parse),
		cmocka_unit_test(enhanced_codes_are_found),
		cmocka_unit_test(paths_as_real_clients_write_them),
		cmocka_unit_test(parameters_are_taken_one_by_one),
		cmocka_unit_test(numbers),
		cmocka_unit_test(chunk_sizes),
		cmocka_unit_test(content_is_unstuffed_and_its_end_found),
		cmocka_unit_test(nul_in_an_odd_end),
		cmocka_unit_test(nothing_is_read_beyond_the_input),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
