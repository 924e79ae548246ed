/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * session.h - one SMTP session: feeds bytes to the state machine, pairs replies with commands, tracks transactions.
 *
 * It does not depend on packets, files or JSON: a test or a fuzzer can feed it bytes. What it finds goes to the sink,
 * in the order in which it became certain. Spans and structs that the sink gets are valid during the call only, except
 * the transaction, which is valid from transaction_begin to the return of transaction_end.
 */
#ifndef SMTPSCAN_SESSION_H
#define SMTPSCAN_SESSION_H

#include <glib.h>

#include "alert.h"
#include "grammar.h"
#include "types.h"

struct flow;

struct machine_rows;

#define SESSION_PENDING_COMMANDS 1000 /* commands that wait for replies; RFC 2920 sets no limit */
#define SESSION_PENDING_BYTES (1024 * 1024)
#define SESSION_REPLY_LINES 1000 /* lines kept of one reply */

/* ---- commands and replies ---- */

/* A command as the state machine took it. */
struct session_command {
	struct command parsed; /* verb, argument, line; for a line that did not fit: verb VERB_UNKNOWN, name empty */
	bool valid;            /* false: the line did not fit the grammar (argument empty) */
	bool credentials;      /* an AUTH command or continuation: argument and line hold secrets */
	bool continuation;     /* an AUTH continuation line: no verb, argument is the whole line */
	const char *state;     /* the state in which it was taken */
	int tx;                /* the open transaction, or the one that it begins; -1: none */
	bool smtputf8;         /* this transaction uses SMTPUTF8, or this command asks for it */
	bool early;            /* sent before the reply to the previous command */
	bool refusal_unknown;  /* pipelined after a MAIL or RCPT whose refusal the client could not know yet */
	bool in_transaction;   /* a MAIL was accepted or is not answered yet, and the transaction has not ended */
	bool offered;          /* the verb is of no known extension, but the server's reply to EHLO names it */
	unsigned accepted_recipients, pending_recipients;
};

/* A reply with all its lines. */
struct session_response {
	unsigned code;
	const struct reply_line *lines; /* at most SESSION_REPLY_LINES */
	size_t line_count;
	uint64_t lines_seen;  /* also those that are not kept */
	bool code_mismatch;   /* the code changed within it */
	bool assumed;         /* not seen: the usual reply is assumed; it has no lines */
	enum verb to;         /* the command that it answers; VERB_UNKNOWN and an empty to_name: none, or not known */
	struct span to_name;  /* that verb as sent, "." for the end of data, empty for the banner and when not known */
	struct span argument; /* that command's argument (empty for AUTH) */
	bool end_of_data;     /* it answers the end of data, or a BDAT chunk */
	const char *state;
	int tx;
};

/* response_enhanced - its enhanced status code (RFC 2034), see grammar_enhanced. */
void response_enhanced(const struct session_response *response, char out[GRAMMAR_ENHANCED_MAX]);

enum transfer { TRANSFER_NONE, TRANSFER_DATA, TRANSFER_BDAT };
enum outcome { OUTCOME_UNKNOWN, OUTCOME_ACCEPTED, OUTCOME_REJECTED, OUTCOME_ABORTED };
#define RECIPIENTS_KEPT_MAX 100000              /* of one transaction; more are only counted */
#define RECIPIENT_OCTETS_MAX (16 * 1024 * 1024) /* ... and so are those after so many octets of RCPT commands */

enum recipient_status { RECIPIENT_PENDING, RECIPIENT_ACCEPTED, RECIPIENT_REJECTED, RECIPIENT_STATUS_COUNT };

struct mail_param {
	GString *keyword; /* upper case */
	GString *value;   /* with xtext decoded where the RFC defines it; NULL without '=' */
};

struct recipient {
	GString *path; /* as on the wire, with brackets when it has them */
	enum recipient_status status;
	unsigned code;       /* reply to RCPT, 0 when none was seen */
	unsigned final_code; /* LMTP: its reply after the end of data, 0 when none */
	bool assumed;
};

/* The stage of the transaction at which it ended. */
/* clang-format off */
#define STAGES(X) \
	X(MAIL, "mail") X(RCPT, "rcpt") X(DATA, "data") X(CONTENT, "content") X(END_OF_DATA, "eod") X(RSET, "rset") \
	X(HELO, "helo") X(QUIT, "quit") X(STARTTLS, "starttls") X(CLOSED, "closed") X(RESET, "reset") X(TIMEOUT, "timeout") \
	X(CAPTURE_END, "end_of_capture")
/* clang-format on */
enum stage {
#define X(id, name) STAGE_##id,
	STAGES(X)
#undef X
		STAGE_COUNT
};
extern const char *const stage_names[STAGE_COUNT];
extern const char *const transfer_names[TRANSFER_BDAT + 1]; /* [TRANSFER_NONE] is NULL */
extern const char *const outcome_names[OUTCOME_ABORTED + 1];

/* One transaction: RFC 5321 3.3. */
struct transaction {
	int number;            /* 0, 1, .. per session */
	GString *helo;         /* argument of the HELO, EHLO or LHLO that is in force; NULL */
	GString *mail_from;    /* as on the wire; NULL when there was no MAIL */
	GPtrArray *params;     /* of struct mail_param: those of MAIL, then those of RCPT that are new */
	GPtrArray *recipients; /* of struct recipient, in order, without those that are omitted */
	unsigned recipient_count[RECIPIENT_STATUS_COUNT]; /* of all recipients */
	unsigned recipients_omitted;                      /* not in `recipients` */
	size_t recipient_octets;           /* octets of the RCPT commands of the recipients that are kept */
	enum recipient_status rcpt_status; /* of the last one, kept or not */
	unsigned final_replies;            /* LMTP: recipients whose reply to the end of data was assigned */
	enum transfer transfer;
	enum outcome outcome;
	enum stage stage;
	unsigned reply_code; /* of the reply that decided the outcome; 0: none was seen */
	char reply_enhanced[GRAMMAR_ENHANCED_MAX];
	GString *reply_text;               /* its text, lines joined by LF; NULL */
	uint64_t content_bytes;            /* content seen, dot-unstuffed */
	uint64_t missing_bytes;            /* content that is not in the capture (as counted on the wire) */
	bool content_begun, content_whole; /* whole: its end was seen (it may have gaps: missing_bytes) */
	bool assumed;                      /* a reply that decides the outcome was not seen */
	bool lmtp;
	bool authenticated, tls; /* of the session when it began */
	uint64_t declared_size;  /* SIZE=, 0 when none */
	uint64_t size_limit;     /* the limit the server advertised, 0 when none */
	bool smtputf8;           /* MAIL, or RCPT, had this parameter (RFC 6531) */
	bool smuggled;           /* it came after a nonstandard end of data */
	void *user;              /* for the sink: its mail */
};

struct session_auth {
	GString *mechanism; /* upper case */
	GString *username;  /* NULL when not known */
	GString *password;  /* NULL when not known; the token with OAuth mechanisms */
	bool success;
	bool tls;
	bool cancelled;
	bool assumed; /* the final reply was not seen */
	unsigned code;
};

/* Summary of a session, for the flow record. */
struct session_summary {
	const char *state;                   /* final state of the machine */
	GString *banner, *helo;              /* NULL when none; do not change them */
	GPtrArray *extensions;               /* GString*: keywords of the last EHLO reply with their parameters */
	uint64_t commands, responses, mails; /* mails: transactions whose content was seen whole */
	bool authenticated, tls, midstream, one_sided, lmtp;
	uint64_t lost_bytes;     /* octets that the session did not get: not in the capture, or given up */
	uint64_t given_up_bytes; /* ... of these, octets that the session gave up: there was no memory to keep them */
};

/* session_given_up - of the lost octets, those that were given up by the session and by its connection; the others are
 * not in the capture. */
uint64_t session_given_up(const struct session_summary *summary, const struct flow *flow);

/* ---- what the session reports; any pointer may be NULL ---- */
struct session_sink {
	void (*command)(void *context, const struct session_command *command);
	void (*response)(void *context, const struct session_response *response);
	void (*transaction_begin)(void *context, struct transaction *transaction);
	/* Content begins, arrives in pieces, has gaps (size 0: of unknown size, at its start), ends. whole: the end of
	 * data was seen. */
	void (*content_begin)(void *context, struct transaction *transaction);
	void (*content)(void *context, struct transaction *transaction, struct span piece);
	void (*content_gap)(void *context, struct transaction *transaction, uint64_t size);
	void (*content_end)(void *context, struct transaction *transaction, bool whole);
	void (*transaction_end)(void *context, struct transaction *transaction);
	void (*auth)(void *context, const struct session_auth *auth);
	/* TLS begins: from now on the bytes of both directions are TLS records, and go to tls_bytes. offset: in the
	 * stream; acked: see flow.h. */
	void (*tls_begin)(void *context, bool implicit);
	void (*tls_bytes)(void *context, enum direction direction, struct span bytes, uint64_t offset, uint64_t acked);
	void (*tls_gap)(void *context, enum direction direction, uint64_t size);
	void (*alert)(void *context, const struct alert *alert);
};

struct session_options {
	bool strict;         /* follow the table of --strict: the first violation ends the dissection */
	bool midstream;      /* the session began before the capture */
	bool implicit_tls;   /* TLS from the first byte (port 465) */
	bool early_pipeline; /* in an earlier session this server announced X_PIPE_CONNECT to this client */
	bool one_sided;      /* known from the start (it can become known later: session_one_sided) */
	enum direction missing;
	const struct machine_rows *rows; /* of the state machine; NULL: the usual ones. For tests that remove rows */
};

/* session_early_pipeline - is this keyword in the reply to EHLO one of Exim's early pipelining? */
bool session_early_pipeline(struct span keyword);

enum session_end {
	SESSION_END_CLOSED, /* both sides closed */
	SESSION_END_RESET,
	SESSION_END_TIMEOUT, /* idle, or ended for lack of memory */
	SESSION_END_CAPTURE  /* the capture ended */
};

struct session;

struct session *session_new(const struct session_options *options, const struct session_sink *sink, void *context);
/* session_bytes - takes the next bytes of a direction. acked: see flow.h. */
void session_bytes(struct session *session, enum direction direction, struct span bytes, uint64_t acked);
void session_gap(struct session *session, enum direction direction, uint64_t size);
/* session_fin - no bytes of this direction follow. */
void session_fin(struct session *session, enum direction direction);
/* session_decrypted - TLS is being decrypted: from now on bytes, gaps and acknowledgements are those of the decrypted
 * stream, with offsets from 0; neither direction is closed. The session starts over, as after STARTTLS (RFC 3207 4.2).
 */
void session_decrypted(struct session *session);
/* session_memory - about how many octets it holds. */
size_t session_memory(const struct session *session);
/* session_one_sided - no packet of `missing` will come. */
void session_one_sided(struct session *session, enum direction missing);
/* session_drop - ends the dissection, as in the state `fail`; may be called by the sink. */
void session_drop(struct session *session);
/* session_end - the input of the session ended; ends open transactions. Then only session_summary, session_state and
 * session_free may be called. */
void session_end(struct session *session, enum session_end why);
/* session_summary - borrowed; valid until session_free. */
const struct session_summary *session_summary(const struct session *session);
/* session_state - name of the current state. */
const char *session_state(const struct session *session);
void session_free(struct session *session);

#endif
