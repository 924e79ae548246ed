/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * worker.c - the worker process: takes tasks from the socket, analyses, sends frames through the pipe.
 *
 * It ends when the socket or the pipe is closed (the parent is gone), or after a task that a signal interrupted.
 */
#include <errno.h>
#include <glib.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "analysis.h"
#include "memory.h"
#include "private.h"
#include "text.h"

#define BLOCK_LEAST                                                                                                    \
	(UINT64_C(72) * 1024 * 1024) /* as `xz -9` wants; a block of more than half of --memory is refused */
#define BUFFER_SIZE (256 * 1024)     /* frames that wait to be sent */
#define MAIL_PIECE (32 * 1024)       /* approximate octets of a mail in one frame */
#define MEMORY_MIN (1024 * 1024)     /* a share of --memory */
#define FLUSH_EVERY 20               /* milliseconds until an incomplete buffer is sent */
#define REPORT_EVERY 100             /* milliseconds between two reports */

struct worker_state {
	struct options options; /* with the task's share of the connections */
	const struct input *inputs, *input;
	int data, control;
	struct analysis *analysis;
	struct output *output;
	size_t used;                    /* octets of `frames` that wait to be sent */
	size_t last_at;                 /* offset of the last frame, if it holds lines; or NONE */
	struct frame last;              /* its head */
	GByteArray *mail;               /* the current piece of a mail */
	uint64_t mail_order, mail_flow; /* of the mail that is being sent */
	uint64_t reported_mails, reported_alerts;
	int64_t flushed, reported;
	uint8_t frames[BUFFER_SIZE];
};

#define NONE SIZE_MAX

static struct worker_state worker_itself; /* there is one in a process */
static struct analysis *volatile stoppable;
static volatile sig_atomic_t stopped;

static void on_stop(int number)
{
	stopped = 1;
	if (stoppable)
		analysis_stop(stoppable);
}

static int64_t milliseconds(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- frames ---- */

/* send_all - writes to the pipe. Returns false when its reader is gone. */
static bool send_all(int fd, struct iovec *pieces, int count)
{
	while (count > 0) {
		ssize_t sent = writev(fd, pieces, count);
		if (sent < 0 && errno != EINTR)
			return false;
		for (size_t left = sent > 0 ? (size_t)sent : 0; count > 0;) {
			size_t step = MIN(left, pieces->iov_len);
			pieces->iov_base = (uint8_t *)pieces->iov_base + step;
			pieces->iov_len -= step;
			left -= step;
			if (pieces->iov_len > 0)
				break;
			pieces++;
			count--;
		}
	}
	return true;
}

static bool flush(struct worker_state *worker)
{
	struct iovec piece = { worker->frames, worker->used };
	worker->used = 0;
	worker->last_at = NONE;
	worker->flushed = milliseconds();
	return piece.iov_len == 0 || send_all(worker->data, &piece, 1);
}

static bool send_frame(
	struct worker_state *worker, enum frame_kind kind, uint64_t order, uint64_t flow, const void *data, size_t size)
{
	struct frame frame = { .kind = kind, .size = (uint32_t)size, .order = order, .flow = flow };
	if (sizeof frame + size > BUFFER_SIZE - worker->used && !flush(worker))
		return false;
	if (sizeof frame + size > BUFFER_SIZE) {
		struct iovec pieces[] = { { &frame, sizeof frame }, { (void *)data, size } };
		return send_all(worker->data, pieces, 2);
	}
	worker->last = frame;
	worker->last_at = kind == FRAME_LINES ? worker->used : NONE;
	memcpy(worker->frames + worker->used, &frame, sizeof frame);
	worker->used += sizeof frame;
	if (size > 0)
		memcpy(worker->frames + worker->used, data, size);
	worker->used += size;
	return true;
}

/* joins - can lines go into the last frame? Only if no other worker's record can come between: they have the same
 * order and flow, or no other worker has a share of the input. */
static bool joins(const struct worker_state *worker, uint64_t order, uint64_t flow, size_t size)
{
	const struct frame *last = &worker->last;
	return worker->last_at != NONE && size <= BUFFER_SIZE - worker->used &&
	       (worker->input->shares == 1 || (last->order == order && last->flow == flow));
}

static bool on_lines(void *context, uint64_t packet, uint64_t flow, const char *lines, size_t size)
{
	struct worker_state *worker = context;
	const uint64_t order = order_of(packet, ORDER_RECORDS);
	if (!joins(worker, order, flow, size))
		return send_frame(worker, FRAME_LINES, order, flow, lines, size);
	worker->last.size += (uint32_t)size;
	memcpy(worker->frames + worker->last_at, &worker->last, sizeof worker->last);
	memcpy(worker->frames + worker->used, lines, size);
	worker->used += size;
	return true;
}

/* ---- mails for the mbox ---- */

static bool send_mail(struct worker_state *worker, enum frame_kind kind)
{
	bool sent =
		send_frame(worker, kind, worker->mail_order, worker->mail_flow, worker->mail->data, worker->mail->len);
	g_byte_array_set_size(worker->mail, 0);
	return sent;
}

static bool on_mail_piece(void *context, const void *data, size_t size)
{
	struct worker_state *worker = context;
	g_byte_array_append(worker->mail, data, (guint)size);
	return worker->mail->len < MAIL_PIECE || send_mail(worker, FRAME_MAIL);
}

static bool on_keep(void *context, const struct place *place, bool ending, struct mail *mail, const char *sender)
{
	struct worker_state *worker = context;
	const uint64_t packet = place->at.packet;
	const bool own = place->flow->last.packet == packet;
	worker->mail_order = order_of(packet, ending ? ORDER_RECORDS : own ? ORDER_OWN : ORDER_EXPIRED);
	worker->mail_flow = place->flow->id;
	errno = 0;
	bool whole = mbox_format(mail, sender, place->at.time, on_mail_piece, worker);
	if (!whole)
		say("%s: a mail is lost: %s", worker->options.mbox, g_strerror(errno));
	return send_mail(worker, whole ? FRAME_MAIL_LAST : FRAME_MAIL_LOST) && whole;
}

/* ---- reports ---- */

/* capture_in_hand - the index of the input's current capture. */
static size_t capture_in_hand(const struct worker_state *worker, const char *filename)
{
	size_t i = 0;
	while (i < worker->input->count && worker->input->captures[i] != filename)
		i++;
	return i < worker->input->count ? i : 0;
}

static void send_report(
	struct worker_state *worker, enum report_kind kind, const char *sentence, enum exit_status status)
{
	const struct output_options *output = analysis_output(worker->analysis);
	struct worker_report report = { .kind = kind,
		.read = analysis_read(worker->analysis),
		.files = analysis_files(worker->analysis),
		.capture = capture_in_hand(worker, output->filename),
		.nanoseconds = output->nanoseconds,
		.worst = analysis_worst(worker->analysis),
		.status = status };
	analysis_stats(worker->analysis, &report.stats);
	if (sentence)
		g_strlcpy(report.stats.error, sentence, sizeof report.stats.error);
	while (send(worker->control, &report, sizeof report, kind == REPORT_STATE ? MSG_DONTWAIT : 0) < 0 &&
		errno == EINTR)
		;
	worker->reported = milliseconds();
}

static void on_broken(void *context, const char *sentence)
{
	send_report(context, REPORT_BROKEN, sentence, EXIT_OK);
}

/* is_news - are there results of a live capture? They are sent at once, since the next packet may come late. */
static bool is_news(struct worker_state *worker)
{
	struct input_stats stats;
	analysis_stats(worker->analysis, &stats);
	uint64_t alerts = stats.alerts[SEVERITY_HIGH] + stats.alerts[SEVERITY_MEDIUM] + stats.alerts[SEVERITY_LOW];
	bool news = stats.mails != worker->reported_mails || alerts != worker->reported_alerts;
	worker->reported_mails = stats.mails;
	worker->reported_alerts = alerts;
	return news;
}

/* on_tick - sends the buffer and the position regularly: merging may wait for them. */
static void on_tick(void *context, uint64_t next, bool live)
{
	struct worker_state *worker = context;
	int64_t now = milliseconds();
	if (now - worker->reported >= REPORT_EVERY || (live && is_news(worker)))
		send_report(worker, REPORT_STATE, NULL, EXIT_OK);
	if (!live && now - worker->flushed >= FLUSH_EVERY)
		send_frame(worker, FRAME_POSITION, order_of(next, 0), 0, NULL, 0);
	if (live || now - worker->flushed >= FLUSH_EVERY)
		flush(worker);
}

/* ---- tasks ---- */

/* take_share - sets the task's share of the connections. It may be a share of a shard: hash modulo N is I for all
 * connections whose hash modulo N*M is I + N*j. The memory limit is for the input, so it is divided. */
static void take_share(struct worker_state *worker, const struct flow_options *whole, unsigned share)
{
	struct flow_options *flow = &worker->options.flow;
	const unsigned shards = MAX(whole->shares, 1);
	*flow = *whole;
	flow->shares = shards * worker->input->shares;
	flow->share = whole->share + shards * share;
	const uint64_t limit = flow_memory_limit(whole);
	flow->memory_limit = MAX(limit / worker->input->shares, MEMORY_MIN);
}

static void perform(struct worker_state *worker, const struct flow_options *whole, const struct task *task)
{
	worker->input = &worker->inputs[task->input];
	take_share(worker, whole, task->share);
	enum exit_status status = analysis_input(worker->analysis, worker->input->captures, worker->input->count);
	if (!flush(worker))
		exit(EXIT_OUTPUT);
	send_report(worker, REPORT_DONE, NULL, status);
}

/* next_task - waits for a task. Returns false when there are no more. */
static bool next_task(int control, struct task *task)
{
	ssize_t got;
	do
		got = recv(control, task, sizeof *task, 0);
	while (got < 0 && errno == EINTR && !stopped);
	return got == sizeof *task;
}

/* on_worker_memory - what was found by now is not lost. */
static void on_worker_memory(void)
{
	if (worker_itself.output)
		output_packet_done(worker_itself.output);
	flush(&worker_itself);
	if (worker_itself.input && worker_itself.analysis)
		send_report(&worker_itself, REPORT_STATE, NULL, EXIT_OK);
}

void worker_main(const struct options *options, const struct input *inputs, const char *temp, int data, int control)
{
	struct worker_state *worker = &worker_itself;
	*worker = (struct worker_state){
		.options = *options, .inputs = inputs, .data = data, .control = control, .last_at = NONE
	};
	memory_end(WORKER_NO_MEMORY, on_worker_memory);
	const uint64_t limit = flow_memory_limit(&options->flow);
	memory_block_most((size_t)MAX(limit / 2, BLOCK_LEAST));
	const struct analysis_sink sink = { on_tick, on_broken, on_keep, worker };
	const struct sigaction stop = { .sa_handler = on_stop }; /* no SA_RESTART: it interrupts waiting for a pipe */
	/* A terminal sends SIGINT to all processes; the parent decides what to do. */
	struct task task;
	signal(SIGINT, SIG_IGN);
	sigaction(SIGTERM, &stop, NULL);
	signal(SIGUSR1, SIG_IGN);
	worker->options.output.records &= ~RECORD_BIT(STATS); /* the parent writes them, from all shares */
	worker->mail = g_byte_array_new();
	worker->options.mail.temp_dir = worker->options.output.temp_dir = temp;
	worker->output = output_new(on_lines, worker);
	worker->analysis = analysis_new(&worker->options, worker->output, &sink);
	stoppable = worker->analysis;
	if (!worker->analysis)
		exit(EXIT_OUTPUT);
	while (!stopped && next_task(control, &task))
		perform(worker, &options->flow, &task);
	stoppable = NULL;
	analysis_free(worker->analysis);
	output_free(worker->output);
	g_byte_array_unref(worker->mail);
	exit(EXIT_OK);
}
