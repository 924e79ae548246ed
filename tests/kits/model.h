/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * model.h - for tests: a small model of a conforming client and server that exchange random dialogues with a known
 * result.
 *
 * A conversation is two octet streams made of messages. Each message knows what its sender had received when it sent
 * it; each transaction is written down as a line of text. The same seed gives the same conversation.
 */
#ifndef SMTPSCAN_TESTS_MODEL_H
#define SMTPSCAN_TESTS_MODEL_H

#include <glib.h>

#include "types.h"

/* One message of a direction: octets up to `end` of its stream, sent by someone who had seen `acked` of the other. */
struct message {
	size_t end, acked;
};

struct conversation_model {
	GByteArray *octets[2]; /* by direction */
	GArray *messages[2];   /* of struct message */
	GString *truth;        /* a line for each transaction, as model_line writes it */
};

struct conversation_model *model_new(GRand *random);
void model_free(struct conversation_model *model);

#endif
