/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * memory.h - what becomes of a process whose memory is gone: it says so and ends, whoever asked.
 *
 * Libraries differ in what they do then: GLib aborts, some crash, and some go on without what they could not hold,
 * which nobody would notice. So none of them is asked: the program has malloc, calloc and realloc of its own, in front
 * of the C library's, that do not return without memory. Only a large block can be refused, as one that a compressed
 * file calls for: who asks for that says what is missing, and goes on. Address sanitizers bring their own, which do the
 * same.
 */
#ifndef SMTPSCAN_MEMORY_H
#define SMTPSCAN_MEMORY_H

#include <stddef.h>

#define MEMORY_LARGE ((size_t)1024 * 1024) /* octets of a block that can be refused */

/* memory_end - how this process ends when memory is gone: `last`, which must not ask for any (NULL: nothing), then the
 * exit status. Before it is called: nothing, and status 4. A process that this one makes ends with the same status, but
 * `last` is not for it. */
void memory_end(int status, void (*last)(void));

/* memory_refused - how many large blocks this process was refused. Who lets a library ask for them looks whether it is
 * more than before: what the library then says can be wrong. */
unsigned memory_refused(void);

/* memory_gone - that is so: for who was refused a large block and can't do without. */
_Noreturn void memory_gone(void);

#endif
