/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * charset.c - converts octets in any charset to UTF-8.
 *
 * charset_names.c tells which charset a name means, iconv converts. Charsets that iconv can't read (HZ, the iso-2022-jp
 * of Windows) are first turned into ones that it can. Names that are not in the table are passed to iconv in GMime's
 * spelling. Converters are kept, because opening one takes longer than converting a header. Text that does not fit its
 * charset, or gives control characters (C1), is read in the superset that was probably meant. What can't be converted
 * becomes U+FFFD, one per character; so does NUL, since the results are C strings.
 */
#include "charset.h"

#include <errno.h>
#include <gmime/gmime.h>
#include <string.h>

#include "hash.h"
#include "mime.h"
#include "octets.h"
#include "text.h"

#define CHARSET_NAME_MAX 40
#define CONVERTERS_MAX 100 /* kept at a time: iconv knows hundreds, mail uses few */
#define UNKNOWN_MAX 10     /* unknown names reported for one mail */
#define REPLACEMENT "\xef\xbf\xbd"
#define NO_CONVERTER ((iconv_t)-1)

static GHashTable *converters; /* name -> iconv_t */
static GPtrArray *unknown;     /* unknown names since charset_unknown was called */

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
	converters = g_hash_table_new_full(hash_text, g_str_equal, g_free, converter_close);
	unknown = g_ptr_array_new_with_free_func(g_free);
}

void mime_charset_exit(void)
{
	g_clear_pointer(&converters, g_hash_table_destroy);
	g_ptr_array_free(unknown, TRUE);
	charset_names_exit();
}

/* converter_get - the converter from the charset with this iconv name, in its initial state; NO_CONVERTER when there is
 * none.
 */
static iconv_t converter_get(const char *name)
{
	gpointer known;
	if (g_hash_table_lookup_extended(converters, name, NULL, &known)) {
		iconv(known, NULL, NULL, NULL, NULL);
		return known;
	}
	iconv_t converter = g_mime_iconv_open("UTF-8", name);
	if (converter != NO_CONVERTER) {
		if (g_hash_table_size(converters) >= CONVERTERS_MAX)
			g_hash_table_remove_all(converters);
		g_hash_table_insert(converters, g_strdup(name), converter);
	}
	return converter;
}

/* find_else - looks in iconv for a charset that the table does not have. Fills in *found. */
static const struct charset *find_else(const char *charset, struct charset *found)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:+-";
	if (strlen(charset) > CHARSET_NAME_MAX || charset[strspn(charset, letters)] != '\0')
		return NULL;
	const char *name = g_mime_charset_iconv_name(charset);
	*found = (struct charset){ NULL, name, NULL, CHARSET_SHIFTED };
	return converter_get(name) != NO_CONVERTER ? found : NULL;
}

/* note_unknown - remembers an unknown name for the record. */
static void note_unknown(const char *charset)
{
	for (guint i = 0; i < unknown->len; i++)
		if (g_ascii_strcasecmp(unknown->pdata[i], charset) == 0)
			return;
	if (unknown->len < UNKNOWN_MAX)
		g_ptr_array_add(unknown, g_utf8_make_valid(charset, -1));
}

void charset_unknown(struct mail *mail)
{
	if (unknown->len == 0)
		return;
	for (guint i = 0; mail && i < unknown->len && mail->unknown_charsets->len < UNKNOWN_MAX; i++)
		mail_list_add(mail, &mail->unknown_charsets,
			arena_copy(mail->arena, unknown->pdata[i], strlen(unknown->pdata[i])));
	g_ptr_array_set_size(unknown, 0);
}

bool charset_is_ascii(struct span in)
{
	return octets_ascii(in.data, in.size) == in.size;
}

/* --- UTF-8 --- */

/* charset_looks_utf8 - NUL counts as a character. */
bool charset_looks_utf8(struct span in)
{
	size_t at = text_utf8(in.data, in.size);
	while (at < in.size && in.data[at] == '\0')
		at += 1 + text_utf8(in.data + at + 1, in.size - at - 1);
	return at == in.size;
}

/* append_utf8 - appends text declared as UTF-8, with U+FFFD for each invalid sequence. */
static void append_utf8(GString *out, struct span in)
{
	const char *from = (const char *)in.data;
	size_t left = in.size;
	while (left > 0) {
		const char *bad = from + text_utf8(from, left);
		g_string_append_len(out, from, bad - from);
		left -= (size_t)(bad - from);
		if (left > 0) {
			g_string_append_len(out, REPLACEMENT, 3);
			left--;
			bad++;
			/* the octets of an invalid sequence become one U+FFFD */
			while (left > 0 && (*bad & 0xc0) == 0x80) {
				bad++;
				left--;
			}
		}
		from = bad;
	}
}

static bool charset_is_utf8(const char *charset)
{
	return charset && (mime_same(charset, "utf-8", 6) || mime_same(charset, "utf8", 5));
}

/* has_c1 - has it C1 control characters? Real text has none. */
static bool has_c1(const char *text, size_t size)
{
	for (const char *at = text, *end = text + size; (at = memchr(at, 0xc2, (size_t)(end - at))); at++)
		if (at + 1 < end && (uint8_t)at[1] < 0xa0)
			return true;
	return false;
}

/* --- iconv --- */

/* step - the size of a character that can't be converted. What looks like a two-octet character is skipped as a whole,
 * so that the next character is read from its first octet. */
static size_t step(enum charset_kind kind, const uint8_t *at, size_t left)
{
	/* second octets of each kind: a range in ASCII, and a range above */
	static const struct {
		uint8_t first, from, to, high;
	} seconds[CHARSET_HZ + 1] = { [CHARSET_EUC] = { 0xa1, 1, 0, 0xa1 },
		[CHARSET_GBK] = { 0x81, 0x40, 0x7e, 0x80 },
		[CHARSET_BIG5] = { 0x81, 0x40, 0x7e, 0xa1 },
		[CHARSET_UHC] = { 0x81, 0x41, 0x7a, 0x81 },
		[CHARSET_SJIS] = { 0x81, 0x40, 0x7e, 0x80 },
		[CHARSET_JIS] = { 0xa1, 1, 0, 0xa1 },
		[CHARSET_HZ] = { 0xa1, 1, 0, 0xa1 } };
	if (seconds[kind].first == 0 || left < 2)
		return 1;
	bool three = (kind == CHARSET_EUC || kind == CHARSET_JIS) && at[0] == 0x8f;
	if (three && left > 2 && at[1] >= 0xa1 && at[1] != 0xff && at[2] >= 0xa1 && at[2] != 0xff)
		return 3;
	if (kind == CHARSET_GBK && left > 3 && g_ascii_isdigit(at[1]) && at[2] > 0x80 && g_ascii_isdigit(at[3]))
		return 4;
	if (at[0] < seconds[kind].first || at[0] == 0xff || (kind == CHARSET_SJIS && at[0] >= 0xa0 && at[0] < 0xe0))
		return 1;
	bool low = at[1] >= seconds[kind].from && at[1] <= seconds[kind].to;
	return low || (at[1] >= seconds[kind].high && at[1] != 0xff) ? 2 : 1;
}

/* append_clean - appends UTF-8 with U+FFFD for each NUL. */
static void append_clean(GString *out, const char *from, const char *end)
{
	for (const char *nul; from < end; from = nul + (nul < end)) {
		nul = memchr(from, '\0', (size_t)(end - from));
		if (!nul)
			nul = end;
		g_string_append_len(out, from, nul - from);
		if (nul < end)
			g_string_append_len(out, REPLACEMENT, 3);
	}
}

/* convert - appends `in`, converted; returns the number of characters that couldn't be converted. */
static size_t convert(GString *out, iconv_t converter, enum charset_kind kind, struct span in)
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
		append_clean(out, buffer, to);
		if (result == (size_t)-1 && errno != E2BIG && left > 0) {
			size_t bad = step(kind, (const uint8_t *)from, left);
			g_string_append_len(out, REPLACEMENT, 3);
			from += bad;
			left -= bad;
			invalid++;
		}
	}
	return invalid;
}

/* --- charsets that iconv can't read --- */

/* from_hz - RFC 1843: ~{ and ~} around pairs of GB2312 without their high bits. */
static void from_hz(GString *out, struct span in)
{
	bool pairs = false;
	for (size_t i = 0; i < in.size; i++) {
		uint8_t c = in.data[i], next = i + 1 < in.size ? in.data[i + 1] : 0;
		if (c == '~' && (next == '{' || next == '}' || next == '~' || next == '\n')) {
			if (next == '~')
				g_string_append_c(out, '~');
			else if (next != '\n')
				pairs = next == '{';
			i++;
		} else if (pairs && c > ' ' && c < 0x7f && next > ' ' && next < 0x7f) {
			g_string_append_c(out, (char)(c | 0x80));
			g_string_append_c(out, (char)(next | 0x80));
			i++;
		} else {
			pairs = pairs && c != '\n';
			g_string_append_c(out, (char)c);
		}
	}
}

/* jis_escape - the character set that the escape sequence after ESC selects: 'B' ASCII, 'I' half-width katakana, '$'
 * JIS X 0208, 'D' JIS X 0212; 0: not an escape sequence. *size: of the sequence. */
static char jis_escape(const uint8_t *at, size_t left, size_t *size)
{
	static const struct {
		const char *text;
		char set;
	} escapes[] = { { "(B", 'B' }, { "(J", 'B' }, { "(H", 'B' }, { "(I", 'I' }, { "$@", '$' }, { "$B", '$' },
		{ "$(@", '$' }, { "$(B", '$' }, { "$(D", 'D' }, { "&@", '$' } };
	for (size_t i = 0; i < G_N_ELEMENTS(escapes); i++) {
		*size = strlen(escapes[i].text);
		if (left >= *size && memcmp(at, escapes[i].text, *size) == 0)
			return escapes[i].set;
	}
	return 0;
}

/* from_jis - converts iso-2022-jp as Windows writes it (with NEC's row 13, IBM's characters and half-width katakana) to
 * EUC. Every line begins in ASCII. */
static void from_jis(GString *out, struct span in)
{
	char set = 'B', next;
	size_t size = 0;
	for (size_t i = 0; i < in.size; i++) {
		uint8_t c = in.data[i];
		if (c == 0x1b && (next = jis_escape(in.data + i + 1, in.size - i - 1, &size)) != 0) {
			set = next;
			i += size;
		} else if (c == 0x0e || c == 0x0f)
			set = c == 0x0e ? 'I' : 'B';
		else if (c <= ' ' || (c >= 0x7f && (c < 0xa1 || c > 0xdf))) {
			set = c == '\n' ? 'B' : set;
			g_string_append_c(out, (char)c);
		} else if (set == 'I' || c >= 0xa1) {
			g_string_append_c(out, (char)0x8e);
			g_string_append_c(out, (char)(c | 0x80));
		} else if (set == 'B' || i + 1 == in.size || in.data[i + 1] <= ' ' || in.data[i + 1] >= 0x7f)
			g_string_append_c(out, (char)c);
		else {
			if (set == 'D')
				g_string_append_c(out, (char)0x8f);
			g_string_append_c(out, (char)(c | 0x80));
			g_string_append_c(out, (char)(in.data[++i] | 0x80));
		}
	}
}

/* --- any charset --- */

/* is_jis - undeclared Japanese, recognised by its escape sequence. */
static bool is_jis(struct span in)
{
	return in.size > 0 && memchr(in.data, 0x1b, in.size) && memmem(in.data, in.size, "\x1b$", 2);
}

/* read_as - appends `in` as text of this charset. Returns the number of characters that do not fit the charset. */
static size_t read_as(GString *out, const struct charset *charset, struct span in)
{
	iconv_t converter = converter_get(charset->iconv);
	if (converter == NO_CONVERTER) {
		append_utf8(out, in);
		return in.size;
	}
	if (charset->kind != CHARSET_JIS && charset->kind != CHARSET_HZ)
		return convert(out, converter, charset->kind, in);
	GString *octets = g_string_sized_new(in.size);
	if (charset->kind == CHARSET_HZ)
		from_hz(octets, in);
	else
		from_jis(octets, in);
	size_t invalid = convert(out, converter, charset->kind, span_of(octets->str, octets->len));
	g_string_free(octets, TRUE);
	return invalid;
}

/* is_unsaid - does the declared charset leave the octets above 127 undefined? */
static bool is_unsaid(const struct charset *charset)
{
	return !charset || charset->kind == CHARSET_NONE;
}

/* get_charset - the charset with this name; NULL when it is unknown. */
static const struct charset *get_charset(const char *name, struct charset *found)
{
	if (!name || *name == '\0')
		return NULL;
	const struct charset *charset = charset_find(name);
	return charset ? charset : find_else(name, found);
}

void charset_guess(GString *out, const char *hint, struct span in)
{
	struct charset found;
	if (is_jis(in)) {
		charset_append(out, "iso-2022-jp", in);
		return;
	}
	if (in.size == 0 || charset_is_ascii(in) || charset_looks_utf8(in)) {
		append_utf8(out, in);
		return;
	}
	size_t before = out->len;
	const struct charset *charset = get_charset(hint, &found);
	if (!is_unsaid(charset) && charset->kind != CHARSET_UTF8 && read_as(out, charset, in) == 0)
		return;
	g_string_truncate(out, before);
	read_as(out, charset_find("cp1252"), in);
}

void charset_append(GString *out, const char *name, struct span in)
{
	if (in.size == 0)
		return;
	if (charset_is_utf8(name)) {
		append_utf8(out, in);
		return;
	}
	struct charset found;
	const struct charset *charset = get_charset(name, &found);
	if (!charset && name && *name != '\0')
		note_unknown(name);
	if (is_unsaid(charset)) {
		charset_guess(out, NULL, in);
		return;
	}
	if (charset->kind == CHARSET_UTF8 || (charset->kind < CHARSET_SHIFTED && charset_is_ascii(in))) {
		append_utf8(out, in);
		return;
	}
	size_t before = out->len, invalid = read_as(out, charset, in);
	if (charset->larger && (invalid > 0 || has_c1(out->str + before, out->len - before))) {
		g_string_truncate(out, before);
		read_as(out, charset_find(charset->larger), in);
	}
}
