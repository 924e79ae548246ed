/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * private.h - what the views share: reading a record, sessions put together, and ink that no record can misuse.
 */
#ifndef SMTPSCAN_VIEW_PRIVATE_H
#define SMTPSCAN_VIEW_PRIVATE_H

#include <cjson/cJSON.h>
#include <glib.h>

#include "view.h"

/* ---- reading (read.c): a field that is not there, or is not what it should be, has no value ---- */

const cJSON *read_object(const cJSON *object, const char *name);
const cJSON *read_array(const cJSON *object, const char *name);
/* read_text - NULL: no value. */
const char *read_text(const cJSON *object, const char *name);
uint64_t read_number(const cJSON *object, const char *name);
bool read_flag(const cJSON *object, const char *name);
/* read_time - RFC 3339 as nanoseconds since 1970; 0: no value. */
int64_t read_time(const cJSON *object, const char *name);

/* ---- sessions (talk.c) ---- */

/* A record as a step of a session. */
enum step_kind { STEP_COMMAND, STEP_RESPONSE, STEP_ALERT, STEP_MAIL, STEP_AUTH, STEP_TLS };

struct step {
	enum step_kind kind;
	int64_t time;
	uint64_t packet;
	int tx;            /* -1: none */
	cJSON *record;     /* the whole of it */
	const cJSON *own;  /* the object in it that is named after its event_type */
	bool ends;         /* STEP_RESPONSE: it answers the end of content */
	unsigned severity; /* STEP_ALERT: 1 to 3; 0 */
	GPtrArray *files;  /* cJSON*, STEP_MAIL: fileinfo objects; NULL: none */
};

/* A session, as far as it is known. */
struct talk {
	uint64_t flow;
	GArray *steps;    /* of struct step */
	cJSON *record;    /* of the flow, or else the first of any; for the addresses */
	const cJSON *end; /* flow object of that; NULL: its end was not seen */
	const cJSON *session;
	unsigned alerts[4]; /* by severity, [0] unused */
	unsigned mails, accepted;
	uint64_t left_out; /* steps beyond STEPS_MAX */
	unsigned part;     /* from 0: it was handed on before because too much waited */
	bool more;         /* there will be another part */
	size_t held;       /* octets of the records that wait */
	GList *link;       /* in the list of those that are open */
};

#define HELD_MAX ((size_t)256 * 1024 * 1024)
#define STEPS_MAX 20000 /* of a session, that wait for its end */

/* Takes a session that is over. */
typedef void (*talk_done)(void *context, const struct talk *talk);

struct talks;
/* held_max: octets, about, of all records that wait, HELD_MAX but for tests. */
struct talks *talks_new(talk_done done, void *context, size_t held_max);
/* talks_record - takes the record, and frees it. A stats record ends all sessions. */
void talks_record(struct talks *talks, cJSON *record);
/* talks_drop_bulk - takes away from a record what need not wait: content as it was sent, text beyond `body` octets. */
void talks_drop_bulk(cJSON *record, size_t body);
/* talks_end - all sessions are over. */
void talks_end(struct talks *talks);
void talks_free(struct talks *talks);

/* talk_begin_time - what the times of the steps are counted from. */
int64_t talk_begin_time(const struct talk *talk);

/* step_tls - what a STEP_TLS says, step_auth - a STEP_AUTH, in words. Free with g_free. */
char *step_tls(const struct step *step);
char *step_auth(const struct step *step);
/* talk_proxy - what a proxy in between named, in words; NULL: there was none. Free with g_free. */
char *talk_proxy(const struct talk *talk);
/* talk_alerts - the alerts of each transaction: tx -> GPtrArray of struct step, borrowed. Unref it. */
GHashTable *talk_alerts(const struct talk *talk);
/* alerts_worst - of those in such an array, which may be NULL; 0: there are none. */
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

/* ink_text - what came from outside: control characters, those that turn the direction of writing and those that cannot
 * be seen become <U+XXXX>. Where the line is full it goes on below, at `indent`. NULL is fine. */
void ink_text(struct ink *ink, enum style style, unsigned indent, const char *text);
/* ink_words - the same, formatted. */
void ink_words(struct ink *ink, enum style style, unsigned indent, const char *format, ...) G_GNUC_PRINTF(4, 5);
/* ink_to - spaces up to a column, one at least when the line is that long already. */
void ink_to(struct ink *ink, unsigned column);
void ink_newline(struct ink *ink);
/* ink_cut - the same for a line that is not to go on below: cut at the width, with an ellipsis. */
void ink_cut(struct ink *ink, enum style style, const char *text);
/* ink_is_plain - can this character be shown as it is? */
bool ink_is_plain(gunichar c);

/* ---- views ---- */

/* What a view does with a record (which it owns from then on), and at the end, when it also frees itself. */
struct view {
	void (*record)(struct view *view, cJSON *record);
	void (*end)(struct view *view);
	view_write write;
	void *context;
	bool failed;
	uint64_t broken; /* lines that are no records */
};

/* view_put - writes, and empties it. */
void view_put(struct view *view, GString *octets);

struct view *mails_new(const struct view_options *options);
struct view *ladder_new(const struct view_options *options);

#endif
