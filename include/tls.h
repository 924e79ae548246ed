/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * tls.h - what a TLS handshake shows to someone who only listens (RFC 5246, 8446; JA4).
 *
 * Fed with the bytes of both directions from the first record on. Bounded: at most TLS_HANDSHAKE_MAX octets of
 * handshake are kept a direction. Application data is only counted.
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
};

struct tls;

struct tls *tls_new(void);
/* tls_bytes - the next bytes. Returns false when they are not TLS (the first record's header does not fit): nothing
 * of `bytes` was used then. */
bool tls_bytes(struct tls *tls, enum direction direction, struct span bytes);
void tls_gap(struct tls *tls, enum direction direction, uint64_t size);
/* tls_ready - true once (the next call says false), when the visible handshake is over: the record can be written.
 * Without a hello of each side (a one-sided capture) that is never known: the end of the session decides. */
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
