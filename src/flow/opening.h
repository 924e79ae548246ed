/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * opening.h - what is said to and by a proxy ahead of a session is taken out of both streams.
 *
 * Stands between a stream and its sink. The first bytes are held until it is clear what they are: most often that is
 * the first octet. Then the preamble, if there is one, is left out in both directions, offsets and acknowledgements
 * count from behind it, and everything else is passed on in the order in which it came. Behind a preamble may be
 * another one.
 *
 * A preamble that is only said by the client counts only when the server said nothing before it had it: else the
 * server did not know that there was one, and took it for a command.
 */
#ifndef SMTPSCAN_FLOW_OPENING_H
#define SMTPSCAN_FLOW_OPENING_H

#include <glib.h>

#include "preamble.h"
#include "stream.h"

struct opening {
	const struct stream_sink *sink; /* where the rest goes, with `user` */
	void *user;
	bool passed;    /* nothing is held any more */
	bool one_sided; /* no packet of `missing` will come */
	enum direction missing;
	unsigned preambles;       /* found so far */
	uint64_t left_out[2];     /* octets of them, */
	uint64_t lost[2];         /* ... and how many of those are in no capture */
	struct flow_proxy *proxy; /* what the last one named; NULL */
	GByteArray *held[2];      /* octets; those that are missing as zeros. NULL: none */
	GArray *events;           /* what is held, in order; NULL: nothing */
};

void opening_init(struct opening *opening, const struct stream_sink *sink, void *user);
/* opening_sink - what a stream is given as its sink; the user is the opening. */
extern const struct stream_sink opening_sink;
/* opening_end - no more bytes come: what is held is passed on. */
void opening_end(struct opening *opening);
/* opening_memory - octets held. */
size_t opening_memory(const struct opening *opening);
void opening_clear(struct opening *opening);

/* opening_peek - the same by the first bytes of both directions alone, before there is a stream: moves both behind the
 * preambles. seen: was any packet of the direction? Returns false when more bytes must be known. *proxy: what the last
 * one named; its destination_port is 0 without one. */
bool opening_peek(struct span *bytes, const bool *seen, struct flow_proxy *proxy);

#endif
