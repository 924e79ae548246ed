/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * tnef.c - files in a winmail.dat (MS-OXTNEF), and the text of its message: each becomes a part below it.
 *
 * libytnef is not used because it needs the whole input in memory, prints to standard output and leaks memory on
 * invalid input. Here octets are read as they arrive and passed on to the file's part. The state is the field that is
 * being read, the names of the current file, and its part. The text is read, too, because it may be another one than
 * that of the mail, or the only one.
 *
 * The format is a stream of attributes: level, id, length, octets, checksum. One of them (ATTACHMENT) is a list of
 * properties.
 */
#include <string.h>

#include "bytes.h"
#include "inner.h"
#include "kind.h"
#include "lzfu.h"

#define NEED_MAX 24 /* octets of the longest fixed field */
#define NAME_SIZE_MAX 512
#define GUID_SIZE 16 /* before the octets of an object */

/* Attributes (MS-OXTNEF 2.1.3.3), without the type. */
enum {
	BODY = 0x800c,
	MESSAGE = 0x9003,
	ATTACH_DATA = 0x800f,
	ATTACH_TITLE = 0x8010,
	ATTACH_REND_DATA = 0x9002,
	ATTACHMENT = 0x9005,
	OEM_CODEPAGE = 0x9007
};
/* Properties (MS-OXPROPS). */
enum { TEXT = 0x1000, TEXT_RTF = 0x1009, TEXT_HTML = 0x1013 };
enum { ATTACH_DATA_OBJECT = 0x3701, ATTACH_FILENAME = 0x3704, ATTACH_LONG_FILENAME = 0x3707, NAMED = 0x8000 };
/* Types of properties (MS-OXCDATA 2.11.1). */
enum { TYPE_OBJECT = 0x0d, TYPE_STRING8 = 0x1e, TYPE_UNICODE = 0x1f, TYPE_BINARY = 0x102, TYPE_MANY = 0x1000 };

struct tnef;
typedef void (*tnef_step)(struct tnef *tnef, const uint8_t *octets);

struct name {
	size_t size;
	bool unicode;
	uint8_t octets[NAME_SIZE_MAX];
};

struct tnef {
	struct part *outer, *file; /* file: the open one; NULL: none */
	unsigned count;
	bool bad; /* the input is invalid: nothing more is read */
	/* the next `pass` octets go to the file, to a name, or are ignored; then `step` gets `want` octets */
	tnef_step step;
	size_t have, want;
	uint64_t pass;
	bool to_file;
	bool message, text;   /* the properties are those of the message; the open file is its text */
	struct lzfu *rtf;     /* unpacks the text; NULL: it is not packed */
	struct name *to_name; /* NULL: not to a name */
	uint64_t at, stop;    /* octets read; where the attribute ends */
	/* octets left of the attribute; of the property: type, id, and number of values left */
	uint64_t left;
	unsigned type, id;
	uint32_t properties, values;
	uint32_t object; /* octets of the embedded object */
	unsigned codepage;
	uint8_t octets[NEED_MAX];
	struct name title, long_name;
};

/* need - requests the next octets for step. */
static void need(struct tnef *tnef, size_t size, tnef_step step)
{
	tnef->want = size;
	tnef->have = 0;
	tnef->step = step;
}

/* pass_octets - the next octets are ignored, or go to a name or to the file, before those that need() requests. */
static void pass_octets(struct tnef *tnef, uint64_t size, struct name *name, bool to_file)
{
	tnef->pass = size;
	tnef->to_name = name;
	tnef->to_file = to_file;
}

/* --- files --- */

/* charset_of - the charset of the strings. */
static const char *charset_of(const struct tnef *tnef, bool unicode, char name[static 16])
{
	if (unicode)
		return "utf-16le";
	g_snprintf(name, 16, "cp%u", tnef->codepage);
	return name;
}

/* set_file_name - sets the file name: the long one if there is one. */
static void set_file_name(struct tnef *tnef)
{
	const struct name *name = tnef->long_name.size > 0 ? &tnef->long_name : &tnef->title;
	char charset[16];
	size_t size = 0, step = name->unicode ? 2 : 1;
	while (size + step <= name->size && (name->octets[size] || (step == 2 && name->octets[size + 1])))
		size += step;
	inner_name(tnef->file, charset_of(tnef, name->unicode, charset), span_of(name->octets, size));
}

static void tnef_end_file(struct tnef *tnef, bool cut)
{
	if (tnef->file) {
		set_file_name(tnef);
		inner_close(tnef->file, cut);
	}
	tnef->file = NULL;
	tnef->title.size = tnef->long_name.size = 0;
}

/* begin_data - the next size octets are the file. */
static void begin_data(struct tnef *tnef, uint64_t size)
{
	if (!tnef->file)
		tnef->file = inner_open(tnef->outer, &tnef->count);
	if (tnef->file && (tnef->title.size > 0 || tnef->long_name.size > 0))
		set_file_name(tnef);
	pass_octets(tnef, size, NULL, tnef->file);
}

/* --- the text of the message --- */

/* begin_text - the next size octets are a text; its last `end` octets are not. */
static bool begin_text(struct tnef *tnef, uint32_t size, const char *type, bool unicode, uint32_t end)
{
	char charset[16];
	if (tnef->file || size <= end)
		return false;
	const bool plain = strcmp(type, "text/plain") == 0; /* others may name their charset */
	tnef->file = inner_open_text(
		tnef->outer, &tnef->count, type, plain || unicode ? charset_of(tnef, unicode, charset) : NULL);
	tnef->text = true;
	if (tnef->file && strcmp(type, "text/rtf") == 0)
		tnef->rtf = lzfu_new();
	pass_octets(tnef, size - end, NULL, tnef->file);
	return true;
}

/* end_text - closes the text, if one is open. */
static void end_text(struct tnef *tnef, bool cut)
{
	if (!tnef->text)
		return;
	if (tnef->file)
		inner_close(tnef->file, cut || (tnef->rtf && !tnef->rtf->ended));
	tnef->file = NULL;
	tnef->text = false;
	g_clear_pointer(&tnef->rtf, g_free);
}

static void feed_text(void *context, struct span octets)
{
	part_feed(context, octets);
}

/* --- properties --- */

static void take_attribute(struct tnef *tnef, const uint8_t *octets);
static void take_property(struct tnef *tnef, const uint8_t *octets);

/* need_here - like need, when the attribute has that many octets left; else skips the rest of it. */
static void need_here(struct tnef *tnef, size_t size, tnef_step step)
{
	tnef->bad = tnef->bad || tnef->left < size;
	tnef->left -= MIN(tnef->left, size);
	need(tnef, size, step);
}

/* pass_here - like pass, within the attribute. */
static void pass_here(struct tnef *tnef, uint64_t size, struct name *name)
{
	tnef->bad = tnef->bad || tnef->left < size;
	size = MIN(size, tnef->left);
	tnef->left -= size;
	pass_octets(tnef, size, name, false);
}

/* take_checksum - the checksum after an attribute, which is not checked. */
static void take_checksum(struct tnef *tnef, const uint8_t *octets)
{
	end_text(tnef, false);
	need(tnef, 9, take_attribute);
}

/* attribute_end - skips the rest of the attribute. */
static void attribute_end(struct tnef *tnef)
{
	pass_octets(tnef, tnef->left, NULL, false);
	tnef->left = 0;
	need(tnef, 2, take_checksum);
}

/* next_property - reads the next property, if there is one. */
static void next_property(struct tnef *tnef)
{
	if (tnef->properties == 0)
		attribute_end(tnef);
	else {
		tnef->properties--;
		need_here(tnef, 4, take_property);
	}
}

static void take_length(struct tnef *tnef, const uint8_t *octets);

/* next_value - reads the next value of the property, if there is one. */
static void next_value(struct tnef *tnef)
{
	if (tnef->values == 0)
		next_property(tnef);
	else {
		tnef->values--;
		need_here(tnef, 4, take_length);
	}
}

static void take_padding(struct tnef *tnef, const uint8_t *octets)
{
	end_text(tnef, false);
	next_value(tnef);
}

/* end_value_padded - the value ends after so many octets and its padding: values begin at multiples of 4. */
static void end_value_padded(struct tnef *tnef, uint32_t size, uint32_t end)
{
	need_here(tnef, end + (4 - size % 4) % 4, take_padding);
}

/* begin_tnef_text - a value of variable size of the message: begins its text. Returns false when it is none. */
static bool begin_tnef_text(struct tnef *tnef, uint32_t size)
{
	static const struct {
		unsigned id, type;
		const char *media_type;
		uint32_t end; /* octets of the NUL at its end */
	} texts[] = {
		{ TEXT, TYPE_STRING8, "text/plain", 1 },
		{ TEXT, TYPE_UNICODE, "text/plain", 2 },
		{ TEXT_RTF, TYPE_BINARY, "text/rtf", 0 },
		{ TEXT_HTML, TYPE_STRING8, "text/html", 1 },
		{ TEXT_HTML, TYPE_BINARY, "text/html", 0 },
	};
	size_t i = 0;
	while (i < G_N_ELEMENTS(texts) && (texts[i].id != tnef->id || texts[i].type != tnef->type))
		i++;
	if (!tnef->message || i == G_N_ELEMENTS(texts) ||
		!begin_text(tnef, size, texts[i].media_type, tnef->type == TYPE_UNICODE, texts[i].end))
		return false;
	tnef->left -= size - texts[i].end;
	end_value_padded(tnef, size, texts[i].end);
	return true;
}

/* take_object - the octets of an embedded object are the file. */
static void take_object(struct tnef *tnef, const uint8_t *octets)
{
	begin_data(tnef, tnef->object);
	tnef->left -= tnef->object;
	end_value_padded(tnef, tnef->object, 0);
}

/* begin_object - the next size octets are an embedded object, perhaps behind its GUID. */
static void begin_object(struct tnef *tnef, uint32_t size)
{
	const uint32_t guid = tnef->type == TYPE_OBJECT ? GUID_SIZE : 0;
	tnef->object = size - guid;
	pass_here(tnef, guid, NULL);
	need(tnef, 0, take_object);
}

/* take_length - the length of a value of variable size. Names and the file are read, others are skipped. */
static void take_length(struct tnef *tnef, const uint8_t *octets)
{
	uint32_t size = le32(octets);
	bool object = tnef->id == ATTACH_DATA_OBJECT && (tnef->type == TYPE_OBJECT || tnef->type == TYPE_BINARY);
	bool text = tnef->type == TYPE_STRING8 || tnef->type == TYPE_UNICODE;
	struct name *name = NULL;
	if (size > tnef->left) {
		tnef->bad = true;
		return;
	}
	if (begin_tnef_text(tnef, size))
		return;
	if (object && size >= GUID_SIZE && !(tnef->file && tnef->file->about->size > 0)) {
		begin_object(tnef, size);
		return;
	}
	if (text && tnef->id == ATTACH_LONG_FILENAME)
		name = &tnef->long_name;
	else if (text && tnef->id == ATTACH_FILENAME && tnef->title.size == 0)
		name = &tnef->title;
	if (name) {
		name->size = 0;
		name->unicode = tnef->type == TYPE_UNICODE;
	}
	pass_here(tnef, size, name);
	end_value_padded(tnef, size, 0);
}

/* value_size - the size of a value of this type; 0: variable, a length comes before the value. */
static unsigned value_size(unsigned type)
{
	switch (type & ~(unsigned)TYPE_MANY) {
	case 0x02: /* 2 octets, padded to 4 */
	case 0x03:
	case 0x04:
	case 0x0a:
	case 0x0b:
	case 0x01:
		return 4;
	case 0x05:
	case 0x06:
	case 0x07:
	case 0x14:
	case 0x40:
		return 8;
	case 0x48:
		return 16;
	default:
		return 0;
	}
}

static void take_values(struct tnef *tnef, const uint8_t *octets)
{
	unsigned size = value_size(tnef->type);
	tnef->values = le32(octets);
	if (size == 0)
		next_value(tnef);
	else {
		pass_here(tnef, (uint64_t)tnef->values * size, NULL);
		tnef->values = 0;
		need(tnef, 0, take_padding);
	}
}

/* begin_values - begins reading the property's values: several, or one. */
static void begin_values(struct tnef *tnef)
{
	static const uint8_t one[4] = { 1 };
	if (tnef->type & TYPE_MANY || value_size(tnef->type) == 0)
		need_here(tnef, 4, take_values);
	else
		take_values(tnef, one);
}

static void take_name_end(struct tnef *tnef, const uint8_t *octets)
{
	begin_values(tnef);
}

static void take_name_size(struct tnef *tnef, const uint8_t *octets)
{
	uint64_t size = le32(octets);
	pass_here(tnef, (size + 3) & ~UINT64_C(3), NULL);
	need(tnef, 0, take_name_end);
}

/* take_named - a named property: the property set, then a number or a name. */
static void take_named(struct tnef *tnef, const uint8_t *octets)
{
	need_here(tnef, 4, le32(octets + GUID_SIZE) == 0 ? take_name_end : take_name_size);
}

static void take_property(struct tnef *tnef, const uint8_t *octets)
{
	tnef->type = le16(octets);
	tnef->id = le16(octets + 2);
	if (tnef->id >= NAMED)
		need_here(tnef, GUID_SIZE + 4, take_named);
	else
		begin_values(tnef);
}

static void take_count(struct tnef *tnef, const uint8_t *octets)
{
	tnef->properties = le32(octets);
	next_property(tnef);
}

/* --- attributes --- */

static void take_codepage(struct tnef *tnef, const uint8_t *octets)
{
	tnef->codepage = le32(octets);
	attribute_end(tnef);
}

static void take_attribute(struct tnef *tnef, const uint8_t *octets)
{
	unsigned id = le16(octets + 1);
	tnef->left = le32(octets + 5);
	tnef->stop = tnef->at + tnef->left;
	if (octets[0] != 1 && octets[0] != 2) {
		tnef->bad = true;
		return;
	}
	if (id == ATTACH_REND_DATA)
		tnef_end_file(tnef, false);
	tnef->message = id == MESSAGE;
	if (id == BODY && tnef->left > 1 && begin_text(tnef, (uint32_t)tnef->left, "text/plain", false, 1))
		need(tnef, 3, take_checksum);
	else if (id == ATTACHMENT || id == MESSAGE)
		need_here(tnef, 4, take_count);
	else if (id == OEM_CODEPAGE && tnef->left >= 4)
		need_here(tnef, 4, take_codepage);
	else if (id == ATTACH_DATA) {
		begin_data(tnef, tnef->left);
		need(tnef, 2, take_checksum);
	} else if (id == ATTACH_TITLE) {
		tnef->title.size = 0;
		tnef->title.unicode = false;
		pass_octets(tnef, tnef->left, &tnef->title, false);
		need(tnef, 2, take_checksum);
	} else
		attribute_end(tnef);
}

/* skip_message - goes on behind the properties of the message, which can't be read. */
static void skip_message(struct tnef *tnef)
{
	end_text(tnef, true);
	tnef->bad = tnef->message = false;
	tnef->left = tnef->stop > tnef->at ? tnef->stop - tnef->at : 0;
	attribute_end(tnef);
}

/* take_signature - the signature and a key, which has no meaning here. */
static void take_signature(struct tnef *tnef, const uint8_t *octets)
{
	need(tnef, 9, take_attribute);
}

/* --- the inspector --- */

static void *tnef_begin(struct part *part, struct span head)
{
	const struct kind *kind = part->kind;
	if (!kind || kind->container != CONTAINER_TNEF)
		return NULL;
	struct tnef *tnef = g_new0(struct tnef, 1);
	tnef->outer = part;
	tnef->codepage = 1252;
	need(tnef, 6, take_signature);
	return tnef;
}

/* tnef_passed - octets requested by pass_octets(). */
static void tnef_passed(struct tnef *tnef, struct span octets)
{
	struct name *name = tnef->to_name;
	if (tnef->to_file && tnef->rtf)
		lzfu_feed(tnef->rtf, octets, feed_text, tnef->file);
	else if (tnef->to_file)
		part_feed(tnef->file, octets);
	else if (name) {
		size_t kept = MIN(octets.size, NAME_SIZE_MAX - name->size);
		memcpy(name->octets + name->size, octets.data, kept);
		name->size += kept;
	}
	tnef->pass -= octets.size;
	tnef->at += octets.size;
}

static void tnef_feed(void *state, struct span piece)
{
	struct tnef *tnef = state;
	while (!tnef->bad) {
		if (tnef->pass > 0) {
			size_t size = (size_t)MIN(tnef->pass, piece.size);
			if (size == 0)
				return;
			tnef_passed(tnef, span_of(piece.data, size));
			piece = span_from(piece, size);
			continue;
		}
		size_t size = MIN(tnef->want - tnef->have, piece.size);
		if (size > 0)
			memcpy(tnef->octets + tnef->have, piece.data, size);
		tnef->have += size;
		tnef->at += size;
		piece = span_from(piece, size);
		if (tnef->have < tnef->want)
			return;
		uint8_t octets[NEED_MAX];
		memcpy(octets, tnef->octets, sizeof octets);
		tnef->step(tnef, octets);
		if (tnef->bad && tnef->message)
			skip_message(tnef);
	}
}

static void tnef_gap(void *state, uint64_t size)
{
	struct tnef *tnef = state;
	if (tnef->file)
		part_gap(tnef->file, size);
	tnef->bad = true; /* the next octets can't be interpreted */
}

static void tnef_end(void *state, struct part *part)
{
	struct tnef *tnef = state;
	bool cut = tnef->bad || tnef->pass > 0 || tnef->step != take_attribute || tnef->have > 0;
	if (cut && !part->about->truncated)
		mail_defect(part->parts->mail, MIME_MALFORMED, span_of(NULL, 0), "part %s: TNEF ends too early",
			part->about->number);
	end_text(tnef, cut);
	tnef_end_file(tnef, cut);
	g_free(tnef);
}

static void tnef_drop(void *state)
{
	struct tnef *tnef = state;
	if (tnef->file)
		inner_close(tnef->file, true);
	g_free(tnef->rtf);
	g_free(tnef);
}

static size_t tnef_memory(const void *state)
{
	const struct tnef *tnef = state;
	return sizeof *tnef + (tnef->file ? part_memory(tnef->file) : 0) + (tnef->rtf ? sizeof *tnef->rtf : 0);
}

const struct part_inspector tnef_inspector = { .begin = tnef_begin,
	.feed = tnef_feed,
	.gap = tnef_gap,
	.end = tnef_end,
	.drop = tnef_drop,
	.memory = tnef_memory };
