/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * private.h - what the jobs' files share: run.c (plan, processes, signals), merge.c (putting together),
 * worker.c (the other process).
 *
 * A worker is connected by a pipe, on which frames come (records and mails, in order), and by a socket of messages: the
 * tasks it is given, and what it reports. The parent and the worker are the same program, so both send plain structs.
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

/* ---- what goes over the pipe ---- */

enum frame_kind {
	FRAME_LINES,     /* records: one, or several that stay together */
	FRAME_MAIL,      /* a piece of a mail for the mbox */
	FRAME_MAIL_LAST, /* ... the last one */
	FRAME_MAIL_LOST, /* ... no more can be had: it is not to be kept */
	FRAME_POSITION   /* nothing before `order` will come any more */
};

struct frame {
	uint32_t kind, size; /* octets after the frame */
	uint64_t order, flow;
};

/* The frames of a worker come sorted by order and flow, and so they are merged. Of one packet, mails of connections
 * that expired come first, then those of the packet's own connection, then records; at the end of the input, which
 * belongs to the last packet, everything is sorted by connection already. */
enum { ORDER_EXPIRED, ORDER_OWN, ORDER_RECORDS, ORDERS };

static inline uint64_t order_of(uint64_t packet, unsigned phase)
{
	return packet * ORDERS + phase;
}

/* ---- what goes over the socket ---- */

/* To the worker. */
struct task {
	size_t input;
	unsigned share;
};

enum report_kind { REPORT_STATE, REPORT_BROKEN /* stats.error: a sentence */, REPORT_DONE };

/* From the worker. */
struct report {
	enum report_kind kind;
	struct input_stats stats;
	uint64_t read;  /* octets of the captures */
	uint64_t files; /* REPORT_DONE: what they were, as analysis_files says */
	size_t capture; /* the input's capture in hand */
	bool nanoseconds;
	enum severity worst;
	enum exit_status status; /* REPORT_DONE */
};

/* ---- inputs ---- */

enum part_state { PART_WAITING, PART_RUNNING, PART_DONE, PART_LOST };

/* One worker's share of an input. */
struct part {
	struct input *input;
	unsigned share;
	enum part_state state;
	struct spool *spool;
	bool headed; /* head is that of a whole frame */
	struct frame head;
	uint64_t position;    /* nothing of a lower order comes any more */
	struct report report; /* the last one */
};

struct input {
	char *const *captures;
	size_t count;
	uint64_t size; /* octets of regular files; 0: not known */
	bool live;     /* a pipe: its end is not there yet */
	unsigned shares;
	char *path; /* its own output file (--resume); NULL */
	/* While it is in work: */
	struct part *parts;    /* `shares` of them */
	unsigned given;        /* parts that workers have had */
	GPtrArray *said;       /* char*: what is wrong with it */
	char *hidden;          /* the name of its output file until it is finished */
	struct outlet *outlet; /* its own, or that of all */
	struct part *mailing;  /* whose mail is being written */
	bool finished;
};

struct worker {
	pid_t pid; /* 0: none */
	int data, control;
	struct part *part; /* in hand; NULL: idle */
	bool done;         /* it says so; its frames may still be in the pipe */
};

struct run {
	const struct options *options;
	struct input *inputs, *finishing;
	size_t count;
	size_t current;  /* the first input that is not finished, without --resume */
	size_t next;     /* the first input of which parts are left to be given out */
	size_t finished; /* how many are */
	struct worker *workers;
	unsigned worker_count;
	const GPtrArray *captures;
	char *temp;            /* where workers make temporary files; NULL */
	struct outlet *outlet; /* of all inputs; NULL with --resume */
	struct output *output; /* for stats records */
	struct mbox *mbox;
	struct progress_meter *progress;
	struct progress_state totals; /* of the inputs that are finished */
	bool stopping;                /* a signal asked to end */
	bool mbox_failed;             /* said */
	bool failed;                  /* the output can't be written: nothing makes sense any more */
	struct run_outcome outcome;
};

/* ---- merge.c ---- */
/* merge_begin - the first part of an input is given out. Returns false, said, when its output can't be made. */
bool merge_begin(struct run *run, struct input *input);
/* merge_input - writes what can be written by now; finishes the input, and those after it, when that is all. */
void merge_input(struct run *run, struct input *input);
/* merge_can_wait - can the merging go on for ever though nothing more is read of this part, until it asks for it? */
bool merge_can_wait(const struct run *run, const struct part *part);
/* merge_note - a sentence on the input. merge_lost - the same, and nothing more comes of this part. */
void merge_note(struct input *input, const char *sentence);
void merge_lost(struct part *part, const char *sentence);
/* merge_progress - adds what is known of an input in work. */
void merge_progress(const struct input *input, struct progress_state *state);
/* merge_free - what is left of an input when the run was given up. */
void merge_free(struct run *run, struct input *input);
/* merge_stats_line - output_write of run->output. */
bool merge_stats_line(void *context, uint64_t packet, uint64_t flow, const char *line, size_t size);

/* ---- worker.c ---- */

#define WORKER_NO_MEMORY 12 /* how its process ends then */

/* worker_main - what the other process does. temp: where it makes temporary files; NULL: nowhere. */
_Noreturn void worker_main(
	const struct options *options, const struct input *inputs, const char *temp, int data, int control);

/* ---- note.c ---- */

/* What the user must be told of an input; NULL: nothing. Free with g_free. Packets that could not be decoded, when
 * there are many or nothing was SMTP; filters that let nothing through. */
char *note_undecoded(const char *name, const struct input_stats *stats);
char *note_filtered(const char *name, const struct options *options, const struct input_stats *stats);

/* ---- index.c ---- */

/* index_sort - the list of what --extract stored. Returns false, said, when it can't be written. No list is fine. */
bool index_sort(const char *folder);

#endif
