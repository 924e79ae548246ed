/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * conversation.h - one SMTP connection on its way through the stages: flow -> session -> detectors, mail, TLS ->
 * output.
 *
 * The flow table makes and ends conversations through conversation_flow_sink, whose context is a struct desk: what all
 * conversations of an input share. The desk belongs to analysis.c.
 */
#ifndef SMTPSCAN_ANALYSIS_CONVERSATION_H
#define SMTPSCAN_ANALYSIS_CONVERSATION_H

#include "detectors.h"
#include "flow.h"
#include "options.h"
#include "record.h"

/* Takes a mail that is to be kept beside the records: see analysis.h. */
typedef bool (*desk_keep)(void *context, const struct place *place, bool ending, struct mail *mail, const char *sender);

struct desk {
	const struct options *options;
	struct output *output;
	struct tls_keys *keys; /* of the input, on the user's; NULL: nothing is decrypted */
	struct detectors *detectors;
	struct mail_options mail; /* what the wanted records need of a mail */
	bool want_mail;           /* is anything needed of a mail's content? */
	desk_keep keep;           /* --mbox: takes each mail; NULL: nobody wants them */
	void *context;            /* of keep */
	struct moment now;        /* the packet in hand */
	struct input_stats stats;
	enum severity worst;     /* of any alert raised; 0: none */
	bool ending;             /* the input ended: flows end one by one, in order */
	bool store_failed;       /* a mail could not be stored (said) */
	uint64_t given_up_bytes; /* that sessions of the input gave up */
};

extern const struct flow_sink conversation_flow_sink;
extern const struct mail_watch conversation_mail_watch; /* for mail_options, when rules look at parts */

#endif
