/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * packet_kinds.h - one packet of every kind that the decoder knows, all with the same segment.
 */
#ifndef SMTPSCAN_TESTS_PACKET_KINDS_H
#define SMTPSCAN_TESTS_PACKET_KINDS_H

#include "packet.h"
#include "packet_builder.h"

#define KIND_PAYLOAD "MAIL FROM:<a@example.org>\r\n"
#define KIND_PAYLOAD_SIZE (sizeof(KIND_PAYLOAD) - 1)

/* The TCP header of all of them. IPv4: from 192.0.2.1 to 198.51.100.2, IPv6: from 2001:db8::1 to 2001:db8::2. */
extern const struct built_tcp kind_tcp;

struct kind {
	const char *name;
	void (*build)(struct built *b);
	int link_type;
	uint8_t family;
	uint8_t vlan_count;
	uint16_t vlan[DECODE_VLAN_MAX];
};

/* kind_at - all kinds, one after the other; NULL after the last. The lists that it takes them from. */
const struct kind *kind_at(size_t i);
extern const struct kind link_kinds[], tunnel_kinds[];
extern const size_t link_kind_count, tunnel_kind_count;

/* Some of them by name, and their parts. */
void kind_put_tcp(struct built *b);
void kind_ipv4(struct built *b);
void kind_ipv6(struct built *b);
void kind_ethernet4(struct built *b);
void kind_ethernet6(struct built *b);
void kind_gre(struct built *b);
void kind_pppoe(struct built *b);
void kind_authentication(struct built *b);
void kind_ipv4_options(struct built *b);
void kind_wifi(struct built *b);

#endif
