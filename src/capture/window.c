/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * window.c - a buffered view of a stream. See window.h.
 *
 * Unread octets move to the front before the next read, so that the requested ones are contiguous. The buffer grows for
 * a larger request only when that many octets really come.
 */
#include "window.h"

#include <glib.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"

#define WINDOW_SIZE ((size_t)1024 * 1024)
/* The kernel copies half as fast to an address that is not aligned. */
#define ALIGNMENT ((size_t)4096)

struct window {
	struct capture_stream *stream;
	uint8_t *buffer;
	size_t room, begin, end;
};

static uint8_t *buffer_new(size_t room)
{
	uint8_t *buffer = aligned_alloc(ALIGNMENT, room);
	if (!buffer)
		memory_gone();
	return buffer;
}

struct window *window_new(struct capture_stream *stream)
{
	struct window *window = g_new0(struct window, 1);
	window->stream = stream;
	window->room = WINDOW_SIZE;
	window->buffer = buffer_new(WINDOW_SIZE);
	return window;
}

void window_free(struct window *window)
{
	if (!window)
		return;
	free(window->buffer);
	g_free(window);
}

size_t window_left(const struct window *window)
{
	return window->end - window->begin;
}

/* move_left - makes room for a read: moves the unread octets to the front, so that they end at an aligned address. */
static void move_left(struct window *window)
{
	const size_t left = window_left(window), at = (ALIGNMENT - left % ALIGNMENT) % ALIGNMENT;
	uint8_t *to = window->buffer, *from = window->buffer;
	if (at + left + ALIGNMENT > window->room) {
		window->room *= 2;
		to = buffer_new(window->room);
	}
	memmove(to + at, from + window->begin, left);
	if (to != from)
		free(from);
	window->buffer = to;
	window->begin = at;
	window->end = at + left;
}

/* window_refill - one read; false at the end of the stream or after an error. */
static bool window_refill(struct window *window)
{
	if (window->begin == window->end)
		window->begin = window->end = 0;
	if (window->end == window->room)
		move_left(window);
	ssize_t got = capture_stream_read(window->stream, window->buffer + window->end, window->room - window->end);
	if (got <= 0)
		return false;
	window->end += (size_t)got;
	return true;
}

const uint8_t *window_peek(struct window *window, size_t size)
{
	while (G_UNLIKELY(window_left(window) < size))
		if (!window_refill(window))
			return NULL;
	return window->buffer + window->begin;
}

void window_take(struct window *window, size_t size)
{
	g_assert(size <= window_left(window));
	window->begin += size;
}

bool window_skip(struct window *window, uint64_t size)
{
	for (;;) {
		size_t now = (size_t)MIN(size, window_left(window));
		window_take(window, now);
		size -= now;
		if (size == 0)
			return true;
		if (!window_refill(window))
			return false;
	}
}
