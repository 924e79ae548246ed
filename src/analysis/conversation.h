/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * conversation.h - passes one SMTP connection through the stages: flow -> session -> detectors, mail, TLS -> output.
 *
 * The flow table creates and ends conversations through conversation_flow_sink. Its context is a struct
 * analysis_context, which all conversations share; analysis.c owns it.
 */
#ifndef SMTPSCAN_ANALYSIS_CONVERSATION_H
#define SMTPSCAN_ANALYSIS_CONVERSATION_H

#include "detectors.h"
#include "flow.h"
#include "options.h"
#include "record.h"

/* Takes each mail for --mbox: see analysis.h. */
typedef bool (*mail_keep)(void *context, const struct place *place, bool ending, struct mail *mail, const char *sender);

struct analysis_context {
	const struct options *options;
	struct output *output;
	struct tls_keys *keys; /* keys in the input, and those of the user; NULL: nothing is decrypted */
	struct detectors *detectors;
	struct mail_options mail; /* what the selected records need of a mail */
	bool want_mail;           /* is anything needed of a mail's content? */
	mail_keep keep;           /* NULL: no --mbox */
	void *context;            /* of keep */
	struct moment now;        /* the current packet */
	struct input_stats stats;
	enum severity worst;     /* of any alert raised; 0: none */
	bool ending;             /* the input has ended: flows end one by one, in order */
	bool store_failed;       /* a mail could not be stored (reported) */
	uint64_t given_up_bytes; /* octets given up by sessions of the input */
};

extern const struct flow_sink conversation_flow_sink;
extern const struct mail_watch conversation_mail_watch; /* for mail_options, when rules need the parts */

#endif
