/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * rules.h - the user's own rules (--rules, Lua 5.4), indicators (--ioc) and YARA rules (--yara), on the events of a
 * session.
 *
 * Rules are loaded once, before any capture is read. A rule sees events as they happen, raises alerts, sets tags, keeps
 * mails, or drops the session. Its resources are bounded: RULES_STEPS_MAX and RULES_CALL_MEMORY per call,
 * RULES_MEMORY_MAX for all rules. A rule that fails or exceeds a limit is disabled for that pair of addresses, with one
 * message. State across sessions is kept per pair of client and server address, so that the work can be divided by
 * pair.
 */
#ifndef SMTPSCAN_RULES_H
#define SMTPSCAN_RULES_H

#include <glib.h>

#include "alert.h"
#include "flow.h"
#include "mail.h"
#include "session.h"
#include "tls.h"
#include "types.h"

#define RULES_STEPS_MAX 1000000              /* instructions of Lua in one call of a rule */
#define RULES_LOAD_STEPS_MAX 100000000       /* ... while a file is loaded */
#define RULES_CALL_MEMORY (16 * 1024 * 1024) /* octets that one call may add */
#define RULES_MEMORY_MAX (128 * 1024 * 1024) /* octets of all that rules hold */
#define RULES_FILE_MAX (4 * 1024 * 1024)     /* octets of a file of rules */
#define RULES_KEPT_MAX (4 * 1024 * 1024)     /* octets of a mail's content, and of a part, that YARA scans */
#define RULES_TAGS_MAX 100                   /* tags of a session */
#define RULES_TAG_OCTETS 1024                /* octets of a tag's value, and of an alert's description */
#define RULES_NAME_OCTETS 64                 /* octets of an alert's id, and of a tag's name */

/* clang-format off */
/* X(id, name): the events that a rule can be for. */
#define RULE_EVENTS(X) \
	X(COMMAND, "command") X(RESPONSE, "response") X(CONTENT, "mail_content") X(MAIL, "mail") X(FILE, "file") \
	X(AUTH, "auth") X(TLS, "tls") X(SESSION, "session") X(ALERT, "alert")
/* clang-format on */
enum rule_event {
#define X(id, name) RULE_##id,
	RULE_EVENTS(X)
#undef X
		RULE_EVENT_COUNT
};
extern const char *const rule_event_names[RULE_EVENT_COUNT];

struct rules_options {
	char **rules, **ioc, **yara; /* paths, NULL-terminated; NULL: none */
	bool show_secrets;           /* rules see passwords */
};

/* All rules of a process. */
struct rules;

/* rules_new - loads and compiles the files; options are copied. On an error returns NULL and sets *error to a sentence
 * with file and line. Without any file returns NULL and sets no error. */
struct rules *rules_new(const struct rules_options *options, GError **error);
/* rules_empty_lists - calls `tell` with the path of each list of --ioc in which there is no indicator. rules may be
 * NULL. */
void rules_empty_lists(const struct rules *rules, void (*tell)(const char *path));
/* rules_hashes - enum hash_kind: which hashes of files the lists of --ioc hold. rules may be NULL. */
unsigned rules_hashes(const struct rules *rules);
/* rules_wants - is there a rule for this event? Saves the work of preparing it. */
bool rules_wants(const struct rules *rules, enum rule_event event);
/* rules_keep - do rules choose the mails that --extract and --mbox keep? */
bool rules_keep(const struct rules *rules);
/* rules_list - a line for each rule (name, event, file and line), then a line for each list of indicators. Free with
 * g_free. */
char *rules_list(const struct rules *rules);
/* rules_begin - another input begins: discards the state of all address pairs. */
void rules_begin(struct rules *rules);
void rules_free(struct rules *rules);

/* Where the actions of rules go. Calls are synchronous. */
struct rules_sink {
	void (*alert)(void *context, const struct alert *alert);
	void (*drop)(void *context); /* end the dissection of this session */
};

/* One session. flow and session are borrowed and must outlive it. */
struct rules_session;
struct rules_session *rules_session_new(struct rules *rules, const struct flow *flow, const struct session *session,
	const struct rules_sink *sink, void *context);
void rules_session_free(struct rules_session *session);

void rules_command(struct rules_session *session, const struct session_command *command);
void rules_response(struct rules_session *session, const struct session_response *response);
/* rules_content - a piece of content, at this offset of it; the last call has an empty piece and `last`. */
void rules_content(
	struct rules_session *session, const struct transaction *tx, uint64_t offset, struct span piece, bool last);
/* rules_mail - a transaction ended; mail: NULL when there was no content. rules_file - one part of the mail; called for
 * each part before rules_mail. */
void rules_mail(struct rules_session *session, const struct transaction *tx, const struct mail *mail);
void rules_file(struct rules_session *session, const struct transaction *tx, const struct mail *mail,
	const struct mail_part *part);
/* The functions of a mail_watch that scans each decoded part with YARA. rules_part_begin - returns NULL when there are
 * no YARA rules. rules_part_end - scans the part, adds the rules that matched to names (char*), and frees it.
 * rules_part_drop - only frees it. */
void *rules_part_begin(struct rules_session *session, int tx);
void rules_part_piece(void *part, struct span piece);
void rules_part_end(void *part, const struct mail_part *about, GPtrArray *names);
void rules_part_drop(void *part);
size_t rules_part_memory(const void *part);
/* rules_memory - how many octets of content it keeps. */
size_t rules_memory(const struct rules_session *session);
/* rules_watches - are there YARA rules, which need the decoded parts? */
bool rules_watches(const struct rules *rules);
void rules_auth(struct rules_session *session, const struct session_auth *auth);
void rules_tls(struct rules_session *session, const struct tls_info *tls);
/* rules_alert - the program (not a rule) raised an alert; tx: its transaction, or NULL. Alerts that a rule causes are
 * never passed to rules. */
void rules_alert(struct rules_session *session, const struct alert *alert, const struct transaction *tx);
void rules_end(struct rules_session *session, const struct session_summary *summary);

/* rules_kept - did a rule call keep() for this transaction? */
bool rules_kept(const struct rules_session *session, int tx);

/* A tag set by a rule. */
struct rule_tag {
	int tx; /* -1: of the session */
	char *name, *value;
};
/* rules_tags - the tags (struct rule_tag*) of the session and its transactions, in order; borrowed. NULL: none. */
const GPtrArray *rules_tags(const struct rules_session *session);

#endif
