/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * packet.h - decodes a packet into at most one TCP segment: link layers, VLAN tags, tunnels, IPv4, IPv6, fragments.
 *
 * Every octet is read through a bounds-checked cursor. Truncated (the snap length cut it) and malformed (it
 * contradicts itself) are different results. Fragments are reassembled in capture time, with bounds on memory and age.
 */
#ifndef SMTPSCAN_PACKET_H
#define SMTPSCAN_PACKET_H

#include "capture.h"
#include "types.h"

#define DECODE_VLAN_MAX 4   /* tags kept for the output; deeper ones are decoded, not kept */
#define DECODE_DEPTH_MAX 16 /* decapsulations of one packet */

enum tcp_flag { TCP_FIN = 1, TCP_SYN = 2, TCP_RST = 4, TCP_PSH = 8, TCP_ACK = 16, TCP_URG = 32 };

/* One TCP segment. payload points into the packet or, for a reassembled datagram, into the decoder; valid until the
 * next call of decoder_packet. */
struct segment {
	struct moment at;
	struct address source, destination;
	uint16_t source_port, destination_port;
	uint32_t seq, ack;
	uint8_t flags; /* enum tcp_flag */
	uint8_t vlan_count;
	uint16_t vlan[DECODE_VLAN_MAX]; /* outermost first, identifiers only */
	uint64_t context;   /* hash of the VLAN and tunnel identifiers around it: helps to tell flows with the same
			       addresses and ports apart (addresses of an outer IP header are left out) */
	uint32_t wire_size; /* octets of the whole packet on the wire, for EVE's counters */
	uint32_t length;    /* payload octets on the wire */
	uint32_t captured;  /* captured payload octets; less than length when the snap length cut it */
	const uint8_t *payload;
	struct span ip;     /* captured octets of the innermost IP packet; empty when it came in fragments */
	uint32_t ip_length; /* octets of that packet on the wire */
};

/* Why a packet gave no segment: X(id, name in the stats record, words for the warning when a mail may be lost by that;
 * else NULL). */
/* clang-format off */
#define DECODE_RESULTS(X) \
	X(SEGMENT, "tcp", NULL) \
	X(FRAGMENT, "fragment_held", NULL)   /* kept until its datagram is whole: not an error */ \
	X(NOT_TCP, "not_tcp", NULL) \
	X(NOT_IP, "not_ip", NULL) \
	X(LINK_UNKNOWN, "link_type_unknown", "of an unknown link type") \
	X(UNKNOWN, "encapsulation_unknown", "in an unknown encapsulation") /* another one, that may carry IP */ \
	X(ENCRYPTED, "encrypted", "encrypted") \
	X(TRUNCATED, "truncated", "with headers cut by the snap length") \
	X(MALFORMED, "malformed", "malformed") \
	X(TOO_DEEP, "too_deep", "nested too deeply") \
	X(BAD_CHECKSUM, "bad_checksum", "with a wrong checksum") /* only when verified */ \
	X(FRAGMENT_LOST, "fragment_dropped", "fragments of incomplete datagrams") /* no result: how many of FRAGMENT they were */
/* clang-format on */

enum decode_result {
#define X(id, name, words) DECODE_##id,
	DECODE_RESULTS(X)
#undef X
		DECODE_RESULT_COUNT
};

extern const char *const decode_result_names[DECODE_RESULT_COUNT];
extern const char *const decode_result_words[DECODE_RESULT_COUNT]; /* NULL: no mail is lost by it */

/* An unknown link type or protocol: a number of this kind, and how many packets had it. */
enum unknown_kind { UNKNOWN_LINK_TYPE, UNKNOWN_ETHERTYPE, UNKNOWN_GRE, UNKNOWN_IP_PROTOCOL, UNKNOWN_PPP };
struct unknown {
	enum unknown_kind kind;
	uint32_t number;
	uint64_t packets;
	char interface[32]; /* of the first of these packets, printable; empty: the capture has no name */
};
#define DECODE_UNKNOWN_MAX 16 /* counted separately */

struct decoder;

/* decoder_new - CHECKSUMS: drop packets whose IPv4 or TCP checksum is wrong. Free with decoder_free. */
struct decoder *decoder_new(bool checksums);
void decoder_free(struct decoder *decoder);

/* decoder_packet - decodes one packet. *segment is filled in only when the result is DECODE_SEGMENT. */
enum decode_result decoder_packet(struct decoder *decoder, const struct packet *packet, struct segment *segment);

/* decoder_has_remains - is there something for decoder_remains, before the input ended? */
bool decoder_has_remains(const struct decoder *decoder);
/* decoder_remains - what is there of a datagram that did not become whole, because a fragment is missing: a segment for
 * each of its parts, once it is too old (by the time of the packets) or the input ended. at: the current packet.
 * Returns false when there is no more. */
bool decoder_remains(struct decoder *decoder, bool ended, struct moment at, struct segment *segment);

/* decoder_count - counts the last packet, with its result, for decoder_unknown. */
void decoder_count(struct decoder *decoder, enum decode_result result);
/* decoder_unknown - the unknown types in words, the most frequent first: "3 of link type 220 (USB_LINUX_MMAPPED), 1 of
 * Ethernet type 0x1234"; NULL when there were none. Free with g_free. */
char *decoder_unknown(const struct decoder *decoder);

/* decoder_fragments_lost - how many of those that were held belong to datagrams that never were whole. */
uint64_t decoder_fragments_lost(const struct decoder *decoder);
/* decoder_fragment_conflicts - how many fragments so far overlapped others with different octets. */
uint64_t decoder_fragment_conflicts(const struct decoder *decoder);

/* ---- which packets are wanted ---- */

struct network {
	struct address address;
	uint8_t bits; /* length of the prefix */
};

/* By capture time (nanoseconds; not before `after`, and earlier than `before`; 0: no limit) and by addresses: source or
 * destination is in one of the networks (struct network; NULL: all). */
struct selection {
	int64_t after, before;
	GArray *networks;
};

/* network_parse - "192.0.2.1", "192.0.2.0/24", "2001:db8::/32". Returns false when the text is not a network. */
bool network_parse(const char *text, struct network *network);
bool selection_has_time(const struct selection *selection, int64_t time);
/* selection_has_host - is the segment from or to one of the networks? */
bool selection_has_host(const struct selection *selection, const struct segment *segment);
static inline bool selection_has_segment(const struct selection *selection, const struct segment *segment)
{
	return !selection->networks || selection_has_host(selection, segment);
}

#endif
