/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * sniff.h - does a connection speak SMTP? Judged by the first bytes of a direction alone.
 *
 * These look at bytes only; which bytes are the first, and when to ask, is the caller's work. Asked again with more
 * bytes, they may only change from SNIFF_UNDECIDED.
 */
#ifndef SMTPSCAN_FLOW_SNIFF_H
#define SMTPSCAN_FLOW_SNIFF_H

#include "types.h"

#define SNIFF_BYTES 1024 /* what is looked at, at most */

enum sniff { SNIFF_UNDECIDED, SNIFF_SMTP, SNIFF_OTHER };

/* sniff_client - the first bytes of the client: EHLO, HELO or LHLO is SMTP, everything else is not. */
enum sniff sniff_client(struct span bytes);
/* sniff_server - the first bytes of the server: a 220, 4xx or 5xx that says SMTP or LMTP is SMTP. A 220 that does not
 * is undecided for ever: the client's first line tells. */
enum sniff sniff_server(struct span bytes);
/* sniff_middle_client, sniff_middle_server - can a segment from the middle of a connection only be SMTP? Never
 * SNIFF_OTHER: most of a mail looks like anything. */
enum sniff sniff_middle_client(struct span bytes);
enum sniff sniff_middle_server(struct span bytes);

#endif
