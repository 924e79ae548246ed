/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * nids.h - a link: one connection inside libnids, fed in canonical form. Only nids.c calls libnids.
 *
 * A link takes pieces that do not overlap each other and were not delivered yet; libnids puts them in order and
 * delivers them. A link gets one of the NIDS_RESIDENT places in libnids when it is first fed, and loses it when others
 * need it and nothing is queued. So not all links may queue at once: the owner asks first (nids_link_may_queue), and
 * keeps the piece itself when there is no room.
 */
#ifndef SMTPSCAN_STREAM_NIDS_H
#define SMTPSCAN_STREAM_NIDS_H

#include "types.h"

struct tcp_stream;
struct link_list;

struct nids_link {
	struct tcp_stream *tcp; /* NULL: not in libnids now */
	uint32_t number;        /* its source address there */
	uint64_t expected[2];   /* offset of the next byte in order, by direction, also for libnids */
	uint64_t opened[2];     /* offset at which libnids' window and counters were last reset */
	uint32_t queued[2];     /* pieces that wait in libnids' queue */
	struct link_list *list; /* the list that it is in, between: */
	struct nids_link *older, *newer;
	bool used; /* fed since list_idle last checked it */
};

struct nids_owner {
	/* The next bytes in order, at link->expected[direction], which the owner must advance (and lower link->queued
	 * when they came from the queue) before it returns. They are in history_room(), and the owner commits them. */
	void (*bytes)(struct nids_link *link, enum direction direction, const uint8_t *data, size_t size);
};

/* nids_open - starts libnids. Returns false, with a message on standard error, when that fails. */
bool nids_open(const struct nids_owner *owner);
void nids_close(void);

/* nids_link_may_queue - is there room for a piece of this link that is not the next in order? */
bool nids_link_may_queue(const struct nids_link *link);
/* nids_link_feed - passes a piece to libnids. If it is next in order, bytes() is called for it and for queued pieces
 * that follow it; otherwise it is queued (and counted in link->queued). */
void nids_link_feed(
	struct nids_link *link, enum direction direction, uint64_t offset, const uint8_t *data, size_t size);
/* nids_link_skip - the bytes up to OFFSET will not come: advances link->expected and delivers queued pieces that
 * follow. */
void nids_link_skip(struct nids_link *link, enum direction direction, uint64_t offset);
/* nids_link_release - removes the connection and its queue from libnids. The link itself belongs to the caller. */
void nids_link_release(struct nids_link *link);

#endif
