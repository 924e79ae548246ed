/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * expected.h - --check DIR: expected records, a file for each capture. Private to this stage.
 *
 * The file of a capture is DIR/NAME.jsonl, or DIR/NAME.subset.jsonl for partial records. NAME is the path of the
 * capture relative to the folder given as an argument; for a file given as an argument, the last part of its path.
 */
#ifndef SMTPSCAN_RUN_EXPECTED_H
#define SMTPSCAN_RUN_EXPECTED_H

#include "options.h"
#include "writer.h"

struct expected;

/* expected_new - the options are borrowed. */
struct expected *expected_new(const struct options *options);
/* expected_view - the view that compares; it writes its messages to the writer. */
struct view *expected_view(struct expected *expected, struct writer *writer);
/* expected_differences - the number of differences; valid when the view has ended. */
uint64_t expected_differences(const struct expected *expected);
/* expected_unused - with folders as arguments: reports expected files that have no capture. Call it before the view
 * ends. */
void expected_unused(struct expected *expected, struct writer *writer);
void expected_free(struct expected *expected);

#endif
