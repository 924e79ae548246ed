/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * charset.h - the table of charsets (charset_names.c), for charset.c.
 */
#ifndef SMTPSCAN_MAIL_CHARSET_H
#define SMTPSCAN_MAIL_CHARSET_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* How the octets of a charset are read. */
enum charset_kind {
	CHARSET_NONE,  /* nothing is said: guessed */
	CHARSET_UTF8,  /* needs no iconv */
	CHARSET_ASCII, /* one octet a character, those below 128 are ASCII */
	CHARSET_EUC,   /* two octets a character, both above 160 */
	CHARSET_GBK,   /* two octets (or four), the second may be ASCII; and so for the next three */
	CHARSET_BIG5,
	CHARSET_UHC,
	CHARSET_SJIS,
	CHARSET_SHIFTED, /* escape sequences, or octets that are no ASCII although they look like it */
	CHARSET_JIS,     /* iso-2022-jp with all that Windows writes in it: read by charset.c, then EUC-JP */
	CHARSET_HZ       /* the same for ~{GB2312~} */
};

struct charset {
	const char *labels; /* apart by spaces */
	const char *iconv;  /* iconv's name; NULL: needs none */
	const char *larger; /* label of what is meant when the text does not fit; NULL */
	enum charset_kind kind;
};

/* charset_find - the charset of a name from the wire; NULL when it is not in the table. */
const struct charset *charset_find(const char *name);
void charset_names_exit(void);

#endif
