/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * states.c - the states of SMTP with their grammars, and the names of the events. Contract: machine.h.
 */
#include "machine.h"

const struct state_info machine_states[STATE_COUNT] = {
#define X(id, up, down, terminal) [STATE_##id] = { #id, { GRAMMAR_##up, GRAMMAR_##down }, terminal },
	STATES(X)
#undef X
};

const char *const machine_event_names[EVENT_COUNT] = {
#define X(id) #id,
	EVENTS(X)
#undef X
};
