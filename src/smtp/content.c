/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * content.c - the content of a transaction (RFC 5321 4.5.2, RFC 3030 2).
 *
 * Its pieces, gaps and end go to the sink as they come. data.c has the actions of the table for it.
 */
#include "private.h"

void content_open(struct session *s, enum transfer transfer)
{
	if (s->content.open || !s->mails.open)
		return;
	s->content.open = true;
	s->content.ended = false;
	s->content.has_gap = s->content.sized = false;
	s->content.gap = 0;
	s->mails.open->transfer = transfer;
	s->mails.open->content_begun = true;
	if (s->sink->content_begin)
		s->sink->content_begin(s->context, s->mails.open);
}

void content_piece(struct session *s, struct span piece)
{
	if (!s->content.open || piece.size == 0)
		return;
	s->mails.open->content_bytes += piece.size;
	if (s->sink->content)
		s->sink->content(s->context, s->mails.open, piece);
}

void content_gap(struct session *s, uint64_t size)
{
	if (!s->content.open)
		return;
	s->content.has_gap = true;
	s->mails.open->missing_bytes += size;
	if (s->sink->content_gap)
		s->sink->content_gap(s->context, s->mails.open, size);
}

/* has_announced_size - nothing is missing that is known, and the octets are as many as SIZE= announced. */
static bool has_announced_size(const struct session *s)
{
	const struct transaction *tx = s->mails.open;
	return tx && tx->declared_size > 0 && tx->content_bytes == tx->declared_size && tx->missing_bytes == 0;
}

void content_goes_on(struct session *s)
{
	uint64_t size = s->content.gap;
	if (size == 0)
		return;
	s->content.gap = 0;
	content_piece(s, data_scanner_flush(&s->content.scanner));
	data_scanner_resume(&s->content.scanner);
	content_gap(s, size);
}

bool content_is_done(const struct session *s)
{
	size_t lacks = data_scanner_lacks(&s->content.scanner);
	bool sized = has_announced_size(s) && s->content.gap > lacks;
	return lacks > 0 && (s->content.gap == lacks || sized);
}

void content_close(struct session *s, bool whole)
{
	if (!s->content.open)
		return;
	content_goes_on(s);
	if (s->content.sized && !(whole && has_announced_size(s)))
		content_gap(s, 0);
	s->content.open = false;
	s->content.ended = whole;
	s->mails.open->content_whole = whole;
	s->summary.mails += whole;
	if (s->sink->content_end)
		s->sink->content_end(s->context, s->mails.open, whole);
}
