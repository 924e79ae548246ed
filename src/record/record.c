/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * record.c - the envelope of a record, and the order of records. See record.h.
 *
 * The lines of one packet wait in lines.c until output_packet_done, sorted by flow. A small cache keeps the printed
 * addresses of flows, since the packets of sessions are interleaved.
 */
#include "record.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#include "lines.h"
#include "private.h"
#include "quote.h"
#include "text.h"

#define FLOW_CACHE 2048 /* flows whose addresses are kept as text */

/* The addresses of a flow, printed as members of its records. */
struct flow_text {
	struct address client, server;
	uint16_t client_port, server_port;
	struct json_members members;
};

struct output {
	output_write write;
	void *context;
	struct output_options options;
	bool failed;
	bool unsorted;   /* said: there was no room to keep records until they are in order */
	uint64_t packet; /* that the lines belong to */
	struct lines *lines;
	EVP_MD *sha1;
	EVP_MD_CTX *digest;
	struct json_members named[RECORD_COUNT]; /* the name of the capture, and the type */
	struct flow_text cache[FLOW_CACHE];
};

struct output *output_new(output_write write, void *context)
{
	struct output *output = g_new0(struct output, 1);
	output->write = write;
	output->context = context;
	output->lines = lines_new();
	output->sha1 = EVP_MD_fetch(NULL, "SHA1", NULL);
	output->digest = EVP_MD_CTX_new();
	g_assert(output->sha1 && output->digest);
	return output;
}

void output_begin(struct output *output, const struct output_options *options)
{
	quote_ascii(options->ascii);
	output->options = *options;
	for (enum record record = 0; record < RECORD_COUNT; record++) {
		json_reset();
		struct json object = json_detached(OF_envelope);
		json_string(&object, FIELD_envelope_pcap_filename, options->filename);
		json_word(&object, FIELD_envelope_event_type, record_names[record]);
		json_members_print(&output->named[record], &object);
	}
}

bool output_wants(const struct output *output, enum record record)
{
	return output->options.records & 1u << record;
}

bool output_failed(const struct output *output)
{
	return output->failed;
}

const struct output_options *output_options(const struct output *output)
{
	return &output->options;
}

void output_free(struct output *output)
{
	if (!output)
		return;
	for (size_t i = 0; i < RECORD_COUNT; i++)
		json_members_free(&output->named[i]);
	for (size_t i = 0; i < FLOW_CACHE; i++)
		json_members_free(&output->cache[i].members);
	EVP_MD_CTX_free(output->digest);
	EVP_MD_free(output->sha1);
	lines_free(output->lines);
	g_free(output);
}

/* ---- the envelope ---- */

/* community_id - version 1, seed 0: the lower address and port come first, so both directions have the same id. */
static const char *community_id(struct output *output, const struct flow_text *text)
{
	const struct address *ends[2] = { &text->client, &text->server };
	uint16_t ports[2] = { text->client_port, text->server_port };
	size_t size = text->client.family == 6 ? 16 : 4;
	int order = memcmp(ends[0]->octets, ends[1]->octets, size);
	int first = order > 0 || (order == 0 && ports[0] > ports[1]);
	uint8_t tuple[2 + 16 + 16 + 2 + 2 + 2] = { 0, 0 }, *to = tuple + 2, digest[EVP_MAX_MD_SIZE];

	to = mempcpy(to, ends[first]->octets, size);
	to = mempcpy(to, ends[!first]->octets, size);
	*to++ = IPPROTO_TCP;
	*to++ = 0;
	for (int i = 0; i < 2; i++) {
		uint16_t port = htons(ports[i ? !first : first]);
		to = mempcpy(to, &port, sizeof port);
	}
	unsigned digest_size = 0;
	bool done = EVP_DigestInit_ex(output->digest, output->sha1, NULL) &&
		    EVP_DigestUpdate(output->digest, tuple, (size_t)(to - tuple)) &&
		    EVP_DigestFinal_ex(output->digest, digest, &digest_size);
	g_assert(done);
	char *id = json_alloc(EVP_MAX_MD_SIZE * 2);
	memcpy(id, "1:", 2);
	EVP_EncodeBlock((unsigned char *)id + 2, digest, (int)digest_size);
	return id;
}

const char *record_address(const struct address *address)
{
	return address_text(address, json_alloc(ADDRESS_TEXT_MAX));
}

/* flow_members - the members with addresses and ports. Called while a record is built, so the arena is not reset. */
static const struct json_members *flow_members(struct output *output, const struct flow *flow)
{
	struct flow_text *text = &output->cache[flow->id % FLOW_CACHE];
	if (text->members.line && address_equal(&text->client, &flow->client) &&
		address_equal(&text->server, &flow->server) && text->client_port == flow->client_port &&
		text->server_port == flow->server_port)
		return &text->members;
	text->client = flow->client;
	text->server = flow->server;
	text->client_port = flow->client_port;
	text->server_port = flow->server_port;
	struct json object = json_detached(OF_envelope);
	json_word(&object, FIELD_envelope_src_ip, record_address(&flow->client));
	json_number(&object, FIELD_envelope_src_port, flow->client_port);
	json_word(&object, FIELD_envelope_dest_ip, record_address(&flow->server));
	json_number(&object, FIELD_envelope_dest_port, flow->server_port);
	json_word(&object, FIELD_envelope_proto, "TCP");
	json_word(&object, FIELD_envelope_app_proto, "smtp");
	json_word(&object, FIELD_envelope_community_id, community_id(output, text));
	json_members_print(&text->members, &object);
	return &text->members;
}

void record_time(const struct output *output, struct json *object, enum field field, int64_t time)
{
	json_time(object, field, time, output->options.nanoseconds ? 9 : 6);
}

struct json record_begin(struct output *output, enum record record, const struct place *place)
{
	json_reset();
	struct json root = json_root();
	const struct flow *flow = place->flow;
	if (place->at.packet)
		record_time(output, &root, FIELD_envelope_timestamp, place->at.time);
	if (flow) {
		json_number(&root, FIELD_envelope_flow_id, flow->id);
		json_number(&root, FIELD_envelope_pcap_cnt, place->at.packet);
	}
	json_members(&root, &output->named[record]);
	if (flow) {
		json_numbers(&root, FIELD_envelope_vlan, flow->vlan, flow->vlan_count);
		json_members(&root, flow_members(output, flow));
	}
	if (place->tx >= 0)
		json_number(&root, FIELD_envelope_tx_id, (uint64_t)place->tx);
	return root;
}

/* ---- the order ---- */

static bool write_lines(void *context, uint64_t flow, const char *lines, size_t size)
{
	struct output *output = context;
	return !output->failed && output->write(output->context, output->packet, flow, lines, size);
}

void output_flow_done(struct output *output, uint64_t flow)
{
	if (!lines_take(output->lines, flow, write_lines, output))
		output->failed = true;
}

void output_packet_done(struct output *output)
{
	output_flow_done(output, UINT64_MAX);
}

void record_end(struct output *output, const struct place *place, const struct json *root)
{
	const uint64_t flow = place->flow ? place->flow->id : UINT64_MAX;
	json_print(root, lines_text(output->lines));
	output->packet = place->at.packet;
	if (lines_add(output->lines, flow, output->options.temp_dir))
		return;
	if (!output->unsorted)
		say("records of one packet are not sorted by connection: can't use a temporary file: %s",
			g_strerror(errno));
	output->unsorted = true;
	output_packet_done(output);
}
