/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * yara.h - compiles YARA rules (--yara) and runs them on complete contents and parts. Only yara.c uses libyara.
 */
#ifndef SMTPSCAN_RULES_YARA_H
#define SMTPSCAN_RULES_YARA_H

#include <glib.h>
#include <stdbool.h>

#include "types.h"

#define YARA_SECONDS_MAX 10 /* of one scan; one that takes longer is aborted and reported */

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
/* yara_scan - reports every rule that matches. Returns false when the scan failed or took too long, which is reported
 * once. */
bool yara_scan(struct yara *yara, struct span octets, yara_report report, void *context);
void yara_free(struct yara *yara);

#endif
