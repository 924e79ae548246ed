/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * yara.h - rules of YARA (--yara), compiled, and run over octets that are there as a whole. Only yara.c knows libyara.
 */
#ifndef SMTPSCAN_RULES_YARA_H
#define SMTPSCAN_RULES_YARA_H

#include <glib.h>
#include <stdbool.h>

#include "types.h"

#define YARA_SECONDS_MAX 10 /* of one scan: a rule that takes longer is given up, and said */

struct yara;

/* A rule that matched. */
struct yara_hit {
	const char *rule;  /* borrowed */
	GString *words;    /* tags, meta and offsets, as text; may be empty */
	struct span first; /* the first match, in the octets; data is NULL when the rule has no strings */
};
typedef void (*yara_report)(void *context, const struct yara_hit *hit);

/* yara_load - compiles the files. Returns NULL with an error that names file and line. */
struct yara *yara_load(char **paths, GError **error);
/* yara_scan - reports every rule that matches. Returns false, once said, when that took too long. */
bool yara_scan(struct yara *yara, struct span octets, yara_report report, void *context);
unsigned yara_count(const struct yara *yara);
void yara_free(struct yara *yara);

#endif
