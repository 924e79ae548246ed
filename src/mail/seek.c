/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * seek.c - see seek.h. Every octet of a multipart is read here, so 32 are tested at a time. The loop does not stop at
 * line ends alone, since base64 has one every 78 octets.
 */
#include "seek.h"

#include "octets.h"

#define STEP sizeof(octets32)

static seek_run *fastest = seek_vector;

void seek_init(void)
{
	if (octets32_are_fast())
		fastest = seek_avx2;
}

size_t seek_scalar(const uint8_t *data, size_t size)
{
	for (size_t at = 0; at + 2 < size; at++)
		if (data[at] == '\n' && data[at + 1] == '-' && data[at + 2] == '-')
			return at;
	return size;
}

static inline __attribute__((always_inline)) size_t seek_octets(const uint8_t *data, size_t size)
{
	size_t at = 0;
	for (; size - at >= STEP + 2; at += STEP) {
		const uint8_t *from = data + at;
		octets32 found = (octets32)(*(const octets32_unaligned *)from == '\n') &
				 (octets32)(*(const octets32_unaligned *)(from + 1) == '-') &
				 (octets32)(*(const octets32_unaligned *)(from + 2) == '-');
		if (OCTETS32_ANY(found))
			return at + seek_scalar(data + at, STEP + 2);
	}
	return at + seek_scalar(data + at, size - at);
}

size_t seek_vector(const uint8_t *data, size_t size)
{
	return size < STEP + 2 ? seek_scalar(data, size) : seek_octets(data, size);
}

OCTETS32_FAST size_t seek_avx2(const uint8_t *data, size_t size)
{
	return size < STEP + 2 ? seek_scalar(data, size) : seek_octets(data, size);
}

size_t seek_delimiter(const uint8_t *data, size_t size)
{
	return fastest(data, size);
}
