/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * plain.h - reads the records of a pcap of the usual kind: version 2.4, in the byte order of this host. libpcap reads
 * the header of the file, and the records of all other kinds. Private to src/capture.
 */
#ifndef SMTPSCAN_CAPTURE_PLAIN_H
#define SMTPSCAN_CAPTURE_PLAIN_H

#include "capture.h"
#include "source.h"

struct plain;

/* plain_is - is a pcap of that kind, by its header? */
bool plain_is(struct span head);
/* plain_new - reads the stream (borrowed) from the first record on. nanoseconds: the unit of its clock; most: captured
 * octets that a packet can have. */
struct plain *plain_new(struct capture_stream *stream, bool nanoseconds, uint32_t most);
void plain_free(struct plain *plain);
/* plain_next - the next packet: its time, lengths and octets. CAPTURE_BROKEN: the stream has an error or, without one,
 * plain_length is not a possible length. */
enum capture_status plain_next(struct plain *plain, struct packet *packet);
uint32_t plain_length(const struct plain *plain);

#endif
