/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * suites.c - the record protection of cipher suites: one table, by the end of the suite's IANA name.
 *
 * The part before _WITH_ names the key exchange, which does not matter once a key log has the secret.
 */
#include "parts.h"

#include <string.h>

/* clang-format off */
static const struct suite suites[] = {
	/* end of the name             kind           cipher               mac       PRF       key tag */
	{ "AES_128_GCM_SHA256",       SUITE_GCM,     "AES-128-GCM",       NULL,     "SHA256", 16, 16 },
	{ "AES_256_GCM_SHA384",       SUITE_GCM,     "AES-256-GCM",       NULL,     "SHA384", 32, 16 },
	{ "ARIA_128_GCM_SHA256",      SUITE_GCM,     "ARIA-128-GCM",      NULL,     "SHA256", 16, 16 },
	{ "ARIA_256_GCM_SHA384",      SUITE_GCM,     "ARIA-256-GCM",      NULL,     "SHA384", 32, 16 },
	{ "AES_128_CCM",              SUITE_CCM,     "AES-128-CCM",       NULL,     "SHA256", 16, 16 },
	{ "AES_256_CCM",              SUITE_CCM,     "AES-256-CCM",       NULL,     "SHA256", 32, 16 },
	{ "AES_128_CCM_8",            SUITE_CCM,     "AES-128-CCM",       NULL,     "SHA256", 16,  8 },
	{ "AES_256_CCM_8",            SUITE_CCM,     "AES-256-CCM",       NULL,     "SHA256", 32,  8 },
	{ "AES_128_CCM_SHA256",       SUITE_CCM,     "AES-128-CCM",       NULL,     "SHA256", 16, 16 },
	{ "AES_128_CCM_8_SHA256",     SUITE_CCM,     "AES-128-CCM",       NULL,     "SHA256", 16,  8 },
	{ "CHACHA20_POLY1305_SHA256", SUITE_CHACHA,  "ChaCha20-Poly1305", NULL,     "SHA256", 32, 16 },
	{ "AES_128_CBC_SHA",          SUITE_CBC,     "AES-128-CBC",       "SHA1",   "SHA256", 16,  0 },
	{ "AES_256_CBC_SHA",          SUITE_CBC,     "AES-256-CBC",       "SHA1",   "SHA256", 32,  0 },
	{ "AES_128_CBC_SHA256",       SUITE_CBC,     "AES-128-CBC",       "SHA256", "SHA256", 16,  0 },
	{ "AES_256_CBC_SHA256",       SUITE_CBC,     "AES-256-CBC",       "SHA256", "SHA256", 32,  0 },
	{ "AES_256_CBC_SHA384",       SUITE_CBC,     "AES-256-CBC",       "SHA384", "SHA384", 32,  0 },
	{ "CAMELLIA_128_CBC_SHA",     SUITE_CBC,     "CAMELLIA-128-CBC",  "SHA1",   "SHA256", 16,  0 },
	{ "CAMELLIA_256_CBC_SHA",     SUITE_CBC,     "CAMELLIA-256-CBC",  "SHA1",   "SHA256", 32,  0 },
	{ "CAMELLIA_128_CBC_SHA256",  SUITE_CBC,     "CAMELLIA-128-CBC",  "SHA256", "SHA256", 16,  0 },
	{ "CAMELLIA_256_CBC_SHA256",  SUITE_CBC,     "CAMELLIA-256-CBC",  "SHA256", "SHA256", 32,  0 },
	{ "CAMELLIA_256_CBC_SHA384",  SUITE_CBC,     "CAMELLIA-256-CBC",  "SHA384", "SHA384", 32,  0 },
	{ "ARIA_128_CBC_SHA256",      SUITE_CBC,     "ARIA-128-CBC",      "SHA256", "SHA256", 16,  0 },
	{ "ARIA_256_CBC_SHA384",      SUITE_CBC,     "ARIA-256-CBC",      "SHA384", "SHA384", 32,  0 },
	{ "3DES_EDE_CBC_SHA",         SUITE_CBC,     "DES-EDE3-CBC",      "SHA1",   "SHA256", 24,  0 },
};
/* clang-format on */

const struct suite *suite_find(uint16_t number)
{
	const char *name = tls_cipher_name(number);
	const char *with = name ? strstr(name, "_WITH_") : NULL;
	const char *end = with ? with + strlen("_WITH_") : name ? name + strlen("TLS_") : "";
	for (size_t i = 0; i < G_N_ELEMENTS(suites); i++)
		if (strcmp(suites[i].name, end) == 0)
			return &suites[i];
	return NULL;
}
