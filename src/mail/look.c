/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * look.c - what the octets of a part are, whatever its header says: libmagic's words, and whether an archive is
 * encrypted.
 *
 * libmagic needs 20 to 2000 us a call, most for text: it is asked about files, not about the text of a mail, and sees
 * at most MAGIC_MAX octets, once, when the part ends. libarchive reads headers only. A format that must decompress to
 * find the next header is left after the first one that has content, so nothing can be made to unpack much here.
 */
#include <string.h>

#include "config.h"
#include "part.h"
#if HAVE_MAGIC
#include <magic.h>
#endif

#define MAGIC_MAX (64 * 1024) /* octets that it sees */
#define MAGIC_TEXT_MAX 2048   /* of what looks like text: that is what is slow */
#define LOOK_MAX 64           /* octets that decide what is text */

/* mime_is_text - no control characters but those of text? */
bool mime_is_text(struct span data)
{
	uint8_t bad = 0; /* no branches, so that compilers make vectors of it */
	for (size_t i = 0; i < MIN(data.size, LOOK_MAX); i++) {
		uint8_t octet = data.data[i];
		bad |= (octet < ' ') & ((uint8_t)(octet - '\t') > '\r' - '\t') & (octet != 0x1b);
		bad |= octet == 0x7f;
	}
	return bad == 0;
}

#if HAVE_MAGIC
/* What is left out for octets that are no text: half of the time. */
#define NO_TEXT                                                                                                        \
	(MAGIC_NO_CHECK_TEXT | MAGIC_NO_CHECK_ENCODING | MAGIC_NO_CHECK_TOKENS | MAGIC_NO_CHECK_CSV |                  \
		MAGIC_NO_CHECK_JSON)

static magic_t cookie;
static bool tried;

/* may_be_text - could libmagic call it text in some encoding? */
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

/* open_database - at the first call. Returns false when there is none. */
static bool open_database(void)
{
	if (tried)
		return cookie != NULL;
	tried = true;
	/* it writes times that are in files, and writes them in local time */
	g_setenv("TZ", "UTC0", TRUE);
	cookie = magic_open(MAGIC_NONE);
	if (cookie != NULL && magic_load(cookie, NULL) != 0) {
		magic_close(cookie);
		cookie = NULL;
	}
	/* what a text is written in shows early; it makes a table of all that it looks at */
	size_t most = MAGIC_TEXT_MAX;
	if (cookie != NULL)
		magic_setparam(cookie, MAGIC_PARAM_ENCODING_MAX, &most);
	return cookie != NULL;
}

/* ask - with some of libmagic's flags; NULL when it says nothing. */
static char *ask(struct arena *arena, struct span data, int flags)
{
	magic_setflags(cookie, flags);
	const char *words =
		magic_buffer(cookie, data.data, MIN(data.size, mime_is_text(data) ? MAGIC_TEXT_MAX : MAGIC_MAX));
	if (words == NULL)
		return NULL;
	GString *text = g_string_new(NULL);
	charset_guess(text, NULL, span_of(words, strlen(words)));
	return arena_string(arena, text);
}

void mime_magic(struct arena *arena, struct span data, char **words, char **type)
{
	if (data.size == 0 || !open_database())
		return;
	const int flags = may_be_text(data) ? MAGIC_NONE : NO_TEXT;
	*words = ask(arena, data, flags);
	*type = ask(arena, data, flags | MAGIC_MIME_TYPE);
}

void mime_look_exit(void)
{
	if (cookie != NULL)
		magic_close(cookie);
	cookie = NULL;
	tried = false;
}
#else
void mime_magic(struct arena *arena, struct span data, char **words, char **type)
{
}

void mime_look_exit(void)
{
}
#endif

/* ---- lookers ---- */

/* The first octets of a part, until there are enough. */
struct first {
	size_t size, wanted;
	struct part *part;
	uint8_t data[];
};

static struct first *first_new(struct part *part, size_t wanted)
{
	struct first *first = g_malloc(sizeof *first + wanted);
	*first = (struct first){ .wanted = wanted, .part = part };
	return first;
}

static void first_feed(void *state, struct span piece)
{
	struct first *first = state;
	size_t size = MIN(piece.size, first->wanted - first->size);
	memcpy(first->data + first->size, piece.data, size);
	first->size += size;
}

static size_t first_memory(const void *state)
{
	return ((const struct first *)state)->wanted;
}

/* magic_begin - the text of a mail is not asked about, it is what it says it is. */
static void *magic_begin(struct part *part, struct span head)
{
	const struct mail_part *about = part->about;
	bool said = g_str_has_prefix(about->content_type, "text/") || g_str_has_prefix(about->content_type, "message/");
	if (!part->parts->options->magic || head.size == 0 || (!about->attachment && said && mime_is_text(head)))
		return NULL;
	return first_new(part, mime_is_text(head) ? MAGIC_TEXT_MAX : MAGIC_MAX);
}

static void magic_end(void *state, struct part *part)
{
	struct first *first = state;
	struct mail_part *about = part->about;
	mime_magic(part->parts->mail->arena, span_of(first->data, first->size), &about->magic, &about->mimetype);
	g_free(first);
}

const struct part_looker magic_looker = {
	.begin = magic_begin, .feed = first_feed, .end = magic_end, .drop = g_free, .memory = first_memory
};
