/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * check.c - compares records with the expected ones and reports the differences field by field.
 *
 * The records of an input are kept until its stats record, then compared with the expected ones. A record is identified
 * by its session (community id, and a number among those with the same id), its type, its transaction, and among
 * several of these by the id of the alert, the part of the file, or a number. The name of the capture and libmagic's
 * results are not compared, because they depend on the machine.
 *
 * A subset is a list of partial records: each must match a record of its own, and each alert must be matched by one.
 */
#include <string.h>

#include "hash.h"
#include "private.h"

#define RECORDS_MAX 1000000 /* of an input */
#define VALUE_MAX 100       /* octets shown of a value */
#define NEAR_FROM 1e9       /* larger numbers are compared as text, because cJSON's comparison is not exact */

struct check {
	struct view view; /* first */
	struct view_expected expected;
	enum view_update update;
	uint64_t most, *differences;
	GPtrArray *records; /* cJSON, of the current input */
	const char *name;   /* of the current input */
	uint64_t before;    /* differences in the inputs before it */
	uint64_t inputs, differing;
	struct ink ink;
	GString *out;
};

/* ---- differences ---- */

/* differ - counts a difference, and reports it if the limit is not reached. */
static void differ(struct check *check, const char *where, const char *what)
{
	if ((*check->differences)++ >= check->most && check->most > 0)
		return;
	ink_words(&check->ink, STYLE_PLAIN, 0, "%s%s%s: %s", check->name, *where ? " " : "", where, what);
	ink_newline(&check->ink);
}

/* value_shown - a value as text, shortened. Free with g_free. */
static char *value_shown(const cJSON *value)
{
	char *text = cJSON_IsString(value) ? g_strdup(value->valuestring) : cJSON_PrintUnformatted(value);
	if (text && strlen(text) > VALUE_MAX) {
		char *cut = g_strdup_printf("%.*s...", VALUE_MAX, text);
		g_free(text);
		text = cut;
	}
	return text ? text : g_strdup("?");
}

/* differ_in - reports a field that differs or is on one side only. */
static void differ_in(struct check *check, const char *where, const cJSON *expected, const cJSON *got)
{
	char *left = expected ? value_shown(expected) : NULL, *right = got ? value_shown(got) : NULL;
	char *words = !left    ? g_strdup_printf("not expected, got %s", right)
		      : !right ? g_strdup_printf("expected %s, not there", left)
			       : g_strdup_printf("expected %s, got %s", left, right);
	differ(check, where, words);
	g_free(words);
	g_free(left);
	g_free(right);
}

static void compare_values(struct check *check, const char *where, const cJSON *expected, const cJSON *got);

/* compare_member - where: the path of the object that contains it. */
static void compare_member(
	struct check *check, const char *where, const char *name, const cJSON *expected, const cJSON *got)
{
	const bool first = g_str_has_suffix(where, " ") || !*where;
	char *path = g_strdup_printf("%s%s%s", where, first ? "" : ".", name);
	compare_values(check, path, expected, got);
	g_free(path);
}

static void compare_objects(struct check *check, const char *where, const cJSON *expected, const cJSON *got)
{
	const cJSON *item;
	cJSON_ArrayForEach(item, expected)
		compare_member(check, where, item->string, item, cJSON_GetObjectItemCaseSensitive(got, item->string));
	cJSON_ArrayForEach(item, got)
	{
		if (!cJSON_GetObjectItemCaseSensitive(expected, item->string))
			compare_member(check, where, item->string, NULL, item);
	}
}

/* compare_values - compares two values; one may be NULL. */
static void compare_values(struct check *check, const char *where, const cJSON *expected, const cJSON *got)
{
	if (cJSON_IsObject(expected) && cJSON_IsObject(got))
		compare_objects(check, where, expected, got);
	else if (!expected || !got || !cJSON_Compare(expected, got, true))
		differ_in(check, where, expected, got);
}

/* ---- identifying records ---- */

/* The sessions of one side: expected or got. */
struct check_side {
	GHashTable *flows;  /* flow_id as text -> name of the session */
	GHashTable *counts; /* community id, or key of a record -> how many there were */
};

static void side_begin(struct check_side *side)
{
	side->flows = g_hash_table_new_full(hash_text, g_str_equal, g_free, g_free);
	side->counts = g_hash_table_new_full(hash_text, g_str_equal, g_free, NULL);
}

static void side_end(struct check_side *side)
{
	g_hash_table_unref(side->flows);
	g_hash_table_unref(side->counts);
}

/* next_of - the number of earlier calls with this key. */
static unsigned next_of(struct check_side *side, const char *key)
{
	const unsigned before = GPOINTER_TO_UINT(g_hash_table_lookup(side->counts, key));
	g_hash_table_insert(side->counts, g_strdup(key), GUINT_TO_POINTER(before + 1));
	return before;
}

/* session_of - a name for the record's session that is the same on both sides; NULL when the record belongs to none. */
static const char *session_of(struct check_side *side, const cJSON *record)
{
	const char *community = read_text(record, "community_id");
	if (!cJSON_HasObjectItem(record, "flow_id"))
		return NULL;
	char *flow = value_shown(cJSON_GetObjectItemCaseSensitive(record, "flow_id"));
	const char *name = g_hash_table_lookup(side->flows, flow);
	if (name) {
		g_free(flow);
		return name;
	}
	char *key = g_strdup_printf("session %s", community ? community : "?");
	char *made = g_strdup_printf("%s %u", community ? community : "?", next_of(side, key));
	g_hash_table_insert(side->flows, flow, made);
	g_free(key);
	return made;
}

/* record_key - a key that is unique among the records of one side. Free with g_free. */
static char *record_key(struct check_side *side, const cJSON *record)
{
	const char *event = read_text(record, "event_type"), *session = session_of(side, record);
	const cJSON *own = read_object(record, event ? event : "");
	const char *signature = read_text(own, "signature"), *part = read_text(own, "part");
	char *kind = g_strdup_printf("%s|%s|%d|%s|%s", session ? session : "", event ? event : "", read_tx(record),
		signature ? signature : "", part ? part : "");
	char *key = g_strdup_printf("%s|%u", kind, next_of(side, kind));
	g_free(kind);
	return key;
}

/* where_of - the record's place in a message: "flow 2 tx 0 alert bare_lf ". Free with g_free. */
static char *where_of(GHashTable *numbers, struct check_side *side, const cJSON *record)
{
	const char *session = session_of(side, record), *event = read_text(record, "event_type");
	const cJSON *own = read_object(record, event ? event : "");
	const char *signature = read_text(own, "signature"), *part = read_text(own, "part");
	GString *where = g_string_new(NULL);
	if (session && !g_hash_table_contains(numbers, session))
		g_hash_table_insert(numbers, g_strdup(session), GUINT_TO_POINTER(g_hash_table_size(numbers) + 1));
	if (session)
		g_string_append_printf(where, "flow %u ", GPOINTER_TO_UINT(g_hash_table_lookup(numbers, session)));
	if (read_tx(record) >= 0)
		g_string_append_printf(where, "tx %d ", read_tx(record));
	if (signature || part)
		g_string_append_printf(where, "%s %s ", event, signature ? signature : part);
	return g_string_free(where, FALSE);
}

/* ---- whole files ---- */

static void record_free(void *record)
{
	cJSON_Delete(record);
}

/* make_exact - turns numbers that cJSON would compare or print inexactly into text. */
static void make_exact(cJSON *value)
{
	for (cJSON *item = value->child; item; item = item->next) {
		make_exact(item);
		if (!cJSON_IsNumber(item) || item->valuedouble < NEAR_FROM)
			continue;
		char digits[G_ASCII_DTOSTR_BUF_SIZE];
		item->type = cJSON_Raw;
		item->valuestring = cJSON_malloc(sizeof digits);
		g_snprintf(item->valuestring, sizeof digits, "%.17g", item->valuedouble);
	}
}

/* strip_error - removes the path at the beginning of stats.error. */
static void strip_error(const cJSON *record)
{
	cJSON *error = cJSON_GetObjectItemCaseSensitive(read_object(record, "stats"), "error");
	const char *text = cJSON_GetStringValue(error), *name = read_text(record, "pcap_filename");
	if (!text || !name || !g_str_has_prefix(text, name) || strncmp(text + strlen(name), ": ", 2) != 0)
		return;
	char *rest = g_strdup(text + strlen(name) + 2);
	cJSON_SetValuestring(error, rest);
	g_free(rest);
}

/* strip - removes fields that depend on the machine. */
static void strip(cJSON *record)
{
	static const char *const words[] = { "magic", "mimetype", "magic_base64" };
	cJSON *file = cJSON_GetObjectItemCaseSensitive(record, "fileinfo");
	for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
		cJSON_DeleteItemFromObjectCaseSensitive(file, words[i]);
	make_exact(record);
	strip_error(record);
	cJSON_DeleteItemFromObjectCaseSensitive(record, "pcap_filename");
	cJSON_DeleteItemFromObjectCaseSensitive(record, "pcap_filename_base64");
}

/* parse_lines - the records in an expected file. Lines that are not records are differences. */
static GPtrArray *parse_lines(struct check *check, const char *text)
{
	GPtrArray *records = g_ptr_array_new_with_free_func(record_free);
	gchar **lines = g_strsplit(text, "\n", 0);
	for (unsigned i = 0; lines[i]; i++) {
		cJSON *record = *lines[i] ? cJSON_Parse(lines[i]) : NULL;
		char *where = g_strdup_printf("line %u of the expected file", i + 1);
		if (cJSON_IsObject(record)) {
			record->valueint = (int)i + 1; /* the line number: objects do not use this member */
			g_ptr_array_add(records, record);
		} else if (*lines[i]) {
			differ(check, where, "not a record");
		}
		if (!cJSON_IsObject(record))
			cJSON_Delete(record);
		g_free(where);
	}
	g_strfreev(lines);
	return records;
}

/* one_sided - reports a record that the other side does not have. */
static void one_sided(struct check *check, const char *where, const cJSON *record, const char *words)
{
	const char *event = read_text(record, "event_type");
	const bool named = read_text(read_object(record, event ? event : ""), "signature");
	char *place = g_strdup_printf("%s%s", where, named || !event ? "" : event);
	differ(check, g_strchomp(place), words);
	g_free(place);
}

/* report_unmatched - reports the records, or those of one type, that nothing expected has matched. */
static void report_unmatched(
	struct check *check, struct check_side *side, GHashTable *numbers, GHashTable *matched, const char *type)
{
	for (guint i = 0; i < check->records->len; i++) {
		const cJSON *record = check->records->pdata[i];
		char *where = where_of(numbers, side, record);
		const bool counts = !type || g_strcmp0(read_text(record, "event_type"), type) == 0;
		if (counts && !g_hash_table_contains(matched, record))
			one_sided(check, where, record, "not expected");
		g_free(where);
	}
}

/* compare_whole - compares all records in both directions. */
static void compare_whole(struct check *check, const GPtrArray *expected)
{
	struct check_side left, right;
	GHashTable *numbers = g_hash_table_new_full(hash_text, g_str_equal, g_free, NULL);
	GHashTable *got = g_hash_table_new_full(hash_text, g_str_equal, g_free, NULL);
	GHashTable *matched = g_hash_table_new(hash_pointer, NULL);
	bool ordered = true;
	side_begin(&left);
	side_begin(&right);
	for (guint i = 0; i < check->records->len; i++)
		g_hash_table_insert(got, record_key(&right, check->records->pdata[i]), check->records->pdata[i]);
	for (guint i = 0; i < expected->len; i++) {
		const cJSON *record = expected->pdata[i];
		char *key = record_key(&left, record), *where = where_of(numbers, &left, record);
		const cJSON *other = g_hash_table_lookup(got, key);
		if (other) {
			compare_values(check, where, record, other);
			ordered = ordered && i < check->records->len && check->records->pdata[i] == other;
			g_hash_table_add(matched, (gpointer)other);
		} else {
			one_sided(check, where, record, "expected, not there");
		}
		g_free(key);
		g_free(where);
	}
	report_unmatched(check, &right, numbers, matched, NULL);
	if (!ordered && *check->differences == check->before)
		differ(check, "", "the records are in another order");
	g_hash_table_unref(numbers);
	g_hash_table_unref(got);
	g_hash_table_unref(matched);
	side_end(&left);
	side_end(&right);
}

/* ---- subsets ---- */

/* leaves - the number of values in a partial record: the more, the fewer records match it. */
static unsigned leaves(const cJSON *value)
{
	unsigned count = 0;
	if (!cJSON_IsObject(value))
		return 1;
	const cJSON *item;
	cJSON_ArrayForEach(item, value) count += leaves(item);
	return count;
}

/* misfits - the number of values in which a record differs from a partial one. *expected, *got: the first of them. */
static unsigned misfits(const cJSON *partial, const cJSON *record, const cJSON **expected, const cJSON **got)
{
	unsigned count = 0;
	const cJSON *item;
	cJSON_ArrayForEach(item, partial)
	{
		const cJSON *value = cJSON_GetObjectItemCaseSensitive(record, item->string);
		if (cJSON_IsObject(item) && cJSON_IsObject(value)) {
			count += misfits(item, value, expected, got);
		} else if (!value || !cJSON_Compare(item, value, true)) {
			if (!*expected) {
				*expected = item;
				*got = value;
			}
			count++;
		}
	}
	return count;
}

/* no_fit - reports a partial record without a match, and the closest record. */
static void no_fit(struct check *check, const cJSON *partial)
{
	const char *event = read_text(partial, "event_type");
	const cJSON *expected = NULL, *got = NULL;
	unsigned least = UINT32_MAX;
	for (guint i = 0; i < check->records->len; i++) {
		const cJSON *record = check->records->pdata[i], *left = NULL, *right = NULL;
		if (g_strcmp0(read_text(record, "event_type"), event) != 0)
			continue;
		const unsigned count = misfits(partial, record, &left, &right);
		if (count < least) {
			least = count;
			expected = left;
			got = right;
		}
	}
	char *where = g_strdup_printf("subset line %d, %s", partial->valueint, event ? event : "record");
	if (!expected) {
		differ(check, where, least == 0 ? "matches only a record that another line matches" : "no such record");
	} else {
		char *field = g_strdup_printf("%s, in the closest one: %s", where, expected->string);
		differ_in(check, field, expected, got);
		g_free(field);
	}
	g_free(where);
}

static int by_leaves(gconstpointer a, gconstpointer b)
{
	const unsigned x = leaves(*(const cJSON *const *)a), y = leaves(*(const cJSON *const *)b);
	return x > y ? -1 : x < y;
}

/* fit - finds a match for a partial record, and marks it as taken. */
static bool fit(const struct check *check, const cJSON *partial, GHashTable *taken)
{
	for (guint i = 0; i < check->records->len; i++) {
		const cJSON *expected = NULL, *got = NULL, *record = check->records->pdata[i];
		if (g_hash_table_contains(taken, record) || misfits(partial, record, &expected, &got) > 0)
			continue;
		g_hash_table_add(taken, (gpointer)record);
		return true;
	}
	return false;
}

static void compare_subset(struct check *check, GPtrArray *partials)
{
	GHashTable *taken = g_hash_table_new(hash_pointer, NULL),
		   *numbers = g_hash_table_new_full(hash_text, g_str_equal, g_free, NULL);
	struct check_side side;
	side_begin(&side);
	g_ptr_array_sort(partials, by_leaves);
	for (guint i = 0; i < partials->len; i++)
		if (!fit(check, partials->pdata[i], taken))
			no_fit(check, partials->pdata[i]);
	report_unmatched(check, &side, numbers, taken, "alert");
	g_hash_table_unref(taken);
	g_hash_table_unref(numbers);
	side_end(&side);
}

/* partial_of - the fields of a record that --update writes into a subset, as a line; NULL: none. Free with cJSON_free.
 */
static char *partial_of(const cJSON *record)
{
	static const struct {
		const char *event, *object, *field;
	} kept[] = {
		{ "alert", "alert", "signature" },
		{ "alert", "alert", "severity_name" },
		{ "alert", "alert", "outcome" },
		{ "smtp", "smtp", "mail_from" },
		{ "smtp", "smtp", "rcpt_to" },
		{ "smtp", "smtp", "outcome" },
		{ "smtp", "smtp", "sha256" },
		{ "smtp", "email", "subject" },
	};
	const char *event = read_text(record, "event_type");
	cJSON *partial = cJSON_CreateObject();
	cJSON_AddStringToObject(partial, "event_type", event);
	for (size_t i = 0; i < G_N_ELEMENTS(kept); i++) {
		const cJSON *value =
			cJSON_GetObjectItemCaseSensitive(read_object(record, kept[i].object), kept[i].field);
		if (strcmp(event, kept[i].event) != 0 || !value)
			continue;
		cJSON *object = cJSON_GetObjectItemCaseSensitive(partial, kept[i].object);
		if (!object)
			object = cJSON_AddObjectToObject(partial, kept[i].object);
		cJSON_AddItemToObject(object, kept[i].field, cJSON_Duplicate(value, true));
	}
	char *line = cJSON_GetArraySize(partial) > 1 ? cJSON_PrintUnformatted(partial) : NULL;
	cJSON_Delete(partial);
	return line;
}

/* ---- an input ---- */

/* store_records - stores the present records as the expected ones (--update). */
static void store_records(struct check *check)
{
	GString *text = g_string_new(NULL);
	const bool subset = check->update == VIEW_UPDATE_SUBSET;
	for (guint i = 0; i < check->records->len; i++) {
		char *line = subset ? partial_of(check->records->pdata[i])
				    : cJSON_PrintUnformatted(check->records->pdata[i]);
		if (line)
			g_string_append_printf(text, "%s\n", line);
		cJSON_free(line);
	}
	if (!check->expected.store(check->expected.context, check->name, text->str, subset))
		check->view.failed = true;
	g_string_free(text, TRUE);
}

static void compare_input(struct check *check)
{
	bool subset = false;
	char *text = check->expected.find(check->expected.context, check->name, &subset);
	if (check->update != VIEW_UPDATE_NONE && (!text || (!subset && check->update == VIEW_UPDATE_WHOLE))) {
		store_records(check);
	} else if (!text) {
		differ(check, "", "no expected records (--update writes them)");
	} else {
		GPtrArray *expected = parse_lines(check, text);
		for (guint i = 0; i < expected->len; i++)
			strip(expected->pdata[i]);
		if (subset)
			compare_subset(check, expected);
		else
			compare_whole(check, expected);
		g_ptr_array_unref(expected);
	}
	g_free(text);
}

/* ---- the view ---- */

/* finish_input - the input is complete, or no stats record will come. */
static void finish_input(struct check *check, const char *name)
{
	check->name = check->expected.name(check->expected.context, name ? name : "?");
	check->before = *check->differences;
	check->inputs++;
	if (check->records->len > RECORDS_MAX)
		differ(check, "", "too many records to compare");
	else
		compare_input(check);
	check->differing += *check->differences > check->before;
	g_ptr_array_set_size(check->records, 0);
	view_put(&check->view, check->out);
}

static void on_check_record(struct view *view, cJSON *record)
{
	struct check *check = (struct check *)(void *)view;
	char *name = g_strdup(read_text(record, "pcap_filename"));
	const bool last = strcmp(read_text(record, "event_type"), "stats") == 0;
	strip(record);
	if (check->records->len <= RECORDS_MAX)
		g_ptr_array_add(check->records, record);
	else
		cJSON_Delete(record);
	if (last)
		finish_input(check, name);
	g_free(name);
}

static void on_check_end(struct view *view)
{
	struct check *check = (struct check *)(void *)view;
	const uint64_t all = *check->differences, more = check->most > 0 && all > check->most ? all - check->most : 0;
	if (more > 0)
		g_string_append_printf(
			check->out, "and %" G_GUINT64_FORMAT " more difference%s\n", more, more == 1 ? "" : "s");
	g_string_append_printf(check->out, "%" G_GUINT64_FORMAT " %s %s, %" G_GUINT64_FORMAT " differ\n", check->inputs,
		check->inputs == 1 ? "capture" : "captures", check->update ? "read" : "checked", check->differing);
	view_put(view, check->out);
	g_ptr_array_unref(check->records);
	g_string_free(check->out, TRUE);
}

struct view *view_check_new(const struct view_check_options *options, view_write write, void *context)
{
	struct check *check = g_new0(struct check, 1);
	check->view =
		(struct view){ .record = on_check_record, .end = on_check_end, .write = write, .context = context };
	check->expected = options->expected;
	check->update = options->update;
	check->most = options->most;
	check->differences = options->differences;
	check->records = g_ptr_array_new_with_free_func(record_free);
	check->out = g_string_new(NULL);
	check->ink = (struct ink){ .out = check->out };
	return &check->view;
}
