/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * seal.h - sends a connection's octets in TLS 1.3 (AES-256-GCM), with its secrets in a key log: complete enough to be
 * decrypted with the keys, but not for a real peer.
 */
#ifndef SMTPSCAN_BENCH_SEAL_H
#define SMTPSCAN_BENCH_SEAL_H

#include <stdio.h>

#include "wire.h"

#define SEAL_COST 22 /* octets that a record adds */

struct seal;

/* seal_open - the handshake; number: of the connection, which decides its secrets. */
struct seal *seal_open(struct wire *wire, struct line *line, FILE *keylog, unsigned number);
/* seal_send - like line_send, in records. */
void seal_send(struct seal *seal, struct wire *wire, struct line *line, enum direction direction, const void *data,
	size_t size);
void seal_free(struct seal *seal);

/* seal_speed - CPU seconds that libcrypto takes to open so many octets in records of this size. */
double seal_speed(uint64_t octets, size_t record);

#endif
