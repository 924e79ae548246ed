/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * plain.c - see plain.h. A record is four words (seconds, fraction, captured octets, octets on the wire), then the
 * captured octets. They stay where they were read: libpcap copies each record out of a stdio buffer, in two calls,
 * which takes longer than everything else that is done to find its connection.
 */
#include "plain.h"

#include <string.h>

#include "clock.h"
#include "format.h"
#include "window.h"

#define LINK_TYPE_MASK 0x03ffffffu /* the other bits say whether there is a frame check sequence */
#define USB_MMAPPED 220u           /* libpcap corrects the lengths of these */

/* The words of a file header and of a record, as they are in the file. */
struct file_header {
	uint32_t magic;
	uint16_t major, minor;
	uint32_t unused[3];
	uint32_t link_type;
};

struct record {
	uint32_t seconds, fraction, captured, length;
};

struct plain {
	struct window *window;
	struct capture_stream *stream;
	uint32_t unit; /* of the fraction, in nanoseconds */
	uint32_t most;
	uint32_t captured; /* of the last record */
};

bool plain_is(struct span head)
{
	struct file_header header;
	if (head.size < sizeof header)
		return false;
	memcpy(&header, head.data, sizeof header);
	return capture_format_native(header.magic) && header.major == 2 && header.minor == 4 &&
	       (header.link_type & LINK_TYPE_MASK) != USB_MMAPPED;
}

struct plain *plain_new(struct capture_stream *stream, bool nanoseconds, uint32_t most)
{
	struct plain *plain = g_new0(struct plain, 1);
	plain->window = window_new(stream);
	plain->stream = stream;
	plain->unit = nanoseconds ? 1 : 1000;
	plain->most = most;
	return plain;
}

void plain_free(struct plain *plain)
{
	if (!plain)
		return;
	window_free(plain->window);
	g_free(plain);
}

/* no_more - the stream has fewer octets than a record needs. */
static enum capture_status no_more(const struct plain *plain)
{
	if (capture_stream_error(plain->stream))
		return CAPTURE_BROKEN;
	return window_left(plain->window) == 0 ? CAPTURE_END : CAPTURE_CUT;
}

enum capture_status plain_next(struct plain *plain, struct packet *packet)
{
	struct record record;
	const uint8_t *octets = window_peek(plain->window, sizeof record);
	if (G_UNLIKELY(!octets))
		return no_more(plain);
	memcpy(&record, octets, sizeof record);
	plain->captured = record.captured;
	if (G_UNLIKELY(record.captured > plain->most))
		return CAPTURE_BROKEN;
	octets = window_peek(plain->window, sizeof record + record.captured);
	if (G_UNLIKELY(!octets))
		return no_more(plain);
	window_take(plain->window, sizeof record + record.captured);
	/* Some writers have fractions of more than a second. */
	packet->at.time = clock_moment(record.seconds, (uint64_t)record.fraction * plain->unit);
	packet->captured = record.captured;
	packet->length = MAX(record.length, record.captured);
	packet->data = octets + sizeof record;
	return CAPTURE_PACKET;
}

uint32_t plain_length(const struct plain *plain)
{
	return plain->captured;
}
