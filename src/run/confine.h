/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * confine.h - what each process of a run may do (sandbox.h says how). All code that parses captures, records or outputs
 * runs in a sandbox.
 */
#ifndef SMTPSCAN_RUN_CONFINE_H
#define SMTPSCAN_RUN_CONFINE_H

#include "options.h"
#include "sandbox.h"

/* confine_begin - once, before anything is read: hardens this process, and reports which parts of the sandbox are
 * missing or, with --verbose, which are in force. */
void confine_begin(const struct options *options);
/* confine_temp - makes the folder for the workers' temporary files; NULL on failure: workers then make none.
 */
char *confine_temp(void);
/* confine_worker - permanently: this process reads captures (char*). temp: from confine_temp. Closes all descriptors
 * but 0, 2 and these two, which get new numbers. */
void confine_worker(
	const struct options *options, const GPtrArray *captures, const char *temp, int *data, int *control);
/* confine_viewer - permanently: this process reads records from a pipe, files named in options, and captures (char*),
 * for their hashes. */
void confine_viewer(const struct options *options, const GPtrArray *captures);
/* confine_reader - permanently: this process reads files (char*), and writes to open descriptors. */
void confine_reader(const struct options *options, const GPtrArray *files);
/* confine_ask - sandbox_ask for work that reads these files and folders. */
bool confine_ask(
	const struct options *options, const GPtrArray *files, sandbox_work work, void *context, GByteArray *answer);

#endif
