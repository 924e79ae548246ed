/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * format.h - recognises capture formats by the first octets of a file. Private to src/capture.
 */
#ifndef SMTPSCAN_CAPTURE_FORMAT_H
#define SMTPSCAN_CAPTURE_FORMAT_H

#include "types.h"

enum capture_format { CAPTURE_FORMAT_NONE, CAPTURE_FORMAT_PCAP, CAPTURE_FORMAT_PCAPNG };

enum capture_format capture_format_of(struct span head);

/* capture_format_nanoseconds - does the header say that this is a pcap with nanoseconds? */
bool capture_format_nanoseconds(struct span head);

/* Another kind of file: another program's capture, an archive, or a compression that is not supported. name: with its
 * article. */
enum foreign_kind { FOREIGN_CAPTURE, FOREIGN_ARCHIVE, FOREIGN_COMPRESSED, FOREIGN_TEXT };
struct foreign {
	const char *name;
	enum foreign_kind kind;
};

/* capture_format_foreign - what else the file is; NULL: not known. Recognises more with a longer head. */
const struct foreign *capture_format_foreign(struct span head);

#endif
