/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * pattern.h - translates Lua patterns (Lua 5.4 manual, 6.4.1) into patterns of PCRE2.
 */
#ifndef SMTPSCAN_RULES_PATTERN_H
#define SMTPSCAN_RULES_PATTERN_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "types.h"

#define PATTERN_OCTETS_MAX 4096
#define PATTERN_CAPTURES_MAX 32 /* as in Lua */

/* A capture: a group of PCRE2, as text or as a position. */
struct capture_place {
	uint8_t group;
	bool position;
};

struct translated {
	GString *text; /* the pattern for PCRE2 */
	bool anchored; /* it began with ^ */
	unsigned count;
	struct capture_place captures[PATTERN_CAPTURES_MAX];
};

/* pattern_translate - `anchors`: a ^ at the start is an anchor. Returns NULL, or an error message (static). The caller
 * frees out->text in both cases. */
const char *pattern_translate(struct span pattern, bool anchors, struct translated *out);

#endif
