/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * private.h - struct conversation, and what its three files share: conversation.c takes the flow's events, events.c the
 * session's, inside.c what TLS decrypts.
 */
#ifndef SMTPSCAN_ANALYSIS_PRIVATE_H
#define SMTPSCAN_ANALYSIS_PRIVATE_H

#include "conversation.h"
#include "secrets.h"

struct conversation {
	struct desk *desk;
	const struct flow *flow;
	struct session *session;
	struct detector *detector;
	struct tls *tls; /* from the first byte of TLS on */
	bool tls_written;
	bool within;            /* the session is told what is inside of TLS, and the stream goes to `tls` */
	GQueue *waiting;        /* of struct inside: before that, what was decrypted; NULL */
	bool one_sided;         /* the session knows */
	bool fin[2];            /* the streams ended */
	uint64_t offset[2];     /* in the streams */
	uint64_t content;       /* octets of the open content so far */
	struct transaction *tx; /* open; NULL */
	struct eve_md5 *md5;    /* of the open content; NULL */
	struct mail *mail;      /* its mail; the transaction's sink owns it */
	struct secrets secrets;
	uint64_t *alerts;            /* counts by id; NULL before the first alert: most sessions have none */
	GHashTable *rule_alerts;     /* of rules, by their own ids; NULL likewise */
	struct rules_session *rules; /* NULL without rules */
};

/* place_of - of a record about the transaction tx (-1: none) at the packet in hand. */
static inline struct place place_of(const struct conversation *c, int tx)
{
	return (struct place){ c->flow, c->desk->now, tx };
}

/* events.c: takes the events of the session and of the rules; conversation_alert also takes the detectors' alerts. */
extern const struct session_sink conversation_session_sink;
extern const struct rules_sink conversation_rules_sink;
void conversation_alert(void *context, const struct alert *alert);

/* inside.c: TLS begins; octets of it, or a hole, came. */
void inside_begin(void *context, bool implicit);
void inside_record(void *context, enum direction direction, struct span bytes, uint64_t offset, uint64_t acked);
void inside_gap(void *context, enum direction direction, uint64_t size);
/* inside_deliver - what was decrypted while the session was calling goes to the session. */
void inside_deliver(struct conversation *c);
/* inside_note - writes the tls record once all that it shows is known. inside_write - writes it as it is. */
void inside_note(struct conversation *c);
void inside_write(struct conversation *c);

#endif
