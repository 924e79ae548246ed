/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * session.c - the state of a session and of its pair of addresses: notes, tags, mails to keep. See rules.h.
 */
#include "hash.h"
#include "private.h"

const char *const rule_event_names[RULE_EVENT_COUNT] = {
#define X(id, name) name,
	RULE_EVENTS(X)
#undef X
};

struct rules_session *rules_session_new(struct rules *rules, const struct flow *flow, const struct session *session,
	const struct rules_sink *sink, void *context)
{
	struct rules_session *own = g_new0(struct rules_session, 1);
	own->rules = rules;
	own->flow = flow;
	own->session = session;
	own->sink = sink;
	own->context = context;
	own->notes = own->about = LUA_NOREF;
	own->tls = flow->tls_port;
	const struct address addresses[2] = { flow->client, flow->server };
	own->addresses = g_bytes_new(addresses, sizeof addresses);
	return own;
}

static void tag_free(gpointer data, gpointer context)
{
	struct rule_tag *tag = data;
	g_free(tag->name);
	g_free(tag->value);
	g_free(tag);
}

void rules_forget_about(struct rules_session *session)
{
	if (session->about != LUA_NOREF)
		luaL_unref(session->rules->lua, LUA_REGISTRYINDEX, session->about);
	session->about = LUA_NOREF;
}

void rules_session_free(struct rules_session *session)
{
	if (!session)
		return;
	if (session->rules->lua)
		luaL_unref(session->rules->lua, LUA_REGISTRYINDEX, session->notes);
	rules_forget_about(session);
	if (session->user)
		g_string_free(session->user, TRUE);
	if (session->tags) {
		g_ptr_array_foreach(session->tags, tag_free, NULL);
		g_ptr_array_free(session->tags, TRUE);
	}
	if (session->content)
		g_byte_array_free(session->content, TRUE);
	if (session->kept)
		g_array_free(session->kept, TRUE);
	g_bytes_unref(session->addresses);
	g_free(session);
}

bool rules_kept(const struct rules_session *session, int tx)
{
	for (guint i = 0; session && session->kept && i < session->kept->len; i++)
		if (g_array_index(session->kept, int, i) == tx)
			return true;
	return false;
}

const GPtrArray *rules_tags(const struct rules_session *session)
{
	return session ? session->tags : NULL;
}

static void rule_pair_free(gpointer data)
{
	struct rule_pair *pair = data;
	g_free(pair->off);
	g_free(pair);
}

/* find_pair - the state for the session's pair of addresses; NULL: there is none yet. */
static struct rule_pair *find_pair(struct rules_session *session)
{
	if (!session->pair && session->rules->pairs)
		session->pair = g_hash_table_lookup(session->rules->pairs, session->addresses);
	return session->pair;
}

struct rule_pair *rules_pair(struct rules_session *session)
{
	struct rules *rules = session->rules;
	if (find_pair(session))
		return session->pair;
	if (!rules->pairs)
		rules->pairs =
			g_hash_table_new_full(hash_bytes, g_bytes_equal, (GDestroyNotify)g_bytes_unref, rule_pair_free);
	session->pair = g_new0(struct rule_pair, 1);
	session->pair->table = LUA_NOREF;
	g_hash_table_insert(rules->pairs, g_bytes_ref(session->addresses), session->pair);
	return session->pair;
}

bool rules_off(struct rules_session *session, const struct rule *rule)
{
	const struct rule_pair *pair = find_pair(session);
	return pair && pair->off && pair->off[rule->number];
}
