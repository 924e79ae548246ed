/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * json.h - JSON values made of the field table, over cJSON. Private to the output stage.
 *
 * Values live in one arena, which json_reset empties: nothing is freed one by one. What is passed as a span or a C
 * string is borrowed until json_reset where the bytes can be written as they are, so it has to live until the record is
 * printed. It needs no NUL: a node knows the size of its text (so cJSON's own printer is not for these nodes). A field
 * without a value (NULL, an empty array) is left out by the functions here, so callers needn't ask.
 *
 * Text from outside (KIND_TEXT) that is UTF-8 without NUL is written as it is. Any other is written with each octet
 * that does not fit as U+FFFD, to be read, and NAME_base64 follows with the exact octets. For an array, NAME_base64 is
 * an array of the same length with null where the text is exact.
 */
#ifndef SMTPSCAN_RECORD_JSON_H
#define SMTPSCAN_RECORD_JSON_H

#include <cjson/cJSON.h>
#include <glib.h>

#include "fields.h"
#include "types.h"

/* An object under construction. */
struct json {
	cJSON *node;
	enum field_of kind;
	int last; /* the field written last: fields come in the order of the table */
};

/* An array of text under construction. */
struct json_texts {
	struct json *object;
	enum field field;
	cJSON *plain, *base64;
	unsigned count;
};

/* json_reset - forgets every value made so far. */
void json_reset(void);
/* json_alloc - memory from the arena, 16-octet aligned, gone at json_reset. */
void *json_alloc(size_t size);

struct json json_root(void);
/* json_part - the object `kind` under the root, by its own name. */
struct json json_part(struct json *root, enum field_of kind);
/* json_object - the object that is the value of a field. */
struct json json_object(struct json *parent, enum field field);

/* Members that many records share, printed once; zeroed before first use. */
struct json_members {
	GString *line;
	const char *name; /* of the first */
	int name_size;
	enum field_of kind;
	int last;
};
/* json_members_print - takes all fields of an object made with json_detached, of which there is one at least.
 * json_members - puts them into another object of its kind; borrowed until json_reset. */
void json_members_print(struct json_members *members, const struct json *object);
void json_members(struct json *object, const struct json_members *members);
void json_members_free(struct json_members *members);

void json_text(struct json *object, enum field field, struct span bytes); /* data NULL: no value */
void json_string(struct json *object, enum field field, const char *text);
void json_gstring(struct json *object, enum field field, const GString *text);
/* json_word - a constant of ours, or text known to be UTF-8. NULL or empty: no value. */
void json_word(struct json *object, enum field field, const char *word);
/* json_escaped - the first `limit` octets as printable ASCII: \xNN, \r, \n, \t, \\. Empty: no value. */
void json_escaped(struct json *object, enum field field, struct span bytes, size_t limit);
/* json_content - bytes in `plain` when they are UTF-8 without NUL, otherwise in `base64` alone. */
void json_content(struct json *object, enum field plain, enum field base64, struct span bytes);
void json_number(struct json *object, enum field field, uint64_t number);
void json_numbers(struct json *object, enum field field, const uint16_t *numbers, size_t count);
void json_flag(struct json *object, enum field field, bool flag);
/* json_true - true, or nothing. */
void json_true(struct json *object, enum field field, bool flag);
/* json_true_or - true; or why not, which is ASCII; or, with NULL, nothing. */
void json_true_or(struct json *object, enum field field, bool flag, const char *why);
/* json_time - nanoseconds since 1970 as RFC 3339, UTC, with 6 or 9 digits. json_date - without fraction and Z. */
void json_time(struct json *object, enum field field, int64_t time, unsigned digits);
void json_date(struct json *object, enum field field, int64_t time);

struct json_texts json_texts(struct json *object, enum field field);
void json_texts_add(struct json_texts *texts, struct span bytes);
void json_texts_end(struct json_texts *texts);
/* json_strings - a whole array out of char*. */
void json_strings(struct json *object, enum field field, const GPtrArray *strings);

/* Objects whose keys are no fields. Keys and values must live as long as the record. */
void json_key(struct json *object, const char *key, cJSON *value);
/* json_close - adds an object made with json_detached as the value of a field, unless it is empty. */
struct json json_detached(enum field_of kind);
void json_close(struct json *parent, enum field field, struct json *child);

/* json_legible - bytes as UTF-8 without NUL: themselves when they are, otherwise with U+FFFD for what does not fit.
 * *exact says which. */
struct span json_legible(struct span bytes, bool *exact);
cJSON *json_number_node(uint64_t number);
cJSON *json_text_node(struct span text);
cJSON *json_base64_node(struct span bytes);
struct span json_escape(struct span bytes, size_t limit); /* terminated */

/* In a node's type, beside cJSON's own flags. */
#define JSON_FIELD (1 << 16) /* its key has valueint octets, no odd ones, and lies in FIELD_NAME_ROOM */
#define JSON_SIZED (1 << 17) /* its valuestring has valuedouble octets */

/* json_print - appends the record as one compact line with its '\n'. */
void json_print(const struct json *root, GString *line);
/* json_ascii - from now on, is everything beyond ASCII escaped? */
void json_ascii(bool only);

#endif
