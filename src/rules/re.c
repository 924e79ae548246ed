/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * re.c - the module `re`: PCRE2's regular expressions, also on content that comes piece by piece.
 *
 *	re.new(PATTERN [, FLAGS])   FLAGS: i, m, s, x as in Perl; u: UTF-8
 *	r:find_match(TEXT [, INIT])       start, end, captures; nil
 *	r:match(TEXT [, INIT])      captures, or the whole match; nil
 *	r:gmatch(TEXT)              an iterator of the same
 *	r:stream()                  s:feed(PIECE [, LAST]): the match (text, offset from 0) or nil
 *
 * A match takes at most MATCH_STEPS_MAX steps. A stream keeps what may still become part of a match, at most
 * STREAM_KEPT_MAX octets; longer matches are not found. A match that ends at the end of a piece is found with the next
 * piece or with LAST. feed returns the first match; the next calls return further ones.
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <string.h>

#include "private.h"

#define KIND "smtpscan regular expression"
#define STREAM_KIND "smtpscan stream"
#define MATCH_STEPS_MAX 1000000    /* PCRE2's match limit */
#define MATCH_HEAP_MAX (16 * 1024) /* KiB */
#define EXPRESSION_MAX (64 * 1024) /* octets of an expression */
#define STREAM_KEPT_MAX (64 * 1024)

struct expression {
	pcre2_code *code;
	pcre2_match_data *match;
	uint32_t groups, behind; /* behind: octets that a look-behind may examine */
};

struct re_stream {
	GByteArray *kept;
	uint64_t offset; /* of `kept` in the content */
	size_t from;     /* in `kept`: octets before it were searched */
};

pcre2_match_context *match_context(void)
{
	static pcre2_match_context *context;
	if (!context) {
		context = pcre2_match_context_create(NULL);
		pcre2_set_match_limit(context, MATCH_STEPS_MAX);
		pcre2_set_heap_limit(context, MATCH_HEAP_MAX);
	}
	return context;
}

static int expression_gc(lua_State *lua)
{
	struct expression *expression = lua_touserdata(lua, 1);
	pcre2_match_data_free(expression->match);
	pcre2_code_free(expression->code);
	return 0;
}

/* flags_of - PCRE2's options for these letters. */
static uint32_t flags_of(lua_State *lua, const char *letters)
{
	uint32_t flags = 0;
	for (; *letters; letters++) {
		uint32_t flag = *letters == 'i'   ? PCRE2_CASELESS
				: *letters == 'm' ? PCRE2_MULTILINE
				: *letters == 's' ? PCRE2_DOTALL
				: *letters == 'x' ? PCRE2_EXTENDED
				: *letters == 'u' ? PCRE2_UTF | PCRE2_UCP | PCRE2_MATCH_INVALID_UTF
						  : 0;
		if (!flag)
			luaL_error(lua, "'%c' is not a flag of re.new", *letters);
		flags |= flag;
	}
	return flags;
}

static int re_new(lua_State *lua)
{
	size_t size;
	const char *pattern = luaL_checklstring(lua, 1, &size);
	uint32_t flags = flags_of(lua, luaL_optstring(lua, 2, ""));
	int number;
	PCRE2_SIZE place;
	luaL_argcheck(lua, size <= EXPRESSION_MAX, 1, "the expression is too long");
	struct expression *expression = lua_newuserdatauv(lua, sizeof *expression, 0);
	*expression = (struct expression){ 0 };
	luaL_setmetatable(lua, KIND);
	expression->code =
		pcre2_compile((PCRE2_SPTR)pattern, size, flags | PCRE2_NEVER_BACKSLASH_C, &number, &place, NULL);
	if (!expression->code) {
		char text[128];
		pcre2_get_error_message(number, (PCRE2_UCHAR *)text, sizeof text);
		return luaL_error(lua, "at octet %d of the expression: %s", (int)place, text);
	}
	pcre2_jit_compile(expression->code, PCRE2_JIT_COMPLETE | PCRE2_JIT_PARTIAL_HARD);
	expression->match = pcre2_match_data_create_from_pattern(expression->code, NULL);
	pcre2_pattern_info(expression->code, PCRE2_INFO_CAPTURECOUNT, &expression->groups);
	pcre2_pattern_info(expression->code, PCRE2_INFO_MAXLOOKBEHIND, &expression->behind);
	expression->behind *= flags & PCRE2_UTF ? 4 : 1;
	return 1;
}

/* re_search - returns PCRE2's result: above 0 for a match, PCRE2_ERROR_NOMATCH, or PCRE2_ERROR_PARTIAL. */
static int re_search(lua_State *lua, const struct expression *expression, const void *text, size_t size, size_t from,
	uint32_t options)
{
	int result = pcre2_match(expression->code, text, size, from, options, expression->match, match_context());
	if (result < 0 && result != PCRE2_ERROR_NOMATCH && result != PCRE2_ERROR_PARTIAL)
		luaL_error(lua, "the regular expression takes too long on this text");
	return result;
}

/* push_group - pushes a group's text; false when the group is not part of the match. */
static void push_group(lua_State *lua, const struct expression *expression, const char *text, uint32_t group)
{
	const PCRE2_SIZE *place = pcre2_get_ovector_pointer(expression->match) + 2 * (size_t)group;
	if (place[0] == PCRE2_UNSET)
		lua_pushboolean(lua, false);
	else
		lua_pushlstring(lua, text + place[0], place[1] > place[0] ? place[1] - place[0] : 0);
}

/* push_groups - pushes all groups, or the whole match when there are none. Returns their number. */
static int push_groups(lua_State *lua, const struct expression *expression, const char *text, bool whole)
{
	luaL_checkstack(lua, (int)expression->groups + 1, "too many groups");
	for (uint32_t group = 1; group <= expression->groups; group++)
		push_group(lua, expression, text, group);
	if (expression->groups > 0 || !whole)
		return (int)expression->groups;
	push_group(lua, expression, text, 0);
	return 1;
}

static int find_match(lua_State *lua, bool places_wanted)
{
	const struct expression *expression = luaL_checkudata(lua, 1, KIND);
	size_t size;
	const char *text = luaL_checklstring(lua, 2, &size);
	lua_Integer init = luaL_optinteger(lua, 3, 1);
	if (init < 1 || (lua_Unsigned)init - 1 > size ||
		re_search(lua, expression, text, size, (size_t)init - 1, 0) < 0) {
		lua_pushnil(lua);
		return 1;
	}
	if (!places_wanted)
		return push_groups(lua, expression, text, true);
	const PCRE2_SIZE *places = pcre2_get_ovector_pointer(expression->match);
	lua_pushinteger(lua, (lua_Integer)places[0] + 1);
	lua_pushinteger(lua, (lua_Integer)places[1]);
	return 2 + push_groups(lua, expression, text, false);
}

static int re_find(lua_State *lua)
{
	return find_match(lua, true);
}

static int re_match(lua_State *lua)
{
	return find_match(lua, false);
}

/* re_gmatch_next - upvalues: the expression, the text, where to continue. After an empty match, continues one octet
 * later.
 */
static int re_gmatch_next(lua_State *lua)
{
	const struct expression *expression = lua_touserdata(lua, lua_upvalueindex(1));
	size_t size, from = (size_t)lua_tointeger(lua, lua_upvalueindex(3));
	const char *text = lua_tolstring(lua, lua_upvalueindex(2), &size);
	if (from > size || re_search(lua, expression, text, size, from, 0) < 0) {
		lua_pushnil(lua);
		return 1;
	}
	const PCRE2_SIZE *places = pcre2_get_ovector_pointer(expression->match);
	lua_pushinteger(lua, (lua_Integer)places[1] + (places[1] <= places[0]));
	lua_replace(lua, lua_upvalueindex(3));
	return push_groups(lua, expression, text, true);
}

static int re_gmatch(lua_State *lua)
{
	luaL_checkudata(lua, 1, KIND);
	luaL_checkstring(lua, 2);
	lua_settop(lua, 2);
	lua_pushinteger(lua, 0);
	lua_pushcclosure(lua, re_gmatch_next, 3);
	return 1;
}

/* ---- streams ---- */

static int stream_gc(lua_State *lua)
{
	struct re_stream *stream = lua_touserdata(lua, 1);
	if (stream->kept)
		g_byte_array_free(g_steal_pointer(&stream->kept), TRUE);
	return 0;
}

static int re_stream(lua_State *lua)
{
	luaL_checkudata(lua, 1, KIND);
	struct re_stream *stream = lua_newuserdatauv(lua, sizeof *stream, 1);
	*stream = (struct re_stream){ 0 };
	luaL_setmetatable(lua, STREAM_KIND);
	stream->kept = g_byte_array_new();
	lua_pushvalue(lua, 1);
	lua_setiuservalue(lua, -2, 1);
	return 1;
}

/* drop_octets - drops what is before `to`, except what a look-behind may examine. */
static void drop_octets(struct re_stream *stream, const struct expression *expression, size_t to)
{
	size_t most = stream->kept->len > STREAM_KEPT_MAX ? stream->kept->len - STREAM_KEPT_MAX : 0;
	size_t gone = MAX(to > expression->behind ? to - expression->behind : 0, most);
	stream->from = MAX(to, most) - gone;
	stream->offset += gone;
	if (gone > 0)
		g_byte_array_remove_range(stream->kept, 0, (guint)gone);
}

static int stream_feed(lua_State *lua)
{
	struct re_stream *stream = luaL_checkudata(lua, 1, STREAM_KIND);
	size_t size;
	const char *piece = luaL_optlstring(lua, 2, "", &size);
	const bool last = lua_toboolean(lua, 3);
	luaL_argcheck(lua, size < G_MAXINT / 2, 2, "the piece is too long");
	lua_getiuservalue(lua, 1, 1);
	const struct expression *expression = lua_touserdata(lua, -1);
	g_byte_array_append(stream->kept, (const uint8_t *)piece, (guint)size);
	const PCRE2_SIZE *places = pcre2_get_ovector_pointer(expression->match);
	int result = re_search(lua, expression, stream->kept->data, stream->kept->len, stream->from,
		(last ? 0 : PCRE2_PARTIAL_HARD) | (stream->offset > 0 ? PCRE2_NOTBOL : 0));
	if (result < 0) {
		drop_octets(stream, expression, result == PCRE2_ERROR_PARTIAL ? places[0] : stream->kept->len);
		lua_pushnil(lua);
		return 1;
	}
	lua_pushlstring(lua, (const char *)stream->kept->data + places[0], places[1] - MIN(places[0], places[1]));
	lua_pushinteger(lua, (lua_Integer)(stream->offset + places[0]));
	drop_octets(stream, expression, MIN(places[1] + (places[1] <= places[0]), stream->kept->len));
	return 2;
}

/* kind - makes a metatable with these methods. */
static void kind(lua_State *lua, const char *name, const luaL_Reg *methods, lua_CFunction gc)
{
	luaL_newmetatable(lua, name);
	lua_newtable(lua);
	luaL_setfuncs(lua, methods, 0);
	lua_setfield(lua, -2, "__index");
	lua_pushcfunction(lua, gc);
	lua_setfield(lua, -2, "__gc");
	lua_pushboolean(lua, false);
	lua_setfield(lua, -2, "__metatable");
	lua_pop(lua, 1);
}

void re_open(lua_State *lua)
{
	static const luaL_Reg methods[] = { { "find", re_find }, { "match", re_match }, { "gmatch", re_gmatch },
		{ "stream", re_stream }, { NULL, NULL } };
	static const luaL_Reg stream_methods[] = { { "feed", stream_feed }, { NULL, NULL } };
	kind(lua, KIND, methods, expression_gc);
	kind(lua, STREAM_KIND, stream_methods, stream_gc);
	lua_newtable(lua);
	lua_pushcfunction(lua, re_new);
	lua_setfield(lua, -2, "new");
	lua_setglobal(lua, "re");
}
