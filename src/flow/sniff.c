/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * sniff.c - see sniff.h.
 */
#include "sniff.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

/* starts_with - do the bytes begin with the word, in upper or lower case? SNIFF_UNDECIDED: too few bytes. */
static enum sniff starts_with(struct span bytes, const char *word)
{
	size_t length = strlen(word);
	size_t part = bytes.size < length ? bytes.size : length;
	if (strncasecmp((const char *)bytes.data, word, part) != 0)
		return SNIFF_OTHER;
	return part == length ? SNIFF_SMTP : SNIFF_UNDECIDED;
}

/* starts_with_any - the same for the words of a list that ends with NULL. */
static enum sniff starts_with_any(struct span bytes, const char *const *words)
{
	enum sniff result = SNIFF_OTHER;
	for (; *words; words++) {
		enum sniff one = starts_with(bytes, *words);
		if (one == SNIFF_SMTP)
			return one;
		if (one == SNIFF_UNDECIDED)
			result = one;
	}
	return result;
}

enum sniff sniff_client(struct span bytes)
{
	static const char *const greetings[] = { "EHLO", "HELO", "LHLO", NULL };
	enum sniff result = starts_with_any(bytes, greetings);
	if (result != SNIFF_SMTP)
		return result;
	if (bytes.size == 4)
		return SNIFF_UNDECIDED;
	return memchr(" \t\r\n", bytes.data[4], 4) ? SNIFF_SMTP : SNIFF_OTHER;
}

/* mentions - do the bytes contain this word of four letters, in upper or lower case? */
static bool mentions(struct span bytes, const char *word)
{
	for (size_t i = 0; i + 4 <= bytes.size; i++)
		if (strncasecmp((const char *)bytes.data + i, word, 4) == 0)
			return true;
	return false;
}

/* enhanced_code - does the text after a reply's code begin with an enhanced status code (RFC 3463), as 5.7.1? */
static bool enhanced_code(struct span bytes)
{
	const uint8_t *text = bytes.data + 4;
	return bytes.size >= 9 && isdigit(text[0]) && text[1] == '.' && isdigit(text[2]);
}

enum sniff sniff_server(struct span bytes)
{
	static const char *const codes[] = { "220", "4", "5", NULL };
	enum sniff result = starts_with_any(bytes, codes);
	if (result != SNIFF_SMTP)
		return result;
	for (size_t i = 0; i < 4 && i < bytes.size; i++)
		if (i < 3 ? !isdigit(bytes.data[i]) : !memchr(" -\r\n", bytes.data[i], 4))
			return SNIFF_OTHER;
	/* FTP and NNTP refuse with codes other than 554, and have no enhanced status codes. */
	if (mentions(bytes, "SMTP") || mentions(bytes, "LMTP") || enhanced_code(bytes) ||
		(bytes.size > 3 && starts_with(bytes, "554") == SNIFF_SMTP))
		return SNIFF_SMTP;
	return SNIFF_UNDECIDED;
}

enum sniff sniff_middle_client(struct span bytes)
{
	static const char *const commands[] = { "MAIL FROM:", "RCPT TO:", NULL };
	bool smtp = starts_with_any(bytes, commands) == SNIFF_SMTP || sniff_client(bytes) == SNIFF_SMTP;
	return smtp ? SNIFF_SMTP : SNIFF_UNDECIDED;
}

enum sniff sniff_middle_server(struct span bytes)
{
	/* Only SMTP has 354 and enhanced status codes. A banner may stand anywhere. */
	bool smtp = starts_with(bytes, "354 ") == SNIFF_SMTP ||
		    (starts_with(bytes, "250 ") == SNIFF_SMTP && enhanced_code(bytes)) ||
		    sniff_server(bytes) == SNIFF_SMTP;
	return smtp ? SNIFF_SMTP : SNIFF_UNDECIDED;
}
