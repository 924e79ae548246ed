/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * private.h - the session, its owners, and what the files of this folder ask of each other.
 */
#ifndef SMTPSCAN_SMTP_PRIVATE_H
#define SMTPSCAN_SMTP_PRIVATE_H

#include "arena.h"
#include "auth.h"
#include "inbox.h"
#include "machine.h"
#include "session.h"

/* The command that was taken last, and what its reply decides. */
struct awaited {
	enum verb verb;
	struct span name, argument; /* as sent; the argument of AUTH is left out */
	char *text;                 /* what they are in: the name, NUL, the argument */
	size_t room;
	uint64_t end;          /* stream offset behind it */
	uint64_t acked;        /* what the client had seen when it sent it */
	uint64_t noise_end;    /* stream offset, down, behind a line that is no reply and came in its place; 0: none */
	bool valid;            /* it fitted the grammar */
	bool end_of_data;      /* it is the end of content, or of a chunk */
	bool early;            /* it was sent ahead of the reply before */
	bool unheard;          /* it was sent behind the server's close */
	bool lost;             /* bytes that are not in the capture: some command, or several */
	unsigned replies_left; /* replies to the end of data that are still to come: LMTP has one a recipient */
	unsigned replies_seen;
	struct transaction *candidate; /* MAIL: what becomes a transaction when it is answered */
};

/* A reply, as it is collected line by line, or looked at ahead. Its lines are where the inbox has them; those of one
 * that is not complete when that memory goes are copied. */
struct reply {
	struct reply_line *lines;
	size_t line_count, line_room;
	size_t copied; /* of the lines, those that lie in `copies` */
	struct arena copies;
	unsigned code;
	bool mismatch, assumed, complete;
	bool stands_in;  /* it is assumed, and next */
	bool unanswered; /* it is assumed, but nobody will ever give it: the session is over */
	uint64_t acked;  /* what the server had when it sent its first line */
};

/* An odd end of data, and others that were scanned behind it: which the server took for one, if any, is not known. What
 * stands behind the first is held back until then. */
struct odd_end {
	bool active;
	bool ended;          /* the true end was scanned, too */
	bool passed;         /* the server took none of them for an end */
	bool over;           /* nothing is held any more, and the true end was there */
	uint64_t end;        /* stream offset behind the true end, with `ended` */
	GArray *ends;        /* of struct odd: the first, then the others */
	GByteArray *content; /* the first and what was scanned behind it, as content */
};

/* The chunk that is being taken: BDAT's, or XEXCH50's. */
struct chunk {
	uint64_t left;
	bool last;
	bool discard;   /* not content of a mail */
	uint64_t start; /* stream offset at which it begins */
};

/* A judgement of bytes that came where the state has no grammar for them, and what had been said by then. */
struct judged {
	bool set, closed;               /* closed: the other side can say no more */
	uint64_t place;                 /* stream offset of these bytes */
	uint64_t received, said, taken; /* octets of this side, of the other, and what was taken of those */
};

/* How far a session came, and with how many events. */
struct place {
	uint64_t offset[2], left;
	size_t lines;
	unsigned events;
	bool over; /* the session ended, and left its last state */
};

/* The message at hand, for guards and actions. */
struct message {
	enum direction direction;
	struct command command;
	uint64_t acked;           /* what the client had seen when it sent it */
	struct span offending;    /* of a parse_error or missing_grammar */
	struct span piece;        /* of content, a chunk, or TLS */
	uint64_t piece_acked;     /* of TLS: what its sender had seen */
	enum data_result scanned; /* what the scanner made of content */
};

#define EXTENSIONS_FIRST 768 /* octets for what EHLO offers that come with a session: enough for most */

/* Banner and greeting, and what the server offered in its reply to that. */
struct greeting {
	GString *turned_away; /* the line of a banner 554; NULL */
	GString *name;        /* of the greeting that waits for its reply; NULL */
	bool done;            /* one was accepted */
	bool assumed;         /* its reply, and so what the server offers, is not known */
	bool reported;        /* that there was none */
	bool pipelining, early_pipeline;
	uint64_t size_limit;
	GPtrArray extensions; /* of the summary; in their own memory, which a new greeting empties */
	struct arena memory;
	uint64_t first[EXTENSIONS_FIRST / sizeof(uint64_t)];
};

/* The content that is taken. */
struct content {
	struct data_scanner scanner;
	struct chunk chunk;
	struct odd_end odd_end;
	bool open, ended, hole;
	bool lf_client;    /* DATA ended in LF alone: so does everything else of this client */
	bool midway;       /* it began before what can be seen */
	uint64_t answered; /* stream offset, down, behind the last reply to an end of data; 0 when there was none */
};

/* Transactions. */
struct mails {
	struct transaction *open; /* NULL */
	int next;                 /* number of the next */
	uint64_t refusal_end;     /* stream offset behind the last reply that refused MAIL or RCPT */
	bool regreeted;        /* HELO, EHLO or RSET was refused inside the transaction: the client believes it ended */
	uint64_t smuggled_end; /* stream offset up to which what is read stood behind an odd end of data; 0: none */
};

/* TLS, and clear text around its beginning. */
struct tls_watch {
	bool seen[2];
	bool decrypted;     /* what comes now is what is inside */
	uint64_t start;     /* stream offset, down, behind the 220 */
	uint64_t inside[2]; /* stream offsets at which what is inside begins; 0 before */
	bool command_reported, response_reported;
};

/* What is not in the capture, and its traces. */
struct losses {
	bool resynchronising; /* lines that are no commands are passed over */
	bool replies;         /* behind a hole among replies */
	bool partial[2];      /* behind a hole: what stands there may be the rest of a line */
	uint64_t end;         /* stream offset behind the last hole among commands */
};

/* More commands wait for replies than are kept. */
struct overflow {
	bool assuming, reported; /* assuming: from now on the usual replies are assumed */
	unsigned commands;
	uint64_t counted; /* stream offset up to which they are counted */
};

struct session {
	struct session_options options;
	const struct session_sink *sink;
	void *context;
	struct machine machine;
	struct inbox in[2];
	struct session_summary summary;
	struct message message;
	struct reply reply;
	struct awaited awaited;
	struct greeting greeting;
	struct content content;
	struct mails mails;
	struct auth *auth; /* an exchange is under way; NULL */
	struct tls_watch tls;
	struct losses losses;
	struct judged judged[2];
	struct overflow overflow;
	struct place place;
	bool turned;     /* client and server changed their roles */
	bool dropped;    /* nothing is dissected any more */
	bool drop_asked; /* ... from the next event on */
	bool ended;
};

/* ---- session.c ---- */
/* session_alert - raises one; tx -1: none. */
void session_alert(struct session *s, enum alert_id id, enum severity severity, struct span evidence, int tx,
	const char *format, ...) G_GNUC_PRINTF(6, 7);
/* session_side - what is the client's direction inside of the session is the server's outside when they changed their
 * roles, and the other way round. */
static inline enum direction session_side(const struct session *s, enum direction direction)
{
	return s->turned ? direction_other(direction) : direction;
}

/* session_attack - raises one about what the client did inside of the open transaction, and what became of it. */
void session_attack(struct session *s, enum alert_id id, enum severity severity, enum alert_outcome outcome,
	struct span evidence, const char *format, ...) G_GNUC_PRINTF(6, 7);
struct span span_of(const GString *text);
extern const struct span no_text; /* empty, not NULL */
/* session_blind - nothing can be said about who waited for whom: replies are missing. */
bool session_blind(const struct session *s);

/* transaction_number - of the open transaction; -1. */
static inline int transaction_number(const struct session *s)
{
	return s->mails.open ? s->mails.open->number : -1;
}

/* awaits_reply - a command, or content, waits for its reply; otherwise the server owes no more than its banner. */
static inline bool awaits_reply(const struct session *s)
{
	return s->awaited.end > 0;
}

/* ---- starttls.c ---- */
/* is_tls_record - the header of a TLS record (RFC 8446 5.1). is_tls - that, or of an SSL 2 hello. is_client_hello - a
 * record with a ClientHello. All false also when too little is there. */
bool is_tls_record(struct span bytes);
bool is_tls(struct span bytes);
bool is_client_hello(struct span bytes);
/* server_begins_tls - a ServerHello waits, and the STARTTLS before it may be in what was not captured. */
bool server_begins_tls(const struct session *s);
/* ---- early.c ---- */
/* too_much_waits - more commands or octets wait for replies than are kept. */
bool too_much_waits(const struct session *s);

/* ---- actions.c ---- */
/* awaited_text - copies what the pending command's name and argument are. */
void awaited_text(struct awaited *pending, struct span name, struct span argument);
/* greeting_wait - a greeting of this name waits for its reply. greeting_reply - that came: an accepted one begins anew.
 */
void greeting_wait(struct greeting *greeting, struct span name);
void greeting_reply(struct session *s);
/* greeting_unanswered - the session ended before the reply to the greeting: its name is known all the same. */
void greeting_unanswered(struct session *s);
/* greeting_offers - the server named this verb, which no known extension has, in its reply to EHLO. */
bool greeting_offers(const struct greeting *greeting, const struct command *command);
/* forget_extensions - what the server offers is not known. */
void forget_extensions(struct session *s);
/* end_auth - an exchange whose last reply was not seen is over. */
void end_auth(struct session *s);

/* ---- reply.c ---- */
void reply_clear(struct reply *reply);
void reply_reset(struct reply *reply);
/* reply_settle - the memory that the inbox has its bytes in goes away: lines that are still needed are copied. */
void reply_settle(struct reply *reply);
/* reply_read - takes lines of the reply out of the inbox. A banner that nobody waited for ends where another code
 * begins. PARSE_DONE: all of it; PARSE_ERROR: *offending is a line that does not fit (taken). */
enum parse_result reply_read(struct reply *reply, struct inbox *inbox, bool banner, struct span *offending);
/* reply_peek - the code of the reply that waits `skip` octets behind the present place, without taking it; *size: its
 * octets. */
enum parse_result reply_peek(const struct inbox *inbox, size_t skip, unsigned *code, size_t *size);
/* reply_waiting - complete replies that wait, sent before the server had more than `acked` octets of the client. */
unsigned reply_waiting(const struct inbox *inbox, uint64_t acked, unsigned *first_code);
/* reply_emit - tells the sink of s->reply; to: what it answers, NULL when nothing. */
void reply_emit(struct session *s, const struct awaited *to);
/* reply_text, reply_first_line - empty when there is none: a reply that is assumed has no lines. */
struct span reply_text(const struct reply *reply, size_t line);
struct span reply_first_line(const struct reply *reply);
/* reply_assume - makes s->reply the usual reply to the pending command. */
void reply_assume(struct session *s);

/* ---- transaction.c ---- */
void transaction_mail(struct session *s);
void transaction_rcpt(struct session *s);
void transaction_rcpt_reply(struct session *s);
void transaction_mail_reply(struct session *s);
/* transaction_mail_unanswered - the session ended before the reply to MAIL: it began a transaction if the server can
 * have taken it, i.e. was still there and had answered what came before. */
void transaction_mail_unanswered(struct session *s);
void transaction_data_reply(struct session *s);
void transaction_content_reply(struct session *s);
/* transaction_burl_reply - RFC 4468: content that the server fetches itself, so none of it is in the capture. */
void transaction_burl_reply(struct session *s);
/* transaction_end - ends the open transaction, if any. */
void transaction_end(struct session *s, enum outcome outcome, enum stage stage);
/* transaction_close - ends it for a reason outside of it (RSET, QUIT, close..): aborted, unless it was decided. */
void transaction_close(struct session *s, enum stage stage);
/* transaction_without_mail - a content nobody announced. */
void transaction_without_mail(struct session *s);
/* transaction_goes_on - one is open, and the client, too, believes so: it was not greeted anew, nor was everybody
 * refused. */
bool transaction_goes_on(const struct mails *mails);
void transaction_free(struct transaction *tx);
/* transaction_replies - how many replies its content calls for: with
 * LMTP one for each accepted recipient (RFC 2033 4.2). transaction_count - its recipients of this status. */
unsigned transaction_replies(const struct session *s);
unsigned transaction_count(const struct transaction *tx, enum recipient_status status);
/* chunk_is_unsent - the server refused the chunk before it had any of it; the client, which knows, goes on with a
 * command, or not at all. */
bool chunk_is_unsent(const struct session *s);
void content_open(struct session *s, enum transfer transfer);
void content_piece(struct session *s, struct span piece);
void content_gap(struct session *s, uint64_t size);
void content_close(struct session *s, bool whole);

/* ---- holes.c ---- */
/* knows_reply_in_hole - content has a hole, and goes on with bytes of a client that knows more than the 354, of which
 * nothing was captured. */
bool knows_reply_in_hole(const struct session *s);
/* last_waiting - the verb of the command that stands last before this stream offset, of those that wait or are pending;
 * VERB_UNKNOWN when something else waits, too. */
enum verb last_waiting(const struct session *s, uint64_t until);
/* waited_for_all - the client waits behind the command that stands last before this stream offset: DATA, and its kin.
 */
bool waited_for_all(const struct session *s, uint64_t until);
/* went_unheard - the server threw away what it read along with the end of data, and the client begins anew. */
bool went_unheard(const struct session *s);
/* known_command - a whole line of a verb that SMTP has; MAIL and RCPT with their path. */
bool known_command(struct span bytes);

/* ---- odd_end.c ---- */
void odd_end_init(struct odd_end *hold);
void odd_end_clear(struct odd_end *hold);
/* odd_end_hold - an odd end of data was scanned; literal: what of it is content. Content behind it is held. */
void odd_end_hold(struct session *s, struct span literal);
/* odd_end_next - what is to be done behind it: wait for more, scan on, or is it known not to be an end? */
enum odd_end_step { ODD_END_WAIT, ODD_END_SCAN, ODD_END_PASSED };
enum odd_end_step odd_end_next(struct session *s, struct span next, bool last);
/* odd_end_took_effect - the server answered it as an end of data. */
bool odd_end_took_effect(const struct session *s);
/* odd_end_answered_alone - and nothing stood behind it by then. odd_end_is_clients - every line of this client ends in
 * LF, and so its end of data is LF.LF. odd_end_hides_command - an SMTP command stands behind it. */
bool odd_end_answered_alone(const struct session *s);
bool odd_end_is_clients(const struct session *s);
bool odd_end_hides_command(const struct session *s);

#endif
