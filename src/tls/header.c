/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * header.c - checks record headers (RFC 5246 6.2.1), and the header of a ClientHello in SSL 2 format (RFC 5246 E.2).
 */
#include "parts.h"

#define SSL2_CLIENT_HELLO 1
#define SSL2_HELLO_MIN 9 /* message type and the fixed fields */

bool record_is_ssl2_hello(const uint8_t *header, size_t size)
{
	if (size > 0 && !(header[0] & RECORD_SSL2_BIT))
		return false;
	if (size > 1 && (header[0] & ~RECORD_SSL2_BIT) * 256 + header[1] < SSL2_HELLO_MIN)
		return false;
	if (size > 2 && header[2] != SSL2_CLIENT_HELLO)
		return false;
	if (size > 3 && header[3] != 3 && header[3] != 0)
		return false;
	return size <= 4 || (header[3] == 3 ? header[4] <= 4 : header[4] == 2);
}

bool record_fits(const uint8_t *header, size_t size)
{
	if (size > 0 && (header[0] < RECORD_CHANGE_CIPHER_SPEC || header[0] > RECORD_HEARTBEAT))
		return false;
	if (size > 1 && header[1] != 3)
		return false;
	if (size > 2 && header[2] > 4)
		return false;
	if (size > 3 && header[3] * 256 > RECORD_SIZE_MAX)
		return false;
	return size <= 4 || be16(header + 3) <= RECORD_SIZE_MAX;
}
