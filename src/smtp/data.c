/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * data.c - the actions of the table for content: DATA (RFC 5321 4.5.2), chunks (RFC 3030 2). odd_end.c has those for
 * odd ends.
 */
#include <string.h>

#include "private.h"
#include "rows.h"

/* transaction_is_over - ends the transaction when its content was closed, complete or not, and other content begins. */
static void transaction_is_over(struct session *s)
{
	if (s->mails.open && s->mails.open->content_begun && !s->content.open)
		transaction_close(s, STAGE_END_OF_DATA);
}

/* hidden_transaction - all recipients of the open transaction were refused, and what led to this content is in a gap
 * after its MAIL: with a recipient that is accepted, and so probably another MAIL. */
static bool hidden_transaction(const struct session *s)
{
	const struct transaction *tx = s->mails.open;
	const bool unseen = s->awaited.lost || s->awaited.verb != VERB_DATA;
	return tx && unseen && s->losses.end > s->mails.begun && transaction_count(tx, RECIPIENT_REJECTED) > 0 &&
	       transaction_count(tx, RECIPIENT_ACCEPTED) + transaction_count(tx, RECIPIENT_PENDING) == 0;
}

/* lost_chunk - may a chunk be in a gap among the commands: since the last chunk or, before the first one, since MAIL,
 * when there is a recipient already? */
static bool lost_chunk(const struct session *s)
{
	const struct transaction *tx = s->mails.open;
	if (!tx || s->losses.end <= s->mails.begun)
		return false;
	return tx->content_begun ? s->losses.end > s->content.chunks_seen
				 : transaction_count(tx, RECIPIENT_ACCEPTED) > 0;
}

/* open_chunks - the content of chunks. Nobody sends them without MAIL and RCPT: when not all was seen, those were lost.
 */
static void open_chunks(struct session *s)
{
	transaction_is_over(s);
	if (!s->mails.open && session_blind(s)) {
		transaction_without_mail(s);
		s->mails.open->assumed = true;
	}
	const bool lost = lost_chunk(s);
	content_open(s, TRANSFER_BDAT);
	s->content.chunks_seen = s->in[UP].offset;
	if (lost)
		content_gap(s, 0); /* nobody knows how much */
}

/* missed - octets of content in the gap that DATA was in: what the server had not received when it sent its 354. */
static uint64_t missed(const struct session *s)
{
	bool tells = s->awaited.lost && s->content.start == START_AT_REPLY && s->reply.acked < s->in[UP].offset;
	return tells ? s->in[UP].offset - s->reply.acked : 0;
}

/* only_dot - the client sent this line and then waited: it is the end of data. */
static bool only_dot(const struct session *s)
{
	return grammar_is(inbox_run(&s->in[UP]), ".\r\n");
}

/* pass_gap - the client sends content because it has the 354: a gap among the replies that it has acknowledged by then
 * holds nothing that comes later. */
static void pass_gap(struct session *s)
{
	struct inbox *up = &s->in[UP], *down = &s->in[DOWN];
	uint64_t gap = inbox_gap_size(down);
	if (gap > 0 && s->reply.assumed && inbox_acked(up, up->offset) >= down->offset + gap)
		inbox_skip_gap(down, gap);
}

void open_content(struct session *s)
{
	enum content_start start = s->content.start;
	uint64_t missing = missed(s);
	bool unannounced = (!s->mails.open || hidden_transaction(s)) && (s->options.midstream || s->awaited.lost);
	s->content.start = START_AT_REPLY;
	pass_gap(s);
	transaction_is_over(s);
	if (hidden_transaction(s))
		transaction_close(s, STAGE_RCPT);
	transaction_without_mail(s);
	s->content.lf_client = s->message.command.end == LINE_END_LF;
	content_open(s, TRANSFER_DATA);
	data_scanner_init(&s->content.scanner);
	if (start == START_BEFORE || missing > 0) {
		if (!only_dot(s))
			data_scanner_resume(&s->content.scanner);
		content_gap(s, missing);
	}
	s->content.opened_assumed = s->reply.assumed;
	for (enum direction d = UP; d <= DOWN; d++)
		s->content.opened[d] = s->in[d].offset;
	s->content.sized = start == START_BY_SIZE;
	s->content.has_gap |= start == START_BY_SIZE;
	s->mails.open->assumed |= unannounced || start != START_AT_REPLY;
}

/* A gap that is no longer than the command DATA has no content in it. */
void resume_content(struct session *s)
{
	const struct transaction *tx = s->mails.open;
	bool announced = tx && !tx->content_begun && tx->declared_size > 0;
	s->losses.resynchronising = s->losses.partial[UP] = false;
	s->content.start = s->losses.size <= strlen("DATA\r\n") ? START_HERE : announced ? START_BY_SIZE : START_BEFORE;
}

/* await_content_reply - content, or a chunk, ended: its replies are awaited. */
static void await_content_reply(struct session *s, unsigned replies)
{
	struct awaited *p = &s->awaited;
	p->end_of_data = true;
	p->lost = false;
	p->end = s->in[UP].offset;
	p->replies_seen = 0;
	p->replies_left = replies;
}

void close_content(struct session *s)
{
	content_close(s, s->content.ended);
	await_content_reply(s, transaction_replies(s));
}

/* The first octets of a chunk open the content, because a chunk that is refused may never be sent. */
void open_chunk(struct session *s)
{
	s->content.chunk.start = s->in[UP].offset;
}

/* The server refused the chunk before it had any of it, and the client, having received that reply, continues with a
 * command, or not at all. */
bool chunk_unsent(const struct session *s)
{
	const struct inbox *up = &s->in[UP], *down = &s->in[DOWN];
	unsigned code;
	size_t size;
	if (up->offset != s->content.chunk.start || reply_peek(down, 0, &code, &size) != PARSE_DONE || code < 400 ||
		inbox_acked(down, down->offset) > up->offset)
		return false;
	if (inbox_empty(up))
		return inbox_closed(up);
	return inbox_acked(up, up->offset) >= down->offset + size && grammar_known_command(inbox_bytes(up));
}

/* drop_chunk - the chunk was refused and never sent: the reply answers BDAT. */
void drop_chunk(struct session *s)
{
	s->content.chunk.left = 0;
	s->content.chunk.discard = true;
	if (s->mails.open && !s->mails.open->content_bytes)
		s->mails.open->transfer = TRANSFER_BDAT;
}

void close_chunk(struct session *s)
{
	if (s->content.chunk.discard)
		return;
	if (s->content.chunk.last && s->content.chunk.left == 0)
		content_close(s, true);
	await_content_reply(s, s->content.chunk.last ? transaction_replies(s) : 1);
}

void take_chunk_gap(struct session *s)
{
	uint64_t gap = MIN(inbox_gap_size(&s->in[UP]), s->content.chunk.left);
	s->content.chunk.left -= gap;
	if (!s->content.chunk.discard) {
		open_chunks(s);
		content_gap(s, gap);
	}
	inbox_skip_gap(&s->in[UP], gap);
}

void take_content_gap(struct session *s)
{
	uint64_t gap = inbox_gap_size(&s->in[UP]);
	content_goes_on(s);
	s->content.gap = gap;
	s->content.has_gap |= gap > 0;
	inbox_skip_gap(&s->in[UP], gap);
}

void take_content(struct session *s)
{
	if (s->content.odd_end.active)
		g_byte_array_append(s->content.odd_end.content, s->message.piece.data, (guint)s->message.piece.size);
	else
		content_piece(s, s->message.piece);
}

void hold_content(struct session *s)
{
	odd_end_hold(s, s->message.piece);
}

void end_content(struct session *s)
{
	s->content.ended = true;
}

void take_chunk(struct session *s)
{
	if (s->content.chunk.discard)
		return;
	open_chunks(s);
	content_piece(s, s->message.piece);
}

void take_lost_end(struct session *s)
{
	if (!s->content.has_gap && content_may_be_lost(s))
		content_gap(s, 0); /* nobody knows how much */
	if (content_is_done(s))
		data_scanner_init(&s->content.scanner);
	else
		content_goes_on(s);
	s->content.gap = 0;
	content_piece(s, data_scanner_flush(&s->content.scanner));
	s->content.ended = true;
}

/* refuse_if_answered - the content is incomplete: if a reply that refuses it was there before the client closed, the
 * mail is rejected. */
static void refuse_if_answered(struct session *s)
{
	unsigned code = 0;
	bool answered =
		s->in[DOWN].offset < s->content.before_close && reply_waiting(&s->in[DOWN], UINT64_MAX, &code) > 0;
	s->content.ended = false;
	if (answered && code >= 400 && s->mails.open)
		s->mails.open->outcome = OUTCOME_REJECTED;
}

/* No alert: clients often close in the middle of a mail, and the mail's record shows it. */
void break_off(struct session *s)
{
	content_goes_on(s);
	content_piece(s, data_scanner_flush(&s->content.scanner));
	refuse_if_answered(s);
}

void alert_invalid_data(struct session *s)
{
	session_alert(s, ALERT_invalid_data, SEVERITY_LOW, span_of(NULL, 0), transaction_number(s),
		"invalid data blob: content ended without its terminator");
}

void alert_invalid_data_chunk(struct session *s)
{
	open_chunks(s);
	refuse_if_answered(s);
	session_alert(s, ALERT_invalid_data, SEVERITY_LOW, span_of(NULL, 0), transaction_number(s),
		"invalid data blob: the last %" G_GUINT64_FORMAT " octets of a chunk never came",
		s->content.chunk.left);
}
