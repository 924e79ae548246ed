/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * json.h - builds JSON values by the field table, with cJSON. Private to the record stage.
 *
 * All values are in one arena, which json_reset empties. Spans and C strings may be borrowed until json_reset, so they
 * must live until the record is printed. They need no NUL: a node stores the size of its text (so cJSON's own printer
 * can't be used). A field without a value (NULL, an empty array) is left out by these functions.
 *
 * Text from outside (KIND_TEXT) that is UTF-8 without NUL is written unchanged. In any other, invalid octets become
 * U+FFFD, and NAME_base64 follows with the exact octets. For an array, NAME_base64 is an array of the same length, with
 * null where the text is exact.
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
	int last; /* the last field written: fields must be in the order of the table */
};

/* An array of text under construction. */
struct json_texts {
	struct json *object;
	enum field field;
	cJSON *plain, *base64;
	unsigned count;
};

/* json_reset - frees all values. */
void json_reset(void);
/* json_alloc - memory from the arena, aligned to 16 octets, valid until json_reset. */
void *json_alloc(size_t size);

struct json json_root(void);
/* json_part - adds the object `kind` to the root, under its own name. */
struct json json_part(struct json *root, enum field_of kind);
/* json_object - adds an object as the value of a field. */
struct json json_object(struct json *parent, enum field field);

/* Members that many records share, printed once; zeroed before first use. */
struct json_members {
	GString *line;
	const char *name; /* of the first */
	int name_size;
	enum field_of kind;
	int last;
};
/* json_members_print - prints the fields (at least one) of an object made with json_detached. json_members - adds them
 * to another object of the same kind; borrowed until json_reset. */
void json_members_print(struct json_members *members, const struct json *object);
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

/* For objects whose keys are not in the field table. Keys and values must live as long as the record. */
void json_key(struct json *object, const char *key, cJSON *value);
/* json_close - adds an object made with json_detached as the value of a field, unless it is empty. */
struct json json_detached(enum field_of kind);
void json_close(struct json *parent, enum field field, struct json *child);

/* json_objects - adds an array of such objects, unless it is empty. */
void json_objects(struct json *parent, enum field field, cJSON *array);

cJSON *json_number_node(uint64_t number);
/* json_text_node - a text, with U+FFFD for NUL and for octets that are not UTF-8: then *exact is false. */
cJSON *json_text_node(struct span text, bool *exact);
cJSON *json_base64_node(struct span bytes);
struct span json_escape(struct span bytes, size_t limit); /* terminated */

/* In a node's type, in addition to cJSON's own flags. */
#define JSON_FIELD (1 << 16) /* its key: valueint octets, nothing to escape, FIELD_NAME_ROOM can be read */
#define JSON_SIZED (1 << 17) /* its valuestring has valuedouble octets */
#define JSON_READY (1 << 18) /* and these are printed as they are, those of a text in quotes */

/* json_print - appends the record as one compact line with its '\n'. */
void json_print(const struct json *root, GString *line);

#endif
