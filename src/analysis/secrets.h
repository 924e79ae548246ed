/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * secrets.h - keeps passwords and tokens out of records, wherever a client sent them.
 *
 * The session marks the lines of a normal AUTH exchange. Clients also send credentials elsewhere: after a refused AUTH,
 * before the reply to AUTH, in lines that do not parse, before the banner; and servers repeat what they did not
 * understand. This code follows the commands and replies of one session, marks commands that contain credentials, and
 * masks text before it is shown. A masked text becomes "*".
 */
#ifndef SMTPSCAN_ANALYSIS_SECRETS_H
#define SMTPSCAN_ANALYSIS_SECRETS_H

#include "session.h"

/* All zero: nothing seen yet. */
struct secrets {
	GPtrArray *seen; /* GString*: credentials as sent; NULL when none were */
	bool expected;   /* the next lines of the client may be credentials */
};

/* secrets_command - follows a command, and marks it when it contains credentials that the session did not expect. */
void secrets_command(struct secrets *secrets, struct session_command *command);
/* secrets_response - follows a reply. */
void secrets_response(struct secrets *secrets, const struct session_response *response);
/* secrets_mask - the text without credentials; the caller owns it. */
GString *secrets_mask(const struct secrets *secrets, enum direction direction, struct span text);
void secrets_clear(struct secrets *secrets);

#endif
