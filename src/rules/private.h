/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * private.h - functions that the files of the rules stage share. state.c runs Lua within limits; library.c, strings.c
 * and pattern.c replace functions of Lua, re.c adds regular expressions; actions.c has the functions for rules,
 * events.c the events; lists.c reads lists of indicators, ioc.c uses them; yara.c and kept.c run YARA; session.c has
 * the state of a session; rules.c loads and calls the rules.
 */
#ifndef SMTPSCAN_RULES_PRIVATE_H
#define SMTPSCAN_RULES_PRIVATE_H

#include <lauxlib.h>
#include <lua.h>

#include "rules.h"

struct list;

struct rule {
	unsigned number; /* from 0, over all files */
	char *name;      /* as given, or "rule" */
	char *where;     /* file:line */
	enum rule_event on;
	int function; /* in Lua's registry */
};

/* State for a pair of client and server address. */
struct rule_pair {
	uint8_t *off; /* by rule: it failed; NULL: none has failed */
	int table;    /* session.pair, in Lua's registry; LUA_NOREF */
};

/* Limits on what Lua may use. */
struct budget {
	size_t memory, limit; /* octets in use; the present limit */
	uint64_t steps;       /* left; a step is STEPS_GRAIN instructions (state.c) */
	bool exhausted;       /* steps were used up */
};

struct rules {
	lua_State *lua;
	struct budget budget;
	GPtrArray *rules;                /* struct rule*, in order */
	GPtrArray *on[RULE_EVENT_COUNT]; /* the same, by event; NULL: none */
	GHashTable *pairs;               /* address pair -> struct rule_pair* */
	GPtrArray *lists;                /* struct list*: of --ioc */
	GPtrArray *list_files;           /* char*: their names */
	struct yara *yara;               /* NULL: none */
	bool show_secrets, keeps;
	bool loading;
	const char *folder; /* of the file that is being loaded; lists are relative to it */
	uint8_t *reported;  /* by rule: its failure was reported; shared by all workers */
	/* what is running; NULL between calls */
	struct rules_session *session;
	const struct rule *rule;
	int tx;
};

struct rules_session {
	struct rules *rules;
	const struct flow *flow;
	const struct session *session;
	const struct rules_sink *sink;
	void *context;
	GBytes *addresses;      /* of the client and the server: the key of rules->pairs */
	struct rule_pair *pair; /* NULL until it is needed */
	int about; /* `smtp` and `email` of the files of transaction about_tx, in the registry; LUA_NOREF */
	int about_tx;
	int notes;           /* session.notes: a table by rule, in Lua's registry; LUA_NOREF */
	GString *user;       /* of the last AUTH that succeeded */
	GPtrArray *tags;     /* struct rule_tag*; NULL */
	GArray *kept;        /* int: transactions for which keep() was called; NULL */
	GByteArray *content; /* of the open transaction, for YARA; NULL */
	bool tls, dropped;
};

/* ---- state.c: Lua within limits ---- */

/* state_new - a Lua state that has only the functions of this stage. */
lua_State *state_new(struct rules *rules);
/* state_call - calls the function below `arguments` on the stack, within the limits. Returns NULL, with the results on
 * the stack, or an error message (free with g_free). */
char *state_call(struct rules *rules, int arguments, int results, uint64_t instructions, size_t memory);
/* state_load - runs a file of rules. Returns NULL, or an error message. */
char *state_load(struct rules *rules, const char *path);
/* rules_of - the rules that this Lua state belongs to. */
static inline struct rules *rules_of(lua_State *lua)
{
	return *(struct rules **)lua_getextraspace(lua);
}

/* ---- functions for rules ---- */
void library_open(lua_State *lua);
void strings_open(lua_State *lua); /* puts find, match, gmatch, gsub into the table on top */
void re_open(lua_State *lua);
void actions_open(lua_State *lua);
void session_open(lua_State *lua);
extern const char current_session; /* its address: the key of the session object in Lua's registry */
/* match_context - the limits of a PCRE2 match: a pcre2_match_context. */
struct pcre2_real_match_context_8 *match_context(void);

/* ---- events.c: each leaves a table on the stack ---- */
void event_command(lua_State *lua, const struct session_command *command, bool show_secrets);
void event_response(lua_State *lua, const struct session_response *response);
void event_content(lua_State *lua, const struct transaction *tx, uint64_t offset, struct span piece, bool last);
void event_mail(lua_State *lua, const struct transaction *tx, const struct mail *mail);
void event_file(lua_State *lua, struct rules_session *session, const struct transaction *tx, const struct mail *mail,
	const struct mail_part *part);
void event_auth(lua_State *lua, const struct session_auth *auth, bool show_secrets);
void event_tls(lua_State *lua, const struct tls_info *tls);
void event_session(lua_State *lua, const struct flow *flow, const struct session_summary *summary);
void event_alert(lua_State *lua, const struct alert *alert, const struct transaction *tx);
/* push_address - pushes the address as text. */
void push_address(lua_State *lua, const struct address *address);

/* ---- lists.c: domains, addresses, networks, hashes, mail addresses, URLs ---- */

/* list_load - reads a file: one indicator per line, an optional comment after a tab. Returns NULL with error set. */
struct list *list_load(const char *path, GError **error);
size_t list_size(const struct list *list);
/* list_hashes - enum hash_kind: which hashes are in it. */
unsigned list_hashes(const struct list *list);
/* list_find - the comment of the indicator that matches (may be empty); NULL when none does. A domain matches all names
 * below it, a network all its addresses. The form of `what` tells its kind. */
const char *list_find(const struct list *list, struct span what);
void list_free(struct list *list);

/* ---- ioc.c ---- */
void ioc_session(struct rules_session *session);
void ioc_mail(struct rules_session *session, const struct transaction *tx, const struct mail *mail);
void ioc_file(struct rules_session *session, const struct transaction *tx, const struct mail_part *part);
void ioc_tls(struct rules_session *session, const struct tls_info *tls);

/* ---- kept.c ---- */
void kept_content(struct rules_session *session, int tx, struct span piece, bool last);

/* ---- session.c ---- */
/* rules_pair - the state for the session's pair of addresses; creates it when needed. */
struct rule_pair *rules_pair(struct rules_session *session);

/* rules_off - did this rule fail for the session's pair of addresses? */
bool rules_off(struct rules_session *session, const struct rule *rule);
/* rules_forget_about - the files of a mail were all told. */
void rules_forget_about(struct rules_session *session);

#endif
