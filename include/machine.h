/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * machine.h - the SMTP state machine: states, events, one const table of transitions, a small engine.
 *
 * The table defines the machine: the engine runs it, --graph prints it, and the tests go through it. The engine keeps
 * nothing but the current state. Guards and actions are functions of the session, named in the table (smtp/guards.c,
 * smtp/actions.c).
 */
#ifndef SMTPSCAN_MACHINE_H
#define SMTPSCAN_MACHINE_H

#include <stdio.h>

#include "types.h"

struct session;

/* What a state expects in a direction. */
enum grammar {
	GRAMMAR_NONE,        /* nothing */
	GRAMMAR_COMMAND,     /* RFC 5321 4.1 */
	GRAMMAR_RESPONSES,   /* RFC 5321 4.2 */
	GRAMMAR_DATA,        /* RFC 5321 4.5.2: up to CRLF.CRLF */
	GRAMMAR_CHUNK,       /* RFC 3030: exactly N octets */
	GRAMMAR_CREDENTIALS, /* RFC 4954: one line */
	GRAMMAR_TLS          /* RFC 3207: TLS records, for the TLS stage */
};

/* clang-format off */
/* X(state, up grammar, down grammar, terminal) */
#define STATES(X) \
	X(session_initiation, NONE, RESPONSES, false) \
	X(turned_away, COMMAND, NONE, false) \
	X(client_initiation, COMMAND, NONE, false) \
	X(command, COMMAND, NONE, false) \
	X(response, NONE, RESPONSES, false) \
	X(data_transmission, DATA, NONE, false) \
	X(chunk_transmission, CHUNK, NONE, false) \
	X(auth, CREDENTIALS, NONE, false) \
	X(tls, TLS, TLS, false) \
	X(finish, NONE, NONE, true) \
	X(fail, NONE, NONE, true)

/* up, down: a message of the expected grammar was parsed. parse_error: the bytes do not fit it. missing_grammar: bytes
 * came where the state expects none. gap: the next bytes are not in the capture. decrypted: decrypted bytes follow
 * instead of TLS records. */
#define EVENTS(X) X(up) X(down) X(parse_error) X(missing_grammar) X(gap) X(decrypted) X(enter) X(leave) X(fail)
/* clang-format on */

enum __attribute__((packed)) state_id {
#define X(id, up, down, terminal) STATE_##id,
	STATES(X)
#undef X
		STATE_COUNT,
	STATE_any = STATE_COUNT, /* as a row's state: every state */
	STATE_stay,              /* as a row's jump: stay in the state */
	STATE_on,                /* as a row's jump: stay, and try the next rows, too */
	STATE_no                 /* as a row's jump: the row does not exist in this mode */
};

enum __attribute__((packed)) machine_event {
#define X(id) EVENT_##id,
	EVENTS(X)
#undef X
		EVENT_COUNT
};

/* What happened, and in which direction. code: of the last reply. */
struct event {
	enum machine_event id;
	enum direction direction;
	unsigned code;
};

/* A row's direction. */
enum __attribute__((packed)) from { FROM_up = UP, FROM_down = DOWN, FROM_both };

struct state_info {
	const char *name;
	enum grammar grammar[2]; /* by direction */
	bool terminal;
};

/* One row: in `state`, on `event` from this side, if the guard is true: execute the action, jump to the next state. */
struct transition {
	enum state_id state;
	enum machine_event event;
	enum from from;
	enum state_id jump[2];                       /* [0] in the default mode, [1] with --strict */
	unsigned code;                               /* without this code of the reply the guard is false; 0: any */
	bool (*when)(const struct session *session); /* NULL: always */
	void (*execute)(struct session *session);    /* NULL: nothing */
	const char *when_name, *execute_name;
};

extern const struct state_info machine_states[STATE_COUNT];
extern const struct transition machine_table[];
extern const size_t machine_table_size;
extern const char *const machine_event_names[EVENT_COUNT];

/* A row as it is tried: without what is the same for all rows of its list. */
struct step {
	bool (*when)(const struct session *session);
	void (*execute)(struct session *session);
	enum state_id jump;
	const struct step *next; /* NULL: it is the last */
};

/* The codes of replies that rows are for. */
#define REPLY_CODES(X) X(220) X(221) X(250) X(334) X(354) X(421) X(554)

/* Where an event comes from: the client, or the server, whose last reply had this code or another one. */
enum source {
	SOURCE_up,
	SOURCE_down,
#define X(code) SOURCE_##code,
	REPLY_CODES(X)
#undef X
		SOURCE_COUNT
};

/* The rows of a table, found by mode, state, event and source: each list has the rows of the state, then those of
 * any state, in the order of the table. In the table the rows of a state stand together; rows for any state come
 * last. */
struct machine_rows;

/* machine_rows_new - from a table that is not needed afterwards. Free with g_free. machine_usual_rows - those of
 * machine_table, made once in the process and never freed. */
struct machine_rows *machine_rows_new(const struct transition *table, size_t size);
const struct machine_rows *machine_usual_rows(void);

/* A running machine: the rows of a mode, and a state. */
struct machine {
	const struct step *const (*rows)[EVENT_COUNT][SOURCE_COUNT]; /* by state, event and source */
	enum state_id state;
};

/* machine_init - the rows are borrowed. */
void machine_init(struct machine *machine, const struct machine_rows *rows, bool strict, enum state_id initial);

/* machine_fire - tries the rows for the event in order. The first that applies is executed, and the machine jumps (or
 * tries further rows: STATE_on). Rows for enter, leave and fail do not jump. */
void machine_fire(struct machine *machine, struct event event, struct session *session);

/* machine_graph - prints the table as Graphviz DOT, as it runs in strict mode or not. */
void machine_graph(FILE *out, bool strict);

#endif
