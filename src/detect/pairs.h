/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * pairs.h - what is remembered about a client and a server across sessions (private to the detectors).
 *
 * The key is the two addresses only, so that the work can be divided by them. At most PAIRS_MAX pairs are kept: the
 * least recently used one is dropped. Time is capture time.
 */
#ifndef SMTPSCAN_DETECT_PAIRS_H
#define SMTPSCAN_DETECT_PAIRS_H

#include <glib.h>

#include "types.h"

#define PAIRS_MAX (256 * 1024)
#define PAIR_PORTS_MAX 8 /* ports of one server that are remembered to have offered STARTTLS */

/* A sliding window: the events of the last seconds. */
struct pair_window {
	GArray *events;       /* of struct window_event; NULL when there was none */
	int64_t silent_until; /* the threshold was reached; no events are counted until then */
};

/* What is counted. */
enum window_kind {
	WINDOW_PROBES,     /* VRFY and EXPN */
	WINDOW_RECIPIENTS, /* different recipients that were refused */
	WINDOW_FAILURES,   /* failed AUTH */
	WINDOW_USERS,      /* different user names in failed AUTH */
	WINDOW_COUNT
};

struct pair {
	struct pair_window windows[WINDOW_COUNT];
	uint16_t starttls_ports[PAIR_PORTS_MAX];
	unsigned starttls_port_count;
	bool early_pipeline; /* the server announced that it accepts commands before its banner (X_PIPE_CONNECT) */
	GList link;          /* in the list by last use; data is the key */
};

struct pairs;

struct pairs *pairs_new(void);
void pairs_free(struct pairs *pairs);
/* pairs_get - finds or creates the pair. pairs_find - NULL when there is none. Valid until the next call of pairs_get.
 */
struct pair *pairs_get(struct pairs *pairs, const struct address *client, const struct address *server);
const struct pair *pairs_find(const struct pairs *pairs, const struct address *client, const struct address *server);

/* window_add - adds an event at `now` to the window of `seconds` (0: unlimited). Events with the same `key`, unless it
 * is 0, count once. Returns true when there are `count` events: once, then not again for `seconds`. *since: the time of
 * the first. */
bool window_add(
	struct pair_window *window, int64_t now, uint64_t key, unsigned count, unsigned seconds, int64_t *since);
/* window_key - a key for octets, ignoring ASCII case; never 0. */
uint64_t window_key(struct span octets);

#endif
