/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * confine.h - which process of a run is left what (sandbox.h says how). Everything that takes captures, records or
 * outputs of others apart does it inside.
 */
#ifndef SMTPSCAN_RUN_CONFINE_H
#define SMTPSCAN_RUN_CONFINE_H

#include "options.h"
#include "sandbox.h"

/* confine_begin - once, before anything is read: hardens this process, and says what is missing of the sandbox, or with
 * --verbose what there is of it. */
void confine_begin(const struct options *options);
/* confine_temp - makes the folder in which workers make temporary files; NULL when that can't be: then there are none.
 */
char *confine_temp(void);
/* confine_worker - for good: this process reads captures (char*). temp: of confine_temp. Descriptors other than 0, 2
 * and those two are closed; the two get new numbers. */
void confine_worker(
	const struct options *options, const GPtrArray *captures, const char *temp, int *data, int *control);
/* confine_viewer - for good: this process reads records from a pipe, and what is named in options; captures (char*) it
 * only reads from end to end. */
void confine_viewer(const struct options *options, const GPtrArray *captures);
/* confine_reader - for good: this process reads files (char*), and writes what is open. */
void confine_reader(const struct options *options, const GPtrArray *files);
/* confine_ask - sandbox_ask for work that reads these files and folders. */
bool confine_ask(
	const struct options *options, const GPtrArray *files, sandbox_work work, void *context, GByteArray *answer);

#endif
