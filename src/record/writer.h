/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * writer.h - writes JSON values one after the other to the end of a line: no tree is made. Private to the record stage.
 *
 * Every value ends with a comma, which the bracket behind the last value of an object or array replaces. One line is
 * written at a time. Texts are escaped as by cJSON; so are characters that act on a terminal or on the direction of
 * text (text.h), and on request all that are not ASCII.
 */
#ifndef SMTPSCAN_RECORD_WRITER_H
#define SMTPSCAN_RECORD_WRITER_H

#include <assert.h>
#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "fields.h"
#include "types.h"

#define WRITER_LEVELS 1024 /* objects and arrays inside each other: as many as cJSON reads, for records read back */
#define WRITER_SPARE 64    /* room kept behind every value for a key, brackets, and octets that are copied too far */
_Static_assert(WRITER_SPARE >= FIELD_KEY_ROOM + sizeof "{},", "a key fits behind a value");

/* There is room between `to` and `end`. */
struct writer {
	GString *line; /* NULL: no line is being written */
	char *to, *end;
	unsigned depth; /* of open objects and arrays */
	struct {
		size_t start; /* where its key is in the line */
		char bracket; /* that closes it */
	} levels[WRITER_LEVELS];
};
extern struct writer writer;

/* writer_ascii - sets whether all non-ASCII characters are escaped. */
void writer_ascii(bool only);
/* writer_begin - what follows is written to the end of this line. writer_end - closes all that is open; the last value
 * has its comma. writer_end_line - the last value has a line end instead. */
void writer_begin(GString *line);
void writer_end(void);
void writer_end_line(void);

G_GNUC_NO_INLINE void writer_grow(size_t size);

/* writer_room - makes room for this many octets, and WRITER_SPARE behind them. Returns where they go; `writer.to` must
 * be set to the end of what was written. */
static inline char *writer_room(size_t size)
{
	if (G_UNLIKELY((size_t)(writer.end - writer.to) < size + WRITER_SPARE))
		writer_grow(size + WRITER_SPARE);
	return writer.to;
}

/* writer_place - where the next octet goes in the line. */
static inline size_t writer_place(void)
{
	return (size_t)(writer.to - writer.line->str);
}

/* value_open - begins an object ('{') or an array ('['), whose key, if it has one, is at `start`. */
static inline void value_open(char bracket, size_t start)
{
	assert(writer.depth < WRITER_LEVELS);
	writer.levels[writer.depth].start = start;
	writer.levels[writer.depth].bracket = bracket == '{' ? '}' : ']';
	writer.depth++;
	*writer.to++ = bracket;
	writer_room(0);
}

/* value_close - ends the innermost object or array. */
static inline void value_close(void)
{
	assert(writer.depth > 0);
	if (writer.to[-1] == ',')
		writer.to--;
	*writer.to++ = writer.levels[--writer.depth].bracket;
	*writer.to++ = ',';
	writer_room(0);
}

/* value_leave - ends all that is open beyond this depth. */
static inline void value_leave(unsigned depth)
{
	while (writer.depth > depth)
		value_close();
	assert(writer.depth == depth);
}

/* value_drop_empty - ends the innermost object or array; without a member it is taken back, with its key. */
static inline void value_drop_empty(void)
{
	if (writer.to[-1] == ',')
		value_close();
	else
		writer.to = writer.line->str + writer.levels[--writer.depth].start;
}

/* value_raw - copies values, each with its comma. */
static inline void value_raw(const char *values, size_t size)
{
	writer.to = (char *)mempcpy(writer_room(size), values, size);
}

/* value_word - a constant: true, false, null. */
#define value_word(word) value_raw(word ",", sizeof word)

static inline void value_flag(bool flag)
{
	if (flag)
		value_word("true");
	else
		value_word("false");
}

/* value_key - a key that is not in the field table. */
void value_key(const char *key);
/* value_text - octets as text. What is not UTF-8, and NUL, becomes U+FFFD; returns false then. */
bool value_text(struct span octets);
void value_base64(struct span octets);
void value_number(uint64_t number);
/* writer_digits - a number in so many digits, at the end of them; returns the first. */
char *writer_digits(char *end, uint64_t number, unsigned digits);

#endif
