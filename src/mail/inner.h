/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * inner.h - files that a looker finds in a part: each becomes a part of its own, numbered below it ("2.1").
 */
#ifndef SMTPSCAN_MAIL_INNER_H
#define SMTPSCAN_MAIL_INNER_H

#include "part.h"

#define INNER_DEPTH_MAX 4 /* files found in files found in parts */

/* inner_open - the number count + 1 of those in outer. To be fed and closed like any part. Returns NULL when there are
 * too many, or too deep in each other: that is a defect. */
struct part *inner_open(struct part *outer, unsigned *count);
/* inner_name - calls it so; raw: octets of this charset (NULL: guessed), up to a NUL. */
void inner_name(struct part *inner, const char *charset, struct span raw);
/* inner_close - cut: its end is missing. */
void inner_close(struct part *inner, bool cut);

#endif
