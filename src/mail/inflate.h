/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * inflate.h - unpacks octets in the ZLIB format (RFC 1950) as they come.
 */
#ifndef SMTPSCAN_MAIL_INFLATE_H
#define SMTPSCAN_MAIL_INFLATE_H

#include "mime.h"

#define INFLATE_MEMORY (48 * 1024) /* about what it keeps */

struct inflate;

/* inflate_new - sink gets the unpacked octets. budget: octets that may still be unpacked; borrowed. */
struct inflate *inflate_new(uint64_t *budget, mime_sink sink, void *context);
/* inflate_feed - the next octets. What is behind the end is ignored. */
void inflate_feed(struct inflate *inflate, struct span in);
/* inflate_free - returns what is wrong: that they are damaged, end too early or exceed the budget; NULL: nothing. */
const char *inflate_free(struct inflate *inflate);

#endif
