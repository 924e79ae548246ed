/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * machine.c - the engine: tries the rows for an event, executes actions, jumps. Contract: machine.h.
 *
 * Nearly every event tries several rows. So the rows are put into lists once, before the first session: mode, state,
 * event, direction and the code of the reply choose the list, and only the guard of a row is left to be asked.
 */
#include "machine.h"

#include <glib.h>

/* The first row of each list. */
struct machine_rows {
	const struct step *first[2][STATE_COUNT][EVENT_COUNT][SOURCE_COUNT]; /* by mode, state, event and source */
	struct step steps[];
};

static enum source source_of(enum direction direction, unsigned code)
{
	if (direction == UP)
		return SOURCE_up;
	switch (code) {
#define X(code)                                                                                                        \
	case code:                                                                                                     \
		return SOURCE_##code;
		REPLY_CODES(X)
#undef X
	default:
		return SOURCE_down;
	}
}

/* is_from - can the guard of the row be true for events from there? */
static bool is_from(const struct transition *row, enum source source)
{
	if (source == SOURCE_up)
		return row->from != FROM_down;
	return row->from != FROM_up && (row->code == 0 || source_of(DOWN, row->code) == source);
}

/* add_row - puts a row before those that its lists have already, for the table is read from its end. The rows of any
 * state come last in it: all states share them. */
static void add_row(
	struct machine_rows *rows, const struct transition *row, bool strict, enum source source, struct step *step)
{
	bool any = row->state == STATE_any;
	enum state_id first = any ? 0 : row->state, last = any ? STATE_COUNT - 1 : row->state;
	*step = (struct step){ row->when, row->execute, row->jump[strict],
		rows->first[strict][first][row->event][source] };
	for (enum state_id state = first; state <= last; state++)
		rows->first[strict][state][row->event][source] = step;
}

struct machine_rows *machine_rows_new(const struct transition *table, size_t size)
{
	struct machine_rows *rows = g_malloc0(sizeof *rows + 2 * SOURCE_COUNT * size * sizeof *rows->steps);
	struct step *step = rows->steps;
	for (const struct transition *row = table + size; row-- > table;)
		for (int strict = 0; strict <= 1; strict++)
			for (enum source source = 0; source < SOURCE_COUNT; source++)
				if (row->jump[strict] != STATE_no && is_from(row, source))
					add_row(rows, row, strict, source, step++);
	return rows;
}

const struct machine_rows *machine_usual_rows(void)
{
	static const struct machine_rows *usual;
	if (!usual)
		usual = machine_rows_new(machine_table, machine_table_size);
	return usual;
}

void machine_init(struct machine *m, const struct machine_rows *rows, bool strict, enum state_id initial)
{
	*m = (struct machine){ .rows = rows->first[strict], .state = initial };
}

/* act - executes what the rows for the event say. Returns where they jump; STATE_on when none applied, or all said to
 * go on. */
static enum state_id act(const struct machine *m, enum machine_event event, enum source source, struct session *session)
{
	for (const struct step *row = m->rows[m->state][event][source]; row; row = row->next) {
		if (row->when && !row->when(session))
			continue;
		if (row->execute)
			row->execute(session);
		if (row->jump != STATE_on)
			return row->jump;
	}
	return STATE_on;
}

void machine_fire(struct machine *m, struct event event, struct session *session)
{
	if (event.id == EVENT_fail)
		m->state = STATE_fail;
	const enum source source = source_of(event.direction, event.code);
	enum state_id next = act(m, event.id, source, session);
	bool goes = event.id != EVENT_enter && event.id != EVENT_leave && event.id != EVENT_fail;
	if (!goes || next == STATE_stay || next == STATE_on)
		return;
	act(m, EVENT_leave, source, session);
	m->state = next;
	act(m, next == STATE_fail ? EVENT_fail : EVENT_enter, source, session);
}
