/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * bytes.h - numbers from octets: be: the most significant octet first (network byte order), le: the least significant
 * first. Private to src/.
 */
#ifndef SMTPSCAN_BYTES_H
#define SMTPSCAN_BYTES_H

#include <stdint.h>

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

#endif
