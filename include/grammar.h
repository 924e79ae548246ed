/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * grammar.h - parses commands, reply lines, content and BDAT arguments (RFC 5321 4.1, 4.2, 4.5.2; RFC 3030).
 *
 * The parsers keep no state (but for data_scanner): the caller gives them the available bytes, and they return how many
 * they used. Every limit is a constant here. Of a longer line the rest is skipped, `length` has the full length, and
 * parsing continues with the next line.
 */
#ifndef SMTPSCAN_GRAMMAR_H
#define SMTPSCAN_GRAMMAR_H

#include "types.h"

#define GRAMMAR_LINE_MAX 65536  /* octets kept of one command or reply line */
#define GRAMMAR_ENHANCED_MAX 12 /* "5.999.999" and its NUL */

/* How a line ended. */
enum line_end { LINE_END_CRLF, LINE_END_LF, LINE_END_NONE /* no line end: the connection ended first */ };

/* Does a verb take a parameter (RFC 5321 4.1.1 and the extension's own RFC)? */
enum parameter { PARAMETER_NONE, PARAMETER_OPTIONAL, PARAMETER_REQUIRED };

/* Properties of a verb. */
enum verb_flag {
	VERBFLAG_LAST_IN_GROUP = 1, /* RFC 2920 3.1: it must be the last command of a pipelined group */
	VERBFLAG_BEFORE_HELO = 2,   /* RFC 5321 4.1.4: allowed before HELO or EHLO */
	VERBFLAG_GREETING = 4,      /* HELO, EHLO, LHLO */
	VERBFLAG_ILLEGAL = 8,       /* a historic security hole */
	VERBFLAG_MAIL = 16,         /* begins a transaction: MAIL, and RFC 821's SEND, SOML, SAML */
};

/* X(id, spelling, parameter, flags): every verb of RFC 5321, of a registered extension, or of a known server. */
/* clang-format off */
#define VERBS(X) \
	X(HELO, "HELO", REQUIRED, VERBFLAG_GREETING | VERBFLAG_LAST_IN_GROUP) \
	X(EHLO, "EHLO", REQUIRED, VERBFLAG_GREETING | VERBFLAG_LAST_IN_GROUP) \
	X(LHLO, "LHLO", REQUIRED, VERBFLAG_GREETING | VERBFLAG_LAST_IN_GROUP) \
	X(MAIL, "MAIL", REQUIRED, VERBFLAG_MAIL) \
	X(RCPT, "RCPT", REQUIRED, 0) \
	X(DATA, "DATA", NONE, VERBFLAG_LAST_IN_GROUP) \
	X(BDAT, "BDAT", OPTIONAL, 0) /* without a size: bdat_invalid */ \
	X(RSET, "RSET", NONE, VERBFLAG_BEFORE_HELO) \
	X(QUIT, "QUIT", NONE, VERBFLAG_BEFORE_HELO | VERBFLAG_LAST_IN_GROUP) \
	X(NOOP, "NOOP", OPTIONAL, VERBFLAG_BEFORE_HELO | VERBFLAG_LAST_IN_GROUP) \
	X(HELP, "HELP", OPTIONAL, VERBFLAG_BEFORE_HELO) \
	X(VRFY, "VRFY", REQUIRED, VERBFLAG_BEFORE_HELO | VERBFLAG_LAST_IN_GROUP) \
	X(EXPN, "EXPN", REQUIRED, VERBFLAG_BEFORE_HELO | VERBFLAG_LAST_IN_GROUP) \
	X(AUTH, "AUTH", REQUIRED, VERBFLAG_LAST_IN_GROUP)                 /* RFC 4954 */ \
	X(STARTTLS, "STARTTLS", NONE, VERBFLAG_LAST_IN_GROUP)             /* RFC 3207 */ \
	X(X_ANONYMOUSTLS, "X-ANONYMOUSTLS", NONE, VERBFLAG_LAST_IN_GROUP) /* Exchange */ \
	X(XCLIENT, "XCLIENT", REQUIRED, VERBFLAG_LAST_IN_GROUP)           /* Postfix */ \
	X(XFORWARD, "XFORWARD", REQUIRED, 0)                          /* Postfix */ \
	X(ETRN, "ETRN", REQUIRED, 0)                                  /* RFC 1985 */ \
	X(ATRN, "ATRN", OPTIONAL, VERBFLAG_LAST_IN_GROUP)                 /* RFC 2645 */ \
	X(TURN, "TURN", NONE, VERBFLAG_LAST_IN_GROUP | VERBFLAG_ILLEGAL) \
	X(BURL, "BURL", REQUIRED, 0)                                  /* RFC 4468 */ \
	X(SEND, "SEND", REQUIRED, VERBFLAG_MAIL)                                  /* RFC 821 */ \
	X(SOML, "SOML", REQUIRED, VERBFLAG_MAIL) \
	X(SAML, "SAML", REQUIRED, VERBFLAG_MAIL) \
	X(VERB, "VERB", OPTIONAL, 0)                                  /* Sendmail */ \
	X(ONEX, "ONEX", NONE, 0) \
	X(XUSR, "XUSR", NONE, 0) \
	X(XADR, "XADR", OPTIONAL, 0) \
	X(X_EXPS, "X-EXPS", OPTIONAL, VERBFLAG_LAST_IN_GROUP)             /* Exchange */ \
	X(XEXCH50, "XEXCH50", REQUIRED, VERBFLAG_LAST_IN_GROUP) \
	X(X_LINK2STATE, "X-LINK2STATE", OPTIONAL, 0) \
	X(XSHADOW, "XSHADOW", OPTIONAL, 0) \
	X(XSHADOWREQUEST, "XSHADOWREQUEST", OPTIONAL, 0) \
	X(XQDISCARD, "XQDISCARD", OPTIONAL, 0) \
	X(XPROXYTO, "XPROXYTO", OPTIONAL, 0) \
	X(XSESSIONPARAMS, "XSESSIONPARAMS", OPTIONAL, 0) \
	X(XPROXY, "XPROXY", OPTIONAL, 0) \
	X(DEBUG, "DEBUG", OPTIONAL, VERBFLAG_ILLEGAL) \
	X(WIZ, "WIZ", OPTIONAL, VERBFLAG_ILLEGAL) \
	X(KILL, "KILL", OPTIONAL, VERBFLAG_ILLEGAL) \
	X(SHOWQ, "SHOWQ", OPTIONAL, VERBFLAG_ILLEGAL)
/* clang-format on */

enum verb {
	VERB_UNKNOWN,
#define X(id, spelling, parameter, flags) VERB_##id,
	VERBS(X)
#undef X
		VERB_COUNT
};

struct verb_info {
	const char *spelling;
	size_t size; /* of the spelling */
	enum parameter parameter;
	unsigned flags; /* enum verb_flag */
};

extern const struct verb_info verb_table[VERB_COUNT]; /* VERB_UNKNOWN: spelling NULL */

enum parse_result {
	PARSE_MORE, /* incomplete: more bytes are needed */
	PARSE_DONE,
	PARSE_ERROR /* a line that does not fit the grammar; *used is its length */
};

/* A client line. All spans point into the input. */
struct command {
	enum verb verb;       /* VERB_UNKNOWN for a well-formed verb that is not in the table */
	struct span name;     /* as sent */
	struct span argument; /* after the white space, without the line end and trailing white space */
	struct span line;     /* the whole line with its end, at most GRAMMAR_LINE_MAX octets of it */
	size_t length;        /* octets of the line on the wire, its end included */
	enum line_end end;
};

/* grammar_command - parses one command line of `input` (RFC 5321 4.1.1). *used: octets taken, also on error. White
 * space before the verb is skipped. last: no more bytes will come, so an incomplete line counts as a line. On
 * PARSE_ERROR, line, length and end of *command are set. */
enum parse_result grammar_command(struct span input, bool last, struct command *command, size_t *used);

/* One line of a reply (RFC 5321 4.2). */
struct reply_line {
	unsigned code;    /* 100..599 */
	bool more;        /* a hyphen follows the code: the reply has more lines */
	struct span text; /* after the separator, without the line end */
	struct span line; /* the whole line with its end */
	size_t length;
	enum line_end end;
};

enum parse_result grammar_reply_line(struct span input, bool last, struct reply_line *reply, size_t *used);

/* grammar_enhanced - the enhanced status code at the start of a reply's text (RFC 2034, 3463), as "5.1.1", into out; an
 * empty string when there is none, or when its class differs from the first digit of the code. */
void grammar_enhanced(unsigned code, struct span text, char out[GRAMMAR_ENHANCED_MAX]);

/* grammar_path - the path of MAIL FROM or RCPT TO (RFC 5321 4.1.2) at the start of `argument`: source routes, quoted
 * local parts with spaces and '>', address literals. Also accepts what real clients send: addresses without brackets,
 * and white space after the colon. keyword is "FROM" or "TO". On success *path is the path as on the wire with its
 * brackets, *rest the parameters after it. Returns false when there is none. */
bool grammar_path(struct span argument, const char *keyword, struct span *path, struct span *rest);

/* grammar_known_command - is it a complete line with a known verb; MAIL and RCPT with their path? */
bool grammar_known_command(struct span bytes);

/* grammar_parameter - removes the next ESMTP parameter (keyword[=value], RFC 5321 4.1.2) from *rest. Returns false when
 * none is left. value.data is NULL when there is no '='. */
bool grammar_parameter(struct span *rest, struct span *keyword, struct span *value);

/* grammar_word - removes the next word, up to white space, from *rest. Returns false when none is left. */
bool grammar_word(struct span *rest, struct span *word);

/* grammar_number - the decimal number at the start of a text; 0: none. UINT64_MAX when it is too large. */
uint64_t grammar_number(struct span text);

/* grammar_is - compares, ignoring ASCII case. */
bool grammar_is(struct span word, const char *text);

/* BDAT's argument (RFC 3030 2). */
enum bdat_result { BDAT_OK, BDAT_NOT_A_NUMBER, BDAT_HUGE, BDAT_BAD_TAIL };
enum bdat_result grammar_bdat(struct span argument, uint64_t *size, bool *last);

/* Content of DATA up to CRLF.CRLF, dot-unstuffed (RFC 5321 4.5.2). The pieces that the scanner returns are spans of its
 * input or of itself, valid until the next call. Only smtp/scanner.c uses its fields, except odd_*. */
#define DATA_SCANNER_PENDING 16 /* octets of a dot and the line end after it; a longer sequence is text */
struct data_scanner {
	unsigned left;                         /* how the octets before the next one end */
	uint8_t pending[DATA_SCANNER_PENDING]; /* a dot after a line end, and what followed it so far */
	size_t pending_size;
	bool odd_low;  /* of a nonstandard end: a CRLF stood before the dot, as in the standard one */
	bool odd_weak; /* blanks or control characters stood after the dot */
};

enum data_result {
	DATA_MORE,  /* all input was used */
	DATA_PIECE, /* *piece is content (may be empty); call again */
	DATA_END,   /* the end of data; *used is the offset after it */
	DATA_ODD /* a nonstandard end of data, which a lax server accepts as the end (CVE-2023-51764 and similar); *used
		  * is the offset after it. The content before it was returned already; *piece is the content in the
		  * sequence, if it is not the end
		  */
};

/* data_scanner_init - content begins. data_scanner_resume - content continues after a gap, perhaps in the middle of a
 * line. */
void data_scanner_init(struct data_scanner *scanner);
void data_scanner_resume(struct data_scanner *scanner);
enum data_result grammar_data(struct data_scanner *scanner, struct span input, struct span *piece, size_t *used);
/* data_scanner_lacks - how many octets would complete the terminator here; 0: this is not the beginning of a line. */
size_t data_scanner_lacks(const struct data_scanner *scanner);
/* data_scanner_flush - content ended without its terminator: the content in the octets that are still pending. */
struct span data_scanner_flush(struct data_scanner *scanner);

#endif
