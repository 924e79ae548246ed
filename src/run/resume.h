/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * resume.h - --resume DIR: an output file for each capture, which exists when it is finished. Private to this stage.
 *
 * The file is NAME-HASH.jsonl, or NAME-HASH.I-of-N.jsonl for a shard: NAME is the last part of the capture's path, HASH
 * the first 16 hex digits of the SHA-256 of its real path. It has a hidden name (hidden.h) until
 * its stats record is written. DIR also holds the options of its first run. An output is complete when its stats record
 * says so, and current when it is not older than the capture.
 */
#ifndef SMTPSCAN_RUN_RESUME_H
#define SMTPSCAN_RUN_RESUME_H

#include "options.h"

/* resume_folder - before anything is written to DIR: removes what killed runs left, and warns when finished outputs
 * were made with other options. Several runs may share the folder. */
void resume_folder(const struct options *options);
/* resume_path - the output file of a capture; free with g_free. */
char *resume_path(const struct options *options, const char *capture);
/* resume_done - is the output complete and current? Then sets *worst to the worst severity of its alerts, 0 for none.
 */
bool resume_done(const char *path, const char *capture, enum severity *worst);

#endif
