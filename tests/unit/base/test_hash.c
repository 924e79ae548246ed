/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * test_hash.c - the hash is SipHash-1-3, as libcrypto has it; and its key is drawn.
 */
#include <glib.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
/* after those */
#include <cmocka.h>

#include "hash.h"

/* libcrypto - the same by the library. */
static uint64_t libcrypto(const uint64_t key[2], const uint8_t *octets, size_t size)
{
	unsigned rounds = 1, last = 3;
	size_t wanted = 8;
	uint64_t little[2] = { GUINT64_TO_LE(key[0]), GUINT64_TO_LE(key[1]) }, result = 0;
	const OSSL_PARAM params[] = { OSSL_PARAM_construct_uint(OSSL_MAC_PARAM_C_ROUNDS, &rounds),
		OSSL_PARAM_construct_uint(OSSL_MAC_PARAM_D_ROUNDS, &last),
		OSSL_PARAM_construct_size_t(OSSL_MAC_PARAM_SIZE, &wanted), OSSL_PARAM_construct_end() };
	EVP_MAC *mac = EVP_MAC_fetch(NULL, "SIPHASH", NULL);
	EVP_MAC_CTX *context = EVP_MAC_CTX_new(mac);
	size_t got = 0;
	assert_true(EVP_MAC_init(context, (const uint8_t *)little, sizeof little, params));
	assert_true(EVP_MAC_update(context, octets, size));
	assert_true(EVP_MAC_final(context, (uint8_t *)&result, &got, sizeof result));
	assert_int_equal(got, sizeof result);
	EVP_MAC_CTX_free(context);
	EVP_MAC_free(mac);
	return GUINT64_FROM_LE(result);
}

static void it_is_siphash(void **state)
{
	uint8_t octets[300];
	const uint64_t keys[][2] = { { 0, 0 }, { 1, 2 }, { UINT64_C(0x0706050403020100), UINT64_C(0x0f0e0d0c0b0a0908) },
		{ UINT64_MAX, UINT64_C(1) << 63 } };
	for (size_t i = 0; i < sizeof octets; i++)
		octets[i] = (uint8_t)(i * 7 + 255);
	for (size_t k = 0; k < G_N_ELEMENTS(keys); k++)
		for (size_t size = 0; size <= sizeof octets; size++)
			assert_true(hash_keyed(keys[k], octets, size) == libcrypto(keys[k], octets, size));
}

static void equal_keys_have_equal_hashes(void **state)
{
	char a[] = "a text", b[] = "a text";
	int64_t one = 1, other = 1;
	GBytes *x = g_bytes_new_static("\0x", 2), *y = g_bytes_new("\0x", 2);
	assert_int_equal(hash_text(a), hash_text(b));
	assert_int_not_equal(hash_text(a), hash_text("a texu"));
	assert_int_equal(hash_number(&one), hash_number(&other));
	other = INT64_C(1) << 32;
	assert_int_not_equal(hash_number(&one), hash_number(&other));
	assert_int_equal(hash_bytes(x), hash_bytes(y));
	assert_int_equal(hash_pointer(a), hash_pointer(a));
	assert_int_not_equal(hash_pointer(a), hash_pointer(b));
	assert_int_equal(hash_text("ab"), (guint)hash_octets("ab", 2));
	g_bytes_unref(x);
	g_bytes_unref(y);
}

/* hash_of_process - of one text, in a process that has not drawn a key yet. */
static uint64_t hash_of_process(void)
{
	uint64_t hash = 0;
	int ends[2];
	assert_int_equal(pipe(ends), 0);
	if (fork() == 0) {
		hash = hash_octets("text", 4);
		_exit(write(ends[1], &hash, sizeof hash) == sizeof hash ? 0 : 1);
	}
	assert_int_equal(read(ends[0], &hash, sizeof hash), sizeof hash);
	wait(NULL);
	close(ends[0]);
	close(ends[1]);
	return hash;
}

/* First of all: the children draw their own. */
static void the_key_is_drawn(void **state)
{
	assert_false(hash_of_process() == hash_of_process());
	assert_int_not_equal(hash_seed(), 0);
	assert_true(hash_seed() == hash_seed());
	assert_true(hash_of_process() == hash_of_process());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_key_is_drawn),
		cmocka_unit_test(it_is_siphash),
		cmocka_unit_test(equal_keys_have_equal_hashes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
