/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * alert.c - the catalogue of alert.h as a table, and its look-ups.
 */
#include "alert.h"

#include <string.h>

#define SCOPE_ALL false
#define SCOPE_TX true

const struct alert_info alert_catalogue[ALERT_COUNT] = {
#define X(number, id, severity, category, scope, by, counts, condition)                                                \
	[ALERT_##id] = { number, #id, SEVERITY_##severity, CATEGORY_##category, SCOPE_##scope, BY_##by,                \
		COUNTS_##counts, condition },
	ALERTS(X)
#undef X
};

const char *const alert_outcome_names[ALERT_UNKNOWN + 1] = { NULL, "succeeded", "failed", "unknown" };

static const char *const severities[] = { NULL, "high", "medium", "low" };
static const char *const categories[] = { "session", "protocol", "limits", "attack", "credentials", "content", "rule",
	"transport" };

const char *alert_name(const struct alert *alert)
{
	return alert->name ? alert->name : alert_catalogue[alert->id].name;
}

enum alert_id alert_find(const char *name)
{
	enum alert_id id = 0;
	while (id < ALERT_COUNT && strcmp(alert_catalogue[id].name, name) != 0)
		id++;
	return id;
}

const char *severity_name(enum severity severity)
{
	return severities[severity];
}

int severity_find(const char *name)
{
	for (int i = SEVERITY_HIGH; i <= SEVERITY_LOW; i++)
		if (strcmp(severities[i], name) == 0)
			return i;
	return 0;
}

const char *alert_category_name(enum alert_category category)
{
	return categories[category];
}
