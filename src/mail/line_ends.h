/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * line_ends.h - a mail whose lines end in CR alone is parsed as if they ended in LF. Its size, its hash and what is
 * kept of it stay as they are.
 *
 * No octet is added or lost. The first line end decides: of usual mails nothing is held back once it is there.
 */
#ifndef SMTPSCAN_MAIL_LINE_ENDS_H
#define SMTPSCAN_MAIL_LINE_ENDS_H

#include <glib.h>

#include "walk.h"

#define LINE_ENDS_MAX 4096 /* octets without LF at the beginning of a mail that may be lines */

struct line_ends {
	enum { ENDS_UNKNOWN, ENDS_USUAL, ENDS_CR } kind;
	bool after_cr;         /* ENDS_CR: the last octet was CR, and is held back */
	GByteArray *beginning; /* ENDS_UNKNOWN: what is held back; NULL: nothing */
};

/* line_ends_feed - content. line_ends_flush - passes on what is held back: a gap, or the end, comes. */
void line_ends_feed(struct line_ends *ends, struct walk *walk, struct span in);
void line_ends_flush(struct line_ends *ends, struct walk *walk);

#endif
