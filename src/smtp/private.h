/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * private.h - struct session and its parts, and the functions that the files of this folder share.
 */
#ifndef SMTPSCAN_SMTP_PRIVATE_H
#define SMTPSCAN_SMTP_PRIVATE_H

#include "arena.h"
#include "auth.h"
#include "inbox.h"
#include "machine.h"
#include "session.h"
#include "text.h"

/* The command that was taken last and awaits its reply. */
struct awaited {
	enum verb verb;
	struct span name, argument; /* as sent; the argument of AUTH is left out */
	char *text;                 /* memory of both: the name, NUL, the argument */
	size_t room;
	uint64_t end;          /* stream offset after it */
	uint64_t acked;        /* acknowledgement of the client with it, see flow.h */
	uint64_t noise_end;    /* stream offset, down, after a line that came instead of a reply; 0: none */
	bool valid;            /* it fits the grammar */
	bool end_of_data;      /* it is the end of data, or of a chunk */
	bool early;            /* it was sent before the previous reply */
	bool unheard;          /* it was sent after the server's FIN */
	bool lost;             /* unknown: one or more commands in a gap */
	unsigned replies_left; /* replies to the end of data that are still to come: LMTP has one per recipient */
	unsigned replies_seen;
	struct transaction *candidate; /* MAIL: the transaction that begins when the server accepts it */
};

/* A reply, as it is collected line by line. Its lines point into the inbox; those of an incomplete reply are copied
 * before that memory is freed. */
struct reply {
	struct reply_line *lines;
	size_t line_count, line_room;
	size_t copied; /* how many of the lines are in `copies` */
	struct arena copies;
	unsigned code;
	bool mismatch, assumed, complete;
	bool stands_in;      /* it is assumed, and the next event */
	bool unanswered;     /* it is assumed, but the server never sent it: the session is over */
	uint64_t acked;      /* offset in the client's stream that its first line acknowledges */
	uint64_t lines_seen; /* also those that are not kept */
};

/* An odd end: a nonstandard end of data, as smtp_smuggling uses it. Until it is known which odd end the server took for
 * the end of data, if any, the bytes after the first one are held. */
struct odd_end {
	bool active;
	bool ended;          /* the standard end was scanned, too */
	bool passed;         /* the server took none of them for the end */
	bool over;           /* nothing is held any more, and the standard end was scanned */
	uint64_t end;        /* stream offset after the standard end, with `ended` */
	GArray *ends;        /* struct odd: all odd ends, in order; NULL before the first of the session */
	GByteArray *content; /* the first and the bytes scanned after it, as content; NULL like `ends` */
};

/* The current chunk, of BDAT or XEXCH50. */
struct chunk {
	uint64_t left;
	bool last;
	bool discard;   /* not content of a mail */
	uint64_t start; /* stream offset at which it begins */
};

/* The last check of bytes that came where the state has no grammar for them, and how far both streams were then. */
struct judged {
	bool set, closed;                     /* closed: the other direction was closed */
	bool terminal;                        /* the state expects nothing any more */
	uint64_t offset, acked;               /* stream offset of the bytes, and what their sender had received */
	uint64_t received;                    /* stream offset received in this direction */
	uint64_t other_received, other_taken; /* ... in the other direction, and consumed there */
};

/* State of the session some events ago: to detect that events change nothing. */
struct checkpoint {
	uint64_t offset[2], left;
	size_t lines;
	unsigned events;
	bool over; /* the session ended, and `leave` was fired */
};

/* The current message, for guards and actions. */
struct message {
	enum direction direction;
	struct command command;
	uint64_t acked;           /* acknowledgement of the client with it, see flow.h */
	struct span offending;    /* the bytes of a parse_error or missing_grammar */
	bool again;               /* missing_grammar: these bytes were judged before, and reported if they had to be */
	struct span piece;        /* of content, a chunk, or TLS */
	uint64_t piece_acked;     /* of TLS: the acknowledgement of its sender */
	enum data_result scanned; /* the scanner's result for content */
};

#define EXTENSIONS_FIRST 768 /* octets within the session for the keywords of EHLO: usually enough */

/* The banner, and HELO, EHLO or LHLO with the extensions that the server offers. */
struct greeting {
	GString *turned_away; /* the line of a 554 banner; NULL */
	GString *name;        /* argument of the HELO, EHLO or LHLO that awaits its reply; NULL */
	bool done;            /* one was accepted */
	bool assumed;         /* its reply was not seen, so the extensions are not known */
	bool reported;        /* a missing HELO or EHLO was reported */
	uint64_t early;       /* what an early talker had received then, and one octet more; 0: it is none */
	bool pipelining, early_pipeline;
	uint64_t size_limit;
	GPtrArray extensions; /* shown by the summary; their memory is freed by a new greeting */
	struct arena memory;
	uint64_t first[EXTENSIONS_FIRST / sizeof(uint64_t)]; /* last member, because it is not cleared */
};

/* Does the content begin with the first octet that is there? The reply to DATA tells; it does not; SIZE= will tell; it
 * does. */
enum content_start { START_AT_REPLY, START_BEFORE, START_BY_SIZE, START_HERE };

/* The current content. */
struct content {
	struct data_scanner scanner;
	struct chunk chunk;
	uint64_t chunks_seen; /* stream offset up to which chunks were taken, of BDAT */
	struct odd_end odd_end;
	bool open, ended, has_gap;
	uint64_t opened[2];  /* stream offsets at which the 354 was taken */
	bool opened_assumed; /* it was not seen */
	bool lf_client;      /* the DATA command ended in LF alone: this client probably ends all lines so */
	enum content_start start;
	uint64_t gap;          /* octets of a gap after what was taken: of content, or of what follows it? */
	bool sized;            /* octets may be missing at the beginning: SIZE= decides */
	uint64_t answered;     /* stream offset, down, after the last reply to an end of data; 0: none */
	uint64_t before_close; /* stream offset, down, after what the server had sent when the client closed */
};

/* Transactions. */
struct mails {
	struct transaction *open; /* NULL */
	int next;                 /* number of the next */
	uint64_t refusal_end;     /* stream offset after the last reply that refused MAIL or RCPT */
	bool regreeted;           /* HELO, EHLO or RSET was refused inside the transaction: for the client it ended */
	uint64_t begun;           /* stream offset, up, after the MAIL of the open one */
	uint64_t smuggled; /* who had received less than this of the server sent it after an odd end; 0: nobody */
};

/* TLS, and clear text around its beginning. */
struct tls_watch {
	bool seen[2];
	bool decrypted;     /* the bytes are decrypted ones */
	uint64_t start;     /* stream offset, down, after the 220 */
	uint64_t inside[2]; /* stream offsets at which the decrypted bytes begin; 0 before */
	bool command_reported, response_reported;
};

/* Gaps in the capture, and their consequences. */
struct losses {
	bool resynchronising;   /* skip lines that are no commands */
	bool replies;           /* after a gap among the replies */
	bool partial[2];        /* after a gap: the next bytes may be the rest of a line */
	uint64_t end, size;     /* of the last gap among the commands: stream offset after it, octets */
	uint64_t assumed_until; /* end of the gap among the replies in which a reply was assumed */
};

/* Too many commands wait for replies. */
struct overflow {
	bool assuming, reported; /* assuming: assume the usual replies from now on */
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
	struct content content;
	struct mails mails;
	struct auth *auth; /* the current AUTH exchange; NULL: none */
	struct tls_watch tls;
	struct losses losses;
	struct judged judged[2];
	struct overflow overflow;
	struct checkpoint checkpoint;
	bool turned;     /* client and server changed their roles (TURN, ATRN) */
	bool dropped;    /* the dissection ended */
	bool drop_asked; /* ... shall end with the next event */
	bool ended;
	struct greeting greeting; /* last member, see its own last one */
};

/* ---- raise.c ---- */
/* session_alert - raises an alert about the current message; tx -1: none. */
RARE void session_alert(struct session *s, enum alert_id id, enum severity severity, struct span evidence, int tx,
	const char *format, ...) G_GNUC_PRINTF(6, 7);
/* session_side - converts a direction between the capture and the session: they differ after client and server changed
 * their roles. */
static inline enum direction session_side(const struct session *s, enum direction direction)
{
	return s->turned ? direction_other(direction) : direction;
}

/* session_attack - raises an alert about an attack by the client in the open transaction, and its outcome. */
RARE void session_attack(struct session *s, enum alert_id id, enum severity severity, enum alert_outcome outcome,
	struct span evidence, const char *format, ...) G_GNUC_PRINTF(6, 7);
extern const struct span no_text; /* empty, not NULL */
/* session_blind - replies may be missing, so it is not known whether the client waited for them. */
static inline bool session_blind(const struct session *s)
{
	return s->options.one_sided || s->greeting.assumed || s->overflow.assuming || s->summary.lost_bytes > 0;
}

/* server_unseen - the server's direction is not in the capture. */
static inline bool server_unseen(const struct session *s)
{
	return s->options.one_sided && s->options.missing == DOWN;
}

/* transaction_number - number of the open transaction; -1: none. */
static inline int transaction_number(const struct session *s)
{
	return s->mails.open ? s->mails.open->number : -1;
}

/* awaits_tls - is STARTTLS, or the command of Exchange that is like it, the one that awaits its reply? */
static inline bool awaits_tls(const struct session *s)
{
	return s->awaited.verb == VERB_STARTTLS || s->awaited.verb == VERB_X_ANONYMOUSTLS;
}

/* awaits_reply - a command, or content, awaits its reply; otherwise at most the banner is still to come. */
static inline bool awaits_reply(const struct session *s)
{
	return s->awaited.end > 0;
}

/* begins_tls_record - can a TLS record begin with this octet: its type (RFC 8446 5.1, RFC 6520 3)? */
static inline bool begins_tls_record(uint8_t octet)
{
	return octet >= 20 && octet <= 24;
}

/* ---- starttls.c ---- */
/* is_tls_record - the header of a TLS record (RFC 8446 5.1)? is_tls - that, or an SSL 2 hello? is_client_hello - a
 * record with a ClientHello? All false with too few bytes. */
bool is_tls_record(struct span bytes);
bool is_tls(struct span bytes);
bool is_client_hello(struct span bytes);
/* server_begins_tls - a ServerHello waits, and the STARTTLS before it may be missing in the capture. */
bool server_begins_tls(const struct session *s);
/* ---- early.c ---- */
/* too_much_waits - too many commands or octets wait for replies. */
bool too_much_waits(const struct session *s);

/* ---- actions.c ---- */
/* awaited_text - copies name and argument of the awaited command. */
void awaited_text(struct awaited *pending, struct span name, struct span argument);
/* end_auth - ends an exchange whose last reply was not seen. */
void end_auth(struct session *s);

/* ---- greeting.c ---- */
/* greeting_wait - a HELO, EHLO or LHLO with this argument awaits its reply. greeting_reply - the reply came: if it is
 * accepted, the session starts over. */
void greeting_wait(struct greeting *greeting, struct span name);
void greeting_reply(struct session *s);
/* greeting_unanswered - the session ended before the reply: keeps the argument for the summary. */
void greeting_unanswered(struct session *s);
/* greeting_offers - the verb is of no known extension, but a keyword of the server's reply to EHLO. */
bool greeting_offers(const struct greeting *greeting, const struct command *command);
/* forget_extensions - the extensions of the server are not known any more. */
void forget_extensions(struct session *s);
/* ---- reply.c ---- */
void reply_clear(struct reply *reply);
void reply_reset(struct reply *reply);
/* reply_detach - copies the lines that are still needed, before the inbox frees or changes its memory. */
void reply_detach(struct reply *reply);
enum reply_of { REPLY_USUAL, REPLY_BANNER, REPLY_CUT };
/* reply_read - consumes lines of the reply from the inbox. A banner that the client did not wait for, or a reply with a
 * gap in it, ends where another code begins. PARSE_DONE: the reply is complete; PARSE_ERROR: *offending is a line that
 * does not fit (also consumed). */
enum parse_result reply_read(struct reply *reply, struct inbox *inbox, enum reply_of of, struct span *offending);
/* reply_peek - the code of the reply that waits `skip` octets after the current offset, without consuming it; *size:
 * its octets. */
enum parse_result reply_peek(const struct inbox *inbox, size_t skip, unsigned *code, size_t *size);
/* reply_waiting - number of complete replies that wait, up to the first that acknowledges more than the offset `acked`
 * of the client's stream. */
unsigned reply_waiting(const struct inbox *inbox, uint64_t acked, unsigned *first_code);
/* reply_text, reply_first_line - empty when there is none: a reply that is assumed has no lines. */
struct span reply_text(const struct reply *reply, size_t line);
struct span reply_first_line(const struct reply *reply);
/* reply_assume - makes s->reply the usual reply to the pending command. */
void reply_assume(struct session *s);

/* ---- emit.c ---- */
/* reply_emit - passes s->reply to the sink; to: the command that it answers; NULL: none. */
void reply_emit(struct session *s, const struct awaited *to);

/* ---- transaction.c ---- */
void transaction_mail(struct session *s);
/* transaction_rcpt - a recipient of the open transaction, if any; of RCPT's argument. */
void transaction_rcpt(struct session *s, struct span argument);
void transaction_rcpt_reply(struct session *s);
void transaction_mail_reply(struct session *s);
/* transaction_mail_unanswered - the session ended before the reply to MAIL: it began a transaction if the server can
 * have accepted it, i.e. had not closed and had answered the commands before. */
void transaction_mail_unanswered(struct session *s);
/* transaction_rcpt_unanswered - the same for RCPT, when its MAIL may not be in the capture. */
void transaction_rcpt_unanswered(struct session *s);
void transaction_data_reply(struct session *s);
void transaction_content_reply(struct session *s);
/* transaction_burl_reply - RFC 4468: content that the server fetches itself, so none of it is in the capture. */
void transaction_burl_reply(struct session *s);
/* transaction_end - ends the open transaction, if any. */
void transaction_end(struct session *s, enum outcome outcome, enum stage stage);
/* transaction_close - ends it for an outside reason (RSET, QUIT, close..): aborted, unless the outcome was already
 * decided. */
void transaction_close(struct session *s, enum stage stage);
/* transaction_without_mail - begins a transaction for content whose MAIL was not seen. */
void transaction_without_mail(struct session *s);
/* transaction_goes_on - one is open, also from the client's point of view: no HELO, EHLO or RSET since, and not all
 * recipients were refused. */
bool transaction_goes_on(const struct mails *mails);
void transaction_free(struct transaction *tx);
/* transaction_replies - how many replies the end of data gets: with LMTP one for each accepted recipient (RFC 2033
 * 4.2). transaction_count - number of recipients with this status. */
unsigned transaction_replies(const struct session *s);
unsigned transaction_count(const struct transaction *tx, enum recipient_status status);

/* ---- content.c ---- */
void content_open(struct session *s, enum transfer transfer);
void content_piece(struct session *s, struct span piece);
void content_gap(struct session *s, uint64_t size);
/* content_goes_on - the gap after what was taken, if any, is one of the content. content_is_done - it is not: its
 * octets are the rest of the terminator, or the content has the size that the client announced (RFC 1870). */
void content_goes_on(struct session *s);
bool content_is_done(const struct session *s);
void content_close(struct session *s, bool whole);

/* ---- gaps.c ---- */
/* knows_reply_in_gap - content has a gap, and the client's next bytes acknowledge more than the 354: a reply that is in
 * a gap, too. */
bool knows_reply_in_gap(const struct session *s);
/* content_may_be_lost - who sends the first bytes after the 354, or after a gap, has received more than that (when it
 * was not seen: they are a line like a command). If they are a command, the end of the content is in a gap. */
bool content_may_be_lost(const struct session *s);
/* last_waiting - the verb of the last command before this stream offset, among the awaited and the waiting ones;
 * VERB_UNKNOWN when something else waits, too. */
enum verb last_waiting(const struct session *s, uint64_t until);
/* content_after_gap - a header field follows the gap among the commands: DATA was in it. */
bool content_after_gap(const struct session *s, struct span bytes);

/* ---- odd_end.c ---- */
/* command_is_serious - is it really a command, and not text that happens to begin with a verb? */
bool command_is_serious(const struct command *c);
void odd_end_clear(struct odd_end *odd_end);
/* odd_end_hold - an odd end was scanned; literal: the content in it. Holds the content from there on. */
void odd_end_hold(struct session *s, struct span literal);
/* odd_end_next - what to do after it: wait for more bytes, scan more content, or is it certain that it was not the
 * end? */
enum odd_end_step { ODD_END_WAIT, ODD_END_SCAN, ODD_END_PASSED };
enum odd_end_step odd_end_next(struct session *s, struct span next, bool last);
/* odd_end_is_clients - this client ends every line in LF, so LF.LF is its end of data. odd_end_hides_command - an SMTP
 * command follows it. */
bool odd_end_is_clients(const struct session *s);
bool odd_end_hides_command(const struct session *s);

#endif
