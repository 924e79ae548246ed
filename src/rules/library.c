/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * library.c - the functions of Lua's standard library that rules can use: an allow-list, and replacements.
 *
 * Not offered are functions that reach files, the system, the debugger or bytecode; that may take long in one C call
 * (table.move; string.find and the like, which strings.c replaces; metatables with __gc or __len); and that differ from
 * run to run (random numbers, the order of pairs, addresses in strings). pairs visits keys in order: numbers, then
 * strings, then others in any order.
 */
#include <lualib.h>
#include <string.h>

#include "private.h"

static const char *const base_names[] = {
	"assert",
	"error",
	"ipairs",
	"pcall",
	"rawequal",
	"rawget",
	"rawlen",
	"rawset",
	"select",
	"tonumber",
	"type",
	"getmetatable",
};
static const char *const string_names[] = {
	"byte",
	"char",
	"len",
	"lower",
	"pack",
	"packsize",
	"rep",
	"reverse",
	"sub",
	"unpack",
	"upper",
};
static const char *const table_names[] = { "concat", "insert", "pack", "remove", "sort", "unpack" };
static const char *const math_names[] = {
	"abs",
	"ceil",
	"floor",
	"fmod",
	"huge",
	"max",
	"maxinteger",
	"min",
	"mininteger",
	"modf",
	"pi",
	"sqrt",
	"tointeger",
	"type",
	"ult",
};
static const char *const utf8_names[] = { "char", "charpattern", "codepoint", "codes", "len", "offset" };

/* copy_fields - copies these fields from the table on top into the one below it, and pops the table on top. */
static void copy_fields(lua_State *lua, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		lua_getfield(lua, -1, names[i]);
		lua_setfield(lua, -3, names[i]);
	}
	lua_pop(lua, 1);
}

/* open_library - makes a library with only these functions a global; leaves its table on the stack. */
static void open_library(lua_State *lua, const char *name, lua_CFunction open, const char *const *names, size_t count)
{
	lua_newtable(lua);
	lua_pushcfunction(lua, open);
	lua_pushstring(lua, name);
	lua_call(lua, 1, 1);
	copy_fields(lua, names, count);
	lua_pushvalue(lua, -1);
	lua_setglobal(lua, name);
}

/* push_text - the value as by tostring, but without addresses. */
static void push_text(lua_State *lua, int index)
{
	int type = lua_type(lua, index);
	bool own = luaL_getmetafield(lua, index, "__tostring") != LUA_TNIL;
	if (own)
		lua_pop(lua, 1);
	if (own || type == LUA_TNIL || type == LUA_TBOOLEAN || type == LUA_TNUMBER || type == LUA_TSTRING)
		luaL_tolstring(lua, index, NULL);
	else
		lua_pushstring(lua, lua_typename(lua, type));
}

static int do_tostring(lua_State *lua)
{
	luaL_checkany(lua, 1);
	push_text(lua, 1);
	return 1;
}

/* do_format - string.format without %p; the original is its upvalue. */
static int do_format(lua_State *lua)
{
	const char *format = luaL_checkstring(lua, 1);
	luaL_argcheck(lua, !strstr(format, "%p"), 1, "%p is not available");
	int count = lua_gettop(lua);
	for (int i = 2; i <= count; i++)
		if (lua_type(lua, i) != LUA_TNUMBER && lua_type(lua, i) != LUA_TSTRING) {
			push_text(lua, i);
			lua_replace(lua, i);
		}
	lua_pushvalue(lua, lua_upvalueindex(1));
	lua_insert(lua, 1);
	lua_call(lua, count, 1);
	return 1;
}

static int do_setmetatable(lua_State *lua)
{
	luaL_checktype(lua, 1, LUA_TTABLE);
	luaL_argexpected(lua, lua_isnoneornil(lua, 2) || lua_istable(lua, 2), 2, "nil or table");
	if (luaL_getmetafield(lua, 1, "__metatable") != LUA_TNIL)
		return luaL_error(lua, "this metatable is protected");
	lua_settop(lua, 2);
	for (const char *const *name = (const char *const[]){ "__gc", "__len", "__close", NULL }; *name; name++) {
		bool there = lua_istable(lua, 2) && lua_getfield(lua, 2, *name) != LUA_TNIL;
		lua_settop(lua, 2);
		if (there)
			return luaL_error(lua, "rules can't set a metatable with %s", *name);
	}
	lua_setmetatable(lua, 1);
	return 1;
}

/* ---- pairs in order ---- */

/* key_before - comparison for sort: numbers, then strings. */
static int key_before(lua_State *lua)
{
	int a = lua_type(lua, 1), b = lua_type(lua, 2);
	bool before = a == b && (a == LUA_TNUMBER || a == LUA_TSTRING) ? lua_compare(lua, 1, 2, LUA_OPLT)
								       : a == LUA_TNUMBER && b == LUA_TSTRING;
	lua_pushboolean(lua, before);
	return 1;
}

/* next_key - the iterator of pairs: its upvalues are the sorted keys and the current index. */
static int next_key(lua_State *lua)
{
	lua_Integer place = lua_tointeger(lua, lua_upvalueindex(2)) + 1;
	luaL_checktype(lua, 1, LUA_TTABLE); /* a rule can call the iterator itself */
	for (;; place++) {
		if (lua_rawgeti(lua, lua_upvalueindex(1), place) == LUA_TNIL)
			return 1;
		lua_pushvalue(lua, -1);
		if (lua_rawget(lua, 1) != LUA_TNIL) /* it may have been removed meanwhile */
			break;
		lua_pop(lua, 2);
	}
	lua_pushinteger(lua, place);
	lua_replace(lua, lua_upvalueindex(2));
	return 2;
}

/* do_pairs - pairs; the original table.sort is its upvalue. */
static int do_pairs(lua_State *lua)
{
	luaL_checktype(lua, 1, LUA_TTABLE);
	lua_settop(lua, 1);
	lua_newtable(lua);
	lua_Integer numbers = 0, texts = 0;
	for (lua_pushnil(lua); lua_next(lua, 1); numbers++) {
		lua_pop(lua, 1);
		int type = lua_type(lua, -1);
		if (type != LUA_TNUMBER && type != LUA_TSTRING) { /* after the others, not sorted */
			numbers--;
			continue;
		}
		lua_pushvalue(lua, -1);
		lua_rawseti(lua, 2, numbers + 1);
	}
	lua_pushvalue(lua, lua_upvalueindex(1));
	lua_pushvalue(lua, 2);
	lua_pushcfunction(lua, key_before);
	lua_call(lua, 2, 0);
	for (lua_pushnil(lua); lua_next(lua, 1);) {
		lua_pop(lua, 1);
		if (lua_type(lua, -1) == LUA_TNUMBER || lua_type(lua, -1) == LUA_TSTRING)
			continue;
		lua_pushvalue(lua, -1);
		lua_rawseti(lua, 2, numbers + ++texts);
	}
	lua_pushinteger(lua, 0);
	lua_pushcclosure(lua, next_key, 2);
	lua_pushvalue(lua, 1);
	lua_pushnil(lua);
	return 3;
}

/* set_global - running rules can't set globals, because their values would depend on how the work is divided. */
static int set_global(lua_State *lua)
{
	if (!rules_of(lua)->loading)
		return luaL_error(lua,
			"the global '%s' is set in a rule: keep it in session.notes or session.pair, or make it local",
			luaL_tolstring(lua, 2, NULL));
	lua_rawset(lua, 1);
	return 0;
}

/* set_protected - makes the table on top the metatable of the value below it; rules can't see or change it. */
static void set_protected(lua_State *lua)
{
	lua_pushboolean(lua, false);
	lua_setfield(lua, -2, "__metatable");
	lua_setmetatable(lua, -2);
}

/* open_globals - a new table of globals. The base library is opened in a temporary one, so that nothing else becomes a
 * global. */
static void open_globals(lua_State *lua)
{
	lua_pushcfunction(lua, luaopen_base);
	lua_call(lua, 0, 1); /* the table of globals, with the whole base library */
	lua_newtable(lua);
	lua_pushvalue(lua, -2);
	copy_fields(lua, base_names, G_N_ELEMENTS(base_names));
	lua_pushvalue(lua, -1);
	lua_rawseti(lua, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS);
	lua_pushcfunction(lua, do_tostring);
	lua_setfield(lua, -2, "tostring");
	lua_pushcfunction(lua, do_setmetatable);
	lua_setfield(lua, -2, "setmetatable");
	lua_newtable(lua);
	lua_pushcfunction(lua, set_global);
	lua_setfield(lua, -2, "__newindex");
	set_protected(lua);
}

/* open_strings - the string library, with its own format. It is also the methods of strings, which rules can't change.
 */
static void open_strings(lua_State *lua)
{
	lua_pushcfunction(lua, luaopen_string);
	lua_call(lua, 0, 1);
	lua_getfield(lua, -1, "format");
	lua_newtable(lua);
	lua_pushvalue(lua, -3);
	copy_fields(lua, string_names, G_N_ELEMENTS(string_names));
	lua_pushvalue(lua, -2);
	lua_pushcclosure(lua, do_format, 1);
	lua_setfield(lua, -2, "format");
	strings_open(lua);
	lua_pushliteral(lua, "");
	lua_newtable(lua);
	lua_pushvalue(lua, -3);
	lua_setfield(lua, -2, "__index");
	set_protected(lua);
	lua_pop(lua, 1);
	lua_setglobal(lua, "string");
}

void library_open(lua_State *lua)
{
	open_globals(lua);
	open_library(lua, "math", luaopen_math, math_names, G_N_ELEMENTS(math_names));
	open_library(lua, "utf8", luaopen_utf8, utf8_names, G_N_ELEMENTS(utf8_names));
	open_library(lua, "table", luaopen_table, table_names, G_N_ELEMENTS(table_names));
	lua_getfield(lua, -1, "sort");
	lua_pushcclosure(lua, do_pairs, 1);
	lua_setglobal(lua, "pairs");
	open_strings(lua);
	lua_settop(lua, 0);
}
