/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * main.c - parses the options, starts the run, returns the exit status.
 */
#include <stdio.h>

#include "capture.h"
#include "hash.h"
#include "run.h"
#include "text.h"

/* is_usable - checks the BPF filter before anything is read. */
static bool is_usable(const struct options *options)
{
	char *trouble = options->bpf ? capture_filter_error(options->bpf) : NULL;
	if (!trouble)
		return true;
	say("--filter: '%s': %s", options->bpf, trouble);
	say("Try 'smtpscan --help'.");
	g_free(trouble);
	return false;
}

/* merge_outputs - --merge: the arguments are outputs. */
static enum exit_status merge_outputs(const struct options *options)
{
	GPtrArray *inputs = g_ptr_array_new();
	for (char **path = options->captures; *path; path++)
		g_ptr_array_add(inputs, *path);
	const bool safe = outputs_are_safe(options, inputs);
	g_ptr_array_free(inputs, TRUE);
	return safe ? shards_merge(options) : EXIT_USAGE;
}

static void tell_empty(const char *path)
{
	say("warning: --ioc: %s: it has no indicator", path);
}

/* load_rules - loads rules before anything is read and workers enter the sandbox. */
static bool load_rules(struct options *options)
{
	GError *error = NULL;
	options->rules_files.show_secrets = options->output.show_secrets;
	options->rules = rules_new(&options->rules_files, &error);
	rules_empty_lists(options->rules, tell_empty);
	options->mail.hashes |= rules_hashes(options->rules);
	if (!error)
		return true;
	say("%s", error->message);
	g_error_free(error);
	return false;
}

/* analyse_captures - analyses the captures that the arguments name. */
static enum exit_status analyse_captures(const struct options *options)
{
	GPtrArray *captures = g_ptr_array_new_with_free_func(g_free);
	struct run_outcome outcome = { 0 };
	if (!run_captures(options, captures))
		outcome_status(&outcome, EXIT_INPUT);
	outcome_status(&outcome, outputs_are_safe(options, captures) ? jobs_run(options, captures) : EXIT_USAGE);
	g_ptr_array_free(captures, TRUE);
	return outcome.status;
}

/* was_written - was everything that an option printed written? An earlier flush may have failed, too. */
static bool was_written(void)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return true;
	say("standard output: can't be written");
	return false;
}

int main(int argc, char **argv)
{
	struct options options;
	hash_seed(); /* before there are processes, and a sandbox */
	enum options_result result = options_parse(argc, argv, &options);
	enum exit_status status = result == OPTIONS_ERROR ? EXIT_USAGE : EXIT_OK;
	if (result == OPTIONS_RUN && !(is_usable(&options) && load_rules(&options)))
		status = EXIT_USAGE;
	else if (result == OPTIONS_RUN)
		status = options.merge ? merge_outputs(&options) : analyse_captures(&options);
	else if (result == OPTIONS_DONE && !was_written())
		status = EXIT_OUTPUT;
	rules_free(options.rules);
	options_free(&options);
	return status;
}
