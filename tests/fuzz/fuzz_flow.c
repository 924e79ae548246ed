/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * fuzz_flow.c - a fuzz target: segments of a few connections through the flow table and libnids. The calls of the sink
 * must be as flow.h promises: begin first, end once, nothing after a FIN, consistent offsets.
 *
 * The input is an octet of flags (1: live, 2: little memory), then a list of records: flags of TCP, which connection
 * (1: the server sends, 6: which server port, 8: which client port, 0x30: which context, 0x40: its sequence number is a
 * new one, 0x80: seconds pass), distance of the sequence number from what is next and of the acknowledgement from what
 * was sent (an octet each, signed), length in two octets (0x8000: some octets more were cut), the octets.
 */
#include "flow.h"
#include "fuzz.h"
#include "stream.h"

#define CUT_SIZE 100

struct told {
	const struct flow *flow;
	uint64_t size[2];
	bool fin[2];
};

static unsigned open_count;

static void *on_begin(void *context, const struct flow *flow)
{
	struct told *told = calloc(1, sizeof *told);
	told->flow = flow;
	open_count++;
	return told;
}

static void on_bytes(void *user, enum direction direction, const uint8_t *data, size_t size, uint64_t acked)
{
	struct told *told = user;
	require(size > 0 && !told->fin[direction] && acked != UINT64_MAX);
	fuzz_touch(data, size);
	told->size[direction] += size;
}

static void on_gap(void *user, enum direction direction, uint64_t size, bool given_up)
{
	struct told *told = user;
	require(size > 0 && !told->fin[direction]);
}

static void on_fin(void *user, enum direction direction)
{
	struct told *told = user;
	require(!told->fin[direction]);
	told->fin[direction] = true;
}

static void on_trouble(void *user, enum flow_trouble what, enum direction direction, uint64_t offset, struct span bytes)
{
	require(user != NULL);
}

static void on_end(void *user, const struct flow *flow)
{
	struct told *told = user;
	require(told->flow == flow && flow->side[UP].bytes == told->size[UP] &&
		flow->side[DOWN].bytes == told->size[DOWN]);
	require(!flow->proxy || flow->proxy->protocol < FLOW_PROXY_COUNT);
	open_count--;
	free(told);
}

/* play - the records, until they end. */
static void play(struct flow_table *table, const uint8_t *data, size_t size)
{
	static const uint16_t servers[] = { 25, 465, 1080, 80 };
	uint32_t next[2][4][2] = { { { 0 } } }; /* by client, server and who sends */
	struct moment at = { 0, 0 };
	while (size >= 6) {
		const uint8_t flags = data[0], which = data[1];
		const bool from_server = which & 1;
		const unsigned server = which >> 1 & 3, client = which >> 3 & 1;
		uint32_t *mine = &next[client][server][from_server], *theirs = &next[client][server][!from_server];
		uint32_t length = (uint32_t)(data[4] << 8 | data[5]), cut = length & 0x8000 ? CUT_SIZE : 0;
		length = MIN(length & 0x7fff, (uint32_t)size - 6);
		if (which & 0x40)
			*mine += 0x10000000;
		at.packet++;
		at.time += which & 0x80 ? 40 * NANOSECONDS_PER_SECOND : NANOSECONDS_PER_SECOND / 1000;
		struct segment segment = {
			.at = at,
			.source = { 4, { 192, 0, 2, from_server ? 2 : 1 } },
			.destination = { 4, { 192, 0, 2, from_server ? 1 : 2 } },
			.source_port = from_server ? servers[server] : (uint16_t)(40000 + client),
			.destination_port = from_server ? (uint16_t)(40000 + client) : servers[server],
			.seq = *mine + (uint32_t)(int8_t)data[2],
			.ack = *theirs + (uint32_t)(int8_t)data[3],
			.flags = flags & 0x3f,
			.context = which >> 4 & 3,
			.wire_size = 54 + length,
			.length = length + cut,
			.captured = length,
		};
		uint8_t *copy = fuzz_copy(data + 6, length);
		segment.payload = copy;
		flow_table_segment(table, &segment);
		free(copy);
		*mine = segment.seq + segment.length + ((flags & (TCP_SYN | TCP_FIN)) != 0);
		data += 6 + length;
		size -= 6 + length;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct flow_sink sink = { on_begin, on_bytes, on_gap, on_fin, on_trouble, on_end, NULL };
	static bool ready;
	if (!ready && !reassembly_init())
		abort();
	ready = true;
	if (size == 0)
		return 0;
	const struct flow_options options = { .detect = true, .memory_limit = data[0] & 2 ? 8000 : 0 };
	struct flow_table *table = flow_table_new(&options, &sink, NULL);
	flow_table_live(table, data[0] & 1);
	play(table, data + 1, size - 1);
	flow_table_end(table);
	flow_table_free(table);
	require(open_count == 0);
	return 0;
}
