/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * reassembly.h - libnids begins before a group of tests, and ends after it.
 */
#ifndef SMTPSCAN_TESTS_REASSEMBLY_H
#define SMTPSCAN_TESTS_REASSEMBLY_H

#include "stream.h"

static inline int reassembly_set_up(void **state)
{
	return reassembly_init() ? 0 : -1;
}

static inline int reassembly_tear_down(void **state)
{
	reassembly_exit();
	return 0;
}

#endif
