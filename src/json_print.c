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

/* Where the text goes: between `to` and `end` there is room. */
struct printer {
	GString *line;
	char *to, *end;
};

static G_GNUC_NO_INLINE void grow(struct printer *p, size_t size)
{
	gsize used = (gsize)(p->to - p->line->str);
	g_string_set_size(p->line, used + MAX(used, size));
	p->to = p->line->str + used;
	p->end = p->line->str + p->line->len;
}

/* make_room - for at least `size` more octets. */
static inline void make_room(struct printer *p, size_t size)
{
	if (G_UNLIKELY((size_t)(p->end - p->to) < size))
		grow(p, size);
}

static void put(struct printer *p, const char *text, size_t size)
{
	make_room(p, size);
	p->to = (char *)mempcpy(p->to, text, size);
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

/* put_string - the text in quotes, and a comma or colon may follow. */
static void put_string(struct printer *p, const char *text)
{
	size_t left = strlen(text);
	make_room(p, 1);
	*p->to++ = '"';
	for (; left > TEXT_STEP; left -= TEXT_STEP, text += TEXT_STEP) {
		make_room(p, TEXT_STEP * ESCAPE_MAX);
		p->to = put_octets(p->to, text, TEXT_STEP);
	}
	make_room(p, left * ESCAPE_MAX + 2);
	p->to = put_octets(p->to, text, left);
	*p->to++ = '"';
}

static void put_node(struct printer *p, const cJSON *node);

/* put_children - of an object or array. */
static void put_children(struct printer *p, const cJSON *node, bool keys)
{
	for (const cJSON *child = node->child; child; child = child->next) {
		if (keys && child->type & JSON_FIELD) {
			make_room(p, (size_t)child->valueint + 3);
			*p->to++ = '"';
			p->to = (char *)mempcpy(p->to, child->string, (size_t)child->valueint);
			*p->to++ = '"';
			*p->to++ = ':';
		} else if (keys) {
			put_string(p, child->string);
			*p->to++ = ':';
		}
		put_node(p, child);
		make_room(p, 2);
		*p->to++ = ',';
	}
	if (node->child)
		p->to--; /* the last comma */
}

static void put_node(struct printer *p, const cJSON *node)
{
	switch (node->type & 0xff) {
	case cJSON_String:
		put_string(p, node->valuestring);
		break;
	case cJSON_Raw:
		put(p, node->valuestring, strlen(node->valuestring));
		break;
	case cJSON_False:
		put(p, "false", 5);
		break;
	case cJSON_True:
		put(p, "true", 4);
		break;
	case cJSON_NULL:
		put(p, "null", 4);
		break;
	case cJSON_Array:
		put(p, "[", 1);
		put_children(p, node, false);
		put(p, "]", 1);
		break;
	default:
		g_assert(cJSON_IsObject(node));
		put(p, "{", 1);
		put_children(p, node, true);
		put(p, "}", 1);
		break;
	}
}

void json_print(const struct json *root, GString *line)
{
	struct printer printer = { line, line->str + line->len, line->str + line->allocated_len - 1 };
	put_node(&printer, root->node);
	put(&printer, "\n", 1);
	g_string_set_size(line, (gsize)(printer.to - line->str));
}
