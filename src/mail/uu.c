/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * uu.c - files in the text of a mail, as uuencode ("begin 644 name", "begin-base64 644 name"), yEnc ("=ybegin") and
 * BinHex write them. Each becomes a part below the text; the text stays as it is.
 *
 * A begin line of uuencode counts only when the next line is one of an encoded file, so a sentence that begins with the
 * word does not. The state is one line (LINE_MAX_SIZE octets of it) and the open file.
 */
#include <string.h>

#include "binhex.h"
#include "inner.h"
#include "text.h"
#include "transfer.h"
#include "yenc.h"

#define LINE_MAX_SIZE 300 /* octets; no line of an encoded file is longer */
#define UU_OCTETS_MAX 45  /* decoded octets of a line */
#define NAME_SIZE_MAX 256

enum uu_state { UU_TEXT, UU_BEGUN, UU_FILE, BASE64_BEGUN, BASE64_FILE, YENC_FILE, BINHEX_FILE };

struct uu {
	struct part *outer, *file;
	enum uu_state state;
	unsigned count;
	const char *word;       /* with which the current line may begin a file */
	int begun;              /* number of its letters at the beginning of the line; -1: it does not begin so */
	size_t size, name_size; /* of the line so far; LINE_MAX_SIZE: too long */
	gint base64_state;
	guint base64_save;
	char *line, *name; /* NULL until a line begins with such a word */
	struct yenc *yenc; /* NULL: the file is not in yEnc; binhex: not in BinHex */
	struct binhex *binhex;
};

static const char binhex_word[] = "(This file must be converted with BinHex";
static const char *const words[] = { "begin", "=ybegin ", binhex_word };

/* word_for_letter - the word that begins with this letter; NULL when none does. */
static const char *word_for_letter(uint8_t letter)
{
	switch (letter) {
	case 'b':
		return words[0];
	case '=':
		return words[1];
	case '(':
		return words[2];
	default:
		return NULL;
	}
}

static void keep_name(struct uu *uu, struct span name)
{
	uu->name_size = MIN(name.size, NAME_SIZE_MAX);
	memcpy(uu->name, name.data, uu->name_size);
}

static void begin_binhex(struct uu *uu)
{
	uu->binhex = g_new(struct binhex, 1);
	binhex_begin(uu->binhex, uu->outer, &uu->count);
	uu->state = BINHEX_FILE;
}

/* open_kept_name - opens a file with the name that was kept. Returns false when no more files can be opened. */
static bool open_kept_name(struct uu *uu)
{
	uu->file = inner_open(uu->outer, &uu->count);
	if (uu->file)
		inner_name(uu->file, uu->outer->about->charset, span_of(uu->name, uu->name_size));
	return uu->file;
}

/* begin_other - is it the line with which yEnc or BinHex begins? */
static bool begin_other(struct uu *uu)
{
	struct span name;
	struct yenc *yenc = *uu->line == '=' ? yenc_new(span_of(uu->line, uu->size), &name) : NULL;
	if (yenc) {
		uu->yenc = yenc;
		keep_name(uu, name);
		uu->state = YENC_FILE;
		return true;
	}
	if (uu->size < sizeof binhex_word - 1 || memcmp(uu->line, binhex_word, sizeof binhex_word - 1) != 0)
		return false;
	begin_binhex(uu);
	return true;
}

/* take_begin - is it a begin line? */
static bool take_begin(struct uu *uu)
{
	const char *line = uu->line, *end = line + uu->size;
	if (*line != *words[0])
		return begin_other(uu);
	bool base64 = uu->size > 13 && memcmp(line, "begin-base64 ", 13) == 0;
	if (!base64 && (uu->size <= 6 || memcmp(line, "begin ", 6) != 0))
		return false;
	const char *mode = line + (base64 ? 13 : 6), *at = mode;
	while (at < end && *at >= '0' && *at <= '7')
		at++;
	if (at - mode < 3 || at - mode > 6 || at == end || *at != ' ')
		return false;
	keep_name(uu, span_of(at + 1, (size_t)(end - at - 1)));
	uu->state = base64 ? BASE64_BEGUN : UU_BEGUN;
	return true;
}

/* uu_octets - the number of octets that a line encodes; -1: not a uuencoded line. Trailing blanks may be lost, and some
 * programs add a checksum. */
static int uu_octets(const struct uu *uu)
{
	if (uu->size == 0)
		return -1;
	for (size_t i = 0; i < uu->size; i++)
		if (uu->line[i] < ' ' || uu->line[i] > '`')
			return -1;
	int octets = (uu->line[0] - ' ') & 0x3f;
	size_t letters = (size_t)(octets + 2) / 3 * 4;
	if (octets > UU_OCTETS_MAX || uu->size > 1 + letters + 2)
		return -1;
	/* missing characters must have been trailing blanks, so the line can't end in one now; for the first line this
	 * is accepted only when the line is a full one */
	bool lost = uu->size < 1 + letters, first = uu->state == UU_BEGUN && octets < UU_OCTETS_MAX;
	return lost && (first || uu->line[uu->size - 1] == ' ') ? -1 : octets;
}

static void uu_end_file(struct uu *uu, bool cut)
{
	if (uu->file)
		inner_close(uu->file, cut);
	uu->file = NULL;
	if (uu->binhex)
		binhex_end(uu->binhex);
	g_clear_pointer(&uu->binhex, g_free);
	g_clear_pointer(&uu->yenc, g_free);
	uu->state = UU_TEXT;
}

/* begin_file - the begin line was genuine. Returns false when no more files can be opened. */
static bool begin_file(struct uu *uu, enum uu_state state)
{
	uu->state = open_kept_name(uu) ? state : UU_TEXT;
	uu->base64_state = 0;
	uu->base64_save = 0;
	return uu->file;
}

static bool uu_is_base64(const struct uu *uu)
{
	for (size_t i = 0; i < uu->size; i++)
		if (!g_ascii_isalnum(uu->line[i]) && !strchr("+/=", uu->line[i]))
			return false;
	return uu->size > 0;
}

static bool line_is(const struct uu *uu, const char *text)
{
	return uu->size == strlen(text) && memcmp(uu->line, text, uu->size) == 0;
}

/* take_uu - a line after the begin line. An invalid line ends the file, which is then incomplete. */
static void take_uu(struct uu *uu)
{
	int octets = uu_octets(uu);
	bool last = line_is(uu, "end");
	if (uu->state == UU_BEGUN && (octets < 0 || last || !begin_file(uu, UU_FILE))) {
		uu->state = UU_TEXT;
		take_begin(uu);
		return;
	}
	if (last)
		uu_end_file(uu, false);
	else if (octets > 0) {
		uint8_t out[UUENCODE_OCTETS_MAX];
		part_feed(uu->file, span_of(out, transfer_uu_line(uu->line, uu->size, out)));
	} else if (octets < 0 && uu->size > 0) {
		uu_end_file(uu, true);
		take_begin(uu);
	}
}

static void take_base64(struct uu *uu)
{
	bool last = line_is(uu, "====");
	if (!uu_is_base64(uu) || (uu->state == BASE64_BEGUN && (last || !begin_file(uu, BASE64_FILE)))) {
		uu_end_file(uu, true);
		take_begin(uu);
		return;
	}
	uint8_t out[LINE_MAX_SIZE];
	if (last)
		uu_end_file(uu, false);
	else
		part_feed(uu->file, span_of(out, g_base64_decode_step(uu->line, uu->size, out, &uu->base64_state,
							 &uu->base64_save)));
}

/* uu_take_line - takes a complete line. */
static void uu_take_line(struct uu *uu)
{
	bool tail = uu->size == LINE_MAX_SIZE;
	if (!tail && uu->size > 0 && uu->line[uu->size - 1] == '\r')
		uu->size--;
	if (tail)
		uu_end_file(uu, true);
	else if (uu->state == UU_TEXT)
		take_begin(uu);
	else if (uu->state == UU_BEGUN || uu->state == UU_FILE)
		take_uu(uu);
	else
		take_base64(uu);
	uu->size = 0;
	uu->begun = 0;
}

/* --- the inspector --- */

/* may_hold - texts are searched; other files when they begin like such a text. */
static bool may_hold(const struct part *part, struct span head)
{
	static const char *const types[] = { "application/octet-stream", "application/mac-binhex40",
		"application/mac-binhex", "application/x-uuencode", "application/x-uuencoded", "application/uuencode",
		"application/x-uue", "application/x-yenc" };
	if (part->text)
		return !part->html;
	const bool listed = TEXT_LISTED(part->about->content_type, types);
	bool begins = false;
	for (size_t i = 0; listed && i < G_N_ELEMENTS(words); i++) {
		const uint8_t *at = memmem(head.data, head.size, words[i], strlen(words[i]));
		begins = begins || (at && (at == head.data || at[-1] == '\n'));
	}
	return begins;
}

/* is_raw_binhex - is it BinHex without the line that announces it? */
static bool is_raw_binhex(const struct part *part, struct span head)
{
	while (head.size > 0 && g_ascii_isspace(*head.data))
		head = span_from(head, 1);
	return head.size > 0 && *head.data == ':' &&
	       g_str_has_prefix(part->about->content_type, "application/mac-binhex");
}

static void *uu_begin(struct part *part, struct span head)
{
	const bool raw = is_raw_binhex(part, head);
	if (!raw && !may_hold(part, head))
		return NULL;
	struct uu *uu = arena_take(part->parts->mail->arena, sizeof *uu);
	*uu = (struct uu){ .outer = part };
	if (raw)
		begin_binhex(uu);
	return uu;
}

/* skip_text - skips to the next line that begins with one of the words, and consumes that word. Returns where to
 * continue. */
static const uint8_t *skip_text(struct uu *uu, const uint8_t *at, const uint8_t *end)
{
	while (at < end) {
		if (uu->begun < 0) {
			at = memchr(at, '\n', (size_t)(end - at));
			if (!at)
				return end;
			at++;
			uu->begun = 0;
			continue;
		}
		if (uu->begun == 0)
			uu->word = word_for_letter(*at);
		uu->begun = uu->word && *at == (uint8_t)uu->word[uu->begun] ? uu->begun + 1 : -1;
		if (uu->begun < 0)
			continue;
		at++;
		if (uu->word[uu->begun] == '\0') {
			if (!uu->line) {
				uu->line = g_malloc(LINE_MAX_SIZE + NAME_SIZE_MAX);
				uu->name = uu->line + LINE_MAX_SIZE;
			}
			uu->size = (size_t)uu->begun;
			memcpy(uu->line, uu->word, uu->size);
			return at;
		}
	}
	return at;
}

static void uu_feed(void *state, struct span piece);

static void yenc_octets(void *context, struct span decoded)
{
	struct uu *uu = context;
	if (!uu->file && uu->yenc->decoded == 0)
		open_kept_name(uu);
	if (uu->file)
		part_feed(uu->file, decoded);
}

/* search_again - what seemed to be yEnc is text: it is searched like any other. */
static void search_again(struct uu *uu)
{
	struct yenc *yenc = uu->yenc;
	uu->yenc = NULL;
	uu->state = UU_TEXT;
	uu_feed(uu, yenc_kept(yenc));
	g_free(yenc);
}

/* feed_other - octets of a file in yEnc or BinHex. Returns the number of octets used. */
static size_t feed_other(struct uu *uu, struct span octets)
{
	size_t used;
	if (uu->state == YENC_FILE) {
		used = yenc_feed(uu->yenc, octets, yenc_octets, uu);
		if (uu->yenc->ended)
			uu_end_file(uu, !yenc_whole(uu->yenc));
		else if (uu->yenc->refused)
			search_again(uu);
		return used;
	}
	used = binhex_feed(uu->binhex, octets);
	if (uu->binhex->place == BINHEX_END) {
		const bool line_start = uu->binhex->line_start;
		uu_end_file(uu, true);
		uu->begun = line_start ? 0 : -1;
	}
	return used;
}

static void uu_feed(void *state, struct span piece)
{
	struct uu *uu = state;
	const uint8_t *at = piece.data, *end = at + piece.size;
	while (at < end) {
		if (uu->state == UU_TEXT && uu->size == 0) {
			at = skip_text(uu, at, end);
			continue;
		}
		if (uu->state == YENC_FILE || uu->state == BINHEX_FILE) {
			at += feed_other(uu, span_of(at, (size_t)(end - at)));
			continue;
		}
		const uint8_t *lf = memchr(at, '\n', (size_t)(end - at));
		size_t size = (size_t)((lf ? lf : end) - at), kept = MIN(size, LINE_MAX_SIZE - uu->size);
		memcpy(uu->line + uu->size, at, kept);
		uu->size += kept;
		if (lf)
			uu_take_line(uu);
		at += size + (lf != NULL);
	}
}

/* uu_gap - the missing octets may belong to the open file. */
static void uu_gap(void *state, uint64_t size)
{
	struct uu *uu = state;
	if (uu->file)
		part_gap(uu->file, size);
	if (uu->binhex)
		binhex_gap(uu->binhex, size);
}

static void uu_end(void *state, struct part *part)
{
	struct uu *uu = state;
	if (uu->yenc && !uu->file)
		search_again(uu);
	if (uu->size > 0)
		uu_take_line(uu);
	uu_end_file(uu, uu->state != YENC_FILE || !yenc_whole(uu->yenc));
	g_free(uu->line);
}

static void uu_drop(void *state)
{
	struct uu *uu = state;
	if (uu->file)
		inner_close(uu->file, true);
	if (uu->binhex)
		binhex_drop(uu->binhex);
	g_free(uu->binhex);
	g_free(uu->yenc);
	g_free(uu->line);
}

static size_t uu_memory(const void *state)
{
	const struct uu *uu = state;
	return sizeof *uu + (uu->line ? LINE_MAX_SIZE + NAME_SIZE_MAX : 0) + (uu->file ? part_memory(uu->file) : 0) +
	       (uu->yenc ? sizeof *uu->yenc : 0) +
	       (uu->binhex ? sizeof *uu->binhex + (uu->binhex->file ? part_memory(uu->binhex->file) : 0) : 0);
}

const struct part_inspector uu_inspector = {
	.begin = uu_begin, .feed = uu_feed, .gap = uu_gap, .end = uu_end, .drop = uu_drop, .memory = uu_memory
};
