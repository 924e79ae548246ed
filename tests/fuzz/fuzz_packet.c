/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * fuzz_packet.c - a fuzz target: packets of any link type into one decoder, fragments included.
 *
 * The input is a list of records: link type (an index), checksums or not, octets cut off by the snap length, length in
 * two octets, the packet.
 */
#include "fuzz.h"
#include "packet.h"

static const int link_types[] = { 1, 113, 276, 12, 14, 101, 228, 229, 0, 108, 9, 50, 51, 204, 104, 11, 219, 105, 127,
	119, 163, 192, 258, 149, 239, 117, 17, 109, 107, 206, 242, 10, 6, 178, 179, 180, 181, 281, 282, 284, 285, 240,
	241, 274, 123, 19, 122, 138, 8, 226 };

/* check - a segment whose octets are there. */
static void check(const struct segment *segment)
{
	require(segment->captured <= segment->length && segment->vlan_count <= DECODE_VLAN_MAX);
	fuzz_touch(segment->payload, segment->captured);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	struct decoder *decoder = decoder_new(data[0] & 1);
	data++;
	size--;
	for (uint64_t number = 1; size >= 4; number++) {
		int link_type = link_types[data[0] % (sizeof(link_types) / sizeof(link_types[0]))];
		uint32_t cut = data[1], length = (uint32_t)(data[2] << 8 | data[3]);
		data += 4;
		size -= 4;
		if (length > size)
			length = (uint32_t)size;
		uint8_t *copy = fuzz_copy(data, length);
		struct packet packet = { { number, (int64_t)number * 1000000 }, link_type, length, length + cut, copy,
			0, NULL, true };
		struct segment segment;
		if (decoder_packet(decoder, &packet, &segment) == DECODE_SEGMENT)
			check(&segment);
		while (decoder_remains(decoder, false, packet.at, &segment))
			check(&segment);
		free(copy);
		data += length;
		size -= length;
	}
	struct segment segment;
	while (decoder_remains(decoder, true, (struct moment){ 0 }, &segment))
		check(&segment);
	decoder_free(decoder);
	return 0;
}
