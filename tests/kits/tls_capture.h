/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * tls_capture.h - for tests: reads a recorded connection of testdata/tls as the octets of both directions, in order.
 */
#ifndef SMTPSCAN_TESTS_TLS_CAPTURE_H
#define SMTPSCAN_TESTS_TLS_CAPTURE_H

#include <glib.h>

#include "types.h"

/* The payload of one segment. */
struct tls_piece {
	enum direction direction;
	uint64_t offset, acked; /* as in flow.h */
	GByteArray *octets;
};

/* tls_capture - the segments with payload of the first connection of FOLDER/NAME.pcap (Ethernet, IPv4, nothing lost).
 * Of struct tls_piece; free with g_ptr_array_free. */
GPtrArray *tls_capture(const char *folder, const char *name);

#endif
