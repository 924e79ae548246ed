/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * records.c - see records.h.
 */
#include "records.h"

#include <cjson/cJSON.h>

#include "fuzz.h"

#define FNV_OFFSET UINT64_C(14695981039346656037)
#define FNV_PRIME UINT64_C(1099511628211)

/* What was seen of a connection. */
struct seen {
	bool ended;           /* its flow record came */
	int64_t highest;      /* number of a transaction that has its smtp record; -1: none yet */
	int64_t skipped;      /* one below it that has none: it is open while a MAIL is refused; -1 */
	uint64_t content;     /* octets of the content that is open or was last */
	bool content_is_open; /* its last piece has not come */
	int64_t content_of;   /* the transaction; -1: none yet */
};

struct records {
	GHashTable *flows; /* struct seen, by flow_id */
	uint64_t packet, flow;
	uint64_t counts[RECORD_COUNT];
	uint64_t alerts[4]; /* by severity */
	uint64_t mail_bytes;
	uint64_t sum;
};

struct records *records_new(void)
{
	struct records *records = g_new0(struct records, 1);
	records->flows = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
	records->sum = FNV_OFFSET;
	return records;
}

static uint64_t number(const cJSON *object, const char *name)
{
	const cJSON *node = cJSON_GetObjectItemCaseSensitive(object, name);
	return node ? (uint64_t)cJSON_GetNumberValue(node) : 0;
}

static struct seen *seen_of(struct records *records, uint64_t flow)
{
	const gint64 key = (gint64)flow;
	struct seen *seen = g_hash_table_lookup(records->flows, &key);
	if (!seen) {
		seen = g_new0(struct seen, 1);
		seen->highest = seen->skipped = seen->content_of = -1;
		g_hash_table_insert(records->flows, g_memdup2(&key, sizeof key), seen);
	}
	return seen;
}

/* type_of - which record is it? */
static enum record type_of(const cJSON *root)
{
	const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(root, "event_type"));
	enum record record = 0;
	require(name != NULL);
	while (record < RECORD_COUNT && strcmp(record_names[record], name) != 0)
		record++;
	require(record < RECORD_COUNT);
	return record;
}

/* check_text - a line of printable UTF-8. */
static void check_text(const char *line, size_t size)
{
	require(size > 1 && line[size - 1] == '\n' && g_utf8_validate(line, (gssize)size, NULL));
	for (size_t i = 0; i + 1 < size; i++)
		require((uint8_t)line[i] >= ' ' && line[i] != 0x7f);
}

/* check_content - a piece follows the one before. */
static void check_content(struct seen *seen, const cJSON *root, int64_t tx)
{
	const cJSON *content = cJSON_GetObjectItemCaseSensitive(root, "smtp_content");
	if (!seen->content_is_open) {
		require(seen->content_of < tx);
		seen->content = 0;
		seen->content_of = tx;
	}
	require(seen->content_of == tx && number(content, "offset") == seen->content);
	seen->content += number(content, "length");
	seen->content_is_open = !cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(content, "last"));
}

/* check_smtp - the transaction ends here. */
static void check_smtp(struct records *records, struct seen *seen, const cJSON *root, int64_t tx)
{
	const uint64_t size = number(cJSON_GetObjectItemCaseSensitive(root, "smtp"), "size");
	if (tx == seen->skipped) {
		seen->skipped = -1;
	} else {
		require(tx == seen->highest + 1 || (tx == seen->highest + 2 && seen->skipped < 0));
		seen->skipped = tx == seen->highest + 2 ? tx - 1 : seen->skipped;
		seen->highest = tx;
	}
	require(seen->content_of != tx || !seen->content_is_open);
	require(size == (seen->content_of == tx ? seen->content : 0));
	records->mail_bytes += size;
}

static void check_flow(struct seen *seen)
{
	require(seen->skipped < 0 && !seen->content_is_open && seen->content_of <= seen->highest);
	seen->ended = true;
}

/* check - what this record says of its connection. */
static void check(struct records *records, const cJSON *root, uint64_t flow)
{
	const enum record record = type_of(root);
	const cJSON *tx_node = cJSON_GetObjectItemCaseSensitive(root, "tx_id");
	const int64_t tx = tx_node ? (int64_t)cJSON_GetNumberValue(tx_node) : -1;
	struct seen *seen = seen_of(records, flow);
	require(record != RECORD_STATS && !seen->ended);
	require(tx <= seen->highest + 2);
	records->counts[record]++;
	switch (record) {
	case RECORD_ALERT:
		records->alerts[number(cJSON_GetObjectItemCaseSensitive(root, "alert"), "severity") & 3]++;
		break;
	case RECORD_CONTENT:
		check_content(seen, root, tx);
		break;
	case RECORD_SMTP:
		check_smtp(records, seen, root, tx);
		break;
	case RECORD_FILEINFO:
		require(tx >= 0 && tx <= seen->highest && tx != seen->skipped);
		break;
	case RECORD_FLOW:
		check_flow(seen);
		break;
	default:
		break;
	}
}

/* check_line - one record. */
static void check_line(struct records *records, uint64_t packet, uint64_t flow, const char *line, size_t size)
{
	const char *end = NULL;
	check_text(line, size);
	cJSON *root = cJSON_ParseWithLengthOpts(line, size, &end, false);
	require(root != NULL && end == line + size - 1);
	require(packet > records->packet || (packet == records->packet && flow >= records->flow));
	require(number(root, "flow_id") == flow && number(root, "pcap_cnt") == packet);
	records->packet = packet;
	records->flow = flow;
	check(records, root, flow);
	cJSON_Delete(root);
	for (size_t i = 0; i < size; i++)
		records->sum = (records->sum ^ (uint8_t)line[i]) * FNV_PRIME;
}

bool records_lines(void *context, uint64_t packet, uint64_t flow, const char *lines, size_t size)
{
	for (const char *line = lines, *end = lines + size, *next; line < end; line = next) {
		const char *feed = memchr(line, '\n', (size_t)(end - line));
		require(feed != NULL);
		next = feed + 1;
		check_line(context, packet, flow, line, (size_t)(next - line));
	}
	return true;
}

uint64_t records_end(struct records *records, const struct input_stats *stats)
{
	const uint64_t sum = records->sum;
	GHashTableIter iter;
	gpointer seen;
	for (g_hash_table_iter_init(&iter, records->flows); g_hash_table_iter_next(&iter, NULL, &seen);)
		require(((struct seen *)seen)->ended);
	require(records->counts[RECORD_SMTP] == stats->transactions);
	require(records->counts[RECORD_FILEINFO] == stats->files);
	require(records->mail_bytes == stats->mail_bytes && stats->mails <= stats->transactions);
	for (unsigned severity = SEVERITY_HIGH; severity <= SEVERITY_LOW; severity++)
		require(records->alerts[severity] == stats->alerts[severity]);
	g_hash_table_destroy(records->flows);
	g_free(records);
	return sum;
}
