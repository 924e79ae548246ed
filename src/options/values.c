/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * values.c - parses the values of options: numbers, sizes, lists. Also the options that print something and exit
 * (--list-alerts, --schema, --version).
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "config.h"
#include "machine.h"
#include "private.h"
#include "text.h"

#define TEXT_LIMIT_MAX ((size_t)128 * 1024 * 1024) /* a record with body and raw stays below cJSON's 2 GiB */
#define JOBS_MAX 1024
#define SHARDS_MAX 65536
#define IDLE_TIMEOUT_MAX (UINT64_C(100) * 365 * 86400) /* seconds */
#define MEMORY_MIN ((uint64_t)1024 * 1024)

enum taken option_bad(const struct option_row *row, const char *value, const char *wanted)
{
	say("--%s: '%s' is not %s", row->name, value, wanted);
	return TAKEN_BAD;
}

void option_names_file(struct options *options, const struct option_row *row, enum option_kind kind, const char *value)
{
	const enum file_role role = kind == ROW_READ ? FILE_READ : kind == ROW_WRITE ? FILE_WRITTEN : FOLDER_WRITTEN;
	const struct named_file file = { row->name, role, g_strdup(value) };
	if (strcmp(value, "-") != 0)
		g_array_append_val(options->files, file);
	else
		g_free(file.path);
}

/* ---- values ---- */

static bool parse_number(const char *text, uint64_t min, uint64_t max, uint64_t *number)
{
	gchar *end;
	errno = 0;
	*number = g_ascii_strtoull(text, &end, 10);
	return g_ascii_isdigit(*text) && *end == '\0' && errno == 0 && *number >= min && *number <= max;
}

/* parse_size - a number of octets; K, M or G after it stand for powers of 1024. */
static bool parse_size(const char *text, uint64_t max, uint64_t *size)
{
	static const char units[] = "KMG";
	size_t length = strlen(text);
	const char *unit = length > 1 ? strchr(units, g_ascii_toupper(text[length - 1])) : NULL;
	unsigned shift = unit ? 10 * (unsigned)(unit - units + 1) : 0;
	gchar *digits = g_strndup(text, unit ? length - 1 : length);
	bool good = parse_number(digits, 0, max >> shift, size);
	g_free(digits);
	*size <<= shift;
	return good;
}

enum taken take_severity(struct options *options, const struct option_row *row, const char *value)
{
	int severity = severity_find(value);
	if (severity == 0)
		return option_bad(row, value, "high, medium or low");
	*(enum severity *)(void *)((char *)options + row->where) = (enum severity)severity;
	return TAKEN;
}

enum taken take_text_limit(struct options *options, const struct option_row *row, const char *value)
{
	uint64_t size;
	if (!parse_size(value, TEXT_LIMIT_MAX, &size))
		return option_bad(row, value, "a size up to 128M, as 64K");
	*(size_t *)(void *)((char *)options + row->where) = size;
	return TAKEN;
}

enum taken take_memory(struct options *options, const struct option_row *row, const char *value)
{
	if (!parse_size(value, UINT64_MAX, &options->flow.memory_limit) || options->flow.memory_limit < MEMORY_MIN)
		return option_bad(row, value, "a size from 1M up, as 512M");
	return TAKEN;
}

enum taken take_idle_timeout(struct options *options, const struct option_row *row, const char *value)
{
	uint64_t seconds;
	if (!parse_number(value, 1, IDLE_TIMEOUT_MAX, &seconds))
		return option_bad(row, value, "a number of seconds");
	options->flow.idle_timeout = (int64_t)seconds * NANOSECONDS_PER_SECOND;
	return TAKEN;
}

enum taken take_number(struct options *options, const struct option_row *row, const char *value)
{
	uint64_t number;
	if (!parse_number(value, 0, UINT32_MAX, &number))
		return option_bad(row, value, "a number");
	*(unsigned *)(void *)((char *)options + row->where) = (unsigned)number;
	return TAKEN;
}

enum taken take_jobs(struct options *options, const struct option_row *row, const char *value)
{
	uint64_t jobs;
	if (!parse_number(value, 1, JOBS_MAX, &jobs))
		return option_bad(row, value, "a number from 1 to 1024");
	options->jobs = (unsigned)jobs;
	return TAKEN;
}

enum taken take_shard(struct options *options, const struct option_row *row, const char *value)
{
	uint64_t shard = 0, shards = 0;
	gchar **parts = g_strsplit(value, "/", 2);
	bool good = parts[0] && parts[1] && parse_number(parts[1], 1, SHARDS_MAX, &shards) &&
		    parse_number(parts[0], 1, shards, &shard);
	g_strfreev(parts);
	if (!good)
		return option_bad(row, value, "I/N with I from 1 to N, as 2/8");
	options->shard = (unsigned)shard;
	options->shards = (unsigned)shards;
	return TAKEN;
}

/* word_index - the index of a word among others; their count when it is not there. */
static size_t word_index(const char *const *words, size_t count, const char *word)
{
	size_t i = 0;
	while (i < count && strcmp(words[i], word) != 0)
		i++;
	return i;
}

enum taken take_format(struct options *options, const struct option_row *row, const char *value)
{
	static const char *const words[] = { [VIEW_JSON] = "json", [VIEW_TEXT] = "text", [VIEW_MAILS] = "mails" };
	const size_t word = word_index(words, G_N_ELEMENTS(words), value);
	if (word == G_N_ELEMENTS(words))
		return option_bad(row, value, "json, text or mails");
	options->format = (enum view_format)word;
	return TAKEN;
}

enum taken take_update(struct options *options, const struct option_row *row, const char *value)
{
	options->update = value ? VIEW_UPDATE_SUBSET : VIEW_UPDATE_WHOLE;
	return TAKEN;
}

enum taken take_text(struct options *options, const struct option_row *row, const char *value)
{
	options->format = VIEW_TEXT;
	return TAKEN;
}

enum taken take_color(struct options *options, const struct option_row *row, const char *value)
{
	static const char *const words[] = {
		[COLOUR_AUTO] = "auto", [COLOUR_ALWAYS] = "always", [COLOUR_NEVER] = "never"
	};
	const size_t word = word_index(words, G_N_ELEMENTS(words), value);
	if (word == G_N_ELEMENTS(words))
		return option_bad(row, value, "auto, always or never");
	options->colour = (enum colour)word;
	return TAKEN;
}

/* ---- lists ---- */

/* has_words - is the list not empty? An empty one is an error: probably a shell variable was not set. */
static bool has_words(const char *list)
{
	return list[strspn(list, ", \t")] != '\0';
}

/* each_word - gives the words of a list to `take`, which returns false for one that is not what is wanted. */
static enum taken each_word(struct options *options, const struct option_row *row, const char *value,
	bool (*take)(struct options *options, const char *word), const char *wanted)
{
	char *copy = g_strdup(value), *rest = copy, *word;
	enum taken taken = TAKEN;
	while ((word = strsep(&rest, ",")))
		if (*g_strstrip(word) && !take(options, word))
			taken = option_bad(row, word, wanted);
	g_free(copy);
	return taken;
}

/* word_record - NAME or +NAME, or -NAME for one that is left out. */
static bool word_record(struct options *options, const char *word)
{
	const char *name = word + (*word == '+' || *word == '-');
	unsigned bits = strcmp(name, "all") == 0 ? (1u << RECORD_COUNT) - 1 : 0;
	for (int i = 0; i < RECORD_COUNT; i++)
		if (strcmp(name, record_names[i]) == 0)
			bits = 1u << i;
	if (*word == '-')
		options->output.records &= ~bits;
	else
		options->output.records |= bits;
	return bits != 0;
}

enum taken take_events(struct options *options, const struct option_row *row, const char *value)
{
	if (!has_words(value))
		return option_bad(row, value, "a list of records");
	if (*value != '+' && *value != '-')
		options->output.records = 0;
	options->events_given = true;
	return each_word(options, row, value, word_record,
		"a record: all, alert, smtp, fileinfo, smtp_command, smtp_response, smtp_content, smtp_auth, tls, flow "
		"or "
		"stats");
}

static bool word_hash(struct options *options, const char *word)
{
	static const struct {
		const char *name;
		enum hash_kind kind;
	} hashes[] = { { "sha256", HASH_SHA256 }, { "sha1", HASH_SHA1 }, { "md5", HASH_MD5 } };
	for (size_t i = 0; i < G_N_ELEMENTS(hashes); i++)
		if (g_ascii_strcasecmp(word, hashes[i].name) == 0) {
			options->mail.hashes |= hashes[i].kind;
			return true;
		}
	return false;
}

enum taken take_hash(struct options *options, const struct option_row *row, const char *value)
{
	if (!has_words(value))
		return option_bad(row, value, "a list of hashes");
	return each_word(options, row, value, word_hash, "md5, sha1 or sha256");
}

static bool word_port(struct options *options, const char *word)
{
	uint64_t port;
	if (!parse_number(word, 1, UINT16_MAX, &port))
		return false;
	struct flow_options *flow = &options->flow;
	uint16_t *ports = g_renew(uint16_t, (uint16_t *)flow->ports, flow->port_count + 1);
	ports[flow->port_count++] = (uint16_t)port;
	flow->ports = ports;
	return true;
}

enum taken take_ports(struct options *options, const struct option_row *row, const char *value)
{
	if (!has_words(value))
		return option_bad(row, value, "a list of ports");
	options->flow.port_count = 0; /* the last list counts */
	return each_word(options, row, value, word_port, "a port from 1 to 65535");
}

static bool word_alert(struct options *options, const char *word)
{
	const enum alert_id id = alert_find(word);
	if (id == ALERT_COUNT)
		return false;
	options->disabled[id] = true;
	return true;
}

enum taken take_disable(struct options *options, const struct option_row *row, const char *value)
{
	return each_word(options, row, value, word_alert, "an alert (--list-alerts names them)");
}

enum taken take_threshold(struct options *options, const struct option_row *row, const char *value)
{
	const char *equals = strchr(value, '=');
	gchar *name = equals ? g_strndup(value, (gsize)(equals - value)) : g_strdup(value);
	gchar **parts = g_strsplit(equals ? equals + 1 : "", "/", 2);
	enum alert_id id = alert_find(name);
	uint64_t count = 0, seconds = 0;
	bool good = id < ALERT_COUNT && parts[0] && parse_number(parts[0], 1, UINT32_MAX, &count) &&
		    (!parts[1] || parse_number(parts[1], 1, UINT32_MAX, &seconds));
	g_strfreev(parts);
	g_free(name);
	if (good && alert_catalogue[id].counts == COUNTS_NOTHING)
		return option_bad(row, value, "for an alert that has a threshold");
	if (good && seconds > 0 && alert_catalogue[id].counts != COUNTS_EVENTS)
		return option_bad(row, value, "ALERT=COUNT: this alert has no time limit");
	if (!good)
		return option_bad(row, value, "ALERT=COUNT or ALERT=COUNT/SECONDS, as auth_bruteforce=10/60");
	options->detectors.thresholds[id] = (struct threshold){ (unsigned)count, (unsigned)seconds };
	return TAKEN;
}

/* add_string - adds a string to a list; takes ownership of it. */
static void add_string(GPtrArray **texts, char *text)
{
	if (!*texts)
		*texts = g_ptr_array_new_with_free_func(g_free);
	g_ptr_array_add(*texts, text);
}

static bool word_domain(struct options *options, const char *word)
{
	add_string(&options->detectors.local_domains, g_ascii_strdown(word, -1));
	return true;
}

static bool word_verb(struct options *options, const char *word)
{
	g_ptr_array_add(options->detectors.illegal_commands, g_ascii_strup(word, -1));
	return true;
}

/* word_header - one that is given twice counts once. */
static bool word_header(struct options *options, const char *word)
{
	const GPtrArray *headers = options->output.headers;
	for (guint i = 0; headers && i < headers->len; i++)
		if (g_ascii_strcasecmp(headers->pdata[i], word) == 0)
			return true;
	add_string(&options->output.headers, g_strdup(word));
	return true;
}

enum taken take_local_domain(struct options *options, const struct option_row *row, const char *value)
{
	return each_word(options, row, value, word_domain, NULL);
}

enum taken take_illegal_commands(struct options *options, const struct option_row *row, const char *value)
{
	GPtrArray **verbs = &options->detectors.illegal_commands;
	if (!*verbs) /* an empty list: no verb is illegal */
		*verbs = g_ptr_array_new_with_free_func(g_free);
	return each_word(options, row, value, word_verb, NULL);
}

enum taken take_headers(struct options *options, const struct option_row *row, const char *value)
{
	if (!has_words(value))
		return option_bad(row, value, "a list of header fields");
	return each_word(options, row, value, word_header, NULL);
}

enum taken take_progress(struct options *options, const struct option_row *row, const char *value)
{
	options->progress = value ? PROGRESS_JSON : PROGRESS_ALWAYS;
	return TAKEN;
}

enum taken take_tls_keys(struct options *options, const struct option_row *row, const char *value)
{
	if (!options->tls_keys)
		options->tls_keys = tls_keys_new(NULL, NULL, NULL);
	const size_t before = tls_keys_count(options->tls_keys);
	option_names_file(options, row, ROW_READ, value);
	if (!tls_keys_file(options->tls_keys, value)) {
		say("--%s: %s: %s", row->name, value, g_strerror(errno));
		return TAKEN_BAD;
	}
	if (tls_keys_count(options->tls_keys) == before)
		say("warning: --%s: %s: it has no new secret", row->name, value);
	if (tls_keys_count(options->tls_keys) == TLS_KEYS_MAX)
		say("warning: --%s: only the first %d secrets are used", row->name, TLS_KEYS_MAX);
	return TAKEN;
}

/* ---- print and exit ---- */

enum taken take_check_rules(struct options *options, const struct option_row *row, const char *value)
{
	const struct rules_options files = { .rules = (char *[]){ (char *)value, NULL } };
	GError *error = NULL;
	struct rules *rules = rules_new(&files, &error);
	if (!rules) {
		say("%s", error->message);
		g_error_free(error);
		return TAKEN_BAD;
	}
	char *list = rules_list(rules);
	fputs(list, stdout);
	g_free(list);
	rules_free(rules);
	return TAKEN_DONE;
}

enum taken take_graph(struct options *options, const struct option_row *row, const char *value)
{
	machine_graph(stdout, value != NULL);
	return TAKEN_DONE;
}

enum taken take_list_alerts(struct options *options, const struct option_row *row, const char *value)
{
	if (value) {
		char *list = output_alert_list();
		fputs(list, stdout);
		g_free(list);
		return TAKEN_DONE;
	}
	for (int id = 0; id < ALERT_COUNT; id++)
		printf("%-27s %-6s  %-11s  %s\n", alert_catalogue[id].name, severity_name(alert_catalogue[id].severity),
			alert_category_name(alert_catalogue[id].category), alert_catalogue[id].condition);
	return TAKEN_DONE;
}

enum taken take_schema(struct options *options, const struct option_row *row, const char *value)
{
	char *schema = output_schema();
	puts(schema);
	g_free(schema);
	return TAKEN_DONE;
}

enum taken take_version(struct options *options, const struct option_row *row, const char *value)
{
	puts("smtpscan " SMTPSCAN_VERSION);
	return TAKEN_DONE;
}
