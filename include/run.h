/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * run.h - divides the work among worker processes and merges their records in order.
 *
 * Each input (a capture, or a recording with --continuous) is analysed by one worker process or, when it is a large
 * part of the whole work, by several that each read all of it and take their share of the connections. The parent
 * process reads no packet: it merges, writes the output and the mbox, shows the progress, and handles signals. When a
 * worker dies, its share of one input is lost: the stats record says so, and the run continues.
 *
 * The output does not depend on the number of workers, as long as no memory limit is reached.
 */
#ifndef SMTPSCAN_RUN_H
#define SMTPSCAN_RUN_H

#include "options.h"

/* outputs_are_safe - checks that no output is also an input, another output, or a capture. Call it before anything is
 * opened for writing. inputs (char*): captures, or outputs to merge. Returns false, with a message on standard
 * error. */
bool outputs_are_safe(const struct options *options, const GPtrArray *inputs);
/* jobs_run - analyses the captures (char*) and returns an exit status. Problems are reported on standard error. */
enum exit_status jobs_run(const struct options *options, const GPtrArray *captures);

/* run_captures - finds the captures that the arguments mean, as capture_list does; in a sandboxed process when there
 * are folders. Returns false, with a message on standard error, when something could not be read. Call it before any
 * other function of this stage: it sandboxes the parent process, too. */
bool run_captures(const struct options *options, GPtrArray *captures);
/* shards_merge - --merge: options->captures are the outputs of all shards of a capture; they are merged into the output
 * of the whole. Returns an exit status; problems are reported on standard error. */
enum exit_status shards_merge(const struct options *options);

#endif
