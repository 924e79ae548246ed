/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * auth.h - one AUTH exchange (RFC 4954): mechanism, user name and password (private to the session).
 */
#ifndef SMTPSCAN_SMTP_AUTH_H
#define SMTPSCAN_SMTP_AUTH_H

#include "session.h"

struct auth;

/* auth_new - argument: of the AUTH command: the mechanism and perhaps an initial response. */
struct auth *auth_new(struct span argument);
/* auth_prompt - the text of a 334: some servers ask for the password first, in LOGIN. */
void auth_prompt(struct auth *auth, struct span text);
/* auth_line - the client's response to a 334, without its line end. "*" cancels. */
void auth_line(struct auth *auth, struct span line);
/* auth_lose - a line is not in the capture: the meaning of the next ones is not known. */
void auth_lose(struct auth *auth);
/* auth_result - the result so far; borrowed. */
struct session_auth *auth_result(struct auth *auth);
void auth_free(struct auth *auth);

#endif
