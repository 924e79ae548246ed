/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * window.h - a buffered view of a stream. Private to src/capture.
 *
 * It never waits for more than was requested, so octets of a live pipe can be used at once.
 */
#ifndef SMTPSCAN_CAPTURE_WINDOW_H
#define SMTPSCAN_CAPTURE_WINDOW_H

#include "source.h"

struct window;

/* window_new - the stream is borrowed. */
struct window *window_new(struct capture_stream *stream);
void window_free(struct window *window);

/* window_peek - the next `size` octets, or NULL when the stream has fewer (capture_stream_error: was that an error, or
 * the end?). They are valid until the next call, and are not consumed. */
const uint8_t *window_peek(struct window *window, size_t size);
/* window_left - number of octets that can be peeked at without reading. */
size_t window_left(const struct window *window);
/* window_take - consumes octets that were peeked at. */
void window_take(struct window *window, size_t size);
/* window_skip - consumes any number of octets; false when the stream has fewer. */
bool window_skip(struct window *window, uint64_t size);

#endif
