/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * apart.h - a separate process for code that reads records: it gets messages through a pipe, and returns an exit
 * status.
 */
#ifndef SMTPSCAN_RUN_APART_H
#define SMTPSCAN_RUN_APART_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* process_begin - forks; the child is killed when this process ends. Returns what fork does. */
pid_t process_begin(void);
/* process_end - waits until a child has ended; continues it when somebody has stopped it. Returns its status, as
 * waitpid does. */
int process_end(pid_t pid);

struct apart;

/* Called in the other process for each message. Returns false to stop. */
typedef bool (*apart_take)(void *context, unsigned kind, const void *octets, size_t size);

/* apart_begin - starts the process. Returns NULL, reported, when that fails. *inside: this is the new process, which
 * calls apart_serve and then exits with the status to return. */
struct apart *apart_begin(bool *inside);
/* apart_send - sends a message. Returns false when the process has ended. */
bool apart_send(struct apart *apart, unsigned kind, const void *octets, size_t size);
/* apart_serve - in the other process: handles messages until there are no more. */
void apart_serve(struct apart *apart, apart_take take, void *context);
/* apart_forget - in a third process: closes its copy of the pipe. */
void apart_forget(struct apart *apart);
/* apart_end - no more messages. Returns the exit status; -1, reported, when the process was killed. Frees apart. */
int apart_end(struct apart *apart);

#endif
