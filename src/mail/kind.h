/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * kind.h - recognises kinds of files by their first octets, with one table.
 */
#ifndef SMTPSCAN_MAIL_KIND_H
#define SMTPSCAN_MAIL_KIND_H

#include "mail.h"

/* Files that contain other files, and how these are found. */
enum container {
	CONTAINER_NONE,
	CONTAINER_ZIP,
	CONTAINER_7Z,
	CONTAINER_RAR,
	CONTAINER_RAR5,
	CONTAINER_CAB,
	CONTAINER_LHA,
	CONTAINER_TAR,
	CONTAINER_PACKED, /* one file, a tar or a cpio: gzip, bzip2, xz, zstd, lz4, lzip, lzma, compress, rpm */
	CONTAINER_AR,
	CONTAINER_CPIO,
	CONTAINER_XAR,
	CONTAINER_ISO,
	CONTAINER_OLE,
	CONTAINER_TNEF
};

struct kind {
	const char *name;      /* value of fileinfo.archive.format; NULL: it is not an archive */
	const char *extension; /* with its dot; "" when there is none */
	enum container container;
	unsigned offset; /* of the octets in the file */
	unsigned size;
	const char *octets;
};

/* kind_of - the kind of a file; NULL when it is not known. Recognising an ISO image takes KIND_ISO_HEAD octets. */
#define KIND_ISO_HEAD (32768 + 6)
const struct kind *kind_of(struct span head);
/* kind_extension - file name extension, with its dot, for a stored part: by its first octets and by what was found in
 * it. "" when it is not known. */
const char *kind_extension(const struct mail_part *part, struct span head);

#endif
