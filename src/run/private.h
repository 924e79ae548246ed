/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * private.h - what the files of this stage share: run.c (processes, signals), plan.c, merge.c (merging, in the parent),
 * worker.c (the worker process), note.c, index.c.
 *
 * A worker sends frames (records and mails, in order) through a pipe. A socket carries tasks to it and reports from it.
 * Parent and worker are the same program, so both send plain structs.
 */
#ifndef SMTPSCAN_RUN_PRIVATE_H
#define SMTPSCAN_RUN_PRIVATE_H

#include <sys/types.h>

#include "analysis.h"
#include "mbox.h"
#include "outlet.h"
#include "progress.h"
#include "record.h"
#include "run.h"
#include "spool.h"
#include "writer.h"

/* ---- through the pipe ---- */

enum frame_kind {
	FRAME_LINES,     /* one record, or several that belong together */
	FRAME_MAIL,      /* a piece of a mail for the mbox */
	FRAME_MAIL_LAST, /* ... the last one */
	FRAME_MAIL_LOST, /* ... the rest can't be read: the mail is removed */
	FRAME_POSITION   /* no frame before `order` will follow */
};

#define FRAME_SIZE_MAX (UINT32_C(1) << 31) /* more than any record takes */

struct frame {
	uint32_t kind, size; /* octets after the frame */
	uint64_t order, flow;
};

/* The frames of a worker are sorted by order and flow, and are merged by these. For one packet, first come the mails of
 * connections that expired, then those of the packet's own connection, then records. At the end of the input, which
 * counts as the last packet, everything is sorted by connection already. */
enum { ORDER_EXPIRED, ORDER_OWN, ORDER_RECORDS, ORDERS };

static inline uint64_t order_of(uint64_t packet, unsigned phase)
{
	return packet * ORDERS + phase;
}

/* ---- through the socket ---- */

/* To the worker. */
struct task {
	size_t input;
	unsigned share;
};

enum report_kind { REPORT_STATE, REPORT_BROKEN /* stats.error: a sentence */, REPORT_DONE };

/* From the worker. */
struct worker_report {
	enum report_kind kind;
	struct input_stats stats;
	uint64_t read;  /* octets of the captures */
	uint64_t files; /* REPORT_DONE: what they were, as analysis_files says */
	size_t capture; /* index of the input's current capture */
	bool nanoseconds;
	enum severity worst;
	enum exit_status status; /* REPORT_DONE */
};

/* ---- inputs ---- */

enum part_state { PART_WAITING, PART_RUNNING, PART_DONE, PART_LOST };

/* One worker's share of an input. */
struct input_part {
	struct input *input;
	unsigned share;
	enum part_state state;
	struct spool *spool;
	bool headed;  /* head is that of a complete frame */
	bool strange; /* its worker sent what no worker sends: nothing more is taken */
	struct frame head;
	uint64_t position;           /* no frame of a lower order will follow */
	struct worker_report report; /* the latest */
};

struct input {
	char *const *captures;
	size_t count;
	uint64_t size; /* octets of regular files; 0: not known */
	bool live;     /* a pipe that is still being written */
	unsigned shares;
	char *path; /* its output file (--resume); NULL: none */
	/* While it is in work: */
	struct input_part *parts;   /* `shares` of them */
	unsigned given;             /* parts that were given to workers */
	GPtrArray *messages;        /* char*: messages on what is wrong with it */
	char *hidden;               /* temporary name of its output file */
	struct outlet *outlet;      /* its own, or the shared one */
	struct input_part *mailing; /* the part whose mail is being written */
	bool finished;
};

struct worker {
	pid_t pid; /* 0: none */
	int data, control;
	struct input_part *part; /* that it works on; NULL: idle */
	bool done;               /* it reported its end; frames may still be in the pipe */
	bool ended;              /* it was killed; its pipe will be closed */
};

struct run {
	const struct options *options;
	struct input *inputs, *finishing;
	size_t count;
	size_t current;  /* the first input that is not finished, without --resume */
	size_t next;     /* the first input with parts that no worker has got */
	size_t finished; /* number of finished inputs */
	struct worker *workers;
	unsigned worker_count;
	const GPtrArray *captures;
	char *temp;            /* folder for the workers' temporary files; NULL: none */
	struct outlet *outlet; /* shared by all inputs; NULL with --resume */
	struct output *output; /* for stats records */
	struct mbox *mbox;
	struct progress_meter *progress;
	struct progress_state totals; /* of the finished inputs */
	bool stopping;                /* a signal asked to stop */
	bool lost;                    /* a worker died, or could not be started: that is no capture's fault */
	bool mbox_failed;             /* reported */
	bool failed;                  /* the output can't be written: stop */
	struct run_outcome outcome;
};

/* ---- plan.c ---- */
/* plan_run - sets the inputs, and how many workers there are and each input gets. */
void plan_run(struct run *run);

/* ---- merge.c ---- */
/* merge_begin - begins an input. Returns false, reported, when its output can't be made. */
bool merge_begin(struct run *run, struct input *input);
/* merge_input - writes what can be written now; finishes the input, and those after it, when they are complete. */
void merge_input(struct run *run, struct input *input);
/* merge_report - takes what a worker reports of a part. Returns false when that is no report: the worker is killed, and
 * the part is lost. */
bool merge_report(struct run *run, struct input_part *part, const struct worker_report *report);
/* merge_can_wait - can merging continue when nothing more is read from this part until its frames are needed? */
bool merge_can_wait(const struct run *run, const struct input_part *part);
/* merge_lost - this part is lost, and the run is not whole: adds a message about its input. */
void merge_lost(struct run *run, struct input_part *part, const char *sentence);
/* merge_progress - adds the progress of an input in work. */
void merge_progress(const struct input *input, struct progress_state *state);
/* merge_free - frees an input when the run is aborted. */
void merge_free(struct run *run, struct input *input);
/* merge_stats_line - output_write of run->output. */
bool merge_stats_line(void *context, uint64_t packet, uint64_t flow, const char *line, size_t size);

/* ---- worker.c ---- */

#define WORKER_NO_MEMORY 12 /* how its process ends then */

/* worker_main - the main function of a worker process. temp: folder for temporary files; NULL: none. */
_Noreturn void worker_main(
	const struct options *options, const struct input *inputs, const char *temp, int data, int control);

/* ---- note.c ---- */

/* Messages about an input; NULL: none. Free with g_free. note_undecoded - packets that could not be decoded, when they
 * are many or nothing was SMTP; note_dropped - packets that the capturing program lost; note_filtered - filters that
 * matched nothing. */
char *note_undecoded(const char *name, const struct input_stats *stats);
char *note_dropped(const char *name, const struct input_stats *stats);
char *note_filtered(const char *name, const struct options *options, const struct input_stats *stats);

/* ---- index.c ---- */

/* index_sort - sorts the index of --extract. Returns false, reported, when it can't be written. The index may be
 * missing. */
bool index_sort(const char *folder);

#endif
