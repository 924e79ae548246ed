/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * private.h - a row of the table of options (options.c), and the functions that rows name (values.c).
 */
#ifndef SMTPSCAN_OPTIONS_PRIVATE_H
#define SMTPSCAN_OPTIONS_PRIVATE_H

#include "options.h"

enum option_group { GROUP_INPUT, GROUP_OUTPUT, GROUP_ALERTS, GROUP_WORK, GROUP_INFORMATION, GROUP_COUNT };

/* What to do with the value: set or clear a flag, keep a string, or call `take`. Own kinds: the name of a file that is
 * read (ROW_READS: several), of a file that is written, and of a folder in which files are written. */
enum option_kind { ROW_FLAG, ROW_UNFLAG, ROW_STRING, ROW_READ, ROW_READS, ROW_WRITE, ROW_FOLDER, ROW_CALL };

/* A value was taken; or it was wrong, and there was a message; or the option printed its answer, and the program
 * ends. */
enum taken { TAKEN, TAKEN_BAD, TAKEN_DONE };

struct option_row {
	const char *name;
	char letter;          /* 0: none */
	const char *argument; /* NULL: none; in brackets: the only word it takes, or none: then `take` gets NULL */
	enum option_group group;
	enum option_kind kind;
	size_t where; /* offset of the member in struct options, where the kind or `take` uses one */
	enum taken (*take)(struct options *options, const struct option_row *row, const char *value);
	const char *help; /* lines separated by line feeds */
};

/* option_bad - writes a message that value is not what is wanted. Returns TAKEN_BAD. */
enum taken option_bad(const struct option_row *row, const char *value, const char *wanted);

/* option_names_file - remembers the name of a file, so that an output can't overwrite an input. Rows with `take` call
 * it themselves, with the kind that fits. "-" is standard input or output, and no file. */
void option_names_file(struct options *options, const struct option_row *row, enum option_kind kind, const char *value);

/* is_optional - may the option stand without its argument? */
static inline bool is_optional(const struct option_row *row)
{
	return row->argument && row->argument[0] == '[';
}

/* completion_print - prints a completion script for "bash" or "zsh". Returns false for another shell. */
bool completion_print(const char *shell, const struct option_row *rows, int count);

/* options_wrong - a sentence about options that make no sense together; NULL: none. Free with g_free. */
char *options_wrong(const struct options *options);

enum taken take_severity(struct options *options, const struct option_row *row, const char *value);
enum taken take_text_limit(struct options *options, const struct option_row *row, const char *value);
enum taken take_memory(struct options *options, const struct option_row *row, const char *value);
enum taken take_idle_timeout(struct options *options, const struct option_row *row, const char *value);
enum taken take_host(struct options *options, const struct option_row *row, const char *value);
enum taken take_time(struct options *options, const struct option_row *row, const char *value);
enum taken take_number(struct options *options, const struct option_row *row, const char *value);
enum taken take_jobs(struct options *options, const struct option_row *row, const char *value);
enum taken take_shard(struct options *options, const struct option_row *row, const char *value);
enum taken take_events(struct options *options, const struct option_row *row, const char *value);
enum taken take_format(struct options *options, const struct option_row *row, const char *value);
enum taken take_text(struct options *options, const struct option_row *row, const char *value);
enum taken take_color(struct options *options, const struct option_row *row, const char *value);
enum taken take_update(struct options *options, const struct option_row *row, const char *value);
enum taken take_hash(struct options *options, const struct option_row *row, const char *value);
enum taken take_ports(struct options *options, const struct option_row *row, const char *value);
enum taken take_disable(struct options *options, const struct option_row *row, const char *value);
enum taken take_threshold(struct options *options, const struct option_row *row, const char *value);
enum taken take_local_domain(struct options *options, const struct option_row *row, const char *value);
enum taken take_illegal_commands(struct options *options, const struct option_row *row, const char *value);
enum taken take_tls_keys(struct options *options, const struct option_row *row, const char *value);
enum taken take_headers(struct options *options, const struct option_row *row, const char *value);
enum taken take_progress(struct options *options, const struct option_row *row, const char *value);
enum taken take_check_rules(struct options *options, const struct option_row *row, const char *value);
enum taken take_graph(struct options *options, const struct option_row *row, const char *value);
enum taken take_list_alerts(struct options *options, const struct option_row *row, const char *value);
enum taken take_schema(struct options *options, const struct option_row *row, const char *value);
enum taken take_version(struct options *options, const struct option_row *row, const char *value);

#endif
