/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * private.h - inside the rules stage: state.c is Lua with bounds; library.c, strings.c and pattern.c are the functions
 * that rules have instead of the originals, re.c regular expressions; actions.c is what a rule can do, events.c what it
 * sees; lists.c has lists of indicators, ioc.c uses them; session.c is what is
 * kept of a session, rules.c the life of it all.
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

/* What is kept for a pair of client and server address. */
struct rule_pair {
	uint8_t *off; /* by rule: it failed; NULL: none did */
	int table;    /* session.pair, in Lua's registry; LUA_NOREF */
};

/* The bounds of what Lua may use. */
struct budget {
	size_t memory, limit; /* octets held; and the most of them for now */
	uint64_t steps;       /* left, of RULES_STEPS_GRAIN instructions each */
	bool over;            /* steps were used up */
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
	const char *folder; /* of the file that is being loaded: lists are looked for there */
	uint8_t *said;      /* by rule: its failure was said; memory that all workers share */
	/* what is running; NULL between two calls */
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
	struct rule_pair *pair; /* NULL before it is needed */
	int notes;              /* table by rule, in Lua's registry; LUA_NOREF */
	GString *user;          /* of the last AUTH that succeeded */
	GPtrArray *tags;        /* struct rule_tag*; NULL */
	GArray *kept;           /* int: transactions; NULL */
	GByteArray *content;    /* kept of the open content, for YARA; NULL */
	bool tls, dropped;
};

/* ---- state.c: Lua with bounds ---- */

/* state_new - a Lua in which only what library.c and its like offer can be used. */
lua_State *state_new(struct rules *rules);
/* state_call - calls the function below `arguments` on the stack within a budget. Returns NULL, or what went wrong
 * (free with g_free). What is left on the stack: the results, when nothing did. */
char *state_call(struct rules *rules, int arguments, int results, uint64_t instructions, size_t memory);
/* state_load - runs a file of rules. Returns NULL, or what is wrong with it. */
char *state_load(struct rules *rules, const char *path);
/* rules_of - whose state this is. */
static inline struct rules *rules_of(lua_State *lua)
{
	return *(struct rules **)lua_getextraspace(lua);
}

/* ---- functions for rules ---- */
void library_open(lua_State *lua);
void strings_open(lua_State *lua); /* find, match, gmatch, gsub in the table on top */
void re_open(lua_State *lua);
void actions_open(lua_State *lua);
void session_open(lua_State *lua);
extern const char session_at_hand; /* its address: the key of the session object in Lua's registry */
/* match_context - the bounds of a match of PCRE2's: a pcre2_match_context. */
struct pcre2_real_match_context_8 *match_context(void);

/* ---- events.c: each leaves a table on the stack ---- */
void event_command(lua_State *lua, const struct session_command *command, bool show_secrets);
void event_response(lua_State *lua, const struct session_response *response);
void event_content(lua_State *lua, const struct transaction *tx, uint64_t offset, struct span piece, bool last);
void event_mail(lua_State *lua, const struct transaction *tx, const struct mail *mail);
void event_file(lua_State *lua, const struct transaction *tx, const struct mail *mail, const struct mail_part *part);
void event_auth(lua_State *lua, const struct session_auth *auth, bool show_secrets);
void event_tls(lua_State *lua, const struct tls_info *tls);
void event_session(lua_State *lua, const struct flow *flow, const struct session_summary *summary);
void event_alert(lua_State *lua, const struct alert *alert, const struct transaction *tx);
/* push_address - as text. */
void push_address(lua_State *lua, const struct address *address);

/* ---- lists.c: domains, addresses, networks, hashes, mail addresses, URLs ---- */

/* list_load - a file with one indicator a line, a comment after a tab. Returns NULL with error set. */
struct list *list_load(const char *path, GError **error);
size_t list_size(const struct list *list);
/* list_find - the comment of what matches (empty when it has none), NULL when nothing does. A domain matches with all
 * below it, an address also by its networks. `what` is told by its form. */
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
/* rules_pair - what is kept for the session's pair of addresses. */
struct rule_pair *rules_pair(struct rules_session *session);

#endif
