/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * text.c - decoded text: joins format=flowed paragraphs, finds URLs.
 */
#include "hash.h"
#include "mime.h"

#include <string.h>

#define URL_SIZE_MAX 8192    /* longer ones are cut */
#define URL_BRACKETS_MAX 100 /* closing brackets at the end of a URL that are checked */
#define URL_LINES_MAX 8      /* on which a URL in angle brackets may be */
#define URLS_FEW 16
#define SHARE_HOST_MIN 2 /* octets of a host in a UNC path */
#define SCHEME_MIN 2     /* octets of a scheme */

/* --- format=flowed --- */

/* One line of flowed text. */
struct flowed_line {
	unsigned quotes;
	const char *text;
	size_t size;
	bool soft; /* the paragraph continues in the next line */
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
		struct flowed_line line = flowed_line(at, (size_t)((lf ? lf : end) - at));
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
		if (!line.soft && lf)
			g_string_append_c(out, '\n');
		open = line.soft;
		quotes = line.quotes;
		at = lf ? lf + 1 : end;
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

/* is_known - few URLs are compared one by one; for many a hash table is made. */
static bool is_known(struct urls *urls, char *text)
{
	const GPtrArray *list = urls->mail->urls;
	if (list->len < URLS_FEW) {
		for (guint i = 0; i < list->len; i++)
			if (strcmp(list->pdata[i], text) == 0)
				return true;
		return false;
	}
	if (!*urls->seen) {
		*urls->seen = g_hash_table_new(hash_text, g_str_equal);
		for (guint i = 0; i < list->len; i++)
			g_hash_table_add(*urls->seen, list->pdata[i]);
	}
	return !g_hash_table_add(*urls->seen, text);
}

/* opened - is there an opening bracket for the closing one at the end of the URL? */
static bool opened(const char *url, size_t size, char opening)
{
	size_t open = 0, closed = 0;
	for (size_t i = 0; i < size; i++) {
		open += url[i] == opening;
		closed += url[i] == url[size - 1];
	}
	return closed <= open;
}

static inline bool is_slash(char c)
{
	return c == '/' || c == '\\';
}

/* mark_size - the size of the punctuation mark at the end of a text; 0: there is none. */
static size_t mark_size(const char *text, size_t size)
{
	static const char *const marks[] = { "\u2019", "\u201d", "\u00bb", "\u2026", "\u3001", "\u3002", "\uff09",
		"\uff0c" };
	const char last = text[size - 1];
	if (!(last & 0x80))
		return strchr(".,;:!?'\"*_~", last) ? 1 : 0;
	for (size_t i = 0; i < G_N_ELEMENTS(marks); i++) {
		size_t length = strlen(marks[i]);
		if (size >= length && memcmp(text + size - length, marks[i], length) == 0)
			return length;
	}
	return 0;
}

/* url_add - removes punctuation at the end, and adds the URL if it is new. */
static void url_add(struct urls *urls, const char *url, size_t size)
{
	bool cut = size > URL_SIZE_MAX;
	size = MIN(size, URL_SIZE_MAX);
	for (unsigned brackets = 0; size > 0;) {
		char last = url[size - 1];
		char opening = last == ')' ? '(' : last == ']' ? '[' : last == '}' ? '{' : '\0';
		if (opening != '\0' && (brackets++ == URL_BRACKETS_MAX || opened(url, size, opening)))
			break;
		size_t mark = opening == '\0' ? mark_size(url, size) : 1;
		if (mark == 0)
			break;
		size -= mark;
	}
	const char *rest = is_slash(*url) ? url : memchr(url, ':', size);
	if (!rest)
		return;
	for (rest += *rest == ':'; rest < url + size && is_slash(*rest);)
		rest++;
	if (rest == url + size || urls->mail->urls->len >= MAIL_URL_MAX)
		return;
	const char *valid = url + size;
	if (cut) /* perhaps inside a character */
		g_utf8_validate_len(url, size, &valid);
	char *text = arena_copy(urls->mail->arena, url, (size_t)(valid - url));
	if (!is_known(urls, text))
		mail_list_add(urls->mail, &urls->mail->urls, text);
}

/* url_scheme - does a URL begin at `at`? Returns the size of its scheme, with "://" or ":"; 0 when none does. */
static size_t url_scheme(const char *at, size_t left)
{
	static const struct {
		const char *text;
		size_t size;
	} schemes[] = { { "http://", 7 }, { "https://", 8 }, { "ftp://", 6 }, { "mailto:", 7 }, { "file:/", 6 },
		{ "file:\\", 6 }, { "smb://", 6 }, { "ftps://", 7 }, { "sftp://", 7 }, { "ldap://", 7 },
		{ "ldaps://", 8 } };
	for (size_t i = 0; i < G_N_ELEMENTS(schemes); i++)
		if (left > schemes[i].size && mime_same(at, schemes[i].text, schemes[i].size))
			return schemes[i].size;
	return 0;
}

static inline bool ends_url(char c)
{
	__extension__ static const bool ends[256] = { [0 ... ' '] = true,
		['<'] = true,
		['>'] = true,
		['"'] = true,
		['`'] = true,
		['|'] = true,
		['\\'] = true,
		['^'] = true,
		[0x7f] = true };
	return ends[(uint8_t)c];
}

/* url_stop - the end of the URL that begins at `at` and has a scheme of this size: at a character that ends one, or at
 * a ']' without its '[', as in "[http://a.example](http://b.example)". The path of a file may have backslashes. */
static const char *url_stop(const char *at, size_t scheme, const char *end)
{
	unsigned open = 0;
	const bool file = *at == '\\' || mime_same(at, "file:", 5);
	for (at += scheme; at < end && (!ends_url(*at) || (file && *at == '\\')); at++) {
		open += *at == '[';
		if (*at == ']' && open-- == 0)
			break;
	}
	return at;
}

/* url_joined - the URL in angle brackets that begins at `at`, and of which lines end at `stop` and further on (RFC 3986
 * appendix C), without the line ends and the blanks behind them; NULL when it is none. *close: where its '>' is. Free
 * with g_string_free. */
static GString *url_joined(const char *at, const char *stop, const char *end, const char **close)
{
	GString *url = g_string_new_len(at, stop - at);
	for (unsigned lines = 1; lines < URL_LINES_MAX && stop < end && *stop == '\n'; lines++) {
		for (stop++; stop < end && (*stop == ' ' || *stop == '\t');)
			stop++;
		const char *more = stop;
		while (stop < end && !ends_url(*stop))
			stop++;
		if (url_scheme(more, (size_t)(stop - more)) > 0)
			stop = more; /* another URL */
		g_string_append_len(url, more, stop - more);
		if (stop == more)
			break;
	}
	*close = stop;
	if (stop < end && *stop == '>')
		return url;
	g_string_free(url, TRUE);
	return NULL;
}

/* urls_text - finds URLs in running text by their colons, which are rare. */
static void urls_text(struct urls *urls, struct span text)
{
	const char *from = (const char *)text.data, *at = from, *end = from + text.size;
	const char *colon;
	while (at < end && (colon = memchr(at, ':', (size_t)(end - at)))) {
		const char *start = colon;
		while (start > at && g_ascii_isalpha(start[-1]))
			start--;
		/* "xhttp:" does not begin a URL; "(http:" and "=http:" do */
		size_t scheme = url_scheme(start, (size_t)(end - start));
		at = colon + 1;
		if (scheme == 0 || (start > from && (g_ascii_isdigit(start[-1]) || strchr("+-.", start[-1]))))
			continue;
		const char *stop = url_stop(start, scheme, end), *close;
		GString *joined = NULL;
		if (stop < end && *stop == '\n' && start > from && start[-1] == '<')
			joined = url_joined(start, stop, end, &close);
		if (joined) {
			url_add(urls, joined->str, joined->len);
			g_string_free(joined, TRUE);
			stop = close;
		} else
			url_add(urls, start, (size_t)(stop - start));
		at = stop;
	}
}

/* share_size - the size of "\\\\host\\" (a UNC path; MS-DTYP 2.2.57) at `at`; 0: it is none. A program that opens such
 * a path tells the host who its user is. */
static size_t share_size(const char *at, const char *end)
{
	const char *host = at + 2, *stop = host;
	while (stop < end && (g_ascii_isalnum(*stop) || (stop > host && strchr("-._@", *stop))))
		stop++;
	bool path = stop - host >= SHARE_HOST_MIN && end - stop >= 2 && *stop == '\\';
	return path && (g_ascii_isalnum(stop[1]) || (stop[1] & 0x80)) ? (size_t)(stop + 1 - at) : 0;
}

/* urls_shares - finds UNC paths in running text, at the beginning of a word, by their backslashes, which are rare. */
static void urls_shares(struct urls *urls, struct span text)
{
	const char *from = (const char *)text.data, *at = from, *end = from + text.size;
	while (at < end && (at = memchr(at, '\\', (size_t)(end - at)))) {
		const bool begins = end - at > 2 && at[1] == '\\' && (at == from || strchr(" \t\r\n\"'<>([=|", at[-1]));
		const size_t share = begins ? share_size(at, end) : 0;
		const char *stop = share > 0 ? url_stop(at, share, end) : at + 1;
		if (share > 0)
			url_add(urls, at, (size_t)(stop - at));
		at = stop;
	}
}

/* leads_out - does the target of a link lead out of the mail: has it a host, or a scheme that is not for parts of the
 * mail, pictures in the HTML, or scripts? A letter before a colon is a drive. */
static bool leads_out(const char *url, size_t size)
{
	static const char *const inside[] = { "cid:", "mid:", "about:", "x-apple-data-detectors:", "javascript:",
		"vbscript:", "data:image/", "data:font/", "data:application/font", "data:application/x-font" };
	if (size > 2 && is_slash(url[0]) && is_slash(url[1]))
		return g_ascii_isalnum(url[2]) || url[2] == '[' || (url[2] & 0x80);
	size_t scheme = 0;
	while (scheme < size && (g_ascii_isalnum(url[scheme]) || (scheme > 0 && strchr("+-.", url[scheme]))))
		scheme++;
	if (scheme < SCHEME_MIN || scheme == size || url[scheme] != ':' || !g_ascii_isalpha(*url))
		return false;
	for (size_t i = 0; i < G_N_ELEMENTS(inside); i++)
		if (size >= strlen(inside[i]) && g_ascii_strncasecmp(url, inside[i], strlen(inside[i])) == 0)
			return false;
	return true;
}

void mime_url(struct mail *mail, GHashTable **seen, struct span url)
{
	struct urls urls = { mail, seen };
	if (leads_out((const char *)url.data, url.size))
		url_add(&urls, (const char *)url.data, url.size);
}

void mime_urls(struct mail *mail, GHashTable **seen, struct span text)
{
	struct urls urls = { mail, seen };
	urls_text(&urls, text);
	urls_shares(&urls, text);
}

void mime_script_urls(struct mail *mail, GHashTable **seen, struct span text)
{
	if (!memchr(text.data, '\\', text.size)) {
		mime_urls(mail, seen, text);
		return;
	}
	GString *plain = g_string_sized_new(text.size);
	for (size_t i = 0; i < text.size; i++)
		if (text.data[i] != '\\' || i + 1 == text.size || text.data[i + 1] != '/')
			g_string_append_c(plain, (char)text.data[i]);
	mime_urls(mail, seen, span_of(plain->str, plain->len));
	g_string_free(plain, TRUE);
}
