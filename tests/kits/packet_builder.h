/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * packet_builder.h - packets for tests, built from the inside out: the payload first, then each header before it. So
 * lengths and checksums are always right, and layers can be combined freely:
 *
 *	struct built b;
 *	built_payload(&b, "EHLO x\r\n", 8);
 *	built_tcp(&b, &(struct built_tcp){ .source = 1025, .destination = 25, .seq = 1, .flags = TCP_ACK });
 *	built_ipv4(&b, "192.0.2.1", "192.0.2.2");
 *	built_vlan(&b, 0x8100, 7);
 *	built_ethernet(&b);
 *
 * Each header's protocol field is set automatically. For an invalid packet, change b.data afterwards (offsets from the
 * front).
 */
#ifndef SMTPSCAN_TESTS_PACKET_BUILDER_H
#define SMTPSCAN_TESTS_PACKET_BUILDER_H

#include <arpa/inet.h>
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "packet.h"

#define BUILT_ROOM (80 * 1024)
#define BUILT_HEADROOM 4096

struct built {
	uint8_t *data; /* the packet so far */
	size_t size;
	uint8_t protocol;   /* of the packet so far, for an IP header before it */
	uint16_t ethertype; /* and for an Ethernet header */
	uint16_t ip_id;     /* of the next IPv4 header */
	uint8_t room[BUILT_ROOM];
};

struct built_tcp {
	uint16_t source, destination;
	uint32_t seq, ack;
	uint16_t window;
	uint8_t flags;
	uint8_t options; /* octets of options (NOP), a multiple of 4 */
};

static inline void built_put16(uint8_t *at, uint16_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static inline void built_put32(uint8_t *at, uint32_t value)
{
	built_put16(at, (uint16_t)(value >> 16));
	built_put16(at + 2, (uint16_t)value);
}

/* built_front - adds `size` zero octets at the front. */
static inline uint8_t *built_front(struct built *b, size_t size)
{
	assert((size_t)(b->data - b->room) >= size);
	b->data -= size;
	b->size += size;
	return memset(b->data, 0, size);
}

static inline void built_payload(struct built *b, const void *payload, size_t size)
{
	assert(size <= BUILT_ROOM - BUILT_HEADROOM);
	b->data = b->room + BUILT_HEADROOM;
	b->size = size;
	b->protocol = 255;
	b->ethertype = 0xffff;
	b->ip_id = 0;
	if (size != 0)
		memcpy(b->data, payload, size);
}

static inline uint32_t built_sum(uint32_t sum, const uint8_t *data, size_t size)
{
	for (size_t i = 0; i < size; i++)
		sum += i % 2 ? data[i] : (uint32_t)data[i] << 8;
	while (sum > 0xffff)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

/* built_tcp_sum - the checksum needs the addresses: called by the IP header. */
static inline void built_tcp_sum(struct built *b, const uint8_t *addresses, size_t size)
{
	built_put16(b->data + 16, 0);
	uint32_t sum = built_sum((uint32_t)(6 + b->size), addresses, size);
	built_put16(b->data + 16, (uint16_t)~built_sum(sum, b->data, b->size));
}

static inline void built_tcp(struct built *b, const struct built_tcp *tcp)
{
	uint8_t *h = built_front(b, 20u + tcp->options);
	built_put16(h, tcp->source);
	built_put16(h + 2, tcp->destination);
	built_put32(h + 4, tcp->seq);
	built_put32(h + 8, tcp->ack);
	h[12] = (uint8_t)((20 + tcp->options) / 4 << 4);
	h[13] = tcp->flags;
	built_put16(h + 14, tcp->window);
	memset(h + 20, 1, tcp->options);
	b->protocol = 6;
}

static inline void built_udp(struct built *b, uint16_t source, uint16_t destination)
{
	uint8_t *h = built_front(b, 8);
	built_put16(h, source);
	built_put16(h + 2, destination);
	built_put16(h + 4, (uint16_t)b->size);
	b->protocol = 17;
}

static inline void built_ipv4(struct built *b, const char *source, const char *destination)
{
	uint8_t addresses[8];
	assert(inet_pton(AF_INET, source, addresses) == 1 && inet_pton(AF_INET, destination, addresses + 4) == 1);
	if (b->protocol == 6)
		built_tcp_sum(b, addresses, sizeof(addresses));
	uint8_t *h = built_front(b, 20);
	h[0] = 0x45;
	built_put16(h + 2, (uint16_t)b->size);
	built_put16(h + 4, b->ip_id);
	h[8] = 64;
	h[9] = b->protocol;
	memcpy(h + 12, addresses, sizeof(addresses));
	built_put16(h + 10, (uint16_t)~built_sum(0, h, 20));
	b->protocol = 4;
	b->ethertype = 0x0800;
}

/* built_ipv6_header - an extension header of 8 * `units` octets; its protocol is 0, 43 or 60. */
static inline uint8_t *built_ipv6_header(struct built *b, uint8_t protocol, uint8_t units)
{
	uint8_t *h = built_front(b, units * 8u);
	h[0] = b->protocol;
	h[1] = (uint8_t)(units - 1);
	b->protocol = protocol;
	return h;
}

static inline void built_ipv6(struct built *b, const char *source, const char *destination)
{
	uint8_t addresses[32];
	assert(inet_pton(AF_INET6, source, addresses) == 1 && inet_pton(AF_INET6, destination, addresses + 16) == 1);
	if (b->protocol == 6)
		built_tcp_sum(b, addresses, sizeof(addresses));
	uint8_t *h = built_front(b, 40);
	h[0] = 0x60;
	built_put16(h + 4, (uint16_t)(b->size - 40));
	h[6] = b->protocol;
	h[7] = 64;
	memcpy(h + 8, addresses, sizeof(addresses));
	b->protocol = 41;
	b->ethertype = 0x86dd;
}

/* built_gre - with a key when it is not 0. */
static inline void built_gre(struct built *b, uint32_t key)
{
	uint8_t *h = built_front(b, key != 0 ? 8 : 4);
	built_put16(h, key != 0 ? 0x2000 : 0);
	built_put16(h + 2, b->ethertype);
	if (key != 0)
		built_put32(h + 4, key);
	b->protocol = 47;
}

static inline void built_vlan(struct built *b, uint16_t type, uint16_t id)
{
	uint8_t *h = built_front(b, 4);
	built_put16(h, id);
	built_put16(h + 2, b->ethertype);
	b->ethertype = type;
}

static inline void built_ethernet(struct built *b)
{
	uint8_t *h = built_front(b, 14);
	memcpy(h, "\x02\0\0\0\0\2\x02\0\0\0\0\1", 12);
	built_put16(h + 12, b->ethertype);
	b->ethertype = 0x6558;
}

/* built_packet - as input for the decoder; nothing is truncated. */
static inline struct packet built_packet(const struct built *b, int link_type, uint64_t number, int64_t time)
{
	return (struct packet){ { number, time }, link_type, (uint32_t)b->size, (uint32_t)b->size, b->data, 0, NULL,
		true };
}

#endif
