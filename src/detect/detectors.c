/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * detectors.c - the life of a detector, and who looks at which event.
 *
 * A detector belongs to one session and is small; what is counted across sessions stands in the table of pairs. Every
 * alert goes out through raise_alert. The rooms (alert_*.c) know nothing of each other.
 */
#include "detectors.h"

#include <string.h>

#include <arpa/inet.h>

#include "parts.h"

#define EVIDENCE_BEFORE 32 /* octets shown before a match */
#define TELLING 2          /* weight of an octet that a line needs a closer look for */
#define SHOW_MAX 120       /* octets of a text shown in a description */

struct detectors *detectors_new(const struct detector_options *options)
{
	struct detectors *detectors = g_new0(struct detectors, 1);
	detectors->options = options;
	detectors->pairs = pairs_new();
	return detectors;
}

void detectors_free(struct detectors *detectors)
{
	if (!detectors)
		return;
	pairs_free(detectors->pairs);
	g_free(detectors);
}

bool detectors_early_pipeline(
	const struct detectors *detectors, const struct address *client, const struct address *server)
{
	const struct pair *pair = pairs_find(detectors->pairs, client, server);
	return pair && pair->early_pipeline;
}

struct detector *detector_new(struct detectors *detectors, const struct flow *flow, detector_alert alert, void *context)
{
	struct detector *detector = g_new0(struct detector, 1);
	detector->shared = detectors;
	detector->flow = flow;
	detector->alert = alert;
	detector->context = context;
	detector->at = flow->last;
	detector->recipients_tx = -1;
	transport_begin(detector);
	return detector;
}

void detector_free(struct detector *detector)
{
	if (detector && detector->first)
		g_byte_array_unref(detector->first);
	g_free(detector);
}

void raise_alert(struct detector *detector, enum alert_id id, enum severity severity, struct scene scene,
	struct span evidence, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	char *text = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	char *description = g_utf8_make_valid(text, -1);
	struct alert alert = { .id = id,
		.severity = severity ? severity : alert_catalogue[id].severity,
		.state = scene.state,
		.direction = scene.direction,
		.has_direction = !scene.no_direction,
		.tx = scene.tx,
		.description = description,
		.evidence = { evidence.data, MIN(evidence.size, EVIDENCE_MAX) } };
	detector->alert(detector->context, &alert);
	g_free(description);
	g_free(text);
}

unsigned threshold_count(const struct detector *detector, enum alert_id id, unsigned normal)
{
	unsigned count = detector->shared->options->thresholds[id].count;
	return count ? count : normal;
}

unsigned threshold_seconds(const struct detector *detector, enum alert_id id, unsigned normal)
{
	unsigned seconds = detector->shared->options->thresholds[id].seconds;
	return seconds ? seconds : normal;
}

struct span around(struct span octets, size_t at, size_t size)
{
	size_t start = at > EVIDENCE_BEFORE ? at - EVIDENCE_BEFORE : 0;
	size_t end = MIN(octets.size, MAX(at + size + EVIDENCE_BEFORE, start + 2 * EVIDENCE_BEFORE));
	return (struct span){ octets.data + start, MIN(end - start, EVIDENCE_MAX) };
}

char *show(struct span octets)
{
	GString *text = g_string_new(NULL);
	for (size_t i = 0; i < octets.size && i < SHOW_MAX; i++)
		if (octets.data[i] >= ' ' && octets.data[i] < 0x7f)
			g_string_append_c(text, (char)octets.data[i]);
		else
			g_string_append_printf(text, "\\x%02x", octets.data[i]);
	if (octets.size > SHOW_MAX)
		g_string_append(text, "...");
	return g_string_free(text, FALSE);
}

struct span span_of_text(const char *text)
{
	return text ? (struct span){ (const uint8_t *)text, strlen(text) } : NO_EVIDENCE;
}

struct span span_of_string(const GString *string)
{
	return string ? (struct span){ (const uint8_t *)string->str, string->len } : NO_EVIDENCE;
}

struct span command_evidence(const struct session_command *command)
{
	return command->credentials ? command->parsed.name : command->parsed.line;
}

size_t find_octets(struct span octets, size_t from, const char *what)
{
	/* What is looked for begins with what is rare, and memmem is slow when it is short. */
	for (size_t size = strlen(what); from + size <= octets.size; from++) {
		const uint8_t *found = memchr(octets.data + from, what[0], octets.size - from);
		if (!found)
			break;
		from = (size_t)(found - octets.data);
		if (from + size <= octets.size && memcmp(found, what, size) == 0)
			return from;
	}
	return SIZE_MAX;
}

struct span bare_path(struct span path)
{
	if (path.size >= 2 && path.data[0] == '<' && path.data[path.size - 1] == '>')
		return (struct span){ path.data + 1, path.size - 2 };
	return path;
}

bool path_of(enum verb verb, struct span argument, struct span *path)
{
	struct span rest;
	if (verb != VERB_MAIL && verb != VERB_RCPT)
		return false;
	if (!grammar_path(argument, verb == VERB_MAIL ? "FROM" : "TO", path, &rest))
		return false;
	*path = bare_path(*path);
	return true;
}

struct span domain_of(struct span path)
{
	for (size_t i = path.size; i > 0; i--)
		if (path.data[i - 1] == '@')
			return (struct span){ path.data + i, path.size - i };
	return (struct span){ path.data + path.size, 0 };
}

struct pair *pair_of(struct detector *detector)
{
	return pairs_get(detector->shared->pairs, &detector->flow->client, &detector->flow->server);
}

void append_address(GString *text, const struct address *address)
{
	char buffer[INET6_ADDRSTRLEN];
	const char *shown =
		inet_ntop(address->family == 4 ? AF_INET : AF_INET6, address->octets, buffer, sizeof buffer);
	g_string_append(text, shown ? shown : "?");
}

/* is_plain - printable ASCII in front of a CRLF, and none of what attacks are made of, as in nearly every command:
 * nothing in it needs a closer look. One at sign is an address, more may be a relay's.
 */
static bool is_plain(struct span line)
{
	__extension__ static const uint8_t weights[256] = { [0 ... ' ' - 1] = TELLING,
		['!'] = TELLING,
		['$'] = TELLING,
		['%'] = TELLING,
		[';'] = TELLING,
		['@'] = TELLING / 2,
		['`'] = TELLING,
		['{' ... 255] = TELLING };
	size_t weight = 0;
	if (line.size < 2 || line.data[line.size - 2] != '\r' || line.data[line.size - 1] != '\n')
		return false;
	for (size_t i = 0; i < line.size - 2; i++)
		weight += weights[line.data[i]];
	return weight < TELLING;
}

void detector_command(struct detector *detector, struct moment at, const struct session_command *command)
{
	bool plain = is_plain(command->parsed.line);
	detector->at = at;
	protocol_command(detector, command);
	if (!plain)
		protocol_octets(detector, command);
	limits_command(detector, command);
	if (!plain)
		attack_command(detector, command);
	tls_command(detector, command);
	enumeration_command(detector, command);
}

void detector_response(struct detector *detector, struct moment at, const struct session_response *response)
{
	detector->at = at;
	if (response->assumed) {
		detector->doubt = true;
		return;
	}
	protocol_response(detector, response);
	limits_response(detector, response);
	attack_response(detector, response);
	tls_response(detector, response);
	enumeration_response(detector, response);
}

void detector_content_begin(struct detector *detector, const struct transaction *tx)
{
	watch_begin(detector, tx);
}

void detector_content(struct detector *detector, const struct transaction *tx, struct span piece)
{
	watch_piece(detector, tx, piece);
}

void detector_content_gap(struct detector *detector, const struct transaction *tx, uint64_t size)
{
	watch_gap(detector);
}

void detector_transaction_end(struct detector *detector, struct moment at, const struct transaction *tx)
{
	detector->at = at;
	watch_end(detector, tx);
	attack_transaction(detector, tx);
}

void detector_mail(struct detector *detector, const struct transaction *tx, const struct mail *mail)
{
	attack_mail(detector, tx, mail);
	mail_defects(detector, tx, mail);
	for (guint i = 0; i < mail->parts->len; i++)
		file_part(detector, tx, g_ptr_array_index(mail->parts, i));
}

void detector_auth(struct detector *detector, struct moment at, const struct session_auth *auth)
{
	detector->at = at;
	auth_exchange(detector, auth);
}

void detector_tls(struct detector *detector, struct moment at, const struct tls_info *tls)
{
	detector->at = at;
	tls_handshake(detector, tls);
}

void detector_client_bytes(struct detector *detector, struct span bytes)
{
	if (!detector->first_done)
		attack_first_bytes(detector, bytes);
}
