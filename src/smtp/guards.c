/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * guards.c - the guards of the table: conditions on the session and the current message. Those that need more than a
 * few lines are in data.c, gaps.c and odd_end.c.
 *
 * A guard changes nothing.
 */
#include "rows.h"

#include <string.h>

#include "private.h"

/* ---- replies ---- */

bool code_is_220(const struct session *s)
{
	return s->reply.code == 220;
}

bool code_is_221(const struct session *s)
{
	return s->reply.code == 221;
}

bool code_is_354(const struct session *s)
{
	return s->reply.code == 354;
}

/* A 354 to DATA, or to a command in a gap; not one to the end of data. */
bool goes_ahead(const struct session *s)
{
	return s->reply.code == 354 && !s->awaited.end_of_data;
}

bool code_is_421(const struct session *s)
{
	return s->reply.code == 421;
}

/* RFC 5321 3.1: a server that offers no service sends 554, and waits for QUIT. */
bool code_is_554(const struct session *s)
{
	return s->reply.code == 554;
}

bool starts_tls(const struct session *s)
{
	return awaits_tls(s) && s->reply.code == 220;
}

/* XCLIENT: the server starts over, with a banner as its reply. */
bool starts_over(const struct session *s)
{
	return s->awaited.verb == VERB_XCLIENT && s->reply.code == 220;
}

/* RFC 2645 5.3, RFC 821 3.8: client and server reverse their roles. */
bool turn_accepted(const struct session *s)
{
	bool asked = s->awaited.verb == VERB_ATRN || s->awaited.verb == VERB_TURN;
	return asked && !s->awaited.end_of_data && s->reply.code == 250 && !s->reply.assumed;
}

/* The banner comes after the client's greeting, because the client did not wait for it; the capture began before. */
bool banner_after_greeting(const struct session *s)
{
	bool greeting = verb_table[s->awaited.verb].flags & VERBFLAG_GREETING;
	return s->options.midstream && greeting && s->reply.code == 220 && !s->reply.assumed && !s->summary.banner;
}

/* The server sent a line that is no reply, and the client continues as if it were one. */
bool noise_answered(const struct session *s)
{
	uint64_t noise = s->awaited.noise_end;
	return noise > 0 && s->message.acked >= noise && inbox_empty(&s->in[DOWN]);
}

bool asks_for_credentials(const struct session *s)
{
	return s->reply.code == 334 && (s->auth || s->awaited.lost);
}

/* XEXCH50: 354 asks for as many octets as the command announced. */
bool asks_for_octets(const struct session *s)
{
	return s->awaited.verb == VERB_XEXCH50 && s->reply.code == 354;
}

/* RFC 2033 4.2: one reply for each accepted recipient. */
bool more_recipients(const struct session *s)
{
	return s->awaited.end_of_data && s->awaited.replies_left > 1 && s->reply.code != 421;
}

/* The server sent fewer replies than awaited, and the client, having received all of them, continues. */
bool answered_enough(const struct session *s)
{
	uint64_t taken = s->in[DOWN].offset;
	if (s->awaited.lost) {
		bool answers_later =
			inbox_bytes(&s->in[DOWN]).size > 0 && inbox_acked(&s->in[DOWN], taken) > s->in[UP].offset;
		return s->message.acked <= taken || answers_later;
	}
	return s->awaited.end_of_data && s->awaited.replies_seen > 0 && s->message.acked == taken;
}

/* The reply was sent before the server had received anything after the gap: it answers a command in the gap. */
bool answers_lost(const struct session *s)
{
	return s->losses.end > 0 && s->reply.code != 0 &&
	       inbox_acked(&s->in[DOWN], s->in[DOWN].offset) <= s->losses.end;
}

/* ---- commands ---- */

bool greeting(const struct session *s)
{
	return verb_table[s->message.command.verb].flags & VERBFLAG_GREETING;
}

bool quits(const struct session *s)
{
	return s->message.command.verb == VERB_QUIT;
}

/* The client closed without a command. */
bool said_nothing(const struct session *s)
{
	return s->ended && !awaits_reply(s);
}

/* Not a command that RFC 5321 4.1.4 allows before HELO or EHLO; and the HELO or EHLO can't be in a gap, and this was
 * not reported already. */
bool out_of_turn(const struct session *s)
{
	bool allowed = verb_table[s->message.command.verb].flags & VERBFLAG_BEFORE_HELO;
	return !allowed && !s->options.midstream && !session_blind(s) && !s->greeting.reported;
}

bool still_ungreeted(const struct session *s)
{
	return !s->greeting.done && !session_blind(s) && !s->greeting.reported &&
	       (!(verb_table[s->awaited.verb].flags & VERBFLAG_GREETING) || s->reply.code >= 400);
}

/* The size of a BDAT chunk (RFC 3030 2). */
static enum bdat_result chunk_size(const struct session *s, uint64_t *size)
{
	bool last;
	*size = 0;
	return s->message.command.verb == VERB_BDAT ? grammar_bdat(s->message.command.argument, size, &last) : BDAT_OK;
}

bool chunk_follows(const struct session *s)
{
	uint64_t size;
	return chunk_size(s, &size) == BDAT_OK && size > 0;
}

bool chunk_size_huge(const struct session *s)
{
	uint64_t size;
	return chunk_size(s, &size) == BDAT_HUGE;
}

bool chunk_size_odd(const struct session *s)
{
	uint64_t size;
	enum bdat_result result = chunk_size(s, &size);
	return result == BDAT_NOT_A_NUMBER || result == BDAT_BAD_TAIL;
}

/* RFC 3030: before BDAT LAST only a few other commands make sense. */
bool interrupts_chunks(const struct session *s)
{
	enum verb verb = s->message.command.verb;
	/* The last chunk may be in a gap. */
	const bool lost = s->losses.end > s->content.chunks_seen;
	return s->content.open && !lost && verb != VERB_BDAT && verb != VERB_BURL && verb != VERB_RSET &&
	       verb != VERB_QUIT && verb != VERB_NOOP;
}

bool content_follows(const struct session *s)
{
	return content_after_gap(s, inbox_bytes(&s->in[UP]));
}

bool resynchronising(const struct session *s)
{
	return s->losses.resynchronising && s->message.command.verb == VERB_UNKNOWN;
}

bool resynchronising_reply(const struct session *s)
{
	return s->losses.resynchronising && s->reply.code != 0;
}

/* ---- content ---- */

bool odd_end(const struct session *s)
{
	return s->message.scanned == DATA_ODD;
}

bool end_of_data(const struct session *s)
{
	return s->message.scanned == DATA_END;
}

bool chunk_complete(const struct session *s)
{
	return s->content.chunk.left == 0;
}

/* The client ends every line in LF, so LF.LF is its end of data. */
bool odd_end_passed_lf(const struct session *s)
{
	return s->content.odd_end.passed && odd_end_is_clients(s);
}

/* A command follows an odd end that the server took as content. */
bool odd_end_passed_command(const struct session *s)
{
	return s->content.odd_end.passed && odd_end_hides_command(s);
}

bool odd_end_passed(const struct session *s)
{
	return s->content.odd_end.passed;
}

bool answered_lf(const struct session *s)
{
	return odd_end_answered(s) && odd_end_is_clients(s);
}

/* The client has a reply of the server, or some of it, and continues with a command. */
static bool goes_on_with_command(const struct session *s)
{
	const struct inbox *up = &s->in[UP];
	struct span bytes = inbox_bytes(up);
	return bytes.size > 0 && inbox_acked(up, up->offset) > s->in[DOWN].offset && grammar_known_command(bytes);
}

/* The content has a gap, and the server accepts it, or refuses it and the client goes on: the end of data was in the
 * gap. */
bool end_of_data_lost(const struct session *s)
{
	return s->content.has_gap && !s->content.odd_end.active && s->reply.code != 0 &&
	       (s->reply.code < 300 || goes_on_with_command(s));
}

/* The content ended without the end of data, but the server accepts it. */
bool accepted_unended(const struct session *s)
{
	unsigned code = 0;
	const bool lost = session_blind(s) && s->in[UP].offset == s->content.opened[UP];
	return !lost && reply_waiting(&s->in[DOWN], UINT64_MAX, &code) > 0 && code / 100 == 2 && code != 221;
}

/* ---- unexpected bytes ---- */

/* The command that the server answers may not be in the capture. */
bool unseen_command(const struct session *s)
{
	return session_blind(s);
}

/* Some servers send a last reply to a client that closed. */
bool answers_close(const struct session *s)
{
	return s->in[UP].fin && inbox_empty(&s->in[UP]) && s->reply.code != 0;
}

/* A 354 to a DATA that is not in the capture. */
bool unseen_data(const struct session *s)
{
	return unseen_command(s) && s->reply.code == 354;
}

/* The reply that the client should have waited for may be missing in the capture, or will never come. */
bool reply_unseen(const struct session *s)
{
	return session_blind(s) || (s->in[DOWN].fin && inbox_empty(&s->in[DOWN]));
}

/* Exim's early pipelining, which the server announced in an earlier session. */
bool announced_early(const struct session *s)
{
	return s->greeting.early_pipeline;
}

/* The client may send commands before replies: RFC 2920, LMTP, BDAT chunks, Exim's early pipelining. */
bool may_be_grouped(const struct session *s)
{
	const struct awaited *p = &s->awaited;
	unsigned flags = verb_table[p->verb].flags;
	bool smuggled = inbox_acked(&s->in[UP], s->in[UP].offset) < s->mails.smuggled;
	if (smuggled || p->lost || s->losses.resynchronising ||
		(s->greeting.early_pipeline && (flags & VERBFLAG_GREETING)))
		return true;
	bool grouped = s->greeting.pipelining || s->summary.lmtp;
	return grouped && (p->end_of_data || !(flags & VERBFLAG_LAST_IN_GROUP));
}

bool after_starttls(const struct session *s)
{
	return awaits_tls(s);
}

/* The client is an early talker, and these bytes are what it sent then. */
bool sent_before_banner(const struct session *s)
{
	return s->message.acked < s->greeting.early;
}

bool after_last_in_group(const struct session *s)
{
	return !s->awaited.end_of_data && (verb_table[s->awaited.verb].flags & VERBFLAG_LAST_IN_GROUP);
}

/* The bytes are commands. */
bool not_grouped(const struct session *s)
{
	struct command command;
	size_t used;
	return !after_last_in_group(s) && grammar_command(inbox_bytes(&s->in[UP]), true, &command, &used) == PARSE_DONE;
}

/* The bytes were checked before; only replies that came since, or are missing, can change the result. */
bool judged_again(const struct session *s)
{
	return s->message.again;
}

bool too_many_waiting(const struct session *s)
{
	return too_much_waits(s) && !s->overflow.reported;
}

/* The first line is of another protocol. */
bool foreign_protocol(const struct session *s)
{
	static const char *const starts[] = { "SSH-", "HTTP/", "* OK", "+OK", "RFB " };
	struct span line = s->message.offending;
	for (size_t i = 0; i < G_N_ELEMENTS(starts); i++)
		if (line.size >= strlen(starts[i]) && memcmp(line.data, starts[i], strlen(starts[i])) == 0)
			return true;
	return line.size > 0 && memchr(line.data, '\0', line.size);
}

/* ---- the session began before the capture, or its beginning is in a gap ---- */

bool midstream(const struct session *s)
{
	return s->options.midstream || s->losses.replies;
}

bool midstream_354(const struct session *s)
{
	return midstream(s) && s->reply.code == 354;
}

bool midstream_command(const struct session *s)
{
	return midstream(s) && grammar_known_command(inbox_bytes(&s->in[UP]));
}

/* A line that the server answered at once is no content, unless it is the end of it. */
bool midstream_line(const struct session *s)
{
	const struct inbox *up = &s->in[UP], *down = &s->in[DOWN];
	struct span line = inbox_run(up);
	unsigned code;
	size_t size;
	bool one = line.size > 0 && memchr(line.data, '\n', line.size) == line.data + line.size - 1;
	return midstream(s) && one && line.data[0] != '.' && reply_peek(down, 0, &code, &size) == PARSE_DONE &&
	       inbox_acked(down, down->offset) == up->offset + line.size;
}

/* ---- TLS ---- */

/* A ClientHello (RFC 8446 4.1.2) where commands are expected. */
bool client_hello(const struct session *s)
{
	return is_client_hello(inbox_bytes(&s->in[UP]));
}

/* A ServerHello where replies are expected: the STARTTLS before it is not in the capture. */
bool server_hello(const struct session *s)
{
	return server_begins_tls(s);
}

bool midstream_tls(const struct session *s)
{
	return midstream(s) && is_tls_record(inbox_bytes(&s->in[UP]));
}

/* Sent before the 220 to STARTTLS was received (client), or before any TLS record of the client (server). */
bool stray_before_tls(const struct session *s)
{
	if (s->options.implicit_tls)
		return false;
	uint64_t acked = inbox_acked(&s->in[s->message.direction], s->in[s->message.direction].offset);
	return s->message.direction == UP ? acked < s->tls.start : !s->tls.seen[UP] || awaits_tls(s);
}

/* The server's clear text after its 220, when the client did not begin TLS, but closed or continued without it. */
bool answers_no_tls(const struct session *s)
{
	bool more_came = inbox_acked(&s->in[DOWN], s->in[DOWN].offset) > s->awaited.end;
	bool hung_up = s->in[UP].fin && inbox_empty(&s->in[UP]);
	return !s->options.implicit_tls && !s->tls.seen[UP] && (more_came || hung_up);
}

bool never_was_tls(const struct session *s)
{
	if (s->tls.seen[UP])
		return s->message.direction == DOWN && !awaits_tls(s);
	return s->options.implicit_tls && !s->tls.seen[DOWN];
}

/* TLS came first: the banner is inside of it. */
bool greets_inside(const struct session *s)
{
	return s->options.implicit_tls || (s->summary.responses == 0 && !s->options.midstream);
}
