/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * no_memory.c - a library for LD_PRELOAD that counts the places where memory is asked for, and refuses it at one
 * (test_memory.py).
 *
 * FAULTS_MEMORY names a file, made by whoever starts the program, that all its processes map: struct table. A site is
 * the kind of the process (the first one, or one that it made) and the calls that lead to the request, innermost
 * first. The first request from the site `fail` is refused; with `ever`, all that follow in that process, too.
 */
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <link.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define FRAMES 8  /* calls that make a site */
#define SKIPPED 2 /* of this file */
#define SITES 16384
#define MODULES 64
#define NAME_SIZE 120

struct site {
	uint64_t hash;
	uint64_t size;           /* octets, the first time */
	uint32_t child, order;   /* order: how many were met before it */
	uint64_t frames[FRAMES]; /* module << 48 | place in it */
};

struct table {
	uint64_t fail;            /* 0: none */
	uint32_t ever, refused;   /* refused: how often */
	uint32_t sites, overflow; /* overflow: sites that found no room */
	char modules[MODULES][NAME_SIZE];
	struct site site[SITES];
};

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *block, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

static struct table *table;
static struct {
	uintptr_t start, end;
	uint64_t hash;
	char name[NAME_SIZE];
} modules[MODULES];
static unsigned module_count;
static uint32_t child; /* is this not the first process? */
static bool refusing, busy;
static void *(*real_mmap)(void *, size_t, int, int, int, off_t);
static pid_t (*real_fork)(void);

static uint64_t mix(uint64_t hash, uint64_t value)
{
	hash = (hash ^ value) * UINT64_C(0x9e3779b97f4a7c15);
	return hash ^ hash >> 29;
}

/* add_module - what is loaded. */
static int add_module(struct dl_phdr_info *info, size_t size, void *context)
{
	if (module_count == MODULES)
		return 1;
	const char *slash = strrchr(info->dlpi_name, '/');
	const char *name = *info->dlpi_name ? info->dlpi_name : "-"; /* the program itself */
	uintptr_t end = info->dlpi_addr;
	for (int i = 0; i < info->dlpi_phnum; i++)
		if (info->dlpi_phdr[i].p_type == PT_LOAD &&
			info->dlpi_addr + info->dlpi_phdr[i].p_vaddr + info->dlpi_phdr[i].p_memsz > end)
			end = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr + info->dlpi_phdr[i].p_memsz;
	modules[module_count].start = info->dlpi_addr;
	modules[module_count].end = end;
	modules[module_count].hash = 1;
	for (const char *c = slash ? slash + 1 : name; *c; c++)
		modules[module_count].hash = mix(modules[module_count].hash, (uint8_t)*c);
	strncpy(modules[module_count].name, name, NAME_SIZE - 1);
	module_count++;
	return 0;
}

static void list_modules(void)
{
	module_count = 0;
	dl_iterate_phdr(add_module, NULL);
}

static unsigned module_of(uintptr_t place)
{
	for (int look = 0; look < 2; look++) {
		for (unsigned i = 0; i < module_count; i++)
			if (place >= modules[i].start && place < modules[i].end)
				return i;
		list_modules();
	}
	return MODULES;
}

/* number_of - which of the modules that the table names. */
static uint64_t number_of(const char *name)
{
	unsigned i = 0;
	while (i < MODULES - 1 && table->modules[i][0] && strcmp(table->modules[i], name) != 0)
		i++;
	strcpy(table->modules[i], name);
	return i;
}

/* find - the site of a hash; NULL when there is no room. */
static struct site *find(uint64_t hash, bool *fresh)
{
	for (unsigned i = 0; i < SITES; i++) {
		struct site *site = &table->site[(hash + i) % SITES];
		uint64_t none = 0;
		*fresh = __atomic_compare_exchange_n(
			&site->hash, &none, hash, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
		if (*fresh || none == hash)
			return site;
	}
	return NULL;
}

/* is_refused - for a request of the caller's caller. */
static __attribute__((noinline)) bool is_refused(size_t size)
{
	if (!table || busy)
		return false;
	if (refusing) {
		__atomic_add_fetch(&table->refused, 1, __ATOMIC_SEQ_CST);
		return true;
	}
	if (table->refused)
		return false;
	void *calls[FRAMES + SKIPPED];
	const int error = errno;
	busy = true;
	const int depth = backtrace(calls, FRAMES + SKIPPED);
	uint64_t hash = 1 + child, frames[FRAMES] = { 0 };
	unsigned held[FRAMES];
	for (int i = SKIPPED; i < depth; i++) {
		const unsigned module = held[i - SKIPPED] = module_of((uintptr_t)calls[i]);
		const uintptr_t place = (uintptr_t)calls[i] - (module < MODULES ? modules[module].start : 0);
		hash = module < MODULES ? mix(mix(hash, modules[module].hash), place) : hash;
		frames[i - SKIPPED] = place;
	}
	bool fresh;
	struct site *site = find(hash, &fresh);
	if (!site)
		table->overflow++;
	else if (fresh) {
		site->order = table->sites++;
		site->size = size;
		site->child = child;
		for (int i = 0; i < depth - SKIPPED; i++)
			site->frames[i] =
				held[i] < MODULES ? frames[i] | number_of(modules[held[i]].name) << 48 : UINT64_MAX;
	}
	busy = false;
	errno = error;
	if (hash != table->fail || __atomic_add_fetch(&table->refused, 1, __ATOMIC_SEQ_CST) != 1)
		return false;
	refusing = table->ever;
	return true;
}

/* begin - before main, and so before any sandbox. */
__attribute__((constructor)) static void begin(void)
{
	const char *path = getenv("FAULTS_MEMORY");
	void *calls[2];
	*(void **)&real_mmap = dlsym(RTLD_NEXT, "mmap");
	*(void **)&real_fork = dlsym(RTLD_NEXT, "fork");
	backtrace(calls, 2); /* which loads what it needs */
	list_modules();
	const int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
	void *map = fd >= 0 ? real_mmap(NULL, sizeof *table, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) : MAP_FAILED;
	if (fd >= 0)
		close(fd);
	if (map != MAP_FAILED)
		table = map;
}

static void *refuse(void *nothing)
{
	errno = ENOMEM;
	return nothing;
}

__attribute__((noinline)) void *malloc(size_t size)
{
	return is_refused(size) ? refuse(NULL) : __libc_malloc(size);
}

__attribute__((noinline)) void *calloc(size_t count, size_t size)
{
	return is_refused(count * size) ? refuse(NULL) : __libc_calloc(count, size);
}

__attribute__((noinline)) void *realloc(void *block, size_t size)
{
	return size > 0 && is_refused(size) ? refuse(NULL) : __libc_realloc(block, size);
}

__attribute__((noinline)) void *aligned_alloc(size_t alignment, size_t size)
{
	return is_refused(size) ? refuse(NULL) : __libc_memalign(alignment, size);
}

__attribute__((noinline)) int posix_memalign(void **block, size_t alignment, size_t size)
{
	if (is_refused(size))
		return ENOMEM;
	*block = __libc_memalign(alignment, size);
	return *block ? 0 : ENOMEM;
}

__attribute__((noinline)) void *mmap(void *at, size_t size, int protection, int flags, int fd, off_t offset)
{
	if (is_refused(size))
		return refuse(MAP_FAILED);
	return real_mmap ? real_mmap(at, size, protection, flags, fd, offset) : refuse(MAP_FAILED);
}

__attribute__((noinline)) pid_t fork(void)
{
	if (is_refused(0)) {
		errno = ENOMEM;
		return -1;
	}
	const pid_t pid = real_fork();
	child |= pid == 0;
	return pid;
}
