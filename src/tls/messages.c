/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * messages.c - assembles handshake messages. A message may be spread over records, and a record may hold several.
 *
 * One message per direction is kept until it is complete: at most TLS_HANDSHAKE_MAX octets. Of longer messages, and of
 * those whose body is not needed, only the type is reported.
 */
#include "parts.h"

#define MESSAGE_HEADER_SIZE 4

/* message_size - octets of a message with its header, according to the header. */
static size_t message_size(const uint8_t *header)
{
	return MESSAGE_HEADER_SIZE + (size_t)be24(header + 1);
}

/* message_add - adds octets to the current message. Returns true when it is complete. */
static bool message_add(struct side *side, struct reader *reader)
{
	if (!side->message)
		side->message = g_byte_array_new();
	GByteArray *message = side->message;
	if (message->len < MESSAGE_HEADER_SIZE) {
		struct span head = reader_take(reader, MIN(MESSAGE_HEADER_SIZE - message->len, reader->rest.size));
		g_byte_array_append(message, head.data, (guint)head.size);
		if (message->len < MESSAGE_HEADER_SIZE)
			return false;
		side->message_left = message_size(message->data) - MESSAGE_HEADER_SIZE;
	}
	struct span piece = reader_take(reader, MIN(side->message_left, reader->rest.size));
	side->message_left -= piece.size;
	if (message_size(message->data) <= TLS_HANDSHAKE_MAX && handshake_needs(message->data[0]))
		g_byte_array_append(message, piece.data, (guint)piece.size);
	return side->message_left == 0;
}

/* is_open - do the next octets still have the same protection? A message can change that. */
static bool is_open(const struct side *side, bool opened)
{
	return opened ? !side->shut : !side->encrypted;
}

void messages_take(struct tls *tls, enum direction direction, struct span bytes, bool opened)
{
	struct side *side = &tls->side[direction];
	struct reader reader = { bytes, false };
	while (reader_more(&reader) && is_open(side, opened)) {
		if (!message_add(side, &reader))
			continue;
		const GByteArray *message = side->message;
		struct span body = { message->data + MESSAGE_HEADER_SIZE, message->len - MESSAGE_HEADER_SIZE };
		handshake_message(tls, direction, message->data[0], body);
		messages_forget(side);
	}
}

void messages_forget(struct side *side)
{
	if (side->message)
		g_byte_array_free(side->message, TRUE);
	side->message = NULL;
}
