/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * kept.h - octets of a part that have to be there as a whole to be looked into (archives): in memory, and beyond
 * KEPT_MEMORY_MAX in an unlinked temporary file.
 *
 * Of all parts together at most KEPT_MEMORY_TOTAL is in memory and KEPT_FILES_MAX files are open. What finds no room is
 * not kept: kept_whole says so.
 */
#ifndef SMTPSCAN_MAIL_KEPT_H
#define SMTPSCAN_MAIL_KEPT_H

#include <stdbool.h>

#include "types.h"

#define KEPT_MEMORY_MAX (128 * 1024)
#define KEPT_MEMORY_TOTAL (2 * 1024 * 1024)
#define KEPT_FILES_MAX 256
#define KEPT_MAX (64 * 1024 * 1024)

struct kept;

/* kept_new - directory: for the file, borrowed; NULL: as GLib says. */
struct kept *kept_new(const char *directory);
void kept_add(struct kept *kept, struct span data);
/* kept_span - all of it, until the next call; empty when it can't be read. */
struct span kept_span(struct kept *kept);
size_t kept_size(const struct kept *kept);
bool kept_whole(const struct kept *kept);
size_t kept_memory(const struct kept *kept);
void kept_free(struct kept *kept);

#endif
