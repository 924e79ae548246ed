/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * eve_md5.c - EVE's two hashes of a mail (--hash md5): of the value of Subject as sent, unfolded; and of the body as
 * sent, with line ends: everything after the empty line that ends the header.
 */
#include <openssl/evp.h>
#include <string.h>

#include "mail.h"

struct eve_md5 {
	EVP_MD_CTX *body; /* NULL: libcrypto does not offer MD5 */
	bool begun;       /* the empty line was seen */
	bool line_empty;  /* the current header line has nothing but perhaps a CR so far */
	bool broken;      /* there was a gap: no hash */
};

static void md5_hex(EVP_MD_CTX *context, char hex[static 33])
{
	uint8_t octets[EVP_MAX_MD_SIZE];
	unsigned size = 0;
	if (EVP_DigestFinal_ex(context, octets, &size) != 1)
		return;
	for (unsigned i = 0; i < size; i++)
		g_snprintf(hex + 2 * i, 3, "%02x", octets[i]);
}

struct eve_md5 *eve_md5_new(void)
{
	struct eve_md5 *md5 = g_new0(struct eve_md5, 1);
	md5->line_empty = true;
	md5->body = EVP_MD_CTX_new();
	if (md5->body && EVP_DigestInit_ex(md5->body, EVP_md5(), NULL) != 1)
		g_clear_pointer(&md5->body, EVP_MD_CTX_free);
	return md5;
}

/* skip_header - returns the octets of the piece that belong to the body. */
static struct span skip_header(struct eve_md5 *md5, struct span piece)
{
	size_t at = 0;
	while (at < piece.size && !md5->begun) {
		uint8_t octet = piece.data[at++];
		md5->begun = octet == '\n' && md5->line_empty;
		md5->line_empty = octet == '\n' || (octet == '\r' && md5->line_empty);
	}
	return span_from(piece, at);
}

void eve_md5_feed(struct eve_md5 *md5, struct span piece)
{
	if (!md5->begun)
		piece = skip_header(md5, piece);
	if (piece.size > 0 && md5->body)
		EVP_DigestUpdate(md5->body, piece.data, piece.size);
}

void eve_md5_gap(struct eve_md5 *md5)
{
	md5->broken = true;
}

/* subject - the value of the first Subject. Returns false when there is none. */
static bool subject(const struct mail *mail, struct span *value)
{
	static const char name[] = "subject";
	for (size_t i = 0; i < mail->header_count; i++) {
		const struct mail_header *header = &mail->headers[i];
		*value = header->value;
		if (header->name.size == strlen(name) &&
			g_ascii_strncasecmp((const char *)header->name.data, name, strlen(name)) == 0)
			return true;
	}
	return false;
}

void eve_md5_end(struct eve_md5 *md5, struct mail *mail)
{
	struct span value;
	if (md5->body && md5->begun && !md5->broken && !mail->partial)
		md5_hex(md5->body, mail->body_md5);
	if (md5->body && subject(mail, &value) && EVP_DigestInit_ex(md5->body, EVP_md5(), NULL) == 1 &&
		EVP_DigestUpdate(md5->body, value.data, value.size) == 1)
		md5_hex(md5->body, mail->subject_md5);
	eve_md5_free(md5);
}

void eve_md5_free(struct eve_md5 *md5)
{
	if (md5)
		EVP_MD_CTX_free(md5->body);
	g_free(md5);
}
