/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * report.c - the report: sessions, mails, alerts and files become rows of the page's data.
 *
 * A page must open in a browser, so its size is limited. Counts, time line, hosts and domains cover everything.
 * Sessions with their mails are listed until SESSIONS_MAX or OCTETS_MAX is reached, then only those with an alert, up
 * to twice these limits. The page shows the number of what is left out.
 */
#include <string.h>

#include "alert.h"
#include "hash.h"
#include "report.h"

#define SESSIONS_MAX 10000
#define OCTETS_MAX ((size_t)72 * 1024 * 1024)
#define SESSION_STEPS_MAX 3000 /* of one ladder */

/* ---- sessions ---- */

static void print_session(struct report *report, const struct talk *talk, uint64_t left_out)
{
	const cJSON *record = talk->record, *session = talk->session;
	GString *to = report->page.sessions;
	char *proxy = talk_proxy(talk);
	const struct talk_step *tls = talk_step_of(talk, STEP_TLS);
	const char *version = tls ? read_text(tls->own, "version") : NULL, *close = read_text(talk->end, "close");
	page_row(to);
	g_string_append_printf(to, "[%" G_GINT64_FORMAT ",%" G_GINT64_FORMAT, talk_begin_time(talk) / 1000,
		read_time(talk->end, "end") / 1000);
	page_field(to, ",", read_text(record, "src_ip"));
	page_number(to, ",", read_number(record, "src_port"));
	page_field(to, ",", read_text(record, "dest_ip"));
	page_number(to, ",", read_number(record, "dest_port"));
	g_string_append_printf(to, ",%u,%u,%u,%u,%u", talk->mails, talk->accepted, talk->alerts[SEVERITY_HIGH],
		talk->alerts[SEVERITY_MEDIUM], talk->alerts[SEVERITY_LOW]);
	page_field(to, ",", version ? version : read_flag(session, "tls") ? "TLS" : NULL);
	page_field(to, ",", talk_user(talk));
	page_field(to, ",", read_text(session, "helo"));
	page_field(to, ",", read_text(session, "banner"));
	page_number(to, ",", read_number(talk->end, "bytes_toserver") + read_number(talk->end, "bytes_toclient"));
	page_field(to, ",", close ? close : read_text(talk->end, "reason"));
	page_field(to, ",", read_text(record, "community_id"));
	g_string_append_printf(to, ",\"%" G_GUINT64_FORMAT "\"", talk->flow);
	page_field(to, ",", read_text(record, "pcap_filename"));
	g_string_append_printf(to, ",%d",
		read_flag(session, "midstream") | read_flag(session, "one_sided") << 1 | !talk->end << 2 |
			(talk->part > 0) << 3 | talk->more << 4);
	page_number(to, ",", read_number(session, "gap_bytes"));
	page_number(to, ",", left_out);
	page_field(to, ",", proxy);
	g_string_append_c(to, ']');
	g_free(proxy);
}

/* has_room - is there room for this session? The limits are twice as high for one with an alert. */
static bool has_room(const struct report *report, const struct talk *talk)
{
	const struct page_data *page = &report->page;
	const size_t octets = page->sessions->len + page->ladders->len + page->mails->len + page->details->len;
	const bool alert = talk->alerts[SEVERITY_HIGH] + talk->alerts[SEVERITY_MEDIUM] + talk->alerts[SEVERITY_LOW] > 0;
	const unsigned times = alert ? 2 : 1;
	return report->sessions < SESSIONS_MAX * times && octets < OCTETS_MAX * times;
}

/* list_session - adds a session with its mails, alerts and ladder. */
static void list_session(struct report *report, const struct talk *talk)
{
	const int64_t start = talk_begin_time(talk);
	GString *ladder = report->page.ladders;
	GHashTable *rows = g_hash_table_new(hash_pointer, NULL); /* tx -> row of mails, from 1 */
	GHashTable *alerts = talk_alerts(talk);
	uint64_t left_out = talk->left_out;
	for (guint i = 0; i < talk->steps->len; i++) {
		const struct talk_step *step = &g_array_index(talk->steps, struct talk_step, i);
		if (step->kind != STEP_MAIL)
			continue;
		report_mail(report, step, alerts_worst(g_hash_table_lookup(alerts, GINT_TO_POINTER(step->tx))));
		g_hash_table_insert(rows, GINT_TO_POINTER(step->tx), GUINT_TO_POINTER(report->mails));
	}
	g_string_append_c(ladder, '[');
	for (guint i = 0; i < talk->steps->len; i++) {
		const struct talk_step *step = &g_array_index(talk->steps, struct talk_step, i);
		int index = (int)GPOINTER_TO_UINT(g_hash_table_lookup(rows, GINT_TO_POINTER(step->tx))) - 1;
		if (step->kind == STEP_ALERT)
			index = report_alert(report, step, (int)report->sessions, index);
		if (i < SESSION_STEPS_MAX)
			report_step(report, step, start, index);
		else
			left_out++;
	}
	g_string_append(ladder, "]\n");
	g_hash_table_unref(rows);
	g_hash_table_unref(alerts);
	report->left.steps += left_out;
	print_session(report, talk, left_out);
	report->sessions++;
}

/* leave_out_session - counts a session that is not listed. Its alerts are listed nevertheless. */
static void leave_out_session(struct report *report, const struct talk *talk)
{
	report->left.sessions++;
	report->left.mails += talk->mails;
	for (guint i = 0; i < talk->steps->len; i++) {
		const struct talk_step *step = &g_array_index(talk->steps, struct talk_step, i);
		if (step->kind == STEP_ALERT)
			report_alert(report, step, -1, -1);
		for (guint file = 0; step->files && file < step->files->len; file++)
			report_unlisted_file(report, step->files->pdata[file]);
	}
}

static void count_step(struct report *report, const struct talk_step *step)
{
	const cJSON *smtp = step->own;
	const char *outcome = read_text(smtp, "outcome");
	if (step->kind == STEP_ALERT) {
		static const enum tally_kind kinds[] = { 0, TALLY_HIGH, TALLY_MEDIUM, TALLY_LOW };
		report->all.alerts[step->severity]++;
		tally_event(report->tally, kinds[step->severity], step->time);
	}
	if (step->kind != STEP_MAIL)
		return;
	report->all.mails++;
	report->all.accepted += g_strcmp0(outcome, "accepted") == 0;
	report->all.rejected += g_strcmp0(outcome, "rejected") == 0;
	report->all.aborted += g_strcmp0(outcome, "aborted") == 0;
	for (guint i = 0; step->files && i < step->files->len; i++)
		report->all.files += report_is_file(step->files->pdata[i]);
	tally_event(report->tally, TALLY_MAILS, step->time);
	tally_mail(report->tally, smtp);
}

static void on_report_talk(void *context, const struct talk *talk)
{
	struct report *report = context;
	if (talk->part == 0) {
		report->all.sessions++;
		tally_event(report->tally, TALLY_SESSIONS, talk_begin_time(talk));
	}
	for (guint i = 0; i < talk->steps->len; i++)
		count_step(report, &g_array_index(talk->steps, struct talk_step, i));
	tally_host(report->tally, read_text(talk->record, "src_ip"), true, talk);
	tally_host(report->tally, read_text(talk->record, "dest_ip"), false, talk);
	if (has_room(report, talk))
		list_session(report, talk);
	else
		leave_out_session(report, talk);
}

/* ---- inputs ---- */

void view_report_capture(struct view *view, const char *name, uint64_t size, const char *sha256)
{
	struct report *report = (struct report *)(void *)view;
	page_row(report->captures);
	page_field(report->captures, "[", name);
	page_number(report->captures, ",", size);
	page_field(report->captures, ",", sha256);
	g_string_append_c(report->captures, ']');
}

/* add_input - adds an input from its stats record. */
static void add_input(struct report *report, const cJSON *record)
{
	static const char *const numbers[] = { "packets", "bytes", "connections", "sessions", "mails", "gap_bytes" };
	const cJSON *stats = read_object(record, "stats"), *reason, *reasons = read_object(stats, "not_decoded");
	GString *to = report->inputs;
	uint64_t not_decoded = 0;
	cJSON_ArrayForEach(reason, reasons) not_decoded += read_number(reasons, reason->string);
	page_row(to);
	page_field(to, "{\"name\":", read_text(record, "pcap_filename"));
	for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++)
		g_string_append_printf(to, ",\"%s\":%" G_GUINT64_FORMAT, numbers[i], read_number(stats, numbers[i]));
	page_number(to, ",\"not_decoded\":", not_decoded);
	g_string_append_printf(to, ",\"start\":%" G_GINT64_FORMAT ",\"end\":%" G_GINT64_FORMAT ",\"complete\":%s",
		read_time(stats, "start") / 1000, read_time(stats, "end") / 1000,
		read_flag(stats, "complete") ? "true" : "false");
	page_field(to, ",\"error\":", read_text(stats, "error"));
	page_field(to, ",\"shard\":", read_text(stats, "shard"));
	g_string_append_c(to, '}');
}

/* ---- the view ---- */

static void print_meta(struct report *report)
{
	GString *to = report->page.meta;
	g_string_append(to, report->version->str);
	g_string_append_printf(to, ",\"captures\":[%s],\"inputs\":[%s]", report->captures->str, report->inputs->str);
	page_number(to, ",\"all\":{\"sessions\":", report->all.sessions);
	page_number(to, ",\"mails\":", report->all.mails);
	page_number(to, ",\"accepted\":", report->all.accepted);
	page_number(to, ",\"rejected\":", report->all.rejected);
	page_number(to, ",\"aborted\":", report->all.aborted);
	page_number(to, ",\"high\":", report->all.alerts[SEVERITY_HIGH]);
	page_number(to, ",\"medium\":", report->all.alerts[SEVERITY_MEDIUM]);
	page_number(to, ",\"low\":", report->all.alerts[SEVERITY_LOW]);
	page_number(to, ",\"files\":", report->all.files);
	page_number(to, "},\"left\":{\"sessions\":", report->left.sessions);
	page_number(to, ",\"mails\":", report->left.mails);
	page_number(to, ",\"alerts\":", report->left.alerts);
	page_number(to, ",\"files\":", report->left.files);
	page_number(to, ",\"steps\":", report->left.steps);
	page_number(to, ",\"texts\":", report->left.texts);
	page_number(to, ",\"bodies\":", report->left.bodies);
	page_number(to, ",\"broken\":", report->view.broken);
	g_string_append(to, "},");
	tally_print(report->tally, to);
}

static void on_report_record(struct view *view, cJSON *record)
{
	struct report *report = (struct report *)(void *)view;
	if (strcmp(read_text(record, "event_type"), "stats") == 0) {
		talks_end(report->talks);
		add_input(report, record);
	}
	talks_drop_bulk(record, BODY_MAX);
	talks_record(report->talks, record);
}

static void on_report_end(struct view *view)
{
	struct report *report = (struct report *)(void *)view;
	talks_end(report->talks);
	report_files(report);
	print_meta(report);
	page_write(view, &report->page);
	GString *const strings[] = { report->version, report->captures, report->inputs, report->page.meta,
		report->page.sessions, report->page.ladders, report->page.replies, report->page.mails,
		report->page.details, report->page.alerts, report->page.files };
	for (size_t i = 0; i < G_N_ELEMENTS(strings); i++)
		g_string_free(strings[i], TRUE);
	g_hash_table_unref(report->contents);
	g_hash_table_unref(report->replies);
	g_ptr_array_unref(report->files);
	tally_free(report->tally);
	talks_free(report->talks);
}

struct view *view_report_new(const char *version, const char *command, view_write write, void *context)
{
	struct report *report = g_new0(struct report, 1);
	report->view =
		(struct view){ .record = on_report_record, .end = on_report_end, .write = write, .context = context };
	report->talks = talks_new(on_report_talk, report, HELD_MAX);
	report->tally = tally_new();
	report->contents = g_hash_table_new(hash_text, g_str_equal);
	report->replies = g_hash_table_new_full(hash_text, g_str_equal, g_free, NULL);
	report->files = g_ptr_array_new_with_free_func(report_content_free);
	GString **const strings[] = { &report->version, &report->captures, &report->inputs, &report->page.meta,
		&report->page.sessions, &report->page.replies, &report->page.ladders, &report->page.mails,
		&report->page.details, &report->page.alerts, &report->page.files };
	for (size_t i = 0; i < G_N_ELEMENTS(strings); i++)
		*strings[i] = g_string_new(NULL);
	page_field(report->version, "\"version\":", version);
	page_field(report->version, ",\"command\":", command);
	return &report->view;
}
