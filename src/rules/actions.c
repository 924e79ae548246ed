/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * actions.c - functions for rules: rule{}, alert{}, tag, keep, session:drop(), print; and helpers: domain, inlist,
 * decode.
 *
 * rule and inlist can be called while a file is loaded, the others only by a running rule. All rules get the same
 * session object; its fields are those of the current session.
 */
#include <stdio.h>
#include <string.h>

#include "private.h"
#include "text.h"

#define LIST_KIND "smtpscan list"
#define SESSION_KIND "smtpscan session"
#define DECODED_MAX (64 * 1024) /* octets that decode accepts */
#define PRINTED_MAX 4096        /* octets of a line written by print */

const char current_session;

/* running - the current session; raises a Lua error while a file is loaded. */
static struct rules_session *running(lua_State *lua, const char *name)
{
	struct rules_session *session = rules_of(lua)->session;
	if (!session)
		luaL_error(lua, "%s can be called only by a running rule", name);
	return session;
}

/* text_field - a string field of the table that is the argument; leaves it on the stack. NULL when it is not there.
 */
static const char *text_field(lua_State *lua, const char *name, size_t *size)
{
	int type = lua_getfield(lua, 1, name);
	if (type == LUA_TNIL)
		return NULL;
	if (type != LUA_TSTRING && type != LUA_TNUMBER)
		luaL_error(lua, "%s must be a string", name);
	return lua_tolstring(lua, -1, size);
}

/* is_name - has it only lower-case letters, digits and underscores? */
static bool is_name(const char *text)
{
	size_t size = strlen(text);
	return size > 0 && size <= RULES_NAME_OCTETS && strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_") == size;
}

/* ---- rule{} ---- */

static int do_rule(lua_State *lua)
{
	struct rules *rules = rules_of(lua);
	luaL_checktype(lua, 1, LUA_TTABLE);
	if (!rules->loading)
		return luaL_error(lua, "a rule can't make rules");
	lua_getfield(lua, 1, "on");
	enum rule_event on = (enum rule_event)luaL_checkoption(lua, -1, NULL,
		(const char *const[]){
#define X(id, name) name,
			RULE_EVENTS(X)
#undef X
				NULL });
	const char *name = text_field(lua, "name", NULL);
	if (lua_getfield(lua, 1, "eval") != LUA_TFUNCTION)
		return luaL_error(lua, "a rule needs a function `eval`");
	struct rule *rule = g_new0(struct rule, 1);
	rule->function = luaL_ref(lua, LUA_REGISTRYINDEX);
	rule->number = rules->rules->len;
	rule->on = on;
	rule->name = g_strdup(name ? name : alert_catalogue[ALERT_rule].name);
	luaL_where(lua, 1); /* "file:line: " */
	const char *where = lua_tostring(lua, -1);
	rule->where = g_strndup(where, strlen(where) - (g_str_has_suffix(where, ": ") ? 2 : 0));
	g_ptr_array_add(rules->rules, rule);
	if (!rules->on[on])
		rules->on[on] = g_ptr_array_new();
	g_ptr_array_add(rules->on[on], rule);
	return 0;
}

/* ---- functions for running rules ---- */

/* severity_field - a word, or EVE's number; medium by default. */
static enum severity severity_field(lua_State *lua)
{
	const char *text = text_field(lua, "severity", NULL);
	int severity = text ? severity_find(text) : SEVERITY_MEDIUM;
	if (severity == 0 && strlen(text) == 1 && *text >= '1' && *text <= '3')
		severity = *text - '0';
	if (severity == 0)
		luaL_error(lua, "severity must be \"high\", \"medium\" or \"low\"");
	return (enum severity)severity;
}

static enum alert_outcome outcome_field(lua_State *lua)
{
	const char *text = text_field(lua, "outcome", NULL);
	for (unsigned i = ALERT_OUTCOME_NONE + 1; text && i <= ALERT_UNKNOWN; i++)
		if (strcmp(text, alert_outcome_names[i]) == 0)
			return (enum alert_outcome)i;
	if (text)
		luaL_error(lua, "outcome must be \"succeeded\", \"failed\" or \"unknown\"");
	return ALERT_OUTCOME_NONE;
}

static int do_alert(lua_State *lua)
{
	struct rules_session *session = running(lua, "alert");
	size_t size = 0;
	luaL_checktype(lua, 1, LUA_TTABLE);
	const char *id = text_field(lua, "id", NULL);
	if (!id)
		id = session->rules->rule->name;
	if (!is_name(id))
		return luaL_error(
			lua, "id must consist of at most %d lower-case letters, digits and _", RULES_NAME_OCTETS);
	if (alert_find(id) != ALERT_COUNT && alert_find(id) != ALERT_rule)
		return luaL_error(lua, "%s is a built-in alert: choose another id", id);
	struct alert alert = { .id = ALERT_rule, .name = id, .tx = session->rules->tx };
	alert.severity = severity_field(lua);
	alert.outcome = outcome_field(lua);
	const char *evidence = text_field(lua, "evidence", &size);
	alert.evidence = span_of(evidence, evidence ? size : 0);
	const char *description = text_field(lua, "description", &size);
	if (!description) {
		description = id;
		size = strlen(id);
	}
	char *legible = g_utf8_make_valid(description, (gssize)MIN(size, RULES_TAG_OCTETS));
	alert.description = legible;
	session->sink->alert(session->context, &alert);
	g_free(legible);
	return 0;
}

static int do_tag(lua_State *lua)
{
	struct rules_session *session = running(lua, "tag");
	size_t size;
	const char *name = luaL_checkstring(lua, 1), *value = luaL_tolstring(lua, 2, &size);
	luaL_argcheck(lua, is_name(name), 1, "a tag's name must consist of lower-case letters, digits and _");
	if (!session->tags)
		session->tags = g_ptr_array_new();
	for (guint i = 0; i < session->tags->len; i++) {
		struct rule_tag *tag = session->tags->pdata[i];
		if (tag->tx != session->rules->tx || strcmp(tag->name, name) != 0)
			continue;
		g_free(tag->value);
		tag->value = g_utf8_make_valid(value, (gssize)MIN(size, RULES_TAG_OCTETS));
		return 0;
	}
	if (session->tags->len >= RULES_TAGS_MAX)
		return luaL_error(lua, "a session has at most %d tags", RULES_TAGS_MAX);
	struct rule_tag *tag = g_new(struct rule_tag, 1);
	tag->tx = session->rules->tx;
	tag->name = g_strdup(name);
	tag->value = g_utf8_make_valid(value, (gssize)MIN(size, RULES_TAG_OCTETS));
	g_ptr_array_add(session->tags, tag);
	return 0;
}

static int do_keep(lua_State *lua)
{
	struct rules_session *session = running(lua, "keep");
	int tx = session->rules->tx;
	if (tx < 0)
		return luaL_error(lua, "keep is for events of a mail: this event does not belong to one");
	if (rules_kept(session, tx))
		return 0;
	if (!session->kept)
		session->kept = g_array_new(FALSE, FALSE, sizeof(int));
	g_array_append_val(session->kept, tx);
	return 0;
}

/* do_print - prints a line on standard error, for the author of a rule; control characters are escaped. */
static int do_print(lua_State *lua)
{
	GString *line = g_string_new(NULL);
	for (int i = 1, count = lua_gettop(lua); i <= count && line->len < PRINTED_MAX; i++) {
		size_t size;
		lua_getglobal(lua, "tostring");
		lua_pushvalue(lua, i);
		lua_call(lua, 1, 1);
		const char *text = lua_tolstring(lua, -1, &size);
		if (i > 1)
			g_string_append_c(line, ' ');
		for (size_t at = 0; at < size && line->len < PRINTED_MAX; at++)
			if (text[at] >= ' ' && text[at] < 0x7f)
				g_string_append_c(line, text[at]);
			else
				g_string_append_printf(line, "\\x%02x", (uint8_t)text[at]);
		lua_pop(lua, 1);
	}
	say("rule: %s", line->str);
	g_string_free(line, TRUE);
	return 0;
}

/* ---- helpers ---- */

/* do_domain - what follows the last @ in a path or address, in lower case; nil when there is none. */
static int do_domain(lua_State *lua)
{
	size_t size;
	const char *path = luaL_checklstring(lua, 1, &size);
	if (size > 0 && path[size - 1] == '>')
		size--;
	const char *at = memrchr(path, '@', size);
	if (!at || at + 1 == path + size) {
		lua_pushnil(lua);
		return 1;
	}
	char *domain = g_ascii_strdown(at + 1, path + size - at - 1);
	lua_pushstring(lua, domain);
	g_free(domain);
	return 1;
}

static int do_decode(lua_State *lua)
{
	size_t size;
	const char *text = luaL_checklstring(lua, 1, &size);
	char *decoded = mail_decode_header(span_of(text, MIN(size, DECODED_MAX)));
	lua_pushstring(lua, decoded);
	g_free(decoded);
	return 1;
}

static int list_gc(lua_State *lua)
{
	struct list **list = lua_touserdata(lua, 1);
	g_clear_pointer(list, list_free);
	return 0;
}

/* list_call - list(text): the comment of the indicator that matches (a string, may be empty), or nil. */
static int list_call(lua_State *lua)
{
	struct list *const *list = luaL_checkudata(lua, 1, LIST_KIND);
	size_t size;
	const char *text = lua_isnoneornil(lua, 2) ? NULL : luaL_checklstring(lua, 2, &size);
	const char *comment = text ? list_find(*list, span_of(text, size)) : NULL;
	lua_pushstring(lua, comment); /* NULL: nil */
	return 1;
}

static int do_inlist(lua_State *lua)
{
	const struct rules *rules = rules_of(lua);
	const char *name = luaL_checkstring(lua, 1);
	if (!rules->loading)
		return luaL_error(lua, "lists are loaded with the rules: call inlist outside eval");
	char *path = g_path_is_absolute(name) ? g_strdup(name) : g_build_filename(rules->folder, name, NULL);
	GError *error = NULL;
	struct list **list = lua_newuserdatauv(lua, sizeof(struct list *), 0);
	*list = NULL;
	luaL_setmetatable(lua, LIST_KIND);
	*list = list_load(path, &error);
	g_free(path);
	if (*list)
		return 1;
	lua_pushstring(lua, error->message);
	g_error_free(error);
	return lua_error(lua);
}

void actions_open(lua_State *lua)
{
	static const luaL_Reg functions[] = { { "rule", do_rule }, { "alert", do_alert }, { "tag", do_tag },
		{ "keep", do_keep }, { "print", do_print }, { "domain", do_domain }, { "decode", do_decode },
		{ "inlist", do_inlist }, { NULL, NULL } };
	luaL_newmetatable(lua, LIST_KIND);
	lua_pushcfunction(lua, list_call);
	lua_setfield(lua, -2, "__call");
	lua_pushcfunction(lua, list_gc);
	lua_setfield(lua, -2, "__gc");
	lua_pushboolean(lua, false);
	lua_setfield(lua, -2, "__metatable");
	lua_rawgeti(lua, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS);
	for (const luaL_Reg *function = functions; function->name; function++) {
		lua_pushstring(lua, function->name);
		lua_pushcfunction(lua, function->func);
		lua_rawset(lua, -3);
	}
	lua_pop(lua, 2);
}

/* ---- the session object ---- */

static int do_drop(lua_State *lua)
{
	struct rules_session *session = running(lua, "session:drop");
	if (!session->dropped && session->sink->drop)
		session->sink->drop(session->context);
	session->dropped = true;
	return 0;
}

/* push_kept - pushes the table of a reference in the registry, and creates it when it is not there. */
static void push_kept(lua_State *lua, int *reference)
{
	if (*reference == LUA_NOREF) {
		lua_newtable(lua);
		*reference = luaL_ref(lua, LUA_REGISTRYINDEX);
	}
	lua_rawgeti(lua, LUA_REGISTRYINDEX, *reference);
}

/* push_notes - the running rule's own table in the session. */
static void push_notes(lua_State *lua, struct rules_session *session)
{
	push_kept(lua, &session->notes);
	lua_Integer key = (lua_Integer)session->rules->rule->number + 1;
	if (lua_rawgeti(lua, -1, key) != LUA_TNIL)
		return;
	lua_pop(lua, 1);
	lua_newtable(lua);
	lua_pushvalue(lua, -1);
	lua_rawseti(lua, -3, key);
}

/* push_octets - a text, or nil. */
static void push_octets(lua_State *lua, const GString *text)
{
	if (text)
		lua_pushlstring(lua, text->str, text->len);
	else
		lua_pushnil(lua);
}

static void push_helo(lua_State *lua, struct rules_session *session)
{
	push_octets(lua, session_summary(session->session)->helo);
}

static void push_user(lua_State *lua, struct rules_session *session)
{
	push_octets(lua, session->user);
}

static void push_vlan(lua_State *lua, struct rules_session *session)
{
	lua_newtable(lua);
	for (int i = 0; i < session->flow->vlan_count; i++) {
		lua_pushinteger(lua, session->flow->vlan[i]);
		lua_rawseti(lua, -2, i + 1);
	}
}

#define SESSION_FIELD(name, push)                                                                                      \
	static void get_##name(lua_State *lua, struct rules_session *session)                                          \
	{                                                                                                              \
		push;                                                                                                  \
	}
/* clang-format off */
SESSION_FIELD(src_ip, push_address(lua, &session->flow->client))
SESSION_FIELD(dest_ip, push_address(lua, &session->flow->server))
SESSION_FIELD(src_port, lua_pushinteger(lua, session->flow->client_port))
SESSION_FIELD(dest_port, lua_pushinteger(lua, session->flow->server_port))
SESSION_FIELD(state, lua_pushstring(lua, session_state(session->session)))
SESSION_FIELD(tls, lua_pushboolean(lua, session->tls))
SESSION_FIELD(midstream, lua_pushboolean(lua, session->flow->midstream))
SESSION_FIELD(one_sided, lua_pushboolean(lua, session->flow->one_sided))
SESSION_FIELD(pair, push_kept(lua, &rules_pair(session)->table))
SESSION_FIELD(drop, lua_pushcfunction(lua, do_drop))
/* clang-format on */

static const struct {
	const char *name;
	void (*push)(lua_State *lua, struct rules_session *session);
} session_fields[] = {
	{ "src_ip", get_src_ip },
	{ "src_port", get_src_port },
	{ "dest_ip", get_dest_ip },
	{ "dest_port", get_dest_port },
	{ "vlan", push_vlan },
	{ "helo", push_helo },
	{ "tls", get_tls },
	{ "user", push_user },
	{ "state", get_state },
	{ "midstream", get_midstream },
	{ "one_sided", get_one_sided },
	{ "notes", push_notes },
	{ "pair", get_pair },
	{ "drop", get_drop },
};

static int session_index(lua_State *lua)
{
	const char *name = luaL_checkstring(lua, 2);
	struct rules_session *session = running(lua, "session");
	for (size_t i = 0; i < G_N_ELEMENTS(session_fields); i++)
		if (strcmp(name, session_fields[i].name) == 0) {
			session_fields[i].push(lua, session);
			return 1;
		}
	return luaL_error(lua, "a session has no field '%s'", name);
}

static int session_newindex(lua_State *lua)
{
	return luaL_error(lua, "a session is read-only: keep notes in session.notes");
}

void session_open(lua_State *lua)
{
	lua_newuserdatauv(lua, 0, 0);
	luaL_newmetatable(lua, SESSION_KIND);
	lua_pushcfunction(lua, session_index);
	lua_setfield(lua, -2, "__index");
	lua_pushcfunction(lua, session_newindex);
	lua_setfield(lua, -2, "__newindex");
	lua_pushboolean(lua, false);
	lua_setfield(lua, -2, "__metatable");
	lua_setmetatable(lua, -2);
	lua_rawsetp(lua, LUA_REGISTRYINDEX, &current_session);
}
