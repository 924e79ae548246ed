/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * pairs.h - what is remembered of a client and a server across sessions (private to the detectors).
 *
 * Keyed by the two addresses only, so that the work can be divided by them. At most PAIRS_MAX pairs: beyond that the
 * pair that was touched the longest ago is forgotten. Time is capture time.
 */
#ifndef SMTPSCAN_DETECT_PAIRS_H
#define SMTPSCAN_DETECT_PAIRS_H

#include <glib.h>

#include "types.h"

#define PAIRS_MAX (256 * 1024)
#define PAIR_PORTS_MAX 8 /* ports of one server that are remembered for having offered STARTTLS */

/* The events of the last so many seconds. */
struct window {
	GArray *events;       /* of struct window_event; NULL when there was none */
	int64_t silent_until; /* it said that it was full; nothing is counted until then */
};

/* What is counted. */
enum window_kind {
	WINDOW_PROBES,     /* VRFY and EXPN */
	WINDOW_RECIPIENTS, /* distinct recipients that were refused */
	WINDOW_FAILURES,   /* failed AUTH */
	WINDOW_USERS,      /* distinct user names of failed AUTH */
	WINDOW_COUNT
};

struct pair {
	struct window windows[WINDOW_COUNT];
	uint16_t starttls_ports[PAIR_PORTS_MAX];
	unsigned starttls_port_count;
	bool early_pipeline; /* the server announced that it takes commands before its banner */
	GList link;          /* in the order of use; data is the pair's key */
};

struct pairs;

struct pairs *pairs_new(void);
void pairs_free(struct pairs *pairs);
/* pairs_get - the pair, made when it is not there. pairs_find - NULL when it is not there. Valid until the next call.
 */
struct pair *pairs_get(struct pairs *pairs, const struct address *client, const struct address *server);
const struct pair *pairs_find(const struct pairs *pairs, const struct address *client, const struct address *server);

/* window_add - one more event at `now`, within the last `seconds` (0: ever); with `key` not 0 the same key counts once.
 * Returns true when there are `count` of them: once, then not again until the window has passed. *since: the first. */
bool window_add(struct window *window, int64_t now, uint64_t key, unsigned count, unsigned seconds, int64_t *since);
/* window_key - a key for octets, ASCII case aside; never 0. */
uint64_t window_key(struct span octets);

#endif
