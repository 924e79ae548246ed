/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * pairs.c - the bounded table of pairs of client and server address, and their sliding windows.
 *
 * A window never holds more events than its threshold, since it is emptied when it is reached.
 */
#include "pairs.h"

#include <string.h>

#include "hash.h"

struct window_event {
	int64_t time;
	uint64_t key;
};

struct pair_key {
	struct address client, server;
};

struct pairs {
	GHashTable *table; /* struct pair_key -> struct pair */
	GQueue used;       /* links of the pairs, least recently used first */
};

static guint pair_key_hash(gconstpointer key)
{
	const struct pair_key *k = key;
	uint8_t octets[2][sizeof k->client.octets];
	memcpy(octets[0], k->client.octets, sizeof octets[0]);
	memcpy(octets[1], k->server.octets, sizeof octets[1]);
	return (guint)hash_octets(octets, sizeof octets);
}

static gboolean pair_key_equal(gconstpointer a, gconstpointer b)
{
	const struct pair_key *x = a, *y = b;
	return address_equal(&x->client, &y->client) && address_equal(&x->server, &y->server);
}

static void pair_free(void *data)
{
	struct pair *pair = data;
	for (int i = 0; i < WINDOW_COUNT; i++)
		if (pair->windows[i].events)
			g_array_free(pair->windows[i].events, TRUE);
	g_free(pair);
}

struct pairs *pairs_new(void)
{
	struct pairs *pairs = g_new0(struct pairs, 1);
	pairs->table = g_hash_table_new_full(pair_key_hash, pair_key_equal, g_free, pair_free);
	g_queue_init(&pairs->used);
	return pairs;
}

void pairs_free(struct pairs *pairs)
{
	if (!pairs)
		return;
	g_hash_table_destroy(pairs->table);
	g_free(pairs);
}

struct pair *pairs_get(struct pairs *pairs, const struct address *client, const struct address *server)
{
	struct pair_key key = { *client, *server };
	struct pair *pair = g_hash_table_lookup(pairs->table, &key);
	if (pair) {
		g_queue_unlink(&pairs->used, &pair->link);
	} else {
		if (g_hash_table_size(pairs->table) >= PAIRS_MAX)
			g_hash_table_remove(pairs->table, g_queue_pop_head_link(&pairs->used)->data);
		pair = g_new0(struct pair, 1);
		pair->link.data = g_memdup2(&key, sizeof key);
		g_hash_table_insert(pairs->table, pair->link.data, pair);
	}
	g_queue_push_tail_link(&pairs->used, &pair->link);
	return pair;
}

const struct pair *pairs_find(const struct pairs *pairs, const struct address *client, const struct address *server)
{
	struct pair_key key = { *client, *server };
	return g_hash_table_lookup(pairs->table, &key);
}

/* forget_events - removes events older than the window, and the one with this key. */
static void forget_events(GArray *events, int64_t oldest, uint64_t key)
{
	guint kept = 0;
	for (guint i = 0; i < events->len; i++) {
		struct window_event event = g_array_index(events, struct window_event, i);
		if (event.time >= oldest && (key == 0 || event.key != key))
			g_array_index(events, struct window_event, kept++) = event;
	}
	g_array_set_size(events, kept);
}

bool window_add(struct pair_window *window, int64_t now, uint64_t key, unsigned count, unsigned seconds, int64_t *since)
{
	int64_t length = (int64_t)seconds * NANOSECONDS_PER_SECOND;
	struct window_event event = { now, key };
	if (now < window->silent_until)
		return false;
	if (!window->events)
		window->events = g_array_new(FALSE, FALSE, sizeof event);
	forget_events(window->events, seconds ? now - length : INT64_MIN, key);
	g_array_append_val(window->events, event);
	if (window->events->len < count)
		return false;
	*since = g_array_index(window->events, struct window_event, 0).time;
	window->silent_until = seconds ? now + length : INT64_MAX;
	g_array_set_size(window->events, 0);
	return true;
}

uint64_t window_key(struct span octets)
{
	char *folded = g_malloc(octets.size);
	for (size_t i = 0; i < octets.size; i++)
		folded[i] = g_ascii_tolower((char)octets.data[i]);
	uint64_t hash = hash_octets(folded, octets.size);
	g_free(folded);
	return hash ? hash : 1;
}
