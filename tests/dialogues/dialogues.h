/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * dialogues.h - for tests: the dialogues of tests/dialogues/dialogues.txt with the transcripts they must give.
 *
 * Each begins with "== NAME [strict] [midstream] [implicit-tls] [early-pipeline]", followed by the dialogue (see
 * transcript.h), "--" and the transcript.
 */
#ifndef SMTPSCAN_TESTS_DIALOGUES_H
#define SMTPSCAN_TESTS_DIALOGUES_H

#include <glib.h>

#include "session.h"

struct dialogue {
	char *name, *text, *expected;
	char *header;
	struct session_options options;
};

/* dialogues_load - of struct dialogue *, freed with the array. Aborts when the file can't be read. */
GPtrArray *dialogues_load(const char *path);

#endif
