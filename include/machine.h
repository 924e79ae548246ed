/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * machine.h - the SMTP state machine: states, events, one const table of transitions, a small engine.
 *
 * The table is the description: it is what runs, what --graph prints, and what the tests walk. The state pointer is
 * the only state of a machine. Guards and actions are functions of session.c, named in the table.
 */
#ifndef SMTPSCAN_MACHINE_H
#define SMTPSCAN_MACHINE_H

#include <stdio.h>

#include "types.h"

struct session;

enum grammar { GRAMMAR_NONE, GRAMMAR_COMMAND, GRAMMAR_RESPONSES, GRAMMAR_DATA, GRAMMAR_CHUNK, GRAMMAR_CREDENTIALS, GRAMMAR_TLS };

/* clang-format off */
/* X(id, up grammar, down grammar, terminal) */
#define STATES(X) \
	X(session_initiation, NONE, RESPONSES, false) \
	X(client_initiation, COMMAND, NONE, false) \
	X(command, COMMAND, NONE, false) \
	X(response, NONE, RESPONSES, false) \
	X(data_transmission, DATA, NONE, false) \
	X(chunk_transmission, CHUNK, NONE, false) \
	X(auth, CREDENTIALS, NONE, false) \
	X(tls, TLS, TLS, false) \
	X(finish, NONE, NONE, true) \
	X(fail, NONE, NONE, true)
#define EVENTS(X) X(up) X(down) X(parse_error) X(missing_grammar) X(gap) X(enter) X(leave) X(fail)
/* clang-format on */

enum state_id {
#define X(id, up, down, terminal) STATE_##id,
	STATES(X)
#undef X
	STATE_COUNT,
	STATE_any = STATE_COUNT,
	STATE_stay /* in jump: no jump */
};

enum machine_event {
#define X(id) EVENT_##id,
	EVENTS(X)
#undef X
	EVENT_COUNT
};

#endif
