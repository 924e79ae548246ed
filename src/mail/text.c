/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * text.c - what is read out of decoded text: format=flowed paragraphs, and urls of plain text and HTML.
 *
 * HTML is scanned, not parsed: values of the attributes that load or lead somewhere, and the text between tags.
 */
#include "mime.h"

#include <string.h>

#define URL_SIZE_MAX 8192 /* longer ones are cut */
#define URLS_FEW 16
#define ENTITY_MAX 12

/* --- format=flowed --- */

/* One line of flowed text. */
struct flowed_line {
	unsigned quotes;
	const char *text;
	size_t size;
	bool soft; /* the paragraph goes on */
};

static struct flowed_line flowed_line(const char *from, size_t size)
{
	struct flowed_line line = { 0 };
	const char *end = from + size;
	for (; from < end && *from == '>'; from++)
		line.quotes++;
	if (from < end && *from == ' ')
		from++; /* space-stuffing */
	line.text = from;
	line.size = (size_t)(end - from);
	line.soft = line.size > 0 && end[-1] == ' ' && !(line.size == 3 && memcmp(from, "-- ", 3) == 0);
	return line;
}

void mime_flowed(GString *text, size_t start, bool delsp)
{
	GString *out = g_string_sized_new(text->len - start);
	const char *at = text->str + start, *end = text->str + text->len;
	bool open = false; /* the last line was soft */
	unsigned quotes = 0;
	while (at < end) {
		const char *lf = memchr(at, '\n', (size_t)(end - at));
		struct flowed_line line = flowed_line(at, (size_t)((lf != NULL ? lf : end) - at));
		bool signature = line.size == 3 && memcmp(line.text, "-- ", 3) == 0;
		if (open && (line.quotes != quotes || signature)) {
			g_string_append_c(out, '\n');
			open = false;
		}
		if (!open) {
			for (unsigned i = 0; i < line.quotes; i++)
				g_string_append_c(out, '>');
			if (line.quotes > 0 && line.size > 0)
				g_string_append_c(out, ' ');
		}
		g_string_append_len(out, line.text, (gssize)(line.size - (line.soft && delsp)));
		if (!line.soft && lf != NULL)
			g_string_append_c(out, '\n');
		open = line.soft;
		quotes = line.quotes;
		at = lf != NULL ? lf + 1 : end;
	}
	if (open)
		g_string_append_c(out, '\n');
	g_string_truncate(text, start);
	g_string_append_len(text, out->str, (gssize)out->len);
	g_string_free(out, TRUE);
}

/* --- urls --- */

struct urls {
	struct mail *mail;
	GHashTable **seen;
};

/* is_known - few urls are compared one by one; of many a table is made. */
static bool is_known(struct urls *urls, char *text)
{
	const GPtrArray *list = urls->mail->urls;
	if (list->len < URLS_FEW) {
		for (guint i = 0; i < list->len; i++)
			if (strcmp(list->pdata[i], text) == 0)
				return true;
		return false;
	}
	if (*urls->seen == NULL) {
		*urls->seen = g_hash_table_new(g_str_hash, g_str_equal);
		for (guint i = 0; i < list->len; i++)
			g_hash_table_add(*urls->seen, list->pdata[i]);
	}
	return !g_hash_table_add(*urls->seen, text);
}

/* url_add - trims what is punctuation of the sentence, and keeps the url if it is new. */
static void url_add(struct urls *urls, const char *url, size_t size)
{
	bool cut = size > URL_SIZE_MAX;
	size = MIN(size, URL_SIZE_MAX);
	while (size > 0) {
		char last = url[size - 1];
		char opening = last == ')' ? '(' : last == ']' ? '[' : last == '}' ? '{' : '\0';
		if (opening != '\0' && memchr(url, opening, size) != NULL)
			break;
		if (opening == '\0' && strchr(".,;:!?'\"*_~", last) == NULL)
			break;
		size--;
	}
	const char *rest = memchr(url, ':', size);
	if (rest == NULL)
		return;
	for (rest++; rest < url + size && *rest == '/';)
		rest++;
	if (rest == url + size || urls->mail->urls->len >= MAIL_URL_MAX)
		return;
	const char *valid = url + size;
	if (cut) /* perhaps in a character */
		g_utf8_validate_len(url, size, &valid);
	char *text = arena_copy(urls->mail->arena, url, (size_t)(valid - url));
	if (!is_known(urls, text))
		mail_list_add(urls->mail, &urls->mail->urls, text);
}

/* url_scheme - does a url begin at `at`? Returns the size of its scheme, with "://" or ":"; 0 when none does. */
static size_t url_scheme(const char *at, size_t left)
{
	static const struct {
		const char *text;
		size_t size;
	} schemes[] = { { "http://", 7 }, { "https://", 8 }, { "ftp://", 6 }, { "mailto:", 7 } };
	for (size_t i = 0; i < G_N_ELEMENTS(schemes); i++)
		if (left > schemes[i].size && mime_same(at, schemes[i].text, schemes[i].size))
			return schemes[i].size;
	return 0;
}

static bool ends_url(char c)
{
	switch (c) {
	case '<':
	case '>':
	case '"':
	case '`':
	case '|':
	case '\\':
	case '^':
	case 0x7f:
		return true;
	default:
		return (uint8_t)c <= ' ';
	}
}

/* urls_text - urls in running text; colons are rarer than anything else in them. */
static void urls_text(struct urls *urls, struct span text)
{
	const char *from = (const char *)text.data, *at = from, *end = from + text.size;
	const char *colon;
	while (at < end && (colon = memchr(at, ':', (size_t)(end - at))) != NULL) {
		const char *start = colon;
		while (start > at && g_ascii_isalpha(start[-1]))
			start--;
		/* "xhttp:" is no url; "(http:" and "=http:" are */
		size_t scheme = url_scheme(start, (size_t)(end - start));
		at = colon + 1;
		if (scheme == 0 || (start > from && (g_ascii_isdigit(start[-1]) || strchr("+-.", start[-1]) != NULL)))
			continue;
		const char *stop = start + scheme;
		while (stop < end && !ends_url(*stop))
			stop++;
		url_add(urls, start, (size_t)(stop - start));
		at = stop;
	}
}

/* entity - decodes the character reference at `at` ("&amp;", "&#58;", "&#x3a;"). Returns its size, 0 when it is none.
 */
static size_t entity(const char *at, const char *end, GString *out)
{
	static const struct {
		const char *name, *text;
	} names[] = {
		{ "amp", "&" },
		{ "lt", "<" },
		{ "gt", ">" },
		{ "quot", "\"" },
		{ "apos", "'" },
		{ "nbsp", " " },
		{ "colon", ":" },
		{ "sol", "/" },
		{ "period", "." },
		{ "commat", "@" },
		{ "quest", "?" },
		{ "equals", "=" },
		{ "num", "#" },
		{ "percnt", "%" },
		{ "hyphen", "-" },
		{ "lowbar", "_" },
		{ "Tab", "\t" },
		{ "NewLine", "\n" },
		{ "plus", "+" },
		{ "semi", ";" },
	};
	size_t size = 1;
	while (at + size < end && size < ENTITY_MAX && (g_ascii_isalnum(at[size]) || at[size] == '#'))
		size++;
	size_t whole = size + (at + size < end && at[size] == ';');
	if (size > 2 && at[1] == '#') {
		bool hex = at[2] == 'x' || at[2] == 'X';
		char *stop;
		char digits[ENTITY_MAX + 1] = "";
		memcpy(digits, at + 2 + hex, size - 2 - hex);
		guint64 code = g_ascii_strtoull(digits, &stop, hex ? 16 : 10);
		if (stop == digits || *stop != '\0' || code == 0 || code > 0x10ffff ||
			!g_unichar_validate((gunichar)code))
			return 0;
		g_string_append_unichar(out, (gunichar)code);
		return whole;
	}
	for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
		if (strlen(names[i].name) == size - 1 && memcmp(names[i].name, at + 1, size - 1) == 0) {
			g_string_append(out, names[i].text);
			return whole;
		}
	return 0;
}

/* html_decode - appends html with its character references decoded. */
static void html_decode(GString *out, const char *at, const char *end)
{
	while (at < end) {
		const char *amp = memchr(at, '&', (size_t)(end - at));
		if (amp == NULL)
			amp = end;
		g_string_append_len(out, at, amp - at);
		size_t size = amp < end ? entity(amp, end, out) : 0;
		if (amp < end && size == 0) {
			g_string_append_c(out, '&');
			size = 1;
		}
		at = amp + size;
	}
}

/* attribute_value - the value of an attribute: as a browser reads it, without the space around and line ends inside. */
static void attribute_value(struct urls *urls, GString *scratch, const char *from, const char *end)
{
	g_string_truncate(scratch, 0);
	html_decode(scratch, from, end);
	size_t size = 0;
	for (size_t i = 0; i < scratch->len; i++)
		if (strchr("\t\r\n", scratch->str[i]) == NULL && (size > 0 || scratch->str[i] != ' '))
			scratch->str[size++] = scratch->str[i];
	while (size > 0 && scratch->str[size - 1] == ' ')
		size--;
	if (url_scheme(scratch->str, size) > 0)
		url_add(urls, scratch->str, size);
}

/* tag - the attributes of a tag that begins behind '<'. Returns where it ends (behind '>'). */
static const char *tag(struct urls *urls, GString *scratch, const char *at, const char *end)
{
	static const char *const leads[] = { "href", "src", "action", "background", "formaction", "data", "poster" };
	while (at < end && *at != '>' && *at != '/' && !g_ascii_isspace(*at))
		at++;
	while (at < end && *at != '>') {
		while (at < end && (g_ascii_isspace(*at) || *at == '/'))
			at++;
		const char *name = at;
		while (at < end && *at != '>' && *at != '=' && *at != '/' && !g_ascii_isspace(*at))
			at++;
		size_t size = (size_t)(at - name);
		while (at < end && g_ascii_isspace(*at))
			at++;
		if (at >= end || *at != '=')
			continue;
		for (at++; at < end && g_ascii_isspace(*at);)
			at++;
		if (at >= end)
			break;
		const char *value = at, *stop;
		if (*at == '"' || *at == '\'') {
			stop = memchr(at + 1, *at, (size_t)(end - at - 1));
			value = at + 1;
			if (stop == NULL)
				stop = end;
			at = stop + (stop < end);
		} else {
			while (at < end && *at != '>' && !g_ascii_isspace(*at))
				at++;
			stop = at;
		}
		for (size_t i = 0; i < G_N_ELEMENTS(leads); i++)
			if (strlen(leads[i]) == size && g_ascii_strncasecmp(leads[i], name, size) == 0)
				attribute_value(urls, scratch, value, stop);
	}
	return at < end ? at + 1 : end;
}

static void urls_html(struct urls *urls, struct span html)
{
	const char *at = (const char *)html.data, *end = at + html.size;
	GString *scratch = g_string_new(NULL);
	while (at < end) {
		const char *open = memchr(at, '<', (size_t)(end - at));
		if (open == NULL)
			open = end;
		g_string_truncate(scratch, 0);
		html_decode(scratch, at, open);
		urls_text(urls, span_of(scratch->str, scratch->len));
		if (open == end)
			break;
		if (end - open >= 4 && memcmp(open, "<!--", 4) == 0) {
			const char *close = memmem(open + 4, (size_t)(end - open - 4), "-->", 3);
			at = close != NULL ? close + 3 : end;
		} else if (open + 1 < end && (g_ascii_isalpha(open[1]) || strchr("/!?", open[1]) != NULL))
			at = tag(urls, scratch, open + 1, end);
		else
			at = open + 1;
	}
	g_string_free(scratch, TRUE);
}

void mime_urls(struct mail *mail, GHashTable **seen, struct span text, bool html)
{
	struct urls urls = { mail, seen };
	if (html)
		urls_html(&urls, text);
	else
		urls_text(&urls, text);
}
