/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * measure.c - runs a command and prints what it took: CPU seconds, wall seconds, peak memory in KiB, exit status (128 +
 *N when signal N ended it):
 *
 *	measure SECONDS COMMAND...
 *
 * SECONDS: it is ended after so long; 0: never. Its output goes nowhere. This is a program of its own because a child's
 * peak memory begins with that of the process it was forked from, and this one is small.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double seconds(struct timeval time)
{
	return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

int main(int argc, char **argv)
{
	struct timespec before, after;
	struct rusage usage;
	int status = 0;
	if (argc < 3) {
		fprintf(stderr, "Usage: %s SECONDS COMMAND...\n", argv[0]);
		return 2;
	}
	clock_gettime(CLOCK_MONOTONIC, &before);
	pid_t child = fork();
	if (child == 0) {
		int nowhere = open("/dev/null", O_RDWR);
		for (int fd = 0; fd < 3; fd++)
			dup2(nowhere, fd);
		alarm((unsigned)atoi(argv[1])); /* execve keeps it */
		execvp(argv[2], argv + 2);
		_exit(127);
	}
	if (child < 0 || wait4(child, &status, 0, &usage) < 0) {
		perror("measure");
		return 1;
	}
	clock_gettime(CLOCK_MONOTONIC, &after);
	printf("%.4f %.4f %ld %d\n", seconds(usage.ru_utime) + seconds(usage.ru_stime),
		(double)(after.tv_sec - before.tv_sec) + (double)(after.tv_nsec - before.tv_nsec) / 1e9,
		usage.ru_maxrss, WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
	return 0;
}
