/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * calls.h - the system calls that a process in the sandbox can make (seccomp).
 */
#ifndef SMTPSCAN_RUN_CALLS_H
#define SMTPSCAN_RUN_CALLS_H

#include <stdbool.h>

/* calls_there - do build and kernel have it? */
bool calls_there(void);
/* calls_restrict - from now on, for this process and for good. Returns false when that could not be. */
bool calls_restrict(void);

#endif
