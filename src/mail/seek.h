/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * seek.h - where in the octets of a body may a delimiter line begin?
 */
#ifndef SMTPSCAN_MAIL_SEEK_H
#define SMTPSCAN_MAIL_SEEK_H

#include "types.h"

/* seek_init - once a process: chooses what the machine does best. */
void seek_init(void);
/* seek_delimiter - the place of the first LF with "--" behind it; size when there is none. */
size_t seek_delimiter(const uint8_t *data, size_t size);

/* What it is made of. All do the same; the test compares them. */
typedef size_t seek_run(const uint8_t *data, size_t size);
seek_run seek_scalar, seek_vector, seek_avx2;

#endif
