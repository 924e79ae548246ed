/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * alert.h - the catalogue of alerts: one row each.
 *
 * This table is the only place where an alert is declared. The enum, the names, --list-alerts, the check of the man
 * page and the list of test cases are made from it. X(number, id, severity, category, scope, by, counts, condition).
 *
 * number: EVE's signature_id; it never changes. A new alert takes the next free number, wherever its row stands. The
 * number of a removed alert is never used again (none has been removed so far). scope: TX means that the alert belongs
 * to a transaction and its record carries tx_id. by: who raises it, the MACHINE, a DETECTOR or a RULE of the user.
 * counts: what --threshold can set: NOTHING, a NUMBER, or a number of EVENTS within a time.
 */
#ifndef SMTPSCAN_ALERT_H
#define SMTPSCAN_ALERT_H

#include "types.h"

/* clang-format off */
#define ALERTS(X) \
	/* session: raised by the state machine itself */ \
	X(5321001, unavailable_service, LOW, SESSION, ALL, MACHINE, NOTHING, "the code of the banner is not 220") \
	X(5321002, invalid_response, HIGH, SESSION, ALL, MACHINE, NOTHING, "a server line does not fit the grammar (low once the session has begun)") \
	X(5321003, invalid_client_initiation, LOW, SESSION, ALL, MACHINE, NOTHING, "the first command is neither HELO, EHLO nor LHLO, nor one that RFC 5321 4.1.4 allows before it") \
	X(5321004, invalid_command, LOW, SESSION, ALL, MACHINE, NOTHING, "a client line does not fit the grammar") \
	X(5321005, invalid_data, LOW, SESSION, TX, MACHINE, NOTHING, "content ended without its terminator and the server accepted it, or a BDAT chunk fell short (with --strict also when the client hangs up in the middle of content)") \
	X(5321006, unexpected_client_command, LOW, SESSION, ALL, MACHINE, NOTHING, "client bytes where the state expects none and RFC 2920 does not allow them") \
	X(5321007, unexpected_server_response, LOW, SESSION, ALL, MACHINE, NOTHING, "a complete reply with no command outstanding, 421 excepted") \
	/* protocol */ \
	X(5321008, unknown_command, LOW, PROTOCOL, ALL, DETECTOR, NOTHING, "a well-formed verb that no registered extension knows") \
	X(5321009, bad_sequence, LOW, PROTOCOL, ALL, DETECTOR, NOTHING, "RCPT without MAIL, DATA or BDAT without an accepted RCPT, or MAIL inside a transaction") \
	X(5321010, reply_code_mismatch, LOW, PROTOCOL, ALL, DETECTOR, NOTHING, "the code changes within one multi-line reply") \
	X(5321011, early_talker, MEDIUM, PROTOCOL, ALL, MACHINE, NOTHING, "client bytes before the banner") \
	X(5321012, unauthorized_pipelining, LOW, PROTOCOL, ALL, MACHINE, NOTHING, "commands sent ahead of replies, PIPELINING not advertised") \
	X(5321013, invalid_pipelining, MEDIUM, PROTOCOL, ALL, MACHINE, NOTHING, "bytes after a command that must be the last of its group, before its reply") \
	X(5321014, bdat_invalid, LOW, PROTOCOL, ALL, MACHINE, NOTHING, "BDAT size not a number, or its tail not LAST") \
	X(5321015, bdat_huge, LOW, PROTOCOL, ALL, MACHINE, NOTHING, "BDAT size beyond 2^63-1") \
	X(5321016, bdat_missing_last, LOW, PROTOCOL, TX, MACHINE, NOTHING, "a command other than BDAT, RSET, QUIT or NOOP before BDAT LAST") \
	X(5321017, data_after_quit, LOW, PROTOCOL, ALL, MACHINE, NOTHING, "client bytes after the reply to QUIT") \
	X(5321018, illegal_command, MEDIUM, PROTOCOL, ALL, DETECTOR, NOTHING, "DEBUG, WIZ, KILL, SHOWQ or TURN") \
	X(5321019, size_exceeded, LOW, PROTOCOL, TX, DETECTOR, NOTHING, "content longer than the declared SIZE plus a tenth and 512 octets, or than the advertised limit") \
	X(5321020, bare_lf, LOW, PROTOCOL, ALL, DETECTOR, NOTHING, "LF without CR in commands, replies or content") \
	X(5321021, bare_cr, LOW, PROTOCOL, ALL, DETECTOR, NOTHING, "CR without LF in commands, replies or content") \
	X(5321022, nul_byte, MEDIUM, PROTOCOL, ALL, DETECTOR, NOTHING, "NUL in a command or reply (low in content)") \
	X(5321023, eight_bit_command, LOW, PROTOCOL, ALL, DETECTOR, NOTHING, "byte above 127 in a command, SMTPUTF8 not in use") \
	/* limits */ \
	X(5321024, command_too_long, MEDIUM, LIMITS, ALL, DETECTOR, NUMBER, "command line over 512 octets, or over what its extensions allow") \
	X(5321025, helo_too_long, HIGH, LIMITS, ALL, DETECTOR, NUMBER, "HELO or EHLO argument over 1024 octets") \
	X(5321026, response_too_long, LOW, LIMITS, ALL, DETECTOR, NUMBER, "reply line over 512 octets (2000 for EHLO keywords)") \
	X(5321027, data_line_too_long, LOW, LIMITS, TX, DETECTOR, NUMBER, "content line over 1000 octets") \
	X(5321028, too_many_recipients, LOW, LIMITS, TX, DETECTOR, NUMBER, "over 1000 recipients in one transaction") \
	X(5321029, too_many_invalid, MEDIUM, LIMITS, ALL, DETECTOR, NUMBER, "over 25 commands refused in one session") \
	X(5321030, pending_overflow, MEDIUM, LIMITS, ALL, MACHINE, NOTHING, "over 1000 commands or 1 MiB waiting for replies") \
	/* attack */ \
	X(5321031, smtp_smuggling, HIGH, ATTACK, TX, MACHINE, NOTHING, "in content, a dot alone between line ends that are not both CRLF, which the server took as the end of data (then blanks may follow the dot, too), or which a command follows (medium when the server took it as content, or no reply shows how it took it)") \
	X(5321032, nonstandard_end_of_data, MEDIUM, ATTACK, TX, MACHINE, NOTHING, "such a dot without a command after it that the server did not answer, or only with a refusal (low for CRLF.LF and CRLF.CR)") \
	X(5321033, starttls_command_injection, HIGH, ATTACK, ALL, MACHINE, NOTHING, "client bytes after STARTTLS before TLS begins") \
	X(5321034, starttls_response_injection, HIGH, ATTACK, ALL, MACHINE, NOTHING, "server bytes after the 220 to STARTTLS that are not TLS") \
	X(5321035, starttls_stripped, HIGH, ATTACK, ALL, DETECTOR, NOTHING, "STARTTLS overwritten with X (medium: offered earlier to the same client, now gone)") \
	X(5321036, tls_refused, LOW, ATTACK, ALL, DETECTOR, NOTHING, "STARTTLS answered with a code other than 220") \
	X(5321037, plaintext_after_starttls, MEDIUM, ATTACK, ALL, MACHINE, NOTHING, "after the 220 to STARTTLS the client continues without TLS") \
	X(5321038, user_enumeration, MEDIUM, ATTACK, ALL, DETECTOR, EVENTS, "3 VRFY or EXPN, or 5 distinct recipients refused, from one source to one server") \
	X(5321039, auth_bruteforce, HIGH, ATTACK, ALL, DETECTOR, EVENTS, "5 failed AUTH from one source to one server within 60 seconds") \
	X(5321040, auth_password_spray, HIGH, ATTACK, ALL, DETECTOR, EVENTS, "failed AUTH for 5 distinct user names from one source to one server") \
	X(5321041, open_relay, MEDIUM, ATTACK, TX, DETECTOR, NOTHING, "with --local-domain: accepted without AUTH, sender and recipient both of other domains") \
	X(5321042, relay_probe, LOW, ATTACK, TX, DETECTOR, NOTHING, "a recipient with %, ! or a second @ in its local part") \
	X(5321043, exim_expansion, HIGH, ATTACK, ALL, DETECTOR, NOTHING, "${ in MAIL, RCPT or HELO") \
	X(5321044, shellshock, HIGH, ATTACK, ALL, DETECTOR, NOTHING, "() { in a command or a header") \
	X(5321045, jndi_lookup, HIGH, ATTACK, ALL, DETECTOR, NOTHING, "${jndi: in a command, a header or a body") \
	X(5321046, shell_metacharacters, MEDIUM, ATTACK, ALL, DETECTOR, NOTHING, "a backtick, $(, ; or a leading | in an envelope path outside quotes") \
	X(5321047, cross_protocol, MEDIUM, ATTACK, ALL, DETECTOR, NOTHING, "the first bytes of the client are HTTP, SSH, TLS or RDP on a clear-text port") \
	X(5321048, tls_certificate_expired, LOW, ATTACK, ALL, DETECTOR, NOTHING, "a certificate seen in clear was not valid at capture time") \
	X(5321049, tls_obsolete, LOW, ATTACK, ALL, DETECTOR, NOTHING, "SSL 3, TLS 1.0 or TLS 1.1 was negotiated") \
	X(5321050, turned_connection, MEDIUM, ATTACK, ALL, DETECTOR, NOTHING, "TURN answered with 250") \
	/* credentials */ \
	X(5321051, cleartext_auth, HIGH, CREDENTIALS, ALL, DETECTOR, NOTHING, "PLAIN, LOGIN, XOAUTH2 or OAUTHBEARER without TLS") \
	X(5321052, weak_auth, LOW, CREDENTIALS, ALL, DETECTOR, NOTHING, "CRAM-MD5, DIGEST-MD5 or NTLM without TLS") \
	/* content */ \
	X(5321053, mime_malformed, LOW, CONTENT, TX, DETECTOR, NOTHING, "wrong boundaries, types, encodings or header lines of MIME, or many octets outside of parts") \
	X(5321054, mime_depth, MEDIUM, CONTENT, TX, DETECTOR, NOTHING, "parts nested deeper than 100") \
	X(5321055, mime_header_limit, MEDIUM, CONTENT, TX, DETECTOR, NOTHING, "header block over 64 KiB, header line over 10000 octets, or more than 1000 headers") \
	X(5321056, mime_duplicate_header, LOW, CONTENT, TX, DETECTOR, NOTHING, "two From, Subject, Date, Message-ID, Content-Type, Content-Transfer-Encoding or Content-Disposition, or names of one file that differ") \
	X(5321057, attachment_executable, MEDIUM, CONTENT, TX, DETECTOR, NOTHING, "a program or script by content or extension; this and the next five also of entries of an archive") \
	X(5321058, attachment_double_extension, HIGH, CONTENT, TX, DETECTOR, NOTHING, "a program whose name has a harmless extension before the real one, as invoice.pdf.exe") \
	X(5321059, attachment_type_mismatch, MEDIUM, CONTENT, TX, DETECTOR, NOTHING, "content is a program, its name or declared type says otherwise") \
	X(5321060, attachment_encrypted, MEDIUM, CONTENT, TX, DETECTOR, NOTHING, "encrypted zip, 7z or rar") \
	X(5321061, filename_traversal, HIGH, CONTENT, TX, DETECTOR, NOTHING, "/ or \\ in a file name, or .. as a whole component of it") \
	X(5321062, filename_bidi, HIGH, CONTENT, TX, DETECTOR, NOTHING, "bidirectional override in a file name") \
	X(5321074, link_mismatch, LOW, CONTENT, TX, DETECTOR, NOTHING, "the text of a link in HTML is a URL or host name of another registered domain than its target") \
	X(5321075, reply_to_mismatch, LOW, CONTENT, TX, DETECTOR, NOTHING, "Reply-To in another domain than From, and its display name is From's or holds From's address") \
	X(5321063, sender_mismatch, LOW, CONTENT, TX, DETECTOR, NOTHING, "From and MAIL differ in domain and the display name holds another address") \
	/* rule: what the user asked for */ \
	X(5321071, rule, MEDIUM, RULE, ALL, RULE, NOTHING, "a rule of --rules raised it; the record has the rule's own id, severity and description") \
	X(5321072, ioc_match, MEDIUM, RULE, ALL, RULE, NOTHING, "an indicator of --ioc was found in envelope, headers, URLs, files or addresses") \
	X(5321073, yara_match, MEDIUM, RULE, TX, RULE, NOTHING, "a rule of --yara matched the content of a mail, or a decoded part of it") \
	/* transport */ \
	X(5321064, tcp_gap, MEDIUM, TRANSPORT, ALL, DETECTOR, NOTHING, "bytes of a session are not in the capture") \
	X(5321065, tcp_overlap_conflict, HIGH, TRANSPORT, ALL, DETECTOR, NOTHING, "a retransmission carries other bytes than the first copy") \
	X(5321066, tcp_midstream, LOW, TRANSPORT, ALL, DETECTOR, NOTHING, "the session began before the capture") \
	X(5321067, tcp_one_sided, LOW, TRANSPORT, ALL, DETECTOR, NOTHING, "one direction is missing") \
	X(5321068, truncated_packets, LOW, TRANSPORT, ALL, DETECTOR, NOTHING, "the snap length cut payload of the session")
/* clang-format on */

enum alert_id {
#define X(number, id, severity, category, scope, by, counts, condition) ALERT_##id,
	ALERTS(X)
#undef X
		ALERT_COUNT
};

/* EVE's numbers. */
enum severity { SEVERITY_HIGH = 1, SEVERITY_MEDIUM = 2, SEVERITY_LOW = 3 };

enum alert_category {
	CATEGORY_SESSION,
	CATEGORY_PROTOCOL,
	CATEGORY_LIMITS,
	CATEGORY_ATTACK,
	CATEGORY_CREDENTIALS,
	CATEGORY_CONTENT,
	CATEGORY_RULE,
	CATEGORY_TRANSPORT
};

/* Who raises it, and what it counts. */
enum alert_by { BY_MACHINE, BY_DETECTOR, BY_RULE };
enum alert_counts { COUNTS_NOTHING, COUNTS_NUMBER, COUNTS_EVENTS };

/* Did the attack succeed? Only for alerts on attacks whose success the capture can show. */
enum alert_outcome { ALERT_OUTCOME_NONE, ALERT_SUCCEEDED, ALERT_FAILED, ALERT_UNKNOWN };
extern const char *const alert_outcome_names[ALERT_UNKNOWN + 1]; /* [ALERT_OUTCOME_NONE] is NULL */

#define ALERT_GID 1 /* EVE's generator id: signatures. No other known rule set uses numbers from 5321001 on */
#define ALERT_REVISION 1

struct alert_info {
	unsigned number;  /* signature_id */
	const char *name; /* the id as it is written */
	enum severity severity;
	enum alert_category category;
	bool transaction; /* belongs to a transaction */
	enum alert_by by;
	enum alert_counts counts;
	const char *condition;
};

extern const struct alert_info alert_catalogue[ALERT_COUNT];

/* One alert, as raised. Everything in it is borrowed for the time of the call. */
struct alert {
	enum alert_id id;
	const char *name;       /* of ALERT_rule: the rule's own id; NULL: the catalogue's */
	enum severity severity; /* usually the catalogue's */
	const char *state;      /* name of the state machine's state; NULL: none */
	enum direction direction;
	bool has_direction;
	enum alert_outcome outcome;
	int tx;                  /* number of the transaction; -1: none */
	const char *description; /* UTF-8; a sentence for people */
	struct span evidence;    /* the bytes that caused it; secrets are already masked */
};

/* alert_name - the id as it is written: the catalogue's, or a rule's own. */
const char *alert_name(const struct alert *alert);
/* alert_find - the id of a name. Returns ALERT_COUNT when there is no such alert. */
enum alert_id alert_find(const char *name);
/* severity_name - "high", "medium", "low". severity_find - its inverse; returns 0 when unknown. */
const char *severity_name(enum severity severity);
int severity_find(const char *name);
/* alert_category_name - "session", "protocol", ... */
const char *alert_category_name(enum alert_category category);

#endif
