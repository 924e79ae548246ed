/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * protocol.c - checks commands and replies for violations of the protocol: unknown and illegal verbs, order, line ends,
 * octets.
 *
 * The order of commands is not checked when bytes are missing, replies were assumed, or the client could not know of a
 * refusal yet. content.c checks the content.
 */
#include <string.h>

#include "octets.h"
#include "private.h"

#define VERB_SHOWN_MAX 40 /* letters of a verb shown in a description */

/* in_doubt - is something missing that may explain an unexpected order? */
static bool in_doubt(const struct detector *detector)
{
	return detector->doubt || detector->flow->midstream || detector->flow->one_sided;
}

/* is_illegal - is the verb one of --illegal-commands or, by default, one that the table marks as illegal? */
static bool is_illegal(const struct detector *detector, const struct command *command)
{
	const GPtrArray *list = detector->shared->options->illegal_commands;
	if (!list)
		return verb_table[command->verb].flags & VERBFLAG_ILLEGAL;
	for (guint i = 0; i < list->len; i++)
		if (grammar_is(command->name, g_ptr_array_index(list, i)))
			return true;
	return false;
}

/* check_verb - unknown_command, illegal_command */
static void check_verb(struct detector *detector, const struct session_command *command)
{
	const struct command *parsed = &command->parsed;
	if (command->continuation || parsed->name.size == 0)
		return;
	int length = (int)MIN(parsed->name.size, VERB_SHOWN_MAX);
	const char *name = (const char *)parsed->name.data; /* letters, digits and hyphens only */
	if (is_illegal(detector, parsed))
		raise_alert(detector, ALERT_illegal_command, 0, AT_COMMAND(command), command_evidence(command),
			"the client sent %.*s, a command with a history of abuse", length, name);
	else if (command->valid && parsed->verb == VERB_UNKNOWN && !command->offered && !in_doubt(detector) &&
		 !is_overwritten(parsed->name))
		raise_alert(detector, ALERT_unknown_command, 0, AT_COMMAND(command), command_evidence(command),
			"no known extension has the command %.*s", length, name);
}

/* note_reset - notes that the client meant to end its transaction (RFC 5321 4.1.4), whatever the reply. */
static void note_reset(struct detector *detector, const struct session_command *command)
{
	enum verb verb = command->parsed.verb;
	if (verb_table[verb].flags & VERBFLAG_GREETING || verb == VERB_RSET)
		detector->reset_sent = true;
	else if (verb_table[verb].flags & VERBFLAG_MAIL)
		detector->reset_sent = false;
}

/* check_order - bad_sequence */
static void check_order(struct detector *detector, const struct session_command *command)
{
	const char *what = NULL;
	if (!command->valid || command->refusal_unknown || in_doubt(detector))
		return;
	switch (command->parsed.verb) {
	case VERB_MAIL:
	case VERB_SEND:
	case VERB_SOML:
	case VERB_SAML:
		if (command->in_transaction && !detector->reset_sent)
			what = "MAIL inside a transaction that has not ended";
		break;
	case VERB_RCPT:
		if (!command->in_transaction)
			what = "RCPT without a MAIL that was accepted";
		break;
	case VERB_DATA:
	case VERB_BDAT:
		if (command->accepted_recipients + command->pending_recipients == 0)
			what = command->parsed.verb == VERB_DATA ? "DATA without an accepted recipient"
								 : "BDAT without an accepted recipient";
		break;
	default:
		break;
	}
	if (what)
		raise_alert(
			detector, ALERT_bad_sequence, 0, AT_COMMAND(command), command_evidence(command), "%s", what);
}

/* bare_cr - the offset of a CR without LF in a line; SIZE_MAX: none. The last octet of a truncated line is not judged.
 */
static size_t bare_cr(struct span line)
{
	for (size_t at = find_octets(line, 0, "\r"); at != SIZE_MAX && at + 1 < line.size;
		at = find_octets(line, at + 1, "\r"))
		if (line.data[at + 1] != '\n')
			return at;
	return SIZE_MAX;
}

/* check_octets - bare_lf, bare_cr, nul_byte in a line. hide: it contains credentials. */
static void check_octets(
	struct detector *detector, struct alert_place place, struct span line, enum line_end end, bool hide)
{
	const char *what = place.direction == UP ? "a command of the client" : "a reply of the server";
	if (end == LINE_END_LF)
		raise_alert(detector, ALERT_bare_lf, 0, place, hide ? NO_EVIDENCE : line,
			"%s ends with LF instead of CRLF", what);
	size_t at = bare_cr(line);
	if (at != SIZE_MAX)
		raise_alert(detector, ALERT_bare_cr, 0, place, hide ? NO_EVIDENCE : excerpt(line, at, 1),
			"%s holds a CR without LF, as octet %zu", what, at + 1);
	const uint8_t *nul = line.size ? memchr(line.data, 0, line.size) : NULL;
	if (nul)
		raise_alert(detector, ALERT_nul_byte, 0, place,
			hide ? NO_EVIDENCE : excerpt(line, (size_t)(nul - line.data), 1),
			"%s holds a NUL, as octet %zu", what, (size_t)(nul - line.data) + 1);
}

/* check_eight_bit - eight_bit_command */
static void check_eight_bit(struct detector *detector, const struct session_command *command)
{
	struct span line = command->parsed.line;
	size_t at = 0;
	while (at < line.size && line.data[at] < 0x80)
		at++;
	if (at < line.size && !command->smtputf8)
		raise_alert(detector, ALERT_eight_bit_command, 0, AT_COMMAND(command),
			command->credentials ? NO_EVIDENCE : excerpt(line, at, 1),
			"octet %zu of a command is above 127, and SMTPUTF8 is not in use", at + 1);
}

void protocol_command(struct detector *detector, const struct session_command *command)
{
	check_verb(detector, command);
	check_order(detector, command);
	note_reset(detector, command);
}

void protocol_octets(struct detector *detector, const struct session_command *command)
{
	check_octets(detector, AT_COMMAND(command), command->parsed.line, command->parsed.end, command->credentials);
	check_eight_bit(detector, command);
}

/* line_is_ordinary - has the line, like nearly all, only printable ASCII before its CRLF? Then it needs no full check.
 */
static bool line_is_ordinary(struct span line)
{
	return line.size >= 2 && line.data[line.size - 2] == '\r' && line.data[line.size - 1] == '\n' &&
	       octets_printable(line.data, line.size - 2);
}

/* check_codes - reply_code_mismatch */
static void check_codes(struct detector *detector, const struct session_response *response)
{
	size_t i = 1;
	while (i < response->line_count && response->lines[i].code == response->lines[0].code)
		i++;
	if (!response->code_mismatch)
		return;
	if (i >= response->line_count) {
		raise_alert(detector, ALERT_reply_code_mismatch, 0, AT_RESPONSE(response), response->lines[0].line,
			"a line after the first %zu of a reply has another code", i);
		return;
	}
	raise_alert(detector, ALERT_reply_code_mismatch, 0, AT_RESPONSE(response), response->lines[i].line,
		"line %zu of a reply has the code %u, the lines before it %u", i + 1, response->lines[i].code,
		response->lines[0].code);
}

void protocol_response(struct detector *detector, const struct session_response *response)
{
	check_codes(detector, response);
	for (size_t i = 0; i < response->line_count; i++)
		if (!line_is_ordinary(response->lines[i].line))
			check_octets(detector, AT_RESPONSE(response), response->lines[i].line, response->lines[i].end,
				false);
}
