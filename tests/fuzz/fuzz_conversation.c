/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * fuzz_conversation.c - a fuzz target: a connection from its first byte to its records, through session, detectors,
 * mail, TLS, rules and output, whose promises are kept (records.h).
 *
 * The input is an octet of flags (1: it began before the capture, 2: port 465, 4: --strict, 8: with the
 * example rules, RULES_FOLDER), then a list of records: a
 * flag octet (1: the server's, 2: a gap, 4: a FIN, 8: acknowledges all, 16: given up), length in two octets, the
 * octets.
 */
#include "analysis/conversation.h"
#include "fuzz.h"
#include "records.h"

static struct records *records;

static bool on_lines(void *context, uint64_t packet, uint64_t flow, const char *lines, size_t size)
{
	return records_lines(records, packet, flow, lines, size);
}

/* play - the records, until they end. */
static void play(struct analysis_context *shared, void *user, const uint8_t *data, size_t size)
{
	const struct flow_sink *sink = &conversation_flow_sink;
	uint64_t offset[2] = { 0, 0 };
	while (size >= 3) {
		uint8_t flags = data[0];
		enum direction direction = flags & 1 ? DOWN : UP;
		size_t length = (size_t)data[1] << 8 | data[2];
		data += 3;
		size -= 3;
		output_packet_done(shared->output);
		shared->now.packet++;
		shared->now.time += NANOSECONDS_PER_SECOND;
		if (flags & 2) {
			sink->gap(user, direction, length + 1, flags & 16);
			offset[direction] += length + 1;
			continue;
		}
		length = MIN(length, size);
		uint8_t *copy = fuzz_copy(data, length);
		if (length > 0)
			sink->bytes(user, direction, copy, length, flags & 8 ? offset[direction_other(direction)] : 0);
		free(copy);
		offset[direction] += length;
		data += length;
		size -= length;
		if (flags & 4)
			sink->fin(user, direction);
	}
}

/* example_rules - all that write nothing on standard error. */
static struct rules *example_rules(void)
{
	static const char *const names[] = { "spam_filter.lua", "keywords.lua", "hash_list.lua",
		"attachment_policy.lua", "new_country.lua" };
	char *files[G_N_ELEMENTS(names) + 1] = { NULL };
	char *lists[] = { g_build_filename(RULES_FOLDER, "networks.txt", NULL), NULL };
	for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
		files[i] = g_build_filename(RULES_FOLDER, names[i], NULL);
	const struct rules_options options = { .rules = files, .ioc = lists };
	struct rules *rules = rules_new(&options, NULL);
	require(rules != NULL);
	for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
		g_free(files[i]);
	g_free(lists[0]);
	return rules;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct rules *rules;
	static struct options options;
	static struct output *output;
	if (!output) {
		require(command_line(&options, "--events=all --alert-limit=0 capture") == OPTIONS_RUN);
		mail_init();
		rules = example_rules();
		output = output_new(on_lines, NULL);
		options.output.filename = "capture";
		output_begin(output, &options.output);
	}
	if (size == 0)
		return 0;
	struct analysis_context shared = {
		.options = &options, .output = output, .mail = options.mail, .want_mail = true
	};
	struct flow flow = { .id = 1, .midstream = data[0] & 1, .tls_port = data[0] & 2 };
	flow.client.family = flow.server.family = 4;
	options.strict = data[0] & 4;
	options.rules = data[0] & 8 ? rules : NULL;
	rules_begin(rules);
	records = records_new();
	shared.mail.parse = true;
	shared.detectors = detectors_new(&options.detectors);
	void *user = conversation_flow_sink.begin(&shared, &flow);
	play(&shared, user, data + 1, size - 1);
	flow.why = FLOW_END_INPUT;
	conversation_flow_sink.end(user, &flow);
	output_packet_done(output);
	records_end(records, &shared.stats);
	detectors_free(shared.detectors);
	return 0;
}
