/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * rules.c - loads rules and calls them for events. See rules.h.
 *
 * A rule that fails is switched off for the pair of addresses only, so that its results for other pairs do not depend
 * on the order of sessions or on how they are divided among workers. A failure is reported once per rule, by the first
 * worker that sees it; the workers share memory for that.
 */
#include "rules.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "private.h"
#include "text.h"
#include "yara.h"

/* ---- loading ---- */

static void rule_free(gpointer data)
{
	struct rule *rule = data;
	g_free(rule->name);
	g_free(rule->where);
	g_free(rule);
}

/* load_files - loads all files of --rules. Returns NULL, or an error message. */
static char *load_files(struct rules *rules, char **paths)
{
	char *trouble = NULL;
	rules->lua = state_new(rules);
	if (!rules->lua)
		return g_strdup("no memory for rules");
	for (char **path = paths; *path && !trouble; path++)
		trouble = state_load(rules, *path);
	if (!trouble && rules->rules->len > 0) {
		rules->reported =
			mmap(NULL, rules->rules->len, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
		if (rules->reported == MAP_FAILED)
			rules->reported = NULL;
	}
	return trouble;
}

static bool load_lists(struct rules *rules, char **paths, GError **error)
{
	for (char **path = paths; path && *path; path++) {
		struct list *list = list_load(*path, error);
		if (!list)
			return false;
		g_ptr_array_add(rules->lists, list);
		g_ptr_array_add(rules->list_files, g_strdup(*path));
	}
	return true;
}

struct rules *rules_new(const struct rules_options *options, GError **error)
{
	if (!options->rules && !options->ioc && !options->yara)
		return NULL;
	struct rules *rules = g_new0(struct rules, 1);
	rules->rules = g_ptr_array_new_with_free_func(rule_free);
	rules->lists = g_ptr_array_new_with_free_func((GDestroyNotify)list_free);
	rules->list_files = g_ptr_array_new_with_free_func(g_free);
	rules->show_secrets = options->show_secrets;
	rules->tx = -1;
	char *trouble = options->rules ? load_files(rules, options->rules) : NULL;
	if (trouble)
		g_set_error_literal(error, G_FILE_ERROR, G_FILE_ERROR_FAILED, trouble);
	bool good = !trouble && load_lists(rules, options->ioc, error);
	if (good && options->yara)
		good = (rules->yara = yara_load(options->yara, error)) != NULL;
	if (!good)
		g_clear_pointer(&rules, rules_free);
	g_free(trouble);
	return rules;
}

bool rules_wants(const struct rules *rules, enum rule_event event)
{
	if (!rules)
		return false;
	return rules->on[event] ||
	       ((rules->lists->len > 0 || rules->yara) && (event == RULE_MAIL || event == RULE_FILE));
}

bool rules_watches(const struct rules *rules)
{
	return rules && rules->yara;
}

unsigned rules_hashes(const struct rules *rules)
{
	unsigned hashes = 0;
	for (guint i = 0; rules && i < rules->lists->len; i++)
		hashes |= list_hashes(rules->lists->pdata[i]);
	return hashes;
}

bool rules_keep(const struct rules *rules)
{
	return rules && rules->keeps;
}

char *rules_list(const struct rules *rules)
{
	GString *text = g_string_new(NULL);
	for (guint i = 0; i < rules->rules->len; i++) {
		const struct rule *rule = rules->rules->pdata[i];
		g_string_append_printf(
			text, "%s: rule %s on %s\n", rule->where, rule->name, rule_event_names[rule->on]);
	}
	for (guint i = 0; i < rules->lists->len; i++)
		g_string_append_printf(text, "%s: %zu indicators\n", (char *)rules->list_files->pdata[i],
			list_size(rules->lists->pdata[i]));
	return g_string_free(text, FALSE);
}

void rules_empty_lists(const struct rules *rules, void (*tell)(const char *path))
{
	for (guint i = 0; rules && i < rules->lists->len; i++)
		if (list_size(rules->lists->pdata[i]) == 0)
			tell(rules->list_files->pdata[i]);
}

void rules_begin(struct rules *rules)
{
	GHashTableIter iter;
	gpointer pair;
	if (!rules || !rules->pairs)
		return;
	for (g_hash_table_iter_init(&iter, rules->pairs); g_hash_table_iter_next(&iter, NULL, &pair);)
		luaL_unref(rules->lua, LUA_REGISTRYINDEX, ((struct rule_pair *)pair)->table);
	g_clear_pointer(&rules->pairs, g_hash_table_destroy);
}

void rules_free(struct rules *rules)
{
	if (!rules)
		return;
	rules_begin(rules);
	if (rules->lua)
		lua_close(rules->lua);
	yara_free(rules->yara);
	if (rules->reported)
		munmap(rules->reported, rules->rules->len);
	for (unsigned event = 0; event < RULE_EVENT_COUNT; event++)
		if (rules->on[event])
			g_ptr_array_free(rules->on[event], TRUE);
	g_ptr_array_free(rules->rules, TRUE);
	g_ptr_array_free(rules->lists, TRUE);
	g_ptr_array_free(rules->list_files, TRUE);
	g_free(rules);
}

/* ---- calls ---- */

/* switch_off - switches a rule off after a failure, and reports it if no worker has done so. */
static void switch_off(struct rules_session *session, const struct rule *rule, const char *trouble)
{
	const struct rules *rules = session->rules;
	struct rule_pair *pair = rules_pair(session);
	if (!pair->off)
		pair->off = g_new0(uint8_t, rules->rules->len);
	pair->off[rule->number] = true;
	if (rules->reported && __atomic_exchange_n(&rules->reported[rule->number], 1, __ATOMIC_RELAXED))
		return;
	say("%s: rule %s is off for these addresses: %s", rule->where, rule->name, trouble);
}

/* An event for the rules; only the members that its kind needs are set. */
struct rules_event {
	enum rule_event kind;
	int tx;
	const struct session_command *command;
	const struct session_response *response;
	const struct transaction *transaction;
	const struct mail *mail;
	const struct mail_part *part;
	const struct session_auth *auth;
	const struct tls_info *tls;
	const struct session_summary *summary;
	const struct alert *alert;
	uint64_t offset;
	struct span piece;
	bool last;
};

/* push_event - called by Lua: turns the event that is the argument into a table. */
static int push_event(lua_State *lua)
{
	const struct rules_event *event = lua_touserdata(lua, 1);
	const struct rules *rules = rules_of(lua);
	switch (event->kind) {
	case RULE_COMMAND:
		event_command(lua, event->command, rules->show_secrets);
		break;
	case RULE_RESPONSE:
		event_response(lua, event->response);
		break;
	case RULE_CONTENT:
		event_content(lua, event->transaction, event->offset, event->piece, event->last);
		break;
	case RULE_MAIL:
		event_mail(lua, event->transaction, event->mail);
		break;
	case RULE_FILE:
		event_file(lua, rules->session, event->transaction, event->mail, event->part);
		break;
	case RULE_AUTH:
		event_auth(lua, event->auth, rules->show_secrets);
		break;
	case RULE_TLS:
		event_tls(lua, event->tls);
		break;
	case RULE_SESSION:
		event_session(lua, rules->session->flow, event->summary);
		break;
	case RULE_ALERT:
	case RULE_EVENT_COUNT:
		event_alert(lua, event->alert, event->transaction);
		break;
	}
	return 1;
}

/* call_rule - calls a rule with the event whose table is on top of the stack. no_event: why the table could not be
 * made; the rule fails for that reason. */
static void call_rule(struct rules_session *session, const struct rule *rule, const char *no_event)
{
	struct rules *rules = session->rules;
	char *trouble = g_strdup(no_event);
	if (!trouble) {
		rules->rule = rule;
		lua_rawgeti(rules->lua, LUA_REGISTRYINDEX, rule->function);
		lua_rawgetp(rules->lua, LUA_REGISTRYINDEX, &current_session);
		lua_pushvalue(rules->lua, -3);
		trouble = state_call(rules, 2, 0, RULES_STEPS_MAX, RULES_CALL_MEMORY);
		rules->rule = NULL;
	}
	if (trouble)
		switch_off(session, rule, trouble);
	g_free(trouble);
}

/* call_rules - calls every rule for this kind of event. */
static void call_rules(struct rules_session *session, const struct rules_event *event)
{
	const GPtrArray *on = session && !session->dropped ? session->rules->on[event->kind] : NULL;
	if (!on || session->rules->session) /* no rule for it, or a rule causes it */
		return;
	struct rules *rules = session->rules;
	rules->session = session;
	rules->tx = event->tx;
	lua_pushcfunction(rules->lua, push_event);
	lua_pushlightuserdata(rules->lua, (void *)event);
	char *no_event = state_call(rules, 1, 1, RULES_STEPS_MAX, RULES_MEMORY_MAX);
	for (guint i = 0; i < on->len && !session->dropped; i++)
		if (!rules_off(session, on->pdata[i]))
			call_rule(session, on->pdata[i], no_event);
	g_free(no_event);
	rules->session = NULL;
	rules->tx = -1;
	lua_settop(rules->lua, 0);
}

void rules_command(struct rules_session *session, const struct session_command *command)
{
	call_rules(session, &(struct rules_event){ .kind = RULE_COMMAND, .tx = command->tx, .command = command });
}

void rules_response(struct rules_session *session, const struct session_response *response)
{
	call_rules(session, &(struct rules_event){ .kind = RULE_RESPONSE, .tx = response->tx, .response = response });
}

void rules_content(
	struct rules_session *session, const struct transaction *tx, uint64_t offset, struct span piece, bool last)
{
	if (!session)
		return;
	kept_content(session, tx->number, piece, last);
	call_rules(session, &(struct rules_event){ .kind = RULE_CONTENT,
				    .tx = tx->number,
				    .transaction = tx,
				    .offset = offset,
				    .piece = piece,
				    .last = last });
}

void rules_mail(struct rules_session *session, const struct transaction *tx, const struct mail *mail)
{
	if (!session)
		return;
	rules_forget_about(session);
	ioc_mail(session, tx, mail);
	call_rules(
		session, &(struct rules_event){ .kind = RULE_MAIL, .tx = tx->number, .transaction = tx, .mail = mail });
}

void rules_file(struct rules_session *session, const struct transaction *tx, const struct mail *mail,
	const struct mail_part *part)
{
	if (!session)
		return;
	ioc_file(session, tx, part);
	call_rules(
		session, &(struct rules_event){
				 .kind = RULE_FILE, .tx = tx->number, .transaction = tx, .mail = mail, .part = part });
}

void rules_auth(struct rules_session *session, const struct session_auth *auth)
{
	if (!session)
		return;
	if (auth->success && auth->username) {
		if (session->user)
			g_string_free(session->user, TRUE);
		session->user = g_string_new_len(auth->username->str, (gssize)auth->username->len);
	}
	call_rules(session, &(struct rules_event){ .kind = RULE_AUTH, .tx = -1, .auth = auth });
}

void rules_tls(struct rules_session *session, const struct tls_info *tls)
{
	if (!session)
		return;
	session->tls = true;
	ioc_tls(session, tls);
	call_rules(session, &(struct rules_event){ .kind = RULE_TLS, .tx = -1, .tls = tls });
}

void rules_alert(struct rules_session *session, const struct alert *alert, const struct transaction *tx)
{
	call_rules(session,
		&(struct rules_event){ .kind = RULE_ALERT, .tx = alert->tx, .alert = alert, .transaction = tx });
}

void rules_end(struct rules_session *session, const struct session_summary *summary)
{
	if (!session)
		return;
	ioc_session(session);
	call_rules(session, &(struct rules_event){ .kind = RULE_SESSION, .tx = -1, .summary = summary });
}
