/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * kept.h - keeps the octets of a part that can only be read as a whole (archives): in memory, beyond KEPT_MEMORY_MAX in
 * an unlinked temporary file.
 *
 * All parts together use at most KEPT_MEMORY_TOTAL of memory and KEPT_FILES_MAX open files. When there is no room,
 * octets are not kept, and kept_whole returns false.
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

/* kept_new - directory: for the temporary file, borrowed; NULL: GLib's default. */
struct kept *kept_new(const char *directory);
void kept_add(struct kept *kept, struct span data);
/* kept_span - all octets, valid until the next call; empty when they can't be read. */
struct span kept_span(struct kept *kept);
size_t kept_size(const struct kept *kept);
bool kept_whole(const struct kept *kept);
size_t kept_memory(const struct kept *kept);
void kept_free(struct kept *kept);

#endif
