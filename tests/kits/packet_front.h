/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * packet_front.h - for the builders of packets: headers given as octets, and outer headers.
 */
#ifndef SMTPSCAN_TESTS_PACKET_FRONT_H
#define SMTPSCAN_TESTS_PACKET_FRONT_H

#include "packet_kinds.h"

/* front - adds octets before the packet. */
static inline void front(struct built *b, const void *octets, size_t size)
{
	memcpy(built_front(b, size), octets, size);
}

#define FRONT(octets) front(b, octets, sizeof(octets) - 1)

/* typed - adds octets before the packet, and sets the Ethernet type for them. */
static inline void typed(struct built *b, const void *octets, size_t size, uint16_t ethertype)
{
	front(b, octets, size);
	b->ethertype = ethertype;
}

/* tag - adds octets followed by the present Ethernet type. */
static inline void tag(struct built *b, const void *octets, size_t size, uint16_t ethertype)
{
	built_put16(built_front(b, 2), b->ethertype);
	typed(b, octets, size, ethertype);
}

#define TAG(octets, type) tag(b, octets, sizeof(octets) - 1, type)
#define TYPED(octets, type) typed(b, octets, sizeof(octets) - 1, type)

/* outer4, outer6 - the packet becomes the payload of IP, in an Ethernet frame. */
static inline void outer4(struct built *b, uint8_t protocol)
{
	b->protocol = protocol;
	built_ipv4(b, "10.0.0.1", "10.0.0.2");
	built_ethernet(b);
}

static inline void outer6(struct built *b, uint8_t protocol)
{
	b->protocol = protocol;
	built_ipv6(b, "2001:db8::a", "2001:db8::b");
	built_ethernet(b);
}

static inline void udp4(struct built *b, uint16_t source, uint16_t destination)
{
	built_udp(b, source, destination);
	outer4(b, 17);
}

static inline void udp6(struct built *b, uint16_t source, uint16_t destination)
{
	built_udp(b, source, destination);
	outer6(b, 17);
}

/* tagged6 - a frame with IPv6 in a VLAN. */
static inline void tagged6(struct built *b)
{
	kind_ipv6(b);
	built_vlan(b, 0x8100, 9);
	built_ethernet(b);
}

#endif
