/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * tls.c - detects TLS that was stripped, refused, or is weak: STARTTLS in EHLO replies, handshakes.
 *
 * Middleboxes that strip STARTTLS must keep the length of the segment, so they overwrite its eight letters with X's
 * (some use another last letter). What a server offered is remembered per port, since each port is a service of its
 * own.
 */
#include <string.h>
#include <time.h>

#include "private.h"

#define STARTTLS_LENGTH 8      /* letters of STARTTLS */
#define SHORTEST_LENGTH 4      /* letters of EHLO, AUTH: the shortest commands that are overwritten */
#define TLS_OLDEST_GOOD 0x0303 /* TLS 1.2 */

/* leading_x - the number of X's that a word begins with. */
static size_t leading_x(struct span word)
{
	size_t count = 0;
	while (count < word.size && (word.data[count] == 'X' || word.data[count] == 'x'))
		count++;
	return count;
}

/* is_stripped_keyword - XXXXXXXX, XXXXXXXA */
static bool is_stripped_keyword(struct span word)
{
	return word.size == STARTTLS_LENGTH && leading_x(word) >= STARTTLS_LENGTH - 1 &&
	       g_ascii_isalpha(word.data[STARTTLS_LENGTH - 1]);
}

bool is_overwritten(struct span verb)
{
	return verb.size >= SHORTEST_LENGTH && verb.size <= STARTTLS_LENGTH && leading_x(verb) == verb.size;
}

void tls_command(struct detector *detector, const struct session_command *command)
{
	const struct command *parsed = &command->parsed;
	if (parsed->verb != VERB_UNKNOWN || command->continuation || !is_overwritten(parsed->name))
		return;
	raise_alert(detector, ALERT_starttls_stripped, 0, AT_COMMAND(command), command_evidence(command),
		"a command of the client was overwritten with %zu X's on its way, as middleboxes do that suppress TLS",
		parsed->name.size);
}

/* had_starttls - did this port of the server offer STARTTLS to this client before? */
static bool had_starttls(const struct pair *pair, uint16_t port)
{
	for (unsigned i = 0; i < pair->starttls_port_count; i++)
		if (pair->starttls_ports[i] == port)
			return true;
	return false;
}

/* starttls_gone - starttls_stripped, medium severity: it is no longer offered */
static void starttls_gone(struct detector *detector, const struct session_response *response)
{
	const struct flow *flow = detector->flow;
	const struct pair *pair = pairs_find(detector->shared->pairs, &flow->client, &flow->server);
	if (!pair || !had_starttls(pair, flow->server_port) || detector->gone_reported || detector->tls_agreed)
		return;
	GString *server = g_string_new(NULL);
	append_address(server, &flow->server);
	detector->gone_reported = true;
	raise_alert(detector, ALERT_starttls_stripped, SEVERITY_MEDIUM, AT_RESPONSE(response), response->lines[0].line,
		"the server %s offered STARTTLS to this client earlier, on port %u, and no longer does", server->str,
		flow->server_port);
	g_string_free(server, TRUE);
}

/* ehlo_reply - checks whether STARTTLS is offered, missing, or overwritten in an EHLO reply. */
static void ehlo_reply(struct detector *detector, const struct session_response *response)
{
	const struct reply_line *stripped = NULL;
	bool starttls = false;
	for (size_t i = 1; i < response->line_count; i++) {
		struct span rest = response->lines[i].text, word;
		if (!grammar_word(&rest, &word))
			continue;
		starttls |= grammar_is(word, "STARTTLS");
		if (is_stripped_keyword(word) && !stripped)
			stripped = &response->lines[i];
		if (session_early_pipeline(word))
			pair_of(detector)->early_pipeline = true;
	}
	if (starttls) {
		struct pair *pair = pair_of(detector);
		if (!had_starttls(pair, detector->flow->server_port) && pair->starttls_port_count < PAIR_PORTS_MAX)
			pair->starttls_ports[pair->starttls_port_count++] = detector->flow->server_port;
	} else if (stripped && !detector->stripped_reported) {
		detector->stripped_reported = true;
		raise_alert(detector, ALERT_starttls_stripped, 0, AT_RESPONSE(response), stripped->line,
			"STARTTLS was overwritten with X's in the EHLO reply: the client is kept from using TLS");
	} else if (!stripped) {
		starttls_gone(detector, response);
	}
}

void tls_response(struct detector *detector, const struct session_response *response)
{
	if ((response->to == VERB_EHLO || response->to == VERB_LHLO) && response->code == 250 &&
		response->line_count > 0)
		ehlo_reply(detector, response);
	if (response->to == VERB_STARTTLS)
		detector->tls_agreed |= response->code == 220;
	if (response->to == VERB_STARTTLS && response->code != 220)
		raise_alert(detector, ALERT_tls_refused, 0, AT_RESPONSE(response),
			response->line_count ? response->lines[0].line : NO_EVIDENCE,
			"the server answered STARTTLS with %u: the session goes on without TLS or ends",
			response->code);
}

/* day - a time as a UTC date. */
static const char *day(int64_t nanoseconds, char buffer[static 32])
{
	time_t seconds = (time_t)(nanoseconds / NANOSECONDS_PER_SECOND);
	struct tm tm;
	if (!gmtime_r(&seconds, &tm) || strftime(buffer, 32, "%Y-%m-%d", &tm) == 0)
		return "?";
	return buffer;
}

void tls_handshake(struct detector *detector, const struct tls_info *tls)
{
	int64_t now = detector->at.time;
	char buffer[32];
	const char *subject = tls->subject ? tls->subject : "(no subject)";
	if (tls->has_certificate && now > tls->not_after)
		raise_alert(detector, ALERT_tls_certificate_expired, 0, AT_SESSION(DOWN), span_of_text(tls->subject),
			"the server's certificate for %s expired on %s", subject, day(tls->not_after, buffer));
	else if (tls->has_certificate && now < tls->not_before)
		raise_alert(detector, ALERT_tls_certificate_expired, 0, AT_SESSION(DOWN), span_of_text(tls->subject),
			"the server's certificate for %s is not valid before %s", subject,
			day(tls->not_before, buffer));
	if (tls->server_hello && tls->version && tls->version_number < TLS_OLDEST_GOOD)
		raise_alert(detector, ALERT_tls_obsolete, 0, AT_SESSION(DOWN), span_of_text(tls->version),
			"the server chose %s, which RFC 8996 forbids", tls->version);
}
