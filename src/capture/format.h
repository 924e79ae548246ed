/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * format.h - what the first octets of a capture file say: format and resolution of its clock. libpcap reads the
 * rest; it does not tell the resolution. Private to capture*.c.
 */
#ifndef SMTPSCAN_CAPTURE_FORMAT_H
#define SMTPSCAN_CAPTURE_FORMAT_H

#include "types.h"

enum capture_format { CAPTURE_FORMAT_NONE, CAPTURE_FORMAT_PCAP, CAPTURE_FORMAT_PCAPNG };

enum capture_format capture_format_of(struct span head);

/* capture_format_need - octets of the file that must be in the head before the resolution is known; no more than
 * head.size when it is enough. */
size_t capture_format_need(struct span head);

/* capture_format_nanoseconds - true when time stamps are finer than a microsecond (pcapng: of the first interface). */
bool capture_format_nanoseconds(struct span head);

#endif
