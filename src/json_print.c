/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * json_print.c - a record as text: what cJSON_PrintUnformatted would print, octet for octet, several times as fast.
 *
 * cJSON looks at each octet of a text twice and walks over what it has printed after each value. Here texts are copied
 * eight octets at a time while nothing in them has to be escaped.
 */
#include <string.h>

#include "json.h"

#define ESCAPE_MAX 6 /* octets that one octet can become: \u001f */
#define WORD 8
#define TEXT_STEP 4096 /* octets of text for which room is made at once */
#define ONES UINT64_C(0x0101010101010101)
#define HIGHS (ONES * 0x80)

/* room - where at least `size` more octets can be written. */
static char *room(GString *line, size_t size)
{
	if (G_UNLIKELY(line->allocated_len - line->len <= size)) {
		gsize used = line->len;
		g_string_set_size(line, used + MAX(used, size));
		line->len = used;
	}
	return line->str + line->len;
}

static void put(GString *line, const char *text, size_t size)
{
	memcpy(room(line, size), text, size);
	line->len += size;
}

static void put_octet(GString *line, char octet)
{
	*room(line, 1) = octet;
	line->len++;
}

/* is_plain - is none of eight octets a control, a quote or a backslash? */
static bool is_plain(uint64_t octets)
{
	uint64_t quote = octets ^ ONES * '"', backslash = octets ^ ONES * '\\';
	uint64_t escaped =
		((octets - ONES * ' ') & ~octets) | ((quote - ONES) & ~quote) | ((backslash - ONES) & ~backslash);
	return (escaped & HIGHS) == 0;
}

/* What stands behind the backslash of an octet that has to be escaped; 1: its number. */
static const char escapes[256] = { 1, 1, 1, 1, 1, 1, 1, 1, 'b', 't', 'n', 1, 'f', 'r', 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
	1, 1, 1, 1, 1, 1, 1, ['"'] = '"', ['\\'] = '\\' };

/* put_few - octets one by one, escaped where they have to be. Returns what is behind them. */
static char *put_few(char *to, const char *text, size_t size)
{
	for (const char *end = text + size; text < end; text++) {
		uint8_t octet = (uint8_t)*text;
		if (escapes[octet] == 0) {
			*to++ = (char)octet;
			continue;
		}
		*to++ = '\\';
		*to++ = escapes[octet] != 1 ? escapes[octet] : 'u';
		if (escapes[octet] == 1) {
			to = (char *)mempcpy(to, "00", 2);
			*to++ = (char)('0' + (octet >> 4));
			*to++ = "0123456789abcdef"[octet & 15];
		}
	}
	return to;
}

/* put_octets - text, eight octets at a time. */
static char *put_octets(char *to, const char *text, size_t size)
{
	const char *end = text + size;
	uint64_t octets;
	for (; end - text >= WORD; text += WORD) {
		memcpy(&octets, text, WORD);
		memcpy(to, &octets, WORD);
		to = is_plain(octets) ? to + WORD : put_few(to, text, WORD);
	}
	size_t rest = (size_t)(end - text);
	if (rest == 0 || size < WORD)
		return put_few(to, text, rest);
	/* the last eight octets, some of which are there already */
	memcpy(&octets, end - WORD, WORD);
	if (!is_plain(octets))
		return put_few(to, text, rest);
	memcpy(to + rest - WORD, &octets, WORD);
	return to + rest;
}

/* put_string - the text in quotes. */
static void put_string(GString *line, const char *text)
{
	size_t left = strlen(text);
	put_octet(line, '"');
	while (left > 0) {
		size_t step = MIN(left, TEXT_STEP);
		char *to = room(line, step * ESCAPE_MAX);
		line->len = (gsize)(put_octets(to, text, step) - line->str);
		text += step;
		left -= step;
	}
	put_octet(line, '"');
}

static void put_node(GString *line, const cJSON *node)
{
	static const char brackets[] = { '[', ']', '{', '}' };
	bool object = false;
	switch (node->type & 0xff) {
	case cJSON_String:
		put_string(line, node->valuestring);
		return;
	case cJSON_Raw:
		put(line, node->valuestring, strlen(node->valuestring));
		return;
	case cJSON_False:
		put(line, "false", 5);
		return;
	case cJSON_True:
		put(line, "true", 4);
		return;
	case cJSON_NULL:
		put(line, "null", 4);
		return;
	case cJSON_Object:
		object = true;
		break;
	default:
		g_assert(cJSON_IsArray(node));
		break;
	}
	put_octet(line, brackets[2 * object]);
	for (const cJSON *child = node->child; child; child = child->next) {
		if (object) {
			put_string(line, child->string);
			put_octet(line, ':');
		}
		put_node(line, child);
		if (child->next)
			put_octet(line, ',');
	}
	put_octet(line, brackets[2 * object + 1]);
}

void json_print(const struct json *root, GString *line)
{
	put_node(line, root->node);
	g_string_append_c(line, '\n');
}
