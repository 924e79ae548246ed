/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * parts.h - what the files of the TLS observer promise each other: tls.c (records, messages), hello.c,
 * ja4.c, certificate.c, ciphers.c. Nobody else includes it.
 */
#ifndef SMTPSCAN_TLS_PARTS_H
#define SMTPSCAN_TLS_PARTS_H

#include "tls.h"

#define TLS_VERSION_13 0x0304
/* RFC 8701: values that a client throws in to keep servers honest; they mean nothing. */
#define TLS_IS_GREASE(value) (((value)&0x0f0f) == 0x0a0a && ((value) >> 8) == ((value)&0xff))

enum tls_extension {
	EXTENSION_SERVER_NAME = 0x0000,
	EXTENSION_SIGNATURE_ALGORITHMS = 0x000d,
	EXTENSION_ALPN = 0x0010,
	EXTENSION_SUPPORTED_VERSIONS = 0x002b
};

/* A cursor over borrowed bytes. What is not there reads as 0 and sets `bad`, which stays. */
struct reader {
	struct span rest;
	bool bad;
};

/* reader_take - the next `size` octets. */
static inline struct span reader_take(struct reader *reader, size_t size)
{
	if (reader->bad || size > reader->rest.size) {
		reader->bad = true;
		return (struct span){ 0 };
	}
	struct span taken = { reader->rest.data, size };
	reader->rest.data += size;
	reader->rest.size -= size;
	return taken;
}

/* reader_number - the next `size` (up to 4) octets as a big-endian number. */
static inline uint32_t reader_number(struct reader *reader, size_t size)
{
	struct span taken = reader_take(reader, size);
	uint32_t number = 0;
	for (size_t i = 0; i < taken.size; i++)
		number = number << 8 | taken.data[i];
	return number;
}

/* reader_vector - the next vector: its length in `size` octets, then that many. */
static inline struct reader reader_vector(struct reader *reader, size_t size)
{
	struct span taken = reader_take(reader, reader_number(reader, size));
	return (struct reader){ taken, reader->bad };
}

/* reader_more - is there anything left to read? */
static inline bool reader_more(const struct reader *reader)
{
	return !reader->bad && reader->rest.size > 0;
}

/* What JA4 needs of a ClientHello, in the order of the wire, GREASE left out. Of uint16_t. */
struct client_hello {
	uint16_t version; /* the highest of supported_versions, else the message's own */
	bool has_sni;
	GArray *ciphers, *extensions, *signature_algorithms;
	struct span first_alpn; /* data is NULL when there is none */
};

/* tls_text - octets as a string; a NUL, which no string can hold, becomes "\0" spelled out. Free with g_free. */
char *tls_text(struct span octets);
/* tls_version_name - "TLS 1.2"; NULL when the number is no version of TLS. */
const char *tls_version_name(uint16_t number);
/* tls_cipher_name - the IANA name; NULL when the number has none. */
const char *tls_cipher_name(uint16_t number);
/* tls_client_hello, tls_server_hello - take apart the body of the message into *info. A message that does not fit its
 * own lengths gives what stands before the misfit. *retry: it was a HelloRetryRequest. */
void tls_client_hello(struct span body, struct tls_info *info);
void tls_server_hello(struct span body, struct tls_info *info, bool *retry);
/* tls_ja4 - the fingerprint. Sorts the lists of *hello. */
void tls_ja4(const struct client_hello *hello, char ja4[static 40]);
/* tls_certificate - the leaf out of the body of a Certificate message (up to TLS 1.2) into *info. */
void tls_certificate(struct span body, struct tls_info *info);

#endif
