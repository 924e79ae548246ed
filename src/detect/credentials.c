/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * credentials.c - detects credentials sent in clear, password guessing and recipient harvesting, counted per pair of
 * client and server address.
 *
 * An AUTH exchange counts as failed only when the server rejected the credentials, not when it was cancelled or the
 * mechanism or the time was refused.
 */
#include <string.h>

#include "private.h"

#define FAILURES_COUNT 5
#define USERS_COUNT 5
#define FAILURES_SECONDS 60
#define PROBES_COUNT 3
#define RECIPIENTS_COUNT 5
#define ENUMERATION_SECONDS 300

/* is_mechanism - is the mechanism one of these? */
static bool is_mechanism(const struct session_auth *auth, const char *const *names)
{
	for (; *names; names++)
		if (auth->mechanism && strcmp(auth->mechanism->str, *names) == 0)
			return true;
	return false;
}

/* was_refused - did the server reject the credentials? */
static bool was_refused(const struct session_auth *auth)
{
	if (auth->success || auth->cancelled || auth->assumed)
		return false;
	switch (auth->code) {
	case 421: /* closing */
	case 432: /* a password transition is needed */
	case 500: /* unknown command or syntax error */
	case 501:
	case 502:
	case 503: /* bad sequence of commands */
	case 504: /* unknown mechanism */
	case 530: /* authentication required, or something else first */
	case 534: /* mechanism too weak */
	case 538: /* TLS first */
		return false;
	default:
		return auth->code >= 400;
	}
}

/* seconds_between - rounded up; at least 1. */
static long long seconds_between(int64_t since, int64_t now)
{
	return now > since ? (now - since - 1) / NANOSECONDS_PER_SECOND + 1 : 1;
}

/* pair_text - "from 192.0.2.1 to 192.0.2.2". Free with g_free. */
static char *pair_text(const struct flow *flow)
{
	GString *text = g_string_new("from ");
	append_address(text, &flow->client);
	g_string_append(text, " to ");
	append_address(text, &flow->server);
	return g_string_free(text, FALSE);
}

/* count_failure - auth_bruteforce, auth_password_spray */
static void count_failure(struct detector *detector, const struct session_auth *auth)
{
	struct pair *pair = pair_of(detector);
	struct span user = span_of_string(auth->username);
	unsigned failures = threshold_count(detector, ALERT_auth_bruteforce, FAILURES_COUNT);
	unsigned users = threshold_count(detector, ALERT_auth_password_spray, USERS_COUNT);
	int64_t now = detector->at.time, since;
	char *who = pair_text(detector->flow);
	if (window_add(&pair->windows[WINDOW_FAILURES], now, 0, failures,
		    threshold_seconds(detector, ALERT_auth_bruteforce, FAILURES_SECONDS), &since))
		raise_alert(detector, ALERT_auth_bruteforce, 0, AT_SESSION(UP), user,
			"%u logins %s failed within %lld s: somebody may be guessing passwords", failures, who,
			seconds_between(since, now));
	if (auth->username && window_add(&pair->windows[WINDOW_USERS], now, window_key(user), users,
				      threshold_seconds(detector, ALERT_auth_password_spray, FAILURES_SECONDS), &since))
		raise_alert(detector, ALERT_auth_password_spray, 0, AT_SESSION(UP), user,
			"logins as %u different users %s failed within %lld s: somebody may be trying passwords "
			"on many accounts",
			users, who, seconds_between(since, now));
	g_free(who);
}

void auth_exchange(struct detector *detector, const struct session_auth *auth)
{
	static const char *const clear[] = { "PLAIN", "LOGIN", "XOAUTH2", "OAUTHBEARER", NULL };
	static const char *const weak[] = { "CRAM-MD5", "DIGEST-MD5", "NTLM", NULL };
	char *user = auth->username ? printable(span_of_string(auth->username)) : g_strdup("somebody");
	const char *mechanism = auth->mechanism ? auth->mechanism->str : "";
	if (!auth->tls && is_mechanism(auth, clear) && (auth->password || (auth->username && auth->assumed)))
		raise_alert(detector, ALERT_cleartext_auth, 0, AT_SESSION(UP), span_of_string(auth->mechanism),
			"the credentials of %s were sent without TLS by AUTH %s: anybody on the way can read them",
			user, mechanism);
	if (!auth->tls && is_mechanism(auth, weak) && (auth->success || auth->username || was_refused(auth)))
		raise_alert(detector, ALERT_weak_auth, 0, AT_SESSION(UP), span_of_string(auth->mechanism),
			"%s used AUTH %s without TLS: whoever listens can try passwords against what was sent", user,
			mechanism);
	g_free(user);
	if (was_refused(auth))
		count_failure(detector, auth);
}

/* enumeration - counts an event of this kind: user_enumeration */
static void enumeration(struct detector *detector, enum window_kind kind, uint64_t key, unsigned normal,
	struct alert_place place, struct span evidence, const char *what)
{
	unsigned count = threshold_count(detector, ALERT_user_enumeration, normal);
	unsigned seconds = threshold_seconds(detector, ALERT_user_enumeration, ENUMERATION_SECONDS);
	int64_t now = detector->at.time, since;
	if (!window_add(&pair_of(detector)->windows[kind], now, key, count, seconds, &since))
		return;
	char *who = pair_text(detector->flow);
	raise_alert(detector, ALERT_user_enumeration, 0, place, evidence,
		"%u %s %s within %lld s: somebody may be looking for valid recipients", count, what, who,
		seconds_between(since, now));
	g_free(who);
}

void enumeration_command(struct detector *detector, const struct session_command *command)
{
	if (command->valid && (command->parsed.verb == VERB_VRFY || command->parsed.verb == VERB_EXPN))
		enumeration(detector, WINDOW_PROBES, 0, PROBES_COUNT, AT_COMMAND(command), command_evidence(command),
			"VRFY or EXPN commands");
}

void enumeration_response(struct detector *detector, const struct session_response *response)
{
	struct span path;
	if (response->to != VERB_RCPT || (response->code != 550 && response->code != 551 && response->code != 553))
		return;
	if (path_of(VERB_RCPT, response->argument, &path))
		enumeration(detector, WINDOW_RECIPIENTS, window_key(path), RECIPIENTS_COUNT, AT_RESPONSE(response),
			path, "different recipients refused");
}
