/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * cipher.c - decrypts the records of one direction, between two changes of its keys: RFC 5246 6.2.3, RFC 7366
 * (encrypt-then-MAC), RFC 5288, 6655, 7905 (AEAD), RFC 8446 5.2.
 *
 * A record that fails authentication gives no content and changes no state, so it can be tried with several sequence
 * numbers. libcrypto does the cryptography; keys are only in its contexts, which it wipes.
 */
#include "parts.h"

#include <string.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/params.h>

#define GCM_SALT_SIZE 4 /* RFC 5288 3: the fixed part of the nonce */
#define EXPLICIT_SIZE 8 /* ... and the part in each record */
#define HEAD_SIZE 13    /* see put_head */

struct cipher {
	const struct suite *suite;
	uint16_t version;
	bool etm;
	EVP_CIPHER_CTX *context;
	EVP_MAC_CTX *mac; /* NULL with AEAD */
	size_t mac_size, block_size;
	uint8_t iv[EVP_MAX_IV_LENGTH]; /* AEAD: nonce or salt; TLS 1.0: the block before the next record */
	bool iv_known;                 /* false: TLS 1.0 after a gap */
	uint64_t sequence;             /* of the next record */
};

size_t cipher_mac_size(const struct suite *suite)
{
	return suite->mac ? (size_t)EVP_MD_get_size(EVP_get_digestbyname(suite->mac)) : 0;
}

/* has_implicit_iv - RFC 2246: the last block before the record is the IV. */
static bool has_implicit_iv(const struct suite *suite, uint16_t version)
{
	return suite->kind == SUITE_CBC && version < TLS_VERSION_11;
}

size_t cipher_iv_size(const struct suite *suite, uint16_t version)
{
	switch (suite->kind) {
	case SUITE_CHACHA:
		return CIPHER_NONCE_SIZE;
	case SUITE_CBC:
		return has_implicit_iv(suite, version)
			       ? (size_t)EVP_CIPHER_get_iv_length(EVP_get_cipherbyname(suite->cipher))
			       : 0;
	default:
		return version >= TLS_VERSION_13 ? CIPHER_NONCE_SIZE : GCM_SALT_SIZE;
	}
}

/* mac_new - an HMAC with its key. */
static EVP_MAC_CTX *mac_new(const struct suite *suite, const uint8_t *key, size_t size)
{
	const OSSL_PARAM params[] = { OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char *)suite->mac, 0),
		OSSL_PARAM_construct_end() };
	EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	EVP_MAC_CTX *context = mac ? EVP_MAC_CTX_new(mac) : NULL;
	EVP_MAC_free(mac);
	if (context && EVP_MAC_init(context, key, size, params))
		return context;
	EVP_MAC_CTX_free(context);
	return NULL;
}

/* context_new - a cipher with its key. */
static EVP_CIPHER_CTX *context_new(const struct suite *suite, const uint8_t *key)
{
	EVP_CIPHER *method = EVP_CIPHER_fetch(NULL, suite->cipher, NULL);
	EVP_CIPHER_CTX *context = method ? EVP_CIPHER_CTX_new() : NULL;
	bool good = context && EVP_DecryptInit_ex(context, method, NULL, NULL, NULL);
	if (good && suite->kind == SUITE_CCM)
		good = EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_IVLEN, CIPHER_NONCE_SIZE, NULL) > 0 &&
		       EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, (int)suite->tag_size, NULL) > 0;
	good = good && EVP_DecryptInit_ex(context, NULL, NULL, key, NULL) && EVP_CIPHER_CTX_set_padding(context, 0);
	EVP_CIPHER_free(method);
	if (good)
		return context;
	EVP_CIPHER_CTX_free(context);
	return NULL;
}

struct cipher *cipher_new(const struct suite *suite, uint16_t version, const struct cipher_keys *keys)
{
	struct cipher *cipher = g_new0(struct cipher, 1);
	cipher->suite = suite;
	cipher->version = version;
	cipher->etm = keys->etm && suite->kind == SUITE_CBC;
	cipher->mac_size = cipher_mac_size(suite);
	cipher->iv_known = true;
	memcpy(cipher->iv, keys->iv, cipher_iv_size(suite, version));
	cipher->context = context_new(suite, keys->key);
	if (suite->mac)
		cipher->mac = mac_new(suite, keys->mac, cipher->mac_size);
	if (!cipher->context || (suite->mac && !cipher->mac)) {
		cipher_free(cipher);
		return NULL;
	}
	cipher->block_size = (size_t)EVP_CIPHER_CTX_get_block_size(cipher->context);
	return cipher;
}

void cipher_free(struct cipher *cipher)
{
	if (!cipher)
		return;
	EVP_CIPHER_CTX_free(cipher->context);
	EVP_MAC_CTX_free(cipher->mac);
	OPENSSL_cleanse(cipher, sizeof *cipher);
	g_free(cipher);
}

uint64_t cipher_sequence(const struct cipher *cipher)
{
	return cipher->sequence;
}

size_t cipher_overhead(const struct cipher *cipher)
{
	const struct suite *suite = cipher->suite;
	if (suite->kind == SUITE_CBC) /* its padding is not known, but usually shorter than a block */
		return cipher->mac_size + (has_implicit_iv(suite, cipher->version) ? 0 : cipher->block_size) + 1;
	if (cipher->version >= TLS_VERSION_13)
		return suite->tag_size + 1; /* the type of the content */
	return suite->tag_size + (suite->kind == SUITE_CHACHA ? 0 : EXPLICIT_SIZE);
}

/* put_big_endian - a number, big-endian. */
static void put_big_endian(uint8_t *to, uint64_t number, size_t size)
{
	for (size_t i = 0; i < size; i++)
		to[i] = (uint8_t)(number >> (8 * (size - 1 - i)));
}

/* put_head - what is authenticated besides the content: sequence number, type, version, length (RFC 5246 6.2.3.1). */
static void put_head(uint8_t head[static HEAD_SIZE], uint64_t sequence, const struct sealed *record, size_t length)
{
	put_big_endian(head, sequence, sizeof sequence);
	head[8] = record->type;
	put_big_endian(head + 9, record->version, 2);
	put_big_endian(head + 11, length, 2);
}

/* ---- AEAD ---- */

/* xor_nonce - RFC 8446 5.3, RFC 7905 2. */
static void xor_nonce(const struct cipher *cipher, uint64_t sequence, uint8_t *nonce)
{
	memcpy(nonce, cipher->iv, CIPHER_NONCE_SIZE);
	for (size_t i = 0; i < sizeof sequence; i++)
		nonce[CIPHER_NONCE_SIZE - 1 - i] ^= (uint8_t)(sequence >> (8 * i));
}

/* open_sealed - decrypts and authenticates; `sealed` ends with the tag. */
static bool open_sealed(
	const struct cipher *cipher, const uint8_t *nonce, struct span aad, struct span sealed, uint8_t *out)
{
	EVP_CIPHER_CTX *context = cipher->context;
	const size_t tag = cipher->suite->tag_size;
	const bool ccm = cipher->suite->kind == SUITE_CCM;
	const int length = (int)(sealed.size - tag);
	uint8_t none = 0;
	int n = 0, rest = 0;
	if (EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, (int)tag, (void *)(sealed.data + length)) <= 0 ||
		!EVP_DecryptInit_ex(context, NULL, NULL, NULL, nonce))
		return false;
	if (ccm && EVP_DecryptUpdate(context, NULL, &n, NULL, length) <= 0)
		return false;
	if (EVP_DecryptUpdate(context, NULL, &n, aad.data, (int)aad.size) <= 0)
		return false;
	if ((length > 0 || ccm) && EVP_DecryptUpdate(context, out, &n, length > 0 ? sealed.data : &none, length) <= 0)
		return false;
	return ccm || EVP_DecryptFinal_ex(context, out + length, &rest) > 0;
}

/* strip_type - TLS 1.3: the last octet that is not 0 is the type; the zeros after it are padding. */
static bool strip_type(struct opened *opened)
{
	while (opened->content.size > 0 && opened->content.data[opened->content.size - 1] == 0)
		opened->content.size--;
	if (opened->content.size == 0)
		return false;
	opened->type = opened->content.data[--opened->content.size];
	return true;
}

static bool open_aead(
	const struct cipher *cipher, uint64_t sequence, const struct sealed *record, struct opened *opened)
{
	const struct suite *suite = cipher->suite;
	const bool tls13 = cipher->version >= TLS_VERSION_13, counted = tls13 || suite->kind == SUITE_CHACHA;
	struct span sealed = record->payload;
	uint8_t nonce[CIPHER_NONCE_SIZE], head[HEAD_SIZE];
	const size_t from = tls13 ? sizeof sequence : 0;
	if (sealed.size < suite->tag_size + (counted ? 0 : EXPLICIT_SIZE))
		return false;
	if (counted) {
		xor_nonce(cipher, sequence, nonce);
	} else {
		memcpy(nonce, cipher->iv, GCM_SALT_SIZE);
		memcpy(nonce + GCM_SALT_SIZE, sealed.data, EXPLICIT_SIZE);
		sealed = span_from(sealed, EXPLICIT_SIZE);
	}
	put_head(head, sequence, record, tls13 ? sealed.size : sealed.size - suite->tag_size);
	const struct span known = { head + from, sizeof head - from };
	uint8_t *out = opened->in_place ? (uint8_t *)sealed.data : opened->buffer;
	if (!open_sealed(cipher, nonce, known, sealed, out))
		return false;
	opened->content = span_of(out, sealed.size - suite->tag_size);
	opened->type = record->type;
	return !tls13 || strip_type(opened);
}

/* ---- CBC ---- */

/* mac_fits - is this the MAC of the octets? */
static bool mac_fits(const struct cipher *cipher, uint64_t sequence, const struct sealed *record, struct span octets,
	const uint8_t *mac)
{
	uint8_t head[HEAD_SIZE], made[EVP_MAX_MD_SIZE];
	size_t size = 0;
	put_head(head, sequence, record, octets.size);
	return EVP_MAC_init(cipher->mac, NULL, 0, NULL) && EVP_MAC_update(cipher->mac, head, sizeof head) &&
	       EVP_MAC_update(cipher->mac, octets.data, octets.size) &&
	       EVP_MAC_final(cipher->mac, made, &size, sizeof made) && size == cipher->mac_size &&
	       memcmp(made, mac, size) == 0;
}

/* decrypt_blocks - decrypts complete blocks. */
static bool decrypt_blocks(const struct cipher *cipher, const uint8_t *iv, struct span blocks, uint8_t *out)
{
	int n = 0;
	return blocks.size > 0 && blocks.size % cipher->block_size == 0 &&
	       EVP_DecryptInit_ex(cipher->context, NULL, NULL, NULL, iv) &&
	       EVP_DecryptUpdate(cipher->context, out, &n, blocks.data, (int)blocks.size) > 0 &&
	       (size_t)n == blocks.size;
}

/* strip_padding - RFC 5246 6.2.3.2: each octet of the padding has its length. */
static bool strip_padding(struct span *content)
{
	const uint8_t padding = content->data[content->size - 1];
	if (padding + (size_t)1 > content->size)
		return false;
	for (size_t i = 1; i <= padding; i++)
		if (content->data[content->size - 1 - i] != padding)
			return false;
	content->size -= padding + (size_t)1;
	return true;
}

static bool open_cbc(const struct cipher *cipher, uint64_t sequence, const struct sealed *record, struct opened *opened)
{
	const bool implicit = has_implicit_iv(cipher->suite, cipher->version);
	struct span blocks = record->payload;
	const uint8_t *iv = cipher->iv;
	if (cipher->etm) {
		if (blocks.size < cipher->mac_size)
			return false;
		blocks.size -= cipher->mac_size;
		if (!mac_fits(cipher, sequence, record, blocks, blocks.data + blocks.size))
			return false;
	}
	if (!implicit) {
		if (blocks.size < cipher->block_size)
			return false;
		iv = blocks.data;
		blocks = span_from(blocks, cipher->block_size);
	}
	opened->type = record->type;
	opened->content = span_of(opened->buffer, blocks.size);
	if (!decrypt_blocks(cipher, iv, blocks, opened->buffer) || !strip_padding(&opened->content))
		return false;
	if (cipher->etm)
		return true;
	if (opened->content.size < cipher->mac_size)
		return false;
	opened->content.size -= cipher->mac_size;
	return mac_fits(cipher, sequence, record, opened->content, opened->content.data + opened->content.size);
}

void cipher_follow(struct cipher *cipher, struct span before)
{
	const size_t mac = cipher->etm ? cipher->mac_size : 0;
	if (!has_implicit_iv(cipher->suite, cipher->version))
		return;
	cipher->iv_known = before.size >= mac + cipher->block_size;
	if (cipher->iv_known)
		memcpy(cipher->iv, before.data + before.size - mac - cipher->block_size, cipher->block_size);
}

bool cipher_open(struct cipher *cipher, uint64_t sequence, const struct sealed *record, struct opened *opened)
{
	if (cipher->suite->kind != SUITE_CBC ? !open_aead(cipher, sequence, record, opened)
					     : !cipher->iv_known || !open_cbc(cipher, sequence, record, opened))
		return false;
	cipher->sequence = sequence + 1;
	cipher_follow(cipher, record->payload);
	return true;
}
