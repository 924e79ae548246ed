/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * rar5.h - the names in a RAR 5 archive, without unpacking anything.
 */
#ifndef SMTPSCAN_MAIL_RAR5_H
#define SMTPSCAN_MAIL_RAR5_H

#include "types.h"

/* An entry: its name as it stands (UTF-8), its size (UINT64_MAX: not known). name NULL: the list itself is encrypted.
 */
typedef void (*rar5_entry)(void *context, const char *name, uint64_t size, bool encrypted);
/* rar5_list - returns false when the archive does not go on to its end. */
bool rar5_list(struct span archive, rar5_entry entry, void *context);

#endif
