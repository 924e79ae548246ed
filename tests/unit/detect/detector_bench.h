/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * detector_bench.h - one detector, the events of a session made by hand, and what was raised: for the tests of
 * detectors.
 */
#ifndef SMTPSCAN_DETECTOR_BENCH_H
#define SMTPSCAN_DETECTOR_BENCH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "detectors.h"
#include "text.h"

struct bench {
	struct detector_options options;
	struct detectors *detectors;
	struct flow flow;
	struct detector *detector;
	struct moment at;
	struct transaction tx;
	struct mail mail;
	unsigned raised[ALERT_COUNT];
	enum severity severity; /* of the last one */
	char *description, *evidence;
	size_t step; /* content is fed in pieces of this size */
	/* what the session would know of the next command */
	bool in_transaction, refusal_unknown, smtputf8, credentials, continuation;
	unsigned recipients;
};

void bench_init(struct bench *b, size_t step);
void bench_clear(struct bench *b);
/* bench_session - a new session of the same pair. bench_wait - time passes. */
void bench_session(struct bench *b);
void bench_wait(struct bench *b, int seconds);

/* A line of the client with its end; _long: with `filler` letters in the middle. */
void bench_command(struct bench *b, const char *line);
void bench_command_bytes(struct bench *b, struct span line);
void bench_command_long(struct bench *b, const char *start, size_t filler, const char *end);
/* The reply to a command ("": the banner, ".": the end of data), all lines of it. */
void bench_reply(struct bench *b, const char *to, const char *lines);
void bench_reply_bytes(struct bench *b, const char *to, struct span bytes);
/* The first octets of the client. */
void bench_first(struct bench *b, const char *octets, size_t size);
/* A transaction with this content; with BODY=VALUE; with one recipient and no content. */
void bench_content(struct bench *b, const char *octets);
void bench_content_bytes(struct bench *b, struct span content);
void bench_content_as(struct bench *b, const char *value, const char *octets);
void bench_recipient(struct bench *b, const char *path, enum recipient_status status);
/* A mail with this header, text, attachment or defect. */
void bench_header(struct bench *b, const char *name, const char *value);
void bench_mail_text(struct bench *b, const char *octets);
void bench_file(struct bench *b, const char *name, const char *type);
void bench_file_bytes(struct bench *b, const char *name, const char *type, const void *head, size_t size);
void bench_defect(struct bench *b, enum mime_defect_kind kind);
#define WINDOWS_PROGRAM "MZ\x90\0\3\0\0\0\4", 9
/* An AUTH exchange that ended with this code. */
void bench_auth(struct bench *b, const char *mechanism, const char *user, const char *password, unsigned code);
/* A TLS handshake; the certificate's times in seconds from now, not_after 0: none was seen. */
void bench_handshake(struct bench *b, uint16_t version, int64_t not_before, int64_t not_after);

/* The cases, one for each alert that the detectors own. With `hit` it must raise the alert, else nothing of that id. */
#define X(number, id, severity, category, scope, by, counts, condition) DECLARE_CASE_BY_##by(id)
#define DECLARE_CASE_BY_DETECTOR(id) void case_##id(struct bench *b, bool hit);
#define DECLARE_CASE_BY_MACHINE(id)
#define DECLARE_CASE_BY_RULE(id)
ALERTS(X)
#undef X

#endif
