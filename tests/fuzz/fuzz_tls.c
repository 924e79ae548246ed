/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * fuzz_tls.c - a fuzz target: a key log, and octets of both directions, in pieces, with gaps, into one TLS connection.
 *
 * The input is the length of the key log in two octets, the key log, then a list of records: a flag octet (1: the
 * server's; 2: a gap; 4: nothing more comes in this direction), length in two octets, the octets. tls_seeds.py makes
 * seeds of recorded connections.
 */
#include "fuzz.h"
#include "tls.h"

/* What came out: acknowledgements never run ahead of it. */
static uint64_t inside[2];

static void on_bytes(void *context, enum direction direction, struct span bytes, uint64_t acked)
{
	fuzz_touch(bytes.data, bytes.size);
	require(acked <= inside[direction_other(direction)]);
	inside[direction] += bytes.size;
}

static void on_gap(void *context, enum direction direction, uint64_t size)
{
	inside[direction] += size;
}

static void on_close(void *context, enum direction direction)
{
}

/* number - the next two octets. */
static size_t number(const uint8_t **data, size_t *size)
{
	if (*size < 2)
		return 0;
	size_t number = (size_t)(*data)[0] << 8 | (*data)[1];
	*data += 2;
	*size -= 2;
	return number < *size ? number : *size;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct tls_sink sink = { on_bytes, on_gap, on_close };
	struct tls_keys *keys = tls_keys_new(NULL, NULL, NULL);
	uint64_t offset[2] = { 0, 0 };
	inside[UP] = inside[DOWN] = 0;
	size_t length = number(&data, &size);
	uint8_t *octets = fuzz_copy(data, length);
	tls_keys_add(keys, span_of(octets, length));
	tls_keys_line_end(keys);
	free(octets);
	data += length;
	size -= length;
	struct tls *tls = tls_new(keys, &sink, NULL, 0);
	while (size >= 3) {
		enum direction direction = data[0] & 1 ? DOWN : UP;
		const bool hole = data[0] & 2, fin = data[0] & 4;
		data++;
		size--;
		length = number(&data, &size);
		octets = fuzz_copy(data, length);
		if (hole)
			tls_gap(tls, direction, length);
		else
			tls_bytes(tls, direction, span_of(octets, length), offset[direction],
				offset[direction_other(direction)]);
		offset[direction] += length;
		if (fin)
			tls_fin(tls, direction);
		tls_ready(tls);
		free(octets);
		data += hole ? 0 : length;
		size -= hole ? 0 : length;
	}
	tls_free(tls);
	tls_keys_free(keys);
	return 0;
}
