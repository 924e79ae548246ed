/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * state.c - Lua within limits: of memory, instructions and functions.
 *
 * Rules are loaded as text, never as bytecode, which could crash the interpreter. A hook counts instructions; once a
 * call exceeds its limit, every further step fails, so that a pcall around an endless loop does not help. The allocator
 * counts memory. C functions that may run long are not offered, or are replaced.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "private.h"

#define STEPS_GRAIN 1000 /* instructions between two checks of the limit */

/* allocate - Lua's allocator. Returns NULL when the limit is reached; Lua then collects garbage and tries again. */
static void *allocate(void *context, void *block, size_t old_size, size_t new_size)
{
	struct budget *budget = &((struct rules *)context)->budget;
	size_t held = block ? old_size : 0; /* without a block, old_size is a type */
	if (new_size == 0) {
		free(block);
		budget->memory -= held;
		return NULL;
	}
	if (new_size > held && budget->memory - held + new_size > budget->limit)
		return NULL;
	void *moved = realloc(block, new_size);
	if (moved)
		budget->memory += new_size - held;
	return moved;
}

/* on_count - called every STEPS_GRAIN instructions. */
static void on_count(lua_State *lua, lua_Debug *debug)
{
	struct budget *budget = &rules_of(lua)->budget;
	if (budget->steps > 0) {
		budget->steps--;
		return;
	}
	budget->exhausted = true;
	lua_sethook(lua, on_count, LUA_MASKCOUNT, 1);
	luaL_error(lua, "it runs too long");
}

/* on_panic - an error outside a protected call: a bug in smtpscan. */
static int on_panic(lua_State *lua)
{
	g_error("rules: %s", lua_tostring(lua, -1));
	return 0;
}

lua_State *state_new(struct rules *rules)
{
	rules->budget.limit = RULES_MEMORY_MAX;
	lua_State *lua = lua_newstate(allocate, rules);
	if (!lua)
		return NULL;
	*(struct rules **)lua_getextraspace(lua) = rules;
	lua_atpanic(lua, on_panic);
	rules->loading = true; /* while loading, globals can be set */
	library_open(lua);
	re_open(lua);
	actions_open(lua);
	session_open(lua);
	rules->loading = false;
	return lua;
}

char *state_call(struct rules *rules, int arguments, int results, uint64_t instructions, size_t memory)
{
	lua_State *lua = rules->lua;
	struct budget *budget = &rules->budget;
	int base = lua_gettop(lua) - arguments - 1;
	char *trouble = NULL;
	budget->steps = instructions / STEPS_GRAIN;
	budget->exhausted = false;
	budget->limit = MIN(budget->memory + memory, (size_t)RULES_MEMORY_MAX);
	lua_sethook(lua, on_count, LUA_MASKCOUNT, STEPS_GRAIN);
	int result = lua_pcall(lua, arguments, results, 0);
	lua_sethook(lua, NULL, 0, 0);
	budget->limit = RULES_MEMORY_MAX;
	if (result == LUA_ERRMEM)
		trouble = g_strdup("it needs too much memory");
	else if (result != LUA_OK && lua_type(lua, -1) == LUA_TSTRING)
		trouble = g_strdup(lua_tostring(lua, -1));
	else if (result != LUA_OK)
		trouble = g_strdup("it fails with an error that is not a string");
	else if (budget->exhausted) /* the rule caught the error */
		trouble = g_strdup("it runs too long");
	if (trouble)
		lua_settop(lua, base);
	return trouble;
}

/* read_rules - reads a file of rules; NULL with an error message in *trouble. */
static char *read_rules(const char *path, size_t *size, char **trouble)
{
	struct stat status;
	GError *error = NULL;
	char *text = NULL;
	if (stat(path, &status) != 0)
		*trouble = g_strdup_printf("%s: %s", path, g_strerror(errno));
	else if (!S_ISREG(status.st_mode))
		*trouble = g_strdup_printf("%s: not a file of rules", path);
	else if (status.st_size > RULES_FILE_MAX)
		*trouble = g_strdup_printf("%s: a file of rules has at most %d octets", path, RULES_FILE_MAX);
	else if (!g_file_get_contents(path, &text, size, &error)) {
		*trouble = g_strdup(error->message);
		g_error_free(error);
	} else if (memchr(text, '\0', *size) || !g_utf8_validate(text, (gssize)*size, NULL)) {
		*trouble = g_strdup_printf("%s: not a file of rules: it is not text", path);
		g_clear_pointer(&text, g_free);
	}
	return text;
}

/* calls_keep - does the text call keep()? */
static bool calls_keep(const char *text)
{
	for (const char *at = text; (at = strstr(at, "keep")) != NULL; at += strlen("keep")) {
		bool word = at == text || !(g_ascii_isalnum(at[-1]) || at[-1] == '_');
		const char *behind = at + strlen("keep");
		if (word && behind[strspn(behind, " \t")] == '(')
			return true;
	}
	return false;
}

char *state_load(struct rules *rules, const char *path)
{
	size_t size;
	char *trouble = NULL, *text = read_rules(path, &size, &trouble);
	if (!text)
		return trouble;
	char *folder = g_path_get_dirname(path), *chunk = g_strdup_printf("@%s", path);
	const guint before = rules->rules->len;
	if (luaL_loadbufferx(rules->lua, text, size, chunk, "t") != LUA_OK) {
		trouble = g_strdup(lua_tostring(rules->lua, -1));
		lua_pop(rules->lua, 1);
	} else {
		rules->folder = folder;
		rules->loading = true;
		trouble = state_call(rules, 0, 0, RULES_LOAD_STEPS_MAX, RULES_MEMORY_MAX);
		rules->loading = false;
	}
	if (trouble && !strstr(trouble, path)) {
		char *named = g_strdup_printf("%s: %s", path, trouble);
		g_free(trouble);
		trouble = named;
	}
	if (!trouble && rules->rules->len == before)
		trouble = g_strdup_printf("%s: it contains no rule", path);
	rules->keeps |= calls_keep(text);
	g_free(text);
	g_free(folder);
	g_free(chunk);
	return trouble;
}
