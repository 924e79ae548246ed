/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * fuzz.h - what the fuzz targets share. A target is one file with LLVMFuzzerTestOneInput. It is built twice: for
 * libFuzzer (-Dfuzz=true), and in every build with replay.c, as a test that reads its seeds and past crashes.
 *
 * A promise that does not hold ends the process, also where assertions are off.
 */
#ifndef SMTPSCAN_TESTS_FUZZ_H
#define SMTPSCAN_TESTS_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kits/command_line.h"

#define FUZZ_PATH_MAX 32

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* require - a promise that the program makes whatever the input. */
#define require(promise) ((promise) ? (void)0 : fuzz_broken(__FILE__, __LINE__, #promise))

static inline void fuzz_broken(const char *file, int line, const char *promise)
{
	fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, promise);
	abort();
}

/* fuzz_copy - octets in memory of their own, so that a sanitizer knows where they end. Free with free. */
static inline uint8_t *fuzz_copy(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1);
	require(copy != NULL);
	if (size > 0)
		memcpy(copy, data, size);
	return copy;
}

/* fuzz_touch - a sanitizer sees octets that are not there. */
static inline void fuzz_touch(const uint8_t *data, size_t size)
{
	volatile uint8_t last = 0;
	for (size_t i = 0; i < size; i++)
		last = data[i];
	(void)last;
}

/* fuzz_file - the octets as a file, without a disk. Returns its descriptor; path is how others can open it. */
static inline int fuzz_file(const uint8_t *data, size_t size, char path[static FUZZ_PATH_MAX])
{
	const int fd = memfd_create("fuzz", MFD_CLOEXEC);
	require(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	snprintf(path, FUZZ_PATH_MAX, "/proc/self/fd/%d", fd);
	return fd;
}

/* fuzz_next - the next piece of an input whose pieces a NUL ends; *data and *size become the rest. Returns its size. */
static inline size_t fuzz_next(const uint8_t **data, size_t *size, const uint8_t **piece)
{
	const uint8_t *end = *size ? memchr(*data, '\0', *size) : NULL;
	const size_t length = end ? (size_t)(end - *data) : *size;
	*piece = *data;
	*data += length + (end != NULL);
	*size -= length + (end != NULL);
	return length;
}

#endif
