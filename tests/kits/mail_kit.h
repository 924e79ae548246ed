/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * mail_kit.h - what the tests of the mail stage share: a mail made of octets, and what is expected of it.
 */
#ifndef SMTPSCAN_MAIL_KIT_H
#define SMTPSCAN_MAIL_KIT_H

#include "mail.h"

extern const struct mail_options plain_options; /* all but files */

/* read_octets - a mail from octets: read as a whole and octet by octet (in small pieces when it is large), which makes
 * no difference, and nothing of it is lost. */
struct mail *read_octets(const void *octets, size_t size);
struct mail *read_mail(const char *text);
/* same_mail - the two are the same in everything that is read of a mail. */
void same_mail(const struct mail *a, const struct mail *b);
const struct mail_part *part_of(const struct mail *mail, unsigned index);
/* part_is - number, type and decoded octets (those that fit into head) of a part. */
void part_is(const struct mail *mail, unsigned index, const char *number, const char *type, const char *octets);
/* defects_are - so many, all of this kind. */
void defects_are(const struct mail *mail, unsigned count, enum mime_defect_kind kind);

#endif
