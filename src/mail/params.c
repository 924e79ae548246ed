/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * params.c - parses Content-Type and Content-Disposition: a value and its parameters, as real clients write them.
 *
 * It accepts RFC 2231 pieces in any order, RFC 2047 words in quotes, unquoted names with spaces, and Windows paths.
 * GMime is not used because it guesses charsets by the locale, decodes each piece alone, and puts a charset name of any
 * length on the stack.
 */
#include "mime.h"

#include <string.h>

#define PIECES_MAX 1000

/* One parameter as written: name*index*=value */
struct param_piece {
	char *name; /* lower case */
	unsigned index;
	bool extended;  /* percent-encoded */
	bool continued; /* has an index */
	char *value;
};

static char *lower(struct arena *arena, const char *text, size_t size)
{
	char *copy = arena_copy(arena, text, size);
	for (size_t i = 0; i < size; i++)
		copy[i] |= (char)(copy[i] >= 'A' && copy[i] <= 'Z' ? 0x20 : 0);
	return copy;
}

/* Kinds of characters that are no part of a token (RFC 2045 5.1). */
enum { SPECIAL = 1, RFC2231, CONTROL };
/* clang-format off */
__extension__ static const uint8_t meanings[256] = { [0 ... ' '] = CONTROL, [0x7f ... 0xff] = CONTROL,
	/* tspecials of RFC 2045, but for the backslash */
	['('] = SPECIAL, [')'] = SPECIAL, ['<'] = SPECIAL, ['>'] = SPECIAL, ['@'] = SPECIAL, [','] = SPECIAL,
	[';'] = SPECIAL, [':'] = SPECIAL, ['"'] = SPECIAL, ['/'] = SPECIAL, ['['] = SPECIAL, [']'] = SPECIAL,
	['?'] = SPECIAL, ['='] = SPECIAL,
	['%'] = RFC2231, ['*'] = RFC2231, ['\''] = RFC2231, ['\\'] = RFC2231,
};
/* clang-format on */

static inline bool is_special(char c)
{
	return meanings[(uint8_t)c] == SPECIAL;
}

/* is_token - is it a character of a token (RFC 2045 5.1)? */
static inline bool is_token(char c)
{
	return meanings[(uint8_t)c] == 0;
}

/* skip_space - skips white space and comments. */
static const char *skip_space(const char *at)
{
	for (;;) {
		while (text_is_fws(*at))
			at++;
		if (*at != '(')
			return at;
		unsigned depth = 0;
		do {
			if (*at == '\\' && at[1] != '\0')
				at++;
			else if (*at == '(')
				depth++;
			else if (*at == ')')
				depth--;
			at++;
		} while (*at != '\0' && depth > 0);
	}
}

/* ends_quoted - is the quote at `at` the closing one? An unescaped quote inside a file name is not. */
static bool ends_quoted(const char *at)
{
	const char *next = at + 1;
	return *next == '\0' || *next == ';' || *next == '(' || text_is_fws(*next) || !strchr(next, '"');
}

/* parse_quoted - only \" and \\ are escapes, because clients do not double the backslashes of a Windows path. */
static char *parse_quoted(struct arena *arena, const char **at)
{
	const char *from = *at + 1;
	char *out = arena_take(arena, strlen(from) + 1), *to = out;
	while (*from != '\0' && !(*from == '"' && ends_quoted(from))) {
		if (*from == '\\' && (from[1] == '"' || from[1] == '\\'))
			from++;
		*to++ = *from++;
	}
	*to = '\0';
	*at = from + (*from == '"');
	return out;
}

/* without_comment - the end of a file name without the comment behind it, as in "a.exe (comment)". "Copy (2)" has none:
 * brackets behind an extension are no part of the name. */
static const char *without_comment(const char *from, const char *end)
{
	if (end == from || end[-1] != ')')
		return end;
	const char *open = memrchr(from, '(', (size_t)(end - from));
	if (!open || open == from || !text_is_fws(open[-1]))
		return end;
	while (open > from && text_is_fws(open[-1]))
		open--;
	return memchr(from, '.', (size_t)(open - from)) ? open : end;
}

/* parse_value - an unquoted value. A file name ends at ';' and may contain spaces and brackets; other values also end
 * at a space or a comment. */
static char *parse_value(struct arena *arena, const char **at, bool is_name)
{
	const char *from = skip_space(*at), *end = from;
	if (*from == '"') {
		char *value = parse_quoted(arena, &from);
		*at = from;
		return value;
	}
	while (*end != '\0' && *end != ';' && (is_name || (*end != '(' && !text_is_fws(*end))))
		end++;
	*at = end;
	while (end > from && text_is_fws(end[-1]))
		end--;
	end = is_name ? without_comment(from, end) : end;
	return arena_copy(arena, from, (size_t)(end - from));
}

/* parse_piece - parses one parameter. Returns false when there is none; advances *at in any case. */
static bool parse_piece(struct arena *arena, const char **at, struct param_piece *piece)
{
	const char *from = *at, *end = from;
	while (*end != '\0' && !strchr("=*;() \t\r\n\"", *end))
		end++;
	*piece = (struct param_piece){ 0 };
	const char *next = end;
	if (*next == '*') {
		next++;
		if (g_ascii_isdigit(*next)) {
			piece->continued = true;
			for (; g_ascii_isdigit(*next); next++)
				piece->index = MIN(piece->index * 10 + (unsigned)(*next - '0'), PIECES_MAX);
			if (*next == '*') {
				piece->extended = true;
				next++;
			}
		} else
			piece->extended = true;
	}
	next = skip_space(next);
	if (end == from || *next != '=') {
		/* not a parameter: continue after the next ';' */
		*at = end + strcspn(end, ";");
		return false;
	}
	piece->name = lower(arena, from, (size_t)(end - from));
	next++;
	piece->value =
		parse_value(arena, &next, strcmp(piece->name, "name") == 0 || strcmp(piece->name, "filename") == 0);
	*at = next;
	return true;
}

static int piece_order(gconstpointer a, gconstpointer b)
{
	const struct param_piece *left = a, *right = b;
	return left->index < right->index ? -1 : left->index > right->index;
}

/* append_percent - appends the decoded octets of run, and empties it. */
static void append_percent(GString *out, GString *run)
{
	for (const char *from = run->str; *from != '\0'; from++) {
		int high = -1, low = -1;
		if (*from == '%' && from[1] != '\0') {
			high = g_ascii_xdigit_value(from[1]);
			low = g_ascii_xdigit_value(from[2]);
		}
		if (high >= 0 && low >= 0) {
			g_string_append_c(out, (char)(high << 4 | low));
			from += 2;
		} else
			g_string_append_c(out, *from);
	}
	g_string_truncate(run, 0);
}

/* extended_value - joins the RFC 2231 pieces of a parameter; NULL when there are none. */
static char *extended_value(struct arena *arena, const GArray *pieces, const char *name)
{
	GString *octets = NULL, *run = g_string_new(NULL);
	char *charset = NULL;
	bool extended = false;
	unsigned last = 0;
	for (guint i = 0; i < pieces->len; i++) {
		const struct param_piece *piece = &g_array_index(pieces, struct param_piece, i);
		if (strcmp(piece->name, name) != 0 || (!piece->extended && !piece->continued))
			continue;
		if (octets && piece->index == last)
			continue; /* repeated index: ignored */
		const char *value = piece->value;
		const char *quote = piece->extended ? strchr(value, '\'') : NULL;
		const char *second = quote ? strchr(quote + 1, '\'') : NULL;
		if (!octets) {
			octets = g_string_new(NULL);
			if (second) {
				charset = arena_copy(arena, value, (size_t)(quote - value));
				value = second + 1;
			}
		}
		/* an escape may continue in the next piece */
		if (!piece->extended && run->len > 0)
			append_percent(octets, run);
		g_string_append(piece->extended ? run : octets, value);
		extended = extended || piece->extended;
		last = piece->index;
	}
	if (octets)
		append_percent(octets, run);
	g_string_free(run, TRUE);
	if (!octets)
		return NULL;
	GString *text = g_string_new(NULL);
	charset_append(text, charset, span_of(octets->str, octets->len));
	g_string_free(octets, TRUE);
	char *result = arena_string(arena, text);
	/* some clients write words in the extended form, too */
	return extended && !g_str_has_prefix(result, "=?") ? result : mime_decode_words(arena, result);
}

/* parameter_or_empty - the decoded value of a parameter; NULL when it is absent. The RFC 2231 form is preferred. */
static char *parameter_or_empty(struct arena *arena, const GArray *pieces, const char *name)
{
	char *value = extended_value(arena, pieces, name);
	for (guint i = 0; i < pieces->len && !value; i++) {
		const struct param_piece *piece = &g_array_index(pieces, struct param_piece, i);
		if (strcmp(piece->name, name) == 0)
			value = mime_decode_words(arena, piece->value);
	}
	return value;
}

/* parameter - likewise; NULL also when it is empty. */
static char *parameter(struct arena *arena, const GArray *pieces, const char *name)
{
	char *value = parameter_or_empty(arena, pieces, name);
	return value && *value != '\0' ? value : NULL;
}

/* add_other_name - adds another file name, unless it is there already. */
static void add_other_name(struct mime_params *params, char *text, bool filename)
{
	if (!text || *text == '\0')
		return;
	for (unsigned i = 0; i < params->other_count; i++)
		if (params->others[i].filename == filename && strcmp(params->others[i].text, text) == 0)
			return;
	if (params->other_count < MIME_NAMES_MAX)
		params->others[params->other_count++] = (struct mime_name){ text, filename };
}

/* other_names - collects all file names in the field if there is more than one. */
static void other_names(struct arena *arena, struct mime_params *params, const GArray *pieces)
{
	for (guint i = 0; i < pieces->len; i++) {
		const struct param_piece *piece = &g_array_index(pieces, struct param_piece, i);
		GArray one = { (char *)(uintptr_t)piece, 1 };
		bool filename = strcmp(piece->name, "filename") == 0;
		if ((filename || strcmp(piece->name, "name") == 0) && !piece->continued)
			add_other_name(params,
				piece->extended ? extended_value(arena, &one, piece->name)
						: mime_decode_words(arena, piece->value),
				filename);
	}
	add_other_name(params, extended_value(arena, pieces, "filename"), true);
	add_other_name(params, extended_value(arena, pieces, "name"), false);
}

/* place - the member of params for a parameter; NULL when it is not needed. */
static char **place(struct mime_params *params, const char *name, size_t size)
{
	const struct {
		const char *name;
		char **place;
	} places[] = { { "charset", &params->charset }, { "boundary", &params->boundary },
		{ "format", &params->format }, { "name", &params->name }, { "filename", &params->filename },
		{ "delsp", &params->delsp }, { "number", &params->number }, { "url", &params->url } };
	for (size_t i = 0; i < G_N_ELEMENTS(places); i++)
		if (strlen(places[i].name) == size && mime_same(name, places[i].name, size))
			return places[i].place;
	return NULL;
}

/* is_file_name - is it the member for a file name? */
static bool is_file_name(struct mime_params *params, char **into)
{
	return into == &params->name || into == &params->filename;
}

static const char *after_fws(const char *at, const char *end)
{
	while (at < end && text_is_fws(*at))
		at++;
	return at;
}

static const char *after_token(const char *at, const char *end)
{
	while (at < end && is_token(*at))
		at++;
	return at;
}

/* simple_param - NAME=VALUE, up to the next ';'. Returns where it ends; NULL: not simple. */
static const char *simple_param(struct arena *arena, struct mime_params *found, const char *from, const char *end)
{
	const char *name = after_fws(from, end), *at = after_token(name, end);
	char **into = place(found, name, (size_t)(at - name));
	if (at == end || *at != '=')
		return NULL;
	const bool quoted = ++at < end && *at == '"';
	const char *value = at += quoted;
	while (at < end && (is_token(*at) || (quoted && (*at == ' ' || (*at != '"' && is_special(*at))))))
		at++;
	if (quoted ? at == end || *at != '"' || memmem(value, (size_t)(at - value), "=?", 2) : at == value)
		return NULL;
	if (is_file_name(found, into) && *into)
		return NULL; /* a second file name */
	if (into && !*into && (at > value || into == &found->boundary))
		*into = arena_copy(arena, value, (size_t)(at - value));
	return at + quoted;
}

/* parse_simple - parses what nearly all clients write: plain words, quoted or not. Returns false for anything else,
 * with params unchanged. This saves most of the time that the header of a short mail takes. */
static bool parse_simple(struct arena *arena, struct mime_params *params, struct span field)
{
	struct mime_params found = { 0 };
	const char *end = (const char *)field.data + field.size;
	const char *from = after_fws((const char *)field.data, end), *at = from;
	while (at < end && (is_token(*at) || *at == '/'))
		at++;
	if (at > from)
		found.value = lower(arena, from, (size_t)(at - from));
	while ((at = after_fws(at, end)) < end)
		if (*at != ';' || !(at = simple_param(arena, &found, at + 1, end)))
			return false;
	*params = found;
	return true;
}

/* parse_word - the first word of a field, such as "text/plain", in lower case, without comments and space around the
 * '/'; NULL when there is none. Returns where it ends. */
static const char *parse_word(struct arena *arena, const char *from, char **word)
{
	const char *at = skip_space(from), *end = at + strcspn(at, "; \t(");
	const char *slash = skip_space(end);
	*word = end > at ? lower(arena, at, (size_t)(end - at)) : NULL;
	if (!*word || (*slash != '/' && end[-1] != '/'))
		return end;
	const char *rest = skip_space(*slash == '/' ? slash + 1 : end);
	size_t first = (size_t)(end - at), size = strcspn(rest, "; \t(");
	char *whole = arena_take(arena, first + size + 2);
	memcpy(whole, *word, first);
	if (*slash == '/')
		whole[first++] = '/';
	memcpy(whole + first, lower(arena, rest, size), size + 1);
	*word = whole;
	return rest + size;
}

void mime_params_parse(struct arena *arena, struct mime_params *params, struct span value, const char *hint)
{
	memset(params, 0, sizeof *params);
	if (value.size == 0 || parse_simple(arena, params, value))
		return;
	char *text = mime_unfold(arena, span_of(value.data, MIN(value.size, MIME_HEADER_KEPT_MAX)), hint);
	const char *at, *end = parse_word(arena, text, &params->value);
	if (params->value && strchr(params->value, '=') && !strchr(params->value, '/')) {
		params->value = NULL; /* a parameter without a value before it */
		end = text;
	}
	GArray *pieces = g_array_new(FALSE, FALSE, sizeof(struct param_piece));
	for (at = end; *at != '\0' && pieces->len < PIECES_MAX;) {
		at = skip_space(at);
		struct param_piece piece;
		if (*at == ';')
			at++;
		else if (*at != '\0' && parse_piece(arena, &at, &piece))
			g_array_append_val(pieces, piece);
	}
	g_array_sort(pieces, piece_order);
	params->name = parameter(arena, pieces, "name");
	params->filename = parameter(arena, pieces, "filename");
	params->charset = parameter(arena, pieces, "charset");
	params->boundary = parameter_or_empty(arena, pieces, "boundary");
	params->format = parameter(arena, pieces, "format");
	params->delsp = parameter(arena, pieces, "delsp");
	params->number = parameter(arena, pieces, "number");
	params->url = parameter(arena, pieces, "url");
	other_names(arena, params, pieces);
	g_array_free(pieces, TRUE);
}
