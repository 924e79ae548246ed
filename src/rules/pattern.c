/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * pattern.c - see pattern.h. Both engines try alternatives in the same order, so they find the same text.
 *
 * A set becomes a group of alternatives, because a set of PCRE2 can't contain a complement. %b becomes a recursive
 * group; such groups are not captures, so captures remember their group. Before the first octet and after the last one
 * %f matches a NUL.
 */
#include "pattern.h"

#include <string.h>

struct translation {
	const uint8_t *at, *end;
	struct translated *to;
	unsigned groups;                     /* groups of PCRE2 so far */
	unsigned open[PATTERN_CAPTURES_MAX]; /* open captures */
	unsigned depth;
	uint32_t closed; /* bit by capture */
	const char *error;
};

/* A set that is being translated. */
struct set {
	GString *plain, *complements; /* for inside the brackets; alternatives */
	bool nul;                     /* NUL is in it */
};

/* class_of - what %letter means inside brackets; NULL for a literal octet. */
static const char *class_of(uint8_t letter)
{
	switch (g_ascii_isalpha(letter) ? letter | 0x20 : 0) {
	case 'a':
		return "a-zA-Z";
	case 'c':
		return "\\x00-\\x1f\\x7f";
	case 'd':
		return "0-9";
	case 'g':
		return "\\x21-\\x7e";
	case 'l':
		return "a-z";
	case 'p':
		return "\\x21-\\x2f\\x3a-\\x40\\x5b-\\x60\\x7b-\\x7e";
	case 's':
		return "\\x09-\\x0d\\x20";
	case 'u':
		return "A-Z";
	case 'w':
		return "0-9A-Za-z";
	case 'x':
		return "0-9A-Fa-f";
	case 'z':
		return "\\x00";
	default:
		return NULL;
	}
}

static void put_octet(GString *out, uint8_t octet)
{
	g_string_append_printf(out, "\\x%02x", octet);
}

/* add_class - adds %letter to a set. */
static void add_class(struct set *set, uint8_t letter)
{
	const char *class = class_of(letter);
	const bool complement = class && g_ascii_isupper(letter);
	set->nul |= class ? (strchr("cz", letter | 0x20) != NULL) != complement : letter == 0;
	if (complement)
		g_string_append_printf(set->complements, "|[^%s]", class);
	else if (class)
		g_string_append(set->plain, class);
	else
		put_octet(set->plain, letter);
}

/* add_item - adds the next item of a set: %letter, a range, an octet. */
static void add_item(struct translation *t, struct set *set)
{
	if (t->at >= t->end || (*t->at == '%' && t->end - t->at < 2)) {
		t->error = "malformed pattern (missing ']')";
	} else if (*t->at == '%') {
		add_class(set, t->at[1]);
		t->at += 2;
	} else if (t->end - t->at > 2 && t->at[1] == '-' && t->at[2] != ']') {
		if (t->at[0] <= t->at[2]) /* else the range is empty */
			g_string_append_printf(set->plain, "\\x%02x-\\x%02x", t->at[0], t->at[2]);
		set->nul |= t->at[0] == 0;
		t->at += 3;
	} else {
		set->nul |= *t->at == 0;
		put_octet(set->plain, *t->at++);
	}
}

/* put_set - a set, starting after its '['. Returns whether NUL is in it. */
static bool put_set(struct translation *t, GString *out)
{
	struct set set = { g_string_new(NULL), g_string_new(NULL), false };
	const bool negated = t->at < t->end && *t->at == '^';
	t->at += negated;
	do
		add_item(t, &set);
	while (!t->error && !(t->at < t->end && *t->at == ']'));
	t->at++;
	/* every alternative is one octet long, as a look-behind requires */
	const bool some = set.plain->len > 0;
	const char *rest = set.complements->str + (!some && set.complements->len > 0);
	g_string_append_printf(out, negated ? "(?:(?!%s%s%s%s)(?s:.))" : "(?:%s%s%s%s)",
		some    ? "["
		: *rest ? ""
			: "(?!)(?s:.)",
		set.plain->str, some ? "]" : "", rest);
	g_string_free(set.plain, TRUE);
	g_string_free(set.complements, TRUE);
	return set.nul != negated;
}

/* put_single - a class of one octet, and its quantifier. */
static void put_single(struct translation *t)
{
	GString *out = t->to->text;
	uint8_t octet = *t->at++;
	if (octet == '.') {
		g_string_append(out, "(?s:.)");
	} else if (octet == '[') {
		put_set(t, out);
	} else if (octet == '%') {
		const char *class = class_of(*t->at);
		if (class)
			g_string_append_printf(out, "[%s%s]", g_ascii_isupper(*t->at) ? "^" : "", class);
		else
			put_octet(out, *t->at);
		t->at++;
	} else {
		put_octet(out, octet);
	}
	if (t->error || t->at >= t->end)
		return;
	if (*t->at == '*' || *t->at == '+' || *t->at == '?' || *t->at == '-')
		g_string_append(out, *t->at == '*' ? "*" : *t->at == '+' ? "+" : *t->at == '?' ? "?" : "*?");
	else
		return;
	t->at++;
}

/* put_balance - %bxy, starting after "%b". */
static void put_balance(struct translation *t)
{
	if (t->end - t->at < 2) {
		t->error = "malformed pattern (missing arguments to '%b')";
		return;
	}
	const unsigned open = t->at[0], close = t->at[1];
	t->at += 2;
	const unsigned group = ++t->groups;
	if (open == close)
		g_string_append_printf(t->to->text, "(\\x%02x[^\\x%02x]*+\\x%02x)", open, close, close);
	else
		g_string_append_printf(t->to->text, "(\\x%02x(?:[^\\x%02x\\x%02x]++|(?%u))*+\\x%02x)", open, open,
			close, group, close);
}

/* put_frontier - %f[set], starting after "%f". */
static void put_frontier(struct translation *t)
{
	if (t->at >= t->end || *t->at != '[') {
		t->error = "malformed pattern (missing '[' after '%f')";
		return;
	}
	t->at++;
	GString *set = g_string_new(NULL);
	const bool nul = put_set(t, set);
	g_string_append_printf(
		t->to->text, nul ? "(?<=(?s:.))(?<!%s)(?:(?=%s)|\\z)" : "(?<!%s)(?=%s)", set->str, set->str);
	g_string_free(set, TRUE);
}

/* put_reference - %1 to %9. */
static void put_reference(struct translation *t, unsigned capture)
{
	if (capture >= t->to->count || !(t->closed & 1u << capture) || t->to->captures[capture].position) {
		t->error = "malformed pattern (invalid capture index)";
		return;
	}
	g_string_append_printf(t->to->text, "\\g{%u}", t->to->captures[capture].group);
}

static void open_capture(struct translation *t)
{
	if (t->to->count >= PATTERN_CAPTURES_MAX) {
		t->error = "too many captures";
		return;
	}
	const bool position = t->at < t->end && *t->at == ')';
	t->at += position;
	if (position)
		t->closed |= 1u << t->to->count;
	else
		t->open[t->depth++] = t->to->count;
	t->to->captures[t->to->count++] = (struct capture_place){ (uint8_t)++t->groups, position };
	g_string_append(t->to->text, position ? "()" : "(");
}

static void close_capture(struct translation *t)
{
	if (t->depth == 0) {
		t->error = "invalid pattern capture";
		return;
	}
	t->closed |= 1u << t->open[--t->depth];
	g_string_append_c(t->to->text, ')');
}

/* put_escape - an item that begins with '%'. */
static void put_escape(struct translation *t)
{
	if (t->end - t->at < 2) {
		t->error = "malformed pattern (ends with '%')";
		return;
	}
	const uint8_t letter = t->at[1];
	if (letter == 'b' || letter == 'f' || (letter >= '1' && letter <= '9'))
		t->at += 2;
	if (letter == 'b')
		put_balance(t);
	else if (letter == 'f')
		put_frontier(t);
	else if (letter >= '1' && letter <= '9')
		put_reference(t, letter - '1');
	else if (letter == '0')
		t->error = "malformed pattern (invalid capture index %0)";
	else
		put_single(t);
}

const char *pattern_translate(struct span pattern, bool anchors, struct translated *out)
{
	struct translation t = { .at = pattern.data, .end = pattern.data + pattern.size, .to = out };
	*out = (struct translated){ .text = g_string_new(NULL) };
	if (pattern.size > PATTERN_OCTETS_MAX)
		return "the pattern is too long";
	if (anchors && pattern.size > 0 && *t.at == '^') {
		out->anchored = true;
		t.at++;
	}
	while (!t.error && t.at < t.end) {
		if (*t.at == '(' || *t.at == ')') {
			bool opens = *t.at++ == '(';
			(opens ? open_capture : close_capture)(&t);
		} else if (*t.at == '$' && t.at + 1 == t.end) {
			g_string_append(out->text, "\\z");
			t.at++;
		} else if (*t.at == '%') {
			put_escape(&t);
		} else {
			put_single(&t);
		}
		if (t.groups > 200)
			t.error = "the pattern has too many groups";
	}
	if (!t.error && t.depth > 0)
		t.error = "unfinished capture";
	return t.error;
}
