/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * kept.c - collects what YARA scans as a whole: the raw content of a mail, and each decoded part. At most
 * RULES_KEPT_MAX octets of each are kept and scanned.
 */
#include "private.h"
#include "yara.h"

struct rules_part {
	struct rules_session *session;
	int tx;
	GByteArray *octets;
};

/* keep_octets - appends octets, as long as there is room. */
static void keep_octets(GByteArray *octets, struct span piece)
{
	g_byte_array_append(octets, piece.data, (guint)MIN(piece.size, RULES_KEPT_MAX - octets->len));
}

/* A YARA scan. */
struct scan {
	struct rules_session *session;
	int tx;
	const struct mail_part *part; /* NULL: the content */
	GPtrArray *names;             /* of the rules that matched; NULL: not needed */
};

static void on_hit(void *context, const struct yara_hit *hit)
{
	struct scan *scan = context;
	struct alert alert = { .id = ALERT_yara_match,
		.severity = alert_catalogue[ALERT_yara_match].severity,
		.tx = scan->tx,
		.evidence = hit->first };
	GString *text = g_string_new(NULL);
	g_string_append_printf(text, "YARA rule %s matches ", hit->rule);
	if (scan->part)
		g_string_append_printf(text, "part %s", scan->part->number);
	else
		g_string_append(text, "the content as sent");
	if (scan->part && scan->part->filename)
		g_string_append_printf(text, " (%s)", scan->part->filename);
	if (hit->words->len > 0)
		g_string_append_printf(text, ": %s", hit->words->str);
	char *description = g_utf8_make_valid(text->str, (gssize)text->len);
	alert.description = description;
	scan->session->sink->alert(scan->session->context, &alert);
	if (scan->names)
		g_ptr_array_add(scan->names, g_strdup(hit->rule));
	g_free(description);
	g_string_free(text, TRUE);
}

static void scan_octets(struct scan *scan, const GByteArray *octets)
{
	yara_scan(scan->session->rules->yara, span_of(octets->data, octets->len), on_hit, scan);
}

/* ---- the content ---- */

void kept_content(struct rules_session *session, int tx, struct span piece, bool last)
{
	if (!session->rules->yara)
		return;
	if (!session->content)
		session->content = g_byte_array_new();
	keep_octets(session->content, piece);
	if (!last)
		return;
	struct scan scan = { .session = session, .tx = tx };
	scan_octets(&scan, session->content);
	g_byte_array_set_size(session->content, 0);
}

size_t rules_memory(const struct rules_session *session)
{
	return session && session->content ? session->content->len : 0;
}

/* ---- parts ---- */

void *rules_part_begin(struct rules_session *session, int tx)
{
	if (!session || !session->rules->yara)
		return NULL;
	struct rules_part *part = g_new0(struct rules_part, 1);
	part->session = session;
	part->tx = tx;
	part->octets = g_byte_array_new();
	return part;
}

void rules_part_piece(void *state, struct span piece)
{
	const struct rules_part *part = state;
	keep_octets(part->octets, piece);
}

size_t rules_part_memory(const void *state)
{
	const struct rules_part *part = state;
	return sizeof *part + part->octets->len;
}

void rules_part_end(void *state, const struct mail_part *about, GPtrArray *names)
{
	struct rules_part *part = state;
	struct scan scan = { .session = part->session, .tx = part->tx, .part = about, .names = names };
	scan_octets(&scan, part->octets);
	rules_part_drop(part);
}

void rules_part_drop(void *state)
{
	struct rules_part *part = state;
	g_byte_array_free(part->octets, TRUE);
	g_free(part);
}
