/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * block.c - see block.h. Lines end in CRLF or LF.
 *
 * A line that is not a field is either a stray line between fields, or the first line of a body without an empty line
 * before it. A MIME field or the empty line that follows decides; until then such lines wait in strays. The header of a
 * part continues after stray lines. The header of a message ends at them, as for mail servers, unless a MIME field
 * follows. A line with '=' that is not indented continues a value that ends in ';'.
 *
 * Up to MIME_HEADER_COUNT_MAX fields and MIME_HEADER_KEPT_MAX octets are kept. Beyond that, only the first of each
 * DECIDING field is kept (the fields that decide what a reader sees), up to BLOCK_DECIDING_MAX octets of it.
 */
#include "block.h"

#include <string.h>

#define BLOCK_DECIDING_MAX (16 * 1024)
#define DATA_FIRST 1024
#define DECIDING                                                                                                       \
	(1U << MIME_FIELD_FROM | 1U << MIME_FIELD_TO | 1U << MIME_FIELD_SUBJECT | 1U << MIME_FIELD_DATE |              \
		1U << MIME_FIELD_MESSAGE_ID | 1U << MIME_FIELD_CONTENT_TYPE | 1U << MIME_FIELD_CONTENT_DISPOSITION |   \
		1U << MIME_FIELD_CONTENT_TRANSFER_ENCODING)

void block_begin(struct block *block, bool part)
{
	struct block empty = {
		.fields = block->fields, .data = block->data, .room = block->room, .strays = block->strays, .part = part
	};
	if (!empty.fields)
		empty.fields = g_array_new(FALSE, FALSE, sizeof(struct mime_field));
	g_array_set_size(empty.fields, 0);
	memcpy(block, &empty, offsetof(struct block, odd));
	block->odd_size = 0;
}

void block_clear(struct block *block)
{
	if (block->fields)
		g_array_free(block->fields, TRUE);
	g_free(block->data);
	g_free(block->strays);
	*block = (struct block){ 0 };
}

size_t block_memory(const struct block *block)
{
	return block->room + (block->fields ? block->fields->len * sizeof(struct mime_field) : 0) +
	       (block->strays ? BLOCK_STRAYS_MAX : 0);
}

/* ---- lines ---- */

size_t block_field_name(struct span line, size_t *value)
{
	size_t name = 0;
	while (name < line.size && line.data[name] > ' ' && line.data[name] < 0x7f && line.data[name] != ':')
		name++;
	size_t colon = name;
	while (colon < line.size && (line.data[colon] == ' ' || line.data[colon] == '\t'))
		colon++;
	if (name == 0 || colon == line.size || line.data[colon] != ':')
		return 0;
	*value = colon + 1;
	return name;
}

bool block_is_mime(struct span line)
{
	size_t value, size = block_field_name(line, &value);
	return (size > 8 && g_ascii_strncasecmp((const char *)line.data, "content-", 8) == 0) ||
	       (size == 12 && g_ascii_strncasecmp((const char *)line.data, "mime-version", 12) == 0);
}

/* line_size - its size without the line end. */
static size_t line_size(struct span line)
{
	size_t size = line.size;
	if (size > 0 && line.data[size - 1] == '\n')
		size--;
	if (size > 0 && size < line.size && line.data[size - 1] == '\r')
		size--;
	return size;
}

size_t mail_fields(struct span content)
{
	size_t count = 0, next, value;
	for (size_t at = 0; at < content.size; at = next) {
		size_t end = mime_line_end(content, at, &next);
		struct span line = span_of(content.data + at, end - at);
		bool folded = line.size > 0 && count > 0 && (*line.data == ' ' || *line.data == '\t');
		if (!folded && block_field_name(line, &value) == 0)
			break;
		count += !folded;
	}
	return count;
}

/* ---- what is kept ---- */

/* keep - appends octets of the last field, up to the limit. */
static void keep(struct block *block, struct span octets)
{
	size_t size = MIN(octets.size, block->limit > block->used ? block->limit - block->used : 0);
	block->dropped = block->dropped || size < octets.size;
	if (block->used + size > block->room) {
		const uint8_t *before = block->data;
		block->room = MAX(MAX(2 * block->room, block->used + size), DATA_FIRST);
		block->data = g_realloc(block->data, block->room);
		for (guint i = 0; i < block->fields->len; i++) {
			struct mime_field *field = &g_array_index(block->fields, struct mime_field, i);
			field->name.data = block->data + (field->name.data - before);
			field->value.data = block->data + (field->value.data - before);
		}
	}
	memcpy(block->data + block->used, octets.data, size);
	block->used += size;
}

/* end_value - sets the end of the last field's value: all that is kept, without the last line end. */
static void end_value(struct block *block)
{
	struct mime_field *field = &g_array_index(block->fields, struct mime_field, block->fields->len - 1);
	size_t begin = (size_t)(field->value.data - block->data);
	field->value.size = MIN(line_size(span_of(field->value.data, block->used - begin)), MIME_HEADER_KEPT_MAX);
}

/* take_field - a line that begins a field. */
static void take_field(struct block *block, struct span line, size_t name, size_t value)
{
	struct mime_field field = { .id = mime_field_find(span_of(line.data, name)) };
	uint32_t kind = UINT32_C(1) << field.id;
	bool deciding = DECIDING & kind & ~block->seen, room = block->fields->len < MIME_HEADER_COUNT_MAX;
	block->count++;
	block->limit = room ? MIME_HEADER_KEPT_MAX : 0;
	if (deciding)
		block->limit = MAX(MIME_HEADER_KEPT_MAX, block->used + BLOCK_DECIDING_MAX);
	block->keeping = block->limit > block->used;
	if (!block->keeping) {
		block->dropped = true;
		return;
	}
	block->repeated |= block->seen & kind;
	block->seen |= kind;
	size_t begin = block->used;
	keep(block, line);
	field.name = span_of(block->data + begin, MIN(name, block->used - begin));
	field.value = span_of(block->data + MIN(begin + value, block->used), 0);
	g_array_append_val(block->fields, field);
	end_value(block);
}

/* take_more - octets that continue the previous field. */
static void take_more(struct block *block, struct span octets, bool folded)
{
	if (!block->keeping)
		return;
	keep(block, octets);
	g_array_index(block->fields, struct mime_field, block->fields->len - 1).folded |= folded;
	end_value(block);
}

/* ---- lines that are not fields ---- */

static void stray(struct block *block, struct span line)
{
	if (!block->strays)
		block->strays = g_malloc(BLOCK_STRAYS_MAX + 2); /* and an empty line */
	memcpy(block->strays + block->stray_size, line.data, line.size);
	block->stray_size += line.size;
}

static void odd(struct block *block, struct span line)
{
	size_t size = MIN(line.size, BLOCK_ODD_MAX - block->odd_size);
	memcpy(block->odd + block->odd_size, line.data, size);
	block->odd_size += size;
}

/* goes_on - may a line that is not indented continue the last value? It does when the value ends in ';' and the line
 * looks like a parameter. */
static bool goes_on(const struct block *block, struct span line)
{
	if (!block->keeping || block->fields->len == 0 || !memchr(line.data, '=', line.size))
		return false;
	const struct mime_field *field = &g_array_index(block->fields, struct mime_field, block->fields->len - 1);
	size_t size = field->value.size;
	while (size > 0 && g_ascii_isspace(field->value.data[size - 1]))
		size--;
	return size > 0 && field->value.data[size - 1] == ';';
}

/* resume - the header continues after the strays: reads the fields among them. */
static void resume(struct block *block)
{
	struct span strays = span_of(block->strays, block->stray_size);
	size_t next, value;
	bool last_was_field = false;
	block->stray_size = 0;
	for (size_t at = 0; at < strays.size; at = next) {
		mime_line_end(strays, at, &next);
		struct span line = span_of(strays.data + at, next - at);
		size_t name = block_field_name(line, &value);
		bool folded = last_was_field && (*line.data == ' ' || *line.data == '\t');
		if (name > 0)
			take_field(block, line, name, value);
		else if (folded)
			take_more(block, line, true);
		else
			odd(block, line);
		last_was_field = name > 0 || folded;
	}
}

/* empty_line - the header ends here; that of a message, or of a part without fields, ended before the strays. */
static enum block_result empty_line(struct block *block, struct span line)
{
	if (block->stray_size == 0)
		return BLOCK_END;
	if (block->part && block->count > 0 && !block->damaged) {
		resume(block);
		return BLOCK_END;
	}
	stray(block, line);
	return BLOCK_BODY;
}

/* take_stray - a line that is not a field, or follows one. */
static enum block_result take_stray(struct block *block, struct span line)
{
	if (block->stray_size == 0 && goes_on(block, line) && !block->damaged) {
		odd(block, line);
		take_more(block, line, true);
		return BLOCK_MORE;
	}
	if (line.size > BLOCK_STRAYS_MAX - block->stray_size) {
		block->size -= line.size;
		return BLOCK_BEFORE;
	}
	block->straying = true;
	stray(block, line);
	bool delimiter = line.size >= 2 && memcmp(line.data, "--", 2) == 0;
	return delimiter || block->damaged ? BLOCK_BODY : BLOCK_MORE;
}

enum block_result block_line(struct block *block, struct span line, bool first, bool last)
{
	size_t value = 0;
	if (!first && block->straying && line.size > BLOCK_STRAYS_MAX - block->stray_size)
		return BLOCK_BEFORE;
	block->size += line.size;
	block->line = (first ? 0 : block->line) + line_size(line);
	block->longest = MAX(block->longest, block->line);
	if (!first) {
		if (block->straying)
			stray(block, line);
		else
			take_more(block, line, false);
		return BLOCK_MORE;
	}
	bool straying = block->stray_size > 0;
	block->straying = false;
	if (last && line_size(line) == 0)
		return empty_line(block, line);
	size_t name = block_field_name(line, &value);
	if (straying && name > 0 && block_is_mime(line)) {
		resume(block);
		straying = false;
	}
	if (straying || (name == 0 && (block->count == 0 || (*line.data != ' ' && *line.data != '\t'))))
		return take_stray(block, line);
	if (name > 0)
		take_field(block, line, name, value);
	else
		take_more(block, line, true);
	return BLOCK_MORE;
}

enum block_result block_end(struct block *block)
{
	return block->stray_size > 0 ? BLOCK_BODY : BLOCK_END;
}
