/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * test_strings.c - find, match, gmatch and gsub of rules give what Lua's own give: over a list of patterns, and over
 * random ones; and they end where Lua's own would not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#include <lualib.h>
#include <string.h>

#include "rules/private.h"
#include "text.h"

#define RANDOM_CASES 20000

/* The functions compared: own.NAME and string.NAME, their results made one text. */
static const char prelude[] = "function show(...)\n"
			      "  local t = table.pack(...)\n"
			      "  for i = 1, t.n do t[i] = tostring(t[i]) end\n"
			      "  return table.concat(t, '|')\n"
			      "end\n"
			      "local function all(f, text, pattern)\n"
			      "  local out = {}\n"
			      "  for a, b, c in f(text, pattern) do\n"
			      "    out[#out + 1] = tostring(a) .. ',' .. tostring(b) .. ',' .. tostring(c)\n"
			      "    if #out > 100 then break end\n"
			      "  end\n"
			      "  return table.concat(out, ';')\n"
			      "end\n"
			      "local function try(f, ...)\n"
			      "  local ok, result = pcall(f, ...)\n"
			      "  return ok and result or 'error', not ok and result\n"
			      "end\n"
			      "function compare(text, pattern, replacement, init)\n"
			      "  for _, name in ipairs{ 'find', 'match', 'gmatch', 'gsub' } do\n"
			      "    local function run(f)\n"
			      "      if name == 'gmatch' then return all(f, text, pattern) end\n"
			      "      if name == 'gsub' then return show(f(text, pattern, replacement)) end\n"
			      "      return show(f(text, pattern, init))\n"
			      "    end\n"
			      "    local wanted = try(run, string[name])\n"
			      "    local got, why = try(run, own[name])\n"
			      /* Lua notices only what it comes to */
			      "    local malformed = why and (why:find('malformed') or why:find('capture'))\n"
			      "    if wanted ~= got and not malformed then return string.format('%s(%q, %q, %q, %d): "
			      "%q, not %q', name, text, pattern,\n"
			      "      replacement, init, got, wanted) end\n"
			      "  end\n"
			      "end\n";

static int set_up(void **state)
{
	lua_State *lua = luaL_newstate();
	luaL_openlibs(lua);
	lua_newtable(lua);
	strings_open(lua);
	lua_setglobal(lua, "own");
	assert_int_equal(luaL_dostring(lua, prelude), LUA_OK);
	*state = lua;
	return 0;
}

static int tear_down(void **state)
{
	lua_close(*state);
	return 0;
}

/* compare - fails with the difference. */
static void compare(lua_State *lua, struct span text, struct span pattern, const char *replacement, int init)
{
	lua_getglobal(lua, "compare");
	lua_pushlstring(lua, (const char *)text.data, text.size);
	lua_pushlstring(lua, (const char *)pattern.data, pattern.size);
	lua_pushstring(lua, replacement);
	lua_pushinteger(lua, init);
	if (lua_pcall(lua, 4, 1, 0) != LUA_OK || !lua_isnil(lua, -1))
		fail_msg("%s", lua_tostring(lua, -1));
	lua_settop(lua, 0);
}

static void patterns_of_every_kind(void **state)
{
	static const char *const texts[] = { "", "a", "hello world from Lua", "key = value; k2=v2", "((a)(b))c)",
		"THE (quick) fox", "\t a\r\n b ", "aaa", "x^y.z%w", "12:34:56", "[=[x]=]", "f(a(b)c)d", "%d", "-a-",
		"a]b" };
	static const char *const patterns[] = { "", ".", "a", "l+", "l*", "l-o", "o?", "^h", "^a*", "$", "a$", "^$",
		"%a+", "%A+", "%d+:%d+", "(%w+)%s*=%s*(%w+)", "()", "()a()", "(a)(b)", "((a))", "%b()", "%b[]", "%baa",
		"%f[%w]%w+", "%f[%a]%a+%f[%A]", "%f[%z]", "[%w_]+", "[^%s]+", "[a-c]+", "[^a-c]+", "[]]", "[^]]",
		"[a-]", "[-a]", "[%a-z]", "[%%]", "%%", "%.", "%^", "[%^a]", "[^%a%d]", "[%S]", "[^%S]", "(a*)(%1)",
		"(.)%1", "(%a)%1", "%s+$", "^%s*", "a-b", "a-", ".-b", "%g+", "%c", "%p+", "%x+", "%u+", "%l+", "%U",
		"%L", "%X", "%P", "%C", "%G", "%W", "%D", "(", ")", "(a", "a)", "%", "[", "[a", "[%", "%b", "%b(", "%f",
		"%fa", "%1", "(%1)", "()%1", "%0", "x*$y", "^^", "$$", "a$b", "[a-%a]", "[z-a]", "[%-]", "(a)?",
		"%f[a]?", "%1?" };
	static const char *const replacements[] = { "", "<%0>", "%1", "%1%1", "%%", "%2", "%", "x%" };
	for (size_t t = 0; t < G_N_ELEMENTS(texts); t++)
		for (size_t p = 0; p < G_N_ELEMENTS(patterns); p++)
			for (int init = -3; init <= 4; init++)
				compare(*state, span_of_text(texts[t]), span_of_text(patterns[p]),
					replacements[(t + p + (size_t)(init + 3)) % G_N_ELEMENTS(replacements)], init);
}

/* random_text - of few letters, so that much matches; NUL and octets above 127 are among them. */
static struct span random_text(GRand *random, char *buffer, int most, const char *letters, int count)
{
	int size = g_rand_int_range(random, 0, most + 1);
	for (int i = 0; i < size; i++)
		buffer[i] = letters[g_rand_int_range(random, 0, count)];
	return span_of(buffer, (size_t)size);
}

static void random_patterns(void **state)
{
	static const char letters[] = "aab(b)]-%1.\0\xe4 ", special[] = "aab.*+-?()[]^$%%%awsbf1]-\xe4";
	GRand *random = g_rand_new_with_seed(5);
	char text[16], pattern[12];
	for (int i = 0; i < RANDOM_CASES; i++) {
		struct span t = random_text(random, text, sizeof text, letters, sizeof letters - 1);
		struct span p = random_text(random, pattern, sizeof pattern, special, sizeof special - 1);
		/* what a range up to an escape is, is said nowhere */
		if (memmem(p.data, p.size, "-%", 2) || memmem(p.data, p.size, "-]", 2))
			continue;
		compare(*state, t, p, "<%0>", g_rand_int_range(random, -4, 8));
	}
	g_rand_free(random);
}

/* runs - this text of Lua, without an error. */
static void runs(lua_State *lua, const char *text)
{
	if (luaL_dostring(lua, text) != LUA_OK)
		fail_msg("%s", lua_tostring(lua, -1));
}

static void many_patterns_are_not_kept(void **state)
{
	runs(*state, "for round = 1, 2 do for i = 1, 1200 do\n"
		     "assert(own.find('x' .. i .. 'y', '%a' .. i .. '%a') == 1)\n"
		     "end end");
}

static void a_replacement_that_matches_itself(void **state)
{
	runs(*state, "local r = own.gsub('a1b22', '%a%d+', function (m)\n"
		     "return (own.gsub(m, '%d', function (d) return own.match(d, '%d') .. '.' end)) end)\n"
		     "assert(r == 'a1.b2.2.', r)\n"
		     "assert(own.gsub('abc', '%w', { a = '1', b = 'x', c = false }) == '1xc')\n"
		     "assert(not pcall(own.gsub, 'abc', '%w', function () return {} end))");
}

static void a_catastrophe_ends(void **state)
{
	runs(*state, "local text = ('a'):rep(5000)\n"
		     "for _, p in ipairs{ '.-.-.-.-.-.-x', 'a*a*a*a*a*a*x', '(.-)(.-)(.-)(.-)%1%2x' } do\n"
		     "local ok, why = pcall(own.match, text, p)\n"
		     "assert(ok or why:find('takes too long'), why)\n"
		     "end\n"
		     "assert(not pcall(own.match, 'a', ('a?'):rep(3000)))\n"
		     "assert(not pcall(own.match, 'a', ('%b()'):rep(300)))\n"
		     "assert(not pcall(own.match, 'a', ('()'):rep(33)))\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(patterns_of_every_kind),
		cmocka_unit_test(random_patterns),
		cmocka_unit_test(many_patterns_are_not_kept),
		cmocka_unit_test(a_replacement_that_matches_itself),
		cmocka_unit_test(a_catastrophe_ends),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
