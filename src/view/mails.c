/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * mails.c - one line per mail: mark of its worst alert, time, outcome, size, sender, recipients, alerts, subject,
 * files, flow.
 *
 * Mails are shown when their session has ended, because alerts and files may come after the record of a mail.
 */
#include <string.h>

#include "alert.h"
#include "private.h"

#define RECIPIENTS_MAX 3
#define NAMES_MAX 8 /* names of files, and of alerts, that are shown */
#define WIDE 120    /* columns from which the year is shown */
#define DATE_SIZE (sizeof("2026-11-22T14:00:00") - 1)
#define YEAR_SIZE (sizeof("2026-") - 1)

struct mails_view {
	struct view view; /* first */
	struct talks *talks;
	struct ink ink;
	GString *out;
	uint64_t left_out;
};

/* A list with commas, of limited length. */
struct names {
	GString *text;
	unsigned count;
};

static void add_name(struct names *names, const char *name)
{
	if (!name || strstr(names->text->str, name))
		return;
	if (names->count < NAMES_MAX)
		g_string_append_printf(names->text, "%s%s", names->count > 0 ? ", " : "", name);
	else if (names->count == NAMES_MAX)
		g_string_append(names->text, ", ...");
	names->count++;
}

/* add_path - adds a path without its brackets, to save room. */
static void add_path(GString *text, const char *path)
{
	const size_t size = strlen(path);
	const bool brackets = size > 2 && path[0] == '<' && path[size - 1] == '>';
	g_string_append_len(text, path + brackets, (gssize)(size - 2 * brackets));
}

/* envelope_text - sender and recipients. */
static char *envelope_text(const cJSON *smtp)
{
	const char *from = read_text(smtp, "mail_from");
	const cJSON *item, *list = read_array(smtp, "rcpt_to");
	GString *text = g_string_new(NULL);
	int count = 0;
	add_path(text, from ? from : "?");
	g_string_append(text, " → ");
	cJSON_ArrayForEach(item, list)
	{
		if (!cJSON_IsString(item) || count++ >= RECIPIENTS_MAX)
			continue;
		g_string_append(text, count > 1 ? ", " : "");
		add_path(text, item->valuestring);
	}
	if (count > RECIPIENTS_MAX)
		g_string_append_printf(text, " +%d", count - RECIPIENTS_MAX);
	return g_string_free(count > 0 ? text : g_string_append(text, "nobody"), FALSE);
}

/* file_names - adds the names of all files; parts without a name are texts. */
static void file_names(const struct talk_step *step, struct names *names)
{
	for (guint i = 0; step->files && i < step->files->len; i++)
		add_name(names, read_text(step->files->pdata[i], "filename"));
}

/* print_tail - the end of the line, which is cut first when the line is too long. */
static void print_tail(struct ink *ink, const struct talk *talk, const struct talk_step *step)
{
	struct names files = { .text = g_string_new(NULL) };
	const char *subject = read_text(read_object(step->record, "email"), "subject");
	file_names(step, &files);
	GString *tail = g_string_new(NULL);
	if (subject)
		g_string_append_printf(tail, "  \"%s\"", subject);
	if (files.count > 0)
		g_string_append_printf(tail, "  [%s]", files.text->str);
	g_string_append_printf(tail, "  flow %" G_GUINT64_FORMAT, talk->flow);
	ink_cut(ink, STYLE_PLAIN, tail->str);
	g_string_free(tail, TRUE);
	g_string_free(files.text, TRUE);
}

/* print_mail - own: the alerts of the mail, or NULL. */
static void print_mail(
	struct mails_view *mails, const struct talk *talk, const struct talk_step *step, const GPtrArray *own)
{
	static const char *const marks[] = { "  ", "!!", "! ", ". " };
	static const enum style styles[] = { STYLE_PLAIN, STYLE_HIGH, STYLE_MEDIUM, STYLE_LOW };
	struct ink *ink = &mails->ink;
	const cJSON *smtp = step->own;
	const char *outcome = read_text(smtp, "outcome"), *time = read_text(step->record, "timestamp");
	struct names alerts = { .text = g_string_new(NULL) };
	const unsigned worst = alerts_worst(own);
	for (guint i = 0; own && i < own->len; i++)
		add_name(&alerts, read_text(((const struct talk_step *)own->pdata[i])->own, "signature"));
	char *path = envelope_text(smtp);
	/* A narrow terminal has no room for the year. */
	const unsigned skip = time && strlen(time) >= DATE_SIZE && ink->width > 0 && ink->width < WIDE ? YEAR_SIZE : 0;
	char *head = g_strdup_printf(" %.*s %-8s %8" G_GUINT64_FORMAT "  ", (int)(DATE_SIZE - skip),
		time ? time + skip : "", outcome ? outcome : "?", read_number(smtp, "size"));
	ink_cut(ink, styles[worst], marks[worst]);
	ink_cut(ink, g_strcmp0(outcome, "accepted") == 0 ? STYLE_PLAIN : STYLE_ERROR, head);
	ink_cut(ink, STYLE_CLIENT, path);
	if (worst > 0) {
		ink_cut(ink, STYLE_PLAIN, "  ");
		ink_cut(ink, styles[worst], alerts.text->str);
	}
	print_tail(ink, talk, step);
	ink_newline(ink);
	g_free(head);
	g_free(path);
	g_string_free(alerts.text, TRUE);
}

static void on_mails_talk(void *context, const struct talk *talk)
{
	struct mails_view *mails = context;
	GHashTable *alerts = talk_alerts(talk);
	mails->left_out += talk->left_out;
	for (guint i = 0; i < talk->steps->len; i++) {
		const struct talk_step *step = &g_array_index(talk->steps, struct talk_step, i);
		if (step->kind == STEP_MAIL)
			print_mail(mails, talk, step, g_hash_table_lookup(alerts, GINT_TO_POINTER(step->tx)));
	}
	g_hash_table_unref(alerts);
	view_put(&mails->view, mails->out);
}

static void on_mails_record(struct view *view, cJSON *record)
{
	struct mails_view *mails = (struct mails_view *)(void *)view;
	talks_drop_bulk(record, 0);
	talks_record(mails->talks, record);
}

static void on_mails_end(struct view *view)
{
	struct mails_view *mails = (struct mails_view *)(void *)view;
	talks_end(mails->talks);
	if (view->broken + mails->left_out > 0) {
		ink_words(&mails->ink, STYLE_HIGH, 0,
			"%" G_GUINT64_FORMAT " lines are not records, %" G_GUINT64_FORMAT " records are left out",
			view->broken, mails->left_out);
		ink_newline(&mails->ink);
	}
	view_put(view, mails->out);
	talks_free(mails->talks);
	g_string_free(mails->out, TRUE);
}

struct view *mails_new(const struct view_options *options)
{
	struct mails_view *mails = g_new0(struct mails_view, 1);
	mails->view.record = on_mails_record;
	mails->view.end = on_mails_end;
	mails->out = g_string_new(NULL);
	mails->ink = (struct ink){ .out = mails->out, .colour = options->colour, .width = options->width };
	mails->talks = talks_new(on_mails_talk, mails, HELD_MAX);
	return &mails->view;
}
