/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * table.c - finds the connection of a segment, and decides how long a connection is kept.
 *
 * Three queues, each in order of the last packet: open connections expire after the idle timeout, closing ones sooner,
 * and those that are over are remembered for a short time, for late segments. Time passes as elapsed.h describes; every
 * packet of the input can expire connections, which end in order of flow id: nothing depends on the share, the hash or
 * its seed. When memory is used up, first missing bytes are given up, then the connection that was idle longest
 * ends.
 */
#include "flow.h"

#include <string.h>

#include "connection.h"

#define IDLE_TIMEOUT (600 * NANOSECONDS_PER_SECOND)
#define CLOSING_TIMEOUT (60 * NANOSECONDS_PER_SECOND) /* longer than retransmissions at the end take */
#define OVER_TIMEOUT (10 * NANOSECONDS_PER_SECOND)
#define TIMEOUT_LIMIT (INT64_MAX / 4)
#define SIBLINGS_MAX 64 /* connections with the same addresses and ports in different networks */

/* ---- connections ---- */

/* recent - where the table remembers the connection with this key. */
static struct connection **recent(struct flow_table *table, const struct flow_key *key)
{
	return &table->recent[identity_hash(key) % RECENT_MAX];
}

/* find_connection - the connection with this key, or the first of several; NULL: none. */
static struct connection *find_connection(struct flow_table *table, const struct flow_key *key)
{
	struct connection **last = recent(table, key);
	if (!*last || !identity_equal(&(*last)->key, key))
		*last = g_hash_table_lookup(table->connections, key);
	return *last;
}

/* forget_connection - removes it from the connections with the same addresses and ports. */
static void forget_connection(struct connection *connection)
{
	GHashTable *connections = connection->table->connections;
	*recent(connection->table, &connection->key) = NULL;
	struct connection *c = g_hash_table_lookup(connections, &connection->key);
	if (c != connection) {
		while (c->sibling != connection)
			c = c->sibling;
		c->sibling = connection->sibling;
	} else if (connection->sibling) {
		g_hash_table_add(connections, connection->sibling);
	} else {
		g_hash_table_remove(connections, connection);
	}
}

/* connection_drop - ends and frees it. */
static void connection_drop(struct connection *connection, enum flow_end why)
{
	struct flow_table *table = connection->table;
	connection_finish(connection, why);
	expiry_remove(connection);
	forget_connection(connection);
	table->memory -= connection->charged;
	g_free(connection);
}

/* evict - ends a connection for lack of memory. */
static void evict(struct connection *connection)
{
	connection->table->stats.evicted += connection->life != LIFE_OVER;
	connection_drop(connection, FLOW_END_EVICTED);
}

/* limit_siblings - with too many connections of the same addresses and ports, ends the one that was idle longest. */
static void limit_siblings(struct connection *first)
{
	unsigned count = 1;
	struct connection *oldest = first;
	for (struct connection *c = first->sibling; c; c = c->sibling, count++)
		if (c->last_seen <= oldest->last_seen)
			oldest = c;
	if (count >= SIBLINGS_MAX)
		evict(oldest);
}

static struct connection *connection_new(
	struct flow_table *table, const struct flow_key *key, const struct segment *segment)
{
	struct connection *connection = g_new0(struct connection, 1);
	connection->key = *key;
	connection->table = table;
	connection->first = segment->at;
	connection->id = identity_number(key, segment->at);
	connection->client = -1;
	identity_hint(connection, segment);
	expiry_append(connection, &table->queues[QUEUE_OPEN]);
	struct connection *first = find_connection(table, key);
	if (first) {
		limit_siblings(first);
		connection->sibling = find_connection(table, key); /* another one, when the first was ended */
	}
	g_hash_table_add(table->connections, connection); /* replaces its sibling as the entry */
	*recent(table, key) = connection;
	table->stats.connections++;
	connection_charge(connection);
	return connection;
}

/* replace - the connection is over: another one with its addresses and ports begins with SEGMENT, or with the kept
 * one. */
static struct connection *replace(struct connection *connection, unsigned end, const struct segment *segment)
{
	struct flow_table *table = connection->table;
	struct flow_key key = connection->key;
	struct held_segment *kept = connection_kept(connection);
	connection_drop(connection, FLOW_END_REUSED);
	connection = connection_new(table, &key, kept ? &kept->segment : segment);
	if (kept)
		connection_segment(connection, handshake_end_of(&key, &kept->segment), &kept->segment);
	g_free(kept);
	/* A new connection is not replaced by its first segments. */
	connection_segment(connection, end, segment);
	return connection;
}

static int by_id(const void *a, const void *b)
{
	const struct connection *const *x = a, *const *y = b;
	return ((*x)->id > (*y)->id) - ((*x)->id < (*y)->id);
}

/* drop_all - ends many connections, in order of their ids. */
static void drop_all(GPtrArray *connections, enum flow_end why)
{
	g_ptr_array_sort(connections, by_id);
	for (guint i = 0; i < connections->len; i++)
		connection_drop(connections->pdata[i], why);
	g_ptr_array_free(connections, TRUE);
}

static bool expired(const struct connection *connection)
{
	return connection && connection->table->elapsed.now - connection->last_seen > connection->queue->timeout;
}

/* pass_time - takes the time of a packet of the input: ends connections that were idle for too long. */
static void pass_time(struct flow_table *table, struct moment now)
{
	elapsed_tick(&table->elapsed, now);
	if (table->elapsed.now <= table->deadline)
		return;
	GPtrArray *old = g_ptr_array_new();
	for (unsigned i = 0; i < QUEUE_COUNT; i++)
		for (struct connection *c = table->queues[i].oldest; expired(c); c = c->newer)
			g_ptr_array_add(old, c);
	drop_all(old, FLOW_END_TIMEOUT);
	const int64_t patience = table->queues[QUEUE_OPEN].timeout;
	while (table->waits_longest && table->elapsed.now - table->waits_longest->work->waits_since > patience)
		connection_hurry(table->waits_longest, false);
	table->deadline = INT64_MAX;
	if (table->waits_longest)
		table->deadline = table->waits_longest->work->waits_since + patience;
	for (unsigned i = 0; i < QUEUE_COUNT; i++) {
		const struct expiry *queue = &table->queues[i];
		if (queue->oldest)
			table->deadline = MIN(table->deadline, queue->oldest->last_seen + queue->timeout);
	}
}

/* keep_to_limit - until memory is below its limit, the connections that wait longest give up missing octets; when none
 * waits, those that were idle longest end. */
static void keep_to_limit(struct flow_table *table)
{
	while (table->memory > table->options.memory_limit) {
		if (table->waits_longest) {
			connection_hurry(table->waits_longest, true);
			continue;
		}
		struct connection *oldest = NULL;
		for (unsigned i = 0; i < QUEUE_COUNT; i++) {
			struct connection *other = table->queues[i].oldest;
			if (other && (!oldest || other->last_seen < oldest->last_seen))
				oldest = other;
		}
		if (!oldest)
			return;
		evict(oldest);
	}
}

/* ---- the table ---- */

struct flow_table *flow_table_new(const struct flow_options *options, const struct flow_sink *sink, void *context)
{
	struct flow_table *table = g_new0(struct flow_table, 1);
	identity_seed();
	table->connections = g_hash_table_new(identity_hash, identity_equal);
	table->options = *options;
	table->options.memory_limit = flow_memory_limit(options);
	table->queues[QUEUE_OPEN].timeout =
		options->idle_timeout > 0 ? MIN(options->idle_timeout, TIMEOUT_LIMIT) : IDLE_TIMEOUT;
	table->queues[QUEUE_CLOSING].timeout = CLOSING_TIMEOUT;
	table->queues[QUEUE_OVER].timeout = OVER_TIMEOUT;
	table->deadline = INT64_MAX;
	table->sink = sink;
	table->context = context;
	return table;
}

/* Every packet comes through here, from one of two places: without the attribute neither contains it. */
inline __attribute__((always_inline)) void flow_table_segment(struct flow_table *table, const struct segment *segment)
{
	struct flow_key key;

	pass_time(table, segment->at);
	reassembly_pass(segment);
	const struct flow_options *options = &table->options;
	if (options->shares > 1 &&
		flow_share(&segment->source, &segment->destination, options->shares) != options->share)
		return;
	unsigned end = identity_key(&key, segment);
	struct connection *connection = find_connection(table, &key);
	if (connection && !identity_plain(connection, segment)) {
		connection = identity_find(connection, end, segment);
		if (connection)
			identity_hint(connection, segment);
	}
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

void flow_table_live(struct flow_table *table, bool live)
{
	table->live = live;
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
	elapsed_end(&table->elapsed);
	table->deadline = INT64_MAX;
}

void flow_table_stats(const struct flow_table *table, struct flow_stats *stats)
{
	*stats = table->stats;
	stats->time_jumps = table->elapsed.jumps;
	stats->first_time_jump = table->elapsed.first_jump.packet;
}

void flow_table_free(struct flow_table *table)
{
	if (!table)
		return;
	flow_table_end(table);
	g_hash_table_destroy(table->connections);
	g_free(table);
}
