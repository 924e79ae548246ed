/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * mail_kit.h - for the tests of the mail stage: parses a mail, and checks the result.
 */
#ifndef SMTPSCAN_MAIL_KIT_H
#define SMTPSCAN_MAIL_KIT_H

#include "kits/check.h"
#include "mail.h"

extern const struct mail_options plain_options; /* everything but stored files */

#define WHOLE SIZE_MAX /* one step for all */

/* mail_of - a mail that is complete, of octets that come in steps of this size. Free with mail_free. */
struct mail *mail_of(const struct mail_options *options, const void *octets, size_t size, size_t step);

/* read_octets - parses a mail as a whole and octet by octet (in small pieces when it is large); asserts that the
 * results are equal and that every octet is counted. */
struct mail *read_octets(const void *octets, size_t size);
struct mail *read_mail(const char *text);
/* same_mail - asserts that the results of two mails are equal. */
void same_mail(const struct mail *a, const struct mail *b);
const struct mail_part *part_of(const struct mail *mail, unsigned index);
/* part_is - checks number, type and decoded octets (as far as in head) of a part. */
void part_is(const struct mail *mail, unsigned index, const char *number, const char *type, const char *octets);
/* defects_are - checks the number of defects, all of this kind. */
void defects_are(const struct mail *mail, unsigned count, enum mime_defect_kind kind);

/* inner_options - for what is within parts: archives and files in files. */
extern const struct mail_options inner_options;
/* inner_parts - the parts within others: "number name size state first-octets", apart by '|'. Free with g_free. */
char *inner_parts(const struct mail *mail);
/* inner_are - checks the parts within others of these octets, and how many defects there are: whole and in steps. */
void inner_are(const void *octets, size_t size, const char *expected, unsigned defects);

#endif
