/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * level.c - the open multiparts and messages around a part: delimiters, part numbers, preambles and epilogues.
 *
 * A multipart in which no part is found is reported as a part itself. A short preamble or epilogue is ignored (RFC 2046
 * 5.1.1) but for the URLs in it, a long one is a defect.
 */
#include <string.h>

#include "walk.h"

#define NUMBER_MAX sizeof(".4294967295") /* octets of a part number on one level, and a NUL */

/* add_number - appends the number on one level to a part number, after a dot unless it is the first. */
static char *add_number(char *end, const char *text, unsigned number)
{
	char digits[NUMBER_MAX];
	size_t at = sizeof digits;
	do
		digits[--at] = (char)('0' + number % 10);
	while ((number /= 10) > 0);
	if (end > text)
		digits[--at] = '.';
	return (char *)memcpy(end, digits + at, sizeof digits - at) + (sizeof digits - at);
}

const char *walk_number(struct walk *walk, bool root)
{
	size_t before = strlen(walk->prefix);
	char *text = arena_take(&walk->scratch, before + (walk->level_count + 1) * NUMBER_MAX), *end = text + before;
	memcpy(text, walk->prefix, before);
	for (size_t i = 0; i < walk->level_count; i++) {
		const struct level *level = &walk->levels[i];
		if (!level->message || level->numbered)
			end = add_number(end, text, level->message ? 1 : MAX(level->count, 1));
	}
	if (root)
		end = add_number(end, text, 1);
	*end = '\0';
	return text;
}

/* without_trailing_blanks - without trailing blanks. */
static struct span without_trailing_blanks(struct span text)
{
	while (text.size > 0 && (text.data[text.size - 1] == ' ' || text.data[text.size - 1] == '\t'))
		text.size--;
	return text;
}

struct level *level_add(struct walk *walk, const struct entity *entity, const struct arena *mark)
{
	if (walk->level_count == walk->level_room) {
		walk->level_room = MAX(2, 2 * walk->level_room);
		walk->levels = g_renew(struct level, walk->levels, walk->level_room);
	}
	struct level *level = &walk->levels[walk->level_count];
	const char *number = entity->message ? walk_number(walk, entity->root) : NULL;
	*level = (struct level){ .entity = *entity, .message = entity->message, .mark = *mark };
	level->default_type = strcmp(entity->type, "multipart/digest") == 0 ? "message/rfc822" : "text/plain";
	walk->level_count++;
	if (level->message) {
		level->fresh = walk->passed.size > 0;
		level->numbered = entity->root;
		walk->messages++;
		if (!parts_full(walk->parts)) {
			level->about = entity_part(walk->parts, entity, number);
			mail_list_add(walk->parts->mail, &walk->parts->mail->parts, level->about);
			level->part = part_open(walk->parts, level->about, &level->entity.content, false);
		}
		return level;
	}
	walk->boundaries++;
	if (entity->content.boundary) {
		const char *boundary = entity->content.boundary;
		level->boundary = without_trailing_blanks(span_of(boundary, MIN(strlen(boundary), WALK_BOUNDARY_MAX)));
	}
	return level;
}

void level_check_depth(struct walk *walk)
{
	struct entity *entity = &walk->entity;
	bool deep = walk->depth + walk->level_count >= MAIL_DEPTH_MAX;
	bool encoded =
		(entity_is_encoded(entity) || entity->opaque || entity->folder) && walk->encoded >= WALK_ENCODED_MAX;
	if ((!entity->multipart && !entity->message && !entity->opaque) || (!deep && !encoded))
		return;
	mail_defect(walk->parts->mail, MIME_TOO_DEEP, span_of(NULL, 0),
		deep ? "parts nested deeper than %d" : "encoded or signed messages nested deeper than %d",
		deep ? MAIL_DEPTH_MAX : WALK_ENCODED_MAX);
	walk->parts->mail->partial = true;
	entity->multipart = entity->message = entity->opaque = entity->folder = false;
}

/* ---- preamble and epilogue ---- */

/* line_end_of - removes and returns the line end of octets. */
static struct line_end line_end_of(struct span *octets)
{
	struct line_end end = { 0 };
	const size_t size = octets->size;
	if (size == 0 || octets->data[size - 1] != '\n')
		return end;
	end.size = size > 1 && octets->data[size - 2] == '\r' ? 2 : 1;
	memcpy(end.octets, octets->data + size - end.size, end.size);
	octets->size -= end.size;
	return end;
}

/* feed_whole - passes octets of the multipart to its part. The last line end is held back: it may belong to an outer
 * delimiter. */
static void feed_whole(struct level *level, struct span octets)
{
	if (octets.size == 0)
		return;
	part_feed(level->part, span_of(level->prose_end.octets, level->prose_end.size));
	level->prose_end = line_end_of(&octets);
	part_feed(level->part, octets);
}

/* open_whole - begins reading the multipart as a part itself: it may contain none. */
static void open_whole(struct walk *walk, struct level *level)
{
	size_t count = walk->level_count;
	walk->level_count--; /* for the number of the multipart itself */
	level->about = entity_part(walk->parts, &level->entity, walk_number(walk, level->entity.root));
	walk->level_count = count;
	bool in_message = walk->in_message || walk->messages > 0;
	level->part = part_open(walk->parts, level->about, &level->entity.content, in_message);
	feed_whole(level, span_of(level->prose, level->prose_kept));
	if (level->hit)
		part_gap(level->part, 0);
}

void level_outside(struct walk *walk, struct level *level, struct span octets)
{
	size_t kept = MIN(octets.size, WALK_PROSE_MAX - level->prose_kept);
	if (!level->prose)
		level->prose = g_malloc(WALK_PROSE_MAX);
	level->prose_size += octets.size;
	if (!level->part && level->count == 0 && kept < octets.size)
		open_whole(walk, level); /* also passes what was kept before */
	memcpy(level->prose + level->prose_kept, octets.data, kept);
	level->prose_kept += kept;
	if (level->part)
		feed_whole(level, octets);
}

/* prose_urls - adds the URLs in what is kept of the preamble or epilogue. */
static void prose_urls(struct parts *parts, const struct level *level)
{
	size_t size = level->prose_kept;
	while (size > 0 && size < level->prose_size && level->prose[size - 1] > ' ')
		size--; /* a word that may be cut */
	if (!parts->options->urls || size == 0)
		return;
	GString *text = g_string_new(NULL);
	charset_guess(text, parts->hint, span_of(level->prose, size));
	mime_urls(parts->mail, &parts->seen, span_of(text->str, text->len));
	g_string_free(text, TRUE);
}

/* end_outside - the preamble or epilogue is complete. */
static void end_outside(struct walk *walk, struct level *level, const char *where)
{
	if (level->prose_size > WALK_PROSE_MAX)
		mail_defect(walk->parts->mail, MIME_MALFORMED, span_of(level->prose, level->prose_kept),
			"%" G_GUINT64_FORMAT " octets %s of a multipart", level->prose_size, where);
	prose_urls(walk->parts, level);
	if (level->part)
		part_drop(level->part);
	level->part = NULL;
	walk->sums.outside += level->prose_size;
	level->prose_size = level->prose_kept = 0;
	g_clear_pointer(&level->prose, g_free);
}

void level_behind(struct walk *walk, struct level *level, struct span delimiter)
{
	if (level->closed && !level->late && !walk->damaged)
		mail_defect(walk->parts->mail, MIME_MALFORMED, delimiter, "a part after the closing delimiter");
	level->late |= level->closed;
	level->closed = false;
}

void level_closing(struct walk *walk, struct level *level, struct span line)
{
	if (level->count == 0 && !level->early && !walk->damaged)
		mail_defect(walk->parts->mail, MIME_MALFORMED, line, "the closing delimiter comes before any part");
	level->early |= level->count == 0;
	level->closed = level->count > 0;
	level->ever = true;
	walk->guess_size = 0;
	walk->blank_before = true;
}

void level_part(struct walk *walk, struct level *level)
{
	end_outside(walk, level, level->count == 0 ? "before the first part" : "between the parts");
	level->count++;
}

/* prose_is_blank - nothing but white space? */
static bool prose_is_blank(const struct level *level)
{
	for (size_t i = 0; i < level->prose_kept; i++)
		if (!g_ascii_isspace(level->prose[i]))
			return false;
	return true;
}

/* close_multipart - a multipart without parts becomes a part itself. */
static void close_multipart(struct walk *walk, struct level *level, bool delimiter, bool whole)
{
	struct mail *mail = walk->parts->mail;
	bool certain = whole && !walk->damaged, declared = level->boundary.size > 0;
	if ((!level->declared || !declared) && certain && g_str_has_prefix(level->entity.type, "multipart/"))
		mail_defect(mail, MIME_MALFORMED, level->boundary, "%s",
			declared ? "boundary declared but never used" : "multipart without a boundary");
	else if (!level->ever && level->used && certain)
		mail_defect(
			mail, MIME_MALFORMED, level->declared ? level->boundary : level->guessed, "unclosed boundary");
	walk->boundaries--;
	if (level->count > 0 || (level->used && prose_is_blank(level) && level->prose_size < WALK_PROSE_MAX)) {
		end_outside(walk, level, "after the last part");
		return;
	}
	if (parts_full(walk->parts)) {
		if (level->part)
			part_drop(level->part);
		walk->sums.overflow += level->prose_size;
		return;
	}
	if (!level->part)
		open_whole(walk, level);
	if (!delimiter)
		part_feed(level->part, span_of(level->prose_end.octets, level->prose_end.size));
	level->about->truncated |= !whole;
	mail_list_add(mail, &mail->parts, level->about);
	part_close(level->part);
	walk->sums.parts += level->prose_size;
}

void level_close(struct walk *walk, bool delimiter, bool whole)
{
	struct level *level = &walk->levels[walk->level_count - 1];
	if (level->message) {
		walk->messages--;
		if (level->part) {
			level->about->truncated |= !whole;
			part_close(level->part);
		}
	} else
		close_multipart(walk, level, delimiter, whole);
	g_free(level->prose);
	walk->level_count--;
	arena_release(&walk->scratch, &level->mark);
}

void level_guess(struct walk *walk, const struct level *level, struct span line, bool last)
{
	bool named = false;
	walk->guess_size = 0;
	const bool first = level->count == 0 && !level->declared;
	if ((!first && !level->closed) || !last || line.size < 3 || memcmp(line.data, "--", 2) != 0)
		return;
	while (line.size > 2 && g_ascii_isspace(line.data[line.size - 1]))
		line.size--;
	if (line.size < 3 || line.size - 2 > WALK_GUESS_MAX)
		return;
	for (size_t i = 2; i < line.size; i++)
		named |= g_ascii_isalnum(line.data[i]);
	if (!named)
		return;
	walk->guess_size = line.size - 2;
	memcpy(walk->guess, line.data + 2, walk->guess_size);
}

/* ---- open messages ---- */

/* feed_message - passes octets to an open message. Nested messages are hashed once per level, so those nested deep have
 * a limit.
 */
static void feed_message(struct walk *walk, struct level *level, size_t nth, struct span octets)
{
	struct parts *parts = walk->parts;
	if (nth >= WALK_AGAIN_LEVELS && octets.size > WALK_AGAIN_MAX - level->about->size) {
		if (!parts->again_told)
			mail_defect(parts->mail, MIME_TOO_DEEP, span_of(NULL, 0),
				"attached messages nested too deep for their size");
		parts->again_told = parts->mail->partial = true;
		level->about->truncated = true;
		octets.size = WALK_AGAIN_MAX - level->about->size;
	}
	part_feed(level->part, octets);
}

/* feed_messages - passes octets to every open message. */
static void feed_messages(struct walk *walk, struct span octets)
{
	size_t nth = 0;
	for (size_t i = 0; i < walk->level_count && nth < walk->messages; i++) {
		struct level *level = &walk->levels[i];
		if (!level->message)
			continue;
		if (level->part && !level->fresh)
			feed_message(walk, level, nth, octets);
		level->fresh = false;
		nth++;
	}
}

void level_pass(struct walk *walk)
{
	if (walk->passed.size > 0)
		feed_messages(walk, span_of(walk->passed.octets, walk->passed.size));
	walk->passed.size = 0;
}

void level_pass_on(struct walk *walk, struct span octets)
{
	if (octets.size == 0)
		return;
	level_pass(walk);
	walk->passed = line_end_of(&octets);
	feed_messages(walk, octets);
}

void level_gap(struct walk *walk, uint64_t size)
{
	for (size_t i = 0; i < walk->level_count; i++) {
		struct level *level = &walk->levels[i];
		level->hit = true;
		if (level->part)
			part_gap(level->part, size);
	}
}

/* ---- delimiters ---- */

/* is_exactly - is the text after the first "--" this boundary, perhaps followed by "--"? Trailing blanks are ignored.
 * The boundary may be empty when it is declared so: then the line is "--", but not "-- ", with which a signature
 * begins. */
static bool is_exactly(struct span text, struct span boundary, bool *closing)
{
	struct span before = text;
	*closing = false;
	if (!boundary.data)
		return false;
	if (text.size == boundary.size && memcmp(text.data, boundary.data, text.size) == 0)
		return true;
	if (text.size < 2 || memcmp(text.data + text.size - 2, "--", 2) != 0)
		return false;
	before.size -= 2;
	before = without_trailing_blanks(before);
	*closing = true;
	return before.size == boundary.size && memcmp(before.data, boundary.data, before.size) == 0;
}

/* has_tail - does the text begin with the boundary, followed by a blank, a CR, or "--" and anything? */
static bool has_tail(struct span text, struct span boundary, bool *closing)
{
	if (boundary.size == 0 || text.size <= boundary.size || memcmp(text.data, boundary.data, boundary.size) != 0)
		return false;
	const uint8_t *behind = text.data + boundary.size;
	if (boundary.size == WALK_BOUNDARY_MAX) { /* only its beginning is compared */
		*closing = false;
		return true;
	}
	*closing = text.size >= boundary.size + 2 && memcmp(behind, "--", 2) == 0;
	return *closing || *behind == ' ' || *behind == '\t' || *behind == '\r';
}

typedef bool (*compare)(struct span text, struct span boundary, bool *closing);

/* find_delimiter - the innermost multipart whose boundary matches. */
static bool find_delimiter(const struct walk *walk, struct span text, compare same, struct delimiter *delimiter)
{
	for (size_t i = walk->level_count; i-- > 0;) {
		const struct level *level = &walk->levels[i];
		if (level->message)
			continue;
		delimiter->level = i;
		delimiter->guessed = false;
		if (same(text, level->boundary, &delimiter->closing))
			return true;
		delimiter->guessed = true;
		if (same(text, level->guessed, &delimiter->closing))
			return true;
	}
	return false;
}

bool level_match(const struct walk *walk, struct span line, struct delimiter *delimiter)
{
	if (walk->boundaries == 0 || line.size < 3 || line.data[0] != '-' || line.data[1] != '-')
		return false;
	struct span text = span_from(line, 2);
	bool ended = text.data[text.size - 1] == '\n';
	text.size -= ended;
	text.size -= ended && text.size > 0 && text.data[text.size - 1] == '\r';
	struct span exact = without_trailing_blanks(text);
	delimiter->tail = false;
	if ((exact.size > 0 || text.size == 0) && find_delimiter(walk, exact, is_exactly, delimiter))
		return true;
	delimiter->tail = true;
	return text.size > 0 && find_delimiter(walk, text, has_tail, delimiter);
}
