/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * analysis.c - see analysis.h. One input after the other: its packets go through the decoder into the flow table, the
 * flow table drives the conversations (conversation.c), the stats record comes last. Every input starts with a new
 * decoder, flow table and set of detectors, so that what is found in one capture does not depend on another.
 */
#include "analysis.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "conversation.h"
#include "stream.h"
#include "text.h"

struct analysis {
	struct desk desk;
	const struct options *options;
	struct output_options output_options; /* with the name of the capture in hand */
	struct decoder *decoder;
	struct flow_table *flows;
	const struct analysis_sink *sink;
	char *const *paths; /* of the input */
	size_t path_count;
	struct capture *capture; /* in hand; NULL between two */
	uint64_t packets_before; /* packets of the captures before this one in the recording */
	uint64_t read_before;    /* octets of their files */
	uint64_t files;          /* what they were, as analysis_files says */
	bool keys_short;         /* secrets were missing, and not all of the input could be searched for them */
	volatile sig_atomic_t stop;
};

/* plan_mail - what of a mail does somebody want? Nothing is computed that no record and no file needs. */
static void plan_mail(struct desk *desk)
{
	const struct options *options = desk->options;
	const unsigned wanted = options->output.records;
	const bool alerts = wanted & RECORD_BIT(ALERT) || options->fail_on;
	desk->mail = options->mail;
	const bool rules = rules_wants(options->rules, RULE_MAIL) || rules_wants(options->rules, RULE_FILE);
	desk->mail.parse =
		alerts || rules || wanted & (RECORD_BIT(SMTP) | RECORD_BIT(FILEINFO)) || options->mail.extract_dir;
	desk->mail.raw = options->mail.raw && wanted & RECORD_BIT(SMTP);
	desk->mail.body = options->mail.body && (rules || wanted & RECORD_BIT(SMTP));
	desk->mail.urls = options->mail.urls && (rules || wanted & RECORD_BIT(SMTP));
	desk->mail.magic = wanted & RECORD_BIT(FILEINFO);
	desk->mail.archives = alerts || wanted & RECORD_BIT(FILEINFO) || options->mail.extract_dir;
	desk->mail.watch = rules_watches(options->rules) ? &conversation_mail_watch : NULL;
	desk->mail.choose = rules_keep(options->rules);
	desk->mail.keep = options->mbox;
	desk->want_mail = desk->mail.parse || options->mbox;
}

struct analysis *analysis_new(const struct options *options, struct output *output, const struct analysis_sink *sink)
{
	struct analysis *analysis = g_new0(struct analysis, 1);
	analysis->options = options;
	analysis->sink = sink;
	analysis->output_options = options->output;
	analysis->desk.options = options;
	analysis->desk.output = output;
	analysis->desk.keep = options->mbox ? sink->keep : NULL;
	analysis->desk.context = sink->context;
	plan_mail(&analysis->desk);
	if (!reassembly_init()) {
		g_free(analysis);
		return NULL;
	}
	mail_init();
	return analysis;
}

void analysis_stop(struct analysis *analysis)
{
	analysis->stop = 1;
}

const struct output_options *analysis_output(const struct analysis *analysis)
{
	return &analysis->output_options;
}

uint64_t analysis_read(const struct analysis *analysis)
{
	uint64_t read = 0, size;
	if (analysis->capture)
		capture_position(analysis->capture, &read, &size);
	return analysis->read_before + read;
}

uint64_t analysis_files(const struct analysis *analysis)
{
	return analysis->files;
}

enum severity analysis_worst(const struct analysis *analysis)
{
	return analysis->desk.worst;
}

enum exit_status analysis_free(struct analysis *analysis)
{
	if (!analysis)
		return EXIT_OK;
	bool failed = analysis->desk.store_failed;
	mail_exit();
	reassembly_exit();
	g_free(analysis);
	return failed ? EXIT_OUTPUT : EXIT_OK;
}

/* ---- one capture ---- */

/* broken - the input is not complete: told, and in the stats record (the first reason). */
static void broken(struct analysis *analysis, bool cut, const char *sentence)
{
	analysis->sink->broken(analysis->sink->context, sentence);
	input_stats_break(&analysis->desk.stats, cut, sentence);
}

/* is_wanted - does the filter match a packet, as it was captured or the IP packet within its tags and tunnels; and is a
 * segment (NULL: it is none) one of the hosts'? */
static bool is_wanted(const struct analysis *analysis, const struct packet *packet, const struct segment *segment)
{
	if (!segment)
		return packet->matches;
	if (!packet->matches &&
		(!segment->ip.data || !capture_filter_ip(analysis->capture, segment->ip, segment->ip_length)))
		return false;
	return selection_has_segment(&analysis->options->selection, segment);
}

/* take_packet - when the records of the packet before go out: that may have been the last one, whose records the end
 * of the input joins. Only a live capture can't wait for that. */
static void take_packet(struct analysis *analysis, struct packet *packet, bool live)
{
	struct desk *desk = &analysis->desk;
	struct segment segment;
	packet->at.packet += analysis->packets_before;
	if (!selection_has_time(&analysis->options->selection, packet->at.time)) {
		desk->stats.filtered++;
		return;
	}
	enum decode_result result = decoder_packet(analysis->decoder, packet, &segment);
	if (!is_wanted(analysis, packet, result == DECODE_SEGMENT ? &segment : NULL)) {
		desk->stats.filtered++;
		return;
	}
	output_packet_done(desk->output);
	if (desk->stats.packets % ANALYSIS_TICK == 0)
		analysis->sink->tick(analysis->sink->context, packet->at.packet, live);
	desk->now = packet->at;
	if (desk->stats.packets++ == 0)
		desk->stats.first = packet->at;
	desk->stats.last = packet->at;
	desk->stats.bytes += packet->length;
	if (result == DECODE_SEGMENT) {
		flow_table_segment(analysis->flows, &segment);
	} else {
		desk->stats.not_decoded[result]++;
		decoder_count(analysis->decoder, result);
		flow_table_tick(analysis->flows, packet->at);
	}
	if (live) {
		output_packet_done(desk->output);
		analysis->sink->tick(analysis->sink->context, packet->at.packet + 1, live);
	}
}

/* look_at_clock - once an interface is finer than a microsecond, time stamps have nine digits: from the next packet on.
 */
static void look_at_clock(struct analysis *analysis)
{
	if (G_LIKELY(capture_nanoseconds(analysis->capture) == analysis->output_options.nanoseconds))
		return;
	output_packet_done(analysis->desk.output);
	analysis->output_options.nanoseconds = true;
	output_begin(analysis->desk.output, &analysis->output_options);
}

/* on_secrets - of a capture. */
static void on_secrets(void *context, uint32_t type, struct span secrets)
{
	struct analysis *analysis = context;
	if (type != CAPTURE_SECRETS_TLS)
		return;
	if (analysis->keys_short && !analysis->options->quiet)
		say("%s: TLS secrets behind packet %" G_GUINT64_FORMAT
		    " came too late for connections before, whose secrets were missing",
			analysis->output_options.filename, analysis->desk.now.packet);
	analysis->keys_short = false;
	tls_keys_add(analysis->desk.keys, secrets);
	tls_keys_line_end(analysis->desk.keys);
}

/* secrets_behind - of the capture in hand, which can be read only once. Returns false when there may be others. */
static bool secrets_behind(struct analysis *analysis)
{
	char *trouble;
	const bool all =
		capture_secrets_ahead(analysis->capture, analysis->desk.mail.temp_dir, on_secrets, analysis, &trouble);
	if (trouble && !analysis->options->quiet)
		say("%s: can't look ahead for TLS secrets: %s", analysis->output_options.filename, trouble);
	g_free(trouble);
	return all;
}

/* secrets_ahead - a secret is missing: it may stand behind the packets that it is for. */
static bool secrets_ahead(void *context)
{
	struct analysis *analysis = context;
	bool all = true;
	for (size_t i = 0; i < analysis->path_count; i++)
		if (!capture_secrets(analysis->paths[i], on_secrets, analysis) && analysis->capture &&
			analysis->paths[i] == analysis->output_options.filename)
			all = secrets_behind(analysis);
	analysis->keys_short = !all;
	return all;
}

/* look_at_file - a file that others wrote to meanwhile was read in parts that do not belong together. */
static void look_at_file(struct analysis *analysis, struct capture *capture, const char *path)
{
	bool changed;
	analysis->files = analysis->files * 31 + capture_file(capture, &changed);
	if (!changed || analysis->stop)
		return;
	char *sentence = g_strdup_printf(
		"%s: it was written to while it was read", strcmp(path, "-") == 0 ? "standard input" : path);
	broken(analysis, false, sentence);
	g_free(sentence);
}

/* read_capture - all packets of one capture. */
static void read_capture(struct analysis *analysis, const char *path)
{
	GError *error = NULL;
	struct capture *capture = capture_open(path, analysis->options->bpf, &error);
	if (!capture) {
		broken(analysis, false, error->message);
		g_error_free(error);
		return;
	}
	analysis->output_options.filename = path;
	analysis->output_options.nanoseconds = capture_nanoseconds(capture);
	output_begin(analysis->desk.output, &analysis->output_options);
	if (analysis->options->embedded_keys)
		capture_on_secrets(capture, on_secrets, analysis);
	uint64_t read, size;
	capture_position(capture, &read, &size);
	const bool live = size == 0;
	flow_table_live(analysis->flows, live);
	struct packet packet;
	enum capture_status status = CAPTURE_PACKET;
	analysis->capture = capture;
	while (!analysis->stop && !output_failed(analysis->desk.output) &&
		(status = capture_next(capture, &packet)) == CAPTURE_PACKET) {
		look_at_clock(analysis);
		take_packet(analysis, &packet, live);
	}
	look_at_clock(analysis);
	if ((status == CAPTURE_BROKEN || status == CAPTURE_CUT) && !analysis->stop)
		broken(analysis, status == CAPTURE_CUT, capture_error(capture));
	look_at_file(analysis, capture, path);
	if (status != CAPTURE_PACKET)
		analysis->packets_before += packet.at.packet;
	analysis->read_before = analysis_read(analysis);
	analysis->capture = NULL;
	capture_close(capture);
}

/* ---- one input ---- */

static void begin_input(struct analysis *analysis, const char *path)
{
	struct desk *desk = &analysis->desk;
	desk->given_up_bytes = 0;
	desk->now = (struct moment){ 0 };
	desk->ending = false;
	rules_begin(analysis->options->rules);
	desk->detectors = detectors_new(&analysis->options->detectors);
	analysis->keys_short = false;
	desk->keys = tls_keys_new(
		analysis->options->tls_keys, analysis->options->embedded_keys ? secrets_ahead : NULL, analysis);
	analysis->decoder = decoder_new(analysis->options->checksums);
	analysis->flows = flow_table_new(&analysis->options->flow, &conversation_flow_sink, desk);
	analysis->packets_before = analysis->read_before = analysis->files = 0;
	analysis->output_options.filename = path;
	analysis->output_options.nanoseconds = false;
	output_begin(desk->output, &analysis->output_options);
}

void analysis_stats(const struct analysis *analysis, struct input_stats *stats)
{
	struct flow_stats flows;
	*stats = analysis->desk.stats;
	if (!analysis->flows)
		return;
	flow_table_stats(analysis->flows, &flows);
	stats->connections = flows.connections;
	stats->sessions = flows.sessions;
	stats->evicted = flows.evicted;
	stats->gap_bytes = flows.gap_bytes;
	stats->given_up_bytes = flows.given_up_bytes + analysis->desk.given_up_bytes;
	stats->invalid_resets = flows.invalid_resets;
	stats->time_jumps = flows.time_jumps;
	stats->first_time_jump = flows.first_time_jump;
	stats->fragment_conflicts = decoder_fragment_conflicts(analysis->decoder);
}

static void end_input(struct analysis *analysis)
{
	struct desk *desk = &analysis->desk;
	if (analysis->stop)
		broken(analysis, false, ANALYSIS_INTERRUPTED);
	desk->ending = true;
	flow_table_end(analysis->flows);
	output_packet_done(desk->output);
	analysis_stats(analysis, &desk->stats);
	char *unknown = decoder_unknown(analysis->decoder);
	if (unknown)
		g_strlcpy(desk->stats.unknown, unknown, sizeof desk->stats.unknown);
	g_free(unknown);
	g_clear_pointer(&analysis->flows, flow_table_free);
	g_clear_pointer(&analysis->decoder, decoder_free);
	g_clear_pointer(&desk->detectors, detectors_free);
	g_clear_pointer(&desk->keys, tls_keys_free);
}

/* first_time - time of the first packet; INT64_MAX when there is none (reading it for good will say why). */
static int64_t first_time(const char *path)
{
	struct capture *capture = capture_open(path, NULL, NULL);
	struct packet packet;
	int64_t time = INT64_MAX;
	if (capture && capture_next(capture, &packet) == CAPTURE_PACKET)
		time = packet.at.time;
	capture_close(capture);
	return time;
}

struct piece {
	const char *path;
	int64_t time;
	size_t place;
};

static int by_time(const void *a, const void *b)
{
	const struct piece *x = a, *y = b;
	if (x->time != y->time)
		return x->time < y->time ? -1 : 1;
	return x->place < y->place ? -1 : 1;
}

/* in_order - the captures of a recording by the time of their first packet, unless they are to stay as they are or one
 * is standard input, which can be read only once. */
static struct piece *in_order(const struct options *options, char *const *paths, size_t count)
{
	struct piece *pieces = g_new0(struct piece, count);
	bool sort = options->continuous && !options->keep_order && count > 1;
	for (size_t i = 0; i < count; i++) {
		pieces[i] = (struct piece){ paths[i], 0, i };
		sort = sort && strcmp(paths[i], "-") != 0;
	}
	for (size_t i = 0; sort && i < count; i++)
		pieces[i].time = first_time(paths[i]);
	qsort(pieces, count, sizeof(*pieces), by_time);
	return pieces;
}

enum exit_status analysis_input(struct analysis *analysis, char *const *paths, size_t count)
{
	struct desk *desk = &analysis->desk;
	desk->stats = (struct input_stats){ .complete = true }; /* first of all: what was is of the input before */
	struct piece *pieces = in_order(analysis->options, paths, count);
	analysis->paths = paths;
	analysis->path_count = count;
	begin_input(analysis, pieces[0].path);
	for (size_t i = 0; i < count && !analysis->stop && !output_failed(desk->output); i++)
		read_capture(analysis, pieces[i].path);
	end_input(analysis);
	g_free(pieces);
	if (output_failed(desk->output) || desk->store_failed)
		return EXIT_OUTPUT;
	return input_stats_status(&desk->stats);
}
