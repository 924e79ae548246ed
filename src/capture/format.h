/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * format.h - what the first octets of a file say: is it a capture, and of which format? Private to src/capture.
 */
#ifndef SMTPSCAN_CAPTURE_FORMAT_H
#define SMTPSCAN_CAPTURE_FORMAT_H

#include "types.h"

enum capture_format { CAPTURE_FORMAT_NONE, CAPTURE_FORMAT_PCAP, CAPTURE_FORMAT_PCAPNG };

enum capture_format capture_format_of(struct span head);

/* capture_format_nanoseconds - has a pcap time stamps finer than a microsecond? */
bool capture_format_nanoseconds(struct span head);

/* What the first octets are of instead: another program's capture, several files in one, or compressed in a way that is
 * not read. The name is with its article. */
enum foreign_kind { FOREIGN_CAPTURE, FOREIGN_ARCHIVE, FOREIGN_COMPRESSED, FOREIGN_TEXT };
struct foreign {
	const char *name;
	enum foreign_kind kind;
};

/* capture_format_foreign - NULL when it can't be told. The more of the head, the better. */
const struct foreign *capture_format_foreign(struct span head);

#endif
