/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * inbox.c - bytes of one direction that wait for the state machine. Contract: inbox.h.
 *
 * The session limits the size (SESSION_PENDING_BYTES): it consumes or drops bytes before the buffer grows beyond
 * that.
 */
#include "inbox.h"

#include <string.h>

#define BUFFER_MIN 256

void inbox_init(struct inbox *inbox)
{
	*inbox = (struct inbox){
		.waits = INBOX_NOTHING, .kept = INBOX_NOT_KEPT, .runs = inbox->few, .run_room = INBOX_RUNS_FEW
	};
}

void inbox_clear(struct inbox *inbox)
{
	g_free(inbox->buffer);
	if (inbox->runs != inbox->few)
		g_free(inbox->runs);
}

void inbox_move(struct inbox *to, const struct inbox *from)
{
	bool few = from->run_room == INBOX_RUNS_FEW;
	*to = *from;
	if (few)
		to->runs = to->few;
}

/* inbox_append - adds bytes to the buffer. */
static void inbox_append(struct inbox *inbox, struct span bytes)
{
	if (inbox->room - inbox->size < bytes.size) {
		inbox->room = MAX(MAX(2 * inbox->room, inbox->size + bytes.size), BUFFER_MIN);
		inbox->buffer = g_realloc(inbox->buffer, inbox->room);
	}
	memcpy(inbox->buffer + inbox->size, bytes.data, bytes.size);
	inbox->size += bytes.size;
	const uint8_t *lf = memrchr(bytes.data, '\n', bytes.size);
	if (lf)
		inbox->line = inbox->received - (uint64_t)(bytes.data + bytes.size - lf - 1);
}

/* double_runs - makes room for twice as many runs. */
RARE static void double_runs(struct inbox *inbox)
{
	bool first = inbox->runs == inbox->few;
	inbox->run_room *= 2;
	inbox->runs = g_renew(struct inbox_run, first ? NULL : inbox->runs, inbox->run_room);
	if (first)
		memcpy(inbox->runs, inbox->few, sizeof inbox->few);
}

/* add_run - extends the stream by `size` octets of bytes or gap. */
static void add_run(struct inbox *inbox, uint64_t size, uint64_t acked, bool gap)
{
	inbox->received += size;
	struct inbox_run *last = inbox->run_count > inbox->run_first ? &inbox->runs[inbox->run_count - 1] : NULL;
	if (last && last->gap == gap && (gap || last->acked == acked)) {
		last->end = inbox->received;
		return;
	}
	if (inbox->run_count == inbox->run_room)
		double_runs(inbox);
	inbox->gaps += gap;
	inbox->runs[inbox->run_count++] = (struct inbox_run){ inbox->received, acked, gap };
}

void inbox_feed(struct inbox *inbox, struct span bytes, uint64_t acked)
{
	if (bytes.size == 0)
		return;
	add_run(inbox, bytes.size, acked, false);
	if (inbox->size == 0) {
		inbox->waits = bytes;
		return;
	}
	size_t before = inbox->size - inbox->waits.size;
	inbox_append(inbox, bytes);
	inbox->waits = span_of(inbox->buffer + before, inbox->size - before);
}

void inbox_feed_gap(struct inbox *inbox, uint64_t size)
{
	add_run(inbox, size, 0, true);
}

/* kept_octets - number of consumed octets that must stay. */
static size_t kept_octets(const struct inbox *inbox)
{
	return inbox->kept == INBOX_NOT_KEPT ? 0 : (size_t)(inbox->offset - inbox->kept - inbox->kept_gaps);
}

/* The other runs move only when they are the smaller half. */
void inbox_drop_runs(struct inbox *inbox)
{
	uint64_t from = inbox->kept == INBOX_NOT_KEPT ? inbox->offset : inbox->kept;
	unsigned n = inbox->run_first;
	for (; n < inbox->run_count && inbox->runs[n].end <= from; n++)
		inbox->gaps -= inbox->runs[n].gap;
	inbox->run_first = n;
	if (n < inbox->run_count - n)
		return;
	inbox->run_first = 0;
	inbox->run_count -= n;
	if (n > 0)
		memmove(inbox->runs, inbox->runs + n, inbox->run_count * sizeof *inbox->runs);
}

void inbox_copy(struct inbox *inbox)
{
	size_t keep = kept_octets(inbox);
	struct span all = { inbox->waits.data - keep, keep + inbox->waits.size };
	if (all.size == 0) {
		inbox->waits = INBOX_NOTHING;
		inbox->size = 0;
	} else if (inbox->size == 0) {
		inbox_append(inbox, all);
		inbox->waits.data = inbox->buffer + keep;
	} else if (inbox->size - all.size >= MAX(inbox->size / 2, 1)) {
		memmove(inbox->buffer, all.data, all.size);
		inbox->size = all.size;
		inbox->waits.data = inbox->buffer + keep;
	}
}

const struct inbox_run *inbox_run_at(const struct inbox *inbox, uint64_t offset)
{
	unsigned low = inbox->run_first, high = inbox->run_count;
	while (low < high) {
		unsigned middle = (low + high) / 2;
		if (inbox->runs[middle].end <= offset)
			low = middle + 1;
		else
			high = middle;
	}
	return low < inbox->run_count ? &inbox->runs[low] : NULL;
}

/* last_run - the last run; there must be one. */
static const struct inbox_run *last_run(const struct inbox *inbox)
{
	return &inbox->runs[inbox->run_count - 1];
}

uint64_t inbox_next_gap(const struct inbox *inbox)
{
	const struct inbox_run *run = inbox_run_at(inbox, inbox->offset);
	uint64_t at = inbox->offset;
	for (; run && run <= last_run(inbox) && !run->gap; run++)
		at = run->end;
	return at;
}

struct span inbox_run(const struct inbox *inbox)
{
	struct span bytes = inbox_bytes(inbox);
	const struct inbox_run *run = inbox_run_at(inbox, inbox->offset);
	if (bytes.size > 0)
		bytes.size = (size_t)(run->end - inbox->offset);
	return bytes;
}

uint64_t inbox_acked_later(const struct inbox *inbox, uint64_t offset)
{
	const struct inbox_run *run = inbox_run_at(inbox, offset);
	while (run && run->gap && run < last_run(inbox))
		run++;
	return run && !run->gap ? run->acked : 0;
}

uint64_t inbox_sent_after(const struct inbox *inbox, uint64_t acked)
{
	uint64_t at = inbox->offset;
	for (const struct inbox_run *run = inbox_run_at(inbox, at); run && run <= last_run(inbox); run++) {
		if (!run->gap && run->acked > acked)
			return at;
		at = run->end;
	}
	return UINT64_MAX;
}

void inbox_skip_gap(struct inbox *inbox, uint64_t size)
{
	inbox->offset += size;
	if (inbox->kept != INBOX_NOT_KEPT)
		inbox->kept_gaps += size;
	inbox_drop_runs(inbox);
}

void inbox_drop(struct inbox *inbox)
{
	inbox_release(inbox);
	inbox->waits = INBOX_NOTHING;
	inbox->size = 0;
	inbox->offset = inbox->received;
	inbox->run_first = inbox->run_count = inbox->gaps = 0;
}

uint64_t inbox_give_up(struct inbox *inbox)
{
	uint64_t start = inbox->offset, octets = inbox->waits.size;
	uint64_t size = inbox->received - start;
	inbox_drop(inbox);
	inbox->offset = inbox->received = start;
	inbox_feed_gap(inbox, size);
	return octets;
}

void inbox_keep(struct inbox *inbox)
{
	inbox->kept = inbox->offset;
	inbox->kept_gaps = 0;
}

void inbox_rewind(struct inbox *inbox)
{
	size_t kept = kept_octets(inbox);
	inbox->waits = span_of(inbox->waits.data - kept, inbox->waits.size + kept);
	inbox->offset = inbox->kept;
	inbox_release(inbox);
}

void inbox_release(struct inbox *inbox)
{
	inbox->kept = INBOX_NOT_KEPT;
	inbox->kept_gaps = 0;
	inbox_drop_runs(inbox);
}

uint64_t inbox_kept(const struct inbox *inbox)
{
	return kept_octets(inbox);
}

struct span inbox_kept_bytes(const struct inbox *inbox)
{
	size_t kept = kept_octets(inbox);
	return span_of(inbox->waits.data - kept, kept + inbox_bytes(inbox).size);
}

struct span inbox_bytes_after_gap(const struct inbox *inbox)
{
	struct inbox after = *inbox;
	after.offset += inbox_gap_size(inbox);
	return inbox_bytes(&after);
}
