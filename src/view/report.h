/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * report.h - what the files of the report share: text for the page, and counts of what it has no room to list.
 */
#ifndef SMTPSCAN_VIEW_REPORT_H
#define SMTPSCAN_VIEW_REPORT_H

#include "private.h"

/* ---- page.c: JSON that may stand in a page ---- */

/* page_text - a JSON string: valid UTF-8, with nothing in it that could end the block it stands in (no < at all), and
 * with what can't be seen shown as <U+XXXX>. NULL: null. page_lines - the same for text of several lines, which stay;
 * at most `limit` octets of it. Returns false when it was cut. */
void page_text(GString *to, const char *text);
bool page_lines(GString *to, const char *text, size_t limit);
/* page_number, page_field - the same after something. page_row - begins a row in a block that is an array. */
void page_number(GString *to, const char *before, uint64_t value);
void page_field(GString *to, const char *before, const char *text);
void page_row(GString *to);
/* page_texts - an array of them, at most `most`. Returns how many more there are. */
unsigned page_texts(GString *to, const cJSON *list, unsigned most);

/* The blocks of data of a page. */
struct page_data {
	GString *meta, *sessions, *ladders, *replies, *mails, *details, *alerts, *files;
};
/* page_write - the whole page. */
void page_write(struct view *view, const struct page_data *data);

/* ---- tally.c: counts over everything, whatever is listed ---- */

enum tally_kind { TALLY_SESSIONS, TALLY_MAILS, TALLY_HIGH, TALLY_MEDIUM, TALLY_LOW, TALLY_KINDS };

struct tally;
struct tally *tally_new(void);
/* tally_event - something happened at a time (nanoseconds since 1970; 0: not known). */
void tally_event(struct tally *tally, enum tally_kind kind, int64_t time);
/* tally_host - a session, seen from one of its ends. */
void tally_host(struct tally *tally, const char *address, bool client, const struct talk *talk);
/* tally_mail - who mailed whom. */
void tally_mail(struct tally *tally, const cJSON *smtp);
/* tally_print - "histogram":...,"hosts":...,"pairs":...,"rest":... for the page. */
void tally_print(const struct tally *tally, GString *to);
void tally_free(struct tally *tally);

/* ---- report.c, report_rows.c ---- */

#define BODY_MAX 8192 /* octets of a text */

/* A content that was met as a file. */
struct content {
	unsigned index, count; /* mails it was in */
	int last;              /* mail that it was met in last */
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
	size_t texts;         /* octets of TEXTS_MAX that are used */
	GHashTable *replies;  /* JSON of a reply -> its row, from 1 */
	GHashTable *contents; /* hash or a name of our own -> struct content */
	GPtrArray *files;     /* struct content, in order */
	struct {
		uint64_t sessions, mails, accepted, rejected, aborted, alerts[4], files;
	} all;
	struct {
		uint64_t sessions, mails, alerts, files, steps, texts, bodies;
	} left;
};

/* report_mail - a mail of the session that is listed next, with what it shows when it is opened. worst: its alert. */
void report_mail(struct report *report, const struct step *step, unsigned worst);
/* report_alert - mail: the row of the mail that it belongs to, -1; session likewise. Returns its own row, -1: none. */
int report_alert(struct report *report, const struct step *step, int session, int mail);
/* report_step - a step of the present ladder. index: the row of its alert or mail. */
void report_step(struct report *report, const struct step *step, int64_t start, int index);
/* report_is_file - is a part what a person calls a file? A text of the mail itself is none. */
bool report_is_file(const cJSON *file);
/* report_unlisted_file - a file of a mail that has no row. */
void report_unlisted_file(struct report *report, const cJSON *file);
/* report_files - all rows of files, at the end. */
void report_files(struct report *report);
void report_content_free(void *content);

#endif
