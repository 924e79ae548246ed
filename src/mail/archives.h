/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * archives.h - lists the entries of an archive: names, sizes and first octets. Archives inside it are listed, too.
 *
 * Limits: archives nested ARCHIVE_DEPTH_MAX deep, MAIL_ENTRIES_MAX names, ARCHIVE_UNPACKED_MAX octets unpacked from one
 * archive, and ARCHIVE_RATIO_MAX times its size. When a limit is reached the list ends and is marked as not complete.
 */
#ifndef SMTPSCAN_MAIL_ARCHIVES_H
#define SMTPSCAN_MAIL_ARCHIVES_H

#include "kind.h"

#define ARCHIVE_DEPTH_MAX 5
#define ARCHIVE_UNPACKED_MAX (32 * 1024 * 1024)
#define ARCHIVE_RATIO_MAX 100
#define ARCHIVE_RATIO_FREE (1024 * 1024) /* octets that may be unpacked whatever the ratio */
#define ARCHIVE_HEAD 64                  /* octets of an entry that are kept */

/* archives_read - lists an archive of the given kind (see kind_of). name: the file's name, for formats that store none;
 * may be NULL. whole: no octet of the archive is missing. *budget: octets that may still be unpacked for this mail; it
 * is reduced. Returns NULL when the octets are not an archive. The result belongs to the mail. */
struct mail_archive *archives_read(
	struct mail *mail, const struct kind *kind, struct span octets, const char *name, bool whole, uint64_t *budget);

#endif
