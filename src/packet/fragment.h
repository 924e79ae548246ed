/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * fragment.h - IP fragments become datagrams, in capture time. Private to the decoder.
 *
 * The first copy of an octet wins; a later one that differs is counted as a conflict. Datagrams that are not complete
 * in time, or for which there is no memory, are discarded, the oldest first. Of those that carry TCP, and whose first
 * fragment is there, the octets are handed on then (fragments_remains).
 */
#ifndef SMTPSCAN_PACKET_FRAGMENT_H
#define SMTPSCAN_PACKET_FRAGMENT_H

#include "cursor.h"
#include "types.h"

#define FRAGMENT_TIMEOUT_IPV4 (30 * NANOSECONDS_PER_SECOND)
#define FRAGMENT_TIMEOUT_IPV6 (60 * NANOSECONDS_PER_SECOND)
#define FRAGMENT_MEMORY (16u * 1024 * 1024) /* for all datagrams */
#define FRAGMENT_DATAGRAM_MAX 65535u        /* octets of one */

/* Identifies a datagram. For IPv6 the protocol is 0: only that of the first fragment counts. */
struct fragment_key {
	uint64_t context;
	struct address source, destination;
	uint32_t id;
	uint8_t protocol;
};

struct fragment {
	struct fragment_key key;
	int64_t time;
	uint32_t wire_size; /* of the packet it came in */
	uint32_t offset;    /* octets, a multiple of 8 */
	bool more;
	uint8_t next; /* protocol of the payload */
	bool tcp;     /* it is TCP, above IP, and selected by the filter */
	uint8_t vlan_count;
	const uint16_t *vlan;
	struct cursor octets; /* all of them captured */
};

struct datagram {
	struct cursor octets;
	uint8_t next;
	uint32_t wire_size; /* of all its packets */
};

/* Octets of a discarded datagram that are there without a hole. */
struct remains {
	const struct fragment_key *key;
	uint8_t vlan_count;
	const uint16_t *vlan;
	uint32_t wire_size; /* of all its packets */
	uint32_t offset;    /* of the octets, in the datagram */
	struct cursor octets;
	bool last; /* the datagram ends with them */
};

struct fragments;
struct fragments *fragments_new(void);
void fragments_free(struct fragments *fragments);

/* fragments_add - DECODE_SEGMENT: *datagram is complete, and valid until fragments_release. DECODE_FRAGMENT: the
 * fragment is held. DECODE_MALFORMED: it can't be part of a datagram. */
enum decode_result fragments_add(
	struct fragments *fragments, const struct fragment *fragment, struct datagram *datagram);
/* fragments_lost - how many fragments belong to datagrams that were discarded, or are not complete yet. */
uint64_t fragments_lost(const struct fragments *fragments);
/* fragments_release - frees the datagrams that were returned. */
void fragments_release(struct fragments *fragments);
/* fragments_expire - discards what is too old by now. fragments_discard - discards all. */
void fragments_expire(struct fragments *fragments, int64_t now);
void fragments_discard(struct fragments *fragments);
/* fragments_discarded - are there octets of discarded ones? */
bool fragments_discarded(const struct fragments *fragments);
/* fragments_remains - the next octets of discarded datagrams, in order of their offsets, the first ones first; valid
 * until the next call. Returns false when there are no more. fragments_used - the datagram of the last ones is of use:
 * its fragments are not lost. fragments_skip - no more of it. */
bool fragments_remains(struct fragments *fragments, struct remains *remains);
void fragments_used(struct fragments *fragments);
void fragments_skip(struct fragments *fragments);
uint64_t fragments_conflicts(const struct fragments *fragments);

#endif
