/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * handshake.c - evaluates handshake messages: for the tls record, and for the keys. messages[] has a row for each type.
 */
#include "parts.h"

#include <string.h>

#define ALERT_FATAL 2
#define ALERT_CLOSE_NOTIFY 0
#define RANDOM_AT 2 /* in a ClientHello: after the version */

static void take_client_hello(struct tls *tls, enum direction direction, struct span body)
{
	if (body.size >= RANDOM_AT + TLS_RANDOM_SIZE)
		memcpy(tls->exchange.client_random, body.data + RANDOM_AT, TLS_RANDOM_SIZE);
	if (tls->keys)
		resume_offer(tls, body);
	/* a ClientHello after a HelloRetryRequest, or of a renegotiation, repeats the first */
	if (!tls->info.client_hello && tls_client_hello(body, &tls->info))
		tls->early = EARLY_OFFERED;
}

/* negotiated - takes the parameters of the keys. */
static void negotiated(struct tls *tls, const struct server_hello *hello)
{
	struct key_exchange *exchange = &tls->exchange;
	/* drafts of TLS 1.3 have higher numbers */
	exchange->version = MIN(hello->version, TLS_VERSION_13);
	exchange->suite = hello->compressed ? NULL : suite_find(hello->cipher);
	exchange->etm = hello->etm;
	memcpy(exchange->server_random, hello->random, TLS_RANDOM_SIZE);
	if (exchange->version < TLS_VERSION_13)
		decrypt_early(tls, EARLY_REFUSED);
	decrypt_hello(tls);
}

static void take_server_hello(struct tls *tls, enum direction direction, struct span body)
{
	struct tls_info *info = &tls->info;
	struct server_hello hello;
	if (!tls_server_hello(body, &hello, info))
		return;
	tls->retry = hello.retry;
	if (hello.retry)
		decrypt_early(tls, EARLY_REFUSED);
	if (!info->server_hello) {
		info->version_number = hello.version;
		info->version = tls_version_name(hello.version);
		info->cipher_number = hello.cipher;
		info->cipher = tls_cipher_name(hello.cipher);
		info->server_hello = !hello.retry;
		if (info->server_hello && hello.version >= TLS_VERSION_13)
			tls->server_done = tls->side[DOWN].encrypted = true;
	}
	if (tls->keys && !hello.retry)
		resume_answer(tls, body);
	if (!hello.retry)
		negotiated(tls, &hello);
}

static void encrypted_extensions(struct tls *tls, enum direction direction, struct span body)
{
	if (tls->exchange.version >= TLS_VERSION_13)
		decrypt_early(tls, tls_encrypted_extensions(body, &tls->info) ? EARLY_TAKEN : EARLY_REFUSED);
}

static void certificate(struct tls *tls, enum direction direction, struct span body)
{
	tls_certificate(body, &tls->info);
}

static void new_session_ticket(struct tls *tls, enum direction direction, struct span body)
{
	resume_ticket(tls, body);
}

static void server_hello_done(struct tls *tls, enum direction direction, struct span body)
{
	tls->server_done |= tls->info.server_hello;
}

/* end_of_early_data, finished, key_update - TLS 1.3: the next records have other keys. */
static void end_of_early_data(struct tls *tls, enum direction direction, struct span body)
{
	if (tls->side[direction].epoch == EPOCH_EARLY)
		decrypt_advance(tls, direction);
}

static void finished(struct tls *tls, enum direction direction, struct span body)
{
	tls->finished |= direction == DOWN;
	if (tls->side[direction].epoch == EPOCH_HANDSHAKE)
		decrypt_advance(tls, direction);
}

static void key_update(struct tls *tls, enum direction direction, struct span body)
{
	if (tls->side[direction].epoch == EPOCH_TRAFFIC)
		decrypt_advance(tls, direction);
}

#define FROM_CLIENT (1u << UP)
#define FROM_SERVER (1u << DOWN)

static const struct message_row {
	uint8_t type;
	bool body; /* needed */
	unsigned from;
	void (*take)(struct tls *tls, enum direction direction, struct span body);
} messages[] = {
	{ MESSAGE_CLIENT_HELLO, true, FROM_CLIENT, take_client_hello },
	{ MESSAGE_SERVER_HELLO, true, FROM_SERVER, take_server_hello },
	{ MESSAGE_ENCRYPTED_EXTENSIONS, true, FROM_SERVER, encrypted_extensions },
	{ MESSAGE_CERTIFICATE, true, FROM_SERVER, certificate },
	{ MESSAGE_NEW_SESSION_TICKET, true, FROM_SERVER, new_session_ticket },
	{ MESSAGE_SERVER_HELLO_DONE, false, FROM_SERVER, server_hello_done },
	{ MESSAGE_END_OF_EARLY_DATA, false, FROM_CLIENT, end_of_early_data },
	{ MESSAGE_FINISHED, false, FROM_CLIENT | FROM_SERVER, finished },
	{ MESSAGE_KEY_UPDATE, false, FROM_CLIENT | FROM_SERVER, key_update },
};

static const struct message_row *find_message(uint8_t type)
{
	for (size_t i = 0; i < G_N_ELEMENTS(messages); i++)
		if (messages[i].type == type)
			return &messages[i];
	return NULL;
}

bool handshake_needs(uint8_t type)
{
	const struct message_row *message = find_message(type);
	return message && message->body;
}

void handshake_message(struct tls *tls, enum direction direction, uint8_t type, struct span body)
{
	const struct message_row *message = find_message(type);
	if (message && message->from & 1u << direction)
		message->take(tls, direction, body);
}

void handshake_alert(struct tls *tls, enum direction direction, struct span bytes, bool opened)
{
	struct side *side = &tls->side[direction];
	for (size_t i = 0; i < bytes.size && side->alert_size < ALERT_SIZE; i++)
		side->alert[side->alert_size++] = bytes.data[i];
	if (side->alert_size < ALERT_SIZE)
		return;
	if (opened && side->alert[1] == ALERT_CLOSE_NOTIFY)
		inside_close(tls, direction);
	if (!opened && side->alert[0] == ALERT_FATAL)
		tls->failed = true;
}
