/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * greeting.c - the banner, and HELO, EHLO and LHLO with their replies (RFC 5321 3.1, 4.1.1.1); the actions of the table
 * for them.
 */
#include <string.h>

#include "private.h"
#include "rows.h"

/* text_copy - a copy in one block of memory: free with g_free, and do not change. */
static GString *text_copy(struct span s)
{
	GString *text = g_malloc(sizeof *text + s.size + 1);
	*text = (GString){ .str = (char *)(text + 1), .len = s.size, .allocated_len = s.size + 1 };
	if (s.size > 0)
		memcpy(text->str, s.data, s.size);
	text->str[s.size] = '\0';
	return text;
}

static void text_replace(GString **field, GString *text)
{
	g_free(*field);
	*field = text;
}

/* ---- the banner ---- */

void greet(struct session *s)
{
	struct span text = reply_text(&s->reply, 0);
	text_replace(&s->summary.banner, text_copy(text));
	reply_emit(s, NULL);
}

void turn_away(struct session *s)
{
	greet(s);
	text_replace(&s->greeting.turned_away, text_copy(reply_first_line(&s->reply)));
}

void alert_unavailable_service(struct session *s)
{
	struct span line = reply_first_line(&s->reply);
	greet(s);
	session_alert(s, ALERT_unavailable_service, SEVERITY_LOW, line, -1, "unavailable service: %u", s->reply.code);
}

void alert_unavailable_service_554(struct session *s)
{
	session_alert(s, ALERT_unavailable_service, SEVERITY_LOW, span_of_string(s->greeting.turned_away), -1,
		"unavailable service: 554");
}

void assume_banner(struct session *s)
{
	reply_assume(s);
	s->reply.code = 220;
	reply_emit(s, NULL);
	s->greeting.assumed = true;
}

void forget_extensions(struct session *s)
{
	const struct arena all = { .at = (char *)s->greeting.first, .left = sizeof s->greeting.first };
	arena_release(&s->greeting.memory, &all);
	s->greeting.extensions = (GPtrArray){ 0 };
}

bool session_early_pipeline(struct span keyword)
{
	return grammar_is(keyword, "X_PIPE_CONNECT") || grammar_is(keyword, "PIPECONNECT") ||
	       grammar_is(keyword, "PIPE_CONNECT");
}

/* take_extensions - takes the keyword lines of an EHLO reply (RFC 5321 4.1.1.1). */
static void take_extensions(struct session *s)
{
	forget_extensions(s);
	s->greeting.pipelining = false;
	s->greeting.size_limit = 0;
	for (size_t i = 1; i < s->reply.line_count; i++) {
		struct span text = reply_text(&s->reply, i), rest = text, word, value;
		if (!grammar_word(&rest, &word))
			continue;
		struct arena *memory = &s->greeting.memory;
		arena_add(memory, &s->greeting.extensions, arena_text(memory, text.data, text.size));
		if (grammar_is(word, "PIPELINING"))
			s->greeting.pipelining = true;
		else if (session_early_pipeline(word))
			s->greeting.early_pipeline = true;
		else if (grammar_is(word, "SIZE") && grammar_word(&rest, &value))
			s->greeting.size_limit = grammar_number(value);
	}
}

void greeting_wait(struct greeting *greeting, struct span name)
{
	text_replace(&greeting->name, text_copy(name));
}

/* An accepted greeting resets the session (RFC 5321 4.1.4); a refused one changes nothing. */
void greeting_reply(struct session *s)
{
	if (s->reply.code >= 300) {
		s->mails.regreeted = s->mails.open != NULL;
		return;
	}
	transaction_close(s, STAGE_HELO);
	s->greeting.done = true;
	s->greeting.assumed = s->reply.assumed;
	s->summary.lmtp = s->awaited.verb == VERB_LHLO;
	text_replace(&s->summary.helo, s->greeting.name);
	s->greeting.name = NULL;
	if (!s->reply.assumed)
		take_extensions(s);
}

void greeting_unanswered(struct session *s)
{
	if (s->summary.helo || !s->greeting.name)
		return;
	s->summary.helo = s->greeting.name;
	s->greeting.name = NULL;
}

bool greeting_offers(const struct greeting *greeting, const struct command *command)
{
	for (guint i = 0; command->verb == VERB_UNKNOWN && i < greeting->extensions.len; i++) {
		struct span rest = span_of_string(g_ptr_array_index(&greeting->extensions, i)), word;
		if (command->name.size > 0 && grammar_word(&rest, &word) && word.size == command->name.size &&
			g_ascii_strncasecmp((const char *)word.data, (const char *)command->name.data, word.size) == 0)
			return true;
	}
	return false;
}
