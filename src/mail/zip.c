/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * zip.c - see zip.h. The format is PKWARE's APPNOTE.TXT. The directory is found from the end of the archive; what is
 * before the archive moves its offsets.
 */
#include "zip.h"

#include <string.h>

#include "bytes.h"

#define END_SIZE 22
#define END_SEARCH (UINT16_MAX + END_SIZE) /* a comment may be behind it */
#define LOCATOR_SIZE 20
#define END64_SIZE 56
#define ENTRY_SIZE 46
#define LOCAL_SIZE 30
#define ENTRIES_MAX 65536 /* in a directory */
#define HIDDEN_MAX 64     /* places that are reported */
#define ENCRYPTED 1

/* The directory, and what is to be added to its offsets. */
struct directory {
	struct span octets;
	uint64_t shift;
};

/* The octets of a file in the directory, with its header. */
struct extent {
	uint64_t begin, end;
};

/* set_directory - the directory ends at `end`; false: it can't be there. */
static bool set_directory(struct directory *directory, struct span zip, size_t end, uint64_t size, uint64_t offset)
{
	if (size > end || offset > end - size)
		return false;
	*directory = (struct directory){ span_of(zip.data + end - size, (size_t)size), end - size - offset };
	return true;
}

/* find_directory - of a zip with large numbers (ZIP64), the ones in the second end are used. */
static bool find_directory(struct directory *directory, struct span zip)
{
	for (size_t back = END_SIZE; back <= MIN(zip.size, END_SEARCH); back++) {
		const size_t at = zip.size - back;
		const uint8_t *end = zip.data + at, *locator = end - LOCATOR_SIZE;
		if (memcmp(end, "PK\5\6", 4) != 0)
			continue;
		if (at >= LOCATOR_SIZE + END64_SIZE && memcmp(locator, "PK\6\7", 4) == 0) {
			const size_t at64 = at - LOCATOR_SIZE - END64_SIZE;
			const uint8_t *end64 = zip.data + at64;
			return memcmp(end64, "PK\6\6", 4) == 0 &&
			       set_directory(directory, zip, at64, le64(end64 + 40), le64(end64 + 48));
		}
		return set_directory(directory, zip, at, le32(end + 12), le32(end + 16));
	}
	return false;
}

/* local_size - the size of the header at this place; 0: there is none. *name: in it. */
static size_t local_size(struct span zip, uint64_t at, struct span *name)
{
	if (at > zip.size || zip.size - at < LOCAL_SIZE || memcmp(zip.data + at, "PK\3\4", 4) != 0)
		return 0;
	const uint8_t *local = zip.data + at;
	size_t name_size = le16(local + 26), size = LOCAL_SIZE + name_size + le16(local + 28);
	*name = span_of(local + LOCAL_SIZE, name_size);
	return size <= zip.size - at ? size : 0;
}

/* directory_entry - adds the octets of its file, and compares its names. */
static void directory_entry(
	struct span zip, uint64_t shift, const uint8_t *entry, GArray *extents, const struct zip_finder *finder)
{
	const struct span name = span_of(entry + ENTRY_SIZE, le16(entry + 28));
	const uint64_t at = shift + le32(entry + 42);
	struct span other;
	size_t size = local_size(zip, at, &other);
	if (size == 0)
		return;
	struct extent extent = { at, at + size + le32(entry + 20) };
	g_array_append_val(extents, extent);
	if (name.size == other.size && memcmp(name.data, other.data, name.size) == 0)
		return;
	char *text = g_strndup((const char *)name.data, name.size);
	if (*text)
		finder->name(finder->context, text, le32(entry + 24), le16(entry + 8) & ENCRYPTED);
	g_free(text);
}

static int by_place(const void *a, const void *b)
{
	const struct extent *one = a, *two = b;
	return one->begin < two->begin ? -1 : one->begin > two->begin;
}

/* look_between - looks for the header of a file in octets that belong to none in the directory. */
static bool look_between(struct span zip, uint64_t begin, uint64_t end, const struct zip_finder *finder)
{
	struct span name;
	for (const uint8_t *at = zip.data + begin, *stop = zip.data + end;
		at < stop && (at = memmem(at, (size_t)(stop - at), "PK\3\4", 4)); at++) {
		size_t size = local_size(zip, (uint64_t)(at - zip.data), &name);
		if (size > 0 && size <= (size_t)(stop - at) && name.size > 0) {
			finder->hidden(finder->context, span_of(at, (size_t)(stop - at)));
			return true;
		}
	}
	return false;
}

void zip_check(struct span zip, const struct zip_finder *finder)
{
	struct directory directory;
	if (!find_directory(&directory, zip))
		return;
	GArray *extents = g_array_new(FALSE, FALSE, sizeof(struct extent));
	const uint8_t *at = directory.octets.data, *end = at + directory.octets.size;
	while (end - at >= ENTRY_SIZE && memcmp(at, "PK\1\2", 4) == 0 && extents->len < ENTRIES_MAX) {
		const size_t size = (size_t)ENTRY_SIZE + le16(at + 28) + le16(at + 30) + le16(at + 32);
		if (size > (size_t)(end - at))
			break;
		directory_entry(zip, directory.shift, at, extents, finder);
		at += size;
	}
	g_array_sort(extents, by_place);
	const uint64_t last = (uint64_t)(directory.octets.data - zip.data);
	uint64_t done = 0;
	unsigned found = 0;
	for (guint i = 0; i <= extents->len && found < HIDDEN_MAX && done < last; i++) {
		const struct extent *extent = i < extents->len ? &g_array_index(extents, struct extent, i) : NULL;
		const uint64_t stop = extent ? MIN(extent->begin, last) : last;
		if (stop > done)
			found += look_between(zip, done, stop, finder);
		done = extent ? MAX(done, extent->end) : done;
	}
	g_array_free(extents, TRUE);
}
