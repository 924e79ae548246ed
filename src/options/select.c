/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * select.c - the options that select packets by address or time.
 */
#include <stdio.h>
#include <string.h>

#include "private.h"

#define FRACTION_DIGITS 9
#define SECONDS_MAX INT64_C(9000000000) /* nanoseconds of it fit in 64 bits */

enum taken take_host(struct options *options, const struct option_row *row, const char *value)
{
	char **words = g_strsplit_set(value, ", ", -1);
	enum taken taken = TAKEN;
	GArray **networks = &options->selection.networks;
	if (!*networks)
		*networks = g_array_new(FALSE, FALSE, sizeof(struct network));
	const guint before = (*networks)->len;
	for (char **word = words; *word && taken == TAKEN; word++) {
		struct network network;
		if (!**word)
			continue;
		if (network_parse(*word, &network))
			g_array_append_val(*networks, network);
		else
			taken = option_bad(row, *word, "an address, or a network as in 192.0.2.0/24");
	}
	g_strfreev(words);
	if (taken == TAKEN && (*networks)->len == before)
		return option_bad(row, value, "a list of addresses");
	return taken;
}

/* take_fraction - removes ".123" from a text and returns it in nanoseconds; the text after it stays. */
static int64_t take_fraction(char *text)
{
	char *point = strchr(text, '.');
	if (!point)
		return 0;
	int64_t nanoseconds = 0;
	size_t digits = 0;
	for (; g_ascii_isdigit(point[1 + digits]); digits++)
		if (digits < FRACTION_DIGITS)
			nanoseconds = nanoseconds * 10 + (point[1 + digits] - '0');
	for (size_t i = digits; i < FRACTION_DIGITS; i++)
		nanoseconds *= 10;
	if (digits > 0)
		memmove(point, point + 1 + digits, strlen(point + 1 + digits) + 1);
	return nanoseconds;
}

/* parse_seconds - parses seconds since 1970, a date, or a date and a time; in UTC when there is no time zone. */
static bool parse_seconds(const char *text, int64_t *seconds)
{
	guint64 number;
	if (g_ascii_string_to_unsigned(text, 10, 0, (guint64)SECONDS_MAX, &number, NULL)) {
		*seconds = (int64_t)number;
		return true;
	}
	GTimeZone *utc = g_time_zone_new_utc();
	char *whole = strlen(text) == strlen("2024-01-31") ? g_strconcat(text, "T00:00:00Z", NULL) : g_strdup(text);
	GDateTime *date = g_date_time_new_from_iso8601(whole, utc);
	*seconds = date ? g_date_time_to_unix(date) : -1;
	if (date)
		g_date_time_unref(date);
	g_free(whole);
	g_time_zone_unref(utc);
	return *seconds >= 0 && *seconds <= SECONDS_MAX;
}

enum taken take_time(struct options *options, const struct option_row *row, const char *value)
{
	int64_t *time = (int64_t *)(void *)((char *)options + row->where), seconds;
	char *text = g_strdup(value);
	const int64_t nanoseconds = take_fraction(text);
	const bool good = parse_seconds(text, &seconds);
	g_free(text);
	if (!good)
		return option_bad(row, value, "a time, as 2024-01-31T12:00:00Z, 2024-01-31 or seconds since 1970");
	*time = seconds * NANOSECONDS_PER_SECOND + nanoseconds;
	return TAKEN;
}
