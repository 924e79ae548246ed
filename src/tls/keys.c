/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * keys.c - derives the keys of records from the secrets of a key log: RFC 5246 6.3 (RFC 2246 for TLS 1.0 and 1.1), RFC
 * 8446 7.2 and 7.3. libcrypto has the functions.
 */
#include "parts.h"

#include <string.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#define KEY_BLOCK_MAX (2 * (EVP_MAX_MD_SIZE + EVP_MAX_KEY_LENGTH + EVP_MAX_IV_LENGTH))

/* derive - runs one of libcrypto's functions. */
static bool derive(const char *name, const OSSL_PARAM *params, uint8_t *out, size_t size)
{
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, name, NULL);
	EVP_KDF_CTX *context = kdf ? EVP_KDF_CTX_new(kdf) : NULL;
	bool good = context && EVP_KDF_derive(context, out, size, params) > 0;
	EVP_KDF_CTX_free(context);
	EVP_KDF_free(kdf);
	return good;
}

/* octets, word - a parameter. libcrypto only reads it, although it is not const. */
static OSSL_PARAM octets(const char *key, const void *data, size_t size)
{
	return OSSL_PARAM_construct_octet_string(key, (void *)data, size);
}

static OSSL_PARAM text_param(const char *key, const char *text)
{
	return OSSL_PARAM_construct_utf8_string(key, (char *)text, 0);
}

bool keys_expand_label(const struct suite *suite, struct span secret, const char *label, uint8_t *out, size_t size)
{
	int mode = EVP_KDF_HKDF_MODE_EXPAND_ONLY;
	const OSSL_PARAM params[] = {
		OSSL_PARAM_construct_int(OSSL_KDF_PARAM_MODE, &mode),
		text_param(OSSL_KDF_PARAM_DIGEST, suite->prf),
		octets(OSSL_KDF_PARAM_KEY, secret.data, secret.size),
		octets(OSSL_KDF_PARAM_PREFIX, "tls13 ", 6),
		octets(OSSL_KDF_PARAM_LABEL, label, strlen(label)),
		OSSL_PARAM_construct_end(),
	};
	return derive("TLS13-KDF", params, out, size);
}

struct cipher *keys_of_traffic(const struct suite *suite, struct span secret)
{
	uint8_t key[EVP_MAX_KEY_LENGTH], iv[CIPHER_NONCE_SIZE];
	struct cipher *cipher = NULL;
	if (!suite->mac && keys_expand_label(suite, secret, "key", key, suite->key_size) &&
		keys_expand_label(suite, secret, "iv", iv, sizeof iv))
		cipher = cipher_new(suite, TLS_VERSION_13, &(struct cipher_keys){ .key = key, .iv = iv });
	OPENSSL_cleanse(key, sizeof key);
	OPENSSL_cleanse(iv, sizeof iv);
	return cipher;
}

/* take_octets - the next octets of a key block. */
static const uint8_t *take_octets(const uint8_t **block, size_t size)
{
	*block += size;
	return *block - size;
}

bool keys_of_master(const struct key_exchange *exchange, struct span master, struct cipher *ciphers[static 2])
{
	const struct suite *suite = exchange->suite;
	uint8_t block[KEY_BLOCK_MAX];
	const size_t mac = cipher_mac_size(suite), iv = cipher_iv_size(suite, exchange->version);
	const size_t size = 2 * (mac + suite->key_size + iv);
	const OSSL_PARAM params[] = {
		text_param(OSSL_KDF_PARAM_DIGEST, exchange->version < TLS_VERSION_12 ? "MD5-SHA1" : suite->prf),
		octets(OSSL_KDF_PARAM_SECRET, master.data, master.size),
		octets(OSSL_KDF_PARAM_SEED, "key expansion", 13),
		octets(OSSL_KDF_PARAM_SEED, exchange->server_random, TLS_RANDOM_SIZE),
		octets(OSSL_KDF_PARAM_SEED, exchange->client_random, TLS_RANDOM_SIZE),
		OSSL_PARAM_construct_end(),
	};
	struct cipher_keys keys[2] = { { .etm = exchange->etm }, { .etm = exchange->etm } };
	const uint8_t *at = block;
	ciphers[UP] = ciphers[DOWN] = NULL;
	if (size > sizeof block || !derive("TLS1-PRF", params, block, size))
		return false;
	for (enum direction d = UP; d <= DOWN; d++)
		keys[d].mac = take_octets(&at, mac);
	for (enum direction d = UP; d <= DOWN; d++)
		keys[d].key = take_octets(&at, suite->key_size);
	for (enum direction d = UP; d <= DOWN; d++)
		keys[d].iv = take_octets(&at, iv);
	for (enum direction d = UP; d <= DOWN; d++)
		ciphers[d] = cipher_new(suite, exchange->version, &keys[d]);
	OPENSSL_cleanse(block, sizeof block);
	return ciphers[UP] && ciphers[DOWN];
}
