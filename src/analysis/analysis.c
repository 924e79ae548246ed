/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * analysis.c - see analysis.h. Inputs are analysed one after the other: packets go through the decoder into the flow
 * table, which calls the conversations (conversation.c); the stats record comes last. Every input has its own decoder,
 * flow table and detectors, so that the results of one capture do not depend on another.
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
	struct analysis_context shared;
	const struct options *options;
	struct output_options output_options; /* with the name of the current capture */
	struct decoder *decoder;
	struct flow_table *flows;
	const struct analysis_sink *sink;
	char *const *paths; /* of the input */
	size_t path_count;
	struct capture *capture; /* the current one; NULL between captures */
	uint64_t packets_before; /* packets of the earlier captures of this input */
	uint64_t read_before;    /* octets of their files */
	uint64_t files;          /* what they were, as analysis_files says */
	bool keys_short;         /* secrets were missing, and not all of the input could be searched for them */
	volatile sig_atomic_t stop;
};

/* plan_mail - decides what is computed of each mail: only what a record or a file needs. */
static void plan_mail(struct analysis_context *shared)
{
	const struct options *options = shared->options;
	const unsigned wanted = options->output.records;
	const bool alerts = wanted & RECORD_BIT(ALERT) || options->fail_on;
	shared->mail = options->mail;
	const bool rules = rules_wants(options->rules, RULE_MAIL) || rules_wants(options->rules, RULE_FILE);
	shared->mail.parse =
		alerts || rules || wanted & (RECORD_BIT(SMTP) | RECORD_BIT(FILEINFO)) || options->mail.extract_dir;
	shared->mail.raw = options->mail.raw && wanted & RECORD_BIT(SMTP);
	shared->mail.body = options->mail.body && (rules || wanted & RECORD_BIT(SMTP));
	shared->mail.urls = options->mail.urls && (rules || wanted & RECORD_BIT(SMTP));
	shared->mail.magic = wanted & RECORD_BIT(FILEINFO);
	shared->mail.archives = alerts || wanted & RECORD_BIT(FILEINFO) || options->mail.extract_dir;
	shared->mail.watch = rules_watches(options->rules) ? &conversation_mail_watch : NULL;
	shared->mail.choose = rules_keep(options->rules);
	shared->mail.keep = options->mbox;
	shared->want_mail = shared->mail.parse || options->mbox;
}

struct analysis *analysis_new(const struct options *options, struct output *output, const struct analysis_sink *sink)
{
	struct analysis *analysis = g_new0(struct analysis, 1);
	analysis->options = options;
	analysis->sink = sink;
	analysis->output_options = options->output;
	analysis->shared.options = options;
	analysis->shared.output = output;
	analysis->shared.keep = options->mbox ? sink->keep : NULL;
	analysis->shared.context = sink->context;
	plan_mail(&analysis->shared);
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
	return analysis->shared.worst;
}

enum exit_status analysis_free(struct analysis *analysis)
{
	if (!analysis)
		return EXIT_OK;
	bool failed = analysis->shared.store_failed;
	mail_exit();
	reassembly_exit();
	g_free(analysis);
	return failed ? EXIT_OUTPUT : EXIT_OK;
}

/* ---- one capture ---- */

/* broken - the input is not complete: reports it, and sets stats.error (to the first reason). */
static void broken(struct analysis *analysis, bool cut, const char *sentence)
{
	analysis->sink->broken(analysis->sink->context, sentence);
	input_stats_break(&analysis->shared.stats, cut, sentence);
}

/* is_selected - is the packet selected? The filter must match it as captured, or the IP packet inside its tags and
 * tunnels; and its segment (NULL: none) must belong to one of the hosts of --host. */
static bool is_selected(const struct analysis *analysis, const struct packet *packet, const struct segment *segment)
{
	if (!segment)
		return packet->matches;
	if (!packet->matches &&
		(!segment->ip.data || !capture_filter_ip(analysis->capture, segment->ip, segment->ip_length)))
		return false;
	return selection_has_segment(&analysis->options->selection, segment);
}

/* take_remains - analyses what is there of datagrams that did not become whole. */
RARE static void take_remains(struct analysis *analysis, bool ended)
{
	UNCLEARED struct segment segment;
	while (decoder_remains(analysis->decoder, ended, analysis->shared.now, &segment))
		if (selection_has_segment(&analysis->options->selection, &segment))
			flow_table_segment(analysis->flows, &segment);
}

/* take_packet - analyses a packet. The records of the packet before it are written only now, because the last packet's
 * records must be sorted together with those of the end of the input. A live capture does not wait. */
static void take_packet(struct analysis *analysis, struct packet *packet, bool live)
{
	struct analysis_context *shared = &analysis->shared;
	UNCLEARED struct segment segment; /* the decoder fills it */
	packet->at.packet += analysis->packets_before;
	if (!selection_has_time(&analysis->options->selection, packet->at.time)) {
		shared->stats.filtered++;
		return;
	}
	enum decode_result result = decoder_packet(analysis->decoder, packet, &segment);
	if (!is_selected(analysis, packet, result == DECODE_SEGMENT ? &segment : NULL)) {
		shared->stats.filtered++;
		return;
	}
	output_packet_done(shared->output);
	if (shared->stats.packets % ANALYSIS_TICK == 0)
		analysis->sink->tick(analysis->sink->context, packet->at.packet, live);
	shared->now = packet->at;
	if (shared->stats.packets++ == 0)
		shared->stats.first = packet->at;
	shared->stats.last = packet->at;
	shared->stats.bytes += packet->length;
	if (result == DECODE_SEGMENT) {
		flow_table_segment(analysis->flows, &segment);
	} else {
		shared->stats.not_decoded[result]++;
		decoder_count(analysis->decoder, result);
		flow_table_tick(analysis->flows, packet->at);
	}
	if (G_UNLIKELY(decoder_has_remains(analysis->decoder)))
		take_remains(analysis, false);
	if (live) {
		output_packet_done(shared->output);
		analysis->sink->tick(analysis->sink->context, packet->at.packet + 1, live);
	}
}

/* look_at_clock - when an interface has a finer clock than a microsecond, time stamps get nine digits, from the next
 * packet on.
 */
static void look_at_clock(struct analysis *analysis)
{
	if (G_LIKELY(capture_nanoseconds(analysis->capture) == analysis->output_options.nanoseconds))
		return;
	output_packet_done(analysis->shared.output);
	analysis->output_options.nanoseconds = true;
	output_begin(analysis->shared.output, &analysis->output_options);
}

/* on_secrets - TLS secrets in a pcapng capture. */
static void on_secrets(void *context, uint32_t type, struct span secrets)
{
	struct analysis *analysis = context;
	if (type != CAPTURE_SECRETS_TLS)
		return;
	if (analysis->keys_short && !analysis->options->quiet)
		say("%s: TLS secrets after packet %" G_GUINT64_FORMAT
		    " came too late for earlier connections, whose secrets were missing",
			analysis->output_options.filename, analysis->shared.now.packet);
	analysis->keys_short = false;
	tls_keys_add(analysis->shared.keys, secrets);
	tls_keys_line_end(analysis->shared.keys);
}

/* secrets_after - reads the rest of the current capture, which can be read only once, for secrets. Returns false when
 * not all of it could be searched. */
static bool secrets_after(struct analysis *analysis)
{
	char *trouble;
	const bool all = capture_secrets_ahead(
		analysis->capture, analysis->shared.mail.temp_dir, on_secrets, analysis, &trouble);
	if (trouble && !analysis->options->quiet)
		say("%s: can't look ahead for TLS secrets: %s", analysis->output_options.filename, trouble);
	g_free(trouble);
	return all;
}

/* secrets_ahead - a secret is missing: searches all captures for it, because it may come after the packets that need
 * it. */
static bool secrets_ahead(void *context)
{
	struct analysis *analysis = context;
	bool all = true;
	for (size_t i = 0; i < analysis->path_count; i++)
		if (!capture_secrets(analysis->paths[i], on_secrets, analysis) && analysis->capture &&
			analysis->paths[i] == analysis->output_options.filename)
			all = secrets_after(analysis);
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
	char *sentence = g_strdup_printf("%s: it was written to while it was read", capture_title(path));
	broken(analysis, false, sentence);
	g_free(sentence);
}

/* read_capture - analyses all packets of one capture. */
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
	output_begin(analysis->shared.output, &analysis->output_options);
	if (analysis->options->embedded_keys)
		capture_on_secrets(capture, on_secrets, analysis);
	uint64_t read, size;
	capture_position(capture, &read, &size);
	const bool live = size == 0;
	flow_table_live(analysis->flows, live);
	struct packet packet;
	enum capture_status status = CAPTURE_PACKET;
	analysis->capture = capture;
	while (!analysis->stop && !output_failed(analysis->shared.output) &&
		(status = capture_next(capture, &packet)) == CAPTURE_PACKET) {
		look_at_clock(analysis);
		take_packet(analysis, &packet, live);
	}
	look_at_clock(analysis);
	if ((status == CAPTURE_BROKEN || status == CAPTURE_CUT) && !analysis->stop)
		broken(analysis, status == CAPTURE_CUT, capture_error(capture));
	look_at_file(analysis, capture, path);
	analysis->shared.stats.dropped += capture_dropped(capture);
	if (status != CAPTURE_PACKET)
		analysis->packets_before += packet.at.packet;
	analysis->read_before = analysis_read(analysis);
	analysis->capture = NULL;
	capture_close(capture);
}

/* ---- one input ---- */

static void begin_input(struct analysis *analysis, const char *path)
{
	struct analysis_context *shared = &analysis->shared;
	shared->given_up_bytes = 0;
	shared->now = (struct moment){ 0 };
	shared->ending = false;
	rules_begin(analysis->options->rules);
	shared->detectors = detectors_new(&analysis->options->detectors);
	analysis->keys_short = false;
	shared->keys = tls_keys_new(
		analysis->options->tls_keys, analysis->options->embedded_keys ? secrets_ahead : NULL, analysis);
	analysis->decoder = decoder_new(analysis->options->checksums);
	analysis->flows = flow_table_new(&analysis->options->flow, &conversation_flow_sink, shared);
	analysis->packets_before = analysis->read_before = analysis->files = 0;
	analysis->output_options.filename = path;
	analysis->output_options.nanoseconds = false;
	output_begin(shared->output, &analysis->output_options);
}

void analysis_stats(const struct analysis *analysis, struct input_stats *stats)
{
	struct flow_stats flows;
	*stats = analysis->shared.stats;
	if (!analysis->flows)
		return;
	flow_table_stats(analysis->flows, &flows);
	stats->connections = flows.connections;
	stats->sessions = flows.sessions;
	stats->evicted = flows.evicted;
	stats->gap_bytes = flows.gap_bytes;
	stats->given_up_bytes = flows.given_up_bytes + analysis->shared.given_up_bytes;
	stats->invalid_resets = flows.invalid_resets;
	stats->ignored_segments = flows.ignored_segments;
	stats->time_jumps = flows.time_jumps;
	stats->first_time_jump = flows.first_time_jump;
	stats->fragment_conflicts = decoder_fragment_conflicts(analysis->decoder);
}

/* count_fragments - at the end it is known which of the fragments that were held were of no use. */
static void count_fragments(struct analysis *analysis)
{
	uint64_t *counts = analysis->shared.stats.not_decoded;
	/* A filter may have left out some of those that the decoder holds. */
	const uint64_t lost = MIN(decoder_fragments_lost(analysis->decoder), counts[DECODE_FRAGMENT]);
	counts[DECODE_FRAGMENT] -= lost;
	counts[DECODE_FRAGMENT_LOST] = lost;
}

static void end_input(struct analysis *analysis)
{
	struct analysis_context *shared = &analysis->shared;
	if (analysis->stop)
		broken(analysis, false, ANALYSIS_INTERRUPTED);
	take_remains(analysis, true);
	shared->ending = true;
	flow_table_end(analysis->flows);
	output_packet_done(shared->output);
	count_fragments(analysis);
	analysis_stats(analysis, &shared->stats);
	char *unknown = decoder_unknown(analysis->decoder);
	if (unknown)
		g_strlcpy(shared->stats.unknown, unknown, sizeof shared->stats.unknown);
	g_free(unknown);
	g_clear_pointer(&analysis->flows, flow_table_free);
	g_clear_pointer(&analysis->decoder, decoder_free);
	g_clear_pointer(&shared->detectors, detectors_free);
	g_clear_pointer(&shared->keys, tls_keys_free);
}

/* first_time - time of the first packet; INT64_MAX when there is none (reading the capture reports why). */
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

struct capture_piece {
	const char *path;
	int64_t time;
	size_t place;
};

static int by_time(const void *a, const void *b)
{
	const struct capture_piece *x = a, *y = b;
	if (x->time != y->time)
		return x->time < y->time ? -1 : 1;
	return x->place < y->place ? -1 : 1;
}

/* in_order - the captures of a recording, sorted by the time of their first packet; not sorted with --keep-order, or
 * when one is standard input, which can be read only once. */
static struct capture_piece *in_order(const struct options *options, char *const *paths, size_t count)
{
	struct capture_piece *pieces = g_new0(struct capture_piece, count);
	bool sort = options->continuous && !options->keep_order && count > 1;
	for (size_t i = 0; i < count; i++) {
		pieces[i] = (struct capture_piece){ paths[i], 0, i };
		sort = sort && !capture_is_stdin(paths[i]);
	}
	for (size_t i = 0; sort && i < count; i++)
		pieces[i].time = first_time(paths[i]);
	qsort(pieces, count, sizeof *pieces, by_time);
	return pieces;
}

enum exit_status analysis_input(struct analysis *analysis, char *const *paths, size_t count)
{
	struct analysis_context *shared = &analysis->shared;
	shared->stats = (struct input_stats){ .complete = true }; /* first of all: what was is of the input before */
	struct capture_piece *pieces = in_order(analysis->options, paths, count);
	analysis->paths = paths;
	analysis->path_count = count;
	begin_input(analysis, pieces[0].path);
	for (size_t i = 0; i < count && !analysis->stop && !output_failed(shared->output); i++)
		read_capture(analysis, pieces[i].path);
	end_input(analysis);
	g_free(pieces);
	if (output_failed(shared->output) || shared->store_failed)
		return EXIT_OUTPUT;
	return input_stats_status(&shared->stats);
}
