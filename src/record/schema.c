/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * schema.c - makes the JSON Schema (2020-12) of all records from the tables that the writer uses, and the catalogue of
 * alerts as JSON. Each record and each object has a definition; no other fields are allowed.
 */
#include <string.h>

#include "config.h"
#include "machine.h"
#include "private.h"

#define SCHEMA_DIALECT "https://json-schema.org/draft/2020-12/schema"
#define SCHEMA_TITLE "Records of smtpscan " SMTPSCAN_VERSION

#define PARTS_MAX 3

/* The objects of each record beside its envelope. */
static const struct {
	enum field_of objects[PARTS_MAX];
	bool second_required;
	bool tx; /* every one has tx_id */
} record_parts[RECORD_COUNT] = {
	[RECORD_ALERT] = { { OF_alert, OF_about_smtp, OF_about_email }, false, false },
	[RECORD_SMTP] = { { OF_smtp, OF_email }, false, true },
	[RECORD_FILEINFO] = { { OF_fileinfo, OF_about_smtp, OF_about_email }, false, true },
	[RECORD_COMMAND] = { { OF_smtp_command }, false, false },
	[RECORD_RESPONSE] = { { OF_smtp_response }, false, false },
	[RECORD_CONTENT] = { { OF_smtp_content }, false, true },
	[RECORD_AUTH] = { { OF_smtp_auth }, false, false },
	[RECORD_TLS] = { { OF_tls }, false, false },
	[RECORD_FLOW] = { { OF_flow, OF_smtp_session }, true, false },
	[RECORD_STATS] = { { OF_stats }, false, false },
};

/* Names of definitions, and names of objects in a record. */
static const char *const definition_names[OF_COUNT] = {
#define X(id, name) [OF_##id] = #id,
	OBJECTS(X)
#undef X
};
static const char *const object_names[OF_COUNT] = {
#define X(id, name) [OF_##id] = name,
	OBJECTS(X)
#undef X
};

static const char *const state_names[] = {
#define X(id, up, down, terminal) #id,
	STATES(X)
#undef X
};

/* ---- small pieces ---- */

static cJSON *of_type(const char *type)
{
	cJSON *schema = cJSON_CreateObject();
	cJSON_AddItemToObjectCS(schema, "type", cJSON_CreateStringReference(type));
	return schema;
}

static void set_word(cJSON *schema, const char *key, const char *value)
{
	cJSON_AddItemToObjectCS(schema, key, cJSON_CreateStringReference(value));
}

static cJSON *with_pattern(const char *pattern)
{
	cJSON *schema = of_type("string");
	set_word(schema, "pattern", pattern);
	return schema;
}

static cJSON *array_of(cJSON *items)
{
	cJSON *schema = of_type("array");
	cJSON_AddItemToObjectCS(schema, "items", items);
	cJSON_AddItemToObjectCS(schema, "minItems", json_number_node(1));
	return schema;
}

static cJSON *integer(void)
{
	cJSON *schema = of_type("integer");
	cJSON_AddItemToObjectCS(schema, "minimum", json_number_node(0));
	return schema;
}

static cJSON *constant(cJSON *value)
{
	cJSON *schema = cJSON_CreateObject();
	cJSON_AddItemToObjectCS(schema, "const", value);
	return schema;
}

static cJSON *either(cJSON *one, cJSON *other)
{
	cJSON *schema = cJSON_CreateObject(), *choices = cJSON_AddArrayToObject(schema, "anyOf");
	cJSON_AddItemToArray(choices, one);
	cJSON_AddItemToArray(choices, other);
	return schema;
}

static cJSON *base64(void)
{
	cJSON *schema = of_type("string");
	set_word(schema, "contentEncoding", "base64");
	return schema;
}

static cJSON *base64_or_null(void)
{
	cJSON *schema = cJSON_CreateObject(), *types = cJSON_AddArrayToObject(schema, "type");
	cJSON_AddItemToArray(types, cJSON_CreateStringReference("string"));
	cJSON_AddItemToArray(types, cJSON_CreateStringReference("null"));
	set_word(schema, "contentEncoding", "base64");
	return schema;
}

static cJSON *reference(enum field_of object)
{
	cJSON *schema = cJSON_CreateObject();
	char *path = json_alloc(64);
	g_snprintf(path, 64, "#/$defs/%s", definition_names[object]);
	set_word(schema, "$ref", path);
	return schema;
}

/* ---- values ---- */

/* among - is the name one of the first `count`? */
static bool among(const char *const *names, size_t count, const char *name)
{
	while (count-- > 0)
		if (names[count] && strcmp(names[count], name) == 0)
			return true;
	return false;
}

/* one_of_words - a string that is one of a set of names, without NULLs and duplicates. */
static cJSON *one_of_words(const char *const *names, size_t count)
{
	cJSON *schema = of_type("string"), *values = cJSON_AddArrayToObject(schema, "enum");
	for (size_t i = 0; i < count; i++)
		if (names[i] && !among(names, i, names[i]))
			cJSON_AddItemToArray(values, cJSON_CreateStringReference(names[i]));
	return schema;
}

static const char *alert_word(size_t i)
{
	return i < ALERT_COUNT ? alert_catalogue[i].name : NULL;
}

static const char *category_word(size_t i)
{
	return i <= CATEGORY_TRANSPORT ? alert_category_name((enum alert_category)i) : NULL;
}

static const char *severity_word(size_t i)
{
	return i < SEVERITY_LOW ? severity_name((enum severity)(i + SEVERITY_HIGH)) : NULL;
}

static const char *const directions[] = { "up", "down" }, *const mail_status[] = { "complete", "partial" };
static const char *const file_states[] = { "CLOSED", "TRUNCATED" }, *const flow_states[] = { "established", "closed" };
static const char *const protocols[] = { "TCP" }, *const applications[] = { "smtp" }, *const actions[] = { "allowed" };

/* A set of words: an array, or a function that returns NULL after the last. Every set in fields.h needs a line here, or
 * this does not compile. */
#define ARRAY(names)                                                                                                   \
	{                                                                                                              \
		names, G_N_ELEMENTS(names), NULL                                                                       \
	}
#define LOOKED_UP(function)                                                                                            \
	{                                                                                                              \
		NULL, 0, function                                                                                      \
	}
#define WORDS_records ARRAY(record_names)
#define WORDS_protocols ARRAY(protocols)
#define WORDS_applications ARRAY(applications)
#define WORDS_actions ARRAY(actions)
#define WORDS_alerts LOOKED_UP(alert_word)
#define WORDS_categories LOOKED_UP(category_word)
#define WORDS_severities LOOKED_UP(severity_word)
#define WORDS_states ARRAY(state_names)
#define WORDS_directions ARRAY(directions)
#define WORDS_alert_outcomes ARRAY(alert_outcome_names)
#define WORDS_transfers ARRAY(transfer_names)
#define WORDS_outcomes ARRAY(outcome_names)
#define WORDS_stages ARRAY(stage_names)
#define WORDS_mail_status ARRAY(mail_status)
#define WORDS_file_states ARRAY(file_states)
#define WORDS_flow_states ARRAY(flow_states)
#define WORDS_flow_reasons ARRAY(flow_reason_names)
#define WORDS_flow_ends ARRAY(flow_end_names)
#define WORDS_proxy_protocols ARRAY(flow_proxy_names)

static const struct {
	const char *const *names;
	size_t count;
	const char *(*name)(size_t i);
} word_sets[] = {
#define X(name) [OF_##name] = WORDS_##name,
	WORD_SETS(X)
#undef X
};

static cJSON *word_set(enum field_of of)
{
	GPtrArray *names = g_ptr_array_new();
	const char *name;
	for (size_t i = 0; i < word_sets[of].count; i++)
		g_ptr_array_add(names, (gpointer)word_sets[of].names[i]);
	for (size_t i = 0; word_sets[of].name && (name = word_sets[of].name(i)); i++)
		g_ptr_array_add(names, (gpointer)name);
	cJSON *schema = one_of_words((const char *const *)names->pdata, names->len);
	g_ptr_array_free(names, TRUE);
	return schema;
}

static cJSON *value(const struct field_info *field)
{
	switch (field->kind) {
	case KIND_TEXT:
	case KIND_ASCII:
		return of_type("string");
	case KIND_TEXTS:
		return array_of(of_type("string"));
	case KIND_WORD:
		return word_set(field->of);
	case KIND_HEX:
		return with_pattern("^[0-9a-f]+$");
	case KIND_BASE64:
		return base64();
	case KIND_ADDRESS:
		return with_pattern("^[0-9a-f.:]+$");
	case KIND_NUMBER:
		return integer();
	case KIND_NUMBERS:
		return array_of(integer());
	case KIND_FLAG:
		return of_type("boolean");
	case KIND_TRUE:
		return constant(cJSON_CreateTrue());
	case KIND_TRUE_OR_TEXT:
		return either(constant(cJSON_CreateTrue()), of_type("string"));
	case KIND_TIME:
		return with_pattern("^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}[.]([0-9]{6}|[0-9]{9})Z$");
	case KIND_DATE:
		return with_pattern("^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}$");
	case KIND_OBJECT:
		return reference(field->of);
	case KIND_OBJECTS:
		return array_of(reference(field->of));
	}
	g_assert_not_reached();
}

/* ---- objects ---- */

static cJSON *closed_object(cJSON **properties, cJSON **required)
{
	cJSON *schema = of_type("object");
	*properties = cJSON_AddObjectToObject(schema, "properties");
	if (required)
		*required = cJSON_AddArrayToObject(schema, "required");
	cJSON_AddItemToObjectCS(schema, "additionalProperties", cJSON_CreateFalse());
	return schema;
}

/* add_fields - adds the fields of an object, each text with its NAME_base64. */
static void add_fields(enum field_of object, cJSON *properties, cJSON *required)
{
	for (int i = 0; i < FIELD_COUNT; i++) {
		const struct field_info *field = &field_table[i];
		if (field->object != object)
			continue;
		cJSON *schema = value(field);
		set_word(schema, "description", field->description);
		cJSON_AddItemToObjectCS(properties, field->name, schema);
		if (field->kind == KIND_TEXT)
			cJSON_AddItemToObjectCS(properties, field->name_base64, base64());
		else if (field->kind == KIND_TEXTS)
			cJSON_AddItemToObjectCS(properties, field->name_base64, array_of(base64_or_null()));
		if (field->need == NEED_ALWAYS)
			cJSON_AddItemToArray(required, cJSON_CreateStringReference(field->name));
	}
}

/* open_object - an object with any keys. */
static cJSON *open_object(cJSON *values)
{
	cJSON *schema = of_type("object");
	cJSON_AddItemToObjectCS(schema, "additionalProperties", values);
	return schema;
}

static cJSON *object_schema(enum field_of object)
{
	cJSON *properties, *required, *schema;
	switch (object) {
	case OF_mail_params:
		return open_object(either(of_type("string"), constant(cJSON_CreateTrue())));
	case OF_mail_params_base64:
		return open_object(base64());
	case OF_tags:
		return open_object(of_type("string"));
	case OF_headers:
		return open_object(array_of(of_type("string")));
	case OF_alert_counts: /* rules may use other ids */
		return open_object(integer());
	case OF_not_decoded:
		schema = closed_object(&properties, &required);
		for (int i = DECODE_SEGMENT + 1; i < DECODE_RESULT_COUNT; i++) {
			cJSON_AddItemToObjectCS(properties, decode_result_names[i], integer());
			cJSON_AddItemToArray(required, cJSON_CreateStringReference(decode_result_names[i]));
		}
		return schema;
	default:
		schema = closed_object(&properties, &required);
		add_fields(object, properties, required);
		return schema;
	}
}

/* record_schema - the envelope, event_type as a constant, and the record's objects. */
static cJSON *record_schema(enum record record)
{
	static const char *const always[] = { "timestamp", "flow_id", "pcap_cnt", "src_ip", "src_port", "dest_ip",
		"dest_port", "proto", "app_proto", "community_id" };
	cJSON *properties, *required, *schema = closed_object(&properties, &required);
	add_fields(OF_envelope, properties, required);
	cJSON_ReplaceItemInObjectCaseSensitive(
		properties, "event_type", constant(cJSON_CreateStringReference(record_names[record])));
	for (size_t i = 0; i < G_N_ELEMENTS(always) && record != RECORD_STATS; i++)
		cJSON_AddItemToArray(required, cJSON_CreateStringReference(always[i]));
	if (record_parts[record].tx)
		cJSON_AddItemToArray(required, cJSON_CreateStringReference("tx_id"));
	for (int i = 0; i < PARTS_MAX && record_parts[record].objects[i] != OF_none; i++) {
		const char *name = object_names[record_parts[record].objects[i]];
		cJSON_AddItemToObjectCS(properties, name, reference(record_parts[record].objects[i]));
		if (i == 0 || record_parts[record].second_required)
			cJSON_AddItemToArray(required, cJSON_CreateStringReference(name));
	}
	return schema;
}

static char *printed(const cJSON *json, bool pretty)
{
	char *text = pretty ? cJSON_Print(json) : cJSON_PrintUnformatted(json);
	char *own = g_strdup(text);
	json_reset();
	return own;
}

char *output_schema(void)
{
	json_reset();
	cJSON *schema = cJSON_CreateObject();
	set_word(schema, "$schema", SCHEMA_DIALECT);
	set_word(schema, "title", SCHEMA_TITLE);
	set_word(schema, "description",
		"Every line of the output is one such object. Text that is not UTF-8 is shown with U+FFFD, and "
		"NAME_base64 "
		"holds its exact bytes (for an array: null where an entry is exact). Fields without a value, empty "
		"arrays "
		"and empty objects are left out.");
	cJSON *choices = cJSON_AddArrayToObject(schema, "oneOf");
	for (int record = 0; record < RECORD_COUNT; record++)
		cJSON_AddItemToArray(choices, record_schema((enum record)record));
	cJSON *definitions = cJSON_AddObjectToObject(schema, "$defs");
	for (int object = OF_envelope + 1; object < OF_COUNT; object++)
		if (object_names[object])
			cJSON_AddItemToObjectCS(
				definitions, definition_names[object], object_schema((enum field_of)object));
	return printed(schema, true);
}

char *output_alert_list(void)
{
	GString *lines = g_string_new(NULL);
	for (int id = 0; id < ALERT_COUNT; id++) {
		const struct alert_info *info = &alert_catalogue[id];
		json_reset();
		cJSON *row = cJSON_CreateObject();
		cJSON_AddItemToObjectCS(row, "signature_id", json_number_node(info->number));
		set_word(row, "signature", info->name);
		set_word(row, "category", alert_category_name(info->category));
		cJSON_AddItemToObjectCS(row, "severity", json_number_node(info->severity));
		set_word(row, "severity_name", severity_name(info->severity));
		cJSON_AddItemToObjectCS(row, "transaction", cJSON_CreateBool(info->transaction));
		set_word(row, "condition", info->condition);
		char *text = printed(row, false);
		g_string_append_printf(lines, "%s\n", text);
		g_free(text);
	}
	return g_string_free(lines, FALSE);
}
