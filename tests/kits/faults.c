/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * faults.c - a library for LD_PRELOAD under which reading one file fails (test_faults.py).
 *
 *   FAULTS_FILE   the file; nothing happens to others
 *   FAULTS_AFTER  octets of it that can be read
 *   FAULTS_KIND   what comes then: eio, an error of the disk; end, as when the file shrank meanwhile
 *
 * The place in the file counts, not what was read, so that it is the same in every process.
 */
#include <dlfcn.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct stat bad;
static off_t after;
static bool active, error;
static ssize_t (*real_read)(int fd, void *to, size_t size);

ssize_t __read_chk(int fd, void *to, size_t size, size_t room);

/* begin - before main, and so before any sandbox. */
__attribute__((constructor)) static void begin(void)
{
	const char *file = getenv("FAULTS_FILE"), *octets = getenv("FAULTS_AFTER"), *kind = getenv("FAULTS_KIND");
	*(void **)&real_read = dlsym(RTLD_NEXT, "read");
	active = file && octets && kind && stat(file, &bad) == 0;
	after = octets ? (off_t)strtoll(octets, NULL, 10) : 0;
	error = kind && strcmp(kind, "eio") == 0;
}

ssize_t read(int fd, void *to, size_t size)
{
	struct stat here;
	if (!active || fstat(fd, &here) != 0 || here.st_dev != bad.st_dev || here.st_ino != bad.st_ino)
		return real_read(fd, to, size);
	const off_t left = after - lseek(fd, 0, SEEK_CUR);
	if (left > 0)
		return real_read(fd, to, (off_t)size < left ? size : (size_t)left);
	if (!error)
		return 0;
	errno = EIO;
	return -1;
}

/* __read_chk - what _FORTIFY_SOURCE makes of read. */
ssize_t __read_chk(int fd, void *to, size_t size, size_t room)
{
	if (size > room)
		abort();
	return read(fd, to, size);
}
