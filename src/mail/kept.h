/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * kept.h - octets that are kept as a whole: the content of a mail (--mbox, --raw), an archive to be looked into. They
 * are in memory at first, and in a temporary file without a name once there are too many.
 *
 * When there is no room, octets and all that follow are dropped; kept_whole and kept_failed tell that.
 */
#ifndef SMTPSCAN_MAIL_KEPT_H
#define SMTPSCAN_MAIL_KEPT_H

#include <stdbool.h>
#include <sys/types.h>

#include "types.h"

/* What may be used in all by those that share it, and what they use now (0 at first). */
struct kept_budget {
	size_t memory_each, memory_total; /* octets; each has a buffer of KEPT_BUFFER besides */
	unsigned files;                   /* open at a time */
	size_t memory_used;
	unsigned files_used;
};

#define KEPT_BUFFER (16 * 1024) /* octets that wait to be written to the file */

struct kept;

/* kept_new - at most limit octets are kept. directory: for the file, borrowed; NULL: as GLib says. */
struct kept *kept_new(struct kept_budget *budget, uint64_t limit, const char *directory);
void kept_add(struct kept *kept, struct span data);
/* kept_read - up to size octets at offset into buffer. Returns the number read, 0 at the end, -1 with errno set. */
ssize_t kept_read(const struct kept *kept, uint64_t offset, void *buffer, size_t size);
/* kept_span - all of it, until the next call; empty when it can't be read. */
struct span kept_span(struct kept *kept);
uint64_t kept_size(const struct kept *kept);
/* kept_whole - is there all that was added? */
bool kept_whole(const struct kept *kept);
/* kept_failed - was something dropped within the limit? The reason, an errno; 0: no. */
int kept_failed(const struct kept *kept);
size_t kept_memory(const struct kept *kept);
void kept_free(struct kept *kept);

#endif
