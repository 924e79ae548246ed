/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * grammar.c - parses command lines and reply lines (RFC 5321 4.1, 4.2), their words and numbers.
 *
 * Contract: grammar.h. Nothing is allocated or kept; every span points into the input. A line longer than
 * GRAMMAR_LINE_MAX is returned cut, but with its full length.
 */
#include "grammar.h"

#include <glib.h>
#include <string.h>

#include "text.h"

const struct verb_info verb_table[VERB_COUNT] = { [VERB_UNKNOWN] = { NULL, 0, PARAMETER_OPTIONAL, 0 },
#define X(id, spelling, parameter, flags) [VERB_##id] = { spelling, sizeof spelling - 1, PARAMETER_##parameter, flags },
	VERBS(X)
#undef X
};

/* first_differs - do they differ in their first letter? A fast check. */
static bool first_differs(struct span word, const char *text)
{
	return word.size > 0 && ((word.data[0] ^ (uint8_t)text[0]) & ~0x20);
}

/* same_word - are they the same, ASCII case aside? Nearly all are in upper case. */
static bool same_word(struct span word, const char *text)
{
	return memcmp(word.data, text, word.size) == 0 ||
	       g_ascii_strncasecmp((const char *)word.data, text, word.size) == 0;
}

bool grammar_is(struct span word, const char *text)
{
	return !first_differs(word, text) && word.data && word.size == strlen(text) && same_word(word, text);
}

static struct span skip_blanks(struct span s)
{
	while (s.size > 0 && text_is_wsp(s.data[0])) {
		s.data++;
		s.size--;
	}
	return s;
}

/* skip_noise - what servers skip before a verb: blanks; some also a CR, which another alert tells of. */
static struct span skip_noise(struct span s)
{
	while (s.size > 0 && (text_is_wsp(s.data[0]) || s.data[0] == '\r')) {
		s.data++;
		s.size--;
	}
	return s;
}

bool grammar_word(struct span *rest, struct span *word)
{
	const struct span text = skip_blanks(*rest);
	size_t n = 0;
	while (n < text.size && !text_is_wsp(text.data[n]))
		n++;
	*word = span_of(text.data, n);
	*rest = span_from(text, n);
	return n > 0;
}

/* A line as on the wire. */
struct line {
	struct span text; /* without its end */
	struct span whole;
	size_t length;
	enum line_end end;
};

/* cut_line - the first line of the input. Returns false when it is incomplete. */
static bool cut_line(struct span input, bool last, struct line *line)
{
	const uint8_t *lf = input.size ? memchr(input.data, '\n', input.size) : NULL;
	if (!lf && (!last || input.size == 0))
		return false;
	line->length = lf ? (size_t)(lf - input.data) + 1 : input.size;
	line->end = !lf ? LINE_END_NONE : LINE_END_LF;
	size_t text = lf ? line->length - 1 : line->length;
	if (lf && text > 0 && input.data[text - 1] == '\r') {
		line->end = LINE_END_CRLF;
		text--;
	}
	line->whole = span_of(input.data, MIN(line->length, GRAMMAR_LINE_MAX));
	line->text = span_of(input.data, MIN(text, GRAMMAR_LINE_MAX));
	return true;
}

/* verb_length - length of the verb at the start: letters and, after the first, digits and hyphens. */
static size_t verb_length(struct span text)
{
	size_t n = 0;
	while (n < text.size &&
		(g_ascii_isalpha(text.data[n]) || (n > 0 && (g_ascii_isdigit(text.data[n]) || text.data[n] == '-'))))
		n++;
	return n;
}

static enum verb find_verb(struct span name)
{
	for (enum verb v = VERB_UNKNOWN + 1; v < VERB_COUNT; v++)
		if (verb_table[v].size == name.size && !first_differs(name, verb_table[v].spelling) &&
			same_word(name, verb_table[v].spelling))
			return v;
	return VERB_UNKNOWN;
}

/* strip_tail - removes white space at the end, also the CR that CR CR LF leaves. */
static struct span strip_tail(struct span s)
{
	while (s.size > 0 && (text_is_wsp(s.data[s.size - 1]) || s.data[s.size - 1] == '\r'))
		s.size--;
	return s;
}

enum parse_result grammar_command(struct span input, bool last, struct command *command, size_t *used)
{
	struct line line;
	if (!cut_line(input, last, &line))
		return PARSE_MORE;
	*used = line.length;
	*command = (struct command){ .line = line.whole, .length = line.length, .end = line.end };
	struct span text = skip_noise(line.text);
	size_t n = verb_length(text);
	struct span after = { text.data + n, text.size - n };
	if (n == 0 || (after.size > 0 && !text_is_wsp(after.data[0]) && strip_tail(after).size > 0))
		return PARSE_ERROR;
	command->name = span_of(text.data, n);
	command->verb = find_verb(command->name);
	command->argument = strip_tail(skip_blanks(after));
	enum parameter parameter = verb_table[command->verb].parameter;
	bool given = command->argument.size > 0;
	return (parameter == PARAMETER_REQUIRED && !given) || (parameter == PARAMETER_NONE && given) ? PARSE_ERROR
												     : PARSE_DONE;
}

enum parse_result grammar_reply_line(struct span input, bool last, struct reply_line *reply, size_t *used)
{
	struct line line;
	if (!cut_line(input, last, &line))
		return PARSE_MORE;
	*used = line.length;
	*reply = (struct reply_line){ .line = line.whole, .length = line.length, .end = line.end };
	struct span text = line.text;
	if (text.size < 3 || !g_ascii_isdigit(text.data[0]) || !g_ascii_isdigit(text.data[1]) ||
		!g_ascii_isdigit(text.data[2]))
		return PARSE_ERROR;
	reply->code = (text.data[0] - '0') * 100u + (text.data[1] - '0') * 10u + (text.data[2] - '0');
	if (reply->code < 100 || reply->code > 599)
		return PARSE_ERROR;
	if (text.size > 3) {
		uint8_t separator = text.data[3];
		if (separator != ' ' && separator != '-' && separator != '\t' && separator != '\r')
			return PARSE_ERROR;
		reply->more = separator == '-';
		reply->text = span_from(text, 4);
	} else {
		reply->text = span_of(text.data + 3, 0);
	}
	return PARSE_DONE;
}

/* digits - number of digits from the offset `from` on, at most `most`. */
static size_t digits(struct span text, size_t from, size_t most)
{
	size_t n = 0;
	while (from + n < text.size && n < most && g_ascii_isdigit(text.data[from + n]))
		n++;
	return n;
}

void grammar_enhanced(unsigned code, struct span text, char out[GRAMMAR_ENHANCED_MAX])
{
	out[0] = '\0';
	if (text.size < 5 || text.data[0] != '0' + code / 100 || !strchr("245", text.data[0]) || text.data[1] != '.')
		return;
	size_t subject = digits(text, 2, 3);
	if (subject == 0 || 2 + subject >= text.size || text.data[2 + subject] != '.')
		return;
	size_t detail = digits(text, 3 + subject, 3), end = 3 + subject + detail;
	if (detail == 0 || (end < text.size && !text_is_wsp(text.data[end])))
		return;
	memcpy(out, text.data, end);
	out[end] = '\0';
}

uint64_t grammar_number(struct span text)
{
	uint64_t number = 0;
	for (size_t n = digits(text, 0, text.size), i = 0; i < n; i++) {
		unsigned digit = text.data[i] - '0';
		if (number > UINT64_MAX / 10 || number * 10 > UINT64_MAX - digit)
			return UINT64_MAX;
		number = number * 10 + digit;
	}
	return number;
}

enum bdat_result grammar_bdat(struct span argument, uint64_t *size, bool *last)
{
	struct span word, tail;
	*size = 0;
	*last = false;
	if (!grammar_word(&argument, &word) || digits(word, 0, word.size) != word.size)
		return BDAT_NOT_A_NUMBER;
	*size = grammar_number(word);
	if (*size > INT64_MAX)
		return BDAT_HUGE;
	if (grammar_word(&argument, &tail)) {
		*last = grammar_is(tail, "LAST");
		if (!*last || grammar_word(&argument, &tail))
			return BDAT_BAD_TAIL;
	}
	return BDAT_OK;
}
