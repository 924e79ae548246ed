/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * nids.h - one connection inside libnids, fed in canonical form. The only file that calls libnids is nids.c.
 *
 * A link takes pieces that do not overlap each other and were not delivered yet; libnids puts them in order and hands
 * them back. Its own place in libnids (of which there are NIDS_RESIDENT) is taken when it is first fed, and given up
 * again when others need it and nothing is queued. So not all links may queue at once: the owner asks first, and keeps
 * what must wait when there is no room.
 */
#ifndef SMTPSCAN_STREAM_NIDS_H
#define SMTPSCAN_STREAM_NIDS_H

#include "types.h"

struct tcp_stream;
struct link_list;

struct nids_link {
	struct tcp_stream *tcp; /* NULL: not in libnids at present */
	uint32_t number;        /* its source address there */
	uint64_t expected[2];   /* offset of the next byte in order, by direction; libnids agrees with it */
	uint64_t opened[2];     /* offset up to which libnids' window and counters were moved last */
	uint32_t queued[2];     /* pieces that wait in libnids' queue */
	struct link_list *list; /* the one it is in, between: */
	struct nids_link *older, *newer;
	bool used; /* fed since it was last looked at for its place */
};

struct nids_owner {
	/* The next bytes in order, at link->expected[direction], which the owner must advance (and lower
	 * link->queued when they came from the queue) before it returns. They stand in history_room(), and the owner
	 * commits them. */
	void (*bytes)(struct nids_link *link, enum direction direction, const uint8_t *data, size_t size);
};

/* nids_open - sets libnids up. Returns false with a sentence on standard error when it refuses. */
bool nids_open(const struct nids_owner *owner);
void nids_close(void);

/* nids_link_may_queue - is there room for a piece of this link that is not the next in order? */
bool nids_link_may_queue(const struct nids_link *link);
/* nids_link_feed - hands a piece to libnids: bytes() is called when it is next in order, and for everything queued that
 * becomes so; else it is queued (and counted in link->queued). */
void nids_link_feed(
	struct nids_link *link, enum direction direction, uint64_t offset, const uint8_t *data, size_t size);
/* nids_link_skip - the bytes up to OFFSET will not come; link->expected follows, and what is queued behind them is
 * delivered. */
void nids_link_skip(struct nids_link *link, enum direction direction, uint64_t offset);
/* nids_link_release - forgets the connection and what is queued. The link itself belongs to the caller. */
void nids_link_release(struct nids_link *link);

#endif
