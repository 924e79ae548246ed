/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * walk.c - see walk.h. Content is split into lines only where lines matter: in headers, preambles and epilogues. In a
 * body, octets are passed on up to the next line that may be a delimiter. Only what may belong to a delimiter (a line
 * end, the beginning of a line) is held back. So it does not matter how the content is divided into pieces.
 *
 * An encoded multipart or message, which RFC 2045 6.4 forbids, is parsed by a walk of its own, which gets the decoded
 * octets. After a gap a line may begin. In a mail with gaps, defects that a gap may explain are not reported.
 */
#include "walk.h"

#include <string.h>

#include "seek.h"

static void walk_octets(struct walk *walk, struct span in);
static void take_piece(struct walk *walk, struct span line, bool first, bool last);
static void take_delimiter(struct walk *walk, const struct delimiter *delimiter, struct span line, bool last);

static struct level *innermost_level(const struct walk *walk)
{
	return walk->level_count > 0 ? &walk->levels[walk->level_count - 1] : NULL;
}

/* ---- the beginning of a body ---- */

/* open_inner - the octets in the leaf are parsed, too. */
static void open_inner(struct walk *walk)
{
	const struct mail_part *about = walk->leaf.about;
	walk->leaf.inner = walk_inner(walk, about ? about->number : walk_number(walk, walk->entity.message));
}

/* next_inner - ends what parses octets in the leaf. number: of the message in a file that begins; NULL: none does. */
static void next_inner(void *context, const char *number, bool whole)
{
	struct walk *walk = context, *inner = walk->leaf.inner;
	if (inner) {
		walk_end(inner, whole);
		walk->parts->lost += walk_lost(inner);
		walk_free(inner);
	}
	walk->leaf.inner = number ? walk_inner(walk, number) : NULL;
}

/* take_signed - octets of the part in a signed message, or of a message in a file. */
static void take_signed(void *context, struct span octets)
{
	struct walk *walk = context;
	if (!walk->leaf.inner)
		open_inner(walk);
	walk_feed(walk->leaf.inner, octets);
}

/* take_decoded - decoded octets of the leaf. */
static void take_decoded(void *context, struct span decoded)
{
	struct walk *walk = context;
	if (walk->leaf.part)
		part_feed(walk->leaf.part, decoded);
	if (walk->leaf.opaque)
		opaque_feed(walk->leaf.opaque, decoded);
	else if (walk->leaf.folder)
		folder_feed(walk->leaf.folder, decoded);
	else if (walk->leaf.inner)
		walk_feed(walk->leaf.inner, decoded);
}

/* open_body - begins the body of the entity, whose kind is known. */
static void open_body(struct walk *walk)
{
	level_check_depth(walk);
	const struct entity *entity = &walk->entity;
	bool holds = entity->multipart || entity->message;
	walk->line_state = LINE_START;
	walk->eol.size = walk->line_size = walk->guess_size = 0;
	walk->line_begun = false;
	walk->blank_before = true;
	if (holds && !entity_is_encoded(entity) && !entity->folder) {
		level_add(walk, entity, &walk->mark);
		walk->place = entity->multipart ? PLACE_OUTSIDE : PLACE_START;
		walk->blank_size = 0;
		block_begin(&walk->block, false);
		if (walk->torn)
			level_gap(walk, 0);
		return;
	}
	leaf_open(walk, !holds || entity->message, take_decoded);
	walk->place = PLACE_BODY;
	if (walk->torn)
		leaf_gap(walk, 0);
	if (entity->folder)
		walk->leaf.folder = folder_new(walk->leaf.part, take_signed, next_inner, walk);
	else if (holds)
		open_inner(walk);
	else if (entity->opaque)
		walk->leaf.opaque = opaque_new(walk->leaf.part, &walk->parts->unpack, take_signed, walk);
}

/* begin_body - begins the body of the entity; its first octets may be needed to tell its kind. */
static void begin_body(struct walk *walk)
{
	const struct entity *entity = &walk->entity;
	bool look = entity->message || (entity->multipart && entity_is_encoded(entity));
	if (!entity->maybe_message && entity->other == entity->encoding && !look) {
		open_body(walk);
		return;
	}
	walk->place = PLACE_SNIFF;
	walk->line_state = LINE_START;
	walk->eol.size = walk->line_size = 0;
	walk->sniffed = g_byte_array_sized_new(WALK_SNIFF_MAX);
}

/* decide_body - decides the kind of the body by its first octets, then parses them. */
static void decide_body(struct walk *walk)
{
	GByteArray *sniffed = walk->sniffed;
	uint8_t held[sizeof walk->eol.octets + WALK_LINE_MAX];
	size_t size = walk->eol.size + walk->line_size;
	memcpy(held, walk->eol.octets, walk->eol.size);
	memcpy(held + walk->eol.size, walk->line, walk->line_size);
	walk->sniffed = NULL;
	entity_correct(
		walk->parts, &walk->entity, span_of(sniffed->data, MIN(sniffed->len, WALK_SNIFF_MAX)), walk->damaged);
	open_body(walk);
	walk_octets(walk, span_of(sniffed->data, sniffed->len));
	walk_octets(walk, span_of(held, size));
	g_byte_array_free(sniffed, TRUE);
}

/* ---- headers ---- */

static struct block *header_of(struct walk *walk)
{
	return walk->top_done ? &walk->block : &walk->top;
}

/* begin_part - a part begins in the innermost multipart. */
static void begin_part(struct walk *walk)
{
	level_part(walk, innermost_level(walk));
	block_begin(&walk->block, true);
	walk->place = PLACE_HEADER;
}

/* end_header - the header is complete: begins the body. empty: an empty line ended the header. */
static void end_header(struct walk *walk, bool empty)
{
	const struct block *block = header_of(walk);
	const struct level *level = innermost_level(walk);
	bool root = !level || level->message;
	walk->mark = walk->scratch;
	walk->torn = block->damaged && !empty;
	walk->sums.header += block->size - block->stray_size;
	walk->entity = (struct entity){ .root = root };
	entity_read(walk->parts, &walk->scratch, &walk->entity, block, root ? "text/plain" : level->default_type,
		walk_number(walk, false), walk->damaged);
	walk->top_done = true;
	begin_body(walk);
}

/* end_before - the header ended before the lines that are not fields: they begin the body. */
static void end_before(struct walk *walk)
{
	struct block *block = header_of(walk);
	uint8_t *strays = g_memdup2(block->strays, block->stray_size);
	size_t size = block->stray_size;
	end_header(walk, false);
	walk_octets(walk, span_of(strays, size));
	g_free(strays);
}

static void take_header_line(struct walk *walk, struct span line, bool first, bool last)
{
	struct block *block = header_of(walk);
	size_t strays = block->stray_size;
	enum block_result result = block_line(block, line, first, last);
	if (block->stray_size == 0 && result != BLOCK_BEFORE) {
		level_messages(walk, span_of(block->strays, strays));
		level_messages(walk, line);
	}
	switch (result) {
	case BLOCK_MORE:
		return;
	case BLOCK_END:
		end_header(walk, true);
		return;
	case BLOCK_BODY:
		end_before(walk);
		return;
	case BLOCK_BEFORE: {
		uint8_t *copy = g_memdup2(line.data, line.size); /* line may point into walk->line */
		end_before(walk);
		walk_octets(walk, span_of(copy, line.size));
		g_free(copy);
		return;
	}
	}
}

/* ---- where a message starts ---- */

/* take_line_before - a line before a header. */
static void take_line_before(struct walk *walk, struct span line)
{
	walk->sums.header += line.size;
	level_messages(walk, line);
}

/* end_blanks - the first empty line ended a header without fields, the others begin the body. */
static void end_blanks(struct walk *walk)
{
	uint8_t blanks[WALK_BLANKS_MAX];
	size_t size = walk->blank_size, first = walk->blanks[0] == '\r' ? 2 : 1;
	memcpy(blanks, walk->blanks, size);
	walk->blank_size = 0;
	walk->place = PLACE_HEADER;
	take_header_line(walk, span_of(blanks, first), true, true);
	walk_octets(walk, span_of(blanks + first, size - first));
}

/* take_start - skips the separator line of an mbox file, and empty lines before the header of an attached message. */
static void take_start(struct walk *walk, struct span line, bool first, bool last)
{
	bool attached = walk->encoded > 0 || walk->level_count > 0;
	size_t value;
	if (!first) {
		take_line_before(walk, line);
		return;
	}
	if (block_is_separator(line)) {
		take_line_before(walk, span_of(walk->blanks, walk->blank_size));
		take_line_before(walk, line);
		walk->blank_size = 0;
		walk->place = attached || !last ? PLACE_START : PLACE_HEADER;
		return;
	}
	if (attached && block_is_empty(line) && walk->blank_size + line.size <= WALK_BLANKS_MAX) {
		memcpy(walk->blanks + walk->blank_size, line.data, line.size);
		walk->blank_size += line.size;
		return;
	}
	if (walk->blank_size > 0 && block_field_name(line, &value) == 0) {
		uint8_t *copy = g_memdup2(line.data, line.size); /* line may point into walk->line */
		end_blanks(walk);
		walk_octets(walk, span_of(copy, line.size));
		g_free(copy);
		return;
	}
	if (walk->blank_size > 0 && !walk->damaged)
		mail_defect(walk->parts->mail, MIME_MALFORMED, line, "an empty line before the header of a message");
	take_line_before(walk, span_of(walk->blanks, walk->blank_size));
	walk->blank_size = 0;
	walk->place = PLACE_HEADER;
	take_header_line(walk, line, first, last);
}

/* ---- outside of parts ---- */

static void take_outside(struct walk *walk, struct span line, bool first, bool last)
{
	struct level *level = innermost_level(walk);
	bool mime = first && (*line.data | 0x20) == 'c' && block_is_mime(line);
	bool blank = first && block_is_empty(line);
	if (walk->guess_size > 0 && (mime || (blank && level->count == 0))) {
		const char *guess = arena_copy(&walk->scratch, (const char *)walk->guess, walk->guess_size);
		level->guessed = span_of(guess, walk->guess_size);
		level->used = true;
		level_behind(walk, level, level->guessed);
	} else if (!mime || !walk->blank_before) {
		if (first)
			level_guess(walk, level, line, last);
		walk->blank_before = first ? blank : walk->blank_before;
		level_outside(walk, level, line);
		level_messages(walk, line);
		return;
	} else if (!walk->damaged)
		mail_defect(walk->parts->mail, MIME_MALFORMED, line, "a part without a delimiter before it");
	walk->guess_size = 0;
	begin_part(walk);
	take_header_line(walk, line, first, last);
}

/* ---- delimiters ---- */

/* release_held_back - octets that were held back are not a delimiter. */
static void release_held_back(struct walk *walk, struct span octets)
{
	if (walk->place == PLACE_SNIFF)
		g_byte_array_append(walk->sniffed, octets.data, (guint)octets.size);
	else
		leaf_feed(walk, octets);
}

/* release_held - nothing held back is a delimiter. */
static void release_held(struct walk *walk)
{
	size_t eol = walk->eol.size, line = walk->line_size;
	walk->eol.size = walk->line_size = 0;
	release_held_back(walk, span_of(walk->eol.octets, eol));
	release_held_back(walk, span_of(walk->line, line));
}

/* end_leaf - ends the part that is being read. */
static void end_leaf(struct walk *walk, bool whole)
{
	const bool complete = leaf_end(walk, whole);
	if (walk->leaf.folder)
		folder_end(walk->leaf.folder, whole);
	next_inner(walk, NULL, complete);
	leaf_close(walk);
	walk->place = PLACE_OUTSIDE;
}

/* finish_line - no more octets of the current line will come. */
static void finish_line(struct walk *walk)
{
	uint8_t line[WALK_LINE_MAX];
	size_t size = walk->line_size;
	bool first = !walk->line_begun;
	memcpy(line, walk->line, size);
	walk->line_size = 0;
	walk->line_begun = false;
	take_piece(walk, span_of(line, size), first, true);
}

/* finish_level - ends what is open inside the innermost level. */
static void finish_level(struct walk *walk, bool whole)
{
	struct delimiter delimiter;
	while (walk->place != PLACE_OUTSIDE || walk->line_size > 0) {
		bool body = walk->place == PLACE_BODY || walk->place == PLACE_SNIFF;
		if (body && walk->line_size > 0 && level_match(walk, span_of(walk->line, walk->line_size), &delimiter))
			take_delimiter(walk, &delimiter, span_of(walk->line, walk->line_size), true);
		else if (walk->place == PLACE_BODY) {
			struct line_end eol = walk->eol;
			bool mine = walk->delimited && walk->line_size == 0 && walk->line_state == LINE_START;
			if (mine)
				walk->eol.size = 0;
			release_held(walk);
			end_leaf(walk, whole);
			if (mine)
				walk->eol = eol;
		} else if (walk->place == PLACE_SNIFF) {
			release_held(walk);
			decide_body(walk);
		} else if (walk->line_size > 0)
			finish_line(walk);
		else if (walk->place == PLACE_START && walk->blank_size > 0)
			end_blanks(walk);
		else if (block_end(header_of(walk)) == BLOCK_BODY)
			end_before(walk);
		else
			end_header(walk, false);
	}
}

/* take_delimiter - ends what is open inside the delimiter's multipart. */
static void take_delimiter(struct walk *walk, const struct delimiter *delimiter, struct span line, bool last)
{
	uint8_t *copy = g_memdup2(line.data, line.size);
	struct line_end eol = walk->eol;
	bool around = walk->delimited;
	line.data = copy;
	walk->eol.size = walk->line_size = 0;
	walk->line_begun = false;
	walk->delimited = eol.size == 0;
	finish_level(walk, true);
	walk->delimited = around;
	if (eol.size == 0)
		eol = walk->eol; /* finish_level() may have turned header lines into a body */
	walk->eol.size = 0;
	if (eol.size > 0)
		level_pass(walk);
	struct line_end before = eol.size > 0 ? eol : walk->passed;
	walk->passed.size = 0;
	while (walk->level_count > delimiter->level + 1)
		level_close(walk, true, true);
	level_messages(walk, span_of(before.octets, before.size));
	level_messages(walk, line);
	walk->sums.lines += eol.size + line.size;
	walk->tail = !last;
	struct level *level = innermost_level(walk);
	level->used = true;
	level->declared |= !delimiter->guessed;
	if ((delimiter->tail || !last) && !walk->damaged)
		mail_defect(walk->parts->mail, MIME_MALFORMED, line, "text after the boundary in a delimiter line");
	if (delimiter->closing)
		level_closing(walk, level, line);
	else {
		level_behind(walk, level, line);
		begin_part(walk);
	}
	g_free(copy);
}

/* ---- lines ---- */

/* take_piece - a line, or a piece of a long one. */
static void take_piece(struct walk *walk, struct span line, bool first, bool last)
{
	struct delimiter delimiter;
	if (first && *line.data == '-' && level_match(walk, line, &delimiter)) {
		take_delimiter(walk, &delimiter, line, last);
		return;
	}
	if (walk->place == PLACE_START)
		take_start(walk, line, first, last);
	else if (walk->place == PLACE_HEADER)
		take_header_line(walk, line, first, last);
	else
		take_outside(walk, line, first, last);
}

/* take_line - takes a line, or a piece of a long one. Returns the number of octets used. */
static size_t take_line(struct walk *walk, struct span in)
{
	bool first = !walk->line_begun;
	if (walk->place == PLACE_HEADER && first && walk->line_size == 0) {
		size_t used = block_lines(header_of(walk), in);
		level_messages(walk, span_of(in.data, used));
		if (used > 0)
			return used;
	}
	const uint8_t *lf = memchr(in.data, '\n', in.size);
	size_t size = lf ? (size_t)(lf - in.data) + 1 : in.size;
	struct span line = span_of(in.data, size);
	if (walk->line_size > 0 || (!lf && size < WALK_LINE_MAX)) {
		size = MIN(size, WALK_LINE_MAX - walk->line_size);
		memcpy(walk->line + walk->line_size, in.data, size);
		walk->line_size += size;
		line = span_of(walk->line, walk->line_size);
		bool whole = walk->line[walk->line_size - 1] == '\n';
		if (!whole && walk->line_size < WALK_LINE_MAX)
			return size;
		walk->line_size = 0;
	}
	bool last = line.data[line.size - 1] == '\n';
	walk->line_begun = !last;
	take_piece(walk, line, first, last);
	return size;
}

/* take_tail - takes the rest of a delimiter line. Returns the number of octets used. */
static size_t take_tail(struct walk *walk, struct span in)
{
	const uint8_t *lf = memchr(in.data, '\n', in.size);
	size_t size = lf ? (size_t)(lf - in.data) + 1 : in.size;
	walk->sums.lines += size;
	level_messages(walk, span_of(in.data, size));
	walk->tail = !lf;
	return size;
}

/* ---- bodies ---- */

/* hold_end - octets[size] is LF. Holds the line end (CRLF or LF) back, because it may belong to a delimiter, and
 * releases what is before it. */
static void hold_end(struct walk *walk, const uint8_t *octets, size_t size)
{
	bool cr = size > 0 && octets[size - 1] == '\r';
	release_held_back(walk, span_of(octets, size - cr));
	memcpy(walk->eol.octets, "\r\n" + !cr, 1U + cr);
	walk->eol.size = 1U + cr;
	walk->line_state = LINE_START;
}

/* take_middle - takes octets up to the next line that may be a delimiter. */
static size_t take_middle(struct walk *walk, struct span in)
{
	size_t at = seek_delimiter(in.data, in.size), end = in.size;
	if (at == end && in.data[end - 1] == '-')
		end--;
	if (at == in.size && end > 0 && in.data[end - 1] == '\n')
		at = end - 1;
	if (at < in.size) {
		hold_end(walk, in.data, at);
		return at + 1;
	}
	bool cr = in.data[in.size - 1] == '\r';
	release_held_back(walk, span_of(in.data, in.size - cr));
	if (cr) {
		walk->eol.octets[0] = '\r';
		walk->eol.size = 1;
		walk->line_state = LINE_CR;
	}
	return in.size;
}

/* take_candidate - at the beginning of a line: holds octets back until they show whether it is a delimiter. */
static size_t take_candidate(struct walk *walk, struct span in)
{
	size_t used = 0;
	while (walk->line_size < 2 && used < in.size) {
		if (in.data[used] != '-') {
			release_held(walk);
			walk->line_state = LINE_MIDDLE;
			return used;
		}
		walk->line[walk->line_size++] = in.data[used++];
	}
	if (used == in.size)
		return used;
	const uint8_t *lf = memchr(in.data + used, '\n', in.size - used);
	size_t size = (lf ? (size_t)(lf + 1 - in.data) : in.size) - used;
	size = MIN(size, WALK_LINE_MAX - walk->line_size);
	memcpy(walk->line + walk->line_size, in.data + used, size);
	walk->line_size += size;
	used += size;
	bool last = walk->line[walk->line_size - 1] == '\n';
	if (!last && walk->line_size < WALK_LINE_MAX)
		return used;
	struct span line = span_of(walk->line, walk->line_size);
	struct delimiter delimiter;
	if (level_match(walk, line, &delimiter)) {
		take_delimiter(walk, &delimiter, line, last);
		return used;
	}
	size_t eol = walk->eol.size;
	walk->eol.size = walk->line_size = 0;
	walk->line_state = LINE_MIDDLE;
	release_held_back(walk, span_of(walk->eol.octets, eol));
	if (last)
		hold_end(walk, line.data, line.size - 1);
	else
		release_held_back(walk, line);
	return used;
}

static size_t take_body_octets(struct walk *walk, struct span in)
{
	if (walk->place == PLACE_SNIFF)
		in.size = MIN(in.size, WALK_SNIFF_MAX);
	if (walk->boundaries == 0) {
		release_held_back(walk, in);
		return in.size;
	}
	if (walk->line_state == LINE_CR) {
		if (*in.data == '\n') {
			walk->eol.octets[walk->eol.size++] = '\n';
			walk->line_state = LINE_START;
			return 1;
		}
		release_held(walk);
		walk->line_state = LINE_MIDDLE;
	}
	return walk->line_state == LINE_START ? take_candidate(walk, in) : take_middle(walk, in);
}

/* walk_octets - parses octets: new content, or octets that were held back. */
static void walk_octets(struct walk *walk, struct span in)
{
	while (in.size > 0) {
		size_t used = 0;
		if (walk->tail)
			used = take_tail(walk, in);
		else if (walk->place == PLACE_SNIFF || walk->place == PLACE_BODY)
			used = take_body_octets(walk, in);
		else
			used = take_line(walk, in);
		in = span_from(in, used);
		if (walk->place == PLACE_SNIFF && walk->sniffed->len >= WALK_SNIFF_MAX)
			decide_body(walk);
	}
}

void walk_feed(struct walk *walk, struct span in)
{
	walk->fed += in.size;
	walk_octets(walk, in);
}

void walk_gap(struct walk *walk, uint64_t size)
{
	walk->damaged = true;
	if (walk->place == PLACE_SNIFF) {
		release_held(walk);
		decide_body(walk);
	}
	level_gap(walk, size);
	if (walk->place == PLACE_BODY) {
		release_held(walk);
		walk->line_state = LINE_START;
		leaf_gap(walk, size);
		if (walk->leaf.inner)
			walk_gap(walk->leaf.inner, size);
	} else if (walk->place == PLACE_HEADER)
		header_of(walk)->damaged = true;
}

void walk_end(struct walk *walk, bool whole)
{
	if (walk->fed == 0 && walk->level_count == 0)
		return;
	finish_level(walk, whole);
	level_pass(walk);
	while (walk->level_count > 0)
		level_close(walk, false, whole);
}
