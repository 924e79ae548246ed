/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * lookup.c - finds attack strings in any text: Log4j lookups (CVE-2021-44228), Shellshock (CVE-2014-6271).
 *
 * A lookup may be obfuscated: ${${lower:j}ndi:, ${${::-j}${::-n}di:, ${jn${env:NONE:-d}i:. So "${" is evaluated as
 * Log4j does, until it is clear whether the result begins with "jndi:". At most LOOKUP_OCTETS_MAX octets and
 * LOOKUP_DEPTH_MAX nested lookups are evaluated.
 */
#include <string.h>

#include "private.h"

#define LOOKUP_OCTETS_MAX 256
#define LOOKUP_DEPTH_MAX 12
#define LOOKUP_TARGET "jndi:"
#define LOOKUP_TEXT_MAX 64 /* octets kept of what a lookup evaluates to */

/* The beginning of what a lookup evaluates to. */
struct value {
	char text[LOOKUP_TEXT_MAX];
	size_t size;
};

static void add_to_value(struct value *value, const char *text, size_t size)
{
	size = MIN(size, LOOKUP_TEXT_MAX - value->size);
	memcpy(value->text + value->size, text, size);
	value->size += size;
}

/* starts - does the value begin with this word, ASCII case aside? */
static bool starts(const struct value *value, const char *word)
{
	size_t size = strlen(word);
	return value->size >= size && g_ascii_strncasecmp(value->text, word, size) == 0;
}

/* may_become - is the value a proper prefix of this word? */
static bool may_become(const struct value *value, const char *word)
{
	return value->size < strlen(word) && g_ascii_strncasecmp(value->text, word, value->size) == 0;
}

/* resolve - adds the result of an inner lookup: its default value, the text whose case it changes, or a quoted date
 * text. */
static void resolve(const struct value *inner, struct value *outer)
{
	const char *fallback = inner->size ? memmem(inner->text, inner->size, ":-", 2) : NULL;
	if (fallback) {
		add_to_value(outer, fallback + 2, (size_t)(inner->text + inner->size - fallback) - 2);
	} else if (starts(inner, "lower:") || starts(inner, "upper:")) {
		add_to_value(outer, inner->text + 6, inner->size - 6);
	} else if (starts(inner, "date:")) {
		for (size_t i = 5; i < inner->size; i++)
			if (inner->text[i] != '\'')
				add_to_value(outer, inner->text + i, 1);
	}
}

/* evaluate - evaluates what follows "${", up to its "}" or until the outcome is clear. Returns the number of octets
 * read. */
static size_t evaluate(struct span text, unsigned depth, struct value *value)
{
	size_t at = 0;
	while (at < text.size && text.data[at] != '}') {
		bool inner = text.data[at] == '$' && at + 1 < text.size && text.data[at + 1] == '{';
		if (!inner || depth == 0) {
			add_to_value(value, (const char *)text.data + at++, 1);
		} else {
			struct value nested = { .size = 0 };
			at += 2;
			at += evaluate(span_from(text, at), depth - 1, &nested);
			at += at < text.size; /* its "}" */
			resolve(&nested, value);
		}
		if (depth == LOOKUP_DEPTH_MAX && !may_become(value, LOOKUP_TARGET))
			break;
	}
	return at;
}

bool lookup_find(struct span text, size_t *at)
{
	for (size_t i = find_octets(text, 0, "${"); i != SIZE_MAX; i = find_octets(text, i + 2, "${")) {
		struct value value = { .size = 0 };
		struct span rest = { text.data + i + 2, MIN(text.size - i - 2, LOOKUP_OCTETS_MAX) };
		evaluate(rest, LOOKUP_DEPTH_MAX, &value);
		if (starts(&value, LOOKUP_TARGET)) {
			*at = i;
			return true;
		}
	}
	return false;
}

bool shellshock_find(struct span text, size_t *at)
{
	for (size_t i = find_octets(text, 0, "() {"); i != SIZE_MAX; i = find_octets(text, i + 1, "() {"))
		if (i == 0 || !(g_ascii_isalnum(text.data[i - 1]) || text.data[i - 1] == '_')) {
			*at = i;
			return true;
		}
	return false;
}
