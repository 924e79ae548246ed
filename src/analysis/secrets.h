/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * secrets.h - keeps passwords and tokens out of what is shown, wherever a client put them.
 *
 * A session knows the lines of an AUTH exchange that goes as it should. Clients also send credentials where no exchange
 * is: after a refused AUTH, ahead of its reply, in a line that does not parse, before the banner; and servers repeat
 * what they did not understand. This watches the commands and replies of one session, marks commands that carry
 * credentials, and masks texts that are about to be shown. What is masked stands as *.
 */
#ifndef SMTPSCAN_ANALYSIS_SECRETS_H
#define SMTPSCAN_ANALYSIS_SECRETS_H

#include "session.h"

/* All zero: nothing seen yet. */
struct secrets {
	GPtrArray *seen; /* GString*: credentials as sent; NULL when none were */
	bool expected;   /* the next lines of the client may be credentials */
};

/* secrets_command - takes note of it, and marks it when it carries credentials that the session did not expect. */
void secrets_command(struct secrets *secrets, struct session_command *command);
/* secrets_response - takes note of it. */
void secrets_response(struct secrets *secrets, const struct session_response *response);
/* secrets_mask - the text without credentials; the caller owns it. */
GString *secrets_mask(const struct secrets *secrets, enum direction direction, struct span text);
void secrets_clear(struct secrets *secrets);

#endif
