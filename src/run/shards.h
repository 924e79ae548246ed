/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * shards.h - --merge: the outputs of all shards of a capture become the output of the whole.
 */
#ifndef SMTPSCAN_RUN_SHARDS_H
#define SMTPSCAN_RUN_SHARDS_H

#include "options.h"

/* shards_merge - options->captures are the outputs. Returns an exit status; what is wrong is said. */
int shards_merge(const struct options *options);

#endif
