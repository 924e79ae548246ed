/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * sandbox.c - see sandbox.h. A list of what is refused, not of what is allowed: a library that takes another way to the
 * same file must not break a run.
 */
#include "sandbox.h"

#include "config.h"

/* The leak checker of the address sanitizer stops its own process by ptrace. */
#if HAVE_SECCOMP && !defined(__SANITIZE_ADDRESS__)

#include <errno.h>
#include <glib.h>
#include <seccomp.h>

static const int refused[] = {
	/* programs */
	SCMP_SYS(execve), SCMP_SYS(execveat), SCMP_SYS(fork), SCMP_SYS(vfork), SCMP_SYS(uselib),
	/* the network */
	SCMP_SYS(socket), SCMP_SYS(socketpair), SCMP_SYS(connect), SCMP_SYS(bind), SCMP_SYS(listen), SCMP_SYS(accept),
	SCMP_SYS(accept4),
	/* other processes */
	SCMP_SYS(ptrace), SCMP_SYS(process_vm_readv), SCMP_SYS(process_vm_writev), SCMP_SYS(kcmp),
	SCMP_SYS(pidfd_getfd), SCMP_SYS(pidfd_send_signal), SCMP_SYS(process_madvise),
	/* who it is, and where */
	SCMP_SYS(setuid), SCMP_SYS(setgid), SCMP_SYS(setreuid), SCMP_SYS(setregid), SCMP_SYS(setresuid),
	SCMP_SYS(setresgid), SCMP_SYS(setfsuid), SCMP_SYS(setfsgid), SCMP_SYS(setgroups), SCMP_SYS(capset),
	SCMP_SYS(unshare), SCMP_SYS(setns), SCMP_SYS(chroot), SCMP_SYS(pivot_root),
	/* the administrator's */
	SCMP_SYS(mount), SCMP_SYS(umount2), SCMP_SYS(move_mount), SCMP_SYS(fsopen), SCMP_SYS(open_tree),
	SCMP_SYS(swapon), SCMP_SYS(swapoff), SCMP_SYS(reboot), SCMP_SYS(init_module), SCMP_SYS(finit_module),
	SCMP_SYS(delete_module), SCMP_SYS(kexec_load), SCMP_SYS(kexec_file_load), SCMP_SYS(settimeofday),
	SCMP_SYS(clock_settime), SCMP_SYS(clock_adjtime), SCMP_SYS(adjtimex), SCMP_SYS(sethostname),
	SCMP_SYS(setdomainname), SCMP_SYS(mknod), SCMP_SYS(mknodat), SCMP_SYS(quotactl), SCMP_SYS(acct),
	SCMP_SYS(syslog), SCMP_SYS(iopl), SCMP_SYS(ioperm),
	/* where holes in the kernel are looked for */
	SCMP_SYS(bpf), SCMP_SYS(perf_event_open), SCMP_SYS(userfaultfd), SCMP_SYS(io_uring_setup),
	SCMP_SYS(io_uring_enter), SCMP_SYS(io_uring_register), SCMP_SYS(add_key), SCMP_SYS(request_key),
	SCMP_SYS(keyctl), SCMP_SYS(name_to_handle_at), SCMP_SYS(open_by_handle_at)
};

bool sandbox_enter(void)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	bool entered = filter != NULL;
	/* One that this machine does not have can't be refused: that is no reason to give up nothing. */
	for (size_t i = 0; entered && i < G_N_ELEMENTS(refused); i++)
		seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), refused[i], 0);
	entered = entered && seccomp_load(filter) == 0;
	seccomp_release(filter);
	return entered;
}

#else

bool sandbox_enter(void)
{
	return false;
}

#endif
