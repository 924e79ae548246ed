/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * charset.c - octets in any charset become UTF-8.
 *
 * Charset names come from the wire: GMime knows their aliases, iconv does the work, names that could mean something
 * else to iconv are not handed on. Converters are kept, because opening one costs more than a header. What can't be
 * converted becomes U+FFFD, and so does NUL, since the results are C strings.
 */
#include "mime.h"

#include <errno.h>
#include <gmime/gmime.h>
#include <string.h>

#include "octets.h"

#define CHARSET_NAME_MAX 40
#define CONVERTERS_MAX 32
#define REPLACEMENT "\xef\xbf\xbd"

static GHashTable *converters; /* name -> iconv_t */

/* Names that stand for a larger charset, or that iconv does not know: what the declared one can't convert is tried as
 * that. Python writes the last two. */
static const struct {
	const char *declared, *meant;
} meanings[] = {
	{ "gb2312", "gb18030" },
	{ "gb_2312-80", "gb18030" },
	{ "gbk", "gb18030" },
	{ "x-gbk", "gb18030" },
	{ "euc-kr", "uhc" },
	{ "ks_c_5601-1987", "uhc" },
	{ "shift_jis", "cp932" },
	{ "shift-jis", "cp932" },
	{ "sjis", "cp932" },
	{ "x-sjis", "cp932" },
	{ "iso-2022-jp", "iso-2022-jp-3" },
	{ "iso-8859-8-i", "iso-8859-8" },
	{ "iso-8859-8-e", "iso-8859-8" },
	{ "unicode-1-1-utf-7", "utf-7" },
	{ "big5", "big5-hkscs" },
	{ "cp-850", "cp850" },
	{ "eucgb2312_cn", "gb18030" },
	{ "big5_tw", "big5" },
};

static void converter_close(gpointer converter)
{
	g_mime_iconv_close(converter);
}

/* mime_charset_init - makes the table of converters, and starts GMime, which can be started only once. */
void mime_charset_init(void)
{
	static bool started;
	if (!started)
		g_mime_init();
	started = true;
	converters = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, converter_close);
}

void mime_charset_exit(void)
{
	g_clear_pointer(&converters, g_hash_table_destroy);
}

/* converter_get - the converter from a charset, at its initial state. Returns (iconv_t)-1 when there is none. */
static iconv_t converter_get(const char *charset)
{
	gpointer known;
	if (g_hash_table_lookup_extended(converters, charset, NULL, &known)) {
		iconv(known, NULL, NULL, NULL, NULL);
		return known;
	}
	if (strlen(charset) > CHARSET_NAME_MAX ||
		charset[strspn(charset, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:+-")] != '\0')
		return (iconv_t)-1;
	iconv_t converter = g_mime_iconv_open("UTF-8", g_mime_charset_iconv_name(charset));
	if (converter != (iconv_t)-1) {
		if (g_hash_table_size(converters) >= CONVERTERS_MAX)
			g_hash_table_remove_all(converters);
		g_hash_table_insert(converters, g_strdup(charset), converter);
	}
	return converter;
}

bool charset_is_ascii(struct span in)
{
	return octets_ascii(in.data, in.size) == in.size;
}

/* is_utf8 - NUL counts as a character. */
static bool is_utf8(struct span in)
{
	const char *from = (const char *)in.data, *end = from + in.size;
	while (!g_utf8_validate_len(from, (gsize)(end - from), &from)) {
		if (*from != '\0')
			return false;
		from++;
	}
	return true;
}

/* append_utf8 - appends what claims to be UTF-8: U+FFFD for each octet that isn't. */
static void append_utf8(GString *out, struct span in)
{
	const char *from = (const char *)in.data;
	size_t left = in.size;
	while (left > 0) {
		const char *bad;
		g_utf8_validate_len(from, left, &bad);
		g_string_append_len(out, from, bad - from);
		left -= (size_t)(bad - from);
		if (left > 0) {
			g_string_append_len(out, REPLACEMENT, 3);
			left--;
			bad++;
			/* the rest of a broken sequence is one replacement with it */
			while (left > 0 && (*bad & 0xc0) == 0x80) {
				bad++;
				left--;
			}
		}
		from = bad;
	}
}

/* convert - appends `in`, converted; returns the number of octets that couldn't be. */
static size_t convert(GString *out, iconv_t converter, struct span in)
{
	char *from = (char *)(uintptr_t)in.data;
	size_t left = in.size, invalid = 0;
	bool flushed = false;
	while (!flushed) {
		char buffer[4096], *to = buffer;
		size_t room = sizeof buffer;
		flushed = left == 0;
		size_t result =
			flushed ? iconv(converter, NULL, NULL, &to, &room) : iconv(converter, &from, &left, &to, &room);
		for (char *p = buffer, *nul; p < to; p = nul + (nul < to)) {
			nul = memchr(p, '\0', (size_t)(to - p));
			if (nul == NULL)
				nul = to;
			g_string_append_len(out, p, nul - p);
			if (nul < to)
				g_string_append_len(out, REPLACEMENT, 3);
		}
		if (result == (size_t)-1 && errno != E2BIG && left > 0) {
			g_string_append_len(out, REPLACEMENT, 3);
			from++;
			left--;
			invalid++;
		}
	}
	return invalid;
}

bool charset_is_utf8(const char *charset)
{
	return charset != NULL && (mime_same(charset, "utf-8", 6) || mime_same(charset, "utf8", 5));
}

static bool is_plain(const char *charset)
{
	return charset == NULL || *charset == '\0' || mime_same(charset, "us-ascii", 9) ||
	       mime_same(charset, "ascii", 6);
}

/* same_as_ascii - are the octets below 128 ASCII in this charset, whatever surrounds them? */
static bool same_as_ascii(const char *charset)
{
	return is_plain(charset) || charset_is_utf8(charset) || mime_same(charset, "iso-8859-", 9) ||
	       mime_same(charset, "windows-125", 11) || mime_same(charset, "koi8-", 5);
}

static bool has_c1(struct span in)
{
	for (size_t i = 0; i < in.size; i++)
		if (in.data[i] >= 0x80 && in.data[i] < 0xa0)
			return true;
	return false;
}

/* is_jis - Japanese that nobody declared: it begins with this escape sequence. */
static bool is_jis(struct span in)
{
	return in.size > 0 && memchr(in.data, 0x1b, in.size) != NULL && memmem(in.data, in.size, "\x1b$", 2) != NULL;
}

static void append_latin(GString *out, struct span in)
{
	iconv_t converter = converter_get("windows-1252");
	if (converter == (iconv_t)-1)
		append_utf8(out, in);
	else
		convert(out, converter, in);
}

void charset_guess(GString *out, const char *hint, struct span in)
{
	if (is_jis(in)) {
		charset_append(out, "iso-2022-jp", in);
		return;
	}
	if (in.size == 0 || charset_is_ascii(in) || is_utf8(in)) {
		append_utf8(out, in);
		return;
	}
	size_t before = out->len;
	iconv_t converter = is_plain(hint) || charset_is_utf8(hint) ? (iconv_t)-1 : converter_get(hint);
	if (converter != (iconv_t)-1 && convert(out, converter, in) == 0)
		return;
	g_string_truncate(out, before);
	append_latin(out, in);
}

void charset_append(GString *out, const char *charset, struct span in)
{
	if (in.size == 0)
		return;
	if (charset_is_ascii(in) && same_as_ascii(charset) && !(is_plain(charset) && is_jis(in))) {
		g_string_append_len(out, (const char *)in.data, (gssize)in.size);
		return;
	}
	if (charset_is_utf8(charset)) {
		append_utf8(out, in);
		return;
	}
	iconv_t converter = is_plain(charset) ? (iconv_t)-1 : converter_get(charset);
	size_t before = out->len;
	const char *meant = NULL;
	for (size_t i = 0; charset != NULL && i < G_N_ELEMENTS(meanings); i++)
		if (g_ascii_strcasecmp(charset, meanings[i].declared) == 0)
			meant = meanings[i].meant;
	/* no text has C1 controls: who says iso-8859-1 and uses them means windows-1252 */
	if (charset != NULL && g_ascii_strcasecmp(charset, "iso-8859-1") == 0 && has_c1(in))
		append_latin(out, in);
	else if (converter == (iconv_t)-1 && (meant == NULL || (converter = converter_get(meant)) == (iconv_t)-1))
		charset_guess(out, NULL, in);
	else if (convert(out, converter, in) > 0 && meant != NULL &&
		 (converter = converter_get(meant)) != (iconv_t)-1) {
		g_string_truncate(out, before);
		convert(out, converter, in);
	}
}
