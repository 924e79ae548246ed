/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * json.h - writes the objects of a record by the field table, in the order of the table. Private to the record stage.
 *
 * Each field is written at once (writer.h). A field added to an object ends those inside of it, so an object needs no
 * end of its own. A field without a value (NULL, an empty array) is left out by these functions.
 *
 * Text from outside (KIND_TEXT) that is UTF-8 without NUL is written unchanged. In any other, invalid octets become
 * U+FFFD, and NAME_base64 follows with the exact octets. For an array, NAME_base64 is an array of the same length, with
 * null where the text is exact.
 */
#ifndef SMTPSCAN_RECORD_JSON_H
#define SMTPSCAN_RECORD_JSON_H

#include <glib.h>

#include "fields.h"
#include "types.h"

/* An object, or an array of objects, that is being written. */
struct json {
	enum field_of kind;
	int last; /* the last field written: fields must be in the order of the table */
	unsigned depth;
};

/* An array of text that is being written. */
struct json_texts {
	struct json *object;
	enum field field;
	unsigned count;
	GString *base64; /* values of NAME_base64; NULL: not needed so far */
};

/* json_begin - begins a record at the end of the line. json_end - ends it, with its '\n'. One record at a time. */
struct json json_begin(GString *line);
void json_end(void);
/* json_ascii - sets whether all non-ASCII characters are escaped. */
void json_ascii(bool only);

/* json_part - begins the object `kind` of a record, under its own name. */
struct json json_part(struct json *root, enum field_of kind);
/* json_object - begins an object as the value of a field. */
struct json json_object(struct json *parent, enum field field);
/* json_array - begins an array of objects. json_item - begins an object in it. */
struct json json_array(struct json *parent, enum field field);
struct json json_item(const struct json *array);
/* json_close - ends an object or array; it is left out when it is empty. */
void json_close(const struct json *child);

/* Members that many records share, printed once; zeroed before first use. */
struct json_members {
	GString *text;
	enum field_of kind;
	int last;
};
/* json_members_begin - begins an object whose fields (at least one) become the members, while no record is being
 * written. json_members_end - they are complete. json_members - adds them to another object of the same kind. */
struct json json_members_begin(struct json_members *members, enum field_of kind);
void json_members_end(struct json_members *members, const struct json *object);
void json_members(struct json *object, const struct json_members *members);
void json_members_free(struct json_members *members);

void json_text(struct json *object, enum field field, struct span bytes); /* data NULL: no value */
void json_string(struct json *object, enum field field, const char *text);
void json_gstring(struct json *object, enum field field, const GString *text);
/* json_word - a constant, or text known to be UTF-8. NULL or empty: no value. */
void json_word(struct json *object, enum field field, const char *word);
/* json_escaped - the first `limit` octets as printable ASCII: \xNN, \r, \n, \t, \\. Empty: no value. */
void json_escaped(struct json *object, enum field field, struct span bytes, size_t limit);
/* json_content - bytes in `plain` when they are UTF-8 without NUL, otherwise in `base64` alone. */
void json_content(struct json *object, enum field plain, enum field base64, struct span bytes);
void json_number(struct json *object, enum field field, uint64_t number);
void json_numbers(struct json *object, enum field field, const uint16_t *numbers, size_t count);
void json_flag(struct json *object, enum field field, bool flag);
/* json_true - true, or left out. */
void json_true(struct json *object, enum field field, bool flag);
/* json_true_or - true; else `why`, in ASCII; left out when that is NULL. */
void json_true_or(struct json *object, enum field field, bool flag, const char *why);
/* json_time - nanoseconds since 1970 as RFC 3339, UTC, with 6 or 9 digits. json_date - without fraction and Z. */
void json_time(struct json *object, enum field field, int64_t time, unsigned digits);
void json_date(struct json *object, enum field field, int64_t time);

struct json_texts json_texts(struct json *object, enum field field);
void json_texts_add(struct json_texts *texts, struct span bytes);
void json_texts_end(struct json_texts *texts);
/* json_strings - a whole array of char*. */
void json_strings(struct json *object, enum field field, const GPtrArray *strings);

/* json_key - a key that is not in the field table; one of the functions value_... of writer.h must follow. */
void json_key(const struct json *object, const char *key);

/* json_alloc - memory, aligned to 16 octets, valid until json_reset. */
void *json_alloc(size_t size);
void json_reset(void);
/* json_trees - json_reset, and cJSON takes its memory from there from now on. */
void json_trees(void);
struct span json_escape(struct span bytes, size_t limit); /* terminated; see json_escaped */

static inline struct span json_span(const char *text)
{
	return (struct span){ (const uint8_t *)text, strlen(text) };
}

#endif
