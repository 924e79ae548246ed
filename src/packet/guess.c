/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * guess.c - recognises the payload of a header that has no type field. Private to the decoder; see layers.h.
 *
 * A guess needs several octets that agree: an Ethernet type and the IP version after it; an IP header whose length is
 * that of the packet. What is searched for in a payload of which nothing is known needs more: a checksum, too.
 */
#include "layers.h"

#define SEARCHED 96u    /* octets of headers before an IP packet, at most */
#define OFFSETS_END 16u /* a cookie of up to 8 octets and a control word */
/* Octets that must be captured before "nothing fits" is certain. */
#define LOOKED_AT (OFFSETS_END + ETHERNET_ADDRESSES + 3)

static int peek16(const struct cursor *c, uint32_t offset)
{
	return offset + 1 < c->captured ? be16(c->data + offset) : -1;
}

/* version_at - the IP version: the first four bits. */
static int version_at(const struct cursor *c, uint32_t offset)
{
	const int octet = cursor_peek(c, offset);
	return octet < 0 ? -1 : octet >> 4;
}

bool guess_ethernet(const struct cursor *c, uint32_t offset)
{
	const uint32_t type = offset + ETHERNET_ADDRESSES;
	switch (peek16(c, type)) {
	case 0x0800:
		return version_at(c, type + 2) == 4;
	case 0x86dd:
		return version_at(c, type + 2) == 6;
	case 0x8100:
	case 0x88a8:
	case 0x8847:
	case 0x8864:
		return true;
	case 0x0806: /* the hardware is Ethernet */
		return peek16(c, type + 2) == 1;
	default:
		return false;
	}
}

/* guess_ppp - with or without address and control: IP, or a control protocol of PPP. */
static bool guess_ppp(const struct cursor *c, uint32_t offset)
{
	if (peek16(c, offset) == 0xff03)
		offset += 2;
	switch (peek16(c, offset)) {
	case 0x0021:
		return version_at(c, offset + 2) == 4;
	case 0x0057:
		return version_at(c, offset + 2) == 6;
	case 0x8021:
	case 0x8057:
	case 0xc021:
	case 0xc023:
	case 0xc223:
		return true;
	default:
		return false;
	}
}

static bool guess_hdlc(const struct cursor *c, uint32_t offset)
{
	const int start = peek16(c, offset), type = peek16(c, offset + 2);
	return (start == 0x0f00 || start == 0x8f00) && (type == 0x0800 || type == 0x86dd || type == 0x8035);
}

/* guess_ip - an IP header whose length is exactly that of the rest. */
static bool guess_ip(const struct cursor *c, uint32_t offset)
{
	const int version = version_at(c, offset), v4 = peek16(c, offset + 2), v6 = peek16(c, offset + 4);
	if (offset >= c->length)
		return false;
	const uint32_t rest = c->length - offset;
	if (version == 4 && v4 >= 0)
		return (c->data[offset] & 0x0f) >= 5 && (uint32_t)v4 == rest;
	return version == 6 && v6 >= 0 && (uint32_t)v6 + 40 == rest;
}

/* Each is tried at every offset before the next, weaker one. */
static const struct {
	bool (*fits)(const struct cursor *c, uint32_t offset);
	layer *next;
} guesses[] = {
	{ guess_ethernet, layer_ethernet },
	{ guess_ppp, layer_ppp },
	{ guess_hdlc, layer_link_hdlc },
	{ guess_ip, layer_ip },
};

enum decode_result layer_guess(struct layers *layers, struct cursor c)
{
	if (!layers_deeper(layers))
		return DECODE_TOO_DEEP;
	for (size_t i = 0; i < sizeof guesses / sizeof guesses[0]; i++)
		for (uint32_t offset = 0; offset < OFFSETS_END; offset += 4)
			if (guesses[i].fits(&c, offset))
				return layer_skip(layers, c, offset, guesses[i].next);
	return c.captured < LOOKED_AT && c.captured < c.length ? DECODE_TRUNCATED : DECODE_NOT_IP;
}

enum decode_result layer_search(struct layers *layers, struct cursor c, enum decode_result otherwise)
{
	for (uint32_t offset = 0; offset < SEARCHED && offset < c.captured; offset++)
		if (ip_found(&c, offset))
			return layer_skip(layers, c, offset, layer_ip);
	return otherwise;
}

enum decode_result layer_unknown(struct layers *layers, struct cursor c, enum unknown_kind kind, uint32_t number)
{
	enum decode_result found = layer_search(layers, c, DECODE_UNKNOWN);
	return found == DECODE_UNKNOWN ? layers_note_unknown(layers, kind, number) : found;
}
