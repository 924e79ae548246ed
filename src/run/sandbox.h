/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * sandbox.h - restricts what a process that reads untrusted data can do: an allow-list.
 *
 * Landlock restricts files: granted files can be read, and files can be made in granted folders; open descriptors stay
 * usable. seccomp (libseccomp, optional at build time) restricts system calls to those that an analysis needs; a few
 * that libraries try fail with EPERM or ENOSYS, any other ends the process with SIGSYS. No new processes, no network,
 * no signals to other processes, no access to their memory.
 */
#ifndef SMTPSCAN_RUN_SANDBOX_H
#define SMTPSCAN_RUN_SANDBOX_H

#include <glib.h>

#include "types.h"

/* What the process may use. */
struct sandbox_grants {
	GPtrArray *read;    /* char*: files, and folders with everything below; NULL: none */
	GPtrArray *write;   /* char*: folders in which files can be made, read and removed; NULL: none */
	uint64_t memory;    /* octets of address space beyond those in use; 0: no limit */
	uint64_t file_size; /* octets of a file that it writes; 0: no limit */
};

/* The parts of the sandbox. */
enum { SANDBOX_FILES = 1, SANDBOX_CALLS = 2, SANDBOX_ALL = 3 };

/* sandbox_parts - the parts that this build supports on this kernel. */
unsigned sandbox_parts(void);
/* sandbox_harden - for a process outside the sandbox: no core files, and no access by other processes of the user.
 */
void sandbox_harden(void);
/* sandbox_enter - restricts this process permanently. Returns the parts in force. */
unsigned sandbox_enter(const struct sandbox_grants *grants);

/* sandbox_ask - runs `work` in a separate process (`inside`: in the sandbox), and returns its answer. Returns false
 * when the process did not finish; *answer is then what it had sent. */
typedef void (*sandbox_work)(void *context, GByteArray *answer);
bool sandbox_ask(
	bool inside, const struct sandbox_grants *grants, sandbox_work work, void *context, GByteArray *answer);

#endif
