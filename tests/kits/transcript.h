/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * transcript.h - for tests: feeds a dialogue to a session and logs its events as lines of text.
 *
 * A dialogue is lines of "C: text" and "S: text"; CRLF is added. "C+:" is sent with the acknowledgement of the line
 * before it, i.e. before the client saw later replies. "c:" and "s:" (and "c+:") add no line end. Escapes: \r \n \0 \\
 * \xHH. "C gap N" and "S gap N": N octets are missing. "C fin", "S fin", "reset", "timeout", "capture ends",
 * "one-sided down", "one-sided up". "decrypted": what follows was inside TLS. A "#" begins a comment. The session ends
 * at the end of the dialogue.
 *
 * The transcript has one line per event, see transcript.c.
 */
#ifndef SMTPSCAN_TESTS_TRANSCRIPT_H
#define SMTPSCAN_TESTS_TRANSCRIPT_H

#include <glib.h>

#include "session.h"

/* How octets are fed: by lines, octet by octet, or everything that one side sent with the same acknowledgement. */
enum pieces { WHOLE, BYTE_BY_BYTE, JOINED, PIECES_COUNT };

/* transcript_run - runs a dialogue. Returns the transcript; free with g_free. */
char *transcript_run(const char *dialogue, const struct session_options *options, enum pieces pieces);

/* A session whose events are appended to a text. */
struct transcript {
	struct session *session;
	GString *text;
	uint64_t sent[2];  /* stream octets so far, by direction */
	uint64_t acked[2]; /* the acknowledgement of the line before, by direction */
	size_t tls_octets[2];
	enum pieces pieces;
	GString *joined; /* JOINED: what is not fed yet, of this direction */
	enum direction side;
	uint64_t joined_acked;
};

void transcript_begin(struct transcript *t, const struct session_options *options, enum pieces pieces);
/* transcript_feed - octets of a direction, sent by someone who had seen `acked` octets of the other. */
void transcript_feed(struct transcript *t, enum direction direction, struct span octets, uint64_t acked);
/* transcript_end - ends and frees the session. Returns the text; free with g_free. */
char *transcript_end(struct transcript *t, enum session_end why);

#endif
