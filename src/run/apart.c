/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * apart.c - see apart.h.
 */
#include "apart.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "file.h"
#include "text.h"
#include "writer.h"

pid_t process_begin(void)
{
	const pid_t parent = getpid(), pid = fork();
	if (pid == 0 && (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent))
		_exit(EXIT_FAILURE);
	return pid;
}

int process_end(pid_t pid)
{
	int status = 0;
	pid_t ended;
	/* SIGCONT is only for one that is stopped: it would undo the stop by which a leak sanitizer looks at a process.
	 */
	while ((ended = waitpid(pid, &status, WUNTRACED)) > 0 ? WIFSTOPPED(status) : errno == EINTR)
		if (ended > 0)
			kill(pid, SIGCONT);
	return status;
}

struct apart {
	pid_t pid;
	int pipe; /* this process's end */
};

struct apart_message {
	uint32_t kind, size; /* octets that follow */
};

struct apart *apart_begin(bool *inside)
{
	int ends[2];
	const pid_t pid = pipe2(ends, O_CLOEXEC) == 0 ? process_begin() : -1;
	*inside = pid == 0;
	if (pid < 0) {
		writer_complain("a process that reads records");
		return NULL;
	}
	close(ends[pid > 0 ? 0 : 1]);
	if (pid == 0) {
		signal(SIGINT, SIG_IGN); /* a terminal sends it to all processes; the parent decides what to do */
		signal(SIGTERM, SIG_DFL);
		signal(SIGUSR1, SIG_IGN);
	}
	struct apart *apart = g_new(struct apart, 1);
	*apart = (struct apart){ pid, ends[pid > 0 ? 1 : 0] };
	return apart;
}

bool apart_send(struct apart *apart, unsigned kind, const void *octets, size_t size)
{
	const struct apart_message message = { kind, (uint32_t)size };
	return file_write(apart->pipe, &message, sizeof message) == sizeof message &&
	       file_write(apart->pipe, octets, size) == size;
}

void apart_serve(struct apart *apart, apart_take take, void *context)
{
	struct apart_message message;
	GByteArray *octets = g_byte_array_new();
	bool more = true;
	while (more && file_read(apart->pipe, &message, sizeof message) == sizeof message) {
		g_byte_array_set_size(octets, message.size);
		more = file_read(apart->pipe, octets->data, message.size) == (ssize_t)message.size &&
		       take(context, message.kind, octets->data, message.size);
	}
	g_byte_array_unref(octets);
	apart_forget(apart);
}

void apart_forget(struct apart *apart)
{
	close(apart->pipe);
	g_free(apart);
}

int apart_end(struct apart *apart)
{
	const pid_t pid = apart->pid;
	apart_forget(apart);
	const int status = process_end(pid);
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	say("the process that reads the records was killed by signal %d (%s)", WTERMSIG(status),
		strsignal(WTERMSIG(status)));
	return -1;
}
