/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * detectors.h - detectors: they watch the events of a session and raise the alerts that the state machine does not
 * raise.
 *
 * Events are commands, replies, content, transactions, mails, authentication, TLS, transport. Detectors keep state per
 * session, per transaction, and per pair of client and server address (across sessions, in bounded tables, by capture
 * time): so the work can be divided by address pair. The column `by` of alert.h says which alerts they raise.
 */
#ifndef SMTPSCAN_DETECTORS_H
#define SMTPSCAN_DETECTORS_H

#include "alert.h"
#include "flow.h"
#include "mail.h"
#include "session.h"
#include "tls.h"
#include "types.h"

struct threshold {
	unsigned count;   /* 0: the default */
	unsigned seconds; /* 0: the default, or no time limit */
};

struct detector_options {
	GPtrArray *local_domains;    /* char*, lower case; NULL or empty: open_relay is off */
	GPtrArray *illegal_commands; /* char*; NULL: the table's VERBFLAG_ILLEGAL */
	struct threshold thresholds[ALERT_COUNT];
};

/* Across sessions: one for each input (or for each recording, with --continuous). */
struct detectors;
struct detectors *detectors_new(const struct detector_options *options);
void detectors_free(struct detectors *detectors);

/* Did this server announce X_PIPE_CONNECT to this client earlier in the input? */
bool detectors_early_pipeline(
	const struct detectors *detectors, const struct address *client, const struct address *server);

typedef void (*detector_alert)(void *context, const struct alert *alert);

/* One session. `alert` is called synchronously, with `context`. at: the packet that completed the event. */
struct detector;
struct detector *detector_new(
	struct detectors *detectors, const struct flow *flow, detector_alert alert, void *context);
void detector_free(struct detector *detector);

void detector_command(struct detector *detector, struct moment at, const struct session_command *command);
void detector_response(struct detector *detector, struct moment at, const struct session_response *response);
void detector_content_begin(struct detector *detector, const struct transaction *tx);
void detector_content(struct detector *detector, const struct transaction *tx, struct span piece);
void detector_content_gap(struct detector *detector, const struct transaction *tx, uint64_t size);
void detector_transaction_end(struct detector *detector, struct moment at, const struct transaction *tx);
void detector_mail(struct detector *detector, const struct transaction *tx, const struct mail *mail);
void detector_auth(struct detector *detector, struct moment at, const struct session_auth *auth);
void detector_tls(struct detector *detector, struct moment at, const struct tls_info *tls);
/* The first bytes of the client, before the grammar parses them (for cross_protocol). */
void detector_client_bytes(struct detector *detector, struct span bytes);
/* Transport: see flow_sink. */
void detector_gap(struct detector *detector, enum direction direction, uint64_t offset, uint64_t size, bool given_up);
void detector_trouble(struct detector *detector, enum flow_trouble what, enum direction direction, uint64_t offset,
	struct span bytes);
/* The session ended: raises tcp_midstream and tcp_one_sided if they were not raised at its beginning. */
void detector_end(struct detector *detector, const struct flow *flow);

#endif
