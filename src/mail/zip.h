/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * zip.h - what the directory of a zip archive does not tell. Programs differ in whether they go by the directory at the
 * end or by the headers before the files, so one may show what the other does not.
 */
#ifndef SMTPSCAN_MAIL_ZIP_H
#define SMTPSCAN_MAIL_ZIP_H

#include <glib.h>

#include "types.h"

struct zip_finder {
	/* name - an entry's name in the directory, when its own header has another one; size: unpacked. */
	void (*name)(void *context, const char *name, uint64_t size, bool encrypted);
	/* hidden - octets that begin with the header of a file that is not in the directory. */
	void (*hidden)(void *context, struct span octets);
	void *context;
};
/* zip_check - calls the finder for all of these. Nothing when the archive has no directory. */
void zip_check(struct span zip, const struct zip_finder *finder);

#endif
