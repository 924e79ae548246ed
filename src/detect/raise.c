/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * raise.c - raises the alerts of the detectors, and looks up thresholds and the pair of addresses.
 */
#include "private.h"

void raise_alert(struct detector *detector, enum alert_id id, enum severity severity, struct alert_place place,
	struct span evidence, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	char *text = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	char *description = g_utf8_make_valid(text, -1);
	struct alert alert = { .id = id,
		.severity = severity ? severity : alert_catalogue[id].severity,
		.state = place.state,
		.direction = place.direction,
		.has_direction = !place.no_direction,
		.tx = place.tx,
		.description = description,
		.evidence = { evidence.data, MIN(evidence.size, EVIDENCE_MAX) } };
	detector->alert(detector->context, &alert);
	g_free(description);
	g_free(text);
}

unsigned threshold_count(const struct detector *detector, enum alert_id id, unsigned normal)
{
	unsigned count = detector->shared->options->thresholds[id].count;
	return count ? count : normal;
}

unsigned threshold_seconds(const struct detector *detector, enum alert_id id, unsigned normal)
{
	unsigned seconds = detector->shared->options->thresholds[id].seconds;
	return seconds ? seconds : normal;
}

struct pair *pair_of(struct detector *detector)
{
	return pairs_get(detector->shared->pairs, &detector->flow->client, &detector->flow->server);
}
