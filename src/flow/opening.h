/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * opening.h - removes a preamble (the dialogue with a proxy before a session) from both streams.
 *
 * It stands between a stream and its sink. The first bytes are held until it is clear what they are: usually the first
 * octet decides. Then the preamble, if there is one, is left out in both directions, offsets and acknowledgements count
 * from its end, and everything else is passed on in the order of its arrival. Another preamble may follow.
 *
 * A preamble to which the server does not answer (the PROXY protocol) counts only when the server sent nothing before
 * it had received it: otherwise the server did not expect one, and took it for a command.
 */
#ifndef SMTPSCAN_FLOW_OPENING_H
#define SMTPSCAN_FLOW_OPENING_H

#include <glib.h>

#include "preamble.h"
#include "stream.h"

struct opening {
	const struct stream_sink *sink; /* takes the rest, with `user` */
	void *user;
	bool passed;    /* nothing is held any more */
	bool one_sided; /* no packet of `missing` will come */
	enum direction missing;
	unsigned preambles;   /* found so far */
	uint64_t left_out[2]; /* octets of preambles */
	uint64_t lost[2];     /* ... of these, octets that are not in the capture */
	struct flow_proxy
		*proxy;      /* the addresses of the first PROXY header or, without one, of the last preamble; NULL */
	GByteArray *held[2]; /* held octets, with zeros for missing ones; NULL: none */
	GArray *events;      /* held events, in order; NULL: none */
};

void opening_init(struct opening *opening, const struct stream_sink *sink, void *user);
/* opening_sink - the sink for the stream; its user is the opening. */
extern const struct stream_sink opening_sink;
/* opening_end - no more bytes come: passes on what is held. */
void opening_end(struct opening *opening);
/* opening_memory - octets held. */
size_t opening_memory(const struct opening *opening);
void opening_clear(struct opening *opening);

/* opening_peek - the same for the first bytes of both directions, before there is a stream: moves both spans past the
 * preambles. seen: was any packet of the direction seen? Returns false when more bytes are needed. *proxy: the
 * addresses of the last preamble; destination_port 0: none. */
bool opening_peek(struct span *bytes, const bool *seen, struct flow_proxy *proxy);

#endif
