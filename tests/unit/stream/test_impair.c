/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * test_impair.c - connections with a known truth, impaired in every way, come out byte by byte: what the capture has is
 * delivered, what it does not have is a gap of exactly that size, nothing else.
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

#define SEEDS 20
#define SESSIONS 6
#define BULK (3 * 1024 * 1024)

/* What came out of one connection. */
struct outcome {
	GByteArray *bytes[2];   /* gaps as zeros */
	GByteArray *present[2]; /* for each: 1 delivered, 0 gap */
	GArray *acked[2];       /* for each delivered byte: uint32_t */
	unsigned fins, conflicts, begun, ended;
};

struct run {
	struct outcome outcomes[SESSIONS];
	bool exact; /* offsets are true ones: acknowledgements can be compared */
};

static void *on_begin(void *context, const struct flow *flow)
{
	struct run *run = context;
	struct outcome *outcome = &run->outcomes[flow->client_port - IMPAIR_PORT];
	outcome->begun++;
	return outcome;
}

static void on_bytes(void *user, enum direction direction, const uint8_t *data, size_t size, uint64_t acked)
{
	struct outcome *outcome = user;
	const uint32_t value = (uint32_t)acked;
	assert_true(acked <= outcome->bytes[direction_other(direction)]->len); /* cause before effect */
	g_byte_array_append(outcome->bytes[direction], data, (guint)size);
	for (size_t i = 0; i < size; i++) {
		g_byte_array_append(outcome->present[direction], (const uint8_t *)"\1", 1);
		g_array_append_val(outcome->acked[direction], value);
	}
}

static void on_gap(void *user, enum direction direction, uint64_t size, bool given_up)
{
	struct outcome *outcome = user;
	const uint32_t none = 0;
	for (uint64_t i = 0; i < size; i++) {
		g_byte_array_append(outcome->bytes[direction], (const uint8_t *)"", 1);
		g_byte_array_append(outcome->present[direction], (const uint8_t *)"", 1);
		g_array_append_val(outcome->acked[direction], none);
	}
}

static void on_fin(void *user, enum direction direction)
{
	struct outcome *outcome = user;
	outcome->fins++;
}

static void on_trouble(void *user, enum flow_trouble what, enum direction direction, uint64_t offset, struct span bytes)
{
	struct outcome *outcome = user;
	outcome->conflicts++;
}

static void on_end(void *user, const struct flow *flow)
{
	struct outcome *outcome = user;
	outcome->ended++;
}

/* say - random bytes as a turn. */
static struct impair_turn say(struct impair *impair, enum direction direction, size_t size)
{
	uint8_t *data = g_malloc(size);
	for (size_t i = 0; i < size; i++)
		data[i] = (uint8_t)impair_random(impair, 256);
	return (struct impair_turn){ direction, data, size };
}

/* add_session - greetings, a body, more of it. */
static void add_session(struct impair *impair, size_t body)
{
	struct impair_turn turns[24];
	size_t count = 0;
	turns[count++] = say(impair, DOWN, 60);
	for (unsigned mail = 0; mail < 3; mail++) {
		for (unsigned line = 0; line < 3; line++) {
			turns[count++] = say(impair, UP, 10 + impair_random(impair, 40));
			turns[count++] = say(impair, DOWN, 10 + impair_random(impair, 200));
		}
		turns[count++] = say(impair, UP, mail == 1 ? body : 1 + impair_random(impair, 5000));
	}
	turns[count++] = say(impair, DOWN, 30);
	impair_add(impair, turns, count);
	for (size_t i = 0; i < count; i++)
		g_free((void *)(uintptr_t)turns[i].data);
}

/* alignment - the true offset of the first byte that came out. */
static size_t alignment(
	const struct impair_session *session, const struct outcome *outcome, enum direction d, bool known)
{
	const uint8_t *present = outcome->present[d]->data;
	const guint size = outcome->bytes[d]->len;
	if (known || size == 0)
		return 0;
	const uint8_t *start = memchr(present, 1, size);
	if (!start)
		return 0;
	size_t gap = (size_t)(start - present), run = 0;
	while (gap + run < size && present[gap + run] && run < 64)
		run++;
	const uint8_t *found =
		memmem(session->bytes[d]->data, session->bytes[d]->len, outcome->bytes[d]->data + gap, run);
	assert_non_null(found);
	size_t place = (size_t)(found - session->bytes[d]->data);
	assert_true(place >= gap);
	return place - gap;
}

/* check_direction - the stream that came out against the truth. */
static void check_direction(
	const struct impair_session *session, const struct outcome *outcome, enum direction d, bool known, bool exact)
{
	const uint8_t *truth = session->bytes[d]->data, *captured = session->captured[d];
	size_t base = alignment(session, outcome, d, known), size = outcome->bytes[d]->len;

	/* An acknowledgement of a FIN that the capture does not have looks like one of a byte more. */
	if (base + size == session->bytes[d]->len + 1 && !session->fin_captured[d])
		size--;
	assert_true(base + size <= session->bytes[d]->len);
	for (size_t i = 0; i < session->bytes[d]->len; i++) {
		bool delivered = i >= base && i - base < size && outcome->present[d]->data[i - base];
		if (delivered != captured[i])
			fail_msg("%s byte %zu: captured %d, delivered %d (stream %zu to %zu)", direction_name(d), i,
				captured[i], delivered, base, base + size);
		if (delivered && outcome->bytes[d]->data[i - base] != truth[i])
			fail_msg("%s byte %zu is wrong", direction_name(d), i);
		if (delivered && exact && g_array_index(outcome->acked[d], uint32_t, i - base) != session->acked[d][i])
			fail_msg("%s byte %zu: acknowledged %u, not %u", direction_name(d), i, session->acked[d][i],
				g_array_index(outcome->acked[d], uint32_t, i - base));
	}
}

static void check(const struct impair_options *options, size_t body)
{
	static const struct flow_sink sink = { on_begin, on_bytes, on_gap, on_fin, on_trouble, on_end, NULL };
	const struct flow_options flow_options = { .detect = true };
	struct run run = { .exact = true };
	struct impair *impair = impair_new(options);
	for (unsigned i = 0; i < SESSIONS; i++) {
		add_session(impair, i == 0 ? body : 20000);
		for (enum direction d = UP; d <= DOWN; d++) {
			run.outcomes[i].bytes[d] = g_byte_array_new();
			run.outcomes[i].present[d] = g_byte_array_new();
			run.outcomes[i].acked[d] = g_array_new(FALSE, FALSE, sizeof(uint32_t));
		}
	}
	struct flow_table *table = flow_table_new(&flow_options, &sink, &run);
	const GArray *segments = impair_record(impair);
	for (guint i = 0; i < segments->len; i++)
		flow_table_segment(table, &g_array_index(segments, struct segment, i));
	flow_table_end(table);
	flow_table_free(table);

	for (unsigned i = 0; i < SESSIONS; i++) {
		const struct impair_session *session = impair_sessions(impair)->pdata[i];
		struct outcome *outcome = &run.outcomes[i];
		bool syn = session->syn_captured[UP], answer = session->syn_captured[DOWN];
		bool any = memchr(session->captured[UP], 1, session->bytes[UP]->len) ||
			   memchr(session->captured[DOWN], 1, session->bytes[DOWN]->len);
		assert_int_equal(outcome->begun, any);
		assert_int_equal(outcome->ended, any);
		assert_int_equal(outcome->conflicts, 0);
		/* The answer to the SYN tells where both streams begin. */
		check_direction(session, outcome, UP, syn || answer, syn && answer);
		check_direction(session, outcome, DOWN, answer, syn && answer);
		if (options->lose == 0 && !options->no_up && !options->no_down)
			assert_int_equal(outcome->fins, 2);
		for (enum direction d = UP; d <= DOWN; d++) {
			g_byte_array_free(outcome->bytes[d], TRUE);
			g_byte_array_free(outcome->present[d], TRUE);
			g_array_free(outcome->acked[d], TRUE);
		}
	}
	impair_free(impair);
}

/* What each test does to its connections. */
struct kind {
	const char *name;
	struct impair_options options;
	size_t body;
};

static const struct kind kinds[] = {
	{ "plain", { 0 }, 100000 },
	{ "ipv6", { .ipv6 = true }, 100000 },
	{ "wrap_around", { .wrap = true }, 100000 },
	{ "reordered", { .reorder = 200, .reorder_ahead = 20000 }, 100000 },
	{ "reordered_far", { .reorder = 200, .reorder_ahead = 2 * 1024 * 1024 }, BULK },
	{ "duplicated", { .duplicate = 400 }, 100000 },
	{ "sent_again", { .retransmit = 200 }, 300000 },
	{ "lossy", { .lose = 100 }, 200000 },
	{ "lossy_a_little", { .lose = 10 }, 200000 },
	{ "lossy_and_sent_again", { .lose = 50, .retransmit = 100, .duplicate = 50 }, 200000 },
	{ "recorded_in_disorder", { .shuffle = 16 }, 200000 },
	{ "lossy_and_recorded_in_disorder", { .shuffle = 16, .lose = 50, .drop_first = 0 }, 200000 },
	{ "from_the_middle", { .drop_first = 20 }, 100000 },
	{ "from_the_middle_of_a_body", { .drop_first = 60, .lose = 20 }, 200000 },
	{ "without_the_server", { .no_down = true }, 100000 },
	{ "without_the_client", { .no_up = true }, 100000 },
	{ "without_the_server_and_lossy", { .no_down = true, .lose = 50 }, 100000 },
	{ "all_at_once",
		{ .ipv6 = true,
			.wrap = true,
			.reorder = 100,
			.reorder_ahead = 65536,
			.duplicate = 100,
			.retransmit = 100,
			.shuffle = 4,
			.lose = 30 },
		300000 },
};

static void survives(void **state)
{
	const struct kind *kind = *state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct impair_options options = kind->options;
		options.seed = seed * 1000003;
		check(&options, kind->body);
	}
}

int main(void)
{
	struct CMUnitTest tests[G_N_ELEMENTS(kinds)];
	for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++)
		tests[i] = (struct CMUnitTest){
			.name = kinds[i].name,
			.test_func = survives,
			.initial_state = (void *)(uintptr_t)&kinds[i],
		};
	return cmocka_run_group_tests(tests, reassembly_set_up, reassembly_tear_down);
}
