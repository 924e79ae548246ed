/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * resume.h - --resume DIR: an output file for each capture, there when it is finished. Private to the jobs.
 *
 * The file is called NAME-HASH.jsonl, or NAME-HASH.I-of-N.jsonl for a shard: the last part of the capture's path, and
 * the first 16 hex digits of the SHA-256 of its real path. It is written under a hidden name and renamed when its stats
 * record is written, and locked meanwhile; the options of the first run in DIR are kept beside. It is complete when
 * that says so, and current when it is not older than the capture.
 */
#ifndef SMTPSCAN_RUN_RESUME_H
#define SMTPSCAN_RUN_RESUME_H

#include "options.h"

/* resume_folder - before anything is written to DIR: removes what killed runs left, and says, when finished outputs are
 * there, that they were made with other options. Several runs may share the folder. */
void resume_folder(const struct options *options);
/* resume_path - the output file of a capture; free with g_free. */
char *resume_path(const struct options *options, const char *capture);
/* resume_done - is it complete and current? Then *worst becomes the worst severity of its alerts, 0 for none. */
bool resume_done(const char *path, const char *capture, enum severity *worst);
/* resume_begin - makes the hidden file. Returns a descriptor and its name in *hidden (g_free), or -1, said. */
int resume_begin(const char *path, char **hidden);
/* resume_end - renames it. Returns false, said, when that does not work. */
bool resume_end(const char *hidden, const char *path);

#endif
