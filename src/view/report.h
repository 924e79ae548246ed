/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * report.h - functions that the files of the report share.
 */
#ifndef SMTPSCAN_VIEW_REPORT_H
#define SMTPSCAN_VIEW_REPORT_H

#include "private.h"

/* ---- page.c: JSON inside the page ---- */

/* page_text - appends a JSON string: valid UTF-8 without "<", so that it can't end its block; invisible characters
 * become <U+XXXX>. NULL: null. page_lines - the same, but keeps line ends; at most `limit` octets. Returns false when
 * the text was cut. */
void page_text(GString *to, const char *text);
bool page_lines(GString *to, const char *text, size_t limit);
/* page_number, page_field - append `before` and a value. page_row - begins a row in a block that is an array. */
void page_number(GString *to, const char *before, uint64_t value);
void page_field(GString *to, const char *before, const char *text);
void page_row(GString *to);
/* page_texts - appends an array of at most `most` strings. Returns the number of those left out. */
unsigned page_texts(GString *to, const cJSON *list, unsigned most);

/* The data blocks of the page. */
struct page_data {
	GString *meta, *sessions, *ladders, *replies, *mails, *details, *alerts, *files;
};
/* page_write - the whole page. */
void page_write(struct view *view, const struct page_data *data);

/* ---- tally.c: counts over everything, also over what is not listed ---- */

enum tally_kind { TALLY_SESSIONS, TALLY_MAILS, TALLY_HIGH, TALLY_MEDIUM, TALLY_LOW, TALLY_KINDS };

struct tally;
struct tally *tally_new(void);
/* tally_event - counts an event at a time (nanoseconds since 1970; 0: not known). */
void tally_event(struct tally *tally, enum tally_kind kind, int64_t time);
/* tally_host - counts a session for one of its hosts. */
void tally_host(struct tally *tally, const char *address, bool client, const struct talk *talk);
/* tally_mail - counts a mail for its pair of domains. */
void tally_mail(struct tally *tally, const cJSON *smtp);
/* tally_print - "histogram":...,"hosts":...,"pairs":...,"rest":... for the page. */
void tally_print(const struct tally *tally, GString *to);
void tally_free(struct tally *tally);

/* ---- report.c, report_rows.c ---- */

#define BODY_MAX 8192 /* octets of a body shown */

/* A file by its content. */
struct report_content {
	unsigned index, count; /* its row; number of mails it was in */
	int last;              /* row of the last mail that it was in */
	uint64_t size;
	char *hash, *type, *magic;
	GString *names, *mails; /* JSON, the inside of arrays */
	unsigned name_count;
};

struct report {
	struct view view; /* first */
	struct talks *talks;
	struct tally *tally;
	GString *version, *captures, *inputs; /* captures, inputs: JSON, the inside of arrays */
	struct page_data page;
	unsigned sessions, mails, alerts;
	size_t texts;         /* octets used of TEXTS_MAX */
	GHashTable *replies;  /* JSON of a reply -> its row, from 1 */
	GHashTable *contents; /* SHA-256 or a made-up name -> struct report_content */
	GPtrArray *files;     /* struct report_content, in order */
	struct {
		uint64_t sessions, mails, accepted, rejected, aborted, alerts[4], files;
	} all;
	struct {
		uint64_t sessions, mails, alerts, files, steps, texts, bodies;
	} left;
};

/* report_mail - adds a mail, with its details, to the session that is listed next. worst: the severity of its worst
 * alert. */
void report_mail(struct report *report, const struct talk_step *step, unsigned worst);
/* report_alert - adds an alert. session, mail: the rows that it belongs to, or -1. Returns its own row; -1: not listed.
 */
int report_alert(struct report *report, const struct talk_step *step, int session, int mail);
/* report_step - adds a step to the current ladder. index: the row of its alert or mail. */
void report_step(struct report *report, const struct talk_step *step, int64_t start, int index);
/* report_is_file - is a part a file for a person, and not the text of the mail? */
bool report_is_file(const cJSON *file);
/* report_unlisted_file - counts a file of a mail that is not listed. */
void report_unlisted_file(struct report *report, const cJSON *file);
/* report_files - writes all rows of files, at the end. */
void report_files(struct report *report);
void report_content_free(void *content);

#endif
