/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * content.c - checks content as it arrives: long lines, bare LF and CR, NUL, and at the end its size.
 *
 * One fast pass over a piece shows that it is in order, as nearly every piece is; only in others each line is checked.
 * Only the beginning of the current line is kept. Each finding is reported once per transaction. BINARYMIME content
 * (RFC 3030 3) is not checked, because it may contain anything. After a gap the length of the line is not known.
 */
#include <string.h>

#include "octets.h"
#include "private.h"

/* RFC 1870 5: the declared size may be an estimate. */
#define SIZE_TOLERANCE 10 /* 1/10 more is accepted */
#define SIZE_HEADERS 512  /* Sendmail does not count the header fields that it adds itself */

enum content_finding { REPORTED_LF = 1, REPORTED_CR = 2, REPORTED_NUL = 4, REPORTED_LINE = 8 };

/* declares_binary - was BODY=BINARYMIME declared? */
static bool declares_binary(const struct transaction *tx)
{
	for (guint i = 0; i < tx->params->len; i++) {
		const struct mail_param *param = g_ptr_array_index(tx->params, i);
		if (strcmp(param->keyword->str, "BODY") == 0 && param->value &&
			grammar_is(span_of_string(param->value), "BINARYMIME"))
			return true;
	}
	return false;
}

void detector_content_begin(struct detector *detector, const struct transaction *tx)
{
	struct content_state *content = &detector->content;
	memset(content, 0, offsetof(struct content_state, head));
	content->on = !declares_binary(tx);
	content->line_limit = threshold_count(detector, ALERT_data_line_too_long, LINE_OCTETS_MAX);
	content->line_known = true;
}

/* report_once - raises the alert of a finding once per transaction. */
static void report_once(struct detector *detector, const struct transaction *tx, enum content_finding finding,
	enum alert_id id, enum severity severity, struct span evidence, const char *what)
{
	if (detector->content.reported & finding)
		return;
	detector->content.reported |= finding;
	raise_alert(detector, id, severity, AT_CONTENT(tx), evidence, "%s", what);
}

static void report_bare_cr(struct detector *detector, const struct transaction *tx, struct span evidence)
{
	report_once(detector, tx, REPORTED_CR, ALERT_bare_cr, 0, evidence,
		"the content holds a CR without LF: servers disagree whether a line ends there");
}

static void report_bare_lf(struct detector *detector, const struct transaction *tx, struct span evidence)
{
	report_once(detector, tx, REPORTED_LF, ALERT_bare_lf, 0, evidence,
		"the content holds a LF without CR: servers disagree whether a line ends there");
}

/* report_long - checks a line of `size` octets, including its line end, that begins with `head`. */
static void report_long(struct detector *detector, const struct transaction *tx, uint64_t size, struct span head)
{
	if (size <= detector->content.line_limit || detector->content.reported & REPORTED_LINE)
		return;
	detector->content.reported |= REPORTED_LINE;
	raise_alert(detector, ALERT_data_line_too_long, 0, AT_CONTENT(tx), head,
		"a line of the content has %llu octets, %llu are allowed", (unsigned long long)size,
		(unsigned long long)detector->content.line_limit);
}

/* keep_line - the line continues in the next piece: keeps its beginning. */
static void keep_line(struct content_state *content, struct span part)
{
	size_t kept = MIN(part.size, sizeof content->head - content->head_size);
	memcpy(content->head + content->head_size, part.data, kept);
	content->head_size += kept;
	content->line_size += part.size;
	content->after_cr = part.data[part.size - 1] == '\r';
	content->after_gap = false;
}

/* line_ended - the octets [from, at) of the piece are the end of a line, with a LF at `at`. */
static void line_ended(
	struct detector *detector, const struct transaction *tx, struct span piece, size_t from, size_t at)
{
	struct content_state *content = &detector->content;
	bool crlf = at > from ? piece.data[at - 1] == '\r' : from == 0 && content->after_cr;
	if (!crlf && !(at == 0 && content->after_gap))
		report_bare_lf(detector, tx, excerpt(piece, at, 1));
	struct span head = { piece.data + from, at - from };
	if (content->head_size > 0)
		head = span_of(content->head, content->head_size);
	if (content->line_known)
		report_long(detector, tx, content->line_size + (at - from) + 1, head);
	content->line_known = true;
	content->line_size = content->head_size = 0;
	content->after_cr = content->after_gap = false;
}

/* paired - is every CR followed by LF, every LF preceded by CR, and is there no NUL? A CR at the end is not judged yet.
 * Compiled for each size of vectors. */
static inline __attribute__((always_inline)) bool paired(struct span piece)
{
	const uint8_t *at = piece.data, *last = at + piece.size - 1;
	bool odd = *at == '\n' || *last == '\0';
	octets32 all = { 0 };
	for (; at < last && piece.size > sizeof all; at += sizeof all) {
		at = MIN(at, last - sizeof all); /* the last step takes some octets again */
		octets32 here = *(const octets32_unaligned *)at, next = *(const octets32_unaligned *)(at + 1);
		all |= (octets32)(((here == '\r') ^ (next == '\n')) | (here == '\0'));
	}
	for (; at < last; at++)
		odd |= ((at[0] == '\r') ^ (at[1] == '\n')) | (at[0] == '\0');
	return !odd && !OCTETS32_ANY(all);
}

static bool paired_plain(struct span piece)
{
	return paired(piece);
}

OCTETS32_FAST static bool paired_fast(struct span piece)
{
	return paired(piece);
}

static bool is_paired(struct span piece)
{
	return octets32_are_fast() ? paired_fast(piece) : paired_plain(piece);
}

/* take_ordinary - takes a piece in which every line is in order: only its last line is kept. Returns false, and does
 * nothing, for any other piece. After the first finding it always does, because more are likely. */
static bool take_ordinary(struct content_state *content, struct span piece)
{
	size_t from = 0;
	uint64_t before = content->line_size;
	if (content->reported || content->after_cr || !content->line_known || !is_paired(piece))
		return false;
	while (before + (piece.size - from) > content->line_limit) {
		/* the last line end within the limit, so that one search covers many lines */
		const uint8_t *lf = before < content->line_limit
					    ? memrchr(piece.data + from, '\n', (size_t)(content->line_limit - before))
					    : NULL;
		if (!lf)
			return false;
		from = (size_t)(lf - piece.data) + 1;
		before = 0;
	}
	const uint8_t *last = memrchr(piece.data + from, '\n', piece.size - from);
	if (last)
		from = (size_t)(last - piece.data) + 1;
	if (from > 0)
		content->line_size = content->head_size = 0;
	if (from < piece.size)
		keep_line(content, span_from(piece, from));
	return true;
}

void detector_content(struct detector *detector, const struct transaction *tx, struct span piece)
{
	struct content_state *content = &detector->content;
	if (!content->on || piece.size == 0 || take_ordinary(content, piece))
		return;
	const uint8_t *nul = content->reported & REPORTED_NUL ? NULL : memchr(piece.data, 0, piece.size);
	if (nul)
		report_once(detector, tx, REPORTED_NUL, ALERT_nul_byte, SEVERITY_LOW,
			excerpt(piece, (size_t)(nul - piece.data), 1), "the content holds a NUL");
	if (content->after_cr && piece.data[0] != '\n')
		report_bare_cr(detector, tx, excerpt(piece, 0, 1));
	for (size_t from = 0; from < piece.size;) {
		const uint8_t *lf = memchr(piece.data + from, '\n', piece.size - from);
		size_t end = lf ? (size_t)(lf - piece.data) : piece.size;
		/* a CR at the end is judged by the next octet */
		size_t inner = end > from && piece.data[end - 1] == '\r' ? end - 1 : end;
		const uint8_t *cr = inner > from && !(content->reported & REPORTED_CR)
					    ? memchr(piece.data + from, '\r', inner - from)
					    : NULL;
		if (cr)
			report_bare_cr(detector, tx, excerpt(piece, (size_t)(cr - piece.data), 1));
		if (lf)
			line_ended(detector, tx, piece, from, end);
		else
			keep_line(content, span_of(piece.data + from, end - from));
		from = end + 1;
	}
}

void detector_content_gap(struct detector *detector, const struct transaction *tx, uint64_t size)
{
	struct content_state *content = &detector->content;
	content->line_known = content->after_cr = false;
	content->after_gap = true;
	content->line_size = content->head_size = 0;
}

/* check_size - size_exceeded */
static void check_size(struct detector *detector, const struct transaction *tx)
{
	uint64_t size = tx->content_bytes + tx->missing_bytes;
	uint64_t declared = tx->declared_size + tx->declared_size / SIZE_TOLERANCE + SIZE_HEADERS;
	if (tx->declared_size > 0 && size > declared)
		raise_alert(detector, ALERT_size_exceeded, 0, AT_CONTENT(tx), NO_EVIDENCE,
			"the content has %llu octets, the client declared %llu (SIZE=)", (unsigned long long)size,
			(unsigned long long)tx->declared_size);
	else if (tx->size_limit > 0 && size > tx->size_limit)
		raise_alert(detector, ALERT_size_exceeded, 0, AT_CONTENT(tx), NO_EVIDENCE,
			"the content has %llu octets, the server's limit is %llu", (unsigned long long)size,
			(unsigned long long)tx->size_limit);
}

void content_check_end(struct detector *detector, const struct transaction *tx)
{
	struct content_state *content = &detector->content;
	struct span head = { content->head, content->head_size };
	if (content->on && content->line_known)
		report_long(detector, tx, content->line_size, head);
	if (content->on && content->after_cr && tx->content_whole)
		report_bare_cr(detector, tx, head);
	content->on = false;
	check_size(detector, tx);
}
