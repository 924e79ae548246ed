/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * block.c - see block.h. Lines end in CRLF or LF.
 *
 * A line that is not a field is either a stray line between fields, or the first line of a body without an empty line
 * before it. A field that is known or the empty line that follows decides; until then such lines wait in strays. The
 * header of a part continues after stray lines. The header of a message ends at them, as for mail servers, unless a
 * MIME field, or one that readers show, follows. A line with '=' that is not indented continues a value that ends in
 * ';'.
 *
 * Up to MIME_HEADER_COUNT_MAX fields and MIME_HEADER_KEPT_MAX octets are kept. Beyond that, only the first of each
 * DECIDING field is kept (the fields that decide what a reader sees), up to BLOCK_DECIDING_MAX octets of it.
 */
#include "block.h"

#include <string.h>

#include "octets.h"

#define BLOCK_DECIDING_MAX (16 * 1024)
#define DATA_FIRST 1024
#define FIELDS_FIRST 16
#define DECIDING                                                                                                       \
	(1U << MIME_FIELD_FROM | 1U << MIME_FIELD_TO | 1U << MIME_FIELD_SUBJECT | 1U << MIME_FIELD_DATE |              \
		1U << MIME_FIELD_MESSAGE_ID | 1U << MIME_FIELD_CONTENT_TYPE | 1U << MIME_FIELD_CONTENT_DISPOSITION |   \
		1U << MIME_FIELD_CONTENT_TRANSFER_ENCODING)

void block_begin(struct block *block, bool part)
{
	const struct mime_fields fields = block->fields;
	uint8_t *data = block->data, *strays = block->strays;
	const size_t room = block->room;
	memset(block, 0, offsetof(struct block, odd));
	block->fields = fields;
	block->fields.count = 0;
	block->data = data;
	block->room = room;
	block->strays = strays;
	block->part = part;
	block->odd_size = 0;
}

void block_clear(struct block *block)
{
	g_free(block->fields.at);
	g_free(block->data);
	g_free(block->strays);
	*block = (struct block){ 0 };
}

size_t block_memory(const struct block *block)
{
	return block->used + block->stray_size + block->fields.count * sizeof *block->fields.at;
}

/* ---- lines ---- */

/* name_end - where the characters of a field name end (RFC 5322 2.2: printable ASCII but for the colon). */
static size_t name_end(struct span line)
{
	const uint8_t most = '~' - '!';
	size_t at = 0;
	for (; line.size - at >= sizeof(octets16); at += sizeof(octets16)) {
		octets16 octets = octets16_at(line.data + at);
		octets16 others = (octets16)(octets - '!' > most) | (octets16)(octets == ':');
		if (octets16_any(others))
			return at + octets16_first(others);
	}
	while (at < line.size && (uint8_t)(line.data[at] - '!') <= most && line.data[at] != ':')
		at++;
	return at;
}

static inline size_t field_name(struct span line, size_t *value)
{
	size_t name = name_end(line), colon = name;
	while (colon < line.size && (line.data[colon] == ' ' || line.data[colon] == '\t'))
		colon++;
	if (name == 0 || colon == line.size || line.data[colon] != ':')
		return 0;
	*value = colon + 1;
	return name;
}

bool block_is_separator(struct span line)
{
	size_t value;
	return ((line.size > 5 && memcmp(line.data, "From ", 5) == 0) ||
		       (line.size > 6 && memcmp(line.data, ">From ", 6) == 0)) &&
	       block_field_name(line, &value) == 0;
}

size_t block_field_name(struct span line, size_t *value)
{
	return field_name(line, value);
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

/* block_grow - makes room for more octets, and for another field. */
static RARE void block_grow(struct block *block, size_t size)
{
	struct mime_fields *fields = &block->fields;
	const uint8_t *before = block->data;
	if (block->used + size > block->room)
		block->room = MAX(MAX(2 * block->room, block->used + size), DATA_FIRST);
	if (fields->count == fields->room)
		fields->room = MAX(2 * fields->room, FIELDS_FIRST);
	block->data = g_realloc(block->data, block->room);
	fields->at = g_renew(struct mime_field, fields->at, fields->room);
	for (size_t i = 0; i < fields->count; i++) {
		struct mime_field *field = &fields->at[i];
		field->name.data = block->data + (field->name.data - before);
		field->value.data = block->data + (field->value.data - before);
	}
}

/* block_keep - appends octets of the last field, up to the limit. Returns what is kept of them. */
static inline struct span block_keep(struct block *block, struct span octets)
{
	size_t size = MIN(octets.size, block->limit > block->used ? block->limit - block->used : 0);
	block->dropped |= size < octets.size;
	if (block->used + size > block->room || block->fields.count == block->fields.room)
		block_grow(block, size);
	uint8_t *to = memcpy(block->data + block->used, octets.data, size);
	block->used += size;
	return span_of(to, size);
}

static struct mime_field *last_field(const struct block *block)
{
	return &block->fields.at[block->fields.count - 1];
}

/* take_field - a line that begins a field. */
static void take_field(struct block *block, struct span line, size_t name, size_t value)
{
	enum mime_field_id id = mime_field_find(span_of(line.data, name));
	uint32_t kind = UINT32_C(1) << id;
	bool deciding = DECIDING & kind & ~block->seen, room = block->fields.count < MIME_HEADER_COUNT_MAX;
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
	struct span kept = block_keep(block, line);
	value = MIN(value, kept.size);
	block->fields.at[block->fields.count++] = (struct mime_field){ .id = id,
		.name = span_of(kept.data, MIN(name, kept.size)),
		.value = span_of(kept.data + value, line_size(kept) - value) };
}

/* take_more - octets that continue the previous field. */
static void take_more(struct block *block, struct span octets, bool folded)
{
	if (!block->keeping)
		return;
	block_keep(block, octets);
	struct mime_field *field = last_field(block);
	field->folded |= folded;
	field->value.size =
		line_size(span_of(field->value.data, (size_t)(block->data + block->used - field->value.data)));
}

/* take_whole - a line that begins a field, or is indented and continues one. Returns false when it is neither. */
static bool take_whole(struct block *block, struct span line)
{
	size_t value, name = field_name(line, &value);
	if (name > 0)
		take_field(block, line, name, value);
	else if (block->count > 0 && (*line.data == ' ' || *line.data == '\t'))
		take_more(block, line, true);
	else
		return false;
	return true;
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
	if (!block->keeping || block->fields.count == 0 || !memchr(line.data, '=', line.size))
		return false;
	struct span value = last_field(block)->value;
	while (value.size > 0 && g_ascii_isspace(value.data[value.size - 1]))
		value.size--;
	return value.size > 0 && value.data[value.size - 1] == ';';
}

/* block_resume - the header continues after the strays: reads the fields among them. */
static void block_resume(struct block *block)
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
		block_resume(block);
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

/* measure - counts a line, or a piece of it. */
static void measure(struct block *block, struct span line, bool first)
{
	block->size += line.size;
	block->line = (first ? 0 : block->line) + line_size(line);
	block->longest = MAX(block->longest, block->line);
}

/* continues - does the line show that the header goes on behind lines that are not fields: a MIME field or, in a
 * message that has fields, one of those that a reader sees? */
static bool continues(const struct block *block, struct span line)
{
	size_t value, name = field_name(line, &value);
	bool message = !block->part && block->count > 0;
	return block_is_mime(line) ||
	       (message && name > 0 && mime_field_find(span_of(line.data, name)) != MIME_FIELD_OTHER);
}

enum block_result block_line(struct block *block, struct span line, bool first, bool last)
{
	if (!first && block->straying && line.size > BLOCK_STRAYS_MAX - block->stray_size)
		return BLOCK_BEFORE;
	measure(block, line, first);
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
	if (straying && continues(block, line)) {
		block_resume(block);
		straying = false;
	}
	return !straying && take_whole(block, line) ? BLOCK_MORE : take_stray(block, line);
}

size_t block_lines(struct block *block, struct span in)
{
	const uint8_t *at = in.data, *end = in.data + in.size, *lf;
	while (block->stray_size == 0 && at < end && *at != '-' && (lf = memchr(at, '\n', (size_t)(end - at)))) {
		struct span line = span_of(at, (size_t)(lf + 1 - at));
		if (!take_whole(block, line))
			break;
		measure(block, line, true);
		at = lf + 1;
	}
	return (size_t)(at - in.data);
}

enum block_result block_end(struct block *block)
{
	return block->stray_size > 0 ? BLOCK_BODY : BLOCK_END;
}
