/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * generate.c - makes a capture for the benchmark, and the truth about it:
 *
 *	generate bulk|chatty|mixed|tls MEGABYTES SEED CAPTURE TRUTH
 *	generate speed OCTETS
 *
 * bulk: 300 sessions at a time, mails of 10 KB to 2 MB with files. chatty: 20,000 sessions (for 300 MB), mails of 300
 *to 3000 octets. mixed: four fifths of the octets are other connections, a third of the connections is IPv6. The same
 *seed gives the same octets everywhere. tls: bulk in TLS 1.3, with TRUTH.keylog. speed: CPU seconds that libcrypto
 *takes to open so much in records as tls has them.
 */
#include <stdlib.h>
#include <string.h>

#include "talk.h"

#define MEGABYTE 1000000
#define SLOTS_MAX 300
#define CHATTY_SESSION 9650 /* octets that a chatty session is to send: 20,000 of them make 300 MB of packets */

struct plan {
	const char *name;
	unsigned slots;            /* connections at a time */
	size_t size_min, size_max; /* of mails */
	uint64_t budget;           /* of a session, on average; 0: its share of the capture */
	unsigned other_share;      /* of the octets, out of 10 */
	uint64_t other_budget;     /* of another connection, on average */
	unsigned v6_share;         /* of the connections, out of 6 */
};

static const struct plan plans[] = {
	{ "bulk", 300, 10000, 2000000, 0, 0, 0, 0 },
	{ "chatty", 200, 300, 3000, CHATTY_SESSION, 0, 0, 0 },
	{ "mixed", 300, 300, 200000, 50000, 8, 50000, 2 },
	{ "tls", 300, 10000, 2000000, 0, 0, 0, 0 },
};

struct capture_plan {
	const struct plan *plan;
	struct stage stage;
	uint64_t size, smtp;
	unsigned connections, sessions;
	bool is_smtp[SLOTS_MAX];
	struct talk *talks[SLOTS_MAX];
};

/* around - a budget between a tenth and nearly twice the average. */
static uint64_t around(struct dice *dice, uint64_t average)
{
	return dice_between(dice, (uint32_t)(average / 10), (uint32_t)(average / 10 * 19));
}

/* begin - the next connection, in this slot. */
static void begin(struct capture_plan *c, unsigned slot)
{
	const struct plan *plan = c->plan;
	struct dice *dice = &c->stage.dice;
	bool v6 = dice_below(dice, 6) < plan->v6_share;
	c->is_smtp[slot] = c->smtp * 10 <= c->stage.wire.bytes * (10 - plan->other_share);
	unsigned number = c->connections++;
	c->sessions += c->is_smtp[slot];
	if (c->is_smtp[slot])
		c->talks[slot] = talk_smtp(&c->stage, number, v6, plan->size_min, plan->size_max,
			around(dice, plan->budget ? plan->budget : c->size / plan->slots));
	else
		c->talks[slot] = talk_other(&c->stage, number, v6, around(dice, plan->other_budget));
}

/* run - turns in random order, until the capture is large enough and every connection is closed. */
static void run(struct capture_plan *c)
{
	unsigned open = c->plan->slots;
	for (unsigned slot = 0; slot < open; slot++)
		begin(c, slot);
	while (open > 0) {
		unsigned slot = dice_below(&c->stage.dice, open);
		uint64_t before = c->stage.wire.bytes;
		bool more = talk_turn(c->talks[slot], &c->stage);
		if (c->is_smtp[slot])
			c->smtp += c->stage.wire.bytes - before;
		if (more)
			continue;
		if (c->stage.wire.bytes < c->size && c->plan->budget) {
			begin(c, slot);
			continue;
		}
		open--;
		c->talks[slot] = c->talks[open];
		c->is_smtp[slot] = c->is_smtp[open];
	}
}

static int fail(const char *name)
{
	perror(name);
	return 1;
}

int main(int argc, char **argv)
{
	static struct capture_plan c;
	if (argc == 3 && strcmp(argv[1], "speed") == 0) {
		printf("%.6f\n", seal_speed(strtoull(argv[2], NULL, 10), TURN_OCTETS));
		return 0;
	}
	for (size_t i = 0; argc == 6 && i < G_N_ELEMENTS(plans); i++)
		if (strcmp(plans[i].name, argv[1]) == 0)
			c.plan = &plans[i];
	if (!c.plan) {
		fprintf(stderr, "Usage: %s bulk|chatty|mixed|tls MEGABYTES SEED CAPTURE TRUTH\n", argv[0]);
		return 2;
	}
	c.size = strtoull(argv[2], NULL, 10) * MEGABYTE;
	c.stage.dice.state = strtoull(argv[3], NULL, 10);
	c.stage.truth = fopen(argv[5], "w");
	if (!c.stage.truth)
		return fail(argv[5]);
	if (strcmp(c.plan->name, "tls") == 0) {
		char *path = g_strconcat(argv[5], ".keylog", NULL);
		c.stage.keylog = fopen(path, "w");
		g_free(path);
		if (!c.stage.keylog)
			return fail(argv[5]);
	}
	if (!wire_open(&c.stage.wire, argv[4]))
		return fail(argv[4]);
	run(&c);
	if (!wire_close(&c.stage.wire))
		return fail(argv[4]);
	if (fclose(c.stage.truth) != 0 || (c.stage.keylog && fclose(c.stage.keylog) != 0))
		return fail(argv[5]);
	printf("%u connections, %u sessions, %llu mails, %llu octets of content, %llu octets of capture\n",
		c.connections, c.sessions, (unsigned long long)c.stage.mails, (unsigned long long)c.stage.content,
		(unsigned long long)c.stage.wire.bytes);
	return 0;
}
