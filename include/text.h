/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * text.h - text for people: escapes what must not reach a terminal, and writes messages to standard error.
 */
#ifndef SMTPSCAN_TEXT_H
#define SMTPSCAN_TEXT_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "types.h"

/* span_of_text, span_of_string - the octets of a text, without its NUL; nothing for NULL. */
static inline struct span span_of_text(const char *text)
{
	return span_of(text, text ? strlen(text) : 0);
}

static inline struct span span_of_string(const GString *string)
{
	return string ? span_of(string->str, string->len) : (struct span){ 0 };
}

/* text_is_wsp - white space in a line (WSP, RFC 5234 B.1). text_is_fws - the same, or an octet of a line end: what
 * folding white space consists of (FWS, RFC 5322 3.2.2). */
static inline bool text_is_wsp(char octet)
{
	return octet == ' ' || octet == '\t';
}

static inline bool text_is_fws(char octet)
{
	return text_is_wsp(octet) || octet == '\r' || octet == '\n';
}

#define ADDRESS_TEXT_MAX 46 /* octets of an IP address as text, its NUL included */

/* text_is_hidden - does this character control the terminal, or the order of the text around it, and is not itself
 * visible? Controls (C0, DEL, C1), and the bidirectional controls of Unicode (UAX #9) and its line separators. */
bool text_is_hidden(uint32_t character);

/* text_character - the size of the UTF-8 character (RFC 3629) at the beginning of at least one octet; 0: there is none,
 * or it is NUL. */
size_t text_character(const void *data, size_t size);

/* text_listed - is the text (NULL: none) one of these? TEXT_LISTED - the same for an array. */
bool text_listed(const char *text, const char *const *list, size_t count);
#define TEXT_LISTED(text, list) text_listed(text, list, G_N_ELEMENTS(list))

/* text_order - orders an array of char* by their octets, for qsort and g_ptr_array_sort. */
int text_order(const void *a, const void *b);

/* text_utf8 - how many octets at the beginning are UTF-8 without NUL, as g_utf8_validate_len has it. Several times as
 * fast on the text of mails: ASCII is read sixteen octets at a time. */
size_t text_utf8(const void *data, size_t size);

/* address_text - writes an IP address into text. Returns text. */
const char *address_text(const struct address *address, char text[static ADDRESS_TEXT_MAX]);

/* say - writes "smtpscan: SENTENCE" and a line feed to standard error, in one write. What comes from outside (names of
 * files, values of options, octets of captures) is escaped: it can't control the terminal or begin a new line. */
RARE void say(const char *format, ...) G_GNUC_PRINTF(1, 2);

#endif
