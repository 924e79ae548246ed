/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * detectors.c - creates and frees detectors, and passes events to the files that check them.
 *
 * A detector belongs to one session and is small; what is counted across sessions is in the table of pairs. The files
 * that check events do not call each other; they share raise.c, excerpt.c and path.c.
 */
#include "detectors.h"

#include "octets.h"
#include "private.h"

#define PLAIN_MAX 255 /* octets of a line that may need no full check */

struct detectors *detectors_new(const struct detector_options *options)
{
	struct detectors *detectors = g_new0(struct detectors, 1);
	detectors->options = options;
	detectors->pairs = pairs_new();
	limits_begin(detectors);
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

/* telling - those of these octets that an attack may need, or that are not printable ASCII; '@' aside. */
static inline octets16 telling(octets16 octets)
{
	const uint8_t most = 'z' - ' ';
	return (octets16)((octets - ' ' > most) | (octets == '!') | (octets == '$') | (octets == '%') |
			  (octets == ';') | (octets == '`'));
}

/* sum_octets - the sum of all, which must be below 256. */
static inline unsigned sum_octets(octets16 octets)
{
	octets16_halves halves = (octets16_halves)octets;
	return (unsigned)((halves[0] + halves[1]) * 0x0101010101010101u >> 56);
}

/* is_plain - is the line short and, like nearly every command, without such octets before its CRLF? Then it needs no
 * full check. One @ belongs to an address, two may be a relay probe. */
static bool is_plain(struct span line)
{
	octets16 odd = { 0 }, ats = { 0 };
	if (line.size < 2 || line.size > PLAIN_MAX || line.data[line.size - 2] != '\r' ||
		line.data[line.size - 1] != '\n')
		return false;
	size_t size = line.size - 2, at = 0;
	for (; size - at >= sizeof odd; at += sizeof odd) {
		const octets16 here = octets16_at(line.data + at);
		odd |= telling(here);
		ats -= (octets16)(here == '@');
	}
	const octets16 rest = octets16_short(line.data + at, size - at); /* and zeros, which are odd */
	ats -= (octets16)(rest == '@');
	return !octets16_any(odd) && octets16_first(telling(rest)) == size - at && sum_octets(ats) <= 1;
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

void detector_transaction_end(struct detector *detector, struct moment at, const struct transaction *tx)
{
	detector->at = at;
	content_check_end(detector, tx);
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
