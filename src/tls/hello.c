/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * hello.c - parses ClientHello, ServerHello and EncryptedExtensions (RFC 5246 7.4.1, RFC 8446 4.1 to 4.3; RFC 6066, RFC
 * 7301).
 *
 * Every body is borrowed and complete. Only strings of *info are kept. The message limits the lists, and
 * TLS_HANDSHAKE_MAX limits the message.
 */
#include "parts.h"

#include <string.h>

#define TLS_VERSION_DRAFT_13 0x7f00 /* drafts of TLS 1.3 have 0x7f and their number */
#define SERVER_NAME_HOST 0          /* the only type of name that is defined */

/* is_grease - RFC 8701: reserved values that a client sends to test servers; they mean nothing. */
static bool is_grease(uint16_t value)
{
	return (value & 0x0f0f) == 0x0a0a && value >> 8 == (value & 0xff);
}

char *tls_text(struct span octets)
{
	GString *text = g_string_sized_new(octets.size);
	for (size_t i = 0; i < octets.size; i++)
		if (octets.data[i])
			g_string_append_c(text, (char)octets.data[i]);
		else
			g_string_append(text, "\\0");
	return g_string_free(text, FALSE);
}

const char *tls_version_name(uint16_t number)
{
	static const char *const names[] = { "SSLv3", "TLSv1", "TLS 1.1", "TLS 1.2", "TLS 1.3" };
	if (number >= 0x0300 && number <= TLS_VERSION_13)
		return names[number - 0x0300];
	if ((number & 0xff00) == TLS_VERSION_DRAFT_13)
		return "TLS 1.3";
	return NULL;
}

/* take_numbers - the rest of a vector of two-octet numbers, without GREASE. */
static void take_numbers(struct reader list, GArray *numbers)
{
	while (reader_more(&list)) {
		uint16_t number = (uint16_t)reader_number(&list, 2);
		if (!list.bad && !is_grease(number))
			g_array_append_val(numbers, number);
	}
}

/* take_server_name - the host of a server_name extension. */
static void take_server_name(struct reader body, struct tls_info *info)
{
	struct reader names = reader_vector(&body, 2);
	while (reader_more(&names) && !info->sni) {
		uint32_t type = reader_number(&names, 1);
		struct reader name = reader_vector(&names, 2);
		if (!name.bad && type == SERVER_NAME_HOST)
			info->sni = tls_text(name.rest);
	}
}

/* is_grease_name - RFC 8701 reserves names for ALPN, too: the two octets of a GREASE value. */
static bool is_grease_name(struct span name)
{
	return name.size == 2 && is_grease(be16(name.data));
}

/* take_alpn - the protocols of an ALPN extension; returns the first. */
static struct span take_alpn(struct reader body, GPtrArray *protocols)
{
	struct span first = { 0 };
	struct reader names = reader_vector(&body, 2);
	while (reader_more(&names)) {
		struct reader name = reader_vector(&names, 1);
		if (name.bad || is_grease_name(name.rest))
			continue;
		if (!first.data)
			first = name.rest;
		g_ptr_array_add(protocols, tls_text(name.rest));
	}
	return first;
}

/* take_client_extension - takes one extension of a ClientHello. */
static void take_client_extension(uint16_t type, struct reader body, struct client_hello *hello, struct tls_info *info)
{
	if (is_grease(type))
		return;
	g_array_append_val(hello->extensions, type);
	switch (type) {
	case EXTENSION_SERVER_NAME:
		hello->has_sni = true;
		take_server_name(body, info);
		break;
	case EXTENSION_ALPN:
		hello->first_alpn = take_alpn(body, info->alpn);
		break;
	case EXTENSION_SIGNATURE_ALGORITHMS:
		take_numbers(reader_vector(&body, 2), hello->signature_algorithms);
		break;
	case EXTENSION_SUPPORTED_VERSIONS: {
		GArray *versions = g_array_new(FALSE, FALSE, sizeof(uint16_t));
		take_numbers(reader_vector(&body, 1), versions);
		for (guint i = 0; i < versions->len; i++)
			if (i == 0 || g_array_index(versions, uint16_t, i) > hello->version)
				hello->version = g_array_index(versions, uint16_t, i);
		g_array_free(versions, TRUE);
		break;
	}
	default:
		break;
	}
}

bool tls_client_hello(struct span body, struct tls_info *info)
{
	bool early = false;
	struct client_hello hello = { .ciphers = g_array_new(FALSE, FALSE, sizeof(uint16_t)),
		.extensions = g_array_new(FALSE, FALSE, sizeof(uint16_t)),
		.signature_algorithms = g_array_new(FALSE, FALSE, sizeof(uint16_t)) };
	struct reader reader = { body, false };
	hello.version = (uint16_t)reader_number(&reader, 2);
	reader_take(&reader, TLS_RANDOM_SIZE);
	reader_vector(&reader, 1); /* session id */
	take_numbers(reader_vector(&reader, 2), hello.ciphers);
	reader_vector(&reader, 1); /* compression */
	/* A hello of SSL 3 ends here: no extensions. */
	struct reader extensions =
		reader_more(&reader) ? reader_vector(&reader, 2) : (struct reader){ .bad = reader.bad };
	while (reader_more(&extensions)) {
		uint16_t type = (uint16_t)reader_number(&extensions, 2);
		struct reader extension = reader_vector(&extensions, 2);
		early |= !extension.bad && type == EXTENSION_EARLY_DATA;
		if (!extension.bad)
			take_client_extension(type, extension, &hello, info);
	}
	info->client_hello = true;
	if (!extensions.bad)
		tls_ja4(&hello, info->ja4);
	g_array_free(hello.ciphers, TRUE);
	g_array_free(hello.extensions, TRUE);
	g_array_free(hello.signature_algorithms, TRUE);
	return early;
}

/* take_chosen_alpn - the protocol that a server chose. */
static void take_chosen_alpn(struct reader body, struct tls_info *info)
{
	struct reader names = reader_vector(&body, 2), name = reader_vector(&names, 1);
	if (!name.bad && !info->alpn_chosen)
		info->alpn_chosen = tls_text(name.rest);
}

bool tls_server_hello(struct span body, struct server_hello *hello, struct tls_info *info)
{
	/* RFC 8446 4.1.3: a ServerHello with this random (SHA-256 of "HelloRetryRequest") asks for another ClientHello.
	 */
	static const uint8_t retry_random[TLS_RANDOM_SIZE] = { 0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe,
		0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91, 0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e,
		0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c };
	struct reader reader = { body, false };
	*hello = (struct server_hello){ .version = (uint16_t)reader_number(&reader, 2) };
	struct span random = reader_take(&reader, TLS_RANDOM_SIZE);
	reader_vector(&reader, 1); /* session id */
	hello->cipher = (uint16_t)reader_number(&reader, 2);
	hello->compressed = reader_number(&reader, 1) != 0;
	if (reader.bad)
		return false;
	memcpy(hello->random, random.data, TLS_RANDOM_SIZE);
	hello->retry = memcmp(random.data, retry_random, sizeof retry_random) == 0;
	struct reader extensions = reader_more(&reader) ? reader_vector(&reader, 2) : (struct reader){ .bad = true };
	while (reader_more(&extensions)) {
		uint32_t type = reader_number(&extensions, 2);
		struct reader extension = reader_vector(&extensions, 2);
		if (type == EXTENSION_SUPPORTED_VERSIONS && extension.rest.size == 2)
			hello->version = (uint16_t)reader_number(&extension, 2);
		else if (type == EXTENSION_ALPN && !extension.bad)
			take_chosen_alpn(extension, info);
		hello->etm |= !extension.bad && type == EXTENSION_ENCRYPT_THEN_MAC;
	}
	return true;
}

bool tls_encrypted_extensions(struct span body, struct tls_info *info)
{
	bool early = false;
	struct reader message = { body, false }, extensions = reader_vector(&message, 2);
	while (reader_more(&extensions)) {
		uint32_t type = reader_number(&extensions, 2);
		struct reader extension = reader_vector(&extensions, 2);
		early |= !extension.bad && type == EXTENSION_EARLY_DATA;
		if (type == EXTENSION_ALPN && !extension.bad)
			take_chosen_alpn(extension, info);
	}
	return early;
}
