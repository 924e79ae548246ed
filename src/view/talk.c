/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * talk.c - assembles sessions from records, which come in the order of packets.
 *
 * A session ends with its flow record, or with the stats record of its input. When the records held exceed HELD_MAX,
 * every session is passed on as it is, and continues as another part.
 */
#include <string.h>

#include "alert.h"
#include "hash.h"
#include "private.h"

#define NODE_SIZE 128  /* approximate octets of a value in a record */
#define FILES_MAX 1000 /* files kept of one mail */

struct talks {
	talk_done done;
	void *context;
	GHashTable *open; /* flow_id (in the talk) -> struct talk */
	GQueue *order;    /* the same, in the order in which they began */
	size_t held, held_max;
};

/* ---- one session ---- */

static void step_clear(void *pointer)
{
	struct talk_step *step = pointer;
	cJSON_Delete(step->record);
	if (step->files)
		g_ptr_array_unref(step->files);
}

static void file_free(void *pointer)
{
	cJSON_Delete(pointer);
}

static GArray *steps_new(void)
{
	GArray *steps = g_array_new(FALSE, FALSE, sizeof(struct talk_step));
	g_array_set_clear_func(steps, step_clear);
	return steps;
}

static void talk_free(void *pointer)
{
	struct talk *talk = pointer;
	g_array_unref(talk->steps);
	cJSON_Delete(talk->record);
	g_free(talk);
}

int64_t talk_begin_time(const struct talk *talk)
{
	int64_t start = talk->end ? read_time(talk->end, "start") : 0;
	if (start == 0 && talk->steps->len > 0)
		start = g_array_index(talk->steps, struct talk_step, 0).time;
	return start;
}

char *step_tls(const struct talk_step *step)
{
	const char *version = read_text(step->own, "version"), *cipher = read_text(step->own, "cipher"),
		   *sni = read_text(step->own, "sni"), *why = read_text(step->own, "decrypted");
	GString *text = g_string_new("TLS begins: ");
	g_string_append(text, version ? version : "version not seen");
	if (cipher)
		g_string_append_printf(text, ", %s", cipher);
	if (sni)
		g_string_append_printf(text, ", for %s", sni);
	if (read_flag(step->own, "decrypted"))
		g_string_append(text, ", decrypted");
	else if (why)
		g_string_append_printf(text, ", not decrypted: %s", why);
	return g_string_free(text, FALSE);
}

char *step_auth(const struct talk_step *step)
{
	const char *mechanism = read_text(step->own, "mechanism"), *user = read_text(step->own, "username");
	return g_strdup_printf("AUTH %s as %s %s, %s", mechanism ? mechanism : "?", user ? user : "?",
		read_flag(step->own, "assumed")   ? "(reply not seen)"
		: read_flag(step->own, "success") ? "succeeded"
						  : "failed",
		read_flag(step->own, "tls") ? "inside TLS" : "in clear");
}

const struct talk_step *talk_step_of(const struct talk *talk, enum step_kind kind)
{
	for (guint i = 0; i < talk->steps->len; i++) {
		const struct talk_step *step = &g_array_index(talk->steps, struct talk_step, i);
		if (step->kind == kind)
			return step;
	}
	return NULL;
}

const char *talk_user(const struct talk *talk)
{
	const char *user = NULL;
	for (guint i = 0; i < talk->steps->len; i++) {
		const struct talk_step *step = &g_array_index(talk->steps, struct talk_step, i);
		if (step->kind == STEP_AUTH && read_flag(step->own, "success"))
			user = read_text(step->own, "username");
	}
	return user;
}

/* add_end - appends " for 192.0.2.1:25", if an address is known. */
static void add_end(GString *text, const char *before, const cJSON *proxy, const char *ip, const char *port)
{
	const char *address = read_text(proxy, ip);
	if (address)
		g_string_append_printf(text, strchr(address, ':') ? "%s[%s]:%u" : "%s%s:%u", before, address,
			(unsigned)read_number(proxy, port));
}

char *talk_proxy(const struct talk *talk)
{
	const cJSON *proxy = read_object(talk->session, "proxy");
	const char *protocol = read_text(proxy, "protocol");
	if (!proxy)
		return NULL;
	GString *text = g_string_new(protocol ? protocol : "proxy");
	add_end(text, " for ", proxy, "src_ip", "src_port");
	add_end(text, " to ", proxy, "dest_ip", "dest_port");
	if (read_text(proxy, "dest_host"))
		g_string_append_printf(text, " to %s", read_text(proxy, "dest_host"));
	return g_string_free(text, FALSE);
}

GHashTable *talk_alerts(const struct talk *talk)
{
	GHashTable *alerts = g_hash_table_new_full(hash_pointer, NULL, NULL, (GDestroyNotify)g_ptr_array_unref);
	for (guint i = 0; i < talk->steps->len; i++) {
		struct talk_step *step = &g_array_index(talk->steps, struct talk_step, i);
		if (step->kind != STEP_ALERT)
			continue;
		GPtrArray *own = g_hash_table_lookup(alerts, GINT_TO_POINTER(step->tx));
		if (!own) {
			own = g_ptr_array_new();
			g_hash_table_insert(alerts, GINT_TO_POINTER(step->tx), own);
		}
		g_ptr_array_add(own, step);
	}
	return alerts;
}

unsigned alerts_worst(const GPtrArray *alerts)
{
	unsigned worst = 0;
	for (guint i = 0; alerts && i < alerts->len; i++) {
		const struct talk_step *step = alerts->pdata[i];
		worst = worst == 0 ? step->severity : MIN(worst, step->severity);
	}
	return worst;
}

/* size_of - approximate memory of a record. */
static size_t size_of(const cJSON *value)
{
	size_t size = 0;
	for (const cJSON *item = value; item; item = item->next) {
		size += NODE_SIZE + (item->valuestring ? strlen(item->valuestring) : 0);
		if (item->child)
			size += size_of(item->child);
	}
	return size;
}

/* content_place - where the mail belongs among the steps: before the replies to its end of data, after which its record
 * comes.
 */
static guint content_place(const struct talk *talk)
{
	guint place = talk->steps->len;
	for (guint i = talk->steps->len; i-- > 0;) {
		const struct talk_step *step = &g_array_index(talk->steps, struct talk_step, i);
		if (step->kind == STEP_ALERT)
			continue;
		if (!step->ends)
			break;
		place = i;
	}
	return place;
}

/* mail_of - the step of the transaction that a file belongs to; NULL: not found. */
static struct talk_step *mail_of(const struct talk *talk, int tx)
{
	for (guint i = talk->steps->len; i-- > 0;) {
		struct talk_step *step = &g_array_index(talk->steps, struct talk_step, i);
		if (step->kind == STEP_MAIL && step->tx == tx)
			return step;
	}
	return NULL;
}

/* complete_step - sets the members of a step that are computed once. */
static void complete_step(struct talk_step *step)
{
	const char *to = step->kind == STEP_RESPONSE ? read_text(step->own, "to") : NULL;
	step->ends = to && (strcmp(to, ".") == 0 || strcmp(to, "BDAT") == 0);
	if (step->kind == STEP_ALERT)
		step->severity = (unsigned)CLAMP(read_number(step->own, "severity"), SEVERITY_HIGH, SEVERITY_LOW);
}

/* find_step_kind - the kind of step for a record. Returns the record's own object; NULL when it is not a step. */
static const cJSON *find_step_kind(const cJSON *record, const char *event, enum step_kind *kind)
{
	static const struct {
		const char *event;
		enum step_kind kind;
	} kinds[] = {
		{ "smtp_command", STEP_COMMAND },
		{ "smtp_response", STEP_RESPONSE },
		{ "alert", STEP_ALERT },
		{ "smtp", STEP_MAIL },
		{ "smtp_auth", STEP_AUTH },
		{ "tls", STEP_TLS },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++)
		if (strcmp(event, kinds[i].event) == 0) {
			*kind = kinds[i].kind;
			return read_object(record, event);
		}
	return NULL;
}

/* count - updates the counts in the head of the session. */
static void count(struct talk *talk, const struct talk_step *step)
{
	if (step->kind == STEP_ALERT)
		talk->alerts[step->severity]++;
	if (step->kind == STEP_MAIL) {
		const char *outcome = read_text(step->own, "outcome");
		talk->mails++;
		talk->accepted += outcome && strcmp(outcome, "accepted") == 0;
	}
}

/* add_step - adds a step; takes ownership of the record. */
static void add_step(struct talk *talk, enum step_kind kind, const cJSON *own, cJSON *record)
{
	struct talk_step step = {
		.kind = kind,
		.time = read_time(record, "timestamp"),
		.packet = read_number(record, "pcap_cnt"),
		.tx = read_tx(record),
		.record = record,
		.own = own,
	};
	complete_step(&step);
	count(talk, &step);
	if (talk->steps->len >= STEPS_MAX && kind != STEP_ALERT && kind != STEP_MAIL) {
		talk->left_out++;
		cJSON_Delete(record);
		return;
	}
	if (kind == STEP_MAIL)
		g_array_insert_val(talk->steps, content_place(talk), step);
	else
		g_array_append_val(talk->steps, step);
}

/* add_file - adds a file to its mail; takes ownership of the record. */
static void add_file(struct talk *talk, cJSON *record)
{
	struct talk_step *mail = mail_of(talk, read_tx(record));
	cJSON *file = cJSON_DetachItemFromObjectCaseSensitive(record, "fileinfo");
	cJSON_Delete(record);
	if (!mail || !cJSON_IsObject(file) || (mail->files && mail->files->len >= FILES_MAX)) {
		cJSON_Delete(file);
		talk->left_out++;
		return;
	}
	if (!mail->files)
		mail->files = g_ptr_array_new_with_free_func(file_free);
	g_ptr_array_add(mail->files, file);
}

/* ---- all sessions ---- */

struct talks *talks_new(talk_done done, void *context, size_t held_max)
{
	struct talks *talks = g_new0(struct talks, 1);
	talks->done = done;
	talks->context = context;
	talks->held_max = held_max;
	talks->open = g_hash_table_new(hash_number, g_int64_equal);
	talks->order = g_queue_new();
	return talks;
}

static struct talk *talk_of(struct talks *talks, const cJSON *record)
{
	uint64_t flow = read_number(record, "flow_id");
	struct talk *talk = g_hash_table_lookup(talks->open, &flow);
	if (talk)
		return talk;
	talk = g_new0(struct talk, 1);
	talk->flow = flow;
	talk->steps = steps_new();
	g_hash_table_insert(talks->open, &talk->flow, talk);
	g_queue_push_tail(talks->order, talk);
	talk->link = talks->order->tail;
	return talk;
}

/* envelope_of - the members of a record that name its session. */
static cJSON *envelope_of(const cJSON *record)
{
	static const char *const names[] = { "timestamp", "flow_id", "pcap_filename", "src_ip", "src_port", "dest_ip",
		"dest_port", "community_id" };
	cJSON *envelope = cJSON_CreateObject();
	for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
		const cJSON *item = cJSON_GetObjectItemCaseSensitive(record, names[i]);
		if (item)
			cJSON_AddItemToObject(envelope, names[i], cJSON_Duplicate(item, false));
	}
	return envelope;
}

/* hand_on - passes a session on. */
static void hand_on(struct talks *talks, struct talk *talk)
{
	talks->done(talks->context, talk);
	talks->held -= talk->held;
	talk->held = 0;
}

/* hand_on_parts - too much is held: passes every session on as it is. */
static void hand_on_parts(struct talks *talks)
{
	for (GList *link = talks->order->head; link; link = link->next) {
		struct talk *talk = link->data;
		talk->more = true;
		hand_on(talks, talk);
		talk->part++;
		g_array_set_size(talk->steps, 0);
		talk->left_out = talk->mails = talk->accepted = 0;
		memset(talk->alerts, 0, sizeof talk->alerts);
		talk->more = false;
	}
}

static void close_talk(struct talks *talks, struct talk *talk)
{
	hand_on(talks, talk);
	g_hash_table_remove(talks->open, &talk->flow);
	g_queue_delete_link(talks->order, talk->link);
	talk_free(talk);
}

void talks_end(struct talks *talks)
{
	struct talk *talk;
	while ((talk = g_queue_peek_head(talks->order)))
		close_talk(talks, talk);
}

/* finish_talk - the flow record ends the session; takes ownership of the record. */
static void finish_talk(struct talks *talks, struct talk *talk, cJSON *record)
{
	cJSON_Delete(talk->record);
	talk->record = record;
	talk->end = read_object(record, "flow");
	talk->session = read_object(record, "smtp_session");
	close_talk(talks, talk);
}

void talks_drop_bulk(cJSON *record, size_t body)
{
	cJSON *smtp = (cJSON *)read_object(record, "smtp"), *email = (cJSON *)read_object(record, "email");
	const char *text = read_text(email, "body");
	cJSON_DeleteItemFromObjectCaseSensitive(smtp, "raw");
	cJSON_DeleteItemFromObjectCaseSensitive(smtp, "raw_base64");
	if (!text || strlen(text) <= body)
		return;
	char *cut = g_strndup(text, (gsize)(g_utf8_find_prev_char(text, text + body + 1) - text));
	cJSON_DeleteItemFromObjectCaseSensitive(email, "body");
	if (body > 0) {
		cJSON_AddStringToObject(email, "body", cut);
		cJSON_DeleteItemFromObjectCaseSensitive(email, "body_truncated");
		cJSON_AddTrueToObject(email, "body_truncated");
	}
	g_free(cut);
}

void talks_record(struct talks *talks, cJSON *record)
{
	const char *event = read_text(record, "event_type");
	enum step_kind kind;
	if (strcmp(event, "stats") == 0 || !cJSON_HasObjectItem(record, "flow_id")) {
		if (strcmp(event, "stats") == 0)
			talks_end(talks);
		cJSON_Delete(record);
		return;
	}
	struct talk *talk = talk_of(talks, record);
	if (strcmp(event, "flow") == 0) {
		finish_talk(talks, talk, record);
		return;
	}
	if (!talk->record)
		talk->record = envelope_of(record);
	const size_t size = size_of(record->child);
	talk->held += size;
	talks->held += size;
	const cJSON *own = find_step_kind(record, event, &kind);
	if (own)
		add_step(talk, kind, own, record);
	else if (strcmp(event, "fileinfo") == 0)
		add_file(talk, record);
	else
		cJSON_Delete(record);
	if (talks->held > talks->held_max)
		hand_on_parts(talks);
}

void talks_free(struct talks *talks)
{
	g_queue_free_full(talks->order, talk_free);
	g_hash_table_unref(talks->open);
	g_free(talks);
}
