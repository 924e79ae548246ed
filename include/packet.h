/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * packet.h - a packet becomes at most one TCP segment: link layers, VLAN tags, tunnels, IPv4, IPv6, fragments.
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

/* One TCP segment. payload points into the packet, or into the decoder for a reassembled datagram; valid until the
 * next call of decoder_packet. */
struct segment {
	struct moment at;
	struct address source, destination;
	uint16_t source_port, destination_port;
	uint32_t seq, ack;
	uint8_t flags; /* enum tcp_flag */
	uint8_t vlan_count;
	uint16_t vlan[DECODE_VLAN_MAX]; /* outermost first, identifiers only */
	uint64_t
		context; /* hash of the VLAN and tunnel identifiers around it: a hint at which of several flows with the
			    same addresses and ports it belongs to (addresses of an outer IP header are left out) */
	uint32_t wire_size; /* octets of the packet on the wire, for EVE's counters */
	uint32_t length;    /* payload octets on the wire */
	uint32_t captured;  /* payload octets that are here; less than length when the snap length cut it */
	const uint8_t *payload;
};

/* Why a packet gave no segment. The names are those of the stats record. */
/* clang-format off */
#define DECODE_RESULTS(X) \
	X(SEGMENT, "tcp") \
	X(FRAGMENT, "fragment_held")         /* kept until its datagram is whole: not an error */ \
	X(NOT_TCP, "not_tcp") \
	X(NOT_IP, "not_ip") \
	X(LINK_UNKNOWN, "link_type_unknown") \
	X(UNKNOWN, "encapsulation_unknown")  /* something else, that may carry IP, is not known */ \
	X(ENCRYPTED, "encrypted") \
	X(TRUNCATED, "truncated")            /* the headers themselves are cut */ \
	X(MALFORMED, "malformed") \
	X(TOO_DEEP, "too_deep") \
	X(BAD_CHECKSUM, "bad_checksum")      /* only when verified */ \
	X(FRAGMENT_LIMIT, "fragment_dropped") /* memory or age */
/* clang-format on */

enum decode_result {
#define X(id, name) DECODE_##id,
	DECODE_RESULTS(X)
#undef X
		DECODE_RESULT_COUNT
};

extern const char *const decode_result_names[DECODE_RESULT_COUNT];

/* What was not known: a number of this kind, in so many packets. */
enum unknown_kind { UNKNOWN_LINK_TYPE, UNKNOWN_ETHERTYPE, UNKNOWN_GRE, UNKNOWN_IP_PROTOCOL, UNKNOWN_PPP };
struct unknown {
	enum unknown_kind kind;
	uint32_t number;
	uint64_t packets;
};
#define DECODE_UNKNOWN_MAX 16 /* told apart */

struct decoder;

/* decoder_new - CHECKSUMS: drop packets whose IPv4 or TCP checksum is wrong. Free with decoder_free. */
struct decoder *decoder_new(bool checksums);
void decoder_free(struct decoder *decoder);

/* decoder_packet - decodes one packet. *segment is filled in only when the result is DECODE_SEGMENT. */
enum decode_result decoder_packet(struct decoder *decoder, const struct packet *packet, struct segment *segment);

/* decoder_unknown - what was not known, in words: "3 link type 220 (USB_LINUX_MMAPPED), 1 Ethernet type 0x1234", the
 * most frequent first; NULL when there was nothing. Free with g_free. */
char *decoder_unknown(const struct decoder *decoder);

/* decoder_fragment_conflicts - overlapping fragments so far whose octets differed. */
uint64_t decoder_fragment_conflicts(const struct decoder *decoder);

#endif
