/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * text.h - texts that people see: what must not reach a terminal, and sentences on standard error.
 */
#ifndef SMTPSCAN_TEXT_H
#define SMTPSCAN_TEXT_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "types.h"

#define ADDRESS_TEXT_MAX 46 /* octets of an IP address as text, its NUL included */

/* text_is_hidden - does this character act on a terminal, or on the order of the text around it, instead of being seen?
 * Controls (C0, DEL, C1), and the bidirectional controls of Unicode (UAX #9) and its line separators. */
bool text_is_hidden(uint32_t character);

/* text_shown - with what is hidden, and octets that are no UTF-8, as \xNN or \u{N}. Free with g_free. */
char *text_shown(const char *text);

/* address_text - an IP address, written into text. Returns text. */
const char *address_text(const struct address *address, char text[static ADDRESS_TEXT_MAX]);

/* say - "smtpscan: SENTENCE" and a line feed on standard error, in one write; what comes from outside (names of files,
 * values of options, octets of captures) can't act on a terminal, nor begin a line of its own. */
void say(const char *format, ...) G_GNUC_PRINTF(1, 2);

#endif
