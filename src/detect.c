/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * detect.c - see detect.h.
 */
#include "detect.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

/* starts_with - do BYTES begin with WORD, in any case? DETECT_UNDECIDED when they are too few to say. */
static enum detect starts_with(struct span bytes, const char *word)
{
	size_t length = strlen(word);
	size_t part = bytes.size < length ? bytes.size : length;
	if (strncasecmp((const char *)bytes.data, word, part) != 0)
		return DETECT_OTHER;
	return part == length ? DETECT_SMTP : DETECT_UNDECIDED;
}

/* starts_with_any - the same for the words of a list that ends with NULL. */
static enum detect starts_with_any(struct span bytes, const char *const *words)
{
	enum detect result = DETECT_OTHER;
	for (; *words; words++) {
		enum detect one = starts_with(bytes, *words);
		if (one == DETECT_SMTP)
			return one;
		if (one == DETECT_UNDECIDED)
			result = one;
	}
	return result;
}

enum detect detect_client(struct span bytes)
{
	static const char *const greetings[] = { "EHLO", "HELO", "LHLO", NULL };
	enum detect result = starts_with_any(bytes, greetings);
	if (result != DETECT_SMTP)
		return result;
	if (bytes.size == 4)
		return DETECT_UNDECIDED;
	return memchr(" \t\r\n", bytes.data[4], 4) ? DETECT_SMTP : DETECT_OTHER;
}

/* mentions - is WORD of four letters in there, in any case? */
static bool mentions(struct span bytes, const char *word)
{
	for (size_t i = 0; i + 4 <= bytes.size; i++)
		if (strncasecmp((const char *)bytes.data + i, word, 4) == 0)
			return true;
	return false;
}

enum detect detect_server(struct span bytes)
{
	if (bytes.size == 0)
		return DETECT_UNDECIDED;
	const uint8_t *code = bytes.data;
	bool greeting = code[0] == '2', refusal = code[0] == '4' || code[0] == '5';
	if (!greeting && !refusal)
		return DETECT_OTHER;
	for (size_t i = 1; i < 3 && i < bytes.size; i++)
		if (greeting ? code[i] != "220"[i] : !isdigit(code[i]))
			return DETECT_OTHER;
	if (bytes.size < 4)
		return DETECT_UNDECIDED;
	if (!memchr(" -\r\n", code[3], 4))
		return DETECT_OTHER;
	if (mentions(bytes, "SMTP") || mentions(bytes, "LMTP"))
		return DETECT_SMTP;
	if (greeting)
		return DETECT_UNDECIDED;
	return memchr(bytes.data, '\n', bytes.size) || bytes.size >= DETECT_BYTES ? DETECT_OTHER : DETECT_UNDECIDED;
}

enum detect detect_middle_client(struct span bytes)
{
	static const char *const commands[] = { "MAIL FROM:", "RCPT TO:", NULL };
	if (starts_with_any(bytes, commands) == DETECT_SMTP || detect_client(bytes) == DETECT_SMTP)
		return DETECT_SMTP;
	return DETECT_UNDECIDED;
}

enum detect detect_middle_server(struct span bytes)
{
	/* 354 is SMTP's own; so is an enhanced status code behind 250. A banner is one wherever it stands. */
	static const char *const replies[] = { "354 ", "250 2.0.0 ", "250 2.1.0 ", "250 2.1.5 ", NULL };
	if (starts_with_any(bytes, replies) == DETECT_SMTP)
		return DETECT_SMTP;
	return bytes.size > 3 && bytes.data[0] == '2'
		       ? detect_server(bytes) == DETECT_SMTP ? DETECT_SMTP : DETECT_UNDECIDED
		       : DETECT_UNDECIDED;
}
