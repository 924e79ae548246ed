/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * inbox.h - the bytes of one direction that wait for the machine, with their holes and acknowledgements (private).
 *
 * Offsets are those of the stream (flow.h). Bytes are read where they lie: straight out of what was fed when nothing
 * waits, out of the buffer otherwise. inbox_settle copies what is left, so that the caller's memory can go.
 *
 * Most directions have no hole, and one run of bytes: what is asked at every step is answered here for these.
 */
#ifndef SMTPSCAN_SMTP_INBOX_H
#define SMTPSCAN_SMTP_INBOX_H

#include <glib.h>

#include "types.h"

#define INBOX_NOT_KEPT UINT64_MAX
#define INBOX_RUNS_FEW 2

struct run {
	uint64_t end;   /* stream offset behind it */
	uint64_t acked; /* what the sender had received when it sent these bytes */
	bool gap;
};

struct inbox {
	uint8_t *buffer; /* bytes that could not be consumed at once, holes left out */
	size_t size, room;
	struct span view;   /* what is being fed and is not in the buffer yet; the buffer is empty then */
	size_t head;        /* consumed octets of buffer or view */
	uint64_t offset;    /* stream offset of the next byte */
	uint64_t received;  /* stream offset behind everything fed, holes included */
	uint64_t kept;      /* stream offset from which consumed bytes are kept for inbox_rewind; INBOX_NOT_KEPT */
	uint64_t kept_gaps; /* octets of holes since `kept` */
	struct run *runs;   /* what the bytes and holes from offset (or kept) on are: `few`, or allocated */
	unsigned run_first, run_count, run_room; /* those before run_first are done with */
	unsigned gaps;                           /* of those from run_first on, how many are holes */
	struct run few[INBOX_RUNS_FEW];          /* most often there is just one */
	bool fin;
	bool over; /* nothing more is fed, whether there was a FIN or not */
};

void inbox_init(struct inbox *inbox);
void inbox_clear(struct inbox *inbox);
/* inbox_move - into another place; what was there is overwritten. */
void inbox_move(struct inbox *to, const struct inbox *from);

void inbox_feed(struct inbox *inbox, struct span bytes, uint64_t acked);
void inbox_gap(struct inbox *inbox, uint64_t size);
/* inbox_settle - the memory last fed goes away: keep what was not consumed. Comes before the next inbox_feed. */
void inbox_settle(struct inbox *inbox);

/* inbox_next_hole - stream offset of the next hole from the present place on, or the end. */
uint64_t inbox_next_hole(const struct inbox *inbox);
/* inbox_run_at - the bytes or the hole that the octet at this stream offset is of; NULL at the end of what was fed. */
const struct run *inbox_run_at(const struct inbox *inbox, uint64_t offset);

/* inbox_bytes - the bytes that can be read now, up to the next hole. */
static inline struct span inbox_bytes(const struct inbox *inbox)
{
	struct span all = inbox->view.data ? inbox->view : (struct span){ inbox->buffer, inbox->size };
	if (inbox->head >= all.size)
		return (struct span){ NULL, 0 };
	size_t size = inbox->gaps == 0 ? all.size - inbox->head : (size_t)(inbox_next_hole(inbox) - inbox->offset);
	return (struct span){ all.data + inbox->head, size };
}

/* inbox_bytes_from - those of them from this stream offset on, which is not before the present place. */
static inline struct span inbox_bytes_from(const struct inbox *inbox, uint64_t offset)
{
	struct span bytes = inbox_bytes(inbox);
	uint64_t before = offset - inbox->offset;
	if (before >= bytes.size)
		return (struct span){ NULL, 0 };
	return (struct span){ bytes.data + before, bytes.size - (size_t)before };
}

/* inbox_hole - the size of the hole that stands at the present place, 0 when none. */
static inline uint64_t inbox_hole(const struct inbox *inbox)
{
	if (inbox->gaps == 0)
		return 0;
	const struct run *run = inbox_run_at(inbox, inbox->offset);
	return run && run->gap ? run->end - inbox->offset : 0;
}

/* inbox_hole_ahead - is there a hole behind the bytes that can be read? */
static inline bool inbox_hole_ahead(const struct inbox *inbox)
{
	return inbox->gaps > 0 && inbox_next_hole(inbox) < inbox->received;
}

/* inbox_closed - nothing follows what can be read. */
static inline bool inbox_closed(const struct inbox *inbox)
{
	return (inbox->fin || inbox->over) && !inbox_hole_ahead(inbox);
}

/* inbox_run - of those bytes, the ones that were sent with the same acknowledgement. */
struct span inbox_run(const struct inbox *inbox);
/* inbox_empty - neither bytes nor holes wait. */
bool inbox_empty(const struct inbox *inbox);

/* inbox_acked - what the sender of the octet at this stream offset had received. */
uint64_t inbox_acked(const struct inbox *inbox, uint64_t offset);

/* inbox_sent_after - the first waiting octet that was sent by someone who had received more than `acked`; UINT64_MAX
 * when none. */
uint64_t inbox_sent_after(const struct inbox *inbox, uint64_t acked);

void inbox_consume(struct inbox *inbox, size_t size);
/* inbox_skip_hole - steps over `size` octets of the hole at the present place. */
void inbox_skip_hole(struct inbox *inbox, uint64_t size);

/* inbox_drop - throws everything that waits away. */
void inbox_drop(struct inbox *inbox);

/* inbox_give_up - the same, and a hole stands where it was. Returns the number of octets. */
uint64_t inbox_give_up(struct inbox *inbox);

/* inbox_keep - consumed bytes are kept from the present place on, until inbox_release. inbox_rewind - back to it. */
void inbox_keep(struct inbox *inbox);
void inbox_rewind(struct inbox *inbox);
void inbox_release(struct inbox *inbox);
/* inbox_kept_bytes - what is kept, and what can be read behind it, holes left out. */
struct span inbox_kept_bytes(const struct inbox *inbox);
/* inbox_kept - octets kept behind the present place. */
uint64_t inbox_kept(const struct inbox *inbox);

#endif
