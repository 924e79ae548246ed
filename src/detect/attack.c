/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * attack.c - detects attack strings in commands and mails, relaying, and clients that speak another protocol.
 */
#include <string.h>

#include "private.h"

#define MATCH_SHOWN 64 /* octets of an attack string in the evidence */
#define JNDI "a JNDI lookup, which vulnerable versions of Log4j run (CVE-2021-44228)"
#define SHELLSHOCK "a shell function, which vulnerable versions of bash run (CVE-2014-6271)"

/* strip_route - a path without its source route "@a,@b:" (RFC 5321 4.1.2). */
static struct span strip_route(struct span path)
{
	if (path.size == 0 || path.data[0] != '@')
		return path;
	const uint8_t *colon = memchr(path.data, ':', path.size);
	if (!colon)
		return path;
	size_t route = (size_t)(colon - path.data) + 1;
	return span_from(path, route);
}

/* check_relay_probe - relay_probe */
static void check_relay_probe(struct detector *detector, const struct session_command *command, struct span path)
{
	struct span mailbox = strip_route(path);
	struct span domain = domain_of(mailbox);
	size_t local = mailbox.size - domain.size - (domain.data > mailbox.data && domain.data[-1] == '@');
	for (size_t i = 0; i < local; i++) {
		if (mailbox.data[i] != '%' && mailbox.data[i] != '!' && mailbox.data[i] != '@')
			continue;
		char *shown = printable(path);
		raise_alert(detector, ALERT_relay_probe, 0, AT_COMMAND(command), path,
			"the local part of the recipient %s holds %c, which asks some servers to relay", shown,
			mailbox.data[i]);
		g_free(shown);
		return;
	}
}

/* shell_character - the offset of an unquoted shell metacharacter in a path; SIZE_MAX: none. */
static size_t shell_character(struct span path)
{
	bool quoted = false;
	for (size_t i = 0; i < path.size; i++) {
		uint8_t octet = path.data[i];
		if (octet == '\\' && quoted)
			i++;
		else if (octet == '"')
			quoted = !quoted;
		else if (quoted)
			continue;
		else if (octet == '`' || octet == ';' || (octet == '|' && i == 0))
			return i;
		else if (octet == '$' && i + 1 < path.size && path.data[i + 1] == '(')
			return i;
	}
	return SIZE_MAX;
}

/* check_path - relay_probe, shell_metacharacters */
static void check_path(struct detector *detector, const struct session_command *command)
{
	struct span path;
	if (!path_of(command->parsed.verb, command->parsed.argument, &path))
		return;
	size_t at = shell_character(path);
	if (at != SIZE_MAX) {
		char *shown = printable(path);
		raise_alert(detector, ALERT_shell_metacharacters, 0, AT_COMMAND(command), path,
			"the address %s holds a character that a shell would act on: %c", shown, path.data[at]);
		g_free(shown);
	}
	if (command->parsed.verb == VERB_RCPT)
		check_relay_probe(detector, command, path);
}

void attack_command(struct detector *detector, const struct session_command *command)
{
	const struct command *parsed = &command->parsed;
	size_t at;
	if (command->credentials)
		return;
	bool envelope = (verb_table[parsed->verb].flags & VERBFLAG_MAIL) || parsed->verb == VERB_RCPT;
	if (envelope || verb_table[parsed->verb].flags & VERBFLAG_GREETING)
		if ((at = find_octets(parsed->argument, 0, "${")) != SIZE_MAX)
			raise_alert(detector, ALERT_exim_expansion, 0, AT_COMMAND(command),
				excerpt(parsed->argument, at, 2),
				"%s holds ${, which vulnerable Exim servers expand and run (CVE-2019-10149)",
				verb_table[parsed->verb].spelling);
	if (lookup_find(parsed->line, &at))
		raise_alert(detector, ALERT_jndi_lookup, 0, AT_COMMAND(command), excerpt(parsed->line, at, MATCH_SHOWN),
			"a command holds " JNDI);
	if (shellshock_find(parsed->line, &at))
		raise_alert(detector, ALERT_shellshock, 0, AT_COMMAND(command), excerpt(parsed->line, at, MATCH_SHOWN),
			"a command holds " SHELLSHOCK);
	if (envelope)
		check_path(detector, command);
}

void attack_response(struct detector *detector, const struct session_response *response)
{
	if (response->to == VERB_TURN && response->code == 250)
		raise_alert(detector, ALERT_turned_connection, 0, AT_RESPONSE(response),
			response->line_count ? response->lines[0].line : NO_EVIDENCE,
			"the server accepted TURN: from here on it sends its mail to whoever connected");
}

/* is_local - is it one of the --local-domain domains, or below one? An address without a domain is local. */
static bool is_local(const GPtrArray *domains, struct span domain)
{
	if (domain.size == 0)
		return true;
	char *lower = g_ascii_strdown((const char *)domain.data, (gssize)domain.size);
	bool local = false;
	for (guint i = 0; i < domains->len && !local; i++) {
		const char *own = g_ptr_array_index(domains, i);
		size_t size = strlen(lower), own_size = strlen(own);
		local = size >= own_size && strcmp(lower + size - own_size, own) == 0 &&
			(size == own_size || lower[size - own_size - 1] == '.');
	}
	g_free(lower);
	return local;
}

/* recipient_taken - did the server take responsibility for this recipient? */
static bool recipient_taken(const struct transaction *tx, const struct recipient *recipient)
{
	if (recipient->status != RECIPIENT_ACCEPTED)
		return false;
	return !tx->lmtp || recipient->final_code == 0 || recipient->final_code < 300;
}

void attack_transaction(struct detector *detector, const struct transaction *tx)
{
	const GPtrArray *domains = detector->shared->options->local_domains;
	if (!domains || domains->len == 0 || tx->outcome != OUTCOME_ACCEPTED || tx->authenticated || !tx->mail_from)
		return;
	struct span sender = bare_path(span_of_string(tx->mail_from));
	/* The null reverse-path does not count: bounces of the server itself have foreign recipients. */
	if (is_local(domains, domain_of(sender)))
		return;
	for (guint i = 0; i < tx->recipients->len; i++) {
		const struct recipient *recipient = g_ptr_array_index(tx->recipients, i);
		struct span path = strip_route(bare_path(span_of_string(recipient->path)));
		if (!recipient_taken(tx, recipient) || is_local(domains, domain_of(path)))
			continue;
		char *from = printable(sender), *to = printable(path);
		raise_alert(detector, ALERT_open_relay, 0, AT_CONTENT(tx), path,
			"the server took a mail from %s to %s without AUTH, and neither domain is local", from, to);
		g_free(from);
		g_free(to);
		return;
	}
}

/* header_attack - an attack string in a header field; `what` describes it. */
static void header_attack(struct detector *detector, enum alert_id id, const struct transaction *tx,
	const struct mail_header *header, size_t at, const char *what)
{
	char *name = printable(header->name);
	raise_alert(detector, id, 0, AT_CONTENT(tx), excerpt(header->value, at, MATCH_SHOWN), "the header %s holds %s",
		name, what);
	g_free(name);
}

void attack_mail(struct detector *detector, const struct transaction *tx, const struct mail *mail)
{
	bool jndi = false, shell = false;
	size_t at;
	for (size_t i = 0; i < mail->header_count; i++) {
		const struct mail_header *header = &mail->headers[i];
		struct span value = header->value;
		if (value.size == 0 || !memchr(value.data, '{', value.size)) /* which both hold */
			continue;
		if (!jndi && (jndi = lookup_find(value, &at)))
			header_attack(detector, ALERT_jndi_lookup, tx, header, at, JNDI);
		if (!shell && (shell = shellshock_find(value, &at)))
			header_attack(detector, ALERT_shellshock, tx, header, at, SHELLSHOCK);
	}
	struct span text = span_of_string(mail->text);
	if (!jndi && lookup_find(text, &at))
		raise_alert(detector, ALERT_jndi_lookup, 0, AT_CONTENT(tx), excerpt(text, at, MATCH_SHOWN),
			"the text of the mail holds " JNDI);
}

/* is_http - is this the beginning of an HTTP request? 1: yes, 0: no, -1: too few octets to tell. */
static int is_http(struct span bytes)
{
	static const char *const methods[] = { "GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH" };
	size_t token = 0;
	while (token < bytes.size && g_ascii_isupper(bytes.data[token]))
		token++;
	if (token == bytes.size)
		return -1;
	if (token == 0 || bytes.data[token] != ' ')
		return 0;
	for (int verb = VERB_UNKNOWN + 1; verb < VERB_COUNT; verb++)
		if (grammar_is(span_of(bytes.data, token), verb_table[verb].spelling))
			return 0;
	for (size_t i = 0; i < G_N_ELEMENTS(methods); i++)
		if (grammar_is(span_of(bytes.data, token), methods[i]) && token + 1 < bytes.size &&
			bytes.data[token + 1] == '/')
			return 1;
	const uint8_t *end = memchr(bytes.data, '\n', bytes.size);
	struct span line = { bytes.data, end ? (size_t)(end - bytes.data) : bytes.size };
	size_t version = find_octets(line, token, " HTTP/");
	if (version != SIZE_MAX && version + 6 < line.size)
		return g_ascii_isdigit(line.data[version + 6]);
	return end ? 0 : -1;
}

/* is_rdp - a TPKT header with an X.224 connection request ([MS-RDPBCGR] 2.2.1.1)? 1: yes, 0: no, -1: too few octets to
 * tell. */
static int is_rdp(struct span bytes)
{
	static const int tpkt[] = { 3, 0, -1, -1, -1, 0xe0 };
	for (size_t i = 0; i < G_N_ELEMENTS(tpkt); i++) {
		if (i == bytes.size)
			return -1;
		if (tpkt[i] >= 0 && bytes.data[i] != tpkt[i])
			return 0;
	}
	return 1;
}

/* is_ssh - the identification string of RFC 4253 4.2? 1: yes, 0: no, -1: too few octets to tell. */
static int is_ssh(struct span bytes)
{
	size_t size = MIN(bytes.size, 4);
	if (size > 0 && memcmp(bytes.data, "SSH-", size) != 0)
		return 0;
	return size == 4 ? 1 : -1;
}

void attack_first_bytes(struct detector *detector, struct span bytes)
{
	GByteArray *before = detector->first;
	/* When the beginning is not in the capture, or TLS is expected, the first bytes seen prove nothing. */
	if (detector->flow->midstream || (detector->doubt && !before)) {
		detector->first_done = true;
		return;
	}
	struct span first = { bytes.data, MIN(bytes.size, FIRST_OCTETS_MAX) };
	if (before) {
		g_byte_array_append(before, bytes.data, (guint)MIN(bytes.size, FIRST_OCTETS_MAX - before->len));
		first = span_of(before->data, before->len);
	}
	const struct {
		int is;
		const char *what;
	} found[] = { { is_http(first), "an HTTP request" }, { is_ssh(first), "an SSH banner" },
		{ is_rdp(first), "an RDP connection request" },
		{ detector->flow->tls_port ? 0 : tls_looks_like(first), "a TLS record" } };
	detector->first_done = true;
	for (size_t i = 0; i < G_N_ELEMENTS(found); i++) {
		if (found[i].is > 0) {
			raise_alert(detector, ALERT_cross_protocol, 0, AT_SESSION(UP), first,
				"the client begins with %s instead of SMTP", found[i].what);
			detector->first_done = true;
			return;
		}
		if (found[i].is < 0 && first.size < FIRST_OCTETS_MAX)
			detector->first_done = false;
	}
	if (!detector->first_done && !before) {
		detector->first = g_byte_array_new();
		g_byte_array_append(detector->first, first.data, (guint)first.size);
	}
}
