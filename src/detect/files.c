/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * files.c - checks attachments: programs, misleading names, encrypted archives.
 *
 * A program is recognised by its first octets or its file name extension. A name misleads when its extension is one
 * that people think harmless. Unknown extensions are ignored. The entries of an archive are checked like attachments.
 */
#include <string.h>

#include "private.h"
#include "text.h"

/* Extensions of files that run when opened: programs, scripts, shortcuts, installers. */
static const char *const program_extensions[] = { "ade", "adp", "apk", "app", "appimage", "appinstaller", "application",
	"appref-ms", "appx", "appxbundle", "bas", "bat", "chm", "cmd", "com", "command", "cpl", "csh", "deb", "desktop",
	"diagcab", "dll", "elf", "exe", "fxp", "gadget", "hlp", "hta", "inf", "ins", "isp", "jar", "jnlp", "js", "jse",
	"ksh", "library-ms", "lnk", "mde", "msc", "msh", "msh1", "msh2", "msi", "msix", "msixbundle", "msp", "mst",
	"msu", "ocx", "osd", "pif", "pkg", "pl", "prg", "ps1", "ps1xml", "ps2", "ps2xml", "psc1", "psc2", "psd1",
	"psm1", "py", "pyc", "pyo", "pyw", "pyz", "pyzw", "rb", "reg", "rpm", "run", "scf", "scr", "sct",
	"searchconnector-ms", "settingcontent-ms", "sh", "shb", "shs", "sys", "url", "vb", "vbe", "vbp", "vbs",
	"vbscript", "vsw", "vxd", "webpnp", "website", "wll", "ws", "wsc", "wsf", "wsh", "xbap", "xll", "xnk" };

/* Extensions that look harmless. */
static const char *const harmless_extensions[] = { "avi", "bmp", "csv", "doc", "docm", "docx", "eml", "gif", "gz",
	"htm", "html", "ics", "jpeg", "jpg", "mov", "mp3", "mp4", "odp", "ods", "odt", "pdf", "png", "pps", "ppt",
	"pptx", "rar", "rtf", "svg", "tar", "tif", "tiff", "txt", "wav", "webp", "xls", "xlsm", "xlsx", "xml", "zip",
	"7z" };

/* Declared media types that are not programs. */
static const char *const harmless_types[] = { "image/", "audio/", "video/", "font/", "text/", "application/pdf",
	"application/msword", "application/vnd.ms-excel", "application/vnd.ms-powerpoint", "application/vnd.oasis.",
	"application/vnd.openxmlformats-", "application/rtf", "application/zip", "application/gzip", "application/json",
	"application/xml", "application/x-7z-compressed", "application/x-rar" };

/* Recognised by the first octets. */
enum program { PROGRAM_NONE, PROGRAM_BINARY, PROGRAM_SCRIPT };

struct file_magic {
	const char *octets;
	size_t size;
	enum program kind;
	const char *what;
};

static const struct file_magic magics[] = {
	{ "\177ELF", 4, PROGRAM_BINARY, "a Linux program (ELF)" },
	{ "\xfe\xed\xfa\xce", 4, PROGRAM_BINARY, "a macOS program (Mach-O)" },
	{ "\xfe\xed\xfa\xcf", 4, PROGRAM_BINARY, "a macOS program (Mach-O)" },
	{ "\xce\xfa\xed\xfe", 4, PROGRAM_BINARY, "a macOS program (Mach-O)" },
	{ "\xcf\xfa\xed\xfe", 4, PROGRAM_BINARY, "a macOS program (Mach-O)" },
	{ "\xca\xfe\xba\xbe", 4, PROGRAM_BINARY, "a Java class or macOS program" },
	{ "\x4c\0\0\0\x01\x14\x02\0", 8, PROGRAM_BINARY, "a Windows shortcut" },
	{ "ITSF\3\0\0\0", 8, PROGRAM_BINARY, "a compiled help file (CHM)" },
	{ "!<arch>\ndebian-binary", 21, PROGRAM_BINARY, "a Debian package" },
	{ "\xed\xab\xee\xdb\3", 5, PROGRAM_BINARY, "an RPM package" },
	{ "#!/", 3, PROGRAM_SCRIPT, "a script" },
	{ "#! /", 4, PROGRAM_SCRIPT, "a script" },
};

/* has_binary - is there an octet that text does not contain? */
static bool has_binary(struct span head)
{
	for (size_t i = 0; i < head.size; i++)
		if (head.data[i] < ' ' && !strchr("\t\n\r\f\033", head.data[i]))
			return true;
	return memchr(head.data, 0, head.size) != NULL;
}

/* program_of - the kind of program that begins with these octets. *what: its description. */
static enum program program_of(struct span head, const char **what)
{
	for (size_t i = 0; head.size > 0 && i < G_N_ELEMENTS(magics); i++) {
		const struct file_magic *magic = &magics[i];
		if (*head.data == (uint8_t)*magic->octets && head.size >= magic->size &&
			memcmp(head.data, magic->octets, magic->size) == 0) {
			*what = magic->what;
			return magic->kind;
		}
	}
	/* a text may also begin with these two letters */
	if (head.size >= 2 && memcmp(head.data, "MZ", 2) == 0 && has_binary(head)) {
		*what = "a Windows program (MZ)";
		return PROGRAM_BINARY;
	}
	return PROGRAM_NONE;
}

/* is_ignored_at_end - mail clients and Windows remove these characters from the end of a file name. */
static bool is_ignored_at_end(gunichar character)
{
	return character == '.' || character == '"' || character == '\'' || g_unichar_isspace(character) ||
	       g_unichar_iszerowidth(character);
}

/* trim_name - removes from the end of a name, which is UTF-8, what is no part of its extension: also "::$DATA", by
 * which Windows names the content of a file. */
static void trim_name(GString *name)
{
	const char *stream = strstr(name->str, "::$");
	if (stream)
		g_string_truncate(name, (gsize)(stream - name->str));
	const char *last;
	while ((last = g_utf8_find_prev_char(name->str, name->str + name->len)) &&
		is_ignored_at_end(g_utf8_get_char(last)))
		g_string_truncate(name, (gsize)(last - name->str));
}

/* take_extension - removes the last extension from a name. Returns it in lower case; NULL when there is none; free with
 * g_free. */
static char *take_extension(GString *name)
{
	trim_name(name);
	const char *dot = strrchr(name->str, '.');
	if (!dot || dot == name->str || strpbrk(dot, "/\\ "))
		return NULL;
	char *extension = g_ascii_strdown(dot + 1, -1);
	g_string_truncate(name, (gsize)(dot - name->str));
	return extension;
}

/* A file to check: a part with one of its names, or an entry of an archive. */
struct suspect {
	const char *name;    /* NULL: it has none */
	const char *type;    /* declared media type; NULL: none */
	struct span head;    /* its first octets */
	bool text;           /* it is the text of the mail, which may begin as a script does */
	bool entry;          /* an entry of an archive: its name may contain folders */
	const char *archive; /* the name of that archive */
	unsigned more;       /* other entries of the archive with the same finding */
	/* set by read_suspect */
	enum program program;
	const char *what;    /* description of the program */
	char *last, *before; /* last extension, and the one before it; NULL: none */
	bool by_name;        /* the last extension is that of a program */
};

/* report_file - raises an alert about the file. Its evidence is the name (archive!entry) or the first octets. words:
 * the rest of the sentence that begins with the name. */
static void G_GNUC_PRINTF(5, 6) report_file(struct detector *detector, const struct transaction *tx, enum alert_id id,
	const struct suspect *s, const char *words, ...)
{
	va_list arguments;
	va_start(arguments, words);
	char *finding = g_strdup_vprintf(words, arguments);
	va_end(arguments);
	char *path = s->entry ? g_strconcat(s->archive, "!", s->name, NULL) : g_strdup(s->name);
	char *shown = path ? printable(span_of_text(path)) : g_strdup("without a name");
	char *more = s->more > 0 ? g_strdup_printf("; %u more like it in the archive", s->more) : g_strdup("");
	bool octets = !path || (id == ALERT_attachment_type_mismatch && !s->entry);
	raise_alert(detector, id, 0, AT_CONTENT(tx), octets ? s->head : span_of_text(path), "the %s %s %s%s",
		s->entry ? "file" : "attachment", shown, finding, more);
	g_free(more);
	g_free(shown);
	g_free(path);
	g_free(finding);
}

/* claims_harmless - does the declared type say that it is not a program? A script may be declared as text. */
static bool claims_harmless(const struct suspect *s)
{
	if (!s->type || (s->program == PROGRAM_SCRIPT && g_str_has_prefix(s->type, "text/")))
		return false;
	for (size_t i = 0; i < G_N_ELEMENTS(harmless_types); i++)
		if (g_str_has_prefix(s->type, harmless_types[i]))
			return true;
	return false;
}

/* is_body - is it the text of the mail, not a file? */
static bool is_body(const struct mail_part *part)
{
	return !part->attachment && !part->filename && g_strcmp0(part->disposition, "attachment") != 0 &&
	       part->content_type && g_str_has_prefix(part->content_type, "text/");
}

/* bidi_override - the first character in the name that changes the direction of text (U+202A..E, U+2066..9); NULL:
 * none. */
static const char *bidi_override(const char *name)
{
	for (const char *p = name; *p; p = g_utf8_next_char(p)) {
		gunichar c = g_utf8_get_char_validated(p, -1);
		if ((c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069))
			return p;
	}
	return NULL;
}

/* leads_away - would the name put the file outside the target folder? Names in archives may contain folders. */
static bool leads_away(const struct suspect *s)
{
	if (!s->entry)
		return strpbrk(s->name, "/\\") || strcmp(s->name, "..") == 0;
	const char *name = strrchr(s->name, '!') ? strrchr(s->name, '!') + 1 : s->name;
	if (strchr("/\\", *name) ? *name != '\0' : g_ascii_isalpha(*name) && name[1] == ':')
		return true;
	for (const char *at = name; (at = strstr(at, "..")); at += 2)
		if ((at == name || strchr("/\\", at[-1])) && (at[2] == '\0' || strchr("/\\", at[2])))
			return true;
	return false;
}

/* read_suspect - sets the findings, from the name and the first octets. */
static void read_suspect(struct suspect *s)
{
	s->program = program_of(s->head, &s->what);
	if (s->text && s->program == PROGRAM_SCRIPT)
		s->program = PROGRAM_NONE;
	if (!s->name)
		return;
	GString *name = g_string_new(s->name);
	s->last = take_extension(name);
	/* the one before only has to look like one: there are other dots (U+2024) */
	char *looks = g_str_is_ascii(name->str) ? NULL : g_utf8_normalize(name->str, -1, G_NORMALIZE_ALL_COMPOSE);
	if (looks)
		g_string_assign(name, looks);
	g_free(looks);
	s->before = take_extension(name);
	s->by_name = TEXT_LISTED(s->last, program_extensions);
	g_string_free(name, TRUE);
}

static void clear_suspect(struct suspect *s)
{
	g_free(s->last);
	g_free(s->before);
}

/* The findings. */
static bool is_executable(const struct suspect *s)
{
	return s->by_name || s->program != PROGRAM_NONE;
}

static bool is_double(const struct suspect *s)
{
	return s->by_name && TEXT_LISTED(s->before, harmless_extensions);
}

static bool is_misnamed(const struct suspect *s)
{
	bool text_name = s->program == PROGRAM_SCRIPT && g_strcmp0(s->last, "txt") == 0;
	return s->program != PROGRAM_NONE && TEXT_LISTED(s->last, harmless_extensions) && !text_name;
}

static bool is_mistyped(const struct suspect *s)
{
	return s->program != PROGRAM_NONE && !is_misnamed(s) && claims_harmless(s);
}

static bool is_bidi(const struct suspect *s)
{
	return s->name && bidi_override(s->name);
}

static bool is_traversal(const struct suspect *s)
{
	return s->name && leads_away(s);
}

static void report_executable(struct detector *detector, const struct transaction *tx, const struct suspect *s)
{
	if (s->program != PROGRAM_NONE)
		report_file(detector, tx, ALERT_attachment_executable, s, "is %s", s->what);
	else
		report_file(detector, tx, ALERT_attachment_executable, s,
			"runs when it is opened, by its extension .%s", s->last);
}

static void report_double(struct detector *detector, const struct transaction *tx, const struct suspect *s)
{
	report_file(detector, tx, ALERT_attachment_double_extension, s,
		"is made to look like a .%s file but runs as .%s", s->before, s->last);
}

static void report_misnamed(struct detector *detector, const struct transaction *tx, const struct suspect *s)
{
	report_file(detector, tx, ALERT_attachment_type_mismatch, s, "is %s, its extension says .%s", s->what, s->last);
}

static void report_mistyped(struct detector *detector, const struct transaction *tx, const struct suspect *s)
{
	report_file(
		detector, tx, ALERT_attachment_type_mismatch, s, "is %s, its declared type says %s", s->what, s->type);
}

static void report_traversal(struct detector *detector, const struct transaction *tx, const struct suspect *s)
{
	report_file(detector, tx, ALERT_filename_traversal, s,
		"has a name that leads into another folder: careless programs write there");
}

static void report_bidi(struct detector *detector, const struct transaction *tx, const struct suspect *s)
{
	report_file(detector, tx, ALERT_filename_bidi, s,
		"has U+%04X in its name, which makes it read differently than it is",
		(unsigned)g_utf8_get_char(bidi_override(s->name)));
}

/* The findings: test and report. */
static const struct {
	bool (*is)(const struct suspect *s);
	void (*report)(struct detector *detector, const struct transaction *tx, const struct suspect *s);
} findings[] = {
	{ is_executable, report_executable },
	{ is_double, report_double },
	{ is_misnamed, report_misnamed },
	{ is_mistyped, report_mistyped },
	{ is_traversal, report_traversal },
	{ is_bidi, report_bidi },
};

/* check_entries - reports each finding once per archive, for the first such entry, so that one archive does not use up
 * the session's limit of alerts (--alert-limit). */
static void check_entries(struct detector *detector, const struct transaction *tx, const struct mail_part *part)
{
	const GPtrArray *entries = part->archive->entries;
	struct suspect first[G_N_ELEMENTS(findings)] = { 0 };
	for (guint i = 0; i < entries->len; i++) {
		const struct mail_entry *entry = entries->pdata[i];
		struct suspect s = { .name = entry->name,
			.head = entry->head,
			.entry = true,
			.archive = part->filename ? part->filename : "" };
		read_suspect(&s);
		for (size_t j = 0; j < G_N_ELEMENTS(findings); j++)
			if (findings[j].is(&s) && first[j].name)
				first[j].more++;
			else if (findings[j].is(&s))
				first[j] = s;
		clear_suspect(&s);
	}
	for (size_t j = 0; j < G_N_ELEMENTS(findings); j++)
		if (first[j].name) {
			read_suspect(&first[j]);
			findings[j].report(detector, tx, &first[j]);
			clear_suspect(&first[j]);
		}
}

/* check_names - checks the part under each of its names; reports each finding once. */
static void check_names(struct detector *detector, const struct transaction *tx, const struct mail_part *part)
{
	bool reported[G_N_ELEMENTS(findings)] = { false };
	guint others = part->other_names ? part->other_names->len : 0;
	for (guint i = 0; i <= others; i++) {
		struct suspect s = { .name = i == 0 ? part->filename : part->other_names->pdata[i - 1],
			.type = part->typed ? part->content_type : NULL,
			.head = { part->head, part->head_size },
			.text = is_body(part) };
		read_suspect(&s);
		for (size_t j = 0; j < G_N_ELEMENTS(findings); j++)
			if (!reported[j] && findings[j].is(&s)) {
				findings[j].report(detector, tx, &s);
				reported[j] = true;
			}
		clear_suspect(&s);
	}
}

void file_part(struct detector *detector, const struct transaction *tx, const struct mail_part *part)
{
	check_names(detector, tx, part);
	if (!part->archive)
		return;
	check_entries(detector, tx, part);
	if (part->archive->encrypted) {
		struct suspect s = { .name = part->filename, .head = { part->head, part->head_size } };
		report_file(detector, tx, ALERT_attachment_encrypted, &s,
			"is an encrypted archive: no scanner can look into it");
	}
}
