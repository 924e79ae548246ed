/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * talk.h - the traffic of a connection, SMTP or another, turn by turn, so that many can be interleaved.
 */
#ifndef SMTPSCAN_BENCH_TALK_H
#define SMTPSCAN_BENCH_TALK_H

#include <glib.h>

#include "random.h"
#include "seal.h"
#include "wire.h"

#define TURN_OCTETS (10 * WIRE_SEGMENT) /* sent of a mail, or of other content, before another connection's turn */

/* Where the packets and the truth of a capture go. */
struct stage {
	struct wire wire;
	FILE *truth;  /* a line a mail: address, port, tx_id, size, SHA-256, parts, sender, recipients, files */
	FILE *keylog; /* NULL: in clear; else everything is in TLS */
	struct dice dice;
	uint64_t mails, content;
};

struct talk;

/* talk_smtp - a session that sends mails of size_min to size_max octets until it has sent `budget` octets. number: of
 * the connection; it decides the addresses. talk_other - a connection that is not SMTP. */
struct talk *talk_smtp(
	struct stage *stage, unsigned number, bool v6, size_t size_min, size_t size_max, uint64_t budget);
struct talk *talk_other(struct stage *stage, unsigned number, bool v6, uint64_t budget);
/* talk_turn - the next exchange. Returns false when it was the last: the connection is closed, the talk freed. */
bool talk_turn(struct talk *talk, struct stage *stage);

#endif
