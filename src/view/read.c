/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * read.c - reads fields of a record, which may come from any program.
 */
#include <stdio.h>
#include <time.h>

#include "private.h"
#include "types.h"

#define EXACT_MAX 9007199254740992.0 /* 2^53: up to here a double holds integers exactly */
/* Years that fit nanoseconds since 1970 in 64 bits. */
#define YEAR_MIN 1970
#define YEAR_MAX 2261

const cJSON *read_object(const cJSON *object, const char *name)
{
	const cJSON *value = cJSON_GetObjectItemCaseSensitive(object, name);
	return cJSON_IsObject(value) ? value : NULL;
}

const cJSON *read_array(const cJSON *object, const char *name)
{
	const cJSON *value = cJSON_GetObjectItemCaseSensitive(object, name);
	return cJSON_IsArray(value) ? value : NULL;
}

const char *read_text(const cJSON *object, const char *name)
{
	return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
}

uint64_t read_number(const cJSON *object, const char *name)
{
	const cJSON *value = cJSON_GetObjectItemCaseSensitive(object, name);
	bool good = cJSON_IsNumber(value) && value->valuedouble >= 0 && value->valuedouble <= EXACT_MAX;
	return good ? (uint64_t)value->valuedouble : 0;
}

int read_tx(const cJSON *record)
{
	const bool tx = cJSON_HasObjectItem(record, "tx_id");
	return tx ? (int)MIN(read_number(record, "tx_id"), INT32_MAX) : -1;
}

bool read_flag(const cJSON *object, const char *name)
{
	return cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(object, name));
}

int64_t read_time(const cJSON *object, const char *name)
{
	const char *text = read_text(object, name);
	struct tm tm = { 0 };
	int at = 0;
	if (!text || sscanf(text, "%4d-%2d-%2dT%2d:%2d:%2d%n", &tm.tm_year, &tm.tm_mon, &tm.tm_mday, &tm.tm_hour,
			     &tm.tm_min, &tm.tm_sec, &at) != 6)
		return 0;
	if (tm.tm_year < YEAR_MIN || tm.tm_year > YEAR_MAX)
		return 0;
	tm.tm_year -= 1900;
	tm.tm_mon--;
	int64_t nanoseconds = 0, unit = NANOSECONDS_PER_SECOND;
	if (text[at] == '.')
		while (g_ascii_isdigit(text[++at]) && unit > 1) {
			unit /= 10;
			nanoseconds += (text[at] - '0') * unit;
		}
	return (int64_t)timegm(&tm) * NANOSECONDS_PER_SECOND + nanoseconds;
}
