/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * kind.h - what a file is by its first octets: one table.
 */
#ifndef SMTPSCAN_MAIL_KIND_H
#define SMTPSCAN_MAIL_KIND_H

#include "mail.h"

/* Files that have files in them, and how these are found. */
enum container {
	CONTAINER_NONE,
	CONTAINER_ZIP,
	CONTAINER_7Z,
	CONTAINER_RAR,
	CONTAINER_RAR5,
	CONTAINER_CAB,
	CONTAINER_TAR,
	CONTAINER_PACKED, /* one file, or a tar: gzip, bzip2, xz, zstd */
	CONTAINER_ISO,
	CONTAINER_OLE,
	CONTAINER_TNEF
};

struct kind {
	const char *name;      /* as fileinfo.archive.format has it; NULL where there is no such field */
	const char *extension; /* with its dot; "" when there is none */
	enum container container;
	unsigned offset; /* where the octets stand */
	unsigned size;
	const char *octets;
};

/* kind_of - NULL when it is not known. An ISO image shows only when KIND_ISO_HEAD octets are there. */
#define KIND_ISO_HEAD (32768 + 6)
const struct kind *kind_of(struct span head);
/* kind_extension - for the name of a file on disk, with its dot: of a part, by its first octets and by what was found
 * in it. "" when it is not known. */
const char *kind_extension(const struct mail_part *part, struct span head);

#endif
