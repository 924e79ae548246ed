/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * print.c - prints a record. The result is that of cJSON_PrintUnformatted, but faster; and characters that act on a
 * terminal or on the direction of text (text.h) are escaped, and on request all non-ASCII characters.
 *
 * cJSON reads each octet of a text twice and scans its output after each value. Here texts are copied sixteen octets at
 * a time when nothing needs escaping.
 */
#include <string.h>

#include "json.h"
#include "octets.h"
#include "text.h"

#define ESCAPE_MAX 6   /* octets that one octet can become: \u001f */
#define TEXT_STEP 4096 /* octets of text for which room is made at a time */
#define SPARE 64       /* room kept after every value for brackets, a comma and the next key */
_Static_assert(SPARE >= FIELD_NAME_ROOM + sizeof("],\"\":"), "a key fits behind a value");

/* The output: there is room between `to` and `end`. */
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

/* make_room - makes room for this many octets, and SPARE after them. */
static inline void make_room(struct printer *p, size_t size)
{
	if (G_UNLIKELY((size_t)(p->end - p->to) < size + SPARE))
		grow(p, size + SPARE);
}

static inline void put(struct printer *p, const char *text, size_t size)
{
	make_room(p, size);
	p->to = (char *)mempcpy(p->to, text, size);
}

/* The character after the backslash of an escaped octet; 1: \u00XX; 0: not escaped. */
static const char escapes[256] = { 1, 1, 1, 1, 1, 1, 1, 1, 'b', 't', 'n', 1, 'f', 'r', 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
	1, 1, 1, 1, 1, 1, 1, ['"'] = '"', ['\\'] = '\\' };

/* put_few - writes octets one by one, escaped if needed. Returns the end. */
static inline char *put_few(char *to, const char *text, size_t size)
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

/* odd16, odd8 - which of these octets must be escaped? */
static inline octets16 odd16(octets16 octets)
{
	return (octets16)((octets < ' ') | (octets == '"') | (octets == '\\'));
}

static inline octets8 odd8(octets8 octets)
{
	return (octets8)((octets < ' ') | (octets == '"') | (octets == '\\'));
}

/* put_short - fewer than sixteen octets: tests eight from each end, when there are that many. */
static inline char *put_short(char *to, const char *text, size_t size)
{
	if (size < sizeof(octets8))
		return put_few(to, text, size);
	const char *second = text + size - sizeof(octets8);
	if (octets8_any(odd8(octets8_at(text)) | odd8(octets8_at(second))))
		return put_few(to, text, size);
	memcpy(to, text, sizeof(octets8));
	memcpy(to + size - sizeof(octets8), second, sizeof(octets8));
	return to + size;
}

/* put_octets - text, sixteen octets at a time; the last sixteen overlap those before them. */
static char *put_octets(char *to, const char *text, size_t size)
{
	const char *end = text + size;
	if (size < sizeof(octets16))
		return put_short(to, text, size);
	while ((size_t)(end - text) >= sizeof(octets16)) {
		octets16 octets = octets16_at(text), odd = odd16(octets);
		memcpy(to, &octets, sizeof octets);
		size_t plain = octets16_any(odd) ? octets16_first(odd) : sizeof octets;
		to += plain;
		text += plain;
		if (plain < sizeof octets)
			to = put_few(to, text++, 1);
	}
	size_t rest = (size_t)(end - text);
	octets16 last = octets16_at(end - sizeof last);
	if (octets16_any(odd16(last)))
		return put_short(to, text, rest);
	to += rest;
	memcpy(to - sizeof last, &last, sizeof last);
	return to;
}

static bool ascii_only;

void json_ascii(bool only)
{
	ascii_only = only;
}

/* suspect16 - which of these octets may begin a non-ASCII character that must be escaped? Those of text.h begin with
 * one of four octets. */
static inline octets16 suspect16(octets16 octets)
{
	if (ascii_only)
		return (octets16)(octets >= 0x7f);
	return (octets16)((octets == 0x7f) | (octets == 0xc2) | (octets == 0xd8) | (octets == 0xe2));
}

/* plain_size - the number of octets before the first such one. */
static size_t plain_size(const char *text, size_t size)
{
	size_t at = 0;
	for (; size - at >= sizeof(octets16); at += sizeof(octets16)) {
		octets16 suspect = suspect16(octets16_at(text + at));
		if (octets16_any(suspect))
			return at + octets16_first(suspect);
	}
	if (at == size)
		return size;
	uint8_t rest[sizeof(octets16)] = { 0 };
	memcpy(rest, text + at, size - at);
	octets16 suspect = suspect16(octets16_at(rest));
	return octets16_any(suspect) ? at + octets16_first(suspect) : size;
}

/* put_unit - \uXXXX. */
static void put_unit(struct printer *p, unsigned unit)
{
	char text[8];
	g_snprintf(text, sizeof text, "\\u%04x", unit & 0xffff);
	put(p, text, 6);
}

/* put_suspect - one character that may need escaping. Returns its size. */
static size_t put_suspect(struct printer *p, const char *text, size_t size)
{
	const gunichar c = g_utf8_get_char_validated(text, (gssize)size);
	const bool valid = c < 0x110000;
	const size_t length = valid ? (size_t)(g_utf8_next_char(text) - text) : 1;
	if (valid && (text_is_hidden(c) || ascii_only)) {
		if (c > 0xffff)
			put_unit(p, 0xd800 + ((c - 0x10000) >> 10));
		put_unit(p, c > 0xffff ? 0xdc00 + (c & 0x3ff) : c);
	} else {
		put(p, text, length);
	}
	return length;
}

/* put_plain - text without such octets. */
static void put_plain(struct printer *p, const char *text, size_t left)
{
	for (; left > TEXT_STEP; left -= TEXT_STEP, text += TEXT_STEP) {
		make_room(p, TEXT_STEP * ESCAPE_MAX);
		p->to = put_octets(p->to, text, TEXT_STEP);
	}
	make_room(p, left * ESCAPE_MAX + 1);
	p->to = put_octets(p->to, text, left);
}

/* put_string - a string in quotes. */
static void put_string(struct printer *p, const char *text, size_t left)
{
	make_room(p, 1);
	*p->to++ = '"';
	for (;;) {
		size_t plain = plain_size(text, left);
		put_plain(p, text, plain);
		text += plain;
		left -= plain;
		if (left == 0)
			break;
		size_t one = put_suspect(p, text, left);
		text += one;
		left -= one;
	}
	make_room(p, 1);
	*p->to++ = '"';
}

/* put_key - a key and its colon. A field's name is copied into SPARE with a fixed size. */
static inline void put_key(struct printer *p, const cJSON *node)
{
	if (node->type & JSON_FIELD) {
		*p->to = '"';
		memcpy(p->to + 1, node->string, FIELD_NAME_ROOM);
		p->to += 1 + node->valueint;
		*p->to++ = '"';
	} else {
		put_string(p, node->string, strlen(node->string));
	}
	*p->to++ = ':';
}

static void put_node(struct printer *p, const cJSON *node);

/* put_children - the members of an object or array. */
static void put_children(struct printer *p, const cJSON *node, bool keys)
{
	for (const cJSON *child = node->child; child; child = child->next) {
		if (keys)
			put_key(p, child);
		put_node(p, child);
		if (child->next)
			*p->to++ = ',';
	}
}

static inline size_t text_size(const cJSON *node)
{
	return node->type & JSON_SIZED ? (size_t)node->valuedouble : strlen(node->valuestring);
}

static void put_node(struct printer *p, const cJSON *node)
{
	switch (node->type & 0xff) {
	case cJSON_String:
		put_string(p, node->valuestring, text_size(node));
		break;
	case cJSON_Raw:
		put(p, node->valuestring, text_size(node));
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
