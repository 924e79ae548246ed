/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * text.h - texts that people see: what must not reach a terminal, and sentences on standard error.
 */
#ifndef SMTPSCAN_TEXT_H
#define SMTPSCAN_TEXT_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* text_is_hidden - does this character act on a terminal, or on the order of the text around it, instead of being seen?
 * Controls (C0, DEL, C1), and the bidirectional controls of Unicode (UAX #9) and its line separators. */
bool text_is_hidden(uint32_t character);

/* text_shown - with what is hidden, and octets that are no UTF-8, as \xNN or \u{N}. Free with g_free. */
char *text_shown(const char *text);

/* say - "smtpscan: SENTENCE" and a line feed on standard error, in one write; what comes from outside (names of files,
 * values of options, octets of captures) can't act on a terminal, nor begin a line of its own. */
void say(const char *format, ...) G_GNUC_PRINTF(1, 2);

#endif
