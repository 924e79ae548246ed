/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * seek.c - see seek.h. Every octet of a mail with parts passes here, so it looks at 32 places at a time; line ends
 * alone, of which a file in base64 has one in 78, do not stop it.
 */
#include "seek.h"

#define STEP 32

typedef uint8_t octets32 __attribute__((vector_size(STEP)));
typedef octets32 unaligned32 __attribute__((aligned(1), may_alias));
typedef uint64_t lanes4 __attribute__((vector_size(STEP)));

static seek_run *fastest = seek_vector;

void seek_init(void)
{
#ifdef __x86_64__
	if (__builtin_cpu_supports("avx2"))
		fastest = seek_avx2;
#endif
}

size_t seek_scalar(const uint8_t *data, size_t size)
{
	for (size_t at = 0; at + 2 < size; at++)
		if (data[at] == '\n' && data[at + 1] == '-' && data[at + 2] == '-')
			return at;
	return size;
}

static inline __attribute__((always_inline)) size_t seek(const uint8_t *data, size_t size)
{
	size_t at = 0;
	for (; size - at >= STEP + 2; at += STEP) {
		const uint8_t *from = data + at;
		octets32 found = (octets32)(*(const unaligned32 *)from == '\n') &
				 (octets32)(*(const unaligned32 *)(from + 1) == '-') &
				 (octets32)(*(const unaligned32 *)(from + 2) == '-');
		lanes4 lanes = (lanes4)found;
		if (lanes[0] | lanes[1] | lanes[2] | lanes[3])
			return at + seek_scalar(data + at, STEP + 2);
	}
	return at + seek_scalar(data + at, size - at);
}

size_t seek_vector(const uint8_t *data, size_t size)
{
	return size < STEP + 2 ? seek_scalar(data, size) : seek(data, size);
}

#ifdef __x86_64__
__attribute__((target("avx2"))) size_t seek_avx2(const uint8_t *data, size_t size)
{
	return size < STEP + 2 ? seek_scalar(data, size) : seek(data, size);
}
#else
size_t seek_avx2(const uint8_t *data, size_t size)
{
	return seek_vector(data, size);
}
#endif

size_t seek_delimiter(const uint8_t *data, size_t size)
{
	return fastest(data, size);
}
