/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * charset_names.c - the names of charsets: one table.
 *
 * It has the labels of the WHATWG Encoding Standard, IANA's names, and those of Outlook (win-1251, ks_c_5601-1987),
 * Java (Cp1252, MS949) and the Mac. Only the letters and digits of a name are compared, without a leading "x-" or "cs";
 * all ways to write a code page number are equal.
 */
#include "charset.h"
#include "hash.h"

#include <string.h>

#define LABEL_MAX 40 /* letters and digits of a name */

/* clang-format off */
static const struct charset table[] = {
	/* labels, iconv's name, the superset to use when the text does not fit, how octets are read */
	{ "utf8 unicode11utf8 unicode20utf8 utf8n utf8mb4 cp65001", NULL, NULL, CHARSET_UTF8 },
	{ "usascii ascii us iso646us ansix341968 ansix341986 isoir6 iso646 cp367 cp20127 646 ascii7bit "
	  "unknown8bit unknown 8bit 7bit binary default userdefined iso8859", NULL, NULL, CHARSET_NONE },
	{ "iso88591 latin1 l1 cp819 cp28591 isoir100 isolatin1 iso885911987", "ISO-8859-1", "cp1252", CHARSET_ASCII },
	{ "iso88592 latin2 l2 cp28592 isoir101 isolatin2 iso885921987", "ISO-8859-2", "cp1250", CHARSET_ASCII },
	{ "iso88593 latin3 l3 cp28593 isoir109 isolatin3 iso885931988", "ISO-8859-3", NULL, CHARSET_ASCII },
	{ "iso88594 latin4 l4 cp28594 isoir110 isolatin4 iso885941988", "ISO-8859-4", "cp1257", CHARSET_ASCII },
	{ "iso88595 cyrillic cp28595 isoir144 isolatincyrillic iso885951988", "ISO-8859-5", "cp1251", CHARSET_ASCII },
	{ "iso88596 arabic asmo708 cp708 cp28596 ecma114 isoir127 iso88596e iso88596i isolatinarabic iso885961987",
	  "ISO-8859-6", "cp1256", CHARSET_ASCII },
	{ "iso88597 greek greek8 elot928 ecma118 cp28597 suneugreek isoir126 isolatingreek iso885971987",
	  "ISO-8859-7", "cp1253", CHARSET_ASCII },
	{ "iso88598 hebrew visual logical cp28598 cp38598 isoir138 iso88598e iso88598i isolatinhebrew iso885981988",
	  "ISO-8859-8", "cp1255", CHARSET_ASCII },
	{ "iso88599 latin5 l5 turkish cp28599 isoir148 isolatin5 iso885991989", "ISO-8859-9", "cp1254", CHARSET_ASCII },
	{ "iso885910 latin6 l6 cp28600 isoir157 isolatin6", "ISO-8859-10", NULL, CHARSET_ASCII },
	{ "iso885911 tis620 tis6202533 tis62025331 thai cp28601 isoir166", "TIS-620", "cp874", CHARSET_ASCII },
	{ "iso885913 latin7 l7 cp28603", "ISO-8859-13", "cp1257", CHARSET_ASCII },
	{ "iso885914 latin8 l8 isoceltic isoir199 cp28604", "ISO-8859-14", NULL, CHARSET_ASCII },
	{ "iso885915 latin9 latin0 l9 isolatin9 cp28605", "ISO-8859-15", "cp1252", CHARSET_ASCII },
	{ "iso885916 latin10 l10 isoir226 cp28606", "ISO-8859-16", NULL, CHARSET_ASCII },
	{ "cp1250", "CP1250", NULL, CHARSET_ASCII },
	{ "cp1251 ansi1251", "CP1251", NULL, CHARSET_ASCII },
	{ "cp1252 ansi westerneuropean", "CP1252", NULL, CHARSET_ASCII },
	{ "cp1253", "CP1253", NULL, CHARSET_ASCII },
	{ "cp1254", "CP1254", NULL, CHARSET_ASCII },
	{ "cp1255", "CP1255", NULL, CHARSET_ASCII },
	{ "cp1256", "CP1256", NULL, CHARSET_ASCII },
	{ "cp1257 baltic", "CP1257", NULL, CHARSET_ASCII },
	{ "cp1258 vietnamese", "CP1258", NULL, CHARSET_ASCII },
	{ "cp874", "CP874", NULL, CHARSET_ASCII },
	{ "koi8r koi8 koi cp878 cp20866", "KOI8-R", NULL, CHARSET_ASCII },
	{ "koi8u cp21866 cp1168", "KOI8-U", NULL, CHARSET_ASCII },
	{ "koi8ru", "KOI8-RU", NULL, CHARSET_ASCII },
	{ "cp437", "CP437", NULL, CHARSET_ASCII },
	{ "cp737", "CP737", NULL, CHARSET_ASCII },
	{ "cp775", "CP775", NULL, CHARSET_ASCII },
	{ "cp850 pc850multilingual", "CP850", NULL, CHARSET_ASCII },
	{ "cp852", "CP852", NULL, CHARSET_ASCII },
	{ "cp855", "CP855", NULL, CHARSET_ASCII },
	{ "cp857", "CP857", NULL, CHARSET_ASCII },
	{ "cp858 ccsid858", "CP858", NULL, CHARSET_ASCII },
	{ "cp860", "CP860", NULL, CHARSET_ASCII },
	{ "cp861", "CP861", NULL, CHARSET_ASCII },
	{ "cp862", "CP862", NULL, CHARSET_ASCII },
	{ "cp863", "CP863", NULL, CHARSET_ASCII },
	{ "cp864", "CP864", NULL, CHARSET_ASCII },
	{ "cp865", "CP865", NULL, CHARSET_ASCII },
	{ "cp866", "CP866", NULL, CHARSET_ASCII },
	{ "cp869", "CP869", NULL, CHARSET_ASCII },
	{ "cp1125", "CP1125", NULL, CHARSET_ASCII },
	{ "macintosh mac macroman cp10000", "MACINTOSH", NULL, CHARSET_ASCII },
	{ "maccyrillic macukrainian macuk cp10007 cp10017", "MAC-UK", NULL, CHARSET_ASCII },
	{ "macce maccentraleurope maccentraleurroman cp10029", "MAC-CENTRALEUROPE", NULL, CHARSET_ASCII },
	{ "viscii viscii111", "VISCII", NULL, CHARSET_ASCII },
	{ "tcvn tcvn5712 tcvn57121", "TCVN", NULL, CHARSET_ASCII },
	{ "gb2312 gb231280 euccn gb23121980 isoir58 iso58gb231280 chinese eucgb2312cn cp20936 cp51936 macchinesesimp cp10008",
	  "GB2312", "gb18030", CHARSET_GBK },
	{ "gbk cp936 936", "GBK", "gb18030", CHARSET_GBK },
	{ "gb18030 gb180302000 gb180302005 cp54936", "GB18030", NULL, CHARSET_GBK },
	{ "big5 cnbig5 big5tw eucbig5 cp950 macchinesetrad cp10002 big5eten", "BIG5", "big5hkscs", CHARSET_BIG5 },
	{ "big5hkscs big5hk ms950hkscs cp951", "BIG5-HKSCS", NULL, CHARSET_BIG5 },
	{ "euctw cns11643 cp51950 chinesecns", "EUC-TW", NULL, CHARSET_EUC },
	{ "euckr ksc5601 ksc56011987 ksc56011989 ksc56011992 ks56011987 isoir149 korean cp51949 cp20949 5601",
	  "EUC-KR", "cp949", CHARSET_UHC },
	{ "cp949 uhc mackorean cp10003 unifiedhangulcode", "UHC", NULL, CHARSET_UHC },
	{ "johab cp1361 ksc56011992johab", "JOHAB", NULL, CHARSET_UHC },
	{ "shiftjis sjis mskanji shiftjisx0213 shiftjis2004 sjis0213 macjapanese cp10001", "SJIS", "cp932", CHARSET_SJIS },
	{ "cp932 windows31j sjiswin cp943 ibm943c cp942 ibm942c", "CP932", NULL, CHARSET_SJIS },
	{ "eucjp ujis eucpkdfmtjapanese extendedunixcodepackedformatforjapanese cp20932", "EUC-JP", "eucjpms", CHARSET_EUC },
	{ "eucjpms eucjpwin eucjpopen cp51932", "EUC-JP-MS", NULL, CHARSET_EUC },
	{ "iso2022jp jis iso2022jp1 jisencoding jisautodetect", "ISO-2022-JP", "iso2022jpms", CHARSET_SHIFTED },
	{ "iso2022jp2", "ISO-2022-JP-2", "iso2022jpms", CHARSET_SHIFTED },
	{ "iso2022jp3 iso2022jp2004", "ISO-2022-JP-3", "iso2022jpms", CHARSET_SHIFTED },
	{ "iso2022jpms cp50220 cp50221 cp50222 windowsiso2022jp", "EUC-JP-MS", NULL, CHARSET_JIS },
	{ "iso2022kr cp50225", "ISO-2022-KR", NULL, CHARSET_SHIFTED },
	{ "iso2022cn cp50227 cp50229", "ISO-2022-CN", NULL, CHARSET_SHIFTED },
	{ "iso2022cnext", "ISO-2022-CN-EXT", NULL, CHARSET_SHIFTED },
	{ "hz hzgb2312 hzgb cp52936", "GB18030", NULL, CHARSET_HZ },
	{ "utf7 unicode11utf7 unicode20utf7 cp65000", "UTF-7", NULL, CHARSET_SHIFTED },
	{ "utf16 unicode ucs2 iso10646ucs2 iso10646 unicodebig", "UTF-16", NULL, CHARSET_SHIFTED },
	{ "utf16le unicodelittle unicodefeff utf16lebom cp1200 cp1202", "UTF-16LE", NULL, CHARSET_SHIFTED },
	{ "utf16be unicodefffe unicodebigunmarked utf16bebom cp1201", "UTF-16BE", NULL, CHARSET_SHIFTED },
	{ "utf32 ucs4 iso10646ucs4", "UTF-32", NULL, CHARSET_SHIFTED },
	{ "utf32le utf32lebom cp12000", "UTF-32LE", NULL, CHARSET_SHIFTED },
	{ "utf32be utf32bebom cp12001", "UTF-32BE", NULL, CHARSET_SHIFTED },
};
/* clang-format on */

static GHashTable *labels; /* label -> row */

/* letters - copies the letters and digits of a name, in lower case, up to a ':' (iso_8859-1:1987). Returns their
 * number. */
static size_t letters(char *out, const char *name)
{
	size_t size = 0;
	while ((*name == 'x' || *name == 'X') && (name[1] == '-' || name[1] == '_'))
		name += 2;
	for (; *name != '\0' && *name != ':' && *name != '$' && size < LABEL_MAX; name++)
		if (g_ascii_isalnum(*name))
			out[size++] = g_ascii_tolower(*name);
	out[size] = '\0';
	return size;
}

/* code_page - writes "cp" and the number for other names of a code page: windows-1251, win1251, ibm866, ms949, 866.
 * 8859_1 becomes iso-8859-1. */
static bool code_page(char *out, const char *label)
{
	static const char *const words[] = { "windows", "microsoftcp", "mswin", "msdos", "win", "ibm00", "ibm", "dos",
		"oem", "ms", "cp0", "cp", "ccsid", "" };
	if (g_str_has_prefix(label, "8859")) {
		g_snprintf(out, LABEL_MAX + 4, "iso%s", label);
		return true;
	}
	for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
		const char *number = label + strlen(words[i]);
		if (!g_str_has_prefix(label, words[i]) || *number == '\0' ||
			strspn(number, "0123456789") != strlen(number))
			continue;
		g_snprintf(out, LABEL_MAX + 4, "cp%s", number);
		return true;
	}
	return false;
}

/* table_new - a hash table of every label of every row. */
static GHashTable *table_new(void)
{
	GHashTable *hash = g_hash_table_new_full(hash_text, g_str_equal, g_free, NULL);
	for (size_t i = 0; i < G_N_ELEMENTS(table); i++) {
		char **words = g_strsplit(table[i].labels, " ", 0);
		for (char **word = words; *word; word++)
			g_hash_table_insert(hash, *word, (gpointer)(uintptr_t)&table[i]);
		g_free(words);
	}
	return hash;
}

const struct charset *charset_find(const char *name)
{
	char label[LABEL_MAX + 1], page[LABEL_MAX + 4];
	size_t size = letters(label, name);
	if (!labels)
		labels = table_new();
	const struct charset *found = g_hash_table_lookup(labels, label);
	if (!found && code_page(page, label))
		found = g_hash_table_lookup(labels, page);
	if (!found && size > 2 && g_str_has_prefix(label, "cs"))
		found = charset_find(label + 2);
	return found;
}

void charset_names_exit(void)
{
	g_clear_pointer(&labels, g_hash_table_destroy);
}
