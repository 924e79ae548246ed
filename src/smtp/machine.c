/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * machine.c - the engine: tries the rows of a table, executes actions, jumps. Contract: machine.h.
 */
#include "machine.h"

#include <glib.h>

void machine_init(struct machine *m, const struct transition *table, size_t size, bool strict, enum state_id initial)
{
	g_assert(size <= UINT8_MAX);
	*m = (struct machine){ .table = table, .strict = strict, .state = initial };
	for (size_t i = size; i-- > 0;) {
		m->rows[table[i].state][table[i].event].first = (uint8_t)i;
		if (m->rows[table[i].state][table[i].event].end == 0)
			m->rows[table[i].state][table[i].event].end = (uint8_t)(i + 1);
	}
}

/* applies - is the row for this mode and direction, and is its guard true? */
static bool applies(const struct transition *row, bool strict, enum direction direction, const struct session *session)
{
	return row->jump[strict] != STATE_no && (row->from == FROM_both || (enum direction)row->from == direction) &&
	       (!row->when || row->when(session));
}

/* try_rows - executes what the rows for the event say, those of the current state first, then those of any. Returns
 * where they jump; STATE_on when none applied, or all said to go on. */
static enum state_id try_rows(const struct machine *m, struct event event, struct session *session, bool *fired)
{
	const enum state_id states[] = { m->state, STATE_any };
	enum state_id next = STATE_on;
	for (size_t i = 0; i < G_N_ELEMENTS(states) && next == STATE_on; i++) {
		const struct transition *row = m->table + m->rows[states[i]][event.id].first;
		const struct transition *end = m->table + m->rows[states[i]][event.id].end;
		for (; row < end && next == STATE_on; row++) {
			if (!applies(row, m->strict, event.direction, session))
				continue;
			*fired = true;
			next = row->jump[m->strict];
			if (row->execute)
				row->execute(session);
		}
	}
	return next;
}

/* act - the same, if there are rows at all: most states have none for enter and leave. */
static enum state_id act(const struct machine *m, struct event event, struct session *session, bool *fired)
{
	bool any = m->rows[m->state][event.id].end > 0 || m->rows[STATE_any][event.id].end > 0;
	return any ? try_rows(m, event, session, fired) : STATE_on;
}

bool machine_fire(struct machine *m, struct event event, struct session *session)
{
	bool fired = false;
	if (event.id == EVENT_fail)
		m->state = STATE_fail;
	enum state_id next = act(m, event, session, &fired);
	bool goes = event.id != EVENT_enter && event.id != EVENT_leave && event.id != EVENT_fail;
	if (!goes || next == STATE_stay || next == STATE_on)
		return fired;
	act(m, (struct event){ EVENT_leave, event.direction }, session, &fired);
	m->state = next;
	act(m, (struct event){ next == STATE_fail ? EVENT_fail : EVENT_enter, event.direction }, session, &fired);
	return fired;
}
