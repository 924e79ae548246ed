/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * sandbox.c - see sandbox.h. Files are restricted by Landlock; calls.c restricts system calls.
 *
 * The C library loads character sets, and libmagic its data, when first needed, so these files can be read. Rights that
 * an older kernel does not know are not restricted.
 */
#include "sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "apart.h"
#include "calls.h"
#include "file.h"

/* Not in all headers. */
#define ACCESS_REFER (UINT64_C(1) << 13)     /* Landlock 2 */
#define ACCESS_TRUNCATE (UINT64_C(1) << 14)  /* 3 */
#define ACCESS_IOCTL_DEV (UINT64_C(1) << 15) /* 5 */
#define NET_TCP (UINT64_C(3))                /* 4: bind, connect */
#define SCOPES (UINT64_C(3))                 /* 6: abstract sockets, signals */

#define ACCESS_READ (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define ACCESS_FILE                                                                                                    \
	(LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_EXECUTE | ACCESS_TRUNCATE | \
		ACCESS_IOCTL_DEV)
#define ACCESS_WRITE                                                                                                   \
	(ACCESS_READ | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_DIR |     \
		LANDLOCK_ACCESS_FS_REMOVE_FILE | ACCESS_TRUNCATE)

/* The attributes of Landlock 6; older kernels are given only the first members. */
struct ruleset {
	uint64_t files, net, scopes;
};

/* Files that libraries read when first needed: character sets, locales, libmagic's data, the time zone. */
static const char *const of_libraries[] = { "/usr/lib/x86_64-linux-gnu/gconv", "/usr/lib/gconv", "/usr/lib64/gconv",
	"/usr/lib/aarch64-linux-gnu/gconv", "/usr/share/misc", "/usr/share/file", "/usr/lib/file", "/etc/magic",
	"/usr/share/publicsuffix", "/usr/lib/locale", "/etc/ld.so.cache",
#ifdef __SANITIZE_ADDRESS__ /* its leak checker lists the threads */
	"/proc"
#endif
};

/* landlock_version - 0: this kernel has none. */
static int landlock_version(void)
{
	long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	return version > 0 ? (int)version : 0;
}

/* handled - all file rights that this version knows. */
static uint64_t handled(int version)
{
	uint64_t rights = (UINT64_C(1) << 13) - 1;
	rights |= version >= 2 ? ACCESS_REFER : 0;
	rights |= version >= 3 ? ACCESS_TRUNCATE : 0;
	return rights | (version >= 5 ? ACCESS_IOCTL_DEV : 0);
}

/* grant - grants rights below a path. A path that does not exist is skipped. */
static void grant(int ruleset, const char *path, uint64_t rights)
{
	struct landlock_path_beneath_attr rule = { .parent_fd = open(path, O_PATH | O_CLOEXEC) };
	struct stat status;
	if (rule.parent_fd < 0)
		return;
	if (fstat(rule.parent_fd, &status) == 0) {
		rule.allowed_access = S_ISDIR(status.st_mode) ? rights : rights & ACCESS_FILE;
		syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
	}
	close(rule.parent_fd);
}

static void grant_all(int ruleset, const GPtrArray *paths, uint64_t rights)
{
	for (guint i = 0; paths && i < paths->len; i++)
		grant(ruleset, paths->pdata[i], rights);
}

/* restrict_files - returns false when the kernel has no Landlock, or refuses. */
static bool restrict_files(const struct sandbox_grants *grants)
{
	const int version = landlock_version();
	const struct ruleset rules = { handled(version), version >= 4 ? NET_TCP : 0, version >= 6 ? SCOPES : 0 };
	const size_t size = version >= 6   ? sizeof rules
			    : version >= 4 ? offsetof(struct ruleset, scopes)
					   : offsetof(struct ruleset, net);
	int ruleset = version > 0 ? (int)syscall(SYS_landlock_create_ruleset, &rules, size, 0) : -1;
	if (ruleset < 0)
		return false;
	for (size_t i = 0; i < G_N_ELEMENTS(of_libraries); i++)
		grant(ruleset, of_libraries[i], (ACCESS_READ | LANDLOCK_ACCESS_FS_EXECUTE) & rules.files);
	grant_all(ruleset, grants->read, ACCESS_READ & rules.files);
	grant_all(ruleset, grants->write, ACCESS_WRITE & rules.files);
	bool restricted = syscall(SYS_landlock_restrict_self, ruleset, 0) == 0;
	close(ruleset);
	return restricted;
}

/* limit - sets a resource limit; 0: unchanged. */
static void limit(__rlimit_resource_t resource, uint64_t most)
{
	struct rlimit now;
	if (most == 0 || getrlimit(resource, &now) != 0 || now.rlim_cur <= most)
		return;
	now.rlim_cur = most;
	now.rlim_max = MIN(now.rlim_max, most);
	setrlimit(resource, &now);
}

#ifndef __SANITIZE_ADDRESS__
/* addresses - octets of address space in use; 0: unknown. */
static uint64_t addresses(void)
{
	char *text = NULL;
	uint64_t pages = 0;
	if (g_file_get_contents("/proc/self/statm", &text, NULL, NULL))
		pages = g_ascii_strtoull(text, NULL, 10);
	g_free(text);
	return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}
#endif

unsigned sandbox_parts(void)
{
	return (landlock_version() > 0 ? SANDBOX_FILES : 0U) | (calls_there() ? SANDBOX_CALLS : 0U);
}

void sandbox_harden(void)
{
	const struct rlimit none = { 0, 0 };
#ifndef __SANITIZE_ADDRESS__ /* its leak checker stops its own process by ptrace */
	prctl(PR_SET_DUMPABLE, 0);
#endif
	setrlimit(RLIMIT_CORE, &none);
}

unsigned sandbox_enter(const struct sandbox_grants *grants)
{
	unsigned parts = 0;
	sandbox_harden();
#ifndef __SANITIZE_ADDRESS__ /* it uses terabytes of address space */
	limit(RLIMIT_AS, grants->memory ? addresses() + grants->memory : 0);
#endif
	limit(RLIMIT_FSIZE, grants->file_size);
	signal(SIGXFSZ, SIG_IGN);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return 0;
	parts |= restrict_files(grants) ? SANDBOX_FILES : 0U;
	parts |= calls_restrict() ? SANDBOX_CALLS : 0U;
	return parts;
}

/* ---- a separate process ---- */

/* read_all - reads until the other end is closed. */
static void read_all(int fd, GByteArray *octets)
{
	uint8_t piece[4096];
	ssize_t got;
	while ((got = read(fd, piece, sizeof piece)) > 0 || (got < 0 && errno == EINTR))
		g_byte_array_append(octets, piece, (guint)MAX(got, 0));
}

bool sandbox_ask(bool inside, const struct sandbox_grants *grants, sandbox_work work, void *context, GByteArray *answer)
{
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) != 0)
		return false;
	const pid_t pid = process_begin();
	if (pid == 0) {
		close(ends[0]);
		if (inside)
			sandbox_enter(grants);
		g_byte_array_set_size(answer, 0);
		work(context, answer);
		_exit(file_write(ends[1], answer->data, answer->len) == answer->len ? EXIT_SUCCESS : EXIT_FAILURE);
	}
	close(ends[1]);
	if (pid > 0)
		read_all(ends[0], answer);
	close(ends[0]);
	const int status = pid > 0 ? process_end(pid) : 0;
	return pid > 0 && WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS;
}
