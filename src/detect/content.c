/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * content.c - content as it streams by: long lines, bare LF and CR, NUL, and in the end its size.
 *
 * Nearly every piece is seen to be in order in one plain pass, which compilers turn into vector instructions; only of
 * the others each line is looked at. Keeps nothing but how the present line began. Each finding is said once a
 * transaction. BINARYMIME content (RFC 3030 3) may hold anything. After a gap nothing is known of the line.
 */
#include <string.h>

#include "octets.h"
#include "parts.h"

/* RFC 1870 5: the declared size may be an estimate. */
#define SIZE_TOLERANCE 10 /* a tenth */
#define SIZE_HEADERS 512  /* Sendmail leaves out the header fields that it adds itself */

enum watch_finding { SAID_LF = 1, SAID_CR = 2, SAID_NUL = 4, SAID_LINE = 8 };

/* is_binary - was BODY=BINARYMIME declared? */
static bool is_binary(const struct transaction *tx)
{
	for (guint i = 0; i < tx->params->len; i++) {
		const struct mail_param *param = g_ptr_array_index(tx->params, i);
		if (strcmp(param->keyword->str, "BODY") == 0 && param->value &&
			grammar_is(span_of_string(param->value), "BINARYMIME"))
			return true;
	}
	return false;
}

void watch_begin(struct detector *detector, const struct transaction *tx)
{
	struct watch *watch = &detector->watch;
	memset(watch, 0, offsetof(struct watch, head));
	watch->on = !is_binary(tx);
	watch->line_most = threshold_count(detector, ALERT_data_line_too_long, LINE_OCTETS_MAX);
	watch->line_known = true;
}

/* say - raises a finding of the content, once. */
static void say(struct detector *detector, const struct transaction *tx, enum watch_finding finding, enum alert_id id,
	enum severity severity, struct span evidence, const char *what)
{
	if (detector->watch.said & finding)
		return;
	detector->watch.said |= finding;
	raise_alert(detector, id, severity, SCENE_CONTENT(tx), evidence, "%s", what);
}

static void say_bare_cr(struct detector *detector, const struct transaction *tx, struct span evidence)
{
	say(detector, tx, SAID_CR, ALERT_bare_cr, 0, evidence,
		"the content holds a CR without LF: servers disagree whether a line ends there");
}

static void say_bare_lf(struct detector *detector, const struct transaction *tx, struct span evidence)
{
	say(detector, tx, SAID_LF, ALERT_bare_lf, 0, evidence,
		"the content holds a LF without CR: servers disagree whether a line ends there");
}

/* say_long - a line of `size` octets, its end included, that begins with `head`. */
static void say_long(struct detector *detector, const struct transaction *tx, uint64_t size, struct span head)
{
	if (size <= detector->watch.line_most || detector->watch.said & SAID_LINE)
		return;
	detector->watch.said |= SAID_LINE;
	raise_alert(detector, ALERT_data_line_too_long, 0, SCENE_CONTENT(tx), head,
		"a line of the content has %llu octets, %llu are allowed", (unsigned long long)size,
		(unsigned long long)detector->watch.line_most);
}

/* keep_line - the line goes on in the next piece: remembers how it began. */
static void keep_line(struct watch *watch, struct span part)
{
	size_t kept = MIN(part.size, sizeof watch->head - watch->head_size);
	memcpy(watch->head + watch->head_size, part.data, kept);
	watch->head_size += kept;
	watch->line_size += part.size;
	watch->after_cr = part.data[part.size - 1] == '\r';
	watch->after_hole = false;
}

/* line_ended - the octets [from, at) of the piece are the end of a line, a LF stands at `at`. */
static void line_ended(
	struct detector *detector, const struct transaction *tx, struct span piece, size_t from, size_t at)
{
	struct watch *watch = &detector->watch;
	bool crlf = at > from ? piece.data[at - 1] == '\r' : from == 0 && watch->after_cr;
	if (!crlf && !(at == 0 && watch->after_hole))
		say_bare_lf(detector, tx, around(piece, at, 1));
	struct span head = { piece.data + from, at - from };
	if (watch->head_size > 0)
		head = (struct span){ watch->head, watch->head_size };
	if (watch->line_known)
		say_long(detector, tx, watch->line_size + (at - from) + 1, head);
	watch->line_known = true;
	watch->line_size = watch->head_size = 0;
	watch->after_cr = watch->after_hole = false;
}

/* paired - does a LF stand after every CR, a CR in front of every LF, and no NUL anywhere? A CR in last place is
 * judged by what follows. Compiled for each kind of vectors. */
static inline __attribute__((always_inline)) bool paired(struct span piece)
{
	const uint8_t *at = piece.data, *last = at + piece.size - 1;
	bool odd = *at == '\n' || *last == '\0';
	octets32 all = { 0 };
	for (; last - at >= (ptrdiff_t)sizeof all; at += sizeof all) {
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

/* take_ordinary - a piece in which nothing is odd and no line too long: only its last line matters. Returns false, and
 * does nothing, when it is not such a piece. What was odd once is likely to go on so. */
static bool take_ordinary(struct watch *watch, struct span piece)
{
	size_t from = 0;
	uint64_t before = watch->line_size;
	if (watch->said || watch->after_cr || !watch->line_known || !is_paired(piece))
		return false;
	while (before + (piece.size - from) > watch->line_most) {
		/* the last line end that is near enough: one look for many lines */
		const uint8_t *lf = before < watch->line_most
					    ? memrchr(piece.data + from, '\n', (size_t)(watch->line_most - before))
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
		watch->line_size = watch->head_size = 0;
	if (from < piece.size)
		keep_line(watch, (struct span){ piece.data + from, piece.size - from });
	return true;
}

void watch_piece(struct detector *detector, const struct transaction *tx, struct span piece)
{
	struct watch *watch = &detector->watch;
	if (!watch->on || piece.size == 0 || take_ordinary(watch, piece))
		return;
	const uint8_t *nul = watch->said & SAID_NUL ? NULL : memchr(piece.data, 0, piece.size);
	if (nul)
		say(detector, tx, SAID_NUL, ALERT_nul_byte, SEVERITY_LOW, around(piece, (size_t)(nul - piece.data), 1),
			"the content holds a NUL");
	if (watch->after_cr && piece.data[0] != '\n')
		say_bare_cr(detector, tx, around(piece, 0, 1));
	for (size_t from = 0; from < piece.size;) {
		const uint8_t *lf = memchr(piece.data + from, '\n', piece.size - from);
		size_t end = lf ? (size_t)(lf - piece.data) : piece.size;
		/* a CR in last place is judged by what follows */
		size_t inner = end > from && piece.data[end - 1] == '\r' ? end - 1 : end;
		const uint8_t *cr =
			inner > from && !(watch->said & SAID_CR) ? memchr(piece.data + from, '\r', inner - from) : NULL;
		if (cr)
			say_bare_cr(detector, tx, around(piece, (size_t)(cr - piece.data), 1));
		if (lf)
			line_ended(detector, tx, piece, from, end);
		else
			keep_line(watch, (struct span){ piece.data + from, end - from });
		from = end + 1;
	}
}

void watch_gap(struct detector *detector)
{
	struct watch *watch = &detector->watch;
	watch->line_known = watch->after_cr = false;
	watch->after_hole = true;
	watch->line_size = watch->head_size = 0;
}

/* check_size - size_exceeded */
static void check_size(struct detector *detector, const struct transaction *tx)
{
	uint64_t size = tx->content_bytes + tx->missing_bytes;
	uint64_t declared = tx->declared_size + tx->declared_size / SIZE_TOLERANCE + SIZE_HEADERS;
	if (tx->declared_size > 0 && size > declared)
		raise_alert(detector, ALERT_size_exceeded, 0, SCENE_CONTENT(tx), NO_EVIDENCE,
			"the content has %llu octets, the client declared %llu (SIZE=)", (unsigned long long)size,
			(unsigned long long)tx->declared_size);
	else if (tx->size_limit > 0 && size > tx->size_limit)
		raise_alert(detector, ALERT_size_exceeded, 0, SCENE_CONTENT(tx), NO_EVIDENCE,
			"the content has %llu octets, the server's limit is %llu", (unsigned long long)size,
			(unsigned long long)tx->size_limit);
}

void watch_end(struct detector *detector, const struct transaction *tx)
{
	struct watch *watch = &detector->watch;
	struct span head = { watch->head, watch->head_size };
	if (watch->on && watch->line_known)
		say_long(detector, tx, watch->line_size, head);
	if (watch->on && watch->after_cr && tx->content_whole)
		say_bare_cr(detector, tx, head);
	watch->on = false;
	check_size(detector, tx);
}
