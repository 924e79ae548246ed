/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * memory.h - a process that runs out of memory writes a message and ends, whichever library requested the memory.
 *
 * Libraries do different things then: GLib aborts, some crash, and some silently continue without the data. So the
 * program has its own malloc, calloc and realloc, which call the C library's and do not return without memory. Only a
 * large block can be refused, for example one that a compressed file requires: its caller reports what is missing, and
 * continues. With an address sanitizer, the sanitizer's functions do the same.
 */
#ifndef SMTPSCAN_MEMORY_H
#define SMTPSCAN_MEMORY_H

#include <stddef.h>

#define MEMORY_LARGE ((size_t)1024 * 1024) /* octets of a block that can be refused */

/* memory_end - sets how this process ends when it runs out of memory: it calls `last` (NULL: none), which must not
 * allocate, then exits with the status. The default is no function and status 4. A child process inherits the status,
 * but not `last`. */
void memory_end(int status, void (*last)(void));

/* memory_refused - how many large blocks this process was refused. Compare it before and after a call of a library that
 * may request them: when it has grown, the library's result can be wrong. */
unsigned memory_refused(void);

/* memory_gone - ends the process as described; for callers that need a large block that was refused. */
_Noreturn void memory_gone(void);

/* memory_block_most - from now on larger blocks are refused, whatever is free: a compressed file names a dictionary of
 * any size. */
void memory_block_most(size_t size);

#endif
