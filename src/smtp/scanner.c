/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * scanner.c - the content of DATA: dot-unstuffing, the terminator, and the sequences that only look like it.
 *
 * RFC 5321 4.5.2: content ends at CRLF.CRLF (or at a first line that is just a dot), and a dot right behind a CRLF is
 * taken out. Every sequence of interest holds a dot behind a line end, so the scanner looks for dots (memchr) and only
 * then at what stands around them. What came before a dot in earlier pieces is remembered as `state`; a dot whose next
 * octets are not here yet is kept in `pending`.
 *
 * The odd ends (CVE-2023-51764, -51765, -51766) are a dot between CR, LF, CRLF or CRLF NUL on the left and CR, LF, CRLF
 * or NUL CRLF on the right, the true terminator excepted.
 */
#include <string.h>

#include "grammar.h"

/* What stands left of the next octet. */
enum left { LEFT_TEXT, LEFT_UNKNOWN /* a hole */, LEFT_CR, LEFT_LF, LEFT_CRLF, LEFT_CRLF_NUL };

void data_scanner_init(struct data_scanner *scanner)
{
	*scanner = (struct data_scanner){ .left = LEFT_CRLF };
}

void data_scanner_resume(struct data_scanner *scanner)
{
	*scanner = (struct data_scanner){ .left = LEFT_UNKNOWN };
}

/* left_after - the context behind one octet. */
static enum left left_after(enum left left, uint8_t c)
{
	if (c == '\r')
		return LEFT_CR;
	if (c == '\n')
		return left == LEFT_CR || left == LEFT_UNKNOWN ? LEFT_CRLF : LEFT_LF;
	if (c == '\0' && left == LEFT_CRLF)
		return LEFT_CRLF_NUL;
	return LEFT_TEXT;
}

/* left_of - the context behind the first n octets of input, given the one in front of them. */
static enum left left_of(enum left left, const uint8_t *data, size_t n)
{
	if (n > 0 && data[n - 1] != '\r' && data[n - 1] != '\n' && data[n - 1] != '\0')
		return LEFT_TEXT; /* nearly always */
	for (size_t i = n > 3 ? n - 3 : 0; i < n; i++)
		left = left_after(n > 3 && i == n - 3 ? LEFT_TEXT : left, data[i]);
	return left;
}

/* What a pending dot with what follows it turns out to be. */
enum verdict { VERDICT_MORE, VERDICT_TEXT, VERDICT_END, VERDICT_ODD };

/* judge - looks at "." and what follows it. Sets *n to the octets that belong to the sequence. */
static enum verdict judge(enum left left, const uint8_t *s, size_t size, size_t *n)
{
	bool nul = size > 1 && s[1] == '\0' && left == LEFT_CRLF;
	size_t i = nul ? 2 : 1;
	*n = 1;
	if (i >= size)
		return VERDICT_MORE;
	if (s[i] == '\n' && !nul) {
		*n = 2;
		return VERDICT_ODD;
	}
	if (s[i] != '\r')
		return VERDICT_TEXT;
	if (i + 1 >= size)
		return VERDICT_MORE;
	bool crlf = s[i + 1] == '\n';
	if (nul && !crlf)
		return VERDICT_TEXT;
	if (left == LEFT_CRLF_NUL && !crlf)
		return VERDICT_TEXT;
	*n = i + 1 + crlf;
	return left == LEFT_CRLF && crlf && !nul ? VERDICT_END : VERDICT_ODD;
}

/* settle - one octet more for a dot that waits. Returns what it is now; the dot's octets are in scanner->pending. */
static enum verdict settle(struct data_scanner *scanner, uint8_t c, bool *taken)
{
	size_t n;
	scanner->pending[scanner->pending_size++] = c;
	enum verdict verdict = judge(scanner->left, scanner->pending, scanner->pending_size, &n);
	*taken = verdict == VERDICT_MORE || n == scanner->pending_size;
	if (!*taken && verdict != VERDICT_TEXT)
		scanner->pending_size = n;
	else if (verdict == VERDICT_TEXT)
		scanner->pending_size--;
	return verdict;
}

/* release - the pending octets as content: without the dot where it was stuffed. */
static struct span release(struct data_scanner *scanner)
{
	size_t stuffed = scanner->left == LEFT_CRLF;
	struct span piece = { scanner->pending + stuffed, scanner->pending_size - stuffed };
	scanner->left = left_of(LEFT_TEXT, scanner->pending, scanner->pending_size);
	scanner->pending_size = 0;
	return piece;
}

/* finish_dot - the input goes on behind a dot that waits. */
static enum data_result finish_dot(struct data_scanner *scanner, struct span input, struct span *piece, size_t *used)
{
	for (size_t i = 0; i < input.size; i++) {
		bool taken;
		enum verdict verdict = settle(scanner, input.data[i], &taken);
		if (verdict == VERDICT_MORE)
			continue;
		*used = i + taken;
		if (verdict == VERDICT_END) {
			scanner->pending_size = 0;
			return DATA_END;
		}
		scanner->odd_low = verdict == VERDICT_ODD && scanner->left == LEFT_CRLF;
		*piece = release(scanner);
		return verdict == VERDICT_ODD ? DATA_ODD : DATA_PIECE;
	}
	*used = input.size;
	*piece = (struct span){ NULL, 0 };
	return DATA_MORE;
}

enum data_result grammar_data(struct data_scanner *scanner, struct span input, struct span *piece, size_t *used)
{
	*used = 0;
	if (scanner->pending_size > 0)
		return finish_dot(scanner, input, piece, used);
	size_t from = 0;
	while (from < input.size) {
		const uint8_t *dot = memchr(input.data + from, '.', input.size - from);
		if (!dot)
			break;
		size_t n = (size_t)(dot - input.data);
		enum left left = left_of(scanner->left, input.data, n);
		if (left > LEFT_UNKNOWN) {
			/* what stands before the dot is content; the dot waits for what follows it */
			scanner->left = left;
			scanner->pending[0] = '.';
			scanner->pending_size = 1;
			*used = n + 1;
			*piece = (struct span){ input.data, n };
			return DATA_PIECE;
		}
		from = n + 1;
	}
	if (input.size == 0)
		return DATA_MORE;
	scanner->left = left_of(scanner->left, input.data, input.size);
	*used = input.size;
	*piece = input;
	return DATA_PIECE;
}

struct span data_scanner_flush(struct data_scanner *scanner)
{
	return scanner->pending_size ? release(scanner) : (struct span){ NULL, 0 };
}
