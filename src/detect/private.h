/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * private.h - functions that the files of the detect stage share.
 *
 * detectors.c passes each event to the files that check it; each file raises one group of alerts. What they remember of
 * a session is in struct detector. All use raise.c, excerpt.c and path.c.
 */
#ifndef SMTPSCAN_DETECT_PRIVATE_H
#define SMTPSCAN_DETECT_PRIVATE_H

#include "detectors.h"
#include "pairs.h"
#include "text.h"

#define LINE_OCTETS_MAX 1000  /* RFC 5321 4.5.3.1.6: content line including CRLF */
#define EVIDENCE_MAX 256      /* the record shows no more */
#define FIRST_OCTETS_MAX 1024 /* of the client, checked for other protocols */

#define EXTENSION_LETTERS 32 /* the low five bits of an octet: a letter without its case */

/* The state of the checks of content. */
struct content_state {
	bool on;
	unsigned reported;        /* bits of enum content_finding, each reported once per transaction */
	uint64_t line_size;       /* octets of the current line so far */
	uint64_t line_limit;      /* octets that a line may have */
	bool line_known;          /* its beginning was seen */
	bool after_cr, after_gap; /* what comes before the next piece */
	size_t head_size;
	uint8_t head[EVIDENCE_MAX]; /* beginning of the current line; last member, because it is not cleared */
};

struct detectors {
	const struct detector_options *options;
	struct pairs *pairs;
	unsigned extensions[EXTENSION_LETTERS]; /* rows of the table in limits.c by the letter of the keyword */
};

struct detector {
	struct detectors *shared;
	const struct flow *flow;
	detector_alert alert;
	void *context;
	struct moment at;  /* of the current event */
	bool doubt;        /* bytes are missing or replies were assumed: the order of commands is not checked */
	bool reset_sent;   /* the client sent HELO, EHLO or RSET since its last MAIL */
	GByteArray *first; /* first octets of the client, while they are too few to tell the protocol; NULL */
	bool first_done;
	unsigned extensions;   /* advertised extensions, as bits: rows of the table in limits.c */
	bool extensions_known; /* an EHLO reply was seen */
	unsigned refused;      /* commands answered with 5xx */
	int recipients_tx;     /* transaction whose recipients are counted */
	unsigned recipients;
	struct content_state content;
	bool midstream_reported, one_sided_reported, truncated_reported, stripped_reported, gone_reported;
	bool tls_agreed; /* STARTTLS was answered with 220: what follows in clear was decrypted */
};

/* The machine's state, the direction and the transaction of an alert. */
struct alert_place {
	const char *state;
	enum direction direction;
	bool no_direction;
	int tx;
};
#define AT_COMMAND(command) ((struct alert_place){ .state = (command)->state, .direction = UP, .tx = (command)->tx })
#define AT_RESPONSE(response)                                                                                          \
	((struct alert_place){ .state = (response)->state, .direction = DOWN, .tx = (response)->tx })
#define AT_CONTENT(transaction) ((struct alert_place){ .direction = UP, .tx = (transaction)->number })
#define AT_SESSION(way) ((struct alert_place){ .direction = (way), .tx = -1 })
#define NO_EVIDENCE ((struct span){ 0 })

/* ---- raise.c ---- */
/* raise_alert - raises an alert. severity 0: that of the catalogue. The formatted description is made valid UTF-8. */
RARE void raise_alert(struct detector *detector, enum alert_id id, enum severity severity, struct alert_place place,
	struct span evidence, const char *format, ...) G_GNUC_PRINTF(6, 7);
/* threshold_count, threshold_seconds - from --threshold, or the catalogue's. */
unsigned threshold_count(const struct detector *detector, enum alert_id id, unsigned normal);
unsigned threshold_seconds(const struct detector *detector, enum alert_id id, unsigned normal);
struct pair *pair_of(struct detector *detector);

/* ---- excerpt.c ---- */
/* excerpt - the octets around octets[at], at most as many as a record shows. */
struct span excerpt(struct span octets, size_t at, size_t size);
/* printable - octets as text for a description: \xNN for what is not printable ASCII; long text is cut. Free with
 * g_free. */
char *printable(struct span octets);
/* command_evidence - the command's line; only the verb when the line contains credentials. */
struct span command_evidence(const struct session_command *command);
/* find_octets - the offset of `what` in `octets`, from `from` on; SIZE_MAX when there is none. */
size_t find_octets(struct span octets, size_t from, const char *what);
/* append_address - appends an IP address as text. */
void append_address(GString *text, const struct address *address);

/* ---- path.c ---- */
/* path_of - the path of a MAIL or RCPT argument without its angle brackets. Returns false when there is none. */
bool path_of(enum verb verb, struct span argument, struct span *path);
/* bare_path - a path without its angle brackets. */
struct span bare_path(struct span path);
/* domain_of - what follows the last @ in a path without brackets; empty when there is none. */
struct span domain_of(struct span path);

/* ---- domain.c ---- */
/* url_host - the host of a URL or a UNC path, in lower-case ASCII; NULL when there is none. text_host - the host
 * of a text that is such a URL, or a host name with or without a path. Free with g_free. */
char *url_host(const char *url);
char *text_host(const char *text);
/* registered_domain - the registered domain of a host name (domain.c); points into host. */
const char *registered_domain(const char *host);

/* ---- checks ---- */
void protocol_command(struct detector *detector, const struct session_command *command);
void protocol_octets(struct detector *detector, const struct session_command *command);
void protocol_response(struct detector *detector, const struct session_response *response);
void limits_begin(struct detectors *detectors);
void limits_command(struct detector *detector, const struct session_command *command);
void limits_response(struct detector *detector, const struct session_response *response);
void attack_command(struct detector *detector, const struct session_command *command);
void attack_response(struct detector *detector, const struct session_response *response);
void attack_transaction(struct detector *detector, const struct transaction *tx);
void attack_mail(struct detector *detector, const struct transaction *tx, const struct mail *mail);
void attack_first_bytes(struct detector *detector, struct span bytes);
/* is_overwritten - is the verb all X's, and as long as one that a middlebox may have overwritten? */
bool is_overwritten(struct span verb);
void tls_command(struct detector *detector, const struct session_command *command);
void tls_response(struct detector *detector, const struct session_response *response);
void tls_handshake(struct detector *detector, const struct tls_info *tls);
void auth_exchange(struct detector *detector, const struct session_auth *auth);
void enumeration_command(struct detector *detector, const struct session_command *command);
void enumeration_response(struct detector *detector, const struct session_response *response);
void content_check_end(struct detector *detector, const struct transaction *tx);
void mail_defects(struct detector *detector, const struct transaction *tx, const struct mail *mail);
void file_part(struct detector *detector, const struct transaction *tx, const struct mail_part *part);
void transport_begin(struct detector *detector);

/* ---- lookup.c ---- */
/* lookup_find - finds the first "${jndi:" in `text`, obfuscated or not. Returns false when there is none. */
bool lookup_find(struct span text, size_t *at);
/* shellshock_find - finds the first "() {" that does not follow a function name. */
bool shellshock_find(struct span text, size_t *at);

#endif
