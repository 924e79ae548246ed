/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * session.h - one SMTP session: pulls bytes through the machine, pairs replies with commands, keeps transactions.
 *
 * Knows nothing of packets, files or JSON: a test or a fuzzer feeds it bytes. Everything it finds goes to the sink, in
 * the order in which it became certain. All spans and structs handed to the sink are borrowed for the call, but for the
 * transaction, which lives from transaction_begin to the return of transaction_end.
 */
#ifndef SMTPSCAN_SESSION_H
#define SMTPSCAN_SESSION_H

#include <glib.h>

#include "alert.h"
#include "grammar.h"
#include "types.h"

struct transition;

#define SESSION_PENDING_COMMANDS 1000 /* commands waiting for replies, RFC 2920 has no limit */
#define SESSION_PENDING_BYTES (1024 * 1024)
#define SESSION_REPLY_LINES 1000 /* lines kept of one reply */

/* ---- what is said and heard ---- */

/* A command as the machine took it. */
struct session_command {
	struct command parsed; /* verb, argument, line; for a line that did not fit: verb VERB_UNKNOWN, name empty */
	bool valid;            /* false: the line did not fit the grammar (argument empty) */
	bool credentials;      /* an AUTH command or continuation: argument and line hold secrets */
	bool continuation;     /* an AUTH continuation line: no verb, argument is the whole line */
	const char *state;     /* the machine's state when it was taken */
	int tx;                /* open transaction, or the one it begins; -1 */
	bool smtputf8;         /* SMTPUTF8 is in use in this transaction, or asked for by this command */
	bool early;            /* sent before the reply to the command before it */
	bool refusal_unknown;  /* pipelined behind a MAIL or RCPT whose refusal the client could not know yet */
	bool in_transaction;   /* a MAIL was accepted, or is still unanswered, and nothing ended it */
	bool offered;          /* a verb of no known extension that the server named in its reply to EHLO */
	unsigned accepted_recipients, pending_recipients;
};

/* A reply, all lines of it. */
struct session_response {
	unsigned code;
	char enhanced[GRAMMAR_ENHANCED_MAX];
	const struct reply_line *lines; /* at most SESSION_REPLY_LINES */
	size_t line_count;
	bool code_mismatch;   /* the code changed within it */
	bool assumed;         /* not seen: the usual reply was assumed; no lines */
	enum verb to;         /* the command it answers; VERB_UNKNOWN with to_name empty when none or not known */
	struct span to_name;  /* that verb as sent, "." for the end of data, empty for the banner and when not known */
	struct span argument; /* that command's argument (empty for AUTH) */
	bool end_of_data;     /* it answers the end of data, or a chunk */
	const char *state;
	int tx;
};

enum transfer { TRANSFER_NONE, TRANSFER_DATA, TRANSFER_BDAT };
enum outcome { OUTCOME_UNKNOWN, OUTCOME_ACCEPTED, OUTCOME_REJECTED, OUTCOME_ABORTED };
#define RECIPIENTS_KEPT_MAX 100000              /* of one transaction; those beyond are counted only, */
#define RECIPIENT_OCTETS_MAX (16 * 1024 * 1024) /* ... and those behind so many octets of RCPT */

enum recipient_status { RECIPIENT_PENDING, RECIPIENT_ACCEPTED, RECIPIENT_REJECTED, RECIPIENT_STATUS_COUNT };

struct mail_param {
	GString *keyword; /* upper case */
	GString *value;   /* xtext decoded where the RFC says so; NULL without '=' */
};

struct recipient {
	GString *path; /* as on the wire, with brackets when it has them */
	enum recipient_status status;
	unsigned code;       /* reply to RCPT, 0 when none was seen */
	unsigned final_code; /* LMTP: its reply after the end of data, 0 when none */
	bool assumed;
};

/* Where a transaction ended. */
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
	GString *helo;         /* argument of the greeting in force, NULL */
	GString *mail_from;    /* as on the wire; NULL when there was no MAIL */
	GPtrArray *params;     /* of struct mail_param: MAIL's, then what RCPT added first */
	GPtrArray *recipients; /* of struct recipient, in order; not those that are omitted */
	unsigned recipient_count[RECIPIENT_STATUS_COUNT]; /* of all recipients */
	unsigned recipients_omitted;                      /* not in `recipients` */
	size_t recipient_octets;                          /* of the commands of those that are kept */
	enum recipient_status rcpt_status;                /* of the last one, kept or not */
	unsigned final_replies;                           /* LMTP: recipients that were looked at for one */
	enum transfer transfer;
	enum outcome outcome;
	enum stage stage;
	unsigned reply_code; /* the reply that decided, 0 when none was seen */
	char reply_enhanced[GRAMMAR_ENHANCED_MAX];
	GString *reply_text;               /* its text, lines joined by LF; NULL */
	uint64_t content_bytes;            /* content seen, dot-unstuffed */
	uint64_t missing_bytes;            /* content that is not in the capture (as counted on the wire) */
	bool content_begun, content_whole; /* whole: its end was seen (missing_bytes tells of holes) */
	bool assumed;                      /* a reply that mattered was not seen */
	bool lmtp;
	bool authenticated, tls; /* of the session when it began */
	uint64_t declared_size;  /* SIZE=, 0 when none */
	uint64_t size_limit;     /* the limit the server advertised, 0 when none */
	bool smuggled;           /* it stood behind an odd end of data */
	void *user;              /* the sink's: its mail */
};

struct session_auth {
	GString *mechanism; /* upper case */
	GString *username;  /* NULL when not known */
	GString *password;  /* NULL when not known; token for the OAuth mechanisms */
	bool success;
	bool tls;
	bool cancelled;
	bool assumed; /* the final reply was not seen */
	unsigned code;
};

/* What a session was, for the flow record. */
struct session_summary {
	const char *state;                   /* final state of the machine */
	GString *banner, *helo;              /* NULL when none */
	GPtrArray *extensions;               /* GString*: keywords of the last EHLO reply with their parameters */
	uint64_t commands, responses, mails; /* mails: transactions whose content was seen whole */
	bool authenticated, tls, midstream, one_sided, lmtp;
	uint64_t gap_bytes;      /* octets that the session did not get ... */
	uint64_t given_up_bytes; /* ... those among them that waited longer than there was room for */
};

/* ---- where it goes; any pointer may be NULL ---- */
struct session_sink {
	void (*command)(void *context, const struct session_command *command);
	void (*response)(void *context, const struct session_response *response);
	void (*transaction_begin)(void *context, struct transaction *transaction);
	/* Content begins, goes on piece by piece, has holes (size 0: of unknown size, at its start), ends. `whole`: its
	 * terminator was seen. */
	void (*content_begin)(void *context, struct transaction *transaction);
	void (*content)(void *context, struct transaction *transaction, struct span piece);
	void (*content_gap)(void *context, struct transaction *transaction, uint64_t size);
	void (*content_end)(void *context, struct transaction *transaction, bool whole);
	void (*transaction_end)(void *context, struct transaction *transaction);
	void (*auth)(void *context, const struct session_auth *auth);
	/* TLS begins: the bytes from here on, in both directions, are TLS records. They come through tls_bytes; offset:
	 * in the stream; acked: see flow.h. */
	void (*tls_begin)(void *context, bool implicit);
	void (*tls_bytes)(void *context, enum direction direction, struct span bytes, uint64_t offset, uint64_t acked);
	void (*tls_gap)(void *context, enum direction direction, uint64_t size);
	void (*alert)(void *context, const struct alert *alert);
};

struct session_options {
	bool strict;         /* the table to the letter: the first violation ends the dissection */
	bool midstream;      /* the session began before the capture */
	bool implicit_tls;   /* TLS from the first byte (port 465) */
	bool early_pipeline; /* this server announced X_PIPE_CONNECT to this client before */
	bool one_sided;      /* known from the start (it can become known later: session_one_sided) */
	enum direction missing;
	const struct transition *table; /* the machine's rows; NULL: machine_table. For tests that take rows out */
	size_t table_size;
};

enum session_end {
	SESSION_END_CLOSED, /* both sides closed */
	SESSION_END_RESET,
	SESSION_END_TIMEOUT, /* idle, or evicted */
	SESSION_END_CAPTURE  /* the capture ended */
};

struct session;

struct session *session_new(const struct session_options *options, const struct session_sink *sink, void *context);
/* session_bytes - the next bytes of a direction. acked: see flow.h. */
void session_bytes(struct session *session, enum direction direction, struct span bytes, uint64_t acked);
void session_gap(struct session *session, enum direction direction, uint64_t size);
void session_fin(struct session *session, enum direction direction);
/* session_decrypted - while TLS is at hand: bytes, gaps and acknowledgements from here on are of what is inside, whose
 * offsets count from 0. The session starts over. */
void session_decrypted(struct session *session);
/* session_memory - octets it holds, about. */
size_t session_memory(const struct session *session);
/* session_one_sided - no packet of `missing` will come. */
void session_one_sided(struct session *session, enum direction missing);
/* session_drop - nothing more of it is dissected, as in the state `fail`; also from within a call of the sink. */
void session_drop(struct session *session);
/* session_end - nothing more comes; open transactions end. The session can only be summarised and freed then. */
void session_end(struct session *session, enum session_end why);
/* session_summary - borrowed; valid until session_free. */
const struct session_summary *session_summary(const struct session *session);
/* session_state - name of the machine's present state. */
const char *session_state(const struct session *session);
void session_free(struct session *session);

#endif
