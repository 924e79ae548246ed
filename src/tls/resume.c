/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * resume.c - resumed sessions, up to TLS 1.2: by id (RFC 5246 7.4.1.2) or by ticket (RFC 5077). Not every program logs
 * the secret again, so the secret of each session is remembered, by the digest of its id and ticket.
 *
 * Only between the same two addresses (the scope), because another worker may have other connections. A client that
 * offers a ticket sends an id with it, and a server that accepts the ticket returns the id: that shows that the session
 * is resumed.
 */
#include "parts.h"

#include <string.h>

#include <openssl/crypto.h>

#define BEFORE_SESSION_ID (2 + TLS_RANDOM_SIZE) /* octets of a hello before the session id */
#define BEFORE_TICKET 4                         /* octets of a NewSessionTicket before the ticket: its lifetime */

enum kind { KIND_ID = 'i', KIND_TICKET = 't' };

/* session_name - the digest by which a session is remembered. */
static bool session_name(
	const struct tls *tls, enum kind kind, struct span octets, uint8_t name[static TLS_RANDOM_SIZE])
{
	const uint8_t letter = (uint8_t)kind;
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool good = context && EVP_DigestInit_ex(context, EVP_sha256(), NULL) &&
		    EVP_DigestUpdate(context, &tls->scope, sizeof tls->scope) &&
		    EVP_DigestUpdate(context, &letter, 1) && EVP_DigestUpdate(context, octets.data, octets.size) &&
		    EVP_DigestFinal_ex(context, name, NULL);
	EVP_MD_CTX_free(context);
	return good && octets.size > 0;
}

void resume_offer(struct tls *tls, struct span body)
{
	struct resume *resume = &tls->resume;
	struct reader hello = { body, false };
	reader_take(&hello, BEFORE_SESSION_ID);
	struct span id = reader_vector(&hello, 1).rest;
	reader_vector(&hello, 2); /* ciphers */
	reader_vector(&hello, 1); /* compression */
	struct reader extensions = reader_vector(&hello, 2);
	resume->offered = !hello.bad && session_name(tls, KIND_ID, id, resume->id);
	resume->with_ticket = false;
	while (reader_more(&extensions)) {
		uint32_t type = reader_number(&extensions, 2);
		struct span ticket = reader_vector(&extensions, 2).rest;
		if (type == EXTENSION_SESSION_TICKET && !extensions.bad)
			resume->with_ticket = session_name(tls, KIND_TICKET, ticket, resume->ticket);
	}
}

void resume_answer(struct tls *tls, struct span body)
{
	struct resume *resume = &tls->resume;
	struct reader hello = { body, false };
	uint8_t name[TLS_RANDOM_SIZE];
	reader_take(&hello, BEFORE_SESSION_ID);
	resume->answered = session_name(tls, KIND_ID, reader_vector(&hello, 1).rest, name);
	resume->taken = resume->answered && resume->offered && memcmp(name, resume->id, sizeof name) == 0;
	memcpy(resume->id, name, sizeof name);
}

struct span resume_secret(struct tls *tls)
{
	const struct resume *resume = &tls->resume;
	struct span secret = { NULL, 0 };
	if (resume->taken && resume->with_ticket)
		secret = keys_find(tls->keys, LABEL_SESSION, resume->ticket);
	if (resume->taken && !secret.data)
		secret = keys_find(tls->keys, LABEL_SESSION, resume->id);
	return secret;
}

void resume_learn(struct tls *tls, struct span secret)
{
	struct resume *resume = &tls->resume;
	resume->size = MIN(secret.size, sizeof resume->secret);
	memcpy(resume->secret, secret.data, resume->size);
	if (resume->answered)
		keys_remember(tls->keys, LABEL_SESSION, resume->id, secret);
}

void resume_ticket(struct tls *tls, struct span body)
{
	struct resume *resume = &tls->resume;
	struct reader message = { body, false };
	uint8_t name[TLS_RANDOM_SIZE];
	reader_take(&message, BEFORE_TICKET);
	struct span ticket = reader_vector(&message, 2).rest;
	if (resume->size > 0 && session_name(tls, KIND_TICKET, ticket, name))
		keys_remember(tls->keys, LABEL_SESSION, name, span_of(resume->secret, resume->size));
}

void resume_clear(struct resume *resume)
{
	OPENSSL_cleanse(resume, sizeof *resume);
}
