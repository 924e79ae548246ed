/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * inbox.h - the bytes of one direction that wait for the state machine, with their gaps and acknowledgements (private).
 *
 * Offsets are those of the stream (flow.h). Bytes are read in place: from the caller's memory when nothing waits,
 * otherwise from the buffer. inbox_detach copies what is left, so that the caller can free its memory.
 *
 * Most directions have no gap, and one run of bytes. The inline functions handle that case fast.
 */
#ifndef SMTPSCAN_SMTP_INBOX_H
#define SMTPSCAN_SMTP_INBOX_H

#include <glib.h>

#include "types.h"

#define INBOX_NOT_KEPT UINT64_MAX
/* No bytes, which are somewhere all the same: memchr and its kind take no NULL. */
#define INBOX_NOTHING (span_of("", 0))
#define INBOX_RUNS_FEW 2

struct inbox_run {
	uint64_t end;   /* stream offset after it */
	uint64_t acked; /* acknowledgement of the sender with these bytes, see flow.h */
	bool gap;
};

struct inbox {
	struct span waits;      /* the bytes from offset on, without gaps: in the buffer, or in the caller's memory */
	uint64_t offset;        /* stream offset of the next byte */
	uint64_t received;      /* stream offset after everything fed, gaps included */
	struct inbox_run *runs; /* the runs of bytes and gaps from offset (or kept) on: `few`, or allocated */
	unsigned run_first, run_count, run_room; /* those before run_first are no longer needed */
	unsigned gaps;                           /* how many runs from run_first on are gaps */
	struct inbox_run few[INBOX_RUNS_FEW];    /* usually there is just one */
	bool fin;
	bool over;          /* nothing more is fed, with or without a FIN */
	bool cut;           /* because the capture ends: more may have been sent */
	uint8_t *buffer;    /* bytes that could not be consumed at once, and before them some that were */
	size_t size, room;  /* size 0: what waits is not in the buffer */
	uint64_t line;      /* stream offset after the last LF that waits in the buffer, or waited */
	uint64_t kept;      /* stream offset from which consumed bytes are kept for inbox_rewind; INBOX_NOT_KEPT */
	uint64_t kept_gaps; /* octets of gaps since `kept` */
};

void inbox_init(struct inbox *inbox);
void inbox_clear(struct inbox *inbox);
/* inbox_move - moves an inbox; overwrites the target. */
void inbox_move(struct inbox *to, const struct inbox *from);

void inbox_feed(struct inbox *inbox, struct span bytes, uint64_t acked);
void inbox_feed_gap(struct inbox *inbox, uint64_t size);
/* inbox_detach - copies the bytes that were not consumed, so that the caller can free its memory. Call it before the
 * next inbox_feed. inbox_copy - the same, when there are some. */
void inbox_copy(struct inbox *inbox);
static inline void inbox_detach(struct inbox *inbox)
{
	if (inbox->size > 0 || inbox->waits.size > 0 || inbox->kept != INBOX_NOT_KEPT)
		inbox_copy(inbox);
	else
		inbox->waits = INBOX_NOTHING;
}

/* inbox_next_gap - stream offset of the next gap from the current offset on, or of the end. */
uint64_t inbox_next_gap(const struct inbox *inbox);
/* inbox_run_at - the run of the octet at this stream offset; NULL at the end of what was fed. */
const struct inbox_run *inbox_run_at(const struct inbox *inbox, uint64_t offset);

/* inbox_bytes - the bytes that can be read now, up to the next gap. */
static inline struct span inbox_bytes(const struct inbox *inbox)
{
	if (inbox->gaps == 0)
		return inbox->waits;
	return span_of(inbox->waits.data, (size_t)(inbox_next_gap(inbox) - inbox->offset));
}

/* inbox_no_line - is it known that no line ends from the octet `at` on? So nothing is searched again with each segment.
 */
static inline bool inbox_no_line(const struct inbox *inbox, size_t at)
{
	return inbox->size > 0 && inbox->offset + at >= inbox->line;
}

/* inbox_bytes_from - those from this stream offset on, which must not be before the current one. */
static inline struct span inbox_bytes_from(const struct inbox *inbox, uint64_t offset)
{
	struct span bytes = inbox_bytes(inbox);
	uint64_t before = offset - inbox->offset;
	if (before >= bytes.size)
		return INBOX_NOTHING;
	return span_of(bytes.data + before, bytes.size - (size_t)before);
}

/* inbox_gap_size - the size of the gap at the current offset; 0: none. */
static inline uint64_t inbox_gap_size(const struct inbox *inbox)
{
	if (inbox->gaps == 0)
		return 0;
	const struct inbox_run *run = inbox_run_at(inbox, inbox->offset);
	return run && run->gap ? run->end - inbox->offset : 0;
}

/* inbox_bytes_after_gap - the bytes after the gap at the current offset. */
struct span inbox_bytes_after_gap(const struct inbox *inbox);

/* inbox_gap_ahead - is there a gap after the bytes that can be read? */
static inline bool inbox_gap_ahead(const struct inbox *inbox)
{
	return inbox->gaps > 0 && inbox_next_gap(inbox) < inbox->received;
}

/* inbox_closed - nothing follows the bytes that can be read. */
static inline bool inbox_closed(const struct inbox *inbox)
{
	return (inbox->fin || inbox->over) && !inbox_gap_ahead(inbox);
}

/* inbox_cut_line - does the capture end in the line with which these bytes begin? Then nobody knows the rest of it. */
static inline bool inbox_cut_line(const struct inbox *inbox, struct span bytes)
{
	return inbox->cut && !inbox->fin && inbox_closed(inbox) && !memchr(bytes.data, '\n', bytes.size);
}

/* inbox_run - the first of those bytes, which were sent with the same acknowledgement. */
struct span inbox_run(const struct inbox *inbox);
/* inbox_empty - neither bytes nor gaps wait. */
static inline bool inbox_empty(const struct inbox *inbox)
{
	return inbox->offset == inbox->received;
}

/* inbox_acked_later - the same, of an octet that is not in the first run. */
uint64_t inbox_acked_later(const struct inbox *inbox, uint64_t offset);
/* inbox_acked - the acknowledgement of the sender with the octet at this stream offset. */
static inline uint64_t inbox_acked(const struct inbox *inbox, uint64_t offset)
{
	const struct inbox_run *first = &inbox->runs[inbox->run_first];
	bool usual = inbox->run_first < inbox->run_count && offset < first->end && !first->gap;
	return usual ? first->acked : inbox_acked_later(inbox, offset);
}

/* inbox_sent_after - stream offset of the first waiting octet that was sent with an acknowledgement of more than
 * `acked`; UINT64_MAX: none. */
uint64_t inbox_sent_after(const struct inbox *inbox, uint64_t acked);

/* inbox_drop_runs - forgets runs that are completely consumed. */
void inbox_drop_runs(struct inbox *inbox);
static inline void inbox_consume(struct inbox *inbox, size_t size)
{
	inbox->waits = span_from(inbox->waits, size);
	inbox->offset += size;
	if (inbox->offset == inbox->received && inbox->kept == INBOX_NOT_KEPT)
		inbox->run_first = inbox->run_count = inbox->gaps = 0;
	else if (inbox->run_first < inbox->run_count && inbox->runs[inbox->run_first].end <= inbox->offset)
		inbox_drop_runs(inbox);
}

/* inbox_skip_gap - skips `size` octets of the gap at the current offset. */
void inbox_skip_gap(struct inbox *inbox, uint64_t size);

/* inbox_drop - discards everything that waits. */
void inbox_drop(struct inbox *inbox);

/* inbox_give_up - the same, and puts a gap in its place. Returns the number of octets. */
uint64_t inbox_give_up(struct inbox *inbox);

/* inbox_keep - keeps consumed bytes from the current offset on, until inbox_release. inbox_rewind - goes back to that
 * offset. */
void inbox_keep(struct inbox *inbox);
void inbox_rewind(struct inbox *inbox);
void inbox_release(struct inbox *inbox);
/* inbox_kept_bytes - the kept bytes and the bytes that can be read after them, without gaps. */
struct span inbox_kept_bytes(const struct inbox *inbox);
/* inbox_kept - number of octets kept before the current offset. */
uint64_t inbox_kept(const struct inbox *inbox);

#endif
