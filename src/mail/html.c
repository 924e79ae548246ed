/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * html.c - see html.h. HTML is scanned, not parsed: tags, comments and hidden elements are removed, blocks get lines of
 * their own, runs of blanks become one. What is not closed ends with the text.
 */
#include "html.h"

#include <string.h>

#include "octets.h"

#define LINK_TEXT_MAX 300  /* octets kept of the text of a link */
#define BASE_MAX_SIZE 2048 /* octets of a base that links are resolved with */
#define WORD_MAX_SIZE 8192 /* octets of a word that tags may cut */
#define NAME_MAX_SIZE 15   /* octets of the name of a tag or attribute; no name that matters is longer */

/* What a tag does to the text. */
enum effect {
	EFFECT_NONE,
	EFFECT_HIDES, /* its content is not text */
	EFFECT_BREAK, /* a line end */
	EFFECT_BLOCK, /* a line of its own */
	EFFECT_SPACE, /* empty lines before and after */
	EFFECT_CELL,
	EFFECT_PRE,
	EFFECT_LINK
};

static const struct {
	const char *name;
	enum effect effect;
} tags[] = {
	/* sorted */
	{ "a", EFFECT_LINK },
	{ "address", EFFECT_BLOCK },
	{ "article", EFFECT_BLOCK },
	{ "blockquote", EFFECT_SPACE },
	{ "br", EFFECT_BREAK },
	{ "center", EFFECT_BLOCK },
	{ "dd", EFFECT_BLOCK },
	{ "div", EFFECT_BLOCK },
	{ "dl", EFFECT_BLOCK },
	{ "dt", EFFECT_BLOCK },
	{ "footer", EFFECT_BLOCK },
	{ "form", EFFECT_BLOCK },
	{ "h1", EFFECT_SPACE },
	{ "h2", EFFECT_SPACE },
	{ "h3", EFFECT_SPACE },
	{ "h4", EFFECT_SPACE },
	{ "h5", EFFECT_SPACE },
	{ "h6", EFFECT_SPACE },
	{ "header", EFFECT_BLOCK },
	{ "hr", EFFECT_BLOCK },
	{ "li", EFFECT_BLOCK },
	{ "ol", EFFECT_BLOCK },
	{ "option", EFFECT_BLOCK },
	{ "p", EFFECT_SPACE },
	{ "pre", EFFECT_PRE },
	{ "script", EFFECT_HIDES },
	{ "section", EFFECT_BLOCK },
	{ "style", EFFECT_HIDES },
	{ "table", EFFECT_BLOCK },
	{ "td", EFFECT_CELL },
	{ "template", EFFECT_HIDES },
	{ "textarea", EFFECT_BLOCK },
	{ "th", EFFECT_CELL },
	{ "title", EFFECT_HIDES },
	{ "tr", EFFECT_BLOCK },
	{ "ul", EFFECT_BLOCK },
};

struct html {
	struct mail *mail;
	GHashTable **seen;
	bool urls;
	GString *text;    /* NULL: not wanted */
	size_t start;     /* where this text begins in `text` */
	GString *scratch; /* decoded attribute value or text between two tags */
	bool pre, blank;  /* in <pre>, blanks are kept; a blank is due before the next letter */
	unsigned lines;   /* line ends that are due before the next letter */
	GString *target;  /* of the open link; empty: none */
	GString *label;   /* its text */
	GString *word;    /* a word that may be the beginning of a URL: tags within a line may cut it */
	GString *base;    /* what links without a host are relative to; empty: nothing */
};

/* --- the text --- */

/* put_break - requests a line end, or (lines is 2) an empty line, unless there is one already. */
static void put_break(struct html *html, unsigned lines)
{
	html->lines = MAX(html->lines, lines);
	html->blank = false;
}

/* put_due - appends the line ends or the blank that are due. */
static void put_due(struct html *html)
{
	GString *text = html->text;
	unsigned there = 0;
	if (text->len > html->start) {
		while (there < 2 && text->len > html->start + there && text->str[text->len - 1 - there] == '\n')
			there++;
		for (; there < html->lines; there++)
			g_string_append_c(text, '\n');
		if (html->blank && text->str[text->len - 1] != '\n')
			g_string_append_c(text, ' ');
	}
	html->lines = 0;
	html->blank = false;
}

/* words_end - where the words that begin here end: at a blank, but for one space between two words. */
static const char *words_end(const char *at, const char *end)
{
	for (; end - at > (ptrdiff_t)sizeof(octets16); at += sizeof(octets16)) {
		octets16 here = octets16_at(at), next = octets16_at(at + 1);
		octets16 odd = (octets16)(here < ' ') | ((octets16)(here == ' ') & (octets16)(next <= ' '));
		if (octets16_any(odd)) {
			at += octets16_first(odd);
			break;
		}
	}
	while (at < end && (!g_ascii_isspace(*at) || (*at == ' ' && at + 1 < end && !g_ascii_isspace(at[1]))))
		at++;
	return at;
}

/* put_html_text - appends decoded text; runs of blanks become one. */
static void put_html_text(struct html *html, struct span decoded)
{
	const char *at = (const char *)decoded.data, *end = at + decoded.size;
	while (at < end) {
		const char *from = at;
		if (html->pre && *at == '\n')
			g_string_append_c(html->text, *at++);
		else if (g_ascii_isspace(*at) && !html->pre) {
			html->blank = true;
			at++;
		} else {
			at = html->pre ? memchr(at, '\n', (size_t)(end - at)) : words_end(at, end);
			at = at ? at : end;
			put_due(html);
			g_string_append_len(html->text, from, at - from);
		}
	}
}

/* decode_references - copies HTML into scratch, with character references decoded. */
static void decode_references(struct html *html, const char *at, const char *end)
{
	g_string_truncate(html->scratch, 0);
	while (at < end) {
		const char *amp = memchr(at, '&', (size_t)(end - at));
		if (!amp)
			amp = end;
		g_string_append_len(html->scratch, at, amp - at);
		size_t size = amp < end ? entity_decode(html->scratch, amp, end) : 0;
		if (amp < end && size == 0) {
			g_string_append_c(html->scratch, '&');
			size = 1;
		}
		at = amp + size;
	}
}

/* end_word - the word that was held back is complete. */
static void end_word(struct html *html)
{
	if (html->word->len > 0)
		mime_urls(html->mail, html->seen, span_of(html->word->str, html->word->len));
	g_string_truncate(html->word, 0);
}

/* find_urls - finds URLs in the text between two tags. Its last word may go on behind the tag. */
static void find_urls(struct html *html, struct span text)
{
	const uint8_t *at = text.data, *end = at + text.size, *last = end;
	if (html->word->len > 0) {
		while (at < end && at[0] > ' ')
			at++;
		g_string_append_len(html->word, (const char *)text.data, at - text.data);
		if (at == end && html->word->len <= WORD_MAX_SIZE)
			return;
		end_word(html);
	}
	while (last > at && last[-1] > ' ')
		last--;
	const size_t size = (size_t)(end - last);
	if (size > 0 && size <= WORD_MAX_SIZE && (memchr(last, ':', size) || *last == '\\'))
		g_string_append_len(html->word, (const char *)last, (gssize)size);
	else
		last = end;
	mime_urls(html->mail, html->seen, span_of(at, (size_t)(last - at)));
}

/* take_html_text - the text between two tags. */
static void take_html_text(struct html *html, const char *at, const char *end)
{
	struct span text = span_of(at, (size_t)(end - at));
	if (memchr(at, '&', text.size)) { /* most texts have no character references */
		decode_references(html, at, end);
		text = span_of(html->scratch->str, html->scratch->len);
	}
	if (html->urls)
		find_urls(html, text);
	if (html->target->len > 0 && html->label->len <= LINK_TEXT_MAX)
		g_string_append_len(html->label, (const char *)text.data, (gssize)text.size);
	if (html->text)
		put_html_text(html, text);
}

/* --- links --- */

/* end_link - keeps the text and the target of a link when the text may be a host name or URL: one word with a dot in
 * it. */
static void end_link(struct html *html)
{
	char *label = g_strstrip(html->label->str);
	size_t size = strlen(label);
	struct mail *mail = html->mail;
	if (html->target->len > 0 && size > 3 && size <= LINK_TEXT_MAX && strchr(label, '.') &&
		!strpbrk(label, " \t\r\n") && mail->links->len < MAIL_LINKS_MAX) {
		struct mail_link *link = arena_take(mail->arena, sizeof *link);
		*link = (struct mail_link){ arena_copy(mail->arena, label, size),
			arena_copy(mail->arena, html->target->str, html->target->len) };
		mail_list_add(mail, &mail->links, link);
	}
	g_string_truncate(html->label, 0);
	g_string_truncate(html->target, 0);
}

/* --- tags --- */

struct tag {
	char name[NAME_MAX_SIZE + 1]; /* lower case */
	bool closes;
	enum effect effect;
};

static bool ends_name(char c)
{
	return c == '>' || c == '/' || c == '=' || g_ascii_isspace(c);
}

/* take_name - copies a name in lower case; empty when it is too long. Returns where it ends. */
static const char *take_name(char *name, const char *at, const char *end)
{
	size_t size = 0;
	for (; at < end && !ends_name(*at); at++, size++)
		if (size < NAME_MAX_SIZE)
			name[size] = g_ascii_tolower(*at);
	name[size <= NAME_MAX_SIZE ? size : 0] = '\0';
	return at;
}

/* take_value - copies an attribute value into scratch as a browser reads it: without white space around it and line
 * ends in it. */
static void take_value(struct html *html, const char *from, const char *end)
{
	GString *value = html->scratch;
	decode_references(html, from, end);
	size_t size = 0;
	for (size_t i = 0; i < value->len; i++)
		if (!strchr("\t\r\n", value->str[i]) && (size > 0 || value->str[i] != ' '))
			value->str[size++] = value->str[i];
	while (size > 0 && value->str[size - 1] == ' ')
		size--;
	g_string_truncate(value, size);
}

/* fix_slashes - browsers read "http:\\host", "http:/host" and "http:host" as "http://host". */
static void fix_slashes(GString *url)
{
	size_t scheme = strcspn(url->str, ":"), slashes;
	if (url->str[scheme] != ':' || (scheme != 4 && scheme != 5) ||
		g_ascii_strncasecmp(url->str, "https", scheme) != 0)
		return;
	slashes = strspn(url->str + scheme + 1, "/\\");
	if (slashes == 2 && url->str[scheme + 1] == '/' && url->str[scheme + 2] == '/')
		return;
	g_string_erase(url, (gssize)scheme + 1, (gssize)slashes);
	g_string_insert(url, (gssize)scheme + 1, "//");
}

/* The attributes that hold a URL, or a text with URLs in it. */
static const struct {
	const char *name;
	bool text;
} url_attributes[] = {
	{ "action", false },
	{ "archive", false },
	{ "background", false },
	{ "cite", false },
	{ "classid", false },
	{ "codebase", false },
	{ "content", true },
	{ "data", false },
	{ "dynsrc", false },
	{ "formaction", false },
	{ "href", false },
	{ "imagesrcset", true },
	{ "longdesc", false },
	{ "lowsrc", false },
	{ "manifest", false },
	{ "ping", true },
	{ "poster", false },
	{ "src", false },
	{ "srcdoc", true },
	{ "srcset", true },
	{ "style", true },
	{ "xlink:href", false },
};

/* is_script - is the value of the attribute a script: of an event ("onclick"), or a URL that runs? */
static bool is_script(const struct html *html, const char *name)
{
	return g_str_has_prefix(name, "on") || g_ascii_strncasecmp(html->scratch->str, "javascript:", 11) == 0;
}

/* resolve_target - makes a target relative to the base a URL of its own. */
static void resolve_target(struct html *html)
{
	GString *target = html->scratch;
	if (target->len == 0 || *target->str == '#' || strchr(target->str, ':'))
		return;
	char *url = g_uri_resolve_relative(html->base->str, target->str, G_URI_FLAGS_PARSE_RELAXED, NULL);
	if (url)
		g_string_assign(target, url);
	g_free(url);
}

/* take_url_attribute - takes an attribute; only those that hold a URL matter. */
static void take_url_attribute(
	struct html *html, const struct tag *tag, const char *name, const char *from, const char *end)
{
	size_t i = 0;
	while (i < G_N_ELEMENTS(url_attributes) && strcmp(url_attributes[i].name, name) != 0)
		i++;
	const bool listed = i < G_N_ELEMENTS(url_attributes);
	if ((!listed && !g_str_has_prefix(name, "on")) || tag->closes)
		return;
	take_value(html, from, end);
	const bool text = is_script(html, name) || url_attributes[i].text;
	if (!text)
		fix_slashes(html->scratch);
	if (strcmp(tag->name, "base") == 0 && html->base->len == 0 && html->scratch->len <= BASE_MAX_SIZE)
		g_string_assign(html->base, html->scratch->str);
	else if (!text && html->base->len > 0)
		resolve_target(html);
	if (html->urls)
		(text ? mime_urls : mime_url)(html->mail, html->seen, span_of(html->scratch->str, html->scratch->len));
	if (tag->effect == EFFECT_LINK && html->target->len == 0 && strcmp(name, "href") == 0)
		g_string_append_len(html->target, html->scratch->str, (gssize)html->scratch->len);
}

/* take_attributes - takes all attributes of a tag. Returns where the tag ends (after '>'). */
static const char *take_attributes(struct html *html, const struct tag *tag, const char *at, const char *end)
{
	while (at < end && *at != '>') {
		char name[NAME_MAX_SIZE + 1];
		while (at < end && (g_ascii_isspace(*at) || *at == '/'))
			at++;
		const char *begin = at;
		at = take_name(name, at, end);
		while (at < end && g_ascii_isspace(*at))
			at++;
		if (at >= end || *at != '=')
			continue;
		if (at == begin)
			name[0] = '\0';
		for (at++; at < end && g_ascii_isspace(*at);)
			at++;
		if (at >= end)
			break;
		const char *value = at, *stop;
		if (*at == '"' || *at == '\'') {
			stop = memchr(at + 1, *at, (size_t)(end - at - 1));
			value = at + 1;
			if (!stop)
				stop = end;
			at = stop + (stop < end);
		} else {
			while (at < end && *at != '>' && !g_ascii_isspace(*at))
				at++;
			stop = at;
		}
		take_url_attribute(html, tag, name, value, stop);
	}
	return at < end ? at + 1 : end;
}

/* skip_hidden - skips to the end of a hidden element: "</name". */
static const char *skip_hidden(const char *name, const char *at, const char *end)
{
	size_t size = strlen(name);
	for (const char *from = at; (at = memmem(at, (size_t)(end - at), "</", 2)); at += 2)
		if ((size_t)(end - at) >= size + 2 && g_ascii_strncasecmp(at + 2, name, size) == 0 &&
			(at + 2 + size == end || ends_name(at[2 + size])) && at >= from)
			return at;
	return end;
}

/* take_hidden - what is between two places is not text, but may hold URLs: a style sheet, a script, and a comment with
 * a condition, which some clients show. */
static void take_hidden(struct html *html, const char *at, const char *end)
{
	if (html->urls)
		mime_script_urls(html->mail, html->seen, span_of(at, (size_t)(end - at)));
}

/* take_comment - takes the comment that begins here. Returns where it ends. */
static const char *take_comment(struct html *html, const char *at, const char *end)
{
	at += strlen("<!--");
	const char *close = memmem(at, (size_t)(end - at), "-->", 3);
	if (end - at > 3 && g_ascii_strncasecmp(at, "[if", 3) == 0)
		take_hidden(html, at, close ? close : end);
	return close ? close + strlen("-->") : end;
}

/* apply - applies the effect of a tag to the text. */
static void apply(struct html *html, const struct tag *tag)
{
	switch (tag->effect) {
	case EFFECT_BREAK:
		if (html->text && html->text->len > html->start) {
			put_due(html);
			g_string_append_c(html->text, '\n');
		}
		break;
	case EFFECT_BLOCK:
		put_break(html, 1);
		break;
	case EFFECT_PRE:
		html->pre = !tag->closes;
		put_break(html, 2);
		break;
	case EFFECT_SPACE:
		put_break(html, 2);
		break;
	case EFFECT_CELL:
		html->blank = html->lines == 0;
		break;
	default:
		break;
	}
}

/* take_tag - takes the tag after a '<'. Returns where it ends. */
static const char *take_tag(struct html *html, const char *at, const char *end)
{
	struct tag tag = { .closes = *at == '/' };
	at = take_name(tag.name, at + tag.closes, end);
	for (size_t i = 0; i < G_N_ELEMENTS(tags) && tags[i].name[0] <= tag.name[0]; i++)
		if (tags[i].name[0] == tag.name[0] && strcmp(tags[i].name, tag.name) == 0)
			tag.effect = tags[i].effect;
	if (tag.effect != EFFECT_NONE)
		end_word(html);
	if (tag.effect == EFFECT_LINK)
		end_link(html);
	at = take_attributes(html, &tag, at, end);
	apply(html, &tag);
	if (tag.effect != EFFECT_HIDES || tag.closes)
		return at;
	const char *stop = skip_hidden(tag.name, at, end);
	take_hidden(html, at, stop);
	return stop;
}

void html_read(struct mail *mail, GHashTable **seen, struct span octets, GString *text, bool urls)
{
	const char *at = (const char *)octets.data, *end = at + octets.size;
	struct html html = { .mail = mail,
		.seen = seen,
		.urls = urls,
		.text = text,
		.start = text ? text->len : 0,
		.scratch = g_string_new(NULL),
		.target = g_string_new(NULL),
		.label = g_string_new(NULL),
		.word = g_string_new(NULL),
		.base = g_string_new(NULL) };
	while (at < end) {
		const char *open = memchr(at, '<', (size_t)(end - at));
		if (!open)
			open = end;
		take_html_text(&html, at, open);
		if (open == end)
			break;
		if (end - open >= 4 && memcmp(open, "<!--", 4) == 0)
			at = take_comment(&html, open, end);
		else if (open + 1 < end && (g_ascii_isalpha(open[1]) || strchr("/!?", open[1])))
			at = take_tag(&html, open + 1, end);
		else {
			take_html_text(&html, open, open + 1);
			at = open + 1;
		}
	}
	end_word(&html);
	end_link(&html);
	g_string_free(html.word, TRUE);
	g_string_free(html.base, TRUE);
	g_string_free(html.scratch, TRUE);
	g_string_free(html.target, TRUE);
	g_string_free(html.label, TRUE);
}
