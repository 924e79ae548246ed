/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * parts.h - what the files of the detectors promise each other (private to them).
 *
 * detectors.c (life, dispatch) calls one file for each kind of finding; each looks at one event and raises what it
 * finds. What it remembers of a session stands in struct detector. Below all: raise.c, excerpt.c, path.c.
 */
#ifndef SMTPSCAN_DETECT_PARTS_H
#define SMTPSCAN_DETECT_PARTS_H

#include "detectors.h"
#include "pairs.h"

#define LINE_OCTETS_MAX 1000  /* RFC 5321 4.5.3.1.6: content line with its CRLF */
#define EVIDENCE_MAX 256      /* the record shows no more */
#define FIRST_OCTETS_MAX 1024 /* of the client, looked at for other protocols */

/* What is watched in content as it streams by. */
struct watch {
	bool on;
	unsigned said;             /* enum watch_finding, as bits: once per transaction is enough */
	uint64_t line_size;        /* octets of the present line so far */
	uint64_t line_most;        /* octets that a line may have */
	bool line_known;           /* its beginning was seen */
	bool after_cr, after_hole; /* what stands before the next piece */
	size_t head_size;
	uint8_t head[EVIDENCE_MAX]; /* how the present line began; last: only its first octets count */
};

struct detectors {
	const struct detector_options *options;
	struct pairs *pairs;
};

struct detector {
	struct detectors *shared;
	const struct flow *flow;
	detector_alert alert;
	void *context;
	struct moment at;  /* of the current event */
	bool doubt;        /* bytes are missing or replies were assumed: say nothing about the order of commands */
	bool reset_sent;   /* the client greeted anew, or sent RSET, since its last MAIL */
	GByteArray *first; /* of the client, while they are too few to tell; NULL */
	bool first_done;
	unsigned extensions;   /* advertised, as bits: rows of limits.c */
	bool extensions_known; /* an EHLO reply was seen */
	unsigned refused;      /* commands answered with 5xx */
	int recipients_tx;     /* transaction whose recipients are counted */
	unsigned recipients;
	struct watch watch;
	bool midstream_said, one_sided_said, truncated_said, stripped_said, gone_said;
	bool tls_agreed; /* STARTTLS was answered with 220: what is in clear from then on was decrypted */
};

/* Where an alert stands. */
struct scene {
	const char *state;
	enum direction direction;
	bool no_direction;
	int tx;
};
#define SCENE_COMMAND(command) ((struct scene){ .state = (command)->state, .direction = UP, .tx = (command)->tx })
#define SCENE_RESPONSE(response) ((struct scene){ .state = (response)->state, .direction = DOWN, .tx = (response)->tx })
#define SCENE_CONTENT(transaction) ((struct scene){ .direction = UP, .tx = (transaction)->number })
#define SCENE_SESSION(way) ((struct scene){ .direction = (way), .tx = -1 })
#define NO_EVIDENCE ((struct span){ 0 })

/* ---- raise.c ---- */
/* raise_alert - severity 0: the catalogue's. The description becomes valid UTF-8 whatever is printed into it. */
void raise_alert(struct detector *detector, enum alert_id id, enum severity severity, struct scene scene,
	struct span evidence, const char *format, ...) G_GNUC_PRINTF(6, 7);
/* threshold_count, threshold_seconds - the user's, or the catalogue's. */
unsigned threshold_count(const struct detector *detector, enum alert_id id, unsigned normal);
unsigned threshold_seconds(const struct detector *detector, enum alert_id id, unsigned normal);
struct pair *pair_of(struct detector *detector);

/* ---- excerpt.c ---- */
/* around - the octets around `at`, no more than the record shows. */
struct span around(struct span octets, size_t at, size_t size);
/* show - octets as text for a description: what is not printable ASCII as \xNN, long ones cut. Free with g_free. */
char *show(struct span octets);
struct span span_of_text(const char *text);
struct span span_of_string(const GString *string);
/* command_evidence - the command's line; of one that holds credentials only the verb. */
struct span command_evidence(const struct session_command *command);
/* find_octets - where `what` stands in `octets`, from `from` on; SIZE_MAX when it does not. */
size_t find_octets(struct span octets, size_t from, const char *what);
/* append_address - an IP address as text. */
void append_address(GString *text, const struct address *address);

/* ---- path.c ---- */
/* path_of - the path of a MAIL or RCPT argument without its angle brackets. Returns false when there is none. */
bool path_of(enum verb verb, struct span argument, struct span *path);
/* bare_path - a path as on the wire without its angle brackets. */
struct span bare_path(struct span path);
/* domain_of - what stands after the last @ of a path without brackets; empty when there is none. */
struct span domain_of(struct span path);

/* ---- domain.c ---- */
/* url_host - the host of a http, https or ftp url, in lower case and ASCII; NULL when there is none. text_host - of a
 * text that is such a url, or a host name with or without a path. Free with g_free. */
char *url_host(const char *url);
char *text_host(const char *text);
/* registered_domain - the part of a host name that somebody registered; points into host. */
const char *registered_domain(const char *host);

/* ---- one file each ---- */
void protocol_command(struct detector *detector, const struct session_command *command);
void protocol_octets(struct detector *detector, const struct session_command *command);
void protocol_response(struct detector *detector, const struct session_response *response);
void limits_command(struct detector *detector, const struct session_command *command);
void limits_response(struct detector *detector, const struct session_response *response);
void attack_command(struct detector *detector, const struct session_command *command);
void attack_response(struct detector *detector, const struct session_response *response);
void attack_transaction(struct detector *detector, const struct transaction *tx);
void attack_mail(struct detector *detector, const struct transaction *tx, const struct mail *mail);
void attack_first_bytes(struct detector *detector, struct span bytes);
/* is_overwritten - a verb of X's only, as long as one that a device may have overwritten. */
bool is_overwritten(struct span verb);
void tls_command(struct detector *detector, const struct session_command *command);
void tls_response(struct detector *detector, const struct session_response *response);
void tls_handshake(struct detector *detector, const struct tls_info *tls);
void auth_exchange(struct detector *detector, const struct session_auth *auth);
void enumeration_command(struct detector *detector, const struct session_command *command);
void enumeration_response(struct detector *detector, const struct session_response *response);
void watch_begin(struct detector *detector, const struct transaction *tx);
void watch_piece(struct detector *detector, const struct transaction *tx, struct span piece);
void watch_gap(struct detector *detector);
void watch_end(struct detector *detector, const struct transaction *tx);
void mail_defects(struct detector *detector, const struct transaction *tx, const struct mail *mail);
void file_part(struct detector *detector, const struct transaction *tx, const struct mail_part *part);
void transport_begin(struct detector *detector);

/* ---- lookup.c ---- */
/* lookup_find - the first "${jndi:" in `text`, whatever it was dressed up as. Returns false when there is none. */
bool lookup_find(struct span text, size_t *at);
/* shellshock_find - the first "() {" that is not the end of a function's name. */
bool shellshock_find(struct span text, size_t *at);

#endif
