/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * bytes.h - numbers from octets: be: the most significant octet first (network byte order), le: the least significant
 * first. Private to src/.
 */
#ifndef SMTPSCAN_BYTES_H
#define SMTPSCAN_BYTES_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

static inline uint16_t be16(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

static inline uint32_t be24(const uint8_t *at)
{
	return (uint32_t)at[0] << 16 | (uint32_t)at[1] << 8 | at[2];
}

static inline uint32_t be32(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | be24(at + 1);
}

static inline uint16_t le16(const uint8_t *at)
{
	return (uint16_t)(at[1] << 8 | at[0]);
}

static inline uint32_t le32(const uint8_t *at)
{
	return (uint32_t)le16(at + 2) << 16 | le16(at);
}

static inline uint64_t le64(const uint8_t *at)
{
	return (uint64_t)le32(at + 4) << 32 | le32(at);
}

/* native16, native32 - in the byte order of this processor; swap: in the other one. */
static inline uint16_t native16(const uint8_t *at, bool swap)
{
	uint16_t value;
	memcpy(&value, at, sizeof value);
	return swap ? __builtin_bswap16(value) : value;
}

static inline uint32_t native32(const uint8_t *at, bool swap)
{
	uint32_t value;
	memcpy(&value, at, sizeof value);
	return swap ? __builtin_bswap32(value) : value;
}

#endif
