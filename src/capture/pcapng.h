/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * pcapng.h - reads packets from the blocks of a pcapng file (draft-ietf-opsawg-pcapng). Private to src/capture.
 *
 * Sections of either byte order, any number of interfaces, each with its own link type, clock and snap length. Packets
 * come from Enhanced, Simple and (obsolete) Packet Blocks; Decryption Secrets Blocks are passed on; all other blocks
 * are skipped, whatever their size.
 */
#ifndef SMTPSCAN_CAPTURE_PCAPNG_H
#define SMTPSCAN_CAPTURE_PCAPNG_H

#include "capture.h"
#include "source.h"

/* Octets of a block that is parsed; a larger one counts as damaged. Memory grows only as octets come. */
#define PCAPNG_BLOCK_MAX (32u * 1024 * 1024)
/* Interfaces of a section: as many as the obsolete Packet Block can number. */
#define PCAPNG_INTERFACES_MAX 65536u

struct pcapng;

/* pcapng_new - reads the stream (borrowed) from its beginning. */
struct pcapng *pcapng_new(struct capture_stream *stream);
void pcapng_free(struct pcapng *pcapng);
/* pcapng_ahead - a reader of what comes behind the packet in hand; this one reads it again. stream: see
 * capture_stream_ahead; NULL with errno. Free it and its stream. */
struct pcapng *pcapng_ahead(struct pcapng *pcapng, const char *directory, struct capture_stream **stream);
/* pcapng_time - of the last packet that had one, as in struct moment. */
int64_t pcapng_time(const struct pcapng *pcapng);
void pcapng_on_secrets(struct pcapng *pcapng, capture_secrets_sink *sink, void *context);

/* pcapng_start - reads the first Section Header Block. pcapng_next - the next packet, without its number. On
 * CAPTURE_CUT and CAPTURE_BROKEN, pcapng_error has the reason with block and offset. */
enum capture_status pcapng_start(struct pcapng *pcapng);
enum capture_status pcapng_next(struct pcapng *pcapng, struct packet *packet);
const char *pcapng_error(const struct pcapng *pcapng);

/* pcapng_dropped - see capture_dropped. */
uint64_t pcapng_dropped(const struct pcapng *pcapng);

/* pcapng_nanoseconds - does any interface so far have a clock finer than a microsecond? */
bool pcapng_nanoseconds(const struct pcapng *pcapng);

#endif
