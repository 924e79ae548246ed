/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * report_rows.c - mails, alerts, files and steps as rows of the page's data. page.js names the columns.
 */
#include <string.h>

#include "alert.h"
#include "report.h"

#define REPLIES_MAX 50000                    /* different replies stored once for all ladders */
#define TEXTS_MAX ((size_t)16 * 1024 * 1024) /* octets for bodies, links and Received fields */
#define ALERTS_MAX 20000
#define FILES_MAX 20000    /* different contents, by their hash */
#define FILE_MAILS_MAX 100 /* mails listed for a file */
#define LIST_MAX 50        /* entries of a list */
#define LINES_MAX 2000     /* octets of a step in a ladder, which may be a reply of several lines */

/* ---- files ---- */

void report_content_free(void *pointer)
{
	struct report_content *content = pointer;
	g_free(content->hash);
	g_free(content->type);
	g_free(content->magic);
	g_string_free(content->names, TRUE);
	g_string_free(content->mails, TRUE);
	g_free(content);
}

/* content_of - the content of a file; NULL: there are too many. */
static struct report_content *content_of(struct report *report, const cJSON *file)
{
	const char *hash = read_text(file, "sha256");
	struct report_content *content = hash ? g_hash_table_lookup(report->contents, hash) : NULL;
	if (content)
		return content;
	if (!hash || report->files->len >= FILES_MAX) {
		report->left.files++;
		return NULL;
	}
	content = g_new0(struct report_content, 1);
	content->index = report->files->len;
	content->last = -1;
	content->hash = g_strdup(hash);
	content->size = read_number(file, "size");
	content->type = g_strdup(read_text(file, "mimetype"));
	content->magic = g_strdup(read_text(file, "magic"));
	if (!content->type)
		content->type = g_strdup(read_text(file, "content_type"));
	content->names = g_string_new(NULL);
	content->mails = g_string_new(NULL);
	g_hash_table_insert(report->contents, content->hash, content);
	g_ptr_array_add(report->files, content);
	return content;
}

/* met_in - notes that a content was in a mail, with a name. */
static void met_in(struct report_content *content, int mail, const char *name)
{
	if (content->last != mail) {
		if (content->count < FILE_MAILS_MAX && mail >= 0)
			page_number(content->mails, content->mails->len > 0 ? "," : "", (uint64_t)mail);
		content->count++;
	}
	content->last = mail;
	if (!name || content->name_count >= LIST_MAX)
		return;
	GString *json = g_string_new(NULL);
	page_text(json, name);
	if (!strstr(content->names->str, json->str)) {
		g_string_append_printf(content->names, "%s%s", content->names->len > 0 ? "," : "", json->str);
		content->name_count++;
	}
	g_string_free(json, TRUE);
}

void report_unlisted_file(struct report *report, const cJSON *file)
{
	struct report_content *content = report_is_file(file) ? content_of(report, file) : NULL;
	if (content)
		content->count++;
}

void report_files(struct report *report)
{
	for (guint i = 0; i < report->files->len; i++) {
		const struct report_content *content = report->files->pdata[i];
		GString *to = report->page.files;
		page_row(to);
		page_field(to, "[", content->hash);
		page_number(to, ",", content->size);
		page_field(to, ",", content->type);
		page_field(to, ",", content->magic);
		page_number(to, ",", content->count);
		g_string_append_printf(to, ",[%s],[%s]]", content->names->str, content->mails->str);
	}
}

/* ---- mails ---- */

bool report_is_file(const cJSON *file)
{
	const char *type = read_text(file, "content_type"), *disposition = read_text(file, "disposition");
	const bool text_part = !type || g_ascii_strncasecmp(type, "text/", strlen("text/")) == 0;
	return read_text(file, "filename") || g_strcmp0(disposition, "attachment") == 0 || !text_part;
}

/* file_list - the files of a mail: [part, name, type, size, row of files or -1, whole]. */
static void file_list(struct report *report, GString *to, const struct talk_step *step, int mail)
{
	g_string_append(to, ",\"parts\":[");
	for (guint i = 0; step->files && i < step->files->len; i++) {
		const cJSON *file = step->files->pdata[i];
		struct report_content *content = report_is_file(file) ? content_of(report, file) : NULL;
		if (content)
			met_in(content, mail, read_text(file, "filename"));
		page_field(to, i > 0 ? ",[" : "[", read_text(file, "part"));
		page_field(to, ",", read_text(file, "filename"));
		page_field(to, ",", read_text(file, "content_type"));
		page_number(to, ",", read_number(file, "size"));
		g_string_append_printf(to, ",%d,%d]", content ? (int)content->index : -1,
			g_strcmp0(read_text(file, "state"), "TRUNCATED") != 0);
	}
	g_string_append_c(to, ']');
}

/* short_list - the first LIST_MAX texts of a list; the others are counted. */
static void short_list(struct report *report, GString *to, const cJSON *list)
{
	report->left.texts += page_texts(to, list, LIST_MAX);
}

/* member_list - adds a list of the email object under its own name, if there is one. */
static void member_list(struct report *report, GString *to, const cJSON *email, const char *name)
{
	const cJSON *list = read_array(email, name);
	if (!list)
		return;
	g_string_append_printf(to, ",\"%s\":", name);
	short_list(report, to, list);
}

/* long_texts - adds the long texts of a mail, while TEXTS_MAX is not reached. */
static void long_texts(struct report *report, GString *to, const cJSON *email)
{
	static const char *const lists[] = { "received", "url" };
	const char *body = read_text(email, "body");
	const size_t before = to->len;
	for (size_t i = 0; i < G_N_ELEMENTS(lists); i++)
		member_list(report, to, email, lists[i]);
	if (body) {
		g_string_append(to, ",\"body\":");
		bool whole = page_lines(to, body, BODY_MAX) && !read_flag(email, "body_truncated");
		g_string_append(to, whole ? "" : ",\"cut\":true");
	}
	report->texts += to->len - before;
}

/* details - the details of a mail, shown when it is opened: one line of the block. */
static void details(struct report *report, const struct talk_step *step, int mail)
{
	static const char *const texts[] = { "date", "message_id", "reply_to", "in_reply_to", "x_mailer", "user_agent",
		"x_originating_ip", "body_type" };
	static const char *const lists[] = { "to", "cc", "bcc" };
	const cJSON *smtp = step->own, *email = read_object(step->record, "email"), *reply = read_object(smtp, "reply");
	const char *body = read_text(email, "body");
	GString *to = report->page.details;
	page_field(to, "{\"helo\":", read_text(smtp, "helo"));
	page_number(to, ",\"code\":", read_number(reply, "code"));
	page_field(to, ",\"reply\":", read_text(reply, "text"));
	for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
		if (read_text(email, texts[i])) {
			g_string_append_printf(to, ",\"%s\":", texts[i]);
			page_text(to, read_text(email, texts[i]));
		}
	for (size_t i = 0; i < G_N_ELEMENTS(lists); i++)
		member_list(report, to, email, lists[i]);
	if (report->texts < TEXTS_MAX)
		long_texts(report, to, email);
	else if (body)
		g_string_append(to, ",\"body\":\"\",\"cut\":true");
	report->left.bodies += body && report->texts >= TEXTS_MAX;
	file_list(report, to, step, mail);
	g_string_append(to, "}\n");
}

void report_mail(struct report *report, const struct talk_step *step, unsigned worst)
{
	const cJSON *smtp = step->own, *email = read_object(step->record, "email");
	GString *to = report->page.mails;
	page_row(to);
	g_string_append_printf(to, "[%u,%d,%" G_GINT64_FORMAT, report->sessions, step->tx, step->time / 1000);
	page_field(to, ",", read_text(smtp, "outcome"));
	page_field(to, ",", read_text(smtp, "stage"));
	page_field(to, ",", read_text(smtp, "mail_from"));
	g_string_append_c(to, ',');
	short_list(report, to, read_array(smtp, "rcpt_to"));
	g_string_append_c(to, ',');
	short_list(report, to, read_array(smtp, "rejected_rcpt_to"));
	page_number(to, ",", read_number(smtp, "size"));
	page_field(to, ",", read_text(smtp, "sha256"));
	page_field(to, ",", read_text(email, "subject"));
	page_field(to, ",", read_text(email, "from"));
	g_string_append_printf(to, ",%u,%u", worst, step->files ? step->files->len : 0);
	page_number(to, ",", read_number(smtp, "missing_bytes"));
	g_string_append_c(to, ']');
	details(report, step, (int)report->mails++);
}

/* ---- alerts ---- */

int report_alert(struct report *report, const struct talk_step *step, int session, int mail)
{
	const cJSON *alert = step->own;
	GString *to = report->page.alerts;
	if (report->alerts >= ALERTS_MAX) {
		report->left.alerts++;
		return -1;
	}
	page_row(to);
	page_number(to, "[", step->severity);
	page_field(to, ",", read_text(alert, "signature"));
	page_field(to, ",", read_text(alert, "category"));
	page_field(to, ",", read_text(alert, "description"));
	page_field(to, ",", read_text(alert, "outcome"));
	page_field(to, ",", read_text(alert, "evidence"));
	g_string_append_printf(to, ",%" G_GINT64_FORMAT ",%" G_GUINT64_FORMAT ",%d,%d", step->time / 1000, step->packet,
		session, mail);
	page_field(to, ",", read_text(alert, "state"));
	page_field(to, ",", read_text(alert, "direction"));
	page_field(to, ",", read_text(step->record, "src_ip"));
	page_field(to, ",", read_text(step->record, "dest_ip"));
	g_string_append_c(to, ']');
	return (int)report->alerts++;
}

/* ---- ladders ---- */

/* response_text - a reply as text, "250-one" and so on, one per line. Free with g_free. */
static char *response_text(const cJSON *response)
{
	const cJSON *line, *lines = read_array(response, "lines");
	const unsigned code = (unsigned)read_number(response, "code");
	GString *words = g_string_new(NULL);
	cJSON_ArrayForEach(line, lines)
	{
		const char *said = cJSON_GetStringValue(line);
		g_string_append_printf(
			words, "%s%u%c%s", words->len > 0 ? "\n" : "", code, line->next ? '-' : ' ', said ? said : "");
	}
	if (words->len == 0)
		g_string_append_printf(words, "%u", code);
	return g_string_free(words, FALSE);
}

/* step_words - the text of a step that is not a row of another block. Free with g_free. */
static char *step_words(const struct talk_step *step)
{
	const char *verb = read_text(step->own, "verb"), *argument = read_text(step->own, "argument"),
		   *line = read_text(step->own, "line");
	if (step->kind == STEP_RESPONSE)
		return response_text(step->own);
	if (step->kind == STEP_AUTH)
		return step_auth(step);
	if (step->kind == STEP_TLS)
		return step_tls(step);
	if (verb && argument)
		return g_strdup_printf("%s %s", verb, argument);
	return g_strdup(verb ? verb : argument ? argument : line ? line : "?");
}

/* add_reply - adds a reply. Equal replies, which are frequent, are stored once and referred to by row. */
static void add_reply(struct report *report, const char *words)
{
	GString *to = report->page.ladders;
	const size_t before = to->len;
	page_lines(to, words, LINES_MAX);
	unsigned row_of = GPOINTER_TO_UINT(g_hash_table_lookup(report->replies, to->str + before));
	if (row_of == 0 && g_hash_table_size(report->replies) >= REPLIES_MAX)
		return;
	if (row_of == 0) {
		row_of = g_hash_table_size(report->replies) + 1;
		page_row(report->page.replies);
		g_string_append(report->page.replies, to->str + before);
		g_hash_table_insert(report->replies, g_strdup(to->str + before), GUINT_TO_POINTER(row_of));
	}
	g_string_truncate(to, before);
	page_number(to, "", row_of - 1);
}

/* report_step - [kind, microseconds since the beginning, packet, row of alerts or mails], or [..., packet, code, text
 * or row of replies], with a 1 at the end when it was assumed. */
void report_step(struct report *report, const struct talk_step *step, int64_t start, int index)
{
	static const char kinds[] = { [STEP_COMMAND] = 'c',
		[STEP_RESPONSE] = 'r',
		[STEP_ALERT] = 'a',
		[STEP_MAIL] = 'm',
		[STEP_AUTH] = 'u',
		[STEP_TLS] = 't' };
	GString *to = report->page.ladders;
	g_string_append_printf(to, "%s[\"%c\",%" G_GINT64_FORMAT ",%" G_GUINT64_FORMAT ",",
		to->str[to->len - 1] == ']' ? "," : "", kinds[step->kind], (step->time - start) / 1000, step->packet);
	if (step->kind == STEP_ALERT || step->kind == STEP_MAIL) {
		g_string_append_printf(to, "%d]", index);
		return;
	}
	char *words = step_words(step);
	g_string_append_printf(to, "%u,", (unsigned)read_number(step->own, "code"));
	if (step->kind == STEP_RESPONSE)
		add_reply(report, words);
	else
		page_lines(to, words, LINES_MAX);
	g_string_append(to, read_flag(step->own, "assumed") ? ",1]" : "]");
	g_free(words);
}
