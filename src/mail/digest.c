/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * digest.c - SHA-256, SHA-1 and MD5 of the same octets, by libcrypto.
 *
 * Algorithms are fetched once and contexts are used again, because both take longer than hashing a short mail.
 */
#include <openssl/evp.h>
#include <string.h>

#include "mime.h"

#define DIGEST_SIZE_MAX 32

struct digest {
	struct digest *next; /* in the list of free ones */
	unsigned hashes;
	EVP_MD_CTX *sha256, *sha1, *md5;
};

static EVP_MD *sha256, *sha1, *md5;
static struct digest *free_digests;
static char digits[256][2]; /* the hexadecimal digits of each octet */

void digest_init(void)
{
	sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	sha1 = EVP_MD_fetch(NULL, "SHA1", NULL);
	md5 = EVP_MD_fetch(NULL, "MD5", NULL);
	g_assert(sha256 && sha1 && md5);
	for (unsigned octet = 0; octet < 256; octet++) {
		digits[octet][0] = "0123456789abcdef"[octet >> 4];
		digits[octet][1] = "0123456789abcdef"[octet & 15];
	}
}

void digest_exit(void)
{
	while (free_digests) {
		struct digest *digest = free_digests;
		free_digests = digest->next;
		EVP_MD_CTX_free(digest->sha256);
		EVP_MD_CTX_free(digest->sha1);
		EVP_MD_CTX_free(digest->md5);
		g_free(digest);
	}
	EVP_MD_free(sha256);
	EVP_MD_free(sha1);
	EVP_MD_free(md5);
}

/* begin_hash - starts a hash. Its context is made at the first use. */
static void begin_hash(EVP_MD_CTX **context, const EVP_MD *algorithm)
{
	if (!*context)
		*context = EVP_MD_CTX_new();
	int begun = *context ? EVP_DigestInit_ex2(*context, algorithm, NULL) : 0;
	g_assert(begun == 1);
}

struct digest *digest_new(unsigned hashes)
{
	struct digest *digest = free_digests;
	if (digest)
		free_digests = digest->next;
	else
		digest = g_new0(struct digest, 1);
	digest->hashes = hashes;
	begin_hash(&digest->sha256, sha256);
	if (hashes & HASH_SHA1)
		begin_hash(&digest->sha1, sha1);
	if (hashes & HASH_MD5)
		begin_hash(&digest->md5, md5);
	return digest;
}

void digest_update(struct digest *digest, struct span data)
{
	EVP_DigestUpdate(digest->sha256, data.data, data.size);
	if (digest->hashes & HASH_SHA1)
		EVP_DigestUpdate(digest->sha1, data.data, data.size);
	if (digest->hashes & HASH_MD5)
		EVP_DigestUpdate(digest->md5, data.data, data.size);
}

/* digest_hex - ends a hash and writes it in lower-case hexadecimal, with a NUL. */
static void digest_hex(EVP_MD_CTX *context, char *hex)
{
	uint8_t octets[DIGEST_SIZE_MAX];
	unsigned size = 0;
	EVP_DigestFinal_ex(context, octets, &size);
	for (unsigned i = 0; i < size; i++)
		memcpy(hex + 2 * i, digits[octets[i]], 2);
	hex[2 * size] = '\0';
}

void digest_drop(struct digest *digest)
{
	digest->next = free_digests;
	free_digests = digest;
}

void digest_end(struct digest *digest, char *sha256_hex, char **sha1_hex, char **md5_hex, struct arena *arena)
{
	digest_hex(digest->sha256, sha256_hex);
	if (digest->hashes & HASH_SHA1)
		digest_hex(digest->sha1, *sha1_hex = arena_take(arena, DIGEST_HEX_MAX));
	if (digest->hashes & HASH_MD5)
		digest_hex(digest->md5, *md5_hex = arena_take(arena, DIGEST_HEX_MAX));
	digest_drop(digest);
}
