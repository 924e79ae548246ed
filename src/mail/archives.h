/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * archives.h - what is in an archive: names, sizes, how each entry begins, and the same of archives in it.
 *
 * Limits: ARCHIVE_DEPTH_MAX archives in each other, MAIL_ENTRIES_MAX names, ARCHIVE_UNPACKED_MAX octets unpacked of one
 * archive, or ARCHIVE_RATIO_MAX times its size. Where one is met the list ends, and it is not complete.
 */
#ifndef SMTPSCAN_MAIL_ARCHIVES_H
#define SMTPSCAN_MAIL_ARCHIVES_H

#include "kind.h"

#define ARCHIVE_DEPTH_MAX 2
#define ARCHIVE_UNPACKED_MAX (32 * 1024 * 1024)
#define ARCHIVE_RATIO_MAX 100
#define ARCHIVE_RATIO_FREE (1024 * 1024) /* octets that may be unpacked whatever the ratio */
#define ARCHIVE_HEAD 64                  /* octets of an entry that are kept */

/* archives_read - octets of the kind that kind_of says. name: of the file, for what has no name in it; may be NULL.
 * whole: they are all there. *budget: octets that may still be unpacked of this mail; is made less. Returns NULL when
 * it is no archive after all. Memory is the mail's. */
struct mail_archive *archives_read(
	struct mail *mail, const struct kind *kind, struct span octets, const char *name, bool whole, uint64_t *budget);

#endif
