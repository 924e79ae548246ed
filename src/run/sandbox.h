/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * sandbox.h - what a process that reads strangers' octets can still do: an allow-list.
 *
 * Files by Landlock: those that are granted can be read, and files can be made in the folders that are granted;
 * whatever was opened before stays open. System calls by seccomp (libseccomp, an optional feature of the build): those
 * that an analysis needs; a few that libraries try fail with EPERM or ENOSYS, any other ends the process with SIGSYS.
 * No new process, no network, no signal to others, no look into other processes.
 */
#ifndef SMTPSCAN_RUN_SANDBOX_H
#define SMTPSCAN_RUN_SANDBOX_H

#include <glib.h>

#include "types.h"

/* What is left to the process. */
struct sandbox_grants {
	GPtrArray *read;    /* char*: files, and folders with all below them; NULL: none */
	GPtrArray *write;   /* char*: folders in which files can be made, read and removed; NULL: none */
	uint64_t memory;    /* octets of address space beyond what it has now; 0: no limit */
	uint64_t file_size; /* octets of a file that it writes; 0: no limit */
};

/* The parts of the sandbox. */
enum { SANDBOX_FILES = 1, SANDBOX_CALLS = 2, SANDBOX_ALL = 3 };

/* sandbox_parts - which of them this build has on this kernel. */
unsigned sandbox_parts(void);
/* sandbox_harden - for a process that stays outside: no core files, and other processes of the user can't look into it.
 */
void sandbox_harden(void);
/* sandbox_enter - from now on, for this process and for good. Returns the parts that are in force. */
unsigned sandbox_enter(const struct sandbox_grants *grants);

/* sandbox_ask - what `work` puts into answer, in a process of its own that is in the sandbox (or not: `inside`).
 * Returns false when the process came to no end; *answer is what it had by then. */
typedef void (*sandbox_work)(void *context, GByteArray *answer);
bool sandbox_ask(
	bool inside, const struct sandbox_grants *grants, sandbox_work work, void *context, GByteArray *answer);

#endif
