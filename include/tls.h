/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * tls.h - TLS (RFC 5246, 8446): what a handshake shows to someone who only listens, and, with keys, what is inside.
 *
 * Fed with the bytes of both directions from the first record on. Bounded: at most TLS_HANDSHAKE_MAX octets of
 * handshake are kept a direction, and one record. Without keys, application data is only counted.
 */
#ifndef SMTPSCAN_TLS_H
#define SMTPSCAN_TLS_H

#include <glib.h>

#include "types.h"

#define TLS_HANDSHAKE_MAX (256 * 1024)

struct tls_info {
	char *sni;               /* NULL when none; raw octets made printable is the writer's work */
	const char *version;     /* chosen: EVE's words: "SSLv3", "TLSv1", "TLS 1.1", "TLS 1.2", "TLS 1.3"; NULL when no
				    ServerHello was     seen */
	uint16_t version_number; /* 0x0303, 0x0304...; 0 */
	const char *cipher;      /* IANA name, NULL when unknown */
	uint16_t cipher_number;
	GPtrArray *alpn;   /* char*: offered */
	char *alpn_chosen; /* NULL */
	char ja4[40];      /* empty when there was no ClientHello */
	/* leaf certificate, where the handshake shows it (up to TLS 1.2) */
	char *subject, *issuerdn, *serial, *fingerprint; /* as EVE has them: as certificate.c says; NULL */
	bool has_certificate;
	int64_t not_before, not_after; /* nanoseconds since 1970 UTC */
	GPtrArray *subject_alt_names;  /* char* */
	bool client_hello, server_hello;
	uint64_t bytes[2]; /* of everything, by direction */
	/* with keys */
	bool asked;        /* there were keys to try */
	bool decrypted;    /* a record was opened */
	char why[96];      /* why not, or not to the end; empty */
	uint64_t failures; /* records that failed authentication */
};

/* ---- keys ---- */

#define TLS_KEYS_MAX (4 * 1024 * 1024)

/* The secrets of key logs (NSS Key Log Format), at most TLS_KEYS_MAX. */
struct tls_keys;
/* Asked once, when a secret is missing: there may be more to add. */
typedef void (*tls_keys_more)(void *context);

/* tls_keys_new - base (NULL: none) is asked, too, and borrowed. more: NULL, or asked once before a secret is given up.
 */
struct tls_keys *tls_keys_new(const struct tls_keys *base, tls_keys_more more, void *context);
/* tls_keys_file - adds a key log. Returns false with errno when it can't be read. */
bool tls_keys_file(struct tls_keys *keys, const char *path);
/* tls_keys_add - adds text of a key log, cut anywhere; tls_keys_line_end - that was the last of it. */
void tls_keys_add(struct tls_keys *keys, struct span text);
void tls_keys_line_end(struct tls_keys *keys);
/* tls_keys_count - secrets in it and in its base; NULL has none. */
size_t tls_keys_count(const struct tls_keys *keys);
/* tls_keys_free - wipes them. */
void tls_keys_free(struct tls_keys *keys);

/* ---- a connection ---- */

/* Where goes what was decrypted; as in flow.h, with offsets of what is inside. Calls are synchronous, within tls_bytes,
 * tls_gap and tls_fin. Sizes of gaps are estimates when records are lost whose length nobody saw. */
struct tls_sink {
	void (*bytes)(void *context, enum direction direction, struct span bytes, uint64_t acked);
	void (*gap)(void *context, enum direction direction, uint64_t size);
	void (*close)(void *context, enum direction direction); /* close_notify */
};

struct tls;

/* tls_new - keys, sink: NULL when nothing is to be decrypted; else they are borrowed. scope: sessions are resumed only
 * within the same. */
struct tls *tls_new(struct tls_keys *keys, const struct tls_sink *sink, void *context, uint64_t scope);
/* tls_bytes - the next bytes, at this offset of the stream; acked: as in flow.h. Returns false when they are not TLS
 * (the first record's header does not fit): nothing of `bytes` was used then. */
bool tls_bytes(struct tls *tls, enum direction direction, struct span bytes, uint64_t offset, uint64_t acked);
void tls_gap(struct tls *tls, enum direction direction, uint64_t size);
/* tls_fin - nothing more comes in this direction. */
void tls_fin(struct tls *tls, enum direction direction);
/* tls_ready - true once (the next call says false), when the handshake is over as far as it can be seen: the record can
 * be written. Without a hello of each side (a one-sided capture) that is never known: the end of the session decides.
 * True once more when decryption ended after that. */
bool tls_ready(struct tls *tls);
/* tls_info - what is known so far; borrowed, valid until tls_free. */
const struct tls_info *tls_info(const struct tls *tls);
/* tls_memory - octets that it holds, about. */
size_t tls_memory(const struct tls *tls);
void tls_free(struct tls *tls);

/* tls_looks_like - do the first octets of a direction begin a TLS record with a handshake or an alert, or a ClientHello
 * in the format of SSL 2? 1 yes, 0 no, -1 too few octets to say. */
int tls_looks_like(struct span bytes);

#endif
