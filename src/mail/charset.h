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
	CHARSET_NONE,  /* not declared: guessed */
	CHARSET_UTF8,  /* needs no iconv */
	CHARSET_ASCII, /* one octet a character, those below 128 are ASCII */
	CHARSET_EUC,   /* two octets a character, both above 160 */
	CHARSET_GBK,   /* two octets (or four), the second may be an ASCII octet; also true of the next three */
	CHARSET_BIG5,
	CHARSET_UHC,
	CHARSET_SJIS,
	CHARSET_SHIFTED, /* escape sequences, or octets that look like ASCII and are not */
	CHARSET_JIS,     /* iso-2022-jp with the additions of Windows: charset.c turns it into EUC-JP */
	CHARSET_HZ       /* HZ, ~{GB2312~}: charset.c turns it into EUC */
};

struct charset {
	const char *labels; /* separated by spaces */
	const char *iconv;  /* iconv's name; NULL: needs none */
	const char *larger; /* label of the superset to use when the text does not fit; NULL */
	enum charset_kind kind;
};

/* charset_find - the charset with this name; NULL when the table does not have it. */
const struct charset *charset_find(const char *name);
void charset_names_exit(void);

#endif
