/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * look.c - asks libmagic what kind of file a part is, whatever its header says.
 *
 * A call of libmagic takes 20 to 2000 us, longest for text. So it is asked about files, not about the text of a mail,
 * and once, when the first MAGIC_MAX octets are there or the part ends. The media type takes a second call, except for
 * the most frequent kinds of files, whose description implies it.
 */
#include <string.h>

#include "config.h"
#include "part.h"
#if HAVE_MAGIC
#include <magic.h>
#endif

#define MAGIC_MAX (8 * 1024) /* octets passed to libmagic */
#define MAGIC_TEXT_MAX 2048  /* the same for text, which is slow */
#define LOOK_MAX 64          /* octets that decide whether it is text */

/* mime_is_text - are there no control characters but those used in text? */
bool mime_is_text(struct span data)
{
	uint8_t bad = 0; /* no branches, so that the compiler can vectorise the loop */
	for (size_t i = 0; i < MIN(data.size, LOOK_MAX); i++) {
		uint8_t octet = data.data[i];
		bad |= (octet < ' ') & ((uint8_t)(octet - '\t') > '\r' - '\t') & (octet != 0x1b);
		bad |= octet == 0x7f;
	}
	return bad == 0;
}

#if HAVE_MAGIC
/* Checks that are switched off for binary files: they take half of the time. */
#define NO_TEXT                                                                                                        \
	(MAGIC_NO_CHECK_TEXT | MAGIC_NO_CHECK_ENCODING | MAGIC_NO_CHECK_TOKENS | MAGIC_NO_CHECK_CSV |                  \
		MAGIC_NO_CHECK_JSON)

static magic_t cookie;
static bool tried;

/* may_be_text - may libmagic find it to be text in some encoding? */
static bool may_be_text(struct span data)
{
	static const struct {
		const char *mark;
		size_t size;
	} marks[] = { { "\xff\xfe", 2 }, { "\xfe\xff", 2 }, { "\0\0\xfe\xff", 4 } }; /* UTF-16, UTF-32 */
	for (size_t i = 0; i < G_N_ELEMENTS(marks); i++)
		if (data.size >= marks[i].size && memcmp(data.data, marks[i].mark, marks[i].size) == 0)
			return true;
	for (size_t i = 0; i < MIN(data.size, LOOK_MAX); i++) {
		uint8_t octet = data.data[i];
		if (octet < '\a' || (octet > '\r' && octet < ' ' && octet != 0x1b) || octet == 0x7f)
			return false;
	}
	return true;
}

/* open_database - opens libmagic's database at the first call. Returns false when there is none. */
static bool open_database(void)
{
	if (tried)
		return cookie != NULL;
	tried = true;
	/* descriptions contain times from files, in local time */
	g_setenv("TZ", "UTC0", TRUE);
	cookie = magic_open(MAGIC_NONE);
	if (cookie && magic_load(cookie, NULL) != 0) {
		magic_close(cookie);
		cookie = NULL;
	}
	/* the encoding of a text shows early, and the time grows with the size */
	size_t most = MAGIC_TEXT_MAX;
	if (cookie)
		magic_setparam(cookie, MAGIC_PARAM_ENCODING_MAX, &most);
	return cookie != NULL;
}

/* ask - asks with these flags of libmagic; NULL when it has no answer. */
static char *ask(struct arena *arena, struct span data, int flags)
{
	magic_setflags(cookie, flags);
	const char *words =
		magic_buffer(cookie, data.data, MIN(data.size, mime_is_text(data) ? MAGIC_TEXT_MAX : MAGIC_MAX));
	if (!words)
		return NULL;
	GString *text = g_string_new(NULL);
	charset_guess(text, NULL, span_of(words, strlen(words)));
	return arena_string(arena, text);
}

/* sure_type - the media type that a description of libmagic always implies; NULL: not known. */
static const char *sure_type(const char *words)
{
	static const struct {
		const char *begin, *type;
	} types[] = { { "PDF document", "application/pdf" }, { "PNG image data", "image/png" },
		{ "JPEG image data", "image/jpeg" }, { "GIF image data", "image/gif" },
		{ "Zip archive data", "application/zip" }, { "ASCII text", "text/plain" } };
	for (size_t i = 0; i < G_N_ELEMENTS(types); i++)
		if (g_str_has_prefix(words, types[i].begin))
			return types[i].type;
	return strcmp(words, "data") == 0 ? "application/octet-stream" : NULL;
}

/* mime_magic - libmagic's description and media type for the first octets of a file; NULL when it has none. */
static void mime_magic(struct arena *arena, struct span data, char **words, char **type)
{
	if (data.size == 0 || !open_database())
		return;
	const int flags = may_be_text(data) ? MAGIC_NONE : NO_TEXT;
	*words = ask(arena, data, flags);
	const char *sure = *words ? sure_type(*words) : NULL;
	*type = sure ? arena_copy(arena, sure, strlen(sure)) : ask(arena, data, flags | MAGIC_MIME_TYPE);
}

void mime_look_exit(void)
{
	if (cookie)
		magic_close(cookie);
	cookie = NULL;
	tried = false;
}
#else
static void mime_magic(struct arena *arena, struct span data, char **words, char **type)
{
}

void mime_look_exit(void)
{
}
#endif

/* ---- the inspector ---- */

/* The first octets of a part, until there are enough. */
struct first {
	struct part *part;
	size_t size, wanted;
	uint8_t *data; /* NULL: libmagic was asked */
};

/* magic_begin - the text of a mail is not inspected. */
static void *magic_begin(struct part *part, struct span head)
{
	const struct mail_part *about = part->about;
	bool said = part->text || mime_begins(about->content_type, "message/");
	if (!part->parts->options->magic || head.size == 0 || (!about->attachment && said && mime_is_text(head)))
		return NULL;
	struct first *first = g_new(struct first, 1);
	*first = (struct first){ .part = part, .wanted = mime_is_text(head) ? MAGIC_TEXT_MAX : MAGIC_MAX };
	first->data = g_malloc(first->wanted);
	return first;
}

/* magic_ask - asks about the octets collected. */
static void magic_ask(struct first *first)
{
	struct mail_part *about = first->part->about;
	mime_magic(first->part->parts->mail->arena, span_of(first->data, first->size), &about->magic, &about->mimetype);
	g_clear_pointer(&first->data, g_free);
}

static void magic_feed(void *state, struct span piece)
{
	struct first *first = state;
	if (!first->data)
		return;
	size_t size = MIN(piece.size, first->wanted - first->size);
	memcpy(first->data + first->size, piece.data, size);
	first->size += size;
	if (first->size == first->wanted)
		magic_ask(first);
}

static void magic_drop(void *state)
{
	struct first *first = state;
	g_free(first->data);
	g_free(first);
}

static void magic_end(void *state, struct part *part)
{
	struct first *first = state;
	if (first->data)
		magic_ask(first);
	magic_drop(first);
}

static size_t magic_memory(const void *state)
{
	const struct first *first = state;
	return sizeof *first + (first->data ? first->wanted : 0);
}

const struct part_inspector magic_inspector = {
	.begin = magic_begin, .feed = magic_feed, .end = magic_end, .drop = magic_drop, .memory = magic_memory
};
