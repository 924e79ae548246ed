/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * limits.c - checks the limits on commands, replies and transactions.
 *
 * A command line may have 512 octets including CRLF (RFC 5321 4.5.3.1.4), plus what each advertised extension adds.
 * When no EHLO reply was seen, all extensions count as advertised.
 */
#include "private.h"

#define COMMAND_OCTETS_MAX 512
#define CREDENTIALS_OCTETS_MAX 12288 /* RFC 4954 4: a base64 string */
#define HELO_OCTETS_MAX 1024         /* CVE-2019-16928 */
#define REPLY_OCTETS_MAX 512         /* RFC 5321 4.5.3.1.5 */
#define EHLO_REPLY_OCTETS_MAX 2000
#define RECIPIENTS_MAX 1000
#define REFUSED_COMMANDS_MAX 25

/* Octets that an extension adds to a command line. */
static const struct allowance {
	const char *keyword;
	enum verb verb;
	unsigned octets;
} allowances[] = {
	{ "SIZE", VERB_MAIL, 26 },            /* RFC 1870 */
	{ "8BITMIME", VERB_MAIL, 17 },        /* RFC 6152 */
	{ "SMTPUTF8", VERB_MAIL, 10 },        /* RFC 6531 */
	{ "SMTPUTF8", VERB_VRFY, 10 },        /*  */
	{ "SMTPUTF8", VERB_EXPN, 10 },        /*  */
	{ "DSN", VERB_MAIL, 127 },            /* RFC 3461: ENVID of 100 characters and RET */
	{ "DSN", VERB_RCPT, 500 },            /*  */
	{ "AUTH", VERB_MAIL, 500 },           /* RFC 4954 */
	{ "DELIVERBY", VERB_MAIL, 17 },       /* RFC 2852 */
	{ "MTRK", VERB_MAIL, 40 },            /* RFC 3885 */
	{ "NO-SOLICITING", VERB_MAIL, 1007 }, /* RFC 3865 */
	{ "FUTURERELEASE", VERB_MAIL, 34 },   /* RFC 4865 */
	{ "MT-PRIORITY", VERB_MAIL, 15 },     /* RFC 6710 */
	{ "RRVS", VERB_RCPT, 58 },            /* RFC 7293 */
	{ "REQUIRETLS", VERB_MAIL, 11 },      /* RFC 8689 */
	{ "CONPERM", VERB_MAIL, 10 },         /* RFC 4141 */
	{ "CONNEG", VERB_RCPT, 10 },          /*  */
	{ "XFORWARD", VERB_XFORWARD, 1024 },  /* Postfix: several attributes a line */
	{ "XCLIENT", VERB_XCLIENT, 1024 },    /*  */
};

void limits_begin(struct detectors *detectors)
{
	for (size_t row = 0; row < G_N_ELEMENTS(allowances); row++)
		detectors->extensions[allowances[row].keyword[0] % EXTENSION_LETTERS] |= 1u << row;
}

/* note_extensions - notes the extensions that an EHLO reply advertises. */
static void note_extensions(struct detector *detector, const struct session_response *response)
{
	detector->extensions = 0;
	detector->extensions_known = true;
	for (size_t i = 1; i < response->line_count; i++) {
		struct span rest = response->lines[i].text, word;
		if (!grammar_word(&rest, &word))
			continue;
		unsigned rows = detector->shared->extensions[word.data[0] % EXTENSION_LETTERS];
		for (; rows != 0; rows &= rows - 1) {
			int row = __builtin_ctz(rows);
			if (grammar_is(word, allowances[row].keyword))
				detector->extensions |= 1u << row;
		}
	}
}

/* allowed_octets - how long may this command be? */
static size_t allowed_octets(const struct detector *detector, const struct session_command *command)
{
	size_t allowed = threshold_count(detector, ALERT_command_too_long, COMMAND_OCTETS_MAX);
	if (command->credentials || command->parsed.verb == VERB_AUTH || command->parsed.verb == VERB_X_EXPS)
		return MAX(allowed, CREDENTIALS_OCTETS_MAX);
	for (size_t row = 0; row < G_N_ELEMENTS(allowances); row++)
		if (allowances[row].verb == command->parsed.verb &&
			(!detector->extensions_known || detector->extensions & 1u << row))
			allowed += allowances[row].octets;
	return allowed;
}

/* check_recipients - too_many_recipients, at the first one over the limit */
static void check_recipients(struct detector *detector, const struct session_command *command)
{
	if (command->parsed.verb != VERB_RCPT || !command->valid || command->tx < 0)
		return;
	unsigned most = threshold_count(detector, ALERT_too_many_recipients, RECIPIENTS_MAX);
	if (command->tx != detector->recipients_tx) {
		detector->recipients_tx = command->tx;
		detector->recipients = 0;
	}
	if (++detector->recipients == most + 1)
		raise_alert(detector, ALERT_too_many_recipients, 0, AT_COMMAND(command), command_evidence(command),
			"the transaction has more than %u recipients", most);
}

void limits_command(struct detector *detector, const struct session_command *command)
{
	const struct command *parsed = &command->parsed;
	unsigned helo = threshold_count(detector, ALERT_helo_too_long, HELO_OCTETS_MAX);
	const char *known = verb_table[parsed->verb].spelling, *name = known ? known : "a line";
	size_t allowed, least = threshold_count(detector, ALERT_command_too_long, COMMAND_OCTETS_MAX);
	if (verb_table[parsed->verb].flags & VERBFLAG_GREETING && parsed->argument.size > helo)
		raise_alert(detector, ALERT_helo_too_long, 0, AT_COMMAND(command), parsed->argument,
			"the name in %s has %zu octets: more than %u overflow a buffer in some servers "
			"(CVE-2019-16928)",
			name, parsed->argument.size, helo);
	else if (parsed->length > least && parsed->length > (allowed = allowed_octets(detector, command)))
		raise_alert(detector, ALERT_command_too_long, 0, AT_COMMAND(command), command_evidence(command),
			"%s of the client has %zu octets, %zu are allowed", name, parsed->length, allowed);
	check_recipients(detector, command);
}

/* check_refusals - too_many_invalid, at the first one over the limit */
static void check_refusals(struct detector *detector, const struct session_response *response)
{
	if (response->code < 500 || response->to_name.size == 0 || response->end_of_data)
		return;
	unsigned most = threshold_count(detector, ALERT_too_many_invalid, REFUSED_COMMANDS_MAX);
	if (++detector->refused == most + 1)
		raise_alert(detector, ALERT_too_many_invalid, 0, AT_RESPONSE(response),
			response->line_count ? response->lines[0].line : NO_EVIDENCE,
			"the server refused more than %u commands of this session", most);
}

void limits_response(struct detector *detector, const struct session_response *response)
{
	bool ehlo = response->to == VERB_EHLO || response->to == VERB_LHLO;
	unsigned most =
		ehlo ? EHLO_REPLY_OCTETS_MAX : threshold_count(detector, ALERT_response_too_long, REPLY_OCTETS_MAX);
	for (size_t i = 0; i < response->line_count; i++)
		if (response->lines[i].length > most)
			raise_alert(detector, ALERT_response_too_long, 0, AT_RESPONSE(response),
				response->lines[i].line, "a reply line of the server has %zu octets, %u are allowed",
				response->lines[i].length, most);
	if (response->lines_seen > response->line_count)
		raise_alert(detector, ALERT_response_too_long, 0, AT_RESPONSE(response), response->lines[0].line,
			"a reply of the server has %llu lines, of which %zu are kept",
			(unsigned long long)response->lines_seen, response->line_count);
	if (ehlo && response->code == 250)
		note_extensions(detector, response);
	check_refusals(detector, response);
}
