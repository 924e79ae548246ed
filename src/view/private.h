/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * private.h - functions that the views share: reading records, assembling sessions from records, safe text for
 * terminals.
 */
#ifndef SMTPSCAN_VIEW_PRIVATE_H
#define SMTPSCAN_VIEW_PRIVATE_H

#include <cjson/cJSON.h>
#include <glib.h>

#include "view.h"

/* ---- reading (read.c): a field that is missing or has the wrong type has no value ---- */

const cJSON *read_object(const cJSON *object, const char *name);
const cJSON *read_array(const cJSON *object, const char *name);
/* read_text - NULL: no value. */
const char *read_text(const cJSON *object, const char *name);
uint64_t read_number(const cJSON *object, const char *name);
/* read_tx - the transaction that a record belongs to; -1: none. */
int read_tx(const cJSON *record);

bool read_flag(const cJSON *object, const char *name);
/* read_time - RFC 3339 as nanoseconds since 1970; 0: no value. */
int64_t read_time(const cJSON *object, const char *name);

/* ---- sessions (talk.c) ---- */

/* A record as a step of a session. */
enum step_kind { STEP_COMMAND, STEP_RESPONSE, STEP_ALERT, STEP_MAIL, STEP_AUTH, STEP_TLS };

struct talk_step {
	enum step_kind kind;
	int64_t time;
	uint64_t packet;
	int tx;            /* -1: none */
	cJSON *record;     /* the whole record */
	const cJSON *own;  /* the object in it that is named after its event_type */
	bool ends;         /* STEP_RESPONSE: it answers the end of data or a chunk */
	unsigned severity; /* STEP_ALERT: 1 to 3; 0 for others */
	GPtrArray *files;  /* cJSON*, STEP_MAIL: fileinfo objects; NULL: none */
};

/* A session assembled from its records. */
struct talk {
	uint64_t flow;
	GArray *steps;    /* of struct talk_step */
	cJSON *record;    /* the flow record, or else the first record; for the addresses */
	const cJSON *end; /* its object `flow`; NULL: there is no flow record */
	const cJSON *session;
	unsigned alerts[4]; /* by severity, [0] unused */
	unsigned mails, accepted;
	uint64_t left_out; /* steps beyond STEPS_MAX */
	unsigned part;     /* number of times that it was passed on before its end, for lack of memory */
	bool more;         /* another part will follow */
	size_t held;       /* octets of the records held */
	GList *link;       /* in the list of open sessions */
};

#define HELD_MAX ((size_t)256 * 1024 * 1024)
#define STEPS_MAX 20000 /* steps held of one session */

/* Called with each session that has ended, or with a part of it. */
typedef void (*talk_done)(void *context, const struct talk *talk);

struct talks;
/* held_max: approximate limit in octets for all records held; HELD_MAX except in tests. */
struct talks *talks_new(talk_done done, void *context, size_t held_max);
/* talks_record - takes ownership of the record. A stats record ends all sessions. */
void talks_record(struct talks *talks, cJSON *record);
/* talks_drop_bulk - removes large values from a record that is held: raw content, and text beyond `body` octets. */
void talks_drop_bulk(cJSON *record, size_t body);
/* talks_end - ends all sessions. */
void talks_end(struct talks *talks);
void talks_free(struct talks *talks);

/* talk_begin_time - the time at which the session began; times of steps are relative to it. */
int64_t talk_begin_time(const struct talk *talk);

/* step_tls - a description of a STEP_TLS; step_auth - of a STEP_AUTH. Free with g_free. */
char *step_tls(const struct talk_step *step);
char *step_auth(const struct talk_step *step);
/* talk_step_of - the first step of a kind; NULL: none. */
const struct talk_step *talk_step_of(const struct talk *talk, enum step_kind kind);

/* talk_user - the user that the last successful AUTH named; NULL: none. */
const char *talk_user(const struct talk *talk);

/* talk_proxy - a description of the proxy; NULL: there was none. Free with g_free. */
char *talk_proxy(const struct talk *talk);
/* talk_alerts - the alerts of each transaction: tx -> GPtrArray of struct talk_step, borrowed. Unref it. */
GHashTable *talk_alerts(const struct talk *talk);
/* alerts_worst - the worst severity in such an array, which may be NULL; 0: no alerts. */
unsigned alerts_worst(const GPtrArray *alerts);

/* ---- ink (ink.c) ---- */

enum style {
	STYLE_PLAIN,
	STYLE_HEAD,
	STYLE_FAINT,
	STYLE_CLIENT,
	STYLE_SERVER,
	STYLE_ERROR, /* a reply that refuses */
	STYLE_CONTENT,
	STYLE_HIGH,
	STYLE_MEDIUM,
	STYLE_LOW
};

struct ink {
	GString *out;
	bool colour;
	unsigned width;  /* 0: no limit */
	unsigned column; /* where the next character goes */
};

/* ink_text - text from outside: control characters, marks of direction and invisible characters become <U+XXXX>. A full
 * line is wrapped, with `indent` columns. NULL is allowed. */
void ink_text(struct ink *ink, enum style style, unsigned indent, const char *text);
/* ink_words - the same, formatted. */
void ink_words(struct ink *ink, enum style style, unsigned indent, const char *format, ...) G_GNUC_PRINTF(4, 5);
/* ink_to - spaces up to a column, at least one. */
void ink_to(struct ink *ink, unsigned column);
void ink_newline(struct ink *ink);
/* ink_cut - like ink_text, but cuts the text at the width, with an ellipsis. */
void ink_cut(struct ink *ink, enum style style, const char *text);
/* ink_is_plain - can this character be shown as it is? */
bool ink_is_plain(gunichar c);

/* ---- views ---- */

/* A view. record: takes ownership of a record. end: at the end of the input; frees the view. */
struct view {
	void (*record)(struct view *view, cJSON *record);
	void (*end)(struct view *view);
	view_write write;
	void *context;
	bool failed;
	uint64_t broken; /* lines that are not records */
};

/* view_put - writes the octets, and empties the string. */
void view_put(struct view *view, GString *octets);

struct view *mails_new(const struct view_options *options);
struct view *ladder_new(const struct view_options *options);

#endif
