/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * run.h - the work is divided among processes, and what they find is put together in order.
 *
 * Each input (a capture, or a recording with --continuous) is analysed by one worker process, or, when it is a large
 * part of all that is to be read, by several that each read all of it and take their share of the connections. This
 * process reads no packet: it merges, writes, keeps the mbox and the progress, and answers signals. A worker that dies
 * takes down its share of one input: stats says so, and the work goes on.
 *
 * The output is the same for every number of workers, as long as no limit on memory is reached.
 */
#ifndef SMTPSCAN_RUN_H
#define SMTPSCAN_RUN_H

#include "options.h"

/* outputs_are_safe - is nothing that will be written one of the inputs, or another output, or a capture? Nothing is
 * opened for writing before this says so. INPUTS (char*): captures, or outputs to merge. Returns false, said. */
bool outputs_are_safe(const struct options *options, const GPtrArray *inputs);
/* jobs_run - analyses the captures (char*) and returns an exit status. What goes wrong is said. */
enum exit_status jobs_run(const struct options *options, const GPtrArray *captures);

/* run_captures - which captures the arguments mean, as capture_list says, in a process that is locked in. Returns
 * false, said, when something could not be looked at. First of all of this stage: it locks this process up, too. */
bool run_captures(const struct options *options, GPtrArray *captures);
/* shards_merge - --merge: options->captures are the outputs of all shards of a capture; they become the output of the
 * whole. Returns an exit status; what is wrong is said. */
enum exit_status shards_merge(const struct options *options);

#endif
