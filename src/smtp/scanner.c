/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * scanner.c - the content of DATA: dot-unstuffing, the end of data, and the odd ends, which only look like it.
 *
 * RFC 5321 4.5.2: content ends at CRLF.CRLF (or at a first line that is just a dot), and a dot right after a CRLF is
 * removed. Every sequence of interest has a dot after a line end, so the scanner searches for dots (memchr) and only
 * then examines the octets around them. How the octets before a dot end is remembered as `left`; a dot whose next
 * octets have not come yet is kept in `pending`.
 *
 * An odd end (CVE-2023-51764, -51765, -51766) is a dot alone between line ends that are not both CRLF. A run of CR, LF
 * and NUL with a CR or LF in it counts as a line end here; the one after the dot ends at its first LF. A weak one has
 * blanks or control characters behind the dot: text may look like that, so only the server's replies can show it.
 */
#include <string.h>

#include "grammar.h"

/* How the octets before the next one end. */
enum left { LEFT_TEXT, LEFT_UNKNOWN /* a gap */, LEFT_CR, LEFT_ODD /* another line end */, LEFT_CRLF };

void data_scanner_init(struct data_scanner *scanner)
{
	*scanner = (struct data_scanner){ .left = LEFT_CRLF };
}

void data_scanner_resume(struct data_scanner *scanner)
{
	*scanner = (struct data_scanner){ .left = LEFT_UNKNOWN };
}

static bool may_end_line(uint8_t c)
{
	return c == '\r' || c == '\n' || c == '\0';
}

/* left_after - `left` after one more octet. */
static enum left left_after(enum left left, uint8_t c)
{
	if (c == '\r')
		return LEFT_CR;
	if (c == '\n')
		return left == LEFT_CR || left == LEFT_UNKNOWN ? LEFT_CRLF : LEFT_ODD;
	return c == '\0' && left > LEFT_UNKNOWN ? LEFT_ODD : LEFT_TEXT;
}

/* left_of - `left` after the first n octets of data, given `left` before them. */
static enum left left_of(enum left left, const uint8_t *data, size_t n)
{
	size_t from = n;
	while (from > 0 && may_end_line(data[from - 1]))
		from--;
	if (from > 0)
		left = LEFT_TEXT;
	for (size_t i = from; i < n; i++)
		left = left_after(left, data[i]);
	return left;
}

/* What a pending dot and the octets after it are. */
enum verdict { VERDICT_MORE, VERDICT_TEXT, VERDICT_END, VERDICT_ODD, VERDICT_WEAK };

/* judge_weak - the same, when s[from] is neither a line end nor NUL. */
static enum verdict judge_weak(const uint8_t *s, size_t size, size_t from, size_t *n)
{
	for (size_t i = from; i < size; i++) {
		if (s[i] > ' ')
			return VERDICT_TEXT;
		*n = i + 1;
		if (s[i] == '\n')
			return VERDICT_WEAK;
	}
	*n = size;
	return size < DATA_SCANNER_PENDING ? VERDICT_MORE : VERDICT_TEXT;
}

/* classify - classifies "." and what follows it. Sets *n to the number of octets of the sequence. */
static enum verdict classify(enum left left, const uint8_t *s, size_t size, size_t *n)
{
	size_t i = 1;
	bool cr = false;
	for (; i < size && (s[i] == '\r' || s[i] == '\0'); i++)
		cr |= s[i] == '\r';
	*n = i;
	if (i == size)
		return size < DATA_SCANNER_PENDING ? VERDICT_MORE : VERDICT_TEXT;
	if (s[i] == '\n') {
		*n = i + 1;
		return left == LEFT_CRLF && i == 2 && cr ? VERDICT_END : VERDICT_ODD;
	}
	return cr ? VERDICT_ODD : judge_weak(s, size, i, n);
}

/* extend_dot - adds one octet to a pending dot. Returns what it is now; the octets of the sequence are in
 * scanner->pending. */
static enum verdict extend_dot(struct data_scanner *scanner, uint8_t c, bool *taken)
{
	size_t n;
	scanner->pending[scanner->pending_size++] = c;
	enum verdict verdict = classify(scanner->left, scanner->pending, scanner->pending_size, &n);
	*taken = verdict == VERDICT_MORE || n == scanner->pending_size;
	if (!*taken)
		scanner->pending_size = verdict == VERDICT_TEXT ? scanner->pending_size - 1 : n;
	return verdict;
}

/* release_pending - returns the pending octets as content, without a stuffed dot. */
static struct span release_pending(struct data_scanner *scanner)
{
	size_t stuffed = scanner->left == LEFT_CRLF;
	struct span piece = { scanner->pending + stuffed, scanner->pending_size - stuffed };
	scanner->left = left_of(LEFT_TEXT, scanner->pending, scanner->pending_size);
	scanner->pending_size = 0;
	return piece;
}

/* finish_dot - the input continues after a pending dot. */
static enum data_result finish_dot(struct data_scanner *scanner, struct span input, struct span *piece, size_t *used)
{
	for (size_t i = 0; i < input.size; i++) {
		bool taken;
		enum verdict verdict = extend_dot(scanner, input.data[i], &taken);
		if (verdict == VERDICT_MORE)
			continue;
		*used = i + taken;
		if (verdict == VERDICT_END) {
			scanner->pending_size = 0;
			return DATA_END;
		}
		scanner->odd_low = verdict != VERDICT_TEXT && scanner->left == LEFT_CRLF;
		scanner->odd_weak = verdict == VERDICT_WEAK;
		*piece = release_pending(scanner);
		return verdict == VERDICT_TEXT ? DATA_PIECE : DATA_ODD;
	}
	*used = input.size;
	*piece = span_of(NULL, 0);
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
		from = n + 1;
		if (n > 0 && input.data[n - 1] > '\r') /* nearly all dots */
			continue;
		enum left left = left_of(scanner->left, input.data, n);
		if (left > LEFT_UNKNOWN) {
			/* the octets before the dot are content; the dot waits for the octets after it */
			scanner->left = left;
			scanner->pending[0] = '.';
			scanner->pending_size = 1;
			*used = n + 1;
			*piece = span_of(input.data, n);
			return DATA_PIECE;
		}
	}
	if (input.size == 0)
		return DATA_MORE;
	scanner->left = left_of(scanner->left, input.data, input.size);
	*used = input.size;
	*piece = input;
	return DATA_PIECE;
}

size_t data_scanner_lacks(const struct data_scanner *scanner)
{
	static const char end[] = ".\r\n";
	const size_t size = strlen(end), here = scanner->pending_size;
	bool begun = here < size && memcmp(scanner->pending, end, here) == 0;
	return scanner->left == LEFT_CRLF && begun ? size - here : 0;
}

struct span data_scanner_flush(struct data_scanner *scanner)
{
	return scanner->pending_size ? release_pending(scanner) : span_of(NULL, 0);
}
