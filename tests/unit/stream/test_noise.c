/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * test_noise.c - segments that make no sense, in any order, on few connections: nothing breaks, and what the sink is
 * told keeps its promises: begin before everything, end once and last, nothing after a FIN, counters that add up.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "flow.h"
#include "kits/impair.h"
#include "kits/reassembly.h"

#define SEEDS 200
#define SEGMENTS 3000
#define PREAMBLE_SIZE 20 /* octets of something that is said to a proxy */

struct told {
	uint64_t bytes[2], gaps[2], given_up[2], conflicts, sum;
	bool fin[2], ended;
	const struct flow *flow;
};

struct noise {
	GPtrArray *told; /* of struct told */
	unsigned open;
};

static void *on_begin(void *context, const struct flow *flow)
{
	struct noise *noise = context;
	struct told *told = g_new0(struct told, 1);
	told->flow = flow;
	g_ptr_array_add(noise->told, told);
	noise->open++;
	return told;
}

static void on_bytes(void *user, enum direction direction, const uint8_t *data, size_t size, uint64_t acked)
{
	struct told *told = user;
	assert_false(told->ended || told->fin[direction]);
	assert_true(size > 0 && acked != UINT64_MAX);
	told->bytes[direction] += size;
	for (size_t i = 0; i < size; i++) /* all of it can be read */
		told->sum += data[i];
}

static void on_gap(void *user, enum direction direction, uint64_t size, bool given_up)
{
	struct told *told = user;
	assert_false(told->ended || told->fin[direction]);
	assert_true(size > 0);
	*(given_up ? &told->given_up[direction] : &told->gaps[direction]) += size;
}

static void on_fin(void *user, enum direction direction)
{
	struct told *told = user;
	assert_false(told->ended || told->fin[direction]);
	told->fin[direction] = true;
}

static void on_trouble(void *user, enum flow_trouble what, enum direction direction, uint64_t offset, struct span bytes)
{
	struct told *told = user;
	assert_false(told->ended);
	told->conflicts += what == FLOW_OVERLAP_CONFLICT;
}

static void on_end(void *user, const struct flow *flow)
{
	struct told *told = user;
	assert_false(told->ended);
	assert_ptr_equal(told->flow, flow);
	told->ended = true;
	for (enum direction d = UP; d <= DOWN; d++) {
		assert_int_equal(flow->side[d].bytes, told->bytes[d]);
		/* Those in proxy headers are counted, but not reported. */
		if (flow->proxy)
			assert_true(flow->side[d].gap_bytes >= told->gaps[d]);
		else
			assert_int_equal(flow->side[d].gap_bytes, told->gaps[d]);
		assert_int_equal(flow->side[d].given_up_bytes, told->given_up[d]);
	}
	assert_int_equal(flow->side[UP].conflicts + flow->side[DOWN].conflicts, told->conflicts);
}

/* near - a number that often is one that was used before, or next to it. */
static uint32_t near(struct impair *random, uint32_t base)
{
	switch (impair_random(random, 12)) {
	case 0:
		return impair_random(random, UINT32_MAX);
	case 1:
		return base + impair_random(random, UINT32_MAX >> impair_random(random, 20));
	case 2:
		return base - impair_random(random, 300);
	default:
		return base + impair_random(random, 300);
	}
}

/* make_noise - returns how many connections there were. */
static unsigned make_noise(uint64_t seed, uint64_t memory)
{
	static const struct flow_sink sink = { on_begin, on_bytes, on_gap, on_fin, on_trouble, on_end, NULL };
	static const uint8_t flags[] = { 0, TCP_ACK, TCP_ACK, TCP_ACK, TCP_ACK, TCP_ACK, TCP_ACK | TCP_PSH, TCP_SYN,
		TCP_SYN | TCP_ACK, TCP_FIN | TCP_ACK, TCP_RST, TCP_RST | TCP_ACK, TCP_SYN | TCP_FIN, 63 };
	static const uint16_t ports[] = { 25, 465, 10025, 80 };
	static const char preambles[][PREAMBLE_SIZE + 1] = { "PROXY UNKNOWN\r\nEHLO", "CONNECT a:25 HTTP/1.",
		"HTTP/1.1 200 ok\r\n\r\n",
		"\5\1\0\5\1\0\1\1\2\3\4\0\x19"
		"EHLO a\n",
		"\5\0\5\0\0\1\1\2\3\4\0\x19"
		"220 mx \n",
		"\4\1\0\x19\1\2\3\4\0HELO 1 23\n", "\0\x5a\0\x19\1\2\3\4\0\0\0\0\0\0\0\0\0\0\0",
		"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\0EHLO" };
	const struct flow_options options = { .detect = true, .memory_limit = memory };
	struct impair *random = impair_new(&(struct impair_options){ .seed = seed });
	struct noise noise = { .told = g_ptr_array_new_with_free_func(g_free) };
	struct flow_table *table = flow_table_new(&options, &sink, &noise);
	flow_table_live(table, seed % 2 == 0);
	const uint32_t base = impair_random(random, UINT32_MAX);
	/* Sometimes quiet enough for long connections, sometimes nothing but handshakes and resets. */
	const uint32_t kinds = 7 + impair_random(random, sizeof flags - 6);

	for (unsigned i = 1; i <= SEGMENTS; i++) {
		uint8_t payload[400];
		uint32_t size = impair_random(random, 3) ? impair_random(random, sizeof payload) : 0;
		memset(payload, (int)impair_random(random, 2), sizeof payload);
		if (impair_random(random, 4) == 0)
			memcpy(payload, "220 ESMTP\r\n", 11);
		else if (i < 20 && impair_random(random, 2) == 0)
			memcpy(payload, preambles[impair_random(random, G_N_ELEMENTS(preambles))], PREAMBLE_SIZE);
		uint8_t *copy = g_memdup2(payload, size);
		bool up = impair_random(random, 2) == 0;
		uint16_t server = ports[impair_random(random, 4)],
			 client = (uint16_t)(40000 + impair_random(random, 2));
		struct segment segment = {
			.at = { i, (int64_t)i * (int64_t)impair_random(random, 1000000000) },
			.source = { 4, { 192, 0, 2, 1 } },
			.destination = { 4, { 192, 0, 2, 1 } },
			.source_port = up ? client : server,
			.destination_port = up ? server : client,
			.seq = near(random, base),
			.ack = near(random, base),
			.flags = flags[impair_random(random, i < 10 ? sizeof flags : kinds)],
			.length = size + (impair_random(random, 20) == 0 ? impair_random(random, 1000) : 0),
			.captured = size,
			.context = seed % 3 == 0 ? impair_random(random, 3) : 0,
			.payload = copy,
		};
		flow_table_segment(table, &segment);
		g_free(copy);
	}
	flow_table_end(table);
	struct flow_stats stats;
	flow_table_stats(table, &stats);
	assert_int_equal(stats.sessions, noise.told->len);
	for (guint i = 0; i < noise.told->len; i++)
		assert_true(((struct told *)noise.told->pdata[i])->ended);
	flow_table_free(table);
	g_ptr_array_free(noise.told, TRUE);
	impair_free(random);
	return (unsigned)stats.sessions;
}

static void make_much_noise(uint64_t memory)
{
	unsigned sessions = 0;
	for (uint64_t seed = 1; seed <= SEEDS; seed++)
		sessions += make_noise(seed, memory);
	assert_true(sessions > 10 * SEEDS);
}

static void noise_breaks_nothing(void **state)
{
	make_much_noise(0);
}

static void noise_in_little_memory_breaks_nothing(void **state)
{
	make_much_noise(6000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(noise_breaks_nothing),
		cmocka_unit_test(noise_in_little_memory_breaks_nothing),
	};
	return cmocka_run_group_tests(tests, reassembly_set_up, reassembly_tear_down);
}
