/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * strings.c - string.find, match, gmatch and gsub for rules: Lua patterns (pattern.h), run by PCRE2.
 *
 * Lua's own functions can take unlimited time in one call. PCRE2 fails after MATCH_STEPS_MAX steps. Up to
 * PATTERNS_KEPT_MAX compiled patterns are kept.
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <string.h>

#include "pattern.h"
#include "private.h"

#define PATTERNS_KEPT_MAX 500
#define KIND "smtpscan pattern"
#define SPECIALS "^$*+?.([%-"

struct compiled {
	pcre2_code *code;
	pcre2_match_data *match;
	bool anchored;
	unsigned count;
	struct capture_place captures[PATTERN_CAPTURES_MAX];
};

static const char kept; /* its address is the registry key of the table of compiled patterns */

static int compiled_gc(lua_State *lua)
{
	struct compiled *compiled = lua_touserdata(lua, 1);
	pcre2_match_data_free(compiled->match);
	pcre2_code_free(compiled->code);
	return 0;
}

/* compile_pattern - compiles a pattern; leaves the userdata on the stack. */
static struct compiled *compile_pattern(lua_State *lua, struct span pattern, bool anchors)
{
	struct translated translated;
	struct compiled *compiled = lua_newuserdatauv(lua, sizeof *compiled, 0);
	*compiled = (struct compiled){ 0 };
	luaL_setmetatable(lua, KIND);
	const char *error = pattern_translate(pattern, anchors, &translated);
	int number;
	PCRE2_SIZE place;
	if (!error) {
		compiled->code = pcre2_compile(
			(PCRE2_SPTR)translated.text->str, translated.text->len, PCRE2_NEVER_UTF, &number, &place, NULL);
		if (!compiled->code)
			error = "the pattern is too complex";
	}
	g_string_free(translated.text, TRUE);
	if (error)
		luaL_error(lua, "%s", error);
	pcre2_jit_compile(compiled->code, PCRE2_JIT_COMPLETE);
	compiled->match = pcre2_match_data_create_from_pattern(compiled->code, NULL);
	compiled->anchored = translated.anchored;
	compiled->count = translated.count;
	memcpy(compiled->captures, translated.captures, sizeof compiled->captures);
	return compiled;
}

/* pattern_at - compiles the pattern in argument `index`, or takes the kept one; leaves it on the stack. */
static struct compiled *pattern_at(lua_State *lua, int index, bool anchors)
{
	size_t size;
	const char *text = luaL_checklstring(lua, index, &size);
	lua_rawgetp(lua, LUA_REGISTRYINDEX, &kept);
	lua_pushstring(lua, anchors ? "^" : "*"); /* the same pattern with and without anchors has two keys */
	lua_pushvalue(lua, index);
	lua_concat(lua, 2);
	lua_pushvalue(lua, -1);
	if (lua_rawget(lua, -3) == LUA_TUSERDATA) {
		lua_replace(lua, -3);
		lua_pop(lua, 1);
		return lua_touserdata(lua, -1);
	}
	lua_pop(lua, 1);
	struct compiled *compiled = compile_pattern(lua, span_of(text, size), anchors);
	lua_Integer count = (lua_rawgeti(lua, -3, 1), lua_tointeger(lua, -1));
	lua_pop(lua, 1);
	if (count >= PATTERNS_KEPT_MAX) {
		lua_newtable(lua);
		lua_pushvalue(lua, -1);
		lua_rawsetp(lua, LUA_REGISTRYINDEX, &kept);
		lua_replace(lua, -4);
		count = 0;
	}
	lua_pushinteger(lua, count + 1);
	lua_rawseti(lua, -4, 1); /* number of patterns; all other keys are strings */
	lua_insert(lua, -2);     /* table, userdata, key */
	lua_pushvalue(lua, -2);
	lua_rawset(lua, -4);
	lua_replace(lua, -2);
	return compiled;
}

/* string_search - the next match from `from` on. Returns false when there is none. */
static bool string_search(lua_State *lua, const struct compiled *compiled, const char *text, size_t size, size_t from)
{
	int result = pcre2_match(compiled->code, (PCRE2_SPTR)text, size, from,
		(compiled->anchored ? PCRE2_ANCHORED : 0) | PCRE2_NO_UTF_CHECK, compiled->match, match_context());
	if (result == PCRE2_ERROR_NOMATCH)
		return false;
	if (result < 0)
		luaL_error(lua, "the pattern takes too long on this text");
	return true;
}

/* push_capture - capture number `i`, from 0; the whole match when the pattern has no captures. */
static void push_capture(lua_State *lua, const struct compiled *compiled, const char *text, unsigned i)
{
	const PCRE2_SIZE *places = pcre2_get_ovector_pointer(compiled->match);
	if (i >= compiled->count) {
		if (i > 0)
			luaL_error(lua, "invalid capture index %%%d", (int)i + 1);
		lua_pushlstring(lua, text + places[0], places[1] - places[0]);
		return;
	}
	const PCRE2_SIZE *place = places + 2 * (size_t)compiled->captures[i].group;
	if (compiled->captures[i].position)
		lua_pushinteger(lua, (lua_Integer)place[0] + 1);
	else
		lua_pushlstring(lua, text + place[0], place[1] - place[0]);
}

/* push_captures - pushes all captures. Returns their number. */
static int push_captures(lua_State *lua, const struct compiled *compiled, const char *text, bool whole)
{
	unsigned count = compiled->count == 0 && whole ? 1 : compiled->count;
	luaL_checkstack(lua, (int)count, "too many captures");
	for (unsigned i = 0; i < count; i++)
		push_capture(lua, compiled, text, i);
	return (int)count;
}

/* start_of - argument `index` (INIT: from 1, or negative from the end) as an offset; it may be beyond the end. */
static size_t start_of(lua_State *lua, int index, size_t size)
{
	lua_Integer init = luaL_optinteger(lua, index, 1);
	if (init > 0)
		return (size_t)init - 1;
	return init == 0 || (lua_Unsigned)-init > size ? 0 : size - (size_t)-init;
}

static int find_pattern(lua_State *lua, bool places_wanted)
{
	size_t size, wanted_size;
	const char *text = luaL_checklstring(lua, 1, &size), *wanted = luaL_checklstring(lua, 2, &wanted_size);
	size_t from = start_of(lua, 3, size);
	if (from > size) {
		lua_pushnil(lua);
		return 1;
	}
	if (places_wanted && (lua_toboolean(lua, 4) || strcspn(wanted, SPECIALS) == wanted_size)) {
		const char *at = memmem(text + from, size - from, wanted, wanted_size);
		if (!at) {
			lua_pushnil(lua);
			return 1;
		}
		lua_pushinteger(lua, at - text + 1);
		lua_pushinteger(lua, at - text + (lua_Integer)wanted_size);
		return 2;
	}
	const struct compiled *compiled = pattern_at(lua, 2, true);
	if (!string_search(lua, compiled, text, size, from)) {
		lua_pushnil(lua);
		return 1;
	}
	if (!places_wanted)
		return push_captures(lua, compiled, text, true);
	const PCRE2_SIZE *places = pcre2_get_ovector_pointer(compiled->match);
	lua_pushinteger(lua, (lua_Integer)places[0] + 1);
	lua_pushinteger(lua, (lua_Integer)places[1]);
	return 2 + push_captures(lua, compiled, text, false);
}

static int do_find(lua_State *lua)
{
	return find_pattern(lua, true);
}

static int do_match(lua_State *lua)
{
	return find_pattern(lua, false);
}

/* search_anew - the next match from *from on, except an empty one at the end of the last match (`last`). */
static bool search_anew(
	lua_State *lua, const struct compiled *compiled, const char *text, size_t size, size_t *from, size_t last)
{
	const PCRE2_SIZE *places = pcre2_get_ovector_pointer(compiled->match);
	while (*from <= size && string_search(lua, compiled, text, size, *from)) {
		if (places[1] != last)
			return true;
		if (compiled->anchored)
			return false;
		(*from)++;
	}
	return false;
}

/* string_gmatch_next - upvalues: the text, the pattern, where to continue, the end of the last match. */
static int string_gmatch_next(lua_State *lua)
{
	size_t size;
	const char *text = lua_tolstring(lua, lua_upvalueindex(1), &size);
	const struct compiled *compiled = lua_touserdata(lua, lua_upvalueindex(2));
	size_t from = (size_t)lua_tointeger(lua, lua_upvalueindex(3));
	size_t last = (size_t)lua_tointeger(lua, lua_upvalueindex(4));
	if (!search_anew(lua, compiled, text, size, &from, last)) {
		lua_pushnil(lua);
		return 1;
	}
	lua_Integer end = (lua_Integer)pcre2_get_ovector_pointer(compiled->match)[1];
	for (int i = 3; i <= 4; i++) {
		lua_pushinteger(lua, end);
		lua_replace(lua, lua_upvalueindex(i));
	}
	return push_captures(lua, compiled, text, true);
}

static int do_gmatch(lua_State *lua)
{
	size_t size;
	luaL_checklstring(lua, 1, &size);
	size_t from = start_of(lua, 3, size);
	pattern_at(lua, 2, false);
	lua_pushvalue(lua, 1);
	lua_insert(lua, -2);
	lua_pushinteger(lua, (lua_Integer)MIN(from, size + 1));
	lua_pushinteger(lua, -1);
	lua_pushcclosure(lua, string_gmatch_next, 4);
	return 1;
}

/* add_template - adds a replacement string, which may contain %0 to %9 and %%. */
static void add_template(lua_State *lua, luaL_Buffer *out, const struct compiled *compiled, const char *text)
{
	size_t size;
	const char *template = lua_tolstring(lua, 3, &size), *end = template + size;
	const PCRE2_SIZE *places = pcre2_get_ovector_pointer(compiled->match);
	for (const char *at = template; at < end; at++) {
		if (*at != '%') {
			luaL_addchar(out, *at);
			continue;
		}
		at++;
		if (at < end && *at == '%') {
			luaL_addchar(out, '%');
		} else if (at < end && *at == '0') {
			luaL_addlstring(out, text + places[0], places[1] - places[0]);
		} else if (at < end && g_ascii_isdigit(*at)) {
			push_capture(lua, compiled, text, (unsigned)(*at - '1'));
			luaL_tolstring(lua, -1, NULL);
			lua_remove(lua, -2);
			luaL_addvalue(out);
		} else {
			luaL_error(lua, "invalid use of '%%' in replacement string");
		}
	}
}

/* add_replacement - adds the replacement for the current match. */
static void add_replacement(lua_State *lua, luaL_Buffer *out, const struct compiled *compiled, const char *text)
{
	const PCRE2_SIZE *places = pcre2_get_ovector_pointer(compiled->match);
	const size_t start = places[0], end = places[1];
	switch (lua_type(lua, 3)) {
	case LUA_TFUNCTION:
		lua_pushvalue(lua, 3);
		lua_call(lua, push_captures(lua, compiled, text, true), 1);
		break;
	case LUA_TTABLE:
		push_capture(lua, compiled, text, 0);
		lua_gettable(lua, 3);
		break;
	default:
		add_template(lua, out, compiled, text);
		return;
	}
	if (!lua_toboolean(lua, -1)) {
		lua_pop(lua, 1);
		lua_pushlstring(lua, text + start, end - start);
	} else if (!lua_isstring(lua, -1)) {
		luaL_error(lua, "invalid replacement value (a %s)", luaL_typename(lua, -1));
	}
	luaL_addvalue(out);
}

static int do_gsub(lua_State *lua)
{
	size_t size, from = 0, done = 0, last = SIZE_MAX;
	const char *text = luaL_checklstring(lua, 1, &size);
	int type = lua_type(lua, 3);
	luaL_argexpected(lua, type == LUA_TNUMBER || type == LUA_TSTRING || type == LUA_TFUNCTION || type == LUA_TTABLE,
		3, "string/function/table");
	lua_Integer most = luaL_optinteger(lua, 4, (lua_Integer)size + 1), count = 0;
	lua_settop(lua, 4);
	const struct compiled *compiled = pattern_at(lua, 2, true);
	luaL_Buffer out;
	luaL_buffinit(lua, &out);
	while (count < most && search_anew(lua, compiled, text, size, &from, last)) {
		const PCRE2_SIZE *places = pcre2_get_ovector_pointer(compiled->match);
		const size_t start = places[0], end = places[1];
		luaL_addlstring(&out, text + done, start - done);
		add_replacement(lua, &out, compiled, text);
		from = done = last = end;
		count++;
		if (compiled->anchored)
			break;
	}
	luaL_addlstring(&out, text + done, size - done);
	luaL_pushresult(&out);
	lua_pushinteger(lua, count);
	return 2;
}

void strings_open(lua_State *lua)
{
	static const luaL_Reg functions[] = { { "find", do_find }, { "match", do_match }, { "gmatch", do_gmatch },
		{ "gsub", do_gsub }, { NULL, NULL } };
	luaL_newmetatable(lua, KIND);
	lua_pushcfunction(lua, compiled_gc);
	lua_setfield(lua, -2, "__gc");
	lua_pop(lua, 1);
	lua_newtable(lua);
	lua_rawsetp(lua, LUA_REGISTRYINDEX, &kept);
	luaL_setfuncs(lua, functions, 0);
}
