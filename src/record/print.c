/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * print.c - prints a record. The result is that of cJSON_PrintUnformatted, but faster; and more characters are escaped:
 * see quote.h.
 *
 * cJSON reads each octet of a text twice and scans its output after each value. Here most texts are only copied: json.c
 * examined them when their node was made.
 */
#include <string.h>

#include "json.h"
#include "octets.h"
#include "quote.h"

#define TEXT_STEP 4096 /* octets of text for which room is made at a time */
#define SPARE 64       /* room kept after every value for brackets, a comma, the next key, and what is copied too far */
_Static_assert(SPARE >= FIELD_NAME_ROOM + sizeof("},\"\":") && SPARE >= 2 * QUOTE_SPARE, "a key fits behind a value");

/* The output; where the next octet goes is handed on from function to function. */
struct printer {
	GString *line;
	char *end; /* of the room */
};

static G_GNUC_NO_INLINE char *printer_grow(struct printer *p, const char *to, size_t size)
{
	const gsize used = (gsize)(to - p->line->str);
	g_string_set_size(p->line, used + MAX(used, size));
	p->end = p->line->str + p->line->allocated_len - 1;
	return p->line->str + used;
}

/* room - makes room for this many octets, and SPARE after them. Returns where they go. */
static inline char *room(struct printer *p, char *to, size_t size)
{
	return G_LIKELY((size_t)(p->end - to) >= size + SPARE) ? to : printer_grow(p, to, size + SPARE);
}

/* copy_octets - copies octets; up to 16 more are written behind them. Returns the end. */
static inline char *copy_octets(char *to, const char *text, size_t size)
{
	if (size > 2 * sizeof(octets16))
		return (char *)mempcpy(to, text, size);
	if (size < sizeof(octets16)) {
		const octets16 octets = octets16_short(text, size);
		memcpy(to, &octets, sizeof octets);
	} else {
		const octets16 first = octets16_at(text), last = octets16_at(text + size - sizeof last);
		memcpy(to, &first, sizeof first);
		memcpy(to + size - sizeof last, &last, sizeof last);
	}
	return to + size;
}

/* piece_size - how much of a text is printed at a time: whole characters. */
static size_t piece_size(const char *text, size_t left)
{
	size_t size = MIN(left, TEXT_STEP);
	for (int i = 0; i < 3 && size < left && ((uint8_t)text[size] & 0xc0) == 0x80; i++)
		size--;
	return size;
}

/* print_text - a text that was not examined, in quotes. */
static G_GNUC_NO_INLINE char *print_text(struct printer *p, char *to, const char *text, size_t left)
{
	bool exact;
	*to++ = '"';
	do {
		const size_t size = piece_size(text, left);
		to = quote(room(p, to, size * QUOTE_MOST), span_of(text, size), &exact);
		text += size;
		left -= size;
	} while (left > 0);
	*to++ = '"';
	return to;
}

/* put_key - a key and its colon. A field's name is copied into SPARE with a fixed size. */
static inline char *put_key(struct printer *p, char *to, const cJSON *node)
{
	if (node->type & JSON_FIELD) {
		*to = '"';
		memcpy(to + 1, node->string, FIELD_NAME_ROOM);
		to += 1 + node->valueint;
		*to++ = '"';
	} else {
		to = print_text(p, to, node->string, strlen(node->string));
	}
	*to++ = ':';
	return to;
}

/* put_ready - a value that is only copied; a text comes into quotes. */
static inline char *put_ready(struct printer *p, char *to, const cJSON *node)
{
	const size_t size = (size_t)(int64_t)node->valuedouble, quotes = (node->type & cJSON_String) != 0;
	to = room(p, to, size);
	*to = '"';
	to = copy_octets(to + quotes, node->valuestring, size);
	*to = '"';
	return to + quotes;
}

static char *put_node(struct printer *p, char *to, const cJSON *node);

/* put_children - the members of an object or array, each with a comma, which the bracket replaces. */
static char *put_children(struct printer *p, char *to, const cJSON *node, const char brackets[static 2], bool keys)
{
	*to++ = brackets[0];
	to = room(p, to, 0);
	for (const cJSON *child = node->child; child; child = child->next) {
		if (keys)
			to = put_key(p, to, child);
		to = child->type & JSON_READY ? put_ready(p, to, child) : put_node(p, to, child);
		*to++ = ',';
	}
	to -= node->child != NULL;
	*to++ = brackets[1];
	return room(p, to, 0);
}

static char *put_node(struct printer *p, char *to, const cJSON *node)
{
	const char *text = node->valuestring;
	size_t size;
	switch (node->type & 0xff) {
	case cJSON_String:
		size = node->type & JSON_SIZED ? (size_t)(int64_t)node->valuedouble : strlen(text);
		return print_text(p, to, text, size);
	case cJSON_Raw:
		size = strlen(text);
		return copy_octets(room(p, to, size), text, size);
	case cJSON_False:
		return copy_octets(room(p, to, 5), "false", 5);
	case cJSON_True:
		return copy_octets(room(p, to, 4), "true", 4);
	case cJSON_NULL:
		return copy_octets(room(p, to, 4), "null", 4);
	case cJSON_Array:
		return put_children(p, to, node, "[]", false);
	default:
		g_assert(cJSON_IsObject(node));
		return put_children(p, to, node, "{}", true);
	}
}

void json_print(const struct json *root, GString *line)
{
	struct printer printer = { line, line->str + line->allocated_len - 1 };
	char *to = room(&printer, line->str + line->len, 0);
	to = put_node(&printer, to, root->node);
	*to++ = '\n';
	g_string_set_size(line, (gsize)(to - line->str));
}
