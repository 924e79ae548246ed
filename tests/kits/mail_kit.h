/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * mail_kit.h - what the tests of the mail stage share: a mail made of octets, and what is expected of it.
 */
#ifndef SMTPSCAN_MAIL_KIT_H
#define SMTPSCAN_MAIL_KIT_H

#include "mail.h"

extern const struct mail_options plain_options; /* all but files */

/* read_octets - a mail from octets, in one piece or, every other time, in small ones. */
struct mail *read_octets(const void *octets, size_t size);
struct mail *read_mail(const char *text);
const struct mail_part *part_of(const struct mail *mail, unsigned index);
/* part_is - number, type and decoded octets (those that fit into head) of a part. */
void part_is(const struct mail *mail, unsigned index, const char *number, const char *type, const char *octets);
/* defects_are - so many, all of this kind. */
void defects_are(const struct mail *mail, unsigned count, enum mime_defect_kind kind);

#endif
