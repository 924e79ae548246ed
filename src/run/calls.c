/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * calls.c - see calls.h. A call that is not in the lists ends the process with SIGSYS.
 *
 * Which files can be opened is not decided here: see sandbox.c.
 */
#include "calls.h"

#include "config.h"

/* The leak checker of the address sanitizer stops its own process by ptrace. */
#if HAVE_SECCOMP && !defined(__SANITIZE_ADDRESS__)

#include <errno.h>
#include <glib.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <unistd.h>

/* Needed by the analysis. */
static const int allowed[] = {
	/* reading and writing */
	SCMP_SYS(read),
	SCMP_SYS(write),
	SCMP_SYS(readv),
	SCMP_SYS(writev),
	SCMP_SYS(pread64),
	SCMP_SYS(pwrite64),
	SCMP_SYS(lseek),
	SCMP_SYS(_llseek),
	SCMP_SYS(close),
	SCMP_SYS(poll),
	SCMP_SYS(ppoll),
	SCMP_SYS(select),
	SCMP_SYS(pselect6),
	SCMP_SYS(recvfrom),
	SCMP_SYS(recvmsg),
	SCMP_SYS(sendto),
	SCMP_SYS(sendmsg),
	SCMP_SYS(splice),
	SCMP_SYS(fsync),
	SCMP_SYS(fdatasync),
	SCMP_SYS(ftruncate),
	SCMP_SYS(fallocate),
	SCMP_SYS(fadvise64),
	/* files: Landlock decides which */
	SCMP_SYS(open),
	SCMP_SYS(openat),
	SCMP_SYS(stat),
	SCMP_SYS(fstat),
	SCMP_SYS(lstat),
	SCMP_SYS(newfstatat),
	SCMP_SYS(statx),
	SCMP_SYS(statfs),
	SCMP_SYS(fstatfs),
	SCMP_SYS(access),
	SCMP_SYS(faccessat),
	SCMP_SYS(faccessat2),
	SCMP_SYS(readlink),
	SCMP_SYS(readlinkat),
	SCMP_SYS(getcwd),
	SCMP_SYS(getdents64),
	SCMP_SYS(fchdir),
	SCMP_SYS(mkdir),
	SCMP_SYS(mkdirat),
	SCMP_SYS(rename),
	SCMP_SYS(renameat),
	SCMP_SYS(renameat2),
	SCMP_SYS(unlink),
	SCMP_SYS(unlinkat),
	SCMP_SYS(link),
	SCMP_SYS(linkat),
	SCMP_SYS(fchmod),
	SCMP_SYS(umask),
	SCMP_SYS(flock),
	/* descriptors */
	SCMP_SYS(dup),
	SCMP_SYS(dup2),
	SCMP_SYS(dup3),
	SCMP_SYS(fcntl),
	/* memory */
	SCMP_SYS(brk),
	SCMP_SYS(mmap),
	SCMP_SYS(mmap2),
	SCMP_SYS(munmap),
	SCMP_SYS(mremap),
	SCMP_SYS(mprotect),
	SCMP_SYS(madvise),
	SCMP_SYS(membarrier),
	SCMP_SYS(futex),
	SCMP_SYS(set_robust_list),
	SCMP_SYS(rseq),
	/* time, random numbers, the process itself */
	SCMP_SYS(clock_gettime),
	SCMP_SYS(clock_getres),
	SCMP_SYS(clock_nanosleep),
	SCMP_SYS(gettimeofday),
	SCMP_SYS(nanosleep),
	SCMP_SYS(time),
	SCMP_SYS(getrandom),
	SCMP_SYS(getpid),
	SCMP_SYS(gettid),
	SCMP_SYS(getppid),
	SCMP_SYS(getuid),
	SCMP_SYS(geteuid),
	SCMP_SYS(getgid),
	SCMP_SYS(getegid),
	SCMP_SYS(getrusage),
	SCMP_SYS(times),
	SCMP_SYS(uname),
	SCMP_SYS(sysinfo),
	SCMP_SYS(sched_yield),
	SCMP_SYS(sched_getaffinity),
	SCMP_SYS(getrlimit),
	/* receiving signals, and exit */
	SCMP_SYS(rt_sigaction),
	SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(rt_sigreturn),
	SCMP_SYS(sigreturn),
	SCMP_SYS(rt_sigpending),
	SCMP_SYS(sigaltstack),
	SCMP_SYS(restart_syscall),
	SCMP_SYS(pause),
	SCMP_SYS(alarm),
	SCMP_SYS(setitimer),
	SCMP_SYS(exit),
	SCMP_SYS(exit_group),
};

/* Tried by libraries, which can do without: these fail with an error. */
static const struct {
	int call, error;
} denied[] = {
	{ SCMP_SYS(clone3), ENOSYS },
	{ SCMP_SYS(clone), EPERM },
	{ SCMP_SYS(fork), EPERM },
	{ SCMP_SYS(vfork), EPERM },
	{ SCMP_SYS(socket), EPERM },
	{ SCMP_SYS(execve), EPERM },
	{ SCMP_SYS(openat2), ENOSYS },
	{ SCMP_SYS(getpeername), ENOTSOCK }, /* GLib: is standard error the system's journal? */

	{ SCMP_SYS(chmod), EPERM },
	{ SCMP_SYS(fchmodat), EPERM },
	{ SCMP_SYS(utimensat), EPERM },
	{ SCMP_SYS(fchown), EPERM },
	{ SCMP_SYS(getxattr), EPERM },
	{ SCMP_SYS(setrlimit), EPERM },
	{ SCMP_SYS(get_mempolicy), EPERM },
	{ SCMP_SYS(mlock), EPERM },
	{ SCMP_SYS(io_uring_setup), ENOSYS },
};

/* add_conditions - calls that are allowed with some arguments only. */
static bool add_conditions(scmp_filter_ctx filter)
{
	int failed = 0;
	/* limits can be read but not set */
	failed |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(prlimit64), 1, SCMP_A2(SCMP_CMP_EQ, 0));
	/* tests for a terminal, its width, and how much can be read */
	failed |=
		seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1, SCMP_A1(SCMP_CMP_EQ, 0x5401 /* TCGETS */));
	failed |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1, SCMP_A1(SCMP_CMP_EQ, TIOCGWINSZ));
	failed |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1, SCMP_A1(SCMP_CMP_EQ, FIONREAD));
	/* abort() sends itself a signal */
	failed |= seccomp_rule_add(
		filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1, SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid()));
	failed |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(prctl), 1, SCMP_A0(SCMP_CMP_EQ, PR_SET_NAME));
	failed |= seccomp_rule_add(
		filter, SCMP_ACT_ALLOW, SCMP_SYS(prctl), 1, SCMP_A0(SCMP_CMP_EQ, 0x53564d41 /* PR_SET_VMA */));
	return failed == 0;
}

bool calls_there(void)
{
	return prctl(PR_GET_SECCOMP) >= 0;
}

bool calls_restrict(void)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
	bool good = filter != NULL;
	/* A call that this architecture does not have is skipped. */
	for (size_t i = 0; good && i < G_N_ELEMENTS(allowed); i++)
		seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed[i], 0);
	for (size_t i = 0; good && i < G_N_ELEMENTS(denied); i++)
		seccomp_rule_add(filter, SCMP_ACT_ERRNO((uint32_t)denied[i].error), denied[i].call, 0);
	good = good && add_conditions(filter) &&
	       seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS) == 0 &&
	       seccomp_load(filter) == 0;
	if (filter)
		seccomp_release(filter);
	return good;
}

#else

bool calls_there(void)
{
	return false;
}

bool calls_restrict(void)
{
	return false;
}

#endif
