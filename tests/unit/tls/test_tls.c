/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * test_tls.c - handshakes built here octet by octet, fed whole and in every size of piece, must show what is in them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>

#include "tls.h"

/* ---- building ---- */

static void add(GByteArray *to, uint64_t number, int octets)
{
	while (octets-- > 0) {
		guint8 octet = (guint8)(number >> (8 * octets));
		g_byte_array_append(to, &octet, 1);
	}
}

/* add_vector - `what` after its length in `octets` octets; frees `what`. */
static void add_vector(GByteArray *to, int octets, GByteArray *what)
{
	add(to, what->len, octets);
	g_byte_array_append(to, what->data, what->len);
	g_byte_array_free(what, TRUE);
}

static GByteArray *text(const char *string)
{
	return g_byte_array_append(g_byte_array_new(), (const guint8 *)string, (guint)strlen(string));
}

static GByteArray *numbers(const uint16_t *list, size_t count)
{
	GByteArray *out = g_byte_array_new();
	for (size_t i = 0; i < count; i++)
		add(out, list[i], 2);
	return out;
}

static void add_extension(GByteArray *to, uint16_t type, GByteArray *body)
{
	add(to, type, 2);
	add_vector(to, 2, body);
}

static GByteArray *server_name(const char *name)
{
	GByteArray *entry = g_byte_array_new(), *out = g_byte_array_new();
	add(entry, 0, 1);
	add_vector(entry, 2, text(name));
	add_vector(out, 2, entry);
	return out;
}

static GByteArray *alpn(const char *const *names)
{
	GByteArray *list = g_byte_array_new(), *out = g_byte_array_new();
	for (; *names; names++)
		add_vector(list, 1, text(*names));
	add_vector(out, 2, list);
	return out;
}

static GByteArray *vector_of(int octets, GByteArray *what)
{
	GByteArray *out = g_byte_array_new();
	add_vector(out, octets, what);
	return out;
}

/* hello_client - a ClientHello; frees `ciphers` and `extensions` (NULL: none). */
static GByteArray *hello_client(uint16_t version, GByteArray *ciphers, GByteArray *extensions)
{
	GByteArray *body = g_byte_array_new(), *out = g_byte_array_new();
	add(body, version, 2);
	for (int i = 0; i < 32; i++)
		add(body, 7, 1);
	add_vector(body, 1, text("session"));
	add_vector(body, 2, ciphers);
	add(body, 0x0100, 2); /* one compression method, none */
	if (extensions)
		add_vector(body, 2, extensions);
	add(out, 1, 1);
	add_vector(out, 3, body);
	return out;
}

static GByteArray *hello_server(uint16_t version, uint16_t cipher, bool retry, GByteArray *extensions)
{
	GByteArray *body = g_byte_array_new(), *out = g_byte_array_new();
	uint8_t random[32] = { 0 };
	if (retry)
		EVP_Digest("HelloRetryRequest", 17, random, NULL, EVP_sha256(), NULL);
	add(body, version, 2);
	g_byte_array_append(body, random, sizeof random);
	add_vector(body, 1, text(""));
	add(body, cipher, 2);
	add(body, 0, 1);
	if (extensions)
		add_vector(body, 2, extensions);
	add(out, 2, 1);
	add_vector(out, 3, body);
	return out;
}

/* records - a message cut into records of at most `most` octets; frees it. */
static GByteArray *records(uint8_t type, GByteArray *message, size_t most)
{
	GByteArray *out = g_byte_array_new();
	for (size_t at = 0; at < message->len; at += most) {
		size_t size = MIN(most, message->len - at);
		add(out, type, 1);
		add(out, 0x0301, 2);
		add(out, size, 2);
		g_byte_array_append(out, message->data + at, (guint)size);
	}
	g_byte_array_free(message, TRUE);
	return out;
}

static void join(GByteArray *to, GByteArray *more)
{
	g_byte_array_append(to, more->data, more->len);
	g_byte_array_free(more, TRUE);
}

/* feed - hands on the octets in pieces of `step`, each in memory of its own size; frees them. */
static void feed(struct tls *tls, enum direction direction, GByteArray *octets, size_t step)
{
	for (size_t at = 0; at < octets->len; at += step) {
		size_t size = MIN(step, octets->len - at);
		uint8_t *copy = g_memdup2(octets->data + at, size);
		assert_true(tls_bytes(tls, direction, span_of(copy, size), 0, 0));
		g_free(copy);
	}
	g_byte_array_free(octets, TRUE);
}

static const size_t steps[] = { 1, 2, 3, 5, 7, 64, 100000 };
#define FOR_STEPS(step) for (size_t n_ = 0, step; n_ < G_N_ELEMENTS(steps) && (step = steps[n_]); n_++)

static GByteArray *plain_client_hello(void)
{
	static const uint16_t ciphers[] = { 0xc02f, 0x002f };
	GByteArray *extensions = g_byte_array_new();
	add_extension(extensions, 0, server_name("mx.example.org"));
	return hello_client(0x0303, numbers(ciphers, 2), extensions);
}

/* chosen_version - the supported_versions extension as a server sends it. */
static GByteArray *chosen_version(uint16_t version)
{
	GByteArray *extensions = g_byte_array_new(), *body = g_byte_array_new();
	add(body, version, 2);
	add_extension(extensions, 0x2b, body);
	return extensions;
}

/* ---- the tests ---- */

/* The example of the published description of JA4. GREASE is in every allowed place. */
static void ja4_is_as_published(void **state)
{
	static const uint16_t ciphers[] = { 0x8a8a, 0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9,
		0xcca8, 0xc013, 0xc014, 0x009c, 0x009d, 0x002f, 0x0035 };
	static const uint16_t algorithms[] = { 0x3a3a, 0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601 };
	static const uint16_t versions[] = { 0xfafa, 0x0303, 0x0304 };
	static const uint16_t empty[] = { 0x0033, 0x4469, 0x0017, 0x002d, 0x0005, 0x0023, 0x0012, 0xff01, 0x000b,
		0x000a, 0x0015, 0xdada };
	static const char *const names[] = { "h2", "http/1.1", NULL };

	FOR_STEPS(step)
	{
		GByteArray *extensions = g_byte_array_new();
		add_extension(extensions, 0x1a1a, text(""));
		add_extension(extensions, 0x001b, text("x"));
		add_extension(extensions, 0x0000, server_name("mail.example.org"));
		add_extension(extensions, 0x0010, alpn(names));
		add_extension(extensions, 0x000d, vector_of(2, numbers(algorithms, G_N_ELEMENTS(algorithms))));
		add_extension(extensions, 0x002b, vector_of(1, numbers(versions, G_N_ELEMENTS(versions))));
		for (size_t i = 0; i < G_N_ELEMENTS(empty); i++)
			add_extension(extensions, empty[i], text(""));
		GByteArray *hello = hello_client(0x0303, numbers(ciphers, G_N_ELEMENTS(ciphers)), extensions);

		struct tls *tls = tls_new(NULL, NULL, NULL, 0);
		feed(tls, UP, records(22, hello, 16000), step);
		const struct tls_info *info = tls_info(tls);
		assert_true(info->client_hello);
		assert_string_equal(info->ja4, "t13d1516h2_8daaf6152771_e5627efa2ab1");
		assert_string_equal(info->sni, "mail.example.org");
		assert_int_equal(info->alpn->len, 2);
		assert_string_equal(info->alpn->pdata[1], "http/1.1");
		assert_null(info->version);
		assert_false(tls_ready(tls));
		tls_free(tls);
	}
}

static void ja4_of(const char *expected, uint16_t version, const char *protocol)
{
	const char *const names[] = { protocol, NULL };
	GByteArray *extensions = NULL;
	if (protocol)
		add_extension(extensions = g_byte_array_new(), 0x0010, alpn(names));
	struct tls *tls = tls_new(NULL, NULL, NULL, 0);
	feed(tls, UP, records(22, hello_client(version, g_byte_array_new(), extensions), 16000), 9);
	assert_string_equal(tls_info(tls)->ja4, expected);
	tls_free(tls);
}

static void ja4_corners(void **state)
{
	ja4_of("t12i000000_000000000000_000000000000", 0x0303, NULL);
	ja4_of("t10i000000_000000000000_000000000000", 0x0301, NULL);
	ja4_of("ts3i000000_000000000000_000000000000", 0x0300, NULL);
	ja4_of("t00i000000_000000000000_000000000000", 0x0399, NULL);
	ja4_of("t12i0001h1_000000000000_000000000000", 0x0303, "http/1.1");
	ja4_of("t12i0001xx_000000000000_000000000000", 0x0303, "x");
	ja4_of("t12i0001ab_000000000000_000000000000", 0x0303, "\xab");
	ja4_of("t12i0001ad_000000000000_000000000000", 0x0303, "\xab\xcd");
	ja4_of("t12i00013b_000000000000_000000000000", 0x0303, "0\xab");
	ja4_of("t12i00013d_000000000000_000000000000", 0x0303, "01\xab\xcd");
	ja4_of("t12i000101_000000000000_000000000000", 0x0303,
		"0\xab\xcd"
		"1");
	ja4_of("t12i000100_000000000000_000000000000", 0x0303, "");
	ja4_of("t12i000100_000000000000_000000000000", 0x0303, "\x1a\x1a");
}

/* Extensions without signature algorithms have no underscore behind them: this is SHA-256 of "002b". */
static void ja4_without_signature_algorithms(void **state)
{
	static const uint8_t versions[] = { 2, 3, 4 };
	GByteArray *extensions = g_byte_array_new(), *body = g_byte_array_new();
	g_byte_array_append(body, versions, sizeof versions);
	add_extension(extensions, 0x002b, body);
	struct tls *tls = tls_new(NULL, NULL, NULL, 0);
	feed(tls, UP, records(22, hello_client(0x0303, g_byte_array_new(), extensions), 16000), 9);
	assert_string_equal(tls_info(tls)->ja4, "t13i000100_000000000000_b9a491fefe05");
	tls_free(tls);
}

/* flight - the server's clear part of a TLS 1.2 handshake around a certificate list. */
static GByteArray *flight(uint16_t version, uint16_t cipher, GByteArray *certificates, size_t record)
{
	GByteArray *out = hello_server(version, cipher, false, NULL);
	add(out, 11, 1);
	add_vector(out, 3, vector_of(3, certificates));
	add(out, 12, 1); /* ServerKeyExchange: passed over */
	add_vector(out, 3, text("key exchange"));
	add(out, 14, 1); /* ServerHelloDone */
	add(out, 0, 3);
	return records(22, out, record);
}

/* certificate - a self-signed certificate, DER after its length in three octets. */
static GByteArray *certificate(const char *not_before, const char *not_after)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *x509 = X509_new();
	X509_set_version(x509, X509_VERSION_3);
	ASN1_INTEGER_set_uint64(X509_get_serialNumber(x509), 0xc0ffee);
	ASN1_TIME_set_string_X509(X509_getm_notBefore(x509), not_before);
	ASN1_TIME_set_string_X509(X509_getm_notAfter(x509), not_after);
	X509_NAME *name = X509_get_subject_name(x509);
	X509_NAME_add_entry_by_txt(name, "O", MBSTRING_UTF8, (const unsigned char *)"Caf\xc3\xa9, Ltd", -1, -1, 0);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *)"mx.example.org", -1, -1, 0);
	X509_set_issuer_name(x509, name);
	X509_EXTENSION *names = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name,
		"DNS:mx.example.org,IP:192.0.2.1,IP:2001:db8::1,email:a@example.org,RID:1.2.3");
	X509_add_ext(x509, names, -1);
	X509_EXTENSION_free(names);
	X509_set_pubkey(x509, key);
	X509_sign(x509, key, EVP_sha256());
	unsigned char *der = NULL;
	int size = i2d_X509(x509, &der);
	assert_true(size > 0);
	GByteArray *out = vector_of(3, g_byte_array_append(g_byte_array_new(), der, (guint)size));
	OPENSSL_free(der);
	X509_free(x509);
	EVP_PKEY_free(key);
	return out;
}

static void certificate_is_read(void **state)
{
	GByteArray *der = certificate("20240102030405Z", "20250102030405Z");
	uint8_t digest[20];
	EVP_Digest(der->data + 3, der->len - 3, digest, NULL, EVP_sha1(), NULL);
	char fingerprint[61];
	for (int i = 0; i < 20; i++)
		g_snprintf(fingerprint + 3 * i, 4, "%02x:", digest[i]);
	fingerprint[59] = '\0';

	/* in records that cut every message, too */
	const size_t sizes[] = { 16000, 100, 11, 1 };
	for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++)
		FOR_STEPS(step)
		{
			struct tls *tls = tls_new(NULL, NULL, NULL, 0);
			feed(tls, UP, records(22, plain_client_hello(), sizes[i]), step);
			assert_false(tls_ready(tls));
			GByteArray *list = g_byte_array_append(g_byte_array_new(), der->data, der->len);
			add_vector(list, 3, text("a second certificate is not looked at"));
			feed(tls, DOWN, flight(0x0303, 0xc02f, list, sizes[i]), step);
			assert_true(tls_ready(tls));
			assert_false(tls_ready(tls));

			const struct tls_info *info = tls_info(tls);
			assert_string_equal(info->version, "TLS 1.2");
			assert_string_equal(info->cipher, "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256");
			assert_true(info->has_certificate);
			assert_string_equal(info->subject, "O=Caf\xc3\xa9\\, Ltd, CN=mx.example.org");
			assert_string_equal(info->issuerdn, info->subject);
			assert_string_equal(info->serial, "C0:FF:EE");
			assert_string_equal(info->fingerprint, fingerprint);
			assert_int_equal(info->not_before, INT64_C(1704164645) * NANOSECONDS_PER_SECOND);
			assert_int_equal(info->not_after, INT64_C(1735787045) * NANOSECONDS_PER_SECOND);
			assert_int_equal(info->subject_alt_names->len, 4);
			assert_string_equal(info->subject_alt_names->pdata[0], "mx.example.org");
			assert_string_equal(info->subject_alt_names->pdata[1], "192.0.2.1");
			assert_string_equal(info->subject_alt_names->pdata[2], "2001:db8::1");
			assert_string_equal(info->subject_alt_names->pdata[3], "a@example.org");
			tls_free(tls);
		}
	g_byte_array_free(der, TRUE);
}

/* Negotiated anew in the same connection: the record of TLS names the certificate that came first. */
static void the_first_certificate_stays(void **state)
{
	struct tls *tls = tls_new(NULL, NULL, NULL, 0);
	feed(tls, DOWN, flight(0x0303, 0xc02f, certificate("20240102030405Z", "20250102030405Z"), 16000), 1000);
	feed(tls, DOWN, flight(0x0303, 0xc02f, certificate("20240102030405Z", "20990102030405Z"), 16000), 1000);
	assert_int_equal(tls_info(tls)->not_after, INT64_C(1735787045) * NANOSECONDS_PER_SECOND);
	tls_free(tls);
}

static void a_time_beyond_nanoseconds_is_the_last(void **state)
{
	struct tls *tls = tls_new(NULL, NULL, NULL, 0);
	feed(tls, DOWN, flight(0x0303, 0xc02f, certificate("20240102030405Z", "99991231235959Z"), 16000), 1000);
	assert_true(tls_info(tls)->not_after == INT64_MAX);
	tls_free(tls);
}

static void a_certificate_that_is_none_is_left_out(void **state)
{
	struct tls *tls = tls_new(NULL, NULL, NULL, 0);
	feed(tls, DOWN, flight(0x0303, 0xc02f, vector_of(3, text("\x30\x82garbage")), 16000), 1000);
	assert_false(tls_info(tls)->has_certificate);
	assert_null(tls_info(tls)->subject);
	assert_string_equal(tls_info(tls)->version, "TLS 1.2");
	tls_free(tls);
}

static void old_versions_have_their_names(void **state)
{
	static const char *const names[] = { "SSLv3", "TLSv1", "TLS 1.1", "TLS 1.2" };
	for (uint16_t i = 0; i < 4; i++) {
		struct tls *tls = tls_new(NULL, NULL, NULL, 0);
		feed(tls, UP, records(22, plain_client_hello(), 16000), 1000);
		feed(tls, DOWN, records(22, hello_server(0x0300 + i, 0xfefe, false, NULL), 16000), 1000);
		assert_string_equal(tls_info(tls)->version, names[i]);
		assert_int_equal(tls_info(tls)->version_number, 0x0300 + i);
		assert_null(tls_info(tls)->cipher);
		assert_int_equal(tls_info(tls)->cipher_number, 0xfefe);
		tls_free(tls);
	}
}

static void tls_13_is_ready_with_the_server_hello(void **state)
{
	FOR_STEPS(step)
	{
		struct tls *tls = tls_new(NULL, NULL, NULL, 0);
		feed(tls, UP, records(22, plain_client_hello(), 16000), step);
		feed(tls, DOWN, records(22, hello_server(0x0303, 0x1302, false, chosen_version(0x0304)), 16000), step);
		assert_true(tls_ready(tls));
		assert_string_equal(tls_info(tls)->version, "TLS 1.3");
		assert_int_equal(tls_info(tls)->version_number, 0x0304);
		assert_string_equal(tls_info(tls)->cipher, "TLS_AES_256_GCM_SHA384");
		/* what follows is encrypted, whatever it looks like */
		GByteArray *list = certificate("20240102030405Z", "20250102030405Z");
		feed(tls, DOWN, flight(0x0301, 0x0005, list, 16000), step);
		assert_false(tls_info(tls)->has_certificate);
		assert_string_equal(tls_info(tls)->version, "TLS 1.3");
		tls_free(tls);
	}
}

static void a_hello_retry_is_not_yet_the_answer(void **state)
{
	struct tls *tls = tls_new(NULL, NULL, NULL, 0);
	feed(tls, UP, records(22, plain_client_hello(), 16000), 1000);
	feed(tls, DOWN, records(22, hello_server(0x0303, 0x1301, true, chosen_version(0x0304)), 16000), 1000);
	assert_false(tls_info(tls)->server_hello);
	assert_false(tls_ready(tls));
	feed(tls, DOWN, records(20, text("\1"), 1), 1); /* for show */
	feed(tls, UP, records(20, text("\1"), 1), 1);
	static const uint16_t other[] = { 0x1301 };
	feed(tls, UP, records(22, hello_client(0x0303, numbers(other, 1), NULL), 16000), 1000);
	feed(tls, DOWN, records(22, hello_server(0x0303, 0x1301, false, chosen_version(0x0304)), 16000), 1000);
	assert_true(tls_ready(tls));
	assert_string_equal(tls_info(tls)->version, "TLS 1.3");
	assert_string_equal(tls_info(tls)->sni, "mx.example.org");
	tls_free(tls);
}

static void a_resumed_session_is_ready_when_it_is_encrypted(void **state)
{
	struct tls *tls = tls_new(NULL, NULL, NULL, 0);
	static const char *const chosen[] = { "smtp", NULL };
	GByteArray *extensions = g_byte_array_new();
	add_extension(extensions, 0x0010, alpn(chosen));
	feed(tls, UP, records(22, plain_client_hello(), 16000), 1000);
	feed(tls, DOWN, records(22, hello_server(0x0303, 0xc030, false, extensions), 16000), 1000);
	assert_false(tls_ready(tls));
	feed(tls, DOWN, records(20, text("\1"), 1), 1);
	assert_true(tls_ready(tls));
	assert_string_equal(tls_info(tls)->alpn_chosen, "smtp");
	tls_free(tls);
}

static void a_refused_handshake_is_ready(void **state)
{
	FOR_STEPS(step)
	{
		struct tls *tls = tls_new(NULL, NULL, NULL, 0);
		feed(tls, UP, records(22, plain_client_hello(), 16000), step);
		feed(tls, DOWN, records(21, text("\1\x70"), 2), step); /* after a warning it continues */
		assert_false(tls_ready(tls));
		feed(tls, DOWN, records(21, text("\2\x28"), 2), step);
		assert_true(tls_ready(tls));
		assert_null(tls_info(tls)->version);
		tls_free(tls);
	}
}

static void an_ssl2_hello_is_passed_over(void **state)
{
	FOR_STEPS(step)
	{
		GByteArray *hello = g_byte_array_new();
		add(hello, 0x8000 | (9 + 3 + 16), 2);
		add(hello, 1, 1);
		add(hello, 0x0301, 2);
		add(hello, 3, 2);
		add(hello, 0, 2);
		add(hello, 16, 2);
		add(hello, 0x000005, 3);
		add(hello, 0, 8);
		add(hello, 0, 8);
		assert_int_equal(tls_looks_like(span_of(hello->data, hello->len)), 1);
		assert_int_equal(tls_looks_like(span_of(hello->data, 4)), -1);
		join(hello, records(20, text("\1"), 1));
		struct tls *tls = tls_new(NULL, NULL, NULL, 0);
		feed(tls, UP, hello, step);
		assert_true(tls_info(tls)->client_hello);
		assert_string_equal(tls_info(tls)->ja4, "");
		feed(tls, DOWN, flight(0x0301, 0x0005, text(""), 16000), step);
		assert_true(tls_ready(tls));
		assert_string_equal(tls_info(tls)->version, "TLSv1");
		assert_string_equal(tls_info(tls)->cipher, "TLS_RSA_WITH_RC4_128_SHA");
		tls_free(tls);
	}
}

static void what_is_not_tls_is_refused(void **state)
{
	static const char *const texts[] = { "EHLO there\r\n", "220 ready\r\n", "\x16\x02\x01", "\x16\x03\x09",
		"\x16\x03\x01\xff" };
	for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
		struct span bytes = { (const uint8_t *)texts[i], strlen(texts[i]) };
		struct tls *tls = tls_new(NULL, NULL, NULL, 0);
		assert_int_equal(tls_looks_like(bytes), 0);
		assert_false(tls_bytes(tls, UP, bytes, 0, 0));
		assert_int_equal(tls_info(tls)->bytes[UP], 0);
		tls_free(tls);
	}
	assert_int_equal(tls_looks_like(span_of(NULL, 0)), -1);
	assert_int_equal(tls_looks_like(span_of("\x16\x03\x01\0\4", 4)), -1);
	assert_int_equal(tls_looks_like(span_of("\x16\x03\x01\0\4", 5)), 1);
	assert_int_equal(tls_looks_like(span_of("\x16\x03\x01\0\0", 5)), 0);
	assert_int_equal(tls_looks_like(span_of("\x15\x03\x01\0\2", 5)), 1);
	assert_int_equal(tls_looks_like(span_of("\x17\x03\x01\0\4", 5)), 0);
	/* a ClientHello in the format of SSL 2, for SSL 2 and for SSL 3 to TLS 1.3 */
	assert_int_equal(tls_looks_like(span_of("\x80\x2e\1\0\2", 5)), 1);
	assert_int_equal(tls_looks_like(span_of("\x80\x2e\1\0\3", 5)), 0);
	assert_int_equal(tls_looks_like(span_of("\x80\x2e\1\3\4", 5)), 1);
	assert_int_equal(tls_looks_like(span_of("\x80\x2e\1\3\5", 5)), 0);
	assert_int_equal(tls_looks_like(span_of("\x80\x09\1", 3)), -1);
	assert_int_equal(tls_looks_like(span_of("\x80\x08\1", 3)), 0);
}

/* A fatal alert is one when both of its octets are there. */
static void an_alert_in_pieces(void **state)
{
	static const uint8_t alert[] = { 21, 3, 3, 0, 2, 2, 40 };
	struct tls *tls = tls_new(NULL, NULL, NULL, 0);
	for (size_t i = 0; i < sizeof alert; i++) {
		assert_false(tls_ready(tls));
		const uint8_t octet[] = { alert[i], 40 }; /* what stands after it is not its own */
		tls_bytes(tls, DOWN, span_of(octet, 1), i, 0);
	}
	assert_true(tls_ready(tls));
	tls_free(tls);
}

static void behind_a_hole_octets_are_counted(void **state)
{
	struct tls *tls = tls_new(NULL, NULL, NULL, 0);
	feed(tls, UP, records(22, plain_client_hello(), 16000), 1000);
	uint64_t hello = tls_info(tls)->bytes[UP];
	tls_gap(tls, DOWN, 500);
	assert_false(tls_ready(tls));
	feed(tls, DOWN, text("whatever this is"), 4);
	assert_true(tls_ready(tls));
	assert_int_equal(tls_info(tls)->bytes[DOWN], 16);
	assert_int_equal(tls_info(tls)->bytes[UP], hello);
	tls_free(tls);
}

/* What is missing before the first record can be what was said in clear, such as the 220 to STARTTLS. */
static void behind_a_hole_before_it_tls_begins(void **state)
{
	struct tls *tls = tls_new(NULL, NULL, NULL, 0);
	feed(tls, UP, records(22, plain_client_hello(), 16000), 1000);
	tls_gap(tls, DOWN, 8);
	feed(tls, DOWN, records(22, hello_server(0x0303, 0xc02f, false, NULL), 16000), 7);
	assert_true(tls_info(tls)->server_hello);
	tls_gap(tls, DOWN, 8);
	assert_true(tls_ready(tls));
	tls_free(tls);
}

/* A message beyond the limit is passed over, and the next one is read. */
static void a_huge_message_is_passed_over(void **state)
{
	GByteArray *flood = g_byte_array_new();
	add(flood, 11, 1);
	add(flood, TLS_HANDSHAKE_MAX + 1, 3);
	g_byte_array_set_size(flood, flood->len + TLS_HANDSHAKE_MAX + 1);
	memset(flood->data + 4, 0, TLS_HANDSHAKE_MAX + 1);
	join(flood, hello_server(0x0302, 0x002f, false, NULL));
	struct tls *tls = tls_new(NULL, NULL, NULL, 0);
	feed(tls, DOWN, records(22, flood, 16384), 1460);
	assert_string_equal(tls_info(tls)->version, "TLS 1.1");
	assert_false(tls_info(tls)->has_certificate);
	tls_free(tls);
}

/* Every cut and every single wrong octet of both flights: nothing is read beyond its end, nothing leaks. */
static void damaged_handshakes_do_no_harm(void **state)
{
	GByteArray *flights[] = { records(22, plain_client_hello(), 16000),
		flight(0x0303, 0xc02f, certificate("20240102030405Z", "20250102030405Z"), 300) };
	for (int direction = UP; direction <= DOWN; direction++) {
		GByteArray *good = flights[direction];
		for (guint at = 5; at < good->len; at++)
			for (int kind = 0; kind < 3; kind++) {
				GByteArray *bad =
					g_byte_array_append(g_byte_array_new(), good->data, kind ? good->len : at);
				if (kind)
					bad->data[at] = kind == 1 ? 0xff : 0;
				struct tls *tls = tls_new(NULL, NULL, NULL, 0);
				feed(tls, direction, bad, 100000);
				tls_free(tls);
			}
		g_byte_array_free(good, TRUE);
	}
}

static void a_nul_in_a_name_is_spelled_out(void **state)
{
	GByteArray *entry = g_byte_array_new(), *extensions = g_byte_array_new();
	add(entry, 0, 1);
	add(entry, 3, 2);
	g_byte_array_append(entry, (const guint8 *)"a\0b", 3);
	add_extension(extensions, 0, vector_of(2, entry));
	struct tls *tls = tls_new(NULL, NULL, NULL, 0);
	feed(tls, UP, records(22, hello_client(0x0303, g_byte_array_new(), extensions), 16000), 1000);
	assert_string_equal(tls_info(tls)->sni, "a\\0b");
	tls_free(tls);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ja4_is_as_published),
		cmocka_unit_test(ja4_corners),
		cmocka_unit_test(ja4_without_signature_algorithms),
		cmocka_unit_test(certificate_is_read),
		cmocka_unit_test(the_first_certificate_stays),
		cmocka_unit_test(a_time_beyond_nanoseconds_is_the_last),
		cmocka_unit_test(a_certificate_that_is_none_is_left_out),
		cmocka_unit_test(old_versions_have_their_names),
		cmocka_unit_test(tls_13_is_ready_with_the_server_hello),
		cmocka_unit_test(a_hello_retry_is_not_yet_the_answer),
		cmocka_unit_test(a_resumed_session_is_ready_when_it_is_encrypted),
		cmocka_unit_test(a_refused_handshake_is_ready),
		cmocka_unit_test(an_ssl2_hello_is_passed_over),
		cmocka_unit_test(an_alert_in_pieces),
		cmocka_unit_test(what_is_not_tls_is_refused),
		cmocka_unit_test(behind_a_hole_octets_are_counted),
		cmocka_unit_test(behind_a_hole_before_it_tls_begins),
		cmocka_unit_test(a_huge_message_is_passed_over),
		cmocka_unit_test(damaged_handshakes_do_no_harm),
		cmocka_unit_test(a_nul_in_a_name_is_spelled_out),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
