/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * test_sandbox.c - what a process in the sandbox tries in vain, by the C library and by system calls of its own, as
 * root and as an ordinary user; and what it can still do. Each try in a process of its own.
 */
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <grp.h>
#include <iconv.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "run/sandbox.h"

#define NOBODY 65534
#define CAME_THROUGH 0
#define REFUSED 1
#define NO_SANDBOX 77

static char folder[] = "/tmp/test-sandbox-XXXXXX", readable[64], other[64];

/* ---- what is tried; CAME_THROUGH when it works ---- */

static int result(long value)
{
	return value >= 0 ? CAME_THROUGH : REFUSED;
}

static int read_passwd(void)
{
	return result(open("/etc/passwd", O_RDONLY));
}

static int read_passwd_raw(void)
{
	return result(syscall(SYS_openat, AT_FDCWD, "/etc/passwd", O_RDONLY));
}

static int write_passwd(void)
{
	return result(open("/etc/passwd", O_WRONLY | O_APPEND));
}

static int read_other(void)
{
	return result(open(other, O_RDONLY));
}

static int write_input(void)
{
	return result(open(readable, O_WRONLY));
}

static int truncate_input(void)
{
	return result(truncate(readable, 0));
}

static int create_here(void)
{
	return result(open("made-by-test-sandbox", O_WRONLY | O_CREAT, 0600));
}

static int create_here_raw(void)
{
	return result(syscall(SYS_open, "made-by-test-sandbox", O_WRONLY | O_CREAT, 0600));
}

static int make_folder(void)
{
	return result(mkdir("made-by-test-sandbox", 0700));
}

static int read_folder(void)
{
	return result(open("/etc", O_RDONLY | O_DIRECTORY));
}

static int parent_memory(void)
{
	char path[64];
	g_snprintf(path, sizeof path, "/proc/%d/mem", (int)getppid());
	return result(open(path, O_RDWR));
}

static int parent_memory_raw(void)
{
	char octet = 0;
	struct iovec local = { &octet, 1 }, remote = { folder, 1 };
	return result(syscall(SYS_process_vm_writev, getppid(), &local, 1, &remote, 1, 0));
}

static int fork_libc(void)
{
	pid_t pid = fork();
	if (pid == 0)
		_exit(0);
	return result(pid);
}

static int fork_raw(void)
{
	long pid = syscall(SYS_fork);
	if (pid == 0)
		_exit(0);
	return result(pid);
}

static int vfork_libc(void)
{
	pid_t pid = vfork();
	if (pid == 0)
		_exit(0);
	return result(pid);
}

static int clone_raw(void)
{
	long pid = syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, 0);
	if (pid == 0)
		_exit(0);
	return result(pid);
}

static int clone3_raw(void)
{
	uint64_t arguments[8] = { [4] = SIGCHLD };
	long pid = syscall(SYS_clone3, arguments, sizeof arguments);
	if (pid == 0)
		_exit(0);
	return result(pid);
}

static int spawn_libc(void)
{
	char name[] = "true", *arguments[] = { name, NULL };
	pid_t pid;
	return posix_spawn(&pid, "/bin/true", NULL, NULL, arguments, NULL) == 0 ? CAME_THROUGH : REFUSED;
}

static int kill_parent(void)
{
	return result(kill(getppid(), 0));
}

static int kill_parent_raw(void)
{
	return result(syscall(SYS_tgkill, getppid(), getppid(), 0));
}

static int open_socket(void)
{
	return result(socket(AF_INET, SOCK_STREAM, 0));
}

static int open_socket_raw(void)
{
	return result(syscall(SYS_socket, AF_UNIX, SOCK_DGRAM, 0));
}

static int open_socketpair(void)
{
	int ends[2];
	return result(socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
}

static int run_program(void)
{
	char name[] = "true", *arguments[] = { name, NULL };
	execv("/bin/true", arguments);
	return REFUSED; /* else the status is that of true: CAME_THROUGH */
}

static int run_program_raw(void)
{
	syscall(SYS_execveat, AT_FDCWD, "/bin/true", NULL, NULL, 0);
	return REFUSED;
}

static int trace(void)
{
	return result(ptrace(PTRACE_TRACEME, 0, NULL, NULL));
}

static int unshare_user(void)
{
	return result(unshare(CLONE_NEWUSER));
}

static int mount_something(void)
{
	return result(mount("none", "/mnt", "tmpfs", 0, NULL));
}

static int add_a_key(void)
{
	return result(syscall(SYS_add_key, "user", "x", "y", 1, -2));
}

static int set_a_limit(void)
{
	const struct rlimit limit = { RLIM_INFINITY, RLIM_INFINITY };
	return result(setrlimit(RLIMIT_CORE, &limit));
}

static int change_identity(void)
{
	return result(setuid(getuid()));
}

static int open_bpf(void)
{
	return result(syscall(SYS_bpf, 0, NULL, 0));
}

static int use_io_uring(void)
{
	char parameters[120] = { 0 };
	return result(syscall(SYS_io_uring_setup, 1, parameters));
}

static int exhaust_memory(void)
{
	void *block = malloc((size_t)256 * 1024 * 1024);
	return block ? CAME_THROUGH : REFUSED;
}

#define TRIES(X)                                                                                                       \
	X(read_passwd)                                                                                                 \
	X(read_passwd_raw)                                                                                             \
	X(write_passwd)                                                                                                \
	X(read_other)                                                                                                  \
	X(write_input)                                                                                                 \
	X(truncate_input)                                                                                              \
	X(create_here)                                                                                                 \
	X(create_here_raw)                                                                                             \
	X(make_folder)                                                                                                 \
	X(read_folder)                                                                                                 \
	X(parent_memory)                                                                                               \
	X(parent_memory_raw)                                                                                           \
	X(fork_libc)                                                                                                   \
	X(fork_raw)                                                                                                    \
	X(vfork_libc)                                                                                                  \
	X(clone_raw)                                                                                                   \
	X(clone3_raw)                                                                                                  \
	X(spawn_libc)                                                                                                  \
	X(kill_parent)                                                                                                 \
	X(kill_parent_raw)                                                                                             \
	X(open_socket)                                                                                                 \
	X(open_socket_raw)                                                                                             \
	X(open_socketpair)                                                                                             \
	X(run_program)                                                                                                 \
	X(run_program_raw)                                                                                             \
	X(trace)                                                                                                       \
	X(unshare_user)                                                                                                \
	X(mount_something)                                                                                             \
	X(add_a_key)                                                                                                   \
	X(set_a_limit)                                                                                                 \
	X(change_identity)                                                                                             \
	X(open_bpf)                                                                                                    \
	X(use_io_uring)                                                                                                \
	X(exhaust_memory)

static const struct {
	const char *name;
	int (*work)(void);
} tries[] = {
#define X(name) { #name, name },
	TRIES(X)
#undef X
};

/* ---- in the sandbox ---- */

static int enter(void)
{
	GPtrArray *read = g_ptr_array_new(), *write = g_ptr_array_new();
	g_ptr_array_add(read, readable);
	g_ptr_array_add(write, folder);
	const struct sandbox_grants grants = { read, write, (uint64_t)64 * 1024 * 1024, 1024 * 1024 };
	return sandbox_enter(&grants) == SANDBOX_ALL;
}

/* inside - the wait status of a process that does this in the sandbox. */
static int inside(int (*work)(void), bool ordinary)
{
	const pid_t pid = fork();
	if (pid == 0) {
		if (ordinary && (setgroups(0, NULL) != 0 || setgid(NOBODY) != 0 || setuid(NOBODY) != 0))
			_exit(NO_SANDBOX);
		_exit(enter() ? work() : NO_SANDBOX);
	}
	int status = 0;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

/* is_refused - it failed, or the process was ended for it. */
static bool is_refused(int status)
{
	return (WIFEXITED(status) && WEXITSTATUS(status) == REFUSED) ||
	       (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS);
}

static int nothing(void)
{
	return CAME_THROUGH;
}

static void need_sandbox(void)
{
	int status = inside(nothing, false);
	if (WIFEXITED(status) && WEXITSTATUS(status) == NO_SANDBOX)
		skip();
}

static void try_all(bool ordinary)
{
	need_sandbox();
	for (size_t i = 0; i < G_N_ELEMENTS(tries); i++) {
		int status = inside(tries[i].work, ordinary);
		if (!is_refused(status))
			fail_msg("%s: status %x", tries[i].name, (unsigned)status);
	}
}

static void nothing_gets_through(void **state)
{
	try_all(false);
}

static void nor_for_an_ordinary_user(void **state)
{
	if (getuid() != 0)
		skip();
	try_all(true);
}

/* what_is_needed - reads what is granted, makes and removes a file where that is granted, loads a character set; GLib
 * can log, which asks what standard error is. */
static int what_is_needed(void)
{
	char name[128], octets[8];
	int fd = open(readable, O_RDONLY), made;
	if (fd < 0 || read(fd, octets, sizeof octets) != 4)
		return 2;
	g_snprintf(name, sizeof name, "%s/made", folder);
	if ((made = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600)) < 0 || write(made, "x", 1) != 1)
		return 3;
	if ((made = open(name, O_RDWR | O_CREAT | O_EXCL, 0600)) < 0 || write(made, "x", 1) != 1 ||
		ftruncate(made, 0) != 0 || close(made) != 0 || unlink(name) != 0)
		return 4;
	if (iconv_open("UTF-8", "EUC-JP") == (iconv_t)-1)
		return 5;
	g_free(g_malloc(16 * 1024 * 1024));
	g_log_writer_default(G_LOG_LEVEL_MESSAGE, &(GLogField){ "MESSAGE", "a library may log", -1 }, 1, NULL);
	struct rlimit limit;
	return getrlimit(RLIMIT_NOFILE, &limit) == 0 ? CAME_THROUGH : 6;
}

static void what_is_needed_does(void **state)
{
	need_sandbox();
	assert_int_equal(inside(what_is_needed, false), 0);
	assert_int_equal(chmod(folder, 0777), 0);
	if (getuid() == 0)
		assert_int_equal(inside(what_is_needed, true), 0);
}

/* abort_itself - a bug is to look like one. */
static int abort_itself(void)
{
	abort();
}

static void a_bug_looks_like_one(void **state)
{
	need_sandbox();
	int status = inside(abort_itself, false);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGABRT);
}

static int write_much(void)
{
	char *block = calloc(1, 512 * 1024), name[128];
	g_snprintf(name, sizeof name, "%s/much", folder);
	int fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0600);
	unlink(name);
	for (int i = 0; i < 4; i++)
		if (fd < 0 || write(fd, block, 512 * 1024) != 512 * 1024)
			return errno == EFBIG ? REFUSED : 2;
	return CAME_THROUGH;
}

static void files_have_a_size(void **state)
{
	need_sandbox();
	assert_true(is_refused(inside(write_much, false)));
}

/* ---- questions to a process of its own ---- */

static void answer_with(void *context, GByteArray *answer)
{
	g_byte_array_append(answer, context, 3);
}

static void answer_and_die(void *context, GByteArray *answer)
{
	g_byte_array_append(answer, context, 3);
	open_socketpair();
	kill_parent();
	_exit(EXIT_FAILURE);
}

static void a_question_is_answered(void **state)
{
	GByteArray *answer = g_byte_array_new();
	const struct sandbox_grants grants = { NULL, NULL, 0, 0 };
	char text[] = "yes";
	assert_true(sandbox_ask(true, &grants, answer_with, text, answer));
	assert_int_equal(answer->len, 3);
	assert_memory_equal(answer->data, "yes", 3);
	assert_true(sandbox_ask(false, &grants, answer_with, text, answer));
	assert_int_equal(answer->len, 6);
	assert_false(sandbox_ask(true, &grants, answer_and_die, text, answer));
	g_byte_array_unref(answer);
}

static int set_up(void **state)
{
	if (!mkdtemp(folder))
		return -1;
	g_snprintf(readable, sizeof readable, "/tmp/test-sandbox-readable-%d", (int)getpid());
	g_snprintf(other, sizeof other, "/tmp/test-sandbox-other-%d", (int)getpid());
	return g_file_set_contents(readable, "read", 4, NULL) && g_file_set_contents(other, "no", 2, NULL) &&
			       chmod(readable, 0666) == 0 && chmod(other, 0666) == 0
		       ? 0
		       : -1;
}

static int tear_down(void **state)
{
	unlink(readable);
	unlink(other);
	return rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_gets_through),
		cmocka_unit_test(nor_for_an_ordinary_user),
		cmocka_unit_test(what_is_needed_does),
		cmocka_unit_test(a_bug_looks_like_one),
		cmocka_unit_test(files_have_a_size),
		cmocka_unit_test(a_question_is_answered),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
