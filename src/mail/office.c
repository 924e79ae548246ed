/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * office.c - Office documents: do they have macros, and of which kind are they?
 *
 * The older ones are OLE files (MS-CFB). Their directory has entries of 128 octets, at multiples of 128, with a name in
 * UTF-16; these are recognised wherever the directory is. The state is one entry. The newer ones are zip archives,
 * which archives.c has listed.
 */
#include <string.h>

#include "kind.h"
#include "part.h"

#define ENTRY_SIZE 128
#define NAME_AT 0       /* UTF-16LE */
#define NAME_SIZE_AT 64 /* octets of the name, its NUL included */
#define TYPE_AT 66
enum { TYPE_STORAGE = 1, TYPE_STREAM = 2 };

struct office {
	bool ole; /* not a zip */
	size_t size;
	bool macros;
	const char *extension;
	uint8_t entry[ENTRY_SIZE];
};

/* Meanings of names in the directory. */
static const struct {
	const char *name;
	uint8_t type;
	bool macros;
	const char *extension; /* NULL: does not tell the kind */
} names[] = {
	{ "_VBA_PROJECT", TYPE_STREAM, true, NULL },
	{ "VBA", TYPE_STORAGE, true, NULL },
	{ "_VBA_PROJECT_CUR", TYPE_STORAGE, true, NULL },
	{ "WordDocument", TYPE_STREAM, false, ".doc" },
	{ "Workbook", TYPE_STREAM, false, ".xls" },
	{ "Book", TYPE_STREAM, false, ".xls" },
	{ "PowerPoint Document", TYPE_STREAM, false, ".ppt" },
	{ "__nameid_version1.0", TYPE_STORAGE, false, ".msg" },
	{ "VisioDocument", TYPE_STREAM, false, ".vsd" },
};

static bool name_is(const uint8_t *entry, const char *name)
{
	size_t size = strlen(name);
	if (entry[NAME_SIZE_AT] != 2 * (size + 1) || entry[NAME_SIZE_AT + 1] != 0)
		return false;
	for (size_t i = 0; i <= size; i++)
		if (entry[2 * i] != (uint8_t)name[i] || entry[2 * i + 1] != 0)
			return false;
	return true;
}

static void take_entry(struct office *office, const uint8_t *entry)
{
	uint8_t type = entry[TYPE_AT];
	if (type != TYPE_STORAGE && type != TYPE_STREAM)
		return;
	for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
		if (names[i].type == type && name_is(entry, names[i].name)) {
			office->macros = office->macros || names[i].macros;
			if (names[i].extension && !office->extension)
				office->extension = names[i].extension;
		}
}

static void *office_begin(struct part *part, struct span head)
{
	const struct kind *kind = part->kind;
	bool document = kind && (kind->container == CONTAINER_OLE || kind->container == CONTAINER_ZIP);
	if (!document)
		return NULL;
	struct office *office = g_new0(struct office, 1);
	office->ole = kind->container == CONTAINER_OLE;
	return office;
}

static void office_feed(void *state, struct span piece)
{
	struct office *office = state;
	while (office->ole && piece.size > 0) {
		size_t size = MIN(piece.size, ENTRY_SIZE - office->size);
		if (size == ENTRY_SIZE)
			take_entry(office, piece.data);
		else {
			memcpy(office->entry + office->size, piece.data, size);
			office->size += size;
			if (office->size == ENTRY_SIZE)
				take_entry(office, office->entry);
			office->size %= ENTRY_SIZE;
		}
		piece = span_from(piece, size);
	}
}

/* check_zip - for a zip archive: OOXML has its macros in vbaProject.bin or in the
 * sheets of Excel 4, ODF in the folder Basic. */
static void check_zip(struct mail_part *about)
{
	bool ooxml = false, odf = false, vba = false, basic = false;
	for (guint i = 0; i < about->archive->entries->len; i++) {
		const struct mail_entry *entry = about->archive->entries->pdata[i];
		const char *name = entry->name, *slash = strrchr(name, '/');
		if (entry->inner)
			continue;
		ooxml = ooxml || strcmp(name, "[Content_Types].xml") == 0;
		odf = odf || strcmp(name, "META-INF/manifest.xml") == 0;
		vba = vba || g_ascii_strcasecmp(slash ? slash + 1 : name, "vbaProject.bin") == 0 ||
		      g_ascii_strncasecmp(name, "xl/macrosheets/", 15) == 0;
		basic = basic || g_str_has_prefix(name, "Basic/");
	}
	if (ooxml)
		about->macros = vba ? MACROS_PRESENT : MACROS_NONE;
	else if (odf)
		about->macros = basic ? MACROS_PRESENT : MACROS_NONE;
	if (about->macros == MACROS_NONE && !about->archive->complete)
		about->macros = MACROS_UNKNOWN;
}

/* office_end - when something is missing, the macros may have been there. */
static void office_end(void *state, struct part *part)
{
	struct office *office = state;
	struct mail_part *about = part->about;
	if (about->archive)
		check_zip(about);
	else if (office->macros)
		about->macros = MACROS_PRESENT;
	else if (office->extension && !about->truncated)
		about->macros = MACROS_NONE;
	about->extension = office->extension;
	g_free(office);
}

static size_t office_memory(const void *state)
{
	return sizeof(struct office);
}

const struct part_inspector office_inspector = {
	.begin = office_begin, .feed = office_feed, .end = office_end, .drop = g_free, .memory = office_memory
};
