/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * window.h - octets of a stream, looked at where they are. Private to src/capture.
 *
 * Never waits for more than was asked: what a live pipe has sent is there at once.
 */
#ifndef SMTPSCAN_CAPTURE_WINDOW_H
#define SMTPSCAN_CAPTURE_WINDOW_H

#include "source.h"

struct window;

/* window_new - the stream is borrowed. */
struct window *window_new(struct capture_stream *stream);
void window_free(struct window *window);

/* window_peek - the next `size` octets, or NULL when there are not so many (capture_stream_error tells whether that is
 * the end). They are valid until the next call; they stay until they are taken. */
const uint8_t *window_peek(struct window *window, size_t size);
/* window_left - octets that could be peeked at without reading. */
size_t window_left(const struct window *window);
/* window_take - passes over octets that were peeked at. */
void window_take(struct window *window, size_t size);
/* window_skip - passes over any number; false when there are not so many. */
bool window_skip(struct window *window, uint64_t size);

#endif
