/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * tally.c - counts events over time, hosts, and pairs of sender and recipient domain.
 *
 * The time line has at most BINS bins. When a time lies outside, pairs of bins are merged until it fits; times may come
 * in any order. Hosts and pairs of domains beyond the limits are only counted.
 */
#include <string.h>

#include "alert.h"
#include "hash.h"
#include "report.h"

#define BINS 960
#define BIN_MIN (NANOSECONDS_PER_SECOND / 1000) /* the finest width */
#define HOSTS_MAX 20000
#define PAIRS_MAX 20000
#define DOMAIN_MAX 255 /* octets of a domain, RFC 5321 4.5.3.1.2 */

struct host {
	uint64_t as_client, as_server, mails, alerts[4];
};

struct tally {
	int64_t start, width; /* in nanoseconds; width 0: nothing counted yet */
	uint64_t bins[BINS][TALLY_KINDS];
	GHashTable *hosts; /* address -> struct host */
	GHashTable *pairs; /* "from\nto" -> uint64_t */
	uint64_t more_hosts, more_pairs;
};

struct tally *tally_new(void)
{
	struct tally *tally = g_new0(struct tally, 1);
	tally->hosts = g_hash_table_new_full(hash_text, g_str_equal, g_free, g_free);
	tally->pairs = g_hash_table_new_full(hash_text, g_str_equal, g_free, g_free);
	return tally;
}

void tally_free(struct tally *tally)
{
	g_hash_table_unref(tally->hosts);
	g_hash_table_unref(tally->pairs);
	g_free(tally);
}

/* ---- the time line ---- */

/* widen - merges pairs of bins; back: makes the free bins the earlier ones, not the later ones. */
static void widen(struct tally *tally, bool back)
{
	const size_t shift = back ? BINS / 2 : 0;
	uint64_t(*wide)[TALLY_KINDS] = g_malloc0(sizeof tally->bins);
	for (size_t i = 0; i < BINS; i++)
		for (int kind = 0; kind < TALLY_KINDS; kind++)
			wide[shift + i / 2][kind] += tally->bins[i][kind];
	memcpy(tally->bins, wide, sizeof tally->bins);
	g_free(wide);
	tally->start -= back ? BINS * tally->width : 0;
	tally->width *= 2;
}

/* bin_of - the bin of a time that is not before start. */
static uint64_t bin_of(const struct tally *tally, int64_t time)
{
	return ((uint64_t)time - (uint64_t)tally->start) / (uint64_t)tally->width;
}

void tally_event(struct tally *tally, enum tally_kind kind, int64_t time)
{
	if (time <= 0)
		return;
	if (tally->width == 0) {
		tally->width = BIN_MIN;
		tally->start = time;
	}
	while (time < tally->start)
		widen(tally, true);
	while (bin_of(tally, time) >= BINS)
		widen(tally, false);
	tally->bins[bin_of(tally, time)][kind]++;
}

static void print_bins(const struct tally *tally, GString *to)
{
	size_t count = 0, first = BINS;
	for (size_t i = 0; i < BINS; i++)
		for (int kind = 0; kind < TALLY_KINDS; kind++)
			if (tally->bins[i][kind]) {
				first = MIN(first, i);
				count = i + 1;
			}
	first = MIN(first, count);
	g_string_append_printf(to,
		"\"histogram\":{\"start\":%" G_GINT64_FORMAT ",\"width\":%" G_GINT64_FORMAT ",\"bins\":[",
		(tally->start + (int64_t)first * tally->width) / 1000, tally->width / 1000);
	for (size_t i = first; i < count; i++) {
		g_string_append(to, i > first ? ",[" : "[");
		for (int kind = 0; kind < TALLY_KINDS; kind++)
			g_string_append_printf(to, "%s%" G_GUINT64_FORMAT, kind > 0 ? "," : "", tally->bins[i][kind]);
		g_string_append_c(to, ']');
	}
	g_string_append(to, "]}");
}

/* ---- hosts ---- */

void tally_host(struct tally *tally, const char *address, bool client, const struct talk *talk)
{
	struct host *host = g_hash_table_lookup(tally->hosts, address ? address : "?");
	if (!host && g_hash_table_size(tally->hosts) >= HOSTS_MAX) {
		tally->more_hosts++;
		return;
	}
	if (!host) {
		host = g_new0(struct host, 1);
		g_hash_table_insert(tally->hosts, g_strdup(address ? address : "?"), host);
	}
	if (talk->part == 0)
		*(client ? &host->as_client : &host->as_server) += 1;
	host->mails += talk->mails;
	for (int severity = SEVERITY_HIGH; severity <= SEVERITY_LOW; severity++)
		host->alerts[severity] += talk->alerts[severity];
}

static void print_hosts(const struct tally *tally, GString *to)
{
	GList *names = g_list_sort(g_hash_table_get_keys(tally->hosts), (GCompareFunc)strcmp);
	g_string_append(to, ",\"hosts\":[");
	for (GList *name = names; name; name = name->next) {
		const struct host *host = g_hash_table_lookup(tally->hosts, name->data);
		g_string_append(to, name == names ? "[" : ",[");
		page_text(to, name->data);
		g_string_append_printf(to, ",%" G_GUINT64_FORMAT ",%" G_GUINT64_FORMAT ",%" G_GUINT64_FORMAT,
			host->as_client, host->as_server, host->mails);
		for (int severity = SEVERITY_HIGH; severity <= SEVERITY_LOW; severity++)
			g_string_append_printf(to, ",%" G_GUINT64_FORMAT, host->alerts[severity]);
		g_string_append_c(to, ']');
	}
	g_string_append_c(to, ']');
	g_list_free(names);
}

/* ---- domains ---- */

/* path_domain - the domain of a path, in lower case. Free with g_free. */
static char *path_domain(const char *path)
{
	const char *at = path ? strrchr(path, '@') : NULL;
	if (!path || strcmp(path, "<>") == 0 || !*path)
		return g_strdup("(nobody)");
	if (!at)
		return g_strdup("(no domain)");
	char *domain = g_ascii_strdown(at + 1, (gssize)MIN(strcspn(at + 1, "> "), DOMAIN_MAX));
	return g_strdelimit(domain, "\n", ' ');
}

static void add_pair(struct tally *tally, const char *from, const char *to)
{
	char *key = g_strdup_printf("%s\n%s", from, to);
	uint64_t *count = g_hash_table_lookup(tally->pairs, key);
	if (!count && g_hash_table_size(tally->pairs) >= PAIRS_MAX) {
		tally->more_pairs++;
		g_free(key);
		return;
	}
	if (count) {
		g_free(key);
	} else {
		count = g_new0(uint64_t, 1);
		g_hash_table_insert(tally->pairs, key, count);
	}
	(*count)++;
}

void tally_mail(struct tally *tally, const cJSON *smtp)
{
	char *from = path_domain(read_text(smtp, "mail_from"));
	GHashTable *seen = g_hash_table_new_full(hash_text, g_str_equal, g_free, NULL);
	const cJSON *item, *list = read_array(smtp, "rcpt_to");
	cJSON_ArrayForEach(item, list)
	{
		char *to = path_domain(cJSON_GetStringValue(item));
		if (!g_hash_table_contains(seen, to))
			add_pair(tally, from, to);
		g_hash_table_add(seen, to);
	}
	g_hash_table_unref(seen);
	g_free(from);
}

static void print_pairs(const struct tally *tally, GString *to)
{
	GList *keys = g_list_sort(g_hash_table_get_keys(tally->pairs), (GCompareFunc)strcmp);
	g_string_append(to, ",\"pairs\":[");
	for (GList *key = keys; key; key = key->next) {
		gchar **ends = g_strsplit(key->data, "\n", 2);
		g_string_append(to, key == keys ? "[" : ",[");
		page_text(to, ends[0]);
		g_string_append_c(to, ',');
		page_text(to, ends[1]);
		g_string_append_printf(
			to, ",%" G_GUINT64_FORMAT "]", *(const uint64_t *)g_hash_table_lookup(tally->pairs, key->data));
		g_strfreev(ends);
	}
	g_string_append_c(to, ']');
	g_list_free(keys);
}

void tally_print(const struct tally *tally, GString *to)
{
	print_bins(tally, to);
	print_hosts(tally, to);
	print_pairs(tally, to);
	g_string_append_printf(to, ",\"more_hosts\":%" G_GUINT64_FORMAT ",\"more_pairs\":%" G_GUINT64_FORMAT,
		tally->more_hosts, tally->more_pairs);
}
