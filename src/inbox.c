/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * inbox.c - bytes of one direction that wait for the machine. Contract: inbox.h.
 *
 * Bounds are the session's (SESSION_PENDING_BYTES): it consumes or drops before the buffer grows beyond them.
 */
#include "inbox.h"

void inbox_init(struct inbox *inbox)
{
	*inbox = (struct inbox){ .buffer = g_byte_array_new(), .kept = INBOX_NOT_KEPT };
	inbox->runs = g_array_new(FALSE, FALSE, sizeof(struct run));
}

void inbox_clear(struct inbox *inbox)
{
	g_byte_array_unref(inbox->buffer);
	g_array_unref(inbox->runs);
}

/* add_run - the stream goes on by `size` octets of one kind. */
static void add_run(struct inbox *inbox, uint64_t size, uint64_t acked, bool gap)
{
	inbox->received += size;
	struct run *last = inbox->runs->len ? &g_array_index(inbox->runs, struct run, inbox->runs->len - 1) : NULL;
	if (last && last->gap == gap && (gap || last->acked == acked))
		last->end = inbox->received;
	else
		g_array_append_val(inbox->runs, ((struct run){ inbox->received, acked, gap }));
}

void inbox_feed(struct inbox *inbox, struct span bytes, uint64_t acked)
{
	if (bytes.size == 0)
		return;
	inbox_settle(inbox);
	add_run(inbox, bytes.size, acked, false);
	if (inbox->buffer->len == 0) {
		inbox->view = bytes;
		inbox->head = 0;
	} else {
		g_byte_array_append(inbox->buffer, bytes.data, (guint)bytes.size);
	}
}

void inbox_gap(struct inbox *inbox, uint64_t size)
{
	add_run(inbox, size, 0, true);
}

/* kept_octets - octets in front of head that must stay. */
static size_t kept_octets(const struct inbox *inbox)
{
	return inbox->kept == INBOX_NOT_KEPT ? 0 : (size_t)(inbox->offset - inbox->kept - inbox->kept_gaps);
}

/* drop_runs - forgets the runs that lie wholly behind. */
static void drop_runs(struct inbox *inbox)
{
	uint64_t from = inbox->kept == INBOX_NOT_KEPT ? inbox->offset : inbox->kept;
	guint n = 0;
	while (n < inbox->runs->len && g_array_index(inbox->runs, struct run, n).end <= from)
		n++;
	if (n > 0)
		g_array_remove_range(inbox->runs, 0, n);
}

void inbox_settle(struct inbox *inbox)
{
	size_t keep = kept_octets(inbox);
	if (inbox->view.data) {
		g_byte_array_append(inbox->buffer, inbox->view.data + inbox->head - keep,
			(guint)(inbox->view.size - inbox->head + keep));
		inbox->view = (struct span){ NULL, 0 };
	} else if (inbox->head > keep) {
		g_byte_array_remove_range(inbox->buffer, 0, (guint)(inbox->head - keep));
	} else {
		return;
	}
	inbox->head = keep;
}

/* current_run - the run that holds the octet at the present place; NULL at the end of what was fed. */
static const struct run *current_run(const struct inbox *inbox, uint64_t offset)
{
	guint low = 0, high = inbox->runs->len;
	while (low < high) {
		guint middle = (low + high) / 2;
		if (g_array_index(inbox->runs, struct run, middle).end <= offset)
			low = middle + 1;
		else
			high = middle;
	}
	return low < inbox->runs->len ? &g_array_index(inbox->runs, struct run, low) : NULL;
}

/* last_run - the run that was fed last; there must be one. */
static const struct run *last_run(const struct inbox *inbox)
{
	return &g_array_index(inbox->runs, struct run, inbox->runs->len - 1);
}

/* next_hole - stream offset of the next hole from the present place on, or the end. */
static uint64_t next_hole(const struct inbox *inbox)
{
	const struct run *run = current_run(inbox, inbox->offset);
	uint64_t at = inbox->offset;
	if (!run)
		return at;
	for (const struct run *end = last_run(inbox); run <= end && !run->gap; run++)
		at = run->end;
	return at;
}

struct span inbox_bytes(const struct inbox *inbox)
{
	struct span all = inbox->view.data ? inbox->view : (struct span){ inbox->buffer->data, inbox->buffer->len };
	if (inbox->head >= all.size)
		return (struct span){ NULL, 0 };
	return (struct span){ all.data + inbox->head, (size_t)(next_hole(inbox) - inbox->offset) };
}

struct span inbox_run(const struct inbox *inbox)
{
	struct span bytes = inbox_bytes(inbox);
	const struct run *run = current_run(inbox, inbox->offset);
	if (bytes.size > 0)
		bytes.size = (size_t)(run->end - inbox->offset);
	return bytes;
}

uint64_t inbox_hole(const struct inbox *inbox)
{
	const struct run *run = current_run(inbox, inbox->offset);
	return run && run->gap ? run->end - inbox->offset : 0;
}

bool inbox_hole_ahead(const struct inbox *inbox)
{
	return next_hole(inbox) < inbox->received;
}

bool inbox_empty(const struct inbox *inbox)
{
	return inbox->offset == inbox->received;
}

uint64_t inbox_acked(const struct inbox *inbox, uint64_t offset)
{
	const struct run *run = current_run(inbox, offset);
	while (run && run->gap && run < last_run(inbox))
		run++;
	return run && !run->gap ? run->acked : 0;
}

void inbox_consume(struct inbox *inbox, size_t size)
{
	inbox->head += size;
	inbox->offset += size;
	drop_runs(inbox);
}

void inbox_skip_hole(struct inbox *inbox, uint64_t size)
{
	inbox->offset += size;
	if (inbox->kept != INBOX_NOT_KEPT)
		inbox->kept_gaps += size;
	drop_runs(inbox);
}

void inbox_drop(struct inbox *inbox)
{
	inbox_release(inbox);
	inbox->view = (struct span){ NULL, 0 };
	g_byte_array_set_size(inbox->buffer, 0);
	inbox->head = 0;
	inbox->offset = inbox->received;
	g_array_set_size(inbox->runs, 0);
}

void inbox_keep(struct inbox *inbox)
{
	inbox->kept = inbox->offset;
	inbox->kept_gaps = 0;
}

void inbox_rewind(struct inbox *inbox)
{
	inbox->head -= kept_octets(inbox);
	inbox->offset = inbox->kept;
	inbox_release(inbox);
}

void inbox_release(struct inbox *inbox)
{
	inbox->kept = INBOX_NOT_KEPT;
	inbox->kept_gaps = 0;
	drop_runs(inbox);
}

uint64_t inbox_kept(const struct inbox *inbox)
{
	return kept_octets(inbox);
}
