/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * options.c - the command line. One table of options: getopt_long reads it, --help prints it, tests/cli/check_docs.py
 * compares that with the man page.
 *
 * A bad value gives one message on standard error, with the option and the values that it takes.
 */
#include "options.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "private.h"
#include "text.h"

#define BODY_LIMIT_DEFAULT ((size_t)1024 * 1024)
#define RAW_LIMIT_DEFAULT ((size_t)16 * 1024 * 1024)
#define ALERT_LIMIT_DEFAULT 10
#define DIFFERENCES_DEFAULT 20
#define HELP_COLUMN 28
#define PLAIN_CHARACTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-+=./:,@%"

static void print_help(void);
static enum taken take_completion(struct options *options, const struct option_row *row, const char *value);

static enum taken take_help(struct options *options, const struct option_row *row, const char *value)
{
	print_help();
	return TAKEN_DONE;
}

/* ---- the table ---- */

#define IN(member) offsetof(struct options, member)

/* clang-format off */
static const struct option_row rows[] = {
	{ "filter", 'f', "BPF", GROUP_INPUT, ROW_STRING, IN(bpf), NULL, "read only packets that this expression matches" },
	{ "host", 0, "LIST", GROUP_INPUT, ROW_CALL, 0, take_host,
	  "only connections of these addresses or networks,\nalso inside of tunnels" },
	{ "after", 0, "TIME", GROUP_INPUT, ROW_CALL, IN(selection.after), take_time,
	  "only packets captured from then on: a date, a date\nand time (UTC), or seconds since 1970" },
	{ "before", 0, "TIME", GROUP_INPUT, ROW_CALL, IN(selection.before), take_time, "only packets captured before" },
	{ "ports", 'p', "LIST", GROUP_INPUT, ROW_CALL, 0, take_ports,
	  "server ports that always carry SMTP (default\n24,25,465,587,2525; 465: TLS from the first byte)" },
	{ "no-detect", 0, NULL, GROUP_INPUT, ROW_UNFLAG, IN(flow.detect), NULL, "do not look for SMTP on other ports" },
	{ "checksum", 0, NULL, GROUP_INPUT, ROW_FLAG, IN(checksums), NULL, "drop packets with a wrong checksum, and count them" },
	{ "continuous", 0, NULL, GROUP_INPUT, ROW_FLAG, IN(continuous), NULL,
	  "the captures are one recording that was rotated,\nsorted by the time of their first packet" },
	{ "keep-order", 0, NULL, GROUP_INPUT, ROW_FLAG, IN(keep_order), NULL, "with --continuous: in the order given" },
	{ "tls-keys", 0, "FILE", GROUP_INPUT, ROW_CALL, 0, take_tls_keys,
	  "decrypt TLS with the secrets of this key log\n(SSLKEYLOGFILE); may be given several times" },
	{ "no-tls-keys", 0, NULL, GROUP_INPUT, ROW_UNFLAG, IN(embedded_keys), NULL,
	  "do not use the secrets that are in a pcapng" },
	{ "idle-timeout", 0, "SECONDS", GROUP_INPUT, ROW_CALL, 0, take_idle_timeout,
	  "end a connection after so much silence\n(default 600)" },
	{ "memory", 0, "SIZE", GROUP_INPUT, ROW_CALL, 0, take_memory, "limit on memory for open connections\n(default 512M)" },

	{ "output", 'o', "FILE", GROUP_OUTPUT, ROW_WRITE, IN(output_file), NULL, "write to FILE (default standard output)" },
	{ "events", 'e', "LIST", GROUP_OUTPUT, ROW_CALL, 0, take_events,
	  "records to write: all, or names, or +NAME and -NAME\nto change the default, which is alert, smtp,\nfileinfo, smtp_auth, tls, flow, stats; there are\nalso smtp_command, smtp_response, smtp_content" },
	{ "format", 0, "FORMAT", GROUP_OUTPUT, ROW_CALL, 0, take_format,
	  "json (the records; the default), text (sessions\nwith their commands) or mails (one line each)" },
	{ "text", 't', NULL, GROUP_OUTPUT, ROW_CALL, 0, take_text, "the same as --format=text" },
	{ "report", 0, "FILE", GROUP_OUTPUT, ROW_WRITE, IN(report), NULL,
	  "also write a report on everything: one HTML page" },
	{ "check", 0, "DIR", GROUP_OUTPUT, ROW_FOLDER, IN(check_dir), NULL,
	  "write how the records differ from those expected in\nDIR; then the exit status is 1" },
	{ "update", 0, "[subset]", GROUP_OUTPUT, ROW_CALL, 0, take_update,
	  "with --check: write the expected records (subset:\nonly what matters of mails and alerts)" },
	{ "differences", 0, "N", GROUP_OUTPUT, ROW_CALL, IN(differences), take_number,
	  "with --check: write at most N (default 20; 0: all)" },
	{ "flow", 0, "ID", GROUP_OUTPUT, ROW_STRING, IN(pick_flow), NULL,
	  "only the session with this flow_id or community_id" },
	{ "color", 0, "WHEN", GROUP_OUTPUT, ROW_CALL, 0, take_color, "colour in text: auto (the default), always or never" },
	{ "body-limit", 0, "SIZE", GROUP_OUTPUT, ROW_CALL, IN(mail.body_limit), take_text_limit,
	  "longest email.body (default 1M; 0: none)" },
	{ "html", 0, NULL, GROUP_OUTPUT, ROW_FLAG, IN(mail.html), NULL, "also write the HTML that email.body was made from" },
	{ "header", 0, "LIST", GROUP_OUTPUT, ROW_CALL, 0, take_headers, "header fields to write into email.headers" },
	{ "raw", 0, NULL, GROUP_OUTPUT, ROW_FLAG, IN(mail.raw), NULL, "also write the content of mails as it was sent" },
	{ "raw-limit", 0, "SIZE", GROUP_OUTPUT, ROW_CALL, IN(mail.raw_limit), take_text_limit, "longest smtp.raw (default 16M)" },
	{ "hash", 0, "LIST", GROUP_OUTPUT, ROW_CALL, 0, take_hash, "hashes of files: md5, sha1 besides sha256" },
	{ "extract", 0, "DIR", GROUP_OUTPUT, ROW_FOLDER, IN(mail.extract_dir), NULL,
	  "store each mail and each file there,\nunder its SHA-256" },
	{ "mbox", 0, "FILE", GROUP_OUTPUT, ROW_WRITE, IN(mbox), NULL, "append all mails to it (mboxrd)" },
	{ "ascii", 0, NULL, GROUP_OUTPUT, ROW_FLAG, IN(output.ascii), NULL, "escape everything beyond ASCII in records" },
	{ "show-secrets", 0, NULL, GROUP_OUTPUT, ROW_FLAG, IN(output.show_secrets), NULL, "also write passwords" },

	{ "severity", 's', "LEVEL", GROUP_ALERTS, ROW_CALL, IN(output.severity), take_severity,
	  "write only alerts of this severity or worse:\nhigh, medium or low" },
	{ "fail-on", 0, "LEVEL", GROUP_ALERTS, ROW_CALL, IN(fail_on), take_severity,
	  "exit with status 1 after an alert of this severity\nor worse" },
	{ "alert-limit", 0, "N", GROUP_ALERTS, ROW_CALL, IN(alert_limit), take_number,
	  "write an alert at most N times per session\n(default 10; 0: no limit)" },
	{ "disable", 0, "LIST", GROUP_ALERTS, ROW_CALL, 0, take_disable, "do not raise these alerts" },
	{ "threshold", 0, "ID=N[/SECONDS]", GROUP_ALERTS, ROW_CALL, 0, take_threshold, "the limit of an alert: a count and, for some alerts,\na time" },
	{ "local-domain", 0, "LIST", GROUP_ALERTS, ROW_CALL, 0, take_local_domain, "domains that the servers receive mail for, for the\nalert open_relay" },
	{ "illegal-commands", 0, "LIST", GROUP_ALERTS, ROW_CALL, 0, take_illegal_commands,
	  "verbs for illegal_command\n(default DEBUG,WIZ,KILL,SHOWQ,TURN)" },
	{ "rules", 0, "FILE", GROUP_ALERTS, ROW_READS, IN(rules_files.rules), NULL,
	  "rules in Lua, see smtpscan-rules(5); these three\noptions may be given several times" },
	{ "ioc", 0, "FILE", GROUP_ALERTS, ROW_READS, IN(rules_files.ioc), NULL,
	  "indicators, one per line: domains, addresses,\nnetworks, mail addresses, hashes, URLs" },
	{ "yara", 0, "FILE", GROUP_ALERTS, ROW_READS, IN(rules_files.yara), NULL,
	  "YARA rules, for the content of mails and for\ndecoded parts" },
	{ "strict", 0, NULL, GROUP_ALERTS, ROW_FLAG, IN(strict), NULL, "stop at the first violation in a session" },

	{ "jobs", 'j', "N", GROUP_WORK, ROW_CALL, 0, take_jobs, "worker processes (default: one per core)" },
	{ "shard", 0, "I/N", GROUP_WORK, ROW_CALL, 0, take_shard, "analyse the I-th of N parts of the connections" },
	{ "merge", 0, NULL, GROUP_WORK, ROW_FLAG, IN(merge), NULL,
	  "merge the outputs of all shards; they are given\ninstead of captures" },
	{ "resume", 0, "DIR", GROUP_WORK, ROW_FOLDER, IN(resume_dir), NULL,
	  "an output file for each capture in DIR; captures\nwhose output is complete are skipped" },
	{ "progress", 0, "[json]", GROUP_WORK, ROW_CALL, 0, take_progress,
	  "show the progress on standard error\n(default: on a terminal)" },
	{ "no-sandbox", 0, NULL, GROUP_WORK, ROW_FLAG, IN(no_sandbox), NULL,
	  "do not sandbox the processes that read captures" },
	{ "quiet", 'q', NULL, GROUP_WORK, ROW_FLAG, IN(quiet), NULL, "no progress, no warnings" },
	{ "verbose", 'v', NULL, GROUP_WORK, ROW_FLAG, IN(verbose), NULL, "write a summary of each input" },

	{ "check-rules", 0, "FILE", GROUP_INFORMATION, ROW_CALL, 0, take_check_rules, "load a file of rules and list them" },
	{ "graph", 0, "[strict]", GROUP_INFORMATION, ROW_CALL, 0, take_graph, "the state machine as Graphviz DOT" },
	{ "list-alerts", 0, "[json]", GROUP_INFORMATION, ROW_CALL, 0, take_list_alerts, "every alert and its condition" },
	{ "schema", 0, NULL, GROUP_INFORMATION, ROW_CALL, 0, take_schema, "the JSON Schema of the output" },
	{ "completion", 0, "SHELL", GROUP_INFORMATION, ROW_CALL, 0, take_completion, "a completion script for bash or zsh" },
	{ "version", 'V', NULL, GROUP_INFORMATION, ROW_CALL, 0, take_version, "the version" },
	{ "help", 'h', NULL, GROUP_INFORMATION, ROW_CALL, 0, take_help, "this help" },
};
/* clang-format on */

#define ROW_COUNT (int)G_N_ELEMENTS(rows)
#define ROW_FIRST 256 /* getopt_long's value for the first row: greater than every letter */

static enum taken take_completion(struct options *options, const struct option_row *row, const char *value)
{
	return completion_print(value, rows, ROW_COUNT) ? TAKEN_DONE : option_bad(row, value, "bash or zsh");
}

static const char *const group_titles[GROUP_COUNT] = {
	[GROUP_INPUT] = "Input",
	[GROUP_OUTPUT] = "Output",
	[GROUP_ALERTS] = "Alerts",
	[GROUP_WORK] = "Processing",
	[GROUP_INFORMATION] = "Print and exit",
};

/* print_row - prints " -o, --output FILE help", with further lines of the help below. */
static void print_row(const struct option_row *row)
{
	char head[80];
	int size = g_snprintf(head, sizeof head, "  %c%c%c --%s", row->letter ? '-' : ' ',
		row->letter ? row->letter : ' ', row->letter ? ',' : ' ', row->name);
	if (is_optional(row))
		g_snprintf(head + size, sizeof head - (size_t)size, "[=%s", row->argument + 1);
	else if (row->argument)
		g_snprintf(head + size, sizeof head - (size_t)size, " %s", row->argument);
	gchar **lines = g_strsplit(row->help, "\n", 0);
	if (strlen(head) >= HELP_COLUMN)
		printf("%s\n%*s%s\n", head, HELP_COLUMN, "", lines[0]);
	else
		printf("%-*s%s\n", HELP_COLUMN, head, lines[0]);
	for (gchar **line = lines + 1; *line; line++)
		printf("%*s%s\n", HELP_COLUMN, "", *line);
	g_strfreev(lines);
}

static void print_help(void)
{
	puts("Usage: smtpscan [OPTION...] CAPTURE...\n"
	     "Analyses the SMTP sessions in packet captures, and writes what it found as JSON\n"
	     "Lines. A CAPTURE is a pcap or pcapng file (also gzip, xz, zstd, bzip2, lz4), a\n"
	     "folder of them, or - for standard input.");
	for (int group = 0; group < GROUP_COUNT; group++) {
		printf("\n%s:\n", group_titles[group]);
		for (int i = 0; i < ROW_COUNT; i++)
			if (rows[i].group == (enum option_group)group)
				print_row(&rows[i]);
	}
	puts("\nA SIZE may end in K, M or G; the items of a LIST are separated by commas.\n"
	     "Exit status: 0 all was read, 1 --fail-on, 2 usage, 3 a capture could not be\n"
	     "read, 4 output failed, 5 a capture ends in the middle of a packet.\n"
	     "More is in smtpscan(1).");
}

/* ---- parsing ---- */

/* add_text - appends to a NULL-terminated list. */
static void add_text(char ***list, const char *text)
{
	size_t count = *list ? g_strv_length(*list) : 0;
	*list = g_renew(char *, *list, count + 2);
	(*list)[count] = g_strdup(text);
	(*list)[count + 1] = NULL;
}

/* take_bracketed - an optional argument: the word in brackets, or nothing. */
static enum taken take_bracketed(struct options *options, const struct option_row *row, const char *value)
{
	char *word = g_strndup(row->argument + 1, strlen(row->argument) - strlen("[]"));
	const bool good = !value || strcmp(value, word) == 0;
	const enum taken taken = good ? row->take(options, row, value) : option_bad(row, value, word);
	g_free(word);
	return taken;
}

static enum taken take_option(struct options *options, const struct option_row *row, const char *value)
{
	char *where = (char *)options + row->where;
	switch (row->kind) {
	case ROW_FLAG:
	case ROW_UNFLAG:
		*(bool *)(void *)where = row->kind == ROW_FLAG;
		return TAKEN;
	case ROW_READ:
	case ROW_WRITE:
	case ROW_FOLDER:
		option_names_file(options, row, row->kind, value);
		/* fall through */
	case ROW_STRING:
		if (*value == '\0')
			return option_bad(row, value, row->argument);
		g_free(*(char **)(void *)where);
		*(char **)(void *)where = g_strdup(value);
		return TAKEN;
	case ROW_READS:
		if (*value == '\0')
			return option_bad(row, value, row->argument);
		option_names_file(options, row, ROW_READ, value);
		add_text((char ***)(void *)where, value);
		return TAKEN;
	case ROW_CALL:
		return is_optional(row) ? take_bracketed(options, row, value) : row->take(options, row, value);
	}
	g_assert_not_reached();
}

/* row_of - the row for a value of getopt_long. */
static const struct option_row *row_of(int value)
{
	if (value >= ROW_FIRST)
		return &rows[value - ROW_FIRST];
	int i = 0;
	while (rows[i].letter != value)
		i++;
	return &rows[i];
}

/* report_wrong_option - reports what getopt found wrong; say() escapes the words for the terminal. */
static void report_wrong_option(int value, const char *argument)
{
	if (value == ':')
		say("%s needs a value", argument);
	else if (optopt >= ROW_FIRST)
		say("--%s takes no value", row_of(optopt)->name);
	else if (optopt != 0)
		say("unknown option -%c", optopt);
	else
		say("unknown or ambiguous option %s", argument);
}

/* next_row - getopt_long over the table. Returns NULL at the end, and after an error: then *error is set, and there was
 * a message. */
static const struct option_row *next_row(int argc, char **argv, bool *error)
{
	struct option list[ROW_COUNT + 1];
	char letters[ROW_COUNT * 2 + 2], *to = letters;
	*to++ = ':'; /* getopt_long returns ':' when a value is missing */
	for (int i = 0; i < ROW_COUNT; i++) {
		int argument = !rows[i].argument       ? no_argument
			       : is_optional(&rows[i]) ? optional_argument
						       : required_argument;
		list[i] = (struct option){ rows[i].name, argument, NULL, ROW_FIRST + i };
		if (rows[i].letter) {
			*to++ = rows[i].letter;
			if (rows[i].argument)
				*to++ = ':';
		}
	}
	list[ROW_COUNT] = (struct option){ 0 };
	*to = '\0';
	opterr = 0;
	int value = getopt_long(argc, argv, letters, list, NULL);
	*error = value == '?' || value == ':';
	if (*error)
		report_wrong_option(value, argv[optind - 1]);
	return value == -1 || *error ? NULL : row_of(value);
}

static void defaults(struct options *options)
{
	*options = (struct options){
		.files = g_array_new(FALSE, FALSE, sizeof(struct named_file)),
		.given = g_ptr_array_new_with_free_func(g_free),
		.alert_limit = ALERT_LIMIT_DEFAULT,
		.differences = DIFFERENCES_DEFAULT,
		.embedded_keys = true,
		.flow = { .detect = true },
		.mail = { .body_limit = BODY_LIMIT_DEFAULT, .raw_limit = RAW_LIMIT_DEFAULT, .hashes = HASH_SHA256 },
		.output = { .records = RECORDS_DEFAULT },
	};
}

/* records_of_view - the records that a view needs, unless --events chose them. */
static unsigned records_of_view(const struct options *options)
{
	const unsigned least = RECORD_BIT(SMTP) | RECORD_BIT(FLOW) | RECORD_BIT(STATS);
	if (options->events_given)
		return least;
	return options->format == VIEW_TEXT ? least | RECORD_BIT(COMMAND) | RECORD_BIT(RESPONSE) : least;
}

/* set_dependent - sets what depends on several options. */
static void set_dependent(struct options *options)
{
	options->mail.body = options->mail.body_limit > 0;
	options->mail.urls = true;
	if (options->output_file && strcmp(options->output_file, "-") == 0)
		g_clear_pointer(&options->output_file, g_free);
	if (options->shards > 1) {
		options->flow.share = options->shard - 1;
		options->flow.shares = options->shards;
		options->output.shard = options->shard;
		options->output.shards = options->shards;
	}
	if (options->resume_dir || options->check_dir)
		options->output.records |= RECORD_BIT(STATS); /* it tells whether an output is complete */
	if (options->format != VIEW_JSON)
		options->output.records |= records_of_view(options);
	options->written = options->output.records;
	if (options->report)
		options->output.records |= RECORDS_DEFAULT | RECORD_BIT(COMMAND) | RECORD_BIT(RESPONSE);
}

/* note - remembers that an option was given, and its value. */
static void note(struct options *options, const struct option_row *row, const char *value)
{
	g_ptr_array_add(options->given, value ? g_strdup_printf("%s=%s", row->name, value) : g_strdup(row->name));
}

/* command_line - the words of the command line, quoted for a shell where needed. Free with g_free. */
static char *command_line(char **words)
{
	GString *line = g_string_new("smtpscan");
	for (char **word = words + 1; *word; word++) {
		const bool plain = **word && !(*word)[strspn(*word, PLAIN_CHARACTERS)];
		char *quoted = plain ? g_strdup(*word) : g_shell_quote(*word);
		g_string_append_printf(line, " %s", quoted);
		g_free(quoted);
	}
	return g_string_free(line, FALSE);
}

enum options_result options_parse(int argc, char **argv, struct options *options)
{
	const struct option_row *row;
	bool error;
	defaults(options);
	options->command = command_line(argv); /* before getopt reorders argv */
	optind = 0;                            /* getopt starts over, for tests */
	while ((row = next_row(argc, argv, &error))) {
		enum taken taken = take_option(options, row, optarg);
		note(options, row, optarg);
		if (taken == TAKEN_DONE)
			return OPTIONS_DONE;
		if (taken == TAKEN_BAD)
			return OPTIONS_ERROR;
	}
	options->captures = g_strdupv(argv + optind);
	set_dependent(options);
	char *wrong = error ? NULL : options_wrong(options);
	if (wrong)
		say("%s", wrong);
	const bool bad = wrong || error;
	if (bad)
		say("Try 'smtpscan --help'.");
	g_free(wrong);
	return bad ? OPTIONS_ERROR : OPTIONS_RUN;
}

void options_free(struct options *options)
{
	for (guint i = 0; options->files && i < options->files->len; i++)
		g_free(g_array_index(options->files, struct named_file, i).path);
	if (options->files)
		g_array_free(options->files, TRUE);
	if (options->given)
		g_ptr_array_free(options->given, TRUE);
	g_strfreev(options->captures);
	g_free(options->output_file);
	g_free(options->bpf);
	if (options->selection.networks)
		g_array_free(options->selection.networks, TRUE);
	g_free(options->resume_dir);
	g_free(options->mbox);
	tls_keys_free(options->tls_keys);
	g_free(options->pick_flow);
	g_strfreev(options->rules_files.rules);
	g_strfreev(options->rules_files.ioc);
	g_strfreev(options->rules_files.yara);
	g_free(options->report);
	g_free(options->check_dir);
	g_free(options->command);
	g_free((void *)options->flow.ports);
	g_free((void *)options->mail.extract_dir);
	if (options->detectors.local_domains)
		g_ptr_array_free(options->detectors.local_domains, TRUE);
	if (options->detectors.illegal_commands)
		g_ptr_array_free(options->detectors.illegal_commands, TRUE);
	if (options->output.headers)
		g_ptr_array_free(options->output.headers, TRUE);
	*options = (struct options){ 0 };
}
