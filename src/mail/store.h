/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * store.h - keeps whole contents (--mbox, --raw): in memory, then in an unlinked file.
 */
#ifndef SMTPSCAN_MAIL_STORE_H
#define SMTPSCAN_MAIL_STORE_H

#include <sys/types.h>

#include "types.h"

struct store;

/* store_new - keeps up to limit octets and drops the rest. temp_dir: NULL, or a folder for the file. */
struct store *store_new(uint64_t limit, const char *temp_dir);
/* store_add - returns false when the octets could not be kept; sets *error the first time (free with g_free). */
bool store_add(struct store *store, struct span piece, char **error);
/* store_read - reads up to size octets at offset into buffer. Returns the number read, 0 at the end, -1 with errno set.
 */
ssize_t store_read(const struct store *store, uint64_t offset, void *buffer, size_t size);
uint64_t store_size(const struct store *store);
size_t store_memory(const struct store *store);
void store_free(struct store *store);

#endif
