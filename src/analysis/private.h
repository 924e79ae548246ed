/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * private.h - struct conversation, and what its files share: conversation.c handles the events of the flow, events.c
 * those of the session, inside.c TLS.
 */
#ifndef SMTPSCAN_ANALYSIS_PRIVATE_H
#define SMTPSCAN_ANALYSIS_PRIVATE_H

#include "conversation.h"
#include "secrets.h"

struct conversation {
	struct analysis_context *shared;
	const struct flow *flow;
	struct session *session;
	struct detector *detector;
	struct tls *tls; /* NULL before TLS begins */
	bool tls_written;
	bool within;            /* the stream goes to `tls`, and decrypted octets go to the session */
	GQueue *waiting;        /* struct inside: decrypted before that; NULL: none */
	bool one_sided;         /* the session was told */
	bool fin[2];            /* the streams ended */
	uint64_t offset[2];     /* octets of the streams so far */
	uint64_t content;       /* octets of the open content so far */
	struct transaction *tx; /* open; NULL */
	struct eve_md5 *md5;    /* of the open content; NULL */
	struct mail *mail;      /* its mail; the transaction's sink owns it */
	struct secrets secrets;
	uint64_t *alerts;            /* counts by id; NULL before the first alert */
	GHashTable *rule_alerts;     /* counts of the alerts of rules, by id; NULL likewise */
	struct rules_session *rules; /* NULL without rules */
};

/* place_of - place of a record about transaction tx (-1: none) at the current packet. */
static inline struct place place_of(const struct conversation *c, int tx)
{
	return (struct place){ c->flow, c->shared->now, tx };
}

/* events.c: handles the events of the session and of rules; conversation_alert also gets the detectors' alerts. */
extern const struct session_sink conversation_session_sink;
extern const struct rules_sink conversation_rules_sink;
void conversation_alert(void *context, const struct alert *alert);

/* inside.c: TLS begins; octets of it, or a gap, came. */
void inside_begin(void *context, bool implicit);
void inside_record(void *context, enum direction direction, struct span bytes, uint64_t offset, uint64_t acked);
void inside_gap(void *context, enum direction direction, uint64_t size);
/* inside_deliver - passes to the session what was decrypted during its calls. */
void inside_deliver(struct conversation *c);
/* inside_note - writes the tls record when all its fields are known. inside_write - writes it now. */
void inside_note(struct conversation *c);
void inside_write(struct conversation *c);

#endif
