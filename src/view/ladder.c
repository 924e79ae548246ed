/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * ladder.c - shows sessions as text: a head, then the dialogue line by line.
 *
 * seconds since the beginning, packet number, direction, line
 *
 * Sessions are shown in the order in which they end.
 */
#include <string.h>

#include "alert.h"
#include "private.h"

#define PACKET_COLUMN 11  /* where the packet number ends */
#define MARK_COLUMN 20    /* the direction */
#define LINE_COLUMN 23    /* the line */
#define DETAIL_COLUMN 25  /* details of a step */
#define RULE_WIDTH 80     /* of the rule above a head, when the terminal's width is not known */
#define HASH_DIGITS 12    /* of a hash that are shown */
#define RECIPIENTS_MAX 20 /* listed below a mail */

struct ladder {
	struct view view; /* first */
	struct talks *talks;
	struct ink ink;
	GString *out;
	uint64_t sessions, steps;
};

/* ---- the head ---- */

static void rule(struct ink *ink)
{
	const unsigned end = ink->width > 0 ? ink->width : RULE_WIDTH;
	GString *line = g_string_new(NULL);
	for (unsigned column = ink->column; column < end; column++)
		g_string_append(line, "━");
	ink_text(ink, STYLE_FAINT, 3, line->str);
	g_string_free(line, TRUE);
	ink_newline(ink);
}

/* plural - "1 mail", "2 mails". */
static void plural(GString *text, const char *before, uint64_t number, const char *word)
{
	g_string_append_printf(text, "%s%" G_GUINT64_FORMAT " %s%s", before, number, word, number == 1 ? "" : "s");
}

/* alerts_text - "3 alerts (1 high, 2 low)". */
static void alerts_text(GString *text, const unsigned alerts[4])
{
	const char *before = " (";
	const unsigned sum = alerts[SEVERITY_HIGH] + alerts[SEVERITY_MEDIUM] + alerts[SEVERITY_LOW];
	plural(text, "", sum, "alert");
	for (enum severity severity = SEVERITY_HIGH; severity <= SEVERITY_LOW; severity++)
		if (alerts[severity] > 0) {
			g_string_append_printf(text, "%s%u %s", before, alerts[severity], severity_name(severity));
			before = ", ";
		}
	if (sum > 0)
		g_string_append_c(text, ')');
}

/* facts - unusual facts in the flow record. */
static void facts(const struct talk *talk, GString *text)
{
	const uint64_t gap = read_number(talk->session, "gap_bytes");
	if (read_flag(talk->session, "midstream"))
		g_string_append(text, " · began before the capture");
	if (read_flag(talk->session, "one_sided"))
		g_string_append(text, " · one direction is missing");
	if (gap > 0)
		plural(text, " · ", gap, "octet");
	if (gap > 0)
		g_string_append(text, " not in the capture");
}

/* summary - the result of the session in one line. */
static void summary(struct ink *ink, const struct talk *talk)
{
	GString *text = g_string_new(NULL);
	const struct talk_step *tls = talk_step_of(talk, STEP_TLS);
	const char *user = talk_user(talk);
	char *proxy = talk_proxy(talk);
	plural(text, "", talk->mails, "mail");
	if (talk->mails > 0 && talk->accepted == talk->mails)
		g_string_append(text, " accepted");
	else if (talk->mails > 0)
		g_string_append_printf(text, ", %u accepted", talk->accepted);
	g_string_append(text, " · ");
	alerts_text(text, talk->alerts);
	const char *version = tls ? read_text(tls->own, "version") : NULL;
	g_string_append_printf(text, " · %s", version ? version : tls ? "TLS" : "no TLS");
	if (user)
		g_string_append_printf(text, " · user %s", user);
	if (proxy)
		g_string_append_printf(text, " · proxy %s", proxy);
	facts(talk, text);
	ink_to(ink, 3);
	ink_text(ink, talk->alerts[SEVERITY_HIGH] ? STYLE_MEDIUM : STYLE_PLAIN, 3, text->str);
	ink_newline(ink);
	g_string_free(text, TRUE);
	g_free(proxy);
}

static void head(struct ink *ink, const struct talk *talk)
{
	const cJSON *record = talk->record;
	char time[sizeof("2026-11-22 14:00:00.168749")] = "";
	const char *begin = talk->end ? read_text(talk->end, "start") : read_text(record, "timestamp");
	g_strlcpy(time, begin ? begin : "", sizeof time);
	g_strdelimit(time, "T", ' ');
	const char *client = read_text(record, "src_ip"), *server = read_text(record, "dest_ip");
	const bool v6 = client && strchr(client, ':');
	ink_words(ink, STYLE_HEAD, 3, v6 ? "%s  [%s]:%u → [%s]:%u " : "%s  %s:%u → %s:%u ", time, client ? client : "?",
		(unsigned)read_number(record, "src_port"), server ? server : "?",
		(unsigned)read_number(record, "dest_port"));
	rule(ink);
	ink_to(ink, 3);
	ink_words(ink, STYLE_FAINT, 3, "%s · flow %" G_GUINT64_FORMAT " · %s%s", read_text(record, "pcap_filename"),
		talk->flow, read_text(record, "community_id"), talk->part > 0 ? " · continued" : "");
	ink_newline(ink);
	summary(ink, talk);
	ink_newline(ink);
}

/* ---- steps ---- */

/* step_begin - its time, packet number and mark. */
static void step_begin(struct ink *ink, const struct talk_step *step, int64_t start, enum style style, const char *mark)
{
	const int64_t microseconds = (step->time - start) / 1000;
	if (step->kind != STEP_MAIL && step->time > 0 && microseconds >= 0)
		ink_words(ink, STYLE_FAINT, 0, "%4" G_GINT64_FORMAT ".%06d", microseconds / G_USEC_PER_SEC,
			(int)(microseconds % G_USEC_PER_SEC));
	if (ink->column < PACKET_COLUMN)
		ink_to(ink, PACKET_COLUMN);
	if (step->kind != STEP_MAIL)
		ink_words(ink, STYLE_FAINT, 0, "%7" G_GUINT64_FORMAT, step->packet);
	ink_to(ink, MARK_COLUMN);
	ink_text(ink, style, 0, mark);
	ink_to(ink, LINE_COLUMN);
}

/* detail - a line "name value" below a step, if there is a value. */
static void detail(struct ink *ink, enum style style, const char *name, const char *value)
{
	if (!value)
		return;
	ink_to(ink, DETAIL_COLUMN);
	ink_words(ink, STYLE_FAINT, 0, "%-8s", name);
	ink_to(ink, DETAIL_COLUMN + 9);
	ink_text(ink, style, DETAIL_COLUMN + 9, value);
	ink_newline(ink);
}

static void command(struct ink *ink, const struct talk_step *step, int64_t start)
{
	const cJSON *object = step->own;
	const char *verb = read_text(object, "verb"), *argument = read_text(object, "argument"),
		   *line = read_text(object, "line");
	step_begin(ink, step, start, STYLE_CLIENT, "→");
	ink_text(ink, STYLE_CLIENT, LINE_COLUMN, verb ? verb : argument ? argument : line);
	if (verb && argument) {
		ink_to(ink, ink->column + 1);
		ink_text(ink, STYLE_CLIENT, LINE_COLUMN, argument);
	}
	ink_newline(ink);
}

static void response(struct ink *ink, const struct talk_step *step, int64_t start)
{
	const cJSON *object = step->own, *line, *lines = read_array(object, "lines");
	const unsigned code = (unsigned)read_number(object, "code");
	const enum style style = code >= 400 ? STYLE_ERROR : STYLE_SERVER;
	step_begin(ink, step, start, style, "←");
	if (read_flag(object, "assumed"))
		ink_text(ink, STYLE_FAINT, LINE_COLUMN, "(not seen, assumed) ");
	if (!lines)
		ink_words(ink, style, LINE_COLUMN, "%u", code);
	cJSON_ArrayForEach(line, lines)
	{
		if (line != lines->child) {
			ink_newline(ink);
			ink_to(ink, LINE_COLUMN);
		}
		const char *text = cJSON_GetStringValue(line);
		ink_words(ink, style, LINE_COLUMN + 4, "%u%c%s", code, line->next ? '-' : ' ', text ? text : "");
	}
	ink_newline(ink);
}

static void alert(struct ink *ink, const struct talk_step *step, int64_t start)
{
	static const enum style styles[] = {
		[SEVERITY_HIGH] = STYLE_HIGH, [SEVERITY_MEDIUM] = STYLE_MEDIUM, [SEVERITY_LOW] = STYLE_LOW
	};
	const cJSON *object = step->own;
	const char *id = read_text(object, "signature"), *words = read_text(object, "description"),
		   *outcome = read_text(object, "outcome");
	const enum severity severity = (enum severity)step->severity;
	char *name = g_ascii_strup(severity_name(severity), -1);
	step_begin(ink, step, start, styles[severity], "!!");
	ink_words(ink, styles[severity], LINE_COLUMN, "%s %s:", name, id ? id : "?");
	ink_words(ink, severity == SEVERITY_HIGH ? STYLE_HEAD : STYLE_PLAIN, LINE_COLUMN, " %s", words ? words : "");
	if (outcome) {
		ink_text(ink, STYLE_PLAIN, LINE_COLUMN, " ");
		ink_words(ink, styles[severity], LINE_COLUMN, "[%s]", outcome);
	}
	ink_newline(ink);
	detail(ink, STYLE_FAINT, "evidence", read_text(object, "evidence"));
	g_free(name);
}

/* paths - a list of recipients as one string; NULL when there are none. */
static char *paths(const cJSON *smtp, const char *name)
{
	const cJSON *list = read_array(smtp, name), *item;
	GString *text = g_string_new(NULL);
	int count = 0;
	cJSON_ArrayForEach(item, list)
	{
		const char *path = cJSON_GetStringValue(item);
		if (path && count++ < RECIPIENTS_MAX)
			g_string_append_printf(text, "%s%s", count > 1 ? ", " : "", path);
	}
	if (count > RECIPIENTS_MAX)
		g_string_append_printf(text, " and %d more", count - RECIPIENTS_MAX);
	return g_string_free(text, count == 0);
}

static void file(struct ink *ink, const cJSON *file)
{
	const char *part = read_text(file, "part"), *type = read_text(file, "content_type"),
		   *name = read_text(file, "filename"), *hash = read_text(file, "sha256"),
		   *magic = read_text(file, "magic");
	GString *text = g_string_new(type ? type : "(no type)");
	if (name)
		g_string_append_printf(text, " \"%s\"", name);
	plural(text, ", ", read_number(file, "size"), "octet");
	if (hash)
		g_string_append_printf(text, ", sha256 %.*s", HASH_DIGITS, hash);
	if (magic)
		g_string_append_printf(text, ", %s", magic);
	if (g_strcmp0(read_text(file, "state"), "TRUNCATED") == 0)
		g_string_append(text, ", incomplete");
	char *label = g_strdup_printf("part %s", part ? part : "?");
	detail(ink, STYLE_PLAIN, label, text->str);
	g_free(label);
	g_string_free(text, TRUE);
}

/* content_line - "[4945 octets, mail 0, sha256 958b546ae08f]". */
static void content_line(struct ink *ink, const struct talk_step *step, const cJSON *smtp)
{
	const char *hash = read_text(smtp, "sha256");
	const uint64_t missing = read_number(smtp, "missing_bytes");
	GString *text = g_string_new("[");
	plural(text, "", read_number(smtp, "size"), "octet");
	g_string_append_printf(text, ", mail %d", step->tx);
	if (hash)
		g_string_append_printf(text, ", sha256 %.*s", HASH_DIGITS, hash);
	if (missing > 0)
		plural(text, ", ", missing, "octet");
	g_string_append(text, missing > 0 ? " missing]" : "]");
	ink_text(ink, STYLE_CONTENT, LINE_COLUMN, text->str);
	g_string_free(text, TRUE);
}

/* draw_envelope - the recipients and the outcome of the transaction. */
static void draw_envelope(struct ink *ink, const struct talk_step *step, const cJSON *smtp)
{
	const char *outcome = read_text(smtp, "outcome"), *stage = read_text(smtp, "stage"),
		   *from = read_text(smtp, "mail_from");
	char *to = paths(smtp, "rcpt_to"), *refused = paths(smtp, "rejected_rcpt_to");
	const bool accepted = g_strcmp0(outcome, "accepted") == 0;
	char *words = g_strdup_printf("%s%s%s: %s → %s", outcome ? outcome : "?", accepted || !stage ? "" : " at ",
		accepted || !stage ? "" : stage, from ? from : "?", to ? to : "nobody");
	detail(ink, accepted ? STYLE_SERVER : STYLE_ERROR, "outcome", words);
	detail(ink, STYLE_ERROR, "refused", refused);
	g_free(words);
	g_free(to);
	g_free(refused);
}

static void mail(struct ink *ink, const struct talk_step *step, int64_t start)
{
	const cJSON *smtp = step->own, *email = read_object(step->record, "email");
	step_begin(ink, step, start, STYLE_CONTENT, "→");
	if (email || read_text(smtp, "sha256"))
		content_line(ink, step, smtp);
	else
		ink_words(ink, STYLE_CONTENT, LINE_COLUMN, "[no content, mail %d]", step->tx);
	ink_newline(ink);
	char *to = paths(email, "to");
	detail(ink, STYLE_HEAD, "subject", read_text(email, "subject"));
	detail(ink, STYLE_PLAIN, "from", read_text(email, "from"));
	detail(ink, STYLE_PLAIN, "to", to);
	for (guint i = 0; step->files && i < step->files->len; i++)
		file(ink, step->files->pdata[i]);
	draw_envelope(ink, step, smtp);
	g_free(to);
}

static void auth(struct ink *ink, const struct talk_step *step, int64_t start)
{
	const enum style style = read_flag(step->own, "success") ? STYLE_SERVER : STYLE_ERROR;
	char *words = step_auth(step);
	step_begin(ink, step, start, style, "**");
	ink_text(ink, style, LINE_COLUMN, words);
	ink_newline(ink);
	detail(ink, STYLE_PLAIN, "password", read_text(step->own, "password"));
	g_free(words);
}

static void tls(struct ink *ink, const struct talk_step *step, int64_t start)
{
	char *words = step_tls(step);
	step_begin(ink, step, start, STYLE_CONTENT, "**");
	ink_text(ink, STYLE_CONTENT, LINE_COLUMN, words);
	ink_newline(ink);
	detail(ink, STYLE_PLAIN, "subject", read_text(step->own, "subject"));
	detail(ink, STYLE_PLAIN, "issuer", read_text(step->own, "issuerdn"));
	detail(ink, STYLE_FAINT, "ja4", read_text(step->own, "ja4"));
	g_free(words);
}

/* tail - how the session ended. */
static void tail(struct ink *ink, const struct talk *talk)
{
	const char *reason = read_text(talk->end, "reason"), *close = read_text(talk->end, "close"),
		   *state = read_text(talk->session, "state");
	if (talk->left_out > 0) {
		ink_to(ink, LINE_COLUMN);
		ink_words(ink, STYLE_MEDIUM, LINE_COLUMN, "(%" G_GUINT64_FORMAT " more records are left out)",
			talk->left_out);
		ink_newline(ink);
	}
	ink_to(ink, MARK_COLUMN);
	if (talk->more)
		ink_text(ink, STYLE_FAINT, LINE_COLUMN, "-- continued below");
	else if (!talk->end)
		ink_text(ink, STYLE_FAINT, LINE_COLUMN, "-- the end is not in the records");
	else
		ink_words(ink, STYLE_FAINT, LINE_COLUMN, "-- %s, state %s",
			close    ? close
			: reason ? reason
				 : "over",
			state ? state : "?");
	ink_newline(ink);
	ink_newline(ink);
}

/* ---- the view ---- */

static void on_ladder_talk(void *context, const struct talk *talk)
{
	static void (*const shows[])(struct ink * ink, const struct talk_step *step, int64_t start) = {
		[STEP_COMMAND] = command,
		[STEP_RESPONSE] = response,
		[STEP_ALERT] = alert,
		[STEP_MAIL] = mail,
		[STEP_AUTH] = auth,
		[STEP_TLS] = tls,
	};
	struct ladder *ladder = context;
	struct ink *ink = &ladder->ink;
	const int64_t start = talk_begin_time(talk);
	head(ink, talk);
	for (guint i = 0; i < talk->steps->len; i++) {
		const struct talk_step *step = &g_array_index(talk->steps, struct talk_step, i);
		shows[step->kind](ink, step, start);
	}
	tail(ink, talk);
	view_put(&ladder->view, ladder->out);
}

/* input_line - the summary of an input. */
static void input_line(struct ladder *ladder, const cJSON *record)
{
	const cJSON *stats = read_object(record, "stats"), *counts = read_object(stats, "alerts");
	const char *error = read_text(stats, "error"), *name = read_text(record, "pcap_filename");
	struct ink *ink = &ladder->ink;
	unsigned alerts[4] = { 0 };
	GString *text = g_string_new(name ? name : "?");
	plural(text, ": ", read_number(stats, "packets"), "packet");
	plural(text, ", ", read_number(stats, "sessions"), "session");
	plural(text, ", ", read_number(stats, "mails"), "mail");
	g_string_append(text, ", ");
	for (enum severity severity = SEVERITY_HIGH; severity <= SEVERITY_LOW; severity++)
		alerts[severity] = (unsigned)read_number(counts, severity_name(severity));
	alerts_text(text, alerts);
	ink_text(ink, STYLE_HEAD, 3, text->str);
	if (!read_flag(stats, "complete"))
		ink_words(ink, STYLE_HIGH, 3, " not read to its end: %s", error ? error : "?");
	ink_newline(ink);
	view_put(&ladder->view, ladder->out);
	g_string_free(text, TRUE);
}

static void on_ladder_record(struct view *view, cJSON *record)
{
	struct ladder *ladder = (struct ladder *)(void *)view;
	if (strcmp(read_text(record, "event_type"), "stats") == 0) {
		talks_end(ladder->talks);
		input_line(ladder, record);
	}
	talks_drop_bulk(record, 0);
	talks_record(ladder->talks, record);
}

static void on_ladder_end(struct view *view)
{
	struct ladder *ladder = (struct ladder *)(void *)view;
	talks_end(ladder->talks);
	if (view->broken > 0) {
		ink_words(&ladder->ink, STYLE_HIGH, 0, "%" G_GUINT64_FORMAT " lines are not records", view->broken);
		ink_newline(&ladder->ink);
	}
	view_put(view, ladder->out);
	talks_free(ladder->talks);
	g_string_free(ladder->out, TRUE);
}

struct view *ladder_new(const struct view_options *options)
{
	struct ladder *ladder = g_new0(struct ladder, 1);
	ladder->view.record = on_ladder_record;
	ladder->view.end = on_ladder_end;
	ladder->out = g_string_new(NULL);
	ladder->ink = (struct ink){ .out = ladder->out, .colour = options->colour, .width = options->width };
	ladder->talks = talks_new(on_ladder_talk, ladder, HELD_MAX);
	return &ladder->view;
}
