/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * seek.c - after a gap in the capture, searches the next record: octets that look like a header, whose record can be
 * decrypted with one of the sequence numbers that it can have.
 *
 * At most one record and SCAN_STEP octets are kept. The lost decrypted octets are reported at once, as an estimate from
 * the length of the gap, because the other direction must not be delivered before. When a record is found, the number
 * of lost records is known, and the estimate becomes better.
 */
#include "parts.h"

#define SCAN_STEP 4096
#define BEFORE 64 /* octets before a record for its IV (TLS 1.0): a block and a MAC */

/* is_data - can decrypted data have been lost? */
static bool is_data(const struct tls *tls, const struct side *side, bool header_seen)
{
	if (tls->exchange.version >= TLS_VERSION_13)
		return side->epoch == EPOCH_TRAFFIC || side->epoch == EPOCH_EARLY;
	return side->open && (!header_seen || side->type == RECORD_APPLICATION_DATA);
}

/* estimate - the decrypted octets in so many octets of records. */
static uint64_t estimate(const struct side *side, uint64_t octets, uint64_t records)
{
	const uint64_t cost = RECORD_HEADER_SIZE + (side->open ? cipher_overhead(side->open) : 0);
	return octets > records * cost ? octets - records * cost : 1;
}

/* fewest - the least number of records in so many octets. */
static uint64_t fewest(uint64_t octets)
{
	return octets / (RECORD_HEADER_SIZE + RECORD_SIZE_MAX) + 1;
}

/* report_lost - so much is missing since lost_from; reports what was not reported before. */
static void report_lost(struct tls *tls, enum direction direction, uint64_t size)
{
	struct side *side = &tls->side[direction];
	if (size > side->lost_reported) {
		inside_lose(tls, direction, size - side->lost_reported);
		side->lost_reported = size;
	}
}

void seek_begin(struct tls *tls, enum direction direction, uint64_t size)
{
	struct side *side = &tls->side[direction];
	const bool in_record = side->record_left > 0 || side->header_size > 0;
	const bool header_seen = !side->seeking && side->record_left > 0;
	if (!side->seeking) {
		side->lost_from = in_record ? side->record_at : side->offset;
		side->lost_reported = side->refused = 0;
	}
	side->offset += size;
	uint64_t octets = side->offset - side->lost_from;
	if (header_seen && side->record_left > size) /* the gap is inside of one record */
		octets += side->record_left - size;
	side->lost_data = side->seeking ? side->lost_data : is_data(tls, side, header_seen);
	if (side->lost_data)
		report_lost(tls, direction, estimate(side, octets, fewest(octets)));
	side->seeking = side->begun = side->encrypted = true;
	side->record_left = side->header_size = side->scanned = 0;
	messages_forget(side);
	gather_drop(tls, side);
	if (!side->record)
		side->record = g_byte_array_new();
}

/* is_header - can this be the header of a protected record of this connection? */
static bool is_header(const struct tls *tls, const uint8_t *header)
{
	const uint16_t version = MIN(tls->exchange.version, TLS_VERSION_12);
	if (version == 0 || !record_fits(header, RECORD_HEADER_SIZE) || be16(header + 1) != version)
		return false;
	return tls->exchange.version < TLS_VERSION_13 || header[0] == RECORD_APPLICATION_DATA;
}

/* found - a record was decrypted: now the number of lost records is known. */
static void found(struct tls *tls, enum direction direction, const struct sealed *record, uint64_t hidden)
{
	struct side *side = &tls->side[direction];
	const uint64_t octets = record->at - side->lost_from;
	if (hidden != UINT64_MAX && hidden > 0 && side->lost_data)
		report_lost(tls, direction, estimate(side, octets, hidden));
	if (direction == DOWN && side->epoch == EPOCH_TRAFFIC) {
		tls->finished = true;
		decrypt_early(tls, EARLY_TAKEN);
	}
	side->seeking = false;
}

/* try_at - is there a record at this offset? *wait: it is incomplete. */
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
	record->version = be16(header + 1);
	record->payload = (struct span){ header + RECORD_HEADER_SIZE, be16(header + 3) };
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
			*rest = span_of(end, (size_t)(octets->data + octets->len - end));
			return true;
		}
		if (wait && !last)
			break;
	}
	const uint64_t passed = side->offset - (octets->len - side->scanned) - side->lost_from;
	if (side->lost_data && !side->shut) /* no record begins in the scanned octets */
		report_lost(tls, direction, estimate(side, passed, fewest(passed)));
	if (side->scanned >= SCAN_STEP) {
		g_byte_array_remove_range(octets, 0, (guint)(side->scanned - BEFORE));
		side->scanned = BEFORE;
	}
	return false;
}
