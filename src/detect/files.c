/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * files.c - attachments: programs, names that mislead, archives that nobody can look into.
 *
 * A program is told by its first octets or by its extension. A name misleads when it claims to be something that people
 * open without thought. Unknown extensions claim nothing.
 */
#include <string.h>

#include "parts.h"

/* What runs when it is opened, by extension: programs, scripts, shortcuts, installers. */
static const char *const program_extensions[] = { "ade", "adp", "app", "appimage", "application", "appref-ms", "appx",
	"bas", "bat", "chm", "cmd", "com", "command", "cpl", "dll", "elf", "exe", "gadget", "hlp", "hta", "inf", "ins",
	"isp", "jar", "js", "jse", "ksh", "lnk", "mde", "msc", "msh", "msi", "msix", "msp", "mst", "ocx", "pif", "pl",
	"ps1", "ps1xml", "ps2", "psc1", "psd1", "psm1", "py", "pyc", "pyw", "rb", "reg", "run", "scf", "scr", "sct",
	"sh", "shb", "shs", "sys", "vb", "vbe", "vbs", "vbscript", "vxd", "ws", "wsc", "wsf", "wsh", "xll" };

/* What looks harmless to who reads a name. */
static const char *const harmless_extensions[] = { "avi", "bmp", "csv", "doc", "docm", "docx", "eml", "gif", "gz",
	"htm", "html", "ics", "jpeg", "jpg", "mov", "mp3", "mp4", "odp", "ods", "odt", "pdf", "png", "pps", "ppt",
	"pptx", "rar", "rtf", "svg", "tar", "tif", "tiff", "txt", "wav", "webp", "xls", "xlsm", "xlsx", "xml", "zip",
	"7z" };

/* Declared types that are no program. */
static const char *const harmless_types[] = { "image/", "audio/", "video/", "font/", "text/", "application/pdf",
	"application/msword", "application/vnd.ms-excel", "application/vnd.ms-powerpoint", "application/vnd.oasis.",
	"application/vnd.openxmlformats-", "application/rtf", "application/zip", "application/gzip", "application/json",
	"application/xml", "application/x-7z-compressed", "application/x-rar" };

/* What the first octets say. */
enum program { PROGRAM_NONE, PROGRAM_BINARY, PROGRAM_SCRIPT };

struct magic {
	const char *octets;
	size_t size;
	enum program kind;
	const char *what;
};

static const struct magic magics[] = {
	{ "\177ELF", 4, PROGRAM_BINARY, "a Linux program (ELF)" },
	{ "\xfe\xed\xfa\xce", 4, PROGRAM_BINARY, "a macOS program (Mach-O)" },
	{ "\xfe\xed\xfa\xcf", 4, PROGRAM_BINARY, "a macOS program (Mach-O)" },
	{ "\xce\xfa\xed\xfe", 4, PROGRAM_BINARY, "a macOS program (Mach-O)" },
	{ "\xcf\xfa\xed\xfe", 4, PROGRAM_BINARY, "a macOS program (Mach-O)" },
	{ "\xca\xfe\xba\xbe", 4, PROGRAM_BINARY, "a Java class or macOS program" },
	{ "\x4c\0\0\0\x01\x14\x02\0", 8, PROGRAM_BINARY, "a Windows shortcut" },
	{ "#!/", 3, PROGRAM_SCRIPT, "a script" },
	{ "#! /", 4, PROGRAM_SCRIPT, "a script" },
};

/* is_binary - does an octet stand there that text does not have? */
static bool is_binary(const struct mail_part *part)
{
	for (size_t i = 0; i < part->head_size; i++)
		if (part->head[i] < ' ' && !strchr("\t\n\r\f\033", part->head[i]))
			return true;
	return memchr(part->head, 0, part->head_size) != NULL;
}

/* program_of - what program the first octets are. *what: in words. */
static enum program program_of(const struct mail_part *part, const char **what)
{
	for (size_t i = 0; i < G_N_ELEMENTS(magics); i++)
		if (part->head_size >= magics[i].size && memcmp(part->head, magics[i].octets, magics[i].size) == 0) {
			*what = magics[i].what;
			return magics[i].kind;
		}
	/* two letters are too few to tell a program from a text that begins with them */
	if (part->head_size >= 2 && memcmp(part->head, "MZ", 2) == 0 && is_binary(part)) {
		*what = "a Windows program (MZ)";
		return PROGRAM_BINARY;
	}
	return PROGRAM_NONE;
}

/* take_extension - cuts the last extension off a name, with the blanks and dots that Windows drops. Returns it in lower
 * case, NULL when there is none; free with g_free. */
static char *take_extension(GString *name)
{
	while (name->len > 0 && strchr(" .\t", name->str[name->len - 1]))
		g_string_truncate(name, name->len - 1);
	const char *dot = strrchr(name->str, '.');
	if (!dot || dot == name->str || strpbrk(dot, "/\\ "))
		return NULL;
	char *extension = g_ascii_strdown(dot + 1, -1);
	g_string_truncate(name, (gsize)(dot - name->str));
	return extension;
}

/* is_listed - is the extension one of these? */
static bool is_listed(const char *extension, const char *const *list, size_t count)
{
	for (size_t i = 0; extension && i < count; i++)
		if (strcmp(extension, list[i]) == 0)
			return true;
	return false;
}
#define IS_LISTED(extension, list) is_listed(extension, list, G_N_ELEMENTS(list))

/* claims_harmless - does the declared type deny a program? A script may call itself text. */
static bool claims_harmless(const struct mail_part *part, enum program program)
{
	if (!part->content_type || (program == PROGRAM_SCRIPT && g_str_has_prefix(part->content_type, "text/")))
		return false;
	for (size_t i = 0; i < G_N_ELEMENTS(harmless_types); i++)
		if (g_str_has_prefix(part->content_type, harmless_types[i]))
			return true;
	return false;
}

/* part_name - for descriptions. Free with g_free. */
static char *part_name(const struct mail_part *part)
{
	return part->filename ? show(span_of_text(part->filename)) : g_strdup("without a name");
}

/* part_evidence - its name, or how it begins. */
static struct span part_evidence(const struct mail_part *part)
{
	return part->filename ? span_of_text(part->filename) : (struct span){ part->head, part->head_size };
}

/* What is known of a part that may be a program. */
struct suspect {
	const struct mail_part *part;
	enum program program;
	const char *what;    /* the program in words */
	char *last, *before; /* its extensions; NULL */
	bool by_name;        /* the last extension runs */
	char *name;          /* for descriptions */
	struct span evidence;
};

/* is_body - the text of a mail, not a file. */
static bool is_body(const struct mail_part *part)
{
	return !part->attachment && !part->filename && g_strcmp0(part->disposition, "attachment") != 0 &&
	       part->content_type && g_str_has_prefix(part->content_type, "text/");
}

/* check_executable - attachment_executable, attachment_double_extension */
static void check_executable(struct detector *detector, const struct transaction *tx, const struct suspect *s)
{
	if (s->program != PROGRAM_NONE)
		raise_alert(detector, ALERT_attachment_executable, 0, SCENE_CONTENT(tx), s->evidence,
			"the attachment %s is %s", s->name, s->what);
	else
		raise_alert(detector, ALERT_attachment_executable, 0, SCENE_CONTENT(tx), s->evidence,
			"the attachment %s runs when it is opened, by its extension .%s", s->name, s->last);
	if (s->by_name && IS_LISTED(s->before, harmless_extensions))
		raise_alert(detector, ALERT_attachment_double_extension, 0, SCENE_CONTENT(tx), s->evidence,
			"the attachment %s is made to look like a .%s file but runs as .%s", s->name, s->before,
			s->last);
}

/* check_mismatch - attachment_type_mismatch */
static void check_mismatch(struct detector *detector, const struct transaction *tx, const struct suspect *s)
{
	struct span head = { s->part->head, s->part->head_size };
	bool text_name = s->program == PROGRAM_SCRIPT && g_strcmp0(s->last, "txt") == 0;
	if (s->program == PROGRAM_NONE)
		return;
	if (IS_LISTED(s->last, harmless_extensions) && !text_name)
		raise_alert(detector, ALERT_attachment_type_mismatch, 0, SCENE_CONTENT(tx), head,
			"the attachment %s is %s, its extension says .%s", s->name, s->what, s->last);
	else if (claims_harmless(s->part, s->program))
		raise_alert(detector, ALERT_attachment_type_mismatch, 0, SCENE_CONTENT(tx), head,
			"the attachment %s is %s, its declared type says %s", s->name, s->what, s->part->content_type);
}

/* read_name - its extensions, and what they claim */
static void read_name(struct suspect *s)
{
	GString *name = g_string_new(s->part->filename);
	s->last = take_extension(name);
	s->before = take_extension(name);
	s->by_name = IS_LISTED(s->last, program_extensions);
	g_string_free(name, TRUE);
}

/* check_program - is the part a program, and does it say so? */
static void check_program(struct detector *detector, const struct transaction *tx, const struct mail_part *part)
{
	struct suspect s = { .part = part };
	if (part->filename)
		read_name(&s);
	s.program = is_body(part) ? PROGRAM_NONE : program_of(part, &s.what);
	if (s.by_name || s.program != PROGRAM_NONE) {
		s.name = part_name(part);
		s.evidence = part_evidence(part);
		check_executable(detector, tx, &s);
		check_mismatch(detector, tx, &s);
	}
	g_free(s.name);
	g_free(s.last);
	g_free(s.before);
}

/* bidi_override - where a character stands that turns the direction of text (U+202A..E, U+2066..9); NULL. */
static const char *bidi_override(const char *name)
{
	for (const char *p = name; *p; p = g_utf8_next_char(p)) {
		gunichar c = g_utf8_get_char_validated(p, -1);
		if ((c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069))
			return p;
	}
	return NULL;
}

/* check_name - filename_traversal, filename_bidi */
static void check_name(struct detector *detector, const struct transaction *tx, const char *filename)
{
	const char *bidi = bidi_override(filename);
	bool leads_away = strpbrk(filename, "/\\") || strcmp(filename, "..") == 0;
	if (!bidi && !leads_away)
		return;
	char *name = show(span_of_text(filename));
	if (leads_away)
		raise_alert(detector, ALERT_filename_traversal, 0, SCENE_CONTENT(tx), span_of_text(filename),
			"the file name %s leads into another folder: careless programs write there", name);
	if (bidi)
		raise_alert(detector, ALERT_filename_bidi, 0, SCENE_CONTENT(tx), span_of_text(filename),
			"the file name %s holds U+%04X, which makes it read differently than it is", name,
			(unsigned)g_utf8_get_char(bidi));
	g_free(name);
}

void file_part(struct detector *detector, const struct transaction *tx, const struct mail_part *part)
{
	check_program(detector, tx, part);
	if (part->filename)
		check_name(detector, tx, part->filename);
	if (part->encrypted) {
		char *name = part_name(part);
		raise_alert(detector, ALERT_attachment_encrypted, 0, SCENE_CONTENT(tx), part_evidence(part),
			"the attachment %s is an encrypted archive: no scanner can look into it", name);
		g_free(name);
	}
}
