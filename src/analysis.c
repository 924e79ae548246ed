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
#include "reassembly.h"

struct analysis {
	struct desk desk;
	const struct options *options;
	struct output_options output_options; /* with the name of the capture in hand */
	struct decoder *decoder;
	struct flow_table *flows;
	uint64_t packets_before; /* packets of the captures before this one in the recording */
	volatile sig_atomic_t stop;
};

/* plan_mail - what of a mail does somebody want? Nothing is computed that no record and no file needs. */
static void plan_mail(struct desk *desk)
{
	const struct options *options = desk->options;
	const unsigned wanted = options->output.records;
	const bool alerts = wanted & RECORD_BIT(ALERT) || options->fail_on;
	desk->mail = options->mail;
	desk->mail.parse = alerts || wanted & (RECORD_BIT(SMTP) | RECORD_BIT(FILEINFO)) || options->mail.extract_dir;
	desk->mail.raw = options->mail.raw && wanted & RECORD_BIT(SMTP);
	desk->mail.body = options->mail.body && wanted & RECORD_BIT(SMTP);
	desk->mail.urls = options->mail.urls && wanted & RECORD_BIT(SMTP);
	desk->mail.magic = wanted & RECORD_BIT(FILEINFO);
	desk->mail.keep = options->mbox;
	desk->want_mail = desk->mail.parse || options->mbox;
}

/* say - a sentence on a file that could not be made or written. */
static bool say(const char *path)
{
	fprintf(stderr, "smtpscan: %s: %s\n", path, g_strerror(errno));
	return false;
}

/* open_stores - the places for mails and files beside the records. */
static bool open_stores(struct analysis *analysis)
{
	const struct options *options = analysis->options;
	if (options->mail.extract_dir && g_mkdir_with_parents(options->mail.extract_dir, 0777) != 0)
		return say(options->mail.extract_dir);
	if (options->mbox && !(analysis->desk.mbox = mbox_open(options->mbox)))
		return say(options->mbox);
	return true;
}

struct analysis *analysis_new(const struct options *options, struct output *output)
{
	struct analysis *analysis = g_new0(struct analysis, 1);
	analysis->options = options;
	analysis->output_options = options->output;
	analysis->desk.options = options;
	analysis->desk.output = output;
	plan_mail(&analysis->desk);
	if (!open_stores(analysis) || !reassembly_init()) {
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

enum severity analysis_worst(const struct analysis *analysis)
{
	return analysis->desk.worst;
}

int analysis_free(struct analysis *analysis)
{
	if (!analysis)
		return EXIT_OK;
	bool failed = analysis->desk.store_failed;
	if (analysis->desk.mbox && !mbox_close(analysis->desk.mbox))
		failed = !say(analysis->options->mbox);
	mail_exit();
	reassembly_exit();
	g_free(analysis);
	return failed ? EXIT_OUTPUT : EXIT_OK;
}

/* ---- one capture ---- */

/* broken - the input is not complete: said on standard error, and in the stats record (the first reason). */
static void broken(struct analysis *analysis, const char *sentence)
{
	struct input_stats *stats = &analysis->desk.stats;
	fprintf(stderr, "smtpscan: %s\n", sentence);
	if (stats->complete)
		g_strlcpy(stats->error, sentence, sizeof(stats->error));
	stats->complete = false;
}

static void take_packet(struct analysis *analysis, struct packet *packet)
{
	struct desk *desk = &analysis->desk;
	struct segment segment;
	packet->at.packet += analysis->packets_before;
	desk->now = packet->at;
	if (desk->stats.packets++ == 0)
		desk->stats.first = packet->at;
	desk->stats.last = packet->at;
	desk->stats.bytes += packet->length;
	enum decode_result result = decoder_packet(analysis->decoder, packet, &segment);
	if (result == DECODE_SEGMENT) {
		flow_table_segment(analysis->flows, &segment);
	} else {
		desk->stats.not_decoded[result]++;
		flow_table_tick(analysis->flows, packet->at);
	}
	output_packet_done(desk->output);
}

/* read_capture - all packets of one capture. */
static void read_capture(struct analysis *analysis, const char *path)
{
	GError *error = NULL;
	struct capture *capture = capture_open(path, analysis->options->bpf, &error);
	if (!capture) {
		broken(analysis, error->message);
		g_error_free(error);
		return;
	}
	analysis->output_options.filename = path;
	analysis->output_options.nanoseconds = capture_nanoseconds(capture);
	output_begin(analysis->desk.output, &analysis->output_options);
	struct packet packet;
	enum capture_status status = CAPTURE_PACKET;
	while (!analysis->stop && !output_failed(analysis->desk.output) &&
		(status = capture_next(capture, &packet)) == CAPTURE_PACKET)
		take_packet(analysis, &packet);
	if (status == CAPTURE_BROKEN && !analysis->stop)
		broken(analysis, capture_error(capture));
	capture_close(capture);
	analysis->packets_before = analysis->desk.now.packet;
}

/* ---- one input ---- */

static void begin_input(struct analysis *analysis, const char *path)
{
	struct desk *desk = &analysis->desk;
	desk->stats = (struct input_stats){ .complete = true };
	desk->now = (struct moment){ 0 };
	desk->ending = false;
	desk->detectors = detectors_new(&analysis->options->detectors);
	analysis->decoder = decoder_new(analysis->options->checksums);
	analysis->flows = flow_table_new(&analysis->options->flow, &conversation_flow_sink, desk);
	analysis->packets_before = 0;
	analysis->output_options.filename = path;
	analysis->output_options.nanoseconds = false;
	output_begin(desk->output, &analysis->output_options);
}

static void end_input(struct analysis *analysis)
{
	struct desk *desk = &analysis->desk;
	struct flow_stats flows;
	if (analysis->stop)
		broken(analysis, "interrupted");
	desk->ending = true;
	flow_table_end(analysis->flows);
	output_packet_done(desk->output);
	flow_table_stats(analysis->flows, &flows);
	desk->stats.connections = flows.connections;
	desk->stats.sessions = flows.sessions;
	desk->stats.evicted = flows.evicted;
	desk->stats.gap_bytes = flows.gap_bytes;
	desk->stats.invalid_resets = flows.invalid_resets;
	desk->stats.fragment_conflicts = decoder_fragment_conflicts(analysis->decoder);
	flow_table_free(analysis->flows);
	decoder_free(analysis->decoder);
	detectors_free(desk->detectors);
	output_stats(desk->output, &desk->stats);
	output_packet_done(desk->output);
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

int analysis_input(struct analysis *analysis, char *const *paths, size_t count, struct input_stats *stats)
{
	struct piece *pieces = in_order(analysis->options, paths, count);
	begin_input(analysis, pieces[0].path);
	for (size_t i = 0; i < count && !analysis->stop && !output_failed(analysis->desk.output); i++)
		read_capture(analysis, pieces[i].path);
	end_input(analysis);
	g_free(pieces);
	*stats = analysis->desk.stats;
	if (output_failed(analysis->desk.output) || analysis->desk.store_failed)
		return EXIT_OUTPUT;
	return stats->complete ? EXIT_OK : EXIT_INPUT;
}
