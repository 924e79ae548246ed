/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * run.c - see run.h: the processes and the signals.
 *
 * Idle workers get parts in the order of the inputs. So all parts of the first unfinished input are in work, and
 * results of later inputs wait in spools.
 *
 * The first SIGINT or SIGTERM makes the workers stop early and report; the second kills. When an input is a pipe, one
 * more SIGINT comes first: Ctrl-C also stops the program that writes to the pipe, and what it still writes is read to
 * the end.
 */
#include "run.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "apart.h"
#include "confine.h"
#include "memory.h"
#include "private.h"
#include "resume.h"
#include "text.h"

#define AHEAD_MAX 64 /* inputs in work beyond the one that is being written */
#define PIPE_SIZE (256 * 1024)
#define STOP_EVERY 100 /* milliseconds between requests to stop: a worker may miss one just before it waits */

static volatile sig_atomic_t stop_signals, spare_signals, say_signals; /* spare: number of SIGINT to ignore */
static struct run *only_run;                                           /* there is one in a process */
static int wake[2] = { -1, -1 };                                       /* a pipe that wakes poll */

/* ---- signals ---- */

static void on_signal(int number)
{
	const int error = errno;
	if (number == SIGUSR1)
		say_signals = 1;
	else {
		if (number == SIGTERM && stop_signals < spare_signals)
			stop_signals = spare_signals;
		if (stop_signals++ > spare_signals) {
			signal(number, SIG_DFL);
			raise(number);
		}
	}
	ssize_t written = write(wake[1], "", 1);
	(void)written; /* when the pipe is full, poll wakes up anyway */
	errno = error;
}

/* is_stopped - did a signal ask to stop? Reports once what an ignored SIGINT does. */
static bool is_stopped(const struct run *run)
{
	static bool reported;
	if (stop_signals > spare_signals)
		return true;
	if (stop_signals > 0 && !reported && !run->options->quiet) {
		progress_clear(run->progress);
		say("reading to the end of the pipe; interrupt once more to stop now");
	}
	reported = reported || stop_signals > 0;
	return false;
}

static bool take_signals(void)
{
	static const int numbers[] = { SIGINT, SIGTERM, SIGUSR1 };
	const struct sigaction action = { .sa_handler = on_signal };
	signal(SIGPIPE, SIG_IGN); /* a closed pipe becomes an exit status */
	if (pipe2(wake, O_CLOEXEC | O_NONBLOCK) != 0)
		return false;
	for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++) {
		struct sigaction before;
		/* A background job may have to ignore them. */
		if (sigaction(numbers[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN)
			sigaction(numbers[i], &action, NULL);
	}
	return true;
}

/* ---- workers ---- */

/* become_worker - in the new process: becomes a worker. */
static _Noreturn void become_worker(const struct run *run, int data, int control)
{
	memory_end(WORKER_NO_MEMORY, NULL);
	outlet_forget(run->outlet);
	confine_worker(run->options, run->captures, run->temp, &data, &control);
	worker_main(run->options, run->inputs, run->temp, data, control);
}

static bool start_worker(struct run *run, struct worker *worker)
{
	int data[2], control[2];
	if (pipe2(data, O_CLOEXEC) != 0)
		return false;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, control) != 0) {
		close(data[0]);
		close(data[1]);
		return false;
	}
	const pid_t pid = process_begin();
	if (pid == 0) {
		close(data[0]);
		close(control[0]);
		become_worker(run, data[1], control[1]);
	}
	close(data[1]);
	close(control[1]);
	if (pid < 0) {
		close(data[0]);
		close(control[0]);
		return false;
	}
	fcntl(data[0], F_SETFL, O_NONBLOCK);
	fcntl(data[0], F_SETPIPE_SZ, PIPE_SIZE);
	*worker = (struct worker){ .pid = pid, .data = data[0], .control = control[0] };
	return true;
}

/* end_worker - waits for its process to end, even a stopped one; returns the status of wait. */
static int end_worker(struct worker *worker)
{
	close(worker->data);
	close(worker->control);
	const int status = process_end(worker->pid);
	*worker = (struct worker){ 0 };
	return status;
}

/* how_it_ended - in words; free with g_free. */
static char *how_it_ended(int status)
{
	if (WIFSIGNALED(status))
		return g_strdup_printf("was killed by signal %d (%s)", WTERMSIG(status), strsignal(WTERMSIG(status)));
	if (WEXITSTATUS(status) == WORKER_NO_MEMORY)
		return g_strdup("ran out of memory");
	return g_strdup_printf("ended with status %d", WEXITSTATUS(status));
}

/* take_end - evaluates how a worker ended: its output failed, or it died by itself (a sanitizer has its own status).
 */
static void take_end(struct run *run, int status)
{
	if (WIFEXITED(status) && WEXITSTATUS(status) != EXIT_OK)
		outcome_status(&run->outcome, WEXITSTATUS(status) == EXIT_OUTPUT ? EXIT_OUTPUT : EXIT_INPUT);
}

/* lose_worker - it ended unexpectedly: the part that it worked on is lost. */
static void lose_worker(struct run *run, struct worker *worker)
{
	struct input_part *part = worker->part;
	int status = end_worker(worker);
	if (!part)
		return;
	char *how = how_it_ended(status);
	char *sentence = g_strdup_printf("%s: a worker process %s: %s it would have found is missing",
		part->input->captures[0], how, part->input->shares > 1 ? "part of what" : "what else");
	merge_lost(run, part, run->stopping ? ANALYSIS_INTERRUPTED : sentence);
	take_end(run, status);
	merge_input(run, part->input);
	g_free(sentence);
	g_free(how);
}

/* ---- handing out ---- */

/* are_parts_left - is there a part for a worker now? */
static bool are_parts_left(struct run *run)
{
	while (run->next < run->count && run->inputs[run->next].finished)
		run->next++;
	return run->next < run->count && (run->options->resume_dir || run->next <= run->current + AHEAD_MAX);
}

/* part_to_do - such a part; NULL when there is none, or its output can't be made. */
static struct input_part *part_to_do(struct run *run)
{
	if (!are_parts_left(run))
		return NULL;
	struct input *input = &run->inputs[run->next];
	if (!input->parts && !merge_begin(run, input))
		return NULL;
	struct input_part *part = &input->parts[input->given++];
	run->next += input->given == input->shares;
	return part;
}

/* give_up_part - gives up a part that no worker will get. */
static void give_up_part(struct run *run, struct input_part *part, const char *sentence)
{
	merge_lost(run, part, sentence);
	merge_input(run, part->input);
}

static void give_part(struct run *run, struct worker *worker, struct input_part *part)
{
	const struct task task = { .input = (size_t)(part->input - run->inputs), .share = part->share };
	worker->part = part;
	worker->done = false;
	part->state = PART_RUNNING;
	/* If it is dead already, its pipe shows it. */
	while (send(worker->control, &task, sizeof task, MSG_NOSIGNAL) < 0 && errno == EINTR)
		;
}

/* hand_out_parts - gives parts to idle workers. */
static void hand_out_parts(struct run *run)
{
	unsigned working = 0;
	for (unsigned i = 0; i < run->worker_count; i++)
		working += run->workers[i].part != NULL;
	for (unsigned i = 0; i < run->worker_count && !run->failed && are_parts_left(run); i++) {
		struct worker *worker = &run->workers[i];
		struct input_part *part;
		if (worker->part || worker->ended)
			continue;
		if (worker->pid == 0 && !start_worker(run, worker)) {
			if (working > 0) /* one of those will become idle */
				return;
			char *sentence = g_strdup_printf("can't start a worker process: %s", g_strerror(errno));
			while (!run->failed && (part = part_to_do(run)))
				give_up_part(run, part, sentence);
			g_free(sentence);
			return;
		}
		if ((part = part_to_do(run)))
			give_part(run, worker, part);
		working++;
	}
}

/* hand_out_none - a signal asked to stop: passes it to the workers, and gives up all parts that are left. */
static void hand_out_none(struct run *run)
{
	for (unsigned i = 0; i < run->worker_count; i++)
		if (run->workers[i].part)
			kill(run->workers[i].pid, SIGTERM);
	if (!run->stopping)
		say("%s", ANALYSIS_INTERRUPTED);
	run->stopping = true;
	while (!run->failed && run->next < run->count) {
		struct input *input = &run->inputs[run->next];
		if (run->options->resume_dir && !input->parts) { /* it gets no output */
			run->finished += !input->finished;
			run->next++;
			outcome_status(&run->outcome, EXIT_INPUT);
			continue;
		}
		struct input_part *part = part_to_do(run);
		if (!part)
			break;
		give_up_part(run, part, ANALYSIS_INTERRUPTED);
	}
}

/* ---- receiving ---- */

static void take_reports(struct run *run, struct worker *worker)
{
	struct worker_report report;
	while (recv(worker->control, &report, sizeof report, MSG_DONTWAIT) == sizeof report) {
		if (!worker->part)
			continue;
		struct input *input = worker->part->input;
		if (!merge_report(run, worker->part, &report))
			merge_input(run, input);
		else if (report.kind != REPORT_BROKEN)
			worker->done = report.kind == REPORT_DONE;
	}
}

/* take_frames - reads the worker's pipe; all of it when the worker has reported its end, since nothing more will come.
 */
static void take_frames(struct run *run, struct worker *worker)
{
	static struct spool *nothing;
	if (!nothing)
		nothing = spool_new();
	struct input_part *part = worker->part;
	enum spool_got got;
	do
		got = spool_receive(part ? part->spool : nothing, worker->data);
	while (got == SPOOL_GOT && worker->done);
	if (part && worker->done) {
		part->state = PART_DONE;
		worker->part = NULL;
	}
	if (part)
		merge_input(run, part->input);
	if (got == SPOOL_CLOSED)
		lose_worker(run, worker);
}

/* wait_time - milliseconds until something must be done without input. */
static int wait_time(const struct run *run)
{
	int time = progress_wait(run->progress);
	if (run->stopping && (time < 0 || time > STOP_EVERY))
		time = STOP_EVERY;
	return time;
}

/* is_held - must this worker wait, with a full pipe, for others to catch up? */
static bool is_held(const struct run *run, const struct worker *worker)
{
	return worker->part && spool_full(worker->part->spool) && merge_can_wait(run, worker->part);
}

/* listen_to_all - waits for workers and signals, and handles what came. */
static void listen_to_all(struct run *run, struct pollfd *polled)
{
	nfds_t count = 1;
	polled[0] = (struct pollfd){ .fd = wake[0], .events = POLLIN };
	for (unsigned i = 0; i < run->worker_count; i++) {
		const struct worker *worker = &run->workers[i];
		if (worker->pid == 0)
			continue;
		polled[count++] = (struct pollfd){ .fd = worker->control, .events = POLLIN };
		/* POLLHUP is reported in any case. */
		polled[count++] = (struct pollfd){ .fd = worker->data, .events = is_held(run, worker) ? 0 : POLLIN };
	}
	if (poll(polled, count, wait_time(run)) < 0)
		return;
	char drain[64];
	while (read(wake[0], drain, sizeof drain) > 0)
		;
	if (is_stopped(run)) /* before the reports of workers, which may have got the signal, too */
		hand_out_none(run);
	const struct pollfd *next = polled + 1;
	for (unsigned i = 0; i < run->worker_count && !run->failed; i++) {
		struct worker *worker = &run->workers[i];
		if (worker->pid == 0)
			continue;
		const bool control = next++->revents, data = next++->revents;
		if (control || data)
			take_reports(run, worker);
		if (data || worker->done)
			take_frames(run, worker);
	}
}

static void progress(struct run *run, bool end)
{
	struct progress_state state = run->totals;
	if (!end && !say_signals && progress_wait(run->progress) != 0)
		return;
	for (size_t i = run->options->resume_dir ? 0 : run->current; i < run->count && i <= run->next; i++)
		if (run->inputs[i].parts)
			merge_progress(&run->inputs[i], &state);
	if (end)
		progress_end(run->progress, &state);
	else if (say_signals)
		progress_say(run->progress, &state);
	else
		progress_show(run->progress, &state);
	say_signals = 0;
}

/* work - until every input is finished. */
static void work(struct run *run)
{
	struct pollfd *polled = g_new0(struct pollfd, 1 + 2 * run->worker_count);
	while (run->finished < run->count && !run->failed) {
		if (is_stopped(run))
			hand_out_none(run);
		else
			hand_out_parts(run);
		if (run->finished < run->count && !run->failed)
			listen_to_all(run, polled);
		progress(run, false);
	}
	for (unsigned i = 0; i < run->worker_count; i++)
		if (run->workers[i].pid > 0) {
			if (run->failed)
				kill(run->workers[i].pid, SIGTERM);
			int status = end_worker(&run->workers[i]);
			take_end(run, status);
		}
	g_free(polled);
}

/* ---- the run ---- */

/* open_places - opens the output, the mbox and the folders. */
static bool open_places(struct run *run)
{
	const struct options *options = run->options;
	const char *folders[] = { options->mail.extract_dir, options->resume_dir,
		options->update ? options->check_dir : NULL };
	for (size_t i = 0; i < G_N_ELEMENTS(folders); i++)
		if (folders[i] && g_mkdir_with_parents(folders[i], 0777) != 0)
			return writer_complain(folders[i]);
	if (options->mail.extract_dir)
		mail_share();
	if (options->resume_dir)
		resume_folder(options);
	if (options->mbox && !(run->mbox = mbox_open(options->mbox)))
		return writer_complain(options->mbox);
	return options->resume_dir ||
	       (run->outlet = outlet_new(options, writer_open(options->output_file), run->captures));
}

/* allow_files - raises the limit of descriptors: each worker needs two, each input in work one or two; a worker, which
 * inherits the limit, one for each large open mail. */
static void allow_files(void)
{
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

/* remove_temp - removes the folder for temporary files, which is empty because they have no names. */
static void remove_temp(struct run *run)
{
	if (run->temp)
		rmdir(run->temp);
	g_clear_pointer(&run->temp, g_free);
}

static void run_free(struct run *run)
{
	remove_temp(run);
	for (size_t i = 0; i < run->count; i++)
		merge_free(run, &run->inputs[i]);
	g_free(run->inputs);
	g_free(run->workers);
	output_free(run->output);
	progress_free(run->progress);
	for (int i = 0; i < 2; i++)
		close(wake[i]);
}

/* on_parent_memory - what is there is written, and nothing is left that is not whole. */
static void on_parent_memory(void)
{
	struct run *run = only_run;
	if (run->outlet)
		outlet_flush(run->outlet);
	for (size_t i = 0; run->inputs && i < run->count; i++) {
		if (run->inputs[i].mailing)
			mbox_end(run->mbox, false);
		if (run->inputs[i].hidden)
			unlink(run->inputs[i].hidden);
	}
	if (run->temp)
		rmdir(run->temp);
}

/* start_crypto - libcrypto without what it would do at the start and the end of each process: its configuration can
 * load modules, which would be read outside of the sandbox, or take algorithms away that records need. */
static void start_crypto(void)
{
	OPENSSL_init_crypto(
		OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_LOAD_CRYPTO_STRINGS | OPENSSL_INIT_NO_ATEXIT, NULL);
}

enum exit_status jobs_run(const struct options *options, const GPtrArray *captures)
{
	struct run run = { .options = options, .captures = captures, .temp = confine_temp() };
	only_run = &run;
	start_crypto();
	memory_end(EXIT_OUTPUT, on_parent_memory);
	const bool signals = take_signals();
	if (!signals)
		say("can't begin: %s", g_strerror(errno));
	if (!signals || !open_places(&run)) {
		remove_temp(&run);
		return signals ? EXIT_OUTPUT : EXIT_INPUT;
	}
	allow_files();
	run.output = output_new(merge_stats_line, &run);
	run.progress = progress_new(options);
	plan_run(&run);
	for (size_t i = 0; i < run.count; i++)
		if (run.inputs[i].live)
			spare_signals = 1;
	work(&run);
	progress(&run, true);
	outlet_captures(run.outlet, captures);
	bool differs;
	if (!outlet_close(g_steal_pointer(&run.outlet), &differs))
		outcome_status(&run.outcome, EXIT_OUTPUT);
	/* With --check, a truncated or unreadable capture is either expected or a difference; what this run lost is
	 * neither. */
	if (options->check_dir && run.outcome.status != EXIT_OUTPUT && !run.lost && !run.stopping)
		run.outcome.status = EXIT_OK;
	if (differs)
		outcome_status(&run.outcome, EXIT_ALERT);
	if (options->mail.extract_dir && !index_sort(options->mail.extract_dir))
		outcome_status(&run.outcome, EXIT_OUTPUT);
	if (run.mbox && !mbox_close(run.mbox) && !writer_complain(options->mbox))
		outcome_status(&run.outcome, EXIT_OUTPUT);
	run_free(&run);
	memory_end(EXIT_OUTPUT, NULL);
	return outcome_exit(&run.outcome, options->fail_on);
}
