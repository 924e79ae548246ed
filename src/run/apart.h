/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * apart.h - a process of its own for what reads records: messages go to it down a pipe, and its exit status comes back.
 */
#ifndef SMTPSCAN_RUN_APART_H
#define SMTPSCAN_RUN_APART_H

#include <stdbool.h>
#include <stddef.h>

struct apart;

/* What the other process does with a message. Returns false when it makes no sense to go on. */
typedef bool (*apart_take)(void *context, unsigned kind, const void *octets, size_t size);

/* apart_begin - starts it. Returns NULL, said, when there can be no process. *inside: this is the other process, which
 * is to call apart_serve and to exit with what is to come back. */
struct apart *apart_begin(bool *inside);
/* apart_send - a message. Returns false when nobody is there to take it. */
bool apart_send(struct apart *apart, unsigned kind, const void *octets, size_t size);
/* apart_serve - in the other process: takes messages until there are no more. */
void apart_serve(struct apart *apart, apart_take take, void *context);
/* apart_forget - in a third process: its copy of the pipe is closed. */
void apart_forget(struct apart *apart);
/* apart_end - no more messages. Returns the exit status, or -1, said, when it was killed. Frees apart. */
int apart_end(struct apart *apart);

#endif
