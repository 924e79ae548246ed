/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * lines.c - see lines.h. Lines stand in one stream of octets: first what is in the file, then what is in memory. Lines
 * of one flow that follow each other are a run; the runs are kept in order, so that giving out is a walk.
 */
#include "lines.h"

#include <errno.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "file.h"
#include "text.h"

#define PIECE_SIZE (64 * 1024) /* octets that are read of the file at once, unless a line is longer */
#define TEXT_KEPT (64 * 1024)  /* octets of memory that stay for the next packet */

/* Lines of a flow, side by side. */
struct line_run {
	uint64_t flow, start, size;
};

struct lines {
	GString *text;   /* of the stream, from `filed` on */
	uint64_t filed;  /* octets of the stream that are in the file */
	uint64_t added;  /* octets of the stream that belong to runs */
	GSequence *runs; /* but for the last of the stream: most packets have no other, and it needs no allocation */
	struct line_run last; /* size 0: none */
	bool busy;            /* giving out */
	int fd;               /* -1: no file yet */
	char *piece;          /* of the file */
	size_t piece_room;
};

struct lines *lines_new(void)
{
	struct lines *lines = g_new0(struct lines, 1);
	lines->text = g_string_new(NULL);
	lines->runs = g_sequence_new(g_free);
	lines->fd = -1;
	return lines;
}

void lines_free(struct lines *lines)
{
	if (!lines)
		return;
	if (lines->fd >= 0)
		close(lines->fd);
	g_sequence_free(lines->runs);
	g_string_free(lines->text, TRUE);
	g_free(lines->piece);
	g_free(lines);
}

GString *lines_text(struct lines *lines)
{
	return lines->text;
}

/* ---- in ---- */

static int by_flow(const void *a, const void *b, void *unused)
{
	const struct line_run *x = a, *y = b;
	if (x->flow != y->flow)
		return x->flow < y->flow ? -1 : 1;
	return x->start < y->start ? -1 : 1; /* as they came */
}

/* lines_spill - what is in memory goes to the file. Returns false with errno set when it can't: then it stays. */
static bool lines_spill(struct lines *lines, const char *directory)
{
	if (lines->fd < 0)
		lines->fd = file_temporary(directory);
	if (lines->fd < 0 || lseek(lines->fd, (off_t)lines->filed, SEEK_SET) < 0 ||
		file_write(lines->fd, lines->text->str, lines->text->len) < lines->text->len)
		return false;
	lines->filed += lines->text->len;
	g_string_truncate(lines->text, 0);
	return true;
}

/* close_last - the last run takes its place among the others. */
static void close_last(struct lines *lines)
{
	if (lines->last.size > 0)
		g_sequence_insert_sorted(lines->runs, g_memdup2(&lines->last, sizeof lines->last), by_flow, NULL);
	lines->last.size = 0;
}

bool lines_add(struct lines *lines, uint64_t flow, const char *directory)
{
	const uint64_t end = lines->filed + lines->text->len;
	if (lines->last.size == 0 || lines->last.flow != flow) {
		close_last(lines);
		lines->last = (struct line_run){ flow, lines->added, 0 };
	}
	lines->last.size += end - lines->added;
	lines->added = end;
	return lines->text->len < LINES_MEMORY || lines_spill(lines, directory);
}

/* ---- out ---- */

/* whole_lines - octets of the whole lines at the start; 0: not one. */
static size_t whole_lines(const char *octets, size_t size)
{
	const char *feed = memrchr(octets, '\n', size);
	return feed ? (size_t)(feed - octets) + 1 : 0;
}

/* from_file - whole lines that stand at a place of the stream, of at most so many octets. Returns NULL, said, when they
 * can't be read. */
static const char *from_file(struct lines *lines, uint64_t place, uint64_t most, size_t *size)
{
	for (*size = 0; *size == 0;) {
		if (lines->piece_room == 0)
			lines->piece = g_malloc(lines->piece_room = PIECE_SIZE);
		const size_t wanted = (size_t)MIN(lines->piece_room, most);
		errno = 0;
		if (lseek(lines->fd, (off_t)place, SEEK_SET) < 0 ||
			file_read(lines->fd, lines->piece, wanted) < (ssize_t)wanted) {
			say("records are lost: a temporary file can't be read: %s", g_strerror(errno));
			return NULL;
		}
		*size = whole_lines(lines->piece, wanted);
		if (*size == 0)
			lines->piece = g_realloc(lines->piece, lines->piece_room *= 2);
	}
	return lines->piece;
}

static bool give_run(struct lines *lines, struct line_run run, lines_sink take, void *context)
{
	while (run.size > 0) {
		size_t size = (size_t)run.size;
		const char *octets = run.start < lines->filed ? from_file(lines, run.start,
									MIN(run.size, lines->filed - run.start), &size)
							      : lines->text->str + (run.start - lines->filed);
		if (!octets || !take(context, run.flow, octets, size))
			return false;
		run.start += size;
		run.size -= size;
	}
	return true;
}

/* forget_tail - memory that no run needs is used again: what was given out is most often what came last. */
static void forget_tail(struct lines *lines, uint64_t before)
{
	if (g_sequence_is_empty(lines->runs) && lines->last.size == 0) {
		if (lines->filed > 0 && ftruncate(lines->fd, 0) != 0) {
			close(lines->fd);
			lines->fd = -1;
		}
		lines->filed = lines->added = 0;
		g_string_truncate(lines->text, 0);
		if (lines->text->allocated_len > TEXT_KEPT) {
			g_string_free(lines->text, TRUE);
			lines->text = g_string_new(NULL);
		}
	} else if (before >= lines->filed) {
		lines->added = before;
		g_string_truncate(lines->text, (gsize)(before - lines->filed));
	}
}

/* next_run - takes out the first run, unless it is of a later flow. */
static bool next_run(struct lines *lines, uint64_t flow, struct line_run *run)
{
	GSequenceIter *begin = g_sequence_get_begin_iter(lines->runs);
	const struct line_run *first = g_sequence_iter_is_end(begin) ? NULL : g_sequence_get(begin);
	bool last = lines->last.size > 0 && (!first || by_flow(&lines->last, first, NULL) < 0);
	if (!last && !first)
		return false;
	*run = last ? lines->last : *first;
	if (run->flow > flow)
		return false;
	if (last)
		lines->last.size = 0;
	else
		g_sequence_remove(begin);
	return true;
}

/* take_runs - lines_take when lines wait. */
static G_GNUC_NO_INLINE bool take_runs(struct lines *lines, uint64_t flow, lines_sink take, void *context)
{
	struct line_run run;
	bool good = !lines->busy;       /* memory was gone just then: what is given out is not given out twice */
	uint64_t before = lines->added; /* nothing from there on is needed: runs given out that touch it */
	if (!good)
		return false;
	lines->busy = true;
	while (next_run(lines, flow, &run)) {
		good = good && give_run(lines, run, take, context);
		if (run.start + run.size == before)
			before = run.start;
	}
	lines->busy = false;
	forget_tail(lines, before);
	return good;
}

bool lines_take(struct lines *lines, uint64_t flow, lines_sink take, void *context)
{
	/* after most packets there is nothing */
	return lines->added == 0 || take_runs(lines, flow, take, context);
}
