/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * inner.h - files that an inspector finds inside a part: each becomes a part of its own, numbered below it ("2.1").
 */
#ifndef SMTPSCAN_MAIL_INNER_H
#define SMTPSCAN_MAIL_INNER_H

#include "part.h"

#define INNER_DEPTH_MAX 4 /* levels of files inside a part */

/* inner_open - opens file number count + 1 inside outer. Feed and close it like any part. Returns NULL, and records a
 * defect, when there are too many or they are nested too deep. */
struct part *inner_open(struct part *outer, unsigned *count);
/* inner_open_text - the same for a text of this type and charset (NULL: not known), which is no file: it may be the
 * body of the mail. */
struct part *inner_open_text(struct part *outer, unsigned *count, const char *type, const char *charset);
/* inner_name - sets the file name; raw: octets in this charset (NULL: guessed), up to a NUL. */
void inner_name(struct part *inner, const char *charset, struct span raw);
/* inner_close - closes the part; cut: its end is missing. Also when what it is in turns out to be no part: it was
 * found, and is in the list of parts. */
void inner_close(struct part *inner, bool cut);

#endif
