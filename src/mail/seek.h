/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * seek.h - finds where a delimiter line may begin in a body.
 */
#ifndef SMTPSCAN_MAIL_SEEK_H
#define SMTPSCAN_MAIL_SEEK_H

#include "types.h"

/* seek_init - once per process: chooses the fastest variant that the processor supports. */
void seek_init(void);
/* seek_delimiter - the offset of the first LF followed by "--"; size when there is none. */
size_t seek_delimiter(const uint8_t *data, size_t size);

/* The variants. All give the same result; a test compares them. */
typedef size_t seek_run(const uint8_t *data, size_t size);
seek_run seek_scalar, seek_vector, seek_avx2;

#endif
