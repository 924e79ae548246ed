/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * seal.c - see seal.h. RFC 8446: records 5.2, keys 7.3.
 */
#include "seal.h"

#include <glib.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <string.h>
#include <time.h>

#include "random.h"

#define HEADER 5
#define TAG 16
#define RECORD 16384
#define SECRET 48
#define KEY 32
#define NONCE 12

enum { HANDSHAKE = 22, DATA = 23 };

struct key {
	EVP_CIPHER_CTX *context;
	uint8_t iv[NONCE];
	uint64_t sequence;
};

struct seal {
	struct key key[2];
	GByteArray *out;
};

static void expand(const uint8_t *secret, const char *label, uint8_t *out, size_t size)
{
	int mode = EVP_KDF_HKDF_MODE_EXPAND_ONLY;
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_int(OSSL_KDF_PARAM_MODE, &mode),
		OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char *)"SHA384", 0),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, (void *)secret, SECRET),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_PREFIX, (void *)"tls13 ", 6),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_LABEL, (void *)label, strlen(label)),
		OSSL_PARAM_construct_end(),
	};
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, "TLS13-KDF", NULL);
	EVP_KDF_CTX *context = EVP_KDF_CTX_new(kdf);
	g_assert(EVP_KDF_derive(context, out, size, params) > 0);
	EVP_KDF_CTX_free(context);
	EVP_KDF_free(kdf);
}

static void key_set(struct key *key, const uint8_t *secret)
{
	uint8_t octets[KEY];
	expand(secret, "key", octets, sizeof octets);
	expand(secret, "iv", key->iv, sizeof key->iv);
	key->sequence = 0;
	if (!key->context)
		key->context = EVP_CIPHER_CTX_new();
	g_assert(EVP_EncryptInit_ex(key->context, EVP_aes_256_gcm(), NULL, octets, NULL));
}

/* nonce_of - of the next record. */
static void nonce_of(struct key *key, uint8_t nonce[static NONCE])
{
	memcpy(nonce, key->iv, NONCE);
	for (size_t i = 0; i < sizeof key->sequence; i++)
		nonce[NONCE - 1 - i] ^= (uint8_t)(key->sequence >> (8 * i));
	key->sequence++;
}

/* put - a record: its type, and octets that are sealed when there is a key. */
static void put(GByteArray *out, struct key *key, uint8_t type, const void *data, size_t size)
{
	const size_t length = key ? size + 1 + TAG : size;
	const uint8_t header[HEADER] = { key ? DATA : type, 3, 3, (uint8_t)(length >> 8), (uint8_t)length };
	const guint at = out->len;
	int n;
	uint8_t nonce[NONCE];
	g_byte_array_append(out, header, sizeof header);
	g_byte_array_set_size(out, at + HEADER + (guint)length);
	uint8_t *payload = out->data + at + HEADER;
	if (!key) {
		memcpy(payload, data, size);
		return;
	}
	nonce_of(key, nonce);
	g_assert(EVP_EncryptInit_ex(key->context, NULL, NULL, NULL, nonce) &&
		 EVP_EncryptUpdate(key->context, NULL, &n, header, HEADER) &&
		 EVP_EncryptUpdate(key->context, payload, &n, data, (int)size) &&
		 EVP_EncryptUpdate(key->context, payload + size, &n, &type, 1) &&
		 EVP_EncryptFinal_ex(key->context, payload + size + 1, &n) &&
		 EVP_CIPHER_CTX_ctrl(key->context, EVP_CTRL_AEAD_GET_TAG, TAG, payload + size + 1) > 0);
}

static void flush(struct seal *seal, struct wire *wire, struct line *line, enum direction direction)
{
	line_send(wire, line, direction, seal->out->data, seal->out->len);
	g_byte_array_set_size(seal->out, 0);
}

/* put_hello - ClientHello or ServerHello. */
static void put_hello(struct seal *seal, bool server, const uint8_t *random)
{
	static const uint8_t client_rest[] = { 0, 0, 2, 0x13, 0x02, 1, 0, 0, 7, 0, 0x2b, 0, 3, 2, 3, 4 };
	static const uint8_t server_rest[] = { 0, 0x13, 0x02, 0, 0, 6, 0, 0x2b, 0, 2, 3, 4 };
	const uint8_t *rest = server ? server_rest : client_rest;
	const size_t size = server ? sizeof server_rest : sizeof client_rest;
	uint8_t hello[6 + 32 + sizeof client_rest] = { server ? 2 : 1, 0, 0, (uint8_t)(34 + size), 3, 3 };
	memcpy(hello + 6, random, 32);
	memcpy(hello + 6 + 32, rest, size);
	put(seal->out, NULL, HANDSHAKE, hello, 6 + 32 + size);
}

static void log_secret(FILE *keylog, const char *label, const uint8_t *random, const uint8_t *secret)
{
	fprintf(keylog, "%s ", label);
	for (size_t i = 0; i < 32; i++)
		fprintf(keylog, "%02x", random[i]);
	fputc(' ', keylog);
	for (size_t i = 0; i < SECRET; i++)
		fprintf(keylog, "%02x", secret[i]);
	fputc('\n', keylog);
}

struct seal *seal_open(struct wire *wire, struct line *line, FILE *keylog, unsigned number)
{
	static const char *const labels[] = { "CLIENT_HANDSHAKE_TRAFFIC_SECRET", "SERVER_HANDSHAKE_TRAFFIC_SECRET",
		"CLIENT_TRAFFIC_SECRET_0", "SERVER_TRAFFIC_SECRET_0" };
	static const uint8_t extensions[] = { 8, 0, 0, 2, 0, 0 }, finished[4 + SECRET] = { 20, 0, 0, SECRET };
	struct dice dice = { number + UINT64_C(1) };
	uint64_t random[4], secrets[4][SECRET / sizeof(uint64_t)];
	struct seal *seal = g_new0(struct seal, 1);
	seal->out = g_byte_array_new();
	for (size_t i = 0; i < G_N_ELEMENTS(random); i++)
		random[i] = dice_word(&dice);
	for (size_t i = 0; i < G_N_ELEMENTS(labels); i++) {
		for (size_t k = 0; k < G_N_ELEMENTS(secrets[i]); k++)
			secrets[i][k] = dice_word(&dice);
		log_secret(keylog, labels[i], (uint8_t *)random, (uint8_t *)secrets[i]);
	}
	put_hello(seal, false, (uint8_t *)random);
	flush(seal, wire, line, UP);
	put_hello(seal, true, (uint8_t *)random);
	key_set(&seal->key[UP], (uint8_t *)secrets[UP]);
	key_set(&seal->key[DOWN], (uint8_t *)secrets[DOWN]);
	put(seal->out, &seal->key[DOWN], HANDSHAKE, extensions, sizeof extensions);
	put(seal->out, &seal->key[DOWN], HANDSHAKE, finished, sizeof finished);
	flush(seal, wire, line, DOWN);
	put(seal->out, &seal->key[UP], HANDSHAKE, finished, sizeof finished);
	flush(seal, wire, line, UP);
	key_set(&seal->key[UP], (uint8_t *)secrets[2 + UP]);
	key_set(&seal->key[DOWN], (uint8_t *)secrets[2 + DOWN]);
	return seal;
}

void seal_send(struct seal *seal, struct wire *wire, struct line *line, enum direction direction, const void *data,
	size_t size)
{
	for (size_t at = 0; at < size; at += RECORD)
		put(seal->out, &seal->key[direction], DATA, (const uint8_t *)data + at, MIN(RECORD, size - at));
	flush(seal, wire, line, direction);
}

void seal_free(struct seal *seal)
{
	if (!seal)
		return;
	EVP_CIPHER_CTX_free(seal->key[UP].context);
	EVP_CIPHER_CTX_free(seal->key[DOWN].context);
	g_byte_array_free(seal->out, TRUE);
	g_free(seal);
}

double seal_speed(uint64_t octets, size_t record)
{
	uint8_t secret[SECRET] = { 1 }, nonce[NONCE], *out = g_malloc(record + 1 + TAG), *in = g_malloc0(record);
	struct key key = { 0 };
	struct timespec from, to;
	GByteArray *sealed = g_byte_array_new();
	int n;
	key_set(&key, secret);
	put(sealed, &key, DATA, in, record);
	uint8_t *payload = sealed->data + HEADER;
	uint8_t octets_of_key[KEY];
	expand(secret, "key", octets_of_key, sizeof octets_of_key);
	g_assert(EVP_DecryptInit_ex(key.context, EVP_aes_256_gcm(), NULL, octets_of_key, NULL));
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
	for (uint64_t done = 0; done < octets; done += record) {
		key.sequence = 0;
		nonce_of(&key, nonce);
		g_assert(EVP_CIPHER_CTX_ctrl(key.context, EVP_CTRL_AEAD_SET_TAG, TAG, payload + record + 1) > 0 &&
			 EVP_DecryptInit_ex(key.context, NULL, NULL, NULL, nonce) &&
			 EVP_DecryptUpdate(key.context, NULL, &n, sealed->data, HEADER) &&
			 EVP_DecryptUpdate(key.context, out, &n, payload, (int)record + 1) &&
			 EVP_DecryptFinal_ex(key.context, out + record + 1, &n) > 0);
	}
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
	EVP_CIPHER_CTX_free(key.context);
	g_byte_array_free(sealed, TRUE);
	g_free(in);
	g_free(out);
	return (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9;
}
