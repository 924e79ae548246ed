/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * tls.h - TLS (RFC 5246, 8446): the facts that a handshake shows to an observer, and decryption when keys are known.
 *
 * The caller feeds the bytes of both directions from the first record on. Memory per direction: at most
 * TLS_HANDSHAKE_MAX octets of handshake, and one record. Without keys, application data is only counted.
 */
#ifndef SMTPSCAN_TLS_H
#define SMTPSCAN_TLS_H

#include <glib.h>

#include "types.h"

#define TLS_HANDSHAKE_MAX (256 * 1024)

struct tls_info {
	char *sni;           /* NULL when none; raw octets, which the record stage escapes */
	const char *version; /* as chosen, in EVE's words: "SSLv3", "TLSv1", "TLS 1.1", "TLS 1.2", "TLS 1.3"; NULL when
				no ServerHello was seen */
	uint16_t version_number; /* 0x0303, 0x0304...; 0: none */
	const char *cipher;      /* IANA name, NULL when unknown */
	uint16_t cipher_number;
	GPtrArray *alpn;   /* char*: offered by the client */
	char *alpn_chosen; /* by the server; NULL */
	char ja4[40];      /* empty when there was no ClientHello */
	/* leaf certificate, where the handshake shows it (up to TLS 1.2) */
	char *subject, *issuerdn, *serial, *fingerprint; /* in EVE's form, see tls/certificate.c; NULL */
	bool has_certificate;
	int64_t not_before, not_after; /* nanoseconds since 1970 UTC */
	GPtrArray *subject_alt_names;  /* char* */
	bool client_hello, server_hello;
	uint64_t bytes[2]; /* octets seen, by direction */
	/* with keys */
	bool asked;        /* keys were tried */
	bool decrypted;    /* at least one record was decrypted */
	char why[96];      /* why nothing, or not everything, was decrypted; else empty */
	uint64_t failures; /* records that failed authentication */
};

/* ---- keys ---- */

#define TLS_KEYS_MAX (4 * 1024 * 1024)

/* The secrets of key logs (NSS Key Log Format), at most TLS_KEYS_MAX. */
struct tls_keys;
/* Called once when a secret is missing, so that the caller can add more. Returns false when more may still come later.
 */
typedef bool (*tls_keys_more)(void *context);

/* tls_keys_new - base (borrowed; NULL: none) is searched, too. more: called once before a secret is not found; may be
 * NULL. */
struct tls_keys *tls_keys_new(const struct tls_keys *base, tls_keys_more more, void *context);
/* tls_keys_file - adds a key log. Returns false with errno when it can't be read. */
bool tls_keys_file(struct tls_keys *keys, const char *path);
/* tls_keys_add - adds text of a key log, in pieces of any size; tls_keys_line_end - the text is complete. */
void tls_keys_add(struct tls_keys *keys, struct span text);
void tls_keys_line_end(struct tls_keys *keys);
/* tls_keys_count - the number of secrets, those of its base included; 0 for NULL. */
size_t tls_keys_count(const struct tls_keys *keys);
/* tls_keys_free - also wipes the secrets from memory. */
void tls_keys_free(struct tls_keys *keys);

/* ---- a connection ---- */

/* Takes the decrypted bytes, as in flow.h; offsets and acknowledgements are those of the decrypted stream. Calls are
 * synchronous, within tls_bytes, tls_gap and tls_fin. The size of a gap is an estimate when the lengths of lost records
 * are not known. */
struct tls_sink {
	void (*bytes)(void *context, enum direction direction, struct span bytes, uint64_t acked);
	void (*gap)(void *context, enum direction direction, uint64_t size);
	void (*close)(void *context, enum direction direction); /* close_notify */
};

struct tls;

/* tls_new - keys and sink are borrowed; both NULL: decrypt nothing. scope: a TLS session can be resumed only by
 * connections of the same scope. */
struct tls *tls_new(struct tls_keys *keys, const struct tls_sink *sink, void *context, uint64_t scope);
/* tls_bytes - takes the next bytes, at this offset of the stream; acked: see flow.h. Returns false when they are not
 * TLS (the first record's header does not fit): then no byte was used. */
bool tls_bytes(struct tls *tls, enum direction direction, struct span bytes, uint64_t offset, uint64_t acked);
void tls_gap(struct tls *tls, enum direction direction, uint64_t size);
/* tls_fin - no more bytes come in this direction. */
void tls_fin(struct tls *tls, enum direction direction);
/* tls_ready - returns true once, when everything that the handshake shows was seen and the record can be written.
 * Without a hello from each side (a one-sided capture) it stays false, and the caller writes the record at the end of
 * the session. Returns true once more when decryption ends after that. */
bool tls_ready(struct tls *tls);
/* tls_info - the facts known so far; borrowed, valid until tls_free. */
const struct tls_info *tls_info(const struct tls *tls);
/* tls_memory - about how many octets it holds. */
size_t tls_memory(const struct tls *tls);
void tls_free(struct tls *tls);

/* tls_looks_like - are the first octets of a direction the beginning of a TLS record with a handshake or an alert, or
 * of a ClientHello in SSL 2 format? 1: yes, 0: no, -1: too few octets. */
int tls_looks_like(struct span bytes);

#endif
