/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * letters.h - mails as people send them: headers, text, attachments in base64.
 */
#ifndef SMTPSCAN_BENCH_LETTERS_H
#define SMTPSCAN_BENCH_LETTERS_H

#include <glib.h>

#include "random.h"

struct letter {
	GString *content; /* as RFC 5321 has it, before dots are doubled */
	GString *files;   /* SHA-256 of its attachments, with commas */
	unsigned parts;
};

/* letter_short - text of about `size` octets: plain, quoted-printable, or plain and HTML. */
void letter_short(struct letter *letter, struct dice *dice, size_t size);
/* letter_long - text and one to three files, about `size` octets. */
void letter_long(struct letter *letter, struct dice *dice, size_t size);

/* sha256_text - appends the hash in hexadecimal. */
void sha256_text(GString *out, const void *data, size_t size);

#endif
