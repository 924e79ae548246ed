/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * memory.c - see memory.h. Wraps malloc and similar functions of the C library.
 */
#include "memory.h"

#include <dlfcn.h>
#include <errno.h>
#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "file.h"
#include "outcome.h"

#ifndef __has_feature
#define __has_feature(feature) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || __has_feature(address_sanitizer) ||               \
	__has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define HAS_OWN 0
#else
#define HAS_OWN 1
#endif

static int end_status = EXIT_OUTPUT;
static void (*end_last)(void);
static unsigned refused;
static pid_t end_process; /* the process that set them */

void memory_gone(void)
{
	static const char sentence[] = "smtpscan: out of memory\n";
	void (*last)(void) = getpid() == end_process ? end_last : NULL;
	file_write(STDERR_FILENO, sentence, strlen(sentence));
	end_last = NULL; /* not twice */
	if (last)
		last();
	_exit(end_status);
}

/* on_log - GLib logs a fatal error when it is refused a large block. */
static void on_log(const char *domain, GLogLevelFlags level, const char *message, void *context)
{
	if (level & G_LOG_LEVEL_ERROR && g_strcmp0(domain, "GLib") == 0 && strstr(message, "failed to allocate"))
		memory_gone();
	g_log_default_handler(domain, level, message, context);
}

void memory_end(int status, void (*last)(void))
{
	end_status = status;
	end_last = last;
	end_process = getpid();
	g_log_set_default_handler(on_log, NULL);
}

unsigned memory_refused(void)
{
	return refused;
}

static size_t block_most = SIZE_MAX;

void memory_block_most(size_t size)
{
	block_most = size;
}

#if HAS_OWN

static void *(*next_malloc)(size_t size);
static void *(*next_calloc)(size_t count, size_t size);
static void *(*next_realloc)(void *block, size_t size);
static void *(*next_aligned_alloc)(size_t alignment, size_t size);

/* find_next - dlsym may itself allocate; it can do without. */
static bool find_next(void)
{
	static bool finding;
	if (finding)
		return false;
	finding = true;
	*(void **)&next_calloc = dlsym(RTLD_NEXT, "calloc");
	*(void **)&next_realloc = dlsym(RTLD_NEXT, "realloc");
	*(void **)&next_aligned_alloc = dlsym(RTLD_NEXT, "aligned_alloc");
	*(void **)&next_malloc = dlsym(RTLD_NEXT, "malloc");
	finding = false;
	return next_malloc && next_calloc && next_realloc && next_aligned_alloc;
}

static inline bool is_ready(void)
{
	return G_LIKELY(next_malloc) || find_next();
}

/* checked - returns the block, or NULL for a large one that was refused; else ends the process. */
static inline void *checked(void *block, size_t size)
{
	if (G_LIKELY(block))
		return block;
	if (size < MEMORY_LARGE)
		memory_gone();
	refused++;
	return NULL;
}

/* is_allowed - is a block of this size allowed? */
static inline bool is_allowed(size_t size)
{
	return G_LIKELY(size <= block_most);
}

void *malloc(size_t size)
{
	return is_ready() ? checked(is_allowed(size) ? next_malloc(size) : NULL, size) : NULL;
}

void *calloc(size_t count, size_t size)
{
	size_t all;
	if (__builtin_mul_overflow(count, size, &all))
		all = SIZE_MAX;
	return is_ready() ? checked(is_allowed(all) ? next_calloc(count, size) : NULL, all) : NULL;
}

void *realloc(void *block, size_t size)
{
	if (!is_ready())
		return NULL;
	void *moved = is_allowed(size) ? next_realloc(block, size) : NULL;
	return size == 0 ? moved : checked(moved, size); /* no octets: it was freed */
}

void *aligned_alloc(size_t alignment, size_t size)
{
	return is_ready() ? checked(is_allowed(size) ? next_aligned_alloc(alignment, size) : NULL, size) : NULL;
}

int posix_memalign(void **block, size_t alignment, size_t size)
{
	void *found = aligned_alloc(alignment, size);
	if (!found)
		return ENOMEM;
	*block = found;
	return 0;
}

#endif
