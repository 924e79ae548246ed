/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * flow_kit.c - see flow_kit.h.
 */
#include "flow_kit.h"

#include <string.h>

static void append_text(GString *log, const uint8_t *data, size_t size)
{
	for (size_t i = 0; i < size && i < 60; i++)
		if (data[i] == '\n')
			g_string_append_c(log, '~');
		else if (data[i] != '\r')
			g_string_append_c(log, (char)data[i]);
}

static void *on_begin(void *context, const struct flow *flow)
{
	struct kit *kit = context;
	if (kit->mute)
		return kit;
	g_string_append_printf(kit->log, "begin %d client:%u server:%u%s%s%s%s\n", (int)flow->first.packet,
		flow->client_port, flow->server_port, flow->midstream ? " midstream" : "",
		flow->one_sided ? " one-sided " : "", flow->one_sided ? direction_name(flow->missing) : "",
		flow->tls_port ? " tls" : "");
	g_byte_array_set_size(kit->stream[UP], 0);
	g_byte_array_set_size(kit->stream[DOWN], 0);
	return kit;
}

static void on_bytes(void *user, enum direction direction, const uint8_t *data, size_t size, uint64_t acked)
{
	struct kit *kit = user;
	if (kit->mute)
		return;
	g_string_append_printf(kit->log, "%s ", direction_name(direction));
	append_text(kit->log, data, size);
	g_string_append_printf(kit->log, " @%d\n", (int)acked);
	g_byte_array_append(kit->stream[direction], data, (guint)size);
}

static void on_gap(void *user, enum direction direction, uint64_t size, bool given_up)
{
	struct kit *kit = user;
	g_string_append_printf(
		kit->log, "%s %s %d\n", given_up ? "given-up" : "gap", direction_name(direction), (int)size);
}

static void on_fin(void *user, enum direction direction)
{
	struct kit *kit = user;
	g_string_append_printf(kit->log, "fin %s\n", direction_name(direction));
}

static void on_trouble(void *user, enum flow_trouble what, enum direction direction, uint64_t offset, struct span bytes)
{
	struct kit *kit = user;
	g_string_append_printf(kit->log, "%s %s %d", what == FLOW_TRUNCATED ? "cut" : "conflict",
		direction_name(direction), (int)offset);
	if (what == FLOW_OVERLAP_CONFLICT) {
		g_string_append_c(kit->log, ' ');
		append_text(kit->log, bytes.data, bytes.size);
	}
	g_string_append_c(kit->log, '\n');
}

static void on_end(void *user, const struct flow *flow)
{
	static const char *const names[] = { "fin", "rst", "timeout", "evicted", "reused", "input" };
	struct kit *kit = user;
	kit->last = *flow;
	kit->protocol = flow->proxy ? (int)flow->proxy->protocol : -1;
	kit->named = flow->proxy ? flow->proxy->destination.family : -1;
	g_array_append_val(kit->ended, flow->id);
	kit->bytes[UP] += flow->side[UP].bytes;
	kit->bytes[DOWN] += flow->side[DOWN].bytes;
	if (!kit->mute)
		g_string_append_printf(kit->log, "end %s\n", names[flow->why]);
}

bool kit_lower_client;

struct kit *kit_new(const struct flow_options *options)
{
	static const struct flow_sink sink = { on_begin, on_bytes, on_gap, on_fin, on_trouble, on_end, NULL };
	static const struct flow_options usual = { .detect = true };
	struct kit *kit = g_new0(struct kit, 1);
	kit->table = flow_table_new(options ? options : &usual, &sink, kit);
	kit->log = g_string_new(NULL);
	kit->ended = g_array_new(FALSE, FALSE, sizeof(uint64_t));
	kit->step = NANOSECONDS_PER_SECOND / 1000;
	kit->lower = kit_lower_client;
	kit->client = 40000;
	kit->server = 25;
	kit->client_isn = 1000;
	kit->server_isn = 5000;
	kit->stream[UP] = g_byte_array_new();
	kit->stream[DOWN] = g_byte_array_new();
	return kit;
}

void kit_free(struct kit *kit)
{
	flow_table_free(kit->table);
	g_string_free(kit->log, TRUE);
	g_array_free(kit->ended, TRUE);
	g_byte_array_free(kit->stream[UP], TRUE);
	g_byte_array_free(kit->stream[DOWN], TRUE);
	g_free(kit);
}

int kit_set_up(void **state)
{
	*state = kit_new(NULL);
	return 0;
}

int kit_tear_down(void **state)
{
	kit_free(*state);
	return 0;
}

void kit_say(struct kit *kit, bool from_client, const char *flags, uint32_t seq, uint32_t ack, const void *payload,
	size_t size)
{
	const uint8_t high = (uint8_t)(kit->host >> 8), low = (uint8_t)kit->host;
	const struct address client4 = { 4, { kit->lower ? 10 : 198, 18, high, low } },
			     server4 = { 4, { 192, 0, 2, 2 } };
	const struct address client6 = { 6, { 0x20, 1, 0xd, 0xb8, [13] = 1, high, low } };
	const struct address server6 = { 6, { 0x20, 1, 0xd, 0xb8, [15] = 2 } };
	const struct address *client = kit->ipv6 ? &client6 : &client4, *server = kit->ipv6 ? &server6 : &server4;
	if (kit->alike)
		client = server;
	/* The payload ends where the allocation ends, so that reading beyond it is noticed. */
	uint8_t *copy = g_memdup2(payload, kit->snap > 0 && kit->snap < size ? kit->snap : size);
	kit->at.packet++;
	kit->at.time += kit->step;
	struct segment segment = {
		.at = kit->at,
		.source = from_client ? *client : *server,
		.destination = from_client ? *server : *client,
		.source_port = from_client ? kit->client : kit->server,
		.destination_port = from_client ? kit->server : kit->client,
		.seq = seq,
		.ack = ack,
		.context = kit->context,
		.vlan_count = kit->context > 0,
		.vlan = { (uint16_t)kit->context },
		.wire_size = 54 + (uint32_t)size,
		.length = (uint32_t)size,
		.captured = (uint32_t)(kit->snap > 0 && kit->snap < size ? kit->snap : size),
		.payload = copy,
	};
	for (; *flags; flags++)
		segment.flags |= *flags == 'S' ? TCP_SYN : *flags == 'A' ? TCP_ACK : *flags == 'F' ? TCP_FIN : TCP_RST;
	flow_table_segment(kit->table, &segment);
	g_free(copy);
}

void kit_up(struct kit *kit, uint32_t offset, uint32_t acked, const char *text)
{
	kit_say(kit, true, "A", kit->client_isn + 1 + offset, kit->server_isn + 1 + acked, text, strlen(text));
}

void kit_down(struct kit *kit, uint32_t offset, uint32_t acked, const char *text)
{
	kit_say(kit, false, "A", kit->server_isn + 1 + offset, kit->client_isn + 1 + acked, text, strlen(text));
}

void kit_handshake(struct kit *kit)
{
	kit_say(kit, true, "S", kit->client_isn, 0, NULL, 0);
	kit_say(kit, false, "SA", kit->server_isn, kit->client_isn + 1, NULL, 0);
	kit_up(kit, 0, 0, "");
}

void kit_wait(struct kit *kit, int64_t seconds)
{
	kit->at.packet++;
	for (; seconds > 0; seconds--) {
		kit->at.time += NANOSECONDS_PER_SECOND;
		flow_table_tick(kit->table, kit->at);
	}
}

void kit_jump(struct kit *kit, int64_t seconds)
{
	kit->at.packet++;
	kit->at.time += seconds * NANOSECONDS_PER_SECOND;
	flow_table_tick(kit->table, kit->at);
}

void kit_expect(struct kit *kit, const char *log)
{
	assert_string_equal(kit->log->str, log);
	g_string_truncate(kit->log, 0);
}
