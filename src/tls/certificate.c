/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * certificate.c - parses the leaf of a Certificate message (RFC 5246 7.4.2, RFC 8446 4.4.2) with libcrypto.
 *
 * Names are one line in the order of the certificate, as EVE has them ("C=.., O=.., CN=.."): escaped as in RFC 2253,
 * but UTF-8 is kept. Serial number and fingerprint (SHA-1, as EVE has it) are hexadecimal with colons. A certificate
 * that libcrypto can't parse is ignored.
 */
#include "parts.h"

#include <time.h>

#include <arpa/inet.h>
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>

/* colon_hex - octets as "AB:CD". */
static char *colon_hex(const unsigned char *octets, size_t size)
{
	char *text = OPENSSL_buf2hexstr(octets, (long)size);
	char *copy = g_strdup(text);
	OPENSSL_free(text);
	return copy;
}

#define NAME_FLAGS                                                                                                     \
	((ASN1_STRFLGS_RFC2253 & ~ASN1_STRFLGS_ESC_MSB) | XN_FLAG_SEP_CPLUS_SPC | XN_FLAG_FN_SN |                      \
		XN_FLAG_DUMP_UNKNOWN_FIELDS)

/* name_line - a distinguished name in one line; NULL when it is empty. */
static char *name_line(const X509_NAME *name)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *octets, *line = NULL;
	if (bio && X509_NAME_print_ex(bio, name, 0, NAME_FLAGS) >= 0) {
		long size = BIO_get_mem_data(bio, &octets);
		if (size > 0)
			line = tls_text(span_of(octets, (size_t)size));
	}
	BIO_free(bio);
	return line;
}

/* nanoseconds - a certificate's time; times out of range ("99991231235959Z") are clamped. */
static int64_t nanoseconds(const ASN1_TIME *time)
{
	struct tm tm;
	int64_t result;
	if (!ASN1_TIME_to_tm(time, &tm))
		return 0;
	int64_t seconds = timegm(&tm);
	if (__builtin_mul_overflow(seconds, NANOSECONDS_PER_SECOND, &result))
		return seconds < 0 ? INT64_MIN : INT64_MAX;
	return result;
}

/* alternative_name - a name as text: DNS, e-mail, URI, IP address; NULL for other types. */
static char *alternative_name(const GENERAL_NAME *name)
{
	int type;
	const ASN1_STRING *value = GENERAL_NAME_get0_value(name, &type);
	char address[INET6_ADDRSTRLEN];
	if (type != GEN_DNS && type != GEN_EMAIL && type != GEN_URI && type != GEN_IPADD)
		return NULL;
	struct span octets = { ASN1_STRING_get0_data(value), (size_t)ASN1_STRING_length(value) };
	if (type != GEN_IPADD)
		return tls_text(octets);
	if (octets.size != 4 && octets.size != 16)
		return NULL;
	return g_strdup(inet_ntop(octets.size == 4 ? AF_INET : AF_INET6, octets.data, address, sizeof address));
}

/* take_alternative_names - the subjectAltName extension. */
static void take_alternative_names(const X509 *x509, struct tls_info *info)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(x509, NID_subject_alt_name, NULL, NULL);
	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		char *text = alternative_name(sk_GENERAL_NAME_value(names, i));
		if (text)
			g_ptr_array_add(info->subject_alt_names, text);
	}
	GENERAL_NAMES_free(names);
}

void tls_certificate(struct span body, struct tls_info *info)
{
	struct reader message = { body, false };
	if (info->version_number >= TLS_VERSION_13)
		reader_vector(
			&message, 1); /* certificate_request_context; the extensions of each certificate are not read */
	struct reader chain = reader_vector(&message, 3), leaf = reader_vector(&chain, 3);
	if (leaf.bad || info->has_certificate)
		return;
	const unsigned char *der = leaf.rest.data;
	X509 *x509 = d2i_X509(NULL, &der, (long)leaf.rest.size);
	if (!x509)
		return;
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned digest_size = 0;
	if (EVP_Digest(leaf.rest.data, leaf.rest.size, digest, &digest_size, EVP_sha1(), NULL)) {
		char *upper = colon_hex(digest, digest_size);
		info->fingerprint = g_ascii_strdown(upper, -1); /* EVE: serial in upper, fingerprint in lower case */
		g_free(upper);
	}
	const ASN1_INTEGER *serial = X509_get0_serialNumber(x509);
	info->serial = colon_hex(ASN1_STRING_get0_data(serial), (size_t)ASN1_STRING_length(serial));
	info->subject = name_line(X509_get_subject_name(x509));
	info->issuerdn = name_line(X509_get_issuer_name(x509));
	info->not_before = nanoseconds(X509_get0_notBefore(x509));
	info->not_after = nanoseconds(X509_get0_notAfter(x509));
	info->has_certificate = true;
	take_alternative_names(x509, info);
	X509_free(x509);
}
