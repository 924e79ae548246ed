/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * pcapng.h - packets out of the blocks of a pcapng file (draft-ietf-opsawg-pcapng). Private to src/capture.
 *
 * Sections of either byte order, any number of interfaces, each with its own link type, clock and snap length. Packets
 * are in Enhanced, Simple and (obsolete) Packet Blocks; Decryption Secrets Blocks are handed on; every other block is
 * passed over, whatever its size.
 */
#ifndef SMTPSCAN_CAPTURE_PCAPNG_H
#define SMTPSCAN_CAPTURE_PCAPNG_H

#include "capture.h"
#include "source.h"

/* Octets of a block that is looked into; a larger one is damage. Memory grows only as the octets come. */
#define PCAPNG_BLOCK_MAX (32u * 1024 * 1024)
/* Interfaces of a section: what the obsolete Packet Block can name. */
#define PCAPNG_INTERFACES_MAX 65536u

struct pcapng;

/* pcapng_new - reads the stream (borrowed) from its beginning. */
struct pcapng *pcapng_new(struct capture_stream *stream);
void pcapng_free(struct pcapng *pcapng);
void pcapng_on_secrets(struct pcapng *pcapng, capture_secrets_sink *sink, void *context);

/* pcapng_start - the first Section Header Block. pcapng_next - the next packet: everything of it but its number. Both
 * return CAPTURE_CUT or CAPTURE_BROKEN with pcapng_error, which names block and offset. */
enum capture_status pcapng_start(struct pcapng *pcapng);
enum capture_status pcapng_next(struct pcapng *pcapng, struct packet *packet);
const char *pcapng_error(const struct pcapng *pcapng);

/* pcapng_nanoseconds - has any interface so far a clock that is finer than a microsecond? */
bool pcapng_nanoseconds(const struct pcapng *pcapng);

#endif
