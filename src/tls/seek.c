/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * seek.c - behind a hole in the capture, the next record is looked for: where octets look like a header, and what they
 * announce opens with one of the numbers that the next record can have.
 *
 * At most one record and SCAN_STEP octets are kept. What is lost of what was inside is told at once, as an estimate
 * from the length of the hole: the other direction must not be heard before. When a record is found, it is known how
 * many were lost, and so how many octets.
 */
#include "parts.h"

#define SCAN_STEP 4096
#define BEFORE 64 /* octets before a record that belong to its vector (TLS 1.0): a block and a MAC */

/* is_data - can what was lost have been octets of what is inside? */
static bool is_data(const struct tls *tls, const struct side *side, bool header_seen)
{
	if (tls->exchange.version >= TLS_VERSION_13)
		return side->epoch == EPOCH_TRAFFIC || side->epoch == EPOCH_EARLY;
	return side->open && (!header_seen || side->type == RECORD_APPLICATION_DATA);
}

/* estimate - what was inside of so many octets of records. */
static uint64_t estimate(const struct side *side, uint64_t octets, uint64_t records)
{
	const uint64_t cost = RECORD_HEADER_SIZE + (side->open ? cipher_overhead(side->open) : 0);
	return octets > records * cost ? octets - records * cost : 1;
}

/* fewest - records that so many octets can be. */
static uint64_t fewest(uint64_t octets)
{
	return octets / (RECORD_HEADER_SIZE + RECORD_SIZE_MAX) + 1;
}

/* tell_lost - so much is missing since lost_from, a part of which was told before. */
static void tell_lost(struct tls *tls, enum direction direction, uint64_t size)
{
	struct side *side = &tls->side[direction];
	if (size > side->lost_told) {
		inside_lose(tls, direction, size - side->lost_told);
		side->lost_told = size;
	}
}

void seek_begin(struct tls *tls, enum direction direction, uint64_t size)
{
	struct side *side = &tls->side[direction];
	const bool in_record = side->record_left > 0 || side->header_size > 0;
	const bool header_seen = !side->seeking && side->record_left > 0;
	if (!side->seeking) {
		side->lost_from = in_record ? side->record_at : side->offset;
		side->lost_told = side->refused = 0;
	}
	side->offset += size;
	uint64_t octets = side->offset - side->lost_from;
	if (header_seen && side->record_left > size) /* the hole is inside of one record */
		octets += side->record_left - size;
	side->lost_data = side->seeking ? side->lost_data : is_data(tls, side, header_seen);
	if (side->lost_data)
		tell_lost(tls, direction, estimate(side, octets, fewest(octets)));
	side->seeking = side->begun = side->encrypted = true;
	side->record_left = side->header_size = side->scanned = 0;
	messages_forget(side);
	gather_drop(tls, side);
	if (!side->record)
		side->record = g_byte_array_new();
}

/* is_header - do octets look like the header of a protected record of this connection? */
static bool is_header(const struct tls *tls, const uint8_t *header)
{
	const uint16_t version = MIN(tls->exchange.version, TLS_VERSION_12);
	if (version == 0 || !record_fits(header, RECORD_HEADER_SIZE) || (header[1] << 8 | header[2]) != version)
		return false;
	return tls->exchange.version < TLS_VERSION_13 || header[0] == RECORD_APPLICATION_DATA;
}

/* found - a record opened: now it is known what was lost. */
static void found(struct tls *tls, enum direction direction, const struct sealed *record, uint64_t hidden)
{
	struct side *side = &tls->side[direction];
	const uint64_t octets = record->at - side->lost_from;
	if (hidden != UINT64_MAX && hidden > 0 && side->lost_data)
		tell_lost(tls, direction, estimate(side, octets, hidden));
	if (direction == DOWN && side->epoch == EPOCH_TRAFFIC) {
		tls->finished = true;
		decrypt_early(tls, EARLY_TAKEN);
	}
	side->seeking = false;
}

/* try_at - is there a record at this place? wait: it is not whole yet. */
static bool try_at(
	struct tls *tls, enum direction direction, size_t at, struct sealed *record, struct opened *opened, bool *wait)
{
	struct side *side = &tls->side[direction];
	const uint8_t *header = side->record->data + at;
	const size_t left = side->record->len - at;
	uint64_t hidden;
	if (!is_header(tls, header))
		return false;
	record->type = header[0];
	record->version = (uint16_t)(header[1] << 8 | header[2]);
	record->payload = (struct span){ header + RECORD_HEADER_SIZE, (size_t)header[3] * 256 + header[4] };
	record->at = side->offset - left;
	*wait = record->payload.size > left - RECORD_HEADER_SIZE;
	struct span before = { header - MIN(at, BEFORE), MIN(at, BEFORE) };
	if (*wait)
		return false;
	if (!decrypt_try(tls, direction, record, before, opened, &hidden)) {
		side->refused++;
		return false;
	}
	found(tls, direction, record, hidden);
	return true;
}

bool seek_bytes(struct tls *tls, enum direction direction, struct span bytes, bool last, struct sealed *record,
	struct opened *opened, struct span *rest)
{
	struct side *side = &tls->side[direction];
	GByteArray *octets = side->record;
	bool wait = false;
	g_byte_array_append(octets, bytes.data, (guint)bytes.size);
	side->offset += bytes.size;
	for (; side->scanned + RECORD_HEADER_SIZE <= octets->len && !side->shut; side->scanned++) {
		if (try_at(tls, direction, side->scanned, record, opened, &wait)) {
			const uint8_t *end = record->payload.data + record->payload.size;
			*rest = (struct span){ end, (size_t)(octets->data + octets->len - end) };
			return true;
		}
		if (wait && !last)
			break;
	}
	const uint64_t passed = side->offset - (octets->len - side->scanned) - side->lost_from;
	if (side->lost_data && !side->shut) /* no record begins in what was scanned */
		tell_lost(tls, direction, estimate(side, passed, fewest(passed)));
	if (side->scanned >= SCAN_STEP) {
		g_byte_array_remove_range(octets, 0, (guint)(side->scanned - BEFORE));
		side->scanned = BEFORE;
	}
	return false;
}
