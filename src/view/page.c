/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * page.c - writes the report: the embedded page.html with its style and script, and blocks of data in between.
 *
 * The page's Content-Security-Policy allows it to load nothing, send nothing and run only its own script, identified by
 * a hash. Data are JSON in script blocks that are not executed. Text in them never contains "<", so it can't end its
 * block.
 */
#include <string.h>

#include "embedded.h"
#include "report.h"

#define DIGEST_SIZE 32 /* octets of SHA-256 */

/* ---- text ---- */

/* put_char - appends a character that can be shown as it is. */
static void put_char(GString *to, gunichar c)
{
	if (c == '"' || c == '\\')
		g_string_append_c(to, '\\');
	if (c == '<')
		g_string_append(to, "\\u003c");
	else
		g_string_append_unichar(to, c);
}

/* put_json_text - appends the inside of a JSON string. Returns false when it was cut. */
static bool put_json_text(GString *to, const char *text, bool lines, size_t limit)
{
	const char *at = text;
	while (*at && (size_t)(at - text) < limit) {
		const gunichar c = g_utf8_get_char_validated(at, -1);
		if (c == (gunichar)-1 || c == (gunichar)-2) {
			g_string_append_printf(to, "\\\\x%02x", (uint8_t)*at++);
			continue;
		}
		if (lines && (c == '\n' || c == '\t'))
			g_string_append(to, c == '\n' ? "\\n" : "\\t");
		else if (ink_is_plain(c))
			put_char(to, c);
		else if (!lines || c != '\r')
			g_string_append_printf(to, "\\u003cU+%04X>", c);
		at = g_utf8_next_char(at);
	}
	return !*at;
}

void page_text(GString *to, const char *text)
{
	if (!text) {
		g_string_append(to, "null");
		return;
	}
	g_string_append_c(to, '"');
	put_json_text(to, text, false, SIZE_MAX);
	g_string_append_c(to, '"');
}

void page_field(GString *to, const char *before, const char *text)
{
	g_string_append(to, before);
	page_text(to, text);
}

void page_number(GString *to, const char *before, uint64_t value)
{
	g_string_append_printf(to, "%s%" G_GUINT64_FORMAT, before, value);
}

void page_row(GString *to)
{
	g_string_append(to, to->len > 0 ? ",\n" : "");
}

bool page_lines(GString *to, const char *text, size_t limit)
{
	g_string_append_c(to, '"');
	bool whole = put_json_text(to, text, true, limit);
	g_string_append_c(to, '"');
	return whole;
}

unsigned page_texts(GString *to, const cJSON *list, unsigned most)
{
	const cJSON *item;
	unsigned count = 0;
	g_string_append_c(to, '[');
	cJSON_ArrayForEach(item, list)
	{
		if (!cJSON_IsString(item) || count++ >= most)
			continue;
		g_string_append(to, count > 1 ? "," : "");
		page_text(to, item->valuestring);
	}
	g_string_append_c(to, ']');
	return count > most ? count - most : 0;
}

/* ---- the page ---- */

/* hash_of - 'sha256-...', the hash of a script or style for the policy. Free with g_free. */
static char *hash_of(const char *text)
{
	uint8_t digest[DIGEST_SIZE];
	gsize size = sizeof digest;
	GChecksum *checksum = g_checksum_new(G_CHECKSUM_SHA256);
	g_checksum_update(checksum, (const guchar *)text, -1);
	g_checksum_get_digest(checksum, digest, &size);
	g_checksum_free(checksum);
	char *base64 = g_base64_encode(digest, sizeof digest);
	char *hash = g_strdup_printf("'sha256-%s'", base64);
	g_free(base64);
	return hash;
}

static void put_html(struct view *view, const char *text)
{
	if (!view->failed)
		view->failed = !view->write(view->context, text, strlen(text));
}

static void put_block(struct view *view, const char *id, const char *before, GString *text, const char *after)
{
	put_html(view, "<script type=\"application/json\" id=\"");
	put_html(view, id);
	put_html(view, "\">");
	put_html(view, before);
	view_put(view, text);
	put_html(view, after);
	put_html(view, "</script>\n");
}

static void put_data(struct view *view, const struct page_data *data)
{
	put_block(view, "meta", "{", data->meta, "}");
	put_block(view, "sessions", "[", data->sessions, "]");
	put_block(view, "mails", "[", data->mails, "]");
	put_block(view, "alerts", "[", data->alerts, "]");
	put_block(view, "files", "[", data->files, "]");
	put_block(view, "replies", "[", data->replies, "]");
	put_block(view, "ladders", "", data->ladders, "");
	put_block(view, "details", "", data->details, "");
}

static void put_policy(struct view *view)
{
	char *script = hash_of(embedded_script), *style = hash_of(embedded_style);
	char *policy =
		g_strdup_printf("default-src 'none'; script-src %s; style-src %s; base-uri 'none'; form-action 'none'; "
				"require-trusted-types-for 'script'; trusted-types 'none'",
			script, style);
	put_html(view, policy);
	g_free(policy);
	g_free(script);
	g_free(style);
}

void page_write(struct view *view, const struct page_data *data)
{
	static const char mark = '@';
	const char *at = embedded_page;
	for (const char *next; (next = strchr(at, mark)); at = next) {
		char *before = g_strndup(at, (gsize)(next - at));
		put_html(view, before);
		g_free(before);
		next++;
		if (*next == 'P')
			put_policy(view);
		else if (*next == 'S')
			put_html(view, embedded_style);
		else if (*next == 'D')
			put_data(view, data);
		else
			put_html(view, embedded_script);
		next++;
	}
	put_html(view, at);
}
