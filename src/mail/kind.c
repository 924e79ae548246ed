/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * kind.c - see kind.h.
 */
#include "kind.h"

#include <string.h>

#define TAR_BLOCK 512
#define TAR_SUM_AT 148
#define TAR_SUM_SIZE 8
#define TEXT_MAX 512 /* octets that decide whether a file is text */

/* The first row that matches is used. */
static const struct kind kinds[] = {
	{ "zip", ".zip", CONTAINER_ZIP, 0, 4, "PK\3\4" },
	{ "zip", ".zip", CONTAINER_ZIP, 0, 4, "PK\5\6" },
	{ "zip", ".zip", CONTAINER_ZIP, 0, 8, "PK\7\10PK\3\4" },
	{ "zip", ".zip", CONTAINER_ZIP, 0, 8, "PK00PK\3\4" },
	{ "7z", ".7z", CONTAINER_7Z, 0, 6, "7z\xbc\xaf\x27\x1c" },
	{ "rar", ".rar", CONTAINER_RAR, 0, 7, "Rar!\x1a\7\0" },
	{ "rar", ".rar", CONTAINER_RAR5, 0, 8, "Rar!\x1a\7\1\0" },
	{ "cab", ".cab", CONTAINER_CAB, 0, 8, "MSCF\0\0\0\0" },
	{ "gzip", ".gz", CONTAINER_PACKED, 0, 3, "\x1f\x8b\10" },
	{ "bzip2", ".bz2", CONTAINER_PACKED, 0, 3, "BZh" },
	{ "xz", ".xz", CONTAINER_PACKED, 0, 6,
		"\xfd"
		"7zXZ\0" },
	{ "zstd", ".zst", CONTAINER_PACKED, 0, 4, "\x28\xb5\x2f\xfd" },
	{ "lz4", ".lz4", CONTAINER_PACKED, 0, 4, "\x04\x22\x4d\x18" },
	{ "lzip", ".lz", CONTAINER_PACKED, 0, 5, "LZIP\1" },
	{ "compress", ".Z", CONTAINER_PACKED, 0, 3, "\x1f\x9d\x90" },
	/* no signature: the properties that compressors write, and the size of the dictionary: 1, 8, 16, 64 MiB */
	{ "lzma", ".lzma", CONTAINER_PACKED, 0, 5, "\x5d\0\0\x10\0" },
	{ "lzma", ".lzma", CONTAINER_PACKED, 0, 5, "\x5d\0\0\x80\0" },
	{ "lzma", ".lzma", CONTAINER_PACKED, 0, 5, "\x5d\0\0\0\1" },
	{ "lzma", ".lzma", CONTAINER_PACKED, 0, 5, "\x5d\0\0\0\4" },
	{ "lha", ".lzh", CONTAINER_LHA, 2, 5, "-lh0-" },
	{ "lha", ".lzh", CONTAINER_LHA, 2, 5, "-lh5-" },
	{ "lha", ".lzh", CONTAINER_LHA, 2, 5, "-lh6-" },
	{ "lha", ".lzh", CONTAINER_LHA, 2, 5, "-lh7-" },
	{ "lha", ".lzh", CONTAINER_LHA, 2, 5, "-lhd-" },
	{ "rpm", ".rpm", CONTAINER_PACKED, 0, 4, "\xed\xab\xee\xdb" },
	{ "ar", ".deb", CONTAINER_AR, 0, 21, "!<arch>\ndebian-binary" },
	{ "ar", ".a", CONTAINER_AR, 0, 8, "!<arch>\n" },
	{ "cpio", ".cpio", CONTAINER_CPIO, 0, 6, "070701" },
	{ "cpio", ".cpio", CONTAINER_CPIO, 0, 6, "070702" },
	{ "cpio", ".cpio", CONTAINER_CPIO, 0, 6, "070707" },
	{ "xar", ".xar", CONTAINER_XAR, 0, 4, "xar!" },
	{ "iso", ".iso", CONTAINER_ISO, 32769, 5, "CD001" },
	{ NULL, "", CONTAINER_OLE, 0, 8, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" },
	{ NULL, ".tnef", CONTAINER_TNEF, 0, 4, "\x78\x9f\x3e\x22" },
	{ NULL, ".one", CONTAINER_NONE, 0, 16, "\xe4\x52\x5c\x7b\x8c\xd8\xa7\x4d\xae\xb1\x53\x78\xd0\x29\x96\xd3" },
	{ NULL, ".pdf", CONTAINER_NONE, 0, 5, "%PDF-" },
	{ NULL, ".png", CONTAINER_NONE, 0, 8, "\x89PNG\r\n\x1a\n" },
	{ NULL, ".jpg", CONTAINER_NONE, 0, 3, "\xff\xd8\xff" },
	{ NULL, ".gif", CONTAINER_NONE, 0, 4, "GIF8" },
	{ NULL, ".webp", CONTAINER_NONE, 8, 4, "WEBP" },
	{ NULL, ".wav", CONTAINER_NONE, 8, 8, "WAVEfmt " },
	{ NULL, ".avi", CONTAINER_NONE, 8, 8, "AVI LIST" },
	{ NULL, ".tif", CONTAINER_NONE, 0, 4, "II*\0" },
	{ NULL, ".tif", CONTAINER_NONE, 0, 4, "MM\0*" },
	{ NULL, ".heic", CONTAINER_NONE, 4, 8, "ftypheic" },
	{ NULL, ".m4a", CONTAINER_NONE, 4, 8, "ftypM4A " },
	{ NULL, ".mov", CONTAINER_NONE, 4, 8, "ftypqt  " },
	{ NULL, ".mp4", CONTAINER_NONE, 4, 4, "ftyp" },
	{ NULL, ".mp3", CONTAINER_NONE, 0, 3, "ID3" },
	{ NULL, ".ogg", CONTAINER_NONE, 0, 4, "OggS" },
	{ NULL, ".mkv", CONTAINER_NONE, 0, 4, "\x1a\x45\xdf\xa3" },
	{ NULL, ".psd", CONTAINER_NONE, 0, 4, "8BPS" },
	{ NULL, ".rtf", CONTAINER_NONE, 0, 5, "{\\rtf" },
	{ NULL, ".ps", CONTAINER_NONE, 0, 4, "%!PS" },
	{ NULL, ".chm", CONTAINER_NONE, 0, 4, "ITSF" },
	{ NULL, ".lnk", CONTAINER_NONE, 0, 8, "\x4c\0\0\0\x01\x14\x02\0" },
	{ NULL, ".elf", CONTAINER_NONE, 0, 4, "\177ELF" },
	{ NULL, ".class", CONTAINER_NONE, 0, 6, "\xca\xfe\xba\xbe\0\0" },
	{ NULL, ".swf", CONTAINER_NONE, 0, 3, "CWS" },
	{ NULL, ".lzh", CONTAINER_NONE, 2, 3, "-lh" },
	{ NULL, ".arj", CONTAINER_NONE, 0, 2, "\x60\xea" },
	{ NULL, ".ace", CONTAINER_NONE, 7, 7, "**ACE**" },
	{ NULL, ".sqlite", CONTAINER_NONE, 0, 16, "SQLite format 3\0" },
};
static const struct kind tar = { "tar", ".tar", CONTAINER_TAR, 0, 0, NULL };

/* is_tar - is the checksum of the first header right? Old formats have no signature. */
static bool is_tar(struct span head)
{
	if (head.size < TAR_BLOCK || head.data[0] == '\0')
		return false;
	const uint8_t *digit = head.data + TAR_SUM_AT, *end = digit + TAR_SUM_SIZE;
	unsigned sum = 0, said = 0;
	while (digit < end && *digit == ' ')
		digit++;
	for (; digit < end && *digit >= '0' && *digit <= '7'; digit++)
		said = said * 8 + (*digit - '0');
	if (said == 0) /* most files: they need not be summed up */
		return false;
	for (unsigned i = 0; i < TAR_BLOCK; i++)
		sum += i - TAR_SUM_AT < TAR_SUM_SIZE ? ' ' : head.data[i];
	return sum == said;
}

static struct {
	bool known, begins[256];             /* the octets with which rows with offset 0 begin */
	uint8_t others[G_N_ELEMENTS(kinds)]; /* the rows with another offset */
	size_t other_count;
} quick;

/* quick_init - most parts are text, which no row with offset 0 matches: only the others need be looked at. */
static void quick_init(void)
{
	for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++)
		if (kinds[i].offset == 0)
			quick.begins[(uint8_t)*kinds[i].octets] = true;
		else
			quick.others[quick.other_count++] = (uint8_t)i;
	quick.known = true;
}

static bool is_kind(const struct kind *kind, struct span head)
{
	return head.size >= kind->offset + kind->size && head.data[kind->offset] == (uint8_t)*kind->octets &&
	       memcmp(head.data + kind->offset, kind->octets, kind->size) == 0;
}

const struct kind *kind_of(struct span head)
{
	if (!quick.known)
		quick_init();
	bool all = head.size > 0 && quick.begins[*head.data];
	size_t count = all ? G_N_ELEMENTS(kinds) : quick.other_count;
	for (size_t i = 0; i < count; i++) {
		const struct kind *kind = &kinds[all ? i : quick.others[i]];
		if (is_kind(kind, head))
			return kind;
	}
	return is_tar(head) ? &tar : NULL;
}

/* --- extensions --- */

/* has_entry - is there an entry whose name begins like this? */
static const struct mail_entry *has_entry(const struct mail_part *part, const char *begin)
{
	for (guint i = 0; i < part->archive->entries->len; i++) {
		const struct mail_entry *entry = part->archive->entries->pdata[i];
		if (!entry->inner && g_str_has_prefix(entry->name, begin))
			return entry;
	}
	return NULL;
}

/* zip_extension - for the many formats that are zip archives. */
static const char *zip_extension(const struct mail_part *part)
{
	static const struct {
		const char *entry, *extension, *macros;
	} rows[] = { { "word/", ".docx", ".docm" }, { "xl/", ".xlsx", ".xlsm" }, { "ppt/", ".pptx", ".pptm" },
		{ "AndroidManifest.xml", ".apk", ".apk" }, { "META-INF/MANIFEST.MF", ".jar", ".jar" } };
	static const struct {
		const char *type, *extension;
	} types[] = { { "application/vnd.oasis.opendocument.text", ".odt" },
		{ "application/vnd.oasis.opendocument.spreadsheet", ".ods" },
		{ "application/vnd.oasis.opendocument.presentation", ".odp" }, { "application/epub+zip", ".epub" } };
	const struct mail_entry *type = has_entry(part, "mimetype");
	for (size_t i = 0; type && i < G_N_ELEMENTS(types); i++)
		if (type->head.size >= strlen(types[i].type) &&
			memcmp(type->head.data, types[i].type, strlen(types[i].type)) == 0)
			return types[i].extension;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
		if (has_entry(part, rows[i].entry))
			return part->macros == MACROS_PRESENT ? rows[i].macros : rows[i].extension;
	return ".zip";
}

/* text_extension - for text: by its beginning, without blanks and a UTF-8 byte order mark. */
static const char *text_extension(struct span head)
{
	static const struct {
		const char *begin, *extension;
	} rows[] = { { "<!doctype html", ".html" }, { "<html", ".html" }, { "<head", ".html" }, { "<body", ".html" },
		{ "<svg", ".svg" }, { "<?xml", ".xml" }, { "return-path:", ".eml" }, { "received:", ".eml" },
		{ "delivered-to:", ".eml" }, { "message-id:", ".eml" }, { "mime-version:", ".eml" },
		{ "from:", ".eml" }, { "date:", ".eml" }, { "subject:", ".eml" }, { "to:", ".eml" },
		{ "content-type:", ".eml" }, { "begin:vcalendar", ".ics" }, { "begin:vcard", ".vcf" },
		{ "-----begin pgp", ".asc" }, { "-----begin ", ".pem" } };
	const char *at = (const char *)head.data, *end = at + head.size;
	if (head.size >= 3 && memcmp(at, "\xef\xbb\xbf", 3) == 0)
		at += 3;
	while (at < end && g_ascii_isspace(*at))
		at++;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		size_t size = strlen(rows[i].begin);
		if ((size_t)(end - at) >= size && g_ascii_strncasecmp(at, rows[i].begin, size) == 0)
			return rows[i].extension;
	}
	return ".txt";
}

static bool is_text(struct span head)
{
	for (size_t i = 0; i < head.size; i++)
		if ((head.data[i] < ' ' && !strchr("\t\n\r\f\033", head.data[i])) || head.data[i] == 0 ||
			head.data[i] == 0x7f)
			return false;
	return true;
}

const char *kind_extension(const struct mail_part *part, struct span head)
{
	const struct kind *kind = kind_of(head);
	if (kind && kind->container == CONTAINER_ZIP && part->archive)
		return zip_extension(part);
	if (kind && kind->container == CONTAINER_OLE)
		return part->extension ? part->extension : "";
	if (kind)
		return kind->extension;
	if (part->archive && strcmp(part->archive->format, "iso") == 0)
		return ".iso";
	bool text = is_text(span_of(head.data, MIN(head.size, TEXT_MAX)));
	if (head.size > 2 && memcmp(head.data, "MZ", 2) == 0 && !text)
		return ".exe";
	return head.size > 0 && text ? text_extension(head) : "";
}
