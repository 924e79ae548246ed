/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * preamble.h - is this the beginning of a conversation with a proxy? Judged by the first bytes of a direction alone.
 *
 * These look at bytes only; which bytes are the first, and what both directions say together, is opening.c's work.
 * Asked again with more bytes, they may only change from PREAMBLE_MORE, or find that WHOLE has become longer (CONNECT,
 * which a client says again when it was refused).
 */
#ifndef SMTPSCAN_FLOW_PREAMBLE_H
#define SMTPSCAN_FLOW_PREAMBLE_H

#include "flow.h"

#define PREAMBLE_MAX (16 * 1024) /* what is looked at, a direction; longer ones are none */

enum preamble_state {
	PREAMBLE_NONE,   /* it is something else */
	PREAMBLE_MORE,   /* so far it may be one */
	PREAMBLE_WHOLE,  /* the first `size` octets are one */
	PREAMBLE_REFUSED /* of a server: so are these, and the proxy refused for good */
};

/* preamble_client - what the client says first. rounds: requests of CONNECT to take, 0: all there are. When it is
 * WHOLE, *proxy says what was named; with MORE its protocol is right as soon as one is known by more than its
 * beginning. */
enum preamble_state preamble_client(struct span bytes, unsigned rounds, struct flow_proxy *proxy, size_t *size);
/* preamble_server - what the server answers. PROXY_V1 and V2: nothing. *rounds: requests answered. */
enum preamble_state preamble_server(
	enum flow_proxy_protocol protocol, struct span bytes, size_t *size, unsigned *rounds);
/* preamble_server_guess - which protocol may these be the first bytes of the server's answer of? Returns false: none.
 */
bool preamble_server_guess(struct span bytes, enum flow_proxy_protocol *protocol);
/* preamble_answered - is an answer needed before it is certain that it is one? */
bool preamble_answered(enum flow_proxy_protocol protocol);

#endif
