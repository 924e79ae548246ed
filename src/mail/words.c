/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * words.c - header values: unfolds them, decodes RFC 2047 words, splits address lists.
 *
 * GMime 3.2 is not used because it loses the second of two padded base64 words, replaces what it can't convert with
 * '?', and needs quadratic time for words that never end. Words are decoded wherever real clients put them: in quotes,
 * without space around them, with spaces inside. The octets of adjacent words in one charset are joined before
 * conversion, because some clients split characters. Raw 8-bit octets in a word, which RFC 2047 forbids, are converted
 * once, with the line.
 */
#include "mime.h"

#include <string.h>

#include "octets.h"

#define WORD_CHARSET_MAX 64
#define LITERAL_MAX 64 /* octets of an address in brackets (RFC 5321 4.1.3) */

/* is_ordinary - has the character no special meaning in an address list? */
static inline bool is_ordinary(char c)
{
	static const bool meaning[256] = { ['\0'] = true,
		['='] = true,
		['\\'] = true,
		['"'] = true,
		['('] = true,
		[')'] = true,
		['['] = true,
		['<'] = true,
		['>'] = true,
		[','] = true,
		[';'] = true,
		[':'] = true };
	return !meaning[(uint8_t)c];
}

/* unfold - copies value without line ends, NUL-terminated. The white space after them stays (RFC 5322 2.2.3), except
 * that in a structured field a tab becomes a space. */
static struct span unfold(struct arena *arena, struct span value, bool structured)
{
	uint8_t *out = arena_take(arena, value.size + 1);
	size_t size = 0, next;
	for (size_t at = 0; at < value.size; at = next) {
		size_t end = mime_line_end(value, at, &next);
		memcpy(out + size, value.data + at, end - at);
		size += end - at;
		if (structured && next > end && next < value.size && value.data[next] == '\t') {
			out[size++] = ' ';
			next++;
		}
	}
	out[size] = '\0';
	return span_of(out, size);
}

/* One encoded word: =?charset*language?encoding?text?= */
struct word {
	char charset[WORD_CHARSET_MAX];
	char encoding; /* 'b', 'q' */
	const char *begin, *text, *text_end, *end;
};

/* word_parse - is there an encoded word at `at`? *open: a "?=" may still follow. */
static bool word_parse(struct word *word, const char *at, bool *open)
{
	if (at[0] != '=' || at[1] != '?')
		return false;
	const char *charset = at + 2;
	word->begin = at;
	size_t size = strcspn(charset, "? \t\"");
	if (size == 0 || charset[size] != '?' || size >= sizeof word->charset)
		return false;
	memcpy(word->charset, charset, size);
	word->charset[size] = '\0';
	word->charset[strcspn(word->charset, "*")] = '\0';
	word->encoding = g_ascii_tolower(charset[size + 1]);
	if ((word->encoding != 'b' && word->encoding != 'q') || charset[size + 2] != '?')
		return false;
	word->text = charset + size + 3;
	word->text_end = strstr(word->text, "?=");
	if (!word->text_end) {
		*open = false;
		return false;
	}
	word->end = word->text_end + 2;
	return word->charset[0] != '\0';
}

static void append_octets(void *out, struct span decoded)
{
	g_string_append_len(out, (const char *)decoded.data, (gssize)decoded.size);
}

/* The octets of adjacent words in one charset, which are converted together. */
struct word_run {
	GString *out, *octets;
	char charset[WORD_CHARSET_MAX];
};

static void run_end(struct word_run *run)
{
	charset_append(run->out, run->charset, span_of(run->octets->str, run->octets->len));
	g_string_truncate(run->octets, 0);
}

/* run_quoted - the text of a Q word. Non-ASCII characters in it are not encoded; they are already UTF-8. */
static void run_quoted(struct word_run *run, const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		int high = -1, low = -1;
		if (text[i] == '=' && i + 2 < size) {
			high = g_ascii_xdigit_value(text[i + 1]);
			low = g_ascii_xdigit_value(text[i + 2]);
		}
		if (high >= 0 && low >= 0) {
			g_string_append_c(run->octets, (char)(high << 4 | low));
			i += 2;
		} else if (text[i] & 0x80) {
			run_end(run);
			g_string_append_c(run->out, text[i]);
		} else
			g_string_append_c(run->octets, text[i] == '_' ? ' ' : text[i]);
	}
}

/* run_word - adds a word. One in which there is no base64 stays as it is. */
static void run_word(struct word_run *run, const struct word *word)
{
	size_t size = (size_t)(word->text_end - word->text);
	if (run->octets->len > 0 && g_ascii_strcasecmp(run->charset, word->charset) != 0)
		run_end(run);
	const size_t before = run->octets->len;
	memcpy(run->charset, word->charset, sizeof run->charset);
	if (word->encoding == 'q') {
		run_quoted(run, word->text, size);
		return;
	}
	mime_decode(MIME_BASE64, span_of(word->text, size), append_octets, run->octets);
	if (run->octets->len == before && size > 0) {
		run_end(run);
		g_string_append_len(run->out, word->begin, word->end - word->begin);
	}
}

char *mime_decode_words(struct arena *arena, char *text)
{
	if (!strstr(text, "=?"))
		return text;
	GString *out = g_string_sized_new(strlen(text));
	struct word_run run = { .out = out, .octets = g_string_new(NULL) };
	struct word word;
	bool open = true;
	for (const char *at = text; *at != '\0';) {
		if (!open || !word_parse(&word, at, &open)) {
			g_string_append_c(out, *at++);
			continue;
		}
		const char *next = at;
		do {
			run_word(&run, &word);
			at = word.end;
			/* space between two words is not part of the text */
			next = at + strspn(at, " \t\r\n");
		} while (open && word_parse(&word, next, &open));
		run_end(&run);
	}
	g_string_free(run.octets, TRUE);
	return arena_string(arena, out);
}

/* guess_line - converts a line with raw 8-bit octets to UTF-8. Inside an encoded word they are in its charset, unless
 * they are valid UTF-8. */
static char *guess_line(struct arena *arena, struct span line, const char *hint)
{
	GString *out = g_string_sized_new(line.size);
	const char *at = (const char *)line.data, *done = at, *end = at + line.size;
	struct word word;
	for (bool open = true; open && (at = memmem(at, (size_t)(end - at), "=?", 2));) {
		if (!word_parse(&word, at, &open)) {
			at += 2;
			continue;
		}
		struct span text = span_of(word.text, (size_t)(word.text_end - word.text));
		at = word.end;
		if (charset_looks_utf8(text))
			continue;
		charset_guess(out, hint, span_of(done, (size_t)(word.text - done)));
		charset_append(out, word.charset, text);
		done = word.text_end;
	}
	charset_guess(out, hint, span_of(done, (size_t)(end - done)));
	return arena_string(arena, out);
}

/* value_text - the value, trimmed, as UTF-8. */
static char *value_text(struct arena *arena, struct span value, const char *hint, bool structured)
{
	while (value.size > 0 && text_is_fws(*value.data))
		value = span_from(value, 1);
	while (value.size > 0 && text_is_fws(value.data[value.size - 1]))
		value.size--;
	if (octets_printable(value.data, value.size))
		return arena_copy(arena, (const char *)value.data, value.size);
	struct span raw = unfold(arena, value, structured);
	if (charset_is_ascii(raw) && !memchr(raw.data, 0x1b, raw.size))
		return (char *)(uintptr_t)raw.data;
	return guess_line(arena, raw, hint);
}

char *mime_unfold(struct arena *arena, struct span value, const char *hint)
{
	return value_text(arena, value, hint, true);
}

char *mime_words(struct arena *arena, struct span value, const char *hint)
{
	return mime_decode_words(arena, value_text(arena, value, hint, false));
}

char *mail_decode_header(struct span value)
{
	struct arena arena = { 0 };
	const struct arena none = arena;
	char *decoded = g_strdup(mime_words(&arena, value, NULL));
	arena_release(&arena, &none);
	charset_unknown(NULL);
	return decoded;
}

/* address_add - adds the address text[0..size), trimmed and decoded, if there is one. */
static void address_add(struct mail *mail, GPtrArray **list, const char *text, size_t size)
{
	while (size > 0 && text_is_fws(*text)) {
		text++;
		size--;
	}
	while (size > 0 && text_is_fws(text[size - 1]))
		size--;
	if (size > 0)
		mail_list_add(mail, list, mime_decode_words(mail->arena, arena_copy(mail->arena, text, size)));
}

/* literal_size - of an address in brackets, without the last one: an IPv6 address has colons. 0: it does not end. */
static size_t literal_size(const char *at)
{
	const char *close = memchr(at, ']', strnlen(at, LITERAL_MAX));
	return close ? (size_t)(close - at) : 0;
}

/* address_end - the end of the first address in text: at a comma, at the ':' or ';' of a group, or at the NUL. *angle
 * (may be NULL): where its '<' is. *open: as for word_parse. */
static const char *address_end(const char *text, bool group, const char **angle, bool *open)
{
	struct word word;
	unsigned comments = 0;
	bool quoted = false, inside = false;
	const char *at = text;
	for (;; at++) {
		while (is_ordinary(*at))
			at++;
		if (*at == '\0')
			return at;
		if (*at == '=' && *open && word_parse(&word, at, open))
			at = word.end - 1;
		else if (*at == '\\' && at[1] != '\0' && (quoted || comments > 0))
			at++;
		else if (*at == '"' && comments == 0)
			quoted = !quoted;
		else if (quoted)
			continue;
		else if (*at == '(')
			comments++;
		else if (*at == ')' && comments > 0)
			comments--;
		else if (comments > 0)
			continue;
		else if (*at == '[' && at > text && at[-1] == '@')
			at += literal_size(at);
		else if (*at == '<' || *at == '>') {
			inside = *at == '<';
			if (inside && angle)
				*angle = at;
		} else if (!inside && (*at == ',' || (group ? *at == ';' : *at == ':')))
			return at;
	}
}

/* mime_addresses - the list is split before decoding, so that a comma in an encoded word does not split it. Members of
 * a group become addresses of their own; an empty group is kept as written. */
void mime_addresses(struct mail *mail, GPtrArray **list, struct span value, const char *hint)
{
	char *text = mime_unfold(mail->arena, value, hint);
	const char *group = NULL;
	unsigned members = 0;
	bool open = true;
	for (const char *start = text; *start != '\0';) {
		const char *end = address_end(start, group != NULL, NULL, &open);
		if (*end == ':') {
			group = start;
			members = (*list)->len;
		} else {
			address_add(mail, list, start, (size_t)(end - start));
			if (*end == ';' && (*list)->len == members)
				address_add(mail, list, group, (size_t)(end + 1 - group));
			if (*end == ';')
				group = NULL;
		}
		start = end + (*end != '\0');
	}
}

/* unquote - text[0..size) trimmed, without quotes and quoted pairs, decoded; NULL when nothing is left. */
static char *unquote(struct arena *arena, const char *text, size_t size)
{
	char *out = arena_take(arena, size + 1), *to = out;
	for (size_t i = 0; i < size; i++) {
		if (text[i] == '\\' && i + 1 < size)
			*to++ = text[++i];
		else if (text[i] != '"')
			*to++ = text[i];
	}
	*to = '\0';
	out = g_strstrip(mime_decode_words(arena, out));
	return *out != '\0' ? out : NULL;
}

/* mime_mailbox - "Name <address>", "address (Name)", "address". */
void mime_mailbox(struct arena *arena, const char *text, char **name, char **address)
{
	bool open = true;
	const char *angle = NULL, *start = text, *end = address_end(start, false, &angle, &open);
	if (*end == ':') {
		start = end + 1;
		angle = NULL;
		end = address_end(start, true, &angle, &open);
	}
	const char *close = angle ? memchr(angle, '>', (size_t)(end - angle)) : NULL;
	const char *comment = !angle ? memchr(start, '(', (size_t)(end - start)) : NULL;
	if (angle) {
		*name = unquote(arena, start, (size_t)(angle - start));
		*address = g_strstrip(arena_copy(arena, angle + 1, (size_t)((close ? close : end) - angle - 1)));
	} else {
		const char *last = comment ? memrchr(comment, ')', (size_t)(end - comment)) : NULL;
		*name = last ? unquote(arena, comment + 1, (size_t)(last - comment - 1)) : NULL;
		*address = g_strstrip(arena_copy(arena, start, (size_t)((comment ? comment : end) - start)));
	}
	if (**address == '\0')
		*address = NULL;
}
