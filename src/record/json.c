/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * json.c - see json.h.
 */
#include "json.h"

#include <assert.h>
#include <cjson/cJSON.h>
#include <string.h>
#include <time.h>

#include "text.h"
#include "writer.h"

#define ARENA_BLOCK ((size_t)64 * 1024) /* kept between records */
#define ARENA_ALIGN 16

static struct arena {
	_Alignas(ARENA_ALIGN) uint8_t block[ARENA_BLOCK];
	size_t used;
	GSList *large; /* allocations larger than a block */
} arena;

void *json_alloc(size_t size)
{
	size = (size + ARENA_ALIGN - 1) & ~(size_t)(ARENA_ALIGN - 1);
	if (size <= ARENA_BLOCK - arena.used) {
		void *room = arena.block + arena.used;
		arena.used += size;
		return room;
	}
	arena.large = g_slist_prepend(arena.large, g_malloc(size));
	return arena.large->data;
}

/* keep - called by cJSON instead of free; the arena frees everything at once. */
static void keep(void *room)
{
}

void json_reset(void)
{
	arena.used = 0;
	if (arena.large) {
		g_slist_free_full(arena.large, g_free);
		arena.large = NULL;
	}
}

void json_trees(void)
{
	/* Set each time, because code that reads records sets others. */
	cJSON_Hooks hooks = { json_alloc, keep };
	cJSON_InitHooks(&hooks);
	json_reset();
}

struct span json_escape(struct span bytes, size_t limit)
{
	static const char hex[] = "0123456789abcdef";
	size_t size = bytes.size < limit ? bytes.size : limit;
	char *text = json_alloc(size * 4 + 1), *to = text;
	for (size_t i = 0; i < size; i++) {
		uint8_t c = bytes.data[i];
		const char *letter = c ? memchr("\r\n\t\\", c, 4) : NULL;
		if (letter || c < ' ' || c > '~')
			*to++ = '\\';
		if (letter) {
			*to++ = c == '\r' ? 'r' : c == '\n' ? 'n' : c == '\t' ? 't' : '\\';
		} else if (c < ' ' || c > '~') {
			*to++ = 'x';
			*to++ = hex[c >> 4];
			*to++ = hex[c & 15];
		} else {
			*to++ = (char)c;
		}
	}
	*to = '\0';
	return (struct span){ (uint8_t *)text, (size_t)(to - text) };
}

/* ---- objects ---- */

void json_ascii(bool only)
{
	writer_ascii(only);
}

/* opened - the object or array that begins here. */
static struct json opened(char bracket, size_t start, enum field_of kind)
{
	value_open(bracket, start);
	return (struct json){ kind, -1, writer.depth };
}

struct json json_begin(GString *line)
{
	writer_begin(line);
	return opened('{', writer_place(), OF_envelope);
}

void json_end(void)
{
	writer_end_line();
}

void json_key(const struct json *object, const char *key)
{
	value_leave(object->depth);
	value_key(key);
}

/* put_key - copies a key of the field table with its quotes and colon. */
static inline void put_key(const char key[static FIELD_KEY_ROOM], unsigned size)
{
	memcpy(writer.to, key, FIELD_KEY_ROOM);
	writer.to += size;
}

/* add - begins a field, and asserts that it belongs to the object, has this kind and is in order. */
static inline void add(struct json *object, enum field field, enum field_kind kind)
{
	const struct field_info *info = &field_table[field];
	assert(info->object == object->kind && info->kind == kind && (int)field > object->last);
	object->last = (int)field;
	value_leave(object->depth);
	put_key(info->key, info->key_size);
}

struct json json_part(struct json *root, enum field_of kind)
{
	static const struct {
		char key[FIELD_KEY_ROOM];
		unsigned size;
	} keys[] = {
#define X(id, name) [OF_##id] = { "\"" name "\":", sizeof name + 2 },
		OBJECTS(X)
#undef X
	};
	value_leave(root->depth);
	const size_t start = writer_place();
	put_key(keys[kind].key, keys[kind].size);
	return opened('{', start, kind);
}

/* child - begins an object or array as the value of a field. */
static struct json child(struct json *parent, enum field field, enum field_kind kind, char bracket)
{
	value_leave(parent->depth);
	const size_t start = writer_place();
	add(parent, field, kind);
	return opened(bracket, start, field_table[field].of);
}

struct json json_object(struct json *parent, enum field field)
{
	return child(parent, field, KIND_OBJECT, '{');
}

struct json json_array(struct json *parent, enum field field)
{
	return child(parent, field, KIND_OBJECTS, '[');
}

struct json json_item(const struct json *array)
{
	value_leave(array->depth);
	return opened('{', writer_place(), array->kind);
}

void json_close(const struct json *child)
{
	value_leave(child->depth);
	value_drop_empty();
}

/* ---- members that many records share ---- */

struct json json_members_begin(struct json_members *members, enum field_of kind)
{
	if (!members->text)
		members->text = g_string_new(NULL);
	g_string_truncate(members->text, 0);
	writer_begin(members->text);
	return (struct json){ kind, -1, 0 };
}

void json_members_end(struct json_members *members, const struct json *object)
{
	writer_end();
	members->kind = object->kind;
	members->last = object->last;
}

void json_members_free(struct json_members *members)
{
	if (members->text)
		g_string_free(members->text, TRUE);
}

void json_members(struct json *object, const struct json_members *members)
{
	assert(members->kind == object->kind && members->last > object->last);
	object->last = members->last;
	value_leave(object->depth);
	value_raw(members->text->str, members->text->len);
}

/* ---- fields ---- */

void json_text(struct json *object, enum field field, struct span bytes)
{
	if (!bytes.data)
		return;
	add(object, field, KIND_TEXT);
	if (value_text(bytes))
		return;
	value_key(field_table[field].name_base64);
	value_base64(bytes);
}

void json_string(struct json *object, enum field field, const char *text)
{
	if (text)
		json_text(object, field, json_span(text));
}

void json_gstring(struct json *object, enum field field, const GString *text)
{
	if (text)
		json_text(object, field, (struct span){ (const uint8_t *)text->str, text->len });
}

void json_word(struct json *object, enum field field, const char *word)
{
	if (!word || !*word)
		return;
	add(object, field, field_table[field].kind);
	value_text(json_span(word));
}

void json_escaped(struct json *object, enum field field, struct span bytes, size_t limit)
{
	if (bytes.size == 0)
		return;
	add(object, field, KIND_ASCII);
	value_text(json_escape(bytes, limit));
}

void json_content(struct json *object, enum field plain, enum field base64, struct span bytes)
{
	if (text_utf8(bytes.data, bytes.size) == bytes.size) {
		add(object, plain, KIND_ASCII);
		value_text(bytes);
	} else {
		add(object, base64, KIND_BASE64);
		value_base64(bytes);
	}
}

void json_number(struct json *object, enum field field, uint64_t number)
{
	add(object, field, KIND_NUMBER);
	value_number(number);
}

void json_numbers(struct json *object, enum field field, const uint16_t *numbers, size_t count)
{
	if (count == 0)
		return;
	child(object, field, KIND_NUMBERS, '[');
	for (size_t i = 0; i < count; i++)
		value_number(numbers[i]);
}

void json_flag(struct json *object, enum field field, bool flag)
{
	add(object, field, KIND_FLAG);
	value_flag(flag);
}

void json_true(struct json *object, enum field field, bool flag)
{
	if (!flag)
		return;
	add(object, field, KIND_TRUE);
	value_word("true");
}

void json_true_or(struct json *object, enum field field, bool flag, const char *why)
{
	if (!flag && !why)
		return;
	add(object, field, KIND_TRUE_OR_TEXT);
	if (flag)
		value_word("true");
	else
		value_text(json_span(why));
}

/* ---- time ---- */

/* make_second - "YYYY-MM-DDTHH:MM:SS" for seconds since 1970 (nanoseconds in 64 bits end in 2262: always 4 digits). */
static void make_second(char *to, int64_t second)
{
	time_t when = (time_t)second;
	struct tm tm;
	gmtime_r(&when, &tm);
	const struct {
		int number;
		char digits, behind;
	} pieces[] = { { tm.tm_year + 1900, 4, '-' }, { tm.tm_mon + 1, 2, '-' }, { tm.tm_mday, 2, 'T' },
		{ tm.tm_hour, 2, ':' }, { tm.tm_min, 2, ':' }, { tm.tm_sec, 2, '\0' } };
	for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		to += pieces[i].digits;
		writer_digits(to, (uint64_t)pieces[i].number, (unsigned)pieces[i].digits);
		*to++ = pieces[i].behind;
	}
}

/* put_second - like make_second, but remembers the last second, because most records have the same one. Returns the
 * end. */
static char *put_second(char *to, int64_t second)
{
	static char text[sizeof("YYYY-MM-DDTHH:MM:SS")];
	static int64_t made;
	if (text[0] == '\0' || second != made)
		make_second(text, second);
	made = second;
	memcpy(to, text, sizeof(text));
	return to + sizeof(text) - 1;
}

void json_time(struct json *object, enum field field, int64_t time, unsigned digits)
{
	int64_t second = time / NANOSECONDS_PER_SECOND, fraction = time % NANOSECONDS_PER_SECOND;
	if (fraction < 0) {
		second--;
		fraction += NANOSECONDS_PER_SECOND;
	}
	add(object, field, KIND_TIME);
	char *to = writer_room(sizeof "\"YYYY-MM-DDTHH:MM:SS.123456789Z\",");
	*to++ = '"';
	to = put_second(to, second);
	*to++ = '.';
	to += digits;
	writer_digits(to, (uint64_t)(digits == 9 ? fraction : fraction / 1000), digits);
	writer.to = (char *)mempcpy(to, "Z\",", 3);
}

void json_date(struct json *object, enum field field, int64_t time)
{
	const int64_t second = time / NANOSECONDS_PER_SECOND - (time % NANOSECONDS_PER_SECOND < 0);
	add(object, field, KIND_DATE);
	char *to = writer_room(sizeof "\"YYYY-MM-DDTHH:MM:SS\",");
	*to++ = '"';
	to = put_second(to, second);
	writer.to = (char *)mempcpy(to, "\",", 2);
}

/* ---- arrays of text ---- */

struct json_texts json_texts(struct json *object, enum field field)
{
	return (struct json_texts){ .object = object, .field = field };
}

/* add_base64 - the exact octets of a text, or null when it is exact. */
static void add_base64(GString *values, struct span bytes, bool exact)
{
	if (exact) {
		g_string_append(values, "null,");
		return;
	}
	char *text = g_base64_encode(bytes.data, bytes.size);
	g_string_append_printf(values, "\"%s\",", text);
	g_free(text);
}

void json_texts_add(struct json_texts *texts, struct span bytes)
{
	if (texts->count == 0)
		child(texts->object, texts->field, KIND_TEXTS, '[');
	const bool exact = value_text(bytes);
	if (!exact && !texts->base64) {
		texts->base64 = g_string_new(NULL);
		for (unsigned i = 0; i < texts->count; i++)
			add_base64(texts->base64, bytes, true);
	}
	if (texts->base64)
		add_base64(texts->base64, bytes, exact);
	texts->count++;
}

void json_texts_end(struct json_texts *texts)
{
	if (!texts->base64)
		return;
	json_key(texts->object, field_table[texts->field].name_base64);
	value_open('[', writer_place());
	value_raw(texts->base64->str, texts->base64->len);
	g_string_free(texts->base64, TRUE);
}

void json_strings(struct json *object, enum field field, const GPtrArray *strings)
{
	struct json_texts texts = json_texts(object, field);
	for (guint i = 0; strings && i < strings->len; i++)
		json_texts_add(&texts, json_span(strings->pdata[i]));
	json_texts_end(&texts);
}
