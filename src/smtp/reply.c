/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * reply.c - replies: collected line by line, examined ahead, assumed where they are missing.
 *
 * At most SESSION_REPLY_LINES lines of a reply are kept. They are not used after the step that completed the reply.
 */
#include "next.h"
#include "private.h"

#include <string.h>

#define REPLY_LINES_FIRST 16 /* first size of the array of lines */

void reply_clear(struct reply *reply)
{
	reply_reset(reply);
	g_free(reply->lines);
}

void reply_reset(struct reply *reply)
{
	if (reply->copied > 0)
		arena_release(&reply->copies, &(const struct arena){ 0 });
	reply->line_count = reply->copied = 0;
	reply->lines_seen = 0;
	reply->code = 0;
	reply->mismatch = reply->assumed = reply->complete = reply->unanswered = false;
}

/* next_reply_line - memory for the line after those that are kept. */
static struct reply_line *next_reply_line(struct reply *reply)
{
	if (reply->line_count == reply->line_room) {
		reply->line_room = MAX(2 * reply->line_room, REPLY_LINES_FIRST);
		reply->lines = g_renew(struct reply_line, reply->lines, reply->line_room);
	}
	return &reply->lines[reply->line_count];
}

void reply_detach(struct reply *reply)
{
	if (reply->complete)
		return;
	for (; reply->copied < reply->line_count; reply->copied++) {
		struct reply_line *line = &reply->lines[reply->copied];
		size_t text = (size_t)(line->text.data - line->line.data);
		const char *copy = arena_copy(&reply->copies, (const char *)line->line.data, line->line.size);
		line->line.data = (const uint8_t *)copy;
		line->text.data = line->line.data + text;
	}
}

struct span reply_text(const struct reply *reply, size_t line)
{
	return line < reply->line_count ? reply->lines[line].text : span_of(NULL, 0);
}

struct span reply_first_line(const struct reply *reply)
{
	return reply->line_count > 0 ? reply->lines[0].line : span_of(NULL, 0);
}

enum parse_result reply_read(struct reply *reply, struct inbox *inbox, enum reply_of of, struct span *offending)
{
	if (reply->complete)
		reply_reset(reply);
	for (;;) {
		struct span bytes = inbox_bytes(inbox);
		size_t used;
		bool last = inbox_closed(inbox), first = reply->line_count == 0;
		if (!last && inbox_no_line(inbox, 0))
			return PARSE_MORE;
		struct reply_line *line = next_reply_line(reply);
		enum parse_result result = grammar_reply_line(bytes, last, line, &used);
		if (result == PARSE_MORE)
			return PARSE_MORE;
		if (first)
			reply->acked = inbox_acked(inbox, inbox->offset);
		if (result == PARSE_ERROR) {
			*offending = line->line;
			inbox_consume(inbox, used);
			return PARSE_ERROR;
		}
		const bool another = of == REPLY_CUT || (of == REPLY_BANNER && reply->acked > 0);
		if (another && !first && line->code != reply->code) {
			reply->complete = true;
			return PARSE_DONE;
		}
		if (first)
			reply->code = line->code;
		reply->mismatch |= line->code != reply->code;
		reply->lines_seen++;
		reply->line_count += reply->line_count < SESSION_REPLY_LINES;
		inbox_consume(inbox, used);
		if (!line->more || (last && used == bytes.size)) {
			reply->complete = true;
			return PARSE_DONE;
		}
	}
}

enum parse_result reply_peek(const struct inbox *inbox, size_t skip, unsigned *code, size_t *size)
{
	struct span bytes = inbox_bytes(inbox);
	bool last = inbox_closed(inbox), first = true;
	size_t at = skip;
	for (;;) {
		struct reply_line line;
		size_t used;
		if (at >= bytes.size || (!last && inbox_no_line(inbox, at)))
			return PARSE_MORE;
		enum parse_result result = grammar_reply_line(span_from(bytes, at), last, &line, &used);
		if (result == PARSE_MORE)
			return PARSE_MORE;
		at += used;
		*size = at - skip;
		if (result == PARSE_ERROR)
			return PARSE_ERROR;
		if (first)
			*code = line.code;
		first = false;
		if (!line.more || (last && at == bytes.size))
			return PARSE_DONE;
	}
}

unsigned reply_waiting(const struct inbox *inbox, uint64_t acked, unsigned *first_code)
{
	unsigned count = 0, code;
	size_t at = 0, size;
	while (reply_peek(inbox, at, &code, &size) == PARSE_DONE && inbox_acked(inbox, inbox->offset + at) <= acked) {
		if (count > 0 && code == 421)
			break; /* it answers no command */
		if (count++ == 0)
			*first_code = code;
		at += size;
	}
	return count;
}

/* usual_code - the code of a positive reply to a command. */
static unsigned usual_code(const struct awaited *p)
{
	if (p->end_of_data)
		return 250;
	switch (p->verb) {
	case VERB_DATA:
		return 354;
	case VERB_QUIT:
		return 221;
	case VERB_STARTTLS:
	case VERB_X_ANONYMOUSTLS:
	case VERB_XCLIENT:
		return 220;
	case VERB_VRFY:
		return 252;
	case VERB_HELP:
		return 214;
	default:
		return 250;
	}
}

/* next_is_command - does the client continue with one of these commands? Then DATA was not accepted. */
static bool next_is_command(const struct session *s)
{
	struct command next;
	size_t used;
	if (inbox_command(&s->in[UP], 0, false, &next, &used) != PARSE_DONE)
		return false;
	switch (next.verb) {
	case VERB_RSET:
	case VERB_QUIT:
	case VERB_EHLO:
	case VERB_HELO:
		return true;
	case VERB_MAIL:
		return next.argument.size > 5 && grammar_is(span_of(next.argument.data, 5), "FROM:");
	default:
		return false;
	}
}

/* next_is_credentials - does the client continue an AUTH exchange: with base64 or "*", and no command? */
static bool next_is_credentials(const struct session *s)
{
	struct span next = inbox_bytes(&s->in[UP]);
	if (next.size == 0 || grammar_known_command(next))
		return false;
	size_t n = 0;
	while (n < next.size && (g_ascii_isalnum(next.data[n]) || strchr("+/=*", next.data[n])) && next.data[n])
		n++;
	return n == next.size || next.data[n] == '\r' || next.data[n] == '\n';
}

/* refuses_tls - do the bytes that come next show that no TLS begins? */
static bool refuses_tls(const struct session *s)
{
	struct span next = inbox_bytes(&s->in[UP]);
	for (enum direction d = UP; d <= DOWN && next.size == 0; d++)
		next = inbox_bytes_after_gap(&s->in[d]);
	return next.size > 0 && !begins_tls_record(next.data[0]);
}

void reply_assume(struct session *s)
{
	struct awaited *p = &s->awaited;
	reply_reset(&s->reply);
	s->reply.assumed = s->reply.complete = true;
	s->reply.unanswered = s->ended && !server_unseen(s);
	s->reply.code = usual_code(p);
	if (p->verb == VERB_DATA && !p->end_of_data && next_is_command(s))
		s->reply.code = 554;
	if (s->auth)
		s->reply.code = next_is_credentials(s) ? 334 : 235;
	if (awaits_tls(s) && refuses_tls(s))
		s->reply.code = 454;
}
