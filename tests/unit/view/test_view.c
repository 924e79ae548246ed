/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * test_view.c - records as text: what is shown, in which order, and that nothing of it moves a terminal.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <glib.h>

#include "kits/check.h"
#include "view.h"

static bool append(void *context, const void *octets, size_t size)
{
	g_string_append_len(context, octets, (gssize)size);
	return true;
}

/* shown - the output of a view for these lines; `'` stands for `"`. Free with g_free. */
static char *shown(enum view_format format, unsigned width, bool colour, const char *lines)
{
	const struct view_options options = { .format = format, .width = width, .colour = colour };
	GString *out = g_string_new(NULL);
	char *json = g_strdelimit(g_strdup(lines), "'", '"');
	gchar **line = g_strsplit(json, "\n", 0);
	struct view *view = view_text_new(&options, append, out);
	for (gchar **at = line; *at; at++)
		if (**at)
			assert_true(view_line(view, *at, strlen(*at)));
	assert_true(view_end(view));
	g_strfreev(line);
	g_free(json);
	return g_string_free(out, FALSE);
}

#define ENDS "'src_ip':'198.51.100.7','src_port':4711,'dest_ip':'192.0.2.25','dest_port':25,'community_id':'1:x='"
#define AT(second, packet, flow)                                                                                       \
	"{'timestamp':'2026-11-22T14:00:0" #second "Z','flow_id':" #flow ",'pcap_cnt':" #packet                        \
	",'pcap_filename':'a.pcap'," ENDS ","

/* Two sessions, one inside of the other; the mail's record and an alert come after the reply to its content. */
/* clang-format off */
static const char two_sessions[] =
	AT(1.000000, 1, 7) "'event_type':'smtp_response','smtp_response':{'code':220,'lines':['one','two']}}\n"
	AT(1.250000, 2, 7) "'event_type':'smtp_command','smtp_command':{'verb':'EHLO','argument':'client.example'}}\n"
	AT(1.500000, 3, 8) "'event_type':'smtp_command','smtp_command':{'line':'noise\\\\x01'}}\n"
	AT(1.600000, 4, 7) "'event_type':'smtp_auth','smtp_auth':{'mechanism':'PLAIN','username':'otto','success':true}}\n"
	AT(2.000000, 5, 7) "'event_type':'smtp_command','tx_id':0,'smtp_command':{'verb':'DATA'}}\n"
	AT(2.100000, 6, 7) "'event_type':'smtp_response','tx_id':0,'smtp_response':{'code':354,'lines':['go'],'to':'DATA'}}\n"
	AT(3.000000, 9, 7) "'event_type':'smtp_response','tx_id':0,'smtp_response':{'code':250,'lines':['2.0.0 queued'],'to':'.'}}\n"
	AT(3.000000, 9, 7) "'event_type':'alert','tx_id':0,'alert':{'signature':'bare_lf','severity':3,'description':'a LF',"
		"'outcome':'failed','evidence':'x\\\\n'}}\n"
	AT(3.000000, 9, 7) "'event_type':'smtp','tx_id':0,'smtp':{'mail_from':'<a@x>','rcpt_to':['<b@y>','<c@y>'],"
		"'rejected_rcpt_to':['<d@y>'],'outcome':'accepted','stage':'eod','size':4945,'sha256':'0123456789abcdef'},"
		"'email':{'subject':'Dues','from':'A <a@x>','body':'not shown'}}\n"
	AT(3.000000, 9, 7) "'event_type':'fileinfo','tx_id':0,'fileinfo':{'filename':'d.pdf','content_type':'application/pdf',"
		"'part':'2','size':1,'sha256':'fedcba9876543210','state':'TRUNCATED'}}\n"
	AT(4.000000, 10, 7) "'event_type':'flow','flow':{'start':'2026-11-22T14:00:00.900000Z','close':'fin'},"
		"'smtp_session':{'state':'finish','gap_bytes':5}}\n"
	"{'pcap_filename':'a.pcap','event_type':'stats','stats':{'packets':10,'sessions':2,'mails':1,"
		"'alerts':{'high':0,'medium':0,'low':1},'complete':false,'error':'cut off'}}\n";
/* clang-format on */

static void a_ladder_is_whole_and_in_order(void **state)
{
	static const char expected[] =
		"2026-11-22 14:00:00.900000  198.51.100.7:4711 → 192.0.2.25:25 ━━━━━━━━━━━━━━━━━━\n"
		"   a.pcap · flow 7 · 1:x=\n"
		"   1 mail accepted · 1 alert (1 low) · no TLS · user otto · 5 octets not in the capture\n"
		"\n"
		"   0.100000      1  ←  220-one\n"
		"                       220 two\n"
		"   0.350000      2  →  EHLO client.example\n"
		"   0.700000      4  ** AUTH PLAIN as otto succeeded, in clear\n"
		"   1.100000      5  →  DATA\n"
		"   1.200000      6  ←  354 go\n"
		"                    →  [4945 octets, mail 0, sha256 0123456789ab]\n"
		"                         subject  Dues\n"
		"                         from     A <a@x>\n"
		"                         part 2   application/pdf \"d.pdf\", 1 octet, sha256 fedcba987654, "
		"incomplete\n"
		"                         outcome  accepted: <a@x> → <b@y>, <c@y>\n"
		"                         refused  <d@y>\n"
		"   2.100000      9  ←  250 2.0.0 queued\n"
		"   2.100000      9  !! LOW bare_lf: a LF [failed]\n"
		"                         evidence x\\n\n"
		"                    -- fin, state finish\n"
		"\n"
		"2026-11-22 14:00:01.500000  198.51.100.7:4711 → 192.0.2.25:25 ━━━━━━━━━━━━━━━━━━\n"
		"   a.pcap · flow 8 · 1:x=\n"
		"   0 mails · 0 alerts · no TLS\n"
		"\n"
		"   0.000000      3  →  noise\\x01\n"
		"                    -- the end is not in the records\n"
		"\n"
		"a.pcap: 10 packets, 2 sessions, 1 mail, 1 alert (1 low) not read to its end: cut off\n";
	char *text = shown(VIEW_TEXT, 0, false, two_sessions);
	assert_string_equal(text, expected);
	g_free(text);
}

static void a_line_a_mail(void **state)
{
	char *text = shown(VIEW_MAILS, 0, false, two_sessions);
	assert_string_equal(
		text, ".  2026-11-22T14:00:03 accepted     4945  a@x → b@y, c@y  bare_lf  \"Dues\"  [d.pdf]  flow 7\n");
	g_free(text);
	text = shown(VIEW_MAILS, 60, false, two_sessions);
	assert_string_equal(text, ".  11-22T14:00:03 accepted     4945  a@x → b@y, c@y  bare_l…\n");
	g_free(text);
}

static void a_mail_for_nobody_and_one_with_much(void **state)
{
	GString *lines = g_string_new(
		AT(1.0, 1, 7) "'event_type':'smtp','tx_id':0,'smtp':{'mail_from':'<>','outcome':'rejected'}}\n");
	for (int i = 0; i < 12; i++)
		g_string_append_printf(lines,
			AT(2.0, 2, 7) "'event_type':'alert','tx_id':1,'alert':{'severity':2,'signature':'a%02d'}}\n",
			i);
	g_string_append(lines, AT(2.0, 2, 7) "'event_type':'smtp','tx_id':1,'smtp':{'mail_from':'a','rcpt_to':['b','c',"
					     "'d','e','f'],'outcome':'accepted'}}\n");
	char *text = shown(VIEW_MAILS, 0, false, lines->str);
	assert_string_equal(text, "   2026-11-22T14:00:01 rejected        0  <> → nobody  flow 7\n"
				  "!  2026-11-22T14:00:02 accepted        0  a → b, c, d +2  a00, a01, a02, a03, a04, "
				  "a05, a06, a07, ...  flow 7\n");
	g_free(text);
	g_string_free(lines, TRUE);
}

/* Everything a sender can put into a subject, as JSON would carry it. */
static void nothing_reaches_the_terminal(void **state)
{
	static const struct {
		const char *json, *expected;
	} cases[] = {
		{ "a\\u001b[31mb", "a<U+001B>[31mb" },
		{ "a\\u0007\\r\\n\\tb", "a<U+0007><U+000D><U+000A><U+0009>b" },
		{ "a\\u007fb", "a<U+007F>b" },
		{ "a\\u009b31mb", "a<U+009B>31mb" },
		{ "a\\u202egpj.exe", "a<U+202E>gpj.exe" },
		{ "a\\u2066b\\u2069", "a<U+2066>b<U+2069>" },
		{ "a\\u200bb\\ufeffc\\u00add", "a<U+200B>b<U+FEFF>c<U+00AD>d" },
		{ "a\\u2028b", "a<U+2028>b" },
		{ "a\\u00a0b", "a<U+00A0>b" },
		{ "a\\u3164b", "a<U+3164>b" },
		{ "a\\ue000b", "a<U+E000>b" },
		{ "a\xff\xc3(", "a\\xff\\xc3(" },
		{ "Gr\\u00fc\xc3\x9f"
		  "e \\u65e5\\u672c",
			"Grüße 日本" },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		char *line = g_strdup_printf(
			AT(1.0, 1, 7) "'event_type':'smtp','tx_id':0,'smtp':{'outcome':'x','sha256':'0'},"
				      "'email':{'subject':'%s'}}",
			cases[i].json);
		for (enum view_format format = VIEW_TEXT; format <= VIEW_MAILS; format++) {
			char *text = shown(format, 0, false, line);
			assert_has(text, cases[i].expected);
			for (const char *c = text; *c; c++)
				assert_true((uint8_t)*c >= ' ' || *c == '\n');
			assert_true(g_utf8_validate(text, -1, NULL));
			g_free(text);
		}
		g_free(line);
	}
}

/* columns - of the longest line. */
static unsigned columns(const char *text)
{
	unsigned longest = 0, column = 0;
	for (; *text; text = g_utf8_next_char(text)) {
		gunichar c = g_utf8_get_char(text);
		column = c == '\n' ? 0 : column + (g_unichar_iswide(c) ? 2 : 1);
		longest = MAX(longest, column);
	}
	return longest;
}

static void no_line_is_wider_than_the_terminal(void **state)
{
	for (unsigned width = 40; width <= 200; width += 8) {
		for (enum view_format format = VIEW_TEXT; format <= VIEW_MAILS; format++) {
			char *text = shown(format, width, false, two_sessions);
			assert_true(columns(text) <= width);
			g_free(text);
		}
		char *line = g_strdup_printf(
			AT(1.0, 1,
				7) "'event_type':'alert','alert':{'signature':'s','severity':1,"
				   "'description':'%s "
				   "日本日本日本日本日本日本日本日本日本日本日本日本日本日本日本日本日本日本日本日本',"
				   "'evidence':'words of %s and more of them'}}",
			"one two three four five six seven eight nine ten eleven twelve thirteen",
			"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
			"aaaaaaaaaaaaaaaaaaa");
		char *text = shown(VIEW_TEXT, width, false, line);
		assert_true(columns(text) <= width);
		assert_has(text, "!! HIGH s:");
		assert_has(text, width < 60 ? "eleven" : "four five");
		g_free(text);
		g_free(line);
	}
}

static void colour_is_there_when_asked_for(void **state)
{
	static const char line[] = AT(
		1.0, 1, 7) "'event_type':'alert','alert':{'signature':'s','severity':1,'description':'d\\u001b[0m'}}";
	char *text = shown(VIEW_TEXT, 0, true, line);
	assert_has(text, "\033[1;97;41mHIGH s:\033[0m");
	assert_has(text, "<U+001B>[0m");
	g_free(text);
	text = shown(VIEW_TEXT, 0, false, line);
	assert_has_not(text, "\033");
	g_free(text);
}

/* Records that nobody in his right mind would write. */
static void odd_records_are_told_of(void **state)
{
	char *text = shown(VIEW_TEXT, 0, false,
		"no JSON\n"
		"[1,2]\n"
		"{'event_type':7}\n"
		"{'event_type':'flow'}\n"
		"{'event_type':'alert','flow_id':'x','alert':[]}\n"
		"{'event_type':'alert','flow_id':-1,'alert':{'severity':99,'signature':{}}}\n"
		"{'event_type':'smtp','flow_id':1e300,'tx_id':1e99,'smtp':{'rcpt_to':[1,null,{}]},'email':{'to':'x'}}\n"
		"{'event_type':'smtp_response','flow_id':1,'timestamp':'9999-99-99T99:99:99.9999999999999Z','smtp_"
		"response':{'code':-5,'lines':[null]}}\n"
		"{'event_type':'fileinfo','flow_id':5,'tx_id':3,'fileinfo':{}}\n"
		"{'event_type':'stats'}\n");
	assert_has(text, "3 lines are not records\n");
	assert_has(text, "(1 more records are left out)");
	g_free(text);
}

static void a_session_is_picked(void **state)
{
	static const char line[] = "{\"timestamp\":\"t\",\"flow_id\":12,\"pcap_cnt\":3,\"pcap_filename\":\"\\\"flow_"
				   "id\\\":9,\",\"event_type\":\"smtp\",\"community_id\":\"1:ab=\"}\n";
	const size_t size = strlen(line);
	assert_true(view_picks(line, size, "12"));
	assert_true(view_picks(line, size, "1:ab="));
	assert_false(view_picks(line, size, "1"));
	assert_false(view_picks(line, size, "9"));
	assert_false(view_picks(line, size, "123"));
	assert_false(view_picks(line, size, "1:ab"));
	size_t length;
	const char *event = view_event(line, size, &length);
	assert_int_equal(length, 4);
	assert_memory_equal(event, "smtp", 4);
	assert_null(view_event("{}", 2, &length));
	/* A line may end anywhere. */
	for (size_t end = 0; end < size; end++) {
		char *cut = g_memdup2(line, end + 1);
		view_picks(cut, end, "12");
		view_event(cut, end, &length);
		g_free(cut);
	}
}

static bool refuse(void *context, const void *octets, size_t size)
{
	return false;
}

static void an_end_of_the_disk_is_told(void **state)
{
	const struct view_options options = { .format = VIEW_TEXT };
	static const char stats[] = "{\"event_type\":\"stats\",\"stats\":{\"complete\":true}}";
	struct view *view = view_text_new(&options, refuse, NULL);
	assert_false(view_line(view, stats, strlen(stats)));
	assert_false(view_line(view, stats, strlen(stats)));
	assert_false(view_end(view));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_ladder_is_whole_and_in_order),
		cmocka_unit_test(a_line_a_mail),
		cmocka_unit_test(a_mail_for_nobody_and_one_with_much),
		cmocka_unit_test(nothing_reaches_the_terminal),
		cmocka_unit_test(no_line_is_wider_than_the_terminal),
		cmocka_unit_test(colour_is_there_when_asked_for),
		cmocka_unit_test(odd_records_are_told_of),
		cmocka_unit_test(a_session_is_picked),
		cmocka_unit_test(an_end_of_the_disk_is_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
