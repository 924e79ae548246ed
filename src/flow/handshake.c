/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * handshake.c - evaluates the first packets of a connection: who is the client, whether it was established, where the
 * two streams begin.
 *
 * A complete handshake shows all of it. When a part is missing, late, or there more than once with different numbers,
 * the first segments and their acknowledgements decide.
 */
#include <string.h>

#include "connection.h"

#define INFER_SPREAD (1024 * 1024) /* segments at the start of a connection lie closer together than this */

static const uint16_t default_ports[] = { 25, 587, 2525, 24, 465 };

bool handshake_known_port(const struct flow_options *options, uint16_t port)
{
	const uint16_t *ports = options->ports ? options->ports : default_ports;
	size_t count = options->ports ? options->port_count : G_N_ELEMENTS(default_ports);
	for (size_t i = 0; i < count; i++)
		if (ports[i] == port)
			return true;
	return false;
}

unsigned handshake_end_of(const struct flow_key *key, const struct segment *segment)
{
	return !(key->port[0] == segment->source_port && memcmp(key->octets[0], segment->source.octets, 16) == 0);
}

int handshake_guess_client(const struct connection *connection)
{
	const struct flow_options *options = &connection->table->options;
	const uint16_t *port = connection->key.port;
	bool known[2] = { handshake_known_port(options, port[0]), handshake_known_port(options, port[1]) };
	if (known[0] != known[1])
		return known[0] ? 1 : 0;
	return port[0] < port[1] ? 1 : 0;
}

bool handshake_established(const struct connection *connection)
{
	const struct end *end = connection->end;
	int client = connection->client;
	if (client < 0)
		return end[0].payload || end[1].payload;
	/* The client continues only after the SYN-ACK. The server continues after the client's ACK, but an ACK from the
	 * server can also be a refusal of the SYN. */
	const struct end *server = &end[1 - client];
	return end[client].spoke || server->payload || server->fin || (server->spoke && server->syn_count > 0);
}

/* syn_chosen - which of an end's SYNs counts: the one that the peer accepted, else the last. */
static unsigned syn_chosen(const struct connection *connection, unsigned number, const struct held_list *held)
{
	const struct end *end = &connection->end[number], *peer = &connection->end[1 - number];
	for (unsigned i = end->syn_count; i-- > 0;) {
		uint32_t after = end->syns[i].seq + 1;
		for (unsigned j = peer->syn_count; peer->syn_ack && j-- > 0;)
			if (peer->syns[j].ack - after <= end->syns[i].payload)
				return i;
		for (const struct held_segment *h = held->first; h; h = h->next) {
			bool own = handshake_end_of(&connection->key, &h->segment) == number;
			if (!(h->segment.flags & TCP_SYN) && (own ? h->segment.seq : h->segment.ack) == after)
				return i;
		}
	}
	return end->syn_count - 1U;
}

/* keep_alive - is it a keep-alive probe: at most one octet, just before the number that the peer expects? */
static bool keep_alive(
	const struct connection *connection, const struct held_list *held, const struct held_segment *probe)
{
	unsigned end = handshake_end_of(&connection->key, &probe->segment);
	if (probe->segment.length > 1 || (probe->segment.flags & (TCP_SYN | TCP_FIN)))
		return false;
	for (const struct held_segment *h = held->first; h; h = h->next)
		if (handshake_end_of(&connection->key, &h->segment) != end && h->segment.ack == probe->segment.seq + 1)
			return true;
	return false;
}

bool handshake_first_seq(
	const struct connection *connection, unsigned number, const struct held_list *held, uint32_t *seq)
{
	const struct end *end = &connection->end[number];
	if (end->syn_count > 0) {
		*seq = end->syns[syn_chosen(connection, number, held)].seq + 1;
		return true;
	}
	/* The SYN-ACK of the peer shows it, too. */
	const struct end *peer = &connection->end[1 - number];
	if (peer->syn_ack) {
		*seq = peer->syns[peer->syn_count - 1].ack;
		return true;
	}
	/* The lowest number that it sent or that the peer acknowledged in a reply before that. Data that is only
	 * acknowledged may have been sent before the capture began. */
	bool found = false, sent = false, silent = true;
	for (const struct held_segment *h = held->first; h; h = h->next)
		silent &= handshake_end_of(&connection->key, &h->segment) != number || keep_alive(connection, held, h);
	for (const struct held_segment *h = held->first; h; h = h->next) {
		bool own = handshake_end_of(&connection->key, &h->segment) == number;
		bool anchor = (h->segment.flags & TCP_ACK) && (silent || (!sent && h->segment.length > 0));
		if (own ? keep_alive(connection, held, h) : !anchor)
			continue;
		sent |= own;
		uint32_t candidate = own ? h->segment.seq : h->segment.ack;
		int32_t distance = (int32_t)(candidate - *seq);
		if (!found || (distance < 0 && distance > -INFER_SPREAD))
			*seq = candidate;
		found = true;
	}
	return found;
}

bool handshake_refuses_data(const struct connection *connection, unsigned number, const struct segment *syn)
{
	const struct end *peer = &connection->end[1 - number];
	bool answered = false;
	for (unsigned i = 0; peer->syn_ack && i < peer->syn_count; i++) {
		const uint32_t taken = peer->syns[i].ack - (syn->seq + 1);
		if (taken > 0 && taken <= syn->length)
			return false;
		answered |= taken == 0;
	}
	return answered && syn->captured > 0;
}

size_t handshake_first_bytes(
	const struct connection *connection, unsigned end, const struct held_list *held, uint8_t *buffer, size_t size)
{
	uint32_t first;
	size_t filled = 0;
	bool more = handshake_first_seq(connection, end, held, &first);
	while (more && filled < size) {
		more = false;
		for (const struct held_segment *h = held->first; h && filled < size; h = h->next) {
			uint32_t seq = h->segment.seq + ((h->segment.flags & TCP_SYN) != 0);
			uint32_t skip = first + (uint32_t)filled - seq;
			if (handshake_end_of(&connection->key, &h->segment) != end || skip >= h->segment.captured)
				continue;
			size_t part = MIN(size - filled, h->segment.captured - skip);
			memcpy(buffer + filled, h->payload + skip, part);
			filled += part;
			more = true;
		}
	}
	return filled;
}
