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

/* The character after the backslash of an escaped octet; 1: \u00XX; 2: it begins a character that may have to be
 * escaped (those of text.h begin with one of four octets); 0: not escaped. */
static char escapes[256] = { 1, 1, 1, 1, 1, 1, 1, 1, 'b', 't', 'n', 1, 'f', 'r', 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
	1, 1, 1, 1, 1, ['"'] = '"', ['\\'] = '\\', [0x7f] = 2, [0xc2] = 2, [0xd8] = 2, [0xe2] = 2 };
static bool ascii_only;

void json_ascii(bool only)
{
	ascii_only = only;
	for (int octet = 0x80; octet <= 0xff; octet++)
		escapes[octet] = only || octet == 0xc2 || octet == 0xd8 || octet == 0xe2 ? 2 : 0;
}

/* put_unit - writes \uXXXX. Returns the end. */
static char *put_unit(char *to, unsigned unit)
{
	to = (char *)mempcpy(to, "\\u", 2);
	for (int shift = 12; shift >= 0; shift -= 4)
		*to++ = "0123456789abcdef"[unit >> shift & 15];
	return to;
}

/* put_suspect - writes a character that may have to be escaped. Returns its size in the text. */
static size_t put_suspect(char **to, const char *text, size_t size)
{
	const gunichar c = g_utf8_get_char_validated(text, (gssize)size);
	const bool valid = c < 0x110000;
	const size_t length = valid ? (size_t)(g_utf8_next_char(text) - text) : 1;
	if (!valid || !(text_is_hidden(c) || ascii_only))
		*to = (char *)mempcpy(*to, text, length);
	else if (c > 0xffff)
		*to = put_unit(put_unit(*to, 0xd800 + ((c - 0x10000) >> 10)), 0xdc00 + (c & 0x3ff));
	else
		*to = put_unit(*to, c);
	return length;
}

/* put_odd - writes an octet that must be escaped, or the character that it begins. Returns the size in the text. */
static size_t put_odd(char **to, const char *text, size_t size)
{
	uint8_t octet = (uint8_t)*text;
	if (escapes[octet] == 2)
		return put_suspect(to, text, size);
	if (escapes[octet] == 1) {
		*to = put_unit(*to, octet);
		return 1;
	}
	*(*to)++ = '\\';
	*(*to)++ = escapes[octet];
	return 1;
}

/* put_few - writes octets one by one, escaped if needed. Returns the end. */
static inline char *put_few(char *to, const char *text, size_t size)
{
	for (const char *end = text + size; text < end;) {
		if (escapes[(uint8_t)*text] == 0)
			*to++ = *text++;
		else
			text += put_odd(&to, text, (size_t)(end - text));
	}
	return to;
}

/* odd16, odd8 - for which of these octets does `escapes` have something? */
static inline octets16 odd16(octets16 octets)
{
	octets16 odd = (octets16)((octets < ' ') | (octets == '"') | (octets == '\\'));
	if (ascii_only)
		return odd | (octets16)(octets >= 0x7f);
	return odd | (octets16)((octets == 0x7f) | (octets == 0xc2) | (octets == 0xd8) | (octets == 0xe2));
}

static inline octets8 odd8(octets8 octets)
{
	octets8 odd = (octets8)((octets < ' ') | (octets == '"') | (octets == '\\'));
	if (ascii_only)
		return odd | (octets8)(octets >= 0x7f);
	return odd | (octets8)((octets == 0x7f) | (octets == 0xc2) | (octets == 0xd8) | (octets == 0xe2));
}

/* plain16 - how many of these octets stand before the first that odd16 finds. A quicker test comes first, because most
 * texts are printable ASCII. */
static inline size_t plain16(octets16 octets)
{
	octets16 odd = (octets16)((octets - ' ' > '~' - ' ') | (octets == '"') | (octets == '\\'));
	if (octets16_any(odd))
		odd = odd16(octets);
	return octets16_any(odd) ? octets16_first(odd) : sizeof octets;
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

/* put_octets - whole characters, sixteen octets at a time; the last sixteen overlap those before them if all these were
 * copied as they are. */
static char *put_octets(char *to, const char *text, size_t size)
{
	const char *end = text + size, *copied = text;
	while ((size_t)(end - text) >= sizeof(octets16)) {
		octets16 octets = octets16_at(text);
		size_t plain = plain16(octets);
		memcpy(to, &octets, sizeof octets);
		to += plain;
		text += plain;
		if (plain < sizeof octets)
			copied = text += put_odd(&to, text, (size_t)(end - text));
	}
	size_t rest = (size_t)(end - text);
	if ((size_t)(end - copied) < sizeof(octets16))
		return put_short(to, text, rest);
	octets16 last = octets16_at(end - sizeof last);
	if (plain16(last) < sizeof last)
		return put_short(to, text, rest);
	to += rest;
	memcpy(to - sizeof last, &last, sizeof last);
	return to;
}

/* piece_size - how much of a text is printed at a time: whole characters. */
static size_t piece_size(const char *text, size_t left)
{
	size_t size = MIN(left, TEXT_STEP);
	for (int i = 0; i < 3 && size < left && ((uint8_t)text[size] & 0xc0) == 0x80; i++)
		size--;
	return size;
}

/* put_string - the text in quotes. */
static void put_string(struct printer *p, const char *text, size_t left)
{
	*p->to++ = '"';
	do {
		size_t size = piece_size(text, left);
		make_room(p, size * ESCAPE_MAX + 1);
		p->to = put_octets(p->to, text, size);
		text += size;
		left -= size;
	} while (left > 0);
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
