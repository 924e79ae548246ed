/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * calls.h - restricts the system calls of a process in the sandbox (seccomp).
 */
#ifndef SMTPSCAN_RUN_CALLS_H
#define SMTPSCAN_RUN_CALLS_H

#include <stdbool.h>

/* calls_there - do the build and the kernel support it? */
bool calls_there(void);
/* calls_restrict - restricts this process permanently. Returns false on failure. */
bool calls_restrict(void);

#endif
