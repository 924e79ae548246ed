/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * test_parts.c - what views are made of: sessions put together within bounds, the time line, and text for a page.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "view/report.h"

/* ---- sessions ---- */

/* What was handed on: "flow:part:steps:more left_out;" for each. */
static void on_talk(void *context, const struct talk *talk)
{
	g_string_append_printf(context, "%" G_GUINT64_FORMAT ":%u:%u:%d:%" G_GUINT64_FORMAT ";", talk->flow, talk->part,
		talk->steps->len, talk->more, talk->left_out);
}

static void give(struct talks *talks, const char *text)
{
	cJSON *record = cJSON_Parse(text);
	assert_non_null(record);
	talks_record(talks, record);
}

static void command(struct talks *talks, unsigned flow, const char *argument)
{
	char *text = g_strdup_printf(
		"{\"event_type\":\"smtp_command\",\"flow_id\":%u,\"smtp_command\":{\"argument\":\"%s\"}}", flow,
		argument);
	give(talks, text);
	g_free(text);
}

static void sessions_are_handed_on_when_they_end(void **state)
{
	GString *seen = g_string_new(NULL);
	struct talks *talks = talks_new(on_talk, seen, HELD_MAX);
	command(talks, 1, "a");
	command(talks, 2, "a");
	command(talks, 1, "b");
	give(talks, "{\"event_type\":\"flow\",\"flow_id\":2,\"flow\":{}}");
	assert_string_equal(seen->str, "2:0:1:0:0;");
	command(talks, 3, "a");
	give(talks, "{\"event_type\":\"stats\"}");
	assert_string_equal(seen->str, "2:0:1:0:0;1:0:2:0:0;3:0:1:0:0;");
	command(talks, 1, "a"); /* of another input */
	talks_end(talks);
	assert_string_equal(seen->str, "2:0:1:0:0;1:0:2:0:0;3:0:1:0:0;1:0:1:0:0;");
	talks_free(talks);
	g_string_free(seen, TRUE);
}

static void what_waits_has_bounds(void **state)
{
	GString *seen = g_string_new(NULL);
	char *long_argument = g_strnfill(6000, 'x');
	struct talks *talks = talks_new(on_talk, seen, 10000);
	command(talks, 1, "a");
	command(talks, 2, long_argument);
	assert_string_equal(seen->str, "");
	command(talks, 2, long_argument);
	assert_string_equal(seen->str, "1:0:1:1:0;2:0:2:1:0;");
	g_string_truncate(seen, 0);
	command(talks, 2, long_argument); /* nothing of what was handed on counts any more */
	assert_string_equal(seen->str, "");
	give(talks, "{\"event_type\":\"flow\",\"flow_id\":2,\"flow\":{}}");
	talks_end(talks);
	assert_string_equal(seen->str, "2:1:1:0:0;1:1:0:0:0;");
	talks_free(talks);
	g_free(long_argument);
	g_string_free(seen, TRUE);
}

static void steps_have_a_limit_that_mails_and_alerts_have_not(void **state)
{
	GString *seen = g_string_new(NULL);
	struct talks *talks = talks_new(on_talk, seen, HELD_MAX);
	for (unsigned i = 0; i < STEPS_MAX + 7; i++)
		command(talks, 1, "a");
	give(talks, "{\"event_type\":\"alert\",\"flow_id\":1,\"alert\":{}}");
	give(talks, "{\"event_type\":\"smtp\",\"flow_id\":1,\"smtp\":{}}");
	talks_end(talks);
	char *wanted = g_strdup_printf("1:0:%u:0:7;", STEPS_MAX + 2);
	assert_string_equal(seen->str, wanted);
	talks_free(talks);
	g_free(wanted);
	g_string_free(seen, TRUE);
}

/* kinds - which steps, in order. */
static void kinds(void *context, const struct talk *talk)
{
	for (guint i = 0; i < talk->steps->len; i++)
		g_string_append_c(context, "CRAMUT"[g_array_index(talk->steps, struct talk_step, i).kind]);
}

static void content_stands_before_the_replies_to_it(void **state)
{
	GString *seen = g_string_new(NULL);
	struct talks *talks = talks_new(kinds, seen, HELD_MAX);
	command(talks, 1, "DATA");
	give(talks,
		"{\"event_type\":\"smtp_response\",\"flow_id\":1,\"smtp_response\":{\"code\":354,\"to\":\"DATA\"}}");
	give(talks, "{\"event_type\":\"alert\",\"flow_id\":1,\"alert\":{}}");
	give(talks, "{\"event_type\":\"smtp_response\",\"flow_id\":1,\"smtp_response\":{\"code\":250,\"to\":\".\"}}");
	give(talks, "{\"event_type\":\"alert\",\"flow_id\":1,\"alert\":{}}");
	give(talks, "{\"event_type\":\"smtp_response\",\"flow_id\":1,\"smtp_response\":{\"code\":452,\"to\":\".\"}}");
	give(talks, "{\"event_type\":\"smtp\",\"flow_id\":1,\"smtp\":{}}");
	command(talks, 1, "RSET");
	give(talks, "{\"event_type\":\"smtp\",\"flow_id\":1,\"smtp\":{}}");
	talks_end(talks);
	assert_string_equal(seen->str, "CRAMRARCM");
	talks_free(talks);
	g_string_free(seen, TRUE);
}

static void long_text_need_not_wait(void **state)
{
	cJSON *record = cJSON_Parse(
		"{\"smtp\":{\"raw\":\"x\",\"raw_base64\":\"x\",\"size\":1},\"email\":{\"body\":\"ab\u00fcd\"}}");
	talks_drop_bulk(record, 5);
	assert_string_equal(read_text(read_object(record, "email"), "body"), "ab\u00fcd");
	assert_null(read_text(read_object(record, "smtp"), "raw"));
	assert_null(read_text(read_object(record, "smtp"), "raw_base64"));
	assert_int_equal(read_number(read_object(record, "smtp"), "size"), 1);
	assert_false(read_flag(read_object(record, "email"), "body_truncated"));
	talks_drop_bulk(record, 3); /* no half of a character */
	assert_string_equal(read_text(read_object(record, "email"), "body"), "ab");
	assert_true(read_flag(read_object(record, "email"), "body_truncated"));
	talks_drop_bulk(record, 0);
	assert_null(read_text(read_object(record, "email"), "body"));
	cJSON_Delete(record);
}

/* ---- fields ---- */

static void times_are_read(void **state)
{
	static const struct {
		const char *text;
		int64_t time;
	} cases[] = {
		{ "1970-01-01T00:00:01Z", 1000000000 },
		{ "1970-01-01T00:00:00.000001Z", 1000 },
		{ "2026-11-22T14:00:00.183991Z", INT64_C(1795356000183991000) },
		{ "2026-11-22T14:00:00.123456789Z", INT64_C(1795356000123456789) },
		{ "2026-11-22T14:00:00.1234567891Z", INT64_C(1795356000123456789) },
		{ "2261-12-31T23:59:59Z", INT64_C(9214646399000000000) },
		{ "2262-01-01T00:00:00Z", 0 },
		{ "1969-12-31T23:59:59Z", 0 },
		{ "2026-11-22", 0 },
		{ "", 0 },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		cJSON *record = cJSON_CreateObject();
		cJSON_AddStringToObject(record, "t", cases[i].text);
		assert_int_equal(read_time(record, "t"), cases[i].time);
		cJSON_Delete(record);
	}
}

static void numbers_are_what_they_can_be(void **state)
{
	cJSON *record = cJSON_Parse("{\"a\":9007199254740992,\"b\":-1,\"c\":1e300,\"d\":\"5\",\"e\":7}");
	assert_int_equal(read_number(record, "a"), UINT64_C(9007199254740992));
	assert_int_equal(read_number(record, "e"), 7);
	static const char *const none[] = { "b", "c", "d", "f" };
	for (size_t i = 0; i < G_N_ELEMENTS(none); i++)
		assert_int_equal(read_number(record, none[i]), 0);
	assert_null(read_object(record, "a"));
	assert_null(read_array(record, "a"));
	assert_null(read_text(record, "a"));
	cJSON_Delete(record);
}

/* ---- the time line ---- */

/* printed - the tally as parsed JSON; free with cJSON_Delete. */
static cJSON *printed(const struct tally *tally)
{
	GString *text = g_string_new("{");
	tally_print(tally, text);
	g_string_append_c(text, '}');
	cJSON *json = cJSON_Parse(text->str);
	assert_non_null(json);
	g_string_free(text, TRUE);
	return json;
}

/* at_time - how many there are of a kind in the bin of a time (nanoseconds). */
static uint64_t at_time(const cJSON *json, int64_t time, enum tally_kind kind)
{
	const cJSON *histogram = read_object(json, "histogram"), *bins = read_array(histogram, "bins");
	const double start = cJSON_GetNumberValue(cJSON_GetObjectItem(histogram, "start"));
	const double bin = ((double)time / 1000 - start) / (double)read_number(histogram, "width");
	const cJSON *found = bin < 0 ? NULL : cJSON_GetArrayItem(bins, (int)bin);
	return found ? (uint64_t)cJSON_GetArrayItem(found, (int)kind)->valuedouble : 0;
}

static void times_in_any_order_fall_into_their_bins(void **state)
{
	static const int64_t seconds[] = { 1000, 1000, 1001, 1500, 400, 100000, 7, 99999, 1 };
	struct tally *tally = tally_new();
	for (size_t i = 0; i < G_N_ELEMENTS(seconds); i++) {
		tally_event(tally, TALLY_MAILS, seconds[i] * NANOSECONDS_PER_SECOND);
		tally_event(tally, TALLY_HIGH, seconds[i] * NANOSECONDS_PER_SECOND);
		cJSON *json = printed(tally);
		uint64_t sum = 0;
		const cJSON *bin, *bins = read_array(read_object(json, "histogram"), "bins");
		cJSON_ArrayForEach(bin, bins)
		{
			sum += (uint64_t)cJSON_GetArrayItem(bin, TALLY_MAILS)->valuedouble;
			assert_int_equal(cJSON_GetArrayItem(bin, TALLY_LOW)->valuedouble, 0);
		}
		assert_int_equal(sum, i + 1);
		assert_true(cJSON_GetArraySize(bins) <= 960);
		for (size_t k = 0; k <= i; k++) {
			assert_true(at_time(json, seconds[k] * NANOSECONDS_PER_SECOND, TALLY_MAILS) > 0);
			assert_true(at_time(json, seconds[k] * NANOSECONDS_PER_SECOND, TALLY_HIGH) > 0);
		}
		/* The line begins and ends where something was. */
		assert_true(cJSON_GetArrayItem(bins->child, TALLY_MAILS)->valuedouble > 0);
		assert_true(cJSON_GetArrayItem(bins->child->prev, TALLY_MAILS)->valuedouble > 0);
		cJSON_Delete(json);
	}
	tally_free(tally);
}

static void times_may_be_far_apart(void **state)
{
	static const int64_t far[] = { INT64_C(9214646399000000000), 1, INT64_C(5000000000000000000), INT64_MAX };
	for (size_t first = 0; first < G_N_ELEMENTS(far); first++) {
		struct tally *tally = tally_new();
		for (size_t i = 0; i < G_N_ELEMENTS(far); i++)
			tally_event(tally, TALLY_LOW, far[(first + i) % G_N_ELEMENTS(far)]);
		tally_event(tally, TALLY_LOW, 0); /* no time */
		cJSON *json = printed(tally);
		uint64_t sum = 0;
		const cJSON *bin, *bins = read_array(read_object(json, "histogram"), "bins");
		cJSON_ArrayForEach(bin, bins) sum += (uint64_t)cJSON_GetArrayItem(bin, TALLY_LOW)->valuedouble;
		assert_int_equal(sum, G_N_ELEMENTS(far));
		cJSON_Delete(json);
		tally_free(tally);
	}
}

static void who_mailed_whom(void **state)
{
	static const char *const mails[] = {
		"{\"mail_from\":\"<a@X.example>\",\"rcpt_to\":[\"<b@y.example>\",\"<c@Y.example>\",\"<d@z.example>\"]}",
		"{\"mail_from\":\"<a@x.example>\",\"rcpt_to\":[\"<b@y.example>\"]}",
		"{\"mail_from\":\"<>\",\"rcpt_to\":[\"<\\\"a@b\\\"@z.example>\",\"postmaster\"]}",
		"{\"rcpt_to\":[]}",
	};
	static const char wanted[] = "[[\"(nobody)\",\"(no "
				     "domain)\",1],[\"(nobody)\",\"z.example\",1],[\"x.example\",\"y.example\",2],[\"x."
				     "example\",\"z.example\",1]]";
	struct tally *tally = tally_new();
	for (size_t i = 0; i < G_N_ELEMENTS(mails); i++) {
		cJSON *smtp = cJSON_Parse(mails[i]);
		tally_mail(tally, smtp);
		cJSON_Delete(smtp);
	}
	cJSON *json = printed(tally);
	char *pairs = cJSON_PrintUnformatted(read_array(json, "pairs"));
	assert_string_equal(pairs, wanted);
	cJSON_free(pairs);
	cJSON_Delete(json);
	tally_free(tally);
}

/* ---- text for the page ---- */

static void nothing_ends_a_block(void **state)
{
	static const struct {
		const char *text, *json;
	} cases[] = {
		{ "</script>", "\"\\u003c/script>\"" },
		{ "<!--", "\"\\u003c!--\"" },
		{ "a\"b\\c", "\"a\\\"b\\\\c\"" },
		{ "a\nb", "\"a\\u003cU+000A>b\"" },
		{ "\xe2\x80\xae\xc3\xbc", "\"\\u003cU+202E>\xc3\xbc\"" },
		{ "\xff", "\"\\\\xff\"" },
		{ "", "\"\"" },
		{ NULL, "null" },
	};
	GString *to = g_string_new(NULL);
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_string_truncate(to, 0);
		page_text(to, cases[i].text);
		assert_string_equal(to->str, cases[i].json);
	}
	g_string_truncate(to, 0);
	assert_true(page_lines(to, "a\r\n\tb\x1b", 100));
	assert_string_equal(to->str, "\"a\\n\\tb\\u003cU+001B>\"");
	g_string_truncate(to, 0);
	assert_false(page_lines(to, "abcd", 3));
	assert_string_equal(to->str, "\"abc\"");
	g_string_truncate(to, 0);
	assert_true(page_lines(to, "abc", 3));
	g_string_truncate(to, 0);
	cJSON *list = cJSON_Parse("[\"a\",1,\"b\",\"c\"]");
	assert_int_equal(page_texts(to, list, 2), 1);
	assert_string_equal(to->str, "[\"a\",\"b\"]");
	cJSON_Delete(list);
	g_string_free(to, TRUE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sessions_are_handed_on_when_they_end),
		cmocka_unit_test(what_waits_has_bounds),
		cmocka_unit_test(steps_have_a_limit_that_mails_and_alerts_have_not),
		cmocka_unit_test(content_stands_before_the_replies_to_it),
		cmocka_unit_test(long_text_need_not_wait),
		cmocka_unit_test(times_are_read),
		cmocka_unit_test(numbers_are_what_they_can_be),
		cmocka_unit_test(times_in_any_order_fall_into_their_bins),
		cmocka_unit_test(times_may_be_far_apart),
		cmocka_unit_test(who_mailed_whom),
		cmocka_unit_test(nothing_ends_a_block),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
