/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * kept.h - keeps octets that are needed as a whole: the content of a mail (--mbox, --raw), or an archive to be listed.
 * They are in memory first, then in a temporary file without a name.
 *
 * When there is no room, octets and all that follow are dropped; kept_whole and kept_failed tell that.
 */
#ifndef SMTPSCAN_MAIL_KEPT_H
#define SMTPSCAN_MAIL_KEPT_H

#include <stdbool.h>
#include <sys/types.h>

#include "types.h"

/* Limits shared by several stores, and what they use now (0 at first). */
struct kept_budget {
	size_t memory_each, memory_total; /* octets; each store may also use KEPT_BUFFER octets */
	unsigned files;                   /* open at a time */
	size_t memory_used;
	unsigned files_used;
};

#define KEPT_BUFFER (16 * 1024) /* octets that wait to be written to the file */

struct kept;

/* kept_new - keeps at most limit octets. directory: for the file, borrowed; NULL: GLib's default. */
struct kept *kept_new(struct kept_budget *budget, uint64_t limit, const char *directory);
void kept_add(struct kept *kept, struct span data);
/* kept_read - reads up to size octets at offset into buffer. Returns the number read, 0 at the end, -1 with errno set.
 */
ssize_t kept_read(const struct kept *kept, uint64_t offset, void *buffer, size_t size);
/* kept_span - all octets, valid until the next call; empty when they can't be read. */
struct span kept_span(struct kept *kept);
uint64_t kept_size(const struct kept *kept);
/* kept_whole - was everything that was added kept? */
bool kept_whole(const struct kept *kept);
/* kept_failed - the error (errno) for which octets within the limit were dropped; 0: none. */
int kept_failed(const struct kept *kept);
size_t kept_memory(const struct kept *kept);
void kept_free(struct kept *kept);

#endif
