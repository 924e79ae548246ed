/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * json.c - see json.h. cJSON's tree, made faster: nodes are allocated from an arena and linked here, keys and strings
 * are references, and numbers are stored as digits (cJSON prints every number twice with printf, and those of 16 digits
 * as 1e+15).
 *
 * The arena is static, so one record can be under construction at a time.
 */
#include "json.h"

#include <assert.h>
#include <string.h>
#include <time.h>

#include "quote.h"
#include "text.h"

#define ARENA_BLOCK ((size_t)64 * 1024) /* kept between records */
#define ARENA_ALIGN 16
#define MEMBERS_SIZE 320 /* octets of shared members without long names */
#define QUOTED_MAX 4096  /* octets of an odd text that is escaped at once; longer ones when they are printed */
#define NUMBER_ROOM 24   /* octets of a number with its NUL */

static struct json_arena {
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

/* give_back - what is behind `end` of the last allocation, which begins at `start`. */
static void give_back(const char *start, const char *end)
{
	const char *block = (const char *)arena.block;
	if (start >= block && start < block + ARENA_BLOCK)
		arena.used = ((size_t)(end - block) + ARENA_ALIGN - 1) & ~(size_t)(ARENA_ALIGN - 1);
}

/* keep_memory - called by cJSON instead of free; the arena frees everything at once. */
static void keep_memory(void *room)
{
}

void json_reset(void)
{
	/* Set each time, because code that reads records sets others. */
	cJSON_Hooks hooks = { json_alloc, keep_memory };
	cJSON_InitHooks(&hooks);
	arena.used = 0;
	if (arena.large) {
		g_slist_free_full(arena.large, g_free);
		arena.large = NULL;
	}
}

/* ---- nodes ---- */

/* new_node - like cJSON_Create..., without calling the hooks. */
static inline cJSON *new_node(int type)
{
	cJSON *node = json_alloc(sizeof *node);
	*node = (cJSON){ .type = type };
	return node;
}

/* set_sized - makes a node one with a borrowed string or raw text. */
static inline cJSON *set_sized(cJSON *node, int type, const void *text, size_t size)
{
	*node = (cJSON){ .type = type | cJSON_IsReference | JSON_SIZED,
		.valuestring = (char *)(uintptr_t)text,
		.valuedouble = (double)(int64_t)size }; /* exact to 2^53 */
	return node;
}

static inline cJSON *sized_node(int type, const void *text, size_t size)
{
	return set_sized(json_alloc(sizeof(cJSON)), type, text, size);
}

/* append_node - what cJSON_AddItemToArray does: the first child's `prev` is the last. */
static void append_node(cJSON *parent, cJSON *node)
{
	cJSON *first = parent->child;
	if (!first) {
		parent->child = node->prev = node;
		return;
	}
	node->prev = first->prev;
	first->prev->next = node;
	first->prev = node;
}

/* odd_node - a text that is not only copied: a long one is escaped when it is printed. */
static G_GNUC_NO_INLINE cJSON *odd_node(struct span text, bool *exact)
{
	if (text.size > QUOTED_MAX && text_utf8(text.data, text.size) == text.size)
		return sized_node(cJSON_String, text.data, text.size);
	char *start = json_alloc(text.size * QUOTE_MOST + sizeof "\"\"" + QUOTE_SPARE), *end = start;
	*end++ = '"';
	end = quote(end, text, exact);
	*end++ = '"';
	give_back(start, end);
	return sized_node(cJSON_Raw | JSON_READY, start, (size_t)(end - start));
}

/* text_node - json_text_node for functions of this file. */
static inline cJSON *text_node(struct span text, bool *exact)
{
	*exact = true;
	if (quote_plain(text) < text.size)
		return odd_node(text, exact);
	return sized_node(cJSON_String | JSON_READY, text.data, text.size);
}

cJSON *json_text_node(struct span text, bool *exact)
{
	return text_node(text, exact);
}

/* put_pair - writes a number below 100 in two digits that end here. Returns where they begin. */
static inline char *put_pair(char *end, unsigned number)
{
	static const char pairs[] = "00010203040506070809101112131415161718192021222324252627282930313233343536373839"
				    "40414243444546474849505152535455565758596061626364656667686970717273747576777879"
				    "8081828384858687888990919293949596979899";
	*--end = pairs[number * 2 + 1];
	*--end = pairs[number * 2];
	return end;
}

cJSON *json_number_node(uint64_t number)
{
	struct {
		cJSON node;
		char digits[NUMBER_ROOM];
	} *made = json_alloc(sizeof *made);
	char *const end = made->digits + NUMBER_ROOM - 1, *first = end;
	*end = '\0';
	for (; number >= 100; number /= 100)
		first = put_pair(first, (unsigned)(number % 100));
	first = put_pair(first, (unsigned)number) + (number < 10);
	return set_sized(&made->node, cJSON_Raw | JSON_READY, first, (size_t)(end - first));
}

cJSON *json_base64_node(struct span bytes)
{
	gint state = 0, save = 0;
	char *text = json_alloc((bytes.size / 3 + 1) * 4 + 4);
	gsize size = g_base64_encode_step(bytes.data, bytes.size, FALSE, text, &state, &save);
	size += g_base64_encode_close(FALSE, text + size, &state, &save);
	return sized_node(cJSON_String | JSON_READY, text, size);
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
	return span_of(text, (size_t)(to - text));
}

/* ---- objects ---- */

struct json json_root(void)
{
	return json_detached(OF_envelope);
}

struct json json_detached(enum field_of kind)
{
	return (struct json){ new_node(cJSON_Object), kind, -1 };
}

void json_key(struct json *object, const char *key, cJSON *value)
{
	value->string = (char *)(uintptr_t)key;
	value->type |= cJSON_StringIsConst;
	append_node(object->node, value);
}

/* name_key - the same for a key from a table. */
static void name_key(struct json *object, const char *name, int size, cJSON *value)
{
	value->type |= JSON_FIELD;
	value->valueint = size;
	json_key(object, name, value);
}

/* add_field - adds a field, and asserts that it belongs to the object, has this kind and is in order. */
static void add_field(struct json *object, enum field field, enum field_kind kind, cJSON *value)
{
	const struct field_info *info = &field_table[field];
	assert(info->object == object->kind && info->kind == kind && (int)field > object->last);
	object->last = (int)field;
	name_key(object, info->name, info->name_size, value);
}

struct json json_part(struct json *root, enum field_of kind)
{
	static const struct {
		char name[FIELD_NAME_ROOM];
		int size;
	} names[] = {
#define X(id, name) [OF_##id] = { name, sizeof name - 1 },
		OBJECTS(X)
#undef X
	};
	struct json part = json_detached(kind);
	name_key(root, names[kind].name, names[kind].size, part.node);
	return part;
}

/* ---- members that many records share ---- */

void json_members_print(struct json_members *members, const struct json *object)
{
	const cJSON *first = object->node->child;
	assert(first->type & JSON_FIELD);
	if (!members->line)
		members->line = g_string_sized_new(MEMBERS_SIZE);
	g_string_truncate(members->line, 0);
	json_print(object, members->line);
	members->name = first->string;
	members->name_size = first->valueint;
	members->kind = object->kind;
	members->last = object->last;
}

void json_members_free(struct json_members *members)
{
	if (members->line)
		g_string_free(members->line, TRUE);
}

void json_members(struct json *object, const struct json_members *members)
{
	assert(members->kind == object->kind && members->last > object->last);
	object->last = members->last;
	const size_t before = (size_t)members->name_size + strlen("{\"\":"), behind = strlen("}\n");
	name_key(object, members->name, members->name_size,
		sized_node(cJSON_Raw | JSON_READY, members->line->str + before, members->line->len - before - behind));
}

/* ---- fields ---- */

void json_close(struct json *parent, enum field field, struct json *child)
{
	if (child->node->child)
		add_field(parent, field, KIND_OBJECT, child->node);
}

void json_objects(struct json *parent, enum field field, cJSON *array)
{
	if (array->child)
		add_field(parent, field, KIND_OBJECTS, array);
}

struct json json_object(struct json *parent, enum field field)
{
	struct json child = json_detached(field_table[field].of);
	add_field(parent, field, KIND_OBJECT, child.node);
	return child;
}

void json_text(struct json *object, enum field field, struct span bytes)
{
	if (!bytes.data)
		return;
	bool exact;
	add_field(object, field, KIND_TEXT, text_node(bytes, &exact));
	if (!exact)
		json_key(object, field_table[field].name_base64, json_base64_node(bytes));
}

void json_string(struct json *object, enum field field, const char *text)
{
	if (text)
		json_text(object, field, span_of_text(text));
}

void json_gstring(struct json *object, enum field field, const GString *text)
{
	if (text)
		json_text(object, field, span_of_string(text));
}

void json_word(struct json *object, enum field field, const char *word)
{
	bool exact;
	if (word && *word)
		add_field(object, field, field_table[field].kind, text_node(span_of_text(word), &exact));
}

void json_escaped(struct json *object, enum field field, struct span bytes, size_t limit)
{
	bool exact;
	if (bytes.size > 0)
		add_field(object, field, KIND_ASCII, text_node(json_escape(bytes, limit), &exact));
}

void json_content(struct json *object, enum field plain, enum field base64, struct span bytes)
{
	if (text_utf8(bytes.data, bytes.size) == bytes.size)
		add_field(object, plain, KIND_ASCII, sized_node(cJSON_String, bytes.data, bytes.size));
	else
		add_field(object, base64, KIND_BASE64, json_base64_node(bytes));
}

void json_number(struct json *object, enum field field, uint64_t number)
{
	add_field(object, field, KIND_NUMBER, json_number_node(number));
}

void json_numbers(struct json *object, enum field field, const uint16_t *numbers, size_t count)
{
	if (count == 0)
		return;
	cJSON *array = new_node(cJSON_Array);
	for (size_t i = 0; i < count; i++)
		append_node(array, json_number_node(numbers[i]));
	add_field(object, field, KIND_NUMBERS, array);
}

void json_flag(struct json *object, enum field field, bool flag)
{
	add_field(object, field, KIND_FLAG, new_node(flag ? cJSON_True : cJSON_False));
}

void json_true(struct json *object, enum field field, bool flag)
{
	if (flag)
		add_field(object, field, KIND_TRUE, new_node(cJSON_True));
}

void json_true_or(struct json *object, enum field field, bool flag, const char *why)
{
	bool exact;
	if (flag || why)
		add_field(object, field, KIND_TRUE_OR_TEXT,
			flag ? new_node(cJSON_True) : text_node(span_of_text(why), &exact));
}

/* ---- time ---- */

/* put_digits - writes the number in exactly `digits` digits. Returns the end. */
static char *put_digits(char *to, uint64_t number, unsigned digits)
{
	char *first = to + digits;
	for (; first - to >= 2; number /= 100)
		first = put_pair(first, (unsigned)(number % 100));
	if (first > to)
		*to = (char)('0' + number % 10);
	return to + digits;
}

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
	for (size_t i = 0; i < G_N_ELEMENTS(pieces); i++) {
		to = put_digits(to, (uint64_t)pieces[i].number, (unsigned)pieces[i].digits);
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
	memcpy(to, text, sizeof text);
	return to + sizeof text - 1;
}

void json_time(struct json *object, enum field field, int64_t time, unsigned digits)
{
	char *text = json_alloc(sizeof("YYYY-MM-DDTHH:MM:SS.123456789Z")), *to;
	int64_t second = time / NANOSECONDS_PER_SECOND, fraction = time % NANOSECONDS_PER_SECOND;
	if (fraction < 0) {
		second--;
		fraction += NANOSECONDS_PER_SECOND;
	}
	to = put_second(text, second);
	*to++ = '.';
	to = put_digits(to, (uint64_t)(digits == 9 ? fraction : fraction / 1000), digits);
	*to++ = 'Z';
	add_field(object, field, KIND_TIME, sized_node(cJSON_String | JSON_READY, text, (size_t)(to - text)));
}

void json_date(struct json *object, enum field field, int64_t time)
{
	char *text = json_alloc(sizeof("YYYY-MM-DDTHH:MM:SS"));
	int64_t second = time / NANOSECONDS_PER_SECOND - (time % NANOSECONDS_PER_SECOND < 0);
	const char *end = put_second(text, second);
	add_field(object, field, KIND_DATE, sized_node(cJSON_String | JSON_READY, text, (size_t)(end - text)));
}

/* ---- arrays of text ---- */

struct json_texts json_texts(struct json *object, enum field field)
{
	return (struct json_texts){ .object = object, .field = field };
}

void json_texts_add(struct json_texts *texts, struct span bytes)
{
	bool exact;
	cJSON *text = text_node(bytes, &exact);
	if (!texts->plain)
		texts->plain = new_node(cJSON_Array);
	append_node(texts->plain, text);
	if (!exact && !texts->base64) {
		texts->base64 = new_node(cJSON_Array);
		for (unsigned i = 0; i < texts->count; i++)
			append_node(texts->base64, new_node(cJSON_NULL));
	}
	if (texts->base64)
		append_node(texts->base64, exact ? new_node(cJSON_NULL) : json_base64_node(bytes));
	texts->count++;
}

void json_texts_end(struct json_texts *texts)
{
	if (texts->plain)
		add_field(texts->object, texts->field, KIND_TEXTS, texts->plain);
	if (texts->base64)
		json_key(texts->object, field_table[texts->field].name_base64, texts->base64);
}

void json_strings(struct json *object, enum field field, const GPtrArray *strings)
{
	struct json_texts texts = json_texts(object, field);
	for (guint i = 0; strings && i < strings->len; i++)
		json_texts_add(&texts, span_of_text(strings->pdata[i]));
	json_texts_end(&texts);
}
