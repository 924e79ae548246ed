/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * auth.h - one AUTH exchange (RFC 4954): who logs in, by which mechanism, with what (private to the session).
 */
#ifndef SMTPSCAN_SMTP_AUTH_H
#define SMTPSCAN_SMTP_AUTH_H

#include "session.h"

struct auth;

/* auth_new - argument: that of the AUTH command: the mechanism and perhaps an initial response. */
struct auth *auth_new(struct span argument);
/* auth_line - a line of the client behind a 334, without its end. "*" cancels. */
void auth_line(struct auth *auth, struct span line);
/* auth_lose - a line is not in the capture: what follows can't be placed. */
void auth_lose(struct auth *auth);
/* auth_result - what is known so far; borrowed. */
struct session_auth *auth_result(struct auth *auth);
void auth_free(struct auth *auth);

#endif
