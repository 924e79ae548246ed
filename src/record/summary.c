/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * summary.c - the flow record with its smtp_session, at the end of a session.
 */
#include <string.h>

#include "private.h"
#include "text.h"

void record_tags(struct json *parent, enum field field, const GPtrArray *tags, int tx)
{
	struct json object = json_detached(OF_tags);
	for (guint i = 0; tags && i < tags->len; i++) {
		const struct rule_tag *tag = tags->pdata[i];
		bool exact;
		if (tag->tx == tx)
			json_key(&object, tag->name, json_text_node(span_of_text(tag->value), &exact));
	}
	json_close(parent, field, &object);
}

const char *const flow_end_names[FLOW_END_INPUT + 1] = {
	[FLOW_END_FIN] = "fin",
	[FLOW_END_RST] = "rst",
	[FLOW_END_TIMEOUT] = "timeout",
	[FLOW_END_EVICTED] = "evicted",
	[FLOW_END_REUSED] = "reused",
	[FLOW_END_INPUT] = "end_of_capture",
};

/* As in EVE, where a closed connection also ends with "timeout". */
const char *const flow_reason_names[FLOW_END_INPUT + 1] = {
	[FLOW_END_FIN] = "timeout",
	[FLOW_END_RST] = "timeout",
	[FLOW_END_TIMEOUT] = "timeout",
	[FLOW_END_EVICTED] = "forced",
	[FLOW_END_REUSED] = "tcp_reuse",
	[FLOW_END_INPUT] = "shutdown",
};

static const char *flow_state(const struct flow *flow)
{
	return flow->why == FLOW_END_FIN || flow->why == FLOW_END_RST ? "closed" : "established";
}

static bool was_alerted(const uint64_t alerts[ALERT_COUNT])
{
	uint64_t any = 0; /* several are added at once when none is looked at */
	for (size_t id = 0; id < ALERT_COUNT; id++)
		any |= alerts[id];
	return any > 0;
}

/* put_alert_counts - built-in alerts in the order of the catalogue, then those of rules, sorted by id. */
static void put_alert_counts(struct json *session, const uint64_t alerts[ALERT_COUNT], GHashTable *rule_alerts)
{
	if (!was_alerted(alerts))
		return;
	struct json counts = json_detached(OF_alert_counts);
	for (enum alert_id id = 0; id < ALERT_COUNT; id++)
		if (alerts[id] > 0 && id != ALERT_rule)
			json_key(&counts, alert_catalogue[id].name, json_number_node(alerts[id]));
	GList *names = rule_alerts ? g_list_sort(g_hash_table_get_keys(rule_alerts), (GCompareFunc)strcmp) : NULL;
	for (const GList *name = names; name; name = name->next)
		json_key(&counts, name->data,
			json_number_node(GPOINTER_TO_UINT(g_hash_table_lookup(rule_alerts, name->data))));
	g_list_free(names);
	json_close(session, FIELD_smtp_session_alerts, &counts);
}

/* put_lost - octets that the session did not get: missing in the capture, or given up. */
static void put_lost(struct json *session, const struct flow *flow, const struct session_summary *summary)
{
	const uint64_t given_up = session_given_up(summary, flow);
	json_number(session, FIELD_smtp_session_gap_bytes, summary->lost_bytes - given_up);
	if (given_up > 0)
		json_number(session, FIELD_smtp_session_given_up_bytes, given_up);
}

static void put_session(struct json *root, const struct flow *flow, const struct session_summary *summary,
	const uint64_t alerts[ALERT_COUNT], GHashTable *rule_alerts, const GPtrArray *tags)
{
	struct json session = json_part(root, OF_smtp_session);
	json_word(&session, FIELD_smtp_session_state, summary->state);
	json_gstring(&session, FIELD_smtp_session_banner, summary->banner);
	json_gstring(&session, FIELD_smtp_session_helo, summary->helo);
	struct json_texts extensions = json_texts(&session, FIELD_smtp_session_extensions);
	for (guint i = 0; summary->extensions && i < summary->extensions->len; i++)
		json_texts_add(&extensions, span_of_string(summary->extensions->pdata[i]));
	json_texts_end(&extensions);
	json_number(&session, FIELD_smtp_session_commands, summary->commands);
	json_number(&session, FIELD_smtp_session_responses, summary->responses);
	json_number(&session, FIELD_smtp_session_mails, summary->mails);
	json_flag(&session, FIELD_smtp_session_authenticated, summary->authenticated);
	json_flag(&session, FIELD_smtp_session_tls, summary->tls);
	json_flag(&session, FIELD_smtp_session_midstream, flow->midstream);
	json_flag(&session, FIELD_smtp_session_one_sided, summary->one_sided);
	record_proxy(&session, flow->proxy);
	put_lost(&session, flow, summary);
	record_tags(&session, FIELD_smtp_session_tags, tags, -1);
	put_alert_counts(&session, alerts, rule_alerts);
}

void output_flow(struct output *output, const struct place *place, const struct session_summary *summary,
	const uint64_t alerts[ALERT_COUNT], GHashTable *rule_alerts, const GPtrArray *tags)
{
	if (!output_wants(output, RECORD_FLOW))
		return;
	const struct flow *flow = place->flow;
	struct json root = record_begin(output, RECORD_FLOW, place), object = json_part(&root, OF_flow);
	json_number(&object, FIELD_flow_pkts_toserver, flow->side[UP].packets);
	json_number(&object, FIELD_flow_pkts_toclient, flow->side[DOWN].packets);
	json_number(&object, FIELD_flow_bytes_toserver, flow->side[UP].wire_bytes);
	json_number(&object, FIELD_flow_bytes_toclient, flow->side[DOWN].wire_bytes);
	record_time(output, &object, FIELD_flow_start, flow->first.time);
	record_time(output, &object, FIELD_flow_end, flow->last.time);
	int64_t age = flow->last.time - flow->first.time; /* time stamps can go backwards */
	json_number(&object, FIELD_flow_age, age > 0 ? (uint64_t)(age / NANOSECONDS_PER_SECOND) : 0);
	json_word(&object, FIELD_flow_state, flow_state(flow));
	json_word(&object, FIELD_flow_reason, flow_reason_names[flow->why]);
	json_flag(&object, FIELD_flow_alerted, was_alerted(alerts));
	json_word(&object, FIELD_flow_close, flow_end_names[flow->why]);
	json_number(&object, FIELD_flow_first_packet, flow->first.packet);
	put_session(&root, flow, summary, alerts, rule_alerts, tags);
	record_end(output, place, &root);
}
