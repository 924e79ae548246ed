/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * look.c - what the octets of a part are, whatever its header says: libmagic's words, and whether an archive is
 * encrypted.
 *
 * libmagic needs 20 to 2000 us a call, most for text: it is asked about files, not about the text of a mail, and sees
 * at most MAGIC_MAX octets, once, when the part ends. libarchive reads headers only. A format that must decompress to
 * find the next header is left after the first one that has content, so nothing can be made to unpack much here.
 */
#include <archive.h>
#include <archive_entry.h>
#include <string.h>

#include "config.h"
#include "part.h"
#if HAVE_MAGIC
#include <magic.h>
#endif

#define MAGIC_MAX (64 * 1024) /* octets that it sees */
#define MAGIC_TEXT_MAX 2048   /* of what looks like text: that is what is slow */
#define LOOK_MAX 64           /* octets that decide what is text */
#define ARCHIVE_ENTRIES_MAX 1000
#define RAR5_SIGNATURE_SIZE 8

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

bool mime_is_archive(struct span head)
{
	static const struct {
		const char *octets;
		size_t size;
	} begins[] = { { "PK\3\4", 4 }, { "7z\xbc\xaf\x27\x1c", 6 }, { "Rar!\x1a\7", 6 } };
	for (size_t i = 0; i < G_N_ELEMENTS(begins); i++)
		if (head.size >= begins[i].size && memcmp(head.data, begins[i].octets, begins[i].size) == 0)
			return true;
	return false;
}

/* entries_encrypted - does the archive say so? seeks: it finds the next header without reading what is between. */
static bool entries_encrypted(struct archive *archive, struct span data, bool seeks)
{
	struct archive_entry *entry;
	if (archive_read_open_memory(archive, data.data, data.size) != ARCHIVE_OK)
		return false;
	for (unsigned i = 0; i < ARCHIVE_ENTRIES_MAX; i++) {
		int result = archive_read_next_header(archive, &entry);
		if (archive_read_has_encrypted_entries(archive) == 1)
			return true;
		if (result == ARCHIVE_EOF || result == ARCHIVE_FATAL)
			break;
		if (archive_entry_is_encrypted(entry))
			return true;
		if (!seeks && archive_entry_size(entry) > 0)
			return false;
	}
	/* some versions have words for encrypted headers, and nothing else */
	const char *error = archive_error_string(archive);
	return error != NULL && strstr(error, "ncrypt") != NULL;
}

/* A place in a RAR 5 archive; beyond its end everything reads as 0. */
struct cursor {
	struct span data;
	size_t at;
};

/* vint - RAR's number: 7 bits an octet, the low ones first. */
static uint64_t vint(struct cursor *cursor)
{
	uint64_t value = 0;
	for (unsigned shift = 0; shift < 63 && cursor->at < cursor->data.size; shift += 7) {
		uint8_t octet = cursor->data.data[cursor->at++];
		value |= (uint64_t)(octet & 0x7f) << shift;
		if ((octet & 0x80) == 0)
			break;
	}
	return value;
}

/* rar5_encrypted - libarchive passes over the record that says a file is encrypted. */
static bool rar5_encrypted(struct span data)
{
	enum { FILE_HEADER = 2, ENCRYPTION_HEADER = 4, EXTRA = 1, DATA = 2, ENCRYPTION_RECORD = 1 };
	struct cursor cursor = { data, RAR5_SIGNATURE_SIZE };
	for (unsigned i = 0; i < ARCHIVE_ENTRIES_MAX && cursor.at + 4 < data.size; i++) {
		cursor.at += 4; /* checksum */
		uint64_t size = vint(&cursor);
		size_t begin = cursor.at;
		if (size == 0 || size > data.size - begin)
			return false;
		size_t end = begin + (size_t)size;
		uint64_t type = vint(&cursor), flags = vint(&cursor);
		uint64_t extra = flags & EXTRA ? vint(&cursor) : 0, content = flags & DATA ? vint(&cursor) : 0;
		if (type == ENCRYPTION_HEADER)
			return true;
		for (cursor.at = end - (size_t)MIN(extra, size); type == FILE_HEADER && cursor.at < end;) {
			uint64_t record = vint(&cursor);
			size_t next = cursor.at;
			if (vint(&cursor) == ENCRYPTION_RECORD)
				return true;
			cursor.at = next + (size_t)CLAMP(record, 1, end);
		}
		if (content > data.size - end)
			return false;
		cursor.at = end + (size_t)content;
	}
	return false;
}

bool mime_archive_encrypted(struct span data)
{
	if (data.size > RAR5_SIGNATURE_SIZE && memcmp(data.data, "Rar!\x1a\7\1", 7) == 0)
		return rar5_encrypted(data);
	bool zip = data.data[0] == 'P';
	struct archive *archive = archive_read_new();
	if (zip)
		archive_read_support_format_zip_seekable(archive);
	else {
		archive_read_support_format_7zip(archive);
		archive_read_support_format_rar(archive);
	}
	bool encrypted = entries_encrypted(archive, data, zip);
	archive_read_free(archive);
	if (zip && !encrypted) {
		/* without its end there is no directory: the first local header has to do */
		archive = archive_read_new();
		archive_read_support_format_zip_streamable(archive);
		encrypted = entries_encrypted(archive, data, false);
		archive_read_free(archive);
	}
	return encrypted;
}

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

static void *archive_begin(struct part *part, struct span head)
{
	return mime_is_archive(head) ? g_byte_array_new() : NULL;
}

static void archive_feed(void *state, struct span piece)
{
	GByteArray *kept = state;
	g_byte_array_append(kept, piece.data, (guint)MIN(piece.size, MIME_ARCHIVE_MAX - kept->len));
}

static void archive_drop(void *state)
{
	g_byte_array_free(state, TRUE);
}

static void archive_end(void *state, struct part *part)
{
	const GByteArray *kept = state;
	part->about->encrypted = mime_archive_encrypted(span_of(kept->data, kept->len));
	archive_drop(state);
}

static size_t archive_memory(const void *state)
{
	return ((const GByteArray *)state)->len;
}

const struct part_looker archive_looker = {
	.begin = archive_begin, .feed = archive_feed, .end = archive_end, .drop = archive_drop, .memory = archive_memory
};
