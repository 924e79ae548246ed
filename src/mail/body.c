/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * body.c - text parts: the octets are kept until the part ends (up to the body limit, at least MAIL_TEXT_MAX), then
 * converted to UTF-8 for email.body, the URLs, and the text that detectors search.
 */
#include <string.h>

#include "html.h"
#include "kind.h"
#include "part.h"

#define META_MAX 1024    /* octets of HTML in which its charset is looked for */
#define SIXTEEN_FIRST 16 /* octets whose NULs show UTF-16 */
#define SIXTEEN_LEAST 6
#define TEXT_FIRST 512 /* octets allocated at first */

#define FREE_MAX 64            /* spare texts kept for later parts */
#define FREE_OCTETS (4 * 1024) /* octets that a spare may keep */

/* An open text part. */
struct text {
	struct part *part;
	GByteArray *octets;
	uint64_t size;     /* of the whole part */
	size_t most;       /* most octets that octets ever held */
	struct text *next; /* in the list of free ones */
};

static struct text *free_texts;
static unsigned free_count;

/* lines - turns CRLF into LF, from `start` on. */
static void lines(GString *text, size_t start)
{
	char *to = memchr(text->str + start, '\r', text->len - start);
	if (!to)
		return;
	const char *from = to, *end = text->str + text->len;
	while (from < end) {
		const char *cr = memchr(from, '\r', (size_t)(end - from));
		if (!cr)
			cr = end;
		memmove(to, from, (size_t)(cr - from));
		to += cr - from;
		from = cr;
		if (cr < end) {
			if (cr + 1 == end || cr[1] != '\n')
				*to++ = '\r';
			from++;
		}
	}
	g_string_truncate(text, (gsize)(to - text->str));
}

/* cut - the size of text, cut to at most limit octets at a character boundary. */
static size_t cut(struct span text, size_t limit)
{
	if (text.size <= limit)
		return text.size;
	while (limit > 0 && (text.data[limit] & 0xc0) == 0x80)
		limit--;
	return limit;
}

/* body_rank - how suitable a part is as the body: text/plain before text/html, parts without a file name before those
 * with one. Of equals the first is used. */
static int body_rank(const struct part *part, bool empty)
{
	const struct mail_part *about = part->about;
	if (part->in_message || !part->text || (!part->html && strcmp(about->content_type, "text/plain") != 0) ||
		g_strcmp0(about->disposition, "attachment") == 0)
		return 0;
	if (empty)
		return 1;
	return (part->html ? 2 : 3) + (!about->filename ? 2 : 0);
}

/* meta_charset - the charset that HTML declares in a meta tag; NULL when it declares none. */
static char *meta_charset(struct arena *arena, struct span html)
{
	size_t size = MIN(html.size, META_MAX);
	for (size_t i = 0; i + 8 < size; i++) {
		if ((html.data[i] | 0x20) != 'c' ||
			g_ascii_strncasecmp((const char *)html.data + i, "charset=", 8) != 0)
			continue;
		i += 8;
		i += html.data[i] == '"' || html.data[i] == '\'';
		size_t begin = i;
		while (i < size && (g_ascii_isalnum(html.data[i]) || strchr("-_.:", html.data[i])) && html.data[i] != 0)
			i++;
		return arena_copy(arena, (const char *)html.data + begin, i - begin);
	}
	return NULL;
}

/* sixteen_bits - UTF-16 whose first characters are Latin, as its NULs show; NULL: it is something else. */
static const char *sixteen_bits(struct span octets)
{
	const size_t size = MIN(octets.size, SIXTEEN_FIRST) & ~(size_t)1;
	bool low = size >= SIXTEEN_LEAST && memchr(octets.data, 0, size), high = low;
	for (size_t i = 0; (low || high) && i < size; i += 2) {
		low &= octets.data[i] != 0 && octets.data[i + 1] == 0;
		high &= octets.data[i] == 0 && octets.data[i + 1] != 0;
	}
	return low ? "utf-16le" : high ? "utf-16be" : NULL;
}

/* marked_charset - the charset that a byte order mark shows, which is always right, or NULs; without, the declared one.
 */
static const char *marked_charset(struct span octets, const char *declared)
{
	static const struct {
		const char *mark, *charset;
		size_t size;
	} marks[] = { { "\xff\xfe\0\0", "utf-32", 4 }, { "\xff\xfe", "utf-16", 2 }, { "\xfe\xff", "utf-16", 2 } };
	for (size_t i = 0; octets.size > 0 && *octets.data >= 0xfe && i < G_N_ELEMENTS(marks); i++)
		if (octets.size >= marks[i].size && memcmp(octets.data, marks[i].mark, marks[i].size) == 0)
			return marks[i].charset;
	const char *sixteen = sixteen_bits(octets);
	return sixteen ? sixteen : declared;
}

/* decode_text - appends the part's text to `text`, in UTF-8. Returns it. */
static struct span decode_text(const struct part *part, GString *text, struct span octets)
{
	const struct mime_params *type = &part->type;
	const struct mail_part *about = part->about;
	if (text->len > 0)
		g_string_append_c(text, '\n');
	size_t start = text->len;
	const char *charset = about->charset;
	if (!charset && part->html)
		charset = meta_charset(part->parts->mail->arena, octets);
	charset_append(text, marked_charset(octets, charset), octets);
	if (mime_begins(text->str + start, "\xef\xbb\xbf"))
		g_string_erase(text, (gssize)start, 3);
	lines(text, start);
	if (type->format && g_ascii_strcasecmp(type->format, "flowed") == 0 &&
		strcmp(about->content_type, "text/plain") == 0)
		mime_flowed(text, start, type->delsp && g_ascii_strcasecmp(type->delsp, "yes") == 0);
	return span_of(text->str + start, text->len - start);
}

/* take_body - makes the part the body if it ranks higher than the present one. shown: its text; source: the octets that
 * the text was made from.
 */
static void take_body(struct part *part, struct span source, struct span shown, bool all)
{
	struct parts *parts = part->parts;
	struct mail *mail = parts->mail;
	const size_t limit = parts->options->body_limit;
	int rank = body_rank(part, source.size == 0);
	if (!parts->options->body || rank <= parts->body_rank)
		return;
	size_t size = cut(shown, limit);
	mail->body = arena_copy(mail->arena, (const char *)shown.data, size);
	mail->body_type = part->about->content_type;
	mail->body_truncated = size < shown.size || !all;
	mail->html = NULL;
	if (parts->options->html && shown.data != source.data)
		mail->html = arena_copy(mail->arena, (const char *)source.data, cut(source, limit));
	parts->body_rank = rank;
}

/* is_folded - is it a calendar or a business card, whose lines are folded (RFC 5545 3.1, RFC 6350 3.2)? */
static bool is_folded(struct span text)
{
	static const char begin[] = "BEGIN:V";
	const size_t size = sizeof begin - 1;
	return text.size > size && (*text.data | 0x20) == 'b' &&
	       g_ascii_strncasecmp((const char *)text.data, begin, size) == 0;
}

/* unfolded_calendar - the text of a calendar with its lines joined, and without the escapes that may stand in a URL. */
static GString *unfolded_calendar(struct span text)
{
	GString *out = g_string_sized_new(text.size);
	for (size_t i = 0; i < text.size; i++) {
		char c = (char)text.data[i], next = i + 1 < text.size ? (char)text.data[i + 1] : '\0';
		if (c == '\n' && (next == ' ' || next == '\t'))
			i++;
		else if (c == '\\' && (next == ',' || next == ';'))
			g_string_append_c(out, (char)text.data[++i]);
		else
			g_string_append_c(out, c);
	}
	return out;
}

/* has_escapes - may slashes have a backslash before them? */
static bool has_escapes(const struct mail_part *about)
{
	return g_str_has_suffix(about->content_type, "json") || g_str_has_suffix(about->content_type, "javascript") ||
	       names_extension(about->filename, ".json") || names_extension(about->filename, ".js");
}

/* text_urls - adds the URLs in a text that is not HTML. */
static void text_urls(struct parts *parts, const struct mail_part *about, struct span text)
{
	if (!is_folded(text)) {
		(has_escapes(about) ? mime_script_urls : mime_urls)(parts->mail, &parts->seen, text);
		return;
	}
	GString *out = unfolded_calendar(text);
	mime_urls(parts->mail, &parts->seen, span_of(out->str, out->len));
	g_string_free(out, TRUE);
}

/* read_part_text - adds the text of a part to the body, the URLs and the text that detectors search. */
static void read_part_text(struct part *part, struct span octets, bool all)
{
	struct parts *parts = part->parts;
	struct mail *mail = parts->mail;
	GString *text = mail_text(mail);
	size_t before = text->len;
	struct span added = decode_text(part, text, octets);
	bool urls = parts->options->urls && mail->urls->len < MAIL_URL_MAX;
	if (part->html) {
		GString *shown = g_string_sized_new(added.size / 4);
		html_read(mail, &parts->seen, added, shown, urls);
		take_body(part, added, span_of(shown->str, shown->len), all);
		g_string_free(shown, TRUE);
	} else {
		if (urls)
			text_urls(parts, part->about, added);
		take_body(part, added, added, all);
	}
	g_string_truncate(text, before + cut(span_of(text->str + before, text->len - before),
						 before < MAIL_TEXT_MAX ? MAIL_TEXT_MAX - before : 0));
}

/* Extensions of texts that open a URL, run, or are read. */
static const char *const text_extensions[] = { ".appinstaller", ".bat", ".cmd", ".csv", ".desktop", ".ics", ".iqy",
	".jnlp", ".js", ".jse", ".json", ".library-ms", ".log", ".md", ".ps1", ".rtf", ".searchconnector-ms",
	".settingcontent-ms", ".sh", ".slk", ".txt", ".url", ".vbs", ".vcf", ".webloc", ".website", ".wsf", ".xml" };

/* is_text_type - is it a text of a type of its own? */
static bool is_text_type(const char *type)
{
	static const char *const ends[] = { "/json", "+json", "/xml", "+xml", "javascript", "/x-sh", "/x-httpd-php" };
	for (size_t i = 0; i < G_N_ELEMENTS(ends); i++)
		if (g_str_has_suffix(type, ends[i]))
			return true;
	return false;
}

/* opens_as - is a file that is not declared as text opened as HTML or SVG all the same, by its beginning or by its
 * name, or as another text? *html: the former. */
static bool opens_as(const struct part *part, struct span head, bool *html)
{
	static const char shortcut[] = "[InternetShortcut]";
	static const char *const extensions[] = { ".html", ".htm", ".shtml", ".xhtml", ".svg" };
	bool rich = part->kind && strcmp(part->kind->extension, ".rtf") == 0;
	if ((part->kind && !rich) || head.size == 0 || mime_begins(part->about->content_type, "message/") ||
		(!mime_is_text(head) && !marked_charset(head, NULL)))
		return false;
	const char *begins = kind_extension(part->about, head), *name = part->about->filename;
	*html |= TEXT_LISTED(begins, extensions) || names_listed(name, extensions, G_N_ELEMENTS(extensions));
	return *html || rich || names_listed(name, text_extensions, G_N_ELEMENTS(text_extensions)) || is_folded(head) ||
	       is_text_type(part->about->content_type) ||
	       (head.size >= sizeof shortcut &&
		       g_ascii_strncasecmp((const char *)head.data, shortcut, sizeof shortcut - 1) == 0);
}

static void *text_begin(struct part *part, struct span head)
{
	if (!part->text && !opens_as(part, head, &part->html))
		return NULL;
	struct text *text = free_texts;
	if (text) {
		free_texts = text->next;
		free_count--;
	} else {
		text = g_new0(struct text, 1);
		text->octets = g_byte_array_sized_new(TEXT_FIRST);
	}
	text->part = part;
	text->size = 0;
	return text;
}

static void text_feed(void *state, struct span piece)
{
	struct text *text = state;
	size_t room = text->part->parts->text_max - text->octets->len;
	g_byte_array_append(text->octets, piece.data, (guint)MIN(piece.size, room));
	text->size += piece.size;
}

static void text_free(struct text *text)
{
	g_byte_array_free(text->octets, TRUE);
	g_free(text);
}

void text_exit(void)
{
	while (free_texts) {
		struct text *text = free_texts;
		free_texts = text->next;
		text_free(text);
	}
	free_count = 0;
}

static void text_drop(void *state)
{
	struct text *text = state;
	text->most = MAX(text->most, text->octets->len);
	if (free_count >= FREE_MAX || text->most > FREE_OCTETS) {
		text_free(text);
		return;
	}
	g_byte_array_set_size(text->octets, 0);
	text->next = free_texts;
	free_texts = text;
	free_count++;
}

static void text_end(void *state, struct part *part)
{
	struct text *text = state;
	struct mail *mail = part->parts->mail;
	mail->partial |= text->octets->len < text->size;
	read_part_text(part, span_of(text->octets->data, text->octets->len), text->octets->len == text->size);
	text_drop(text);
}

static size_t text_memory(const void *state)
{
	const struct text *text = state;
	return sizeof *text + text->octets->len;
}

const struct part_inspector text_inspector = {
	.begin = text_begin, .feed = text_feed, .end = text_end, .drop = text_drop, .memory = text_memory
};
