/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * table.c - finds the connection of a segment, and decides how long a connection is kept.
 *
 * Three queues, each in order of the last packet: open connections expire after the idle timeout, closing ones sooner,
 * and those that are over are remembered a little while for what comes late. Time is the latest capture time seen,
 * whatever the order of packets; it is judged at every packet of the input, and what expires there ends in order of
 * flow id: nothing depends on the share, the hash or its seed. The memory limit takes the longest idle connection
 * first.
 */
#include "flow.h"

#include <string.h>

#include "connection.h"

#define IDLE_TIMEOUT (600 * NANOSECONDS_PER_SECOND)
#define CLOSING_TIMEOUT (60 * NANOSECONDS_PER_SECOND) /* longer than what is lost at the end takes to be sent again */
#define OVER_TIMEOUT (10 * NANOSECONDS_PER_SECOND)
#define TIME_LIMIT (INT64_MAX / 4) /* time stamps beyond that are made up: sums and differences must not overflow */

__extension__ typedef unsigned __int128 wide;

static uint64_t seed;

/* mix - spreads the bits of a word over all of it. */
static inline uint64_t mix(uint64_t a, uint64_t b)
{
	wide product = (wide)(a ^ UINT64_C(0x9e3779b97f4a7c15)) * (b ^ UINT64_C(0xe7037ed1a0b428db));
	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static uint64_t word(const void *at)
{
	uint64_t value;
	memcpy(&value, at, sizeof value);
	return value;
}

/* key_hash - seeded: nobody can choose addresses that collide. */
static guint key_hash(gconstpointer pointer)
{
	const uint8_t *key = pointer;
	uint64_t hash = seed;
	for (size_t i = 0; i < sizeof(struct flow_key); i += 2 * sizeof(uint64_t))
		hash = mix(hash ^ word(key + i), word(key + i + sizeof(uint64_t)) ^ seed);
	return (guint)(hash ^ hash >> 32);
}

static gboolean key_equal(gconstpointer a, gconstpointer b)
{
	return memcmp(a, b, sizeof(struct flow_key)) == 0;
}

/* key_fill - returns which end sent the segment. */
static unsigned key_fill(struct flow_key *key, const struct segment *segment)
{
	int order = memcmp(segment->source.octets, segment->destination.octets, sizeof key->octets[0]);
	if (order == 0)
		order = (int)segment->source_port - (int)segment->destination_port;
	bool source_first = order <= 0;
	const struct address *low = source_first ? &segment->source : &segment->destination;
	const struct address *high = source_first ? &segment->destination : &segment->source;
	key->context = segment->context;
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
	/* Lower one first, and the same word on every machine. */
	if (memcmp(a->octets, b->octets, sizeof a->octets) > 0) {
		const struct address *swap = a;
		a = b;
		b = swap;
	}
	uint64_t hash = 0;
	for (size_t i = 0; i < sizeof a->octets; i += sizeof(uint64_t)) {
		hash = mix(hash, GUINT64_FROM_LE(word(a->octets + i)));
		hash = mix(hash, GUINT64_FROM_LE(word(b->octets + i)));
	}
	return (unsigned)((hash >> 32) % shares);
}

/* flow_number - see flow.h: made of the same words on every machine, and not seeded. */
static uint64_t flow_number(const struct flow_key *key, struct moment first)
{
	uint64_t hash = mix(first.packet, (uint64_t)first.time);
	for (unsigned end = 0; end < 2; end++) {
		for (size_t i = 0; i < sizeof key->octets[end]; i += sizeof(uint64_t))
			hash = mix(hash, GUINT64_FROM_LE(word(key->octets[end] + i)));
		hash = mix(hash, key->port[end]);
	}
	return hash >> (64 - FLOW_ID_BITS);
}

/* ---- connections ---- */

static struct connection *connection_new(
	struct flow_table *table, const struct flow_key *key, const struct segment *segment)
{
	struct connection *connection = g_new0(struct connection, 1);
	connection->key = *key;
	connection->table = table;
	connection->first = segment->at;
	connection->id = flow_number(key, segment->at);
	connection->client = -1;
	connection->vlan_count = segment->vlan_count;
	memcpy(connection->vlan, segment->vlan, sizeof connection->vlan);
	expiry_append(connection, &table->queues[QUEUE_OPEN]);
	g_hash_table_add(table->connections, connection);
	table->stats.connections++;
	connection_charge(connection);
	return connection;
}

/* connection_drop - ends it and forgets it. */
static void connection_drop(struct connection *connection, enum flow_end why)
{
	struct flow_table *table = connection->table;
	connection_finish(connection, why);
	expiry_remove(connection);
	g_hash_table_remove(table->connections, connection);
	table->memory -= connection->charged;
	g_free(connection);
}

/* replace - the connection is over: another one begins on its addresses and ports with SEGMENT, or with a SYN that was
 * kept of it. */
static struct connection *replace(struct connection *connection, unsigned end, const struct segment *segment)
{
	struct flow_table *table = connection->table;
	struct flow_key key = connection->key;
	struct held_segment *syn = connection_kept_syn(connection);
	connection_drop(connection, FLOW_END_REUSED);
	connection = connection_new(table, &key, syn ? &syn->segment : segment);
	if (syn)
		connection_segment(connection, handshake_end_of(&key, &syn->segment), &syn->segment);
	g_free(syn);
	/* A new connection is not replaced by its first segments. */
	connection_segment(connection, end, segment);
	return connection;
}

static int by_id(const void *a, const void *b)
{
	const struct connection *const *x = a, *const *y = b;
	return ((*x)->id > (*y)->id) - ((*x)->id < (*y)->id);
}

/* drop_all - ends many at once, in order of their ids. */
static void drop_all(GPtrArray *connections, enum flow_end why)
{
	g_ptr_array_sort(connections, by_id);
	for (guint i = 0; i < connections->len; i++)
		connection_drop(connections->pdata[i], why);
	g_ptr_array_free(connections, TRUE);
}

static bool expired(const struct connection *connection)
{
	return connection && connection->table->now - connection->heard > connection->queue->timeout;
}

/* pass_time - a packet of the input: what is idle for too long ends. */
static void pass_time(struct flow_table *table, struct moment now)
{
	table->now = MAX(table->now, CLAMP(now.time, -TIME_LIMIT, TIME_LIMIT));
	if (table->now <= table->deadline)
		return;
	GPtrArray *old = g_ptr_array_new();
	for (unsigned i = 0; i < QUEUE_COUNT; i++)
		for (struct connection *c = table->queues[i].oldest; expired(c); c = c->newer)
			g_ptr_array_add(old, c);
	drop_all(old, FLOW_END_TIMEOUT);
	table->deadline = INT64_MAX;
	for (unsigned i = 0; i < QUEUE_COUNT; i++) {
		const struct expiry *queue = &table->queues[i];
		if (queue->oldest)
			table->deadline = MIN(table->deadline, queue->oldest->heard + queue->timeout);
	}
}

/* keep_to_limit - the longest idle connections go until memory is below its limit. */
static void keep_to_limit(struct flow_table *table)
{
	while (table->memory > table->options.memory_limit) {
		struct connection *oldest = NULL;
		for (unsigned i = 0; i < QUEUE_COUNT; i++) {
			struct connection *other = table->queues[i].oldest;
			if (other && (!oldest || other->heard < oldest->heard))
				oldest = other;
		}
		if (!oldest)
			return;
		table->stats.evicted += oldest->life != LIFE_OVER;
		connection_drop(oldest, FLOW_END_EVICTED);
	}
}

/* ---- the table ---- */

struct flow_table *flow_table_new(const struct flow_options *options, const struct flow_sink *sink, void *context)
{
	struct flow_table *table = g_new0(struct flow_table, 1);
	if (seed == 0)
		seed = (uint64_t)g_random_int() << 32 | g_random_int() | 1;
	table->connections = g_hash_table_new(key_hash, key_equal);
	table->options = *options;
	if (table->options.memory_limit == 0)
		table->options.memory_limit = FLOW_MEMORY_LIMIT;
	table->queues[QUEUE_OPEN].timeout =
		options->idle_timeout > 0 ? MIN(options->idle_timeout, TIME_LIMIT) : IDLE_TIMEOUT;
	table->queues[QUEUE_CLOSING].timeout = CLOSING_TIMEOUT;
	table->queues[QUEUE_OVER].timeout = OVER_TIMEOUT;
	table->now = INT64_MIN;
	table->deadline = INT64_MAX;
	table->sink = sink;
	table->context = context;
	return table;
}

void flow_table_segment(struct flow_table *table, const struct segment *segment)
{
	struct flow_key key;

	pass_time(table, segment->at);
	reassembly_pass(segment);
	const struct flow_options *options = &table->options;
	if (options->shares > 1 &&
		flow_share(&segment->source, &segment->destination, options->shares) != options->share)
		return;
	unsigned end = key_fill(&key, segment);
	struct connection *connection = g_hash_table_lookup(table->connections, &key);
	if (!connection)
		connection = connection_new(table, &key, segment);
	else
		expiry_renew(connection, connection->queue);
	if (connection_segment(connection, end, segment) == REPLACED)
		connection = replace(connection, end, segment);
	connection_charge_due(connection, end, segment);
	if (table->memory > options->memory_limit)
		keep_to_limit(table);
}

void flow_table_tick(struct flow_table *table, struct moment now)
{
	pass_time(table, now);
}

void flow_table_end(struct flow_table *table)
{
	GPtrArray *all = g_ptr_array_new();
	for (unsigned i = 0; i < QUEUE_COUNT; i++)
		for (struct connection *c = table->queues[i].oldest; c; c = c->newer)
			g_ptr_array_add(all, c);
	drop_all(all, FLOW_END_INPUT);
	table->now = INT64_MIN;
	table->deadline = INT64_MAX;
}

void flow_table_stats(const struct flow_table *table, struct flow_stats *stats)
{
	*stats = table->stats;
}

void flow_table_free(struct flow_table *table)
{
	if (!table)
		return;
	flow_table_end(table);
	g_hash_table_destroy(table->connections);
	g_free(table);
}
