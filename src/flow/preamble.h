/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * preamble.h - are the first bytes of a direction a preamble: a dialogue with a proxy?
 *
 * These functions see only bytes; opening.c decides which bytes are the first, and combines both directions. With more
 * bytes the result changes only from PREAMBLE_MORE, or a WHOLE preamble becomes longer (a client repeats a CONNECT that
 * was refused).
 */
#ifndef SMTPSCAN_FLOW_PREAMBLE_H
#define SMTPSCAN_FLOW_PREAMBLE_H

#include "flow.h"

#define PREAMBLE_MAX (16 * 1024) /* octets examined per direction; a longer preamble is not recognised */

enum preamble_state {
	PREAMBLE_NONE,   /* it is something else */
	PREAMBLE_MORE,   /* so far it may be one: more bytes are needed */
	PREAMBLE_WHOLE,  /* the first `size` octets are one */
	PREAMBLE_REFUSED /* the same, of a server: and the proxy refused the connection */
};

/* preamble_client - the client's part. rounds: how many CONNECT requests to take; 0: all. With WHOLE, *proxy has the
 * addresses; with MORE, its protocol as soon as that is known. */
enum preamble_state preamble_client(struct span bytes, unsigned rounds, struct flow_proxy *proxy, size_t *size);
/* preamble_server - the server's part; none with PROXY_V1 and V2. *rounds: requests answered. */
enum preamble_state preamble_server(
	enum flow_proxy_protocol protocol, struct span bytes, size_t *size, unsigned *rounds);
/* preamble_server_guess - guesses the protocol from the first bytes of the server's part. Returns false: none fits. */
bool preamble_server_guess(struct span bytes, enum flow_proxy_protocol *protocol);
/* preamble_answered - must the server answer, before it is certain that this is a preamble? */
bool preamble_answered(enum flow_proxy_protocol protocol);

#endif
