/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * options.h - the command line, parsed: what the user asked for, in the words of each stage.
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

/* What a file or folder that an option names is for. */
enum file_role { FILE_READ, FILE_WRITTEN, FOLDER_WRITTEN };

struct named_file {
	const char *option; /* without its dashes */
	enum file_role role;
	char *path;
};

struct options {
	char **captures;
	GPtrArray *given;  /* char*: "NAME" or "NAME=VALUE", in the order of the command line */
	GArray *files;     /* struct named_file: those that options name */
	char *output_file; /* NULL: standard output */
	char *bpf;
	struct selection selection; /* --host, --after, --before */
	bool no_sandbox;
	bool checksums, strict, continuous, keep_order, quiet, verbose;
	enum progress progress;
	unsigned jobs; /* 0: number of cores */
	unsigned shard, shards;
	bool merge;       /* --merge: the captures are outputs of shards */
	char *resume_dir; /* --resume: a folder with an output file for each capture; NULL */
	char *mbox;
	struct tls_keys *tls_keys; /* of all key logs; NULL: none */
	bool embedded_keys;        /* secrets in captures are used, too */
	enum view_format format;   /* what is made of the records */
	enum colour colour;
	char *check_dir; /* --check: a folder of expected records; NULL */
	enum view_update update;
	unsigned differences; /* that are said; 0: all */
	char *report;         /* --report: a page about everything; NULL */
	unsigned written;  /* of output.records, which has those that the report needs, too: those that are written */
	char *command;     /* how the program was called, for people */
	char *pick_flow;   /* --flow: only records of this session; NULL */
	bool events_given; /* --events was: the records are just those */
	enum severity fail_on; /* 0: never */
	unsigned alert_limit;  /* alerts of an id written per session; 0: no limit */
	bool disabled[ALERT_COUNT];
	struct rules_options rules_files; /* --rules, --ioc, --yara */
	struct rules *rules;              /* ... loaded, by whoever runs the analysis; NULL: none */
	struct flow_options flow;
	struct mail_options mail;
	struct detector_options detectors;
	struct output_options output;
};

enum options_result { OPTIONS_RUN, OPTIONS_DONE /* --help and its kind: printed, exit 0 */, OPTIONS_ERROR };

/* options_parse - argv becomes *options. OPTIONS_ERROR: a sentence is on standard error. Free with options_free. */
enum options_result options_parse(int argc, char **argv, struct options *options);
void options_free(struct options *options);

#endif
