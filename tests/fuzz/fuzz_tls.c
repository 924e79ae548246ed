/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * fuzz_tls.c - a fuzz target: octets of both directions, in pieces, with holes, into one TLS observer.
 *
 * The input is a list of records: a flag octet (1: the server's; 2: a hole), length in two octets, the octets.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tls.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tls *tls = tls_new(NULL, NULL, NULL);
	while (size >= 3) {
		enum direction direction = data[0] & 1 ? DOWN : UP;
		bool hole = data[0] & 2;
		size_t length = (size_t)data[1] << 8 | data[2];
		data += 3;
		size -= 3;
		length = length < size ? length : size;
		uint8_t *copy = malloc(length ? length : 1); /* of its own, so that a sanitizer knows where it ends */
		memcpy(copy, data, length);
		if (hole)
			tls_gap(tls, direction, length);
		else
			tls_bytes(tls, direction, (struct span){ copy, length }, 0, 0);
		tls_ready(tls);
		free(copy);
		data += hole ? 0 : length;
		size -= hole ? 0 : length;
	}
	tls_free(tls);
	return 0;
}
