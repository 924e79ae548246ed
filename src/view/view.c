/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * view.c - see view.h: parses lines into records and passes them to the view.
 */
#include "view.h"

#include <string.h>

#include "private.h"

bool view_line(struct view *view, const char *line, size_t size)
{
	if (view->failed)
		return false;
	cJSON_InitHooks(NULL); /* the record stage may have set other hooks; the same at the end */
	cJSON *record = cJSON_ParseWithLength(line, size);
	if (cJSON_IsObject(record) && read_text(record, "event_type")) {
		view->record(view, record);
	} else {
		view->broken++;
		cJSON_Delete(record);
	}
	return !view->failed;
}

bool view_end(struct view *view)
{
	cJSON_InitHooks(NULL);
	view->end(view);
	bool good = !view->failed;
	g_free(view);
	return good;
}

void view_put(struct view *view, GString *octets)
{
	if (octets->len > 0 && !view->failed)
		view->failed = !view->write(view->context, octets->str, octets->len);
	g_string_truncate(octets, 0);
}

/* ---- looking into a line without parsing JSON ---- */

/* text_after_name - what follows the first "name": in a line. Quotes inside strings are escaped, so what is found is a
 * name.
 */
static const char *text_after_name(const char *line, size_t size, const char *name)
{
	const char *at = memmem(line, size, name, strlen(name));
	return at ? at + strlen(name) : NULL;
}

/* until - the number of octets before `end`. */
static size_t until(const char *at, const char *line, size_t size, char end)
{
	const char *stop = memchr(at, end, size - (size_t)(at - line));
	return stop ? (size_t)(stop - at) : size - (size_t)(at - line);
}

const char *view_event(const char *line, size_t size, size_t *length)
{
	const char *at = text_after_name(line, size, "\"event_type\":\"");
	*length = at ? until(at, line, size, '"') : 0;
	return at;
}

static bool word_is(const char *at, size_t length, const char *word)
{
	return at && length == strlen(word) && memcmp(at, word, length) == 0;
}

bool view_picks(const char *line, size_t size, const char *flow)
{
	const char *number = text_after_name(line, size, "\"flow_id\":");
	if (number && word_is(number, until(number, line, size, ','), flow))
		return true;
	const char *community = text_after_name(line, size, "\"community_id\":\"");
	return community && word_is(community, until(community, line, size, '"'), flow);
}
