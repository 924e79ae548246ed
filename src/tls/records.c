/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * records.c - splits the octets of both directions into records, and passes their content on.
 *
 * A record may come in any pieces. The payload of a record in clear is passed on as it comes; one that will be
 * decrypted is gathered first, at most RECORD_SIZE_MAX octets, without a copy when it comes in one piece. (Decrypting
 * the pieces as they come saves the copy, but costs more: libcrypto's code would leave the processor's cache between
 * two pieces.) Records that wait for the other direction take at most HELD_MAX octets. Without keys, octets after the
 * change to encryption, or after a gap, are only counted.
 */
#include "parts.h"

#include <string.h>

#define HELD_MAX (1024 * 1024)
#define ALONE_RECORDS 4 /* a handshake message, or data when its secret is not known */
#define ALONE_HELD (HELD_MAX / 2)
#define HELD_COST 64 /* octets of memory per record besides its payload */

struct held {
	struct sealed record;
	uint8_t octets[];
};

/* ---- protected records ---- */

/* opening - the buffer for a decrypted record. */
static struct opened opening(struct tls *tls)
{
	return (struct opened){ .buffer = keys_buffer(tls->keys) };
}

/* take_opened - takes the content of a decrypted record. */
static void take_opened(
	struct tls *tls, enum direction direction, const struct sealed *record, const struct opened *opened)
{
	struct side *side = &tls->side[direction];
	switch (opened->type) {
	case RECORD_APPLICATION_DATA:
		inside_bytes(tls, direction, record, opened->content);
		break;
	case RECORD_HANDSHAKE:
		messages_take(tls, direction, opened->content, true);
		break;
	case RECORD_ALERT:
		side->alert_size = 0;
		handshake_alert(tls, direction, opened->content, true);
		break;
	case RECORD_CHANGE_CIPHER_SPEC:
		decrypt_change(tls, direction);
		break;
	default:
		break;
	}
}

static void open_record(struct tls *tls, enum direction direction, const struct sealed *record, bool in_place)
{
	struct opened opened = opening(tls);
	opened.in_place = in_place;
	if (tls->side[direction].shut)
		inside_lose(tls, direction, record->payload.size);
	else if (decrypt_record(tls, direction, record, &opened))
		take_opened(tls, direction, record, &opened);
}

/* hold_record - keeps a record that waits for the other direction. */
static void hold_record(struct tls *tls, enum direction direction, const struct sealed *record)
{
	struct side *side = &tls->side[direction];
	side->held_size += record->payload.size + HELD_COST;
	if (side->held_size > HELD_MAX) {
		decrypt_shut(tls, direction, "too much early data");
		inside_lose(tls, direction, record->payload.size);
		return;
	}
	struct held *held = g_malloc(sizeof *held + record->payload.size);
	held->record = *record;
	held->record.payload.data = memcpy(held->octets, record->payload.data, record->payload.size);
	g_queue_push_tail(&side->held, held);
}

/* release_records - decrypts the client's held records, once they need not wait. */
static void release_records(struct tls *tls)
{
	struct held *held;
	while (!decrypt_waits(tls) && (held = g_queue_pop_head(&tls->side[UP].held))) {
		open_record(tls, UP, &held->record, true);
		g_free(held);
	}
}

/* server_is_silent - nothing of the server was in the capture so far. */
static bool server_is_silent(const struct tls *tls)
{
	return tls->info.bytes[DOWN] == 0;
}

/* release_alone - the server's direction is not in the capture: the client's records need not wait for it when one of
 * the first opens. */
static bool release_alone(struct tls *tls)
{
	const GList *at = tls->side[UP].held.head;
	for (size_t n = 0; at && n < ALONE_RECORDS; n++, at = at->next) {
		const struct held *held = at->data;
		if (decrypt_guess(tls, &held->record)) {
			release_records(tls);
			return true;
		}
	}
	return false;
}

/* take_protected - gathers a record that will be decrypted; decrypts it when it is complete. */
static void take_protected(struct tls *tls, enum direction direction, struct span payload)
{
	struct side *side = &tls->side[direction];
	struct sealed record = { .type = side->header[0],
		.version = be16(side->header + 1),
		.payload = payload,
		.at = side->record_at,
		.acked = side->acked };
	const bool gathered = side->record_left > 0 || gather_begun(tls, side);
	if (gathered)
		record.payload = gather_add(tls, side, payload);
	if (side->record_left > 0)
		return;
	const bool alone = direction == UP && side->held_size > ALONE_HELD && server_is_silent(tls);
	if (direction == UP && decrypt_waits(tls) && !(alone && release_alone(tls)))
		hold_record(tls, direction, &record);
	else
		open_record(tls, direction, &record, gathered);
	gather_drop(tls, side);
}

/* ---- records in clear ---- */

/* begin_record - evaluates a complete header. */
static void begin_record(struct tls *tls, enum direction direction)
{
	struct side *side = &tls->side[direction];
	bool ssl2 = !side->begun && direction == UP && record_is_ssl2_hello(side->header, RECORD_HEADER_SIZE);
	side->begun = true;
	side->header_size = 0;
	side->alert_size = 0;
	gather_drop(tls, side);
	if (ssl2) {
		side->type = RECORD_PASSED;
		side->record_left =
			(size_t)(side->header[0] & ~RECORD_SSL2_BIT) * 256 + side->header[1] + 2 - RECORD_HEADER_SIZE;
		tls->info.client_hello = true;
		return;
	}
	side->type = side->header[0];
	side->record_left = be16(side->header + 3);
	/* Between a HelloRetryRequest and its ServerHello a ChangeCipherSpec has no meaning (RFC 8446 D.4). */
	bool for_show = direction == DOWN && tls->retry && !tls->info.server_hello;
	if (side->type == RECORD_APPLICATION_DATA || (side->type == RECORD_CHANGE_CIPHER_SPEC && !for_show))
		side->encrypted = true;
	if (side->encrypted && direction == DOWN)
		tls->server_done = true;
}

/* header_take - adds octets to a record's header. Returns how many it took; sets `lost`, and takes none, when they do
 * not fit. */
static size_t header_take(struct tls *tls, enum direction direction, struct span bytes, uint64_t acked)
{
	struct side *side = &tls->side[direction];
	size_t size = MIN(RECORD_HEADER_SIZE - side->header_size, bytes.size);
	if (side->header_size == 0) {
		side->record_at = side->offset;
		side->acked = acked;
	}
	memcpy(side->header + side->header_size, bytes.data, size);
	size_t have = side->header_size + size;
	bool ssl2 = !side->begun && direction == UP && record_is_ssl2_hello(side->header, have);
	if (!ssl2 && !record_fits(side->header, have)) {
		side->lost = true;
		return 0;
	}
	side->header_size = have;
	if (have == RECORD_HEADER_SIZE)
		begin_record(tls, direction);
	return size;
}

/* take_record_octets - takes octets of the current record. */
static void take_record_octets(struct tls *tls, enum direction direction, struct span payload)
{
	struct side *side = &tls->side[direction];
	if (decrypt_wanted(tls, side))
		take_protected(tls, direction, payload);
	else if (side->shut)
		inside_lose(tls, direction, payload.size);
	else if (side->type == RECORD_CHANGE_CIPHER_SPEC && side->record_left == 0)
		decrypt_change(tls, direction);
	else if (side->type == RECORD_HANDSHAKE && !side->encrypted)
		messages_take(tls, direction, payload, false);
	else if (side->type == RECORD_ALERT && !side->encrypted)
		handshake_alert(tls, direction, payload, false);
}

/* ---- the functions of tls.h ---- */

/* take_records - takes octets of consecutive records. */
static void take_records(struct tls *tls, enum direction direction, struct span bytes, uint64_t acked)
{
	struct side *side = &tls->side[direction];
	struct reader reader = { bytes, false };
	while (reader_more(&reader) && !side->lost) {
		size_t size = MIN(side->record_left, reader.rest.size);
		if (side->record_left == 0) {
			size = header_take(tls, direction, reader.rest, acked);
			side->offset += size;
			reader_take(&reader, size);
			continue;
		}
		struct span payload = reader_take(&reader, size);
		side->record_left -= size;
		side->offset += size;
		take_record_octets(tls, direction, payload);
		if (direction == DOWN)
			release_records(tls);
	}
	if (!side->lost)
		return;
	side->offset += reader.rest.size;
	if (tls->exchange.version > 0) {
		decrypt_shut(tls, direction, "the next octets are no record");
		inside_lose(tls, direction, reader.rest.size);
	}
}

/* seek_record - takes octets after a gap, until a record can be decrypted. */
static void seek_record(struct tls *tls, enum direction direction, struct span bytes, uint64_t acked, bool last)
{
	struct opened opened = opening(tls);
	struct sealed record = { .acked = acked };
	struct span rest;
	if (!seek_bytes(tls, direction, bytes, last, &record, &opened, &rest)) {
		if (tls->side[direction].shut)
			inside_lose(tls, direction, bytes.size);
		return;
	}
	uint8_t *copy = g_memdup2(rest.data, rest.size);
	g_byte_array_set_size(tls->side[direction].record, 0);
	tls->side[direction].offset -= rest.size;
	take_opened(tls, direction, &record, &opened);
	if (direction == DOWN)
		release_records(tls);
	take_records(tls, direction, span_of(copy, rest.size), acked);
	g_free(copy);
}

bool tls_bytes(struct tls *tls, enum direction direction, struct span bytes, uint64_t offset, uint64_t acked)
{
	struct side *side = &tls->side[direction];
	side->offset = offset;
	if (side->seeking)
		seek_record(tls, direction, bytes, acked, false);
	else
		take_records(tls, direction, bytes, acked);
	if (side->lost && !side->begun)
		return false;
	tls->info.bytes[direction] += bytes.size;
	return true;
}

void tls_gap(struct tls *tls, enum direction direction, uint64_t size)
{
	struct side *side = &tls->side[direction];
	if (side->shut)
		inside_lose(tls, direction, size);
	else if (tls->keys && (tls->exchange.version > 0 || (direction == UP && tls->info.client_hello)))
		seek_begin(tls, direction, size);
	else /* Before the first record it may be what was said in clear. Else nobody knows where the next message
		begins. */
		side->lost = side->begun || side->header_size > 0;
	if (side->lost) /* when the client's direction can do alone, nothing is wrong */
		decrypt_shut(tls, direction, direction == DOWN && server_is_silent(tls) ? NULL : DECRYPT_NO_HANDSHAKE);
	side->begun = true;
}

void tls_fin(struct tls *tls, enum direction direction)
{
	struct side *side = &tls->side[direction];
	const bool alone = direction == UP && server_is_silent(tls), held = side->held_size > 0;
	if (tls->exchange.version == 0 && (held || (alone && tls->side[DOWN].shut)) && !(alone && release_alone(tls)))
		decrypt_shut(tls, direction, DECRYPT_NO_HANDSHAKE);
	if (!side->seeking)
		return;
	seek_record(tls, direction, span_of(NULL, 0), 0, true);
	if (side->seeking && side->refused > 0)
		decrypt_shut(tls, direction, "no record can be decrypted after a gap");
}
