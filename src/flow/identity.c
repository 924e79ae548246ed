/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * identity.c - which connection a segment belongs to (see connection.h).
 *
 * A connection is found by its addresses and ports. The identifiers around them (VLAN, VNI, GRE key: a segment's
 * context) are only a hint: they may differ between the two directions, and a mirror port may show every packet in two
 * VLANs. When there are several connections with the same addresses and ports, in different networks, or a context is
 * new, the sequence numbers decide. The share of a connection depends only on its addresses.
 */
#include <string.h>

#include "connection.h"
#include "hash.h"

#define FIT_SPREAD (256 * 1024)      /* numbers of one connection are usually closer together than that */
#define STRANGE_SPREAD (1024 * 1024) /* both numbers of a segment further away: it is of another connection */

__extension__ typedef unsigned __int128 wide;

static uint64_t seed;

void identity_seed(void)
{
	seed = hash_seed();
}

/* mix - spreads the bits of a word over all of it. */
static inline uint64_t mix(uint64_t a, uint64_t b)
{
	wide product = (wide)(a ^ UINT64_C(0x9e3779b97f4a7c15)) * (b ^ UINT64_C(0xe7037ed1a0b428db));
	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static uint64_t word64(const void *at)
{
	uint64_t value;
	memcpy(&value, at, sizeof value);
	return value;
}

/* identity_hash - seeded, so that nobody can choose addresses that collide. */
guint identity_hash(gconstpointer pointer)
{
	const uint8_t *key = pointer;
	uint64_t hash = seed;
	for (size_t i = 0; i < sizeof(struct flow_key); i += sizeof(uint64_t))
		hash = mix(hash ^ word64(key + i), seed);
	return (guint)(hash ^ hash >> 32);
}

gboolean identity_equal(gconstpointer a, gconstpointer b)
{
	uint64_t different = 0;
	for (size_t i = 0; i < sizeof(struct flow_key); i += sizeof(uint64_t))
		different |= word64((const uint8_t *)a + i) ^ word64((const uint8_t *)b + i);
	return different == 0;
}

/* address_is_before - does one address come before another, octet by octet? Ports decide between the same. */
static bool address_is_before(const struct address *a, uint16_t a_port, const struct address *b, uint16_t b_port)
{
	for (size_t i = 0; i < sizeof a->octets; i += sizeof(uint64_t))
		if (word64(a->octets + i) != word64(b->octets + i))
			return GUINT64_FROM_BE(word64(a->octets + i)) < GUINT64_FROM_BE(word64(b->octets + i));
	return a_port < b_port;
}

unsigned identity_key(struct flow_key *key, const struct segment *segment)
{
	const bool source_first = !address_is_before(
		&segment->destination, segment->destination_port, &segment->source, segment->source_port);
	const struct address *low = source_first ? &segment->source : &segment->destination;
	const struct address *high = source_first ? &segment->destination : &segment->source;
	memcpy(key->octets[0], low->octets, sizeof key->octets[0]);
	memcpy(key->octets[1], high->octets, sizeof key->octets[1]);
	key->port[0] = source_first ? segment->source_port : segment->destination_port;
	key->port[1] = source_first ? segment->destination_port : segment->source_port;
	key->family = segment->source.family;
	memset(key->zero, 0, sizeof key->zero);
	return !source_first;
}

unsigned flow_share(const struct address *a, const struct address *b, unsigned shares)
{
	if (shares < 2)
		return 0;
	/* Lower address first, and the same byte order on every host. */
	if (address_is_before(b, 0, a, 0)) {
		const struct address *swap = a;
		a = b;
		b = swap;
	}
	uint64_t hash = 0;
	for (size_t i = 0; i < sizeof a->octets; i += sizeof(uint64_t)) {
		hash = mix(hash, GUINT64_FROM_LE(word64(a->octets + i)));
		hash = mix(hash, GUINT64_FROM_LE(word64(b->octets + i)));
	}
	return (unsigned)((hash >> 32) % shares);
}

/* identity_number - see flow.h: the same byte order on every host, and not seeded. */
uint64_t identity_number(const struct flow_key *key, struct moment first)
{
	uint64_t hash = mix(first.packet, (uint64_t)first.time);
	for (unsigned end = 0; end < 2; end++) {
		for (size_t i = 0; i < sizeof key->octets[end]; i += sizeof(uint64_t))
			hash = mix(hash, GUINT64_FROM_LE(word64(key->octets[end] + i)));
		hash = mix(hash, key->port[end]);
	}
	return hash >> (64 - FLOW_ID_BITS);
}

/* ---- numbers ---- */

static bool near(uint32_t a, uint32_t b)
{
	return a - b + FIT_SPREAD <= 2 * FIT_SPREAD;
}

bool identity_syn_known(const struct end *end, uint32_t seq)
{
	for (unsigned i = 0; i < end->syn_count; i++)
		if (end->syns[i].seq == seq)
			return true;
	return false;
}

/* fits_handshake - does a SYN belong to this connection? Its numbers must match exactly. */
static bool fits_handshake(const struct end *own, const struct end *peer, const struct segment *segment)
{
	if (own->syn_count > 0 || own->numbered)
		return identity_syn_known(own, segment->seq);
	if ((segment->flags & TCP_ACK) && peer->syn_count > 0)
		return identity_syn_known(peer, segment->ack - 1);
	return peer->acks && peer->ack == segment->seq + 1;
}

/* numbers_fit - do the numbers of a segment continue those that were seen? */
static bool numbers_fit(const struct connection *connection, unsigned number, const struct segment *segment)
{
	const struct end *own = &connection->end[number], *peer = &connection->end[1 - number];
	if (segment->flags & TCP_SYN)
		return fits_handshake(own, peer, segment);
	bool seq_known = own->numbered || peer->acks, ack_known = peer->numbered || own->acks;
	if (seq_known && !near(segment->seq, own->numbered ? own->next : peer->ack))
		return false;
	if (!(segment->flags & TCP_ACK))
		return seq_known;
	if (ack_known && !near(segment->ack, peer->numbered ? peer->next : own->ack))
		return false;
	return seq_known || ack_known;
}

static bool strange(uint32_t a, uint32_t b)
{
	return a - b + STRANGE_SPREAD > 2 * STRANGE_SPREAD;
}

bool identity_stranger(const struct connection *connection, unsigned number, const struct segment *segment)
{
	const struct end *own = &connection->end[number], *peer = &connection->end[1 - number];
	const bool known = (own->numbered || peer->acks) && (peer->numbered || own->acks);
	return known && (segment->flags & (TCP_ACK | TCP_SYN | TCP_RST)) == TCP_ACK &&
	       strange(segment->seq, own->numbered ? own->next : peer->ack) &&
	       strange(segment->ack, peer->numbered ? peer->next : own->ack);
}

void identity_numbers(struct end *end, const struct segment *segment)
{
	if (segment->flags & TCP_RST) /* its numbers are often arbitrary */
		return;
	end->numbered = true;
	end->next = segment->seq + segment->length + ((segment->flags & (TCP_SYN | TCP_FIN)) != 0);
	if (!(segment->flags & TCP_ACK))
		return;
	end->acks = true;
	end->ack = segment->ack;
}

/* ---- contexts ---- */

static bool seen_in(const struct connection *connection, uint32_t hint)
{
	for (unsigned i = 0; i < connection->hint_count; i++)
		if (connection->hints[i] == hint)
			return true;
	return false;
}

/* note_vlans - adds new VLANs, up to DECODE_VLAN_MAX. */
static void note_vlans(struct connection *connection, const struct segment *segment)
{
	for (unsigned i = 0; i < segment->vlan_count; i++) {
		unsigned known = 0;
		while (known < connection->vlan_count && connection->vlan[known] != segment->vlan[i])
			known++;
		if (known == connection->vlan_count && known < DECODE_VLAN_MAX)
			connection->vlan[connection->vlan_count++] = segment->vlan[i];
	}
	if (connection->work) {
		connection->work->flow.vlan_count = connection->vlan_count;
		memcpy(connection->work->flow.vlan, connection->vlan, sizeof connection->vlan);
	}
}

void identity_hint(struct connection *connection, const struct segment *segment)
{
	uint32_t hint = identity_context(segment);
	if (seen_in(connection, hint))
		return;
	if (connection->hint_count == HINTS_KEPT)
		memmove(connection->hints, connection->hints + 1, --connection->hint_count * sizeof hint);
	connection->hints[connection->hint_count++] = hint;
	note_vlans(connection, segment);
}

struct connection *identity_find(struct connection *first, unsigned end, const struct segment *segment)
{
	uint32_t hint = identity_context(segment);
	struct connection *fitting = NULL, *seen = NULL;
	for (struct connection *c = first; c; c = c->sibling) {
		bool here = seen_in(c, hint), fit = numbers_fit(c, end, segment);
		if (here && fit)
			return c;
		if (here && !seen)
			seen = c;
		if (fit && !fitting)
			fitting = c;
	}
	return fitting ? fitting : seen;
}
