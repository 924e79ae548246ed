/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * stages.c - what each stage adds: runs a capture through the first stage, then through the first two, and so on up to
 * the whole way, each in a process of its own, and prints a name and CPU seconds for each:
 *
 *	stages CAPTURE
 *
 * flow: connections are looked up and expire, none is SMTP. reassembly: the bytes in order go nowhere. machine:
 *sessions without anybody to listen. mail: contents are hashed and taken apart. alerts: detectors watch, nothing is
 *written. output: records are written to a temporary file.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "analysis.h"
#include "analysis/conversation.h"
#include "capture.h"
#include "stream.h"

enum cut { CAPTURE, DECODE, FLOW, REASSEMBLY, MACHINE, MAIL, WATCH, OUTPUT, CUTS };

static const char *const names[CUTS] = { "capture", "decode", "flow", "reassembly", "machine", "mail", "alerts",
	"output" };

/* ---- reassembly: bytes go nowhere ---- */

static void *null_begin(void *context, const struct flow *flow)
{
	return context;
}

static void null_bytes(void *user, enum direction direction, const uint8_t *data, size_t size, uint64_t acked)
{
}

static void null_gap(void *user, enum direction direction, uint64_t size, bool given_up)
{
}

static void null_fin(void *user, enum direction direction)
{
}

static void null_trouble(
	void *user, enum flow_trouble what, enum direction direction, uint64_t offset, struct span bytes)
{
}

static void null_end(void *user, const struct flow *flow)
{
}

static const struct flow_sink null_sink = { null_begin, null_bytes, null_gap, null_fin, null_trouble, null_end, NULL };

/* ---- machine and mail: a session ---- */

static void mail_begin(void *context, struct transaction *tx)
{
	struct analysis_context *shared = context;
	tx->user = mail_new(&shared->mail);
}

static void mail_piece(void *context, struct transaction *tx, struct span piece)
{
	mail_feed(tx->user, piece);
}

static void mail_hole(void *context, struct transaction *tx, uint64_t size)
{
	mail_gap(tx->user, size);
}

static void mail_whole(void *context, struct transaction *tx, bool whole)
{
	mail_finish(tx->user, whole);
}

static void mail_done(void *context, struct transaction *tx)
{
	if (tx->user)
		mail_free(tx->user);
}

static const struct session_sink deaf = { 0 };
static const struct session_sink mails = {
	.content_begin = mail_begin,
	.content = mail_piece,
	.content_gap = mail_hole,
	.content_end = mail_whole,
	.transaction_end = mail_done,
};

static void *session_begin(void *context, const struct flow *flow)
{
	static const struct session_options options;
	struct analysis_context *shared = context;
	return session_new(&options, shared->want_mail ? &mails : &deaf, shared);
}

static void session_take(void *user, enum direction direction, const uint8_t *data, size_t size, uint64_t acked)
{
	session_bytes(user, direction, span_of(data, size), acked);
}

static void session_hole(void *user, enum direction direction, uint64_t size, bool given_up)
{
	session_gap(user, direction, size);
}

static void session_last(void *user, enum direction direction)
{
	session_fin(user, direction);
}

static void session_over(void *user, const struct flow *flow)
{
	session_end(user, SESSION_END_CLOSED);
	session_free(user);
}

static const struct flow_sink session_sink = { session_begin, session_take, session_hole, session_last, null_trouble,
	session_over, NULL };

/* ---- one run ---- */

static bool write_line(void *context, uint64_t packet, uint64_t flow, const char *line, size_t size)
{
	return fwrite(line, 1, size, context) == size;
}

static struct flow_table *make_flows(enum cut cut, struct options *options, struct analysis_context *shared)
{
	static const uint16_t nobody = 1;
	const struct flow_sink *sinks[CUTS] = { NULL, NULL, &null_sink, &null_sink, &session_sink, &session_sink,
		&conversation_flow_sink, &conversation_flow_sink };
	if (cut == FLOW) {
		options->flow.ports = &nobody;
		options->flow.port_count = 1;
		options->flow.detect = false;
	}
	return cut < FLOW ? NULL : flow_table_new(&options->flow, sinks[cut], shared);
}

/* run - the capture through the stages up to `cut`. */
static void run(enum cut cut, char **argv)
{
	struct options options;
	if (options_parse(2, argv, &options) != OPTIONS_RUN || !reassembly_init())
		exit(2);
	mail_init();
	struct output *output = output_new(write_line, fopen("/dev/null", "w"));
	struct analysis_context shared = {
		.options = &options, .output = output, .mail = options.mail, .want_mail = cut >= MAIL
	};
	shared.mail.parse = shared.mail.body = shared.mail.urls = shared.mail.magic = true;
	shared.detectors = detectors_new(&options.detectors);
	if (cut < OUTPUT)
		options.output.records = 0;
	options.output.filename = argv[1];
	output_begin(output, &options.output);
	struct flow_table *flows = make_flows(cut, &options, &shared);
	struct decoder *decoder = decoder_new(false);
	struct capture *capture = capture_open(argv[1], NULL, NULL);
	struct packet packet;
	struct segment segment;
	if (!capture)
		exit(2);
	while (capture_next(capture, &packet) == CAPTURE_PACKET) {
		shared.now = packet.at;
		if (cut < DECODE || decoder_packet(decoder, &packet, &segment) != DECODE_SEGMENT || !flows)
			continue;
		flow_table_segment(flows, &segment);
		output_packet_done(output);
	}
	flow_table_free(flows);
	output_packet_done(output);
	exit(0);
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "Usage: %s CAPTURE\n", argv[0]);
		return 2;
	}
	for (enum cut cut = CAPTURE; cut < CUTS; cut++) {
		struct rusage usage;
		int status = 1;
		pid_t child = fork();
		if (child == 0)
			run(cut, argv);
		if (child < 0 || wait4(child, &status, 0, &usage) < 0 || status != 0)
			return 1;
		printf("%s %.4f\n", names[cut],
			(double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
				(double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6);
		fflush(stdout);
	}
	return 0;
}
