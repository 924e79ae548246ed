/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * test_inner.c - files that are found in parts: uuencoded, in yEnc or BinHex in a text, in a winmail.dat; and macros in
 * documents. Each mail is read whole and octet by octet.
 */
#include <string.h>

#include "kits/mail_kit.h"

/* --- uuencode --- */

static void text_has(const char *text, const char *expected)
{
	char *mail = g_strdup_printf("Subject: x\r\n\r\n%s", text);
	inner_are(mail, strlen(mail), expected, 0);
	g_free(mail);
}

#define HELLO "begin 644 hello.txt\r\n&:&5L;&\\*\r\n`\r\nend\r\n"

static void uuencoded_files_in_a_text(void **state)
{
	text_has("See.\r\n" HELLO "Bye.\r\n", "1.1 hello.txt 6 hello\n");
	text_has("begin 644 hello.txt\n&:&5L;&\\*\n \nend\n", "1.1 hello.txt 6 hello\n");
	text_has(HELLO "and\r\n" HELLO, "1.1 hello.txt 6 hello\n|1.2 hello.txt 6 hello\n");
	text_has("begin 644 hello.txt\r\n&:&5L;&\\*\r\n\r\nend", "1.1 hello.txt 6 hello\n");
	text_has("begin 0600 a b.txt\r\n#86)C\r\n#9&5F\r\n`\r\nend\r\n", "1.1 a b.txt 6 abcdef");
	/* blanks at the end of a line were lost; a checksum letter; what is cut off */
	text_has("begin 644 z\r\nM86)C\r\n#9&5F\r\n`\r\nend\r\n", "1.1 z 48 abc");
	text_has("begin 644 c\r\n#86)C$\r\n`\r\nend\r\n", "1.1 c 3 abc");
	text_has("begin 644 empty\r\n`\r\nend\r\n", "1.1 empty 0 ");
	text_has("begin 644 cut.exe\r\n#86)C\r\n", "1.1 cut.exe 3 cut abc");
	text_has("begin 644 cut.exe\r\n#86)C\r\nand so on\r\n" HELLO, "1.1 cut.exe 3 cut abc|1.2 hello.txt 6 hello\n");
	text_has("begin 644 =?utf-8?q?x?=\r\n#86)C\r\n`\r\nend\r\n", "1.1 =?utf-8?q?x?= 3 abc");
	/* sentences */
	text_has("begin 644 is how it begins\r\nand this is a text\r\n", "");
	text_has("begin 644 A\r\nALL IN CAPITALS\r\n", "");
	text_has("begin 644 A\r\nend\r\n", "");
	text_has("begin 6x4 a\r\n#86)C\r\n`\r\nend\r\n", "");
	text_has("begin 64\r\n#86)C\r\n`\r\nend\r\n", "");
	text_has(" begin 644 a\r\n#86)C\r\n`\r\nend\r\n", "");
	text_has("begin 644 a\r\n" HELLO, "1.1 hello.txt 6 hello\n");
}

static void base64_files_in_a_text(void **state)
{
	text_has("begin-base64 644 b.txt\r\naGVsbG8g\r\nd29ybGQ=\r\n====\r\nBye.\r\n", "1.1 b.txt 11 hello world");
	text_has("begin-base64 644 b.txt\nYWJj\n", "1.1 b.txt 3 cut abc");
	text_has("begin-base64 644 b.txt\nYWJj\nno more\n" HELLO, "1.1 b.txt 3 cut abc|1.2 hello.txt 6 hello\n");
	text_has("begin-base64 644 b.txt\n====\n", "");
	text_has("begin-base64 644 b.txt\nis no file\n", "");
}

static void long_lines_are_no_files(void **state)
{
	GString *text = g_string_new("begin 644 ");
	for (unsigned i = 0; i < 1000; i++)
		g_string_append(text, "name");
	g_string_append(text, "\r\n#86)C\r\n`\r\nend\r\nbegin 644 a\r\n#86)C\r\n");
	for (unsigned i = 0; i < 1000; i++)
		g_string_append(text, "M86)C");
	g_string_append(text, "\r\n");
	text_has(text->str, "1.1 a 3 cut abc");
	g_string_free(text, TRUE);
}

static void only_texts_are_searched(void **state)
{
	static const char html[] = "Content-Type: text/html\r\n\r\n" HELLO,
			  data[] = "Content-Type: application/x-y\r\n\r\n" HELLO,
			  coded[] = "Content-Transfer-Encoding: base64\r\n\r\nYmVnaW4gNjQ0IGEKIzg2KUMKYAplbmQK\r\n";
	inner_are(html, strlen(html), "", 0);
	inner_are(data, strlen(data), "", 0);
	inner_are(coded, strlen(coded), "1.1 a 3 abc", 0);
}

/* --- yEnc and BinHex --- */

#define YBEGIN "=ybegin line=8 size=14 name=a b.bin\r\n"
#define YDATA "=@=J=M=}\r\n*+,\222\217\226\226\231\r\ngX\r\n"
#define YENC YBEGIN YDATA "=yend size=14 crc32=463e0e5b\r\n"

static void yenc_files_in_a_text(void **state)
{
	static const char file[] = "\xd6\xe0\xe3\x13";
	char *whole = g_strdup_printf("1.1 a b.bin 14 %s", file), *cut = g_strdup_printf("1.1 a b.bin 14 cut %s", file);
	char *two = g_strdup_printf("%s|1.2 hello.txt 6 hello\n", whole);
	text_has("See.\r\n" YENC "Bye.\r\n", whole);
	text_has(YENC HELLO, two);
	text_has(YBEGIN YDATA "=yend size=14", whole);
	text_has(YBEGIN "=ypart begin=1 end=14\r\n" YDATA "=yend size=14\r\n", whole);
	/* the end is missing, octets are missing, a part of a file */
	text_has(YBEGIN YDATA, cut);
	text_has("=ybegin line=8 size=15 name=a b.bin\r\n" YDATA "=yend size=14\r\n", cut);
	text_has("=ybegin part=1 total=2 line=8 size=14 name=a b.bin\r\n=ypart begin=1 end=14\r\n" YDATA
		 "=yend size=14 part=1\r\n",
		cut);
	/* a line that begins with an escaped octet; one that looks like a control line in its middle */
	text_has("=ybegin line=2 size=4 name=size=9\r\n=n\212\r\n\222=y\r\n=yend\r\n", "1.1 size=9 4 \x04`h\x0f");
	/* sentences */
	text_has("=ybegin is how it begins\r\n", "");
	text_has("=ybegin line=x name=a\r\nabc\r\n=yend size=3\r\n", "");
	text_has("=ybegin line=8 size=3\r\nabc\r\n=yend size=3\r\n", "");
	text_has(" " YENC, "");
	text_has("=ybegin line=99 size=14 name=a\r\nis how it begins.\r\n" HELLO, "1.1 hello.txt 6 hello\n");
	text_has("=ybegin line=99 size=14 name=a\r\n" HELLO, "1.1 hello.txt 6 hello\n");
	text_has("=ybegin line=99 size=14 name=a\r\n=ypart begin=1\r\n" HELLO, "1.1 hello.txt 6 hello\n");
	text_has("=ybegin line=99 size=14 name=a\r\n=ybegin line=99 size=1 name=b\r\nbegin 644 c\r\n#86)C",
		"1.1 c 3 cut abc");
	text_has("=ybegin line=6 size=14 name=a\r\n" HELLO, "1.1 hello.txt 6 hello\n");
	text_has("=ybegin line=99 size=14 name=a\r\n=yend\r\n" HELLO, "1.1 hello.txt 6 hello\n");
	text_has("=ybegin line=99 size=14 name=a\r\n=ybegin line=2 size=4 name=a\r\n\213\214\r\n\215\216\r\n=yend\r\n",
		"1.1 a 4 abcd");
	text_has("=ybegin line=99 size=2 name=a\r\n\213\214\r\n=yend\r\n", "1.1 a 2 ab");
	text_has("=ybegin line=99 size=2 name=a\r\n\213\214\r\n", "");
	text_has("=ybegin line=999 size=2 name=a\r\n\213\214\r\n=yend\r\n", "");
	g_free(whole);
	g_free(cut);
	g_free(two);
}

#define BINHEX "(This file must be converted with BinHex 4.0)\r\n\r\n"
#define HQX_HELLO ":#@KPE'a[,R4iG!\"849K8G(4iG!#3\"3B!N!41b'KPE'a[#LTP!!!:"
#define HQX_TWO ":\"%GbRfi!9%9B9(4dH(3!N!82!!!!\"0$'BC!+N!\"LBT!!N!\"`c@C[FQYkj`:"
#define HQX_BAD ":!f*KC!\"849K8G(4iG!#3\"38!N!5C3'KPE'a[!3)!!!:"

static void binhex_files_in_a_text(void **state)
{
	static const char type[] = "Content-Type: application/mac-binhex40\r\n\r\n" HQX_HELLO "\r\n",
			  bad[] = "Subject: x\r\n\r\n" BINHEX HQX_BAD "\r\n";
	text_has("See.\r\n" BINHEX HQX_HELLO "\r\nBye.\r\n", "1.1 hello.txt 6 hello\n");
	text_has(BINHEX HQX_HELLO "\r\n" HELLO, "1.1 hello.txt 6 hello\n|1.2 hello.txt 6 hello\n");
	text_has(BINHEX ":#@KPE'a[,R4iG!\"849K8G(4iG!#3\"3B!N!41b'KPE\r\n'a[#LTP!!!:\r\n", "1.1 hello.txt 6 hello\n");
	/* two forks, with runs and the mark of runs; the resource fork only; an empty file */
	text_has(BINHEX HQX_TWO, "1.1 Gr\xc3\xbcn 15 aaaaaaaaaa\x90"
				 "bb\x90\x90|1.2 Gr\xc3\xbcn 4 fork");
	text_has(BINHEX ":!A)!9%9B9(4dH(3!N!N%mId!!'C[FQYkj`:", "1.1 r 4 fork");
	text_has(BINHEX ":!@8!9%9B9(4dH(3!N!T5-`#3\"!:", "1.1 e 0 ");
	/* the end is missing; what is announced does not come; a name that is too long; no header */
	text_has(BINHEX ":#@KPE'a[,R4iG!\"849K8G(4iG!#3\"3B!N!41b'KPE", "1.1 hello.txt 2 cut he");
	text_has(BINHEX ":#@KPE'a[,R4iG!\"849K8G(4iG!#3\"3B!N!41b'KPE:\r\n" HELLO,
		"1.1 hello.txt 2 cut he|1.2 hello.txt 6 hello\n");
	text_has(BINHEX "is a line that you know.\r\n" HELLO, "1.1 hello.txt 6 hello\n");
	text_has(BINHEX HELLO, "1.1 hello.txt 6 hello\n");
	text_has(BINHEX " " HQX_HELLO "\r\n" HELLO, "1.1 hello.txt 6 hello\n");
	text_has(BINHEX ":3(L33!\"849K8G(4iG!#3\"38!N!3(1@KPE'a[`f)!!!:\r\n" HELLO, "1.1 hello.txt 6 hello\n");
	text_has(BINHEX ":#@KPE'a[,R4iG!\"849K8G(4iG!#3\"3B!N!41c'KPE'a[#LTP!!!:\r\n", "");
	text_has("(This file must be converted\r\n" HQX_HELLO "\r\n", "");
	inner_are(type, strlen(type), "1.1 hello.txt 6 hello\n", 0);
	inner_are(bad, strlen(bad), "1.1 bad 5 hello", 1);
}

static void coded_files_as_attachments(void **state)
{
	static const char *const types[] = { "application/octet-stream", "application/x-uuencode", "text/x-uuencode" };
	for (size_t i = 0; i < G_N_ELEMENTS(types); i++) {
		char *mail = g_strdup_printf("Content-Type: %s; name=a.uue\r\n\r\nSee.\r\n" HELLO, types[i]);
		inner_are(mail, strlen(mail), "1.1 hello.txt 6 hello\n", 0);
		g_free(mail);
	}
	static const char other[] =
		"Content-Type: application/octet-stream\r\n\r\nwe begin 644 a\r\n#86)C\r\n`\r\nend\r\n";
	inner_are(other, strlen(other), "", 0);
}

/* --- TNEF --- */

static void put(GString *text, unsigned value, unsigned size)
{
	for (unsigned i = 0; i < size; i++)
		g_string_append_c(text, (char)(value >> 8 * i));
}

static void attribute(GString *tnef, unsigned level, unsigned id, const void *octets, size_t size)
{
	put(tnef, level, 1);
	put(tnef, id, 4);
	put(tnef, (unsigned)size, 4);
	g_string_append_len(tnef, octets, (gssize)size);
	put(tnef, 0, 2);
}

static GString *tnef_new(void)
{
	GString *tnef = g_string_new(NULL);
	put(tnef, 0x223e9f78, 4);
	put(tnef, 1, 2);
	attribute(tnef, 1, 0x00089006, "\0\0\1\0", 4);
	return tnef;
}

/* property - of one value of any size. */
static void property(GString *list, unsigned type, unsigned id, const void *octets, size_t size)
{
	put(list, type, 2);
	put(list, id, 2);
	put(list, 1, 4);
	put(list, (unsigned)size, 4);
	g_string_append_len(list, octets, (gssize)size);
	put(list, 0, (unsigned)(4 - size % 4) % 4);
}

static GString *list_new(unsigned count)
{
	GString *list = g_string_new(NULL);
	put(list, count, 4);
	return list;
}

static void tnef_has(GString *tnef, const char *expected, unsigned defects)
{
	GString *mail = g_string_new("Content-Type: application/ms-tnef; name=winmail.dat\r\n"
				     "Content-Transfer-Encoding: binary\r\n\r\n");
	g_string_append_len(mail, tnef->str, (gssize)tnef->len);
	inner_are(mail->str, mail->len, expected, defects);
	g_string_free(mail, TRUE);
}

static void files_in_tnef(void **state)
{
	GString *tnef = tnef_new(), *list = list_new(5);
	attribute(tnef, 2, 0x00069002, "\1\0\0\0\0\0\0\0\0\0\0\0\0\0", 14);
	attribute(tnef, 2, 0x00018010, "TOOL~1.EXE", 11);
	attribute(tnef, 2, 0x0006800f, "MZ\x90", 3);
	put(list, 0x0003, 2); /* a number */
	put(list, 0x3705, 2);
	put(list, 1, 4);
	put(list, 0x0003, 2); /* a property with a name: a number of a set */
	put(list, 0x8001, 2);
	g_string_append(list, "0123456789abcdef");
	put(list, 0, 4);
	put(list, 7, 4);
	put(list, 9, 4);
	put(list, 0x001e, 2); /* one with a text for a name, and two values */
	put(list, 0x8002, 2);
	g_string_append(list, "0123456789abcdef");
	put(list, 1, 4);
	put(list, 6, 4);
	g_string_append_len(list, "n\0m\0\0\0\0\0", 8);
	put(list, 1, 4);
	put(list, 2, 4);
	g_string_append(list, "xy\1\1");
	property(list, 0x001f, 0x3707, "a\0 \0l\0o\0n\0g\0 \0n\0a\0m\0e\0.\0e\0x\0e\0\0\0", 32);
	property(list, 0x001e, 0x370e, "x/y", 3);
	attribute(tnef, 2, 0x00069005, list->str, list->len);
	attribute(tnef, 2, 0x00069002, "\1\0\0\0\0\0\0\0\0\0\0\0\0\0", 14);
	attribute(tnef, 2, 0x0006800f, "second", 6);
	attribute(tnef, 2, 0x00018010, "b\xfc.txt", 7);
	tnef_has(tnef, "1.1 a long name.exe 3 MZ\x90|1.2 b\xc3\xbc.txt 6 second", 0);
	/* cut off */
	g_string_truncate(tnef, tnef->len - 22);
	tnef_has(tnef, "1.1 a long name.exe 3 MZ\x90|1.2 - 4 cut seco", 1);
	g_string_free(list, TRUE);
	g_string_free(tnef, TRUE);
}

static void names_in_the_code_page_of_the_sender(void **state)
{
	GString *tnef = tnef_new();
	attribute(tnef, 1, 0x00069007, "\xe3\4\0\0\0\0\0\0", 8); /* 1251 */
	attribute(tnef, 2, 0x00069002, "", 0);
	attribute(tnef, 2, 0x00018010, "\xe0.txt", 6);
	attribute(tnef, 2, 0x0006800f, "x", 1);
	tnef_has(tnef, "1.1 \xd0\xb0.txt 1 x", 0);
	g_string_free(tnef, TRUE);
}

static void a_message_in_tnef_is_tnef(void **state)
{
	GString *inner = tnef_new(), *tnef = tnef_new(), *list = list_new(2),
		*object = g_string_new("0123456789abcdef");
	attribute(inner, 2, 0x00069002, "", 0);
	attribute(inner, 2, 0x00018010, "in.txt", 7);
	attribute(inner, 2, 0x0006800f, "inner", 5);
	g_string_append_len(object, inner->str, (gssize)inner->len);
	property(list, 0x000d, 0x3701, object->str, object->len);
	property(list, 0x001e, 0x3704, "message", 8);
	attribute(tnef, 2, 0x00069002, "", 0);
	attribute(tnef, 2, 0x00069005, list->str, list->len);
	char *expected = g_strdup_printf("1.1 message %u x\x9f>\"\1|1.1.1 in.txt 5 inner", (unsigned)inner->len);
	tnef_has(tnef, expected, 0);
	g_free(expected);
	g_string_free(object, TRUE);
	g_string_free(list, TRUE);
	g_string_free(tnef, TRUE);
	g_string_free(inner, TRUE);
}

#define RTF                                                                                                            \
	"\x2d\0\0\0\x2b\0\0\0LZFu\xf1\xc5\xc7\xa7\x03\0\x0a\0rcpg125B2\x0a\xf3 hel\x09\0 "                             \
	"bw\x05\xb0ld}\x0a\x80\x0f\xa0"
#define RTF_SIZE (sizeof RTF - 1)

/* text_property - a mail of a TNEF whose message has this property, and a file. */
static void text_property(
	unsigned type, unsigned id, const void *octets, size_t size, const char *expected, unsigned defects)
{
	GString *tnef = tnef_new(), *list = list_new(3);
	property(list, 0x001e, 0x0037, "the subject", 12);
	property(list, type, id, octets, size);
	property(list, 0x001e, 0x0070, "the topic", 10);
	attribute(tnef, 1, 0x00069003, list->str, list->len);
	attribute(tnef, 2, 0x00069002, "", 0);
	attribute(tnef, 2, 0x00018010, "a.txt", 6);
	attribute(tnef, 2, 0x0006800f, "x", 1);
	tnef_has(tnef, expected, defects);
	g_string_free(list, TRUE);
	g_string_free(tnef, TRUE);
}

static void the_text_of_tnef_is_read(void **state)
{
	GString *tnef = tnef_new();
	attribute(tnef, 1, 0x0002800c, "Greetings", 10);
	attribute(tnef, 1, 0x0002800c, "", 1);
	tnef_has(tnef, "1.1 - 9 Greetings", 0);
	GString *mail = g_string_new("Content-Type: application/ms-tnef\r\nContent-Transfer-Encoding: binary\r\n\r\n");
	g_string_append_len(mail, tnef->str, (gssize)tnef->len);
	struct mail *read = mail_of(&inner_options, mail->str, mail->len, WHOLE);
	assert_string_equal(read->body, "Greetings");
	mail_free(read);
	g_string_free(mail, TRUE);
	g_string_free(tnef, TRUE);
	text_property(0x001e, 0x1000, "Greetings", 10, "1.1 - 9 Greetings|1.2 a.txt 1 x", 0);
	text_property(0x001e, 0x1000, "Greeting", 9, "1.1 - 8 Greeting|1.2 a.txt 1 x", 0);
	text_property(0x001f, 0x1000, "G\0r\0\0", 6, "1.1 - 4 G|1.2 a.txt 1 x", 0);
	text_property(0x0102, 0x1013, "<p>x", 4, "1.1 - 4 <p>x|1.2 a.txt 1 x", 0);
	text_property(0x001e, 0x1013, "<p>x", 5, "1.1 - 4 <p>x|1.2 a.txt 1 x", 0);
	text_property(0x0102, 0x1009, RTF, RTF_SIZE, "1.1 - 43 {\\rtf1\\ansi\\ansicpg1|1.2 a.txt 1 x", 0);
	text_property(0x0102, 0x1009, RTF, RTF_SIZE - 8, "1.1 - 36 cut {\\rtf1\\ansi\\ansicpg1|1.2 a.txt 1 x", 0);
	text_property(0x0102, 0x1009, "\x13\0\0\0\3\0\0\0MELA\0\0\0\0{x}y", 20, "1.1 - 3 {x}|1.2 a.txt 1 x", 0);
	text_property(0x0102, 0x1009, "\x13\0\0\0\3\0\0\0LZFA\0\0\0\0{x}y", 20, "1.1 - 0 cut |1.2 a.txt 1 x", 0);
	/* other types and properties; no text */
	text_property(0x0102, 0x1000, "Greetings", 10, "1.1 a.txt 1 x", 0);
	text_property(0x001e, 0x1009, "Greetings", 10, "1.1 a.txt 1 x", 0);
	text_property(0x001e, 0x1001, "Greetings", 10, "1.1 a.txt 1 x", 0);
	text_property(0x001e, 0x1000, "", 1, "1.1 a.txt 1 x", 0);
}

static void a_file_behind_a_broken_message_is_found(void **state)
{
	GString *tnef = tnef_new(), *list = list_new(2);
	put(list, 0x001e, 2);
	put(list, 0x1000, 2);
	put(list, 1, 4);
	put(list, 1000, 4);
	g_string_append(list, "too short");
	attribute(tnef, 1, 0x00069003, list->str, list->len);
	attribute(tnef, 2, 0x00069002, "", 0);
	attribute(tnef, 2, 0x0006800f, "x", 1);
	tnef_has(tnef, "1.1 - 1 x", 0);
	g_string_free(list, TRUE);
	g_string_free(tnef, TRUE);
}

static void broken_tnef_is_told(void **state)
{
	GString *tnef = tnef_new(), *list = list_new(1000000);
	attribute(tnef, 3, 0x00069002, "", 0);
	tnef_has(tnef, "", 1);
	g_string_truncate(tnef, 6);
	put(list, 0x001e, 2);
	put(list, 0x3707, 2);
	put(list, 0xffffffff, 4);
	put(list, 0xffffffff, 4);
	attribute(tnef, 2, 0x00069005, list->str, list->len);
	tnef_has(tnef, "", 1);
	g_string_truncate(tnef, 6);
	put(tnef, 2, 1);
	put(tnef, 0x0006800f, 4);
	put(tnef, 0xffffffff, 4);
	g_string_append(tnef, "the rest");
	tnef_has(tnef, "1.1 - 8 cut the rest", 1);
	g_string_free(list, TRUE);
	g_string_free(tnef, TRUE);
}

/* --- documents --- */

/* macros_of - of a file of an OLE header and directory entries: "name type", apart by ','. */
static enum mail_macros macros_of(const char *entries, const char **extension)
{
	static char known[8];
	GString *mail = g_string_new("Content-Type: application/x-y\r\nContent-Transfer-Encoding: binary\r\n\r\n");
	size_t begin = mail->len;
	g_string_append_len(mail, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 8);
	while (mail->len < begin + 512)
		g_string_append_c(mail, '\0');
	gchar **words = g_strsplit(entries, ",", 0);
	for (gchar **word = words; *word; word++) {
		uint8_t entry[128] = { 0 };
		size_t size = strlen(*word) - 2;
		for (size_t i = 0; i < size; i++)
			entry[2 * i] = (uint8_t)(*word)[i];
		entry[64] = (uint8_t)(2 * (size + 1));
		entry[66] = (uint8_t)((*word)[size + 1] - '0');
		g_string_append_len(mail, (const char *)entry, sizeof entry);
	}
	g_strfreev(words);
	enum mail_macros macros[2];
	for (size_t step = 0; step < 2; step++) {
		struct mail *read = mail_of(&inner_options, mail->str, mail->len, step ? 1 : WHOLE);
		const struct mail_part *part = read->parts->pdata[0];
		macros[step] = part->macros;
		g_strlcpy(known, part->extension ? part->extension : "", sizeof known);
		mail_free(read);
	}
	assert_int_equal(macros[0], macros[1]);
	*extension = known;
	g_string_free(mail, TRUE);
	return macros[0];
}

static void macros_in_older_documents(void **state)
{
	const char *extension;
	assert_int_equal(macros_of("Root Entry 5,WordDocument 2,1Table 2", &extension), MACROS_NONE);
	assert_string_equal(extension, ".doc");
	assert_int_equal(
		macros_of("Root Entry 5,WordDocument 2,Macros 1,VBA 1,_VBA_PROJECT 2", &extension), MACROS_PRESENT);
	assert_string_equal(extension, ".doc");
	assert_int_equal(macros_of("Root Entry 5,Workbook 2,_VBA_PROJECT_CUR 1", &extension), MACROS_PRESENT);
	assert_string_equal(extension, ".xls");
	assert_int_equal(macros_of("Root Entry 5,PowerPoint Document 2,VBA 2", &extension), MACROS_NONE);
	assert_string_equal(extension, ".ppt");
	assert_int_equal(macros_of("Root Entry 5,something 2", &extension), MACROS_UNKNOWN);
	assert_string_equal(extension, "");
}

/* ---- files in a section of OneNote ---- */

#define SECTION "\xe4\x52\x5c\x7b\x8c\xd8\xa7\x4d\xae\xb1\x53\x78\xd0\x29\x96\xd3"
#define OBJECT "\xe7\x16\xe3\xbd\x65\x26\x11\x45\xa4\xc4\x8d\x4d\x0b\x7a\x9e\xac"
#define SIZED(octet)                                                                                                   \
	octet "\0\0\0\0\0\0\0"                                                                                         \
	      "\0\0\0\0"                                                                                               \
	      "\0\0\0\0\0\0\0\0"
#define ONE_HEADER "Content-Type: application/x-y; name=a.one\r\n\r\n"

static void files_in_onenote(void **state)
{
	static const char two[] = ONE_HEADER SECTION
		"\xe7\x16\xe7" OBJECT SIZED("\3") "one" OBJECT SIZED("\0") "x" OBJECT SIZED("\4") "four"
												  "behind";
	inner_are(two, sizeof two - 1, "1.1 - 3 one|1.2 - 4 four", 0);
	static const char cut[] = ONE_HEADER SECTION OBJECT SIZED("\5") "four";
	inner_are(cut, sizeof cut - 1, "1.1 - 4 cut four", 0);
	static const char none[] = ONE_HEADER SECTION OBJECT "\1\0\0";
	inner_are(none, sizeof none - 1, "", 0);
	static const char other[] = ONE_HEADER "x" SECTION OBJECT SIZED("\3") "one";
	inner_are(other, sizeof other - 1, "", 0);
}

/* ---- several messages in a file (mbox, RFC 4155) ---- */

#define SEPARATOR "From a@b.example Mon Jan  1 00:00:00 2024\r\n"
#define SECOND "Content-Type: application/x-y; name=b\r\n\r\ntwo\r\n"

static void file_is(const char *header, const char *body, const char *expected)
{
	char *text = g_strdup_printf("%s\r\n\r\n%s", header, body);
	inner_are(text, strlen(text), expected, 0);
	g_free(text);
}

static void messages_in_a_file(void **state)
{
	static const char two[] = SEPARATOR "Subject: 1\r\n\r\none\r\n\r\n" SEPARATOR SECOND "\r\n",
			  parts[] = "1.1 - 19 Subject: 1\r\n\r\none\r\n|1.1.1 - 5 one\r\n|"
				    "1.2 - 46 Content-Type: applic|1.2.1 b 5 two\r\n";
	file_is("Content-Type: application/octet-stream", two, parts);
	file_is("Content-Type: application/mbox", two, parts);
	file_is("Content-Type: text/plain; name=a.MBOX", two, parts);
	file_is("Content-Type: text/plain; name=a.mbx", two, parts);
	file_is("Content-Type: text/plain", two, "");
	/* one message, whatever is in it */
	file_is("Content-Type: application/octet-stream; name=a.eml", two, "1.1 - 98 one\r\n\r\nFrom a@b.exam");
	/* lines that begin no message: not behind an empty line, without a time, quoted; and empty lines that are text
	 */
	static const char lines[] = SEPARATOR "Subject: 1\r\n\r\n\r\n\r\n" SEPARATOR
					      "\r\nFrom now: on 1:\r\n\r\n>" SEPARATOR "\r\nFrom\r\n\r\nF\r\n\r\n";
	file_is("Content-Type: application/mbox", lines,
		"1.1 - 16 Subject: 1\r\n\r\n\r\n|1.1.1 - 2 \r\n|1.2 - 78 \r\nFrom now: on 1:\r\n\r|1.2.1 - 11 "
		"From\r\n\r\nF\r\n");
	/* long lines, and no line end behind the last */
	char *word = g_strnfill(400, 'F');
	char *body = g_strdup_printf(
		"%s%s\r\nSubject: 1\r\n\r\n%s\r\n\r\nFrom a 1:2 %s\r\nTo: x\r\n\r\nz", "From ", word, word, word);
	file_is("Content-Type: application/mbox", body,
		"1.1 - 416 Subject: 1\r\n\r\nFFFFFF|1.1.1 - 402 FFFFFFFFFFFFFFFFFFFF|1.2 - 10 To: x\r\n\r\nz|1.2.1 - 1 "
		"z");
	g_free(body);
	g_free(word);
}

/* A message that is hit by a gap is cut; those around it are not. */
static void messages_in_a_file_with_a_gap(void **state)
{
	struct mail *mail = mail_new(&inner_options);
	static const char first[] =
		"Content-Type: application/mbox\r\n\r\n" SEPARATOR "Subject: 1\r\n\r\none\r\n\r\nFrom a",
			  second[] = "x\r\n\r\n" SEPARATOR "Subject: 2\r\n\r\ntwo\r\n";
	mail_feed(mail, span_of(first, sizeof first - 1));
	mail_gap(mail, 10);
	mail_feed(mail, span_of(second, sizeof second - 1));
	mail_finish(mail, true);
	char *got = inner_parts(mail);
	assert_string_equal(got, "1.1 - 30 cut Subject: 1\r\n\r\none\r\n\r|1.1.1 - 16 cut one\r\n\r\nFrom ax\r\n|"
				 "1.2 - 19 Subject: 2\r\n\r\ntwo\r\n|1.2.1 - 5 two\r\n");
	g_free(got);
	mail_free(mail);
}

/* What is before the first part is read as a part until that comes. */
static void a_file_before_the_first_part_of_a_multipart(void **state)
{
	char *prose = g_strnfill(1024, 'p');
	char *text = g_strdup_printf("Content-Type: mixed; boundary=a\r\n\r\n%s\r\nbegin 644 cut.exe\r\n#86)C\r\n"
				     "--b\r\nContent-Type: text/plain\r\n\r\ntext\r\n--b--\r\n",
		prose);
	inner_are(text, strlen(text), "1.1 cut.exe 3 cut abc", 2);
	struct mail *mail = mail_of(&inner_options, text, strlen(text), WHOLE);
	for (guint i = 0; i < mail->parts->len; i++)
		assert_non_null(((const struct mail_part *)mail->parts->pdata[i])->sha256);
	mail_free(mail);
	g_free(text);
	g_free(prose);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(uuencoded_files_in_a_text),
		cmocka_unit_test(base64_files_in_a_text),
		cmocka_unit_test(long_lines_are_no_files),
		cmocka_unit_test(only_texts_are_searched),
		cmocka_unit_test(yenc_files_in_a_text),
		cmocka_unit_test(a_file_before_the_first_part_of_a_multipart),
		cmocka_unit_test(binhex_files_in_a_text),
		cmocka_unit_test(coded_files_as_attachments),
		cmocka_unit_test(files_in_tnef),
		cmocka_unit_test(names_in_the_code_page_of_the_sender),
		cmocka_unit_test(a_message_in_tnef_is_tnef),
		cmocka_unit_test(the_text_of_tnef_is_read),
		cmocka_unit_test(a_file_behind_a_broken_message_is_found),
		cmocka_unit_test(broken_tnef_is_told),
		cmocka_unit_test(macros_in_older_documents),
		cmocka_unit_test(files_in_onenote),
		cmocka_unit_test(messages_in_a_file),
		cmocka_unit_test(messages_in_a_file_with_a_gap),
	};
	mail_init();
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	mail_exit();
	return failed;
}
