/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * sniff.h - do the first bytes of a direction show that a connection is SMTP?
 *
 * These functions see only bytes; the caller decides which bytes are the first, and when to call. With more bytes the
 * result changes only from SNIFF_UNDECIDED.
 */
#ifndef SMTPSCAN_FLOW_SNIFF_H
#define SMTPSCAN_FLOW_SNIFF_H

#include "types.h"

#define SNIFF_BYTES 1024 /* octets examined at most */

enum sniff { SNIFF_UNDECIDED, SNIFF_SMTP, SNIFF_OTHER };

/* sniff_client - the first bytes of the client: EHLO, HELO or LHLO is SMTP, everything else is not. */
enum sniff sniff_client(struct span bytes);
/* sniff_server - the first bytes of the server: a 220, 4xx or 5xx reply with the word SMTP or LMTP or an enhanced
 * status code, and any 554, is SMTP. Any other such reply stays undecided: the client's first line decides. */
enum sniff sniff_server(struct span bytes);
/* sniff_middle_client, sniff_middle_server - is a segment from the middle of a connection certainly SMTP? Never
 * SNIFF_OTHER, because the lines of a mail can look like anything. */
enum sniff sniff_middle_client(struct span bytes);
enum sniff sniff_middle_server(struct span bytes);

#endif
