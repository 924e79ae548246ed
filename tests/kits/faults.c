/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * faults.c - a library for LD_PRELOAD that simulates faults of a machine (test_faults.py).
 *
 *   FAULTS_FILE   a capture; nothing happens to other files, but with `full` and `no-proc`
 *   FAULTS_AFTER  octets of it that can be read; with `full`: that can be written
 *   FAULTS_KIND   what comes then: eio, an error of the disk; end, as when the file shrank meanwhile; kill, the end of
 *                 the process; stop, it stops itself, once; open, it stops before it opens the file
 *                 false-report, false-frame: a worker sends its parent what no worker sends
 *                 full: temporary files, which have no names, can't be written to; no-proc: there is no /proc
 *
 * The place in the file counts, not what was read, so that it is the same in every process.
 */
#undef _FILE_OFFSET_BITS /* open and open64 are both here */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

static const char *const kinds[] = { "eio", "end", "kill", "stop", "open", "full", "no-proc", "false-report",
	"false-frame" };
static enum kind {
	EIO_COMES,
	END_COMES,
	KILL,
	STOP,
	STOP_OPEN,
	FULL,
	NO_PROC,
	FALSE_REPORT,
	FALSE_FRAME,
	NOTHING
} kind = NOTHING;
static struct stat bad;
static off_t after;
static const char *path;
static bool is_child;
static ssize_t (*real_read)(int fd, void *to, size_t size);
static ssize_t (*real_write)(int fd, const void *octets, size_t size);
static ssize_t (*real_pwrite)(int fd, const void *octets, size_t size, off_t at);
static int (*real_open)(const char *name, int flags, ...);
static ssize_t (*real_send)(int fd, const void *octets, size_t size, int flags);
static ssize_t (*real_writev)(int fd, const struct iovec *pieces, int count);
static pid_t first;

ssize_t __read_chk(int fd, void *to, size_t size, size_t room);
int __open_2(const char *name, int flags);
int __open64_2(const char *name, int flags);
int open64(const char *name, int flags, ...);
ssize_t pwrite64(int fd, const void *octets, size_t size, off_t at);

/* begin - before main, and so before any sandbox. */
__attribute__((constructor)) static void begin(void)
{
	const char *octets = getenv("FAULTS_AFTER"), *what = getenv("FAULTS_KIND");
	path = getenv("FAULTS_FILE");
	*(void **)&real_read = dlsym(RTLD_NEXT, "read");
	*(void **)&real_write = dlsym(RTLD_NEXT, "write");
	*(void **)&real_pwrite = dlsym(RTLD_NEXT, "pwrite");
	*(void **)&real_open = dlsym(RTLD_NEXT, "open");
	*(void **)&real_send = dlsym(RTLD_NEXT, "send");
	*(void **)&real_writev = dlsym(RTLD_NEXT, "writev");
	for (kind = EIO_COMES; what && kind < NOTHING && strcmp(what, kinds[kind]) != 0;)
		kind++;
	if (!what || !path || stat(path, &bad) != 0)
		kind = NOTHING;
	after = octets ? (off_t)strtoll(octets, NULL, 10) : 0;
	first = getpid();
}

/* stop_once - only a child process stops, not the first process. */
static void stop_once(void)
{
	is_child = is_child || getpid() != first;
	if (!is_child)
		return;
	kind = NOTHING;
	raise(SIGSTOP);
}

ssize_t read(int fd, void *to, size_t size)
{
	struct stat here;
	if (kind > STOP || fstat(fd, &here) != 0 || here.st_dev != bad.st_dev || here.st_ino != bad.st_ino)
		return real_read(fd, to, size);
	const off_t left = after - lseek(fd, 0, SEEK_CUR);
	if (left > 0)
		return real_read(fd, to, (off_t)size < left ? size : (size_t)left);
	if (kind == KILL)
		raise(SIGKILL);
	if (kind == STOP) {
		stop_once();
		return real_read(fd, to, size);
	}
	errno = EIO;
	return kind == EIO_COMES ? -1 : 0;
}

/* __read_chk - read, when compiled with _FORTIFY_SOURCE. */
ssize_t __read_chk(int fd, void *to, size_t size, size_t room)
{
	if (size > room)
		abort();
	return read(fd, to, size);
}

/* room_for - the number of octets that can be written. */
static size_t room_for(int fd, size_t size)
{
	struct stat here;
	if (kind != FULL || fstat(fd, &here) != 0 || !S_ISREG(here.st_mode) || here.st_nlink > 0)
		return size;
	const off_t left = after - here.st_size;
	return left > (off_t)size ? size : left > 0 ? (size_t)left : 0;
}

ssize_t write(int fd, const void *octets, size_t size)
{
	const size_t room = room_for(fd, size);
	if (room > 0 || size == 0)
		return real_write(fd, octets, room);
	errno = ENOSPC;
	return -1;
}

ssize_t pwrite(int fd, const void *octets, size_t size, off_t at)
{
	const size_t room = room_for(fd, size);
	if (room > 0 || size == 0)
		return real_pwrite(fd, octets, room, at);
	errno = ENOSPC;
	return -1;
}

ssize_t pwrite64(int fd, const void *octets, size_t size, off_t at) __attribute__((alias("pwrite")));

/* send - of a worker, a report; its parent sends tasks, which stay as they are. */
ssize_t send(int fd, const void *octets, size_t size, int flags)
{
	uint8_t false_octets[4096];
	if (kind != FALSE_REPORT || getpid() == first || size > sizeof false_octets)
		return real_send(fd, octets, size, flags);
	memset(false_octets, 0xff, size);
	return real_send(fd, false_octets, size, flags);
}

/* writev - of a worker, frames. */
ssize_t writev(int fd, const struct iovec *pieces, int count)
{
	static const uint8_t false_octets[64] = { 0xff, 0xff, 0xff, 0xff };
	const struct iovec piece = { (void *)(uintptr_t)false_octets, sizeof false_octets };
	if (kind != FALSE_FRAME || getpid() == first || count == 0)
		return real_writev(fd, pieces, count);
	real_writev(fd, &piece, 1);
	return (ssize_t)pieces->iov_len;
}

int open(const char *name, int flags, ...)
{
	va_list arguments;
	va_start(arguments, flags);
	const mode_t mode = va_arg(arguments, mode_t);
	va_end(arguments);
	if (kind == STOP_OPEN && strcmp(name, path) == 0 && !(flags & O_PATH))
		stop_once();
	if (kind != NO_PROC || strncmp(name, "/proc", 5) != 0)
		return real_open(name, flags, mode);
	errno = ENOENT;
	return -1;
}

int open64(const char *name, int flags, ...) __attribute__((alias("open")));

/* __open_2 - open, when compiled with _FORTIFY_SOURCE. */
int __open_2(const char *name, int flags)
{
	return open(name, flags, 0);
}

int __open64_2(const char *name, int flags) __attribute__((alias("__open_2")));
