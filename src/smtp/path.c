/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * path.c - parses paths and ESMTP parameters of MAIL and RCPT (RFC 5321 4.1.2), as real clients send them.
 *
 * Contract: grammar.h. Accepted beyond the RFC, because servers accept it: white space after the colon, a path without
 * brackets, a missing closing bracket, a display name before the brackets, no colon, several paths with commas between
 * them (which count as one). Quoted local parts may hold spaces and '>'.
 */
#include <string.h>

#include "grammar.h"
#include "text.h"

/* path_length - octets of the path at the start: up to the '>' outside quotes, or, without brackets, up to white
 * space outside quotes. */
static size_t path_length(struct span s)
{
	bool bracket = s.size > 0 && s.data[0] == '<', quoted = false;
	const uint8_t *end = bracket ? memchr(s.data, '>', s.size) : NULL;
	if (end && !memchr(s.data, '"', (size_t)(end - s.data)))
		return (size_t)(end - s.data) + 1; /* nearly all paths */
	for (size_t i = 0; i < s.size; i++) {
		uint8_t c = s.data[i];
		if (quoted && c == '\\' && i + 1 < s.size)
			i++;
		else if (c == '"')
			quoted = !quoted;
		else if (!quoted && bracket && c == '>')
			return i + 1;
		else if (!quoted && !bracket && text_is_wsp(c))
			return i;
	}
	return s.size;
}

/* unquoted_length - for a path whose quote or bracket never closes: it ends at the first blank, or '>' before it. */
static size_t unquoted_length(struct span s)
{
	size_t n = 0;
	while (n < s.size && !text_is_wsp(s.data[n]))
		if (s.data[n++] == '>')
			break;
	return n;
}

/* name_length - octets of a display name before the path, as in a header field: it has no '@' and is followed by
 * '<'. */
static size_t name_length(struct span s)
{
	bool quoted = false;
	if (s.size == 0 || s.data[0] == '<') /* nearly all paths */
		return 0;
	for (size_t i = 0; i < s.size; i++) {
		if (s.data[i] == '"')
			quoted = !quoted;
		else if (!quoted && s.data[i] == '<')
			return memchr(s.data + i, '>', s.size - i) ? i : 0;
		else if (!quoted && (s.data[i] == '@' || s.data[i] == '='))
			return 0;
	}
	return 0;
}

bool grammar_path(struct span argument, const char *keyword, struct span *path, struct span *rest)
{
	size_t n = strlen(keyword);
	if (argument.size < n || !grammar_is(span_of(argument.data, n), keyword))
		return false;
	const size_t word = n;
	while (n < argument.size && text_is_wsp(argument.data[n]))
		n++;
	if (n >= argument.size || (argument.data[n] != ':' && (n == word || argument.data[n] != '<')))
		return false;
	n += argument.data[n] == ':';
	while (n < argument.size && text_is_wsp(argument.data[n]))
		n++;
	struct span s = { argument.data + n, argument.size - n };
	size_t name = name_length(s);
	s = span_from(s, name);
	size_t length = path_length(s);
	if (length > 0 && s.data[0] == '<' && s.data[length - 1] != '>')
		length = unquoted_length(s);
	while (length + 1 < s.size && s.data[length] == ',' && s.data[length + 1] == '<')
		length += 1 + path_length(span_of(s.data + length + 1, s.size - length - 1));
	*path = span_of(s.data, length);
	*rest = span_from(s, length);
	return length > 0;
}

bool grammar_parameter(struct span *rest, struct span *keyword, struct span *value)
{
	struct span word;
	if (!grammar_word(rest, &word))
		return false;
	const uint8_t *equals = memchr(word.data, '=', word.size);
	size_t n = equals ? (size_t)(equals - word.data) : word.size;
	*keyword = span_of(word.data, n);
	*value = equals ? span_of(equals + 1, word.size - n - 1) : span_of(NULL, 0);
	return true;
}

bool grammar_known_command(struct span bytes)
{
	struct command command;
	struct span path, rest;
	size_t used;
	if (grammar_command(bytes, false, &command, &used) != PARSE_DONE || command.verb == VERB_UNKNOWN)
		return false;
	bool mail = verb_table[command.verb].flags & VERBFLAG_MAIL;
	if (mail || command.verb == VERB_RCPT)
		return grammar_path(command.argument, mail ? "FROM" : "TO", &path, &rest);
	return true;
}
