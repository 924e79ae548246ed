/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * expected.h - --check DIR: expected records, a file for each capture. Private to the jobs.
 *
 * The file of a capture is called DIR/NAME.jsonl, or DIR/NAME.subset.jsonl when its records are partial. NAME is the
 * path of the capture below the folder that was given as an argument, or the last part of that of a file.
 */
#ifndef SMTPSCAN_RUN_EXPECTED_H
#define SMTPSCAN_RUN_EXPECTED_H

#include "options.h"
#include "writer.h"

struct expected;

/* expected_new - the options are borrowed. */
struct expected *expected_new(const struct options *options);
/* expected_view - what compares; its words go to the writer. */
struct view *expected_view(struct expected *expected, struct writer *writer);
/* expected_differences - how many there were; to be asked when the view has ended. */
uint64_t expected_differences(const struct expected *expected);
/* expected_unused - with folders as arguments: says which expected records no capture has. Before the view ends. */
void expected_unused(struct expected *expected, struct writer *writer);
void expected_free(struct expected *expected);

#endif
