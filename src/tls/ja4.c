/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * ja4.c - the JA4 fingerprint of a ClientHello, as FoxIO publishes it (BSD-3-Clause for JA4 itself).
 *
 *   t 13 d 15 16 h2 _ 8daaf6152771 _ e5627efa2ab1
 *   | |  | |  |  |    |              sha256 of the sorted extensions (without SNI and ALPN), "_" and the signature
 *   | |  | |  |  |    |              algorithms in their order; 12 digits
 *   | |  | |  |  |    sha256 of the sorted cipher suites, 12 digits
 *   | |  | |  |  first and last character of the first ALPN value
 *   | |  | number of cipher suites, of extensions (at most 99 of each)
 *   | |  SNI (d) or none (i)
 *   TCP, highest version
 *
 * GREASE values do not count: the caller left them out.
 */
#include "parts.h"

#include <string.h>

#include <openssl/evp.h>

#define JA4_HASH_DIGITS 12
#define JA4_COUNT_MAX 99

/* ja4_version - two characters for a version. */
static const char *ja4_version(uint16_t version)
{
	switch (version) {
	case 0x0304:
		return "13";
	case 0x0303:
		return "12";
	case 0x0302:
		return "11";
	case 0x0301:
		return "10";
	case 0x0300:
		return "s3";
	case 0x0002:
		return "s2";
	default:
		return "00";
	}
}

/* ja4_alpn - first and last character of the value, or of its hexadecimal form when one of them is not alphanumeric. */
static void ja4_alpn(struct span value, char out[static 2])
{
	out[0] = out[1] = '0';
	if (value.size == 0)
		return;
	uint8_t first = value.data[0], last = value.data[value.size - 1];
	if (g_ascii_isalnum(first) && g_ascii_isalnum(last)) {
		out[0] = (char)first;
		out[1] = (char)last;
	} else {
		out[0] = "0123456789abcdef"[first >> 4];
		out[1] = "0123456789abcdef"[last & 15];
	}
}

/* append_list - the numbers as four digits each, with commas. */
static void append_list(GString *text, const GArray *list)
{
	for (guint i = 0; i < list->len; i++)
		g_string_append_printf(text, "%s%04x", i ? "," : "", g_array_index(list, uint16_t, i));
}

/* append_hash - the first digits of the text's SHA-256; zeros for an empty list. */
static void append_hash(char *ja4, const GString *text, bool empty)
{
	unsigned char digest[EVP_MAX_MD_SIZE] = { 0 };
	if (!empty)
		EVP_Digest(text->str, text->len, digest, NULL, EVP_sha256(), NULL);
	char *out = ja4 + strlen(ja4);
	*out++ = '_';
	for (int i = 0; i < JA4_HASH_DIGITS / 2; i++)
		out += g_snprintf(out, 3, "%02x", digest[i]);
}

static int by_number(const void *a, const void *b)
{
	return (int)*(const uint16_t *)a - (int)*(const uint16_t *)b;
}

void tls_ja4(const struct client_hello *hello, char ja4[static 40])
{
	char alpn[2];
	ja4_alpn(hello->first_alpn, alpn);
	g_snprintf(ja4, 40, "t%s%c%02u%02u%c%c", ja4_version(hello->version), hello->has_sni ? 'd' : 'i',
		MIN(hello->ciphers->len, JA4_COUNT_MAX), MIN(hello->extensions->len, JA4_COUNT_MAX), alpn[0], alpn[1]);

	GString *text = g_string_new(NULL);
	g_array_sort(hello->ciphers, by_number);
	append_list(text, hello->ciphers);
	append_hash(ja4, text, hello->ciphers->len == 0);

	g_string_truncate(text, 0);
	GArray *hashed = g_array_new(FALSE, FALSE, sizeof(uint16_t));
	for (guint i = 0; i < hello->extensions->len; i++) {
		uint16_t extension = g_array_index(hello->extensions, uint16_t, i);
		if (extension != EXTENSION_SERVER_NAME && extension != EXTENSION_ALPN)
			g_array_append_val(hashed, extension);
	}
	g_array_sort(hashed, by_number);
	append_list(text, hashed);
	if (hello->signature_algorithms->len > 0) {
		g_string_append_c(text, '_');
		append_list(text, hello->signature_algorithms);
	}
	append_hash(ja4, text, hashed->len == 0);
	g_array_free(hashed, TRUE);
	g_string_free(text, TRUE);
}
