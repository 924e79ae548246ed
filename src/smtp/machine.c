/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * machine.c - the engine: tries the rows for an event, executes actions, jumps. Contract: machine.h.
 *
 * Nearly every event tries a dozen rows. So the rows are put into lists once, before the first session: mode, state,
 * event and direction choose the list, and only the guard of a row is left to be asked.
 */
#include "machine.h"

#include <glib.h>

/* The first row of each list. */
struct machine_rows {
	const struct step *first[2][STATE_COUNT][EVENT_COUNT][2]; /* by mode, state, event and direction */
	struct step steps[];
};

/* add_row - puts a row before those that its lists have already, for the table is read from its end. The rows of any
 * state come last in it: all states share them. */
static void add_row(struct machine_rows *rows, const struct transition *row, bool strict, enum direction direction,
	struct step *step)
{
	bool any = row->state == STATE_any;
	enum state_id first = any ? 0 : row->state, last = any ? STATE_COUNT - 1 : row->state;
	*step = (struct step){ row->code, row->when, row->execute, row->jump[strict],
		rows->first[strict][first][row->event][direction] };
	for (enum state_id state = first; state <= last; state++)
		rows->first[strict][state][row->event][direction] = step;
}

struct machine_rows *machine_rows_new(const struct transition *table, size_t size)
{
	struct machine_rows *rows = g_malloc0(sizeof *rows + 4 * size * sizeof *rows->steps);
	struct step *step = rows->steps;
	for (const struct transition *row = table + size; row-- > table;)
		for (int strict = 0; strict <= 1; strict++)
			for (enum direction from = UP; from <= DOWN; from++)
				if (row->jump[strict] != STATE_no &&
					(row->from == FROM_both || (enum direction)row->from == from))
					add_row(rows, row, strict, from, step++);
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
static enum state_id act(const struct machine *m, struct event event, struct session *session)
{
	for (const struct step *row = m->rows[m->state][event.id][event.direction]; row; row = row->next) {
		if ((row->code != 0 && row->code != event.code) || (row->when && !row->when(session)))
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
	enum state_id next = act(m, event, session);
	bool goes = event.id != EVENT_enter && event.id != EVENT_leave && event.id != EVENT_fail;
	if (!goes || next == STATE_stay || next == STATE_on)
		return;
	act(m, (struct event){ EVENT_leave, event.direction, 0 }, session);
	m->state = next;
	act(m, (struct event){ next == STATE_fail ? EVENT_fail : EVENT_enter, event.direction, 0 }, session);
}
