/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * rar5.h - lists the names in a RAR 5 archive without unpacking.
 */
#ifndef SMTPSCAN_MAIL_RAR5_H
#define SMTPSCAN_MAIL_RAR5_H

#include "types.h"

/* Called for each entry: name as stored (UTF-8), size (UINT64_MAX: not known). name NULL: the list itself is encrypted.
 */
typedef void (*rar5_entry)(void *context, const char *name, uint64_t size, bool encrypted);
/* rar5_list - returns false when the end of the archive is missing. */
bool rar5_list(struct span archive, rar5_entry entry, void *context);

#endif
