/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * test_sandbox.c - what is given up is refused, what an analysis needs is not. Each test in a process of its own.
 */
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "run/sandbox.h"

#define NO_SANDBOX 77

/* inside - the exit status of a process that does this in the sandbox. */
static int inside(int (*work)(void))
{
	const pid_t pid = fork();
	if (pid == 0)
		_exit(sandbox_enter() ? work() : NO_SANDBOX);
	int status = 0;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == NO_SANDBOX)
		skip();
	return WEXITSTATUS(status);
}

static int run_program(void)
{
	char name[] = "true", *arguments[] = { name, NULL };
	execv("/bin/true", arguments);
	return errno;
}

static int open_socket(void)
{
	return socket(AF_INET, SOCK_STREAM, 0) < 0 ? errno : 0;
}

static int begin_process(void)
{
	const pid_t pid = vfork();
	if (pid == 0)
		_exit(0);
	return pid < 0 ? errno : 0;
}

static int use_files(void)
{
	char name[] = "/tmp/smtpscan-test-XXXXXX";
	int fd = mkstemp(name);
	bool good = fd >= 0 && write(fd, "x", 1) == 1 && ftruncate(fd, 0) == 0 && close(fd) == 0 && unlink(name) == 0;
	g_free(g_malloc(64 * 1024 * 1024));
	return good ? 0 : errno;
}

static void what_is_given_up_is_refused(void **state)
{
	assert_int_equal(inside(run_program), EPERM);
	assert_int_equal(inside(open_socket), EPERM);
	assert_int_equal(inside(begin_process), EPERM);
}

static void files_and_memory_are_not(void **state)
{
	assert_int_equal(inside(use_files), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_given_up_is_refused),
		cmocka_unit_test(files_and_memory_are_not),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
