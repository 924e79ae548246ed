/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * check.h - checks that cmocka does not have. A check that fails ends the test and shows what was there.
 */
#ifndef SMTPSCAN_TESTS_CHECK_H
#define SMTPSCAN_TESTS_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <string.h>

#include "packet.h"

static inline void assert_has(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("not there: %s\n--- in ---\n%s", part, text);
}

static inline void assert_has_not(const char *text, const char *part)
{
	if (strstr(text, part))
		fail_msg("there: %s\n--- in ---\n%s", part, text);
}

/* assert_span - these octets are this text. */
static inline void assert_span(struct span octets, const char *text)
{
	assert_int_equal(octets.size, strlen(text));
	if (octets.size > 0)
		assert_memory_equal(octets.data, text, octets.size);
}

/* address_of - the address that this text means. */
static inline struct address address_of(const char *text)
{
	struct address address = { .family = strchr(text, ':') ? 6 : 4 };
	assert_int_equal(inet_pton(address.family == 6 ? AF_INET6 : AF_INET, text, address.octets), 1);
	return address;
}

#endif
