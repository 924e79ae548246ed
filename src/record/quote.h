/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * quote.h - text as the inside of a JSON string: escaped as by cJSON; so are characters that act on a terminal or on
 * the direction of text (text.h), and on request all that are not ASCII. Private to the record stage.
 */
#ifndef SMTPSCAN_RECORD_QUOTE_H
#define SMTPSCAN_RECORD_QUOTE_H

#include <stdbool.h>

#include "types.h"

#define QUOTE_MOST 6   /* octets that one octet can become: \u001f */
#define QUOTE_SPARE 16 /* octets that can be written behind the end */

/* quote_plain - how many octets at the beginning are printable ASCII and need no escaping. */
size_t quote_plain(struct span text);
/* quote - writes a text, of which at most QUOTE_MOST times its size is written, and QUOTE_SPARE. What is not UTF-8, and
 * NUL, becomes U+FFFD; *exact is false then, and not changed otherwise. Returns the end. */
char *quote(char *to, struct span text, bool *exact);
/* quote_ascii - sets whether all non-ASCII characters are escaped. */
void quote_ascii(bool only);

#endif
