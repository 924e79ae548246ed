/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * machine.c - the engine: tries the rows of a table, executes actions, jumps. Contract: machine.h.
 */
#include "machine.h"

#include <glib.h>

void machine_init(struct machine *m, const struct transition *table, size_t size, bool strict, enum state_id initial)
{
	g_assert(size <= UINT8_MAX);
	*m = (struct machine){ .table = table, .end = table + size, .strict = strict, .state = initial };
	for (size_t i = size; i-- > 0;)
		m->first[table[i].state][table[i].event] = (uint8_t)(i + 1);
}

/* first_row - the first row to try in this state; NULL: none. */
static const struct transition *first_row(const struct machine *m, enum state_id state, enum machine_event event)
{
	unsigned number = m->first[state][event];
	if (number == 0)
		number = m->first[STATE_any][event];
	return number > 0 ? &m->table[number - 1] : NULL;
}

/* next_row - the row to try after this one: of the same state and event, then those for any state; NULL: none. */
static const struct transition *next_row(const struct machine *m, const struct transition *row)
{
	const struct transition *next = row + 1;
	if (next < m->end && next->state == row->state && next->event == row->event)
		return next;
	return row->state == STATE_any ? NULL : first_row(m, STATE_any, row->event);
}

/* applies - is the row for this mode and direction, and is its guard true? */
static bool applies(const struct transition *row, bool strict, enum direction direction, const struct session *session)
{
	return row->jump[strict] != STATE_no && (row->from == FROM_both || (enum direction)row->from == direction) &&
	       (!row->when || row->when(session));
}

/* try_rows - executes what the rows for the event say. Returns where they jump; STATE_on when none applied, or all said
 * to go on. */
static enum state_id try_rows(struct machine *m, struct event event, struct session *session, bool *fired)
{
	const struct transition *row = first_row(m, m->state, event.id);
	enum state_id next = STATE_on;
	for (; row && next == STATE_on; row = next_row(m, row)) {
		if (!applies(row, m->strict, event.direction, session))
			continue;
		*fired = true;
		next = row->jump[m->strict];
		if (row->execute)
			row->execute(session);
	}
	return next;
}

bool machine_fire(struct machine *m, struct event event, struct session *session)
{
	bool fired = false;
	if (event.id == EVENT_fail)
		m->state = STATE_fail;
	enum state_id next = try_rows(m, event, session, &fired);
	bool goes = event.id != EVENT_enter && event.id != EVENT_leave && event.id != EVENT_fail;
	if (!goes || next == STATE_stay || next == STATE_on)
		return fired;
	try_rows(m, (struct event){ EVENT_leave, event.direction }, session, &fired);
	m->state = next;
	try_rows(m, (struct event){ next == STATE_fail ? EVENT_fail : EVENT_enter, event.direction }, session, &fired);
	return fired;
}
