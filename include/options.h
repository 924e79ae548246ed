/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * options.h - the parsed command line: the options of every stage.
 */
#ifndef SMTPSCAN_OPTIONS_H
#define SMTPSCAN_OPTIONS_H

#include <glib.h>

#include "detectors.h"
#include "flow.h"
#include "mail.h"
#include "outcome.h"
#include "record.h"
#include "rules.h"
#include "tls.h"
#include "view.h"

enum progress { PROGRESS_AUTO, PROGRESS_ALWAYS, PROGRESS_JSON };

enum colour { COLOUR_AUTO, COLOUR_ALWAYS, COLOUR_NEVER };

/* The use of a file or folder that an option names. */
enum file_role { FILE_READ, FILE_WRITTEN, FOLDER_WRITTEN };

struct named_file {
	const char *option; /* without its dashes */
	enum file_role role;
	char *path;
};

struct options {
	char **captures;
	GPtrArray *given;  /* char*: "NAME" or "NAME=VALUE", in the order of the command line */
	GArray *files;     /* struct named_file: all files that options name */
	char *output_file; /* NULL: standard output */
	char *bpf;
	struct selection selection; /* --host, --after, --before */
	bool no_sandbox;
	bool checksums, strict, continuous, keep_order, quiet, verbose;
	enum progress progress;
	unsigned jobs; /* 0: the number of cores */
	unsigned shard, shards;
	bool merge;       /* --merge: the captures are outputs of shards */
	char *resume_dir; /* --resume: a folder with an output file for each capture; NULL */
	char *mbox;
	struct tls_keys *tls_keys; /* from all key logs; NULL: none */
	bool embedded_keys;        /* use secrets in captures, too */
	enum view_format format;   /* how the records are shown */
	enum colour colour;
	char *check_dir; /* --check: a folder of expected records; NULL */
	enum view_update update;
	unsigned differences;  /* that are said; 0: all */
	char *report;          /* --report: the HTML file; NULL */
	unsigned written;      /* the records to write; output.records has also those that only the report needs */
	char *command;         /* the command line, for the report */
	char *pick_flow;       /* --flow: only records of this session; NULL */
	bool events_given;     /* --events was given: write exactly these records */
	enum severity fail_on; /* 0: never */
	unsigned alert_limit;  /* alerts written per id and session; 0: no limit */
	bool disabled[ALERT_COUNT];
	struct rules_options rules_files; /* --rules, --ioc, --yara */
	struct rules *rules;              /* ... after they are loaded; NULL: none */
	struct flow_options flow;
	struct mail_options mail;
	struct detector_options detectors;
	struct output_options output;
};

enum options_result { OPTIONS_RUN, OPTIONS_DONE /* --help and similar: printed, exit 0 */, OPTIONS_ERROR };

/* options_parse - parses argv into *options. OPTIONS_ERROR: there was a message on standard error. Free with
 * options_free. */
enum options_result options_parse(int argc, char **argv, struct options *options);
void options_free(struct options *options);

/* option_is - is this element of `given` the option of that name? */
bool option_is(const char *given, const char *name);

#endif
