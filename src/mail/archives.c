/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * archives.c - lists the entries of an archive: names, sizes and first octets. Archives inside it are listed, too.
 *
 * libarchive reads all formats but RAR 5, which it can't list without unpacking (rar5.c does).
 * Limits: archives nested ARCHIVE_DEPTH_MAX deep, MAIL_ENTRIES_MAX names, ARCHIVE_UNPACKED_MAX octets unpacked from one
 * archive, and ARCHIVE_RATIO_MAX times its size. When a limit is reached the list ends and is marked as not complete.
 *
 * An archive whose entries can be found without unpacking is read twice: first the names, so that a decompression bomb
 * can't hide them, then the first octets of the entries, as far as the budget allows. Names are UTF-8, or else code
 * page 437. The entries of a zip that its directory does not show are read, too.
 */
#include <archive.h>
#include <archive_entry.h>
#include <locale.h>
#include <string.h>

#include "bytes.h"
#include "kept.h"
#include "kind.h"
#include "memory.h"
#include "part.h"
#include "rar5.h"
#include "text.h"
#include "zip.h"

#define ARCHIVE_DEPTH_MAX 5
#define ARCHIVE_UNPACKED_MAX (32 * 1024 * 1024)
#define ARCHIVE_RATIO_MAX 100
#define ARCHIVE_RATIO_FREE (1024 * 1024) /* octets that may be unpacked whatever the ratio */
#define ARCHIVE_HEAD 64                  /* octets of an entry that are kept */
#define INNER_MAX (16 * 1024 * 1024)     /* octets kept of an archive in an archive */
#define HEAD_SIZE 512                    /* first octets of an entry, which tell its kind */
#define NAME_MAX_SHOWN 1024              /* octets of a name; longer ones are cut */
#define IDLE_MAX 1000                    /* empty blocks in a row */
#define ARCHIVE_MAX (64 * 1024 * 1024)   /* octets kept of an archive */

static struct kept_budget keeping = { .memory_each = 128 * 1024, .memory_total = 2 * 1024 * 1024, .files = 256 };

/* One archive with those inside it. */
struct look {
	struct mail *mail;
	struct mail_archive *result;
	uint64_t left; /* octets that may still be unpacked */
};

/* One of the nested archives. */
struct archive_level {
	struct look *look;
	const struct kind *kind;
	struct span octets;
	const char *prefix; /* of the entries' names: "inner.zip!"; "" for the outermost */
	const char *name;   /* of the file; NULL */
	unsigned depth;
};

static void read_level(struct archive_level *level);

/* is_cheap - can entries be skipped without unpacking them? */
static bool is_cheap(enum container container)
{
	return container == CONTAINER_ZIP || container == CONTAINER_ISO || container == CONTAINER_TAR ||
	       container == CONTAINER_AR || container == CONTAINER_CPIO;
}

/* packed_name - for the file in a gzip that stores no name: the name of the gzip without its extension. */
static const char *packed_name(struct arena *arena, const char *name)
{
	const char *slash = name ? strrchr(name, '/') : NULL;
	if (slash)
		name = slash + 1;
	const char *dot = name ? strrchr(name, '.') : NULL;
	return dot && dot > name ? arena_copy(arena, name, (size_t)(dot - name)) : "data";
}

/* entry_name - the entry's name, with that of the inner archive before it. */
static char *entry_name(const struct archive_level *level, const char *raw)
{
	GString *name = g_string_new(level->prefix);
	size_t size = strlen(raw);
	if (size > NAME_MAX_SHOWN)
		size = NAME_MAX_SHOWN;
	charset_guess(name, "cp437", span_of(raw, size));
	return arena_string(level->look->mail->arena, name);
}

/* add_entry - adds an entry to the list; NULL when the list is full. */
static struct mail_entry *add_entry(const struct archive_level *level, const char *raw, uint64_t size, bool encrypted)
{
	struct mail *mail = level->look->mail;
	struct mail_archive *result = level->look->result;
	if (result->entries->len >= MAIL_ENTRIES_MAX) {
		result->complete = false;
		return NULL;
	}
	struct mail_entry *entry = arena_take(mail->arena, sizeof *entry);
	*entry = (struct mail_entry){
		.name = entry_name(level, raw), .size = size, .encrypted = encrypted, .inner = level->depth > 0
	};
	arena_add(mail->arena, result->entries, entry);
	if (encrypted) {
		result->encrypted = true;
		result->complete = false;
	}
	return entry;
}

/* add_found - adds an entry read by libarchive. */
static struct mail_entry *add_found(
	const struct archive_level *level, struct archive *archive, struct archive_entry *found)
{
	const char *name = archive_entry_pathname(found);
	bool one = level->kind->container == CONTAINER_PACKED && archive_format(archive) == ARCHIVE_FORMAT_RAW;
	if (one && g_strcmp0(name, "data") == 0)
		name = packed_name(level->look->mail->arena, level->name);
	uint64_t size = archive_entry_size_is_set(found) ? (uint64_t)archive_entry_size(found) : UINT64_MAX;
	if (!name)
		level->look->result->complete = false;
	return add_entry(level, name ? name : "?", size, archive_entry_is_encrypted(found));
}

/* --- libarchive --- */

/* support_packed - the compressions of one file, and that file: a tar or a cpio, unless it is known to be another. */
static void support_packed(struct archive *archive, bool other)
{
	archive_read_support_filter_gzip(archive);
	archive_read_support_filter_bzip2(archive);
	archive_read_support_filter_xz(archive);
	archive_read_support_filter_zstd(archive);
	archive_read_support_filter_lz4(archive);
	archive_read_support_filter_lzip(archive);
	archive_read_support_filter_lzma(archive);
	archive_read_support_filter_compress(archive);
	archive_read_support_filter_rpm(archive);
	archive_read_support_format_raw(archive);
	if (other)
		return;
	archive_read_support_format_tar(archive);
	archive_read_support_format_cpio(archive);
}

/* open_archive - NULL when it can't be read. other: the second way to read it: a zip without its directory, or a packed
 * file that is not a tar or a cpio. */
static struct archive *open_archive(const struct archive_level *level, bool other)
{
	static int (*const formats[])(struct archive * archive) = {
		[CONTAINER_ZIP] = archive_read_support_format_zip_seekable,
		[CONTAINER_7Z] = archive_read_support_format_7zip,
		[CONTAINER_RAR] = archive_read_support_format_rar,
		[CONTAINER_RAR5] = archive_read_support_format_rar5,
		[CONTAINER_CAB] = archive_read_support_format_cab,
		[CONTAINER_LHA] = archive_read_support_format_lha,
		[CONTAINER_TAR] = archive_read_support_format_tar,
		[CONTAINER_ISO] = archive_read_support_format_iso9660,
		[CONTAINER_AR] = archive_read_support_format_ar,
		[CONTAINER_CPIO] = archive_read_support_format_cpio,
		[CONTAINER_XAR] = archive_read_support_format_xar,
	};
	const enum container container = level->kind->container;
	struct archive *archive = archive_read_new();
	g_assert(container == CONTAINER_PACKED || formats[container]);
	if (container == CONTAINER_PACKED)
		support_packed(archive, other);
	else if (container == CONTAINER_ZIP && other)
		archive_read_support_format_zip_streamable(archive);
	else
		formats[container](archive);
	if (archive_read_open_memory(archive, level->octets.data, level->octets.size) == ARCHIVE_OK)
		return archive;
	archive_read_free(archive);
	return NULL;
}

/* close_archive - for some formats only the error message tells that they are encrypted. */
static void close_archive(const struct archive_level *level, struct archive *archive)
{
	const char *error = archive_error_string(archive);
	if (archive_read_has_encrypted_entries(archive) == 1 || (error && strstr(error, "ncrypt"))) {
		level->look->result->encrypted = true;
		level->look->result->complete = false;
	}
	archive_read_free(archive);
}

/* is_formal - is it no file but the root of an ISO image or cpio, or an index of an ar? */
static bool is_formal(const struct archive_level *level, const char *name)
{
	static const char *const indexes[] = { "/", "//", "/SYM64/", "__.SYMDEF" };
	return g_strcmp0(name, ".") == 0 || (level->kind->container == CONTAINER_AR && TEXT_LISTED(name, indexes));
}

/* next - the next entry; NULL at the end. An error makes the list incomplete. */
static struct archive_entry *next(const struct archive_level *level, struct archive *archive)
{
	struct archive_entry *entry;
	int result;
	do
		result = archive_read_next_header(archive, &entry);
	while (result == ARCHIVE_OK && is_formal(level, archive_entry_pathname(entry)));
	if (result == ARCHIVE_OK || result == ARCHIVE_WARN)
		return entry;
	if (result != ARCHIVE_EOF)
		level->look->result->complete = false;
	return NULL;
}

/* list_names - lists the names without unpacking. */
static void list_names(const struct archive_level *level, bool other)
{
	struct archive *archive = open_archive(level, other);
	if (!archive) {
		level->look->result->complete = false;
		return;
	}
	for (struct archive_entry *entry; (entry = next(level, archive));)
		if (!add_found(level, archive, entry))
			break;
	close_archive(level, archive);
}

/* --- contents of entries --- */

/* is_archive - is it a kind of archive that is listed? */
static bool is_archive(const struct kind *kind)
{
	return kind && kind->container >= CONTAINER_ZIP && kind->container <= CONTAINER_ISO;
}

/* unpack - unpacks the head of an entry; all of it (up to INNER_MAX) when it is an archive. whole: reads to its end in
 * any case. Returns false when nothing more can be read. */
static bool unpack(
	const struct archive_level *level, struct archive *archive, bool whole, GByteArray *octets, uint64_t *size)
{
	struct look *look = level->look;
	bool inner = false;
	unsigned idle = 0;
	for (*size = 0;;) {
		const void *block;
		size_t count;
		la_int64_t offset;
		int result = archive_read_data_block(archive, &block, &count, &offset);
		if (result == ARCHIVE_EOF)
			return true;
		bool bad = result != ARCHIVE_OK && result != ARCHIVE_WARN;
		if (bad || count > look->left || (count == 0 && ++idle > IDLE_MAX)) {
			look->result->complete = false;
			*size = UINT64_MAX;
			return result == ARCHIVE_FAILED;
		}
		look->left -= count;
		*size += count;
		size_t most = octets->len < HEAD_SIZE ? HEAD_SIZE : inner ? INNER_MAX : 0;
		if (octets->len < HEAD_SIZE && octets->len + count >= HEAD_SIZE) {
			size_t head = HEAD_SIZE - octets->len;
			g_byte_array_append(octets, block, (guint)head);
			inner = is_archive(kind_of(span_of(octets->data, octets->len)));
			block = (const uint8_t *)block + head;
			count -= head;
			most = inner ? INNER_MAX : 0;
		}
		if (most > octets->len)
			g_byte_array_append(octets, block, (guint)MIN(count, most - octets->len));
		if (!whole && !inner && octets->len >= HEAD_SIZE) {
			*size = UINT64_MAX;
			return true;
		}
	}
}

/* list_inside - if the entry is an archive, lists it. */
static void list_inside(
	const struct archive_level *level, const struct mail_entry *entry, const GByteArray *octets, uint64_t size)
{
	struct span inner = span_of(octets->data, octets->len);
	const struct kind *kind = kind_of(inner);
	bool same = inner.size == level->octets.size && memcmp(inner.data, level->octets.data, inner.size) == 0;
	if (!is_archive(kind))
		return;
	if (level->depth + 1 >= ARCHIVE_DEPTH_MAX || size != inner.size || same)
		level->look->result->complete = false;
	if (level->depth + 1 >= ARCHIVE_DEPTH_MAX || same) /* the same: it could not be unpacked */
		return;
	char *prefix = g_strconcat(entry->name, "!", NULL);
	struct archive_level next = { level->look, kind, inner, prefix, entry->name, level->depth + 1 };
	read_level(&next);
	g_free(prefix);
}

/* contents - reads the first octets of each entry. listed: the names are already in the list, from `first` on. */
static void contents(const struct archive_level *level, bool other, bool listed, guint first)
{
	struct look *look = level->look;
	struct archive *archive = open_archive(level, other);
	GByteArray *octets = g_byte_array_new();
	bool more = archive;
	guint last = look->result->entries->len;
	for (struct archive_entry *found; more && (found = next(level, archive));) {
		if (listed && first >= last)
			break;
		struct mail_entry *entry =
			listed ? look->result->entries->pdata[first++] : add_found(level, archive, found);
		if (!entry)
			break;
		if (entry->encrypted || entry->size == 0 || archive_entry_filetype(found) == AE_IFDIR)
			continue;
		uint64_t size;
		g_byte_array_set_size(octets, 0);
		more = unpack(level, archive, !is_cheap(level->kind->container), octets, &size);
		if (entry->size == UINT64_MAX)
			entry->size = size;
		size_t head = MIN(octets->len, ARCHIVE_HEAD);
		entry->head = span_of(arena_copy(look->mail->arena, (const char *)octets->data, head), head);
		list_inside(level, entry, octets, size);
	}
	if (archive)
		close_archive(level, archive);
	else
		look->result->complete = false;
	g_byte_array_free(octets, TRUE);
}

static void take_rar5(void *context, const char *name, uint64_t size, bool encrypted)
{
	const struct archive_level *level = context;
	if (name)
		add_entry(level, name, size, encrypted);
	else if (encrypted)
		level->look->result->encrypted = true;
}

/* list_any - lists the names in the way its kind needs. Returns true when it took the second way (see open_archive). */
static bool list_any(const struct archive_level *level)
{
	struct mail_archive *result = level->look->result;
	guint first = result->entries->len;
	bool before = result->complete;
	if (level->kind->container == CONTAINER_RAR5) {
		if (!rar5_list(level->octets, take_rar5, (void *)(uintptr_t)level))
			result->complete = false;
		return false;
	}
	list_names(level, false);
	bool without = level->kind->container == CONTAINER_ZIP && result->entries->len == first &&
		       !(before && result->complete);
	if (without)
		list_names(level, true);
	return without;
}

/* add_directory_name - another name of an entry that is listed. */
static void add_directory_name(void *context, const char *name, uint64_t size, bool encrypted)
{
	add_entry(context, name, size, encrypted);
}

/* read_hidden - files that are not in the directory. */
static void read_hidden(void *context, struct span octets)
{
	struct archive_level level = *(const struct archive_level *)context;
	const bool complete = level.look->result->complete;
	level.octets = octets;
	contents(&level, true, false, 0);
	level.look->result->complete = complete && level.look->left > 0; /* there is no directory behind them */
}

static void read_level(struct archive_level *level)
{
	const GPtrArray *entries = level->look->result->entries;
	guint first = entries->len;
	if (level->kind->container == CONTAINER_PACKED || level->kind->container == CONTAINER_TAR) {
		contents(level, false, false, first);
		/* a file of zeros looks like a tar without entries */
		if (level->kind->container == CONTAINER_PACKED && entries->len == first)
			contents(level, true, false, first);
		return;
	}
	bool other = list_any(level);
	if (entries->len > first)
		contents(level, other, true, first);
	if (level->kind->container == CONTAINER_ZIP && !other)
		zip_check(level->octets, &(struct zip_finder){ add_directory_name, read_hidden, level });
}

/* format_name - the name of the format; for a packed file, says whether it is a tar. */
static const char *format_name(const struct kind *kind, const struct archive_level *level)
{
	if (kind->container != CONTAINER_PACKED)
		return kind->name;
	struct archive *archive = open_archive(level, false);
	struct archive_entry *entry;
	bool is_tar = archive && archive_read_next_header(archive, &entry) <= ARCHIVE_OK &&
		      (archive_format(archive) & ARCHIVE_FORMAT_BASE_MASK) == ARCHIVE_FORMAT_TAR;
	if (archive)
		archive_read_free(archive);
	return is_tar ? "tar" : kind->name;
}

/* archives_read - lists an archive of this kind. name: the file's name, for formats that store none; may be NULL.
 * whole: no octet of the archive is missing. *budget: octets that may still be unpacked for this mail; it is reduced.
 */
static struct mail_archive *archives_read(
	struct mail *mail, const struct kind *kind, struct span octets, const char *name, bool whole, uint64_t *budget)
{
	static locale_t utf8;
	if (!utf8)
		utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
	locale_t before = utf8 ? uselocale(utf8) : (locale_t)0; /* libarchive converts names to the locale's charset */
	struct mail_archive *result = arena_take(mail->arena, sizeof *result);
	uint64_t most =
		MIN((uint64_t)ARCHIVE_UNPACKED_MAX, MAX(ARCHIVE_RATIO_FREE, octets.size * (uint64_t)ARCHIVE_RATIO_MAX));
	struct look look = { .mail = mail, .result = result, .left = MIN(most, *budget) };
	uint64_t granted = look.left;
	const unsigned refused = memory_refused();
	struct archive_level level = { &look, kind, octets, "", name, 0 };
	*result =
		(struct mail_archive){ .complete = whole, .entries = arena_take(mail->arena, sizeof *result->entries) };
	*result->entries = (GPtrArray){ 0 };
	result->format = format_name(kind, &level);
	read_level(&level);
	/* Of an xz, say, that could not be unpacked for lack of memory, the search for its tar says that there is none.
	 */
	result->complete = result->complete && memory_refused() == refused;
	*budget -= granted - look.left;
	if (before)
		uselocale(before);
	return result;
}

/* --- the inspector: keeps an archive until the part ends --- */

struct keeper {
	const struct kind *kind; /* NULL: not known yet, or only the name tells */
	struct kept *kept;       /* NULL: it is not an archive */
	bool perhaps;            /* KIND_ISO_HEAD octets are needed to recognise an ISO image */
};

/* may_be - may a file whose first octets are not those of an archive be one? An ISO image begins with 32 KiB of
 * anything; a zip is found from its end. */
static bool may_be(const struct part *part, struct span head, const char *extension)
{
	size_t zeros = 0;
	while (zeros < head.size && head.data[zeros] == 0)
		zeros++;
	return names_extension(part->about->filename, extension) ||
	       (strcmp(extension, ".iso") == 0 && head.size == PART_HEAD && zeros == head.size);
}

static void *archive_begin(struct part *part, struct span head)
{
	const struct kind *kind = part->kind;
	bool iso = !kind && may_be(part, head, ".iso"), zip = !kind && may_be(part, head, ".zip");
	if (!part->parts->options->archives || !(is_archive(kind) || iso || zip))
		return NULL;
	struct keeper *keeper = g_new(struct keeper, 1);
	*keeper = (struct keeper){ is_archive(kind) ? kind : NULL,
		kept_new(&keeping, ARCHIVE_MAX, part->parts->options->temp_dir), iso };
	return keeper;
}

static void archive_feed(void *state, struct span piece)
{
	struct keeper *keeper = state;
	if (!keeper->kept)
		return;
	kept_add(keeper->kept, piece);
	if (keeper->perhaps && kept_size(keeper->kept) >= KIND_ISO_HEAD) {
		keeper->kind = kind_of(kept_span(keeper->kept));
		keeper->perhaps = false;
		if (!is_archive(keeper->kind))
			g_clear_pointer(&keeper->kept, kept_free);
	}
}

static void archive_drop(void *state)
{
	struct keeper *keeper = state;
	if (keeper->kept)
		kept_free(keeper->kept);
	g_free(keeper);
}

static void archive_end(void *state, struct part *part)
{
	static const struct kind by_name = { "zip", ".zip", CONTAINER_ZIP, 0, 0, NULL };
	struct keeper *keeper = state;
	struct mail_part *about = part->about;
	struct span octets = keeper->kept ? kept_span(keeper->kept) : span_of(NULL, 0);
	const struct kind *kind = keeper->kind ? keeper->kind : kind_of(octets);
	if (!kind && may_be(part, span_of(NULL, 0), ".zip"))
		kind = &by_name;
	if (is_archive(kind) && octets.size > 0) {
		bool whole = kept_whole(keeper->kept) && !about->truncated;
		about->archive =
			archives_read(part->parts->mail, kind, octets, about->filename, whole, &part->parts->unpack);
		/* a text may have the octets of an LHA, too */
		bool sure = kind != &by_name && kind->container != CONTAINER_LHA;
		if (!sure && about->archive->entries->len == 0)
			about->archive = NULL;
	}
	archive_drop(keeper);
}

static size_t archive_memory(const void *state)
{
	const struct keeper *keeper = state;
	return sizeof *keeper + (keeper->kept ? kept_memory(keeper->kept) : 0);
}

const struct part_inspector archive_inspector = {
	.begin = archive_begin, .feed = archive_feed, .end = archive_end, .drop = archive_drop, .memory = archive_memory
};
