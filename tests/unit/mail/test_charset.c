/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * test_charset.c - charsets by all their names, what is meant when a text does not fit its charset, and how errors are
 * passed over.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "mail.h"
#include "mail/charset.h"
#include "mail/mime.h"

#define BAD "\xef\xbf\xbd"

static void text_is(const char *charset, const char *octets, const char *expected)
{
	GString *out = g_string_new("before ");
	charset_append(out, charset, span_of(octets, strlen(octets)));
	if (strcmp(out->str + 7, expected) != 0)
		fail_msg("%s: '%s' instead of '%s'", charset ? charset : "(none)", out->str + 7, expected);
	g_string_free(out, TRUE);
}

static void names_mean_what_mailers_mean(void **state)
{
	static const struct {
		const char *iconv, *names;
	} rows[] = {
		{ "CP1251", "windows-1251 win-1251 WIN1251 cp1251 CP-1251 x-cp1251 Cp1251 ansi-1251 1251 "
			    "microsoft-cp1251" },
		{ "CP866", "cp-866 CP866 ibm866 x-ibm866 866 csIBM866 IBM-866 dos-866" },
		{ "CP932", "windows-31j Windows-31J ms932 MS932 cp932 csWindows31J" },
		{ "SJIS", "shift_jis Shift-JIS sjis x-sjis csShiftJIS ms_kanji x-mac-japanese" },
		{ "EUC-KR", "euc-kr ks_c_5601-1987 KS_C_5601-1989 ksc5601 ksc_5601 ks_c_5601 korean csEUCKR EUC_KR" },
		{ "UHC", "ms949 MS949 cp949 windows-949 x-windows-949 uhc" },
		{ "GB2312", "gb2312 GB_2312-80 chinese csGB2312 eucgb2312_cn x-mac-chinesesimp EUC_CN" },
		{ "GBK", "gbk x-gbk cp936 ms936 windows-936 x-mswin-936" },
		{ "BIG5", "big5 Big5 cn-big5 x-x-big5 csBig5 cp950 ms950 x-windows-950 big5_tw" },
		{ "ISO-8859-1", "iso-8859-1 ISO8859-1 iso_8859-1:1987 latin1 Latin-1 l1 ISO8859_1 8859_1 ibm819 "
				"x-iso-8859-1 csISOLatin1" },
		{ "ISO-8859-8", "iso-8859-8-i ISO-8859-8-E hebrew visual logical csISO88598I" },
		{ "TIS-620", "tis-620 TIS620 iso-8859-11 TIS620-2533" },
		{ "CP874", "windows-874 dos-874 x-windows-874 cp874 ibm-874" },
		{ "KOI8-R", "koi8-r KOI8_R koi8r csKOI8R koi cp20866" },
		{ "MACINTOSH", "macintosh mac x-mac-roman MacRoman csMacintosh" },
		{ "EUC-JP", "euc-jp x-euc-jp EUC_JP ujis csEUCPkdFmtJapanese" },
		{ "ISO-2022-JP", "iso-2022-jp csISO2022JP _iso-2022-jp$ESC ISO2022JP" },
		{ "UTF-7", "utf-7 x-unicode-1-1-utf-7 unicode-2-0-utf-7 csUnicode11UTF7 cp65000" },
		{ "CP850", "cp-850 ibm850 IBM-850 dos-850 850" },
		{ "CP858", "IBM00858 cp858" },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		char **names = g_strsplit(rows[i].names, " ", 0);
		for (char **name = names; *name; name++) {
			const struct charset *charset = charset_find(*name);
			if (!charset || strcmp(charset->iconv, rows[i].iconv) != 0)
				fail_msg(
					"%s is %s, not %s", *name, charset ? charset->iconv : "unknown", rows[i].iconv);
		}
		g_strfreev(names);
	}
	assert_null(charset_find("no-such-charset"));
	assert_null(charset_find(""));
	assert_null(charset_find("cscscs"));
	assert_null(charset_find("windows-"));
}

static void every_row_can_be_read(void **state)
{
	static const char *const names[] = { "iso-8859-3", "iso-8859-10", "iso-8859-14", "iso-8859-16", "cp1258",
		"koi8-ru", "cp437", "cp1125", "maccyrillic", "macce", "viscii", "tcvn", "euc-tw", "johab", "eucjpms",
		"iso-2022-kr", "iso-2022-cn", "iso-2022-jp-2", "iso-2022-jp-3", "hz-gb-2312", "gb18030", "big5-hkscs",
		"cp864" };
	for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
		GString *out = g_string_new(NULL);
		assert_non_null(charset_find(names[i]));
		charset_append(out, names[i], span_of("x \x01 1\r\n", 7));
		assert_string_equal(out->str, "x \x01 1\r\n");
		g_string_free(out, TRUE);
	}
}

static void control_characters_mean_the_larger_charset(void **state)
{
	text_is("euc-kr", "\xbe\xc8\xb3\xe7 \x8c\x63\xb9\xe6", "\xec\x95\x88\xeb\x85\x95 \xeb\x98\xa0\xeb\xb0\xa9");
	text_is("ks_c_5601-1987", "\x8c\x63", "\xeb\x98\xa0");
	text_is("iso-8859-9", "\x93g\xfcl\x94", "\xe2\x80\x9cg\xc3\xbcl\xe2\x80\x9d");
	text_is("iso-8859-9", "g\xfcl\xfe", "g\xc3\xbcl\xc5\x9f");
	text_is("tis-620", "\x93\xa1\x94", "\xe2\x80\x9c\xe0\xb8\x81\xe2\x80\x9d");
	text_is("iso-8859-1", "\x80 5", "\xe2\x82\xac 5");
	text_is("iso-8859-15", "\x93\xa4\x94", "\xe2\x80\x9c\xc2\xa4\xe2\x80\x9d");
	text_is("iso-8859-15", "\xa4", "\xe2\x82\xac");
	text_is("iso-8859-2", "\x9c\xb9", "\xc5\x9b\xc4\x85");
	text_is("iso-8859-2", "\xb6\xb1", "\xc5\x9b\xc4\x85");
	text_is("gb2312", "\x81\x40", "\xe4\xb8\x82");
	text_is("shift_jis", "\x87\x40", "\xe2\x91\xa0");
	text_is("euc-jp", "\xad\xa1", "\xe2\x91\xa0");
	text_is("big5", "\x88\x62", "\xc3\x8a\xcc\x84");
}

static void a_character_that_is_none_is_one_replacement(void **state)
{
	text_is("shift_jis", "\x85\x9e\x93\xfa", BAD "\xe6\x97\xa5");
	text_is("shift_jis", "\x85\x40\x93\xfa", BAD "\xe6\x97\xa5");
	text_is("shift_jis", "\x85\r\n\x93\xfa", BAD "\r\n\xe6\x97\xa5");
	text_is("shift_jis", "\xa0\x93\xfa", BAD "\xe6\x97\xa5");
	text_is("windows-31j", "\x93\xfa\x85", "\xe6\x97\xa5" BAD);
	text_is("big5", "\x82\x41\xa4\xa4", BAD "\xe4\xb8\xad");
	text_is("big5", "\x82<\xa4\xa4", BAD "<\xe4\xb8\xad");
	text_is("euc-kr", "\xc9\xff\xb0\xa1", BAD BAD "\xea\xb0\x80");
	text_is("cp949", "\xc6\x53\xb0\xa1", BAD "\xea\xb0\x80");
	text_is("euc-jp", "\xa9\xa1\xc6\xfc", BAD "\xe6\x97\xa5");
	text_is("euc-jp", "\x8f\xff\xc6\xfc", BAD BAD "\xe6\x97\xa5");
	text_is("gbk", "\xff\xc4\xe3", BAD "\xe4\xbd\xa0");
	text_is("iso-8859-3", "\xa5\xa6", BAD "\xc4\xa4");
}

static void japanese_in_seven_bits(void **state)
{
	text_is("iso-2022-jp", "\x1b$BF|K\\\x1b(B a", "\xe6\x97\xa5\xe6\x9c\xac a");
	/* NEC's row 13: a circled one, a Roman one; then ASCII */
	text_is("iso-2022-jp", "\x1b$B-!-5\x1b(B 1", "\xe2\x91\xa0\xe2\x85\xa0 1");
	text_is("iso-2022-jp", "\x1b$BF|-!\r\nplain", "\xe6\x97\xa5\xe2\x91\xa0\r\nplain");
	text_is("cp50220", "\x1b(I1\x1b(B1",
		"\xef\xbd\xb1"
		"1");
	text_is("cp50221",
		"\xb1 \x0e\x31\x0f"
		"1",
		"\xef\xbd\xb1 \xef\xbd\xb1"
		"1");
	text_is("iso-2022-jp-ms", "\x1b$(D0!\x1b(J\\", "\xe4\xb8\x82\\");
	text_is("iso-2022-jp-ms", "\x1b$BF", "F");
	text_is("iso-2022-jp-ms", "a\x1b[0m", "a\x1b[0m");
	text_is(NULL, "\x1b$B-!\x1b(B", "\xe2\x91\xa0");
}

static void chinese_in_seven_bits(void **state)
{
	text_is("hz-gb-2312", "~{<:Ky2;S{~}~~ok", "\xe5\xb7\xb1\xe6\x89\x80\xe4\xb8\x8d\xe6\xac\xb2~ok");
	text_is("hz", "a~\nb~{<:\nab~}", "ab\xe5\xb7\xb1\nab");
	text_is("hz", "~{<", "<");
	text_is("hz", "5 ~ 6", "5 ~ 6");
	text_is("utf-7", "Hi +Jjo- Mom", "Hi \xe2\x98\xba Mom");
	text_is("x-unicode-1-1-utf-7", "+AOk-", "\xc3\xa9");
}

static void names_that_nobody_knows_are_told(void **state)
{
	static const struct mail_options options = { .parse = true, .body = true, .body_limit = 100 };
	static const char text[] = "Subject: =?x-none?q?caf=E9?= =?koi8-r?q?=C1?=\r\n"
				   "Content-Type: text/plain; charset=my-own\r\n\r\ncaf\xe9\r\n";
	struct mail *mail = mail_new(&options), *next = mail_new(&options);
	mail_feed(mail, span_of(text, sizeof text - 1));
	mail_finish(mail, true);
	assert_string_equal(mail->subject, "caf\xc3\xa9\xd0\xb0");
	assert_string_equal(mail->body, "caf\xc3\xa9\n");
	assert_int_equal(mail->unknown_charsets->len, 2);
	bool subject = g_strcmp0(mail->unknown_charsets->pdata[0], "x-none") == 0;
	assert_string_equal(mail->unknown_charsets->pdata[subject ? 0 : 1], "x-none");
	assert_string_equal(mail->unknown_charsets->pdata[subject ? 1 : 0], "my-own");
	static const char known[] = "Content-Type: text/plain; charset=unknown-8bit\r\n\r\ncaf\xe9\r\n";
	mail_feed(next, span_of(known, sizeof known - 1));
	mail_finish(next, true);
	assert_int_equal(next->unknown_charsets->len, 0);
	mail_free(mail);
	mail_free(next);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_mean_what_mailers_mean),
		cmocka_unit_test(every_row_can_be_read),
		cmocka_unit_test(control_characters_mean_the_larger_charset),
		cmocka_unit_test(a_character_that_is_none_is_one_replacement),
		cmocka_unit_test(japanese_in_seven_bits),
		cmocka_unit_test(chinese_in_seven_bits),
		cmocka_unit_test(names_that_nobody_knows_are_told),
	};
	mail_init();
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	mail_exit();
	return failed;
}
