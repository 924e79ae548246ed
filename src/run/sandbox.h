/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * sandbox.h - what a process that reads strangers' octets gives up (libseccomp, an optional feature of the build).
 *
 * Programs, the network, other processes, and what only the administrator does. A call that was given up fails with
 * EPERM, as one for which there is no permission. Files are not restricted.
 */
#ifndef SMTPSCAN_RUN_SANDBOX_H
#define SMTPSCAN_RUN_SANDBOX_H

#include "types.h"

/* sandbox_enter - from now on, for this process and for good. Returns false when the build or the kernel has no such
 * thing: nothing is given up then. */
bool sandbox_enter(void);

#endif
