/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * raise.c - raises the alerts of a session; and small functions that every file of this folder uses.
 */
#include <stdarg.h>

#include "private.h"

const char *session_state(const struct session *s)
{
	return machine_states[s->machine.state].name;
}

const struct span no_text = { (const uint8_t *)"", 0 };

static void G_GNUC_PRINTF(3, 0)
	raise_formatted(struct session *s, struct alert *alert, const char *format, va_list arguments)
{
	if (!s->sink->alert)
		return;
	char *description = g_strdup_vprintf(format, arguments);
	alert->state = session_state(s);
	alert->has_direction = true;
	alert->direction = session_side(s, alert->direction);
	alert->description = description;
	s->sink->alert(s->context, alert);
	g_free(description);
}

void session_alert(struct session *s, enum alert_id id, enum severity severity, struct span evidence, int tx,
	const char *format, ...)
{
	struct alert alert = {
		.id = id,
		.severity = severity,
		.direction = s->message.direction,
		.tx = tx,
		.evidence = evidence,
	};
	va_list arguments;
	va_start(arguments, format);
	raise_formatted(s, &alert, format, arguments);
	va_end(arguments);
}

void session_attack(struct session *s, enum alert_id id, enum severity severity, enum alert_outcome outcome,
	struct span evidence, const char *format, ...)
{
	struct alert alert = {
		.id = id,
		.severity = severity,
		.direction = UP,
		.outcome = outcome,
		.tx = transaction_number(s),
		.evidence = evidence,
	};
	va_list arguments;
	va_start(arguments, format);
	raise_formatted(s, &alert, format, arguments);
	va_end(arguments);
}
