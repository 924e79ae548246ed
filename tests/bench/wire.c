/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * wire.c - see wire.h. A packet is built in one buffer and written with its record header.
 */
#include "wire.h"

#include <arpa/inet.h>
#include <string.h>

#define ETHERNET 14u
#define IPV4 20u
#define IPV6 40u
#define TCP 32u /* with the time stamp option */
#define FILE_BUFFER (1024 * 1024)
#define GAP 20 /* microseconds between two packets */
#define START INT64_C(1700000000000000)

enum { FIN = 1, SYN = 2, PSH = 8, ACK = 16 };

static uint8_t *put16(uint8_t *at, uint16_t value)
{
	value = htons(value);
	return mempcpy(at, &value, sizeof value);
}

static uint8_t *put32(uint8_t *at, uint32_t value)
{
	value = htonl(value);
	return mempcpy(at, &value, sizeof value);
}

/* add - sums up the words of `size` octets (RFC 1071). */
static uint64_t add(uint64_t sum, const uint8_t *data, size_t size)
{
	uint32_t word = 0;
	for (; size >= 4; size -= 4, data += 4) {
		memcpy(&word, data, 4);
		sum += word;
	}
	word = 0;
	memcpy(&word, data, size);
	return sum + word;
}

static uint16_t fold(uint64_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

bool wire_open(struct wire *wire, const char *path)
{
	static const uint32_t header[] = { 0xa1b2c3d4, 2 | 4 << 16, 0, 0, 65535, 1 };
	*wire = (struct wire){ .file = fopen(path, "w"), .now = START, .bytes = sizeof header };
	if (!wire->file)
		return false;
	setvbuf(wire->file, NULL, _IOFBF, FILE_BUFFER);
	return fwrite(header, sizeof header, 1, wire->file) == 1;
}

bool wire_close(struct wire *wire)
{
	return fclose(wire->file) == 0;
}

/* put_ip - the IP header in front of `size` octets of TCP. */
static uint8_t *put_ip(uint8_t *at, const struct address *from, const struct address *to, size_t size)
{
	if (from->family == 6) {
		at = put32(at, 6u << 28);
		at = put16(at, (uint16_t)size);
		*at++ = IPPROTO_TCP;
		*at++ = 64;
		at = mempcpy(at, from->octets, 16);
		return mempcpy(at, to->octets, 16);
	}
	uint8_t *header = at;
	at = put16(at, 0x4500);
	at = put16(at, (uint16_t)(IPV4 + size));
	at = put32(at, 0x4000);
	at = put16(at, 64 << 8 | IPPROTO_TCP);
	at = put16(at, 0);
	at = mempcpy(at, from->octets, 4);
	at = mempcpy(at, to->octets, 4);
	uint16_t sum = fold(add(0, header, IPV4));
	memcpy(header + 10, &sum, sizeof sum);
	return at;
}

/* put_tcp - the TCP header; its checksum is set once the payload is after it. */
static uint8_t *put_tcp(uint8_t *at, const struct wire *wire, const struct line *line, enum direction d, uint8_t flags)
{
	enum direction peer = direction_other(d);
	at = put16(at, line->port[d]);
	at = put16(at, line->port[peer]);
	at = put32(at, line->seq[d]);
	at = put32(at, flags & ACK ? line->seq[peer] : 0);
	at = put16(at, (uint16_t)(TCP / 4 << 12 | flags));
	at = put16(at, 65535);
	at = put32(at, 0);
	at = put32(at, 0x0101080a);
	at = put32(at, (uint32_t)(wire->now / 1000));
	return put32(at, 0);
}

/* packet - one packet from one end, with its record header. */
static void packet(
	struct wire *wire, struct line *line, enum direction d, uint8_t flags, const uint8_t *data, size_t size)
{
	static uint8_t buffer[16 + ETHERNET + IPV6 + TCP + WIRE_SEGMENT];
	const struct address *from = &line->address[d], *to = &line->address[direction_other(d)];
	size_t ends = from->family == 6 ? 16 : 4, total = ETHERNET + (from->family == 6 ? IPV6 : IPV4) + TCP + size;
	uint32_t record[] = { (uint32_t)(wire->now / 1000000), (uint32_t)(wire->now % 1000000), (uint32_t)total,
		(uint32_t)total };
	uint8_t *at = mempcpy(buffer, record, sizeof record);
	at = mempcpy(at, d == UP ? "\2\0\0\0\0\1\2\0\0\0\0\2" : "\2\0\0\0\0\2\2\0\0\0\0\1", 12);
	at = put16(at, from->family == 6 ? 0x86dd : 0x0800);
	uint8_t *tcp = put_ip(at, from, to, TCP + size);
	at = put_tcp(tcp, wire, line, d, flags);
	if (size > 0)
		memcpy(at, data, size);
	uint64_t sum = htons((uint16_t)(TCP + size)) + (uint64_t)htons(IPPROTO_TCP);
	uint16_t checksum =
		fold(add(add(add(sum, from->octets, ends), to->octets, ends), tcp, (size_t)(at - tcp) + size));
	memcpy(tcp + 16, &checksum, sizeof checksum);
	fwrite(buffer, sizeof record + total, 1, wire->file);
	wire->bytes += sizeof record + total;
	wire->now += GAP;
	line->seq[d] += (uint32_t)size + (flags & (SYN | FIN) ? 1 : 0);
}

void line_open(struct wire *wire, struct line *line)
{
	packet(wire, line, UP, SYN, NULL, 0);
	packet(wire, line, DOWN, SYN | ACK, NULL, 0);
	packet(wire, line, UP, ACK, NULL, 0);
}

void line_close(struct wire *wire, struct line *line)
{
	packet(wire, line, UP, FIN | ACK, NULL, 0);
	packet(wire, line, DOWN, FIN | ACK, NULL, 0);
	packet(wire, line, UP, ACK, NULL, 0);
}

void line_send(struct wire *wire, struct line *line, enum direction direction, const void *data, size_t size)
{
	size_t most = WIRE_SEGMENT - (line->address[UP].family == 6 ? IPV6 - IPV4 : 0);
	const uint8_t *at = data;
	for (unsigned sent = 1; size > 0; sent++) {
		size_t part = size < most ? size : most;
		packet(wire, line, direction, part == size ? PSH | ACK : ACK, at, part);
		at += part;
		size -= part;
		if (sent % 2 == 0)
			packet(wire, line, direction_other(direction), ACK, NULL, 0);
	}
}
